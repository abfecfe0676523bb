/** Which keys a file gets, and where they come from: the fields that ask for them. */

/** @import { KeyClass, KeyList, KeyRequest, Plan, PlanKey, ProtectRequest, Track } from '../types.d.ts' */
/** @import { Fault } from './store.js' */
/** @import { Taken } from './taken-keys.js' */

import { button, h } from './dom.js';
import { Choice, Field, textInput } from './form-parts.js';
import { groups, takenKeys } from './taken-keys.js';

/** What a person calls the classes. @type {Record<KeyClass, string>} */
const CLASSES = {
  audio: 'the sound',
  sd: 'pictures up to 768 × 576',
  hd: 'pictures up to 1920 × 1080',
  uhd: 'larger pictures',
};

/** What has a key of its own. @type {Record<Taken['per'], string>} */
const PER = { file: 'the whole file', class: 'sound and each size of picture', track: 'each track' };

/**
 * What a key is for, for the middle of a sentence.
 * @param {Pick<PlanKey, 'class' | 'track'>} key
 */
export function keyName(key) {
  if (key.class) return CLASSES[key.class];
  return key.track === undefined ? 'the file' : `track ${key.track}`;
}

/** Whether a key is for all of the file. @param {Pick<PlanKey, 'class' | 'track'>} key */
export const isOfFile = (key) => !key.class && key.track === undefined;

/** @param {Pick<PlanKey, 'class' | 'track'>} key */
const idOf = (key) => key.class ?? String(key.track ?? '');

/** One field for each of several keys. */
class Rows {
  /**
   * @param {string} name
   * @param {string} label
   * @param {readonly KeyRequest[]} all that there may be
   */
  constructor(name, label, all) {
    this.faultLine = h('p', { class: 'field-fault', hidden: true });
    /** @type {Map<string, Field>} */
    this.fields = new Map(
      all.map((one) => {
        const input = textInput(name, { class: 'mono' });
        return [idOf(one), new Field(input, { label: `${label} for ${keyName(one)}` })];
      }),
    );
    this.element = h(
      'div',
      { class: 'key-rows' },
      this.faultLine,
      ...[...this.fields.values()].map(({ element }) => element),
    );
  }

  /** @param {readonly KeyRequest[]} shown */
  show(shown) {
    const ids = new Set(shown.map(idOf));
    for (const [id, { element }] of this.fields) element.hidden = !ids.has(id);
    this.element.hidden = !shown.length;
  }

  /** @param {KeyRequest} one */
  value(one) {
    return this.fields.get(idOf(one))?.value ?? '';
  }

  /** @param {string | null} message */
  fault(message) {
    this.faultLine.hidden = !message;
    this.faultLine.textContent = message ?? '';
  }

  focus() {
    const seen = [...this.fields.values()].filter(({ element }) => !element.hidden);
    (seen.find(({ value }) => !value) ?? seen[0])?.focus();
  }
}

