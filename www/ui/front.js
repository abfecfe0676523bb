/** What is known of a file that is still being read: the boxes at its front, and what is in its movie header. */

import { h } from './dom.js';
import * as format from './format.js';

/** @import { BoxNode } from '../types' */

/** @param {readonly BoxNode[]} boxes */
export const frontOf = (boxes) =>
  h('div', { class: 'front' }, h('h3', {}, 'It begins with'), listOf(boxes, 1));

/**
 * @param {readonly BoxNode[]} boxes
 * @param {number} deeper levels
 * @returns {HTMLElement}
 */
const listOf = (boxes, deeper) =>
  h(
    'ul',
    {},
    ...boxes.map(({ type, name, note, size, children }) =>
      h(
        'li',
        {},
        h('code', {}, type),
        ` ${name}`,
        note ? h('span', { class: 'quiet' }, ` ${note}`) : null,
        h('span', { class: 'quiet' }, `, ${format.bytes(size)}`),
        deeper && children?.length ? listOf(children, deeper - 1) : null,
      ),
    ),
  );
