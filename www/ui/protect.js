/** Protect: the form, the plan beside it, and the run. */

/** @import { Plan, Progress, ProtectRequest, ProtectResult, SourceKeyRequest } from '../types.d.ts' */
/** @import { FileState, Store } from './store.js' */

import { canDownload } from '../files/downloads.js';
import { MEMORY_MAX, tooLargeForMemory } from '../files/faults.js';
import {
  canPickFolder,
  canPickPlace,
  pickFolder,
  pickPlace,
  refuseSource,
  removeIfEmpty,
} from '../files/save.js';
import { hasStorage } from '../files/stored.js';
import { ChangeForm } from './change-form.js';
import { changeView } from './change-view.js';
import { button, h, setText } from './dom.js';
import { faultOf } from './fault.js';
import { Choice } from './form-parts.js';
import * as format from './format.js';
import { say } from './live.js';
import { paced } from './pace.js';
import { mayLoseKey } from './key-sheet.js';
import { filesIn, outcome } from './outcome.js';
import { planView } from './plan-view.js';
import { ProtectForm } from './protect-form.js';
import { RunBar } from './run-bar.js';
import { Unlock } from './unlock.js';

const PAUSE_MS = 250;

/** @typedef {ProtectResult['place']} Place */

/** Why the result goes where it does. */
const NO_STORAGE = 'This browser gives the page no storage:';

/**
 * Where the result goes, said before the work.
 * @param {boolean} apart
 * @returns {Record<Place, string>}
 */
const where = (apart) => {
  const what = apart ? 'ZIP archive of the segments' : 'MP4';
  return {
    folder: 'You choose a folder. Each segment is written while it is made; nothing there is written over.',
    chosen: `You choose where the ${what} goes. It is written while it is made.`,
    storage: `The ${what} is made in the browser’s storage, then downloaded.`,
    downloads:
      `${NO_STORAGE} the ${what} goes to the browser’s downloads while it is made. ` +
      `No copy stays here, to ${apart ? '' : 'play it on this page or to '}save it again.`,
    memory: `${NO_STORAGE} the ${what} is made in memory, then downloaded.`,
  };
};

/** What can be done with a protected file: first what needs no key. */
const WORKS = [
  {
    value: 'change',
    label: 'Change its headers',
    hint: 'No key is needed, and no sample is touched. For when the licence server has moved, or other players are to open it.',
  },
  { value: 'clear', label: 'Make it clear', hint: 'With its keys. Everybody can play it then.' },
  { value: 'anew', label: 'Protect it otherwise', hint: 'With its keys: other keys, another scheme.' },
];

/** Faults that say themselves what may be left. */
const MAY_BE_LEFT = ['finish-unknown', 'left-in-folder'];

export class Protect {
  /**
   * @param {Store} store
   * @param {number} id of the file
   * @param {(keys: SourceKeyRequest[]) => void} check goes where a protected file is checked
   */
  constructor(store, id, check) {
    this.store = store;
    this.id = id;
    this.check = check;
    const file = this.#file();
    this.planning = new AbortController();
    /** @type {Promise<void>} settles when the latest plan is there, or is not to be had */
    this.planned = Promise.resolve();
    this.timer = 0;
    /** @type {AbortController | null} */
    this.running = null;
    /** @type {Plan | null} */
    this.drawn = null;
    /** @type {Place} */
    this.place = canPickPlace() ? 'chosen' : 'storage';

    const able = file.summary?.protectable;
    this.element = h('div', { class: 'protect-place' });
    /** Where the form is. */
    this.body = this.element;
    /** What is to be done with a protected file. @type {Choice | null} */
    this.work = null;
    /** @type {ProtectForm | ChangeForm | null} */
    this.form = null;
    /** Those that were begun: what was typed is there when one comes back to it. @type {{ change?: ChangeForm, other?: ProtectForm }} */
    this.forms = {};
    /** The keys of a protected file. @type {SourceKeyRequest[]} */
    this.sourceKeys = [];
    /** @type {Unlock | null} */
    this.unlock = null;
    if (able?.ok) this.#begin(this.#ofProtection());
    else if (able?.code === 'already-protected' && file.tracks.some(({ protection }) => protection))
      this.#choose();
    else
      this.element.append(
        h(
          'div',
          { class: 'protect-no' },
          h('h2', {}, 'This file cannot be protected as it is.'),
          h('p', {}, able ? able.reason : 'It was not read.'),
        ),
      );
  }

