/** The samples around one, in decoding order: their sizes, where decoding can begin, and what is presented in another order. */

/** @import { Media, SampleRow } from '../types.d.ts' */

import { faultOf } from './fault.js';
import { h, setAttributes } from './dom.js';
import * as format from './format.js';

/** Samples on each side. */
const SIDE = 120;
const HEIGHT = 64;
/** Room for the marks of sync samples. */
const FOOT = 6;

export class Gop {
  /**
   * @param {Media} media
   * @param {(track: number, number: number) => void} choose called with a sample
   * @param {AbortSignal} gone when the file is closed
   */
  constructor(media, choose, gone) {
    this.media = media;
    this.choose = choose;
    this.gone = gone;
    this.turn = 0;
    this.track = 0;
    /** The chosen sample. */
    this.number = 0;
    /** @type {SampleRow[]} */
    this.rows = [];
    this.timescale = 1;
    this.canvas = h('canvas', { class: 'gop-bars', role: 'img', tabindex: 0 });
    this.words = h('p', { class: 'quiet gop-words' }, 'Choose a sample to see those around it.');
    this.element = h('figure', { class: 'gop', 'aria-label': 'Samples around the chosen one' });
    this.element.append(this.canvas, h('figcaption', {}, this.words));
    this.canvas.hidden = true;
    this.canvas.addEventListener('click', (event) => {
      const row = this.rows[Math.floor(event.offsetX / this.#barWidth())];
      if (row) this.choose(this.track, row.number);
    });
    this.canvas.addEventListener('keydown', (event) => {
      const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
      const first = this.rows[0]?.number ?? 1;
      if (!step || event.ctrlKey || event.metaKey || event.altKey) return;
      event.preventDefault();
      const row = this.rows[this.number + step - first];
      if (row) this.choose(this.track, row.number);
    });
    new ResizeObserver(() => this.#draw()).observe(this.element);
    const colours = matchMedia('(prefers-color-scheme: dark)');
    colours.addEventListener('change', () => this.#draw(), { signal: gone });
  }

  /**
   * @param {number} track
   * @param {number} number of the sample, from 1
   */
  async show(track, number) {
    const turn = ++this.turn;
    const from = Math.max(0, number - 1 - SIDE);
    const end = number + SIDE;
    /** @type {SampleRow[]} */
    const rows = [];
    try {
      // Where samples stand in many fragments fewer come than were asked for.
      while (from + rows.length < end) {
        const at = from + rows.length;
        const page = await this.media.samples(track, { from: at, count: end - at });
        if (turn !== this.turn || this.gone.aborted) return;
        this.timescale = page.timescale || 1;
        if (!page.rows.length) break;
        rows.push(...page.rows);
      }
    } catch (error) {
      if (turn === this.turn) this.words.textContent = faultOf(error).message;
      return;
    }
    Object.assign(this, { track, number, rows });
    this.canvas.hidden = false;
    this.words.textContent = `${this.#group()} Marks below are sync samples; what is hatched is presented before a sample that is decoded earlier.`;
    setAttributes(this.canvas, {
      'aria-label': `Sizes of samples ${format.count(rows[0]?.number ?? 0)} to ${format.count(rows.at(-1)?.number ?? 0)} of track ${track}; arrows choose a neighbour. ${this.#group()}`,
    });
    this.#draw();
  }

  /** The group of pictures that the chosen sample is in, in words. */
  #group() {
    const { rows, number, timescale } = this;
    const here = rows.findIndex((row) => row.number === number);
    const start = rows.findLastIndex((row, at) => at <= here && row.sync);
    const next = rows.findIndex((row, at) => at > here && row.sync);
    const group = rows.slice(Math.max(0, start), next < 0 ? rows.length : next);
    if (rows.every(({ sync }) => sync)) return 'Each of these samples is a sync sample.';
    const bytes = group.reduce((sum, { size }) => sum + size, 0);
    const ticks = group.reduce((sum, { duration }) => sum + duration, 0);
    const moved = reordered(group).filter(Boolean).length;
    const more = start < 0 || next < 0 ? 'at least ' : '';
    const begin = start < 0 ? 'begins before these' : `begins with ${format.count(rows[start]?.number ?? 0)}`;
    return (
      `Its group ${begin}: ${more}${format.counted(group.length, 'sample')}, ${format.duration(ticks / timescale)}, ` +
      `${format.bytes(bytes)}, ${moved ? `${format.count(moved)} of them presented before one that is decoded earlier` : 'presented as they are decoded'}.`
    );
  }

  #barWidth() {
    return this.element.clientWidth / Math.max(1, this.rows.length);
  }

  #draw() {
    const width = this.element.clientWidth;
    if (!this.rows.length || !width) return;
    const scale = window.devicePixelRatio || 1;
    const { canvas } = this;
    Object.assign(canvas, { width: Math.round(width * scale), height: Math.round(HEIGHT * scale) });
    const draw = canvas.getContext('2d');
    if (!draw) return;
    draw.scale(scale, scale);
    const look = getComputedStyle(this.element);
    const colour = (/** @type {string} */ name) => look.getPropertyValue(name).trim();
    const [plain, marked, mark] = [colour('--ink-3'), colour('--accent'), colour('--mark')];
    const most = Math.max(...this.rows.map(({ size }) => size), 1);
    const bar = this.#barWidth();
    const moved = reordered(this.rows);
    this.rows.forEach((row, at) => {
      const height = Math.max(1, (row.size / most) * (HEIGHT - FOOT - 2));
      const [x, y] = [at * bar, HEIGHT - FOOT - height];
      const wide = Math.max(1, bar - 1);
      draw.fillStyle = row.number === this.number ? marked : plain;
      draw.fillRect(x, y, wide, height);
      if (moved[at]) {
        draw.fillStyle = colour('--sheet');
        for (let line = y + 2; line < HEIGHT - FOOT; line += 4) draw.fillRect(x, line, wide, 1.5);
      }
      if (row.sync) {
        draw.fillStyle = mark;
        draw.fillRect(x, HEIGHT - FOOT + 2, Math.max(2, wide), FOOT - 2);
      }
    });
  }
}

/**
 * Which samples are presented before one that is decoded earlier, as those that depend on both sides are.
 * @param {readonly SampleRow[]} rows
 */
function reordered(rows) {
  let most = -Infinity;
  return rows.map(({ composition }) => {
    const before = composition < most;
    most = Math.max(most, composition);
    return before;
  });
}
