/**
 * Whether a file is still the one it was. Browsers do not say: Chromium and WebKit look at the time of a file's last
 * change, by whole seconds, and only when a new read begins; Firefox looks at nothing. So some of what was read is
 * kept, from places all over the file, and is read again.
 *
 * It notices another version of a file, one that is longer or shorter, and one that is half written. It does not notice
 * a change of a few bytes between the places that are kept.
 */

import { asError, CHANGED } from './faults.js';

/** Bytes kept of a place. */
const PLACE_BYTES = 512;
/** With more places than this, every second one is let go: reading them again is to take less than a tenth of a second. */
const PLACES_MAX = 128;
/** So many are read as one; all of these at a time, which takes Chromium half as long. */
const GROUP = 32;

/** Handles that are asked at a time. */
const AT_ONCE = 32;

/** @typedef {{ start: number, bytes: Uint8Array<ArrayBuffer> }} Place */

/** A file that was opened, alone or as one of several, and where it came from. @typedef {{ file: Blob, handle: FileSystemFileHandle | null }} Part */

export class Witness {
  /** @type {Place[]} */
  #places = [];
  #seen = 0;
  /** One in so many of those that are offered. */
  #step = 1;

  /**
   * Keeps some of what was read: of its front, where heads are, and of its middle.
   * @param {number} start
   * @param {Uint8Array<ArrayBuffer>} bytes
   */
  saw(start, bytes) {
    if (this.#seen++ % this.#step !== 0 || bytes.length === 0) return;
    const middle = Math.floor(bytes.length / 2);
    for (const at of middle < PLACE_BYTES ? [0] : [0, middle])
      this.#places.push({ start: start + at, bytes: bytes.slice(at, at + PLACE_BYTES) });
    this.#thin();
  }

  get places() {
    return this.#places;
  }

  /**
   * Keeps what another one kept.
   * @param {Place[]} places
   */
  keep(places) {
    this.#places.push(...places);
    this.#thin();
  }

  #thin() {
    while (this.#places.length > PLACES_MAX) {
      this.#places = this.#places.filter((_, number) => number % 4 < 2);
      this.#step *= 2;
    }
  }

  /**
   * Throws when the file is another now.
   * @param {Blob} blob
   * @param {readonly Part[]} [parts] what it was put together of
   * @param {number} [most] places to be looked at
   */
  async check(blob, parts = [{ file: blob, handle: null }], most = PLACES_MAX) {
    // What is no Blob of this computer is watched by who fetches it.
    if (!(blob instanceof Blob)) return;
    for (let at = 0; at < parts.length; at += AT_ONCE)
      await Promise.all(parts.slice(at, at + AT_ONCE).map(checkThere));
    const step = Math.ceil(this.#places.length / most);
    const places = this.#places.filter((_, number) => number % step === 0);
    // The last byte says whether a file is as long as it was; and a read of its own finds what time tells.
    const ends = new Blob(parts.map(({ file }) => file.slice(Math.max(0, file.size - 1))));
    const reads = [ends];
    for (let from = 0; from < places.length; from += GROUP) {
      const group = places.slice(from, from + GROUP);
      reads.push(new Blob(group.map(({ start, bytes }) => blob.slice(start, start + bytes.length))));
    }
    let found;
    try {
      const [last, ...read] = await Promise.all(reads.map((read) => read.arrayBuffer()));
      if (Number(last?.byteLength) < ends.size) throw asError(CHANGED);
      found = new Uint8Array(await new Blob(read).arrayBuffer());
    } catch {
      throw asError(CHANGED);
    }
    let at = 0;
    for (const { start, bytes } of places) {
      for (let n = 0; n < bytes.length; n++)
        if (found[at + n] !== bytes[n]) throw asError({ ...CHANGED, offset: start });
      at += bytes.length;
    }
  }
}

/**
 * Throws when another file stands where this one came from: a handle knows size and time as they are now.
 * @param {Part} part
 */
async function checkThere({ file, handle }) {
  if (!handle || !(file instanceof File)) return;
  const there = await handle.getFile().catch((error) => {
    // Without leave to look nothing is known.
    if (error?.name === 'NotAllowedError') return file;
    throw asError(CHANGED);
  });
  if (there.size !== file.size || there.lastModified !== file.lastModified) throw asError(CHANGED);
}
