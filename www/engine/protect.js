/**
 * Leads the protection of one file: gives fragments to protecting workers, and writes what comes back in file order.
 * Reading, encrypting and writing overlap; how much is under way is bounded, so a slow disk cannot fill memory.
 */

import { openSink } from '../files/sink.js';
import { Pool } from './pool.js';

/** @import { File as CoreFile } from './wasm/boxlock_engine.js' */
/** @import { BlobReader } from '../files/read.js' */
/** @import { Written, Sink } from '../files/sink.js' */
/** @import { Step, ToProtector } from './messages' */
/** @import { Batch } from './pool.js' */
/** @import { Progress } from '../types' */

/** Small fragments travel together, up to this many bytes and this many fragments. */
const BATCH_BYTES = 4 << 20;
const BATCH_COUNT = 512;
/** Batches under way for each worker: one in work, one waiting. */
const AHEAD = 2;
/** Pieces looked ahead for batches. */
const PIECES_AHEAD = 64;
/** Stretches that are copied go through memory in pieces of this size. */
const COPY_BYTES = 4 << 20;

/**
 * A piece of the output, in order.
 * @typedef {{ kind: 'bytes', bytes: Uint8Array<ArrayBuffer> }
 *   | { kind: 'copy', start: number, len: number }
 *   | { kind: 'batch', batch: Batch }
 *   | { kind: 'index' }} Piece
 */

/**
 * @param {CoreFile} core with its output begun
 * @param {BlobReader} reader
 * @param {Extract<ToProtector, { setUp: unknown }>['setUp']} setUp
 * @param {{ sink: FileSystemFileHandle | null, ports: MessagePort[] }} options
 * @param {{ signal: AbortSignal, report: (progress: Progress) => void }} running
 * @returns {Promise<Written & { size: number }>}
 */
export async function protect(core, reader, setUp, options, { signal, report }) {
  const sink = await openSink(options.sink);
  const pool = new Pool(options.ports, setUp);
  const stop = () => pool.fail(signal.reason);
  signal.addEventListener('abort', stop, { once: true });
  try {
    signal.throwIfAborted();
    const size = await run(core, reader, sink, pool, signal, report);
    signal.throwIfAborted();
    const written = await sink.close();
    return { ...written, size };
  } catch (error) {
    // Whoever waits for the workers or the disk shall not wait for both.
    pool.end();
    await sink.abort();
    throw error;
  } finally {
    signal.removeEventListener('abort', stop);
    pool.end();
  }
}

/**
 * @param {CoreFile} core
 * @param {BlobReader} reader
 * @param {Sink} sink
 * @param {Pool} pool
 * @param {AbortSignal} signal
 * @param {(progress: Progress) => void} report
 */
async function run(core, reader, sink, pool, signal, report) {
  const pieces = new Pieces(core, pool);
  const total = reader.size;
  let size = 0;
  let reported = 0;
  /** @param {Uint8Array<ArrayBuffer>} bytes */
  const write = async (bytes) => {
    await sink.write(bytes);
    size += bytes.length;
  };
  /** @param {number} done */
  const progress = (done) => {
    if (performance.now() - reported < 50) return;
    reported = performance.now();
    report({ stage: 'protect', done, total });
  };
  for (let piece = pieces.next(); piece; piece = pieces.next()) {
    signal.throwIfAborted();
    const before = size;
    if (piece.kind === 'batch') {
      for (let last = false; !last;) {
        const { output, lengths, sourceEnd } = await piece.batch.next();
        await write(output);
        pool.written(piece.batch, output.buffer);
        lengths?.forEach((length) => core.placed(length));
        progress(sourceEnd);
        last = lengths !== null;
      }
      continue;
    }
    if (piece.kind === 'bytes') await write(piece.bytes);
    else if (piece.kind === 'index')
      await write(/** @type {Uint8Array<ArrayBuffer>} */ (core.random_access()));
    else {
      const end = piece.start + piece.len;
      for (let at = piece.start; at < end; at += COPY_BYTES) {
        signal.throwIfAborted();
        await write(reader.read(at, Math.min(COPY_BYTES, end - at)));
        progress(at);
        await new Promise((resolve) => void setTimeout(resolve));
      }
    }
    core.placed(size - before);
  }
  /** @type {{ at: number, bytes: Uint8Array<ArrayBuffer> }[]} */
  const patches = core.patches();
  for (const { at, bytes } of patches) await sink.patch(at, bytes);
  report({ stage: 'protect', done: total, total });
  return size;
}

/** The pieces in order, with fragments gathered in batches and sent ahead to the workers. */
class Pieces {
  /** @type {Piece[]} */
  #queue = [];
  /** @type {Step | undefined} */
  #step;
  #batches = 0;

  /**
   * @param {CoreFile} core
   * @param {Pool} pool
   */
  constructor(core, pool) {
    this.core = core;
    this.pool = pool;
    this.#advance();
  }

  #advance() {
    this.#step = this.core.next_step();
  }

  /** @returns {Piece | undefined} */
  next() {
    while (this.#step && this.#batches < this.pool.size * AHEAD && this.#queue.length < PIECES_AHEAD)
      this.#take();
    const piece = this.#queue.shift();
    if (piece?.kind === 'batch') this.#batches--;
    return piece;
  }

  #take() {
    const step = /** @type {Step} */ (this.#step);
    this.#advance();
    if (step.kind !== 'fragment') {
      this.#queue.push(/** @type {Piece} */ (step));
      return;
    }
    const tasks = [step.task];
    let { end } = step.task;
    while (this.#step?.kind === 'fragment' && tasks.length < BATCH_COUNT) {
      const { task } = this.#step;
      if (task.start !== end || task.end - step.task.start > BATCH_BYTES) break;
      tasks.push(task);
      end = task.end;
      this.#advance();
    }
    this.#queue.push({ kind: 'batch', batch: this.pool.protect(tasks) });
    this.#batches++;
  }
}
