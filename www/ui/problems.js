/** The faults that were found in a file when it was opened. */

/** @import { Summary } from '../types.d.ts' */

import { button, h } from './dom.js';
import * as format from './format.js';

/**
 * @param {Summary} summary
 * @param {(path: string) => void} show
 */
export function problems(summary, show) {
  if (!summary.problems.length) return null;
  return h(
    'details',
    { class: 'problems' },
    h('summary', {}, `${format.counted(summary.problems.length, 'fault')} found in this file`),
    h(
      'ul',
      {},
      ...summary.problems.map(({ message, path }) =>
        h(
          'li',
          {},
          message,
          ' ',
          path
            ? button('Show it', () => show(path), { class: 'link', 'aria-label': `Show it: ${path}` })
            : null,
        ),
      ),
    ),
  );
}
