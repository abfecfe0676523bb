/**
 * Rows of one height in a scrolling box, of which only the visible ones exist.
 *
 * Browsers cap the height of an element, so lists taller than `TALLEST` are scaled: small scroll steps move exactly,
 * large ones (dragging the bar) move in proportion, and the bar is put right again when scrolling rests.
 */

import { h } from './dom.js';

const TALLEST = 8_000_000;
const SPARE_ROWS = 6;

export class VirtualRows {
  /**
   * @param {object} parts
   * @param {number} parts.rowHeight in CSS pixels
   * @param {() => HTMLElement} parts.create an empty row
   * @param {(row: HTMLElement, index: number) => void} parts.draw fills a row, again whenever it may have changed
   * @param {HTMLElement} [parts.head] stays on top
   * @param {import('./dom.js').Attributes} [parts.attributes] of the scrolling box
   */
  constructor({ rowHeight, create, draw, head, attributes = {} }) {
    this.rowHeight = rowHeight;
    this.create = create;
    this.draw = draw;
    this.head = head;
    this.count = 0;
    /** Pixels above the first visible one, as if there were no cap. */
    this.position = 0;
    this.lastTop = 0;
    this.settling = 0;
    /** A row to reveal as soon as the box has a height. */
    this.awaited = -1;
    /** @type {Map<number, HTMLElement>} */
    this.shown = new Map();
    /** @type {HTMLElement[]} */
    this.spare = [];
    this.spacer = h('div', { class: 'virtual-space', role: 'presentation' });
    this.element = h('div', { class: 'virtual', ...attributes }, head, this.spacer);
    this.element.addEventListener('scroll', () => this.#scrolled(), { passive: true });
    this.watcher = new ResizeObserver(() => this.#resized());
    this.watcher.observe(this.element);
  }

  get viewHeight() {
    return Math.max(0, this.element.clientHeight - (this.head?.offsetHeight ?? 0));
  }

  get visibleRows() {
    return Math.max(1, Math.floor(this.viewHeight / this.rowHeight));
  }

  /** @param {number} count */
  setCount(count) {
    if (count === this.count) {
      this.refresh();
      return;
    }
    this.count = count;
    this.spacer.style.setProperty('height', `${Math.min(TALLEST, count * this.rowHeight)}px`);
    this.position = Math.min(this.position, this.#furthest());
    this.#putScroll();
    this.refresh();
  }

  /** Draws every visible row again. */
  refresh() {
    this.#layout(true);
  }

  /**
   * Scrolls as little as needed, or so that the row is in the middle.
   * @param {number} index
   * @param {'nearest' | 'middle'} [where]
   */
  reveal(index, where = 'nearest') {
    const top = index * this.rowHeight;
    const view = this.viewHeight;
    this.awaited = view ? -1 : index;
    if (!view) return;
    const inView = top >= this.position && top + this.rowHeight <= this.position + view;
    if (inView) return;
    if (where === 'middle') this.position = top - (view - this.rowHeight) / 2;
    else this.position = top < this.position ? top : top + this.rowHeight - view;
    this.position = Math.max(0, Math.min(this.#furthest(), this.position));
    this.#putScroll();
    this.#layout(false);
  }

  toTop() {
    this.position = 0;
    this.#putScroll();
    this.#layout(false);
  }

  get #scaled() {
    return this.count * this.rowHeight > TALLEST;
  }

  #furthest() {
    return Math.max(0, this.count * this.rowHeight - this.viewHeight);
  }

  #barLength() {
    return Math.max(1, this.element.scrollHeight - this.element.clientHeight);
  }

  #putScroll() {
    const top = this.#scaled
      ? (this.position / Math.max(1, this.#furthest())) * this.#barLength()
      : this.position;
    this.element.scrollTop = top;
    this.lastTop = this.element.scrollTop;
  }

  #scrolled() {
    const top = this.element.scrollTop;
    const step = top - this.lastTop;
    if (step === 0) return;
    this.lastTop = top;
    if (!this.#scaled) this.position = top;
    else if (Math.abs(step) <= this.viewHeight) this.position += step;
    else this.position = (top / this.#barLength()) * this.#furthest();
    this.position = Math.max(0, Math.min(this.#furthest(), this.position));
    this.#layout(false);
    if (this.#scaled) {
      clearTimeout(this.settling);
      this.settling = window.setTimeout(() => {
        this.#putScroll();
        this.#layout(false);
      }, 160);
    }
  }

  #resized() {
    if (!this.element.isConnected || !this.element.clientHeight) return;
    this.position = Math.min(this.position, this.#furthest());
    this.#putScroll();
    this.#layout(false);
    if (this.awaited >= 0) this.reveal(this.awaited, 'middle');
  }

  /** @param {boolean} redraw also rows that were there already */
  #layout(redraw) {
    const first = Math.max(0, Math.floor(this.position / this.rowHeight) - SPARE_ROWS);
    const last = Math.min(
      this.count,
      Math.ceil((this.position + this.viewHeight) / this.rowHeight) + SPARE_ROWS,
    );
    for (const [index, row] of this.shown) {
      if (index >= first && index < last) continue;
      this.shown.delete(index);
      row.hidden = true;
      this.spare.push(row);
    }
    const shift = this.#scaled ? this.element.scrollTop - this.position : 0;
    for (let index = first; index < last; index += 1) {
      let row = this.shown.get(index);
      const fresh = !row;
      if (!row) {
        row = this.spare.pop() ?? this.spacer.appendChild(this.create());
        row.hidden = false;
        this.shown.set(index, row);
      }
      row.style.setProperty('transform', `translateY(${index * this.rowHeight + shift}px)`);
      if (fresh || redraw) this.draw(row, index);
    }
  }
}
