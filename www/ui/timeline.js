/**
 * The tracks of a file over time: fragments, or stretches between sync samples. Bitrates, sizes, gaps, and how far apart are the
 * times that different boxes say. The same as a table.
 */

/** @import { Media } from '../types.d.ts' */
/** @import { Line } from './timeline-measures.js' */

import { faultOf } from './fault.js';
import { button, freshId, h, setAttributes } from './dom.js';
import * as format from './format.js';
import { say } from './live.js';
import { COLUMNS, curveOf, fragmentsOf, MEASURES, TFXD } from './timeline-measures.js';
import UPlot from './uplot.js';
import { VirtualRows } from './virtual.js';

const HEIGHT = 150;
/** Height of a row of sync marks. */
const SYNC_ROW = 10;
/** How much a step of a wheel or a key shows more or less of. */
const STEP = 1.5;
/** Dots that a finger or a mouse may move before it is no click. */
const CLICK = 5;

export class Timeline {
  /**
   * @param {Media} media
   * @param {(track: number, number: number) => void} choose called with a sample
   * @param {AbortSignal} gone when the file is closed
   */
  constructor(media, choose, gone) {
    this.media = media;
    this.gone = gone;
    this.id = freshId('timeline');
    this.choose = choose;
    /** @type {Line[]} */
    this.lines = [];
    /** Track and stretch of each row of the table. @type {[number, number][]} */
    this.places = [];
    /** @type {UPlot | null} */
    this.chart = null;
    this.measure = h(
      'select',
      { 'aria-label': 'What is drawn' },
      ...MEASURES.map(({ name }, at) => h('option', { value: at }, name)),
    );
    this.measure.addEventListener('change', () => {
      this.#draw();
      if (MEASURES[Number(this.measure.value)]?.name === TFXD) void this.#readTfxd();
    });
    this.state = h('span', { class: 'quiet', role: 'status' });
    this.asTable = button('As a table', () => this.#toggle(), {
      class: 'button small',
      'aria-pressed': 'false',
    });
    this.place = h('div', {
      class: 'timeline-chart',
      role: 'group',
      tabindex: 0,
      'aria-label':
        'Timeline: plus and minus zoom, arrows move, Home shows all. The same as a table is one button on.',
    });
    const head = h(
      'div',
      { role: 'row', class: 'timeline-row grid-head', 'aria-rowindex': 1 },
      ...COLUMNS.map(({ title }) => h('span', { role: 'columnheader' }, title)),
    );
    this.table = new VirtualRows({
      rowHeight: 26,
      create: () =>
        h(
          'div',
          { role: 'row', class: 'virtual-row grid-row timeline-row' },
          ...COLUMNS.map(() => h('span', { role: 'gridcell' })),
        ),
      draw: (row, index) => this.#drawRow(row, index),
      head,
      attributes: {
        role: 'grid',
        tabindex: 0,
        'aria-label': 'Timeline',
        class: 'virtual timeline-table',
        hidden: true,
      },
    });
    this.table.element.addEventListener('click', (event) => {
      const row = /** @type {Element} */ (event.target).closest('[data-index]');
      if (row instanceof HTMLElement) this.#chooseRow(Number(row.dataset['index']));
    });
    this.row = -1;
    this.table.element.addEventListener('keydown', (event) => this.#tableKey(event));
    this.element = h(
      'section',
      { class: 'pane pane-timeline', 'aria-label': 'Timeline' },
      h(
        'div',
        { class: 'pane-head sample-bar' },
        this.measure,
        this.state,
        h(
          'div',
          { class: 'goto-form' },
          button('Zoom in', () => this.#zoom(1 / STEP), { class: 'button small' }),
          button('Zoom out', () => this.#zoom(STEP), { class: 'button small' }),
          button('All', () => this.#all(), { class: 'button small' }),
          this.asTable,
        ),
      ),
      this.place,
      this.table.element,
    );
    this.place.addEventListener('keydown', (event) => this.#key(event));
    this.place.addEventListener('wheel', (event) => this.#wheel(event), { passive: false });
    this.#touch();
    new ResizeObserver(() => this.#fit()).observe(this.place);
    const colours = matchMedia('(prefers-color-scheme: dark)');
    colours.addEventListener('change', () => this.#draw(), { signal: gone });
    // The page's window would hold it.
    gone.addEventListener('abort', () => this.chart?.destroy());
    void this.#read();
  }

  /** Tracks come one by one: what is there already can be looked at. */
  async #read() {
    const tracks = this.media.tracks().filter(({ sampleCount }) => sampleCount > 0);
    /** @type {string[]} */
    const unread = [];
    for (const [number, track] of tracks.entries()) {
      this.state.textContent = `Reading track ${number + 1} of ${tracks.length}`;
      try {
        const line = await this.media.timeline(track.id);
        if (this.gone.aborted) return;
        this.lines.push({ track, line, fragments: fragmentsOf(line) });
        line.number.forEach((_, at) => this.places.push([this.lines.length - 1, at]));
      } catch (error) {
        if (this.gone.aborted) return;
        unread.push(`Track ${track.id} cannot be read: ${faultOf(error).message}`);
      }
      this.#draw();
      this.table.setCount(this.places.length);
      setAttributes(this.table.element, { 'aria-rowcount': this.places.length + 1 });
    }
    const faults = this.lines.reduce((sum, { line }) => sum + line.gap.filter((gap) => gap !== 0).length, 0);
    const stretches = format.counted(this.places.length, 'stretch', 'stretches');
    const gaps = faults ? format.counted(faults, 'gap or overlap', 'gaps or overlaps') : 'no gaps';
    this.state.textContent = [`${stretches}, ${gaps}`, ...unread].join('. ');
  }

  /** Reads what the headers of fragments say; what is there already is drawn. */
  async #readTfxd() {
    for (const one of this.lines) {
      if (one.tfxd || one.line.joined) continue;
      // Samples of a sample table stand before those of fragments.
      const before = one.line.fragment.findIndex((fragment) => fragment !== null);
      if (before < 0) continue;
      /** @type {(number | null)[]} */
      const all = Array.from({ length: before }, () => null);
      one.tfxd = all;
      try {
        for (let from = 0; ;) {
          const more = await this.media.tfxd(one.track.id, from);
          if (this.gone.aborted) return;
          if (!more.length) break;
          all.push(...more);
          from += more.length;
          if (from % 1024 < more.length) this.#refresh();
        }
      } catch (error) {
        if (this.gone.aborted) return;
        say(faultOf(error).message);
      }
      this.#refresh();
    }
  }

  #refresh() {
    this.#draw();
    this.table.refresh();
  }

  #draw() {
    const measure = MEASURES[Number(this.measure.value)] ?? MEASURES[0];
    const { lines } = this;
    const width = this.place.clientWidth;
    if (!measure || !lines.length || !width) return;
    const scale = this.chart?.scales['x'];
    const tables = lines.map((one) => curveOf(one, measure, lines));
    const look = getComputedStyle(this.element);
    const colour = (/** @type {string} */ name) => look.getPropertyValue(name).trim();
    const colours = ['--accent', '--bad', '--band-index', '--warn', '--ink-2'];
    const dashes = [[], [6, 3], [2, 3], [8, 3, 2, 3], [1, 4]];
    const axis = {
      stroke: colour('--ink-2'),
      grid: { stroke: colour('--line'), width: 1 },
      ticks: { stroke: colour('--line') },
    };
    this.chart?.destroy();
    this.place.replaceChildren();
    this.chart = new UPlot(
      {
        width,
        height: HEIGHT,
        scales: { x: { time: false } },
        cursor: { drag: { x: false, y: false }, focus: { prox: 16 } },
        legend: { live: true },
        axes: [
          { ...axis, values: (_, values) => values.map((value) => format.duration(value)) },
          { ...axis, size: 64 },
        ],
        series: [
          { label: 'Time', value: (_, value) => (value === null ? '' : `${value.toFixed(3)} s`) },
          ...lines.map(({ track }, at) => ({
            label: `Track ${track.id} (${track.kind}), ${measure.unit}`,
            stroke: colour(colours[at % colours.length] ?? '--ink'),
            dash: dashes[at % dashes.length] ?? [],
            width: 1.5,
            spanGaps: true,
            paths: UPlot.paths.stepped?.({ align: 1 }),
            value: (/** @type {unknown} */ _, /** @type {number | null} */ value) =>
              value === null || value === undefined ? '' : String(Math.round(value * 100) / 100),
          })),
        ],
        hooks: { draw: [(chart) => this.#drawSyncs(chart, colour('--mark'))] },
      },
      UPlot.join(tables),
      this.place,
    );
    if (scale?.min !== undefined && scale.max !== undefined && scale.min !== null && scale.max !== null)
      this.chart.setScale('x', { min: scale.min, max: scale.max });
  }

  /**
   * Sync points of pictures as marks along the bottom, one row for each track; of the first track where there are no pictures.
   * @param {UPlot} chart
   * @param {string} colour
   */
  #drawSyncs(chart, colour) {
    const pictures = this.lines.filter(({ track }) => track.kind === 'video');
    const { left, top, width, height } = chart.bbox;
    const { ctx } = chart;
    ctx.save();
    ctx.fillStyle = colour;
    for (const [row, { line }] of (pictures.length ? pictures : this.lines.slice(0, 1)).entries()) {
      const bottom = top + height - row * SYNC_ROW;
      let before = -Infinity;
      line.start.forEach((ticks, at) => {
        if (!line.sync[at]) return;
        const x = chart.valToPos(ticks / (line.timescale || 1), 'x', true);
        if (x < left || x > left + width || x - before < 3) return;
        before = x;
        ctx.fillRect(x - 1, bottom - SYNC_ROW + 2, 2, SYNC_ROW - 2);
      });
    }
    ctx.restore();
  }

  #fit() {
    const { chart } = this;
    const width = this.place.clientWidth;
    if (!width) return;
    if (!chart) this.#draw();
    else if (chart.width !== width) chart.setSize({ width, height: HEIGHT });
  }

  /** First and last second that are shown, and of all. */
  #range() {
    const scale = this.chart?.scales['x'];
    const times = this.chart?.data[0] ?? [];
    const from = times[0] ?? 0;
    const to = times.at(-1) ?? 1;
    return { min: scale?.min ?? from, max: scale?.max ?? to, from, to };
  }

  /** @param {number} min @param {number} max */
  #show(min, max) {
    const { from, to } = this.#range();
    const span = Math.max(1e-3, Math.min(max - min, to - from));
    const start = Math.max(from, Math.min(min, to - span));
    this.chart?.setScale('x', { min: start, max: start + span });
  }

  /**
   * @param {number} factor
   * @param {number} [around] the second that stays where it is
   */
  #zoom(factor, around) {
    const { min, max } = this.#range();
    const fixed = around ?? (min + max) / 2;
    this.#show(fixed - (fixed - min) * factor, fixed + (max - fixed) * factor);
  }

