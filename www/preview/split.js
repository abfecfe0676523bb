/**
 * Files that are put together of pieces of one that is there, without writing or encrypting anything: each track by itself, and the
 * same with an index of segments. The fragments stay as they stand in the file.
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
  for (let at = start; at + 8 <= end;) {
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
  box.set(
    [...type].map((letter) => letter.charCodeAt(0)),
    4,
  );
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
function initOf(init, id) {
  const part = (/** @type {Box} */ box) => init.subarray(box.start, box.end);
  return boxes(init, 0, init.length).map((top) => {
    if (top.type !== 'moov') return part(top);
    const inside = boxes(init, top.body, top.end).flatMap((box) => {
      const children = boxes(init, box.body, box.end);
      if (box.type === 'trak')
        return trackId(
          init,
          children.find(({ type }) => type === 'tkhd'),
        ) === id
          ? [part(box)]
          : [];
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
    return {
      name: `${stem}.${kind}-${id}.mp4`,
      blob: new Blob([...initOf(bytes, id), ...parts], { type: file.type }),
    };
  });
}

/** Most references of a 'sidx', which counts them in 16 bits. */
const REFERENCES = 0xffff;

/**
 * The same file with an index of its segments behind its movie header, by which players of DASH find them (ISO/IEC 14496-12 8.16.3).
 * @param {Blob} file
 * @param {DescribedFile} described
 */
export function indexed(file, { init, segments, timescale, tracks }) {
  if (!init) return file;
  // Of more segments several share a reference.
  const share = Math.max(1, Math.ceil(segments.length / REFERENCES));
  const references = [];
  for (let at = 0; at < segments.length; at += share) {
    const some = segments.slice(at, at + share);
    const size = (some.at(-1)?.end ?? 0) - (some[0]?.start ?? 0);
    references.push({ size, duration: some.reduce((sum, { duration }) => sum + duration, 0) });
  }
  const lead = tracks.find(({ kind }) => kind === 'video') ?? tracks[0];
  const bytes = new Uint8Array(32 + 12 * references.length);
  const view = new DataView(bytes.buffer);
  view.setUint8(0, 1);
  view.setUint32(4, lead?.id ?? 1);
  view.setUint32(8, timescale);
  view.setBigUint64(12, BigInt(Math.max(0, lead?.times[0] ?? 0)));
  // What stands between the movie header and the first segment stays there.
  view.setBigUint64(20, BigInt((segments[0]?.start ?? init.end) - init.end));
  view.setUint16(30, references.length);
  for (const [number, { size, duration }] of references.entries()) {
    view.setUint32(32 + 12 * number, size);
    view.setUint32(36 + 12 * number, duration);
    view.setUint32(40 + 12 * number, 0x90000000);
  }
  return new Blob([file.slice(0, init.end), boxOf('sidx', [bytes]), file.slice(init.end)], {
    type: file.type,
  });
}
