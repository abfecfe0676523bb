/**
 * Leads the verification of one file: it is read again, and beside it its clear source, where there is one. Fragments are
 * looked at by the crew; what they find is put together in file order.
 */

import { Gatherer } from '../files/gather.js';
import { BlobReader } from '../files/read.js';
import { BlobStream } from '../files/stream.js';
import { fromPosted } from './errors.js';
import { Pool } from './pool.js';

/** @import { Comparer, File as CoreFile, Verifier } from './wasm/boxlock_engine.js' */
/** @import { Chunk, Order, PostedError, Remains, ToProtector } from './messages' */
/** @import { Batch, Line } from './pool.js' */
/** @import { Progress } from '../types' */

/** Small fragments travel together, up to this many bytes and this many fragments. */
const BATCH_BYTES = 4 << 20;
const BATCH_COUNT = 512;
/** Fragments larger than this are read by the workers themselves, in pieces. */
const LARGE_BYTES = 8 << 20;
/** Batches grow: this much spares most of them a second buffer. */
const BUFFER_BYTES = BATCH_BYTES + (BATCH_BYTES >> 3);
/** So much more of one file may be read than of the other: what is known of its samples waits for theirs. */
const LEAD_BYTES = 64 << 20;

/** A file on its way to the crew, and back. */
class Reading {
  #number = 0;
  #ended = false;
  #size;
  #sent = 0;
  /** @type {ArrayBuffer[]} */
  #spares = [];
  /** @type {(() => void)[]} who waits for more of it to be read */
  #waiting = [];

  /**
   * @param {CoreFile} core
   * @param {Blob} blob
   * @param {number} side
   * @param {Pool} pool
   */
  constructor(core, blob, side, pool) {
    this.core = core;
    this.side = side;
    this.pool = pool;
    this.stream = new BlobStream(blob);
    this.gatherer = new Gatherer(blob, () => {});
    this.#size = blob.size;
  }

  /** How much of it was sent. */
  get #share() {
    return this.#sent / this.#size;
  }

  /**
   * Has all of it looked at, in file order.
   * @param {Reading | undefined} other the file that it is compared with
   * @param {(chunk: Chunk) => void} take
   */
  async run(other, take) {
    /** @type {Batch[]} */
    const under = [];
    for (;;) {
      // One more than there are workers, so that none of them waits for what is read next.
      while (under.length <= this.pool.size && !this.#ended) {
        if (other) await this.#wait(other);
        const batch = await this.#next();
        if (batch) under.push(batch);
      }
      const first = under.shift();
      if (!first) return;
      const chunk = await first.next();
      if (chunk.spare) this.#spares.push(chunk.spare);
      take(chunk);
    }
  }

  /** The next batch; none at the end. @returns {Promise<Batch | null>} */
  async #next() {
    /** @type {(Order & { count: number }) | undefined} */
    const order = this.core.fragments(this.#number, BATCH_BYTES, BATCH_COUNT);
    this.#number += order?.count ?? 0;
    this.#sent = order?.end ?? this.#size;
    this.#ended = !order;
    for (const wake of this.#waiting.splice(0)) wake();
    if (!order) return null;
    const { start, end, pieces } = order;
    const len = end - start;
    if (len > LARGE_BYTES) return this.pool.examine(this.side, order, null);
    const buffer = this.#spares.pop() ?? new ArrayBuffer(BUFFER_BYTES);
    const bytes = pieces
      ? await this.gatherer.gather(pieces, buffer)
      : await this.stream.read(start, len, buffer);
    return this.pool.examine(this.side, order, bytes);
  }

  /** Waits while the other is far behind. @param {Reading} other */
  async #wait(other) {
    while (!other.#ended && this.#share - other.#share > LEAD_BYTES / this.#size)
      await new Promise((resolve) => {
        other.#waiting.push(() => resolve(null));
      });
  }

  cancel() {
    this.stream.cancel();
    this.gatherer.cancel();
  }
}

/**
 * Whether what was written around the fragments, and their heads, still stand there.
 * @param {Verifier} verifier
 * @param {{ core: CoreFile, blob: Blob }} written
 * @param {Remains} remains
 */
export function checkRemains(verifier, { core, blob }, { frame, heads, tracks }) {
  verifier.expect(tracks);
  if (heads) verifier.heads(core, heads);
  const reader = new BlobReader(blob);
  for (const { at, bytes } of frame) {
    const there = Math.max(0, Math.min(bytes.length, blob.size - at));
    const found = reader.read(at, there);
    const other = bytes.findIndex((byte, number) => byte !== found[number]);
    if (other >= 0) verifier.changed(at + other);
  }
}

/**
 * What takes what is found of the fragments of one or two files, and puts it together.
 * @typedef {Pick<Verifier | Comparer, 'take' | 'failed' | 'finish'>} Taker
 */

/**
 * @param {Taker} verifier
 * @param {{ core: CoreFile, blob: Blob }} written
 * @param {{ core: CoreFile, blob: Blob } | null} source
 * @param {Extract<ToProtector, { examiners: unknown }>} first
 * @param {number} workers
 * @param {(side: number, fault: PostedError) => boolean} ends whether a fault ends all; else it is what came of it
 * @param {{ signal: AbortSignal, report: (progress: Progress) => void, line: Line }} running
 * @param {'verify' | 'samples'} [stage]
 */
export async function verify(verifier, written, source, first, workers, ends, running, stage = 'verify') {
  const { signal, report, line } = running;
  const pool = new Pool(workers, line, first);
  const cancel = () => pool.fail(signal.reason);
  signal.addEventListener('abort', cancel, { once: true });
  const readings = [written, source].flatMap((file, side) =>
    file ? [new Reading(file.core, file.blob, side, pool)] : [],
  );
  const total = written.blob.size;
  let reported = 0;
  let cut = false;
  /** @param {Reading} reading */
  const take =
    ({ side }) =>
    (/** @type {Chunk} */ { output, fault, sourceEnd }) => {
      signal.throwIfAborted();
      if (fault) {
        const why = fromPosted(fault);
        if (fault.kind === 'environment' || ends(side, fault)) throw why;
        if (!cut) verifier.failed(fault.code, fault.message);
        cut = true;
        throw why;
      }
      verifier.take(side === 1, output);
      if (side === 0 && performance.now() - reported > 50) {
        reported = performance.now();
        report({ stage, done: sourceEnd, total });
      }
    };
  try {
    signal.throwIfAborted();
    await Promise.all(readings.map((reading, side) => reading.run(readings[1 - side], take(reading))));
  } catch (error) {
    pool.fail(error);
    if (!cut || signal.aborted) throw error;
  } finally {
    signal.removeEventListener('abort', cancel);
    for (const reading of readings) reading.cancel();
  }
  report({ stage, done: total, total });
  return verifier.finish();
}
