/**
 * The workers of one run: those that protect, and after them the one that writes. The page makes them and carries
 * messages between them and the leading worker: in Firefox a worker that makes workers can wait for ever, and a port
 * between workers copies every buffer several times. Here buffers change hands and nothing is copied.
 */

import { beginDownload } from '../files/downloads.js';
import { environmentError, toPosted } from './errors.js';
import { dismiss, watch } from './lifeline.js';
import { startWorker } from './start-worker.js';

/** @import { Download } from '../files/downloads.js' */
/** @import { Assets, FromCrew, ToCrew } from './messages' */

/** How long a writing worker has to take back what it has half written, when nobody leads it any more. */
const LEAVING_MS = 5000;

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
  /** @type {'running' | 'cancelled' | 'finishing'} Decided here, once: a cancelled file is not finished, and the other way round. */
  #state = 'running';
  /** @type {(member: number, message: FromCrew, transfer: Transferable[]) => void} */
  onMessage = () => {};
  /** From now on the file becomes a result, whatever is pressed. */
  onFinishing = () => {};

  /**
   * @param {number} protectors how many
   * @param {Pick<Assets, 'protector' | 'writer'>} assets
   * @param {'chosen' | 'downloads' | null} lasting where the file stays when this page loses it
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
      chosen: 'what is at the chosen place',
      downloads: 'what the browser’s downloads have of it',
    };
    return environmentError(
      'finish-unknown',
      `The browser ended the part of this page that was finishing the file. Delete ${what[this.lasting]}, ` +
        'even if it looks complete, and protect the file again.',
    );
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
    // The key may be among these values, and what was posted is a copy.
    if ('setUp' in message) message.setUp.random.fill(0);
  }

  /** Ends all, after the writing worker has taken back what it has half written: nobody leads any more. */
  abandon() {
    if (this.#ended) return Promise.resolve();
    this.cancel();
    return new Promise((resolve) => {
      const end = () => {
        this.end();
        resolve(null);
      };
      const late = setTimeout(end, LEAVING_MS);
      const writer = this.#workers[this.writer];
      if (!writer || this.#failed.has(this.writer)) {
        clearTimeout(late);
        end();
        return;
      }
      this.#endProtectors();
      this.onMessage = (member, message) => {
        if (!('failed' in message || ('done' in message && message.aborted))) return;
        if (member !== this.writer) return;
        clearTimeout(late);
        end();
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
    const unsure = member === this.writer ? this.unsure : null;
    this.#failed.set(member, unsure ?? environmentError('engine-failed', why));
    this.#sayFailed(member);
  }

  /** @param {number} member */
  #sayFailed(member) {
    this.onMessage(member, { failed: toPosted(this.#failed.get(member)) }, []);
  }
}
