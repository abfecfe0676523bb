/** A protected file: with its keys it becomes clear again, or is protected otherwise. */

/** @import { KeyList, SourceKeyRequest, Summary, Track } from '../types.d.ts' */

import { h } from './dom.js';
import { Check, Field, textInput } from './form-parts.js';
import { KeyImport } from './key-import.js';
import { say } from './live.js';

/** Keys of more are taken from a list alone. */
const FIELDS_MAX = 8;

export class Unlock {
  /**
   * @param {Summary['protectable']} protectable why it cannot be protected as it is
   * @param {readonly Track[]} tracks
   * @param {(keys: SourceKeyRequest[]) => Promise<string | null>} use takes the keys, and says what is wrong with them
   */
  constructor(protectable, tracks, use) {
    this.use = use;
    /** Key IDs and the tracks that they are for. @type {Map<string, number[]>} */
    this.kids = new Map();
    for (const { id, protection } of tracks)
      for (const kid of protection?.kids ?? []) this.kids.set(kid, [...(this.kids.get(kid) ?? []), id]);
    /** Those of a list that have no field. @type {Map<string, string>} */
    this.listed = new Map();
    const few = this.kids.size <= FIELDS_MAX ? [...this.kids] : [];
    /** @type {Map<string, Field>} */
    this.fields = new Map(
      few.map(([kid, ids]) => [
        kid,
        new Field(textInput('sourceKey', { class: 'mono' }), {
          label: `Key of KID ${kid}`,
          hint: `For ${ids.length > 1 ? 'tracks' : 'track'} ${ids.join(', ')}: 32 hex digits, or base64.`,
        }),
      ]),
    );
    // A file that says no key ID has one key.
    if (this.kids.size === 0)
      this.fields.set(
        '',
        new Field(textInput('sourceKey', { class: 'mono' }), {
          label: 'Key',
          hint: '32 hex digits, or base64.',
        }),
      );
    const list = new KeyImport([...tracks], (found) => this.#take(found));
    list.element.open = few.length === 0 && this.kids.size > 0;
    this.right = new Check('right', 'Your right', {
      label: 'I have the right to open this file',
      hint: 'Asked once. Boxlock asks no licence server, and knows no key but those you give.',
    });
    this.fault = h('p', { class: 'field-fault', role: 'alert', hidden: true });
    this.start = h(
      'button',
      { type: 'submit', class: 'button primary', id: 'unlock-start' },
      'Use these keys',
    );
    this.element = h(
      'form',
      { class: 'unlock' },
      protectable.ok ? null : h('p', {}, protectable.reason),
      h('p', {}, 'With its keys it is done in one pass, and nothing clear is stored on the way.'),
      ...[...this.fields.values()].map(({ element }) => element),
      few.length || this.kids.size === 0
        ? null
        : h('p', { class: 'hint' }, `It has ${this.kids.size} keys. Give them as a list.`),
      list.element,
      this.right.element,
      this.fault,
      h('p', {}, this.start),
    );
    this.element.addEventListener('submit', (event) => {
      event.preventDefault();
      void this.#submit();
    });
  }

  /** Wipes what was typed. */
  clear() {
    for (const { control } of this.fields.values()) control.value = '';
    this.listed.clear();
  }

  /** @param {KeyList} list */
  #take({ keys }) {
    let count = 0;
    for (const { kid, key } of keys) {
      if (!kid || !key || !this.kids.has(kid.uuid)) continue;
      count++;
      const field = this.fields.get(kid.uuid);
      if (field) field.control.value = key;
      else this.listed.set(kid.uuid, key);
    }
    return count
      ? `${count} of the ${this.kids.size} keys of this file ${count === 1 ? 'was' : 'were'} in the list.`
      : `The list has ${keys.length} keys, and none of them is for a key ID of this file.`;
  }

  /** @returns {SourceKeyRequest[]} */
  get #keys() {
    const typed = [...this.fields].map(([kid, { value }]) => /** @type {const} */ ([kid, value]));
    const given = [...typed, ...this.listed].filter(([, key]) => key);
    return given.map(([kid, key]) => (kid ? { kid, key } : { key }));
  }

  async #submit() {
    this.#say(null);
    if (!this.#keys.length) {
      this.#say('Give the keys first.');
      [...this.fields.values()].at(0)?.control.focus();
      return;
    }
    if (!this.right.value) {
      this.#say('Say first that you have the right to open this file.');
      this.right.input.focus();
      return;
    }
    this.start.disabled = true;
    const wrong = await this.use(this.#keys);
    this.start.disabled = false;
    this.#say(wrong);
  }

  /** @param {string | null} message */
  #say(message) {
    this.fault.hidden = !message;
    this.fault.textContent = message ?? '';
    if (message) say(message);
  }
}
