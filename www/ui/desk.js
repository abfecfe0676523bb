/** Everything that is on the desk for one open file: its summary and its three views. */

/** @import { FileState, Store, View } from './store.js' */
/** @import { OpenMedia } from './player.js' */

import { h } from './dom.js';
import { Inspect } from './inspect.js';
import { Protect, faultOf } from './protect.js';
import { Result } from './result.js';
import { summaryStrip } from './summary.js';

export class Desk {
  /**
   * @param {Store} store
   * @param {FileState} file that has been opened
   * @param {OpenMedia} open
   * @param {(view: View) => void} go
   */
  constructor(store, file, open, go) {
    if (!file.media || !file.summary) throw new Error('the file is still opening');
    this.summary = summaryStrip(file.summary, file.tracks);
    this.inspect = h('div', { class: 'inspect-place' }, h('p', { class: 'quiet' }, 'Reading the boxes…'));
    this.protect = new Protect(store, file.id);
    this.result = new Result(store, file.id, open, () => go('protect'));
    const { media, summary } = file;
    media.tree().then(
      (roots) => {
        this.inspect.replaceChildren(new Inspect(media, summary, roots).element);
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
    this.protect.close();
    this.result.close();
  }
}
