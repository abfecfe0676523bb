/**
 * Each track of a protected file as a file of its own, without writing or encrypting anything: a movie header that has this track
 * alone, and its fragments, as they stand in the file. Only of files whose fragments have one track each.
 */

/** @import { DescribedFile } from '../types.d.ts' */

/**
 * A box among others.
 * @typedef {object} Box
 * @property {string} type
 * @property {number} start
 * @property {number} body where its contents begin
 * @property {number} end
 */

/**
 * @param {Uint8Array} bytes
 * @param {number} start
 * @param {number} end
 * @returns {Box[]}
 */
function boxes(bytes, start, end) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const found = [];
  for (let at = start; at + 8 <= end; ) {
    const short = view.getUint32(at);
    const long = short === 1 && at + 16 <= end;
    const size = long ? Number(view.getBigUint64(at + 8)) : short || end - at;
    if (size < 8 || at + size > end) break;
    const type = String.fromCharCode(...bytes.subarray(at + 4, at + 8));
    found.push({ type, start: at, body: at + (long ? 16 : 8), end: at + size });
    at += size;
  }
  return found;
}

/**
 * @param {string} type
 * @param {readonly Uint8Array[]} parts
 */
function boxOf(type, parts) {
  const size = parts.reduce((sum, part) => sum + part.length, 8);
  const box = new Uint8Array(size);
  new DataView(box.buffer).setUint32(0, size);
  box.set([...type].map((letter) => letter.charCodeAt(0)), 4);
  let at = 8;
  for (const part of parts) {
    box.set(part, at);
    at += part.length;
  }
  return box;
}

/**
 * The ID in a 'tkhd' or 'trex' (ISO/IEC 14496-12 8.3.2, 8.8.3).
 * @param {Uint8Array} bytes
 * @param {Box | undefined} box
 */
function trackId(bytes, box) {
  if (!box || box.end < box.body + 24) return 0;
  const version = bytes[box.body] ?? 0;
  const at = box.type === 'tkhd' ? box.body + (version === 1 ? 20 : 12) : box.body + 4;
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getUint32(at);
}

/**
 * What initializes players, for one track.
 * @param {Uint8Array<ArrayBuffer>} init from 'ftyp' to 'moov'
 * @param {number} id of the track
 * @returns {Uint8Array<ArrayBuffer>[]}
 */
export function initOf(init, id) {
  const part = (/** @type {Box} */ box) => init.subarray(box.start, box.end);
  return boxes(init, 0, init.length).map((top) => {
    if (top.type !== 'moov') return part(top);
    const inside = boxes(init, top.body, top.end).flatMap((box) => {
      const children = boxes(init, box.body, box.end);
      if (box.type === 'trak')
        return trackId(init, children.find(({ type }) => type === 'tkhd')) === id ? [part(box)] : [];
      if (box.type !== 'mvex') return [part(box)];
      const kept = children.filter((child) => child.type !== 'trex' || trackId(init, child) === id);
      return [boxOf('mvex', kept.map(part))];
    });
    return boxOf('moov', inside);
  });
}

/**
 * Whether each track of a file can be a file of its own.
 * @param {DescribedFile} file
 */
export const canSplit = ({ init, tracks }) =>
  init !== null && tracks.every(({ ranges, times }) => ranges.length === times.length);

/**
 * One file for each track: none of them is a copy.
 * @param {Blob} file
 * @param {DescribedFile} described
 * @returns {Promise<{ name: string, blob: Blob }[]>}
 */
export async function split(file, { name, init, tracks }) {
  if (!init) return [];
  const bytes = new Uint8Array(await file.slice(init.start, init.end).arrayBuffer());
  const stem = name.replace(/\.[^.]*$/, '');
  return tracks.map(({ id, kind, ranges }) => {
    /** @type {{ start: number, end: number }[]} */
    const runs = [];
    for (const { start, end } of ranges) {
      const last = runs.at(-1);
      if (last?.end === start) last.end = end;
      else runs.push({ start, end });
    }
    const parts = runs.map(({ start, end }) => file.slice(start, end));
    return { name: `${stem}.${kind}-${id}.mp4`, blob: new Blob([...initOf(bytes, id), ...parts], { type: file.type }) };
  });
}
