/** Everything that is on the desk for one open file: its summary and its three views. */

/** @import { FileState, Store, View } from './store.js' */
/** @import { Others } from './compare.js' */
/** @import { Action } from './findings.js' */
/** @import { OpenMedia } from './player.js' */

import { h } from './dom.js';
import { faultOf } from './fault.js';
import { Inspect } from './inspect.js';
import { placeOf } from './place.js';
import { Protect } from './protect.js';
import { Result } from './result.js';
import { addStyle } from './style.js';
import { summaryStrip } from './summary.js';

export { SetDesk } from './set-desk.js';
export { takeSeveral } from './several.js';

/** Styles of what is on a desk, which the page without a file does not need. Who makes a desk waits for them. */
export const styled = Promise.all([
  addStyle(new URL('../style/inspect.css', import.meta.url)),
  addStyle(new URL('../style/fields.css', import.meta.url)),
  addStyle(new URL('../style/findings.css', import.meta.url)),
  addStyle(new URL('../style/samples.css', import.meta.url)),
  addStyle(new URL('../style/work.css', import.meta.url)),
  addStyle(new URL('../style/result.css', import.meta.url)),
  addStyle(new URL('../style/set.css', import.meta.url)),
  addStyle(new URL('../style/segments.css', import.meta.url)),
  addStyle(new URL('../style/compare.css', import.meta.url)),
  addStyle(new URL('../style/uplot.css', import.meta.url)),
]);

export class Desk {
  /**
   * @param {Store} store
   * @param {FileState} file that has been opened
   * @param {OpenMedia} open
   * @param {(view: View) => void} go
   * @param {() => void} apart opens the files that this one is made of, each by itself
   * @param {() => void} arrived its inspector is there
   */
  constructor(store, file, open, go, apart, arrived) {
    if (!file.media || !file.summary) throw new Error('the file is still opening');
    this.summary = summaryStrip(file.summary, file.tracks, file.media.parts, file.merged ? apart : null);
    /** @type {Inspect | null} */
    this.inspector = null;
    this.closed = false;
    this.inspect = h('div', { class: 'inspect-place' }, h('p', { class: 'quiet' }, 'Reading the boxes…'));
    this.protect = new Protect(store, file.id, (keys) => {
      go('result');
      this.result.take(keys);
    });
    this.result = new Result(store, file.id, open, () => go('protect'));
    const { media, summary } = file;
    media.tree().then(
      (roots) => {
        if (this.closed) return;
        const act = (/** @type {Action} */ action) => {
          go(action === 'check' ? 'result' : 'protect');
          if (action === 'check') this.result.take([]);
          else this.protect.choose(action === 'change' ? 'change' : 'anew');
        };
        const place = placeOf(location.hash);
        const shown = new Inspect(media, summary, roots, file.parts, place, act, othersOf(store, file.id));
        this.inspector = shown;
        this.inspect.replaceChildren(shown.element);
        arrived();
      },
      (error) => {
        this.inspect.replaceChildren(h('p', { class: 'fault-line' }, faultOf(error).message));
      },
    );
  }

  /** @param {FileState} file */
  update(file) {
    this.protect.update(file);
    this.result.update(file);
  }

  close() {
    this.closed = true;
    this.inspector?.close();
    this.protect.close();
    this.result.close();
  }
}

/**
 * The other files that are open.
 * @param {Store} store
 * @param {number} own
 * @returns {Others}
 */
const othersOf = (store, own) => ({
  list: () =>
    store.state.files.flatMap(({ id, name, media }) => (media && id !== own ? [{ id, name, media }] : [])),
  subscribe: (listener) =>
    store.subscribe((state, before) => {
      if (state.files !== before.files) listener();
    }),
});
