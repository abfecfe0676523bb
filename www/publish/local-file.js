/**
 * The file that is uploaded: where it comes from, whether it is still the same, and a mark that tells it from others.
 */

import { hexOf } from '../files/digits.js';
import { asError, CHANGED, during } from '../files/faults.js';
import { handleOfStored, hold } from '../files/stored.js';
import { Witness } from '../files/witness.js';

/** Places that are kept of a file, all over it, and how much of each. */
const PLACES = 48;
const PLACE_BYTES = 4096;

const GONE = {
  code: 'result-gone',
  message:
    'The new file is no longer in this browser’s storage: it was saved and deleted, or its tab was closed. Choose the saved file, or make it again.',
};

/**
 * Evenly, the front and the end among them.
 * @param {number} size
 */
export function places(size) {
  const length = Math.min(PLACE_BYTES, size);
  const last = size - length;
  const starts = Array.from({ length: PLACES }, (_, n) => Math.floor((last * n) / (PLACES - 1)));
  return [...new Set(starts)].map((start) => ({ start, end: start + length }));
}

export class LocalFile {
  #witness = new Witness();
  #handle;

  /**
   * @param {File} file
   * @param {string} name it is to have
   * @param {FileSystemFileHandle | null} handle that it came from
   */
  constructor(file, name, handle) {
    this.file = file;
    this.name = name;
    this.size = file.size;
    this.#handle = handle;
    /** Eight characters, the same for this file whenever it is opened. */
    this.mark = '';
  }

  /** Looks at it before anything is sent. */
  async open() {
    const { file, size } = this;
    const kept = [];
    for (const { start, end } of places(size)) {
      const bytes = new Uint8Array(await this.read(start, end));
      this.#witness.saw(start, bytes);
      kept.push(bytes);
    }
    const facts = new TextEncoder().encode(`${size} ${file.lastModified} `);
    const sum = await crypto.subtle.digest('SHA-256', await new Blob([facts, ...kept]).arrayBuffer());
    this.mark = hexOf(new Uint8Array(sum, 0, 4));
  }

  /**
   * @param {number} start
   * @param {number} end
   */
  async read(start, end) {
    try {
      const bytes = await this.file.slice(start, end).arrayBuffer();
      if (bytes.byteLength === end - start) return bytes;
    } catch (error) {
      if (error instanceof RangeError) throw error;
    }
    throw asError(CHANGED);
  }

  /** Fails when the file is another now. */
  check() {
    return this.#witness.check(this.file, [{ file: this.file, handle: this.#handle }]);
  }
}

/**
 * A result that stands in this browser's storage, by its name there. It is kept there as long as this page is open,
 * should the one that made it go.
 * @param {string} stored
 * @returns {Promise<{ file: File, handle: FileSystemFileHandle }>}
 */
export async function fromStorage(stored) {
  if (!/^[\da-f]{32}\.mp4$/.test(stored)) throw asError(GONE);
  // Not waited for: the page that made it holds it as long as it is there.
  void hold(stored);
  try {
    const handle = await handleOfStored(stored);
    const file = await during('result', handle.getFile());
    return { file, handle };
  } catch {
    throw asError(GONE);
  }
}

/**
 * What an address of this page says is to be uploaded: `#stored=…&name=…`.
 * @param {string} hash
 */
export function handedOver(hash) {
  const said = new URLSearchParams(hash.replace(/^#/, ''));
  const stored = said.get('stored');
  return stored ? { stored, name: said.get('name') || 'protected.mp4' } : null;
}
