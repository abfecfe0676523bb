/** What is asked of the file itself, beside how it is protected: folded away, since most people need none of it. */

/** @import { ProtectRequest } from '../types.d.ts' */

import { h } from './dom.js';
import { Check, Choice } from './form-parts.js';
import { AT_ONCE } from './verify-card.js';

export class FileFields {
  /**
   * @param {object} becomes
   * @param {boolean} becomes.fragments whether the file becomes a fragmented one, which is of use without protection too
   * @param {boolean} becomes.opens whether it is protected, and its keys are known
   * @param {boolean} [becomes.keeps] whether its samples stay as they are, encrypted
   * @param {number} becomes.size bytes that it has
   */
  constructor({ fragments, opens, keeps = false, size }) {
    this.segments = new Choice('segments', 'Written as', [
      { value: 'one', label: 'One MP4' },
      {
        value: 'segments',
        label: 'Segments',
        hint: 'An initialization segment and media segments, each a file: for DASH and HLS packagers and origins.',
      },
    ]);
    this.segmentIndex = new Check('segmentIndex', 'Segment index', {
      label: 'Write one (sidx)',
      hint: 'So that DASH players can seek in the one MP4 on any web server. Others do not need it.',
    });
    this.protection = new Choice('protection', 'Protection', [
      {
        value: 'protect',
        label: opens ? 'Protect it otherwise' : 'Protect it',
        hint: `With a ${opens ? 'new ' : ''}key, for players that have a licence.`,
      },
      {
        value: 'none',
        label: opens ? 'Make it clear' : 'Make it fragmented, and no more',
        hint: 'Nothing is encrypted: no key, no licence, open to everyone.',
      },
    ]);
    this.protection.element.hidden = !fragments && !opens;
    if (opens) this.protection.value = 'none';
    const large = size >= AT_ONCE;
    this.verify = new Check('verify', 'After saving', {
      label: 'Check the file',
      hint: `It is read again, ${
        keeps
          ? 'and every sample compared with the source, encrypted as both are'
          : 'decrypted, and every sample compared with the source'
      }. ${
        large
          ? 'Not by itself for files of 2 GB and more; Result has a button for it.'
          : `It takes about as long as ${keeps ? 'changing' : 'protecting'} it.`
      }`,
    });
    this.verify.input.checked = !large;
    // What is done with the result is no part of a request.
    this.verify.element.addEventListener('change', (event) => event.stopPropagation());
    this.element = h(
      'details',
      { class: 'more', id: 'more-file' },
      h('summary', {}, 'File'),
      this.segments.element,
      this.segmentIndex.element,
      opens ? null : this.protection.element,
      this.verify.element,
    );
    this.element.addEventListener('change', () => {
      this.segmentIndex.element.hidden = this.apart;
    });
  }

  /** Whether anything is to be protected. */
  get protects() {
    return this.protection.value !== 'none';
  }

  /** Whether what is made is verified by itself. */
  get verifies() {
    return this.verify.value;
  }

  /** Whether segments go into files of their own. */
  get apart() {
    return this.segments.value === 'segments';
  }

  /** @param {ProtectRequest} request */
  fill(request) {
    if (!this.protects) request.scheme = 'none';
    if (this.apart) request.segments = true;
    else if (this.segmentIndex.value) request.segmentIndex = true;
  }

  /** Where the fault of each field of a request goes. */
  get places() {
    const { protection, segments, segmentIndex } = this;
    return { protection, segments, segmentIndex };
  }
}
