/** The files that one was put together of, one behind the other: an initialization segment and its media segments. */

/** @import { BoxNode, Media, MediaPart } from '../types.d.ts' */

export class FilesWithin {
  several = false;
  /** In order; none where the file is one itself, or its boxes stand in none of them as they are. @type {readonly MediaPart[]} */
  #files;

  /** @param {Media} media */
  constructor(media) {
    const { parts } = media;
    const merged = media.tracks().some(({ from }) => from !== undefined);
    this.#files = parts.length > 1 && !merged ? parts : [];
  }

  /**
   * The file that has a byte.
   * @param {number} offset
   */
  at(offset) {
    let [low, high] = [0, this.#files.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (Number(this.#files[middle]?.start) <= offset) low = middle + 1;
      else high = middle;
    }
    return this.#files[low - 1] ?? null;
  }

  /**
   * The name of the file that begins with a box; empty where none does.
   * @param {BoxNode} node
   */
  beginning({ path, start }) {
    const file = path.includes('/') ? null : this.at(start);
    return file?.start === start ? file.name : '';
  }
}
