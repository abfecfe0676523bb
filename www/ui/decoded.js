/** Something that was decoded, as a person reads it: what it is, what is wrong, what it says, its other forms, what is in it. */

/** @import { Decoded } from '../types.d.ts' */

import { copyButton } from './copy.js';
import { button, h } from './dom.js';

/** Longer values are folded to some lines. */
const LONG = 200;

/** What nobody types again: digits, base64, an address. */
const WORTH_COPYING = /\S{16}/;

/**
 * @param {Decoded} found
 * @param {number} [depth] how far inside of another it is
 * @returns {HTMLElement}
 */
export function decodedView(found, depth = 0) {
  const { title, problems, facts, forms, inside } = found;
  const heading = /** @type {'h2' | 'h3' | 'h4'} */ (['h2', 'h3', 'h4'][Math.min(depth, 2)]);
  return h(
    'section',
    { class: 'found', 'data-kind': found.kind },
    h(heading, {}, title),
    problems.length > 0 &&
      h(
        'ul',
        { class: 'found-problems' },
        ...problems.map(({ level, message }) =>
          h('li', { class: level }, h('strong', {}, level === 'error' ? 'Wrong: ' : 'Note: '), message),
        ),
      ),
    facts.length > 0 && h('dl', { class: 'found-rows' }, ...facts.map(row)),
    ...inside.map((each) => decodedView(each, depth + 1)),
    forms.length > 0 &&
      h(
        'details',
        { class: 'found-forms', open: depth === 0 || forms.length < 3 },
        h('summary', {}, 'In other forms'),
        h('dl', { class: 'found-rows' }, ...forms.map(row)),
      ),
  );
}

/** @param {{ name: string, value: string, secret: boolean }} one */
function row({ name, value, secret }) {
  const dots = '•'.repeat(16);
  const code = h('code', { class: value.length > LONG ? 'long' : '' }, secret ? dots : value);
  /** @type {HTMLElement | null} */
  let show = null;
  if (secret) {
    const flip = () => {
      const hidden = code.textContent === dots;
      code.textContent = hidden ? value : dots;
      if (show) show.textContent = hidden ? 'Hide' : 'Show';
    };
    show = button('Show', flip, { class: 'copy', 'aria-label': `Show ${name}` });
  }
  if (value.length > LONG && !secret) code.tabIndex = 0;
  return h(
    'div',
    {},
    h('dt', {}, name),
    h('dd', {}, code, show, WORTH_COPYING.test(value) && copyButton(name, () => value)),
  );
}
