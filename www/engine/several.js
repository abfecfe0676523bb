/** Several files that are one, or more: fetched when there are several. */

import { arrange as arrangeNamed, partGone } from '../files/join.js';
import { claimFor } from '../files/smooth.js';
import { listed } from '../files/words.js';
import { BoxlockError } from './errors.js';
import { readManifest, smoothHeader } from './keys.js';

/** @import * as Types from '../types' */
/** @import { Holds } from '../files/look.js' */
/** @import { Assets, MergedFile } from './messages' */
/** @import { Part } from '../files/witness.js' */

/** What a media was put together of, and what sentences call it. @typedef {Part & { label: string, start: number }} SourcePart */

/**
 * What is opened. `warnings` are of its parts, and do not stand in the way; `files` are those that become one, if any do;
 * `leader` is a worker of its own, where only that knows how to read it.
 * @typedef {{ blob: Blob, name: string, parts: SourcePart[], files: MergedFile[], warnings: string[], leader?: URL }} Source
 */

/** A file that only a worker of its own can read: `place` is what that is given. @typedef {{ place: { size: number }, leader: URL }} FarSource */

/**
 * Where the bytes of what is opened are, and where the parts begin that it was put together of.
 * @typedef {{ blob: Blob, starts: number[], files: MergedFile[] }} Origin
 */

/**
 * Files behind headers that were made for them, by the header: what they are together is not worked out again.
 * @type {WeakMap<Blob, { group: Types.FileGroup, holds: Holds | undefined }>}
 */
const made = new WeakMap();

/**
 * @param {readonly Blob[]} files
 * @param {{ signal?: AbortSignal, manifests?: readonly Blob[] }} options
 * @param {Assets} [assets] with which manifests are read
 * @returns {Promise<Types.Arrangement>}
 */
export async function arrange(files, { signal, manifests = [] }, assets) {
  const given = new Set(files);
  const known = files.flatMap((file) => made.get(file) ?? []);
  const whole = known.filter(({ group }) => group.parts.every((part) => given.has(part)));
  for (const { group } of whole) for (const part of group.parts) given.delete(part);
  const rest = [...given];
  const claim =
    assets && manifests.length > 0 ? claimOf(rest.map(named), manifests, assets, signal) : undefined;
  const found = await arrangeNamed(rest.map(named), signal, claim);
  const all = [...rest, ...found.made];
  /** @param {readonly number[]} numbers */
  const blobs = (numbers) => numbers.map((at) => /** @type {Blob} */ (all[at]));
  const called = namesOf(rest);
  const alone = found.alone.map((at) => ({ name: called(at), parts: [at], warnings: [], notes: [] }));
  const groups = [...found.joined, ...alone].map((group) => {
    const holds = found.holds.get(group.parts[0] ?? -1);
    return { group: { ...group, parts: blobs(group.parts) }, holds };
  });
  for (const one of groups) {
    const [first] = one.group.parts;
    if (first && found.made.some((file) => file === first)) made.set(first, one);
  }
  // In the order in which they were given.
  const places = new Map(files.map((file, at) => [file, at]));
  const ordered = [...whole, ...groups].map((one) => ({
    ...one,
    place: one.group.parts.reduce((least, part) => Math.min(least, places.get(part) ?? Infinity), Infinity),
  }));
  ordered.sort((one, two) => one.place - two.place);
  return {
    groups: ordered.map(({ group }) => group),
    merge: mergeOf(ordered),
    refused: found.refused.map((each) => ({ ...each, parts: blobs(each.parts) })),
  };
}

/**
 * What takes the fragments that client manifests of Smooth Streaming name.
 * @param {ReturnType<typeof named>[]} files
 * @param {readonly Blob[]} manifests
 * @param {Assets} assets
 * @param {AbortSignal | undefined} signal
 * @returns {import('../files/join.js').Claim}
 */
function claimOf(files, manifests, assets, signal) {
  return async (segments, inits, found) => {
    const read = await Promise.all(
      manifests.map(async (blob, at) => {
        // What cannot be read is said where manifests are shown.
        const manifest = await readManifest(assets, blob, {}).catch((error) => {
          if (error instanceof BoxlockError && error.kind === 'environment') throw error;
          return null;
        });
        const { name, label } = named(blob, at);
        return manifest?.form === 'ismc' ? [{ path: name, label, blob, manifest }] : [];
      }),
    );
    const clients = read.flat();
    if (clients.length === 0) return segments;
    const make = (
      /** @type {Blob} */ blob,
      /** @type {number} */ track,
      /** @type {Uint8Array<ArrayBuffer>} */ heads,
    ) => smoothHeader(assets, blob, track, heads);
    return claimFor(files, clients, make, signal)(segments, inits, found);
  };
}

