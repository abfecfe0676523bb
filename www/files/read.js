/** Reading files in pieces, inside workers. */

/** Reads byte ranges of one blob, without waiting: workers may. */
export class BlobReader {
  #reader = new FileReaderSync();

  /** @param {Blob} blob */
  constructor(blob) {
    this.blob = blob;
    this.size = blob.size;
  }

  /**
   * The bytes from `start` on: `len` of them, or fewer at the end of the file.
   * @param {number} start
   * @param {number} len
   */
  read(start, len) {
    return new Uint8Array(this.#reader.readAsArrayBuffer(this.blob.slice(start, start + len)));
  }
}
