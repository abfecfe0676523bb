/** Several files into a folder that a person chose. */

import { asError } from './faults.js';

/** @import { Sink } from './sink.js' */

/**
 * Files one after the other, under these names. Nothing is written over: the clear segments may have the same names.
 * @param {FileSystemDirectoryHandle} folder
 * @param {readonly { name: string }[]} files
 * @returns {Promise<Sink>}
 */
export async function intoFolder(folder, files) {
  const taken = new Set();
  // Many disks take names for the same that differ in case alone.
  for await (const name of folder.keys()) taken.add(name.toLowerCase());
  const twice = files.find(({ name }) => taken.has(name.toLowerCase()));
  if (twice) {
    const message = `${twice.name} is in that folder already. Choose an empty folder: nothing is written over.`;
    throw asError({ code: 'name-taken', message });
  }
  /** @type {string[]} */
  const made = [];
  /** @type {FileSystemWritableFileStream | null} */
  let stream = null;
  const begin = async () => {
    const name = files[made.length]?.name ?? '';
    const handle = await folder.getFileHandle(name, { create: true });
    made.push(name);
    stream = await handle.createWritable();
  };
  const end = async () => {
    const ended = stream;
    stream = null;
    await ended?.close();
  };
  await begin();
  return {
    write: async (bytes) => stream?.write(bytes),
    patch() {
      throw new Error('Segments are final when they are written.');
    },
    async next() {
      await end();
      await begin();
    },
    async close() {
      await end();
      return { handle: null, blob: null, stored: null, folder: true };
    },
    async abort() {
      await stream?.abort().catch(() => {});
      for (const name of made) await folder.removeEntry(name).catch(() => {});
    },
  };
}
