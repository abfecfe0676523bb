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

export class Bridge {
  #worker = new Worker(new URL('./worker.js', import.meta.url), { type: 'module' });
  #next = 1;
  /** @type {Map<number, Call>} */
  #calls = new Map();
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
   * @returns {Promise<Methods[M]['result']>}
   */
  call(method, args, options = {}) {
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
      this.#worker.postMessage({ id, method, args });
    });
  }

  /** Ends the worker and all it was doing. */
  close() {
    this.#worker.terminate();
    this.#break(environmentError('closed', 'This file was closed.'));
  }

  /** @param {FromLead} message */
  #receive(message) {
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
