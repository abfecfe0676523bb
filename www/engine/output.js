/** The leading worker's end of the writing worker. */

import { fromPosted } from './errors.js';

/** @import { FromWriter, ToWriter } from './messages' */
/** @import { Line } from './pool.js' */
/** @import { Written } from '../files/sink.js' */

/** Writes asked for and not done: one at work, one waiting. A slow disk must not fill memory. */
const UNWRITTEN_MAX = 2;

/** @typedef {Extract<FromWriter, { done: true }>} Done */

export class Output {
  /**
   * What was asked, which is answered in this order.
   * @type {{ resolve: (answer: Done) => void, reject: (reason: unknown) => void }[]}
   */
  #asked = [];
  /** @type {Promise<void>[]} */
  #writes = [];
  /** Why nobody answers. @type {unknown} */
  #failed;
  /** Called when a write has failed. @type {(reason: unknown) => void} */
  onFailed = () => {};

  /**
   * @param {Line} line
   * @param {number} member which of the crew writes
   */
  constructor(line, member) {
    this.line = line;
    this.member = member;
    line.listen(member, (message) => this.#receive(/** @type {FromWriter} */ (message)));
  }

  /**
   * @param {FileSystemFileHandle | FileSystemDirectoryHandle | null} handle the file or folder to write, or browser storage
   * @param {number} size bytes that will be written, about
   * @param {string} stored name in browser storage
   * @param {string | null} download name among the browser's downloads, when it goes there
   * @param {{ name: string, size: number }[] | null} files the files to write, when there are several
   */
  async open(handle, size, stored, download, files) {
    await this.#ask({ open: handle, size, stored, download, files });
  }

  /** Says that what comes next is in the next file. */
  next() {
    const next = this.#ask({ next: true }).then(() => {});
    next.catch((error) => this.onFailed(error));
    this.#writes.push(next);
  }

  /**
   * Puts bytes behind those before; returns when there is room for more.
   * @param {Uint8Array<ArrayBuffer>} bytes their buffer is given away
   * @param {(buffer: ArrayBuffer) => void} [written] gets it back when they are written
   */
  async write(bytes, written) {
    const write = this.#ask({ bytes }, [bytes.buffer]).then(({ buffer }) => {
      if (buffer) written?.(buffer);
    });
    write.catch((error) => this.onFailed(error));
    this.#writes.push(write);
    while (this.#writes.length >= UNWRITTEN_MAX) await this.#writes.shift();
  }

  /**
   * Puts bytes over earlier ones and finishes the file.
   * @param {{ at: number, bytes: Uint8Array<ArrayBuffer> }[]} patches
   */
  async close(patches) {
    await Promise.all(this.#writes);
    const { written } = await this.#ask({ patches });
    return /** @type {Written} */ (written);
  }

  /** Leaves nothing behind. */
  async abort() {
    if (!this.#failed) await this.#ask({ abort: true });
  }

  /**
   * @param {ToWriter} message
   * @param {Transferable[]} [transfer]
   * @returns {Promise<Done>}
   */
  #ask(message, transfer = []) {
    if (this.#failed) return Promise.reject(this.#failed);
    return new Promise((resolve, reject) => {
      this.#asked.push({ resolve, reject });
      this.line.send(this.member, message, transfer);
    });
  }

  /** @param {FromWriter} message */
  #receive(message) {
    if ('failed' in message) {
      this.#failed = fromPosted(message.failed);
      for (const { reject } of this.#asked.splice(0)) reject(this.#failed);
    } else if ('error' in message) this.#asked.shift()?.reject(fromPosted(message.error));
    else if ('done' in message) this.#asked.shift()?.resolve(message);
  }
}
