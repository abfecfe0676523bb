/** What is asked of the file itself, beside how it is protected: folded away, since most people need none of it. */

/** @import { ProtectRequest } from '../types.d.ts' */

import { h } from './dom.js';
import { Choice } from './form-parts.js';

export class FileFields {
  /** @param {boolean} fragments whether the file becomes a fragmented one, which is of use without protection too */
  constructor(fragments) {
    this.protection = new Choice('protection', 'Protection', [
      { value: 'protect', label: 'Protect it', hint: 'With a key, for players that have a licence.' },
      {
        value: 'none',
        label: 'Make it fragmented, and no more',
        hint: 'Nothing is encrypted: no key, no licence, open to everyone.',
      },
    ]);
    this.protection.element.hidden = !fragments;
    this.element = h(
      'details',
      { class: 'more', id: 'more-file', hidden: !fragments },
      h('summary', {}, 'File'),
      this.protection.element,
    );
  }

  /** Whether anything is to be protected. */
  get protects() {
    return this.protection.value !== 'none';
  }

  /** @param {ProtectRequest} request */
  fill(request) {
    if (!this.protects) request.scheme = 'none';
  }

  /** Where the fault of each field of a request goes. */
  get places() {
    return { protection: this.protection };
  }
}
