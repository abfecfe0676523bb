/** The page's end of a leading worker: methods become promises, signals become messages. */

import { environmentError, fromPosted } from './errors.js';

/** @import { FromLead, Method, Methods } from './messages' */
/** @import { Progress } from '../types' */

/**
 * @typedef {object} Call
 * @property {(value: any) => void} resolve
 * @property {(reason: unknown) => void} reject
 * @property {((progress: Progress) => void) | undefined} onProgress
 */

/** A closed worker has this long to take back what it has half written. */
const LEAVING_MS = 5000;

export class Bridge {
  #worker = new Worker(new URL('./worker.js', import.meta.url), { type: 'module' });
  #next = 1;
  /** @type {Map<number, Call>} */
  #calls = new Map();
  /** @type {Set<number>} calls that a closed worker has still to end */
  #leaving = new Set();
  /** @type {unknown} Why no further call can be made. */
  #broken;

  constructor() {
    this.#worker.onmessage = (event) => this.#receive(event.data);
    this.#worker.onerror = (event) => {
      event.preventDefault();
      const why = event.message ? `: ${event.message}` : '';
      this.#break(
        environmentError('engine-failed', `The engine could not be started${why}. Reload the page.`),
      );
    };
  }

  /**
   * Calls a method of the worker.
   * @template {Method} M
   * @param {M} method
   * @param {Methods[M]['args']} args
   * @param {{ signal?: AbortSignal | undefined, onProgress?: ((progress: Progress) => void) | undefined }} [options]
   * @param {Transferable[]} [transfer]
   * @returns {Promise<Methods[M]['result']>}
   */
  call(method, args, options = {}, transfer = []) {
    const { signal, onProgress } = options;
    if (this.#broken) return Promise.reject(this.#broken);
    if (signal?.aborted) return Promise.reject(signal.reason);
    const id = this.#next++;
    return new Promise((resolve, reject) => {
      const abort = () => this.#worker.postMessage({ id, abort: true });
      signal?.addEventListener('abort', abort, { once: true });
      const settled = () => signal?.removeEventListener('abort', abort);
      this.#calls.set(id, {
        resolve: (value) => (settled(), resolve(value)),
        reject: (reason) => (settled(), reject(reason)),
        onProgress,
      });
      this.#worker.postMessage({ id, method, args }, transfer);
    });
  }

  /** Ends the worker and all it was doing: callers hear of it at once. */
  close() {
    this.#leaving = new Set(this.#calls.keys());
    this.#break(environmentError('closed', 'This file was closed.'));
    // What is half written is taken back first; a worker that is stuck is not waited for.
    for (const id of this.#leaving) this.#worker.postMessage({ id, abort: true });
    setTimeout(() => this.#worker.terminate(), this.#leaving.size ? LEAVING_MS : 0);
  }

  /** @param {FromLead} message */
  #receive(message) {
    if (!('progress' in message) && this.#leaving.delete(message.id) && this.#leaving.size === 0)
      this.#worker.terminate();
    const call = this.#calls.get(message.id);
    if (!call) return;
    if ('progress' in message) {
      call.onProgress?.(message.progress);
      return;
    }
    this.#calls.delete(message.id);
    if ('error' in message) call.reject(fromPosted(message.error));
    else call.resolve(message.result);
  }

  /** @param {unknown} reason */
  #break(reason) {
    this.#broken ??= reason;
    for (const call of this.#calls.values()) call.reject(reason);
    this.#calls.clear();
  }
}