  #all() {
    const { from, to } = this.#range();
    this.#show(from, to);
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    const { min, max } = this.#range();
    const step = (max - min) / 4;
    const acts = /** @type {Record<string, () => void>} */ ({
      '+': () => this.#zoom(1 / STEP),
      '=': () => this.#zoom(1 / STEP),
      '-': () => this.#zoom(STEP),
      ArrowRight: () => this.#show(min + step, max + step),
      ArrowLeft: () => this.#show(min - step, max - step),
      Home: () => this.#all(),
      Enter: () => this.#chooseTime((min + max) / 2),
    });
    const act = acts[event.key];
    if (!act || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    act();
  }

  /** @param {WheelEvent} event */
  #wheel(event) {
    if (!this.chart || !event.deltaY) return;
    event.preventDefault();
    this.#zoom(event.deltaY < 0 ? 1 / STEP : STEP, this.#secondAt(event.clientX));
  }

  /** @param {number} x on the screen */
  #secondAt(x) {
    const over = this.chart?.over.getBoundingClientRect();
    return over ? (this.chart?.posToVal(x - over.left, 'x') ?? 0) : 0;
  }

  /** One finger or a mouse moves, two fingers zoom; what does not move chooses. */
  #touch() {
    /** @type {Map<number, { x: number, from: number }>} */
    const down = new Map();
    const { place } = this;
    place.addEventListener('pointerdown', (event) => {
      if (!(event.target instanceof Node) || !this.chart?.over.contains(event.target)) return;
      down.set(event.pointerId, { x: event.clientX, from: event.clientX });
    });
    place.addEventListener('pointermove', (event) => {
      const own = down.get(event.pointerId);
      if (!own) return;
      const other = [...down].find(([id]) => id !== event.pointerId)?.[1];
      if (other) {
        const before = Math.abs(own.x - other.x);
        const now = Math.abs(event.clientX - other.x);
        if (before > 4 && now > 4) this.#zoom(before / now, this.#secondAt((event.clientX + other.x) / 2));
      } else {
        const { min, max } = this.#range();
        const moved = this.#secondAt(own.x) - this.#secondAt(event.clientX);
        this.#show(min + moved, max + moved);
      }
      own.x = event.clientX;
    });
    const up = (/** @type {PointerEvent} */ event) => {
      const own = down.get(event.pointerId);
      down.delete(event.pointerId);
      if (event.type === 'pointerup' && own && !down.size && Math.abs(event.clientX - own.from) < CLICK)
        this.#chooseTime(this.#secondAt(event.clientX));
    };
    place.addEventListener('pointerup', up);
    place.addEventListener('pointercancel', up);
    place.addEventListener('pointerleave', up);
  }

  /** @param {number} second */
  #chooseTime(second) {
    const focused = this.chart?.series.findIndex((one, at) => at > 0 && 'focus' in one && one.focus) ?? -1;
    const line = this.lines[Math.max(0, focused - 1)];
    if (!line) return;
    const { track } = line;
    this.media.sampleAtTime(track.id, second).then(
      (number) => number !== null && this.choose(track.id, number),
      (error) => say(faultOf(error).message),
    );
  }

  #toggle() {
    const shown = this.table.element.hidden;
    this.table.element.hidden = !shown;
    this.place.hidden = shown;
    setAttributes(this.asTable, { 'aria-pressed': String(shown) });
    if (shown) {
      this.table.refresh();
      void this.#readTfxd();
    } else this.#fit();
  }

  /**
   * @param {HTMLElement} element
   * @param {number} index
   */
  #drawRow(element, index) {
    const [number, at] = this.places[index] ?? [0, 0];
    const one = this.lines[number];
    if (!one) return;
    element.dataset['index'] = String(index);
    element.classList.toggle('chosen', index === this.row);
    element.id = `${this.id}-${index}`;
    setAttributes(element, { 'aria-rowindex': index + 2 });
    COLUMNS.forEach(({ of }, column) => {
      const cell = element.children[column];
      const text = of(one, at, this.lines);
      if (cell && cell.textContent !== text) cell.textContent = text;
    });
  }

  /** @param {number} index */
  #chooseRow(index) {
    this.row = index;
    this.table.reveal(index);
    this.table.refresh();
    setAttributes(this.table.element, { 'aria-activedescendant': `${this.id}-${index}` });
    const [number, at] = this.places[index] ?? [0, 0];
    const one = this.lines[number];
    const sample = one?.line.number[at];
    if (one && sample !== undefined) this.choose(one.track.id, sample);
  }

  /** @param {KeyboardEvent} event */
  #tableKey(event) {
    const page = this.table.visibleRows - 1;
    const targets = /** @type {Record<string, number>} */ ({
      ArrowDown: this.row + 1,
      ArrowUp: this.row - 1,
      PageDown: this.row + page,
      PageUp: this.row - page,
      Home: 0,
      End: this.places.length - 1,
    });
    const target = targets[event.key];
    if (target === undefined || event.altKey || event.metaKey || !this.places.length) return;
    event.preventDefault();
    this.#chooseRow(Math.max(0, Math.min(this.places.length - 1, target)));
  }
}
