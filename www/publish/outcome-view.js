/** What came of an upload, and what has to be set where the storage does not let this page in. */

/** @import { Done } from './azure.js' */
/** @import { Place } from './address.js' */
/** @import { Playable } from './read-back.js' */

import { defaultVersion } from '../engine/handover/azure.js';
import { copyButton } from '../ui/copy.js';
import { h } from '../ui/dom.js';
import { corsRules } from './rules.js';

/**
 * A text to be copied.
 * @param {string} name
 * @param {string} text
 */
export const codeBlock = (name, text) =>
  h(
    'div',
    { class: 'code-block' },
    h('pre', { tabindex: 0 }, text),
    copyButton(name, () => text),
  );

/** @param {boolean | null} good null where it is neither @param {...(Node | string | null)} children */
const line = (good, ...children) =>
  h(
    'li',
    { class: good === null ? 'so-so' : good ? 'good' : 'bad' },
    h('span', { 'aria-hidden': 'true' }, good === null ? '–' : good ? '✓' : '!'),
    h('div', {}, ...children),
  );

/**
 * @param {Done} done
 * @param {Place} place
 */
export function doneView(done, place) {
  const { url, readBack, verified, player, signed, parts } = done;
  if (parts) return partsView(url, parts);
  return h(
    'div',
    { class: 'done' },
    h('h3', { tabindex: -1 }, 'It is there, whole.'),
    h(
      'p',
      { class: 'done-url' },
      h('code', { id: 'done-url' }, url),
      copyButton('The address of the file', () => url),
    ),
    h(
      'ul',
      { class: 'done-lines' },
      line(
        verified ? true : null,
        verified
          ? readBack
          : 'Nothing was read back: the address that was given does not allow reading. The storage said that all has arrived.',
      ),
      player ? playerLine(player, place) : null,
      signed ? line(signed.seeks, `With a signature that allows reading: ${lower(signed.message)}`) : null,
    ),
    h(
      'p',
      { class: 'hint' },
      'Never hand out the address that was pasted: it allows writing. The keys go to whoever runs the licence server, not here.',
    ),
  );
}

/** @param {string} text */
const lower = (text) => text.charAt(0).toLowerCase() + text.slice(1);

/**
 * @param {Playable} player
 * @param {Place} place
 */
function playerLine({ seeks, code, message }, place) {
  const neither = code === 'private' || code === 'unseen';
  const cure = code === 'whole' && place.kind === 'azure' ? defaultVersion(place.account) : null;
  return line(neither ? null : seeks, message, cure ? codeBlock('The command', cure) : null);
}

/**
 * @param {string} url
 * @param {readonly { number: number, etag: string }[]} parts
 */
function partsView(url, parts) {
  const text = JSON.stringify(
    parts.map(({ number, etag }) => ({ PartNumber: number, ETag: etag })),
    null,
    1,
  );
  return h(
    'div',
    { class: 'done' },
    h('h3', { tabindex: -1 }, 'All parts have arrived.'),
    h(
      'p',
      {},
      'Nothing is visible yet. Give this list to whoever signed the addresses: it completes the upload of',
    ),
    h('p', { class: 'done-url' }, h('code', { id: 'done-url' }, url)),
    codeBlock('The list of parts', text),
  );
}

/**
 * The rules to set.
 * @param {Place} place
 * @param {string} origin of this page
 * @param {{ title: string, why: string }} said of them
 */
export function ruleView(place, origin, { title: head, why }) {
  return h(
    'div',
    { class: 'rules' },
    h('h3', {}, head),
    h('p', {}, why),
    ...corsRules(place, origin).map(({ title, lines, text }) =>
      h(
        'div',
        { class: 'rule' },
        h('h4', {}, title),
        ...lines.map((each) => h('p', { class: 'hint' }, each)),
        codeBlock(title, text),
      ),
    ),
    h('p', { class: 'hint' }, 'It takes up to a minute to be heeded. Then press Upload again.'),
  );
}
