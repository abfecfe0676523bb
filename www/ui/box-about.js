/** What stands above the fields of a box: what it is, where, and the texts in it. */

/** @import { BoxNode, BoxView } from '../types.d.ts' */
/** @import { FilesWithin } from './files-within.js' */

import { copyButton } from './copy.js';
import { h } from './dom.js';
import * as format from './format.js';
import { KeyCheck } from './key-check.js';
import { textCard } from './xml.js';

export class BoxAbout {
  element = h('div', { class: 'box-about' });
  texts = h('div', { class: 'box-texts' });

  /** @param {FilesWithin} files */
  constructor(files) {
    this.files = files;
  }

  /**
   * Says what a box is, and shows the texts in it.
   * @param {BoxView} view
   */
  describe(view) {
    const { node } = view;
    const file = this.files.at(node.start);
    this.element.replaceChildren(
      h(
        'h2',
        { class: 'pane-title' },
        h('code', { class: 'fourcc' }, node.type),
        ` ${node.name}`,
        h('span', { class: 'clause' }, view.clause),
      ),
      h('p', { class: 'about-text' }, view.about),
      h(
        'p',
        { class: 'about-facts' },
        `${format.exactBytes(node.size)} at ${format.count(node.start)} `,
        h('span', { class: 'quiet' }, `(0x${format.byteRange(node.start, node.start + node.size)})`),
        file && `, at ${format.count(node.start - file.start)} of ${file.name}`,
        node.uuid
          ? h(
              'span',
              { class: 'about-uuid' },
              h('code', {}, node.uuid),
              copyButton('uuid', () => node.uuid ?? ''),
            )
          : null,
      ),
      node.problem ? h('p', { class: 'fault-line' }, h('strong', {}, 'Fault: '), node.problem) : '',
    );
    this.texts.hidden = view.texts.length === 0;
    this.texts.replaceChildren(
      ...view.texts.map(({ title, text }) =>
        textCard(title, text, title === 'PlayReady header' ? new KeyCheck(text).element : undefined),
      ),
    );
  }

  /**
   * Says why nothing is known of the fields of a box.
   * @param {BoxNode} node
   * @param {unknown} error
   */
  unreadable(node, error) {
    this.element.replaceChildren(
      h('h2', { class: 'pane-title' }, h('code', { class: 'fourcc' }, node.type), ` ${node.name}`),
      h(
        'p',
        { class: 'fault-line' },
        h('strong', {}, 'Its fields cannot be read: '),
        error instanceof Error ? error.message : String(error),
      ),
    );
    this.texts.hidden = true;
  }
}
