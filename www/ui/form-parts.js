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
    /** As the control has it: line ends, and space around it, are no change. */
    this.first = this.value;
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

  /** Whether it is another value than it began with. */
  get changed() {
    return this.value !== this.first;
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
    this.ways = h('p', { class: 'fault-ways', hidden: true });
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
      this.ways,
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

  /**
   * @param {string | null} message
   * @param {HTMLElement[]} [ways] out of it
   */
  fault(message, ways = []) {
    showFaultLine(this, message, ways);
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

/**
 * Tracks to protect, each by name. Those that cannot be are there too, with the reason; that they stay open is a choice
 * as well, made by naming the others.
 */
export class TrackChoice {
  /** @param {{ id: number, label: string, able: boolean, wholeOnly: boolean, open: string, reason: string }[]} tracks `open` says what a track is that is not chosen */
  constructor(tracks) {
    /** @type {{ id: number, input: HTMLInputElement, state: HTMLElement, wholeOnly: boolean, open: string }[]} */
    this.boxes = [];
    /** Whether a person has chosen, and it is not the default that holds. */
    this.named = false;
    this.faultLine = h('p', { class: 'field-fault', id: freshId('tracks-fault'), hidden: true });
    this.ways = h('p', { class: 'fault-ways', hidden: true });
    const rows = tracks.map(({ id, label, able, wholeOnly, open, reason }) => {
      const input = h('input', {
        type: 'checkbox',
        name: 'tracks',
        value: id,
        id: freshId('track'),
        checked: able,
        disabled: !able && !wholeOnly,
      });
      const state = h('span', { class: 'choice-state', id: `${input.id}-state` });
      const choice = wholeOnly
        ? ' Choose it all the same to encrypt every sample of it whole; few players read that.'
        : '';
      const why = able ? null : h('span', { class: 'hint', id: `${input.id}-why` }, reason, choice);
      setAttributes(input, { 'aria-describedby': why ? `${state.id} ${why.id}` : state.id });
      if (able || wholeOnly) this.boxes.push({ id, input, state, wholeOnly, open });
      else state.textContent = open;
      return h(
        'div',
        { class: 'choice' },
        h('div', { class: 'choice-line' }, input, h('label', { for: input.id }, label, ' ', state), why),
      );
    });
    this.element = h(
      'fieldset',
      { class: 'choices', 'aria-describedby': this.faultLine.id },
      h('legend', {}, 'Tracks to protect'),
      h('div', { class: 'choice-list' }, ...rows),
      this.faultLine,
      this.ways,
    );
    this.element.addEventListener('change', () => {
      this.named = true;
      this.#show();
    });
    this.#show();
  }

  /** @returns {number[]} those that are chosen now */
  get chosen() {
    return this.boxes.filter(({ input }) => input.checked).map(({ id }) => id);
  }

  /** @returns {number[]} those of them whose samples are encrypted whole */
  get chosenWhole() {
    return this.boxes.filter(({ input, wholeOnly }) => input.checked && wholeOnly).map(({ id }) => id);
  }

  /** @returns {number[] | undefined} undefined while nobody has chosen */
  get value() {
    return this.named ? this.chosen : undefined;
  }

  /** Takes what is chosen now for a person's choice. */
  name() {
    this.named = true;
  }

  /**
   * @param {string | null} message
   * @param {HTMLElement[]} [ways] out of it
   */
  fault(message, ways = []) {
    showFaultLine(this, message, ways);
    for (const { input } of this.boxes) setAttributes(input, { 'aria-invalid': message ? 'true' : null });
  }

  focus() {
    this.boxes[0]?.input.focus();
  }

  #show() {
    for (const { input, state, wholeOnly, open } of this.boxes) {
      const chosen = wholeOnly ? 'every sample whole' : '';
      state.textContent = input.checked ? chosen : open;
    }
  }
}

/** Something that is wanted or not. */
export class Check {
  /**
   * @param {string} name
   * @param {string} legend
   * @param {{ label: string, hint: string }} words
   */
  constructor(name, legend, { label, hint }) {
    this.input = h('input', { type: 'checkbox', name, id: freshId(name) });
    this.faultLine = h('p', { class: 'field-fault', id: freshId(`${name}-fault`), hidden: true });
    const hintLine = h('span', { class: 'hint', id: `${this.input.id}-hint` }, hint);
    setAttributes(this.input, { 'aria-describedby': hintLine.id });
    this.element = h(
      'fieldset',
      { class: 'choices', 'aria-describedby': this.faultLine.id },
      h('legend', {}, legend),
      h(
        'div',
        { class: 'choice-list' },
        h(
          'div',
          { class: 'choice' },
          h('div', { class: 'choice-line' }, this.input, h('label', { for: this.input.id }, label), hintLine),
        ),
      ),
      this.faultLine,
    );
  }

  /** Whether it is wanted. */
  get value() {
    return this.input.checked;
  }

  /** @param {string | null} message */
  fault(message) {
    this.faultLine.hidden = !message;
    this.faultLine.textContent = message ?? '';
    setAttributes(this.input, { 'aria-invalid': message ? 'true' : null });
  }

  focus() {
    this.input.focus();
  }
}

/** Things of which each is wanted or not. */
export class Checks {
  /**
   * @param {string} name
   * @param {string} legend
   * @param {{ value: string, label: string }[]} options
   */
  constructor(name, legend, options) {
    this.faultLine = h('p', { class: 'field-fault', id: freshId(`${name}-fault`), hidden: true });
    this.inputs = options.map(({ value }) =>
      h('input', { type: 'checkbox', name, value, id: freshId(name) }),
    );
    const rows = options.map(({ label }, index) => {
      const input = this.inputs[index];
      const line = h('div', { class: 'choice-line' }, input ?? null, h('label', { for: input?.id }, label));
      return h('div', { class: 'choice' }, line);
    });
    this.element = h(
      'fieldset',
      { class: 'choices', 'aria-describedby': this.faultLine.id },
      h('legend', {}, legend),
      h('div', { class: 'choice-list' }, ...rows),
      this.faultLine,
    );
  }

  /** Those that are wanted. */
  get value() {
    return this.inputs.filter(({ checked }) => checked).map(({ value }) => value);
  }

  /** @param {string | null} message */
  fault(message) {
    this.faultLine.hidden = !message;
    this.faultLine.textContent = message ?? '';
    for (const input of this.inputs) setAttributes(input, { 'aria-invalid': message ? 'true' : null });
  }

  focus() {
    this.inputs[0]?.focus();
  }
}

/** A question that is asked only when it arises, with what is known, and an answer that is never given by default. */
export class Question {
  /**
   * @param {string} name
   * @param {string} legend
   * @param {{ label: string, hint: string }} answer
   */
  constructor(name, legend, { label, hint }) {
    this.evidence = h('p', { class: 'field-fault', id: freshId(`${name}-evidence`) });
    this.input = h('input', { type: 'checkbox', name, id: freshId(name) });
    const hintLine = h('span', { class: 'hint', id: `${this.input.id}-hint` }, hint);
    setAttributes(this.input, { 'aria-describedby': `${this.evidence.id} ${hintLine.id}` });
    this.element = h(
      'fieldset',
      { class: 'choices question', hidden: true },
      h('legend', {}, legend),
      this.evidence,
      h(
        'div',
        { class: 'choice-list' },
        h(
          'div',
          { class: 'choice' },
          h('div', { class: 'choice-line' }, this.input, h('label', { for: this.input.id }, label), hintLine),
        ),
      ),
    );
  }

  /** Whether the answer is yes. */
  get value() {
    return this.input.checked;
  }

  /**
   * Asks, with the evidence. Once answered the question stays, so that the answer can be taken back.
   * @param {string | null} message
   */
  fault(message) {
    if (message) this.evidence.textContent = message;
    this.element.hidden = !message && !this.value;
    this.evidence.classList.toggle('answered', !message);
    setAttributes(this.input, { 'aria-invalid': message ? 'true' : null });
  }

  focus() {
    this.input.focus();
  }
}

/**
 * @param {{ faultLine: HTMLElement, ways: HTMLElement }} place
 * @param {string | null} message
 * @param {HTMLElement[]} ways
 */
function showFaultLine({ faultLine, ways: line }, message, ways) {
  faultLine.hidden = !message;
  faultLine.textContent = message ?? '';
  line.hidden = !ways.length;
  line.replaceChildren(...ways);
}

/** Where the fault of a field is shown. @typedef {{ element: HTMLElement, fault(message: string | null, ways?: HTMLElement[]): void }} Place */

/**
 * Shows a fault at its place, unfolded, and none elsewhere.
 * @param {Record<string, Place>} places
 * @param {readonly HTMLDetailsElement[]} folds
 * @param {string | undefined} name of the place
 * @param {string | null} message
 * @param {HTMLElement[]} [ways] out of it
 * @returns {boolean} whether there is such a place
 */
export function placeFault(places, folds, name, message, ways = []) {
  for (const [each, one] of Object.entries(places)) {
    if (each === name) one.fault(message, ways);
    else one.fault(null);
  }
  const place = places[name ?? ''];
  if (place) for (const fold of folds) if (fold.contains(place.element)) fold.open = true;
  return place !== undefined;
}

/**
 * A number as it is typed: what is none is for the core to refuse, in its own words.
 * @param {string} text
 */
export const numberOf = (text) => /** @type {number} */ (/** @type {unknown} */ (text));
