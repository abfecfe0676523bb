/**
 * Addresses that lead to a box, a byte, a sample or a time: in the part of the URL that no server sees, without a name or a byte
 * of the file.
 */

/** @typedef {{ box: string, byte: number }} BoxPlace a path in the tree, and an offset in the file or -1 */
/** @typedef {{ track: number, sample: number } | { track: number, time: number }} SamplePlace a number from 1, or seconds */
/** @typedef {BoxPlace | SamplePlace} Place */

const VIEW = '#inspect';

/** @param {string} hash of an address, such as `#protect` or `#inspect?box=moov[0]` */
export function viewOf(hash) {
  return hash.split('?', 1)[0] ?? '';
}

/**
 * Where an address leads; null when it leads to no place in a file.
 * @param {string} hash
 * @returns {Place | null}
 */
export function placeOf(hash) {
  if (viewOf(hash) !== VIEW) return null;
  const said = new URLSearchParams(hash.slice(VIEW.length));
  const number = (/** @type {string} */ name) => {
    const text = said.get(name);
    return text ? Number(text) : NaN;
  };
  const [track, sample, time] = [number('track'), number('sample'), number('time')];
  if (Number.isSafeInteger(track)) {
    if (sample >= 1 && Number.isSafeInteger(sample)) return { track, sample };
    return time >= 0 && Number.isFinite(time) ? { track, time } : null;
  }
  const box = said.get('box') ?? '';
  const byte = said.has('byte') ? Number(said.get('byte')) : -1;
  if (byte >= 0 && !Number.isSafeInteger(byte)) return null;
  return box || byte >= 0 ? { box, byte: Number.isNaN(byte) ? -1 : byte } : null;
}

/**
 * @param {Place} place
 * @param {string} page its address
 */
export function linkTo(place, page) {
  const url = new URL(page);
  const said = new URLSearchParams();
  for (const [name, value] of Object.entries(place))
    if (value !== '' && !(name === 'byte' && Number(value) < 0)) said.set(name, String(value));
  // These may stand there, and are easier to read than their codes.
  const text = said.toString().replace(/%(5B|5D|2F|3A)/g, decodeURIComponent);
  url.hash = `${VIEW}?${text}`;
  return url.href;
}
