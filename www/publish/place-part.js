/** Where to: an address that is pasted, taken apart at once, and not shown again. */

/** @import { Place } from './address.js' */

import { button, h } from '../ui/dom.js';
import { faultOf } from '../ui/fault.js';
import { Field, textInput } from '../ui/form-parts.js';
import { say } from '../ui/live.js';
import { takeApart } from './address.js';

/** A pasted text is there at once, and nobody types a signature. */
const TYPED_MS = 350;

const HINT =
  'A SAS URL of Azure Blob Storage, for a container or one blob, with the rights read, create and write (sp=rcw). Or a presigned URL of S3-style storage; for a multipart upload those of all parts, one to a line or as JSON.';

export class PlacePart {
  /** @type {Place | null} */
  place = null;
  #proposed = '';
  /** As it was typed for an address before. */
  #typed = '';
  #body = h('div', { class: 'step-body' });
  /** @type {Field | null} */
  #name = null;
  #timer = 0;

  /**
   * @param {HTMLElement} element
   * @param {() => void} changed
   */
  constructor(element, changed) {
    this.changed = changed;
    element.append(this.#body);
    this.#ask();
  }

  /** What the file will be called there. */
  get name() {
    const { place } = this;
    if (!place) return this.#proposed;
    return place.open ? (this.#name?.value ?? '') : place.given;
  }

  /** Why it cannot be called so; null when it can. */
  get nameFault() {
    return this.place?.open ? this.place.refuses(this.name) : null;
  }

  /** The name of the file, until another is typed. @param {string} name */
  propose(name) {
    const field = this.#name;
    if (field && (field.value === this.#proposed || !field.value)) field.control.value = name;
    this.#proposed = name;
  }

  /** @param {boolean} on */
  lock(on) {
    for (const each of this.#body.querySelectorAll('button, input, textarea'))
      if (each instanceof HTMLButtonElement || each instanceof HTMLInputElement) each.disabled = on;
  }

  /** Asks for an address, such as a new one in place of one that has ended. */
  renew() {
    this.#ask();
    this.#body.querySelector('textarea')?.focus();
  }

  #ask() {
    const typed = this.#name?.value ?? '';
    if (typed !== this.#proposed) this.#typed = typed;
    this.place = null;
    this.#name = null;
    // Hidden like a password, but by no password manager; and not sent to be checked for its spelling.
    const text = h('textarea', {
      name: 'address',
      class: 'mono secret',
      rows: 3,
      autocomplete: 'off',
      spellcheck: 'false',
      autocapitalize: 'off',
      placeholder: 'https://…',
    });
    const field = new Field(text, { label: 'Address to upload to', hint: HINT });
    text.addEventListener('input', () => {
      clearTimeout(this.#timer);
      this.#timer = window.setTimeout(() => this.#take(field), TYPED_MS);
    });
    this.#body.replaceChildren(field.element);
    this.changed();
  }

  /** @param {Field} field */
  #take(field) {
    if (!field.value) {
      field.fault(null);
      return;
    }
    try {
      this.place = takeApart(field.value);
    } catch (error) {
      const { message } = faultOf(error);
      field.fault(message);
      say(message);
      return;
    }
    field.control.value = '';
    this.#show(this.place);
    say('The address is taken apart, and its signature is hidden.');
    this.changed();
  }

  /** @param {Place} place */
  #show(place) {
    const now = Date.now();
    const facts = place
      .facts(now)
      .map(({ name, value, good }) =>
        h(
          'div',
          {},
          h('dt', {}, name),
          h(
            'dd',
            { class: good === undefined ? '' : good ? 'fact-good' : 'fact-bad' },
            good === undefined ? null : h('span', { 'aria-hidden': 'true' }, good ? '✓' : '!'),
            h('span', {}, value),
          ),
        ),
      );
    const notes = place.notes(now);
    const children = [
      h('dl', { class: 'place-facts' }, ...facts),
      h(
        'p',
        { class: 'quiet place-secret' },
        'The signature is in this page’s memory alone, and goes when the page is closed.',
      ),
      notes.length ? h('ul', { class: 'import-warnings' }, ...notes.map((note) => h('li', {}, note))) : null,
    ];
    if (place.open) {
      const input = textInput('name', { class: 'mono' });
      input.value = this.#typed || this.#proposed;
      const field = new Field(input, { label: 'Name there', hint: 'Folders are made by / in the name.' });
      this.#name = field;
      input.addEventListener('input', () => {
        field.fault(this.nameFault);
        this.changed();
      });
      children.push(field.element);
    }
    children.push(
      h(
        'p',
        {},
        button('Use another address', () => this.renew(), { class: 'button small', id: 'other-address' }),
      ),
    );
    this.#body.replaceChildren(...children.filter((each) => each !== null));
    const blocked = place.blocked(now);
    if (blocked) say(blocked);
  }
}
