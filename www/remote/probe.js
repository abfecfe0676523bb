/** What is behind an address: a file of which parts can be had, a small one that was fetched whole, or a manifest. */

import { ask, PLAIN } from './ask.js';
import { errorOf, fault, statusFault, tooLongWhole } from './faults.js';
import { judgePart, part, persist } from './ranges.js';

/** @import { Answer, Count } from './ask.js' */
/** @import { Fault } from './faults.js' */
/** @import { Known } from './ranges.js' */

/**
 * @typedef {{ kind: 'manifest', bytes: Uint8Array<ArrayBuffer>, base: string }
 *   | { kind: 'whole', bytes: Uint8Array<ArrayBuffer> }
 *   | { kind: 'parts', known: Known, front: Uint8Array<ArrayBuffer> }} Found `whole` came so because the server answers no ranges; `base` is where
 *   addresses in it count from
 */

/** Asked for at first: where a file begins with its movie header, most of them are in it. */
const FRONT = 64 << 10;
/** A file that can only be had whole is fetched when it has no more; nor has a manifest. */
const WHOLE_MOST = 16 << 20;
/** A segment has no more. */
const SEGMENT_MOST = 64 << 20;

/**
 * @typedef {object} Options
 * @property {Count} count
 * @property {() => void} moved
 * @property {AbortSignal} signal
 */

/**
 * @param {URL} url
 * @param {Options} options
 * @returns {Promise<Found>}
 */
export async function probe(url, options) {
  const asked = { start: 0, end: FRONT };
  const once = () => ask(url.href, asked, { ...options, most: WHOLE_MOST });
  const judge = (/** @type {Answer} */ { status }) =>
    status === 200 || status === 206 || status === 416 ? null : statusFault(status);
  const answer = await first(once, judge, url, options);
  // A file without a byte has no part that begins at its first.
  if (answer.status === 416) throw errorOf(answer.total === 0 ? fault('empty') : statusFault(416));
  return answer.status === 200 ? whole(answer) : parted(answer, url, asked, options);
}

/**
 * The first question to an address.
 * @param {() => Promise<Answer>} once
 * @param {(answer: Answer) => Fault | null} judge
 * @param {URL} url
 * @param {Options} options
 */
async function first(once, judge, url, options) {
  try {
    return await persist(once, judge, options.signal, false);
  } catch (error) {
    const answer = await diagnosed(error, url, once, options);
    const wrong = judge(answer);
    if (wrong) throw errorOf(wrong);
    return answer;
  }
}

/**
 * All of what is behind an address, or of a range of it: a segment.
 * @param {URL} url
 * @param {{ start: number, end: number } | null} range
 * @param {Options & { ahead?: boolean }} options `ahead`: the file may end before the range does
 */
export async function fetchAll(url, range, options) {
  const unknown = { size: Infinity, tag: '', modified: '' };
  const most = range ? range.end - range.start : SEGMENT_MOST;
  const once = () => ask(url.href, range, { ...options, most });
  const judge = (/** @type {Answer} */ answer) => {
    if (range) {
      const { start, end } = range;
      const last = options.ahead ? Math.min(end, start + (answer.bytes.length || end)) : end;
      return judgePart({ ...answer, total: null }, { start, end: last }, unknown);
    }
    if (answer.status !== 200) return statusFault(answer.status);
    return answer.whole ? null : fault('long');
  };
  const { bytes } = await first(once, judge, url, options);
  if (bytes.length === 0) throw errorOf(fault('empty'));
  return bytes;
}

/** @param {Answer} answer to a question for a part, which has all of it @returns {Found} */
function whole({ bytes, whole, length, url }) {
  if (!whole) throw errorOf(length === null ? fault('ranges') : tooLongWhole(length));
  if (bytes.length === 0) throw errorOf(fault('empty'));
  return kindOf(bytes) === 'manifest' ? { kind: 'manifest', bytes, base: url } : { kind: 'whole', bytes };
}

/**
 * @param {Answer} answer
 * @param {URL} url
 * @param {{ start: number, end: number }} asked
 * @param {Options} options
 * @returns {Promise<Found>}
 */
async function parted(answer, url, asked, options) {
  const { bytes, tag, modified, encoded, from, length } = answer;
  if (encoded || (length !== null && length !== bytes.length)) throw errorOf(fault('encoded'));
  if (from !== null && from !== 0) throw errorOf(fault('unsure'));
  const size = answer.total ?? (bytes.length < asked.end ? bytes.length : await sizeOf(url, options));
  if (bytes.length !== Math.min(asked.end, size)) throw errorOf(fault('changed'));
  const known = { size, tag, modified };
  if (kindOf(bytes) !== 'manifest') return { kind: 'parts', known, front: bytes };
  if (size > WHOLE_MOST) throw errorOf(tooLongWhole(size));
  if (size === bytes.length) return { kind: 'manifest', bytes, base: answer.url };
  const rest = await part(url.href, { start: bytes.length, end: size }, known, options);
  const all = new Uint8Array(size);
  all.set(bytes);
  all.set(rest, bytes.length);
  return { kind: 'manifest', bytes: all, base: answer.url };
}

/**
 * How long a file is where the answer to a question for a part does not say: every page may read the length of one for all of it.
 * @param {URL} url
 * @param {Options} options
 */
async function sizeOf(url, options) {
  const once = () => ask(url.href, null, { ...options, method: 'HEAD' });
  const { length, status, encoded } = await persist(once, () => null, options.signal);
  if (status !== 200 || length === null) throw errorOf(fault('size'));
  if (encoded) throw errorOf(fault('encoded'));
  return length;
}

/**
 * Why an address cannot be read: browsers do not tell pages, so that it is asked for in other ways. Where it is read after all,
 * the answer.
 * @param {any} error
 * @param {URL} url
 * @param {() => Promise<Answer>} once
 * @param {Options} options
 * @returns {Promise<Answer>}
 */
async function diagnosed(error, url, once, { signal, count, moved }) {
  if (error?.code !== 'remote-lost') throw error;
  /** @param {RequestInit} how */
  const answers = async (how) => {
    signal.throwIfAborted();
    count.requests++;
    moved();
    return fetch(url, { ...PLAIN, method: 'HEAD', signal, ...how }).catch(() => null);
  };
  const read = await answers({});
  signal.throwIfAborted();
  if (read) {
    // Servers that know no HEAD answer it, too; and it may have been a moment's fault.
    const again = await once().catch(() => null);
    signal.throwIfAborted();
    if (again) return again;
    throw errorOf(fault('preflight'));
  }
  const heard = await answers({ mode: 'no-cors' });
  signal.throwIfAborted();
  throw errorOf(fault(heard ? 'cors' : 'unreachable'));
}

/**
 * What bytes begin as, as far as it decides how they are read.
 * @param {Uint8Array} bytes
 */
function kindOf(bytes) {
  // Every second byte of UTF-16 is none here.
  const text = String.fromCharCode(...bytes.subarray(0, 1024).filter((byte) => byte > 0))
    .replace(/^(\u00ef\u00bb\u00bf|\u00ff\u00fe|\u00fe\u00ff)/, '')
    .trimStart();
  if (/^<(!doctype )?html/i.test(text)) throw errorOf(fault('page'));
  return text.startsWith('<') || text.startsWith('#EXTM3U') ? 'manifest' : 'media';
}
