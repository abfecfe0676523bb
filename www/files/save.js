/** Where results go: a place chosen by the person, or an ordinary download. */

import { mark } from './faults.js';
import { handleOf } from './pick.js';

/**
 * @typedef {(options: {
 *   suggestedName: string,
 *   types: { description: string, accept: Record<string, string[]> }[],
 * }) => Promise<FileSystemFileHandle>} Picker
 */

/** @returns {Picker | null} */
function picker() {
  const found = /** @type {unknown} */ (Reflect.get(window, 'showSaveFilePicker'));
  return typeof found === 'function' ? /** @type {Picker} */ (found.bind(window)) : null;
}

/** Whether the browser can write straight to a file the person chooses. */
export function canPickPlace() {
  return picker() !== null;
}

/**
 * Asks where to save an MP4; null when the person closed the dialog.
 * @param {string} suggestedName
 */
export async function pickPlace(suggestedName) {
  const ask = picker();
  if (!ask) throw new Error('This browser cannot choose where to save.');
  try {
    return await ask({ suggestedName, types: [{ description: 'MP4', accept: { 'video/mp4': ['.mp4'] } }] });
  } catch (error) {
    if (error instanceof DOMException && error.name === 'AbortError') return null;
    throw mark(error, 'place');
  }
}

/** @returns {((options: { mode: 'readwrite' }) => Promise<FileSystemDirectoryHandle>) | null} */
function folderPicker() {
  const found = /** @type {unknown} */ (Reflect.get(window, 'showDirectoryPicker'));
  return typeof found === 'function' ? found.bind(window) : null;
}

/** Whether the browser can write straight into a folder the person chooses. */
export function canPickFolder() {
  return folderPicker() !== null;
}

/** Asks for a folder to write into; null when the person closed the dialog. */
export async function pickFolder() {
  const ask = folderPicker();
  if (!ask) throw new Error('This browser cannot choose a folder.');
  try {
    return await ask({ mode: 'readwrite' });
  } catch (error) {
    if (error instanceof DOMException && error.name === 'AbortError') return null;
    throw mark(error, 'place');
  }
}

/**
 * Fails when the chosen place is the open file itself or a part of it, before anything is written to it.
 * @param {FileSystemFileHandle} place
 * @param {readonly Blob[]} sources
 */
export async function refuseSource(place, sources) {
  for (const source of sources) {
    const own = await handleOf(source);
    const same = own ? await own.isSameEntry(place) : await looksTheSame(place, source);
    if (!same) continue;
    const what = sources.length > 1 ? `${place.name}, a part of the open file` : 'the open file itself';
    throw new Error(`That place is ${what}. Choose another name or folder: the clear file stays.`);
  }
}

/**
 * Where there is no handle to compare, no two files have the same name, size and time by chance. A browser that empties
 * what is chosen at once shows it by a source that can no longer be read.
 * @param {FileSystemFileHandle} place
 * @param {Blob} source
 */
async function looksTheSame(place, source) {
  const there = await place.getFile();
  if (!(source instanceof File) || there.name !== source.name) return false;
  if (there.size > 0) return there.size === source.size && there.lastModified === source.lastModified;
  return source
    .slice(0, 1)
    .arrayBuffer()
    .then(
      () => false,
      () => true,
    );
}

/**
 * Removes the empty file that the save dialog, or making it in a folder, left behind when nothing was written to it.
 * @param {FileSystemFileHandle} handle
 * @param {FileSystemDirectoryHandle | null} [folder] that it stands in, where that is known: not every browser removes without
 */
export async function removeIfEmpty(handle, folder = null) {
  try {
    const file = await handle.getFile();
    if (file.size > 0) return;
    const remove = /** @type {unknown} */ (Reflect.get(handle, 'remove'));
    if (folder) await folder.removeEntry(handle.name);
    else if (typeof remove === 'function') await remove.call(handle);
  } catch {
    // It is already gone, or the browser does not allow it: an empty file harms nobody.
  }
}

/**
 * A link that downloads, for a file held by the browser. Release it when its view goes.
 * @param {Blob} blob
 */
export function downloadAddress(blob) {
  const address = URL.createObjectURL(blob);
  return { address, release: () => URL.revokeObjectURL(address) };
}

/**
 * Downloads at once.
 * @param {Blob} blob
 * @param {string} name
 */
export function download(blob, name) {
  const { address, release } = downloadAddress(blob);
  const link = document.createElement('a');
  link.href = address;
  link.download = name;
  link.click();
  // By then every browser here has its own hold of the bytes; a key sheet is not to stay at an address any longer.
  setTimeout(release);
}
