/** What will happen, shown before it does. */

/** @import { KidView, Plan, PlanKey, PlannedBox } from '../types.d.ts' */

import { copyButton } from './copy.js';
import { h } from './dom.js';
import * as format from './format.js';
import { isOfFile, keyName } from './key-fields.js';
import { offlineDetails } from './offline-list.js';
import { openNote, trackList, trackNumbers } from './outcome.js';
import { textCard } from './xml.js';

const ACTIONS = /** @type {const} */ ([
  { action: 'add', title: 'Appear', sign: '+' },
  { action: 'change', title: 'Change in place', sign: '~' },
  { action: 'remove', title: 'Go away', sign: '−' },
]);

const KEY_SOURCES = {
  random: 'random, made in this browser',
  typed: 'as typed',
  seed: 'derived from the key seed and the KID',
};

/**
 * @param {Plan} plan
 * @param {boolean} inFolder whether segments go into a folder, and not into an archive
 */
export function planView(plan, inFolder) {
  const { kid, keySource } = plan;
  const open = kid ? openNote(plan.tracks) : null;
  return h(
    'div',
    { class: 'plan-body' },
    open ? h('p', { class: 'warning' }, h('strong', {}, 'Not all of it gets locked. '), open) : null,
    ...notes(plan),
    h(
      'dl',
      { class: 'facts plan-facts' },
      ...sizeFacts(plan, inFolder),
      kid ? fact('Scheme', plan.scheme, plan.cipher) : fact('Protection', 'none'),
      ...(plan.keys.length === 1 && keySource
        ? [fact('Key', KEY_SOURCES[keySource], undefined, plan.forTests ? testTag() : null)]
        : []),
    ),
    kid === null
      ? null
      : plan.keys.length === 1
        ? kidTable(kid)
        : section(
            `${format.count(plan.keys.length)} keys`,
            ...firstKeys(plan.keys).map((key) => keyPart(key, plan.tracks, kidTable(key.kid))),
            laterKeys(plan.keys),
          ),
    section(
      'Tracks',
      kid &&
        h(
          'p',
          { class: 'hint plan-tracks-note' },
          'The share is the part of its samples’ bytes that gets encrypted; what a decoder must read first stays clear.',
        ),
      trackList(plan.tracks),
    ),
    plan.offline.length ? offlineDetails(plan.offline) : null,
    boxSection(plan),
    kid &&
      section(
        'PlayReady header',
        textCard(`WRMHEADER ${plan.headerVersion}`, plan.headerXml),
        systemList(plan),
      ),
  );
}

/**
 * What is doubtful.
 * @param {Plan} plan
 */
export const notes = ({ warnings }) =>
  warnings.map((warning) => h('p', { class: 'warning' }, h('strong', {}, 'Note: '), warning));

/**
 * What is saved, and how large it is.
 * @param {Plan} plan
 * @param {boolean} inFolder
 */
export function sizeFacts({ fileCount, suggestedName, sizeBefore, sizeAfter, sizeExact }, inFolder) {
  const grown = sizeAfter - sizeBefore;
  return [
    fileCount > 1
      ? fact(
          'Files to save',
          `${format.count(fileCount)} segments${inFolder ? '' : ` in ${suggestedName}`}`,
          'the first initializes',
        )
      : fact('File to save', suggestedName),
    fact(
      'Size',
      `${format.bytes(sizeBefore)} → ${sizeExact ? '' : 'about '}${format.bytes(sizeAfter)}`,
      `${grown >= 0 ? '+' : '−'}${format.bytes(Math.abs(grown))}`,
    ),
  ];
}

/**
 * One of several keys: what it is for, which tracks have it, where it came from.
 * @param {PlanKey} key
 * @param {readonly { id: number, kid?: string }[]} tracks
 * @param {...(Node | null)} children
 */
export function keyPart(key, tracks, ...children) {
  const mine = tracks.filter(({ kid }) => kid === key.kid.uuid);
  return h(
    'div',
    { class: 'key-part' },
    h(
      'h4',
      {},
      `Key for ${keyName(key)}`,
      h(
        'span',
        { class: 'hint' },
        ` ${key.track === undefined ? `${trackNumbers(mine)}, ` : ''}${KEY_SOURCES[key.source]}`,
      ),
      key.forTests ? ' ' : null,
      key.forTests ? testTag() : null,
    ),
    ...children,
  );
}

/** So many key IDs are listed. */
const LISTED = 200;

