/** A protected file that is open: with its keys it is checked, and beside its clear source where that is at hand. */

/** @import { Media, SourceKeyRequest } from '../types.d.ts' */
/** @import { FileState, Store } from './store.js' */
/** @import { Playable } from './viewer.js' */

import { bytesOfBase64, hexOf } from '../files/digits.js';
import { AT_ONCE, Verifying } from './verify-card.js';
import { offlineCard } from './offline-list.js';
import { h } from './dom.js';
import { Field } from './form-parts.js';
import * as format from './format.js';
import { say } from './live.js';
import { SourceKeys } from './source-keys.js';
import { viewerCard } from './viewer.js';

const HINT = 'The file is read, decrypted and gone through. Nothing is written.';
/** What is chosen to compare with: nothing, or what was chosen from the disk. */
const NONE = 'none';
const CHOSEN = 'chosen';

/** A key, or its ID. */
const HEX = /^[0-9a-f]{32}$/i;

/** Microsoft’s test server, whose keys come of a seed that is public. */
const TEST_SERVER = '//test.playready.microsoft.com/';

export class FileCheck {
  /**
   * @param {Store} store
   * @param {FileState} file that is protected
   */
  constructor(store, file) {
    this.store = store;
    this.id = file.id;
    this.keys = new SourceKeys(file.tracks);
    const select = h('select', { name: 'clearSource' });
    this.select = select;
    this.source = new Field(select, {
      label: 'Clear source',
      hint: 'With it every sample is compared. A file that is open here, or one that you choose or drop.',
    });
    this.input = h('input', {
      type: 'file',
      id: 'clear-source-file',
      class: 'file-input',
      multiple: true,
      'aria-label': 'Clear source from this computer',
    });
    this.input.addEventListener('change', () => this.#choose());
    const place = h('div', { class: 'source-place' }, this.source.element, h('p', {}, this.input));
    place.addEventListener('dragover', (event) => event.preventDefault());
    place.addEventListener('drop', (event) => {
      const dropped = event.dataTransfer?.files;
      if (!dropped?.length) return;
      event.preventDefault();
      this.input.files = dropped;
      this.#choose();
    });
    this.start = h(
      'button',
      { type: 'submit', class: 'button primary', id: 'check-start' },
      'Check this file',
    );
    this.verifying = new Verifying(
      () => this.#about(),
      (options) => this.#verify(options),
      HINT,
    );
    this.card = h(
      'section',
      { class: 'card', hidden: true },
      h('h3', {}, 'What was found'),
      this.verifying.element,
    );
    this.form = h(
      'form',
      { class: 'unlock check' },
      h('h2', { tabindex: -1 }, 'Is this file right?'),
      h(
        'p',
        {},
        'With its keys every sample of it is decrypted: whether nothing is left clear that has to be encrypted, no counter is ' +
          'used twice, and headers, key IDs, offsets and indexes agree. Nothing is written, and no clear byte is kept.',
      ),
      ...this.keys.elements,
      place,
      this.keys.fault,
      h(
        'p',
        { class: 'save-line' },
        this.start,
        file.size && file.size >= AT_ONCE
          ? h('span', { class: 'quiet' }, `${format.bytes(file.size)} are read.`)
          : null,
      ),
    );
    this.players = h('div', { class: 'file-players' });
    this.playing = new AbortController();
    this.element = h(
      'div',
      { class: 'file-check' },
      this.form,
      this.card,
      file.media ? offlineCard(file.media) : null,
      this.players,
    );
    this.form.addEventListener('submit', (event) => {
      event.preventDefault();
      this.#submit();
    });
    this.#list();
    this.stop = store.subscribe((state, before) => {
      if (state.files !== before.files) this.#list();
      // Who leaves takes what was typed along.
      if (state.view !== 'result' || state.current !== this.id) this.#forget();
    });
  }

  /**
   * Takes keys that were typed elsewhere.
   * @param {SourceKeyRequest[]} keys
   */
  take(keys) {
    this.keys.value = keys;
    const fold = this.element.closest('details');
    if (fold) fold.open = true;
    this.form.querySelector('h2')?.focus();
  }

  close() {
    this.stop();
    this.#forget();
    this.input.value = '';
    this.verifying.close();
  }

  /** Nothing that was typed stays, nor what plays with it. */
  #forget() {
    this.keys.clear();
    this.playing.abort();
    this.players.replaceChildren();
  }

