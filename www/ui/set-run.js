/** One job over several files: each in its turn, what came of it, and whether it is right. */

/** @import { ProtectResult, SetEntry, SetPlan, Title, Verification } from '../types.d.ts' */
/** @import { RunBar } from './run-bar.js' */
/** @import { FileState, Store, View } from './store.js' */

import { canPickFolder, download, downloadAddress, pickFolder, removeIfEmpty } from '../files/save.js';
import { assertFree, copyInto, writeText } from '../files/set-folder.js';
import { hasStorage } from '../files/stored.js';
import { zipOf } from '../files/zip-of.js';
import { button, h, setText } from './dom.js';
import { faultOf } from './fault.js';
import * as format from './format.js';
import { mayLoseKey } from './key-sheet.js';
import { say } from './live.js';
import { paced } from './pace.js';
import { manifestsOf } from './set-manifests.js';
import { setSheet } from './set-sheet.js';

/**
 * What became of one file. `blob` gives what was written.
 * @typedef {object} Done
 * @property {SetEntry} entry
 * @property {'waiting' | 'running' | 'done' | 'failed' | 'left'} state
 * @property {string} message
 * @property {ProtectResult | null} result
 * @property {Verification | null} check
 * @property {HTMLElement} line
 */

export class SetRun {
  #stop = new AbortController();
  /** @type {FileSystemDirectoryHandle | null} */
  #folder = null;
  /** @type {(() => void)[]} */
  #releases = [];
  /** Manifests that are in no folder. @type {import('../types.d.ts').WrittenManifest[]} */
  #texts = [];

  /**
   * @param {Store} store
   * @param {SetPlan} plan which is closed with it
   * @param {Title[]} titles
   * @param {RunBar} bar
   * @param {object} how
   * @param {boolean} how.verifies
   * @param {string[]} how.forms of manifests
   * @param {(file: number, view: View) => void} how.go
   */
  constructor(store, plan, titles, bar, { verifies, forms, go }) {
    this.store = store;
    this.plan = plan;
    this.titles = titles;
    this.bar = bar;
    this.verifies = verifies;
    this.forms = /** @type {('smooth' | 'dash' | 'hls')[]} */ (forms);
    this.manifests = h('div', { class: 'set-written' });
    this.go = go;
    this.running = false;
    /** @type {Promise<void>} */
    this.done = Promise.resolve();
    /** @type {Done[]} */
    this.all = plan.entries.map((entry) => ({
      entry,
      state: 'waiting',
      message: '',
      result: null,
      check: null,
      line: h('li', {}),
    }));
    this.head = h('h2', { tabindex: -1 });
    this.text = h('p', {});
    this.keys = h('p', { class: 'save-line' });
    this.element = h(
      'section',
      { class: 'set-run', 'aria-label': 'What was made' },
      this.head,
      this.text,
      this.keys,
      h('ul', { class: 'set-files' }, ...this.all.map(({ line }) => line)),
      this.manifests,
    );
  }

