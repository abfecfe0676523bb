/** The files of a job, each by itself, into a folder that a person chose. */

import { asError } from './faults.js';

/**
 * Throws when one of these names is in a folder: the clear files may stand there.
 * @param {FileSystemDirectoryHandle} folder
 * @param {readonly string[]} names
 */
export async function assertFree(folder, names) {
  const taken = new Set();
  // Many disks take names for the same that differ in case alone.
  for await (const name of folder.keys()) taken.add(name.toLowerCase());
  const twice = names.find((name) => taken.has(name.toLowerCase()));
  if (!twice) return;
  const message = `${twice} is in that folder already. Choose an empty folder: nothing is written over.`;
  throw asError({ code: 'name-taken', message });
}

/**
 * A copy of a file under another name. Nothing that looks finished is left when it is cancelled.
 * @param {FileSystemDirectoryHandle} folder
 * @param {string} name
 * @param {Blob} blob
 * @param {{ signal: AbortSignal, onProgress: (done: number) => void }} options
 */
export async function copyInto(folder, name, blob, { signal, onProgress }) {
  const handle = await folder.getFileHandle(name, { create: true });
  const stream = await handle.createWritable();
  let done = 0;
  const count = new TransformStream({
    transform(/** @type {Uint8Array} */ chunk, controller) {
      onProgress((done += chunk.length));
      controller.enqueue(chunk);
    },
  });
  try {
    await blob.stream().pipeThrough(count).pipeTo(stream, { signal });
  } catch (error) {
    await folder.removeEntry(name).catch(() => {});
    throw error;
  }
  return handle;
}

/**
 * A text as a file of its own. Throws when its name is taken: nothing is written over.
 * @param {FileSystemDirectoryHandle} folder
 * @param {string} name
 * @param {string} text
 */
export async function writeText(folder, name, text) {
  await assertFree(folder, [name]);
  const handle = await folder.getFileHandle(name, { create: true });
  const stream = await handle.createWritable();
  await stream.write(text);
  await stream.close();
}
