/** A run in progress: how far, how fast, how long yet, and the way out. */

/** @import { Progress } from '../types.d.ts' */

import { button, h, setText } from './dom.js';
import * as format from './format.js';
import { say } from './live.js';

const SMOOTHING = 0.15;
/** From this share on speed is measured: heads, which come first, are few bytes and take their time. */
const MEASURED = 0.002;

/** A disk that wakes up, or a network drive, may take some seconds. */
const STILL_MS = 30_000;

const HINT = 'Esc cancels. Keep this page open.';
/** Where its index stands in front, a file that goes straight to the downloads is made twice. */
const TWICE =
  'Its index stands in front of the media, so it is gone through once before the download begins. Esc cancels.';
const STILL =
  'Nothing has moved for a while. Wait if the disk is busy, or answer if the browser asks something; else cancel and ' +
  'start again, nothing is lost.';
const ENDING = 'Finishing the file. Keep this page open.';
const FINISHING = 'Finishing the file, which can no longer be cancelled. Keep this page open.';

export class RunBar {
  /**
   * @param {() => void} cancel
   * @param {string} [stillWords] what is said when nothing moves
   */
  constructor(cancel, stillWords = STILL) {
    this.stillWords = stillWords;
    this.bar = h('progress', { id: 'progress', max: 1, value: 0, 'aria-label': 'Progress' });
    this.share = h('strong', { class: 'run-share' });
    this.figures = h('p', { class: 'run-figures' });
    this.stop = button('Cancel', cancel, { id: 'cancel', class: 'button small' });
    this.hint = h('p', { class: 'hint' });
    this.element = h(
      'div',
      { class: 'run-bar', hidden: true },
      h('div', { class: 'run-top' }, this.share, this.figures, this.stop),
      this.bar,
      this.hint,
    );
    this.last = { done: 0, at: 0, speed: 0 };
    this.told = 0;
    this.moved = -1;
    this.finishing = false;
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.still = undefined;
  }

  focus() {
    this.stop.focus();
  }

  /** @param {Progress | null} progress */
  update(progress) {
    this.element.hidden = !progress;
    this.#finish(progress?.stage === 'finish');
    if (!progress || progress.stage === 'finish') {
      clearTimeout(this.still);
      if (progress) return;
      this.last = { done: 0, at: 0, speed: 0 };
      this.told = 0;
      this.moved = -1;
      return;
    }
    const { done, total } = progress;
    if (done !== this.moved) this.#watch(done, total, progress.stage === 'measure' ? TWICE : HINT);
    const share = total ? Math.min(1, done / total) : 0;
    if (share >= MEASURED) this.#measure(done);
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
      say(`${quarter * 25} % done`);
    }
  }

  /** @param {boolean} finishing Some browsers look at the whole file once more before they give it its name. */
  #finish(finishing) {
    if (this.finishing === finishing) return;
    this.finishing = finishing;
    // It keeps the focus: a button that is disabled loses it.
    this.stop.setAttribute('aria-disabled', String(finishing));
    this.stop.title = finishing ? FINISHING : '';
    if (!finishing) return;
    setText(this.hint, FINISHING);
    say(FINISHING);
  }

  /**
   * Says so when nothing moves from here on.
   * @param {number} done
   * @param {number} total
   * @param {string} hint
   */
  #watch(done, total, hint) {
    this.moved = done;
    clearTimeout(this.still);
    const ends = total > 0 && done === total;
    setText(this.hint, ends ? ENDING : hint);
    if (ends) return;
    this.still = setTimeout(() => {
      setText(this.hint, this.stillWords);
      say(this.stillWords);
    }, STILL_MS);
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
