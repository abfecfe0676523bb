/** A text that may be longer than memory is to hold: what is put together goes into blobs, which browsers keep on the disk. */

/** Letters that are held. */
const HELD = 4 << 20;

export class LongText {
  /** @type {Blob[]} */
  #parts = [];
  #tail = '';

  /** @param {string} text */
  add(text) {
    this.#tail += text;
    if (this.#tail.length < HELD) return;
    this.#parts.push(new Blob([this.#tail]));
    this.#tail = '';
  }

  /** @param {string} type */
  blob(type) {
    return new Blob([...this.#parts, this.#tail], { type });
  }
}
