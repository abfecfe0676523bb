/**
 * Several files into a folder that a person chose. Each is finished before the next begins: where the browser ends the
 * writing worker, whoever leads names those that may be left.
 */

import { asError, leftInFolder } from './faults.js';

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
  /** @type {Sink} */
  const sink = {
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
      const left = await Promise.all(made.map((name) => remove(folder, name)));
      const names = made.filter((_, number) => left[number]);
      if (names.length) throw asError(leftInFolder(names));
    },
  };
  await begin().catch(async (error) => {
    await sink.abort();
    throw error;
  });
  return sink;
}

/**
 * Whether a file is still there after it was to be removed.
 * @param {FileSystemDirectoryHandle} folder
 * @param {string} name
 */
const remove = (folder, name) =>
  folder.removeEntry(name).then(
    () => false,
    (error) => error.name !== 'NotFoundError',
  );
