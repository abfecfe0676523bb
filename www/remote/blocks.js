/** What was read of a file, in blocks of one size, the latest of them. */

/** Small enough that a small read costs little, and a header with its neighbour fits. */
export const BLOCK = 4096;

/** Bytes that are kept. */
const KEPT = 32 << 20;

export class Blocks {
  /** Those used last come last. @type {Map<number, Uint8Array>} */
  #blocks = new Map();
  #kept;

  /**
   * @param {number} size of the file
   * @param {number} [most] bytes kept
   */
  constructor(size, most = KEPT) {
    this.size = size;
    this.#kept = Math.max(1, Math.floor(most / BLOCK));
  }

  /**
   * Keeps bytes that begin where a block does, and end where one does or the file.
   * @param {number} start
   * @param {Uint8Array} bytes
   */
  put(start, bytes) {
    for (let at = 0; at < bytes.length; at += BLOCK) {
      const number = (start + at) / BLOCK;
      this.#blocks.delete(number);
      this.#blocks.set(number, bytes.slice(at, at + BLOCK));
    }
    for (const number of this.#blocks.keys()) {
      if (this.#blocks.size <= this.#kept) break;
      this.#blocks.delete(number);
    }
  }

  /** @param {number} number */
  has(number) {
    return this.#blocks.has(number);
  }

  /**
   * These bytes, if all of them are here.
   * @param {number} start
   * @param {number} end not behind that of the file
   */
  get(start, end) {
    const first = Math.floor(start / BLOCK);
    const last = Math.ceil(end / BLOCK);
    for (let number = first; number < last; number++) if (!this.#blocks.has(number)) return null;
    const bytes = new Uint8Array(end - start);
    for (let number = first; number < last; number++) {
      const block = /** @type {Uint8Array} */ (this.#blocks.get(number));
      this.#blocks.delete(number);
      this.#blocks.set(number, block);
      const at = number * BLOCK - start;
      bytes.set(block.subarray(Math.max(0, -at), Math.max(0, end - number * BLOCK)), Math.max(0, at));
    }
    return bytes;
  }

  /**
   * Runs of blocks that are to be fetched for these bytes: those between two that are near each other go along.
   * @param {number} start
   * @param {number} end
   * @param {number} gap blocks
   * @param {(number: number) => boolean} coming whether a block is on its way
   * @returns {{ first: number, last: number }[]} `last` is behind
   */
  missing(start, end, gap, coming) {
    /** @type {{ first: number, last: number }[]} */
    const runs = [];
    for (let number = Math.floor(start / BLOCK); number < Math.ceil(end / BLOCK); number++) {
      const block = this.#blocks.get(number);
      if (block) {
        // What comes meanwhile takes the place of others.
        this.#blocks.delete(number);
        this.#blocks.set(number, block);
      }
      if (block || coming(number)) continue;
      const before = runs.at(-1);
      if (before && number - before.last <= gap && ![...range(before.last, number)].some(coming))
        before.last = number + 1;
      else runs.push({ first: number, last: number + 1 });
    }
    return runs;
  }
}

/**
 * @param {number} from
 * @param {number} to
 */
function* range(from, to) {
  for (let number = from; number < to; number++) yield number;
}
