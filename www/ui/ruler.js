/**
 * The ruler: the file drawn to scale, with the chosen box lit. Like a caliper it has two scales: the upper is the
 * whole file, the lower is the inside of the chosen box, or of what holds it, or else the boxes around it, magnified
 * to the full width.
 */

/** @import { BoxNode, Media } from '../types.d.ts' */

import { h, setAttributes } from './dom.js';
import * as format from './format.js';

const BAND = 18;
const GAP = 16;
const TICKS = 16;
const NEIGHBOURS = 5;
const HEIGHT = TICKS + BAND + GAP + BAND + 2;

/** Stretches that a file of very many boxes is drawn in. */
const PARTS = 2048;

/** @typedef {{ from: number, to: number, boxes: BoxNode[] }} Scale */

export class Ruler {
  /**
   * @param {Media} media
   * @param {BoxNode[]} roots those that are listed, as they grow
   * @param {(node: BoxNode) => void} choose
   * @param {(offset: number) => void} pick chooses the top-level box that holds a byte, listed or not
   * @param {AbortSignal} signal when it goes
   */
  constructor(media, roots, choose, pick, signal) {
    this.size = media.size;
    this.roots = roots;
    /** How many there are. */
    this.total = media.summary().boxCount;
    this.choose = choose;
    this.pick = pick;
    /** @type {{ stride: number, types: string[] } | null} what the file is drawn by, where not all boxes are listed */
    this.overview = null;
    if (roots.length < this.total)
      void media.overview(PARTS).then(
        (overview) => {
          this.overview = overview;
          this.#soon();
        },
        // The boxes that are listed are drawn all the same.
        () => {},
      );
    /** @type {BoxNode | null} */
    this.chosen = null;
    /** @type {BoxNode | null} the top-level box that holds the chosen one */
    this.root = null;
    /** @type {Scale | null} */
    this.inner = null;
    this.frame = 0;
    this.canvas = h('canvas', {
      class: 'ruler',
      tabindex: 0,
      role: 'slider',
      'aria-label': 'Place in the file',
      'aria-valuemin': 1,
      'aria-valuemax': Math.max(1, this.total),
      'aria-valuenow': 1,
      'aria-orientation': 'horizontal',
    });
    this.element = h('div', { class: 'ruler-frame' }, this.canvas);
    this.canvas.addEventListener('click', (event) => this.#click(event));
    this.canvas.addEventListener('pointermove', (event) => this.#hover(event));
    this.canvas.addEventListener('keydown', (event) => this.#key(event));
    new ResizeObserver(() => this.#soon()).observe(this.element);
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => this.#soon(), { signal });
  }

  /**
   * @param {BoxNode} node
   * @param {BoxNode | null} root the top-level box that holds it
   * @param {BoxNode | null} holder whose inside the lower scale shows
   * @param {BoxNode[]} inside
   */
  show(node, root, holder, inside) {
    this.chosen = node;
    this.root = root;
    this.inner =
      holder && inside.length
        ? { from: holder.start, to: holder.start + holder.size, boxes: inside }
        : neighbours(this.roots, root);
    const place = root ? this.roots.indexOf(root) + 1 : 1;
    setAttributes(this.canvas, {
      'aria-valuenow': place,
      'aria-valuetext': `${node.type}, box ${format.count(place)} of ${format.count(this.total)}, byte ${format.count(node.start)}, ${format.bytes(node.size)}`,
    });
    this.#soon();
  }

  /** @returns {Scale} */
  #whole() {
    return { from: 0, to: this.size, boxes: this.roots };
  }

  #soon() {
    cancelAnimationFrame(this.frame);
    this.frame = requestAnimationFrame(() => this.#draw());
  }

  #draw() {
    const width = this.element.clientWidth;
    const context = this.canvas.getContext('2d');
    if (!width || !context) return;
    const ratio = devicePixelRatio || 1;
    this.canvas.width = Math.round(width * ratio);
    this.canvas.height = Math.round(HEIGHT * ratio);
    this.canvas.style.setProperty('height', `${HEIGHT}px`);
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    const ink = new Ink(getComputedStyle(this.element));
    this.#ticks(context, ink, width);
    this.#band(context, ink, TICKS, this.#whole(), width);
    if (this.inner) {
      this.#link(context, ink, this.inner, width);
      this.#band(context, ink, TICKS + BAND + GAP, this.inner, width);
    }
  }

  /**
   * @param {CanvasRenderingContext2D} context
   * @param {Ink} ink
   * @param {number} width
   */
  #ticks(context, ink, width) {
    const step = niceStep(this.size, width / 90);
    context.font = ink.small;
    context.textBaseline = 'top';
    for (let offset = 0; offset <= this.size; offset += step / 5) {
      const x = Math.round((offset / this.size) * width) + 0.5;
      const major = Math.round((offset / step) * 5) % 5 === 0;
      context.fillStyle = ink.of('--line-strong');
      context.fillRect(x - 0.5, TICKS - (major ? 6 : 3), 1, major ? 6 : 3);
      if (!major || x > width - 46) continue;
      context.fillStyle = ink.of('--ink-3');
      context.fillText(
        offset === 0
          ? '0'
          : format
              .bytes(Math.round(offset))
              .replace(/\.0+ /, ' ')
              .replace(/(\.\d)0 /, '$1 '),
        x + 3,
        0,
      );
    }
  }

  /**
   * @param {CanvasRenderingContext2D} context
   * @param {Ink} ink
   * @param {number} top
   * @param {Scale} scale
   * @param {number} width
   */
  #band(context, ink, top, scale, width) {
    const span = Math.max(1, scale.to - scale.from);
    context.fillStyle = ink.of('--sunk');
    context.fillRect(0, top, width, BAND);
    if (this.overview && top === TICKS) this.#stretches(context, ink, this.overview, width);
    else this.#boxes(context, ink, top, scale, width, span);
    this.#light(context, ink, top, scale, width, span);
  }

