/**
 * The pieces of the output in file order, made ahead of the writing: the file is read from front to back, fragments go
 * to the protecting workers, and how much is under way is bounded, so that a slow disk cannot fill memory.
 */

import { Gatherer, partOf } from '../files/gather.js';
import { BlobStream } from '../files/stream.js';

/** @import { File as CoreFile } from './wasm/boxlock_engine.js' */
/** @import { Order, Piece as Bytes, Step } from './messages' */
/** @import { Batch, Pool } from './pool.js' */
/** @import { Witness } from '../files/witness.js' */

/** Small fragments travel together, up to this many bytes and this many fragments. */
const BATCH_BYTES = 4 << 20;
const BATCH_COUNT = 512;
/** Fragments larger than this are read by the workers themselves, in pieces. */
const LARGE_BYTES = 8 << 20;
/** Stretches that are copied go through memory in pieces of this size. */
const COPY_BYTES = 4 << 20;
/** Pieces under way for each worker: one in work, one waiting. And being read, and being written. */
const AHEAD = 2;
const AT_ENDS = 2;

/** Batches grow: this much spares most of them a second buffer. */
const BUFFER_BYTES = BATCH_BYTES + (BATCH_BYTES >> 3);

/**
 * A piece of the output. `last` ends what the core calls one piece; `lent` bytes are given back when they are written.
 * @typedef {{ kind: 'bytes', bytes: Uint8Array<ArrayBuffer>, lent: boolean, last: boolean, sourceEnd: number | null }
 *   | { kind: 'batch', batch: Batch, large: boolean }
 *   | { kind: 'file' } | { kind: 'index' }} Piece
 */

export class Feed {
  /** @type {Piece[]} */
  #pieces = [];
  /** @type {ArrayBuffer[]} */
  #spares = [];
  #places;
  #ended = false;
  /** @type {unknown} */
  #failure;
  /** @type {(() => void) | null} */
  #onPiece = null;
  /** @type {(() => void) | null} */
  #onPlace = null;

  /**
   * Begins to read at once.
   * @param {CoreFile} core with its output begun
   * @param {Blob} blob
   * @param {Pool} pool
   * @param {Witness} witness
   */
  constructor(core, blob, pool, witness) {
    this.core = core;
    this.witness = witness;
    this.pool = pool;
    this.stream = new BlobStream(blob);
    this.gatherer = new Gatherer(blob, (start, bytes) => witness.saw(start, bytes));
    this.#places = pool.size * AHEAD + AT_ENDS;
    void this.#run()
      .catch((error) => void (this.#failure ??= error))
      .finally(() => this.#end());
  }

  /**
   * The next piece, and none after the last.
   * @returns {Promise<Piece | undefined>}
   */
  async next() {
    while (this.#pieces.length === 0) {
      if (this.#failure) throw this.#failure;
      if (this.#ended) return undefined;
      await new Promise((resolve) => {
        this.#onPiece = () => resolve(null);
      });
    }
    return this.#pieces.shift();
  }

  /**
   * Says that a piece is written, and gives its buffer back if it was lent.
   * @param {ArrayBuffer} [buffer]
   */
  written(buffer) {
    if (buffer) this.#spares.push(buffer);
    this.#places++;
    this.#onPlace?.();
  }

  /** @param {unknown} reason */
  stop(reason) {
    this.#failure ??= reason;
    this.stream.cancel();
    this.gatherer.cancel();
    this.#onPlace?.();
    this.#end();
  }

  #end() {
    this.#ended = true;
    this.#onPiece?.();
  }

  /** @param {Piece} piece */
  #push(piece) {
    this.#pieces.push(piece);
    this.#onPiece?.();
  }

  async #run() {
    for (let step = this.#step(); step; step = this.#step()) {
      if (step.kind === 'fragments') await this.#fragments(step.order);
      else if (step.kind === 'copy') await this.#copy(step.start, step.start + step.len, step.pieces);
      else if (step.kind === 'bytes') {
        const bytes = /** @type {Uint8Array<ArrayBuffer>} */ (step.bytes);
        this.#push({ kind: 'bytes', bytes, lent: false, last: true, sourceEnd: null });
      } else this.#push(step);
    }
  }

  /** @returns {Step | undefined} */
  #step() {
    return this.core.next_step(BATCH_BYTES, BATCH_COUNT);
  }

  /** @param {Order} order */
  async #fragments(order) {
    const { start, end, pieces } = order;
    if (end - start > LARGE_BYTES) {
      await this.#place();
      this.#push({ kind: 'batch', batch: this.pool.protectLarge(order), large: true });
      return;
    }
    const bytes = await this.#read(start, end, pieces);
    this.#push({ kind: 'batch', batch: this.pool.protect(order, bytes), large: false });
  }

  /**
   * @param {number} start
   * @param {number} end
   * @param {Bytes[] | undefined} pieces what it is made of, when that is not what stands there
   */
  async #copy(start, end, pieces) {
    for (let at = start; at < end; at += COPY_BYTES) {
      const sourceEnd = Math.min(at + COPY_BYTES, end);
      const bytes = await this.#read(at, sourceEnd, pieces && partOf(pieces, at - start, sourceEnd - at));
      this.#push({ kind: 'bytes', bytes, lent: true, last: sourceEnd === end, sourceEnd });
    }
  }

  /**
   * @param {number} start
   * @param {number} end
   * @param {Bytes[] | undefined} pieces what it is made of, when that is not what stands there
   */
  async #read(start, end, pieces) {
    await this.#place();
    const buffer = this.#spares.pop() ?? new ArrayBuffer(BUFFER_BYTES);
    if (pieces) return this.gatherer.gather(pieces, buffer);
    const bytes = await this.stream.read(start, end - start, buffer);
    this.witness.saw(start, bytes);
    return bytes;
  }

  /** Waits until one more piece may be under way. */
  async #place() {
    while (this.#places === 0 && !this.#failure) {
      await new Promise((resolve) => {
        this.#onPlace = () => resolve(null);
      });
    }
    if (this.#failure) throw this.#failure;
    this.#places--;
  }
}
