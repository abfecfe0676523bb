/** What a finished run leaves: where it is, its keys, and whether it is right. */

import { during } from '../files/faults.js';
import { discard } from '../files/stored.js';
import { ofArchive, ofFolder } from '../files/written.js';
import { callerError, environmentError } from './errors.js';
import { sheetOf } from './sheet.js';

/** @import * as Types from '../types' */
/** @import { Bridge } from './bridge.js' */
/** @import { Protected } from './messages' */
/** @import { Origin } from './several.js' */

/** @param {Protected} made */
function placeOf({ streamed, folder, stored, blob }) {
  if (folder) return 'folder';
  if (streamed) return 'downloads';
  if (stored) return 'storage';
  return blob ? 'memory' : 'chosen';
}

/** @implements {Types.ProtectResult} */
export class Result {
  #bridge;
  #made;
  #folder;
  /** @type {Promise<string> | undefined} */
  #hash;
  /** @type {string | null} once it is known */
  #sum = null;

  #verify;

  /**
   * @param {Bridge} bridge
   * @param {Protected} made
   * @param {string} name
   * @param {FileSystemDirectoryHandle | null} folder that it is in, where it is in one
   * @param {(written: Origin, options: Types.VerifyOptions) => Promise<Types.Verification>} verify against the source
   */
  constructor(bridge, made, name, folder, verify) {
    this.#bridge = bridge;
    this.#folder = folder;
    this.#verify = verify;
    this.#made = made;
    this.name = name;
    this.size = made.size;
    /** @type {Types.ProtectResult['place']} */
    this.place = placeOf(made);
    this.stored = made.stored;
    this.seconds = made.seconds;
    this.keys = made.keys;
    const [first] = made.keys;
    this.kid = first?.kid ?? null;
    this.key = first?.key ?? null;
    this.checksum = first?.checksum ?? null;
    this.scheme = made.scheme;
    this.form = made.form;
    this.profile = made.form;
    this.laUrl = made.laUrl;
    this.tracks = made.tracks;
    this.undoes = made.undoes;
    this.changes = made.changes;
    this.files = made.files;
    this.forTests = made.forTests;
    this.offline = made.offline;
    this.#sum = made.sha256;
  }

  /** Whether nothing of it can be read again here. */
  get #gone() {
    return this.place === 'folder' || this.place === 'downloads';
  }

  async file() {
    if (this.place === 'downloads')
      throw environmentError('no-copy', 'The new file is in the browser’s downloads; no copy is left here.');
    if (this.place === 'folder')
      throw environmentError(
        'no-copy',
        'The segments are in the folder that was chosen; there is no one file.',
      );
    const { handle, blob } = this.#made;
    const stored = handle ? await during('result', handle.getFile()) : blob;
    if (!stored) throw environmentError('gone', 'The new file is no longer there.');
    const type = this.files.length > 1 ? 'application/zip' : 'video/mp4';
    return new File([stored], this.name, { type });
  }

  /** @param {{ signal?: AbortSignal, onProgress?: (progress: Types.Progress) => void }} [options] */
  async sha256(options) {
    if (this.#sum) return this.#sum;
    const blob = await this.file();
    this.#hash ??= this.#bridge.call('hash', { blob }, options);
    this.#hash.then(
      (sum) => (this.#sum = sum),
      () => (this.#hash = undefined),
    );
    return this.#hash;
  }

  /**
   * @param {{ sha256?: 'wait' | 'if-known' }} [options]
   * @returns {Promise<Types.KeySheet>}
   */
  async keySheet({ sha256 = 'wait' } = {}) {
    const [first] = this.keys;
    if (!first) throw callerError('no-key', 'Nothing is protected in this file, so there is no key to list.');
    const sum = sha256 === 'wait' && !this.#gone ? await this.sha256() : this.#sum;
    return sheetOf(this.#made, first, this.name, sum);
  }

  /** @param {Types.VerifyOptions} [options] */
  async verify(options = {}) {
    return this.#verify(await this.#written(), options);
  }

  /**
   * @param {{ sums?: boolean, signal?: AbortSignal, onProgress?: (progress: Types.Progress) => void }} [options]
   * @returns {Promise<Types.WrittenFile[]>}
   */
  async listFiles({ sums = false, ...options } = {}) {
    const one = this.files.length === 1;
    if (this.place === 'downloads')
      return this.files.map((name) => ({
        name,
        ...(one ? { size: this.size } : {}),
        sha256: one ? this.#sum : null,
      }));
    if (one) {
      const sha256 = sums ? await this.sha256(options) : this.#sum;
      return this.files.map((name) => ({ name, size: this.size, sha256 }));
    }
    const parts = await this.#parts();
    const total = parts.reduce((sum, { size }) => sum + size, 0);
    const { signal, onProgress } = options;
    /** @type {Types.WrittenFile[]} */
    const list = [];
    let before = 0;
    for (const [number, blob] of parts.entries()) {
      const started = before;
      const told = (/** @type {Types.Progress} */ { stage, done }) =>
        onProgress?.({ stage, done: started + done, total });
      const asked = { ...(signal ? { signal } : {}), onProgress: told };
      const sha256 = sums ? await this.#bridge.call('hash', { blob }, asked) : null;
      list.push({ name: this.files[number] ?? '', size: blob.size, sha256 });
      before += blob.size;
    }
    return list;
  }

  /** The files that were written, each by itself. */
  async #parts() {
    const { places } = this.#made;
    return this.#folder
      ? during('result', ofFolder(this.#folder, this.files))
      : ofArchive(await this.file(), places ?? []);
  }

  /** What was written, as one file again. @returns {Promise<Origin>} */
  async #written() {
    const parts = await this.#parts();
    let end = 0;
    const starts = parts.map(({ size }) => (end += size) - size);
    return { blob: parts.length === 1 && parts[0] ? parts[0] : new Blob(parts), starts, files: [] };
  }

  async discard() {
    if (this.#made.stored) await discard(this.#made.stored);
    this.#made.blob = null;
  }
}
