/**
 * The workers of one run: those that protect, and after them the one that writes. The page makes them and carries
 * messages between them and the leading worker: in Firefox a worker that makes workers can wait for ever, and a port
 * between workers copies every buffer several times. Here buffers change hands and nothing is copied.
 */

import { environmentError, toPosted } from './errors.js';
import { startWorker } from './start-worker.js';

/** @import { FromCrew, ToCrew } from './messages' */

export class Crew {
  #workers;
  /** @type {Set<number>} members that could not be started */
  #failed = new Set();
  /** @type {(member: number, message: FromCrew, transfer: Transferable[]) => void} */
  onMessage = () => {};

  /** @param {number} protectors how many */
  constructor(protectors) {
    const scripts = Array.from(
      { length: protectors },
      () => new URL('./protector-worker.js', import.meta.url),
    );
    scripts.push(new URL('./writer-worker.js', import.meta.url));
    this.#workers = scripts.map((script, member) => {
      const worker = startWorker(script);
      worker.onmessage = ({ data }) => this.onMessage(member, data.message, data.transfer);
      worker.onerror = (event) => {
        event.preventDefault();
        this.#failed.add(member);
        this.#sayFailed(member);
      };
      return worker;
    });
  }

  /**
   * @param {number} member
   * @param {ToCrew} message
   * @param {Transferable[]} transfer
   */
  post(member, message, transfer) {
    // Its failure may have been said before anybody listened.
    if (this.#failed.has(member)) this.#sayFailed(member);
    else this.#workers[member]?.postMessage(message, transfer);
  }

  /** @param {number} member */
  #sayFailed(member) {
    const error = environmentError('engine-failed', 'A worker could not be started. Reload the page.');
    this.onMessage(member, { failed: toPosted(error) }, []);
  }

  end() {
    for (const worker of this.#workers) worker.terminate();
  }
}
