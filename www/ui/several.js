/** Several files taken together: what is opened of them, and what is said of the others. */

/** @import { Arrangement } from '../types.d.ts' */

import { askToMerge } from './merge.js';

/** Files that are no part of another are opened each by itself, unless they are more: that helps nobody. */
const ALONE_MAX = 10;

/**
 * What is done with files: `merge` says that several are made one, `told` may offer to. Opening says by which number a file
 * is known from then on.
 * @typedef {object} Acts
 * @property {(parts: readonly Blob[], name: string, size: number, merge?: boolean) => number} open
 * @property {(name: string, files: number[], manifests: readonly File[]) => void} gather
 * @property {(title: string, message: string) => void} refuse
 * @property {(title: string, message: string, merge?: { name: string, parts: readonly Blob[] }) => void} tell
 */

/**
 * @param {Arrangement} arrangement
 * @param {Acts} acts
 * @param {{ known?: 'merge' | 'apart' | undefined, manifests: readonly File[] }} beside whether they are to be made one, where that
 *   was chosen before, and the manifests that came with them
 */
export async function takeSeveral(
  { groups, merge, refused },
  { open, gather, refuse, tell },
  { known, manifests },
) {
  // A manifest says that they are a set.
  const asked = known ?? (manifests.length ? 'apart' : undefined);
  const way = merge && (asked ?? (await askToMerge(merge, groups)));
  if (merge && !way) return;
  if (merge && way === 'merge') open(merge.parts, merge.name, sizeOf(merge.parts), true);
  const ids = way === 'merge' ? [] : groups.map(({ name, parts }) => open(parts, name, sizeOf(parts)));
  // One file may be a set, if a manifest says so.
  if (ids.length > 1 || (ids.length === 1 && manifests.length))
    gather(ids.length > 1 ? `${ids.length} files together` : (manifests[0]?.name ?? ''), ids, manifests);
  for (const { name, warnings, notes } of groups) {
    if (warnings.length > 0) tell(`${name} may not be complete.`, warnings.join(' '));
    if (notes.length > 0) tell(`Not all is known of ${name}.`, notes.join(' '));
  }
  if (merge && way === 'apart')
    tell(`${merge.what} are open, each by itself.`, 'They can be one protected file instead.', merge);
  for (const { code, message, parts } of refused) {
    const few = code === 'init-missing' && parts.length <= ALONE_MAX;
    const [first] = parts;
    const name = first instanceof File ? first.name : 'A file';
    const which = parts.length === 1 ? `${name} was` : `${name} and ${parts.length - 1} more were`;
    refuse(`${which} not ${few ? 'joined' : 'opened'}.`, message);
    // A segment alone can be looked into.
    if (few) for (const part of parts) open([part], part instanceof File ? part.name : 'file', part.size);
  }
}

/** @param {readonly Blob[]} parts */
const sizeOf = (parts) => parts.reduce((sum, part) => sum + part.size, 0);
