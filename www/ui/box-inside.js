/** What stands in a box that has no fields of its own: its boxes, in their order. */

/** @import { BoxNode, BoxView } from '../types.d.ts' */

import { button, h } from './dom.js';
import * as format from './format.js';

/** Boxes that are listed; the tree has them all. */
const LISTED = 100;

/**
 * @param {BoxNode} node
 * @param {BoxNode[]} inside the first of its boxes
 * @param {(path: string) => void} choose
 */
export function boxInside(node, inside, choose) {
  const listed = inside.slice(0, LISTED);
  const more = node.childCount - listed.length;
  return h(
    'div',
    { class: 'box-inside' },
    h(
      'p',
      { class: 'quiet' },
      `No fields of its own; ${format.counted(node.childCount, 'box', 'boxes')} in it:`,
    ),
    h(
      'ul',
      { 'aria-label': 'Boxes in it' },
      ...listed.map((box) =>
        h(
          'li',
          {},
          button(box.type, () => choose(box.path), {
            class: 'crumb',
            'aria-label': `${box.type}, ${box.name}`,
          }),
          h(
            'span',
            { class: 'tree-name' },
            box.name,
            box.note ? h('span', { class: 'tree-note' }, ` ${box.note}`) : '',
          ),
          h('span', { class: 'tree-size' }, format.bytes(box.size)),
        ),
      ),
    ),
    more > 0 ? h('p', { class: 'quiet' }, `and ${format.count(more)} more, in the tree.`) : null,
  );
}

/**
 * A box of which no fields are shown.
 * @param {BoxNode} node
 * @returns {BoxView}
 */
export const noFields = (node) => ({
  node,
  clause: '',
  about: '',
  fields: [],
  from: 0,
  fieldCount: 0,
  texts: [],
});
