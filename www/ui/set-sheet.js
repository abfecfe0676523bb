/** The key sheet of several files that share their keys. */

/** @import { KeySheet, ProtectResult } from '../types.d.ts' */

/**
 * The sheet of the first, with the keys of all, and what is of each file by itself.
 * @param {readonly ProtectResult[]} results
 * @returns {Promise<KeySheet | null>}
 */
export async function setSheet(results) {
  const sheets = await Promise.all(results.map((result) => result.keySheet({ sha256: 'if-known' })));
  const [first] = sheets;
  if (!first) return null;
  /** @type {Map<string, KeySheet['keys'][number]>} */
  const keys = new Map();
  for (const sheet of sheets) for (const key of sheet.keys) keys.set(key.kid.uuid, key);
  const perFile = sheets.map(({ fileName, fileSize, sha256, tracks }) => ({
    fileName,
    fileSize,
    sha256,
    tracks,
  }));
  return { ...first, keys: [...keys.values()], perFile };
}
