/** The upload: what it needs, how far it is, what came of it. */

/** @import { Done } from './azure.js' */
/** @import { Place } from './address.js' */
/** @import { Connection } from './frame.js' */
/** @import { LocalFile } from './local-file.js' */

import { cancelled } from '../files/faults.js';
import { canFrame } from '../files/frame.js';
import { button, h, setText } from '../ui/dom.js';
import { faultOf } from '../ui/fault.js';
import { Check } from '../ui/form-parts.js';
import * as format from '../ui/format.js';
import { say } from '../ui/live.js';
import { RunBar } from '../ui/run-bar.js';
import { AzureUpload } from './azure.js';
import { READ_WHOLE } from './blocks.js';
import { connect } from './frame.js';
import { doneView, ruleView } from './outcome-view.js';
import { S3PartsUpload, S3Upload } from './s3.js';
import { wait } from './transfer.js';

/** @typedef {{ file: LocalFile, place: Place, name: string }} Job */

const STILL =
  'Nothing has moved for a while. Wait if the line is slow; else cancel and press Upload again: what has arrived is not sent again.';

const NO_FRAME =
  'This browser lets no page here upload to another address: it has no service workers, as in some private windows, or the page did not come over https. Use a window that is not private, or the script below.';

const TWO_TABS =
  'Another tab of this browser is uploading to this very name. Let it end, or close it, and press Upload again.';

/** Said of a cancelled upload that something may be seen of already. @type {Partial<Record<string, string>>} */
const AFTER = {
  finish: 'Cancelled while it was made one file: it may be there, whole. Press Upload to see.',
  verify: 'It is there, whole, but was not read back to its end. Press Upload to verify it.',
};

/** What is said of the storage's rules, by what shows that they may be wrong. */
const RULES = {
  'cors-or-lost': {
    title: 'Most often a rule is missing there',
    why: 'Browsers do not say why. Either the storage cannot be reached from here (check the connection, the name of the host, and a firewall), or its rules for pages of other origins (CORS) do not name this page. This is the whole rule:',
  },
  cors: {
    title: 'A rule is missing there',
    why: 'Its rules for pages of other origins (CORS) do not allow this page to upload. This is the whole rule:',
  },
  'no-etag': {
    title: 'A rule there lets the page see too little',
    why: 'Its rules for pages of other origins (CORS) have to expose ETag. This is the whole rule:',
  },
};

const STAGES = {
  upload: 'Sending',
  finish: 'Making it one file',
  verify: 'Reading it back',
};

export class UploadPart {
  /** @type {Job | null} */
  #job = null;
  #missing = '';
  #timer = 0;
  /** @type {AbortController | null} */
  #running = null;
  /** @type {keyof typeof STAGES | null} */
  #at = null;
  /** Whether this very upload has come to its end. */
  #done = false;
  /** What was stopped, with what it knows. @type {AzureUpload | S3Upload | S3PartsUpload | null} */
  #before = null;
  /** @type {{ origin: string, connection: Connection } | null} */
  #connected = null;

