/** The page's end of a leading worker: methods become promises, signals become messages. */

import { environmentError, fromPosted } from './errors.js';
import { startWorker } from './start-worker.js';

/** @import { Crew } from './crew.js' */
/** @import { FromLead, Method, Methods, ToLead } from './messages' */
/** @import { Progress } from '../types' */

/**
 * @typedef {object} Call
 * @property {(value: any) => void} resolve
 * @property {(reason: unknown) => void} reject
 * @property {((progress: Progress) => void) | undefined} onProgress
 */

/**
 * What a call can have besides its arguments. A crew works for it, and ends with it.
 * @typedef {object} CallOptions
 * @property {AbortSignal | undefined} [signal]
 * @property {((progress: Progress) => void) | undefined} [onProgress]
 * @property {Crew} [crew]
 */

/** A closed worker has this long to take back what it has half written. */
const LEAVING_MS = 5000;

export class Bridge {
  #worker = startWorker(new URL('./worker.js', import.meta.url));
  #next = 1;
  /** @type {Map<number, Call>} */
  #calls = new Map();
  /** @type {Set<number>} calls that a closed worker has still to end */
  #leaving = new Set();
  /** @type {Map<number, Crew>} of calls that the worker has still to end */
  #crews = new Map();
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
      this.#end();
    };
  }

  /**
   * Calls a method of the worker.
   * @template {Method} M
   * @param {M} method
   * @param {Methods[M]['args']} args
   * @param {CallOptions} [options]
   * @returns {Promise<Methods[M]['result']>}
   */
  call(method, args, { signal, onProgress, crew } = {}) {
    if (this.#broken || signal?.aborted) {
      crew?.end();
      return Promise.reject(this.#broken ?? signal?.reason);
    }
    const id = this.#next++;
    return new Promise((resolve, reject) => {
      const abort = () => this.#post({ id, abort: true });
      signal?.addEventListener('abort', abort, { once: true });
      const settled = () => signal?.removeEventListener('abort', abort);
      this.#calls.set(id, {
        resolve: (value) => (settled(), resolve(value)),
        reject: (reason) => (settled(), reject(reason)),
        onProgress,
      });
      if (crew) {
        this.#crews.set(id, crew);
        crew.onMessage = (from, message, transfer) => this.#post({ id, from, message }, transfer);
      }
      this.#post({ id, method, args: /** @type {any} */ (args) });
    });
  }

  /** Ends the worker and all it was doing: callers hear of it at once. */
  close() {
    this.#leaving = new Set(this.#calls.keys());
    this.#break(environmentError('closed', 'This file was closed.'));
    // What is half written is taken back first; a worker that is stuck is not waited for.
    for (const id of this.#leaving) this.#post({ id, abort: true });
    setTimeout(() => this.#end(), this.#leaving.size ? LEAVING_MS : 0);
  }

  /**
   * @param {ToLead} message
   * @param {Transferable[]} [transfer]
   */
  #post(message, transfer = []) {
    this.#worker.postMessage(message, transfer);
  }

  /** @param {FromLead} message */
  #receive(message) {
    if ('to' in message) {
      this.#crews.get(message.id)?.post(message.to, message.message, message.transfer);
      return;
    }
    if (!('progress' in message)) {
      this.#crews.get(message.id)?.end();
      this.#crews.delete(message.id);
      if (this.#leaving.delete(message.id) && this.#leaving.size === 0) this.#end();
    }
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

  #end() {
    this.#worker.terminate();
    for (const crew of this.#crews.values()) crew.end();
    this.#crews.clear();
  }

  /** @param {unknown} reason */
  #break(reason) {
    this.#broken ??= reason;
    for (const call of this.#calls.values()) call.reject(reason);
    this.#calls.clear();
  }
}
