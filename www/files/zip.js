/** Several files as one ZIP archive, written while they are made. */

import { crc32, descriptor, directoryHeader, ending, localHeader } from './zip-parts.js';

/** @import { Sink } from './sink.js' */
/** @import { Entry } from './zip-parts.js' */

/** Files that may outgrow 32 bits: what is encrypted is a little longer than it was. */
const LARGE = 0xf000_0000;

/**
 * Files one after the other into an archive that goes to `sink`.
 * @param {Sink} sink
 * @param {readonly { name: string, size: number }[]} files with about how many bytes each will have
 * @param {boolean} patched whether what is written can be written over; else sizes stand behind the files
 * @returns {Promise<Sink>}
 */
export async function zipped(sink, files, patched) {
  /** @type {Entry[]} */
  const done = [];
  let position = 0;
  /** @type {Entry} */
  let entry;
  const put = async (/** @type {Uint8Array<ArrayBuffer>} */ bytes) => {
    position += bytes.length;
    await sink.write(bytes);
  };
  const begin = async () => {
    const { name = '', size = 0 } = files[done.length] ?? {};
    entry = { name, start: position, size: 0, crc: 0, wide: size >= LARGE };
    await put(localHeader(entry, !patched));
  };
  const end = async () => {
    if (!patched) await put(descriptor(entry));
    done.push(entry);
  };
  /** @type {Sink} */
  const archive = {
    ...sink,
    async write(bytes) {
      entry.crc = crc32(entry.crc, bytes);
      entry.size += bytes.length;
      await put(bytes);
    },
    async next() {
      await end();
      await begin();
    },
    async ready() {
      await end();
      // All at once: before it writes over anything, a sink may have to wait for what is under way.
      for (const each of patched ? done : []) await sink.patch(each.start, localHeader(each, false));
      const start = position;
      for (const each of done) await put(directoryHeader(each, !patched));
      await put(ending(done.length, start, position - start));
      await sink.ready?.();
    },
    async close() {
      const places = done.map((each) => ({
        start: each.start + localHeader(each, !patched).length,
        size: each.size,
      }));
      return { ...(await sink.close()), size: position, places };
    },
  };
  await begin().catch(async (error) => {
    await sink.abort();
    throw error;
  });
  return archive;
}
