/** Files kept in browser storage: which are in use, and sweeping out those that are not. */

const FOLDER = 'boxlock';
const LOCK = 'boxlock-file-';

/** @type {Map<string, () => void>} */
const held = new Map();

/**
 * Marks a stored file as in use by this page or worker, until it is released or they go. Returns when it is marked.
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
 * Removes a stored file.
 * @param {string} name
 */
export async function discard(name) {
  held.get(name)?.();
  held.delete(name);
  const folder = await openFolder();
  await folder?.removeEntry(name).catch(() => {});
}

/** Removes what earlier pages left behind: after a crash nobody else will. */
export async function sweep() {
  if (!navigator.locks) return;
  const folder = await openFolder();
  if (!folder) return;
  // First the names: what is begun after them is not looked at.
  const names = [];
  for await (const name of folder.keys()) names.push(name);
  const locks = await navigator.locks.query();
  const inUse = new Set((locks.held ?? []).map((lock) => lock.name));
  for (const name of names) {
    // Unfinished files of other pages are open for writing and refuse to be removed.
    if (!inUse.has(LOCK + name)) await folder.removeEntry(name).catch(() => {});
  }
}

async function openFolder() {
  try {
    const root = await navigator.storage.getDirectory();
    return await root.getDirectoryHandle(FOLDER);
  } catch {
    return null;
  }
}
