/** Looking for boxes: the field, what a search under way says of itself, and the way out of it. */

/** @import { SearchProgress } from '../types.d.ts' */
/** @import { TreeModel, TreeRow } from './tree-model.js' */

import { button, drawing, h, setText } from './dom.js';
import { faultOf } from './fault.js';
import * as format from './format.js';
import { say } from './live.js';
import { paced } from './pace.js';
import { PART } from './tree-model.js';

/**
 * @typedef {(text: string, options: { signal: AbortSignal, onProgress: (progress: SearchProgress) => void })
 *   => Promise<number>} Search
 */

export class BoxSearch {
  /**
   * @param {Search} search
   * @param {TreeModel} model gets what is found
   * @param {(fresh: boolean) => void} changed the model has other rows, or more of them
   * @param {(row: TreeRow | null) => void} enter goes to the list, and there to a box
   * @param {(step: 1 | -1) => void} step goes to what was found next, or before
   * @param {(text: string) => void} bytes looks for it in all bytes of the file
   * @param {string} where it looks, in words
   */
  constructor(search, model, changed, enter, step, bytes, where) {
    this.search = search;
    this.model = model;
    this.changed = changed;
    this.enter = enter;
    this.step = step;
    this.where = where;
    /** Whether the first box that is found is to be gone to. */
    this.eager = false;
    this.share = 0;
    /** How the last search ended, where that is worth a word. */
    this.end = '';
    /** @type {AbortController | null} */
    this.running = null;
    this.input = h('input', {
      type: 'search',
      placeholder: 'Find: senc, track 2, a KID, a URL …',
      'aria-label': 'Find boxes by type, name, uuid, or what their fields say',
      autocomplete: 'off',
      spellcheck: 'false',
      class: 'tree-filter',
    });
    this.stop = button('Stop', () => this.#stop(), { class: 'button small', hidden: true });
    const to = (/** @type {1 | -1} */ way, /** @type {string} */ label, /** @type {string} */ path) => {
      const made = button('', () => step(way), { class: 'icon-button', 'aria-label': label, title: label });
      made.append(drawing(path));
      return made;
    };
    this.steps = h(
      'span',
      { class: 'tree-steps', hidden: true },
      to(-1, 'Found before (Shift+F3)', 'M3.5 10.5L8 6l4.5 4.5'),
      to(1, 'Found next (F3)', 'M3.5 6L8 10.5 12.5 6'),
    );
    this.head = h('div', { class: 'pane-head' }, this.input, this.steps, this.stop);
    this.none = h('p', { class: 'tree-none', hidden: true });
    this.tally = h('p', { class: 'tree-tally' });
    this.bytes = button('In all bytes', () => bytes(this.input.value), {
      class: 'link',
      title: 'Find this in all bytes of the file',
      hidden: true,
    });
    this.foot = h('div', { class: 'tree-foot' }, this.tally, this.bytes);
    this.input.addEventListener(
      'input',
      paced(() => this.#look(), 150),
    );
    this.input.addEventListener('keydown', (event) => this.#key(event));
  }

  /** Shows all boxes again. */
  clear() {
    this.input.value = '';
    this.#look();
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    if (event.key === 'Escape' && this.input.value) {
      this.clear();
      // Nothing else is to be cancelled by it.
      event.stopPropagation();
    } else if (event.key === 'F3') this.step(event.shiftKey ? -1 : 1);
    else if (event.key === 'ArrowDown' || event.key === 'Enter') {
      this.#look();
      this.eager = event.key === 'Enter';
      this.enter(this.eager ? this.#firstHit() : null);
    } else return;
    event.preventDefault();
  }

  #firstHit() {
    const row = this.model.rows.find(({ hit }) => hit);
    if (row) this.eager = false;
    return row ?? null;
  }

  #look() {
    const query = this.input.value.trim().toLowerCase();
    if (query === this.model.query) return;
    this.running?.abort();
    this.running = null;
    this.eager = false;
    this.end = '';
    this.model.filter(query);
    this.changed(true);
    if (query) void this.#run(query);
    else this.count();
  }

  /** @param {string} query */
  async #run(query) {
    const running = new AbortController();
    this.running = running;
    this.share = 0;
    this.count();
    try {
      const hits = await this.search(query, {
        signal: running.signal,
        onProgress: (progress) => this.running === running && this.#found(progress),
      });
      if (hits === 0) this.end = `No box of ${this.where} has “${query}” in its type, name, uuid or fields.`;
    } catch (error) {
      if (running !== this.running) return;
      this.end = running.signal.aborted
        ? `Stopped at ${format.percent(this.share)}.`
        : faultOf(error).message;
    }
    if (running !== this.running) return;
    this.running = null;
    this.count();
    say(this.end || `${this.#hits()} found`);
  }

  /** @param {SearchProgress} progress */
  #found({ boxes, hits, done, total }) {
    this.share = total ? done / total : 1;
    this.model.addFound(boxes, hits);
    if (boxes.length) this.changed(false);
    this.count();
    const first = this.eager ? this.#firstHit() : null;
    if (first) this.enter(first);
  }

  #stop() {
    this.running?.abort();
    this.input.focus();
  }

  #hits() {
    return format.counted(this.model.hits, 'box', 'boxes');
  }

  /** Says how many boxes there are, or were found. */
  count() {
    const { end } = this;
    const { query, hits } = this.model;
    this.bytes.hidden = !query;
    this.stop.hidden = !this.running;
    this.steps.hidden = hits === 0;
    this.none.hidden = !end || hits > 0;
    setText(this.none, end);
    if (!query) {
      setText(this.tally, `${format.counted(this.model.known, 'box', 'boxes')} read so far`);
      return;
    }
    const listed = hits > PART ? `, the first ${format.count(PART)} are listed` : '';
    const going = this.running ? `, ${format.percent(this.share)} searched` : '';
    setText(this.tally, `${this.#hits()} found${listed}${going}${hits > 0 && end ? `. ${end}` : ''}`);
  }
}