/**
 * Groups in the order in which they are merged, and what they are: the one with pictures first. Null when several have
 * pictures, which are renditions and stay files of their own, or when it is not known what they hold.
 * @param {{ group: Types.FileGroup, holds: Holds | undefined }[]} groups
 */
function mergeOf(groups) {
  const all = groups.map(({ group: { name, parts }, holds }) => ({ name, parts, holds }));
  const videos = all.filter((group) => group.holds?.video);
  const others = all.filter((group) => !group.holds?.video);
  const sounds = others.filter((group) => group.holds?.audio);
  const texts = others.filter((group) => !group.holds?.audio && group.holds?.text);
  const [video] = videos;
  if (!video || videos.length > 1 || others.length === 0 || sounds.length + texts.length < others.length)
    return null;
  const kinds = [count(1, 'video'), count(sounds.length, 'sound'), count(texts.length, 'text')];
  const what = listed(kinds.filter(Boolean), 3);
  return {
    name: video.name,
    what: what.charAt(0).toUpperCase() + what.slice(1),
    parts: [video, ...others].flatMap(({ parts }) => parts),
  };
}

const NUMBERS = ['', 'one', 'two', 'three', 'four', 'five', 'six', 'seven', 'eight', 'nine'];

/**
 * 'two sounds'; nothing of none.
 * @param {number} number
 * @param {string} what
 */
const count = (number, what) =>
  number === 0 ? '' : `${NUMBERS[number] ?? number} ${what}${number === 1 ? '' : 's'}`;

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
 * Gives the name of a file; with its folders before it, where others have the same. A disk takes it as a name, too.
 * @param {readonly Blob[]} blobs
 */
function namesOf(blobs) {
  const labels = blobs.map((_, at) => labelOf(blobs, at));
  const base = (/** @type {string} */ label) => label.split('/').at(-1) ?? '';
  /** @type {Map<string, number>} */
  const counts = new Map();
  for (const label of labels) counts.set(base(label), (counts.get(base(label)) ?? 0) + 1);
  return (/** @type {number} */ at) => {
    const label = labels[at] ?? '';
    return (counts.get(base(label)) ?? 0) > 1 ? label.replaceAll('/', ' ') : base(label);
  };
}

/**
 * Several files as the one that they are, or are made into.
 * @param {readonly Blob[]} blobs
 * @param {Types.OpenOptions} options
 * @returns {Promise<Source>}
 */
export async function joined(blobs, { name, handle, signal, merge }) {
  const found = await arrange(blobs, signal ? { signal } : {});
  const [fault] = found.refused;
  if (fault) throw new BoxlockError({ code: fault.code, kind: 'file', message: fault.message });
  // The one with pictures first.
  const place = (/** @type {Types.FileGroup} */ { parts: [first] }) =>
    found.merge && first ? found.merge.parts.indexOf(first) : 0;
  const groups = merge ? [...found.groups].sort((one, two) => place(one) - place(two)) : found.groups;
  const [group] = groups;
  if (!group)
    throw new BoxlockError({ code: 'no-files', kind: 'caller', message: 'There are no files to open.' });
  if (groups.length > 1 && !merge) {
    const names = groups.map((each) => each.name);
    const ways = found.merge ? ', or all as one with { merge: true }' : '';
    const message =
      `These are ${groups.length} files and not one, ${listed(names, 3)}: open one at a time${ways}. ` +
      'arrange() tells which parts are of which.';
    throw new BoxlockError({ code: 'several-files', kind: 'caller', message });
  }
  const handles = Array.isArray(handle) ? handle : [];
  const all = groups.flatMap(({ parts }) => parts);
  let start = 0;
  const parts = all.map((file) => {
    const at = blobs.indexOf(file);
    const part = { file, handle: handles[at] ?? null, label: labelOf(blobs, at), start };
    start += file.size;
    return part;
  });
  const files = groups.map((each) => ({
    name: each.name,
    size: each.parts.reduce((sum, part) => sum + part.size, 0),
  }));
  return {
    blob: new Blob(all),
    name: name ?? group.name,
    parts,
    files: files.length > 1 ? files : [],
    warnings: groups.flatMap(({ warnings, notes }) => [...warnings, ...notes]),
  };
}

/**
 * Tracks with the names of the files that they come from.
 * @param {{ tracks: Types.Track[], origins: Float64Array }} found
 * @param {MergedFile[]} files
 * @returns {Types.Track[]}
 */
export function withOrigins({ tracks, origins }, files) {
  /** @type {Map<number, string>} */
  const names = new Map();
  let start = 0;
  for (const { name, size } of files) {
    names.set(start, name);
    start += size;
  }
  return tracks.map((track, n) => ({ ...track, from: names.get(origins[n] ?? -1) ?? '' }));
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
