/**
 * Leads the protection of one file: reading, encrypting and writing overlap, and the output is written in file order.
 */

import { openSink } from '../files/sink.js';
import { Feed } from './feed.js';
import { Pool } from './pool.js';

/** @import { File as CoreFile } from './wasm/boxlock_engine.js' */
/** @import { Line } from './pool.js' */
/** @import { Written, Sink } from '../files/sink.js' */
/** @import { ToProtector } from './messages' */
/** @import { Progress } from '../types' */

/**
 * @param {CoreFile} core with its output begun
 * @param {Extract<ToProtector, { setUp: unknown }>['setUp']} setUp
 * @param {{ sink: FileSystemFileHandle | null, workers: number }} options
 * @param {{ signal: AbortSignal, report: (progress: Progress) => void, line: Line }} running
 * @returns {Promise<Written & { size: number }>}
 */
export async function protect(core, setUp, options, { signal, report, line }) {
  const sink = await openSink(options.sink);
  const pool = new Pool(options.workers, line, setUp);
  const feed = new Feed(core, setUp.blob, pool);
  const stop = () => {
    pool.fail(signal.reason);
    feed.stop(signal.reason);
  };
  signal.addEventListener('abort', stop, { once: true });
  try {
    signal.throwIfAborted();
    const size = await write(core, feed, sink, pool, signal, (done) =>
      report({ stage: 'protect', done: done ?? setUp.blob.size, total: setUp.blob.size }),
    );
    signal.throwIfAborted();
    const written = await sink.close();
    return { ...written, size };
  } catch (error) {
    pool.fail(error);
    feed.stop(error);
    await sink.abort();
    throw error;
  } finally {
    signal.removeEventListener('abort', stop);
  }
}

/**
 * Writes piece after piece, and returns how many bytes that were.
 * @param {CoreFile} core
 * @param {Feed} feed
 * @param {Sink} sink
 * @param {Pool} pool
 * @param {AbortSignal} signal
 * @param {(done?: number) => void} report takes how far in the source it is; nothing at the end
 */
async function write(core, feed, sink, pool, signal, report) {
  let size = 0;
  let reported = 0;
  /** @param {number} done */
  const progress = (done) => {
    if (performance.now() - reported < 50) return;
    reported = performance.now();
    report(done);
  };
  /** @param {Uint8Array<ArrayBuffer>} bytes */
  const put = async (bytes) => {
    await sink.write(bytes);
    size += bytes.length;
  };
  let placed = 0;
  for (let piece = await feed.next(); piece; piece = await feed.next()) {
    signal.throwIfAborted();
    if (piece.kind === 'batch') {
      const { batch, large } = piece;
      for (let last = false; !last;) {
        const { output, lengths, sourceEnd } = await batch.next();
        await put(output);
        if (large) pool.written(batch, output.buffer);
        if (lengths) feed.written(large ? undefined : output.buffer);
        lengths?.forEach((length) => core.placed(length));
        progress(sourceEnd);
        last = lengths !== null;
      }
      placed = size;
    } else if (piece.kind === 'bytes') {
      await put(piece.bytes);
      if (piece.lent) feed.written(piece.bytes.buffer);
      if (piece.sourceEnd !== null) progress(piece.sourceEnd);
      if (!piece.last) continue;
      core.placed(size - placed);
      placed = size;
    } else {
      await put(/** @type {Uint8Array<ArrayBuffer>} */ (core.random_access()));
      core.placed(size - placed);
      placed = size;
    }
  }
  /** @type {{ at: number, bytes: Uint8Array<ArrayBuffer> }[]} */
  const patches = core.patches();
  for (const { at, bytes } of patches) await sink.patch(at, bytes);
  report();
  return size;
}
