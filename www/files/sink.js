/**
 * Where a protected file is written, inside workers: a file the person chose, browser storage, or memory as the last
 * resort. A sink that is not closed leaves nothing that looks finished.
 */

/** Browser storage keeps unfinished and unsaved files in this folder. */
const FOLDER = 'boxlock';

/**
 * @typedef {object} Written
 * @property {FileSystemFileHandle | null} handle
 * @property {Blob | null} blob
 * @property {string | null} stored
 */

/**
 * @typedef {object} Sink
 * @property {(bytes: Uint8Array<ArrayBuffer>) => void | Promise<void>} write puts bytes behind those before
 * @property {(at: number, bytes: Uint8Array<ArrayBuffer>) => void | Promise<void>} patch puts bytes over earlier ones
 * @property {() => Promise<Written>} close finishes the file
 * @property {() => Promise<void>} abort leaves nothing behind
 */

/**
 * The sink for a chosen file, or browser storage without one.
 * @param {FileSystemFileHandle | null} handle
 * @param {number} size bytes that will be written, about
 * @returns {Promise<Sink>}
 */
export async function openSink(handle, size) {
  if (handle) return chosenFile(handle);
  const folder = await storageFolder().catch(() => null);
  if (!folder) return memoryFile();
  await assertRoom(size);
  return storedFile(folder);
}

/**
 * Better before all the work than in the middle of it. Says what browsers say, whose newest give both numbers too.
 * @param {number} requested
 */
async function assertRoom(requested) {
  const { quota = Infinity, usage = 0 } = await navigator.storage.estimate();
  if (requested <= quota - usage) return;
  const error = new DOMException('Storage has too little room.', 'QuotaExceededError');
  throw Object.assign(error, { requested, quota: quota - usage });
}

/** @param {FileSystemFileHandle} handle */
async function chosenFile(handle) {
  const before = await handle.getFile();
  // Writes go to a hidden copy that takes the file's place when it is closed.
  const stream = await handle.createWritable({ keepExistingData: false });
  /** @type {Sink} */
  const sink = {
    write: (bytes) => stream.write(bytes),
    patch: (position, data) => stream.write({ type: 'write', position, data }),
    async close() {
      await stream.close();
      return { handle, blob: null, stored: null };
    },
    async abort() {
      await stream.abort().catch(() => {});
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

/** @param {FileSystemDirectoryHandle} folder */
async function storedFile(folder) {
  const stored = `${crypto.randomUUID()}.mp4`;
  const handle = await folder.getFileHandle(stored, { create: true });
  const access = await handle.createSyncAccessHandle();
  let position = 0;
  /** @type {(bytes: Uint8Array<ArrayBuffer>, at: number) => void} */
  const writeAll = (bytes, at) => {
    let done = 0;
    while (done < bytes.length) {
      const written = access.write(bytes.subarray(done), { at: at + done });
      // Firefox does not throw when there is no room.
      if (written === 0) throw new DOMException('Nothing more could be written.', 'QuotaExceededError');
      done += written;
    }
  };
  /** @type {Sink} */
  const sink = {
    write(bytes) {
      writeAll(bytes, position);
      position += bytes.length;
    },
    patch: (at, bytes) => writeAll(bytes, at),
    async close() {
      access.flush();
      access.close();
      return { handle, blob: null, stored };
    },
    async abort() {
      access.close();
      await folder.removeEntry(stored).catch(() => {});
    },
  };
  return sink;
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
