/** The fields of the chosen box, read in pages, drawn in view. */

/** @import { BoxView, FieldRow, Media } from '../types.d.ts' */

import { copyButton } from './copy.js';
import { freshId, h, setAttributes } from './dom.js';
import * as format from './format.js';
import { VirtualRows } from './virtual.js';

export const PAGE = 200;

/** Longest names and values, in characters, that columns are made as wide as. */
const WIDEST = { name: 34, value: 48, meaning: 60 };
/** So many of the values, and of the meanings, are to fit whole: a few that are long do not take the room of all others. */
const WHOLE = 0.85;
/** Values of so many characters leave no room beside them on a phone. */
const LONG = 24;
/** Of a table without rows: its head. */
const NOTHING = { name: 8, range: 5 };

export class FieldTable {
  /**
   * @param {Media} media
   * @param {(index: number) => void} choose
   */
  constructor(media, choose) {
    this.media = media;
    this.choose = choose;
    this.path = '';
    this.count = 0;
    this.chosen = -1;
    this.id = freshId('fields');
    /** @type {Map<number, FieldRow[]>} */
    this.pages = new Map();
    /** @type {Map<number, Promise<void>>} */
    this.coming = new Map();
    const head = h(
      'div',
      { role: 'row', class: 'field-row grid-head field-head' },
      ...['Field', 'Value', 'Meaning', 'Bytes'].map((title) => h('span', { role: 'columnheader' }, title)),
    );
    this.rows = new VirtualRows({
      rowHeight: 26,
      create: makeRow,
      draw: (row, index) => this.#draw(row, index),
      head,
      attributes: {
        role: 'grid',
        tabindex: 0,
        'aria-label': 'Fields of the box',
        class: 'virtual field-table',
      },
    });
    this.none = h(
      'p',
      { class: 'quiet field-none', hidden: true },
      'This box has no fields that Boxlock reads. Its bytes are in the byte pane.',
    );
    /** Characters of the longest of each column that were read. */
    this.lengths = { ...NOTHING };
    this.values = new Lengths(WIDEST.value);
    this.meanings = new Lengths(WIDEST.meaning);
    this.readout = h('p', { class: 'readout' });
    this.element = h('div', { class: 'fields-body' }, this.none, this.rows.element, this.readout);
    this.rows.element.addEventListener('keydown', (event) => this.#key(event));
    this.rows.element.addEventListener('click', (event) => {
      const row = /** @type {Element} */ (event.target).closest('[data-index]');
      if (row instanceof HTMLElement) void this.pick(Number(row.dataset['index']));
    });
  }

  /** @param {BoxView} view the first page of another box */
  open(view) {
    this.path = view.node.path;
    this.count = view.fieldCount;
    this.chosen = -1;
    this.pages = new Map([[0, view.fields]]);
    this.coming = new Map();
    const bare = view.fieldCount === 0;
    this.none.hidden = !bare || view.node.childCount > 0;
    this.rows.element.hidden = bare;
    this.element.hidden = bare && view.node.childCount > 0;
    this.lengths = { ...NOTHING };
    this.values = new Lengths(WIDEST.value);
    this.meanings = new Lengths(WIDEST.meaning);
    this.#fit(view.fields);
    setAttributes(this.rows.element, { 'aria-rowcount': this.count + 1, 'aria-activedescendant': null });
    this.rows.toTop();
    this.rows.setCount(this.count);
    this.#read(null);
  }

  /**
   * Marks a field and shows it.
   * @param {number} index -1 for none
   */
  async show(index) {
    this.chosen = index;
    if (index < 0) {
      this.rows.refresh();
      this.#read(null);
      return;
    }
    const path = this.path;
    const field = await this.at(index);
    if (path !== this.path || index !== this.chosen) return;
    this.rows.reveal(index, 'middle');
    this.rows.refresh();
    setAttributes(this.rows.element, { 'aria-activedescendant': `${this.id}-${index}` });
    this.#read(field ?? null);
  }

  /** @param {number} index */
  async pick(index) {
    const field = await this.at(index);
    if (field) this.choose(index);
  }

  /** @param {number} index */
  async at(index) {
    const page = Math.floor(index / PAGE);
    if (!this.pages.has(page)) await this.#fetch(page);
    return this.pages.get(page)?.[index - page * PAGE];
  }

  /**
   * The innermost field that holds a byte, by halving: rows are in the order of their first bytes.
   * @param {number} offset
   */
  async find(offset) {
    let low = 0;
    let high = this.count - 1;
    let last = -1;
    while (low <= high) {
      const middle = (low + high) >> 1;
      const field = await this.at(middle);
      if (!field) return -1;
      if (field.start <= offset) {
        last = middle;
        low = middle + 1;
      } else high = middle - 1;
    }
    for (let index = last; index >= 0 && index > last - 64; index -= 1) {
      const field = await this.at(index);
      if (field && offset >= field.start && offset < field.end) return index;
    }
    return -1;
  }

  /** @param {number} page */
  #fetch(page) {
    const there = this.coming.get(page);
    if (there) return there;
    const { path, pages } = this;
    const job = this.media.box(path, { from: page * PAGE, count: PAGE }).then(
      (view) => {
        pages.set(page, view.fields);
        if (path !== this.path) return;
        this.#fit(view.fields);
        this.rows.refresh();
      },
      () => {},
    );
    this.coming.set(page, job);
    return job;
  }

