/** The names of files when the output is an initialization segment and media segments. */

/** @import { Part } from '../files/witness.js' */

/**
 * Names and about how many bytes: those of the parts that the source was put together of, or else numbered ones.
 * @param {readonly number[]} starts where the files begin, the first at 0
 * @param {number} end
 * @param {readonly Part[]} parts
 */
export function segmentFiles(starts, end, parts) {
  const own = parts.map(({ file }) => ('name' in file ? String(file.name) : ''));
  const apart = new Set(own.map((name) => name.toLowerCase())).size === own.length;
  let at = 0;
  const begins = parts.map(({ file }) => (at += file.size) - file.size);
  const named = String(begins) === String(starts) && apart && own.every(Boolean);
  const width = String(starts.length - 1).length;
  const numbered = (/** @type {number} */ number) =>
    number === 0 ? 'init.mp4' : `segment-${String(number).padStart(width, '0')}.m4s`;
  return starts.map((start, number) => ({
    name: (named && own[number]) || numbered(number),
    size: (starts[number + 1] ?? end) - start,
  }));
}
