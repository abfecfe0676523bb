/**
 * Leads the verification of one file: it is read again, and beside it its clear source, where there is one. Fragments are
 * looked at by the crew; what they find is put together in file order.
 */

import { Gatherer } from '../files/gather.js';
import { BlobReader } from '../files/read.js';
import { BlobStream } from '../files/stream.js';
import { fromPosted } from './errors.js';
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
  #size;
  #sent = 0;

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
    this.#size = blob.size;
  }

  get ended() {
    return this.#ended;
  }

  /** How much of it was sent. */
  get share() {
    return this.#sent / this.#size;
  }

  /**
   * The next batch; none at the end.
   * @param {Pool} pool
   * @returns {Promise<Batch | null>}
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
    this.#sent = end;
    if (len > LARGE_BYTES) return pool.examine(this.side, order, null);
    const buffer = new ArrayBuffer(len);
    const bytes = pieces
      ? await this.gatherer.gather(pieces, buffer)
      : await this.stream.read(start, len, buffer);
    return pool.examine(this.side, order, bytes);
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
 * @param {Verifier} verifier
 * @param {{ core: CoreFile, blob: Blob }} written
 * @param {{ core: CoreFile, blob: Blob } | null} source
 * @param {Extract<ToProtector, { examiners: unknown }>} first
 * @param {number} workers
 * @param {boolean} made whether it was made here just now: then whatever is wrong is wrong with the file, not with the keys
 * @param {{ signal: AbortSignal, report: (progress: Progress) => void, line: Line }} running
 */
export async function verify(verifier, written, source, first, workers, made, { signal, report, line }) {
  const pool = new Pool(workers, line, first);
  const cancel = () => pool.fail(signal.reason);
  signal.addEventListener('abort', cancel, { once: true });
  const readings = [written, source].flatMap((file, side) =>
    file ? [new Reading(file.core, file.blob, side)] : [],
  );
  const total = written.blob.size;
  /** @type {{ reading: Reading, batch: Batch }[]} */
  const under = [];
  let reported = 0;
  try {
    for (;;) {
      signal.throwIfAborted();
      while (under.length < workers * AHEAD) {
        // Whichever is behind in what was sent.
        const [reading] = readings
          .filter(({ ended }) => !ended)
          .toSorted((one, two) => one.share - two.share);
        if (!reading) break;
        const batch = await reading.next(pool);
        if (batch) under.push({ reading, batch });
      }
      const first = under.shift();
      if (!first) break;
      const { output, fault, sourceEnd } = await first.batch.next();
      const ofSource = first.reading.side === 1;
      if (fault) {
        const why = fromPosted(fault);
        // What is wrong with the file itself is what came of it.
        if (ofSource || fault.kind === 'environment' || (fault.kind === 'caller' && !made)) throw why;
        pool.fail(why);
        verifier.failed(fault.code, fault.message);
        break;
      }
      verifier.take(ofSource, output);
      if (!ofSource && performance.now() - reported > 50) {
        reported = performance.now();
        report({ stage: 'verify', done: sourceEnd, total });
      }
    }
  } catch (error) {
    pool.fail(error);
    throw error;
  } finally {
    signal.removeEventListener('abort', cancel);
    for (const reading of readings) reading.cancel();
  }
  report({ stage: 'verify', done: total, total });
  return verifier.finish();
}
