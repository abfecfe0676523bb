/**
 * The workers of one run: those that protect, and after them the one that writes. The page makes them and carries
 * messages between them and the leading worker: in Firefox a worker that makes workers can wait for ever, and a port
 * between workers copies every buffer several times. Here buffers change hands and nothing is copied.
 */

import { beginDownload } from '../files/downloads.js';
import { leftInFolder } from '../files/faults.js';
import { environmentError, toPosted } from './errors.js';
import { dismiss, watch } from './lifeline.js';
import { startWorker } from './start-worker.js';

/** @import { Download } from '../files/downloads.js' */
/** @import { Assets, FromCrew, ToCrew } from './messages' */

/** How long a writing worker has to take back what it has half written, when nobody leads it any more. */
const LEAVING_MS = 5000;

/** Most workers beside the leading one: beyond this the disk is what one waits for. */
const WORKERS_MAX = 8;

/**
 * How many workers protect: as many as were asked for, or as there are processors.
 * @param {{ workers?: number }} options
 */
export function workersOf({ workers }) {
  const cores = globalThis.navigator?.hardwareConcurrency ?? 2;
  return Math.max(1, Math.min(workers ?? cores, WORKERS_MAX));
}

export class Crew {
  #workers;
  #watches;
  /** @type {Map<number, Error>} members that do nothing any more, and why */
  #failed = new Map();
  #ended = false;
  /** Whether those that protect have been told to go. */
  #dismissed = false;
  /** Where the file goes, when the browser downloads it while it is made. @type {Download | null} */
  #download = null;
  /** Names of the files to write, when there are several. @type {string[]} */
  #files = [];
  /** So many of them were begun. */
  #begun = 0;
  /** @type {'running' | 'cancelled' | 'finishing'} Decided here, once: a cancelled file is not finished, and the other way round. */
  #state = 'running';
  /** @type {(member: number, message: FromCrew, transfer: Transferable[]) => void} */
  onMessage = () => {};
  /** From now on the file becomes a result, whatever is pressed. */
  onFinishing = () => {};

  /**
   * @param {number} protectors how many
   * @param {Pick<Assets, 'protector' | 'writer'>} assets
   * @param {'chosen' | 'folder' | 'downloads' | null} lasting where the file stays when this page loses it
   */
  constructor(protectors, assets, lasting) {
    this.writer = protectors;
    this.lasting = lasting;
    const scripts = Array.from({ length: protectors }, () => assets.protector);
    scripts.push(assets.writer);
    this.#workers = scripts.map((script, member) => {
      const worker = startWorker(script);
      worker.onmessage = ({ data }) => {
        if ('alive' in data) return;
        if ('finishing' in data.message) this.#finish();
        else if ('download' in data.message) void this.#beginDownload(data.message.download);
        else if ('streaming' in data.message) this.#download?.alive();
        else this.onMessage(member, data.message, data.transfer);
      };
      worker.onerror = (event) => {
        event.preventDefault();
        this.#fail(member, 'A worker could not be started. Try again; what is open stays open.');
      };
      return worker;
    });
    this.#watches = this.#workers.map((worker, member) =>
      watch(worker, () =>
        this.#fail(
          member,
          'The browser ended a part of this page, most often for want of memory. Close other tabs and try again.',
        ),
      ),
    );
  }

  get finishing() {
    return this.#state === 'finishing';
  }

  /** When whoever finishes the file, or leads that, is gone: what nobody can know any more; null where nothing stays. */
  get unsure() {
    if (!this.finishing || !this.lasting) return null;
    const what = {
      chosen: 'Delete what is at the chosen place, even if it looks complete, and try again.',
      folder: this.#left,
      downloads: 'Delete what the browser’s downloads have of it, even if it looks complete, and try again.',
    };
    return environmentError(
      'finish-unknown',
      `The browser ended the part of this page that was finishing the file. ${what[this.lasting]}`,
    );
  }

  /** What a folder may hold of a run that nobody took back; empty where nothing can be. */
  get #left() {
    const begun = this.#files.slice(0, this.#begun);
    return this.lasting === 'folder' && begun.length ? leftInFolder(begun).message : '';
  }

  /**
   * Takes care that the file is not finished.
   * @returns whether that could still be had
   */
  cancel() {
    if (this.#state === 'running') this.#state = 'cancelled';
    return this.#state === 'cancelled';
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
    if ('open' in message) {
      this.#files = message.files?.map(({ name }) => name) ?? [];
      this.#begun = 1;
    } else if ('next' in message) this.#begun++;
    // The key may be among these values, and what was posted is a copy.
    if ('setUp' in message) message.setUp.random.fill(0);
  }

  /**
   * Ends all of a run that nobody leads any more.
   * @param {unknown} reason
   * @returns {Promise<unknown>} what is to be told: the reason, at once, unless something may be left of the run
   */
  async abandon(reason) {
    const { unsure } = this;
    const takenBack = this.#takeBack();
    if (unsure || this.lasting !== 'folder') return unsure ?? reason;
    return !(await takenBack) && this.#left ? environmentError('left-in-folder', this.#left) : reason;
  }

  /**
   * Ends all, after the writing worker has taken back what it has half written.
   * @returns {Promise<boolean>} whether it has
   */
  #takeBack() {
    if (this.#ended) return Promise.resolve(true);
    this.cancel();
    return new Promise((resolve) => {
      const end = (/** @type {boolean} */ done) => {
        clearTimeout(late);
        this.end();
        resolve(done);
      };
      const late = setTimeout(end, LEAVING_MS, false);
      const writer = this.#workers[this.writer];
      if (!writer || this.#failed.has(this.writer)) {
        end(false);
        return;
      }
      this.#endProtectors();
      this.onMessage = (member, message) => {
        const aborted = 'done' in message && Boolean(message.aborted);
        if (member === this.writer && ('failed' in message || aborted)) end(aborted);
      };
      writer.postMessage({ abort: true });
    });
  }

  end() {
    this.#ended = true;
    this.#endProtectors();
    for (const stop of this.#watches) stop();
    this.#workers[this.writer]?.terminate();
    // One that was not finished has failed.
    this.#download?.end();
  }

  #endProtectors() {
    if (this.#dismissed) return;
    this.#dismissed = true;
    this.#workers.forEach((worker, member) => {
      if (member === this.writer) return;
      this.#watches[member]?.();
      dismiss(worker);
    });
  }

  /** @param {string} name */
  async #beginDownload(name) {
    const writer = this.#workers[this.writer];
    try {
      const download = await beginDownload(name);
      this.#download = download;
      if (this.#ended) download.end();
      else writer?.postMessage({ downloading: download.port }, [download.port]);
    } catch (error) {
      writer?.postMessage({ downloading: toPosted(error, 'write') });
    }
  }

  #finish() {
    if (this.#state === 'running') {
      this.#state = 'finishing';
      this.onFinishing();
    }
    this.#workers[this.writer]?.postMessage({ finish: this.finishing });
  }

  /**
   * @param {number} member
   * @param {string} why
   */
  #fail(member, why) {
    if (this.#failed.has(member)) return;
    const [unsure, left] = member === this.writer ? [this.unsure, this.#left] : [null, ''];
    const failed = left
      ? environmentError('left-in-folder', `${why} ${left}`)
      : environmentError('engine-failed', why);
    this.#failed.set(member, unsure ?? failed);
    this.#sayFailed(member);
  }

  /** @param {number} member */
  #sayFailed(member) {
    this.onMessage(member, { failed: toPosted(this.#failed.get(member)) }, []);
  }
}
