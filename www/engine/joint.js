/** Work that several calls wait for, done once. Each hears of its progress, and each can leave; without them it ends. */

import { cancelled } from '../files/faults.js';

/** @import { Progress } from '../types' */

/** @typedef {{ signal: AbortSignal, report: (progress: Progress) => void }} Waiting */

/** So long it goes on when nobody waits: who cancels often asks anew at once, as a form does while it is filled in. */
const GOES_ON_MS = 1000;

/** @template T */
export class Joint {
  #controller = new AbortController();
  /** @type {Set<Waiting>} */
  #waiting = new Set();

  /** @param {(running: Waiting) => Promise<T>} work */
  constructor(work) {
    const report = (/** @type {Progress} */ progress) => {
      for (const one of this.#waiting) one.report(progress);
    };
    this.done = work({ signal: this.#controller.signal, report });
  }

  /** Whether it was ended because nobody waited. */
  get left() {
    return this.#controller.signal.aborted;
  }

  /**
   * @param {Waiting} running
   * @returns {Promise<T>}
   */
  async wait(running) {
    const { signal } = running;
    this.#waiting.add(running);
    const aborted = new Promise((resolve) => {
      if (signal.aborted) resolve(null);
      else signal.addEventListener('abort', resolve, { once: true });
    });
    await Promise.race([this.done.catch(() => {}), aborted]);
    this.#waiting.delete(running);
    if (!signal.aborted) return this.done;
    setTimeout(() => {
      if (this.#waiting.size === 0) this.#controller.abort(cancelled());
    }, GOES_ON_MS);
    throw signal.reason;
  }
}
