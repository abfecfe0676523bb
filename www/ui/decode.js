/** Decode anything: one field that says what something is, and a form that builds headers without any file. */

/** @import { BuildRequest, Decoded } from '../types.d.ts' */

import { build, decode, readManifest } from '../boxlock.js';
import { isManifest } from '../files/pick.js';
import { hexOf } from '../files/digits.js';
import { decodedView } from './decoded.js';
import { button, h } from './dom.js';
import { faultOf } from './fault.js';
import { Field, textInput } from './form-parts.js';
import { KeyCheck } from './key-check.js';
import { say } from './live.js';
import { listerOf, SegmentTable } from './segment-table.js';
import { addStyle } from './style.js';

export const styled = Promise.all([
  addStyle(new URL('../style/work.css', import.meta.url)),
  addStyle(new URL('../style/decode.css', import.meta.url)),
  addStyle(new URL('../style/inspect.css', import.meta.url)),
  addStyle(new URL('../style/segments.css', import.meta.url)),
]);

/** Who types is answered when he pauses. */
const PAUSE_MS = 150;

/** Kinds of what may be a manifest. */
const MANIFESTS = ['dash', 'smooth', 'hls'];

/** Schemes with the words that people know them by. */
const SCHEMES = [
  ['cenc', 'cenc (AES-CTR)'],
  ['cbcs', 'cbcs (AES-CBC)'],
];

/** @param {Decoded} found @returns {boolean} whether keys can be checked by it */
const hasHeader = ({ kind, inside }) => kind === 'playready-header' || inside.some(hasHeader);

