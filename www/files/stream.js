/** Reading one file from front to back, inside workers: the fastest way to its bytes that browsers have. */

/** Bytes asked for at once. Larger than browsers' own buffers, small enough for the processor's. */
const READ_BYTES = 1 << 20;

/**
 * Those that wait for bytes. Chromium lets go of a stream that nothing else holds but who waits for it, and then the bytes
 * never come.
 * @type {Set<BlobStream>}
 */
const waiting = new Set();

/** Reads ranges of one blob, most of which begin where the one before ended. */
export class BlobStream {
  /** @type {ReadableStreamBYOBReader | null} */
  #reader = null;
  #position = -1;

  /** @param {Blob} blob */
  constructor(blob) {
    this.blob = blob;
  }

  /**
   * Exactly `len` bytes from `start` on; throws as browsers do for a file that has changed when they are not there.
   * @param {number} start
   * @param {number} len
   * @param {ArrayBuffer} buffer where they go; it is detached, and the result stands in its successor, or in a new one
   *   when it is too small
   * @param {number} [kept] bytes at the front of the buffer that stay
   * @returns {Promise<Uint8Array<ArrayBuffer>>} a view of what was kept and what was read
   */
  async read(start, len, buffer, kept = 0) {
    const total = kept + len;
    if (buffer.byteLength < total) {
      const front = new Uint8Array(buffer, 0, kept);
      buffer = new ArrayBuffer(total);
      new Uint8Array(buffer).set(front);
    }
    waiting.add(this);
    try {
      return await this.#read(start, len, buffer, kept);
    } finally {
      waiting.delete(this);
    }
  }

  /**
   * @param {number} start
   * @param {number} len
   * @param {ArrayBuffer} buffer
   * @param {number} kept
   */
  async #read(start, len, buffer, kept) {
    const total = kept + len;
    if (start !== this.#position) this.#seek(start);
    if (!this.#reader) return this.#copyOf(start, len, buffer, kept);
    let filled = kept;
    while (filled < total) {
      const view = new Uint8Array(buffer, filled, Math.min(READ_BYTES, total - filled));
      // A browser that does not know `min` gives what it has, and is asked again.
      const { value, done } = await this.#reader.read(view, { min: view.length });
      if (value) {
        ({ buffer } = value);
        filled += value.length;
      }
      if (done) break;
    }
    this.#position = start + filled - kept;
    assertRead(start, len, filled - kept);
    return new Uint8Array(buffer, 0, filled);
  }

  /** Ends what is being read: it fails. */
  cancel() {
    this.#reader?.cancel().catch(() => {});
    this.#position = -1;
  }

  /** @param {number} start */
  #seek(start) {
    this.cancel();
    const stream = this.blob.slice(start).stream();
    try {
      this.#reader = stream.getReader({ mode: 'byob' });
    } catch {
      // A browser whose blobs are no byte streams.
      this.#reader = null;
    }
  }

  /**
   * @param {number} start
   * @param {number} len
   * @param {ArrayBuffer} buffer
   * @param {number} kept
   */
  async #copyOf(start, len, buffer, kept) {
    const found = new Uint8Array(await this.blob.slice(start, start + len).arrayBuffer());
    assertRead(start, len, found.length);
    const bytes = new Uint8Array(buffer, 0, kept + len);
    bytes.set(found, kept);
    this.#position = start + len;
    return bytes;
  }
}

/**
 * @param {number} start
 * @param {number} len
 * @param {number} found
 */
export function assertRead(start, len, found) {
  if (found === len) return;
  throw new DOMException(`The file ended at ${start + found}, not at ${start + len}.`, 'NotReadableError');
}
