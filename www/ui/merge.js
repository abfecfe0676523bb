/** The question whether several files become one, and what shows that they did. */

/** @import { Arrangement } from '../types.d.ts' */

import { button, freshId, h } from './dom.js';
import * as format from './format.js';

/**
 * Asks, in a dialog of the page. Settles with the way that is chosen; Escape opens nothing.
 * @param {NonNullable<Arrangement['merge']>} merge
 * @param {Arrangement['groups']} groups
 * @returns {Promise<'merge' | 'apart' | null>}
 */
export function askToMerge({ what, parts }, groups) {
  return new Promise((resolve) => {
    const head = h('h2', { id: freshId('ask') }, `${what}: make one file of them?`);
    const rows = [...groups]
      .sort((one, two) => placeOf(one, parts) - placeOf(two, parts))
      .map((group) => {
        const size = group.parts.reduce((sum, part) => sum + part.size, 0);
        const of = group.parts.length > 1 ? `, ${format.parts(group.parts.length)}` : '';
        return h('li', {}, group.name, h('span', { class: 'quiet' }, ` ${format.bytes(size)}${of}`));
      });
    const text = h(
      'p',
      { id: freshId('ask-text') },
      'Their tracks stand side by side in one protected MP4 then. You can change your mind afterwards.',
    );
    const one = button('Make one file', () => end('merge'), { class: 'button primary', id: 'merge-one' });
    const each = button('Open each by itself', () => end('apart'), { class: 'button', id: 'merge-apart' });
    const none = button('Cancel', () => end(null), { class: 'button', id: 'merge-none' });
    const dialog = h(
      'dialog',
      { class: 'ask', 'aria-labelledby': head.id, 'aria-describedby': text.id },
      head,
      h('ul', { class: 'ask-list' }, ...rows),
      text,
      h('p', { class: 'ask-ways' }, one, each, none),
    );
    /** @param {'merge' | 'apart' | null} way */
    const end = (way) => {
      dialog.close();
      dialog.remove();
      resolve(way);
    };
    dialog.addEventListener('cancel', (event) => {
      event.preventDefault();
      end(null);
    });
    document.body.append(dialog);
    dialog.showModal();
    one.focus();
  });
}

/**
 * @param {Arrangement['groups'][number]} group
 * @param {readonly Blob[]} parts
 */
const placeOf = ({ parts: [first] }, parts) => (first ? parts.indexOf(first) : -1);
