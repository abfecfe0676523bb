/**
 * The page's end of a leading worker: methods become promises, signals become messages. A worker that fails is
 * discarded, and the next call gets a new one with the same file open in it.
 */

import { engineStopped, environmentError, fromPosted } from './errors.js';
import { keptEngine } from './kept.js';
import { dismiss, watch } from './lifeline.js';
import { startWorker } from './start-worker.js';
import { CHANGED } from '../files/faults.js';

/** @import { Crew } from './crew.js' */
/** @import { Assets, FromLead, MergedFile, Method, Methods, ToLead } from './messages' */
/** @import { Progress } from '../types' */

/**
 * @typedef {object} Call
 * @property {(value: any) => void} resolve
 * @property {(reason: unknown) => void} reject
 * @property {((progress: Progress) => void) | undefined} onProgress
 * @property {Crew | undefined} crew
 */

/**
 * What a call can have besides its arguments. A crew works for it, and ends with it.
 * @typedef {object} CallOptions
 * @property {AbortSignal | undefined} [signal]
 * @property {((progress: Progress) => void) | undefined} [onProgress]
 * @property {Crew} [crew]
 */

/** A cancelled run has this long to take back what it has half written; then it is taken from its leader. */
const CANCEL_MS = 1000;

export class Bridge {
  /** @type {Worker | null} */
  #worker = null;
  /** Whether it may hold a key. */
  #secret = false;
  #unwatch = () => {};
  #next = 1;
  /** @type {Map<number, Call>} */
  #calls = new Map();
  /** Why no further call can be made. @type {unknown} */
  #broken;
  /** @type {{ blob: Blob, files: MergedFile[], starts: number[] } | null} what is open */
  #source = null;
  /** What was found in it at first. */
  #found = '';
  /** @type {Promise<void> | null} */
  #reviving = null;

  /** @param {Assets} assets */
  constructor(assets) {
    this.assets = assets;
  }

  /**
   * @param {Blob} blob
   * @param {MergedFile[]} files those that become one, when there are several
   * @param {number[]} starts where the parts begin that it was put together of
   * @param {CallOptions} options
   */
  async open(blob, files, starts, options) {
    this.#start();
    const source = { blob, files, starts };
    const opened = await this.#load(source, options);
    this.#source = source;
    this.#found = JSON.stringify(opened);
    return opened;
  }

  /**
   * Calls a method of the worker.
   * @template {Method} M
   * @param {M} method
   * @param {Methods[M]['args']} args
   * @param {CallOptions} [options]
   * @returns {Promise<Methods[M]['result']>}
   */
  call(method, args, options = {}) {
    if (this.#worker && !this.#reviving) return this.#ask(method, args, options);
    return this.#revive().then(
      () => this.#ask(method, args, options),
      (error) => {
        options.crew?.end();
        throw error;
      },
    );
  }

