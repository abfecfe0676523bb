/** What will be different of a protected file whose samples stay as they are, shown before it is. */

/** @import { Difference, Plan } from '../types.d.ts' */

import { h } from './dom.js';
import { trackList } from './outcome.js';
import { boxSection, notes, section, sizeFacts, systemList } from './plan-view.js';
import { textCard } from './xml.js';

/**
 * @param {Plan} plan with its changes
 * @param {boolean} inFolder whether segments go into a folder, and not into an archive
 * @param {string} headerXml the PlayReady header before
 */
export function changeView(plan, inFolder, headerXml) {
  const { changes = [] } = plan;
  const folded = (/** @type {string} */ when, /** @type {string} */ xml) =>
    h(
      'details',
      { class: 'more' },
      h('summary', {}, when),
      textCard(`PlayReady header, ${when.toLowerCase()}`, xml),
    );
  const same = plan.headerXml === headerXml;
  return h(
    'div',
    { class: 'plan-body' },
    ...notes(plan),
    h('dl', { class: 'facts plan-facts' }, ...sizeFacts(plan, inFolder)),
    section('What becomes different', changeTable(changes)),
    section(
      'Tracks',
      h(
        'p',
        { class: 'hint' },
        'No sample is touched. No key is needed, and licences that were given stay good.',
      ),
      trackList(plan.tracks, false),
    ),
    boxSection(plan),
    plan.headerXml || headerXml
      ? section(
          'PlayReady header',
          same ? folded('As it is', headerXml) : null,
          !same && headerXml ? folded('Before', headerXml) : null,
          !same && plan.headerXml ? folded('After', plan.headerXml) : null,
          plan.playreadyObject ? systemList(plan) : null,
        )
      : null,
  );
}

/**
 * What was, and what will be.
 * @param {readonly Difference[]} changes
 */
export function changeTable(changes) {
  if (!changes.length) return h('p', { class: 'hint' }, 'Nothing of what the file says of its encryption.');
  const cell = (/** @type {string} */ when, /** @type {string} */ text) =>
    h(
      'td',
      { 'data-when': when },
      text ? h('span', {}, text) : h('span', { class: 'quiet' }, when === 'before' ? 'not there' : 'goes'),
    );
  return h(
    'table',
    { class: 'changes' },
    h(
      'thead',
      {},
      h('tr', {}, ...['What', 'Before', 'After'].map((text) => h('th', { scope: 'col' }, text))),
    ),
    h(
      'tbody',
      {},
      ...changes.map(({ name, before, after }) =>
        h('tr', {}, h('th', { scope: 'row' }, name), cell('before', before), cell('after', after)),
      ),
    ),
  );
}
