/** Whether the written file can be trusted: it is read again, decrypted, and every sample held against its source. */

/** @import { ProtectResult, Verification } from '../types.d.ts' */

import { download } from '../files/save.js';
import { button, h } from './dom.js';
import { faultOf } from './fault.js';
import { percent } from './format.js';
import { say } from './live.js';
import { faultLines, trackLine, verifyReport } from './verify-report.js';

/** Larger files are verified when somebody asks for it. */
const AT_ONCE = 2e9;

const TITLE = 'Can I trust it?';
const HINT = 'The written file is read again, decrypted, and every sample is compared with the source.';
const KEPT =
  'The written file is read again, and every sample is compared with the source as it stands, encrypted: that needs no key.';

/**
 * @param {ProtectResult} result
 * @param {AbortSignal} signal
 */
export function verifyCard(result, signal) {
  const hint = result.changes ? KEPT : HINT;
  const body = h('div', { class: 'verify', id: 'verify' });
  const element = h('section', { class: 'card' }, h('h3', {}, TITLE), body);
  /** @type {AbortController | null} */
  let running = null;
  signal.addEventListener('abort', () => running?.abort(), { once: true });

  const run = async () => {
    const stop = new AbortController();
    running = stop;
    const bar = h('progress', { max: 1, value: 0, 'aria-label': 'Verifying' });
    const share = h('span', { class: 'quiet' }, 'Reading …');
    body.replaceChildren(
      h('p', { class: 'hint' }, hint),
      h(
        'p',
        { class: 'verify-run' },
        bar,
        share,
        button('Stop', () => stop.abort(), { class: 'copy', id: 'verify-stop' }),
      ),
    );
    try {
      const found = await result.verify({
        signal: stop.signal,
        onProgress({ stage, done, total }) {
          if (stage !== 'verify') return;
          bar.value = total ? done / total : 0;
          share.textContent = percent(bar.value);
        },
      });
      if (signal.aborted) return;
      body.replaceChildren(...told(result, found));
      say(found.ok ? 'The file is right.' : 'The file is not right.');
    } catch (error) {
      if (signal.aborted) return;
      const why = stop.signal.aborted
        ? 'It was not looked at to the end.'
        : `It could not be verified. ${faultOf(error, 'result').message}`;
      body.replaceChildren(h('p', { class: 'verify-none' }, why), start('Verify again'));
    }
  };
  const start = (/** @type {string} */ words) => button(words, () => void run(), { id: 'verify-start' });

  if (result.files.length > 1 || result.place === 'downloads' || result.place === 'folder')
    body.append(h('p', { class: 'hint' }, 'Only one file that can be read again here can be verified.'));
  else if (result.size < AT_ONCE) void run();
  else body.append(h('p', { class: 'hint' }, hint), h('p', {}, start('Verify the file')));
  return element;
}

/**
 * @param {ProtectResult} result
 * @param {Verification} found
 */
function told(result, found) {
  const save = (/** @type {string} */ text, /** @type {string} */ end, /** @type {string} */ type) =>
    download(new Blob([text], { type }), `${result.name}.verified.${end}`);
  return [
    h(
      'p',
      { class: found.ok ? 'verify-good' : 'verify-bad', role: 'status' },
      h('strong', {}, found.ok ? '✓ Every sample is as in the source. ' : '✗ This file is not right. '),
      found.ok && result.changes
        ? 'Its bytes, key ID, IV and map are the same, and all that says how it is encrypted agrees.'
        : found.ok
          ? result.kid
            ? 'No part of a key stream is used twice, and all that says how it is encrypted agrees.'
            : 'Nothing in it is encrypted, as was asked for.'
          : 'Do not publish it. Protect the source again, onto another disk if that was at fault.',
    ),
    h('ul', { class: 'verify-tracks' }, ...found.tracks.map((track) => h('li', {}, trackLine(track)))),
    found.ok
      ? null
      : h(
          'ol',
          { class: 'verify-faults', tabindex: 0, 'aria-label': 'What is wrong' },
          ...faultLines(found).map((line) => h('li', {}, line)),
        ),
    h(
      'p',
      { class: 'save-line' },
      button('Save the report', () => save(verifyReport(result, found), 'html', 'text/html'), {
        class: 'copy',
      }),
      button('as JSON', () => save(`${JSON.stringify(found, null, 2)}\n`, 'json', 'application/json'), {
        class: 'copy',
        'aria-label': 'Save the report as JSON',
      }),
    ),
  ].filter((one) => one !== null);
}
