/** The tree of a file as a text that other programs read, and a box as a file of its own. */

/** @import { BoxNode, Media } from '../types.d.ts' */

import { csvRow } from './csv.js';
import { LongText } from './long-text.js';

export { download } from '../files/save.js';

const PART = 1000;
/** Bytes of a box that are put together in memory, where the file is not one that can be cut. */
const MOST_COPIED = 256 * 2 ** 20;

/** Every box, those in it right after it. @param {Media} media @param {AbortSignal} signal */
async function* boxes(media, signal) {
  /** @param {string} path @returns {AsyncGenerator<BoxNode>} */
  async function* inside(path) {
    for (let from = 0; ; from += PART) {
      signal.throwIfAborted();
      const window = { from, count: PART };
      const list = path ? await media.children(path, window) : await media.tree(window);
      for (const node of list) {
        yield node;
        if (node.childCount > 0) yield* inside(node.path);
      }
      if (list.length < PART) return;
    }
  }
  yield* inside('');
}

/** @param {BoxNode} node */
const rowOf = ({ path, type, uuid, name, note, start, size, problem }) => ({
  path,
  type,
  uuid: uuid ?? null,
  name,
  note,
  start,
  size,
  problem: problem ?? null,
});

const COLUMNS = /** @type {const} */ (['path', 'type', 'uuid', 'name', 'note', 'start', 'size', 'problem']);

/**
 * All boxes of the file as one text.
 * @param {Media} media
 * @param {'json' | 'csv'} form
 * @param {{ signal: AbortSignal, onProgress: (done: number) => void }} options
 */
export async function treeText(media, form, { signal, onProgress }) {
  const json = form === 'json';
  const text = new LongText();
  text.add(json ? '[' : csvRow(COLUMNS));
  let done = 0;
  for await (const node of boxes(media, signal)) {
    const row = rowOf(node);
    text.add(json ? `${done ? ',' : ''}\n${JSON.stringify(row)}` : csvRow(COLUMNS.map((name) => row[name])));
    done += 1;
    if (done % PART === 0) onProgress(done);
  }
  if (json) text.add('\n]\n');
  return text.blob(json ? 'application/json' : 'text/csv');
}

/** A name of a file for a place in another: `film.mp4` and `moov[0]/trak[1]` are `film.moov0.trak1`. @param {string} name @param {string} path */
export function partName(name, path) {
  const stem = name.replace(/\.[^.]*$/, '');
  const place = path.replaceAll('/', '.').replace(/[^\w.-]/g, '');
  return place ? `${stem}.${place}` : `${stem}.boxes`;
}

/**
 * The bytes of a box; null when they are too many to put together.
 * @param {Media} media
 * @param {readonly Blob[]} parts of the open file
 * @param {BoxNode} node
 * @param {AbortSignal} signal
 */
export async function boxBytes(media, parts, { start, size }, signal) {
  const [whole] = parts;
  // Nothing is copied of a file that lies there as it is.
  if (parts.length === 1 && whole?.size === media.size) return whole.slice(start, start + size);
  if (size > MOST_COPIED) return null;
  /** @type {Uint8Array<ArrayBuffer>[]} */
  const pieces = [];
  for (let at = start; at < start + size;) {
    signal.throwIfAborted();
    const piece = new Uint8Array(await media.hex({ start: at, end: start + size }));
    if (!piece.length) break;
    pieces.push(piece);
    at += piece.length;
  }
  return new Blob(pieces);
}
