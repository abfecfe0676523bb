/** The box tree as visible rows. It knows nothing of elements. */

/** @import { BoxNode } from '../types.d.ts' */

/**
 * @typedef {object} TreeRow
 * @property {BoxNode} node
 * @property {number} level from 1
 * @property {number} place among its siblings, from 1
 * @property {number} siblings how many there are
 * @property {boolean} open
 * @property {boolean} hit found by the filter
 */

export class TreeModel {
  /**
   * @param {BoxNode[]} roots
   * @param {(path: string) => Promise<BoxNode[]>} load
   */
  constructor(roots, load) {
    this.roots = roots;
    this.load = load;
    this.query = '';
    /** @type {Set<string>} */
    this.open = new Set();
    /** @type {Map<string, BoxNode[]>} */
    this.loaded = new Map();
    /** @type {WeakMap<BoxNode, string>} what the filter looks in */
    this.words = new WeakMap();
    this.hits = 0;
    /** How many boxes are known so far. */
    this.known = 0;
    /** @type {TreeRow[]} */
    this.rows = [];
    /** @type {Map<string, number>} */
    this.places = new Map();
    this.#remember(roots);
    for (const node of roots) if (node.type === 'moov') this.open.add(node.path);
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
    const children = await this.load(node.path).catch((error) => {
      // A box whose inside cannot be read is a finding, not an end: it stays in the tree, marked.
      node.problem ??= error instanceof Error ? error.message : String(error);
      return /** @type {BoxNode[]} */ ([]);
    });
    if (!this.loaded.has(node.path)) {
      this.loaded.set(node.path, children);
      this.#remember(children);
    }
    return this.loaded.get(node.path) ?? [];
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
    for (;;) {
      const node = list.find((each) => path === each.path || path.startsWith(`${each.path}/`));
      if (!node) return null;
      if (node.path === path) {
        if (above.some((each) => !this.open.has(each))) {
          for (const each of above) this.open.add(each);
          this.rebuild();
        }
        return node;
      }
      above.push(node.path);
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
      if (!inner) return node;
      node = inner;
    }
  }

  /**
   * The top-level box that holds a byte.
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

  /** @param {string} query */
  filter(query) {
    this.query = query.trim().toLowerCase();
    this.rebuild();
  }

  rebuild() {
    this.hits = 0;
    this.rows = [];
    if (this.query) this.#collectFiltered(this.roots, 1);
    else this.#collect(this.roots, 1);
    this.places = new Map(this.rows.map((row, index) => [row.node.path, index]));
  }

  /**
   * @param {BoxNode[]} nodes
   * @param {number} level
   */
  #collect(nodes, level) {
    nodes.forEach((node, index) => {
      const open = this.open.has(node.path);
      this.rows.push({ node, level, place: index + 1, siblings: nodes.length, open, hit: false });
      const children = open ? this.childrenOf(node) : null;
      if (children) this.#collect(children, level + 1);
    });
  }

  /**
   * Boxes that match, and what is above them. Answers whether any did.
   * @param {BoxNode[]} nodes
   * @param {number} level
   */
  #collectFiltered(nodes, level) {
    let any = false;
    const first = this.rows.length;
    for (const node of nodes) {
      const hit = this.#matches(node);
      const at = this.rows.length;
      const row = { node, level, place: 0, siblings: 0, open: false, hit };
      this.rows.push(row);
      const children = this.childrenOf(node);
      row.open = children ? this.#collectFiltered(children, level + 1) : false;
      if (hit) this.hits += 1;
      if (hit || row.open) any = true;
      else this.rows.length = at;
    }
    const mine = [];
    for (let index = first; index < this.rows.length; index += 1) {
      const row = this.rows[index];
      if (row && row.level === level) mine.push(row);
    }
    mine.forEach((row, index) => {
      row.place = index + 1;
      row.siblings = mine.length;
    });
    return any;
  }

  /** @param {BoxNode} node */
  #matches(node) {
    let words = this.words.get(node);
    if (words === undefined) {
      words = `${node.type} ${node.name} ${node.uuid ?? ''} ${node.note ?? ''}`.toLowerCase();
      this.words.set(node, words);
    }
    return words.includes(this.query);
  }
}