  /** Asks what is to be done with a protected file. */
  #choose() {
    this.work = new Choice('work', 'What is to be done with it?', WORKS);
    this.body = h('div', { class: 'work-body' });
    this.element.append(
      h('div', { class: 'work-top' }, h('h2', {}, 'This file is protected.'), this.work.element),
      this.body,
    );
    this.work.element.addEventListener('change', () => {
      // A plan of other work is none of this.
      this.store.dispatch({ type: 'unplanned', id: this.id, fault: null });
      this.#show();
      this.#soon();
    });
    this.#show();
  }

  /** @param {'change' | 'clear' | 'anew'} work what is to be done with a protected file */
  choose(work) {
    const input = this.work?.inputs.get(work);
    if (input && !input.checked) input.click();
    (input ?? this.element.querySelector('input'))?.focus();
  }

  /** Shows what belongs to the work that is chosen. */
  #show() {
    const file = this.#file();
    const { summary } = file;
    if (!this.work || !summary) return;
    this.drawn = null;
    if (this.work.value === 'change') {
      this.forms.change ??= new ChangeForm(summary, file.size ?? 0, () => this.#soon());
      this.#begin(this.forms.change);
    } else if (this.sourceKeys.length) {
      this.forms.other ??= this.#ofProtection();
      this.forms.other.decide(this.work.value === 'anew');
      this.#begin(this.forms.other);
    } else {
      this.form = null;
      this.unlock ??= new Unlock(summary.protectable, file.tracks, (keys) => this.#open(keys), this.check);
      this.body.replaceChildren(this.unlock.element);
    }
  }

  /** The form for what is to be protected, or made clear. */
  #ofProtection() {
    const file = this.#file();
    const parts = file.media?.parts.length ?? 1;
    const opens = this.sourceKeys.length > 0;
    const fragments = file.summary?.kind === 'progressive' || parts > 1;
    const becomes = { fragments, opens, size: file.size ?? 0 };
    return new ProtectForm(file.tracks, becomes, () => this.#soon());
  }

  /**
   * Goes on with the keys of a protected file, when they are right.
   * @param {SourceKeyRequest[]} keys
   * @returns {Promise<string | null>} what is wrong with them
   */
  async #open(keys) {
    const { media } = this.#file();
    if (!media) return null;
    try {
      await media.plan({ scheme: 'none', sourceKeys: keys });
    } catch (error) {
      return faultOf(error).message;
    }
    this.sourceKeys = keys;
    this.unlock?.clear();
    this.unlock = null;
    this.#show();
    this.#soon();
    this.form?.focusOn(undefined);
    say('The keys are right.');
    return null;
  }

  /**
   * Shows a form, and the plan beside it.
   * @param {ProtectForm | ChangeForm} form
   */
  #begin(form) {
    const file = this.#file();
    this.form = form;
    this.startBar?.remove();
    this.run?.element.remove();
    this.start = h('button', { type: 'submit', class: 'button primary', id: 'protect-start' });
    this.note = h('p', { class: 'start-note', role: 'status' });
    this.startBar = h('div', { class: 'start-bar' }, this.start, this.note);
    this.run = new RunBar(() => this.cancel());
    this.form.element.append(this.startBar, this.run.element);
    this.form.element.onsubmit = (event) => {
      event.preventDefault();
      void this.#protect();
    };
    this.planBody = h('div', { class: 'plan-place' });
    this.planState = h('p', { class: 'plan-state' });
    this.faultText = h('span');
    const toFault = button('Go to the field', () => this.form?.focusOn(this.#file().fault?.field), {
      class: 'link',
    });
    this.planFault = h('p', { class: 'field-fault plan-fault', hidden: true }, this.faultText, ' ', toFault);
    this.body.replaceChildren(
      h(
        'div',
        { class: 'protect' },
        this.form.element,
        h(
          'section',
          { class: 'plan', 'aria-label': 'Plan' },
          h('div', { class: 'plan-head' }, h('h2', {}, 'What will happen'), this.planState),
          this.planFault,
          this.planBody,
        ),
      ),
    );
    this.update(file);
    void this.#askPlace();
  }

  /** Whether the person chooses where it goes. */
  #mayPick() {
    return this.form?.file.apart ? canPickFolder() : canPickPlace();
  }

  /** Where this result goes. @returns {Place} */
  #placeNow() {
    if (!this.form?.file.apart) return this.place;
    if (canPickFolder()) return 'folder';
    return this.place === 'chosen' ? 'storage' : this.place;
  }

  /** Where the result will be, before anything is done. */
  async #askPlace() {
    if (this.place === 'chosen' || (await hasStorage())) return;
    this.place = (await canDownload()) ? 'downloads' : 'memory';
    const file = this.store.file(this.id);
    if (file) this.update(file);
  }

  /** @returns {FileState} */
  #file() {
    const file = this.store.file(this.id);
    if (!file) throw new Error('the file is closed');
    return file;
  }

  /** @param {FileState} file */
  update(file) {
    if (!this.form || !this.planBody || !this.planState || !this.run || !this.startBar || !this.note) return;
    if (!this.start) return;
    const protecting = file.phase === 'protecting';
    this.form.lock(protecting);
    if (this.work) this.work.element.disabled = protecting;
    this.startBar.hidden = protecting;
    this.run.update(protecting ? file.progress : null);
    this.note.className = `start-note ${file.ended}`;
    setText(this.start, startLabel(this.form, this.sourceKeys.length > 0, this.#mayPick()));
    const placed = this.form.showFault(file.ended === 'failed' ? null : file.fault);
    setText(this.note, noteFor(file, placed, this.#placeNow(), this.form.file.apart));
    // The field may be out of sight.
    if (this.planFault && this.faultText) {
      this.planFault.hidden = !placed;
      setText(this.faultText, placed ? (file.fault?.message ?? '') : '');
    }
    setText(this.planState, planLine(file, this.drawn !== null));
    this.planBody.classList.toggle('stale', file.phase === 'planning' || (!file.plan && this.drawn !== null));
    if (file.plan && file.plan !== this.drawn) {
      this.drawn = file.plan;
      const { plan, summary } = file;
      if (this.form instanceof ChangeForm) this.form.suggest(plan.suggestedName);
      const shown = plan.changes
        ? changeView(plan, canPickFolder(), summary?.protection?.headerXml ?? '')
        : planView(plan, canPickFolder());
      this.planBody.replaceChildren(shown);
    } else if (!this.drawn) {
      this.planBody.replaceChildren(
        h(
          'p',
          { class: 'plan-none' },
          file.fault ? 'The plan appears here once that is settled.' : nonePlanned(this.form),
        ),
      );
    }
  }

  /** What the result is to be called, where somebody says so. */
  get #called() {
    return this.form instanceof ChangeForm ? this.form.name : '';
  }

  /** What is asked for. @returns {ProtectRequest} */
  get #request() {
    const request = this.form?.request ?? {};
    const opens = this.sourceKeys.length && request.scheme !== 'keep';
    return opens ? { ...request, sourceKeys: this.sourceKeys } : request;
  }

  /** Ends what is going on, when the file is closed. */
  close() {
    this.sourceKeys = [];
    this.unlock?.clear();
    clearTimeout(this.timer);
    this.planning.abort();
    this.running?.abort();
    this.run?.update(null);
    this.forms.change?.clear();
    this.forms.other?.clear();
    this.form?.clear();
    this.planBody?.replaceChildren();
    this.drawn = null;
  }

  cancel() {
    this.running?.abort();
  }

  /** Whether a file is being finished: what becomes a result now is not thrown away. */
  get finishing() {
    return this.running !== null && this.store.file(this.id)?.progress?.stage === 'finish';
  }

  /** Plans after a pause in typing, and no longer for what was typed before. */
  #soon() {
    clearTimeout(this.timer);
    this.planning.abort();
    this.planning = new AbortController();
    const { signal } = this.planning;
    if (!this.form || this.form.missing) {
      // Where nothing is asked for, no plan is the last that worked.
      if (this.form instanceof ChangeForm) this.drawn = null;
      this.store.dispatch({ type: 'unplanned', id: this.id, fault: null });
      return;
    }
    this.store.dispatch({ type: 'planning', id: this.id });
    this.planned = new Promise((resolve) => {
      signal.addEventListener('abort', () => resolve());
      this.timer = window.setTimeout(() => void this.#plan(signal).then(resolve), PAUSE_MS);
    });
  }

  /** @param {AbortSignal} signal */
  async #plan(signal) {
    const { media } = this.#file();
    if (!media || !this.form) return;
    try {
      const plan = await media.plan(this.#request, { signal, onProgress: this.#reads(signal) });
      if (signal.aborted) return;
      this.form.keys?.keep(plan);
      if (!this.drawn) say('The plan is ready.');
      this.store.dispatch({ type: 'planned', id: this.id, plan });
    } catch (error) {
      if (signal.aborted) return;
      const fault = faultOf(error);
      say(fault.message);
      this.store.dispatch({ type: 'unplanned', id: this.id, fault });
    }
  }

  /**
   * Says how far a file is that is read once more: that is so before its first plan, and takes a while of many fragments.
   * @param {AbortSignal} signal
   */
  #reads(signal) {
    return paced((/** @type {Progress} */ { done, total }) => {
      const planning = !signal.aborted && this.store.file(this.id)?.phase === 'planning';
      if (planning && this.planState && total)
        setText(this.planState, `Working it out… ${format.percent(done / total)} read`);
    }, 60);
  }

  async #protect() {
    if (!this.form || this.running) return;
    const { missing } = this.form;
    if (missing) {
      this.form.showFault(missing);
      this.form.focusOn(missing.field);
      say(missing.message);
      return;
    }
    while (this.store.file(this.id)?.phase === 'planning') await this.planned;
    const file = this.#file();
    const { plan, fault, media } = file;
    if (!plan || !media) {
      this.form.focusOn(fault?.field);
      if (fault) say(fault.message);
      return;
    }
    if (!(await mayLoseKey(this.store, this.#file(), 'again'))) {
      this.start?.focus();
      return;
    }
    this.running = new AbortController();
    /** @type {FileSystemFileHandle | null} */
    let sink = null;
    try {
      if (this.form.file.apart) {
        const folder = canPickFolder() ? await pickFolder() : null;
        if (canPickFolder() && !folder) return;
        await this.#run(plan, folder, this.running.signal);
        return;
      }
      if (canPickPlace()) {
        const place = await pickPlace(this.#called || plan.suggestedName);
        if (!place) return;
        await refuseSource(place, file.parts);
        sink = place;
      }
      await this.#run(plan, sink, this.running.signal);
    } catch (error) {
      // Something else may have ended it before.
      const cancelled = error instanceof DOMException && error.name === 'AbortError';
      if (sink) await removeIfEmpty(sink);
      if (!this.store.file(this.id)) return;
      this.store.dispatch({
        type: 'stopped',
        id: this.id,
        ended: cancelled ? 'cancelled' : 'failed',
        fault: cancelled ? null : faultOf(error, 'write'),
      });
      say(cancelled ? cancelledNote(this.#placeNow()) : faultOf(error, 'write').message);
      this.start?.focus();
    } finally {
      this.running = null;
    }
  }

  /**
   * @param {Plan} plan
   * @param {FileSystemFileHandle | FileSystemDirectoryHandle | null} sink
   * @param {AbortSignal} signal
   */
  async #run(plan, sink, signal) {
    const { media } = this.#file();
    if (!media) return;
    this.store.dispatch({ type: 'protecting', id: this.id, total: plan.sizeAfter });
    const what =
      sink?.kind === 'directory'
        ? filesIn(plan.fileCount, sink.name)
        : (sink?.name ?? (this.#called || plan.suggestedName));
    say(`${this.form?.file.protects && !plan.changes ? 'Protecting' : 'Making'} ${what}.`);
    this.run?.focus();
    const result = await media.protect(plan, {
      signal,
      ...(sink ? { sink } : {}),
      ...(this.#called ? { name: this.#called } : {}),
      download: this.#placeNow() === 'downloads',
      onProgress: paced((progress) => this.store.dispatch({ type: 'progress', id: this.id, progress }), 60),
    });
    const savedAs = sink ? sink.name : null;
    this.store.dispatch({
      type: 'protected',
      id: this.id,
      result,
      savedAs,
      verify: this.form?.file?.verifies ?? true,
      saves: true,
      keyIsNew: plan.keys.some(({ source }) => source === 'random'),
    });
    this.form?.keys?.forget();
    this.#soon();
    say(
      `Done. ${outcome(result, savedAs)} ${format.bytes(result.size)} in ${format.duration(result.seconds)}.`,
    );
  }
}

/**
 * @param {ProtectForm | ChangeForm} form
 * @param {boolean} opens whether it is protected before
 * @param {boolean} picks whether the person chooses where it goes
 */
function startLabel(form, opens, picks) {
  const open = opens ? 'Make it clear' : 'Make it fragmented';
  const locked = form.file.protects ? (opens ? 'Protect anew' : 'Protect') : open;
  const what = form instanceof ChangeForm ? 'Change it' : locked;
  return picks ? `${what} and save…` : what;
}

/**
 * What stands where there is no plan yet.
 * @param {ProtectForm | ChangeForm} form
 */
function nonePlanned(form) {
  const { missing, file } = form;
  if (form instanceof ChangeForm)
    return 'Change what the file says of itself, and the plan appears here: what it said before and says then, every box, the size. Nothing is written until you say so.';
  const here = missing ? 'Give a licence URL. The plan then appears here' : 'The plan appears here';
  return file.protects
    ? `${here}: every box that will change, the header, the sizes. Nothing is encrypted until you say so.`
    : `${here}: every box that will change, and the sizes. Nothing is written until you say so.`;
}

/**
 * @param {FileState} file
 * @param {boolean} drawn whether some plan is shown
 */
function planLine(file, drawn) {
  if (file.phase === 'planning') return 'Working it out…';
  if (file.phase === 'protecting') return 'This is being done now.';
  if (file.plan) return file.result ? 'For the next copy.' : 'Nothing has been changed yet.';
  return drawn ? 'This is the last plan that worked.' : '';
}

/**
 * @param {FileState} file
 * @param {boolean} placed whether the fault stands at its field
 * @param {Place} place
 * @param {boolean} apart
 */
function noteFor(file, placed, place, apart) {
  if (file.ended === 'cancelled') return cancelledNote(place);
  if (file.ended === 'failed') {
    const { message, code = '' } = file.fault ?? { message: '' };
    return MAY_BE_LEFT.includes(code) ? message : `It stopped, and nothing was saved. ${message}`;
  }
  if (file.fault) return placed ? 'Correct the marked field first.' : file.fault.message;
  const size = file.plan?.sizeAfter ?? file.size ?? 0;
  if (place === 'memory' && size > MEMORY_MAX) return tooLargeForMemory(size).message;
  return where(apart)[place];
}

/** @param {Place} place */
function cancelledNote(place) {
  return place === 'downloads'
    ? 'Cancelled. Nothing was saved: what the browser’s downloads have of it is marked there as failed.'
    : 'Cancelled. Nothing was saved.';
}
