/** One sample opened: its units, what is encrypted of it as a strip, and how. */

/** @import { SampleUnit, SampleView } from '../types.d.ts' */

import { copyButton } from './copy.js';
import { button, h, setAttributes } from './dom.js';
import * as format from './format.js';
import { linkTo } from './place.js';
import { dependsOn, time } from './sample-table.js';

/** Units that are listed, and entries of a map: there may be thousands. */
const LISTED = 200;
/** Parts of a strip that are drawn: more are narrower than a dot. */
const DRAWN = 600;

export class SampleDetail {
  /**
   * @param {(start: number, end: number) => void} show called with the bytes of a unit
   * @param {(key: string) => void} decrypt called with a key that was typed
   * @param {() => void} save
   */
  constructor(show, decrypt, save) {
    this.show = show;
    this.save = save;
    /** @type {{ unit: SampleUnit, element: HTMLElement }[]} */
    this.units = [];
    this.body = h('div', { class: 'sample-body' }, h('p', { class: 'quiet' }, 'No sample is chosen.'));
    this.key = h('input', {
      type: 'text',
      class: 'mono',
      'aria-label': 'Key of the sample, hex or base64',
      placeholder: 'key: hex or base64',
      autocomplete: 'off',
      spellcheck: 'false',
    });
    this.fault = h('p', { class: 'fault-line', role: 'status' });
    this.form = h(
      'form',
      { class: 'sample-key', hidden: true },
      this.key,
      h('button', { type: 'submit', class: 'button small' }, 'Decrypt'),
    );
    this.form.addEventListener('submit', (event) => {
      event.preventDefault();
      decrypt(this.key.value.trim());
    });
    this.element = h(
      'section',
      { class: 'pane pane-sample', 'aria-label': 'Sample', tabindex: 0 },
      this.body,
      this.form,
      this.fault,
    );
  }

  /** @param {string} sentence */
  fail(sentence) {
    this.fault.textContent = sentence;
    setAttributes(this.key, { 'aria-invalid': sentence ? 'true' : null });
  }

  /**
   * Says why a sample cannot be opened.
   * @param {number} track
   * @param {number} number
   * @param {string} sentence
   */
  refuse(track, number, sentence) {
    this.units = [];
    this.form.hidden = true;
    this.body.replaceChildren(title(track, number));
    this.fail(sentence);
  }

  /**
   * @param {number} track
   * @param {SampleView} view
   */
  open(track, view) {
    const { sample, units } = view;
    this.fail('');
    this.form.hidden = !sample.encryption;
    this.units = units.slice(0, LISTED).map((unit, number) => {
      const choose = () => this.show(unit.start, unit.start + unit.size);
      return { unit, element: h('li', {}, button(unitWords(unit, number), choose, { class: 'unit' })) };
    });
    const more = units.length - this.units.length;
    this.body.replaceChildren(
      title(track, sample.number),
      h(
        'p',
        { class: 'sample-actions' },
        copyButton(
          'link to the sample',
          () => linkTo({ track, sample: sample.number }, location.href),
          undefined,
          'Copy link',
        ),
        button('Save as a file', this.save, { class: 'copy' }),
      ),
      facts(view),
      strip(view),
      ...view.problems.map((problem) => h('p', { class: 'fault-line' }, problem)),
      h('h3', { class: 'sample-head-3' }, format.counted(units.length, 'unit')),
      h('ol', { class: 'units' }, ...this.units.map(({ element }) => element)),
      more > 0 ? h('p', { class: 'quiet' }, `${format.count(more)} more`) : '',
      encryption(view) ?? '',
    );
  }

  /**
   * Marks the unit that has a byte.
   * @param {number} offset
   */
  mark(offset) {
    for (const { unit, element } of this.units) {
      const here = offset >= unit.start && offset < unit.start + unit.size;
      element.classList.toggle('chosen', here);
      setAttributes(element, { 'aria-current': here ? 'true' : null });
    }
  }

  /** @param {number} offset */
  unitAt(offset) {
    return this.units.find(({ unit }) => offset >= unit.start && offset < unit.start + unit.size)?.unit;
  }
}

/**
 * @param {number} track
 * @param {number} number
 */
const title = (track, number) =>
  h('h2', { class: 'pane-title' }, `Sample ${format.count(number)} of track ${track}`);

