/**
 * Leads the protection of one file: gives fragments to protecting workers, and writes what comes back in file order.
 * Reading, encrypting and writing overlap; how much is under way is bounded, so a slow disk cannot fill memory.
 */

import { openSink } from '../files/sink.js';
import { environmentError, fromPosted } from './errors.js';

/** @import { File as CoreFile } from './wasm/boxlock_engine.js' */
/** @import { BlobReader } from '../files/read.js' */
/** @import { Written, Sink } from '../files/sink.js' */
/** @import { FragmentTask, FromProtector, Step, ToProtector } from './messages' */
/** @import { Progress } from '../types' */

/** Small fragments travel together, up to this many bytes and this many fragments. */
const BATCH_BYTES = 4 << 20;
const BATCH_COUNT = 512;
/** Batches under way for each worker: one in work, one waiting. */
const AHEAD = 2;
/** Stretches that are copied go through memory in pieces of this size. */
const COPY_BYTES = 4 << 20;

/**
 * A piece of the output, in order.
 * @typedef {{ kind: 'bytes', bytes: Uint8Array<ArrayBuffer> }
 *   | { kind: 'copy', start: number, len: number }
 *   | { kind: 'batch', done: Promise<{ output: Uint8Array<ArrayBuffer>, lengths: number[] }>, sourceEnd: number }
 *   | { kind: 'index' }} Piece
 */

/**
 * @param {CoreFile} core with its output begun
 * @param {BlobReader} reader
 * @param {Extract<ToProtector, { setUp: unknown }>['setUp']} setUp
 * @param {{ sink: FileSystemFileHandle | null, workers: number }} options
 * @param {{ signal: AbortSignal, report: (progress: Progress) => void }} running
 * @returns {Promise<Written & { size: number }>}
 */
export async function protect(core, reader, setUp, options, { signal, report }) {
  const sink = await openSink(options.sink);
  const pool = new Pool(options.workers, setUp);
  const stop = () => pool.fail(signal.reason);
  signal.addEventListener('abort', stop, { once: true });
  try {
    signal.throwIfAborted();
    const size = await run(core, reader, sink, pool, signal, report);
    signal.throwIfAborted();
    const written = await sink.close();
    return { ...written, size };
  } catch (error) {
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
    if (piece.kind === 'batch') {
      const { output, lengths } = await piece.done;
      await write(output);
      for (const length of lengths) core.placed(length);
      progress(piece.sourceEnd);
      continue;
    }
    const before = size;
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
    while (this.#step && this.#batches < this.pool.size * AHEAD && this.#queue.length < 64) this.#take();
    const piece = this.#queue.shift();
    if (piece?.kind === 'batch') this.#batches--;
    return piece;
  }

  #take() {
    const step = /** @type {Step} */ (this.#step);
    if (step.kind !== 'fragment') {
      this.#queue.push(/** @type {Piece} */ (step));
      this.#advance();
      return;
    }
    const tasks = [step.task];
    this.#advance();
    let end = step.task.end;
    while (this.#step?.kind === 'fragment' && tasks.length < BATCH_COUNT) {
      const { task } = this.#step;
      if (task.start !== end || task.end - step.task.start > BATCH_BYTES) break;
      tasks.push(task);
      end = task.end;
      this.#advance();
    }
    this.#queue.push({ kind: 'batch', done: this.pool.protect(tasks), sourceEnd: end });
    this.#batches++;
  }
}

/** The protecting workers. Each batch goes to the worker with the least to do. */
class Pool {
  /** @type {{ worker: Worker, waiting: number }[]} */
  #members = [];
  /** @type {Map<number, { resolve: (done: any) => void, reject: (reason: unknown) => void, member: number }>} */
  #batches = new Map();
  #next = 1;
  /** @type {unknown} */
  #failure;

  /**
   * @param {number} size
   * @param {Extract<ToProtector, { setUp: unknown }>['setUp']} setUp
   */
  constructor(size, setUp) {
    this.size = size;
    for (let n = 0; n < size; n++) {
      const worker = new Worker(new URL('./protector-worker.js', import.meta.url), { type: 'module' });
      worker.onmessage = (event) => this.#receive(event.data);
      worker.onerror = (event) => {
        event.preventDefault();
        this.fail(environmentError('engine-failed', 'A worker could not be started. Reload the page.'));
      };
      worker.postMessage({ setUp });
      this.#members.push({ worker, waiting: 0 });
    }
  }

  /**
   * @param {FragmentTask[]} tasks
   * @returns {Promise<{ output: Uint8Array<ArrayBuffer>, lengths: number[] }>}
   */
  protect(tasks) {
    const id = this.#next++;
    const least = Math.min(...this.#members.map(({ waiting }) => waiting));
    const member = this.#members.findIndex(({ waiting }) => waiting === least);
    const chosen = this.#members[member];
    const done = new Promise((resolve, reject) => void this.#batches.set(id, { resolve, reject, member }));
    // Whoever asks for the piece hears of a failure then; before, it is nobody's.
    done.catch(() => {});
    if (this.#failure || !chosen) this.fail(this.#failure);
    else {
      chosen.waiting++;
      chosen.worker.postMessage({ batch: { id, tasks } });
    }
    return /** @type {Promise<any>} */ (done);
  }

  /**
   * Ends all that is under way for this reason.
   * @param {unknown} reason
   */
  fail(reason) {
    this.#failure ??= reason;
    for (const batch of this.#batches.values()) batch.reject(this.#failure);
    this.#batches.clear();
  }

  end() {
    for (const { worker } of this.#members) worker.terminate();
  }

  /** @param {FromProtector} message */
  #receive(message) {
    if ('error' in message) this.fail(fromPosted(message.error));
    if (!('batch' in message)) return;
    const { id, ...done } = message.batch;
    const batch = this.#batches.get(id);
    const member = batch && this.#members[batch.member];
    if (member) member.waiting--;
    this.#batches.delete(id);
    batch?.resolve(done);
  }
}