  /**
   * The file by what is largest in each stretch of it.
   * @param {CanvasRenderingContext2D} context
   * @param {Ink} ink
   * @param {{ stride: number, types: string[] }} overview
   * @param {number} width
   */
  #stretches(context, ink, { stride, types }, width) {
    const wide = (stride / this.size) * width;
    for (const [number, type] of types.entries()) {
      context.fillStyle = ink.of(colourOf(type));
      // A little further, so that nothing shines through between them.
      context.fillRect(number * wide, TICKS, Math.min(wide + 0.5, width - number * wide), BAND);
    }
  }

  /**
   * @param {CanvasRenderingContext2D} context
   * @param {Ink} ink
   * @param {number} top
   * @param {Scale} scale
   * @param {number} width
   * @param {number} span
   */
  #boxes(context, ink, top, scale, width, span) {
    let filledTo = -1;
    for (const [index, node] of scale.boxes.entries()) {
      const x = ((node.start - scale.from) / span) * width;
      const real = (node.size / span) * width;
      if (real < 0.5 && x < filledTo) continue; // its pixel is taken
      const wide = Math.max(1, real);
      const next = scale.boxes[index + 1];
      // Where many boxes share a pixel, the larger one gives the colour.
      const crowded = real < 0.5 && next && next.size > node.size && (next.size / span) * width < 1;
      const shown = crowded ? next : node;
      context.fillStyle = ink.of(colourOf(shown.type));
      context.fillRect(x, top, wide > 4 ? wide - 1 : wide, BAND);
      filledTo = x + wide;
      if (wide < 34) continue;
      context.font = ink.label;
      context.textBaseline = 'middle';
      context.fillStyle = ink.of(node.type === 'mdat' ? '--ink' : '--sheet');
      context.fillText(node.type, x + 5, top + BAND / 2 + 1);
    }
  }

  /**
   * The chosen box, never thinner than one can see.
   * @param {CanvasRenderingContext2D} context
   * @param {Ink} ink
   * @param {number} top
   * @param {Scale} scale
   * @param {number} width
   * @param {number} span
   */
  #light(context, ink, top, scale, width, span) {
    const node = this.chosen;
    if (!node || node.start < scale.from || node.start >= scale.to || node.size === span) return; // all of it, or none
    const wide = Math.max(5, (node.size / span) * width);
    const x = Math.min(((node.start - scale.from) / span) * width, width - wide);
    context.fillStyle = ink.of('--mark');
    context.fillRect(x, top - 2, wide, BAND + 4);
    context.strokeStyle = ink.of('--ink');
    context.lineWidth = 1;
    context.strokeRect(x + 0.5, top - 1.5, wide - 1, BAND + 3);
    if (wide < 34) return;
    context.font = ink.label;
    context.textBaseline = 'middle';
    context.fillStyle = ink.of('--on-mark');
    context.fillText(node.type, x + 5, top + BAND / 2 + 1);
  }

  /**
   * From the place in the upper scale to the whole of the lower one.
   * @param {CanvasRenderingContext2D} context
   * @param {Ink} ink
   * @param {Scale} inner
   * @param {number} width
   */
  #link(context, ink, inner, width) {
    const left = (inner.from / this.size) * width;
    const right = Math.max(left + 1, (inner.to / this.size) * width);
    const top = TICKS + BAND + 2;
    const bottom = TICKS + BAND + GAP - 2;
    context.beginPath();
    context.moveTo(left, top);
    context.lineTo(right, top);
    context.lineTo(width, bottom);
    context.lineTo(0, bottom);
    context.closePath();
    context.fillStyle = ink.of('--sunk');
    context.fill();
    context.strokeStyle = ink.of('--line-strong');
    context.lineWidth = 0.75;
    context.beginPath();
    context.moveTo(left, top);
    context.lineTo(0.5, bottom);
    context.moveTo(right, top);
    context.lineTo(width - 0.5, bottom);
    context.stroke();
  }

  /**
   * The byte under the pointer, and the box of those that are listed.
   * @param {MouseEvent} event
   */
  #at(event) {
    const area = this.canvas.getBoundingClientRect();
    const share = (event.clientX - area.left) / area.width;
    const lower = event.clientY - area.top > TICKS + BAND + GAP / 2;
    const scale = lower && this.inner ? this.inner : this.#whole();
    const offset = scale.from + share * (scale.to - scale.from);
    const node = scale.boxes.find(({ start, size }) => offset >= start && offset < start + size);
    return { offset: Math.floor(offset), node };
  }

  /** @param {MouseEvent} event */
  #hover(event) {
    const { offset, node } = this.#at(event);
    this.canvas.title = node
      ? `${node.type} ${node.name}, ${format.bytes(node.size)}`
      : `Byte ${format.count(offset)}`;
  }

  /** @param {MouseEvent} event */
  #click(event) {
    const { offset, node } = this.#at(event);
    if (node) this.choose(node);
    else this.pick(offset);
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    const start = this.root?.start ?? 0;
    const end = start + (this.root?.size ?? 0);
    const page = Math.ceil(this.size / 10);
    const targets = /** @type {Record<string, number>} */ ({
      ArrowRight: end,
      ArrowUp: end,
      ArrowLeft: start - 1,
      ArrowDown: start - 1,
      Home: 0,
      End: this.size - 1,
      PageDown: Math.max(end, start + page),
      PageUp: Math.min(start - 1, start - page),
    });
    const target = targets[event.key];
    if (target === undefined) return;
    event.preventDefault();
    this.pick(Math.max(0, Math.min(this.size - 1, target)));
  }
}

