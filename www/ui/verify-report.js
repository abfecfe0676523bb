/** What came of verifying a file, in sentences, and as one page to print or to send. It has no keys. */

/** @import { Verification, VerifiedTrack } from '../types.d.ts' */

import * as format from './format.js';
import { escaped, items, printPage } from './print-page.js';

/**
 * What the file is.
 * @typedef {object} About
 * @property {string} name
 * @property {number} size
 * @property {string} scheme empty where it is not known
 * @property {string[]} kids
 * @property {boolean} made whether it was made here just now
 * @property {boolean} [kept] whether its samples were compared as they stand, encrypted
 */

/**
 * @param {About} about
 * @param {Verification} found
 */
export function verifyReport(about, found) {
  const { name, size, scheme, kids } = about;
  const [first = '', more = ''] = verdict(found, about);
  const part = (/** @type {string} */ title, /** @type {string[]} */ lines) =>
    lines.length ? `<h2>${title}</h2>\n<ul>\n${items(lines)}\n</ul>\n` : '';
  const faults = faultLines(found);
  const tracks = found.tracks.map((track) => {
    const [line = '', ...parts] = trackLines(track);
    return `<li>${escaped(line)}${parts.length ? `\n<ul>\n${items(parts)}\n</ul>` : ''}</li>`;
  });
  const checks = findings(found, about).map(({ good, text }) => `${good ? '✓' : '✗'} ${text}`);
  return printPage(
    `${name}: verified`,
    `<h1>${found.ok ? '✓' : '✗'} ${escaped(name)}</h1>
<p><strong>${escaped(first)}</strong> ${escaped(more)}</p>
<p>${escaped([format.exactBytes(size), scheme].filter(Boolean).join(', '))}.</p>
${faults.length ? `<h2>What is wrong</h2>\n<ol>\n${items(faults)}\n</ol>\n` : ''}${part('What was looked at', checks)}<h2>Tracks</h2>
<ul>
${tracks.join('\n')}
</ul>
${part('To know', noteLines(found))}<h2>Key IDs</h2>
<ul>
${kids.map((kid) => `<li><code>${escaped(kid)}</code></li>`).join('\n')}
</ul>
`,
  );
}

/**
 * The answer, and what it rests on or leads to.
 * @param {Verification} found
 * @param {About} about
 */
export function verdict(found, { made, kept }) {
  if (!made && found.faults.some(({ code }) => code === 'wrong-key'))
    return ['A key that was given is the wrong one.', 'What else stands below may come of that.'];
  if (!found.ok)
    return [
      'This file is not right.',
      made
        ? 'Do not publish it. Make it from the source again, onto another disk if that was at fault.'
        : 'What is wrong with it stands below.',
    ];
  if (kept)
    return [
      'Every sample is as in the source.',
      'Its bytes, key ID, IV and map are the same, and all that says how it is encrypted agrees.',
    ];
  const encrypted = found.tracks.some((track) => track.encrypted > 0);
  const rest = encrypted
    ? 'No part of a key stream is used twice, and all that says how it is encrypted agrees.'
    : made
      ? 'Nothing in it is encrypted, as was asked for.'
      : 'Nothing in it is encrypted.';
  return found.compared
    ? ['Every sample is as in the source.', rest]
    : [
        'Nothing is wrong with this file.',
        `${rest} It was looked at by itself: without its clear source nobody can tell whether its samples are those they were.`,
      ];
}

/** What each code is about; all else is about what agrees. @type {Record<string, 'samples' | 'clear' | 'counters' | 'places'>} */
const ABOUT = {
  'other-bytes': 'samples',
  'other-time': 'samples',
  'samples-missing': 'samples',
  'samples-more': 'samples',
  'track-missing': 'samples',
  'not-decrypted': 'samples',
  'wrong-key': 'samples',
  'left-clear': 'clear',
  'counter-twice': 'counters',
  sidx: 'places',
  mfra: 'places',
  durations: 'places',
  'lengths-differ': 'places',
  'not-as-written': 'places',
};

/**
 * What was looked at, and whether it is right. Of what was not looked at to the end, or has faults that are not told, nothing
 * is called right.
 * @param {Verification} found
 * @param {About} about
 */