  /** The open file that an entry is made from; none where several were put together for it. @param {SetEntry} entry */
  #file({ media }) {
    return this.store.state.files.find((file) => file.media === media) ?? null;
  }

  /** Asks where it goes, and begins. Answers whether it did. */
  async begin() {
    /** @type {FileState[]} */
    const files = [...new Set(this.plan.entries.flatMap((entry) => this.#file(entry) ?? []))];
    const busy = files.find(({ phase }) => phase === 'protecting');
    if (busy)
      throw new Error(`${busy.name} is being protected by itself. Wait until that ends, or cancel it.`);
    for (const file of files) if (!(await mayLoseKey(this.store, file, 'again'))) return false;
    if (canPickFolder()) {
      this.#folder = await pickFolder();
      if (!this.#folder) return false;
      await assertFree(
        this.#folder,
        this.plan.entries.map(({ name }) => name),
      );
    }
    this.running = true;
    this.done = this.#run();
    return true;
  }

  async #run() {
    const total = this.plan.entries.reduce((sum, { plan }) => sum + plan.sizeAfter, 0);
    let before = 0;
    for (const one of this.all) {
      const size = one.entry.plan.sizeAfter;
      const from = before;
      const report = paced((/** @type {number} */ done) => {
        if (this.running) this.bar.update({ stage: 'protect', done: from + Math.min(done, size), total });
      }, 60);
      this.#set(one, this.#stop.signal.aborted ? 'left' : 'running');
      this.#tell(`Making ${one.entry.name}.`);
      if (one.state === 'running') await this.#make(one, report);
      before += size;
    }
    if (this.forms.length && !this.#stop.signal.aborted) await this.#writeManifests();
    if (this.verifies && !this.#stop.signal.aborted) await this.#verify();
    this.running = false;
    this.bar.update(null);
    this.#end();
  }

  /**
   * @param {Done} one
   * @param {(done: number) => void} report
   */
  async #make(one, report) {
    const { entry } = one;
    const file = this.#file(entry);
    const { signal } = this.#stop;
    /** @type {FileSystemFileHandle | null} */
    let sink = null;
    try {
      if (entry.same !== null) {
        const twin = this.all[entry.same];
        if (!twin?.result) throw new Error('The file that it would be a copy of was not made.');
        if (this.#folder)
          await copyInto(this.#folder, entry.name, await twin.result.file(), { signal, onProgress: report });
        one.result = twin.result;
        this.#set(one, 'done');
        return;
      }
      if (file) this.store.dispatch({ type: 'protecting', id: file.id, total: entry.plan.sizeAfter });
      sink = this.#folder ? await this.#folder.getFileHandle(entry.name, { create: true }) : null;
      const follow = paced((/** @type {import('../types.d.ts').Progress} */ progress) => {
        if (progress.stage === 'protect') report(progress.done);
        if (file) this.store.dispatch({ type: 'progress', id: file.id, progress });
      }, 60);
      one.result = await entry.media.protect(entry.plan, {
        signal,
        name: entry.name,
        ...(sink ? { sink } : {}),
        download: !sink && !(await hasStorage()),
        onProgress: follow,
      });
      if (file) {
        const savedAs = sink ? sink.name : null;
        const { result } = one;
        const keyIsNew = this.plan.keysAreNew;
        this.store.dispatch({
          type: 'protected',
          id: file.id,
          result,
          savedAs,
          verify: false,
          saves: false,
          keyIsNew,
        });
      }
      this.#set(one, 'done');
    } catch (error) {
      if (sink) await removeIfEmpty(sink);
      const fault = signal.aborted ? null : faultOf(error, 'write');
      const ended = fault ? 'failed' : 'cancelled';
      if (file && this.store.file(file.id))
        this.store.dispatch({ type: 'stopped', id: file.id, ended, fault });
      one.message = fault?.message ?? '';
      this.#set(one, fault ? 'failed' : 'left');
    }
  }

  /** Writes the manifests of what was made for streaming. */
  async #writeManifests() {
    for (const [number, title] of this.titles.entries()) {
      const made = this.all.flatMap(({ entry, result }) =>
        result && entry.title === number && entry.use === 'streaming' && result.place !== 'downloads'
          ? [{ name: entry.name, result }]
          : [],
      );
      if (!made.length) continue;
      this.#tell(`Writing the manifests of ${title.name}.`);
      try {
        const { files, notes } = await manifestsOf(made, { name: title.name, forms: this.forms });
        const lines = [];
        for (const file of files) {
          if (this.#folder) await writeText(this.#folder, file.name, file.text);
          else this.#texts.push(file);
          const blob = new Blob([file.text], { type: file.mime });
          const save = this.#folder
            ? ''
            : button('Save', () => download(blob, file.name), { class: 'button small' });
          lines.push(h('li', { class: 'done' }, h('strong', {}, file.name), save));
        }
        this.manifests.append(
          h('h3', {}, this.titles.length > 1 ? `Manifests of ${title.name}` : 'Manifests'),
          h('ul', { class: 'set-files' }, ...lines),
          ...notes.map(({ severity, message }) =>
            h(
              'p',
              { class: severity === 'note' ? 'quiet' : 'warning' },
              h('strong', {}, severity === 'error' ? 'Left out: ' : 'Note: '),
              message,
            ),
          ),
        );
      } catch (error) {
        const { message } = faultOf(error, 'result');
        this.manifests.append(
          h('p', { class: 'fault-line' }, `The manifests of ${title.name} could not be written. ${message}`),
        );
      }
    }
  }

  /** Reads what was written once more, file by file. */
  async #verify() {
    const made = this.all.filter(
      ({ result, entry }) => result && entry.same === null && result.place !== 'downloads',
    );
    const total = made.reduce((sum, { result }) => sum + (result?.size ?? 0), 0);
    let before = 0;
    for (const one of made) {
      const { result } = one;
      if (!result || this.#stop.signal.aborted) return;
      const from = before;
      this.#tell(`Checking ${one.entry.name}.`);
      try {
        one.check = await result.verify({
          signal: this.#stop.signal,
          onProgress: paced(({ done, total: all }) => {
            const here = all ? (done / all) * result.size : 0;
            if (this.running) this.bar.update({ stage: 'verify', done: from + here, total });
          }, 60),
        });
      } catch (error) {
        if (!this.#stop.signal.aborted) one.message = faultOf(error, 'result').message;
      }
      before += result.size;
      this.#set(one, one.state);
    }
  }

  /** @param {string} sentence */
  #tell(sentence) {
    setText(this.head, sentence);
    setText(this.text, 'Files that are done stay when it is cancelled.');
  }

  /** @param {Done} one @param {Done['state']} state */
  #set(one, state) {
    one.state = state;
    const { entry, result, check, message, line } = one;
    const file = this.#file(entry);
    const words = {
      waiting: 'waits',
      running: 'is being made…',
      done: result ? `${format.bytes(result.size)}, made` : 'made',
      failed: 'was not made.',
      left: 'was not made: it was cancelled.',
    };
    const checked = check
      ? check.ok
        ? ', and checked: every sample is the source’s'
        : `, and something is wrong with it: ${check.faults[0]?.message ?? ''}`
      : '';
    line.className = check && !check.ok ? 'failed' : state;
    line.replaceChildren(
      h('strong', {}, entry.name),
      h('span', {}, ` ${words[state]}${checked} ${message}`),
      this.#saving(one) ?? '',
      file && result && entry.same === null
        ? button('Show its result', () => this.go(file.id, 'result'), { class: 'link' })
        : '',
    );
  }

  /** A link to save what is not in a folder. @param {Done} one */
  #saving({ result, entry, state }) {
    if (!result || this.#folder || state !== 'done' || result.place === 'downloads') return null;
    const save = h('a', { class: 'button small', download: entry.name, 'aria-disabled': 'true' }, 'Save');
    // By another type browsers take another ending.
    const type = entry.use === 'download' ? 'video/mp4' : 'application/octet-stream';
    result.file().then(
      (file) => {
        const { address, release } = downloadAddress(new File([file], entry.name, { type }));
        this.#releases.push(release);
        save.href = address;
        save.removeAttribute('aria-disabled');
      },
      () => save.remove(),
    );
    return save;
  }

  #end() {
    const made = this.all.filter(({ state }) => state === 'done');
    const wrong = made.filter(({ check }) => check && !check.ok);
    const cancelled = this.#stop.signal.aborted;
    const whole = made.length === this.all.length;
    setText(
      this.head,
      whole
        ? `${format.counted(made.length, 'file is', 'files are')} protected.`
        : `${made.length} of ${format.counted(this.all.length, 'file')} ${made.length === 1 ? 'is' : 'are'} protected.`,
    );
    const where = this.#folder ? `They are in the folder “${this.#folder.name}”.` : '';
    setText(
      this.text,
      [
        cancelled ? 'The rest was cancelled.' : whole ? '' : 'What failed can be tried again.',
        wrong.length ? `${format.counted(wrong.length, 'file')} did not pass the check.` : '',
        made.length ? where : '',
      ]
        .filter(Boolean)
        .join(' '),
    );
    if (made.length) this.#offerKeys(made);
    if (made.length > 1 && !this.#folder) this.#offerArchive(made);
    say(`${this.head.textContent} ${this.text.textContent}`);
  }

  /** @param {Done[]} made */
  #offerKeys(made) {
    const state = h('span', { class: 'quiet', role: 'status' });
    const save = async () => {
      try {
        for (const [number, title] of this.titles.entries()) {
          const own = made.filter(({ entry }) => entry.title === number && entry.same === null);
          const sheet = await setSheet(own.flatMap(({ result }) => result ?? []));
          if (!sheet) continue;
          const json = `${JSON.stringify(sheet, null, 2)}\n`;
          download(new Blob([json], { type: 'application/json' }), `${title.name}.keys.json`);
        }
        setText(state, 'Saved. It holds the key: treat it like a password.');
        for (const { entry } of made) {
          const file = this.#file(entry);
          if (file) this.store.dispatch({ type: 'kept', id: file.id });
        }
      } catch (error) {
        setText(state, `The key sheet could not be made. ${faultOf(error, 'result').message}`);
      }
    };
    const several = this.titles.length > 1;
    this.keys.replaceChildren(
      button(several ? 'Save the key sheets' : 'Save the key sheet', () => void save(), {
        class: this.plan.keysAreNew ? 'button primary' : 'button',
        id: 'set-keys',
      }),
      state,
    );
  }

  /** All in one download. @param {Done[]} made */
  #offerArchive(made) {
    const kept = made.filter(({ result }) => result && result.place !== 'downloads');
    const state = h('span', { class: 'quiet', role: 'status' });
    const save = async () => {
      all.disabled = true;
      try {
        const files = await Promise.all(
          kept.map(async ({ entry, result }) => ({
            name: entry.name,
            blob: await /** @type {ProtectResult} */ (result).file(),
          })),
        );
        for (const { name, text } of this.#texts) files.push({ name, blob: new File([text], name) });
        const total = files.reduce((sum, { blob }) => sum + blob.size, 0);
        const report = paced(
          (/** @type {number} */ done) => setText(state, format.percent(done / total)),
          60,
        );
        const [title] = this.titles;
        download(
          await zipOf(files, report),
          `${(this.titles.length === 1 && title?.name) || 'protected'}.zip`,
        );
        setText(state, '');
      } catch (error) {
        setText(state, faultOf(error, 'result').message);
      } finally {
        all.disabled = false;
      }
    };
    const all = button('Save all as one ZIP', () => void save(), { id: 'set-zip' });
    this.keys.append(all, state);
  }

  focus() {
    this.head.focus();
  }

  cancel() {
    this.#stop.abort(new DOMException('cancelled', 'AbortError'));
  }

  close() {
    this.cancel();
    for (const release of this.#releases) release();
    this.plan.close();
    this.element.remove();
  }
}