/** Colours and fonts of the page, read once a drawing. */
class Ink {
  /** @param {CSSStyleDeclaration} style */
  constructor(style) {
    this.style = style;
    /** @type {Map<string, string>} */
    this.known = new Map();
    this.small = `10.5px ${this.of('--font')}`;
    this.label = `600 10.5px ${this.of('--mono')}`;
  }

  /** @param {string} token */
  of(token) {
    let value = this.known.get(token);
    if (value === undefined) {
      value = this.style.getPropertyValue(token).trim();
      this.known.set(token, value);
    }
    return value;
  }
}

/**
 * The boxes on both sides of a top-level one.
 * @param {BoxNode[]} roots
 * @param {BoxNode | null} root
 * @returns {Scale | null}
 */
function neighbours(roots, root) {
  const at = root ? roots.indexOf(root) : -1;
  if (at < 0) return null;
  const boxes = roots.slice(Math.max(0, at - NEIGHBOURS), at + NEIGHBOURS + 1);
  const first = boxes[0];
  const last = boxes.at(-1);
  return first && last ? { from: first.start, to: last.start + last.size, boxes } : null;
}

/** @param {string} type */
function colourOf(type) {
  if (type === 'mdat') return '--band-mdat';
  if (type === 'moof') return '--band-moof';
  if (type === 'mfra' || type === 'sidx') return '--band-index';
  if (type === 'uuid' || type === 'free' || type === 'skip') return '--band-other';
  return '--band-head';
}

/**
 * A round distance between labels: 1, 2 or 5 times a power of ten.
 * @param {number} span
 * @param {number} labels
 */
function niceStep(span, labels) {
  const rough = Math.max(1, span / Math.max(1, labels));
  const power = 10 ** Math.floor(Math.log10(rough));
  const lead = rough / power;
  const round = lead <= 1 ? 1 : lead <= 2 ? 2 : lead <= 5 ? 5 : 10;
  return round * power;
}
