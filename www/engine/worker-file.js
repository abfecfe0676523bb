/**
 * The file that is open in the leading worker. Looking takes a small module of its own, with which the page starts. When
 * something is to be done with the file, it is opened once more, in the whole engine.
 */

import * as whole from './wasm/boxlock_engine.js';
import initLook, * as look from './wasm/boxlock_look.js';
import { asError, CHANGED } from '../files/faults.js';
import { gatherNow } from '../files/gather.js';
import { headsOf, KnownHeads } from '../files/heads.js';
import { BlobReader } from '../files/read.js';
import { Witness } from '../files/witness.js';
import { isTrap } from './errors.js';
import { Joint } from './joint.js';
import { Pause } from './pause.js';
import { started } from './started.js';
import { startEngine } from './worker-engine.js';

/** @import { MergedFile, Methods, Order, Piece } from './messages' */
/** @import { HeadReader } from '../files/heads.js' */
/** @import { Waiting } from './joint.js' */
/** @import * as Types from '../types' */

/** Of one file: what looks. @typedef {look.File} Looking */
/** What works, with its memory. @typedef {{ core: whole.File, memory: WebAssembly.Memory }} Working */
/** @typedef {WebAssembly.Module | string} Engine */

/** A box that has to be read whole to open a file, and is larger than this, is held by the whole engine alone, and not twice. */
const HELD_ONCE = 16 << 20;

/** Places that are looked at when the file is opened once more: what is made of it is held against all that are known. */
const GLANCE = 24;

export class OpenFile {
  /** @type {Working | null} */
  #working = null;
  /** @type {Joint<Working> | null} The second opening, while it is under way. */
  #opening = null;
  #blob;
  #starts;
  #heads;

  /**
   * @param {Looking | whole.File} core what looks; of several files that become one the whole engine from the start, as they
   *   are made there
   * @param {Blob} blob
   * @param {Float64Array} starts where the parts begin that it was put together of
   * @param {Witness} witness
   * @param {Working | null} working
   * @param {KnownHeads} [heads] what was read of fragments
   */
  constructor(core, blob, starts, witness, working, heads) {
    this.core = core;
    this.reader = new BlobReader(blob);
    this.witness = witness;
    this.#blob = blob;
    this.#starts = starts;
    this.#working = working;
    this.#heads = heads;
  }

  /**
   * A search for boxes.
   * @param {string} text
   */
  search(text) {
    return this.core instanceof whole.File
      ? new whole.Search(this.core, text)
      : new look.Search(this.core, text);
  }

  /**
   * Bytes of a file that is made of several; undefined of any other.
   * @param {number} start
   * @param {number} len
   */
  made(start, len) {
    if (!(this.core instanceof whole.File)) return undefined;
    /** @type {Piece[] | undefined} */
    const pieces = this.core.pieces(start, len);
    return pieces && gatherNow(this.reader, pieces);
  }

  /**
   * Bytes that are wanted in file order, or fewer where the file ends before what its boxes promise. What opening read of
   * fragments is not read again.
   * @param {Pick<HeadReader, 'read'>} heads
   * @param {{ start: number, len: number }} need
   */
  async head(heads, { start, len }) {
    const made = this.made(start, len);
    if (made) return made;
    const wanted = Math.min(len, this.reader.size - start);
    const known = this.#heads?.get(start, wanted);
    return (known ?? (await heads.read(start, wanted))).subarray(0, wanted);
  }

