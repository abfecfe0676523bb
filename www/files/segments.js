/**
 * Bytes on their way into a file that somebody chose, by way of browser storage. Chromium takes bytes from a page in
 * many small steps, 5 s for 1 GB; a file of its own storage it copies in 3 s, while the next one is being filled.
 */

import { hasRoom, writeAll } from './access.js';
import { discard, hold } from './stored.js';

/** @import { Access } from './access.js' */

/** Large ones move faster, but a cancelled run waits for the one that is under way. */
const SEGMENT_BYTES = 16 << 20;

/** @typedef {{ name: string, handle: FileSystemFileHandle, access: Access, length: number }} Segment */

export class SegmentedStream {
  #stream;
  #folder;
  /** @type {Segment | null} */
  #segment = null;
  /** Segments that are in storage. @type {Set<string>} */
  #names = new Set();
  /** The segment before is in the chosen file. @type {Promise<unknown>} */
  #moved = Promise.resolve();
  /** Storage has no room: bytes go the slow way. */
  #direct = false;
  #stopped = false;

  /**
   * @param {FileSystemWritableFileStream} stream
   * @param {FileSystemDirectoryHandle} folder
   */
  constructor(stream, folder) {
    this.#stream = stream;
    this.#folder = folder;
  }

  /**
   * Puts bytes behind those before.
   * @param {Uint8Array<ArrayBuffer>} bytes
   */
  async write(bytes) {
    const { length } = this.#segment ?? { length: 0 };
    if (length + bytes.length > SEGMENT_BYTES) await this.#move();
    if (!this.#segment && !this.#direct) await this.#begin();
    if (this.#put(bytes)) return;
    await this.#move();
    await this.#moved;
    await this.#stream.write(bytes);
  }

  /**
   * Whether the present segment takes these bytes.
   * @param {Uint8Array<ArrayBuffer>} bytes
   */
  #put(bytes) {
    const segment = this.#segment;
    if (!segment) return false;
    try {
      writeAll(segment.access, bytes, segment.length);
    } catch {
      // A disk may be full though there was room to ask for. What is half written is cut off when the segment goes.
      this.#direct = true;
      return false;
    }
    segment.length += bytes.length;
    return true;
  }

  /** All bytes are in the chosen file. */
  async flush() {
    await this.#move();
    await this.#moved;
  }

  /** No further segment is sent off: all is to be discarded. */
  stop() {
    this.#stopped = true;
  }

  /** Takes all segments out of storage, also one on its way: the chosen file must be wanted no more. */
  async discard() {
    this.#segment?.access.close();
    this.#segment = null;
    await Promise.all([...this.#names].map((name) => this.#remove(name)));
  }

  async #begin() {
    const name = `${crypto.randomUUID()}.part`;
    this.#names.add(name);
    await hold(name);
    /** @type {Access | undefined} */
    let access;
    try {
      const handle = await this.#folder.getFileHandle(name, { create: true });
      access = await handle.createSyncAccessHandle();
      if (hasRoom(access, SEGMENT_BYTES)) {
        this.#segment = { name, handle, access, length: 0 };
        return;
      }
    } catch {
      // Storage that cannot be used is no reason not to write to the chosen file.
    }
    this.#direct = true;
    access?.close();
    await this.#remove(name);
  }

  /** @param {string} name */
  async #remove(name) {
    await discard(name);
    this.#names.delete(name);
  }

  /** Sends the segment off, when the one before is there. */
  async #move() {
    const segment = this.#segment;
    if (!segment) return;
    await this.#moved;
    if (this.#stopped) return;
    this.#segment = null;
    segment.access.truncate(segment.length);
    segment.access.close();
    const file = await segment.handle.getFile();
    this.#moved = this.#stream.write(file).finally(() => this.#remove(segment.name));
    // Whoever writes next hears of it.
    this.#moved.catch(() => {});
  }
}
