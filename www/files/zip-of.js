/** Finished files as one ZIP archive that is put together of them, and copies nothing. */

import { crc32, directoryHeader, ending, localHeader } from './zip-parts.js';

/** Files that 32 bits do not hold. */
const LARGE = 0xffff_ffff;

/**
 * @param {readonly { name: string, blob: Blob }[]} files
 * @param {(done: number) => void} [onProgress] bytes that were read, for their checksums
 */
export async function zipOf(files, onProgress) {
  /** @type {BlobPart[]} */
  const parts = [];
  const headers = [];
  let start = 0;
  let done = 0;
  for (const { name, blob } of files) {
    let crc = 0;
    const reader = blob.stream().getReader();
    for (let next = await reader.read(); !next.done; next = await reader.read()) {
      crc = crc32(crc, next.value);
      onProgress?.((done += next.value.length));
    }
    const entry = { name, start, size: blob.size, crc, wide: blob.size >= LARGE };
    const header = localHeader(entry, false);
    parts.push(header, blob);
    headers.push(directoryHeader(entry, false));
    start += header.length + blob.size;
  }
  const size = headers.reduce((sum, { length }) => sum + length, 0);
  return new Blob([...parts, ...headers, ending(files.length, start, size)], { type: 'application/zip' });
}
