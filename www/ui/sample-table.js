/** The samples of one track: a grid for millions of rows, read in pages, drawn in view. */

/** @import { Media, SampleRange, SampleRow } from '../types.d.ts' */

import { faultOf } from './fault.js';
import { freshId, h, setAttributes } from './dom.js';
import * as format from './format.js';
import { VirtualRows } from './virtual.js';

const PAGE = 128;
const PAGES_KEPT = 64;
/** Questions under way at a time: what was scrolled past is not asked for. */
const UNDER_WAY = 2;

/** @typedef {{ name: string, title: string, number?: boolean }} Column */

/** @type {readonly Column[]} */
const COLUMNS = [
  { name: 'number', title: 'Sample', number: true },
  { name: 'decode', title: 'Decoded', number: true },
  { name: 'composition', title: 'Presented', number: true },
  { name: 'duration', title: 'Duration', number: true },
  { name: 'size', title: 'Bytes', number: true },
  { name: 'kind', title: 'Sync' },
  { name: 'depends', title: 'Depends on' },
  { name: 'offset', title: 'Offset', number: true },
  { name: 'fragment', title: 'Fragment', number: true },
  { name: 'groups', title: 'Groups' },
  { name: 'iv', title: 'IV' },
  { name: 'map', title: 'Subsamples' },
  { name: 'kid', title: 'KID' },
];

export class SampleTable {
  /**
   * @param {Media} media
   * @param {(row: SampleRow) => void} choose
   * @param {(problems: readonly string[]) => void} tell what cannot be told of the samples in view
   */
  constructor(media, choose, tell) {
    this.media = media;
    this.choose = choose;
    this.tell = tell;
    this.track = 0;
    this.timescale = 1;
    this.count = 0;
    /** Index of the chosen row, from 0. */
    this.chosen = -1;
    this.id = freshId('samples');
    /** @type {Map<number, SampleRow[]>} */
    this.pages = new Map();
    /** Pages that are asked for. @type {Map<number, Promise<void>>} */
    this.coming = new Map();
    /** Pages of which nothing can be told. @type {Set<number>} */
    this.missing = new Set();
    this.waiting = false;
    const head = h(
      'div',
      { role: 'row', class: 'sample-row grid-head sample-head', 'aria-rowindex': 1 },
      ...COLUMNS.map(({ name, title }) =>
        h('span', { role: 'columnheader', class: `sample-${name}` }, title),
      ),
    );
    this.rows = new VirtualRows({
      rowHeight: 26,
      create: makeRow,
      draw: (row, index) => this.#draw(row, index),
      head,
      attributes: { role: 'grid', tabindex: 0, 'aria-label': 'Samples', class: 'virtual sample-table' },
    });
    setAttributes(this.rows.element, { 'aria-colcount': COLUMNS.length });
    this.element = this.rows.element;
    this.element.addEventListener('keydown', (event) => this.#key(event));
    this.element.addEventListener('click', (event) => {
      const row = /** @type {Element} */ (event.target).closest('[data-index]');
      if (row instanceof HTMLElement) void this.pick(Number(row.dataset['index']));
    });
  }

  /**
   * Shows the samples of a track.
   * @param {number} track
   * @param {number} count
   */
  open(track, count) {
    this.track = track;
    this.chosen = -1;
    this.pages.clear();
    this.coming = new Map();
    this.missing.clear();
    setAttributes(this.element, { 'aria-activedescendant': null, 'aria-label': `Samples of track ${track}` });
    this.rows.toTop();
    this.#setCount(count);
    this.tell([]);
    this.#pump();
  }

  /** @param {number} count */
  #setCount(count) {
    this.count = count;
    setAttributes(this.element, { 'aria-rowcount': count + 1 });
    this.rows.setCount(count);
  }

  /**
   * Goes to a row and chooses it.
   * @param {number} index from 0
   * @param {boolean} [quiet] whether nobody is told
   */
  async pick(index, quiet = false) {
    const { track } = this;
    this.chosen = index;
    this.rows.reveal(index, quiet ? 'middle' : 'nearest');
    setAttributes(this.element, { 'aria-activedescendant': `${this.id}-${index}` });
    this.rows.refresh();
    const row = await this.at(index);
    if (row && !quiet && track === this.track && index === this.chosen) this.choose(row);
  }

  /** @param {number} index */
  async at(index) {
    const page = Math.floor(index / PAGE);
    const { pages } = this;
    if (!pages.has(page)) await this.#fetch(page);
    return pages.get(page)?.[index - page * PAGE];
  }

