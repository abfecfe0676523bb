/** Keys for the form from elsewhere: a key sheet, a CPIX document, lines. */

/** @import { KeyList, Track } from '../types.d.ts' */

import { readKeys } from '../boxlock.js';
import { h } from './dom.js';
import { faultOf } from './fault.js';
import { Field } from './form-parts.js';
import { say } from './live.js';

const PAUSE_MS = 200;

export class KeyImport {
  /**
   * @param {Track[]} tracks
   * @param {(list: KeyList) => string} take puts the keys into the form, and says what it did
   */
  constructor(tracks, take) {
    this.tracks = tracks;
    this.take = take;
    /** @type {string | Blob} */
    this.source = '';
    this.turn = 0;
    /** @type {number | undefined} */
    this.timer = undefined;
    const input = h('textarea', {
      name: 'keyList',
      class: 'mono',
      rows: 4,
      spellcheck: 'false',
      autocomplete: 'off',
      autocapitalize: 'off',
    });
    const file = h('input', {
      type: 'file',
      id: 'key-list-file',
      class: 'file-input',
      'aria-label': 'File with keys',
    });
    this.privateKey = h('input', {
      type: 'file',
      id: 'private-key',
      class: 'file-input',
      accept: '.pem,.key,.der,.p8',
      'aria-label': 'Private key',
    });
    this.field = new Field(input, {
      label: 'Keys',
      hint: 'A key sheet, a CPIX document, KID:KEY lines as Bento4, Shaka Packager and FFmpeg take them, or JSON for ClearKey.',
    });
    this.sealed = h(
      'div',
      { class: 'field', hidden: true },
      h('div', { class: 'field-top' }, h('label', { for: 'private-key' }, 'Private key of the recipient')),
      this.privateKey,
      h('p', { class: 'hint' }, 'It is used here, by the browser’s own cryptography, and not kept.'),
    );
    this.state = h('p', { class: 'quiet', role: 'status' });
    this.warnings = h('ul', { class: 'import-warnings' });
    this.element = h(
      'details',
      { class: 'more', id: 'key-import' },
      h('summary', {}, 'Take keys from a key sheet, CPIX document or list'),
      h(
        'div',
        { class: 'more-inside' },
        this.field.element,
        h('p', {}, file),
        this.sealed,
        this.state,
        this.warnings,
      ),
    );
    input.addEventListener('input', () => {
      clearTimeout(this.timer);
      this.timer = window.setTimeout(() => void this.#read(input.value), PAUSE_MS);
    });
    file.addEventListener('change', () => {
      const [chosen] = file.files ?? [];
      if (chosen) this.#readFile(chosen);
      file.value = '';
    });
    this.privateKey.addEventListener('change', () => {
      if (this.privateKey.files?.length) void this.#read(this.source);
    });
    // What stands here is no part of a request: what it is made into is.
    for (const kind of ['input', 'change'])
      this.element.addEventListener(kind, (event) => event.stopPropagation());
    this.element.addEventListener('dragover', (event) => event.preventDefault());
    this.element.addEventListener('drop', (event) => {
      const [dropped] = event.dataTransfer?.files ?? [];
      if (!dropped) return;
      event.preventDefault();
      this.#readFile(dropped);
    });
  }

  /** Forgets the list, and takes no keys any more. */
  forget() {
    clearTimeout(this.timer);
    this.turn++;
    this.source = '';
  }

  /** Wipes what was typed, and what came of it. */
  clear() {
    this.forget();
    this.field.control.value = '';
    this.privateKey.value = '';
    this.field.fault(null);
    this.sealed.hidden = true;
    this.state.textContent = '';
    this.warnings.replaceChildren();
  }

  /** @param {Blob} file in place of what was typed */
  #readFile(file) {
    clearTimeout(this.timer);
    this.field.control.value = '';
    void this.#read(file);
  }

  /** @param {string | Blob} source */
  async #read(source) {
    const turn = ++this.turn;
    this.source = source;
    this.field.fault(null);
    this.warnings.replaceChildren();
    this.state.textContent = '';
    if (typeof source === 'string' && !source.trim()) return;
    const [privateKey] = this.privateKey.files ?? [];
    try {
      const list = await readKeys(source, {
        knownKids: this.tracks.flatMap(({ protection }) => protection?.kids ?? []),
        tracks: this.tracks.map(({ id, kind, width, height, channels, bitrate }) => ({
          id,
          kind,
          ...(width && height ? { width, height } : {}),
          ...(channels ? { channels } : {}),
          ...(bitrate ? { bitrate } : {}),
        })),
        ...(privateKey ? { privateKey } : {}),
      });
      if (turn !== this.turn) return;
      const encrypted = list.keys.some((key) => key.encrypted);
      this.sealed.hidden = !encrypted && !privateKey;
      this.state.textContent = encrypted
        ? 'The keys in this document are encrypted. Choose the private key of its recipient.'
        : this.take(list);
      this.warnings.replaceChildren(...list.warnings.map((warning) => h('li', {}, warning)));
      say(this.state.textContent);
    } catch (error) {
      if (turn !== this.turn) return;
      this.field.fault(faultOf(error).message);
    } finally {
      // A private key is asked for anew each time.
      if (privateKey) this.privateKey.value = '';
    }
  }
}
