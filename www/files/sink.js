/**
 * Where a protected file is written, inside workers: a file the person chose, browser storage, the browser's downloads,
 * or memory as the last resort. A sink that is aborted leaves nothing behind; one that is lost with its worker leaves nothing
 * that looks finished, but for the segments in a folder that were finished before.
 */

import { hasRoom, writeAll } from './access.js';
import { asError, cancelled, FULL, MEMORY_MAX, tooLargeForMemory } from './faults.js';
import { SegmentedStream } from './segments.js';
import { FOLDER } from './stored.js';

/**
 * @typedef {object} Written
 * @property {FileSystemFileHandle | null} handle
 * @property {Blob | null} blob
 * @property {string | null} stored
 * @property {number} [size] of an archive, which is more than what was written into it
 * @property {{ start: number, size: number }[]} [places] where the files stand in an archive
 * @property {boolean} [folder] whether it is in a folder
 * @property {boolean} [streamed] whether it went to the browser's downloads, and nothing of it is left here
 */

/**
 * @typedef {object} Sink
 * @property {(bytes: Uint8Array<ArrayBuffer>) => void | Promise<void>} write puts bytes behind those before
 * @property {(at: number, bytes: Uint8Array<ArrayBuffer>) => void | Promise<void>} patch puts bytes over earlier ones
 * @property {() => Promise<void>} [next] ends one file and begins the next, where there are several
 * @property {() => Promise<void>} [ready] waits for what is under way, so that finishing is one step
 * @property {() => Promise<Written>} close finishes the file
 * @property {() => void} [stop] says that it will be aborted, while something is under way
 * @property {() => Promise<void>} abort leaves nothing behind
 */

/**
 * The sink for a chosen file, or browser storage without one.
 * @param {FileSystemFileHandle | null} handle
 * @param {number} size bytes that will be written, about
 * @param {string} stored what the file in browser storage is called: the page holds it from before it is there
 * @returns {Promise<Sink>}
 */
export async function openSink(handle, size, stored) {
  const folder = await storageFolder().catch(() => null);
  if (handle) return chosenFile(handle, folder);
  if (folder) return storedFile(folder, size, stored);
  if (size > MEMORY_MAX) throw asError(tooLargeForMemory(size));
  return memoryFile();
}

/**
 * @param {FileSystemFileHandle} handle
 * @param {FileSystemDirectoryHandle | null} folder
 */
async function chosenFile(handle, folder) {
  const before = await handle.getFile();
  // Writes go to a hidden copy that takes the file's place when it is closed.
  const stream = await handle.createWritable({ keepExistingData: false });
  // Only Chromium and its kin have this. For Firefox the way round is ten times as long.
  const segments = folder && 'userAgentData' in navigator ? new SegmentedStream(stream, folder) : null;
  let end = 0;
  /** @type {Sink} */
  const sink = {
    write(bytes) {
      end += bytes.length;
      return (segments ?? stream).write(bytes);
    },
    async patch(position, data) {
      await segments?.flush();
      await stream.write({ type: 'write', position, data });
      // That moved the place where bytes without a position go.
      await stream.seek(end);
    },
    ready: async () => segments?.flush(),
    async close() {
      await stream.close();
      return { handle, blob: null, stored: null };
    },
    stop: () => segments?.stop(),
    async abort() {
      await Promise.all([stream.abort().catch(() => {}), segments?.discard()]);
      // The picker makes an empty file of the chosen name at once; an older file of that name stays as it was.
      const removable = /** @type {{ remove?: () => Promise<void> }} */ (/** @type {unknown} */ (handle));
      if (before.size === 0) await removable.remove?.().catch(() => {});
    },
  };
  return sink;
}

async function storageFolder() {
  const root = await navigator.storage.getDirectory();
  return root.getDirectoryHandle(FOLDER, { create: true });
}

/**
 * @param {FileSystemDirectoryHandle} folder
 * @param {number} size
 * @param {string} stored
 */