export class KeyFields {
  /**
   * @param {Track[]} tracks
   * @param {HTMLElement} seedLink beside the seed
   */
  constructor(tracks, seedLink) {
    this.able = tracks.filter(({ protectable, wholeOnly }) => protectable || wholeOnly);
    /** The random KIDs of this file, by what they are for; kept while nothing else is typed. @type {Map<string, string>} */
    this.randomKids = new Map();
    const all = [...groups('class', this.able), ...groups('track', this.able)];

    this.key = new Field(textInput('key', { class: 'mono' }), {
      label: 'Key',
      hint: '16 bytes: 32 hex digits, or base64.',
    });
    this.keyRows = new Rows('keyOf', 'Key', all);
    this.keySeed = new Field(textInput('keySeed', { class: 'mono' }), {
      label: 'Key seed',
      hint: 'At least 30 bytes, in base64. The key follows from the seed and the KID.',
      extra: seedLink,
    });
    this.seedNote = h(
      'p',
      { class: 'preset-note', hidden: true },
      'For tests only: everyone knows this seed.',
    );
    this.keyWay = new Choice('keyWay', 'Content key', [
      {
        value: 'random',
        label: 'Random',
        hint: 'Made in this browser. You hand it over with the key sheet.',
      },
      {
        value: 'typed',
        label: 'Typed',
        hint: 'You have the key already.',
        inside: h('div', {}, this.key.element, this.keyRows.element),
      },
      {
        value: 'seed',
        label: 'From a key seed',
        hint: 'The licence server derives the same key from the KID.',
        inside: h('div', {}, this.keySeed.element, this.seedNote),
      },
    ]);
    this.kid = new Field(
      textInput('kid', { class: 'mono', placeholder: '00000000-0000-0000-0000-000000000000' }),
      {
        label: 'KID',
        hint: 'A UUID, in the order it is written in manifests.',
      },
    );
    this.kidRows = new Rows('kidOf', 'KID', all);
    this.kidWay = new Choice('kidWay', 'Key ID (KID)', [
      { value: 'random', label: 'Random' },
      { value: 'typed', label: 'Typed', inside: h('div', {}, this.kid.element, this.kidRows.element) },
    ]);
    this.keyPer = new Choice('keyPer', 'How many keys', [
      { value: 'file', label: 'One for the whole file', hint: 'The oldest players know no other way.' },
      {
        value: 'class',
        label: 'One for sound, one for each size of picture',
        hint: 'So that a licence can ask more of large pictures. PlayReady SL3000 wants sound and picture apart.',
      },
      { value: 'track', label: 'One for each track', hint: 'So that each can be licensed by itself.' },
    ]);
    this.fold = h(
      'details',
      { class: 'more', id: 'more-keys', hidden: this.able.length < 2 },
      h('summary', {}, 'Several keys'),
      this.keyPer.element,
    );
    this.keyPer.element.addEventListener('change', () => this.#show());
    /** Keys of later times that came from a list. @type {KeyRequest[]} */
    this.later = [];
    /** @type {Taken['per']} */
    this.laterPer = 'file';
    this.laterTimes = 0;
    this.laterText = h('span');
    const leave = () => {
      this.#keepLater(null);
      // As if it had been typed.
      this.laterNote.dispatchEvent(new Event('input', { bubbles: true }));
      this.#show();
    };
    this.laterNote = h(
      'p',
      { class: 'preset-note', hidden: true, id: 'later-keys' },
      this.laterText,
      ' ',
      button('Leave them out', leave, { class: 'link' }),
    );
    this.#show();
  }

  /** The keys that there are when these tracks are protected; none when there is one for the file. @param {number[]} ids */
  #groups(ids) {
    const { value } = this.keyPer;
    const chosen = this.able.filter(({ id }) => ids.includes(id));
    return value === 'class' || value === 'track' ? groups(value, chosen) : [];
  }

