/** Which parts a file is sent in, what each is called, and which of them have arrived already. */

import { asError } from '../files/faults.js';

const MIB = 2 ** 20;
const BLOCK_BYTES = 8 * MIB;
/** Most blocks of a blob. */
export const BLOCKS_MAX = 50_000;

/** A run of bytes of the file. @typedef {{ index: number, start: number, end: number }} Part */

/**
 * Cuts a file into parts of one size, the last one shorter.
 * @param {number} size
 * @param {number} bytes of a part
 * @returns {Part[]}
 */
export function cut(size, bytes) {
  return Array.from({ length: Math.ceil(size / bytes) }, (_, index) => ({
    index,
    start: index * bytes,
    end: Math.min(size, (index + 1) * bytes),
  }));
}

/**
 * How large blocks are: 8 MiB, more for files that would have too many of them, and less where the service wants that.
 * @param {number} size of the file
 * @param {number} max bytes that a block may have
 */
export function blockBytes(size, max) {
  const bytes = Math.max(Math.min(BLOCK_BYTES, max), Math.ceil(size / BLOCKS_MAX / MIB) * MIB);
  if (bytes > max)
    throw asError({
      code: 'too-large',
      message: `The file has ${(size / 1e9).toFixed(2)} GB, and a SAS of this service version takes ${((max * BLOCKS_MAX) / 1e9).toFixed(2)} GB. Ask for one of a newer version.`,
    });
  return bytes;
}

/**
 * How large the parts of a multipart upload are, when so many may be sent.
 * @param {number} size of the file
 * @param {number} count of parts that may be sent
 * @param {number} min bytes of all parts but the last
 */
export const partBytes = (size, count, min) => Math.max(min, Math.ceil(size / count / MIB) * MIB);

/**
 * What a block is called. All names of a blob have the same length; the mark keeps blocks of other files and other cuts
 * apart.
 * @param {string} mark eight characters
 * @param {number} index
 */
export const blockId = (mark, index) => btoa(`${mark}-${String(index).padStart(5, '0')}`);

/**
 * What is sent to see whether sending is allowed; it becomes part of nothing.
 * @param {string} mark
 */
export const probeId = (mark) => btoa(`${mark}-probe`);

/** @param {readonly string[]} ids in order */
export const blockList = (ids) =>
  `<?xml version="1.0" encoding="utf-8"?><BlockList>${ids.map((id) => `<Latest>${id}</Latest>`).join('')}</BlockList>`;

/**
 * Blocks by name, with their sizes.
 * @param {string} xml
 * @param {'CommittedBlocks' | 'UncommittedBlocks'} which
 * @returns {Map<string, number>}
 */
export function readBlockList(xml, which) {
  const list = new RegExp(`<${which}>([\\s\\S]*?)</${which}>`).exec(xml)?.[1] ?? '';
  const blocks = list.matchAll(/<Block>\s*<Name>([^<]+)<\/Name>\s*<Size>(\d+)<\/Size>\s*<\/Block>/g);
  return new Map([...blocks].map(([, name = '', size]) => [name, Number(size)]));
}

/**
 * The parts that have arrived: by name, and with all their bytes.
 * @param {readonly Part[]} parts
 * @param {string} mark
 * @param {ReadonlyMap<string, number>} there
 * @returns {Set<number>}
 */
export function arrived(parts, mark, there) {
  const whole = parts.filter(({ index, start, end }) => there.get(blockId(mark, index)) === end - start);
  return new Set(whole.map(({ index }) => index));
}

/** Smaller files are read back whole. */
export const READ_WHOLE = 64 * MIB;
const PLACES = 64;
const PLACE_BYTES = 256 * 1024;

/**
 * Which bytes are read back: all, or as many places as tell whether every part of the file stands where it should: the
 * front, the end, and what lies evenly between them.
 * @param {number} size
 * @param {boolean} whole
 * @param {number} bytes of a part that was sent
 * @returns {Part[]}
 */
export function readBack(size, whole, bytes) {
  if (whole || size <= READ_WHOLE) return cut(size, Math.min(bytes, BLOCK_BYTES));
  const last = size - PLACE_BYTES;
  return Array.from({ length: PLACES }, (_, index) => {
    const start = Math.floor((last * index) / (PLACES - 1));
    return { index, start, end: start + PLACE_BYTES };
  });
}

/**
 * Completes a multipart upload.
 * @param {readonly string[]} etags in order
 */
export const partList = (etags) =>
  `<CompleteMultipartUpload>${etags
    .map(
      (etag, index) =>
        `<Part><PartNumber>${index + 1}</PartNumber><ETag>${etag.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/"/g, '&quot;')}</ETag></Part>`,
    )
    .join('')}</CompleteMultipartUpload>`;
