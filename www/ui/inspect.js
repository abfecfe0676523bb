/** Inspect: the ruler, the tree, the fields and the bytes of one file, all showing the same selection. */

/** @import { BoxNode, BoxView, Media, Summary } from '../types.d.ts' */
/** @import { Action } from './findings.js' */

import { BoxTree } from './box-tree.js';
import { BytePane } from './byte-pane.js';
import { copyButton } from './copy.js';
import { button, h } from './dom.js';
import { FieldTable, PAGE } from './field-table.js';
import { Findings } from './findings.js';
import * as format from './format.js';
import { say } from './live.js';
import { Ruler } from './ruler.js';
import { PART, TreeModel } from './tree-model.js';
import { textCard } from './xml.js';

export class Inspect {
  /**
   * @param {Media} media
   * @param {Summary} summary
   * @param {BoxNode[]} roots
   * @param {(action: Action) => void} act goes to where something can be done about a finding
   */
  constructor(media, summary, roots, act) {
    this.media = media;
    this.model = new TreeModel(roots, summary.boxCount, (path, from) =>
      path ? media.children(path, { from, count: PART }) : media.tree({ from, count: PART }),
    );
    /** Counts selections, so that answers which come late are dropped. */
    this.turn = 0;
    this.path = '';
    /** @type {Promise<void>} settles when the chosen box is shown, or another has taken its place */
    this.opened = Promise.resolve();
    this.tree = new BoxTree(
      this.model,
      (node, field) => void this.select(node.path, -1, field),
      (text, options) => media.search(text, options),
    );
    this.fields = new FieldTable(media, (index) => void this.#chooseField(index, -1));
    this.bytes = new BytePane(
      media,
      (offset) => void this.#chooseByte(offset),
      (offset) => void this.goTo(offset),
    );
    this.ruler = new Ruler(
      media,
      roots,
      (node) => void this.select(node.path),
      (offset) => void this.#pick(offset),
    );
    this.crumbs = h('nav', { class: 'crumbs', 'aria-label': 'Path of the box' });
    this.about = h('div', { class: 'box-about' });
    this.texts = h('div', { class: 'box-texts' });
    this.findings = new Findings(media, summary, (place) => void this.#reach(place), act);
    this.toBoxes = button('Boxes', () => this.look(false), { class: 'button small', 'aria-pressed': 'true' });
    this.toFindings = button('Findings', () => this.look(true), {
      class: 'button small',
      'aria-pressed': 'false',
    });
    this.panes = h(
      'div',
      { class: 'panes' },
      this.tree.element,
      h(
        'section',
        { class: 'pane pane-fields', 'aria-label': 'Fields' },
        this.about,
        this.texts,
        this.fields.element,
      ),
      this.bytes.element,
    );
    this.element = h(
      'div',
      { class: 'inspect' },
      this.ruler.element,
      h(
        'div',
        { class: 'inspect-bar' },
        this.crumbs,
        problems(summary, (path) => {
          this.look(false);
          void this.select(path);
        }),
        h(
          'div',
          { class: 'inspect-modes', role: 'group', 'aria-label': 'What is shown' },
          this.toBoxes,
          this.toFindings,
        ),
      ),
      this.panes,
      this.findings.element,
    );
    const first = roots.find((node) => node.type === 'moov') ?? roots[0];
    if (first) void this.select(first.path);
  }

  /**
   * Shows what was found, or the boxes.
   * @param {boolean} found
   */
  look(found) {
    this.panes.hidden = found;
    this.findings.element.hidden = !found;
    this.toBoxes.setAttribute('aria-pressed', String(!found));
    this.toFindings.setAttribute('aria-pressed', String(found));
    if (found) void this.findings.check();
  }

  /**
   * Goes to where something was found.
   * @param {{ path?: string, offset?: number }} place
   */
  async #reach({ path, offset }) {
    this.look(false);
    if (path) await this.select(path, offset ?? -1);
    else await this.goTo(offset ?? 0);
    const tree = this.tree.element.querySelector('[tabindex="0"]');
    if (tree instanceof HTMLElement) tree.focus();
    say(`Shown: ${this.path}.`);
  }

  /**
   * Chooses a box, and in it a field or the byte to stand on.
   * @param {string} path
   * @param {number} [offset]
   * @param {number} [field] number of its row
   */
  async select(path, offset = -1, field) {
    if (path !== this.path) this.opened = this.#open(path, ++this.turn);
    const { turn } = this;
    await this.opened;
    if (turn !== this.turn) return;
    if (field !== undefined) await this.#chooseField(field, -1);
    if (offset < 0) return;
    await this.#chooseField(await this.fields.find(offset), offset);
  }

  /**
   * @param {string} path
   * @param {number} turn
   */
  async #open(path, turn) {
    const node = await this.model.reveal(path);
    if (!node || turn !== this.turn) return;
    this.path = path;
    this.tree.show(path);
    this.bytes.open(node);
    this.#crumb(path);
    void this.#measure(node, turn);
    /** @type {BoxView} */
    let view;
    try {
      view = await this.media.box(path, { from: 0, count: PAGE });
    } catch (error) {
      if (turn === this.turn) this.#unreadable(node, error);
      return;
    }
    if (turn !== this.turn) return;
    this.#describe(view);
    this.fields.open(view);
  }

