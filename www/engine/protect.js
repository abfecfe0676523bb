/**
 * Leads the protection of one file: reading, encrypting and writing overlap, and the output is written in file order.
 */

import { asError, CHANGED } from '../files/faults.js';
import { Witness } from '../files/witness.js';
import { Feed } from './feed.js';
import { addTallies, sharesOf } from './measure.js';
import { Output } from './output.js';
import { Patches } from './patches.js';
import { Pool } from './pool.js';

/** @import { File as CoreFile, Sha256 } from './wasm/boxlock_engine.js' */
/** @import { Line } from './pool.js' */
/** @import { Written } from '../files/sink.js' */
/** @import { Part } from '../files/witness.js' */
/** @import { Remains, ToProtector } from './messages' */
/** @import { Progress } from '../types' */

/** An output of which only the lengths count. @type {Pick<Output, 'write' | 'next'>} */
const NOWHERE = { next: () => {}, write: async (bytes, written) => written?.(bytes.buffer) };

/**
 * What is kept of the output while it is written.
 * @typedef {{ frame: Remains['frame'], heads: number[], copied: number }} Around
 */

/** Bytes of copied boxes that are kept of an output, and how many stretches: each is read by itself. */
const COPIED_MAX = 4 << 20;
const FRAME_MAX = 1000;

/**
 * `witness` is of the opening, `hash` of the one file that is downloaded while it is made: nobody can read that again.
 * @typedef {object} Options
 * @property {readonly Part[]} parts the files that it was put together of, and where they came from
 * @property {FileSystemFileHandle | FileSystemDirectoryHandle | null} sink
 * @property {{ name: string, size: number }[] | null} files the files to write, when there are several
 * @property {string} stored
 * @property {string | null} download
 * @property {number} workers
 * @property {Witness} witness
 * @property {Sha256 | null} hash
 */

/**
 * @param {CoreFile} core with its output begun
 * @param {Extract<ToProtector, { setUp: unknown }>['setUp']} setUp
 * @param {Options} options
 * @param {{ signal: AbortSignal, report: (progress: Progress) => void, line: Line }} running
 * @returns {Promise<Written & { size: number, shares: Map<number, number>, remains: Remains }>} shares: protected part of
 *   each track
 */
export async function protect(core, setUp, options, { signal, report, line }) {
  const { blob } = setUp;
  const witness = new Witness();
  /** @type {{ size: number }} */
  const { size: total } = core.work();
  const output = new Output(line, options.workers);
  const pool = new Pool(options.workers, line, { setUp });
  // Each of the pool has its own copy.
  setUp.random.fill(0);
  /** @type {Feed | null} */
  let feed = null;
  const stop = (/** @type {unknown} */ reason) => {
    pool.fail(reason);
    feed?.stop(reason);
  };
  output.onFailed = stop;
  // What was read at opening, and what was read since, still stand there.
  const checkAll = () => Promise.all([options.witness.check(blob, options.parts), witness.check(blob)]);
  const cancel = () => stop(signal.reason);
  signal.addEventListener('abort', cancel, { once: true });
  // While the workers start.
  options.witness.check(blob, options.parts).catch(stop);
  /**
   * Makes all of the output.
   * @param {Pick<Output, 'write' | 'next'>} to
   * @param {Progress['stage']} stage
   */
  const make = async (to, stage) => {
    signal.throwIfAborted();
    /** @type {Map<number, number[]>} */
    const tallies = new Map();
    /** @type {Around} */
    const around = { frame: [], heads: [], copied: 0 };
    feed = new Feed(core, blob, pool, witness);
    const size = await write(core, feed, to, pool, witness, signal, tallies, around, (done) =>
      report({ stage, done, total }),
    );
    const protectedBytes = [...tallies.values()].reduce((sum, [, one = 0]) => sum + one, 0);
    const patches = core.patches(protectedBytes);
    const patched = new Patches(patches);
    for (const { at, bytes } of around.frame) patched.apply(at, bytes);
    const isAround = (/** @type {{ at: number }} */ patch) =>
      around.frame.some(({ at, bytes }) => patch.at >= at && patch.at < at + bytes.length);
    // Of fragments that were copied as they are nobody has looked at the heads.
    const known = around.heads.length > 0 && patches.every(isAround);
    const heads = known ? Uint32Array.from(around.heads) : null;
    // ID, then bytes and protected bytes.
    const locked = [...tallies].filter(([, [, covered = 0]]) => covered > 0).map(([id]) => id);
    const remains = { frame: around.frame, heads, tracks: Uint32Array.from(locked) };
    return { size, tallies, patches, remains };
  };
  try {
    const { download, hash } = options;
    /** @type {Patches | null} What cannot be put right later, from a first time that is written nowhere. */
    let early = null;
    if (download !== null && core.patched()) {
      early = new Patches((await make(NOWHERE, 'measure')).patches);
      await checkAll();
      core.begin();
    }
    await output.open(options.sink, total, options.stored, download, options.files);
    let at = 0;
    /** @type {Output['write']} */
    const writeOnce = (bytes, written) => {
      early?.apply(at, bytes);
      hash?.update(bytes);
      at += bytes.length;
      return output.write(bytes, written);
    };
    const made = await make(
      download === null ? output : { write: writeOnce, next: () => output.next() },
      'protect',
    );
    if (early && !early.same(made.patches)) throw asError(CHANGED);
    report({ stage: 'protect', done: total, total });
    await checkAll();
    signal.throwIfAborted();
    // What comes back from here is a result, whatever is cancelled meanwhile.
    const written = await output.close(download === null ? made.patches : []);
    return { size: made.size, ...written, shares: sharesOf(made.tallies), remains: made.remains };
  } catch (error) {
    stop(error);
    await output.abort();
    // A file that is another now has all kinds of faults, but one reason.
    if (!signal.aborted) await checkAll();
    throw error;
  } finally {
    signal.removeEventListener('abort', cancel);
  }
}

