/**
 * Bytes of the output that are final only when all else has its place, for an output that nobody can go back in: known
 * from a first time, they are put in on the way.
 */

/** @typedef {{ at: number, bytes: Uint8Array<ArrayBuffer> }} Patch */

export class Patches {
  #patches;
  /** The first that may still matter. */
  #next = 0;

  /** @param {Patch[]} patches */
  constructor(patches) {
    this.#patches = patches.toSorted((one, other) => one.at - other.at);
  }

  /**
   * Puts them into bytes that are about to be written, in order.
   * @param {number} start where these bytes go in the output
   * @param {Uint8Array} bytes
   */
  apply(start, bytes) {
    const end = start + bytes.length;
    for (let patch = this.#at(start); patch && patch.at < end; patch = this.#patches[++this.#next]) {
      const from = Math.max(start, patch.at);
      const to = Math.min(end, patch.at + patch.bytes.length);
      bytes.set(patch.bytes.subarray(from - patch.at, to - patch.at), from - start);
      // The rest of it goes into what comes next.
      if (patch.at + patch.bytes.length > end) return;
    }
  }

  /** @param {number} start */
  #at(start) {
    let patch = this.#patches[this.#next];
    while (patch && patch.at + patch.bytes.length <= start) patch = this.#patches[++this.#next];
    return patch;
  }

  /**
   * Whether these are the same, wherever they stand in the list.
   * @param {Patch[]} others
   */
  same(others) {
    const sorted = others.toSorted((one, other) => one.at - other.at);
    return (
      sorted.length === this.#patches.length &&
      this.#patches.every(({ at, bytes }, number) => {
        const other = sorted[number];
        return other?.at === at && String(other.bytes) === String(bytes);
      })
    );
  }
}
