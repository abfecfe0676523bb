/** Several files that are one, or more: fetched when there are several. */

import { arrange as arrangeNamed, partGone } from '../files/join.js';
import { listed } from '../files/words.js';
import { BoxlockError } from './errors.js';

/** @import * as Types from '../types' */
/** @import { Part } from '../files/witness.js' */

/** What a media was put together of, and what sentences call it. @typedef {Part & { label: string, start: number }} SourcePart */

/**
 * What is opened. `warnings` are of its parts, and do not stand in the way.
 * @typedef {{ blob: Blob, name: string, parts: SourcePart[], warnings: string[] }} Source
 */

/**
 * @param {readonly Blob[]} files
 * @param {{ signal?: AbortSignal }} options
 * @returns {Promise<Types.Arrangement>}
 */
export async function arrange(files, { signal }) {
  const { joined, alone, refused } = await arrangeNamed(files.map(named), signal);
  /** @param {readonly number[]} numbers */
  const blobs = (numbers) => numbers.map((at) => /** @type {Blob} */ (files[at]));
  const groups = [...joined, ...alone.map((at) => ({ name: labelOf(files, at), parts: [at], warnings: [] }))];
  // In the order in which they were given.
  groups.sort((one, two) => Math.min(...one.parts) - Math.min(...two.parts));
  return {
    groups: groups.map((group) => ({ ...group, parts: blobs(group.parts) })),
    refused: refused.map((each) => ({ ...each, parts: blobs(each.parts) })),
  };
}

/**
 * A file as it is told from others: by its name, and its folder where that is known.
 * @param {Blob} blob
 * @param {number} at
 */
function named(blob, at) {
  const path = 'webkitRelativePath' in blob ? String(blob.webkitRelativePath) : '';
  const name = path || ('name' in blob ? String(blob.name) : '');
  return { blob, name, label: name || `part ${at + 1}` };
}

/**
 * @param {readonly Blob[]} blobs
 * @param {number} at
 */
const labelOf = (blobs, at) => named(/** @type {Blob} */ (blobs[at]), at).label;

/**
 * Several files as the one that they are.
 * @param {readonly Blob[]} blobs
 * @param {Types.OpenOptions} options
 * @returns {Promise<Source>}
 */
export async function joined(blobs, { name, handle, signal }) {
  const { groups, refused } = await arrange(blobs, signal ? { signal } : {});
  const [fault] = refused;
  if (fault) throw new BoxlockError({ code: fault.code, kind: 'file', message: fault.message });
  const [group] = groups;
  if (!group)
    throw new BoxlockError({ code: 'no-files', kind: 'caller', message: 'There are no files to open.' });
  if (groups.length > 1) {
    const names = groups.map((each) => each.name);
    const message =
      `These are ${groups.length} files and not one, ${listed(names, 3)}: open one at a time. ` +
      'arrange() tells which parts are of which.';
    throw new BoxlockError({ code: 'several-files', kind: 'caller', message });
  }
  const handles = Array.isArray(handle) ? handle : [];
  let start = 0;
  const parts = group.parts.map((file) => {
    const at = blobs.indexOf(file);
    const part = { file, handle: handles[at] ?? null, label: labelOf(blobs, at), start };
    start += file.size;
    return part;
  });
  return { blob: new Blob(group.parts), name: name ?? group.name, parts, warnings: group.warnings };
}

/**
 * What a call failed with, and by its name which of several files is to blame where one is.
 * @param {unknown} error
 * @param {readonly SourcePart[]} parts
 */
export async function naming(error, parts) {
  if (!(error instanceof BoxlockError) || !/^(not-readable|source-changed)$/.test(error.code)) return error;
  const { code, kind, offset } = error;
  const message = await partGone(parts, offset);
  return message ? new BoxlockError({ code, kind, message }) : error;
}
