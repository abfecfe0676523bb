/** The box tree as visible rows. It knows nothing of elements. */

/** @import { BoxNode, FoundBox, FoundField } from '../types.d.ts' */

import * as format from './format.js';

/**
 * @typedef {object} TreeRow
 * @property {BoxNode} node
 * @property {number} level from 1
 * @property {number} place among its siblings, from 1
 * @property {number} siblings how many there are, or `UNKNOWN`
 * @property {boolean} open
 * @property {boolean} hit found by the search
 * @property {FoundField[]} [fields] what was found in it, where it was by these
 * @property {string} [more] stands for boxes not listed yet: those in the box of this path, or of the file when empty
 */

/** As `aria-setsize` says it. */
const UNKNOWN = -1;

/** So many boxes are listed at a time. */
export const PART = 10_000;

export class TreeModel {
  /**
   * @param {BoxNode[]} roots the first of them
   * @param {number} total how many there are
   * @param {(path: string, from: number) => Promise<BoxNode[]>} load a part of the boxes in a box, or in the file when
   *   the path is empty
   */
  constructor(roots, total, load) {
    this.roots = roots;
    this.total = total;
    this.load = load;
    /** @type {Set<string>} lists that go on */
    this.partial = new Set(roots.length < PART ? [] : ['']);
    /** Whether boxes were listed that have no row yet. */
    this.stale = false;
    this.query = '';
    /** @type {Set<string>} */
    this.open = new Set();
    /** @type {Map<string, BoxNode[]>} */
    this.loaded = new Map();
    /** @type {FoundBox[]} */
    this.found = [];
    this.hits = 0;
    /** How many boxes are known so far. */
    this.known = 0;
    /** @type {TreeRow[]} */
    this.rows = [];
    /** @type {Map<string, number>} */
    this.places = new Map();
    this.#remember(roots);
    for (const node of roots) if (node.type === 'moov' && node.children) this.open.add(node.path);
    this.rebuild();
  }