  /**
   * Makes columns as wide as what is in them; one without anything gives its room to the others.
   * @param {FieldRow[]} fields that have been read
   */
  #fit(fields) {
    const all = this.lengths;
    for (const { name, value, meaning, depth, start, end } of fields) {
      all.name = Math.max(all.name, Math.min(WIDEST.name, name.length + 2 * depth));
      this.values.add(value.length);
      if (meaning) this.meanings.add(meaning.length);
      all.range = Math.max(all.range, format.byteRange(start, end).length);
    }
    const { element } = this.rows;
    element.style.setProperty('--name-len', String(all.name));
    element.style.setProperty('--value-len', String(Math.max(8, this.values.longest)));
    const most = this.values.most(WHOLE);
    element.style.setProperty('--value-most', String(most));
    element.style.setProperty('--meaning-len', String(this.meanings.most(WHOLE)));
    element.style.setProperty('--range-len', String(all.range));
    element.classList.toggle('no-meaning', this.meanings.longest === 0);
    element.classList.toggle('long-values', most > LONG);
  }

  /**
   * @param {HTMLElement} element
   * @param {number} index
   */
  #draw(element, index) {
    const page = Math.floor(index / PAGE);
    const field = this.pages.get(page)?.[index - page * PAGE];
    if (!field && !this.pages.has(page)) void this.#fetch(page);
    const chosen = index === this.chosen;
    element.dataset['index'] = String(index);
    element.classList.toggle('chosen', chosen);
    setAttributes(element, {
      id: `${this.id}-${index}`,
      'aria-rowindex': index + 2,
      'aria-selected': String(chosen),
    });
    const [name, value, meaning, range] = element.children;
    if (!name || !value || !meaning || !range) return;
    element.style.setProperty('--level', String(field?.depth ?? 0));
    name.textContent = field?.name ?? '…';
    value.textContent = field?.value ?? '';
    meaning.textContent = field?.meaning ?? '';
    setAttributes(meaning, { title: field?.meaning });
    range.textContent = field ? format.byteRange(field.start, field.end) : '';
  }

  /**
   * The line below the table: the chosen field in full.
   * @param {FieldRow | null} field
   */
  #read(field) {
    this.readout.hidden = this.count === 0;
    if (!field) {
      this.readout.replaceChildren(
        h(
          'span',
          { class: 'quiet' },
          this.count === 0 ? '' : `${format.counted(this.count, 'field')}. Choose one, or a byte.`,
        ),
      );
      return;
    }
    const length = field.end - field.start;
    this.readout.replaceChildren(
      h('strong', {}, field.name),
      ' ',
      h('code', {}, field.value),
      field.meaning ? ` ${field.meaning},` : '',
      h('span', { class: 'quiet' }, ` ${format.counted(length, 'byte')} at ${format.count(field.start)}`),
      ' ',
      copyButton(field.name, () => field.value),
    );
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    const last = this.count - 1;
    const at = this.chosen;
    const targets = /** @type {Record<string, number>} */ ({
      ArrowDown: at + 1,
      ArrowUp: at - 1,
      Home: 0,
      End: last,
      PageDown: at + this.rows.visibleRows,
      PageUp: at - this.rows.visibleRows,
    });
    const target = targets[event.key];
    if (target === undefined || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    if (last >= 0) void this.pick(Math.max(0, Math.min(last, target)));
  }
}

function makeRow() {
  return h(
    'div',
    { role: 'row', class: 'virtual-row grid-row field-row' },
    h('span', { role: 'gridcell', class: 'field-name' }),
    h('span', { role: 'gridcell', class: 'field-value' }),
    h('span', { role: 'gridcell', class: 'field-meaning' }),
    h('span', { role: 'gridcell', class: 'field-range' }),
  );
}

/** How long texts are that were seen. */
class Lengths {
  /** @param {number} widest longer ones count as this */
  constructor(widest) {
    this.widest = widest;
    /** @type {number[]} texts of each length */
    this.counts = [];
    this.all = 0;
    this.longest = 0;
  }

  /** @param {number} length */
  add(length) {
    const capped = Math.min(length, this.widest);
    this.counts[capped] = (this.counts[capped] ?? 0) + 1;
    this.all += 1;
    this.longest = Math.max(this.longest, capped);
  }

  /**
   * The length that so many of them have at most.
   * @param {number} share
   */
  most(share) {
    let seen = 0;
    for (let length = 0; length < this.longest; length++) {
      seen += this.counts[length] ?? 0;
      if (seen >= share * this.all) return length;
    }
    return this.longest;
  }
}