  #show() {
    const shown = this.#groups(this.able.map(({ id }) => id));
    this.key.element.hidden = shown.length > 0;
    this.kid.element.hidden = shown.length > 0;
    this.keyRows.show(shown);
    this.kidRows.show(shown);
    this.#showLater();
  }

  /**
   * What must still be given. The core takes what is blank as not asked for, and would make a random key in place of one
   * that is to be typed.
   * @param {number[]} ids of the tracks that are to be protected
   * @returns {Fault | null}
   */
  missing(ids) {
    const several = this.#groups(ids);
    if (this.keyWay.value === 'typed') {
      const empty = several.find((one) => !this.keyRows.value(one));
      if (empty)
        return { message: `Type the key for ${keyName(empty)}, or choose random ones.`, field: 'keys' };
      if (!several.length && !this.key.value)
        return { message: 'Type the key, or choose a random one.', field: 'key' };
    }
    if (this.keyWay.value === 'seed' && !this.keySeed.value)
      return { message: 'Type the key seed, or choose a random key.', field: 'keySeed' };
    if (this.kidWay.value === 'typed') {
      const empty = several.find((one) => !this.kidRows.value(one));
      if (empty)
        return { message: `Type the KID for ${keyName(empty)}, or choose random ones.`, field: 'keys' };
      if (!several.length && !this.kid.value)
        return { message: 'Type the KID, or choose a random one.', field: 'kid' };
    }
    return null;
  }

  /**
   * Puts what is asked for into a request.
   * @param {ProtectRequest} request
   * @param {number[]} ids of the tracks that are to be protected
   */
  fill(request, ids) {
    if (this.keyWay.value === 'seed') request.keySeed = this.keySeed.value;
    const typed = { key: this.keyWay.value === 'typed', kid: this.kidWay.value === 'typed' };
    const several = this.#groups(ids);
    if (!several.length) {
      if (typed.key) request.key = this.key.value;
      const kid = typed.kid ? this.kid.value : this.randomKids.get('');
      if (kid) request.kid = kid;
      this.#fillLater(request);
      return;
    }
    request.keyPer = this.keyPer.value === 'class' ? 'class' : 'track';
    request.keys = several.map((one) => {
      const kid = typed.kid ? this.kidRows.value(one) : this.randomKids.get(idOf(one));
      return { ...one, ...(kid ? { kid } : {}), ...(typed.key ? { key: this.keyRows.value(one) } : {}) };
    });
    this.#fillLater(request);
  }

  /** @param {ProtectRequest} request of which it is known whether keys change */
  #fillLater(request) {
    if (!request.keyRotation || !this.later.length || this.laterPer !== this.keyPer.value) return;
    request.keyPer = this.laterPer;
    request.keys = [...(request.keys ?? []), ...this.later];
  }

  /**
   * Remembers the KIDs that were made, so that typing elsewhere does not change them.
   * @param {Plan} plan
   */
  keep({ keys }) {
    if (this.kidWay.value !== 'random') return;
    for (const key of keys.filter(({ period }) => !period)) this.randomKids.set(idOf(key), key.kid.uuid);
  }

  /** For another file, which must not have the KIDs of the one before under other keys. */
  forget() {
    this.randomKids.clear();
  }

  /** When its file goes. */
  clear() {
    this.forget();
    this.#keepLater(null);
  }

  /** Where the fault of each field of a request goes. */
  get places() {
    return {
      key: this.key,
      keySeed: this.keySeed,
      kid: this.kidWay.value === 'typed' ? this.kid : this.kidWay,
      keyPer: this.keyPer,
      keys:
        this.keyWay.value === 'typed'
          ? this.keyRows
          : this.kidWay.value === 'typed'
            ? this.kidRows
            : this.keyPer,
    };
  }

  /**
   * Puts the keys of a list into the fields, each where it belongs, and says what was done.
   * @param {KeyList} list
   */
  take(list) {
    this.#keepLater(null);
    const taken = takenKeys(list, this.able);
    if (!taken)
      return `Nothing was taken: the list has ${list.keys.length} keys, and nothing in it says which is for which track. Type them, each at its track, under “Several keys”, or leave one in the list.`;
    const { per, first: found, later, said } = taken;
    this.keyPer.value = per;
    this.fold.open ||= per !== 'file';
    const all = [...found.values()];
    if (all.every(({ key }) => key)) this.keyWay.value = 'typed';
    if (all.every(({ kid }) => kid)) this.kidWay.value = 'typed';
    this.#keepLater(taken);
    this.#show();
    const [first] = all;
    this.key.control.value = first?.key ?? '';
    this.kid.control.value = first?.kid?.uuid ?? '';
    for (const one of per === 'file' ? [] : groups(per, this.able)) {
      const member = this.able.find(({ id, keyClass }) =>
        per === 'class' ? keyClass === one.class : id === one.track,
      );
      const key = member && found.get(member.id);
      for (const [rows, value] of /** @type {const} */ ([
        [this.keyRows, key?.key],
        [this.kidRows, key?.kid?.uuid],
      ])) {
        const field = rows.fields.get(idOf(one));
        if (field) field.control.value = value ?? '';
      }
    }
    const without = this.able.filter(({ id }) => !found.has(id)).map(({ id }) => `track ${id}`);
    const left = without.length
      ? [`It has none for ${without.join(', ')}: type one, or leave that track open.`]
      : [];
    const count = new Set(all).size + later.length;
    const sum = count === 1 ? 'One key was taken from the list.' : `${count} keys were taken from the list.`;
    return [sum, ...left, ...said].join(' ');
  }

  /** @param {Taken | null} taken what there is of later times */
  #keepLater(taken) {
    this.later = taken?.later ?? [];
    this.laterPer = taken?.per ?? 'file';
    this.laterTimes = taken?.times ?? 0;
  }

  /** Says what the keys of later times are for, and whether they are used. */
  #showLater() {
    this.laterNote.hidden = !this.later.length;
    const keys = this.later.length === 1 ? 'One key' : `${this.later.length} keys`;
    const changes = this.laterTimes === 1 ? 'one change' : `${this.laterTimes} changes`;
    this.laterText.textContent =
      this.laterPer === this.keyPer.value
        ? `${keys} for ${changes} came from the list. They are used, in their order, when there is a number above.`
        : `${keys} for ${changes} came from the list. They are not used: they are for ${PER[this.laterPer]}, and “Several keys” says otherwise now.`;
  }

  /** A fault has several places, of which those now folded away may hold an older one. */
  clearFaults() {
    for (const place of [this.kid, this.kidWay, this.keyRows, this.kidRows]) place.fault(null);
  }
}
