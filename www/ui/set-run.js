/** One job over several files: each in its turn, what came of it, and whether it is right. */

/** @import { ProtectResult, SetEntry, SetPlan, Title, Verification } from '../types.d.ts' */
/** @import { RunBar } from './run-bar.js' */
/** @import { FileState, Store, View } from './store.js' */

import { canPickFolder, download, downloadAddress, pickFolder, removeIfEmpty } from '../files/save.js';
import { assertFree, copyInto, writeText } from '../files/set-folder.js';
import { hasStorage } from '../files/stored.js';
import { usedTwice } from '../engine/streams.js';
import { button, h, setText } from './dom.js';
import { faultOf } from './fault.js';
import * as format from './format.js';
import { mayLoseKey } from './key-sheet.js';
import { say } from './live.js';
import { paced } from './pace.js';
import { archiveButton } from './set-archive.js';
import { SetKeys } from './set-keys.js';
import { manifestsOf } from './set-manifests.js';
import { canView, viewerCard } from './viewer.js';

/**
 * What became of one file.
 * @typedef {object} Done
 * @property {SetEntry} entry
 * @property {'waiting' | 'running' | 'done' | 'failed' | 'left'} state
 * @property {string} message
 * @property {ProtectResult | null} result
 * @property {Verification | null} check
 * @property {HTMLElement} line
 */

/** How manifests end. */
const ENDINGS = { smooth: ['.ism', '.ismc'], dash: ['.mpd'], hls: ['.m3u8'] };

