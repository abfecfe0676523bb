/** Files that were opened together: what they are to each other, and one job for all of them. */

/** @import { Media, SetPlan, Title, Track } from '../types.d.ts' */
/** @import { Inspect } from './inspect.js' */
/** @import { FileState, Store, View } from './store.js' */

import { planSet, titlesOf } from '../boxlock.js';
import { canPickFolder } from '../files/save.js';
import { isTextAlone } from '../files/text-alone.js';
import { button, h, setText } from './dom.js';
import { faultOf } from './fault.js';
import { Check, Checks, Choice, Field, numberOf, textInput } from './form-parts.js';
import * as format from './format.js';
import { say } from './live.js';
import { ProtectForm } from './protect-form.js';
import { RunBar } from './run-bar.js';
import { JointTree } from './joint-tree.js';
import { holdCounters } from './set-counters.js';
import { ladderView } from './set-ladder.js';
import { listingsOf, listingsView, readListings } from './set-listings.js';
import { setPlanView } from './set-plan-view.js';
import { SetRun } from './set-run.js';

const PAUSE_MS = 250;

/** Ways in which files can be titles. */
const WAYS = [
  { value: 'found', label: 'As found', hint: 'By names, lengths and manifests.' },
  { value: 'one', label: 'One title', hint: 'Qualities and languages of the same. They share their key.' },
  { value: 'each', label: 'A title each', hint: 'They have nothing to do with each other.' },
];