  /**
   * @param {HTMLElement} element
   * @param {object} acts
   * @param {(on: boolean) => void} acts.lock while it runs, what it works on stays as it is
   * @param {() => void} acts.renew asks for another address
   * @param {(host: string | null) => void} acts.connected tells whom the page may connect to
   */
  constructor(element, acts) {
    this.acts = acts;
    this.summary = h('div', { class: 'upload-summary' });
    this.whole = new Check('whole', 'After the upload', {
      label: 'Read every byte back',
      hint: 'As much again as the upload. Otherwise 64 parts all over the file are read back and compared.',
    });
    this.start = button('Upload', () => void this.#run(), { class: 'button primary', id: 'upload' });
    this.note = h('p', { class: 'start-note', role: 'status' });
    this.bar = new RunBar(() => this.cancel(), STILL);
    this.stage = h('p', { class: 'upload-stage' });
    this.lines = h('ul', { class: 'upload-lines' });
    this.question = h('div', { class: 'upload-question', hidden: true });
    this.outcome = h('div', { class: 'upload-outcome' });
    element.append(
      h(
        'div',
        { class: 'step-body' },
        this.summary,
        this.whole.element,
        h('div', { class: 'upload-start' }, this.start),
        this.stage,
        this.lines,
        this.question,
        this.bar.element,
        this.note,
        this.outcome,
      ),
    );
    window.addEventListener('keydown', (event) => {
      if (event.key === 'Escape' && this.#running && !event.defaultPrevented) this.cancel();
    });
    window.addEventListener('beforeunload', (event) => {
      if (this.#running) event.preventDefault();
    });
    this.update(null, 'Choose a file and give an address.');
  }

  get running() {
    return this.#running !== null;
  }

  /**
   * @param {Job | null} job null while something is missing
   * @param {string} missing what that is
   */
  update(job, missing) {
    const other =
      !job ||
      !this.#job ||
      job.file !== this.#job.file ||
      job.place !== this.#job.place ||
      job.name !== this.#job.name;
    this.#job = job;
    this.#missing = missing;
    if (other && !this.#running) {
      this.outcome.replaceChildren();
      this.lines.replaceChildren();
      this.#note('');
      this.#stage('');
      this.#done = false;
    }
    this.#draw();
  }

  #draw() {
    const job = this.#job;
    const able = canFrame();
    const blocked = job && job.place.blocked(Date.now());
    const why = !able ? NO_FRAME : !job ? this.#missing : blocked;
    // What begins only later is looked at again.
    clearTimeout(this.#timer);
    if (blocked) this.#timer = window.setTimeout(() => this.#draw(), 20_000);
    this.start.disabled = Boolean(why) || this.running;
    this.start.hidden = this.running || this.#done;
    setText(this.start, job ? `Upload ${format.bytes(job.file.size)}` : 'Upload');
    this.whole.element.hidden =
      !job ||
      this.running ||
      this.#done ||
      job.place.kind !== 'azure' ||
      !job.place.may('r') ||
      job.file.size <= READ_WHOLE;
    this.summary.replaceChildren(
      why
        ? h('p', { class: !able || blocked ? 'warning' : 'quiet' }, why)
        : h(
            'p',
            { class: 'upload-where' },
            h('span', { class: 'quiet' }, 'To '),
            h('code', {}, whereOf(job)),
          ),
      why || this.running || this.#done || !job
        ? ''
        : h(
            'p',
            { class: 'hint' },
            `Pressing it lets a frame of this page connect to ${job.place.host}, and to nothing else.`,
          ),
    );
  }

  cancel() {
    this.#running?.abort(cancelled());
  }

  async #run() {
    const job = this.#job;
    if (!job || this.running) return;
    const stop = new AbortController();
    this.#running = stop;
    this.acts.lock(true);
    this.outcome.replaceChildren();
    this.lines.replaceChildren();
    this.#note('');
    this.#at = null;
    this.#stage('Asking the storage …');
    this.#draw();
    try {
      const done = await alone(whereOf(job), () => this.#upload(job, stop.signal));
      this.#before = null;
      this.#done = true;
      this.#show(job, done);
    } catch (error) {
      if (stop.signal.aborted) this.#cancelled(job);
      else this.#failed(job, error);
    } finally {
      this.#running = null;
      this.bar.update(null);
      this.#stage('');
      this.question.hidden = true;
      this.acts.lock(false);
      this.#draw();
    }
  }

  /**
   * @param {Job} job
   * @param {AbortSignal} signal
   * @returns {Promise<Done>}
   */
  async #upload({ file, place, name }, signal) {
    const { send } = await this.#connect(place);
    const before = this.#before;
    const upload =
      place.kind === 'azure'
        ? new AzureUpload({
            place,
            name,
            source: file,
            mark: file.mark,
            whole: this.whole.value,
            send,
            before: before instanceof AzureUpload ? before : null,
          })
        : place.kind === 's3'
          ? new S3Upload({ place, source: file, send })
          : new S3PartsUpload({
              place,
              source: file,
              mark: file.mark,
              send,
              before: before instanceof S3PartsUpload ? before : null,
            });
    this.#before = upload;
    const told = {
      found: (/** @type {string} */ line) => this.#found(line),
      progress: this.#progress.bind(this),
      ask: () => this.#ask(name, signal),
    };
    return upload.run(told, { signal, wait, random: Math.random });
  }

  /** @param {Place} place */
  async #connect({ origin, host }) {
    if (this.#connected?.origin === origin) return this.#connected.connection;
    this.#connected?.connection.close();
    this.#connected = null;
    this.acts.connected(null);
    const connection = await connect(origin);
    this.#connected = { origin, connection };
    this.acts.connected(host);
    return connection;
  }

  /**
   * @param {keyof typeof STAGES} stage
   * @param {number} done
   * @param {number} total
   */
  #progress(stage, done, total) {
    if (!this.#running || this.#running.signal.aborted) return;
    const begins = stage !== this.#at;
    this.#at = stage;
    this.#stage(`${STAGES[stage]} …`);
    // Each counts from its own beginning.
    if (begins) this.bar.update(null);
    if (stage === 'finish') return;
    this.bar.update({ stage: stage === 'verify' ? 'verify' : 'protect', done, total });
    if (begins) this.bar.focus();
  }

  /** @param {string} text */
  #stage(text) {
    if (text !== this.stage.textContent && text) say(text);
    setText(this.stage, text);
    this.stage.hidden = !text;
  }

  /** @param {string} line */
  #found(line) {
    this.lines.append(h('li', {}, line));
    say(line);
  }

