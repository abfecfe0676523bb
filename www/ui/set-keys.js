/** The keys that a job of several files made: their sheets, and whether they would be lost. */

/** @import { ProtectResult } from '../types.d.ts' */
/** @import { SetRun } from './set-run.js' */

import { download } from '../files/save.js';
import { askToKeepKey } from './ask.js';
import { button, h, setText } from './dom.js';
import { faultOf } from './fault.js';
import { setSheet } from './set-sheet.js';

const HOLDS_KEYS = 'Saved. It holds the key: treat it like a password.';

export class SetKeys {
  /** @param {SetRun} run */
  constructor(run) {
    this.run = run;
    this.saved = false;
    const several = run.titles.length > 1;
    this.state = h('span', { class: 'quiet', role: 'status' });
    const save = button(several ? 'Save the key sheets' : 'Save the key sheet', () => void this.#save(), {
      class: run.plan.keysAreNew ? 'button primary' : 'button',
      id: 'set-keys',
    });
    this.parts = [save, this.state];
  }

  /** What was made of open files, whose own results know whether their keys are kept. */
  get #files() {
    return this.run.made.flatMap(({ entry, result }) => {
      const file = this.run.fileOf(entry);
      return file && result && file.result === result ? [file] : [];
    });
  }

  /** Whether keys were made here that stand in what belongs to no open file, and are nowhere else. */
  get atRisk() {
    return this.#unsaved && this.run.made.length > 0 && this.#files.length === 0;
  }

  get #unsaved() {
    return this.run.plan.keysAreNew && !this.saved;
  }

  async #save() {
    try {
      await this.#sheets();
      setText(this.state, HOLDS_KEYS);
    } catch (error) {
      setText(this.state, /** @type {Error} */ (error).message);
    }
  }

  /** Saves a sheet for each title. */
  async #sheets() {
    const { made, plan, store } = this.run;
    try {
      for (const [number, name] of plan.names.entries()) {
        const own = made.filter(({ entry }) => entry.title === number && entry.same === null);
        // Text stays clear, and has no key.
        const sheet = await setSheet(own.flatMap(({ result }) => (result?.keys.length ? result : [])));
        if (!sheet) continue;
        const json = `${JSON.stringify(sheet, null, 2)}\n`;
        download(new Blob([json], { type: 'application/json' }), `${name}.keys.json`);
      }
    } catch (error) {
      throw new Error(`The key sheet could not be made. ${faultOf(error, 'result').message}`, {
        cause: error,
      });
    }
    this.saved = true;
    for (const { id } of this.#files) store.dispatch({ type: 'kept', id });
  }

  /**
   * Whether to go on with what throws away what was made: where its files stay open, their results stay too.
   * @param {'close' | 'again'} what
   */
  async mayLose(what) {
    const again = what === 'again' && this.#unsaved && this.#files.some(({ keyAtRisk }) => keyAtRisk);
    if (!again && !this.atRisk) return true;
    return askToKeepKey({
      title: what === 'again' ? 'Protect again, and lose the keys?' : 'Close this, and lose the keys?',
      kept: what === 'again' ? 'Protect again?' : 'Close this?',
      lost:
        'The keys of these files were made at random in this tab, and nobody else has them. Without them no licence can be ' +
        'made, and the files can never be played.',
      goOn: what === 'again' ? 'Protect again' : 'Close it',
      keep: async () => {
        await this.#sheets();
        return HOLDS_KEYS;
      },
    });
  }

  /** Whether a result is one of the job's, which were asked about together. @param {ProtectResult | null} result */
  has(result) {
    return this.run.made.some((one) => one.result === result);
  }
}
