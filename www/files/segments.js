/**
 * Bytes on their way into a file that somebody chose, by way of browser storage. Chromium takes bytes from a page in
 * many small steps, 5 s for 1 GB; a file of its own storage it copies in 3 s, while the next one is being filled.
 */

import { hasRoom, writeAll } from './access.js';
import { discard, hold } from './stored.js';

/** @import { Access } from './access.js' */

const SEGMENT_BYTES = 32 << 20;

/** @typedef {{ name: string, handle: FileSystemFileHandle, access: Access, length: number }} Segment */

export class SegmentedStream {
  #stream;
  #folder;
  /** @type {Segment | null} */
  #segment = null;
  /** The segment before is in the chosen file. @type {Promise<unknown>} */
  #moved = Promise.resolve();
  /** Storage has no room: bytes go the slow way. */
  #direct = false;

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
    const segment = this.#segment;
    if (segment) {
      writeAll(segment.access, bytes, segment.length);
      segment.length += bytes.length;
    } else {
      await this.#moved;
      await this.#stream.write(bytes);
    }
  }

  /** All bytes are in the chosen file. */
  async flush() {
    await this.#move();
    await this.#moved;
  }

  /** Forgets what is not in the chosen file, which must take no more. */
  async discard() {
    await this.#moved.catch(() => {});
    const segment = this.#segment;
    this.#segment = null;
    if (!segment) return;
    segment.access.close();
    await discard(segment.name);
  }

  async #begin() {
    const name = `${crypto.randomUUID()}.part`;
    hold(name);
    const handle = await this.#folder.getFileHandle(name, { create: true });
    const access = await handle.createSyncAccessHandle();
    this.#segment = { name, handle, access, length: 0 };
    if (hasRoom(access, SEGMENT_BYTES)) return;
    this.#direct = true;
    await this.discard();
  }

  /** Sends the segment off, when the one before is there. */
  async #move() {
    const segment = this.#segment;
    if (!segment) return;
    await this.#moved;
    this.#segment = null;
    segment.access.truncate(segment.length);
    segment.access.close();
    const file = await segment.handle.getFile();
    this.#moved = this.#stream.write(file).finally(() => discard(segment.name));
    // Whoever writes next hears of it.
    this.#moved.catch(() => {});
  }
}
