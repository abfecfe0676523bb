/** The protecting workers, and the batches they work on. */

import { fromPosted } from './errors.js';

/** @import { Chunk, FromCrew, FromProtector, Order, ToCrew, ToProtector } from './messages' */

/** One batch on its way: its output comes in chunks, in order. */
export class Batch {
  /** @type {Chunk[]} */
  #chunks = [];
  /** @type {unknown} */
  #failure;
  /** @type {(() => void) | null} */
  #wake = null;

  /** @param {number} member which worker has it */
  constructor(member) {
    this.member = member;
  }

  /** The next chunk. The last one has the lengths of the batch's fragments. */
  async next() {
    while (this.#chunks.length === 0) {
      if (this.#failure) throw this.#failure;
      await new Promise((resolve) => {
        this.#wake = () => resolve(null);
      });
    }
    return /** @type {Chunk} */ (this.#chunks.shift());
  }

  /** @param {Chunk} chunk */
  push(chunk) {
    this.#chunks.push(chunk);
    this.#wake?.();
  }

  /** @param {unknown} reason */
  fail(reason) {
    this.#failure ??= reason;
    this.#chunks = [];
    this.#wake?.();
  }
}

/**
 * The way to the crew and back, by their numbers.
 * @typedef {object} Line
 * @property {(member: number, message: ToCrew, transfer: Transferable[]) => void} send
 * @property {(member: number, listener: (message: FromCrew) => void) => void} listen
 */

/** A fixed number of workers; each batch goes to the one with the least to do. */
export class Pool {
  /** @type {number[]} how many batches each member has */
  #waiting;
  /** @type {Map<number, Batch>} */
  #batches = new Map();
  #next = 1;
  /** @type {unknown} */
  #failure;

  /**
   * @param {number} size
   * @param {Line} line
   * @param {Extract<ToProtector, { setUp: unknown } | { examiners: unknown }>} first what each of them is told first
   */
  constructor(size, line, first) {
    this.size = size;
    this.line = line;
    this.#waiting = Array.from({ length: size }, () => 0);
    for (let member = 0; member < size; member++) {
      line.listen(member, (message) => this.#receive(/** @type {FromProtector} */ (message)));
      line.send(member, first, []);
    }
  }

  /**
   * @param {Order} order
   * @param {Uint8Array<ArrayBuffer>} bytes of its fragments; its buffer is given away, and comes back with the output
   * @returns {Batch}
   */
  protect(order, bytes) {
    return this.#send((id) => ({ batch: { id, order, bytes } }), [bytes.buffer]);
  }

  /**
   * @param {Order} order of one fragment
   * @returns {Batch}
   */
  protectLarge(order) {
    return this.#send((id) => ({ large: { id, order } }), []);
  }

  /**
   * Fragments to be looked at; what was found comes as the only chunk.
   * @param {number} side which of the files they are of
   * @param {Order} order
   * @param {Uint8Array<ArrayBuffer> | null} bytes of its fragments; the worker reads for itself what is too large
   * @returns {Batch}
   */
  examine(side, order, bytes) {
    return this.#send((id) => ({ examine: { id, side, order, bytes } }), bytes ? [bytes.buffer] : []);
  }

  /**
   * To the member with the least to do.
   * @param {(id: number) => ToProtector} message
   * @param {Transferable[]} transfer
   */
  #send(message, transfer) {
    const member = this.#waiting.indexOf(Math.min(...this.#waiting));
    const batch = new Batch(member);
    if (this.#failure) {
      batch.fail(this.#failure);
      return batch;
    }
    const id = this.#next++;
    this.#batches.set(id, batch);
    this.#count(member, 1);
    this.line.send(member, message(id), transfer);
    return batch;
  }

  /**
   * @param {number} member
   * @param {number} change
   */
  #count(member, change) {
    this.#waiting[member] = (this.#waiting[member] ?? 0) + change;
  }

  /**
   * Says that a chunk of a large fragment is written; its buffer goes back to be used again.
   * @param {Batch} batch
   * @param {ArrayBuffer} buffer
   */
  written({ member }, buffer) {
    this.line.send(member, { written: { buffer } }, [buffer]);
  }

  /**
   * Ends all that is under way for this reason.
   * @param {unknown} reason
   */
  fail(reason) {
    this.#failure ??= reason;
    for (const batch of this.#batches.values()) batch.fail(this.#failure);
    this.#batches.clear();
  }

  /** @param {FromProtector} message */
  #receive(message) {
    if (!('chunk' in message)) {
      this.fail(fromPosted('error' in message ? message.error : message.failed));
      return;
    }
    const { id, ...chunk } = message.chunk;
    const batch = this.#batches.get(id);
    if (!batch) return;
    if (chunk.lengths) {
      this.#batches.delete(id);
      this.#count(batch.member, -1);
    }
    batch.push(chunk);
  }
}