/**
 * @param {SampleUnit} unit
 * @param {number} number
 */
function unitWords({ type, name, slice, said, size }, number) {
  const kind = type === null ? '' : ` (${type})`;
  return `${number + 1}. ${name}${kind}${slice ? `, ${slice}` : ''}, ${format.exactBytes(size)}${said ? `: ${said}` : ''}`;
}

/** @param {SampleView} view */
function facts({ sample, timescale }) {
  const both = (/** @type {number} */ ticks) =>
    time(ticks, timescale) + (timescale ? ` (${format.count(ticks)})` : '');
  /** @type {[string, string][]} */
  const rows = [
    ['Decoded', both(sample.decode)],
    ['Presented', both(sample.composition)],
    ['Duration', both(sample.duration)],
    ['Bytes', `${format.count(sample.size)} at ${format.count(sample.start)}`],
    ['Sync', sample.sync ? 'yes, decoding can begin here' : 'no'],
    ['Depends on', dependsOn(sample.dependency) || 'not said'],
    ['Sample entry', String(sample.entry)],
    ['Fragment', sample.fragment === null ? 'none, sample table' : format.count(sample.fragment + 1)],
    ['Groups', sample.groups.join(', ') || 'none'],
  ];
  return h(
    'dl',
    { class: 'sample-facts' },
    ...rows.map(([name, value]) => h('div', {}, h('dt', {}, name), h('dd', {}, value))),
  );
}

/** @param {SampleView} view */
function strip({ sample, units, protected: ranges, pattern, encrypted, clear }) {
  const place = (/** @type {HTMLElement} */ part, /** @type {number} */ start, /** @type {number} */ len) => {
    part.style.setProperty('left', `${((start - sample.start) / sample.size) * 100}%`);
    part.style.setProperty('width', `${(len / sample.size) * 100}%`);
    return part;
  };
  const words = !sample.encryption
    ? 'All of it is clear.'
    : `${format.count(encrypted)} of ${format.exactBytes(sample.size)} are encrypted` +
      `${pattern ? `, of protected ranges ${pattern.replace(':', ' blocks of each ')} left` : ''}` +
      `${clear ? '; shown decrypted.' : '.'}`;
  const drawn = sample.size > 0;
  return h(
    'figure',
    { class: 'strip-figure' },
    h(
      'div',
      { class: 'sample-strip', role: 'img', 'aria-label': words },
      ...(drawn
        ? ranges.slice(0, DRAWN).map(({ start, len }) => {
            const part = h('span', { class: `strip-part${pattern ? ' pattern' : ''}` });
            return place(part, start, len);
          })
        : []),
      ...(drawn
        ? units
            .slice(0, DRAWN)
            .map(({ start, size }) => place(h('span', { class: 'strip-unit' }), start, size))
        : []),
    ),
    h('figcaption', {}, `${words} Hatched is encrypted; lines part units.`),
  );
}

/** @param {SampleView} view */
function encryption({ sample: { encryption: how } }) {
  if (!how) return null;
  const { subsamples, kid, iv } = how;
  const id = (/** @type {string} */ name, /** @type {string} */ value) =>
    h(
      'div',
      {},
      h('dt', {}, name),
      h('dd', {}, h('code', {}, value || 'not known'), value ? copyButton(name, () => value) : null),
    );
  const listed = subsamples.slice(0, LISTED);
  return h(
    'div',
    {},
    h(
      'h3',
      { class: 'sample-head-3' },
      `Encrypted with ${how.scheme}${how.pattern ? ` ${how.pattern}` : ''}`,
    ),
    h('dl', { class: 'sample-facts' }, id('KID', kid ?? ''), id('IV', iv)),
    subsamples.length
      ? h(
          'details',
          { class: 'sample-map' },
          h('summary', {}, format.counted(subsamples.length, 'subsample')),
          h(
            'ol',
            {},
            ...listed.map((one) =>
              h('li', {}, `${format.count(one.clear)} clear, ${format.count(one.protected)} protected`),
            ),
          ),
          subsamples.length > listed.length
            ? h('p', { class: 'quiet' }, `${format.count(subsamples.length - listed.length)} more`)
            : null,
        )
      : h('p', { class: 'quiet' }, 'No subsamples: all of it is protected.'),
  );
}
