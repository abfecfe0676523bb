/**
 * What headers say beside keys: asked of a file that is to be protected, and of one that is, where each field says what the
 * file says now.
 */

/** @import { ProtectRequest } from '../types.d.ts' */

import { h } from './dom.js';
import { Field, numberOf, textInput } from './form-parts.js';

/** Texts in the header, which go when they are emptied. */
const TEXTS = /** @type {const} */ (['laUrl', 'luiUrl', 'dsId', 'customAttributes']);

const VERSIONS = /** @type {const} */ (['4.0', '4.1', '4.2', '4.3']);

/** Of a PlayReady header. */
export class HeaderFields {
  /**
   * @param {Field} laUrl stands by itself
   * @param {string} ready what a ready-made header is to the other fields
   * @param {(field: string) => string} [now] what the file says of a field
   */
  constructor(laUrl, ready, now = () => '') {
    this.laUrl = laUrl;
    this.luiUrl = new Field(textInput('luiUrl', { type: 'url', value: now('luiUrl') }), {
      label: 'Licence page (LUI_URL)',
      hint: 'A page for people who have no licence yet.',
    });
    this.dsId = new Field(textInput('dsId', { class: 'mono', value: now('dsId') }), {
      label: 'Domain service ID (DS_ID)',
      hint: '16 bytes in base64, or a UUID.',
    });
    this.customAttributes = new Field(monoArea('customAttributes', now('customAttributes')), {
      label: 'Custom attributes',
      hint: 'XML that goes inside CUSTOMATTRIBUTES.',
    });
    const version = now('headerVersion');
    this.headerVersion = new Field(
      h(
        'select',
        { name: 'headerVersion' },
        h('option', { value: '' }, version ? `As it is (${version})` : 'Automatic'),
        ...VERSIONS.filter((each) => each !== version).map((each) => h('option', { value: each }, each)),
      ),
      {
        label: 'PlayReady header version',
        hint: version
          ? 'Older players read no newer versions.'
          : 'Automatic picks the version that most players read.',
      },
    );
    this.decryptorSetup = new Field(
      h(
        'select',
        { name: 'decryptorSetup' },
        h('option', { value: '' }, 'As the player does'),
        h(
          'option',
          { value: 'ondemand', selected: now('decryptorSetup') !== '' },
          'Only when it plays (ONDEMAND)',
        ),
      ),
      { label: 'When players ask for a licence', hint: 'Written as DECRYPTORSETUP.' },
    );
    const store = String(parseInt(now('licenceStore'), 10) || '');
    this.licenceStore = new Field(textInput('licenceStore', { inputmode: 'numeric', value: store }), {
      label: 'Room for licences',
      hint: 'Bytes, at most 10240. Only for services that put licences into the file.',
    });
    this.playreadyObject = new Field(monoArea('playreadyObject'), {
      label: 'Ready-made header',
      hint: `A PlayReady object or pssh box in base64 or hex, from whoever runs the licence server. ${ready}`,
    });
  }

  /** All but the licence URL. */
  get elements() {
    const fields = Object.values(this.places).filter((field) => field !== this.laUrl);
    return fields.map(({ element }) => element);
  }

  /**
   * Puts in what is different from what the file says.
   * @param {ProtectRequest} request
   * @returns {string[]} what goes
   */
  fill(request) {
    const gone = [];
    for (const name of TEXTS) {
      const { changed, value } = this[name];
      if (!changed) continue;
      if (value) request[name] = value;
      else gone.push(name);
    }
    const { decryptorSetup, licenceStore, playreadyObject } = this;
    if (licenceStore.changed) {
      if (licenceStore.value) request.licenceStore = numberOf(licenceStore.value);
      else gone.push('licenceStore');
    }
    if (decryptorSetup.changed) {
      if (decryptorSetup.value === 'ondemand') request.decryptorSetup = 'ondemand';
      else gone.push('decryptorSetup');
    }
    const version = VERSIONS.find((each) => each === this.headerVersion.value);
    if (version) request.headerVersion = version;
    if (playreadyObject.value) request.playreadyObject = playreadyObject.value;
    return gone;
  }

  /** Where the fault of each field of a request goes. */
  get places() {
    const { laUrl, luiUrl, dsId, customAttributes, headerVersion, decryptorSetup, licenceStore } = this;
    const { playreadyObject } = this;
    return {
      laUrl,
      playreadyObject,
      luiUrl,
      dsId,
      customAttributes,
      headerVersion,
      decryptorSetup,
      licenceStore,
    };
  }
}

/** Of a Widevine header, and shown while one is to be written. */
export class WidevineFields {
  constructor() {
    this.provider = new Field(textInput('widevineProvider'), {
      label: 'Provider',
      hint: 'The name that the Widevine service knows you by. May be empty.',
    });
    this.contentId = new Field(textInput('widevineContentId'), {
      label: 'Content ID',
      hint: 'What the service calls this title. May be empty.',
    });
    this.element = h('div', {}, this.provider.element, this.contentId.element);
  }

  /** @param {ProtectRequest} request */
  fill(request) {
    request.widevine = true;
    if (this.provider.value) request.widevineProvider = this.provider.value;
    if (this.contentId.value) request.widevineContentId = this.contentId.value;
  }
}

/**
 * Headers of other systems, ready-made.
 * @param {string} hint what becomes of them
 */
export const psshField = (hint) =>
  new Field(monoArea('pssh'), {
    label: 'Other systems',
    hint: `Whole pssh boxes in base64 or hex, one on each line. ${hint}`,
  });

/**
 * @param {string} name
 * @param {string} [text]
 */
function monoArea(name, text = '') {
  return h('textarea', { name, class: 'mono', rows: 3, spellcheck: 'false' }, text);
}