  /**
   * Chooses the top-level box that holds a byte.
   * @param {number} offset
   */
  async #pick(offset) {
    // Behind the last box there may be bytes that are none.
    const root = (await this.model.rootHolding(offset)) ?? this.model.roots.at(-1);
    if (root) await this.select(root.path);
  }

  /** @param {number} offset anywhere in the file */
  async goTo(offset) {
    const root = await this.model.rootHolding(offset);
    if (!root) {
      say(`No box holds byte ${format.count(offset)}.`);
      return;
    }
    const node = await this.model.innermost(root, offset);
    await this.select(node.path, offset);
  }

  /**
   * A byte chosen in the pane belongs to a field of this box, or to a box inside it.
   * @param {number} offset
   */
  async #chooseByte(offset) {
    const turn = this.turn;
    const index = await this.fields.find(offset);
    if (turn !== this.turn) return;
    if (index >= 0) await this.#chooseField(index, offset);
    else {
      const node = await this.model.reveal(this.path);
      if (!node || turn !== this.turn) return;
      const inner = await this.model.innermost(node, offset);
      if (inner.path === this.path) this.bytes.show(null, offset);
      else await this.select(inner.path, offset);
    }
  }

  /**
   * @param {number} index
   * @param {number} offset the byte to stand on; the field's first when negative
   */
  async #chooseField(index, offset) {
    const turn = this.turn;
    const field = index >= 0 ? await this.fields.at(index) : undefined;
    if (turn !== this.turn) return;
    await this.fields.show(index);
    this.bytes.show(field ?? null, offset);
  }

  /**
   * @param {BoxNode} node
   * @param {number} turn
   */
  async #measure(node, turn) {
    const root = this.model.rootAt(node.start);
    const above = node.path.includes('/') ? node.path.slice(0, node.path.lastIndexOf('/')) : '';
    const holder = node.childCount > 0 || !above ? node : await this.model.reveal(above);
    const inside = holder ? await this.model.ensureChildren(holder) : [];
    if (turn === this.turn) this.ruler.show(node, root, holder, inside);
  }

  /** @param {string} path */
  #crumb(path) {
    const steps = path.split('/');
    const items = steps.map((step, index) => {
      const here = steps.slice(0, index + 1).join('/');
      const last = index === steps.length - 1;
      const item = button(step, () => void this.select(here), {
        class: 'crumb',
        'aria-current': last ? 'true' : null,
      });
      return h('li', {}, item);
    });
    this.crumbs.replaceChildren(
      h('ol', {}, ...items),
      copyButton('path', () => path),
    );
  }

  /** @param {BoxView} view */
  #describe(view) {
    const { node } = view;
    this.about.replaceChildren(
      h(
        'h2',
        { class: 'pane-title' },
        h('code', { class: 'fourcc' }, node.type),
        ` ${node.name}`,
        h('span', { class: 'clause' }, view.clause),
      ),
      h('p', { class: 'about-text' }, view.about),
      h(
        'p',
        { class: 'about-facts' },
        `${format.exactBytes(node.size)} at ${format.count(node.start)} `,
        h('span', { class: 'quiet' }, `(0x${format.byteRange(node.start, node.start + node.size)})`),
        node.uuid
          ? h(
              'span',
              { class: 'about-uuid' },
              h('code', {}, node.uuid),
              copyButton('uuid', () => node.uuid ?? ''),
            )
          : null,
      ),
      node.problem ? h('p', { class: 'fault-line' }, h('strong', {}, 'Fault: '), node.problem) : '',
    );
    this.texts.hidden = view.texts.length === 0;
    this.texts.replaceChildren(...view.texts.map(({ title, text }) => textCard(title, text)));
  }

  /**
   * @param {BoxNode} node
   * @param {unknown} error
   */
  #unreadable(node, error) {
    this.about.replaceChildren(
      h('h2', { class: 'pane-title' }, h('code', { class: 'fourcc' }, node.type), ` ${node.name}`),
      h(
        'p',
        { class: 'fault-line' },
        h('strong', {}, 'Its fields cannot be read: '),
        error instanceof Error ? error.message : String(error),
      ),
    );
    this.texts.hidden = true;
    this.fields.open({ node, clause: '', about: '', fields: [], from: 0, fieldCount: 0, texts: [] });
  }
}

/**
 * @param {Summary} summary
 * @param {(path: string) => void} show
 */
function problems(summary, show) {
  if (!summary.problems.length) return null;
  return h(
    'details',
    { class: 'problems' },
    h('summary', {}, `${format.counted(summary.problems.length, 'fault')} found in this file`),
    h(
      'ul',
      {},
      ...summary.problems.map(({ message, path }) =>
        h(
          'li',
          {},
          message,
          ' ',
          path
            ? button('Show it', () => show(path), { class: 'link', 'aria-label': `Show it: ${path}` })
            : null,
        ),
      ),
    ),
  );
}