  /** Clear files from the disk. */
  get #chosen() {
    return [...(this.input.files ?? [])];
  }

  /** Offers what is open, and what was chosen. */
  #list() {
    const { value } = this.select;
    const others = this.store.state.files.filter((file) => file.media && file.id !== this.id);
    const [first, ...more] = this.#chosen;
    const name = `${first?.name}${more.length ? ` and ${format.count(more.length)} more` : ''}`;
    this.select.replaceChildren(
      h('option', { value: NONE }, 'None: the file by itself'),
      ...others.map(({ id, name }) => h('option', { value: id }, name)),
      first ? h('option', { value: CHOSEN }, name) : '',
    );
    const known = [...this.select.options].some((option) => option.value === value);
    this.select.value = known ? value : NONE;
  }

  /** Takes what was chosen from the disk. */
  #choose() {
    this.#list();
    if (!this.#chosen.length) return;
    this.select.value = CHOSEN;
    say(`It is compared with ${this.select.selectedOptions[0]?.textContent}.`);
  }

  #submit() {
    if (!this.keys.given.length) return;
    this.card.hidden = false;
    void this.verifying.run();
    void this.#offerPlayers();
    this.card.scrollIntoView({ block: 'nearest' });
  }

  /** Players of other hands, with the keys that were given; not of what stands in no file as it is. */
  async #offerPlayers() {
    this.playing.abort();
    this.playing = new AbortController();
    const { signal } = this.playing;
    const { media, name, parts, merged } = this.#file();
    if (merged || !parts.length) return;
    // What is no key, or no file that can be described, is said by the check.
    const playable = await playableOf(media, new Blob([...parts]), this.keys.value).catch(() => null);
    if (playable && !signal.aborted)
      this.players.replaceChildren(viewerCard([{ name, result: playable }], signal));
  }

  /** @param {import('../types.d.ts').VerifyOptions} options */
  async #verify(options) {
    const { media } = this.#file();
    const source = this.#clearSource();
    return media.verify(this.keys.value, { ...options, ...(source ? { source } : {}) });
  }

  /** @returns {Media | File[] | null} */
  #clearSource() {
    const { value } = this.select;
    if (value === CHOSEN) return this.#chosen;
    return value === NONE ? null : (this.store.file(Number(value))?.media ?? null);
  }

  #file() {
    const file = this.store.file(this.id);
    if (!file?.media) throw new Error('the file is closed');
    return { ...file, media: file.media };
  }

  #about() {
    const { name, size, summary } = this.#file();
    const kids = [...this.keys.kids.keys()];
    return { name, size: size ?? 0, scheme: summary?.protection?.scheme ?? '', kids, made: false };
  }
}

/**
 * What players are given of an open file; nothing where a key has no key ID.
 * @param {Media} media
 * @param {Blob} blob
 * @param {readonly SourceKeyRequest[]} given
 * @returns {Promise<Playable | null>}
 */
async function playableOf(media, blob, given) {
  const keys = given.flatMap(({ kid, key }) => {
    const typed = key.replace(/[\s-]/g, '');
    const digits = HEX.test(typed) ? typed.toLowerCase() : hexOf(bytesOfBase64(typed));
    return kid && HEX.test(digits) ? { kid: { hex: kid.replaceAll('-', '') }, key: digits } : [];
  });
  if (!keys.length) return null;
  const { headers } = await media.describe(media.name);
  const forTests = headers.some(({ data }) =>
    new TextDecoder('utf-16le').decode(bytesOfBase64(data)).includes(TEST_SERVER),
  );
  return { file: async () => blob, keys, forTests };
}
