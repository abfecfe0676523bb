/** A few small texts as one ZIP archive, made at once. */

import { crc32, directoryHeader, ending, localHeader } from './zip-parts.js';

/**
 * @param {readonly { name: string, text: string }[]} files
 * @returns {Blob}
 */
export function archiveOf(files) {
  /** @type {Uint8Array<ArrayBuffer>[]} */
  const parts = [];
  let position = 0;
  const put = (/** @type {Uint8Array<ArrayBuffer>} */ bytes) => {
    parts.push(bytes);
    position += bytes.length;
  };
  const entries = files.map(({ name, text }) => {
    const bytes = new TextEncoder().encode(text);
    const entry = { name, start: position, size: bytes.length, crc: crc32(0, bytes), wide: false };
    put(localHeader(entry, false));
    put(bytes);
    return entry;
  });
  const start = position;
  for (const entry of entries) put(directoryHeader(entry, false));
  put(ending(entries.length, start, position - start));
  return new Blob(parts, { type: 'application/zip' });
}