export class Decoder {
  /**
   * @param {() => string[]} knownKids of what is open
   * @param {() => void} leave
   */
  constructor(knownKids, leave) {
    this.knownKids = knownKids;
    this.turn = 0;
    /** @type {number | undefined} */
    this.timer = undefined;
    this.input = h('textarea', {
      name: 'anything',
      class: 'mono decode-text',
      rows: 7,
      spellcheck: 'false',
      autocomplete: 'off',
      autocapitalize: 'off',
      placeholder: 'Paste it here, or drop a file',
    });
    this.input.addEventListener('input', () => {
      clearTimeout(this.timer);
      this.timer = window.setTimeout(() => void this.#look(this.input.value), PAUSE_MS);
    });
    const chosen = h('input', { type: 'file', hidden: true, 'aria-label': 'File to decode' });
    chosen.addEventListener('change', () => {
      const [file] = chosen.files ?? [];
      if (file) this.take(file);
      chosen.value = '';
    });
    this.along = h('input', {
      type: 'file',
      hidden: true,
      id: 'decode-along',
      'aria-label': 'File that the manifest names',
    });
    this.field = new Field(this.input, {
      label: 'What is it?',
      hint: 'Base64, hex, a ‘pssh’ box, a PlayReady object or header, a KID, a key seed, keys, a CPIX document, a DASH, Smooth or HLS manifest.',
      extra: button('Open a file', () => chosen.click(), { class: 'link', id: 'decode-file' }),
    });
    this.found = h('div', { class: 'decode-found', id: 'decode-found' });
    this.builder = this.#builder();
    this.heading = h('h1', { tabindex: -1 }, 'Decode anything');
    this.element = h(
      'div',
      { class: 'decode-page' },
      h(
        'div',
        { class: 'decode-head' },
        this.heading,
        button('Close', leave, { class: 'button small', id: 'leave-decode' }),
      ),
      h(
        'p',
        { class: 'quiet' },
        'It is read in this browser and sent nowhere. What you paste is forgotten when you clear the field, or close this.',
      ),
      h('div', { class: 'decode-part' }, this.field.element, chosen, this.along, this.found),
      this.builder,
    );
  }

  focus() {
    this.input.focus();
  }

  /** Forgets what was typed and what was made of it, and what is still being looked at: any of it may be a key. */
  clear() {
    clearTimeout(this.timer);
    this.turn++;
    this.input.value = '';
    this.found.replaceChildren();
    this.builder.replaceWith((this.builder = this.#builder()));
  }

  /**
   * @param {File} file that was dropped or chosen
   * @param {readonly File[]} [along] what came with it: a manifest among them is what is decoded, and may name the others
   */
  take(file, along = []) {
    this.input.value = '';
    const manifest = along.find(isManifest) ?? file;
    void this.#look(
      manifest,
      along.filter((each) => each !== manifest),
    );
  }

  /** A file that a manifest names, chosen. @returns {Promise<File | null>} */
  #choose() {
    return new Promise((resolve) => {
      this.along.value = '';
      this.along.onchange = () => resolve(this.along.files?.[0] ?? null);
      this.along.click();
    });
  }

  /**
   * @param {string | Blob} source
   * @param {readonly File[]} [along]
   */
  async #look(source, along = []) {
    const turn = ++this.turn;
    if (typeof source === 'string' && !source.trim()) {
      this.found.replaceChildren();
      return;
    }
    /** @type {HTMLElement} */
    let shown;
    let words;
    try {
      const found = await decode(source, { knownKids: this.knownKids() });
      shown = decodedView(found);
      if (hasHeader(found)) {
        // Above the other forms, which are long.
        const forms = shown.querySelector(':scope > .found-forms');
        shown.insertBefore(new KeyCheck(source).element, forms);
      }
      words = spoken(found);
      if (MANIFESTS.includes(found.kind)) {
        // An element of one is no manifest, and has no segments.
        const manifest = await readManifest(source).catch(() => null);
        if (manifest?.tracks.length)
          shown.append(
            new SegmentTable(
              manifest.tracks,
              null,
              listerOf(along, () => this.#choose()),
            ).element,
          );
      }
    } catch (error) {
      words = faultOf(error).message;
      shown = h('p', { class: 'fault-line' }, words);
    }
    // Somebody who goes on typing waits for the last answer only.
    if (turn !== this.turn) return;
    this.found.replaceChildren(shown);
    say(words);
  }

  #builder() {
    const kid = new Field(
      textInput('buildKid', { class: 'mono', placeholder: '00000000-0000-0000-0000-000000000000' }),
      {
        label: 'KID',
        hint: 'A UUID, in the order it is written in manifests.',
        extra: button(
          'Random',
          () => {
            kid.control.value = randomKid();
          },
          { class: 'link', 'aria-label': 'Random KID' },
        ),
      },
    );
    const url = new Field(textInput('buildUrl', { inputmode: 'url' }), {
      label: 'Licence URL',
      hint: 'May be left out, when players know it by themselves.',
    });
    const key = new Field(textInput('buildKey', { class: 'mono' }), {
      label: 'Key, or key seed',
      hint: 'May be left out: then the header has no checksum.',
    });
    const scheme = h(
      'select',
      { name: 'buildScheme' },
      ...SCHEMES.map(([value, label]) => h('option', { value: value ?? '' }, label ?? '')),
    );
    const schemeField = new Field(scheme, { label: 'Scheme' });
    const fault = h('p', { class: 'fault-line', hidden: true });
    const result = h('div', { class: 'decode-found', id: 'built' });
    const places = { kid, laUrl: url, key, keySeed: key };
    const make = async () => {
      for (const field of Object.values(places)) field.fault(null);
      fault.hidden = true;
      const typed = key.value.replace(/[\s{}-]/g, '');
      // A key has 16 bytes: 32 digits, or 24 characters of base64. What is longer can be a seed alone.
      const isSeed = typed.length > 32;
      /** @type {BuildRequest} */
      const request = {
        kid: kid.value,
        laUrl: url.value,
        scheme: scheme.value === 'cbcs' ? 'cbcs' : 'cenc',
        widevine: true,
        ...(typed ? (isSeed ? { keySeed: key.value } : { key: key.value }) : {}),
      };
      try {
        if (!kid.value) {
          kid.fault('Type a KID, or take a random one.');
          kid.focus();
          return;
        }
        const found = await build(request);
        // That a key ID is one of an open file, in the other byte order, only decoding it tells.
        const about = await decode(kid.value, { knownKids: this.knownKids() });
        found.problems.push(...about.problems);
        result.replaceChildren(decodedView(found));
        say(found.title);
      } catch (error) {
        const { message, field } = faultOf(error);
        result.replaceChildren();
        const place = Object.entries(places).find(([name]) => name === field)?.[1];
        if (place) {
          place.fault(message);
          place.focus();
        } else {
          fault.hidden = false;
          fault.textContent = message;
        }
      }
    };
    const form = h(
      'form',
      { class: 'decode-part build-form', novalidate: true, 'aria-label': 'Build headers' },
      h('h2', {}, 'Build a header'),
      h(
        'p',
        { class: 'quiet' },
        'A PlayReady object, ‘pssh’ boxes and manifest elements of a KID and a licence URL, without any media file.',
      ),
      h('div', { class: 'build-fields' }, kid.element, url.element, key.element, schemeField.element),
      h('p', {}, h('button', { type: 'submit', class: 'button primary', id: 'build' }, 'Build')),
      fault,
      result,
    );
    form.addEventListener('submit', (event) => {
      event.preventDefault();
      void make();
    });
    return form;
  }
}

/** A random UUID, where pages without a secure connection have none ready. */
function randomKid() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  return hexOf(bytes).replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
}

/** @param {Decoded} found */
function spoken({ title, problems }) {
  const count = problems.length;
  return count ? `${title} ${count === 1 ? 'One thing' : `${count} things`} to know.` : title;
}
