/** Parts of a file behind an address: each is asked for until it comes, and is held to what is known of the file. */

import { ask, Lost } from './ask.js';
import { errorOf, fault, statusFault } from './faults.js';

/** @import { Answer, Count } from './ask.js' */
/** @import { Fault } from './faults.js' */

/** What is known of a file that is open. @typedef {{ size: number, tag: string, modified: string }} Known */

/** Between one try and the next. */
const PAUSES_MS = [400, 1200, 3000];

/**
 * @param {number} ms
 * @param {AbortSignal | undefined} signal
 */
const pause = (ms, signal) =>
  new Promise((resolve, reject) => {
    const end = () => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', end);
      resolve(undefined);
    }, ms);
    signal?.addEventListener('abort', end, { once: true });
  });

/**
 * Asks until there is an answer, or none is to be had.
 * @param {() => Promise<Answer>} once
 * @param {(answer: Answer) => Fault | null} judge
 * @param {AbortSignal | undefined} signal
 * @param {boolean} [patient] whether to ask again where there was no answer at all
 * @returns {Promise<Answer>}
 */
export async function persist(once, judge, signal, patient = true) {
  for (let turn = 0; ; turn++) {
    const answer = await once().catch((error) => {
      if (error instanceof Lost) return error;
      throw error;
    });
    const wrong = answer instanceof Lost ? fault(answer.why) : judge(answer);
    if (!wrong && !(answer instanceof Lost)) return answer;
    const wait = PAUSES_MS[turn];
    const over = wait === undefined || (!patient && answer instanceof Lost && answer.why === 'lost');
    if (wrong && (over || !wrong.passing)) throw errorOf(wrong);
    await pause(wait ?? 0, signal);
  }
}

/**
 * What is wrong with the answer to a question for a part, if anything is.
 * @param {Answer} answer
 * @param {{ start: number, end: number }} range
 * @param {Known} known
 * @returns {Fault | null}
 */
export function judgePart(answer, { start, end }, { size, tag, modified }) {
  const { status, from, total, bytes, length, encoded } = answer;
  if (status === 200) return fault('ranges');
  if (status !== 206) return statusFault(status);
  if (encoded) return fault('encoded');
  if (total !== null && total !== size) return fault('changed');
  if (
    (tag && answer.tag && answer.tag !== tag) ||
    (modified && answer.modified && answer.modified !== modified)
  )
    return fault('changed');
  if (from !== null && from !== start) return fault('unsure');
  // Headers tell of the bytes on the way, and these were others.
  if (length !== null && length !== bytes.length) return fault('encoded');
  if (bytes.length === end - start) return null;
  return bytes.length > end - start ? fault('unsure') : fault('changed');
}

/**
 * One part of a file that is open.
 * @param {string} url
 * @param {{ start: number, end: number }} range
 * @param {Known} known
 * @param {{ count: Count, moved: () => void, signal?: AbortSignal }} options
 */
export async function part(url, range, known, options) {
  const most = range.end - range.start;
  const once = () => ask(url, range, { ...options, most });
  const { bytes } = await persist(once, (answer) => judgePart(answer, range, known), options.signal);
  return bytes;
}
