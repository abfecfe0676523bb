/** What a timeline draws and lists of each stretch of a track: a fragment, or as much of a sample table. */

/** @import { SampleTimeline, Track } from '../types.d.ts' */

import * as format from './format.js';

/**
 * One track over time, with where each fragment begins among its stretches.
 * @typedef {{ track: Track, line: SampleTimeline, fragments: Map<number, number>, tfxd?: (number | null)[] }} Line
 */

/**
 * What is drawn.
 * @typedef {object} Measure
 * @property {string} name
 * @property {string} unit
 * @property {(line: SampleTimeline, at: number, all: readonly Line[], tfxd?: (number | null)[]) => number | null} of a stretch of a
 *   track
 */

/** @param {number | null | undefined} ticks @param {SampleTimeline} line */
const milliseconds = (ticks, line) =>
  ticks === null || ticks === undefined ? null : (ticks / (line.timescale || 1)) * 1000;

/** What only the headers of fragments say, which are read for it. */
export const TFXD = 'Drift of tfxd';

/** @type {readonly Measure[]} */
export const MEASURES = [
  {
    name: 'Bitrate',
    unit: 'kb/s',
    of: (line, at) => {
      const seconds = (line.duration[at] ?? 0) / (line.timescale || 1);
      return seconds > 0 ? ((line.bytes[at] ?? 0) * 8) / seconds / 1000 : null;
    },
  },
  { name: 'Size', unit: 'kB', of: (line, at) => (line.bytes[at] ?? 0) / 1000 },
  { name: 'Samples', unit: 'samples', of: (line, at) => line.samples[at] ?? 0 },
  { name: 'Gaps and overlaps', unit: 'ms', of: (line, at) => milliseconds(line.gap[at], line) },
  { name: 'Drift of the sum of durations', unit: 'ms', of: (line, at) => milliseconds(line.drift[at], line) },
  { name: TFXD, unit: 'ms', of: (line, at, _, tfxd) => milliseconds(tfxd?.[at], line) },
  { name: 'Drift of tfra', unit: 'ms', of: (line, at) => milliseconds(line.tfra[at], line) },
  { name: 'Drift of sidx', unit: 'ms', of: (line, at) => milliseconds(line.sidx[at], line) },
  { name: 'From the first track', unit: 'ms', of: apart },
];

/**
 * How much later a fragment of a track begins than the part of the first track in it; where it has none, than the fragment of the
 * first track that begins nearest to it.
 * @param {SampleTimeline} line
 * @param {number} at
 * @param {readonly Line[]} all
 */
function apart(line, at, all) {
  const [first] = all;
  const fragment = line.fragment[at];
  if (!first || fragment === null || fragment === undefined || first.line === line) return null;
  const begin = (/** @type {SampleTimeline} */ one, /** @type {number} */ place) =>
    (one.start[place] ?? 0) / (one.timescale || 1);
  const own = begin(line, at);
  const there = first.fragments.get(fragment) ?? nearest(first.line, own);
  return there === undefined ? null : (own - begin(first.line, there)) * 1000;
}

/**
 * The stretch of a track that begins nearest to a second. Tracks are in decoding order, so their times rise.
 * @param {SampleTimeline} line
 * @param {number} second
 */
function nearest({ start, timescale }, second) {
  const ticks = second * (timescale || 1);
  let [low, high] = [0, start.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((start[middle] ?? 0) < ticks) low = middle + 1;
    else high = middle;
  }
  const far = (/** @type {number} */ at) => Math.abs((start[at] ?? Infinity) - ticks);
  if (!start.length) return undefined;
  return low > 0 && far(low - 1) <= far(low) ? low - 1 : Math.min(low, start.length - 1);
}

/** @param {SampleTimeline} line */
export function fragmentsOf({ fragment }) {
  /** @type {Map<number, number>} */
  const found = new Map();
  for (const [at, number] of fragment.entries())
    if (number !== null && !found.has(number)) found.set(number, at);
  return found;
}

/**
 * What is drawn of a track: seconds that rise, and what is measured from each on. The last stretch goes on to its end.
 * @param {Line} one
 * @param {Measure} measure
 * @param {readonly Line[]} all
 * @returns {[number[], (number | null)[]]}
 */
export function curveOf({ line, tfxd }, measure, all) {
  const { start, duration, timescale } = line;
  const order = start.map((_, at) => at).sort((a, b) => (start[a] ?? 0) - (start[b] ?? 0));
  const times = order.map((at) => (start[at] ?? 0) / (timescale || 1));
  const values = order.map((at) => measure.of(line, at, all, tfxd));
  const last = order.at(-1) ?? 0;
  const end = ((start[last] ?? 0) + (duration[last] ?? 0)) / (timescale || 1);
  if (end > Number(times.at(-1))) {
    times.push(end);
    values.push(values.at(-1) ?? null);
  }
  return [times, values];
}

/**
 * A column of the table. `of` is given a track, the number of one of its stretches, and all tracks.
 * @typedef {{ title: string, of: (one: Line, at: number, all: readonly Line[]) => string }} Column
 */

/** @param {SampleTimeline} line @param {number | undefined} ticks */
const second = (line, ticks) => ((ticks ?? 0) / (line.timescale || 1)).toFixed(3);

/**
 * The column of what can be drawn.
 * @param {string} title
 * @param {string} name of the measure
 * @returns {Column}
 */
function measured(title, name) {
  const measure = MEASURES.find((one) => one.name === name);
  return {
    title,
    of({ line, tfxd }, at, all) {
      const found = measure?.of(line, at, all, tfxd) ?? null;
      return found === null ? '' : String(Math.round(found * 1000) / 1000);
    },
  };
}

/** @type {readonly Column[]} */
export const COLUMNS = [
  { title: 'Track', of: ({ track }) => String(track.id) },
  { title: 'Sample', of: ({ line }, at) => format.count(line.number[at] ?? 0) },
  { title: 'Begins', of: ({ line }, at) => second(line, line.start[at]) },
  { title: 'Lasts', of: ({ line }, at) => second(line, line.duration[at]) },
  { title: 'Samples', of: ({ line }, at) => format.count(line.samples[at] ?? 0) },
  { title: 'Bytes', of: ({ line }, at) => format.count(line.bytes[at] ?? 0) },
  measured('kb/s', 'Bitrate'),
  { title: 'Sync', of: ({ line }, at) => (line.sync[at] ? 'sync' : '') },
  measured('Gap, ms', 'Gaps and overlaps'),
  measured('Drift, ms', 'Drift of the sum of durations'),
  measured('tfxd, ms', TFXD),
  measured('tfra, ms', 'Drift of tfra'),
  measured('sidx, ms', 'Drift of sidx'),
  measured('First, ms', 'From the first track'),
];
