/** What of a result goes to whom: a sheet for each, on the page, to print, as JSON; and the kit for Windows. */

/** @import { HandOverFact, HandOverFile, HandOverItem, HandOverPart, KeySheet, ProtectResult, WrittenFile } from '../types.d.ts' */

import { handOver, windowsKit, writeKeys } from '../boxlock.js';
import { download } from '../files/save.js';
import { zipOf } from '../files/zip-of.js';
import { copyButton } from './copy.js';
import { button, h } from './dom.js';
import { faultOf } from './fault.js';
import * as format from './format.js';
import { handOverPage } from './handover-page.js';
import { say } from './live.js';
import { offlineAnswer, offlineList } from './offline-list.js';

/** So many files are listed here; what is saved has all. */
const LISTED = 50;

const WHO = /** @type {const} */ ({
  'licence-server': 'The licence server',
  host: 'The host',
  app: 'The app on Windows',
  web: 'The web page',
});

/** @typedef {keyof typeof WHO} Reader */

class HandOverCard {
  /**
   * @param {ProtectResult} result
   * @param {readonly string[]} sources
   * @param {() => void} kept
   * @param {AbortSignal} signal
   */
  constructor(result, sources, kept, signal) {
    this.result = result;
    this.sources = sources;
    this.kept = kept;
    this.signal = signal;
    /** @type {WrittenFile[] | null} with what is known of them so far */
    this.files = null;
    this.element = h(
      'section',
      { class: 'card', id: 'handover' },
      h('h3', {}, 'Hand over'),
      h('p', { class: 'hint' }, 'A sheet for each who goes on with it. Only the first has the key.'),
      ...Object.entries(WHO).map(([reader, name]) => this.#fold(/** @type {Reader} */ (reader), name)),
    );
  }

  /**
   * @param {Reader} reader
   * @param {string} name
   */
  #fold(reader, name) {
    const place = h('div', { class: 'handover-part' });
    const fold = h(
      'details',
      { class: 'more', 'data-for': reader },
      h(
        'summary',
        {},
        `${name} `,
        reader === 'licence-server' ? h('span', { class: 'badge locked' }, 'holds the key') : null,
      ),
      place,
    );
    fold.addEventListener('toggle', () => {
      if (fold.open) void this.#fill(reader, place);
      else place.replaceChildren(); // nothing secret stays behind
    });
    return fold;
  }

