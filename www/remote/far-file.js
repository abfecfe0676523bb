/**
 * A file behind an address, inside a worker, in place of a Blob. Whoever reads it at once is given what was fetched before, or
 * is told that it has to be fetched: then it is, and he is asked once more.
 */

import { Blocks, BLOCK } from './blocks.js';
import { errorOf, fault } from './faults.js';
import { part } from './ranges.js';

/** @import { Count } from './ask.js' */
/** @import { Known } from './ranges.js' */

/**
 * What a worker is given of a file behind an address. `channel` names where it tells what it fetched, and asks whether it may
 * fetch much.
 * @typedef {Known & { url: string, channel: string, front: Uint8Array<ArrayBuffer> }} Place
 */

/** From the worker. @typedef {{ count: Count, ask?: number }} Told `ask` is how many bytes more are wanted */
/** To it. @typedef {{ go: boolean }} Reply */

/** Fetched at once at most; also what is fetched in vain when somebody leaves. */
const PIECE = 4 << 20;
/** Blocks between two that are missing which are fetched along. */
const GAP = 8;
/** Bytes that are fetched before the page is asked for the first time; each time it says yes, twice as many follow. */
const ALLOWED = 64 << 20;
/** Reads that are kept whole for who asks once more. */
const HELD = 4;

/** Fetched at once of what is read in order, at the least and at the most. */
const AHEAD_MIN = BLOCK;
const AHEAD_MAX = 16 * BLOCK;
/** Reads that tell how long the next will be. */
const RECENT = 4;
/** Fragments fetched beside the one that is waited for: a browser has six connections to a server. */
const BESIDE = 5;

/** These bytes have to be fetched first. */
export class Missing {
  /**
   * @param {number} start
   * @param {number} end
   */
  constructor(start, end) {
    this.start = start;
    this.end = end;
  }
}

export class FarFile {
  #place;
  #blocks;
  #channel;
  /** @type {Count} */
  #count = { requests: 0, bytes: 0 };
  /** Blocks on their way. @type {Map<number, Promise<void>>} */
  #coming = new Map();
  /** Reads that were just fetched. @type {{ start: number, bytes: Uint8Array<ArrayBuffer> }[]} */
  #held = [];
  #left = ALLOWED;
  #granted = ALLOWED;
  /** @type {Promise<boolean> | null} */
  #asking = null;

  /** @param {Place} place */
  constructor(place) {
    this.#place = place;
    this.size = place.size;
    this.#blocks = new Blocks(place.size);
    const { front } = place;
    const all = front.length === place.size;
    this.#blocks.put(0, all ? front : front.subarray(0, front.length - (front.length % BLOCK)));
    this.#channel = new BroadcastChannel(place.channel);
  }

  /**
   * As of a Blob: bytes that are here.
   * @param {number} [start]
   * @param {number} [end]
   */
  slice(start = 0, end = this.size) {
    const from = Math.min(Math.max(0, start), this.size);
    const to = Math.min(Math.max(from, end), this.size);
    if (from === to) return new Blob();
    const held = this.#held.find((one) => from >= one.start && to <= one.start + one.bytes.length);
    const bytes = held?.bytes.subarray(from - held.start, to - held.start) ?? this.#blocks.get(from, to);
    if (!bytes) throw new Missing(from, to);
    return new Blob([bytes]);
  }

  /** Who reads heads in order. */
  heads() {
    return new FarHeads(this);
  }

  /**
   * Fetches what a read lacked.
   * @param {Missing} missing
   * @param {AbortSignal} signal
   */
  async supply({ start, end }, signal) {
    const bytes = await this.load(start, end, signal);
    this.#held = [{ start, bytes }, ...this.#held].slice(0, HELD);
  }

  /**
   * @param {number} start
   * @param {number} end not behind that of the file
   * @param {AbortSignal} signal
   * @returns {Promise<Uint8Array<ArrayBuffer>>}
   */
  async load(start, end, signal) {
    if (end - start > ALLOWED) await this.#allow(end - start, signal);
    const all = new Uint8Array(end - start);
    for (let at = start; at < end;) {
      const to = Math.min(end, at + PIECE);
      await this.fetch(at, to, signal);
      // What others fetched meanwhile may have taken its place.
      const bytes = this.#blocks.get(at, to);
      if (!bytes) continue;
      all.set(bytes, at - start);
      at = to;
    }
    return all;
  }

