/** How far something has come, with a button that stops it. */

import { button, h } from './dom.js';
import * as format from './format.js';

/**
 * @param {string} label of the bar
 * @param {string} words what is done
 * @param {string} id of the button
 */
export function watched(label, words, id) {
  const stop = new AbortController();
  const bar = h('progress', { max: 1, 'aria-label': label });
  const share = h('span', { class: 'quiet' }, `${words} …`);
  const parts = [bar, share, button('Stop', () => stop.abort(), { class: 'copy', id })];
  /** @param {number} done @param {number} total 0 where it is not known @param {string} now what is done now */
  const tell = (done, total, now = words) => {
    if (!total) return;
    bar.value = done / total;
    share.textContent = `${now} … ${format.percent(done / total)}`;
  };
  return { stop, parts, tell };
}
