/** What is changed of a protected file while its samples stay as they are: what it says now, to be written over. */

/** @import { ProtectRequest, Summary } from '../types.d.ts' */
/** @import { Fault } from './store.js' */

import { h, setAttributes } from './dom.js';
import { FileFields } from './file-fields.js';
import { Check, Checks, Choice, Field, placeFault, textInput } from './form-parts.js';
import { HeaderFields, psshField, WidevineFields } from './header-fields.js';

/** @type {Fault} */
const NOTHING = { message: 'Nothing is changed yet. Write another licence URL, for one.', field: 'laUrl' };

/** @type {Fault} */
const NO_BRAND = { message: 'A file has one brand at least: say which.', field: 'brands' };

const FORMS = /** @type {const} */ ([
  { value: 'hybrid', label: 'Windows, also offline', hint: 'Hybrid: CENC boxes with PIFF twins.' },
  {
    value: 'piff',
    label: 'Smooth origins and old TVs',
    hint: 'PIFF 1.1, as Silverlight-era players know it.',
  },
  { value: 'plain', label: 'Browsers and phones', hint: 'CENC boxes alone.' },
]);

export class ChangeForm {
  /** It asks for no keys. */
  keys = null;

  /**
   * @param {Summary} summary of a protected file
   * @param {number} size of it in bytes
   * @param {() => void} changed
   */
  constructor(summary, size, changed) {
    const { protection, brands } = summary;
    const says = new Map((protection?.says ?? []).map(({ field, value }) => [field, value]));
    /** What the file says now. */
    const now = (/** @type {string} */ field) => says.get(field) ?? '';
    const hasHeader = Boolean(protection?.headerXml);

    this.laUrl = new Field(textInput('laUrl', { type: 'url', inputmode: 'url', value: now('laUrl') }), {
      label: 'Licence URL',
      hint: hasHeader
        ? 'Where players ask for a licence: as the file says now, until you change it. Emptied, it goes.'
        : 'Where players ask for a licence. The file has no PlayReady header yet: with this it gets one.',
    });
    this.playReady = new HeaderFields(
      this.laUrl,
      'It takes the place of the one in the file, as it is; then leave all else of the header as it stands.',
      now,
    );
    this.checksums = new Check('checksums', 'Checksums', {
      label: 'Remove them',
      hint: 'For servers that hold other checksums than the file has.',
    });
    this.checksums.element.hidden = !now('checksums');
    this.header = h(
      'details',
      { class: 'more', id: 'more-header' },
      h('summary', {}, 'PlayReady header'),
      ...this.playReady.elements,
      this.checksums.element,
    );

    this.formNow = now('form');
    this.form = new Choice(
      'form',
      'Boxes that carry the encryption',
      FORMS.map(({ value, label, hint }) => ({
        value,
        label,
        hint: value === this.formNow ? `${hint} As it is now.` : hint,
      })),
    );
    this.form.value = this.formNow;
    const { systems = [] } = protection ?? {};
    const has = systems.includes('Widevine');
    this.widevineFields = new WidevineFields();
    this.widevine = new Choice('widevine', 'Widevine', [
      { value: 'keep', label: has ? 'Its header as it is' : 'No header, as now' },
      {
        value: 'write',
        label: has ? 'Write another header' : 'Write a header',
        hint: 'Chrome, Android and other TVs. The Widevine service must have the same key and KID.',
        inside: this.widevineFields.element,
      },
    ]);
    this.pssh = psshField('They take the place of those of the same system.');
    this.remove = new Checks(
      'remove',
      'Headers to remove',
      systems.map((system) => ({ value: system, label: system })),
    );
    this.remove.element.hidden = systems.length === 0;
    this.players = h(
      'details',
      { class: 'more', id: 'more-players' },
      h('summary', {}, 'Players'),
      this.form.element,
      this.widevine.element,
      this.pssh.element,
      this.remove.element,
    );

    this.file = new FileFields({ fragments: false, opens: false, keeps: true, size });
    const named = brands
      ? [brands.major, ...brands.compatible.filter((brand) => brand !== brands.major)].join(' ')
      : '';
    this.brands = new Field(textInput('brands', { class: 'mono', value: named }), {
      label: 'Brands',
      hint: 'What kind of file it says it is, the major one first. Some players look at nothing else.',
    });
    this.called = new Field(textInput('called'), {
      label: 'Name',
      hint: 'Of the file to save.',
    });
    this.file.element.append(this.brands.element, this.called.element);

    this.fields = h(
      'fieldset',
      { class: 'form-fields' },
      h('legend', { class: 'unseen' }, 'What to change'),
      this.laUrl.element,
      this.header,
      this.players,
      this.file.element,
    );
    this.element = h(
      'form',
      { id: 'change-form', class: 'protect-form', novalidate: true, 'aria-label': 'Change' },
      this.fields,
    );
    this.element.addEventListener('input', (event) => {
      // What it is called is no part of the plan.
      if (event.target !== this.called.control) changed();
    });
  }

  /** What the file to save is to be called, where somebody says so. */
  get name() {
    const { value } = this.called;
    return !value || this.file.apart || /\.mp4$/i.test(value) ? value : `${value}.mp4`;
  }

  /**
   * What must still be said before there can be a plan.
   * @returns {Fault | null}
   */
  get missing() {
    if (this.brands.changed && !this.brands.value) return NO_BRAND;
    return Object.keys(this.request).length > 1 ? null : NOTHING;
  }

  /** Only what is to be different. @returns {ProtectRequest} */
  get request() {
    /** @type {ProtectRequest} */
    const request = { scheme: 'keep' };
    const remove = [...this.remove.value, ...this.playReady.fill(request)];
    if (this.checksums.value) remove.push('checksums');
    const form = FORMS.find(({ value }) => value === this.form.value)?.value;
    if (form && form !== this.formNow) request.form = form;
    if (this.widevine.value === 'write') this.widevineFields.fill(request);
    if (this.pssh.value) request.pssh = this.pssh.value;
    if (this.brands.changed && this.brands.value) request.brands = this.brands.value;
    if (remove.length) request.remove = remove;
    this.file.fill(request);
    return request;
  }

  /** @param {string} name that a plan suggests */
  suggest(name) {
    setAttributes(this.called.control, { placeholder: name });
  }

  /**
   * Puts a fault at the field it belongs to and clears the others. Answers whether there is such a field.
   * @param {Fault | null} fault
   */
  showFault(fault) {
    const folds = [this.header, this.players, this.file.element];
    return placeFault(this.#places(), folds, placeName(fault?.field), fault?.message ?? null);
  }

  /** @param {string | undefined} field */
  focusOn(field) {
    (this.#places()[placeName(field) ?? ''] ?? this.laUrl).focus();
  }

  /** @param {boolean} locked */
  lock(locked) {
    this.fields.disabled = locked;
  }

  /** It is told nothing that is secret. */
  clear() {
    this.element.remove();
  }

  /** @returns {Record<string, Field | Check | Choice | Checks>} */
  #places() {
    const { form, widevine, pssh, remove, brands } = this;
    return { ...this.playReady.places, form, widevine, pssh, remove, brands, ...this.file.places };
  }
}

/**
 * Where the fault of a field goes.
 * @param {string | undefined} field
 */
const placeName = (field) => (field === 'scheme' ? 'laUrl' : field);
