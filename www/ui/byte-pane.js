/** The bytes of the chosen box. Only visible rows are read from the file; a moving cursor joins them to the fields. */

/** @import { Media } from '../types.d.ts' */

import { ByteSearch } from './byte-search.js';
import { copyForms } from './copy-forms.js';
import { button, freshId, h, setAttributes } from './dom.js';
import * as format from './format.js';
import { say } from './live.js';
import { VirtualRows } from './virtual.js';

const BLOCK = 4096;
const BLOCKS_KEPT = 96;
const WIDE_FROM = 560;
/** Longer fields are lit softly: a screen full of signal colour signals nothing. */
const LOUD_BYTES = 64;
/** Most bytes that are copied. */
const COPIED = 1 << 20;

export class BytePane {
  /**
   * @param {Media} media
   * @param {(offset: number) => void} choose called with a byte of the file
   * @param {(offset: number) => Promise<void>} leave called with an offset outside the box
   * @param {() => string} path the JSON path of what is chosen
   * @param {AbortSignal} signal ends what is under way with the file
   */
  constructor(media, choose, leave, path, signal) {
    this.media = media;
    this.choose = choose;
    this.leave = leave;
    this.signal = signal;
    /** A search for bytes, once somebody wanted one. @type {ByteSearch | null} */
    this.search = null;
    this.start = 0;
    this.end = 0;
    this.cursor = -1;
    this.lit = { start: 0, end: 0 };
    this.perRow = 16;
    this.id = freshId('bytes');
    /** @type {Map<number, Uint8Array | null>} blocks by number in the file; null while coming */
    this.blocks = new Map();
    /** What bytes are decrypted, which stand encrypted in the file. @type {{ start: number, bytes: Uint8Array } | null} */
    this.clear = null;
    /** What the byte belongs to that is stood on. */
    this.place = h('p', { class: 'readout byte-place', hidden: true });
    this.rows = new VirtualRows({
      rowHeight: 22,
      create: () => h('div', { role: 'row', class: 'virtual-row byte-row' }),
      draw: (row, index) => this.#draw(row, index),
      attributes: { role: 'grid', tabindex: 0, 'aria-label': 'Bytes of the box', class: 'virtual byte-grid' },
    });
    this.title = h('h2', { class: 'pane-title' }, 'Bytes');
    this.where = h('input', {
      type: 'text',
      class: 'mono goto',
      placeholder: 'offset: 1024 or 0x400',
      'aria-label': 'Go to offset in the file, decimal or hex',
      autocomplete: 'off',
      spellcheck: 'false',
    });
    const go = h(
      'form',
      { class: 'goto-form' },
      this.where,
      h('button', { type: 'submit', class: 'button small' }, 'Go'),
    );
    go.addEventListener('submit', (event) => {
      event.preventDefault();
      this.#goTo();
    });
    this.element = h(
      'section',
      { class: 'pane pane-bytes', 'aria-label': 'Bytes' },
      h(
        'div',
        { class: 'pane-head' },
        this.title,
        copyForms(() => this.#chosen(), path),
        go,
        button('Find', () => this.find(), {
          class: 'button small byte-find-open',
          'aria-keyshortcuts': 'Control+F',
          title: 'Find bytes anywhere in the file (Ctrl+F among the bytes)',
        }),
      ),
      this.rows.element,
      this.place,
    );
    this.rows.element.addEventListener('click', (event) => {
      const cell = /** @type {Element} */ (event.target).closest('[data-at]');
      if (cell instanceof HTMLElement) this.choose(Number(cell.dataset['at']));
    });
    this.rows.element.addEventListener('keydown', (event) => this.#key(event));
    new ResizeObserver(() => this.#fit()).observe(this.rows.element);
  }

  /**
   * @param {{ start: number, size: number, type: string }} node a box, or what else there are bytes of
   * @param {Uint8Array | null} [clear] the same bytes decrypted
   */
  open(node, clear = null) {
    this.start = node.start;
    this.end = node.start + node.size;
    this.cursor = -1;
    this.lit = { start: 0, end: 0 };
    this.clear = clear && { start: node.start, bytes: clear };
    this.tell('');
    this.title.textContent = `Bytes of ${node.type}`;
    setAttributes(this.rows.element, { 'aria-activedescendant': null });
    this.rows.toTop();
    this.#recount();
  }

  /**
   * @param {{ start: number, end: number } | null} range of the chosen field
   * @param {number} cursor a byte to stand on; the first of the range when negative
   */
  show(range, cursor) {
    this.lit = range ?? { start: 0, end: 0 };
    this.cursor = cursor >= 0 ? cursor : (range?.start ?? -1);
    if (this.cursor >= this.start && this.cursor < this.end) {
      this.rows.reveal(this.#rowOf(this.cursor), 'middle');
      setAttributes(this.rows.element, { 'aria-activedescendant': `${this.id}-${this.cursor}` });
    } else setAttributes(this.rows.element, { 'aria-activedescendant': null });
    this.rows.refresh();
  }

  /**
   * Says what the byte belongs to that is stood on.
   * @param {string} sentence
   * @param {...Node} more
   */
  tell(sentence, ...more) {
    this.place.hidden = !sentence;
    this.place.replaceChildren(sentence, ...more);
  }

  /**
   * Looks for bytes in the whole file.
   * @param {string} [text]
   */
  find(text) {
    if (!this.search) {
      /** @type {{ start: number, end: number } | null} */
      let wanted = null;
      const show = async (/** @type {{ start: number, end: number }} */ hit) => {
        wanted = hit;
        await this.leave(hit.start);
        // Whoever went on meanwhile is shown the last.
        if (wanted === hit) this.show(hit, hit.start);
      };
      const left = () => this.rows.element.focus();
      this.search = new ByteSearch(this.media, show, left, this.signal);
      this.rows.element.before(this.search.element);
    }
    this.search.open(text);
  }

  /** The bytes that are lit, or the one that is stood on. */
  async #chosen() {
    const lit = this.lit.end > this.lit.start ? this.lit : { start: this.cursor, end: this.cursor + 1 };
    if (lit.start < 0) return null;
    if (lit.end - lit.start > COPIED) say(`The first ${format.bytes(COPIED)} are copied.`);
    const end = Math.min(lit.end, lit.start + COPIED, this.media.size);
    const { clear } = this;
    if (clear && lit.start >= clear.start && end <= clear.start + clear.bytes.length)
      return clear.bytes.slice(lit.start - clear.start, end - clear.start);
    return this.media.hex({ start: lit.start, end });
  }

  /** @param {number} offset */
  #rowOf(offset) {
    return Math.floor((offset - this.start) / this.perRow);
  }

  #recount() {
    const count = Math.ceil((this.end - this.start) / this.perRow);
    setAttributes(this.rows.element, { 'aria-rowcount': count, 'aria-colcount': this.perRow + 2 });
    this.rows.setCount(count);
  }

  #fit() {
    const width = this.rows.element.clientWidth;
    if (!width) return;
    const perRow = width >= WIDE_FROM ? 16 : 8;
    if (perRow === this.perRow) return;
    this.perRow = perRow;
    this.#recount();
    if (this.cursor >= 0) this.rows.reveal(this.#rowOf(this.cursor), 'middle');
  }

  #goTo() {
    const offset = format.parseOffset(this.where.value);
    if (offset === null || offset >= this.media.size) {
      setAttributes(this.where, { 'aria-invalid': 'true' });
      say(`Give an offset below ${format.count(this.media.size)}, in decimal or as 0x and hex digits.`);
      return;
    }
    setAttributes(this.where, { 'aria-invalid': null });
    if (offset >= this.start && offset < this.end) this.choose(offset);
    else void this.leave(offset);
  }

