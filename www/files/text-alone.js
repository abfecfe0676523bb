/** Files of text: they come along clear in a title. */

/** @import { Media } from '../types.d.ts' */

/** Whether there is text in a file and nothing else. @param {Media} media */
export function isTextAlone(media) {
  const tracks = media.tracks();
  return tracks.length > 0 && tracks.every(({ kind }) => kind === 'text');
}
