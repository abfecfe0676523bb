/** The tree of boxes: one tab stop, arrow keys, type-ahead, a search. */

/** @import { BoxNode } from '../types.d.ts' */
/** @import { Search } from './box-search.js' */
/** @import { TreeModel, TreeRow } from './tree-model.js' */

import { BoxSearch } from './box-search.js';
import { drawing, freshId, h, setAttributes } from './dom.js';
import { faultOf } from './fault.js';
import * as format from './format.js';
import { say } from './live.js';
import { VirtualRows } from './virtual.js';

const CHEVRON = 'M6 3.5l4.5 4.5L6 12.5';
const TYPE_AHEAD_MS = 700;

export class BoxTree {
  /**
   * @param {TreeModel} model
   * @param {(node: BoxNode, field?: number) => void} choose a box, and a field in it
   * @param {Search} search
   * @param {(text: string) => void} bytes looks for a text in all bytes of the file
   * @param {{ several: boolean, beginning: (node: BoxNode) => string }} files whether there are several, and the name of the one
   *   that begins with a box
   */
  constructor(model, choose, search, bytes, files) {
    this.model = model;
    this.files = files;
    this.choose = choose;
    this.chosen = '';
    this.id = freshId('tree');
    this.typed = '';
    this.typedAt = 0;
    this.rows = new VirtualRows({
      rowHeight: 26,
      create: makeRow,
      draw: (row, index) => this.#draw(row, index),
      attributes: {
        role: 'tree',
        tabindex: 0,
        'aria-label': files.several ? 'Boxes of all files' : 'Boxes of the file',
        class: 'virtual tree',
      },
    });
    this.find = new BoxSearch(
      search,
      model,
      (fresh) => this.#found(fresh),
      (row) => {
        this.rows.element.focus();
        if (row) this.#choose(row);
      },
      (step) => this.#toHit(step),
      bytes,
      files.several ? 'these files' : 'this file',
    );
    const { head, none, foot } = this.find;
    this.element = h(
      'section',
      { class: 'pane pane-tree', 'aria-label': 'Box tree' },
      head,
      none,
      this.rows.element,
      foot,
    );
    this.rows.element.addEventListener('keydown', (event) => this.#key(event));
    this.rows.element.addEventListener('click', (event) => this.#click(event));
    this.rows.setCount(model.rows.length);
    this.find.count();
  }

  /**
   * Shows a box as the chosen one; its ancestors must be open already.
   * @param {string} path
   */
  show(path) {
    this.chosen = path;
    if (this.model.query && this.model.indexOf(path) < 0) this.find.clear();
    this.rows.setCount(this.model.rows.length);
    const index = this.model.indexOf(path);
    if (index >= 0) this.rows.reveal(index, 'middle');
    this.#point();
    this.find.count();
  }

  #point() {
    const index = this.model.indexOf(this.chosen);
    setAttributes(this.rows.element, { 'aria-activedescendant': index >= 0 ? `${this.id}-${index}` : null });
  }

  /** @param {boolean} fresh whether they are other rows, and not only more of them */
  #found(fresh) {
    this.rows.setCount(this.model.rows.length);
    const index = this.model.indexOf(this.chosen);
    if (fresh && index >= 0) this.rows.reveal(index, 'middle');
    else if (fresh) this.rows.toTop();
    this.#point();
  }

