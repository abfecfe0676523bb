/** Reading the small boxes of a file in file order, as opening does: far apart, or one behind the other. */

import { BlobReader } from './read.js';
import { BlobStream } from './stream.js';

/** What is closer than this to what was read last is read along with it. */
const DENSE_BYTES = 256 << 10;
const READ_DENSE = 1 << 20;
/** Read where nothing is close: enough for a small fragment and the head of the next. */
const READ_SPARSE = 64 << 10;
/** Read of a fragment that is expected, and how many such reads are under way: alone, each waits for the browser. */
const HEAD_BYTES = 16 << 10;
const HEADS_AHEAD = 8;

/** @typedef {{ start: number, end: number, bytes: Promise<ArrayBuffer> | null }} Range */

export class HeadReader {
  #blob;
  #reader;
  #stream;
  /** @type {Range[]} What will probably be read, from the next on. */
  #expected = [];
  #next = 0;
  /** What was streamed last, and where it stands. */
  #window = new Uint8Array(new ArrayBuffer(READ_DENSE), 0, 0);
  #windowStart = 0;
  #readTo = 0;

  /** @param {Blob} blob */
  constructor(blob) {
    this.#blob = blob;
    this.#reader = new BlobReader(blob);
    this.#stream = new BlobStream(blob);
  }

  /**
   * Says where reads will probably begin.
   * @param {Float64Array} starts in any order
   */
  expect(starts) {
    const { size } = this.#blob;
    this.#expected = [];
    this.#next = 0;
    if (starts.length * DENSE_BYTES > size) return;
    for (const start of starts.sort()) {
      const end = Math.min(start + HEAD_BYTES, size);
      const before = this.#expected.at(-1);
      if (before && end - before.start <= READ_SPARSE) before.end = end;
      else if (start < size) this.#expected.push({ start, end, bytes: null });
    }
  }

  /**
   * `len` bytes from `start` on and perhaps more. They stand until the next call.
   * @param {number} start not before that of the last call
   * @param {number} len
   */
  async read(start, len) {
    const head = await this.#headAt(start, start + len);
    if (head) return head;
    const dense = start - this.#readTo < DENSE_BYTES;
    const wanted = Math.min(Math.max(len, dense ? READ_DENSE : READ_SPARSE), this.#blob.size - start);
    this.#readTo = start + wanted;
    return dense ? this.#slide(start, wanted) : this.#reader.read(start, wanted);
  }

  /**
   * What is read ahead of these bytes, when they were expected; and reads on.
   * @param {number} start
   * @param {number} end
   */
  async #headAt(start, end) {
    while (Number(this.#expected[this.#next]?.end) <= start) this.#expected[this.#next++].bytes = null;
    const range = this.#expected[this.#next];
    if (!range || start < range.start || end > range.end) return undefined;
    for (const one of this.#expected.slice(this.#next, this.#next + HEADS_AHEAD))
      one.bytes ??= this.#ahead(one);
    return new Uint8Array(/** @type {ArrayBuffer} */ (await range.bytes), start - range.start);
  }

  /** @param {Range} range */
  #ahead({ start, end }) {
    const bytes = this.#blob.slice(start, end).arrayBuffer();
    // Nobody may come to wait for it.
    bytes.catch(() => {});
    return bytes;
  }

  /**
   * Streams on: what the window has of it stays, so that the stream never goes back.
   * @param {number} start
   * @param {number} len
   */
  async #slide(start, len) {
    const from = start - this.#windowStart;
    const rest = this.#window.length - from;
    const kept = from >= 0 && rest > 0 ? Math.min(rest, len) : 0;
    this.#window.copyWithin(0, from, from + kept);
    this.#window = await this.#stream.read(start + kept, len - kept, this.#window.buffer, kept);
    this.#windowStart = start;
    return this.#window;
  }
}
