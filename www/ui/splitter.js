/** The bar between two panes: drawn, or moved by arrow keys, it gives room of one to the other. */

import { recall, remember } from '../files/remembered.js';
import { h, setAttributes } from './dom.js';

const LEAST = 10;
const MOST = 90;
const STEP = 2;

/**
 * A bar that sets a property of `frame`: the share of the first pane, in percent. Where nobody moved it, the style sheet's
 * own value holds.
 * @param {HTMLElement} frame
 * @param {object} parts
 * @param {string} parts.label what it sets
 * @param {string} parts.property of the style, with two hyphens
 * @param {string} parts.area of the grid
 * @param {() => boolean} parts.upright whether the panes stand side by side
 */
export function splitter(frame, { label, property, area, upright }) {
  const bar = h('div', {
    class: `splitter ${area}`,
    role: 'separator',
    tabindex: 0,
    'aria-label': label,
    'aria-valuemin': LEAST,
    'aria-valuemax': MOST,
    title: 'Drag, or press arrow keys; press Enter for the usual size',
  });
  const name = () => property + (upright() ? '-x' : '-y');

  const share = () => {
    const style = getComputedStyle(frame).getPropertyValue(name());
    return Math.round(Number.parseFloat(style) || 50);
  };

  const tell = () => {
    const value = share();
    setAttributes(bar, {
      'aria-orientation': upright() ? 'vertical' : 'horizontal',
      'aria-valuenow': value,
      'aria-valuetext': `${value} percent`,
    });
  };

  /** @param {number | null} value null for the usual */
  const show = (value) => {
    const kept = value === null ? null : Math.min(MOST, Math.max(LEAST, Math.round(value)));
    if (kept === null) frame.style.removeProperty(name());
    else frame.style.setProperty(name(), `${kept}%`);
    tell();
  };
  const keep = () => remember(name(), frame.style.getPropertyValue(name()).replace('%', '') || null);
  /** @param {number | null} value */
  const set = (value) => {
    show(value);
    keep();
  };

  for (const end of ['-x', '-y']) {
    const kept = Number(recall(property + end));
    if (kept >= LEAST && kept <= MOST) frame.style.setProperty(property + end, `${kept}%`);
  }

  // The usual size may be another for what is shown now.
  bar.addEventListener('focus', tell);
  bar.addEventListener('dblclick', () => set(null));
  bar.addEventListener('keydown', (event) => {
    const step = event.shiftKey ? 5 * STEP : STEP;
    const [less, more] = upright() ? ['ArrowLeft', 'ArrowRight'] : ['ArrowUp', 'ArrowDown'];
    const targets = /** @type {Record<string, number | null>} */ ({
      [less]: share() - step,
      [more]: share() + step,
      Home: LEAST,
      End: MOST,
      Enter: null,
    });
    const target = targets[event.key];
    if (target === undefined || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    set(target);
  });
  bar.addEventListener('pointerdown', (event) => {
    if (event.button) return;
    bar.setPointerCapture(event.pointerId);
  });
  bar.addEventListener('pointermove', (event) => {
    if (!bar.hasPointerCapture(event.pointerId)) return;
    const box = frame.getBoundingClientRect();
    const before = bar.previousElementSibling?.getBoundingClientRect() ?? box;
    const along = upright()
      ? (event.clientX - before.left) / box.width
      : (event.clientY - before.top) / box.height;
    if (Number.isFinite(along)) show(along * 100);
  });
  // Once it is let go of, and not on its way.
  bar.addEventListener('lostpointercapture', keep);
  // Only what is shown has a style, and a window that grows may lay panes otherwise.
  new ResizeObserver(tell).observe(bar);
  tell();
  return bar;
}
