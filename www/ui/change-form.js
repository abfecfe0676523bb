/** What is changed of a protected file while its samples stay as they are: what it says now, to be written over. */

/** @import { ProtectRequest, Summary } from '../types.d.ts' */
/** @import { Fault } from './store.js' */

import { h } from './dom.js';
import { FileFields } from './file-fields.js';
import { Check, Checks, Choice, Field, textInput } from './form-parts.js';

/** @type {Fault} */
const NOTHING = { message: 'Nothing is changed yet. Write another licence URL, for one.', field: 'laUrl' };

/** Fields of a request that are texts in the header, and empty when they go. */
const TEXTS = /** @type {const} */ (['laUrl', 'luiUrl', 'dsId', 'customAttributes']);

const FORMS = /** @type {const} */ ([
  { value: 'hybrid', label: 'Windows, also offline', hint: 'Hybrid: CENC boxes with PIFF twins.' },
  {
    value: 'piff',
    label: 'Smooth origins and old TVs',
    hint: 'PIFF 1.1, as Silverlight-era players know it.',
  },
  { value: 'plain', label: 'Browsers and phones', hint: 'CENC boxes alone.' },
]);

const HEADER_VERSIONS = /** @type {const} */ (['4.0', '4.1', '4.2', '4.3']);

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
    /** What the file says now, by field. */
    this.says = new Map((protection?.says ?? []).map(({ field, value }) => [field, value]));
    this.brandsNow = brands
      ? [brands.major, ...brands.compatible.filter((brand) => brand !== brands.major)].join(' ')
      : '';
    this.storeNow = String(parseInt(this.#now('licenceStore'), 10) || '');
    const hasHeader = Boolean(protection?.headerXml);

    this.laUrl = new Field(textInput('laUrl', { type: 'url', inputmode: 'url', value: this.#now('laUrl') }), {
      label: 'Licence URL',
      hint: hasHeader
        ? 'Where players ask for a licence: as the file says now, until you change it. Emptied, it goes.'
        : 'Where players ask for a licence. The file has no PlayReady header yet: with this it gets one.',
    });
    this.luiUrl = new Field(textInput('luiUrl', { type: 'url', value: this.#now('luiUrl') }), {
      label: 'Licence page (LUI_URL)',
      hint: 'A page for people who have no licence yet.',
    });
    this.dsId = new Field(textInput('dsId', { class: 'mono', value: this.#now('dsId') }), {
      label: 'Domain service ID (DS_ID)',
      hint: '16 bytes in base64, or a UUID.',
    });
    this.customAttributes = new Field(
      h(
        'textarea',
        { name: 'customAttributes', class: 'mono', rows: 3, spellcheck: 'false' },
        this.#now('customAttributes'),
      ),
      { label: 'Custom attributes', hint: 'XML inside CUSTOMATTRIBUTES.' },
    );
    const version = this.#now('headerVersion');
    this.headerVersion = new Field(
      h(
        'select',
        { name: 'headerVersion' },
        h('option', { value: '' }, version ? `As it is (${version})` : 'Automatic'),
        ...HEADER_VERSIONS.filter((each) => each !== version).map((each) =>
          h('option', { value: each }, each),
        ),
      ),
      { label: 'PlayReady header version', hint: 'Older players read no newer versions.' },
    );
    this.decryptorSetup = new Field(
      h(
        'select',
        { name: 'decryptorSetup' },
        h('option', { value: '' }, 'As the player does'),
        h(
          'option',
          { value: 'ondemand', selected: this.#now('decryptorSetup') !== '' },
          'Only when it plays (ONDEMAND)',
        ),
      ),
      { label: 'When players ask for a licence', hint: 'DECRYPTORSETUP.' },
    );
    this.licenceStore = new Field(textInput('licenceStore', { inputmode: 'numeric', value: this.storeNow }), {
      label: 'Room for licences',
      hint: 'Bytes, at most 10240. Only for services that put licences into the file.',
    });
    this.checksums = new Check('checksums', 'Checksums', {
      label: 'Remove them',
      hint: 'For servers that hold other checksums than the file has.',
    });
    this.checksums.element.hidden = !this.#now('checksums');
    this.ready = new Field(
      h('textarea', { name: 'playreadyObject', class: 'mono', rows: 3, spellcheck: 'false' }),
      {
        label: 'Ready-made header',
        hint: 'A PlayReady object or pssh box in base64 or hex, from whoever runs the licence server. It takes the place of the one in the file, as it is; then leave all above as it stands.',
      },
    );
    this.header = h(
      'details',
      { class: 'more', id: 'more-header' },
      h('summary', {}, 'PlayReady header'),
      this.luiUrl.element,
      this.dsId.element,
      this.customAttributes.element,
      this.headerVersion.element,
      this.decryptorSetup.element,
      this.licenceStore.element,
      this.checksums.element,
      this.ready.element,
    );

    const form = this.#now('form');
    this.form = new Choice(
      'form',
      'Boxes that carry the encryption',
      FORMS.map(({ value, label, hint }) => ({
        value,
        label,
        hint: value === form ? `${hint} As it is now.` : hint,
      })),
    );
    this.form.value = form;
    const { systems = [] } = protection ?? {};
    const has = systems.includes('Widevine');
    this.widevineProvider = new Field(textInput('widevineProvider'), {
      label: 'Provider',
      hint: 'The name that the Widevine service knows you by. May be empty.',
    });
    this.widevineContentId = new Field(textInput('widevineContentId'), {
      label: 'Content ID',
      hint: 'What the service calls this title. May be empty.',
    });
    this.widevine = new Choice('widevine', 'Widevine', [
      { value: 'keep', label: has ? 'Its header as it is' : 'No header, as now' },
      {
        value: 'write',
        label: has ? 'Write another header' : 'Write a header',
        hint: 'Chrome, Android and other TVs. The Widevine service must have the same key and KID.',
        inside: h('div', {}, this.widevineProvider.element, this.widevineContentId.element),
      },
    ]);
    this.pssh = new Field(h('textarea', { name: 'pssh', class: 'mono', rows: 3, spellcheck: 'false' }), {
      label: 'Other systems',
      hint: 'Whole pssh boxes in base64 or hex, one on each line. They take the place of those of the same system.',
    });
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

    this.file = new FileFields({ fragments: false, opens: false, size });
    this.brands = new Field(textInput('brands', { class: 'mono', value: this.brandsNow }), {
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

  /** @param {string} field */
  #now(field) {
    return this.says.get(field) ?? '';
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
    return Object.keys(this.request).length > 1 ? null : NOTHING;
  }

  /** Only what is to be different. @returns {ProtectRequest} */
  get request() {
    /** @type {ProtectRequest} */
    const request = { scheme: 'keep' };
    const remove = this.remove.value;
    for (const name of TEXTS) {
      const { value } = this[name];
      if (value === this.#now(name)) continue;
      if (value) request[name] = value;
      else remove.push(name);
    }
    const store = this.licenceStore.value;
    if (store !== this.storeNow) {
      // What is no number is for the core to refuse, in its own words.
      if (store) request.licenceStore = /** @type {number} */ (/** @type {unknown} */ (store));
      else remove.push('licenceStore');
    }
    const version = HEADER_VERSIONS.find((each) => each === this.headerVersion.value);
    if (version) request.headerVersion = version;
    const setup = this.decryptorSetup.value;
    if (setup !== this.#now('decryptorSetup')) {
      if (setup === 'ondemand') request.decryptorSetup = setup;
      else remove.push('decryptorSetup');
    }
    if (this.checksums.value) remove.push('checksums');
    if (this.ready.value) request.playreadyObject = this.ready.value;
    const form = FORMS.find(({ value }) => value === this.form.value)?.value;
    if (form && form !== this.#now('form')) request.form = form;
    if (this.widevine.value === 'write') {
      request.widevine = true;
      if (this.widevineProvider.value) request.widevineProvider = this.widevineProvider.value;
      if (this.widevineContentId.value) request.widevineContentId = this.widevineContentId.value;
    }
    if (this.pssh.value) request.pssh = this.pssh.value;
    const brands = this.brands.value;
    if (brands && brands !== this.brandsNow) request.brands = brands;
    if (remove.length) request.remove = remove;
    this.file.fill(request);
    return request;
  }

  /** @param {string} name that a plan suggests */
  suggest(name) {
    setPlaceholder(this.called.control, name);
  }

  /**
   * Puts a fault at the field it belongs to and clears the others. Answers whether there is such a field.
   * @param {Fault | null} fault
   */
  showFault(fault) {
    const places = this.#places();
    for (const [name, place] of Object.entries(places))
      place.fault(fault && placeName(fault.field) === name ? fault.message : null);
    const place = fault ? places[placeName(fault.field) ?? ''] : undefined;
    for (const folded of [this.header, this.players, this.file.element])
      if (place && folded.contains(place.element)) folded.open = true;
    return place !== undefined;
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
    const { laUrl, luiUrl, dsId, customAttributes, headerVersion, decryptorSetup, licenceStore } = this;
    const { form, widevine, pssh, remove, brands } = this;
    return {
      laUrl,
      luiUrl,
      dsId,
      customAttributes,
      headerVersion,
      decryptorSetup,
      licenceStore,
      playreadyObject: this.ready,
      form,
      widevine,
      pssh,
      remove,
      brands,
      segments: this.file.segments,
      segmentIndex: this.file.segmentIndex,
    };
  }
}

/**
 * Where the fault of a field goes.
 * @param {string | undefined} field
 */
const placeName = (field) => (field === 'scheme' ? 'laUrl' : field);

/**
 * @param {import('./form-parts.js').Control} control
 * @param {string} text
 */
function setPlaceholder(control, text) {
  if (control instanceof HTMLInputElement) control.placeholder = text;
}
