/** What has become of each track, in words: a file is called protected only when all of it is. */

/** @import { PlannedTrack, ProtectResult } from '../types.d.ts' */

import { h } from './dom.js';
import * as format from './format.js';

/**
 * @typedef {Pick<PlannedTrack, 'id' | 'kind' | 'codecName' | 'protect' | 'share'> & { reason?: string, rule?: string }} Track
 */

/**
 * 'track 2', 'tracks 2 and 3'.
 * @param {readonly { id: number }[]} tracks
 */
export function trackNumbers(tracks) {
  const ids = tracks.map(({ id }) => String(id));
  const last = ids.pop() ?? '';
  return ids.length ? `tracks ${ids.join(', ')} and ${last}` : `track ${last}`;
}

/** @param {readonly Track[]} tracks */
function split(tracks) {
  return {
    locked: tracks.filter(({ protect }) => protect),
    open: tracks.filter(({ protect }) => !protect),
  };
}

/**
 * Files that were put into a folder, as sentences name them.
 * @param {number} count
 * @param {string | null} folder
 */
export const filesIn = (count, folder) => `the ${format.count(count)} files in ${folder}`;

/**
 * What a result is called in sentences.
 * @param {Pick<ProtectResult, 'place' | 'name' | 'files'>} result
 * @param {string | null} savedAs
 */
export function nameOf({ place, name, files }, savedAs) {
  return place === 'folder' ? filesIn(files.length, savedAs) : (savedAs ?? name);
}

/**
 * The one sentence on a result.
 * @param {Pick<ProtectResult, 'place' | 'name' | 'files' | 'tracks' | 'undoes' | 'changes'>} result
 * @param {string | null} savedAs
 */
export function outcome(result, savedAs) {
  const { locked, open } = split(result.tracks);
  const name = nameOf(result, savedAs);
  const several = result.place === 'folder';
  // Names of files stay as they are.
  const first = several ? `T${name.slice(1)} are` : `${name} is`;
  if (result.changes) return `${first} changed. No sample was touched.`;
  if (!open.length) return `${first} protected.`;
  if (!locked.length)
    return several
      ? `${first} made. Nothing in them is protected.`
      : `${first} ${result.files.length > 1 ? 'made' : result.undoes.length ? 'clear' : 'fragmented'}. Nothing in it is protected.`;
  const are = (/** @type {readonly unknown[]} */ list) => (list.length === 1 ? 'is' : 'are');
  return `Only ${trackNumbers(locked)} of ${name} ${are(locked)} locked; ${trackNumbers(open)} ${are(open)} open to everyone.`;
}

/**
 * What anybody can do without a licence; null when that is nothing.
 * @param {readonly Track[]} tracks
 */
export function openNote(tracks) {
  const { open } = split(tracks);
  if (!open.length) return null;
  const kinds = new Set(open.map(({ kind }) => kind));
  const verbs = [
    kinds.has('video') ? 'watch the picture' : '',
    kinds.has('audio') ? 'hear the sound' : '',
    kinds.has('text') ? 'read the text' : '',
  ].filter(Boolean);
  const what = verbs.length ? verbs.join(' and ') : 'read what is in it';
  return `Anyone can ${what} of ${trackNumbers(open)} without a licence.`;
}

/**
 * Each track with what becomes of it.
 * @param {readonly Track[]} tracks
 * @param {boolean} [shares] whether it is told how much of each is encrypted
 */
export function trackList(tracks, shares = true) {
  return h(
    'ul',
    { class: 'plan-tracks' },
    ...tracks.map((track) =>
      h(
        'li',
        {},
        h(
          'span',
          { class: track.protect ? 'badge locked' : 'badge open' },
          track.protect ? 'protected' : 'open',
        ),
        h(
          'span',
          {},
          h('strong', {}, `${track.id} ${track.kind}, ${track.codecName}. `),
          track.protect ? track.rule : `Open to everyone. ${track.reason ?? ''}`,
        ),
        shares ? shareCell(track) : null,
      ),
    ),
  );
}

/** @param {Track} track */
function shareCell({ protect, share }) {
  if (!protect) return h('span', { class: 'track-share' }, '0 %');
  if (share === null)
    return h('span', { class: 'track-share', title: 'Not measured, or it has no samples' }, '–');
  return h(
    'span',
    { class: 'track-share', title: `${format.fine(share)} of the bytes of its samples` },
    `${format.fine(share)}`,
    h('span', { class: 'unseen' }, ' of its bytes encrypted'),
  );
}
