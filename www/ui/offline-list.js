/** Whether a file plays offline on Windows: a list of points, each with what was found and what to do. */

/** @import { Media, OfflineCheck } from '../types.d.ts' */

import { h } from './dom.js';
import { faultOf } from './fault.js';
import { counted } from './format.js';

export const OFFLINE_TITLE = 'Will it play offline on Windows?';

/** What each state is called, and its sign. */
export const STATES = /** @type {const} */ ({
  ok: { sign: '✓', name: 'ok' },
  doubtful: { sign: '?', name: 'doubtful' },
  fails: { sign: '✗', name: 'fails' },
});

/**
 * The answer in one sentence: a promise is none of them, as nobody but Windows decides.
 * @param {readonly OfflineCheck[]} checks
 */
export function offlineAnswer(checks) {
  const fails = checks.filter(({ state }) => state === 'fails').length;
  const doubtful = checks.filter(({ state }) => state === 'doubtful');
  if (fails)
    return `No: ${counted(fails, 'point')} of ${checks.length} ${fails === 1 ? 'speaks' : 'speak'} against it.`;
  const [one] = doubtful;
  if (doubtful.length === 1 && one?.id === 'persistent')
    return 'Nothing in the file speaks against it. The licence must be persistent, which the server decides.';
  if (doubtful.length)
    return `Not everywhere: ${counted(doubtful.length, 'point')} of ${checks.length} ${doubtful.length === 1 ? 'is' : 'are'} doubtful.`;
  return 'Nothing speaks against it.';
}

/** @param {readonly OfflineCheck[]} checks */
export const offlineList = (checks) =>
  h(
    'ul',
    { class: 'offline-checks', 'aria-label': OFFLINE_TITLE },
    ...checks.map(({ id, title, state, found, advice }) =>
      h(
        'li',
        { class: state, 'data-check': id },
        h('span', { class: 'offline-sign', 'aria-hidden': 'true' }, STATES[state].sign),
        h(
          'span',
          {},
          h('strong', {}, `${title} `),
          h('span', { class: 'offline-state' }, STATES[state].name),
          ` ${found}`,
          advice ? h('span', { class: 'offline-advice' }, ` ${advice}`) : null,
        ),
      ),
    ),
  );

/**
 * The answer and the list, folded in.
 * @param {readonly OfflineCheck[]} checks
 */
export const offlineDetails = (checks) =>
  h(
    'details',
    { class: 'more offline-more' },
    h('summary', {}, OFFLINE_TITLE, h('span', { class: 'hint' }, ` ${offlineAnswer(checks)}`)),
    offlineList(checks),
  );

/**
 * Of an open file, in a card of its own.
 * @param {Media} media
 */
export function offlineCard(media) {
  const card = h('section', { class: 'card', id: 'offline-card' }, h('h3', {}, OFFLINE_TITLE));
  media.offline().then(
    (checks) => card.append(h('p', {}, offlineAnswer(checks)), offlineList(checks)),
    (error) => card.append(h('p', { class: 'fault-line' }, faultOf(error).message)),
  );
  return card;
}
