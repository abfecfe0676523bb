/** The strip above the views: what the file is, in one glance, and its tracks. */

/** @import { MediaPart, Summary, SummaryProtection, Track, TrackProtection } from '../types.d.ts' */

import { copyButton } from './copy.js';
import { button, h } from './dom.js';
import * as format from './format.js';
import { trackNumbers } from './outcome.js';

/**
 * @param {Summary} summary
 * @param {Track[]} tracks
 * @param {readonly MediaPart[]} parts
 * @param {(() => void) | null} apart opens each of several files by itself, where they were merged
 */
export function summaryStrip(summary, tracks, parts, apart) {
  const facts = [
    ['Size', format.bytes(summary.size), format.exactBytes(summary.size)],
    ['Duration', format.duration(summary.duration)],
    ['Bitrate', format.bitrate(summary.bitrate)],
    [
      'Fragments',
      format.count(summary.fragmentCount),
      summary.indexed ? 'with an index at the end' : 'without an index',
    ],
    ['Samples', samplesText(summary)],
    ['Brands', brandText(summary.brands)],
    ['Protection', summary.protection ? protectionName(summary.protection, tracks) : 'none, it is clear'],
  ];
  return h(
    'div',
    { class: 'strip' },
    h(
      'div',
      { class: 'strip-top' },
      h('div', { class: 'strip-name' }, h('h1', {}, summary.name), h('p', {}, summary.kindName)),
      h(
        'dl',
        { class: 'facts' },
        ...facts.map(([term, value, more]) =>
          h('div', {}, h('dt', {}, term ?? ''), h('dd', { title: more }, value ?? '')),
        ),
      ),
    ),
    summary.protection ? kidLine(summary.protection) : null,
    trackTable(tracks),
    parts.length > 1 ? partList(parts, apart) : null,
  );
}

/** Parts of a joined file that are listed. */
const PARTS_SHOWN = 500;

/**
 * What a file was joined of, in order, or merged.
 * @param {readonly MediaPart[]} parts
 * @param {(() => void) | null} apart
 */
function partList(parts, apart) {
  const [first, second, ...others] = parts.map(({ name }) => name);
  const gist = [first, second, ...(others.length > 1 ? ['…'] : []), ...others.slice(-1)].join(', ');
  const rows = parts
    .slice(0, PARTS_SHOWN)
    .map(({ name, start, size }) =>
      h(
        'tr',
        {},
        h('th', { scope: 'row' }, name),
        apart ? null : h('td', { class: 'number' }, format.count(start)),
        h('td', { class: 'number', title: format.exactBytes(size) }, format.bytes(size)),
      ),
    );
  const more = parts.length - rows.length;
  return h(
    'details',
    { class: 'tracks parts' },
    h(
      'summary',
      {},
      h('strong', {}, `${apart ? 'Made of' : 'Joined from'} ${format.counted(parts.length, 'file')}`),
      h('span', { class: 'tracks-gist' }, gist),
    ),
    h(
      'div',
      { class: 'table-frame', tabindex: 0, role: 'region', 'aria-label': 'Parts' },
      h(
        'table',
        {},
        h(
          'thead',
          {},
          h(
            'tr',
            {},
            ...(apart ? ['File', 'Size'] : ['Part', 'From byte', 'Size']).map((title) =>
              h('th', { scope: 'col' }, title),
            ),
          ),
        ),
        h('tbody', {}, ...rows),
      ),
      more > 0 ? h('p', { class: 'quiet' }, `and ${format.count(more)} more`) : null,
    ),
    apart ? h('p', {}, button('Open each by itself', apart, { class: 'button small', id: 'apart' })) : null,
  );
}

/**
 * Fragments without a sample are those that could not be read.
 * @param {Summary} summary
 */
function samplesText({ sampleCount, fragmentCount }) {
  return sampleCount === 0 && fragmentCount > 0 ? 'not known' : format.count(sampleCount);
}

/**
 * @param {SummaryProtection} protection
 * @param {Track[]} tracks
 */
function protectionName({ certain, scheme, systems, kids }, tracks) {
  if (!certain) return systems.length ? `not known; with headers of ${systems.join(', ')}` : 'not known';
  const how = scheme ?? 'protected, scheme not stated';
  const name = systems.length ? `${systems.join(', ')} (${how})` : how;
  const open = tracks.filter((track) => !track.protection);
  const key = kids.some((kid) => kid !== PLACEHOLDER) ? '' : ', key ID not stated';
  return open.length ? `${name}${key}; ${trackNumbers(open)} clear` : `${name}${key}`;
}