  /**
   * Has bytes fetched that are not here.
   * @param {number} start
   * @param {number} end
   * @param {AbortSignal} signal of who waits; what is under way goes on without him
   */
  async fetch(start, end, signal) {
    const runs = this.#blocks.missing(start, end, GAP, (number) => this.#coming.has(number));
    const lengths = runs.map(({ first, last }) => Math.min(last * BLOCK, this.size) - first * BLOCK);
    const wanted = lengths.reduce((sum, len) => sum + len, 0);
    await this.#allow(wanted, signal);
    this.#left -= wanted;
    for (const { first, last } of runs) {
      const range = { start: first * BLOCK, end: Math.min(last * BLOCK, this.size) };
      const options = { count: this.#count, moved: () => this.#tell() };
      const coming = part(this.#place.url, range, this.#place, options)
        .then((bytes) => this.#blocks.put(range.start, bytes))
        .finally(() => {
          for (let number = first; number < last; number++) this.#coming.delete(number);
        });
      // Nobody may wait for it any more.
      coming.catch(() => {});
      for (let number = first; number < last; number++) this.#coming.set(number, coming);
    }
    /** @type {Set<Promise<void>>} */
    const waiting = new Set();
    for (let number = Math.floor(start / BLOCK); number * BLOCK < end; number++) {
      const coming = this.#coming.get(number);
      if (coming) waiting.add(coming);
    }
    if (waiting.size > 0) await leaving(Promise.all(waiting), signal);
  }

  /**
   * Whether bytes are here or on their way.
   * @param {number} start
   */
  isExpected(start) {
    const number = Math.floor(start / BLOCK);
    return this.#blocks.has(number) || this.#coming.has(number);
  }

  /** @param {number} [ask] */
  #tell(ask) {
    this.#channel.postMessage({ count: this.#count, ...(ask === undefined ? {} : { ask }) });
  }

  /**
   * Waits for leave to fetch so much, where it is more than may be fetched without.
   * @param {number} bytes
   * @param {AbortSignal} signal
   */
  async #allow(bytes, signal) {
    while (bytes > this.#left) {
      this.#asking ??= this.#ask(bytes).finally(() => {
        this.#asking = null;
      });
      if (!(await leaving(this.#asking, signal))) throw errorOf(fault('declined'));
      this.#granted *= 2;
      this.#left = Math.max(this.#left, bytes + this.#granted);
    }
  }

  /** @param {number} bytes @returns {Promise<boolean>} */
  #ask(bytes) {
    return new Promise((resolve) => {
      this.#channel.onmessage = ({ data }) => {
        this.#channel.onmessage = null;
        resolve(/** @type {Reply} */ (data).go);
      };
      this.#tell(bytes);
    });
  }
}

/**
 * Waits until something is done, or left.
 * @template T
 * @param {Promise<T>} work
 * @param {AbortSignal} signal
 * @returns {Promise<T>}
 */
function leaving(work, signal) {
  return new Promise((resolve, reject) => {
    const leave = () => reject(signal.reason);
    if (signal.aborted) leave();
    signal.addEventListener('abort', leave, { once: true });
    void work.then(resolve, reject).finally(() => signal.removeEventListener('abort', leave));
  });
}

const NEVER = new AbortController().signal;

/** Reads heads of boxes in file order: as HeadReader, where each read takes a question. */
class FarHeads {
  #file;
  /** @type {number[]} */
  #expected = [];
  #next = 0;
  /** Lengths that were wanted last. @type {number[]} */
  #recent = [];

  /** @param {FarFile} file */
  constructor(file) {
    this.#file = file;
  }

  /**
   * Says where reads will probably begin.
   * @param {Float64Array} starts in any order
   */
  expect(starts) {
    this.#expected = [...starts.sort()];
    this.#next = 0;
  }

  /**
   * `len` bytes from `start` on and perhaps more.
   * @param {number} start not before that of the last call
   * @param {number} len
   */
  async read(start, len) {
    const { size } = this.#file;
    // A head alone says nothing of how long what it heads is.
    if (len > 64) this.#recent = [...this.#recent.slice(1 - RECENT), len + 64];
    const ahead = Math.min(AHEAD_MAX, Math.max(AHEAD_MIN, ...this.#recent));
    while (Number(this.#expected[this.#next]) <= start) this.#next++;
    const end = Math.min(size, start + Math.max(len, ahead));
    for (const next of this.#expected.slice(this.#next, this.#next + BESIDE)) {
      if (next >= end && next < size && !this.#file.isExpected(next))
        this.#file.fetch(next, Math.min(size, next + ahead), NEVER).catch(() => {});
    }
    return this.#file.load(start, Math.min(end, size), NEVER);
  }
}
