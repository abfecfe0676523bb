/** The samples of a file as a text that other programs read. */

/** @import { Media, SampleRow } from '../types.d.ts' */

import { csvRow } from './csv.js';
import { LongText } from './long-text.js';
import { dependsOn } from './sample-table.js';

export { download } from '../files/save.js';

const PART = 1000;

const COLUMNS = [
  'track',
  'sample',
  'fragment',
  'decode',
  'composition',
  'duration',
  'timescale',
  'size',
  'offset',
  'sync',
  'depends on',
  'sample entry',
  'groups',
  'scheme',
  'kid',
  'iv',
  'subsamples',
];

/**
 * @param {number} track
 * @param {number} timescale
 * @param {SampleRow} row
 */
function line(track, timescale, row) {
  const { encryption } = row;
  return csvRow([
    track,
    row.number,
    row.fragment === null ? '' : row.fragment + 1,
    row.decode,
    row.composition,
    row.duration,
    timescale,
    row.size,
    row.start,
    row.sync ? 'sync' : '',
    dependsOn(row.dependency),
    row.entry,
    row.groups.join(' '),
    encryption?.scheme ?? '',
    encryption?.kid ?? '',
    encryption?.iv ?? '',
    encryption?.subsamples.map((one) => `${one.clear}+${one.protected}`).join(' ') ?? '',
  ]);
}

/**
 * All samples of the file as one text, and what of them could not be told.
 * @param {Media} media
 * @param {'json' | 'csv'} form
 * @param {{ signal: AbortSignal, onProgress: (done: number) => void }} options
 */
export async function samplesText(media, form, { signal, onProgress }) {
  const json = form === 'json';
  const tracks = media.tracks().filter(({ sampleCount }) => sampleCount > 0);
  const text = new LongText();
  text.add(json ? '{"tracks":[' : csvRow(COLUMNS));
  /** @type {Set<string>} */
  const problems = new Set();
  let done = 0;
  for (const [place, { id, kind, codec, sampleCount, timescale }] of tracks.entries()) {
    const head = JSON.stringify({ id, kind, codec, timescale }).slice(0, -1);
    if (json) text.add(`${place ? ',' : ''}\n${head},"samples":[`);
    for (let from = 0; from < sampleCount;) {
      signal.throwIfAborted();
      const page = await media.samples(id, { from, count: PART });
      for (const problem of page.problems) problems.add(`Track ${id}: ${problem}`);
      // What nothing can be told of ends the track, and is said.
      if (!page.rows.length) break;
      const one = json
        ? (/** @type {SampleRow} */ row) => `${row.number > 1 ? ',' : ''}\n${JSON.stringify(row)}`
        : (/** @type {SampleRow} */ row) => line(id, page.timescale, row);
      text.add(page.rows.map(one).join(''));
      from += page.rows.length;
      done += page.rows.length;
      onProgress(done);
    }
    if (json) text.add('\n]}');
  }
  if (json) text.add('\n]}\n');
  return { text: text.blob(json ? 'application/json' : 'text/csv'), done, problems: [...problems] };
}

/**
 * The bytes of a sample as they stand in the file.
 * @param {Media} media
 * @param {SampleRow} row
 * @param {AbortSignal} signal
 */
export async function sampleBytes(media, { start, size }, signal) {
  const bytes = new Uint8Array(size);
  for (let at = 0; at < size;) {
    signal.throwIfAborted();
    const piece = new Uint8Array(await media.hex({ start: start + at, end: start + size }));
    if (!piece.length) return bytes.subarray(0, at);
    bytes.set(piece, at);
    at += piece.length;
  }
  return bytes;
}