  /**
   * Gives the engine headers of fragments that it would else read one by one, each of which waits for the browser.
   * @param {whole.File} core
   * @param {Float64Array} wanted offset and length of each, in the order of the file
   */
  async readSampleHeads(core, wanted) {
    const heads = headsOf(this.#blob);
    heads.expect(wanted.filter((_, at) => at % 2 === 0));
    for (let at = 0; at < wanted.length; at += 2) {
      const [start = 0, len = 0] = wanted.subarray(at, at + 2);
      const bytes = await this.head(heads, { start, len });
      // The file is shorter now: who reads it alone says so.
      if (bytes.length === len) core.take_sample_head(start, bytes);
    }
  }

  /** @param {Order} order */
  bytesOf({ start, end, pieces }) {
    return pieces ? gatherNow(this.reader, pieces) : this.reader.read(start, end - start);
  }

  /**
   * The file in the whole engine, opened there once.
   * @param {Waiting & { engine: Engine }} running
   * @returns {Promise<Working>}
   */
  async working({ engine, ...running }) {
    if (this.#working) return this.#working;
    if (!this.#opening || this.#opening.left) {
      const opening = new Joint((joint) => this.#openAgain(engine, joint));
      this.#opening = opening;
      opening.done.catch((error) => {
        // Whoever asks next tries again; but of an engine that stopped somebody has to hear.
        if (this.#opening === opening && !isTrap(error)) this.#opening = null;
      });
    }
    return this.#opening.wait(running);
  }

  /**
   * @param {Engine} engine
   * @param {Waiting} running
   */
  async #openAgain(engine, running) {
    const { memory } = await startEngine(engine);
    running.signal.throwIfAborted();
    await this.witness.check(this.#blob, undefined, GLANCE);
    const core = new whole.File(this.#blob).joined(this.#starts);
    try {
      await feed(core, this.#blob, [0], new Witness(), running, this.#heads);
      // Another opening may have begun when this one was left.
      running.signal.throwIfAborted();
      if (core.identity() !== this.core.identity()) throw asError(CHANGED);
    } catch (error) {
      if (isTrap(error)) throw error;
      core.free();
      // What was read without a fault is faulty now.
      throw isOfFile(error) ? asError(CHANGED) : error;
    }
    this.#working = { core, memory };
    return this.#working;
  }
}

/** @param {any} error */
const isOfFile = (error) =>
  error?.kind === 'file' || error?.kind === 'limit' || error?.kind === 'unsupported';

/**
 * @param {Methods['open']['args']} args
 * @param {Waiting & { engine: Engine }} running
 */
export async function openFile({ look: module, ...origin }, { engine, ...running }) {
  const { blob, files } = origin;
  const witness = new Witness();
  const starts = Float64Array.from(origin.starts);
  if (files.length <= 1) {
    await started(initLook, module);
    const core = new look.File(blob).joined(starts);
    const heads = new KnownHeads();
    const front = () => core.front();
    if (await feed(core, blob, [0], witness, { ...running, front }, heads, HELD_ONCE))
      return new OpenFile(core, blob, starts, witness, null, heads);
    core.free();
  }
  const { memory } = await startEngine(engine);
  const core = await openWhole(origin, witness, running);
  return new OpenFile(core, blob, starts, witness, { core, memory });
}

/**
 * Opens a file in the whole engine alone, which must be started; or several that are made one.
 * @param {{ blob: Blob, files: MergedFile[], starts: number[] }} origin
 * @param {Witness} witness
 * @param {Waiting} running
 */
export async function openWhole({ blob, files, starts }, witness, running) {
  const sizes = files.map(({ size }) => size);
  const names = files.map(({ name }) => name);
  const core =
    files.length > 1
      ? whole.File.merging(blob, names, Float64Array.from(sizes))
      : new whole.File(blob).joined(Float64Array.from(starts));
  let end = 0;
  try {
    await feed(core, blob, [0, ...sizes.map((size) => (end += size))], witness, running);
  } catch (error) {
    // What stopped lends nothing any more.
    if (!isTrap(error)) core.free();
    throw error;
  }
  return core;
}

/**
 * @param {KnownHeads | undefined} known
 * @param {number} start of the bytes in the file
 * @param {Uint8Array<ArrayBuffer>} bytes
 * @param {Float64Array} used offset and length of each stretch of them
 */
function keepUsed(known, start, bytes, used) {
  for (let at = 0; at < used.length; at += 2) {
    const [from = 0, len = 0] = used.subarray(at, at + 2);
    known?.keep(from, bytes.subarray(from - start, from - start + len));
  }
}

/**
 * Opens a file: reads what the core wants of it.
 * @param {Looking | whole.File} core
 * @param {Blob} blob
 * @param {number[]} bases where the files begin that it has one behind the other
 * @param {Witness} witness
 * @param {Waiting & { front?: () => Types.BoxNode[] | undefined }} running `front` gives the first boxes when they are known: they
 *   are told once
 * @param {KnownHeads} [known] what was read of fragments by an opening before; takes what is read now
 * @param {number} [most] bytes that are wanted at once
 * @returns whether it was opened: not where more are wanted
 */
async function feed(core, blob, bases, witness, { signal, report, front }, known, most = Infinity) {
  const starts = new Set(bases);
  const pause = new Pause(signal);
  const heads = headsOf(blob);
  let first = front;
  for (let need = core.needs(); need; need = core.needs()) {
    if (need.len > most) return false;
    if (starts.has(need.start)) heads.expect(core.expected());
    const before = known?.get(need.start, need.len);
    const bytes = before ?? (await heads.read(need.start, need.len));
    witness.saw(need.start, bytes);
    core.feed(need.start, bytes);
    if (!before) keepUsed(known, need.start, bytes, core.of_fragments());
    const boxes = first?.();
    if (boxes) {
      first = undefined;
      report({ stage: 'index', done: core.position(), total: blob.size, front: boxes });
    }
    await pause.now(() => report({ stage: 'index', done: core.position(), total: blob.size }));
  }
  return true;
}
