/** The parts a form is made of: labelled fields that can show what is wrong with them. */

import { freshId, h, setAttributes } from './dom.js';

/** @typedef {HTMLInputElement | HTMLTextAreaElement | HTMLSelectElement} Control */

/** A labelled control with a hint and a place for its fault. */
export class Field {
  /**
   * @param {Control} control
   * @param {{ label: string, hint?: string, extra?: Node | null }} words
   */
  constructor(control, { label, hint, extra = null }) {
    this.control = control;
    control.id = freshId(control.name);
    this.faultLine = h('p', { class: 'field-fault', id: `${control.id}-fault`, hidden: true });
    this.hintLine = hint ? h('p', { class: 'hint', id: `${control.id}-hint` }, hint) : null;
    setAttributes(control, { 'aria-describedby': this.hintLine?.id });
    this.element = h(
      'div',
      { class: 'field' },
      h('div', { class: 'field-top' }, h('label', { for: control.id }, label), extra),
      control,
      this.faultLine,
      this.hintLine,
    );
  }

  get value() {
    return this.control.value.trim();
  }

  /** @param {string | null} message */
  fault(message) {
    this.faultLine.hidden = !message;
    this.faultLine.textContent = message ?? '';
    if (this.hintLine) this.hintLine.hidden = Boolean(message);
    setAttributes(this.control, {
      'aria-invalid': message ? 'true' : null,
      'aria-describedby': message ? this.faultLine.id : this.hintLine?.id,
    });
  }

  focus() {
    this.control.focus();
  }
}

/**
 * @param {string} name
 * @param {import('./dom.js').Attributes} [attributes]
 */
export function textInput(name, attributes = {}) {
  return h('input', {
    type: 'text',
    name,
    autocomplete: 'off',
    spellcheck: 'false',
    autocapitalize: 'off',
    ...attributes,
  });
}

/** Choices of which one holds, as cards; each may bring its own fields, shown while it is chosen. */
export class Choice {
  /**
   * @param {string} name
   * @param {string} legend
   * @param {{ value: string, label: string, hint?: string, inside?: HTMLElement | null }[]} options
   */
  constructor(name, legend, options) {
    /** @type {Map<string, HTMLInputElement>} */
    this.inputs = new Map();
    /** @type {Map<string, HTMLElement>} */
    this.insides = new Map();
    this.faultLine = h('p', { class: 'field-fault', id: freshId(`${name}-fault`), hidden: true });
    const rows = options.map(({ value, label, hint, inside }, index) => {
      const input = h('input', { type: 'radio', name, value, id: freshId(name), checked: index === 0 });
      const hintLine = hint ? h('span', { class: 'hint', id: `${input.id}-hint` }, hint) : null;
      setAttributes(input, { 'aria-describedby': hintLine?.id });
      this.inputs.set(value, input);
      if (inside) {
        inside.classList.add('choice-inside');
        this.insides.set(value, inside);
      }
      return h(
        'div',
        { class: 'choice' },
        h('div', { class: 'choice-line' }, input, h('label', { for: input.id }, label), hintLine),
        inside,
      );
    });
    this.element = h(
      'fieldset',
      { class: 'choices', 'aria-describedby': this.faultLine.id },
      h('legend', {}, legend),
      h('div', { class: 'choice-list' }, ...rows),
      this.faultLine,
    );
    this.element.addEventListener('change', () => this.#unfold());
    this.#unfold();
  }

  get value() {
    for (const [value, input] of this.inputs) if (input.checked) return value;
    return '';
  }

  set value(wanted) {
    const input = this.inputs.get(wanted);
    if (input) input.checked = true;
    this.#unfold();
  }

  /** @param {string | null} message */
  fault(message) {
    this.faultLine.hidden = !message;
    this.faultLine.textContent = message ?? '';
    for (const input of this.inputs.values())
      setAttributes(input, { 'aria-invalid': message ? 'true' : null });
  }

  focus() {
    this.inputs.get(this.value)?.focus();
  }

  #unfold() {
    const { value } = this;
    for (const [name, inside] of this.insides) inside.hidden = name !== value;
  }
}

/** Tracks to protect; those that cannot be are there too, with the reason. */
export class TrackChoice {
  /** @param {{ id: number, label: string, able: boolean, reason: string }[]} tracks */
  constructor(tracks) {
    /** @type {{ id: number, input: HTMLInputElement }[]} */
    this.boxes = [];
    this.faultLine = h('p', { class: 'field-fault', id: freshId('tracks-fault'), hidden: true });
    const rows = tracks.map(({ id, label, able, reason }) => {
      const input = h('input', {
        type: 'checkbox',
        name: 'tracks',
        value: id,
        id: freshId('track'),
        checked: able,
        disabled: !able,
      });
      const why = able ? null : h('span', { class: 'hint', id: `${input.id}-why` }, reason);
      setAttributes(input, { 'aria-describedby': why?.id });
      if (able) this.boxes.push({ id, input });
      return h(
        'div',
        { class: 'choice' },
        h('div', { class: 'choice-line' }, input, h('label', { for: input.id }, label), why),
      );
    });
    this.element = h(
      'fieldset',
      { class: 'choices', 'aria-describedby': this.faultLine.id },
      h('legend', {}, 'Tracks to protect'),
      h('div', { class: 'choice-list' }, ...rows),
      this.faultLine,
    );
  }

  /** @returns {number[] | undefined} undefined for all that can be protected */
  get value() {
    const chosen = this.boxes.filter(({ input }) => input.checked).map(({ id }) => id);
    return chosen.length === this.boxes.length ? undefined : chosen;
  }

  /** @param {string | null} message */
  fault(message) {
    this.faultLine.hidden = !message;
    this.faultLine.textContent = message ?? '';
    for (const { input } of this.boxes) setAttributes(input, { 'aria-invalid': message ? 'true' : null });
  }

  focus() {
    this.boxes[0]?.input.focus();
  }
}
