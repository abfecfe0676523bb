/** Looking for bytes, wherever in the file they stand: the field, what was found, and the way from one place to the next. */

/** @import { ByteHit, ByteSearchProgress, Media } from '../types.d.ts' */

import { button, CROSS, drawing, h, setText } from './dom.js';
import { faultOf } from './fault.js';
import * as format from './format.js';
import { say } from './live.js';

/** As what bytes were found, where that is not what was typed. */
const FORMS = { hex: '', guid: 'in the other byte order', text: 'as text', utf16: 'as UTF-16' };

export class ByteSearch {
  /** What is looked for now. */
  #text = '';
  /** @type {ByteHit[]} in file order */
  #hits = [];
  #count = 0;
  /** Which of them is shown; -1 before the first. */
  #shown = -1;
  #share = 0;
  /** How the search ended, where that is worth a word. */
  #end = '';
  /** @type {AbortController | null} */
  #running = null;

  /**
   * @param {Media} media
   * @param {(hit: ByteHit) => Promise<void>} show goes to a place
   * @param {() => void} left somebody closed it
   * @param {AbortSignal} signal ends it with the file
   */
  constructor(media, show, left, signal) {
    this.media = media;
    this.show = show;
    this.left = left;
    signal.addEventListener('abort', () => this.#running?.abort());
    this.input = h('input', {
      type: 'search',
      class: 'mono byte-find-text',
      placeholder: '00 00 01 67, a KID, or a text',
      'aria-label': 'Find in all bytes of the file: hex digits, a KID, or a text',
      autocomplete: 'off',
      spellcheck: 'false',
    });
    const icon = (/** @type {string} */ label, /** @type {string} */ path, /** @type {() => void} */ act) => {
      const made = button('', act, { class: 'icon-button', 'aria-label': label, title: label });
      made.append(drawing(path));
      return made;
    };
    this.steps = h(
      'span',
      { class: 'tree-steps', hidden: true },
      icon('Bytes found before (Shift+Enter)', 'M3.5 10.5L8 6l4.5 4.5', () => this.#step(-1)),
      icon('Bytes found next (Enter)', 'M3.5 6L8 10.5 12.5 6', () => this.#step(1)),
    );
    this.stop = button('Stop', () => this.#stop(), { class: 'button small', hidden: true });
    this.tally = h('p', { class: 'byte-find-tally' });
    this.element = h(
      'search',
      { class: 'byte-find', hidden: true },
      this.input,
      this.steps,
      this.stop,
      icon('Close the search', CROSS, () => this.close()),
      this.tally,
    );
    this.element.addEventListener('keydown', (event) => this.#key(event));
    this.#tell();
  }

  /** @param {string} [text] to be looked for at once */
  open(text) {
    this.element.hidden = false;
    if (text !== undefined) {
      this.input.value = text;
      this.#look();
    }
    this.input.focus();
    this.input.select();
  }

  close() {
    this.#running?.abort();
    this.element.hidden = true;
    this.left();
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    if (event.key === 'Escape') this.close();
    else if (event.key === 'Enter' && event.target === this.input) {
      if (this.input.value.trim() === this.#text) this.#step(event.shiftKey ? -1 : 1);
      else this.#look();
    } else if (event.key === 'F3') this.#step(event.shiftKey ? -1 : 1);
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  #look() {
    this.#running?.abort();
    this.#text = this.input.value.trim();
    this.#hits = [];
    this.#count = 0;
    this.#shown = -1;
    this.#end = '';
    this.#tell();
    if (this.#text) void this.#run(this.#text);
  }

  /** @param {string} text */
  async #run(text) {
    const running = new AbortController();
    this.#running = running;
    this.#share = 0;
    try {
      const { signal } = running;
      const hits = await this.media.findBytes(text, {
        signal,
        onProgress: (progress) => this.#running === running && this.#found(progress),
      });
      if (hits === 0) this.#end = `No bytes of this file are “${text}”.`;
    } catch (error) {
      if (running !== this.#running) return;
      this.#end = running.signal.aborted
        ? `Stopped at ${format.percent(this.#share)}.`
        : faultOf(error).message;
    }
    if (running !== this.#running) return;
    this.#running = null;
    this.#tell();
    say(this.#end || `${format.counted(this.#count, 'place', 'places')} found`);
  }

  /** @param {ByteSearchProgress} progress */
  #found({ found, hits, done, total }) {
    this.#share = total ? done / total : 1;
    this.#count = hits;
    for (const hit of found) this.#hits.push(hit);
    if (this.#shown < 0 && this.#hits.length > 0) this.#step(1);
    else this.#tell();
  }

  #stop() {
    this.#running?.abort();
    this.input.focus();
  }

  /**
   * Goes to the next place, or the one before; from the last to the first.
   * @param {1 | -1} way
   */
  #step(way) {
    const { length } = this.#hits;
    if (length === 0) return;
    this.#shown = this.#shown < 0 ? 0 : (this.#shown + way + length) % length;
    const hit = this.#hits[this.#shown];
    this.#tell();
    if (hit) void this.show(hit);
  }

  #tell() {
    const { length } = this.#hits;
    const hit = this.#hits[this.#shown];
    this.stop.hidden = !this.#running;
    this.steps.hidden = length === 0;
    const parts = [];
    if (length > 0) parts.push(`${format.count(this.#shown + 1)} of ${format.count(this.#count)}`);
    if (hit && FORMS[hit.form]) parts.push(FORMS[hit.form]);
    if (this.#count > length) parts.push(`the first ${format.count(length)} are listed`);
    if (this.#running) parts.push(`${format.percent(this.#share)} read`);
    if (this.#end) parts.push(this.#end);
    setText(this.tally, parts.join(', '));
  }
}