  /** Ends the worker and all it was doing, but for a file that is being finished: callers hear of it at once. */
  close() {
    this.#broken ??= environmentError('closed', 'This file was closed.');
    this.#source = null;
    for (const [id, { crew, reject }] of this.#calls) {
      if (crew?.finishing) continue;
      this.#calls.delete(id);
      giveUp(crew, reject, this.#broken);
    }
    if (this.#calls.size === 0) this.#lose(this.#broken);
  }

  #start() {
    const worker = startWorker(this.assets.leader);
    this.#worker = worker;
    worker.onmessage = (event) => this.#receive(event.data);
    worker.onerror = (event) => {
      event.preventDefault();
      if (this.#worker !== worker) return;
      const message = event.message
        ? `The engine could not be started: ${event.message}.`
        : 'The engine could not be started, because the server or the network cannot be reached. ' +
          'Try again when it can; what is open stays open.';
      this.#lose(environmentError('engine-failed', message));
    };
    this.#unwatch = watch(worker, () => this.#lose(engineStopped()));
  }

  /**
   * @param {{ blob: Blob, files: MergedFile[], starts: number[] }} source
   * @param {CallOptions} options
   */
  #load(source, options) {
    return this.#ask('open', { ...source, look: keptEngine(this.assets.look) }, options);
  }

  /** A new worker, with the same file open in it. */
  #revive() {
    this.#reviving ??= this.#reopen().finally(() => {
      this.#reviving = null;
    });
    return this.#reviving;
  }

  async #reopen() {
    if (this.#broken) throw this.#broken;
    const source = this.#source;
    if (!source) throw engineStopped();
    this.#start();
    const again = await this.#load(source, {});
    if (JSON.stringify(again) === this.#found) return;
    const changed = environmentError(CHANGED.code, CHANGED.message);
    this.#lose(changed);
    throw changed;
  }

  /**
   * @template {Method} M
   * @param {M} method
   * @param {Methods[M]['args']} args
   * @param {CallOptions} options
   * @returns {Promise<Methods[M]['result']>}
   */
  #ask(method, args, { signal, onProgress, crew }) {
    const refused = this.#broken ?? (signal?.aborted ? signal.reason : undefined);
    if (refused !== undefined) {
      crew?.end();
      return Promise.reject(refused);
    }
    const id = this.#next++;
    this.#secret ||= method === 'plan' || method === 'protect';
    return new Promise((resolve, reject) => {
      const abort = () => this.#cancel(id, signal?.reason);
      signal?.addEventListener('abort', abort, { once: true });
      const settled = () => signal?.removeEventListener('abort', abort);
      this.#calls.set(id, {
        resolve: (value) => (settled(), resolve(value)),
        reject: (reason) => (settled(), reject(reason)),
        onProgress,
        crew,
      });
      if (crew) {
        crew.onMessage = (from, message, transfer) => this.#post({ id, from, message }, transfer);
        crew.onFinishing = () => onProgress?.({ stage: 'finish', done: 1, total: 1 });
      }
      this.#post({ id, method, args: /** @type {any} */ (args), engine: keptEngine(this.assets.engine) });
    });
  }

  /**
   * Answers whoever cancelled: at once, or when what was half written is gone, or a moment later whatever the workers do.
   * @param {number} id
   * @param {unknown} reason
   */
  #cancel(id, reason) {
    const call = this.#calls.get(id);
    if (!call) return;
    const { crew } = call;
    // What is being finished becomes a result.
    if (crew && !crew.cancel()) return;
    this.#post({ id, abort: true });
    if (!crew) {
      this.#calls.delete(id);
      call.reject(reason);
      return;
    }
    setTimeout(() => {
      if (this.#calls.get(id) !== call) return;
      this.#calls.delete(id);
      giveUp(crew, call.reject, reason);
      // Its leader may be stuck for good.
      this.#lose(engineStopped());
    }, CANCEL_MS);
  }

  /**
   * @param {ToLead} message
   * @param {Transferable[]} [transfer]
   */
  #post(message, transfer = []) {
    this.#worker?.postMessage(message, transfer);
  }

  /** @param {FromLead} message */
  #receive(message) {
    if ('alive' in message) return;
    const call = this.#calls.get(message.id);
    if ('to' in message) {
      call?.crew?.post(message.to, message.message, message.transfer);
      return;
    }
    if ('progress' in message) {
      call?.onProgress?.(message.progress);
      return;
    }
    this.#calls.delete(message.id);
    call?.crew?.end();
    if ('error' in message) {
      call?.reject(fromPosted(message.error));
      if (message.dead) this.#lose(engineStopped());
    } else call?.resolve(message.result);
    if (this.#broken && this.#calls.size === 0) this.#lose(this.#broken);
  }

  /**
   * Discards the worker.
   * @param {unknown} reason for those who wait for it
   */
  #lose(reason) {
    this.#unwatch();
    if (this.#worker && this.#secret) dismiss(this.#worker);
    else this.#worker?.terminate();
    this.#worker = null;
    this.#secret = false;
    const calls = [...this.#calls.values()];
    this.#calls.clear();
    for (const { crew, reject } of calls) giveUp(crew, reject, reason);
  }
}

/**
 * Ends a call that nobody answers any more, and all who work for it.
 * @param {Crew | undefined} crew
 * @param {(reason: unknown) => void} reject
 * @param {unknown} reason
 */
function giveUp(crew, reject, reason) {
  if (crew) void crew.abandon(reason).then(reject);
  else reject(reason);
}
