/** The protecting workers, and the batches they work on. */

import { fromPosted } from './errors.js';

/** @import { Chunk, FragmentTask, FromProtector, ToProtector } from './messages' */

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
 * A fixed number of workers, reached through ports: the page makes them, since Firefox can wait for ever when a worker
 * makes workers. Each batch goes to the one with the least to do.
 */
export class Pool {
  /** @type {{ port: MessagePort, waiting: number }[]} */
  #members = [];
  /** @type {Map<number, Batch>} */
  #batches = new Map();
  #next = 1;
  /** @type {unknown} */
  #failure;

  /**
   * @param {MessagePort[]} ports
   * @param {Extract<ToProtector, { setUp: unknown }>['setUp']} setUp
   */
  constructor(ports, setUp) {
    this.size = ports.length;
    for (const port of ports) {
      port.onmessage = (event) => this.#receive(event.data);
      port.postMessage({ setUp });
      this.#members.push({ port, waiting: 0 });
    }
  }

  /**
   * @param {FragmentTask[]} tasks neighbours in the file
   * @returns {Batch}
   */
  protect(tasks) {
    const least = Math.min(...this.#members.map(({ waiting }) => waiting));
    const number = this.#members.findIndex(({ waiting }) => waiting === least);
    const batch = new Batch(number);
    const member = this.#members[number];
    if (this.#failure || !member) {
      batch.fail(this.#failure);
      return batch;
    }
    const id = this.#next++;
    this.#batches.set(id, batch);
    member.waiting++;
    member.port.postMessage({ batch: { id, tasks } });
    return batch;
  }

  /**
   * Says that a chunk's bytes are written; its buffer goes back to be used again.
   * @param {Batch} batch
   * @param {ArrayBuffer} buffer
   */
  written({ member }, buffer) {
    this.#members[member]?.port.postMessage({ written: { buffer } }, [buffer]);
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

  end() {
    for (const { port } of this.#members) port.close();
  }

  /** @param {FromProtector} message */
  #receive(message) {
    if ('error' in message) {
      this.fail(fromPosted(message.error));
      return;
    }
    const { id, ...chunk } = message.chunk;
    const batch = this.#batches.get(id);
    if (!batch) return;
    if (chunk.lengths) {
      this.#batches.delete(id);
      const member = this.#members[batch.member];
      if (member) member.waiting--;
    }
    batch.push(chunk);
  }
}