  /** @param {BoxNode[]} nodes */
  #remember(nodes) {
    this.known += nodes.length;
    for (const node of nodes) {
      if (!node.children) continue;
      this.loaded.set(node.path, node.children);
      this.#remember(node.children);
    }
  }

  /** @param {BoxNode} node */
  childrenOf(node) {
    return this.loaded.get(node.path) ?? null;
  }

  /** @param {BoxNode} node */
  async ensureChildren(node) {
    if (node.childCount === 0) return [];
    const there = this.childrenOf(node);
    if (there) return there;
    const children = await this.load(node.path, 0).catch((error) => {
      // A box whose inside cannot be read is a finding, not an end: it stays in the tree, marked.
      node.problem ??= error instanceof Error ? error.message : String(error);
      return /** @type {BoxNode[]} */ ([]);
    });
    if (!this.loaded.has(node.path)) {
      this.loaded.set(node.path, children);
      if (children.length >= PART) this.partial.add(node.path);
      this.#remember(children);
    }
    return this.loaded.get(node.path) ?? [];
  }

  /**
   * Lists more of the boxes in a box, or in the file when the path is empty. Answers whether there were any.
   * @param {string} path
   */
  async more(path) {
    const list = path ? this.loaded.get(path) : this.roots;
    if (!list || !this.partial.has(path)) return false;
    const from = list.length;
    const next = await this.load(path, from);
    if (list.length > from) return true;
    if (next.length < PART) this.partial.delete(path);
    for (const node of next) list.push(node);
    this.#remember(next);
    this.stale = true;
    return next.length > 0;
  }

  /**
   * Lists more, and answers the first of them.
   * @param {string} path
   */
  async unfold(path) {
    const list = path ? this.loaded.get(path) : this.roots;
    const from = list?.length ?? 0;
    await this.more(path);
    this.rebuild();
    return list?.[from] ?? null;
  }

  /** @param {string} path */
  indexOf(path) {
    return this.places.get(path) ?? -1;
  }

  /**
   * @param {BoxNode} node
   * @param {boolean} open
   */
  async setOpen(node, open) {
    if (open) await this.ensureChildren(node);
    if (open) this.open.add(node.path);
    else this.open.delete(node.path);
    this.rebuild();
  }

  /**
   * Opens what is above a box and returns the box, or null when the file has none by that path.
   * @param {string} path
   */
  async reveal(path) {
    const above = [];
    let list = this.roots;
    let inside = '';
    for (;;) {
      const node = list.find((each) => path === each.path || path.startsWith(`${each.path}/`));
      if (!node && (await this.more(inside))) continue;
      if (!node) return null;
      if (node.path === path) {
        if (this.stale || above.some((each) => !this.open.has(each))) {
          for (const each of above) this.open.add(each);
          this.rebuild();
        }
        return node;
      }
      above.push(node.path);
      inside = node.path;
      list = await this.ensureChildren(node);
    }
  }

  /**
   * The innermost box that holds a byte.
   * @param {BoxNode} from
   * @param {number} offset
   */
  async innermost(from, offset) {
    let node = from;
    for (;;) {
      const children = await this.ensureChildren(node);
      const inner = children.find((each) => offset >= each.start && offset < each.start + each.size);
      if (!inner && endOf(children) <= offset && (await this.more(node.path))) continue;
      if (!inner) return node;
      node = inner;
    }
  }

  /**
   * The top-level box that holds a byte, also where it is not listed yet.
   * @param {number} offset
   */
  async rootHolding(offset) {
    while (endOf(this.roots) <= offset && (await this.more('')));
    return this.rootAt(offset);
  }

  /**
   * The top-level box that holds a byte, of those that are listed.
   * @param {number} offset
   */
  rootAt(offset) {
    let low = 0;
    let high = this.roots.length - 1;
    while (low <= high) {
      const middle = (low + high) >> 1;
      const node = this.roots[middle];
      if (!node) break;
      if (offset < node.start) high = middle - 1;
      else if (offset >= node.start + node.size) low = middle + 1;
      else return node;
    }
    return null;
  }

  /**
   * Shows what a search finds from now on, or all boxes again when there is nothing to look for.
   * @param {string} query
   */
  filter(query) {
    this.query = query;
    this.hits = 0;
    this.found = [];
    this.rebuild();
  }

  /**
   * Shows what a search has found since it was last told.
   * @param {FoundBox[]} boxes
   * @param {number} hits how many in all
   */
  addFound(boxes, hits) {
    this.hits = hits;
    for (const each of boxes) this.found.push(each);
    // A search may have no end yet, and with it the number of its siblings.
    this.#collectFound(boxes, 1, this.found.length - boxes.length, UNKNOWN);
  }

  rebuild() {
    this.stale = false;
    this.rows = [];
    this.places.clear();
    if (this.query) this.#collectFound(this.found, 1, 0, UNKNOWN);
    else this.#collect(this.roots, 1, '', this.total);
  }

  /** @param {TreeRow} row */
  #push(row) {
    this.places.set(row.node.path, this.rows.push(row) - 1);
  }

  /**
   * @param {BoxNode[]} nodes
   * @param {number} level
   * @param {string} path of the box around them, empty for the file
   * @param {number} total how many there are
   */
  #collect(nodes, level, path, total) {
    const partial = this.partial.has(path);
    const siblings = nodes.length + Number(partial);
    nodes.forEach((node, index) => {
      const open = this.open.has(node.path);
      this.#push({ node, level, place: index + 1, siblings, open, hit: false });
      const children = open ? this.childrenOf(node) : null;
      if (children) this.#collect(children, level + 1, node.path, node.childCount);
    });
    if (!partial) return;
    const node = {
      path: `${path}/…`,
      type: '…',
      name: 'List more boxes',
      note: `${format.count(nodes.length)} of ${format.count(total)} are listed`,
      start: endOf(nodes),
      size: 0,
      headerSize: 0,
      childCount: 0,
    };
    this.#push({ node, level, place: siblings, siblings, open: false, hit: false, more: path });
  }

  /**
   * Boxes that were found, and what is around them.
   * @param {FoundBox[]} found
   * @param {number} level
   * @param {number} before how many stand before them
   * @param {number} siblings how many there are
   */
  #collectFound(found, level, before, siblings) {
    found.forEach(({ box: node, hit, fields = [], inside }, index) => {
      const open = inside.length > 0;
      this.#push({ node, level, place: before + index + 1, siblings, open, hit, fields });
      this.#collectFound(inside, level + 1, 0, inside.length);
    });
  }
}

/** @param {BoxNode[]} nodes in file order */
function endOf(nodes) {
  const last = nodes.at(-1);
  return last ? last.start + last.size : 0;
}