  /**
   * @param {number} offset
   * @returns {number} the byte, or -1 while it is being read
   */
  #byte(offset) {
    const decrypted = this.clear?.bytes[offset - this.clear.start];
    if (decrypted !== undefined) return decrypted;
    const number = Math.floor(offset / BLOCK);
    const block = this.blocks.get(number);
    if (block === undefined) void this.#fetch(number);
    return block?.[offset - number * BLOCK] ?? -1;
  }

  /** @param {number} number */
  async #fetch(number) {
    this.blocks.set(number, null);
    const start = number * BLOCK;
    try {
      this.blocks.set(number, await this.media.hex({ start, end: Math.min(start + BLOCK, this.media.size) }));
    } catch {
      this.blocks.delete(number);
      return;
    }
    for (const old of this.blocks.keys()) {
      if (this.blocks.size <= BLOCKS_KEPT) break;
      if (old !== number) this.blocks.delete(old);
    }
    this.rows.refresh();
  }

  /**
   * @param {HTMLElement} row
   * @param {number} index
   */
  #draw(row, index) {
    if (row.childElementCount !== this.perRow + 2) fillRow(row, this.perRow);
    const first = this.start + index * this.perRow;
    const width = this.media.size > 0xffff_ffff ? 10 : 8;
    setAttributes(row, { 'aria-rowindex': index + 1 });
    const cells = row.children;
    const offset = cells[0];
    const text = cells[this.perRow + 1];
    if (!offset || !text) return;
    offset.textContent = format.hexOffset(first, width);
    for (let column = 0; column < this.perRow; column += 1) {
      const at = first + column;
      const hex = /** @type {HTMLElement | undefined} */ (cells[column + 1]);
      const glyph = /** @type {HTMLElement | undefined} */ (text.children[column]);
      if (hex && glyph) this.#drawByte(hex, glyph, at);
    }
  }

  /**
   * @param {HTMLElement} hex
   * @param {HTMLElement} glyph
   * @param {number} at
   */
  #drawByte(hex, glyph, at) {
    if (at >= this.end) {
      hex.textContent = glyph.textContent = '';
      hex.className = glyph.className = 'byte';
      delete hex.dataset['at'];
      delete glyph.dataset['at'];
      hex.removeAttribute('id');
      return;
    }
    const value = this.#byte(at);
    hex.textContent = value < 0 ? '··' : format.hexByte(value);
    glyph.textContent =
      value > 0x20 && value < 0x7f ? String.fromCharCode(value) : value === 0x20 ? ' ' : '.';
    let look = 'byte';
    if (value === 0) look += ' zero';
    else if (value <= 0x20 || value >= 0x7f) look += ' odd';
    const lit = at >= this.lit.start && at < this.lit.end;
    if (lit) look += this.lit.end - this.lit.start > LOUD_BYTES ? ' lit soft' : ' lit';
    if (at === this.cursor) look += ' at';
    hex.className = look;
    glyph.className = look;
    hex.id = `${this.id}-${at}`;
    hex.dataset['at'] = glyph.dataset['at'] = String(at);
    setAttributes(hex, { 'aria-selected': lit ? 'true' : null });
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    if (event.key === 'f' && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      this.find();
      return;
    }
    const at = this.cursor < 0 ? this.start : this.cursor;
    const page = this.rows.visibleRows * this.perRow;
    const rowStart = this.start + this.#rowOf(at) * this.perRow;
    const targets = /** @type {Record<string, number>} */ ({
      ArrowRight: at + 1,
      ArrowLeft: at - 1,
      ArrowDown: at + this.perRow,
      ArrowUp: at - this.perRow,
      PageDown: at + page,
      PageUp: at - page,
      Home: event.ctrlKey ? this.start : rowStart,
      End: event.ctrlKey ? this.end - 1 : rowStart + this.perRow - 1,
    });
    const target = targets[event.key];
    if (target === undefined || event.altKey || event.metaKey) return;
    event.preventDefault();
    this.choose(Math.max(this.start, Math.min(this.end - 1, target)));
  }
}

/**
 * @param {HTMLElement} row
 * @param {number} perRow
 */
function fillRow(row, perRow) {
  const cells = Array.from({ length: perRow }, () => h('span', { role: 'gridcell', class: 'byte' }));
  const glyphs = Array.from({ length: perRow }, () => h('span', { class: 'byte' }));
  row.replaceChildren(
    h('span', { role: 'rowheader', class: 'byte-offset' }),
    ...cells,
    h('span', { role: 'gridcell', class: 'byte-text' }, ...glyphs),
  );
  row.classList.toggle('narrow', perRow === 8);
}
