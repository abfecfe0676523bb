/** What came of verifying a file, as one page to print or to send. It has no keys. */

/** @import { ProtectResult, Verification, VerifiedTrack } from '../types.d.ts' */

import * as format from './format.js';

/** @param {string} text */
const escaped = (text) =>
  text.replace(
    /[&<>"]/g,
    (sign) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' })[sign] ?? sign,
  );

/** @param {string[]} lines */
const list = (lines) => lines.map((line) => `<li>${escaped(line)}</li>`).join('\n');

const STYLE =
  'body{font:16px/1.5 system-ui,sans-serif;max-width:42rem;margin:2rem auto;padding:0 1rem;color:#111;background:#fff}' +
  'code{overflow-wrap:anywhere}@media print{body{margin:0}}';

/**
 * @param {ProtectResult} result
 * @param {Verification} found
 */
export function verifyReport(result, found) {
  const { name, size, scheme, form, keys } = result;
  const kept =
    'Every sample is as in the source, encrypted as it was; all that says how it is encrypted agrees.';
  const verdict = found.ok
    ? result.changes
      ? kept
      : 'Every sample is as in the source; no part of a key stream is used twice; all that says how it is encrypted agrees.'
    : 'The file is not right. Do not publish it.';
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>${escaped(name)}: verified</title>
<style>${STYLE}</style>
<h1>${found.ok ? '✓' : '✗'} ${escaped(name)}</h1>
<p><strong>${verdict}</strong></p>
<p>${escaped(format.exactBytes(size))}, ${escaped(scheme)}, ${escaped(form)}.</p>
<h2>Tracks</h2>
<ul>
${list(found.tracks.map(trackLine))}
</ul>
${found.ok ? '' : `<h2>What is wrong</h2>\n<ol>\n${list(faultLines(found))}\n</ol>\n`}<h2>Key IDs</h2>
<ul>
${keys.map(({ kid }) => `<li><code>${escaped(kid.uuid)}</code></li>`).join('\n')}
</ul>
`;
}

/** @param {VerifiedTrack} track */
export function trackLine({ id, samples, equal, bytes, encrypted, beside }) {
  const same =
    equal === undefined
      ? `${format.count(samples)} samples`
      : `${format.count(equal)} of ${format.counted(samples, 'sample')} equal`;
  const locked = encrypted
    ? `${format.percent(encrypted / Math.max(1, bytes))} encrypted`
    : 'open to everyone';
  const more = beside ? `, ${format.bytes(beside)} more could be` : '';
  return `Track ${id}: ${same}, ${format.bytes(bytes)}, ${locked}${more}`;
}

/** @param {Verification} found */
export function faultLines({ faults, more }) {
  const lines = faults.map(({ track, sample, time, message }) => {
    if (track === undefined) return message;
    const when = time === undefined ? '' : ` at ${format.duration(time)}`;
    const which = sample === undefined ? '' : `, sample ${format.count(sample)}`;
    return `Track ${track}${when}${which}: ${message}`;
  });
  return more ? [...lines, `${format.count(more)} more.`] : lines;
}
