/** The key sheet: all that whoever runs the licence server needs of a protected file. */

/** @import { KeySheet, MadeKey, PlannedTrack, SheetTrack } from '../types' */
/** @import { Protected } from './messages' */

/** Version of key sheets' form. */
const FORM = '2';

/** @param {string} hex of a key */
function bothForms(hex) {
  const bytes = Uint8Array.from(hex.match(/../g) ?? [], (pair) => parseInt(pair, 16));
  return { hex, base64: btoa(String.fromCharCode(...bytes)) };
}

/**
 * @param {Protected} made
 * @param {MadeKey} first of its keys
 * @param {string} fileName
 * @param {string | null} sha256
 * @returns {KeySheet}
 */
export function sheetOf(made, first, fileName, sha256) {
  const { size, scheme, form, keys, laUrl, forTests, playreadyObject, pssh } = made;
  return {
    boxlock: FORM,
    fileName,
    fileSize: size,
    sha256,
    scheme,
    form,
    algorithm: made.cipher === 'AES-128-CBC' ? 'AESCBC' : 'AESCTR',
    keys: keys.map((key) => ({ ...key, key: bothForms(key.key) })),
    kid: first.kid,
    key: bothForms(first.key),
    checksum: first.checksum,
    laUrl,
    tracks: made.tracks.map((track) => trackOf(track, made)),
    playreadyObject,
    pssh,
    forTests,
  };
}

/**
 * @param {PlannedTrack} track
 * @param {Protected} made
 * @returns {SheetTrack}
 */
function trackOf({ id, kind, codecName, protect, share, kid }, { scheme, ivForm, keys }) {
  const track = { id, kind, codecName, protect, share };
  if (!kid) return track;
  const key = keys.find((each) => each.kid.uuid === kid)?.key;
  return { ...track, kid, scheme, ivForm, ...(key ? { key } : {}) };
}

/**
 * How samples are given their IVs.
 * @param {string} scheme
 * @param {string} cipher
 * @param {number | string | undefined} size that was asked for
 */
export function ivFormOf(scheme, cipher, size) {
  if (scheme === 'cbcs') return 'one 16-byte IV for the track';
  const bytes = cipher === 'AES-128-CBC' || Number(size) === 16 ? 16 : 8;
  return `${bytes === 16 ? 'a 16' : 'an 8'}-byte IV for each sample`;
}
