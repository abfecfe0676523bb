/**
 * Sends parts, a few at a time, and those that failed again later. What decides is the schedule, which knows no clock and
 * no network; `transfer` does what it says.
 */

import { asError } from '../files/faults.js';
import { faultOf, isGood, LATE, LOST, meaningOf } from './answers.js';

/** @import { Answer, Meaning } from './answers.js' */

/** Parts under way at once. */
export const AT_ONCE = 4;
/** How often one part is tried. */
const TRIES = 7;
const FIRST_MS = 500;
const LONGEST_MS = 20_000;
/** So many parts that arrive make up for one time that the storage was too busy. */
const RECOVERED = 8;

/**
 * How long to wait before part is tried again: twice as long each time, and not all at the same moment.
 * @param {number} tries so far
 * @param {number} random 0 to 1
 * @param {number} [asked] what the storage asks for, in ms
 */
export function pauseAfter(tries, random, asked = 0) {
  const most = Math.min(LONGEST_MS, FIRST_MS * 2 ** (tries - 1));
  return Math.max(Math.min(asked, 6 * LONGEST_MS), most * (0.5 + random / 2));
}

/** Which part is to be sent next, and what becomes of one that failed. */
export class Schedule {
  /** @type {number[]} */
  #waiting;
  /** @type {Map<number, number>} */
  #tries = new Map();
  #limit;
  #most;
  #arrived = 0;
  running = 0;
  /** Parts that wait for their next time. */
  paused = 0;

  /**
   * @param {readonly number[]} indexes
   * @param {number} [most] at once
   */
  constructor(indexes, most = AT_ONCE) {
    this.#waiting = [...indexes];
    this.#limit = most;
    this.#most = most;
  }

  get limit() {
    return this.#limit;
  }

  get done() {
    return this.#waiting.length === 0 && this.running === 0 && this.paused === 0;
  }

  /** A part to send now; undefined while there is none. */
  take() {
    if (this.running >= this.#limit) return undefined;
    const index = this.#waiting.shift();
    if (index !== undefined) this.running += 1;
    return index;
  }

  sent() {
    this.running -= 1;
    this.#arrived += 1;
    if (this.#limit < this.#most && this.#arrived % RECOVERED === 0) this.#limit += 1;
  }

  /**
   * A part failed: how long it pauses, or null when it was tried often enough.
   * @param {number} index
   * @param {boolean} busy whether the storage has too much to do
   * @param {number} random 0 to 1
   * @param {number} [asked] what the storage asks for, in ms
   */
  failed(index, busy, random, asked) {
    this.running -= 1;
    const tries = (this.#tries.get(index) ?? 0) + 1;
    this.#tries.set(index, tries);
    if (busy) this.#limit = Math.max(1, Math.floor(this.#limit / 2));
    if (tries >= TRIES) return null;
    this.paused += 1;
    return pauseAfter(tries, random, asked);
  }

  /** Its pause is over. @param {number} index */
  ready(index) {
    this.paused -= 1;
    this.#waiting.unshift(index);
  }
}

/**
 * What came of a request: an answer, or none.
 * @typedef {Answer | { lost: 'network' | 'late' }} Outcome
 */

/**
 * Waits, or ends at once when it is cancelled.
 * @typedef {(ms: number, signal: AbortSignal) => Promise<void>} Wait
 */

/** @type {Wait} */
export const wait = (ms, signal) =>
  new Promise((resolve, reject) => {
    if (signal.aborted) {
      reject(signal.reason);
      return;
    }
    const over = setTimeout(() => {
      signal.removeEventListener('abort', end);
      resolve();
    }, ms);
    const end = () => {
      clearTimeout(over);
      reject(signal.reason);
    };
    signal.addEventListener('abort', end, { once: true });
  });

/**
 * What an outcome that is not good means.
 * @param {Outcome} outcome
 * @returns {Meaning}
 */
export function failure(outcome) {
  if ('lost' in outcome) return { then: 'again', ...(outcome.lost === 'late' ? LATE : LOST) };
  return meaningOf(outcome);
}

/** @param {Outcome} outcome */
function asked(outcome) {
  const seconds = 'lost' in outcome ? 0 : Number(outcome.headers['retry-after']);
  return seconds > 0 ? seconds * 1000 : 0;
}

/**
 * @typedef {object} Means
 * @property {AbortSignal} signal
 * @property {Wait} wait
 * @property {() => number} random 0 to 1
 */

/**
 * Sends all parts, or fails with the first that cannot be sent.
 * @param {readonly number[]} indexes
 * @param {(index: number, signal: AbortSignal) => Promise<Outcome>} send
 * @param {(index: number, answer: Answer) => void} arrived
 * @param {Means & { most?: number }} means
 */
export async function transfer(indexes, send, arrived, { signal, wait, random, most = AT_ONCE }) {
  const schedule = new Schedule(indexes, most);
  const stop = new AbortController();
  const end = () => stop.abort(signal.reason);
  if (signal.aborted) end();
  signal.addEventListener('abort', end);
  /** @type {() => void} */
  let wake = () => {};
  /** @type {unknown} */
  let failed;
  const fail = (/** @type {unknown} */ error) => {
    failed ??= error;
    stop.abort(failed);
    wake();
  };
  const one = async (/** @type {number} */ index) => {
    const outcome = await send(index, stop.signal);
    if (!('lost' in outcome) && isGood(outcome)) {
      schedule.sent();
      arrived(index, outcome);
      return;
    }
    const meaning = failure(outcome);
    if (meaning.then !== 'again') throw faultOf(meaning);
    const pause = schedule.failed(index, !('lost' in outcome), random(), asked(outcome));
    if (pause === null) throw faultOf(meaning);
    void wait(pause, stop.signal).then(() => {
      schedule.ready(index);
      wake();
    }, fail);
  };
  /** @type {Set<Promise<void>>} */
  const running = new Set();
  try {
    while (!schedule.done && !stop.signal.aborted) {
      const index = schedule.take();
      if (index === undefined) {
        await new Promise((resolve) => void (wake = () => resolve(undefined)));
        continue;
      }
      const work = one(index)
        .catch(fail)
        .finally(() => {
          running.delete(work);
          wake();
        });
      running.add(work);
    }
    await Promise.all(running);
    if (signal.aborted) throw signal.reason;
    if (failed !== undefined) throw failed;
  } finally {
    signal.removeEventListener('abort', end);
  }
}

/**
 * One request, tried again like a part.
 * @param {(signal: AbortSignal) => Promise<Outcome>} send
 * @param {Means} means
 * @param {(answer: Answer) => boolean} [fits] whether an answer is wanted though it is none of success
 * @returns {Promise<Answer>}
 */
export async function once(send, means, fits = isGood) {
  for (let tries = 1; ; tries++) {
    const outcome = await send(means.signal);
    if (means.signal.aborted) throw means.signal.reason;
    if (!('lost' in outcome) && (isGood(outcome) || fits(outcome))) return outcome;
    const meaning = failure(outcome);
    if (meaning.then !== 'again' || tries >= TRIES) throw faultOf(meaning);
    await means.wait(pauseAfter(tries, means.random(), asked(outcome)), means.signal);
  }
}

/** @param {string} code @param {string} message */
export const stopped = (code, message) => asError({ code, message });
