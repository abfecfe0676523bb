/** How a file differs from another: chosen from those that are open, or from the disk. Only differences are shown. */

/** @import { BoxSpot, DifferenceGroup, DifferingBox, FileComparison, Media } from '../types.d.ts' */

import { download } from '../files/save.js';
import { compareCsv } from './compare-csv.js';
import { CompareKeys } from './compare-keys.js';
import { trackTable, wordsOf } from './compare-words.js';
import { button, h } from './dom.js';
import { faultOf } from './fault.js';
import * as format from './format.js';
import { say } from './live.js';
import { watched } from './watched.js';

/** What is chosen from the disk. */
const CHOSEN = 'chosen';

/** Kinds of boxes shown at once, and boxes of a kind. */
const GROUPS = 30;
const SHOWN = 5;

const KINDS = {
  changed: { sign: '≠', word: 'changed' },
  added: { sign: '+', word: 'added' },
  removed: { sign: '−', word: 'removed' },
  moved: { sign: '⇅', word: 'moved' },
};

/** What is doing, by the stage of the progress. */
const STAGES = new Map([
  ['index', 'Opening the other file'],
  ['compare', 'Comparing boxes'],
  ['samples', 'Comparing samples'],
]);

/**
 * Other files that are open.
 * @typedef {object} Others
 * @property {() => { id: number, name: string, media: Media }[]} list
 * @property {(listener: () => void) => () => void} subscribe calls when they may have changed; the answer stops that
 */

/**
 * Where a difference leads.
 * @typedef {object} Reach
 * @property {(path: string, row: number | undefined, words: string) => void} box `words` say where it is in the other file
 * @property {(track: number, sample: number) => void} sample
 */

export class Compare {
  /**
   * @param {Media} media
   * @param {Others} others
   * @param {Reach} reach
   * @param {AbortSignal} gone when the file is closed
   */
  constructor(media, others, reach, gone) {
    this.media = media;
    this.others = others;
    this.reach = reach;
    /** @type {AbortController | null} */
    this.running = null;
    /** What was compared last, with its name. @type {{ name: string, found: FileComparison } | null} */
    this.last = null;
    this.select = h('select', { name: 'other', id: 'compare-other' });
    this.input = h('input', {
      type: 'file',
      id: 'compare-file',
      class: 'file-input',
      multiple: true,
      'aria-label': 'The other file, from this computer',
    });
    this.input.addEventListener('change', () => this.#chosen());
    this.start = h('button', { type: 'submit', class: 'button primary', id: 'compare-start' }, 'Compare');
    this.form = h(
      'form',
      { class: 'compare-form' },
      h('label', { for: 'compare-other' }, 'Compare with'),
      this.select,
      this.input,
      this.start,
    );
    this.form.addEventListener('submit', (event) => {
      event.preventDefault();
      void this.#run();
    });
    this.form.addEventListener('dragover', (event) => event.preventDefault());
    this.form.addEventListener('drop', (event) => {
      const dropped = event.dataTransfer?.files;
      if (!dropped?.length) return;
      event.preventDefault();
      this.input.files = dropped;
      this.#chosen();
    });
    this.keys = new CompareKeys(media);
    this.form.append(this.keys.element);
    this.select.addEventListener('change', () => this.#askKeys());
    this.state = h('div', { class: 'findings-state' });
    this.body = h('div', { class: 'compare-body' });
    this.element = h(
      'section',
      { class: 'findings compare', 'aria-label': 'Comparison', tabindex: -1 },
      this.form,
      this.state,
      this.body,
    );
    this.#list();
    const stop = others.subscribe(() => this.#list());
    gone.addEventListener('abort', () => {
      stop();
      this.running?.abort();
      this.keys.clear();
    });
  }

  /** Offers what is open, and what was chosen. */
  #list() {
    const { value } = this.select;
    const others = this.others.list();
    const [first, ...more] = this.input.files ?? [];
    const name = `${first?.name}${more.length ? ` and ${format.count(more.length)} more` : ''}`;
    this.select.replaceChildren(
      ...others.map(({ id, name }) => h('option', { value: id }, name)),
      first ? h('option', { value: CHOSEN }, name) : '',
    );
    if (!this.select.options.length)
      this.select.append(h('option', { value: '' }, 'Open another file, or choose one'));
    if ([...this.select.options].some((option) => option.value === value)) this.select.value = value;
    if (!this.running) this.start.disabled = this.select.value === '';
    this.#askKeys();
  }

  /** Asks for the keys of what is chosen now. */
  #askKeys() {
    const { value, selectedOptions } = this.select;
    const open = this.others.list().find(({ id }) => String(id) === value);
    this.keys.ask(open?.media ?? null, value ? (selectedOptions[0]?.textContent ?? '') : '');
  }

  /** Takes what was chosen from the disk. */
  #chosen() {
    this.#list();
    if (!this.input.files?.length) return;
    this.select.value = CHOSEN;
    this.#askKeys();
    this.start.disabled = Boolean(this.running);
    say(`It is compared with ${this.select.selectedOptions[0]?.textContent}.`);
  }

