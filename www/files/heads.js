/** Reading the small boxes of a file in file order, as opening does: far apart, or one behind the other. */

import { BlobReader } from './read.js';
import { assertRead, BlobStream } from './stream.js';

/** What is closer than this to what was read last is read along with it. */
const DENSE_BYTES = 256 << 10;
const READ_DENSE = 1 << 20;
/** Read where nothing is close: enough for a small fragment and the head of the next. */
const READ_SPARSE = 64 << 10;
/** So many close reads in a row are worth a stream, which takes long to begin: a small fragment behind each large one is not. */
const STREAM_FROM = 2;
/** Read of a fragment that is expected. Alone, each such read waits for the browser: many go as one, some of these ahead. */
const HEAD_BYTES = 16 << 10;
const GROUP = 64;
const GROUPS_AHEAD = 3;

/** Bytes kept of heads: those of some gigabytes of usual fragments. And what each stretch takes by itself. */
const KNOWN_BYTES = 8 << 20;
const KNOWN_EACH = 256;

/** What was read of heads, for who reads them once more: each such read waits for the browser. */
export class KnownHeads {
  /** @type {{ start: number, bytes: Uint8Array<ArrayBuffer> }[]} In file order. */
  #parts = [];
  #size = 0;
  /** The part that was asked for last: what is asked for next is most often behind it. */
  #at = 0;

  /**
   * @param {number} start not before what was kept already
   * @param {Uint8Array<ArrayBuffer>} bytes
   */
  keep(start, bytes) {
    const size = this.#size + bytes.length + KNOWN_EACH;
    if (size > KNOWN_BYTES) return;
    this.#size = size;
    this.#parts.push({ start, bytes: bytes.slice() });
  }

  /**
   * At least `len` bytes from `start` on, if they are known.
   * @param {number} start
   * @param {number} len
   */
  get(start, len) {
    if (Number(this.#parts[this.#at]?.start) > start) this.#at = 0;
    while (Number(this.#parts[this.#at + 1]?.start) <= start) this.#at++;
    const part = this.#parts[this.#at];
    if (!part || start < part.start || start + len > part.start + part.bytes.length) return undefined;
    return part.bytes.subarray(start - part.start);
  }
}

/** @typedef {{ start: number, end: number, at: number }} Range of the file, and where it stands in its group */

export class HeadReader {
  #blob;
  #reader;
  #stream;
  /** @type {Range[]} What will probably be read. */
  #expected = [];
  #next = 0;
  /** @type {Map<number, Promise<ArrayBuffer>>} by the number of their first range */
  #groups = new Map();
  /** What was streamed last, and where it stands. */
  #window = new Uint8Array(new ArrayBuffer(DENSE_BYTES + READ_DENSE), 0, 0);
  #windowStart = 0;
  #readTo = 0;
  /** Reads in a row that were close to the one before. */
  #near = 0;

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
    this.#groups.clear();
    if (starts.length * DENSE_BYTES > size) return;
    for (const start of starts.sort()) {
      const end = Math.min(start + HEAD_BYTES, size);
      const before = this.#expected.at(-1);
      if (before && end - before.start <= READ_SPARSE) before.end = end;
      else if (start < size) this.#expected.push({ start, end, at: 0 });
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
    this.#near = start - this.#readTo < DENSE_BYTES ? this.#near + 1 : 0;
    // One that is close to another far away is no reason to begin a stream.
    const dense = this.#near >= STREAM_FROM;
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
    while (Number(this.#expected[this.#next]?.end) <= start) this.#next++;
    const range = this.#expected[this.#next];
    if (!range || start < range.start || end > range.end) return undefined;
    const first = this.#next - (this.#next % GROUP);
    const asked = this.#group(first);
    for (let ahead = 1; ahead <= GROUPS_AHEAD; ahead++) void this.#group(first + ahead * GROUP);
    for (const passed of this.#groups.keys()) if (passed < first) this.#groups.delete(passed);
    return new Uint8Array(await asked, range.at + start - range.start, range.end - start);
  }

  /** @param {number} first */
  #group(first) {
    const asked = this.#groups.get(first);
    if (asked) return asked;
    const ranges = this.#expected.slice(first, first + GROUP);
    let at = 0;
    for (const range of ranges) {
      range.at = at;
      at += range.end - range.start;
    }
    const parts = ranges.map(({ start, end }) => this.#blob.slice(start, end));
    const bytes = new Blob(parts).arrayBuffer().then((found) => {
      assertRead(ranges[0]?.start ?? 0, at, found.byteLength);
      return found;
    });
    // Nobody may come to wait for it.
    bytes.catch(() => {});
    this.#groups.set(first, bytes);
    return bytes;
  }

  /**
   * Streams on, so that the stream is never left: what the window has stays, and a gap before `start` is read along.
   * @param {number} start
   * @param {number} len
   */
  async #slide(start, len) {
    const end = this.#windowStart + this.#window.length;
    const from = start > end && start - end < DENSE_BYTES ? end : start;
    const at = from - this.#windowStart;
    const kept = at >= 0 ? Math.max(0, end - from) : 0;
    this.#window.copyWithin(0, at, at + kept);
    const more = Math.max(0, start + len - from - kept);
    this.#window = await this.#stream.read(from + kept, more, this.#window.buffer, kept);
    this.#windowStart = from;
    return this.#window.subarray(start - from);
  }
}

/**
 * Who reads the heads of a file: what is no Blob of this computer reads itself.
 * @param {Blob & { heads?: () => Pick<HeadReader, 'expect' | 'read'> }} blob
 */
export const headsOf = (blob) => blob.heads?.() ?? new HeadReader(blob);