export class SetDesk {
  /**
   * @param {Store} store
   * @param {number} id of the set
   * @param {(file: number, view: View) => void} go to one of the files
   * @param {(file: number) => Inspect | null} inspectorOf a file
   */
  constructor(store, id, go, inspectorOf) {
    this.store = store;
    this.id = id;
    this.go = go;
    this.joint = new JointTree(store, inspectorOf, go);
    /** What was shown last: files that are open, and others. */
    this.seen = '';
    /** @type {Title[]} */
    this.titles = [];
    /** Pictures that were chosen for download. @type {Media[]} */
    this.chosen = [];
    /** What is shown. @type {SetPlan | null} */
    this.plan = null;
    /** The last that there was, whose keys the next one keeps. @type {SetPlan | undefined} */
    this.latest = undefined;
    /** Why there is no plan. @type {import('./store.js').Fault | null} */
    this.fault = null;
    this.planning = new AbortController();
    /** @type {Promise<void>} */
    this.planned = Promise.resolve();
    this.timer = 0;
    /** @type {SetRun | null} */
    this.run = null;
    /** @type {ProtectForm | null} */
    this.form = null;

    this.facts = h('p', { class: 'quiet' });
    this.boxes = button('All boxes in one tree', () => this.joint.open(), {
      class: 'button small joint-open',
      hidden: true,
    });
    this.ladder = h('div', { class: 'set-titles' });
    /** Of protected files. */
    this.counters = h('div', { class: 'set-counters' });
    /** @type {AbortController | null} */
    this.counting = null;
    this.cap = new Field(textInput('maxBitrate', { inputmode: 'decimal', size: 6 }), {
      label: 'Highest bitrate for download',
      hint: 'In Mb/s, for the picture. Empty for no limit.',
    });
    this.together = new Choice('together', 'What belongs together', WAYS);
    this.download = new Check('download', 'For download', {
      label: 'An MP4 of each title',
      hint: 'The marked quality, with its sound: the file that an app downloads and plays offline.',
    });
    this.download.input.checked = true;
    this.streaming = new Check('streaming', 'For streaming', {
      label: 'All qualities',
      hint: 'With the same key, so that one licence plays them all. As .ismv and .isma, where Smooth Streaming can carry them.',
    });
    this.streaming.input.checked = true;
    this.manifests = new Checks('manifests', 'Manifests for streaming', [
      { value: 'smooth', label: 'Smooth Streaming: .ism and .ismc' },
      { value: 'dash', label: 'DASH: .mpd, and an index (sidx) in each file' },
      { value: 'hls', label: 'HLS: .m3u8' },
    ]);
    for (const input of this.manifests.inputs) input.checked = input.value === 'smooth';
    /** Manifests that were opened with the files. @type {import('./set-listings.js').Read[]} */
    this.read = [];
    for (const part of [this.cap, this.together])
      part.element.addEventListener('input', () => void this.#retitle());
    for (const part of [this.download, this.streaming, this.manifests])
      part.element.addEventListener('change', () => this.#soon());

    this.place = h('div', { class: 'set-form' });
    this.planState = h('p', { class: 'plan-state' });
    this.planBody = h('div', { class: 'plan-place' });
    this.outcome = h('div', { class: 'set-outcome' });
    this.start = h('button', { type: 'submit', class: 'button primary', id: 'set-start' });
    this.note = h('p', { class: 'start-note', role: 'status' });
    this.startBar = h('div', { class: 'start-bar' }, this.start, this.note);
    this.bar = new RunBar(() => this.cancel());
    this.element = h(
      'div',
      { class: 'set' },
      h(
        'header',
        { class: 'set-head' },
        h('h2', { tabindex: -1 }, store.set(id)?.name ?? ''),
        this.facts,
        this.boxes,
      ),
      this.counters,
      this.ladder,
      h(
        'div',
        { class: 'protect' },
        this.place,
        h(
          'section',
          { class: 'plan', 'aria-label': 'Plan' },
          this.outcome,
          h('div', { class: 'plan-head' }, h('h2', {}, 'What will happen'), this.planState),
          this.planBody,
        ),
      ),
    );
    this.update();
  }

  /** @returns {FileState[]} */
  #files() {
    const ids = this.store.set(this.id)?.files ?? [];
    return ids.flatMap((id) => this.store.file(id) ?? []);
  }

  /** What of the files can be part of a job. */
  #able() {
    return this.#files().flatMap(({ media, summary }) =>
      media && (summary?.protectable.ok || isTextAlone(media)) ? [media] : [],
    );
  }

  /** Follows the files. */
  update() {
    const files = this.#files();
    this.joint.update(files);
    this.boxes.hidden = files.filter(({ media }) => media).length < 2;
    const opening = files.filter(({ media }) => !media);
    const seen = files.map(({ id, media }) => `${id}${media ? '' : '?'}`).join();
    if (opening.length) {
      const share = opening.reduce(
        (sum, { progress }) => sum + (progress?.total ? progress.done / progress.total : 0),
        0,
      );
      setText(
        this.facts,
        `Reading ${format.counted(opening.length, 'file')}, ${format.percent(share / opening.length)}`,
      );
    }
    if (seen === this.seen) return;
    this.seen = seen;
    if (!opening.length) void this.#lookAnew();
  }

  /** After files came or went. */
  async #lookAnew() {
    try {
      await this.#readManifests();
      await this.#retitle();
      await this.#holdCounters();
    } catch (error) {
      // A part of the page that could not be fetched, say.
      setText(this.facts, faultOf(error).message);
    }
  }

  /** Whether those that are protected give each other away. */
  async #holdCounters() {
    this.counting?.abort();
    this.counting = new AbortController();
    this.counters.replaceChildren();
    const media = this.#files().flatMap(({ media }) => media ?? []);
    if (!media.some((each) => each.tracks().some(({ protection }) => protection))) return;
    await holdCounters(media, (found) => this.counters.replaceChildren(found), this.counting.signal);
  }

  /** Reads the manifests that came with the files; anew when files went. */
  async #readManifests() {
    const { manifests = [] } = this.store.set(this.id) ?? {};
    if (manifests.length)
      this.read = await readListings(
        manifests,
        this.#files().flatMap(({ media }) => media ?? []),
      );
  }

  /** Works out anew what belongs together. */
  async #retitle() {
    const media = this.#able();
    const cap = numberOf(this.cap.value);
    const together = /** @type {'found' | 'one' | 'each'} */ (this.together.value);
    const listings = listingsOf(this.read, media);
    const options = {
      together,
      listings,
      chosen: this.chosen,
      ...(cap > 0 ? { maxBitrate: cap * 1e6 } : {}),
    };
    this.titles = await titlesOf(media, options);
    this.#showTitles();
    if (media.length && !this.form) this.#begin(media);
    this.#soon();
  }

  #showTitles() {
    const files = this.#files();
    const size = files.reduce((sum, file) => sum + (file.size ?? 0), 0);
    const parts = [
      format.counted(files.length, 'file'),
      format.counted(this.titles.length, 'title'),
      format.bytes(size),
    ];
    setText(this.facts, parts.join(' · '));
    const left = files.filter(
      ({ media, summary }) => media && summary && !summary.protectable.ok && !isTextAlone(media),
    );
    const idOf = (/** @type {Media} */ media) => files.find((file) => file.media === media)?.id ?? 0;
    this.ladder.replaceChildren(
      ...listingsView(
        this.read,
        files.flatMap(({ parts }) => parts.filter((part) => part instanceof File)),
      ),
      ...this.titles.map((title, number) =>
        ladderView(title, number, {
          choose: (media) => {
            this.chosen = [...this.chosen.filter((each) => !title.media.includes(each)), media];
            void this.#retitle();
          },
          look: (media) => this.go(idOf(media), 'inspect'),
        }),
      ),
      ...left.map(({ id, name, summary }) =>
        h(
          'p',
          { class: 'warning' },
          h('strong', {}, 'Not part of the job: '),
          button(name, () => this.go(id, 'inspect'), { class: 'link' }),
          `. ${summary && !summary.protectable.ok ? summary.protectable.reason : ''}`,
        ),
      ),
    );
  }

  /**
   * The form, which stays while files come and go.
   * @param {Media[]} media
   */
  #begin(media) {
    /** @type {Track[]} */
    const tracks = media.flatMap((each) => each.tracks());
    const size = Math.max(...media.map((each) => each.size));
    const form = new ProtectForm(tracks, { fragments: false, opens: false, size }, () => this.#soon());
    // What is of one file alone.
    for (const part of [form.tracks, form.keyImport, form.file.segments]) part.element.hidden = true;
    form.along.hidden = true;
    form.keys.keyPer.inputs.get('track')?.closest('.choice')?.setAttribute('hidden', '');
    form.element.setAttribute('aria-label', 'Protection of all files');
    form.fields.prepend(
      this.together.element,
      this.download.element,
      this.cap.element,
      this.streaming.element,
      this.manifests.element,
    );
    form.element.append(this.startBar, this.bar.element);
    form.element.onsubmit = (event) => {
      event.preventDefault();
      void this.#protect();
    };
    this.form = form;
    this.place.replaceChildren(form.element);
    this.#show();
  }

  /** What is asked of each file. */
  get #request() {
    const request = { ...this.form?.request };
    // They are of one file.
    delete request.tracks;
    delete request.wholeSamples;
    // Players of DASH find segments by it.
    return this.#forms.includes('dash') ? { ...request, segmentIndex: true } : request;
  }

  /** The manifests that are wanted. */
  get #forms() {
    return this.streaming.value ? this.manifests.value : [];
  }

  /** What must still be given before there can be a plan. */
  get #missing() {
    if (!this.download.value && !this.streaming.value)
      return { message: 'Choose what to make: for download, for streaming, or both.' };
    return this.form?.missing ?? null;
  }

  #soon() {
    clearTimeout(this.timer);
    this.planning.abort();
    this.planning = new AbortController();
    const { signal } = this.planning;
    this.plan = null;
    this.fault = null;
    this.#show();
    // What is under way is planned already; the next comes when it is done.
    if (!this.form || this.running || this.#missing || this.titles.length === 0) return;
    this.planned = new Promise((resolve) => {
      signal.addEventListener('abort', () => resolve());
      this.timer = window.setTimeout(() => void this.#work(signal).then(resolve), PAUSE_MS);
    });
    setText(this.planState, 'Working it out…');
  }

  /** @param {AbortSignal} signal */
  async #work(signal) {
    const wanted = {
      request: this.#request,
      download: this.download.value,
      streaming: this.streaming.value,
      ...(this.latest ? { before: this.latest } : {}),
    };
    try {
      const plan = await planSet(this.titles, wanted, { signal });
      this.latest = plan;
      if (signal.aborted) return;
      this.plan = plan;
      say('The plan is ready.');
    } catch (error) {
      if (signal.aborted) return;
      this.fault = faultOf(error);
      say(this.fault.message);
    }
    this.#show();
  }

  /** Whether the job is being done. */
  get running() {
    return this.run?.running ?? false;
  }

  /** Whether keys were made here that are nowhere else. */
  get keyAtRisk() {
    return this.run?.keys.atRisk ?? false;
  }

  /** Whether to go on with what throws away what the last job made. @param {'close' | 'again'} what */
  mayLoseKey(what) {
    return this.run?.keys.mayLose(what) ?? Promise.resolve(true);
  }

  #show() {
    const { form, plan, fault } = this;
    if (!form) return;
    this.manifests.element.hidden = !this.streaming.value;
    const { running } = this;
    form.lock(running);
    this.startBar.hidden = running;
    const placed = form.showFault(fault);
    const count = plan ? plan.entries.length : 0;
    const what = count ? `Protect and save ${format.counted(count, 'file')}` : 'Protect';
    setText(this.start, canPickFolder() ? `${what}…` : what);
    const missing = this.#missing;
    setText(
      this.note,
      fault
        ? placed
          ? 'Correct the marked field first.'
          : fault.message
        : missing && form.touched
          ? missing.message
          : canPickFolder()
            ? 'You choose a folder. Each file is written while it is made; nothing there is written over.'
            : 'The files are made in the browser’s storage one after the other, and saved from there.',
    );
    setText(
      this.planState,
      running ? 'This is being done now.' : plan ? 'Nothing has been changed yet.' : '',
    );
    this.planBody.replaceChildren(
      plan
        ? setPlanView(plan, this.titles)
        : h(
            'p',
            { class: 'plan-none' },
            fault
              ? 'The plan appears here once that is settled.'
              : 'Give a licence URL. The plan then appears here: every file that will be made, its size and its key.',
          ),
    );
  }

  async #protect() {
    const { form } = this;
    if (!form || this.running) return;
    const missing = this.#missing;
    if (missing) {
      if ('field' in missing) {
        form.showFault(missing);
        form.focusOn(missing.field);
      }
      setText(this.note, missing.message);
      say(missing.message);
      return;
    }
    await this.planned;
    const { plan } = this;
    if (!plan) {
      form.focusOn(this.fault?.field);
      return;
    }
    if (!(await this.mayLoseKey('again'))) return;
    const run = new SetRun(this.store, plan, this.titles, this.bar, {
      verifies: form.file.verifies,
      forms: this.#forms,
      go: this.go,
    });
    const begun = await run.begin(this.run).catch((error) => {
      this.fault = faultOf(error, 'write');
      return false;
    });
    if (!begun) {
      this.#show();
      return;
    }
    this.run?.close();
    this.run = run;
    // The plan is the run's now, and so are its keys.
    this.plan = null;
    this.latest = undefined;
    form.keys.forget();
    this.outcome.replaceChildren(run.element);
    this.#show();
    this.bar.focus();
    await run.done;
    this.#soon();
    run.focus();
  }

  cancel() {
    this.run?.cancel();
  }

  close() {
    clearTimeout(this.timer);
    this.planning.abort();
    this.counting?.abort();
    this.joint.close();
    this.latest?.close();
    this.run?.close();
    this.form?.clear();
    this.element.remove();
  }
}