  /** Asks for the pages in view, a few at a time. */
  #pump() {
    if (this.waiting) return;
    this.waiting = true;
    requestAnimationFrame(() => {
      this.waiting = false;
      const first = Math.floor(this.rows.position / this.rows.rowHeight);
      const last = Math.min(this.count - 1, first + this.rows.visibleRows + 1);
      for (let page = Math.floor(first / PAGE); page <= Math.floor(last / PAGE); page += 1) {
        if (this.coming.size >= UNDER_WAY) return;
        if (!this.pages.has(page) && !this.coming.has(page) && !this.missing.has(page))
          void this.#fetch(page);
      }
    });
  }

  /** @param {number} page */
  #fetch(page) {
    const { coming } = this;
    const job = coming.get(page) ?? this.#read(page).finally(() => coming.delete(page));
    coming.set(page, job);
    return job;
  }

  /** @param {number} page */
  async #read(page) {
    const { track, pages } = this;
    /** @type {SampleRow[]} */
    const rows = [];
    /** @type {string[]} */
    const problems = [];
    try {
      const end = Math.min(this.count, (page + 1) * PAGE);
      // Where samples stand in many fragments fewer come than were asked for.
      for (let from = page * PAGE; from < end; from = page * PAGE + rows.length) {
        const more = await this.media.samples(track, { from, count: end - from });
        if (track !== this.track) return;
        this.timescale = more.timescale;
        problems.push(...more.problems);
        if (!more.rows.length) break;
        rows.push(...more.rows);
      }
    } catch (error) {
      problems.push(faultOf(error).message);
    }
    if (track !== this.track) return;
    if (problems.length) this.tell([...new Set(problems)]);
    if (rows.length) pages.set(page, rows);
    else this.missing.add(page);
    for (const old of pages.keys()) {
      if (pages.size <= PAGES_KEPT) break;
      if (old !== page) pages.delete(old);
    }
    this.rows.refresh();
    this.#pump();
  }

  /**
   * @param {HTMLElement} element
   * @param {number} index
   */
  #draw(element, index) {
    const page = Math.floor(index / PAGE);
    const row = this.pages.get(page)?.[index - page * PAGE];
    element.id = `${this.id}-${index}`;
    element.dataset['index'] = String(index);
    const chosen = index === this.chosen;
    element.className = `virtual-row grid-row sample-row${chosen ? ' chosen' : ''}${row?.sync ? ' sync' : ''}`;
    setAttributes(element, { 'aria-rowindex': index + 2, 'aria-selected': String(chosen) });
    const texts = row ? cells(row, this.timescale) : [format.count(index + 1)];
    const { children } = element;
    for (let column = 0; column < COLUMNS.length; column += 1) {
      const cell = children[column];
      const text = texts[column] ?? '';
      if (cell && cell.textContent !== text) cell.textContent = text;
    }
    if (!row) this.#pump();
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    const at = Math.max(0, this.chosen);
    const page = this.rows.visibleRows - 1;
    const targets = /** @type {Record<string, number>} */ ({
      ArrowDown: this.chosen < 0 ? 0 : at + 1,
      ArrowUp: at - 1,
      PageDown: at + page,
      PageUp: at - page,
      Home: 0,
      End: this.count - 1,
    });
    const target = targets[event.key];
    if (target === undefined || event.altKey || event.metaKey || !this.count) return;
    event.preventDefault();
    void this.pick(Math.max(0, Math.min(this.count - 1, target)));
  }
}

function makeRow() {
  const cell = (/** @type {Column} */ { name, number }) =>
    h('span', { role: 'gridcell', class: `sample-${name}${number ? ' number' : ''}` });
  return h('div', { role: 'row', class: 'virtual-row grid-row sample-row' }, ...COLUMNS.map(cell));
}

/**
 * @param {SampleRow} row
 * @param {number} timescale
 */
function cells(row, timescale) {
  const { encryption } = row;
  return [
    format.count(row.number),
    seconds(row.decode, timescale),
    seconds(row.composition, timescale),
    format.count(row.duration),
    format.count(row.size),
    row.sync ? 'sync' : '',
    dependsOn(row.dependency),
    format.count(row.start),
    row.fragment === null ? '' : format.count(row.fragment + 1),
    row.groups.join(', '),
    encryption ? encryption.iv || 'unknown' : 'clear',
    encryption ? mapWords(encryption.subsamples) : '',
    encryption?.kid ?? '',
  ];
}

/** @param {SampleRange[]} subsamples */
function mapWords(subsamples) {
  if (!subsamples.length) return 'all';
  const shown = subsamples.slice(0, 3).map((one) => `${one.clear}+${one.protected}`);
  const more = subsamples.length - shown.length;
  return `${shown.join(' ')}${more ? ` … ${subsamples.length}` : ''}`;
}

/** @param {SampleRow['dependency']} dependency */
export function dependsOn({ leading, dependsOn: depends, dependedOn, redundancy }) {
  const words = [
    ['', 'others', 'none'][depends],
    ['', 'leading', '', 'leading, decodable'][leading],
    ['', '', 'disposable'][dependedOn],
    ['', 'redundant'][redundancy],
  ];
  return words.filter(Boolean).join(', ');
}

/**
 * Ticks as seconds, to the microsecond: '12.345'; as they are where nothing says how long one is.
 * @param {number} ticks
 * @param {number} timescale 0 where it is not known: of fragments without a movie header
 */
export function seconds(ticks, timescale) {
  if (!timescale) return format.count(ticks);
  return (Math.round((ticks / timescale) * 1e6) / 1e6).toFixed(3);
}

/**
 * The same with its unit.
 * @param {number} ticks
 * @param {number} timescale
 */
export const time = (ticks, timescale) => `${seconds(ticks, timescale)} ${timescale ? 's' : 'ticks'}`;