  async #run() {
    const { value } = this.select;
    const open = this.others.list().find(({ id }) => String(id) === value);
    const other = value === CHOSEN ? [...(this.input.files ?? [])] : open?.media;
    if (this.running || !other || (Array.isArray(other) && !other.length)) return;
    const name = this.select.selectedOptions[0]?.textContent ?? '';
    const { stop, parts, tell } = watched('Comparing the files', 'Comparing', 'compare-stop');
    this.running = stop;
    this.start.disabled = true;
    this.body.replaceChildren();
    this.state.replaceChildren(...parts);
    try {
      const found = await this.media.compare(other, {
        signal: stop.signal,
        ...this.keys.value,
        onProgress({ stage, done, total }) {
          tell(done, total, STAGES.get(stage));
        },
      });
      this.last = { name, found };
      this.keys.clear();
      this.#draw(name, found);
      say(wordsOf(found, name).join(' '));
    } catch (error) {
      const stopped = stop.signal.aborted;
      this.state.replaceChildren(
        h(
          'p',
          { class: stopped ? 'quiet' : 'fault-line' },
          stopped ? 'It was not compared to the end.' : faultOf(error).message,
        ),
      );
    } finally {
      this.running = null;
      this.#list();
    }
  }

  /**
   * @param {string} name of the other file
   * @param {FileComparison} found
   */
  #draw(name, found) {
    this.state.replaceChildren(
      h(
        'div',
        { class: 'compare-words', role: 'status' },
        ...wordsOf(found, name).map((words, number) =>
          h('p', { class: number ? '' : 'findings-count' }, words),
        ),
      ),
      h(
        'p',
        { class: 'findings-save' },
        button('Save as JSON', () => this.#save('json'), { class: 'copy', id: 'compare-json' }),
        button('as CSV', () => this.#save('csv'), { class: 'copy', id: 'compare-csv' }),
      ),
    );
    this.body.replaceChildren(...this.#parts(name, found));
  }

  /** @param {'json' | 'csv'} end */
  #save(end) {
    if (!this.last) return;
    const { name: other, found } = this.last;
    const { name } = this.media;
    const text =
      end === 'json' ? `${JSON.stringify({ name, other, ...found }, null, 2)}\n` : compareCsv(found);
    const type = end === 'json' ? 'application/json' : 'text/csv';
    download(new Blob([text], { type }), `${name}.comparison.${end}`);
  }

  /**
   * @param {string} name
   * @param {FileComparison} found
   */
  #parts(name, found) {
    const parts = [];
    if (found.tracks.length)
      parts.push(trackTable(found, name, (track, sample) => this.reach.sample(track, sample)));
    if (found.groups.length) {
      const groups = h('div', { class: 'compare-groups' });
      const title = h('h2', { class: 'pane-title' }, 'Boxes that differ');
      parts.push(h('section', { class: 'compare-boxes', 'aria-label': 'Boxes that differ' }, title, groups));
      this.#more(groups, name, found, 0);
    }
    return parts;
  }

  /**
   * Shows the next kinds of boxes.
   * @param {HTMLElement} place
   * @param {string} name
   * @param {FileComparison} found
   * @param {number} from
   */
  #more(place, name, found, from) {
    const next = found.groups.slice(from, from + GROUPS).map((group, index) => {
      const own = found.differences.filter((one) => one.group === from + index);
      return this.#group(group, own, name);
    });
    place.append(...next);
    const left = found.groups.length - from - GROUPS;
    if (from) next[0]?.querySelector('button')?.focus();
    if (left <= 0) return;
    const more = button(
      `Show ${format.counted(left, 'more kind', 'more kinds')} of boxes`,
      () => {
        more.remove();
        this.#more(place, name, found, from + GROUPS);
      },
      { class: 'link' },
    );
    place.append(more);
  }

  /**
   * @param {DifferenceGroup} group
   * @param {DifferingBox[]} own
   * @param {string} name
   */
  #group(group, own, name) {
    const { sign, word } = KINDS[group.kind];
    const list = h('ul', { class: 'compare-list' });
    const show = (/** @type {number} */ from, /** @type {number} */ to) => {
      const items = own.slice(from, to).map((one) => this.#item(one, name));
      list.append(...items);
      if (from) items[0]?.querySelector('button')?.focus();
    };
    show(0, SHOWN);
    const more = button(
      `Show ${format.count(own.length - SHOWN)} more`,
      () => {
        more.remove();
        show(SHOWN, own.length);
      },
      { class: 'link' },
    );
    const untold = group.count - own.length;
    return h(
      'article',
      { class: `compare-group is-${group.kind}`, 'data-path': group.path, 'data-kind': group.kind },
      h(
        'h3',
        {},
        h('span', { class: 'compare-kind' }, h('span', { 'aria-hidden': 'true' }, `${sign} `), word),
        ' ',
        h('code', {}, group.path),
        group.name ? ` ${group.name}` : '',
        group.count > 1 ? h('span', { class: 'quiet' }, ` ${format.count(group.count)} times`) : null,
      ),
      list,
      own.length > SHOWN ? more : null,
      untold > 0
        ? h(
            'p',
            { class: 'quiet' },
            `${format.count(untold)} more ${untold === 1 ? 'is' : 'are'} not listed.`,
          )
        : null,
    );
  }

  /**
   * @param {DifferingBox} one
   * @param {string} name of the other file
   */
  #item(one, name) {
    const { here, there, fields, moreFields, offsets, bytes, moved, kind } = one;
    const counterpart = there ? `In ${name}: ${placeOf(there)}.` : `${name} does not have it.`;
    const to = (/** @type {number | undefined} */ row) => {
      if (here) this.reach.box(here.path, row, counterpart);
    };
    const more = [
      moved && kind === 'changed' ? 'It stands elsewhere among its neighbours, too.' : '',
      moreFields ? `${format.counted(moreFields, 'more field differs', 'more fields differ')}.` : '',
      offsets ? `${format.counted(offsets, 'offset follows', 'offsets follow')} what has moved.` : '',
    ].filter(Boolean);
    return h(
      'li',
      {},
      h(
        'p',
        {},
        here
          ? button(here.path, () => to(undefined), {
              class: 'link finding-place',
              'aria-label': `Show ${here.path}`,
            })
          : h('code', {}, there?.path),
        h('span', { class: 'quiet' }, ` ${here ? `${placeOf(here, false)}. ` : ''}${counterpart}`),
      ),
      fields.length
        ? h(
            'table',
            { class: 'compare-fields' },
            h(
              'thead',
              {},
              h('tr', {}, ...['Field', 'Here', 'There'].map((text) => h('th', { scope: 'col' }, text))),
            ),
            h(
              'tbody',
              {},
              ...fields.map((field) =>
                h(
                  'tr',
                  {},
                  h(
                    'th',
                    { scope: 'row' },
                    here && field.row !== undefined
                      ? button(field.name, () => to(field.row), { class: 'link' })
                      : field.name,
                  ),
                  h('td', { 'data-label': 'Here' }, field.before ?? '—'),
                  h('td', { 'data-label': 'There' }, field.after ?? '—'),
                ),
              ),
            ),
          )
        : null,
      bytes
        ? h(
            'p',
            { class: 'compare-bytes' },
            `From byte ${format.count(bytes.here)} here and ${format.count(bytes.there)} there: `,
            h('code', {}, bytes.before || 'nothing'),
            ' against ',
            h('code', {}, bytes.after || 'nothing'),
          )
        : null,
      more.length ? h('p', { class: 'quiet' }, more.join(' ')) : null,
    );
  }
}

/**
 * Where a box is, in words.
 * @param {BoxSpot} spot
 * @param {boolean} [told] whether its path is, too
 */
const placeOf = ({ path, start, size }, told = true) =>
  `${told ? `${path}, ` : ''}${format.exactBytes(size)} at ${format.count(start)}`;
