/** Which files may be uploaded: those whose picture and sound are protected, all of it and without doubt. */

/** @import { Summary, Track } from '../types.d.ts' */

import { listed } from '../files/words.js';

const KINDS = { video: 'picture', audio: 'sound', text: 'text', other: 'other data' };

/** @param {Pick<Track, 'id' | 'kind' | 'codecName'>} track */
const named = ({ id, kind, codecName }) => `track ${id} (${KINDS[kind]}, ${codecName})`;

const WAY = 'Protect it on Boxlock’s main page first, and upload what is made there.';

/**
 * Why a file may not be uploaded; null when it may.
 * @param {Pick<Summary, 'name' | 'kind' | 'protection'>} summary
 * @param {readonly Pick<Track, 'id' | 'kind' | 'codecName' | 'protection'>[]} tracks
 * @returns {string | null}
 */
export function refusal({ name, kind, protection }, tracks) {
  const media = tracks.filter((track) => track.kind === 'video' || track.kind === 'audio');
  if (kind === 'segment' || (protection && media.length === 0 && tracks.length === 0))
    return `${name} does not say of itself whether it is protected: what says that is in another file. Choose one whole protected MP4.`;
  if (media.length === 0)
    return `${name} has neither picture nor sound, so that nothing in it is protected. Only protected media is uploaded from here.`;
  const open = media.filter((track) => !track.protection);
  if (open.length === media.length) return `${name} is not protected: anyone who gets it can play it. ${WAY}`;
  if (open.length > 0)
    return `Not all of ${name} is protected: ${listed(open.map(named), 3)} ${open.length === 1 ? 'is' : 'are'} open to everyone. ${WAY}`;
  const unsure = media.filter((track) => !track.protection?.certain);
  if (unsure.length > 0 || !protection?.certain)
    return `${name} says two things of whether it is protected${unsure.length ? `, in ${listed(unsure.map(named), 3)}` : ''}: some of it may be clear. Look at it on Boxlock’s main page, and protect it again.`;
  return null;
}

/**
 * What of an accepted file is open to everyone, as a sentence; null when nothing is.
 * @param {readonly Pick<Track, 'id' | 'kind' | 'codecName' | 'protection'>[]} tracks
 */
export function openSentence(tracks) {
  const open = tracks.filter((track) => !track.protection);
  if (!open.length) return null;
  const [first = '', ...more] = open.map(named);
  return `${listed([first.replace(/^t/, 'T'), ...more], 3)} ${open.length === 1 ? 'is' : 'are'} not encrypted, and everyone can read ${open.length === 1 ? 'it' : 'them'}.`;
}
