/** Whether a protected file can be trusted: it is read again, decrypted, and every sample held against its source. */

/** @import { ProtectResult, Verification, VerifyOptions } from '../types.d.ts' */
/** @import { About } from './verify-report.js' */

import { download } from '../files/save.js';
import { button, h } from './dom.js';
import { faultOf } from './fault.js';
import { say } from './live.js';
import { faultLines, findings, noteLines, trackLines, verdict, verifyReport } from './verify-report.js';
import { watched } from './watched.js';

/** Larger files are verified when somebody asks for it. */
export const AT_ONCE = 2e9;

const TITLE = 'Can I trust it?';
const HINT = 'The written file is read again, decrypted, and every sample is compared with the source.';
const KEPT =
  'The written file is read again, and every sample is compared with the source as it stands, encrypted: that needs no key.';
const GONE =
  'It cannot be read again here: it went to the browser’s downloads. Open it on this page to check it with its keys.';

/** Verifies one file when it is asked to, and says what came of it. */
export class Verifying {
  /**
   * @param {() => About} about
   * @param {(options: VerifyOptions) => Promise<Verification>} verify
   * @param {string} hint what is done
   */
  constructor(about, verify, hint) {
    this.about = about;
    this.verify = verify;
    this.hint = hint;
    this.element = h('div', { class: 'verify', id: 'verify' });
    /** @type {AbortController | null} */
    this.running = null;
  }

  /** Ends what is under way, and shows nothing of it. */
  close() {
    this.running?.abort();
    this.running = null;
    this.element.replaceChildren();
  }

  /** @param {string} [again] the button that does it once more, where there is to be one */
  async run(again) {
    this.close();
    const { stop, parts, tell } = watched('Verifying', 'Reading', 'verify-stop');
    this.running = stop;
    this.element.replaceChildren(
      h('p', { class: 'hint' }, this.hint),
      h('p', { class: 'verify-run' }, ...parts),
    );
    try {
      const found = await this.verify({
        signal: stop.signal,
        onProgress({ stage, done, total }) {
          if (stage === 'verify') tell(done, total);
        },
      });
      if (this.running !== stop) return;
      this.element.replaceChildren(...told(this.about(), found));
      say(verdict(found, this.about())[0] ?? '');
    } catch (error) {
      if (this.running !== stop) return;
      const why = stop.signal.aborted
        ? 'It was not looked at to the end.'
        : `It could not be verified. ${faultOf(error, 'result').message}`;
      this.element.replaceChildren(
        h('p', { class: 'verify-none', role: 'status' }, why),
        again ? this.start(again) : '',
      );
      say(why);
    } finally {
      if (this.running === stop) this.running = null;
    }
  }

  /** @param {string} words */
  start(words) {
    return button(words, () => void this.run('Verify again'), { id: 'verify-start' });
  }
}

/**
 * @param {ProtectResult} result
 * @param {boolean} wanted whether it is done by itself
 * @param {AbortSignal} signal
 */
export function verifyCard(result, wanted, signal) {
  const about = () => ({
    name: result.name,
    size: result.size,
    scheme: `${result.scheme}, ${result.form}`,
    kids: result.keys.map(({ kid }) => kid.uuid),
    made: true,
    kept: Boolean(result.changes),
  });
  const files = result.files.length;
  const what = result.changes ? KEPT : HINT;
  const hint = files > 1 ? `${what} The ${files} segments are read as the one file that they are.` : what;
  const verifying = new Verifying(about, (options) => result.verify(options), hint);
  signal.addEventListener('abort', () => verifying.close(), { once: true });
  if (result.place === 'downloads') verifying.element.append(h('p', { class: 'hint' }, GONE));
  else if (wanted) void verifying.run('Verify again');
  else
    verifying.element.append(
      h('p', { class: 'hint' }, hint),
      h('p', {}, verifying.start(files > 1 ? 'Verify the files' : 'Verify the file')),
    );
  return h('section', { class: 'card' }, h('h3', {}, TITLE), verifying.element);
}

/**
 * @param {About} about
 * @param {Verification} found
 */
function told(about, found) {
  const save = (/** @type {string} */ text, /** @type {string} */ end, /** @type {string} */ type) =>
    download(new Blob([text], { type }), `${about.name}.verified.${end}`);
  const [first, more] = verdict(found, about);
  const faults = faultLines(found);
  const notes = noteLines(found);
  return [
    h(
      'p',
      { class: found.ok ? 'verify-good' : 'verify-bad', role: 'status' },
      h('strong', {}, `${found.ok ? '✓' : '✗'} ${first} `),
      more,
    ),
    faults.length
      ? h(
          'ol',
          { class: 'verify-faults', tabindex: 0, 'aria-label': 'What is wrong' },
          ...faults.map((line) => h('li', {}, line)),
        )
      : null,
    h(
      'ul',
      { class: 'verify-findings', 'aria-label': 'What was looked at' },
      ...findings(found, about).map(({ good, text }) =>
        h(
          'li',
          { class: good ? 'good' : 'bad' },
          h('span', { 'aria-hidden': 'true' }, good ? '✓' : '✗'),
          text,
        ),
      ),
    ),
    ...found.tracks.map((track) => {
      const [line = '', ...parts] = trackLines(track);
      return h(
        'div',
        { class: 'verify-track' },
        h('p', {}, line),
        parts.length ? h('ul', {}, ...parts.map((part) => h('li', {}, part))) : null,
      );
    }),
    notes.length ? h('ul', { class: 'verify-notes' }, ...notes.map((line) => h('li', {}, line))) : null,
    h(
      'p',
      { class: 'save-line' },
      button('Save the report', () => save(verifyReport(about, found), 'html', 'text/html'), {
        class: 'copy',
      }),
      button('as JSON', () => save(`${JSON.stringify(found, null, 2)}\n`, 'json', 'application/json'), {
        class: 'copy',
        'aria-label': 'Save the report as JSON',
      }),
    ),
  ].filter((one) => one !== null);
}
