/** A run in progress: how far, how fast, how long yet, and the way out. */

/** @import { Progress } from '../types.d.ts' */

import { button, h } from './dom.js';
import * as format from './format.js';
import { say } from './live.js';

const SMOOTHING = 0.15;

export class RunBar {
  /** @param {() => void} cancel */
  constructor(cancel) {
    this.bar = h('progress', { id: 'progress', max: 1, value: 0, 'aria-label': 'Protecting' });
    this.share = h('strong', { class: 'run-share' });
    this.figures = h('p', { class: 'run-figures' });
    this.stop = button('Cancel', cancel, { id: 'cancel', class: 'button small' });
    this.element = h(
      'div',
      { class: 'run-bar', hidden: true },
      h('div', { class: 'run-top' }, this.share, this.figures, this.stop),
      this.bar,
      h('p', { class: 'hint' }, 'Esc cancels. Keep this page open.'),
    );
    this.last = { done: 0, at: 0, speed: 0 };
    this.told = 0;
  }

  focus() {
    this.stop.focus();
  }

  /** @param {Progress | null} progress */
  update(progress) {
    this.element.hidden = !progress;
    if (!progress) {
      this.last = { done: 0, at: 0, speed: 0 };
      this.told = 0;
      return;
    }
    const { done, total } = progress;
    const share = total ? Math.min(1, done / total) : 0;
    this.#measure(done);
    this.bar.value = share;
    this.share.textContent = format.percent(share);
    const { speed } = this.last;
    this.figures.textContent = [
      `${format.bytes(done)} of ${format.bytes(total)}`,
      speed ? format.speed(speed) : '',
      speed ? format.timeLeft((total - done) / speed) : '',
    ]
      .filter(Boolean)
      .join(' · ');
    const quarter = Math.floor(share * 4);
    if (quarter > this.told && quarter < 4) {
      this.told = quarter;
      say(`${quarter * 25} % protected`);
    }
  }

  /** @param {number} done */
  #measure(done) {
    const now = performance.now();
    const { last } = this;
    if (!last.at || done < last.done) {
      this.last = { done, at: now, speed: 0 };
      return;
    }
    const seconds = (now - last.at) / 1000;
    if (seconds < 0.2) return;
    const speed = (done - last.done) / seconds;
    this.last = { done, at: now, speed: last.speed ? last.speed + SMOOTHING * (speed - last.speed) : speed };
  }
}