  /** The sheet with what is known by now. */
  async #made() {
    this.files ??= await this.result.listFiles();
    const sheet = await this.result.keySheet({ sha256: 'if-known' });
    const options = { offline: this.result.offline, files: this.files, sources: this.sources };
    return { sheet, options, ...(await handOver(sheet, options)) };
  }

  /** @param {Reader} reader */
  async #part(reader) {
    const { parts, ...made } = await this.#made();
    const part = parts.find((each) => each.for === reader);
    if (!part) throw new Error(`no part for ${reader}`);
    return { ...made, part };
  }

  /**
   * @param {Reader} reader
   * @param {HTMLElement} place
   */
  async #fill(reader, place) {
    const state = h('p', { class: 'quiet', role: 'status' });
    try {
      const { part } = await this.#part(reader);
      // It may have been folded in again meanwhile.
      if (this.signal.aborted || !place.closest('details')?.open) return;
      place.replaceChildren(
        ...part.items.map((item) => this.#item(item, part)),
        ...(reader === 'host' && this.#canSum ? [this.#sums(place)] : []),
        h('p', { class: 'save-line' }, ...this.#buttons(reader, state)),
        state,
      );
    } catch (error) {
      place.replaceChildren(h('p', { class: 'fault-line' }, faultOf(error, 'result').message));
    }
  }

  /** Whether there are files whose sums are not known and can be. */
  get #canSum() {
    return this.result.place !== 'downloads' && Boolean(this.files?.some(({ sha256 }) => !sha256));
  }

  /** @param {HTMLElement} place */
  #sums(place) {
    const bar = h('progress', { max: 1, value: 0, hidden: true, 'aria-label': 'Computing SHA-256' });
    const words = this.files?.length === 1 ? 'Compute its SHA-256' : 'Compute the SHA-256 of each';
    const start = button(words, () => void compute(), { class: 'copy', id: 'handover-sums' });
    const line = h('p', { class: 'save-line' }, start, bar);
    const compute = async () => {
      start.disabled = true;
      bar.hidden = false;
      try {
        this.files = await this.result.listFiles({
          sums: true,
          signal: this.signal,
          onProgress: ({ done, total }) => void (bar.value = total ? done / total : 0),
        });
        say('SHA-256 computed');
        await this.#fill('host', place);
      } catch (error) {
        if (this.signal.aborted) return;
        line.replaceChildren(h('span', { class: 'field-fault' }, faultOf(error, 'result').message));
      }
    };
    return line;
  }

  /**
   * @param {Reader} reader
   * @param {HTMLElement} state
   */
  #buttons(reader, state) {
    const { name } = this.result;
    /**
     * @param {string} label
     * @param {string} end
     * @param {string} type
     * @param {(made: { part: HandOverPart, sheet: KeySheet, options: object, fileName: string }) => Promise<string | Blob>} make
     * @param {string} [spoken]
     */
    const save = (label, end, type, make, spoken) =>
      button(
        label,
        () =>
          void this.#part(reader)
            .then(async (made) => {
              const content = await make(made);
              download(content instanceof Blob ? content : new Blob([content], { type }), `${name}.${end}`);
              state.textContent = `${name}.${end} is saved.${made.part.secret ? ' It holds the key: treat it like a password.' : ''}`;
              if (made.part.secret) this.kept();
            })
            .catch((error) => void (state.textContent = faultOf(error, 'result').message)),
        { class: 'copy', ...(spoken ? { 'aria-label': spoken } : {}) },
      );
    const all = [
      save('Save the page', `${reader}.html`, 'text/html', async ({ fileName, part }) =>
        handOverPage(fileName, part),
      ),
      save(
        'as JSON',
        `${reader}.json`,
        'application/json',
        async ({ fileName, part }) => `${JSON.stringify({ fileName, ...part }, null, 2)}\n`,
        'Save the sheet as JSON',
      ),
    ];
    if (reader === 'licence-server')
      all.push(
        save(
          'as CPIX',
          'cpix.xml',
          'application/xml',
          ({ sheet }) => writeKeys(sheet, 'cpix'),
          'Save the keys as CPIX',
        ),
      );
    if (reader === 'app')
      all.push(
        save('Save the Windows kit', 'windows-kit.zip', 'application/zip', async ({ sheet, options }) => {
          const files = await windowsKit(sheet, options);
          return zipOf(files.map(({ name, text }) => ({ name, blob: new Blob([text]) })));
        }),
      );
    return all;
  }

  /**
   * @param {HandOverItem} item
   * @param {HandOverPart} part
   */
  #item({ title, text, facts, checks, files, code }, part) {
    return h(
      'div',
      { class: 'handover-item' },
      h('h4', {}, title),
      text ? h('ul', {}, ...text.map((line) => h('li', {}, line))) : null,
      facts ? h('dl', { class: 'handover-facts' }, ...facts.map((fact) => this.#fact(fact, part))) : null,
      checks ? h('p', {}, offlineAnswer(checks)) : null,
      checks ? offlineList(checks) : null,
      files ? fileTable(files) : null,
      code ? snippet(code) : null,
    );
  }

  /**
   * @param {HandOverFact} fact
   * @param {HandOverPart} part
   */
  #fact({ name, value, secret }, part) {
    // What is an id is for copying, what is a sentence for reading.
    const copies = part.secret && !value.includes(' ');
    const one = this.result.keys.length === 1;
    return h(
      'div',
      {},
      h('dt', {}, name),
      h(
        'dd',
        {},
        copies ? h('code', {}, secret ? '•'.repeat(16) : value) : value,
        copies ? copyButton(name, () => value, secret && one ? this.kept : undefined) : null,
      ),
    );
  }
}

/** @param {readonly HandOverFile[]} files */
function fileTable(files) {
  return h(
    'div',
    {},
    h(
      'table',
      { class: 'handover-files' },
      h(
        'thead',
        {},
        h(
          'tr',
          {},
          ...['Name', 'Content type', 'Size', 'SHA-256'].map((name) => h('th', { scope: 'col' }, name)),
        ),
      ),
      h(
        'tbody',
        {},
        ...files
          .slice(0, LISTED)
          .map(({ name, type, size, sha256 }) =>
            h(
              'tr',
              {},
              h('td', {}, name),
              h('td', {}, type),
              h('td', {}, size === null ? '–' : format.exactBytes(size)),
              h('td', {}, sha256 ? h('code', {}, sha256) : '–'),
            ),
          ),
      ),
    ),
    files.length > LISTED
      ? h('p', { class: 'hint' }, `And ${format.count(files.length - LISTED)} more: what is saved lists all.`)
      : null,
  );
}

/** @param {HandOverItem['code'] & {}} code */
function snippet({ name, text }) {
  return h(
    'div',
    { class: 'snippet' },
    h(
      'p',
      { class: 'save-line' },
      h('span', { class: 'mono' }, name),
      copyButton(name, () => text),
    ),
    h('pre', { tabindex: 0, 'aria-label': name }, text),
  );
}

/**
 * @param {ProtectResult} result with keys
 * @param {readonly string[]} sources names of the files that it was made of
 * @param {() => void} kept when the keys are saved elsewhere
 * @param {AbortSignal} signal
 */
export const handOverCard = (result, sources, kept, signal) =>
  new HandOverCard(result, sources, kept, signal).element;
