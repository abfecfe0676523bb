/** The manifests of files that were made. */

/** @import { ManifestNote, ManifestWishes, ProtectResult, WrittenManifest } from '../types.d.ts' */

import { open, writeManifests } from '../boxlock.js';

/** @typedef {{ files: WrittenManifest[], notes: ManifestNote[] }} Written */

/**
 * Looks at what was written once more, and writes manifests of what is there.
 * @param {readonly { name: string, result: ProtectResult }[]} made
 * @param {ManifestWishes} wishes
 * @returns {Promise<Written>}
 */
export async function manifestsOf(made, wishes) {
  const described = [];
  for (const { name, result } of made) {
    const media = await open(await result.file());
    try {
      described.push(await media.describe(name));
    } finally {
      media.close();
    }
  }
  return writeManifests(described, wishes);
}
