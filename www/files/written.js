/** What was written as several files, to be read again. */

/**
 * Files in a folder.
 * @param {FileSystemDirectoryHandle} folder
 * @param {readonly string[]} names
 * @returns {Promise<Blob[]>}
 */
export const ofFolder = (folder, names) =>
  Promise.all(names.map(async (name) => (await folder.getFileHandle(name)).getFile()));

/**
 * Files in an archive that stores them as they are; the one file that it is, where there is no archive.
 * @param {Blob} archive
 * @param {readonly { start: number, size: number }[]} places
 * @returns {Blob[]}
 */
export const ofArchive = (archive, places) =>
  places.length ? places.map(({ start, size }) => archive.slice(start, start + size)) : [archive];