/**
 * Writes piece after piece, and returns how many bytes that were.
 * @param {CoreFile} core
 * @param {Feed} feed
 * @param {Pick<Output, 'write' | 'next'>} output
 * @param {Pool} pool
 * @param {Witness} witness
 * @param {AbortSignal} signal
 * @param {Map<number, number[]>} tallies what becomes of the samples
 * @param {Around} around
 * @param {(done: number) => void} report takes how far in the source it is
 */
async function write(core, feed, output, pool, witness, signal, tallies, around, report) {
  let size = 0;
  let reported = 0;
  /** @param {number} done */
  const progress = (done) => {
    if (performance.now() - reported < 50) return;
    reported = performance.now();
    report(done);
  };
  /** @param {Uint8Array<ArrayBuffer>} bytes @param {(buffer: ArrayBuffer) => void} [written] */
  const put = (bytes, written) => {
    size += bytes.length;
    return output.write(bytes, written);
  };
  // Where the piece of the core begins that is being written.
  let begun = 0;
  const placed = () => {
    core.placed(Float64Array.of(size - begun));
    begun = size;
  };
  for (let piece = await feed.next(); piece; piece = await feed.next()) {
    signal.throwIfAborted();
    if (piece.kind === 'file') output.next();
    else if (piece.kind === 'index') {
      const bytes = /** @type {Uint8Array<ArrayBuffer>} */ (core.random_access());
      around.frame.push({ at: size, bytes: bytes.slice() });
      await put(bytes);
      placed();
    } else if (piece.kind === 'bytes') {
      const { bytes, lent, last, sourceEnd } = piece;
      // Boxes between fragments; not what somebody hides there by the gigabyte.
      if (!lent || (around.copied + bytes.length <= COPIED_MAX && around.frame.length < FRAME_MAX)) {
        around.frame.push({ at: size, bytes: bytes.slice() });
        if (lent) around.copied += bytes.length;
      }
      await put(bytes, lent ? (buffer) => feed.written(buffer) : undefined);
      if (last) placed();
      if (sourceEnd !== null) progress(sourceEnd);
    } else {
      const { batch, large } = piece;
      for (let last = false; !last;) {
        const chunk = await batch.next();
        const ends = (last = chunk.lengths !== null);
        await put(chunk.output, (buffer) => {
          if (large) pool.written(batch, buffer);
          if (ends) feed.written(large ? undefined : buffer);
        });
        if (chunk.heads) for (const head of chunk.heads) around.heads.push(head);
        if (chunk.places) witness.keep(chunk.places);
        if (chunk.lengths) core.placed(chunk.lengths);
        if (chunk.tallies) addTallies(tallies, chunk.tallies);
        begun = size;
        progress(chunk.sourceEnd);
      }
    }
  }
  return size;
}
