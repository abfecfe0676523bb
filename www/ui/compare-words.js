/** What came of a comparison, in words, and its samples as a table. */

/** @import { ComparedTrack, FileComparison } from '../types.d.ts' */

import { button, h } from './dom.js';
import * as format from './format.js';

const WAYS = {
  size: 'its size',
  bytes: 'its bytes',
  time: 'its times',
  sync: 'whether decoding can begin with it',
};

/**
 * Sentences, the outcome first.
 * @param {FileComparison} found
 * @param {string} name of the other file
 */
export function wordsOf(found, name) {
  const { counts, failed } = found;
  if (found.same)
    return [
      `Nothing differs: ${format.counted(
        total(found, ({ samples }) => samples),
        'sample',
      )} and all boxes are the same.`,
    ];
  const sentences = [`${mediaWords(found)} ${boxWords(found, name)}`];
  if (counts.offsets) {
    const boxes = counts.followed
      ? ` Nothing else differs in ${format.counted(counts.followed, 'box', 'boxes')}.`
      : '';
    sentences.push(
      `${format.counted(counts.offsets, 'offset differs', 'offsets differ')} only because what ${counts.offsets === 1 ? 'it leads' : 'they lead'} to has moved.${boxes}`,
    );
  }
  if (failed) sentences.push(`The samples could not all be compared. ${failed}`);
  if (counts.unread)
    sentences.push(
      `${format.counted(counts.unread, 'box', 'boxes')} of the same size could not be compared: too large, or damaged.`,
    );
  return sentences;
}

/** @param {FileComparison} found @param {(track: ComparedTrack) => number} of */
const total = ({ tracks }, of) => tracks.reduce((sum, track) => sum + of(track), 0);

/** What became of the samples. @param {FileComparison} found */
function mediaWords(found) {
  const { tracks, failed } = found;
  const samples = total(found, (track) => Math.max(track.samples, track.otherSamples));
  if (failed) return 'The samples were not all compared.';
  if (!samples) return 'There are no samples.';
  const equal = total(found, (track) => track.equal);
  const decrypted = found.decrypted || found.otherDecrypted ? ' once decrypted' : '';
  if (equal === samples) return `The same media${decrypted}: ${format.counted(samples, 'sample')} equal.`;
  const alike = tracks.every(
    (track) => track.samples === track.otherSamples && !track.sizes && !track.times && !track.syncs,
  );
  const locked = total(found, ({ encrypted }) => encrypted);
  const otherLocked = total(found, ({ otherEncrypted }) => otherEncrypted);
  if (!decrypted && alike && Boolean(locked) !== Boolean(otherLocked)) {
    const [shut, open] = locked ? ['here', 'there'] : ['in the other file', 'here'];
    const whole = `The same ${format.counted(samples, 'sample')} in size and time`;
    return equal
      ? `${whole}, ${format.count(equal)} with the same bytes; those of the others differ, as they are encrypted ${shut}.`
      : `${whole}; their bytes differ, as they are encrypted ${shut} and clear ${open}.`;
  }
  return `${format.count(equal)} of ${format.counted(samples, 'sample')} are equal${decrypted}.`;
}

/**
 * How many boxes differ.
 * @param {FileComparison} found
 * @param {string} name
 */
function boxWords({ counts }, name) {
  const { changed, added, removed, moved } = counts;
  const was = (/** @type {number} */ count, /** @type {string} */ word) =>
    count ? `${format.count(count)} ${count === 1 ? 'was' : 'were'} ${word}` : '';
  const parts = [
    changed ? `${format.counted(changed, 'box differs', 'boxes differ')}` : '',
    was(added, 'added'),
    was(removed, 'removed'),
    was(moved, 'moved'),
  ].filter(Boolean);
  return parts.length ? `From this file to ${name}: ${parts.join(', ')}.` : 'No box differs.';
}

/**
 * @param {FileComparison} found
 * @param {string} name
 * @param {(track: number, sample: number) => void} show
 */
export function trackTable({ tracks }, name, show) {
  const heads = ['Track', 'Samples', 'Equal', 'Size', 'Bytes', 'Times', 'Sync', 'First that differs'];
  return h(
    'section',
    { class: 'compare-samples', 'aria-label': 'Samples' },
    h('h2', { class: 'pane-title' }, 'Samples'),
    h(
      'table',
      { class: 'compare-tracks' },
      h(
        'caption',
        { class: 'quiet' },
        `How many samples of this file differ from those of ${name}, and in what.`,
      ),
      h('thead', {}, h('tr', {}, ...heads.map((text) => h('th', { scope: 'col' }, text)))),
      h('tbody', {}, ...tracks.map((track) => trackRow(track, show))),
    ),
  );
}

/**
 * @param {ComparedTrack} track
 * @param {(track: number, sample: number) => void} show
 */
function trackRow(track, show) {
  const { id, otherId, samples, otherSamples, equal, sizes, bytes, times, syncs } = track;
  const ids =
    id === null
      ? `${otherId}, only there`
      : otherId === null
        ? `${id}, only here`
        : id === otherId
          ? `${id}`
          : `${id}, there ${otherId}`;
  const both =
    samples === otherSamples
      ? format.count(samples)
      : `${format.count(samples)}, there ${format.count(otherSamples)}`;
  const cells = [both, ...[equal, sizes, bytes, times, syncs].map((count) => format.count(count))];
  const labels = ['Samples', 'Equal', 'Size', 'Bytes', 'Times', 'Sync'];
  return h(
    'tr',
    {},
    h('th', { scope: 'row' }, h('span', { class: 'compare-id' }, 'Track '), ids, lock(track)),
    ...cells.map((text, number) => h('td', { 'data-label': labels[number] ?? '' }, text)),
    h('td', { 'data-label': 'First' }, first(track, show)),
  );
}

/** @param {ComparedTrack} track */
function lock({ encrypted, otherEncrypted, samples, otherSamples }) {
  const words = (/** @type {number} */ count, /** @type {number} */ all) =>
    count === 0 ? 'clear' : count === all ? 'encrypted' : `${format.count(count)} encrypted`;
  const [here, there] = [words(encrypted, samples), words(otherEncrypted, otherSamples)];
  if (!encrypted && !otherEncrypted) return null;
  return h('span', { class: 'quiet' }, here === there ? ` ${here}` : ` ${here} here, ${there} there`);
}

/**
 * @param {ComparedTrack} track
 * @param {(track: number, sample: number) => void} show
 */
function first({ id, first, samples, otherSamples, equal }, show) {
  if (first && id !== null) {
    const time = first.time === null ? '' : ` at ${format.duration(first.time)}`;
    const words = `Sample ${format.count(first.sample)}`;
    return h(
      'span',
      {},
      button(words, () => show(id, first.sample), {
        class: 'link',
        'aria-label': `Show ${words.toLowerCase()} of track ${id}`,
      }),
      `${time}: ${WAYS[first.how]}`,
    );
  }
  if (samples === otherSamples || equal === 0) return '—';
  return `all behind sample ${format.count(Math.min(samples, otherSamples))}`;
}