/** The key ID that stands for another: one of a sample group, or one that the licence server knows. */
const PLACEHOLDER = '00000000-0000-0000-0000-000000000000';

/** @param {SummaryProtection} protection */
function kidLine({ kids, rotates }) {
  if (!kids.length) return null;
  const shown = kids.slice(0, KIDS_SHOWN);
  return h(
    'p',
    { class: 'strip-kids' },
    rotates ? 'Keys change; KIDs ' : kids.length === 1 ? 'KID ' : 'KIDs ',
    ...shown.map((kid) => kidText(kid, 'KID')),
    kids.length > shown.length ? `and ${format.count(kids.length - shown.length)} more` : null,
  );
}

/** Most key IDs of one file that are shown. */
const KIDS_SHOWN = 20;

/**
 * @param {string} kid
 * @param {string} what
 */
function kidText(kid, what) {
  return h(
    'span',
    { class: 'id' },
    h('code', {}, kid),
    kid === PLACEHOLDER ? '(a placeholder)' : copyButton(what, () => kid),
  );
}

/** @param {Track[]} tracks */
function trackTable(tracks) {
  if (!tracks.length) return h('p', { class: 'quiet' }, 'The file names no tracks.');
  const merged = tracks.some(({ from }) => from);
  const heads = [
    'Track',
    ...(merged ? ['From'] : []),
    'Kind',
    'Codec',
    'Picture or sound',
    'Bitrate',
    'Language',
    'Samples',
    'Fragments',
    'Protection',
  ];
  return h(
    'details',
    { class: 'tracks', open: tracks.length <= 4 && innerHeight >= 1000 },
    h(
      'summary',
      {},
      h('strong', {}, format.counted(tracks.length, 'track')),
      h('span', { class: 'tracks-gist' }, tracks.map(gist).join(' · ')),
    ),
    h(
      'div',
      { class: 'table-frame', tabindex: 0, role: 'region', 'aria-label': 'Tracks' },
      h(
        'table',
        {},
        h('thead', {}, h('tr', {}, ...heads.map((title) => h('th', { scope: 'col' }, title)))),
        h('tbody', {}, ...tracks.map(trackRow)),
      ),
    ),
  );
}

/** @param {Track} track */
function trackRow(track) {
  return h(
    'tr',
    {},
    h('th', { scope: 'row' }, String(track.id)),
    track.from ? h('td', {}, track.from) : null,
    h('td', {}, track.kind),
    h('td', {}, codecWords(track), ' ', h('code', { class: 'quiet' }, track.codec)),
    h('td', {}, shape(track)),
    h('td', { class: 'number' }, format.bitrate(track.bitrate)),
    h('td', {}, track.language ?? 'not given'),
    h('td', { class: 'number' }, format.count(track.sampleCount)),
    h('td', { class: 'number' }, format.count(track.fragmentCount)),
    h(
      'td',
      {},
      track.protection ? trackProtection(track.protection) : 'clear',
      ...(track.protection?.kid ? [' ', kidText(track.protection.kid, `KID of track ${track.id}`)] : []),
    ),
  );
}

/** @param {Track} track */
function codecWords({ codecName, codecDetail }) {
  return codecDetail ? `${codecName}, ${codecDetail}` : codecName;
}

/** @param {TrackProtection} protection */
function trackProtection({ certain, scheme }) {
  if (!certain) return 'not known';
  return scheme ?? 'protected, scheme not stated';
}

/** @param {Track} track */
export function shape(track) {
  if (track.width && track.height) return `${track.width} × ${track.height}`;
  const parts = [];
  if (track.channels) parts.push(format.channels(track.channels));
  if (track.sampleRate) parts.push(format.sampleRate(track.sampleRate));
  return parts.join(', ') || '–';
}

/** @param {Track} track */
function gist(track) {
  // Of a segment alone no more is known than how much of a track is in it.
  if (!track.format) return `track ${track.id}: ${format.counted(track.sampleCount, 'sample')}`;
  const size = shape(track);
  return size === '–' ? track.codecName : `${track.codecName} ${size}`;
}

/**
 * The major brand, and the others where there are any.
 * @param {import('../types.d.ts').Summary['brands']} brands
 */
function brandText(brands) {
  if (!brands) return 'none';
  const others = brands.compatible.filter((brand) => brand !== brands.major);
  return others.length > 0 ? `${brands.major} (${others.join(', ')})` : brands.major;
}