/**
 * Those that are used from the start.
 * @template {PlanKey} K
 * @param {readonly K[]} keys
 */
export const firstKeys = (keys) => keys.filter(({ period }) => !period);

/**
 * The key IDs of those that come later in the file, where keys change.
 * @param {readonly PlanKey[]} keys
 */
export function laterKeys(keys) {
  const later = keys.filter(({ period }) => period);
  if (!later.length) return null;
  const line = (/** @type {PlanKey} */ key) =>
    h(
      'li',
      {},
      h('span', {}, `Change ${key.period}${isOfFile(key) ? '' : `, ${keyName(key)}`}`),
      h('code', { class: 'mono' }, key.kid.uuid),
    );
  return h(
    'details',
    { class: 'later-keys' },
    h('summary', {}, `${format.count(later.length)} of them come later in the file`),
    h('ul', {}, ...later.slice(0, LISTED).map(line)),
    later.length > LISTED
      ? h('p', { class: 'hint' }, `And ${format.count(later.length - LISTED)} more; the key sheet has all.`)
      : null,
  );
}

/**
 * What manifests and players are given beside the file.
 * @param {Plan} plan
 */
export function systemList({ playreadyObject, pssh }) {
  const all = [
    { name: 'PlayReady object', base64: playreadyObject },
    ...pssh.map(({ system, base64 }) => ({ name: `pssh for ${system}`, base64 })),
  ];
  return h(
    'ul',
    { class: 'system-list', 'aria-label': 'For manifests and players, in base64' },
    ...all.map(({ name, base64 }) =>
      h(
        'li',
        {},
        h('span', {}, name),
        h('span', { class: 'quiet' }, format.exactBytes(Math.floor((base64.length * 3) / 4))),
        copyButton(`${name} in base64`, () => base64),
      ),
    ),
  );
}

/** @param {KidView} kid */
export function kidTable(kid) {
  return h(
    'dl',
    { class: 'ids' },
    idRow('KID, UUID order', 'as boxes, manifests and most tools write it', kid.uuid, kid.hex),
    idRow('KID, GUID order', 'as PlayReady headers and servers write it', kid.guidBase64, kid.guidHex),
  );
}

/**
 * @param {string} term
 * @param {string} note
 * @param {...string} values the ways to write it
 */
export function idRow(term, note, ...values) {
  return h(
    'div',
    {},
    h('dt', {}, term, h('span', { class: 'hint' }, note)),
    ...values.map((value) =>
      h(
        'dd',
        {},
        h('code', {}, value),
        copyButton(`${term}: ${value}`, () => value),
      ),
    ),
  );
}

/** For a key that everybody has. */
export function testTag() {
  return h('span', { class: 'tag-test' }, 'for tests only');
}

/**
 * @param {string} term
 * @param {string} value
 * @param {string} [more]
 * @param {Node | null} [tag]
 */
function fact(term, value, more, tag = null) {
  return h(
    'div',
    {},
    h('dt', {}, term),
    h('dd', {}, value, more ? h('span', { class: 'quiet' }, ` ${more}`) : null, tag && ' ', tag),
  );
}

/**
 * @param {string} title
 * @param {...(Node | null)} children
 */
export function section(title, ...children) {
  return h('section', { class: 'plan-section' }, h('h3', {}, title), ...children);
}

/** @param {Plan} plan */
export const boxSection = ({ boxes }) => section('Boxes', ...ACTIONS.map((each) => boxGroup(boxes, each)));

/**
 * @param {PlannedBox[]} boxes
 * @param {{ action: PlannedBox['action'], title: string, sign: string }} group
 */
function boxGroup(boxes, { action, title, sign }) {
  const mine = boxes.filter((box) => box.action === action);
  if (!mine.length) return null;
  return h(
    'div',
    { class: `box-group ${action}` },
    h('h4', {}, title),
    h(
      'ul',
      {},
      ...mine.map((box) =>
        h(
          'li',
          {},
          h('span', { class: 'box-sign', 'aria-hidden': 'true' }, sign),
          h('code', { class: 'fourcc' }, box.type),
          h(
            'span',
            {},
            `${box.name} `,
            h('span', { class: 'quiet' }, `${box.parent ? `in ${box.parent}` : 'at the top'}, ${box.why}`),
          ),
          h('span', { class: 'box-times' }, `× ${format.count(box.count)}`),
        ),
      ),
    ),
  );
}
