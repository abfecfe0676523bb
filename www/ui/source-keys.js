/** The keys of a protected file: typed, or taken from a list. */

/** @import { KeyList, SourceKeyRequest, Track } from '../types.d.ts' */

import { h } from './dom.js';
import { Field, textInput } from './form-parts.js';
import { KeyImport } from './key-import.js';
import { say } from './live.js';

/** Keys of more are taken from a list alone. */
const FIELDS_MAX = 8;

export class SourceKeys {
  /** @param {readonly Track[]} tracks */
  constructor(tracks) {
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
    this.list = new KeyImport([...tracks], (found) => this.#take(found));
    /** What is wrong with them, or with what is asked for beside them. */
    this.fault = h('p', { class: 'field-fault', role: 'alert', hidden: true });
    this.list.element.open = few.length === 0 && this.kids.size > 0;
    this.elements = [
      ...[...this.fields.values()].map(({ element }) => element),
      few.length || this.kids.size === 0
        ? null
        : h('p', { class: 'hint' }, `It has ${this.kids.size} keys. Give them as a list.`),
      this.list.element,
    ];
  }

  /** Those that were given. @returns {SourceKeyRequest[]} */
  get value() {
    const typed = [...this.fields].map(([kid, { value }]) => /** @type {const} */ ([kid, value]));
    const given = [...typed, ...this.listed].filter(([, key]) => key);
    return given.map(([kid, key]) => (kid ? { kid, key } : { key }));
  }

  /** Puts keys in, as they were given elsewhere. @param {SourceKeyRequest[]} keys */
  set value(keys) {
    for (const { kid, key } of keys) if (key) this.#put(kid ?? '', key);
  }

  /** Wipes what was typed. */
  clear() {
    for (const { control } of this.fields.values()) control.value = '';
    this.listed.clear();
    this.list.clear();
  }

  /** Those that were given; where there is none, that is said, and where they go is focused. */
  get given() {
    const { value } = this;
    this.say(value.length ? null : 'Give the keys first.');
    if (!value.length) ([...this.fields.values()][0] ?? this.list.field).focus();
    return value;
  }

  /** @param {string | null} message */
  say(message) {
    this.fault.hidden = !message;
    this.fault.textContent = message ?? '';
    if (message) say(message);
  }

  /**
   * @param {string} kid
   * @param {string} key
   */
  #put(kid, key) {
    const field = this.fields.get(kid);
    if (field) field.control.value = key;
    else this.listed.set(kid, key);
  }

  /** @param {KeyList} list */
  #take({ keys }) {
    let count = 0;
    for (const { kid, key } of keys) {
      // Of a file that is not open nobody knows its key IDs.
      if (!kid || !key || (this.kids.size > 0 && !this.kids.has(kid.uuid))) continue;
      count++;
      this.#put(kid.uuid, key);
    }
    if (count && !this.kids.size) return `${count === 1 ? 'One key was' : `${count} keys were`} taken.`;
    return count
      ? `${count} of the ${this.kids.size} keys of this file ${count === 1 ? 'was' : 'were'} in the list.`
      : `The list has ${keys.length} keys, and none of them is for a key ID of this file.`;
  }
}
