/** Scheme, form and size of IVs, for who knows what players read: each by its name in the standards. */

/** @import { Form, ProtectRequest, Scheme } from '../types.d.ts' */

import { h, setAttributes } from './dom.js';
import { Field } from './form-parts.js';

/** @type {readonly { name: Scheme, label: string, counter: boolean, pattern: boolean }[]} */
const SCHEMES = [
  { name: 'cenc', label: 'cenc: AES-CTR', counter: true, pattern: false },
  { name: 'cbcs', label: 'cbcs: AES-CBC, one block in ten of video', counter: false, pattern: true },
  { name: 'cens', label: 'cens: AES-CTR, one block in ten of video', counter: true, pattern: true },
  { name: 'cbc1', label: 'cbc1: AES-CBC', counter: false, pattern: false },
];

/** @type {readonly { name: Form, label: string }[]} */
const FORMS = [
  { name: 'plain', label: 'plain: boxes of CENC alone' },
  { name: 'hybrid', label: 'hybrid: boxes of CENC, and PIFF beside them' },
  { name: 'piff', label: 'piff: boxes of PIFF alone' },
];

export class ExactFields {
  constructor() {
    this.scheme = new Field(select('scheme', SCHEMES), { label: 'Scheme' });
    this.form = new Field(select('exactForm', FORMS), {
      label: 'Form',
      hint: 'PIFF knows no patterns: cbcs and cens are written as plain.',
    });
    this.ivSize = new Field(
      select('ivSize', [
        { name: '8', label: '8 bytes' },
        { name: '16', label: '16 bytes' },
      ]),
      { label: 'IVs', hint: 'Few players take 16 bytes in counter mode. In AES-CBC they have 16 always.' },
    );
    this.element = h('div', {}, this.scheme.element, this.form.element, this.ivSize.element);
    this.scheme.control.addEventListener('change', () => this.#show());
    this.#show();
  }

  get #chosen() {
    return SCHEMES.find(({ name }) => name === this.scheme.value) ?? SCHEMES[0];
  }

  /** What the scheme leaves no choice of cannot be chosen. */
  #show() {
    const chosen = this.#chosen;
    if (chosen?.pattern) this.form.control.value = 'plain';
    setAttributes(this.form.control, { disabled: chosen?.pattern ?? false });
    this.ivSize.element.hidden = !chosen?.counter;
  }

  /** @param {ProtectRequest} request */
  fill(request) {
    const chosen = this.#chosen;
    const form = FORMS.find(({ name }) => name === this.form.value);
    if (chosen) request.scheme = chosen.name;
    if (form) request.form = form.name;
    if (chosen?.counter && this.ivSize.value === '16') request.ivSize = 16;
  }
}

/**
 * @param {string} name
 * @param {readonly { name: string, label: string }[]} options
 */
const select = (name, options) =>
  h('select', { name }, ...options.map((each) => h('option', { value: each.name }, each.label)));