  /**
   * @param {HTMLElement} element
   * @param {number} index
   */
  #draw(element, index) {
    const row = this.model.rows[index];
    if (!row) return;
    const { node } = row;
    const chosen = node.path === this.chosen;
    const opens = this.#opens(row);
    setAttributes(element, {
      id: `${this.id}-${index}`,
      'aria-level': row.level,
      'aria-posinset': row.place,
      'aria-setsize': row.siblings,
      'aria-expanded': opens ? String(row.open) : null,
      'aria-selected': String(chosen),
    });
    element.classList.toggle('chosen', chosen);
    element.classList.toggle('hit', row.hit);
    element.dataset['index'] = String(index);
    element.style.setProperty('--level', String(row.level - 1));
    const [twisty, type, name, fault, size] = /** @type {HTMLElement[]} */ ([...element.children]);
    if (!twisty || !type || !name || !fault || !size) return;
    twisty.classList.toggle('none', !opens);
    twisty.classList.toggle('open', row.open);
    type.textContent = node.type;
    const [field] = row.fields ?? [];
    const [title, note] = field ? [field.name, field.value] : [node.name, node.note];
    const file = this.files.beginning(node);
    name.replaceChildren(
      file ? h('span', { class: 'tree-file' }, file) : '',
      title,
      note ? h('span', { class: 'tree-note' }, ` ${note}`) : '',
    );
    name.title = field ? `${node.name}: ${field.name} ${field.value}` : file && `${file} begins here`;
    fault.hidden = !node.problem;
    fault.title = node.problem ?? '';
    size.textContent = format.bytes(node.size);
  }

  /** @param {MouseEvent} event */
  #click(event) {
    const target = /** @type {Element} */ (event.target);
    const element = target.closest('[role="treeitem"]');
    if (!(element instanceof HTMLElement)) return;
    const row = this.model.rows[Number(element.dataset['index'])];
    if (!row) return;
    this.#choose(row);
    if (target.closest('.twisty') && this.#opens(row)) void this.#toggle(row, !row.open);
  }

  /**
   * Whether there is something in it to show. What a search found is all open.
   * @param {TreeRow} row
   */
  #opens(row) {
    return this.model.query ? row.open : row.node.childCount > 0;
  }

  /**
   * @param {TreeRow} row
   * @param {boolean} open
   */
  async #toggle(row, open) {
    if (this.model.query) return;
    await this.model.setOpen(row.node, open);
    this.rows.setCount(this.model.rows.length);
    this.#point();
    this.find.count();
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    const { rows } = this.model;
    const at = this.model.indexOf(this.chosen);
    const row = rows[at];
    const go = (/** @type {number} */ index) => {
      const next = rows[Math.max(0, Math.min(rows.length - 1, index))];
      if (next) this.#choose(next);
    };
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    switch (event.key) {
      case 'F3':
        this.#toHit(event.shiftKey ? -1 : 1);
        break;
      case 'ArrowDown':
        go(at + 1);
        break;
      case 'ArrowUp':
        go(at - 1);
        break;
      case 'Home':
        go(0);
        break;
      case 'End':
        go(rows.length - 1);
        break;
      case 'PageDown':
        go(at + this.rows.visibleRows);
        break;
      case 'PageUp':
        go(at - this.rows.visibleRows);
        break;
      case 'ArrowRight':
        if (row && this.#opens(row) && !row.open) void this.#toggle(row, true);
        else if (row?.open) go(at + 1);
        break;
      case 'ArrowLeft':
        if (row?.open && !this.model.query) void this.#toggle(row, false);
        else if (row && row.level > 1)
          go(rows.findLastIndex((each, index) => index < at && each.level < row.level));
        break;
      case 'Enter':
      case ' ':
        if (row && this.#opens(row)) void this.#toggle(row, !row.open);
        break;
      default:
        if (event.key.length !== 1) return;
        this.#typeAhead(event.key, at);
    }
    event.preventDefault();
  }

  /**
   * @param {string} character
   * @param {number} at
   */
  #typeAhead(character, at) {
    const now = performance.now();
    this.typed =
      now - this.typedAt < TYPE_AHEAD_MS ? this.typed + character.toLowerCase() : character.toLowerCase();
    this.typedAt = now;
    const { rows } = this.model;
    const from = this.typed.length > 1 ? at : at + 1;
    for (let step = 0; step < rows.length; step += 1) {
      const row = rows[(from + step) % rows.length];
      if (!row) continue;
      if (
        row.node.type.toLowerCase().startsWith(this.typed) ||
        row.node.name.toLowerCase().startsWith(this.typed)
      ) {
        this.#choose(row);
        return;
      }
    }
  }

  /** @param {TreeRow} row */
  #choose(row) {
    if (row.more === undefined)
      this.choose(row.node, row.fields?.find((field) => field.row !== undefined)?.row);
    else void this.#unfold(row.more);
  }

  /**
   * Goes to what was found next, or before; from the last to the first.
   * @param {1 | -1} step
   */
  #toHit(step) {
    const { rows } = this.model;
    const at = this.model.indexOf(this.chosen);
    for (let n = 1; n <= rows.length; n++) {
      const row = rows[(at + n * step + 2 * rows.length) % rows.length];
      if (!row?.hit) continue;
      this.#choose(row);
      return;
    }
  }

  /**
   * Lists more boxes, and goes to the first of them.
   * @param {string} path of the box they are in
   */
  async #unfold(path) {
    const first = await this.model.unfold(path).catch((error) => void say(faultOf(error).message));
    this.rows.setCount(this.model.rows.length);
    this.find.count();
    if (first) this.choose(first);
  }
}

function makeRow() {
  const twisty = h('span', { class: 'twisty' });
  twisty.append(drawing(CHEVRON));
  return h(
    'div',
    { role: 'treeitem', class: 'virtual-row tree-row' },
    twisty,
    h('span', { class: 'fourcc' }),
    h('span', { class: 'tree-name' }),
    h('span', { class: 'fault-mark' }, 'fault'),
    h('span', { class: 'tree-size' }),
  );
}
