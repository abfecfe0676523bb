/** Whether a key is that of a header: what its checksums say of what is typed. */

/** @import { KeyCheck as Check } from '../types.d.ts' */

import { checkKey } from '../boxlock.js';
import { h } from './dom.js';
import { faultOf } from './fault.js';
import { Field, textInput } from './form-parts.js';
import { say } from './live.js';

/** Who types is answered when he pauses. */
const PAUSE_MS = 150;

export class KeyCheck {
  /** @param {string | Blob} source the header, or what it is in */
  constructor(source) {
    this.source = source;
    this.turn = 0;
    /** @type {number | undefined} */
    this.timer = undefined;
    const input = textInput('checkedKey', { class: 'mono' });
    this.field = new Field(input, {
      label: 'Key, or key seed',
      hint: 'Compared with the checksums in the header. It stays in this browser.',
    });
    this.answers = h('ul', { class: 'key-checks', hidden: true });
    input.addEventListener('input', () => {
      clearTimeout(this.timer);
      this.timer = window.setTimeout(() => void this.#check(), PAUSE_MS);
    });
    this.element = h(
      'details',
      { class: 'key-check' },
      h('summary', {}, 'Check a key'),
      this.field.element,
      this.answers,
    );
    // What is folded away is forgotten: it may be a key.
    this.element.addEventListener('toggle', () => {
      if (this.element.open) return this.field.focus();
      input.value = '';
      void this.#check();
    });
  }

  async #check() {
    const turn = ++this.turn;
    const typed = this.field.value;
    /** @type {Check[]} */
    let checks = [];
    /** @type {string | null} */
    let fault = null;
    try {
      if (typed) checks = await checkKey(this.source, typed);
      // Of one that is damaged.
      if (typed && !checks.length) fault = 'No key ID can be read in this header, so no key is that of it.';
    } catch (error) {
      fault = faultOf(error).message;
    }
    if (turn !== this.turn) return;
    this.field.fault(fault);
    this.answers.hidden = checks.length === 0;
    this.answers.replaceChildren(...checks.map((check) => h('li', { class: level(check) }, ...words(check))));
    // What it says is all that is to be read then.
    if (this.field.hintLine && !fault) this.field.hintLine.hidden = checks.length > 0;
    this.answers.scrollIntoView({ block: 'nearest' });
    const [first] = checks;
    if (first) say(checks.length > 1 ? counted(checks) : first.message);
  }
}

/** @param {Check} check */
const level = ({ right }) => (right === true ? 'right' : right === false ? 'wrong' : 'open');

/** @param {Check} check */
function words({ kid, right, message }) {
  const lead = right === true ? 'Right: ' : right === false ? 'Wrong: ' : '';
  return [h('strong', {}, lead), message, ' ', h('code', { class: 'quiet' }, kid)];
}

/** @param {Check[]} checks */
function counted(checks) {
  const right = checks.filter((check) => check.right).length;
  return `Right for ${right} of ${checks.length} key IDs.`;
}