  /** @param {string} text @param {'' | 'failed' | 'cancelled'} [kind] */
  #note(text, kind = '') {
    this.note.className = `start-note ${kind}`;
    setText(this.note, text);
    this.note.hidden = !text;
  }

  /**
   * Whether to replace what has this name.
   * @param {string} name
   * @param {AbortSignal} signal
   * @returns {Promise<boolean>}
   */
  #ask(name, signal) {
    return new Promise((resolve, reject) => {
      const end = (/** @type {boolean} */ replace) => {
        this.question.hidden = true;
        resolve(replace);
      };
      const words = `Something called ${name} is there already.`;
      const replace = button('Replace it', () => end(true), { id: 'replace', class: 'button danger' });
      const keep = button('Keep it', () => end(false), { id: 'keep', class: 'button' });
      this.question.replaceChildren(
        h('p', {}, h('strong', {}, words), ' It is replaced only when all of the new file has arrived.'),
        h('p', { class: 'ask-ways' }, keep, replace),
      );
      this.question.hidden = false;
      this.bar.update(null);
      this.#stage('');
      keep.focus();
      say(words);
      signal.addEventListener('abort', () => reject(signal.reason), { once: true });
    });
  }

  /** @param {Job} job */
  #cancelled({ place }) {
    const words =
      AFTER[this.#at ?? 'upload'] ??
      {
        azure:
          'Cancelled. Nothing is visible there. What has arrived stays for seven days: press Upload to go on from there.',
        s3: 'Cancelled. Nothing of it is visible there.',
        's3-parts':
          'Cancelled. Nothing is visible there. What has arrived stays while this page is open: press Upload to go on.',
      }[place.kind];
    this.#note(words, 'cancelled');
    say(words);
  }

  /**
   * @param {Job} job
   * @param {unknown} error
   */
  #failed({ place }, error) {
    const { message, code = '' } = faultOf(error, 'read');
    const then = error instanceof Error ? Reflect.get(error, 'then') : undefined;
    this.outcome.replaceChildren(
      h(
        'div',
        { class: 'notice', role: 'alert' },
        h('strong', {}, 'The upload stopped.'),
        h('p', {}, message),
        then === 'renew'
          ? h(
              'p',
              {},
              button('Paste another address', () => this.acts.renew(), {
                class: 'button small',
                id: 'renew',
              }),
            )
          : null,
      ),
      code in RULES ? ruleView(place, location.origin, RULES[/** @type {keyof typeof RULES} */ (code)]) : '',
    );
  }

  /**
   * @param {Job} job
   * @param {Done} done
   */
  #show({ name, place }, done) {
    const view = doneView(done, place);
    this.outcome.replaceChildren(view);
    say(`${name} is uploaded.`);
    view.querySelector('h3')?.focus();
  }
}

/** @param {Job | null} job */
const whereOf = (job) => (job ? job.place.where(job.name) : '');

/**
 * Does something while no other tab does it to the same name.
 * @template T
 * @param {string} where
 * @param {() => Promise<T>} work
 * @returns {Promise<T>}
 */
async function alone(where, work) {
  if (!navigator.locks) return work();
  return navigator.locks.request(`boxlock-publish ${where}`, { ifAvailable: true }, (lock) => {
    if (!lock) throw new Error(TWO_TABS);
    return work();
  });
}
