/** Files of browser storage, as workers write them. */

import { FULL } from './faults.js';

/** @typedef {Awaited<ReturnType<FileSystemFileHandle['createSyncAccessHandle']>>} Access */

/**
 * Writes all of `bytes` from file offset `at` on.
 * @param {Access} access
 * @param {Uint8Array<ArrayBuffer>} bytes
 * @param {number} at
 */
export function writeAll(access, bytes, at) {
  let done = 0;
  while (done < bytes.length) {
    const written = access.write(bytes.subarray(done), { at: at + done });
    // Firefox does not throw when there is no room.
    if (written === 0) throw new DOMException('Nothing more could be written.', FULL);
    done += written;
  }
}

/**
 * Whether a file can have this size, asked before all the work is done. Browsers say how much room there is, but not
 * truly; asking for it tells.
 * @param {Access} access
 * @param {number} size
 */
export function hasRoom(access, size) {
  try {
    access.truncate(size);
  } catch {
    return false;
  }
  // Private windows of Chromium keep files in memory, and take no more than 2 GB without a word.
  return access.getSize() === size;
}
