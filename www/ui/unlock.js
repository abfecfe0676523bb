/** A protected file: with its keys it becomes clear again, or is protected otherwise. */

/** @import { SourceKeyRequest, Summary, Track } from '../types.d.ts' */

import { button, h } from './dom.js';
import { Check } from './form-parts.js';
import { SourceKeys } from './source-keys.js';

export class Unlock {
  /**
   * @param {Summary['protectable']} protectable why it cannot be protected as it is
   * @param {readonly Track[]} tracks
   * @param {(keys: SourceKeyRequest[]) => Promise<string | null>} use takes the keys, and says what is wrong with them
   * @param {(keys: SourceKeyRequest[]) => void} check goes where the file is checked
   */
  constructor(protectable, tracks, use, check) {
    this.use = use;
    this.keys = new SourceKeys(tracks);
    this.right = new Check('right', 'Your right', {
      label: 'I have the right to open this file',
      hint: 'Asked once. Boxlock asks no licence server, and knows no key but those you give.',
    });
    this.start = h(
      'button',
      { type: 'submit', class: 'button primary', id: 'unlock-start' },
      'Use these keys',
    );
    this.state = h('span', { class: 'quiet', role: 'status' });
    this.element = h(
      'form',
      { class: 'unlock' },
      protectable.ok ? null : h('p', {}, protectable.reason),
      h('p', {}, 'With its keys it is done in one pass, and nothing clear is stored on the way.'),
      ...this.keys.elements,
      this.right.element,
      this.keys.fault,
      h(
        'p',
        { class: 'save-line' },
        this.start,
        this.state,
        button('Only check this file', () => check(this.keys.value), { class: 'link', id: 'unlock-check' }),
      ),
    );
    this.element.addEventListener('submit', (event) => {
      event.preventDefault();
      void this.#submit();
    });
  }

  /** Wipes what was typed. */
  clear() {
    this.keys.clear();
  }

  async #submit() {
    const keys = this.keys.given;
    if (!keys.length) return;
    if (!this.right.value) {
      this.keys.say('Say first that you have the right to open this file.');
      this.right.input.focus();
      return;
    }
    this.start.disabled = true;
    this.state.textContent = 'Trying them…';
    const wrong = await this.use(keys);
    this.start.disabled = false;
    this.state.textContent = '';
    this.keys.say(wrong);
  }
}
