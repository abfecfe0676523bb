/** An open file behind an address, as the main page shows one: to be looked at, and no more. */

/** @import { Media, Summary } from '../types.d.ts' */
/** @import { Place } from '../ui/place.js' */

import { button, h } from '../ui/dom.js';
import { faultOf } from '../ui/fault.js';
import { Inspect } from '../ui/inspect.js';
import { placeOf } from '../ui/place.js';
import { summaryStrip } from '../ui/summary.js';

/** Nothing is made of a file here, and so nothing is offered for what was found in it. */
const LOOKED_AT = /** @type {const} */ ({
  ok: false,
  code: 'remote',
  reason: 'Save the file to this computer, and open it on the main page to protect or change it.',
});

export class FileView {
  /** @type {Inspect | null} */
  inspector = null;
  #closed = false;

  /**
   * @param {Media} media
   * @param {(() => void) | null} back to the manifest that led to it
   * @param {number} [at] the byte to begin at, where the address of the page says none
   */
  constructor(media, back, at = -1) {
    const panel = h('div', { class: 'panel' }, h('p', { class: 'quiet' }, 'Reading the boxes…'));
    this.media = media;
    this.element = h(
      'section',
      { class: 'file', 'aria-label': 'File' },
      h(
        'header',
        { class: 'summary' },
        back ? button('Back to the manifest', back, { class: 'button small', id: 'back' }) : null,
        summaryStrip(media.summary(), media.tracks(), media.parts, null),
        h(
          'p',
          { class: 'hint' },
          'To protect, change or verify it, save the file to this computer and open it on the main page.',
        ),
      ),
      panel,
    );
    void this.#fill(
      panel,
      { ...media.summary(), protectable: LOOKED_AT },
      at < 0 ? placeOf(location.hash) : { box: '', byte: at },
    );
  }

  /**
   * @param {HTMLElement} panel
   * @param {Summary} summary
   * @param {Place | null} place
   */
  async #fill(panel, summary, place) {
    const { media } = this;
    try {
      const roots = await media.tree();
      if (this.#closed) return;
      this.inspector = new Inspect(media, summary, roots, [], place, () => {}, null);
      panel.replaceChildren(this.inspector.element);
    } catch (error) {
      if (!this.#closed) panel.replaceChildren(h('p', { class: 'fault-line' }, faultOf(error).message));
    }
  }

  close() {
    this.#closed = true;
    this.inspector?.close();
    this.media.close();
  }
}
