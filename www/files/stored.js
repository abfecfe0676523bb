/** Files kept in browser storage: which are in use, and sweeping out those that are not. */

/** Browser storage keeps unfinished and unsaved files in this folder. */
export const FOLDER = 'boxlock';
const LOCK = 'boxlock-file-';

/** A worker that was ended holds its file a moment longer. */
const RETRIES = 30;
const RETRY_MS = 100;

/** @type {Map<string, () => void>} */
const held = new Map();

/** Whether the browser gives this page storage. WebKitGTK does not, nor do private windows of some browsers. */
export async function hasStorage() {
  try {
    await navigator.storage.getDirectory();
    return true;
  } catch {
    return false;
  }
}

/** A name for a new file. */
export function newName() {
  const random = crypto.getRandomValues(new Uint8Array(16));
  return `${Array.from(random, (byte) => byte.toString(16).padStart(2, '0')).join('')}.mp4`;
}

/**
 * Marks a stored file as in use by this page or worker, until it is released or they go. Returns when it is marked: to
 * be called before the file is made, so that there is no moment in which another page may sweep it out.
 * @param {string} name
 * @returns {Promise<void>}
 */
export async function hold(name) {
  if (!navigator.locks) return;
  await new Promise((marked) => {
    const until = () =>
      new Promise((resolve) => {
        held.set(name, () => resolve(null));
        marked(null);
      });
    navigator.locks.request(LOCK + name, until).catch(marked);
  });
}

/**
 * The handle of a stored file. Fails where it is gone.
 * @param {string} name
 */
export async function handleOfStored(name) {
  return (await folderOfStored()).getFileHandle(name);
}

async function folderOfStored() {
  return (await navigator.storage.getDirectory()).getDirectoryHandle(FOLDER);
}

/**
 * Removes a stored file.
 * @param {string} name
 */
export async function discard(name) {
  const folder = await openFolder();
  if (folder) await remove(folder, name);
  // Only now: what is still there is a later sweep's.
  held.get(name)?.();
  held.delete(name);
}

/**
 * @param {FileSystemDirectoryHandle} folder
 * @param {string} name
 */
async function remove(folder, name) {
  for (let left = RETRIES; left > 0; left--) {
    try {
      await folder.removeEntry(name);
      return;
    } catch (error) {
      if (error instanceof DOMException && error.name === 'NotFoundError') return;
      await new Promise((resolve) => void setTimeout(resolve, RETRY_MS));
    }
  }
}

/**
 * Removes what earlier pages left behind: after a crash nobody else will.
 * @returns {Promise<number>} how many bytes that were
 */
export async function sweep() {
  if (!navigator.locks) return 0;
  const folder = await openFolder();
  if (!folder) return 0;
  let bytes = 0;
  const names = [];
  for await (const name of folder.keys()) names.push(name);
  for (const name of names) {
    // With the lock in hand, nobody begins to use it meanwhile.
    await navigator.locks.request(LOCK + name, { ifAvailable: true }, async (free) => {
      if (!free) return;
      try {
        const handle = await folder.getFileHandle(name);
        const { size } = await handle.getFile();
        // What is open for writing refuses to be removed.
        await folder.removeEntry(name);
        bytes += size;
      } catch {
        // Another page swept it, or something still writes to it.
      }
    });
  }
  return bytes;
}

async function openFolder() {
  try {
    return await folderOfStored();
  } catch {
    return null;
  }
}