export class SetRun {
  #stop = new AbortController();
  /** @type {FileSystemDirectoryHandle | null} */
  #folder = null;
  /** @type {(() => void)[]} */
  #releases = [];
  /** Manifests that are in no folder. @type {import('../types.d.ts').WrittenManifest[]} */
  #texts = [];
  /** Ends with what was made. */
  #closed = new AbortController();

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
    this.actions = h('p', { class: 'save-line' });
    this.keys = new SetKeys(this);
    this.element = h(
      'section',
      { class: 'set-run', 'aria-label': 'What was made' },
      this.head,
      this.text,
      this.actions,
      h('ul', { class: 'set-files' }, ...this.all.map(({ line }) => line)),
      this.manifests,
    );
  }

  /** What was made. */
  get made() {
    return this.all.filter(({ state }) => state === 'done');
  }

  /** The open file that an entry is made from; none where several were put together for it. @param {SetEntry} entry */
  fileOf({ media }) {
    return this.store.state.files.find((file) => file.media === media) ?? null;
  }

  /**
   * Asks where it goes, and begins. Answers whether it did.
   * @param {SetRun | null} previous whose keys were asked about
   */
  async begin(previous) {
    /** @type {FileState[]} */
    const files = [...new Set(this.plan.entries.flatMap((entry) => this.fileOf(entry) ?? []))];
    const busy = files.find(({ phase }) => phase === 'protecting');
    if (busy)
      throw new Error(`${busy.name} is being protected by itself. Wait until that ends, or cancel it.`);
    for (const file of files)
      if (!previous?.keys.has(file.result) && !(await mayLoseKey(this.store, file, 'again'))) return false;
    if (canPickFolder()) {
      this.#folder = await pickFolder();
      if (!this.#folder) return false;
      const manifests = this.plan.names.flatMap((name) =>
        this.forms.flatMap((form) => ENDINGS[form].map((ending) => name + ending)),
      );
      await assertFree(this.#folder, [...this.plan.entries.map(({ name }) => name), ...manifests]);
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
    const file = this.fileOf(entry);
    const { signal } = this.#stop;
    /** @type {FileSystemFileHandle | null} */
    let sink = null;
    try {
      const twin = entry.same === null ? null : (this.all[entry.same]?.result ?? null);
      if (entry.same !== null && !twin) throw new Error('The file that it would be a copy of was not made.');
      // What went to the downloads cannot be copied, and is made again.
      if (twin && twin.place !== 'downloads') {
        if (this.#folder)
          await copyInto(this.#folder, entry.name, await twin.file(), { signal, onProgress: report });
        one.result = twin;
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
      if (sink) await removeIfEmpty(sink, this.#folder);
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
    for (const [number, name] of this.plan.names.entries()) {
      const made = this.all.flatMap(({ entry, result }) =>
        result && entry.title === number && entry.use === 'streaming' && result.place !== 'downloads'
          ? [{ name: entry.name, result }]
          : [],
      );
      if (!made.length) continue;
      this.#tell(`Writing the manifests of ${name}.`);
      try {
        const { files, notes } = await manifestsOf(made, { name, forms: this.forms });
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
          h('h3', {}, this.titles.length > 1 ? `Manifests of ${name}` : 'Manifests'),
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
          h('p', { class: 'fault-line' }, `The manifests of ${name} could not be written. ${message}`),
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
    this.#holdTogether(made);
  }

  /**
   * Whether files that are right each by itself give each other away.
   * @param {Done[]} made
   */
  #holdTogether(made) {
    const read = made.filter(({ check, result }) => check && result);
    const twice = usedTwice(
      read.map(({ entry, result, check }) => ({
        name: entry.name,
        keys: result?.keys.map(({ key }) => key) ?? [],
        streams: check?.streams ?? [],
      })),
    );
    read.forEach((one, at) => {
      if (!twice[at] || !one.check) return;
      const message = `It uses a part of a key’s stream that ${twice[at]} uses too: with both files, both can be read without the key. Make them again, with another key.`;
      const faults = [{ code: 'counter-twice', message }, ...one.check.faults];
      one.check = { ...one.check, ok: false, faults };
      this.#set(one, one.state);
    });
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
    const file = this.fileOf(entry);
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

  /** All that was made and is here, with its manifests. */
  async #all() {
    const files = this.made.flatMap(({ entry, result }) =>
      result && result.place !== 'downloads' ? [{ name: entry.name, result }] : [],
    );
    const made = await Promise.all(
      files.map(async ({ name, result }) => ({ name, blob: /** @type {Blob} */ (await result.file()) })),
    );
    return [...made, ...this.#texts.map(({ name, text }) => ({ name, blob: new Blob([text]) }))];
  }

  #end() {
    const { made } = this;
    const wrong = made.filter(({ check }) => check && !check.ok);
    const cancelled = this.#stop.signal.aborted;
    const whole = made.length === this.all.length;
    const clear = made.filter(({ entry }) => entry.plan.keys.length === 0).length;
    setText(
      this.head,
      whole && clear
        ? `${format.counted(made.length, 'file is', 'files are')} made, ${made.length - clear} of them protected.`
        : whole
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
    if (made.length) this.actions.append(...this.keys.parts);
    if (made.length > 1 && !this.#folder) {
      const [name = ''] = this.plan.names;
      const title = this.plan.names.length === 1 ? name : 'protected';
      this.actions.append(...archiveButton(`${title}.zip`, () => this.#all()));
    }
    for (const number of this.plan.names.keys()) this.#view(number);
    say(`${this.head.textContent} ${this.text.textContent}`);
  }

  /**
   * Players of other hands, for what was made of a title for streaming.
   * @param {number} number
   */
  #view(number) {
    const files = this.made.flatMap(({ entry, result }) =>
      result && entry.title === number && entry.use === 'streaming' && canView(result)
        ? [{ name: entry.name, result }]
        : [],
    );
    if (files.length) this.element.append(viewerCard(files, this.#closed.signal));
  }

  focus() {
    this.head.focus();
  }

  cancel() {
    this.#stop.abort(new DOMException('cancelled', 'AbortError'));
  }

  close() {
    this.cancel();
    this.#closed.abort();
    for (const release of this.#releases) release();
    // Those of open files are their own.
    for (const { entry, result } of this.made)
      if (result && entry.same === null && !this.titles[entry.title]?.media.includes(entry.media))
        void result.discard().catch(() => {});
    this.plan.close();
    this.element.remove();
  }
}