async function storedFile(folder, size, stored) {
  const handle = await folder.getFileHandle(stored, { create: true });
  const access = await handle.createSyncAccessHandle();
  const abort = async () => {
    access.close();
    await folder.removeEntry(stored).catch(() => {});
  };
  if (!hasRoom(access, size)) {
    await abort();
    throw Object.assign(new Error(), { name: FULL, fileSize: size });
  }
  let position = 0;
  /** @type {Sink} */
  const sink = {
    write(bytes) {
      writeAll(access, bytes, position);
      position += bytes.length;
    },
    patch: (at, bytes) => writeAll(access, bytes, at),
    async close() {
      access.truncate(position);
      // Not forced onto the disk, which takes as long as a quarter of all the work: where power is lost the page is too, and
      // the next one sweeps out what it kept.
      access.close();
      return { handle, blob: null, stored };
    },
    abort,
  };
  return sink;
}

/** Word to the service worker that somebody is still writing: it is ended after 30 s without any. */
const ALIVE_MS = 5000;
/** So many of these may be unanswered. */
const UNANSWERED_MAX = 4;

const DOWNLOAD_ENDED = {
  code: 'download-ended',
  message:
    'The browser ended the download: it was cancelled there, or there was no space for it. ' +
    'Look at the browser’s downloads, and try again.',
};

/**
 * What goes to the browser's downloads by way of a service worker. What is written cannot be patched.
 * @param {MessagePort} port to the service worker
 * @param {() => void} alive has the page tell the service worker that somebody is still writing
 * @returns {Sink}
 */
export function streamedFile(port, alive) {
  /** Pieces that the browser has asked for. */
  let wanted = 0;
  let ended = false;
  let unanswered = 0;
  /** @type {unknown} */
  let failed;
  /** @type {(() => void) | null} */
  let wake = null;
  const fail = (/** @type {unknown} */ reason) => {
    failed ??= reason;
    wake?.();
  };
  const beat = setInterval(() => {
    if (++unanswered > UNANSWERED_MAX) fail(asError(DOWNLOAD_ENDED));
    alive();
  }, ALIVE_MS);
  port.onmessage = ({ data }) => {
    unanswered = 0;
    if (data.failed) fail(asError(DOWNLOAD_ENDED));
    wanted += data.wanted ? 1 : 0;
    ended ||= Boolean(data.ended);
    wake?.();
  };
  /** @param {() => boolean} come */
  const until = async (come) => {
    for (;;) {
      if (failed) throw failed;
      if (come()) return;
      await new Promise((resolve) => {
        wake = () => resolve(null);
      });
    }
  };
  const asked = () => until(() => wanted > 0);
  return {
    async write(bytes) {
      await asked();
      wanted--;
      // The buffer goes back to who sent it.
      const copy = bytes.slice();
      port.postMessage({ bytes: copy }, [copy.buffer]);
    },
    patch() {
      throw new Error('What is downloaded cannot be written over.');
    },
    // Asked for more, the browser has all there was.
    ready: asked,
    async close() {
      port.postMessage({ end: true });
      await until(() => ended);
      clearInterval(beat);
      return { handle: null, blob: null, stored: null, streamed: true };
    },
    stop: () => fail(cancelled()),
    async abort() {
      clearInterval(beat);
      port.postMessage({ failed: true });
    },
  };
}

/** @returns {Sink} */
function memoryFile() {
  /** @type {Blob[]} Blobs rather than buffers: browsers move large ones to disk. */
  let parts = [];
  return {
    write: (bytes) => void parts.push(new Blob([bytes])),
    patch(at, bytes) {
      const whole = new Blob(parts);
      parts = [whole.slice(0, at), new Blob([bytes]), whole.slice(at + bytes.length)];
    },
    close: async () => ({ handle: null, blob: new Blob(parts, { type: 'video/mp4' }), stored: null }),
    abort: async () => void (parts = []),
  };
}