export function findings({ tracks, counted, compared, complete, faults, more }, { kept }) {
  /** @type {Set<string>} */
  const bad = new Set(faults.map(({ code }) => ABOUT[code] ?? 'agreement'));
  const sum = (/** @type {(track: VerifiedTrack) => number} */ of) =>
    tracks.reduce((all, track) => all + of(track), 0);
  const samples = sum((track) => track.samples);
  const encrypted = sum((track) => track.encrypted);
  const { fragments, headers, references, points, streams } = counted;
  const indexes = [
    references ? `${format.counted(references, 'reference')} of segment indexes (sidx)` : '',
    points ? `${format.counted(points, 'entry', 'entries')} of the random access index (mfra)` : '',
  ].filter(Boolean);
  /** @type {[string, string, string][]} */
  const all = [
    compared
      ? [
          'samples',
          `${format.count(sum((track) => track.equal ?? 0))} of ${format.counted(samples, 'sample')} equal the source’s, ${kept ? 'as they stand: by hash, sizes, times, key IDs, IVs and maps' : 'by hash, sizes and times'}.`,
          `${format.count(sum((track) => track.equal ?? 0))} of ${format.counted(samples, 'sample')} equal the source’s.`,
        ]
      : [
          'samples',
          `${format.counted(samples, 'sample')} were decrypted, and nothing seen in them is against their codecs.`,
          'What comes of decrypting is not what the codecs allow.',
        ],
  ];
  // Nothing was decrypted of what stayed as it was.
  if (encrypted && !kept)
    all.push(
      [
        'clear',
        'No slice, tile, frame or sound that has to be encrypted can be read.',
        'Something can be read that has to be encrypted.',
      ],
      [
        'counters',
        streams
          ? `No counter is used twice: ${format.counted(streams, 'sample')} have parts of key streams of their own.`
          : 'Its scheme is a chain of blocks and uses no counters.',
        'A counter is used twice.',
      ],
    );
  if (encrypted)
    all.push([
      'agreement',
      `Key IDs, tenc, sample groups, senc, saiz, saio and their PIFF twins agree in ${format.counted(fragments, 'fragment')}${
        headers ? `, and ${format.counted(headers, 'PlayReady header')} with them, checksums included` : ''
      }.`,
      'What says how it is encrypted does not agree.',
    ]);
  all.push([
    'places',
    `Offsets lead to their samples, ${indexes.length ? `${indexes.join(' and ')} to fragments, ` : ''}and durations are those of the samples.`,
    'Not all offsets, indexes and durations lead where they say.',
  ]);
  return all
    .filter(([about]) => bad.has(about) || (complete && !more))
    .map(([about, good, wrong]) => ({ good: !bad.has(about), text: bad.has(about) ? wrong : good }));
}

/** What stays clear, by the kinds of the report. @type {Record<string, string>} */
const CLEAR = {
  units: 'parameter sets, SEI messages and other units without pictures',
  headers: 'lengths, and headers of units, slices, frames and tiles',
  ends: 'less than a block at an end, and slices of no more than that',
  pattern: 'blocks that the pattern skips',
  other: 'what else the maps leave out',
};

/**
 * What is known of a track: the first line on all of it, then one for each kind of bytes that stays clear.
 * @param {VerifiedTrack} track
 */
export function trackLines({ id, samples, equal, bytes, encrypted, beside, clear, clearSamples }) {
  const same =
    equal === undefined
      ? `${format.counted(samples, 'sample')}`
      : `${format.count(equal)} of ${format.counted(samples, 'sample')} equal`;
  const locked = encrypted
    ? `${format.bytes(encrypted)} of them encrypted (${format.percent(encrypted / Math.max(1, bytes))})`
    : 'open to everyone';
  const first = `Track ${id}: ${same}, ${format.bytes(bytes)}, ${locked}.`;
  if (!encrypted) return [first];
  const parts = clear.map(({ kind, bytes }) =>
    kind === 'samples'
      ? `Clear: ${format.counted(clearSamples, 'sample')} altogether, as a clear lead is, ${format.bytes(bytes)}.`
      : `Clear: ${CLEAR[kind] ?? kind}, ${format.bytes(bytes)}.`,
  );
  if (beside) parts.push(`${format.bytes(beside)} of what is clear would be encrypted by newer rules.`);
  return [first, ...parts];
}

/** @param {Verification['faults'][number]} fault */
function line({ track, sample, time, message }) {
  if (track === undefined) return message;
  const when = time === undefined ? '' : ` at ${format.duration(time)}`;
  const which = sample === undefined ? '' : `, sample ${format.count(sample)}`;
  return `Track ${track}${when}${which}: ${message}`;
}

/** @param {Verification} found */
export function faultLines({ faults, more }) {
  const lines = faults.map(line);
  return more ? [...lines, `${format.count(more)} more.`] : lines;
}

/** What is no fault of the file, or not known to be one. @param {Verification} found */
export const noteLines = ({ notes }) => notes.map(line);
