/** What protecting would do to the fragments of a file, found by laying them out without encrypting. */

import { gatherNow, partOf } from '../files/gather.js';

/** @import { File as CoreFile, Protector } from './wasm/boxlock_engine.js' */
/** @import { BlobReader } from '../files/read.js' */
/** @import { Order } from './messages' */
/** @import { PlannedBox, Progress } from '../types' */

/** Up to this many bytes of fragments are all measured; of larger files a part stands for the rest. */
const MEASURED_WHOLE = 64 << 20;
/** Fragments measured of larger files. An odd number, so that files alternating between tracks are not seen askew. */
const MEASURED_PARTS = 33;

/** Bytes of a sample's IV. */
const IV_BYTES = 8;

/** Fragments larger than the room for them go by in pieces of this size. */
const PIECE_BYTES = 4 << 20;

/** From so many subsamples a sample on, others of the file may have more than can be described: all are looked at. */
const MANY_SUBSAMPLES = 20;

/**
 * `growth` is of all fragments, `exact` when all were measured. `shares` are the protected part of each track's bytes.
 * @typedef {{ growth: number, exact: boolean, shares: Map<number, number>, boxes: PlannedBox[], warnings: string[] }}
 *   Measured
 */

/** Numbers a track in what the core says of its samples: ID, bytes, protected bytes, most subsamples, and three more. */
export const TALLY_LEN = 7;

/**
 * Adds up what became of the samples, track by track.
 * @param {Map<number, number[]>} all
 * @param {Float64Array} tallies
 */
export function addTallies(all, tallies) {
  for (let at = 0; at < tallies.length; at += TALLY_LEN) {
    const [id = 0, ...one] = tallies.subarray(at, at + TALLY_LEN);
    const sum = all.get(id) ?? one.map(() => 0);
    // Of the most subsamples the larger counts, of all else the sum.
    all.set(
      id,
      sum.map((before, n) => (n === 2 ? Math.max(before, one[n] ?? 0) : before + (one[n] ?? 0))),
    );
  }
}

/**
 * The protected part of each track's bytes, where it has any.
 * @param {Map<number, number[]>} all
 */
export function sharesOf(all) {
  /** @type {Map<number, number>} */
  const shares = new Map();
  for (const [id, [bytes = 0, covered = 0]] of all) if (bytes > 0) shares.set(id, covered / bytes);
  return shares;
}

/**
 * @param {CoreFile} core
 * @param {Protector} protector
 * @param {WebAssembly.Memory} memory
 * @param {BlobReader} reader
 * @param {{ now: (report?: () => void) => Promise<void> }} pause
 * @param {(progress: Progress) => void} report
 * @returns {Promise<Measured>}
 */
export async function measure(core, protector, memory, reader, pause, report) {
  /** @type {{ size: number, fragmentCount: number, sampleCount: number }} */
  const { size, fragmentCount, sampleCount } = core.work();
  /**
   * `len` bytes of a fragment from `at` on.
   * @param {Order} order
   * @param {number} at
   * @param {number} len
   */
  const read = ({ start, pieces }, at, len) =>
    pieces ? gatherNow(reader, partOf(pieces, at - start, len)) : reader.read(at, len);
  /** @type {Map<number, number[]>} */
  const tallies = new Map();
  const seen = new Set();
  let growth = 0;
  let samples = 0;
  /** @param {Uint8Array} bytes */
  const load = (bytes) => {
    // First the room: memory may grow for it, and its buffer is then another.
    const address = protector.room(bytes.length);
    new Uint8Array(memory.buffer, address, bytes.length).set(bytes);
  };
  /**
   * Goes over a fragment in pieces, as far as `whole` says.
   * @param {Order} order
   * @param {boolean} whole
   */
  const pieces = async (order, whole) => {
    protector.begin_large(order.tasks, read(order, order.start, order.moofLen));
    for (let piece = protector.next_piece(PIECE_BYTES); piece; piece = protector.next_piece(PIECE_BYTES)) {
      load(read(order, piece.start, piece.len));
      protector.scan_piece(piece.start, piece.len);
      if (!whole) return null;
      await pause.now(() => report({ stage: 'measure', done: piece.start, total: size }));
    }
    return protector.moof().length;
  };
  /**
   * @param {number} number
   * @param {boolean} whole whether also a fragment too large to hold is measured to its end
   */
  const one = async (number, whole) => {
    /** @type {Order} */
    const order = core.task(number);
    const len = order.end - order.start;
    let moofLen;
    if (len > MEASURED_WHOLE) moofLen = await pieces(order, whole);
    else {
      load(read(order, order.start, len));
      moofLen = protector.measure(order.tasks);
    }
    addTallies(tallies, protector.take_tallies());
    if (moofLen === null) return;
    seen.add(number);
    growth += moofLen - order.moofLen;
    /** @type {Order | undefined} */
    const next = core.task(number + 1);
    samples += (next ? next.firstSample : sampleCount) - order.firstSample;
  };
  const all = size <= MEASURED_WHOLE || fragmentCount <= MEASURED_PARTS;
  const count = all ? fragmentCount : MEASURED_PARTS;
  for (let part = 0; part < count; part++) {
    await one(all ? part : Math.floor(((part + 0.5) * fragmentCount) / count), false);
    await pause.now(() => report({ stage: 'measure', done: part, total: count }));
  }
  const most = Math.max(0, ...[...tallies.values()].map(([, , subsamples = 0]) => subsamples));
  if (most > MANY_SUBSAMPLES) {
    for (let number = 0; number < fragmentCount; number++) {
      if (!seen.has(number)) await one(number, true);
      await pause.now(() => report({ stage: 'measure', done: number, total: fragmentCount }));
    }
  }
  const exact = seen.size === fragmentCount;
  // Of a file whose every fragment is too large to hold, no more is known than what a sample takes at least.
  const each = samples > 0 ? growth / samples : IV_BYTES;
  const flat = [...tallies].flatMap(([id, sums]) => [id, ...sums]);
  /** @type {{ boxes: PlannedBox[], warnings: string[] }} */
  const { boxes, warnings } = protector.measured(Float64Array.from(flat), exact);
  const times = seen.size > 0 ? fragmentCount / seen.size : 0;
  return {
    growth: exact ? growth : Math.round(each * sampleCount),
    exact,
    shares: sharesOf(tallies),
    boxes: boxes.map((box) => ({ ...box, count: Math.round(box.count * times) })),
    warnings,
  };
}
