/**
 * Leads the verification of one file: it is read again, and beside it its clear source, where there is one. Fragments are
 * looked at by the crew; what they find is put together in file order.
 */

import { Gatherer } from '../files/gather.js';
import { BlobReader } from '../files/read.js';
import { BlobStream } from '../files/stream.js';
import { BoxlockError } from './errors.js';
import { Pool } from './pool.js';

/** @import { File as CoreFile, Verifier } from './wasm/boxlock_engine.js' */
/** @import { Order, Remains, ToProtector } from './messages' */
/** @import { Batch, Line } from './pool.js' */
/** @import { Progress } from '../types' */

/** Small fragments travel together, up to this many bytes and this many fragments. */
const BATCH_BYTES = 4 << 20;
const BATCH_COUNT = 512;
/** Fragments larger than this are read by the workers themselves, in pieces. */
const LARGE_BYTES = 8 << 20;
/** Batches under way for each worker. */
const AHEAD = 3;

/** A file on its way to the crew. */
class Reading {
  #number = 0;
  #ended = false;

  /**
   * @param {CoreFile} core
   * @param {Blob} blob
   * @param {number} side
   */
  constructor(core, blob, side) {
    this.core = core;
    this.side = side;
    this.stream = new BlobStream(blob);
    this.gatherer = new Gatherer(blob, () => {});
    this.done = 0;
  }

  get ended() {
    return this.#ended;
  }

  /**
   * The next batch; none at the end.
   * @param {Pool} pool
   * @returns {Promise<{ batch: Batch, end: number } | null>}
   */
  async next(pool) {
    /** @type {(Order & { count: number }) | undefined} */
    const order = this.core.fragments(this.#number, BATCH_BYTES, BATCH_COUNT);
    if (!order) {
      this.#ended = true;
      return null;
    }
    this.#number += order.count;
    const { start, end, pieces } = order;
    const len = end - start;
    if (len > LARGE_BYTES) return { batch: pool.examine(this.side, order, null), end };
    const buffer = new ArrayBuffer(len);
    const bytes = pieces
      ? await this.gatherer.gather(pieces, buffer)
      : await this.stream.read(start, len, buffer);
    return { batch: pool.examine(this.side, order, bytes), end };
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
export function checkRemains(verifier, { core, blob }, { frame, heads }) {
  if (heads) verifier.heads(core, heads);
  const reader = new BlobReader(blob);
  for (const { at, bytes } of frame) {
    const there = Math.max(0, Math.min(bytes.length, blob.size - at));
    const found = reader.read(at, there);
    const other = bytes.findIndex((byte, number) => byte !== found[number]);
    if (other >= 0)
      verifier.failed('not-as-written', `Byte ${at + other} of the file is not what was written there.`);
  }
}

/**
 * @param {Verifier} verifier
 * @param {{ core: CoreFile, blob: Blob }} written
 * @param {{ core: CoreFile, blob: Blob } | null} source
 * @param {Extract<ToProtector, { examiners: unknown }>} first
 * @param {number} workers
 * @param {{ signal: AbortSignal, report: (progress: Progress) => void, line: Line }} running
 */
export async function verify(verifier, written, source, first, workers, { signal, report, line }) {
  const pool = new Pool(workers, line, first);
  const cancel = () => pool.fail(signal.reason);
  signal.addEventListener('abort', cancel, { once: true });
  const main = new Reading(written.core, written.blob, 0);
  const other = source && new Reading(source.core, source.blob, 1);
  const total = written.blob.size;
  /** @type {{ reading: Reading, batch: Batch, end: number }[]} */
  const under = [];
  let reported = 0;
  try {
    for (;;) {
      signal.throwIfAborted();
      while (under.length < workers * AHEAD && !(main.ended && (other?.ended ?? true))) {
        // Whichever is behind in what was sent; where one has ended, the other.
        const share = (/** @type {Reading} */ reading, /** @type {Blob} */ blob) => reading.done / blob.size;
        const behind =
          other && source && share(other, source.blob) < share(main, written.blob) ? other : main;
        const reading = behind.ended ? (behind === main && other ? other : main) : behind;
        const next = await reading.next(pool);
        if (next) {
          reading.done = next.end;
          under.push({ reading, ...next });
        } else reading.done = Infinity;
      }
      const first = under.shift();
      if (!first) break;
      const { output } = await first.batch.next();
      verifier.take(first.reading.side === 1, output);
      if (first.reading === main && performance.now() - reported > 50) {
        reported = performance.now();
        report({ stage: 'verify', done: first.end, total });
      }
    }
  } catch (error) {
    pool.fail(error);
    // What cannot be read of the file is what came of it.
    if (signal.aborted || !(error instanceof BoxlockError) || error.kind === 'environment') throw error;
    verifier.failed(error.code, error.message);
  } finally {
    signal.removeEventListener('abort', cancel);
    main.cancel();
    other?.cancel();
  }
  report({ stage: 'verify', done: total, total });
  return verifier.finish();
}
