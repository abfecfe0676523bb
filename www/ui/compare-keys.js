/** The keys of two files that are compared, where samples are to be compared decrypted. */

/** @import { Media, SourceKeyRequest } from '../types.d.ts' */

import { h } from './dom.js';
import { SourceKeys } from './source-keys.js';

export class CompareKeys {
  /** @param {Media} media */
  constructor(media) {
    this.here = side(media, 'Keys of this file');
    /** @type {ReturnType<typeof side>} */
    this.there = null;
    this.place = h('div', { class: 'compare-sides' });
    this.element = h(
      'details',
      { class: 'compare-keys' },
      h('summary', {}, 'With keys: compare what is decrypted'),
      h(
        'p',
        { class: 'hint' },
        'Samples of a protected file are decrypted here before they are compared, so that before and after protection have the same. Keys are forgotten when the comparison is done, and no clear byte is kept.',
      ),
      this.place,
    );
    /** @type {Media | null | undefined} */
    this.other = undefined;
    this.name = '';
  }

  /**
   * Asks for the keys of another file.
   * @param {Media | null} other null where it is not open, so that nobody knows whether it is protected
   * @param {string} name
   */
  ask(other, name) {
    if (this.other === other && this.name === name) return;
    [this.other, this.name] = [other, name];
    this.there?.keys.clear();
    this.there = side(other, `Keys of ${name || 'the other file'}`);
    this.place.replaceChildren(...[this.here, this.there].flatMap((one) => one?.element ?? []));
    this.element.hidden = !this.here && !this.there;
  }

  /** @returns {{ keys: SourceKeyRequest[], otherKeys: SourceKeyRequest[] }} */
  get value() {
    return { keys: this.here?.keys.value ?? [], otherKeys: this.there?.keys.value ?? [] };
  }

  /** Wipes what was given. */
  clear() {
    this.here?.keys.clear();
    this.there?.keys.clear();
  }
}

/**
 * @param {Media | null} media
 * @param {string} title
 */
function side(media, title) {
  const tracks = media?.tracks() ?? [];
  if (media && !tracks.some(({ protection }) => protection)) return null;
  const keys = new SourceKeys(tracks);
  return { keys, element: h('fieldset', {}, h('legend', {}, title), ...keys.elements, keys.fault) };
}
