/**
 * One tree of the boxes of all files that were opened together, with each file as the box around its own. It stands in
 * the inspector of the file that is looked at, in place of that file's tree; a box of another file leads to that file's
 * inspector, and takes the tree along. All beside it, fields, bytes, offsets, are the one file's own.
 */

/** @import { BoxNode, FoundBox, Media, SearchProgress } from '../types.d.ts' */
/** @import { Inspect } from './inspect.js' */
/** @import { FileState, Store, View } from './store.js' */

import { BoxTree } from './box-tree.js';
import { FilesWithin } from './files-within.js';
import { PART, TreeModel } from './tree-model.js';

/** @typedef {{ id: number, media: Media, node: BoxNode, within: FilesWithin }} File */

/** What an inspector is given of it. @typedef {ReturnType<JointTree['of']>} Joint */

export class JointTree {
  /** Whether it is shown. */
  on = false;
  /** @type {File[]} */
  #files = [];
  /** What the tree was made of. */
  #made = '';
  /** @type {{ model: TreeModel, tree: BoxTree } | null} */
  #tree = null;
  /** Inspectors that know of it. @type {Set<Inspect>} */
  #known = new Set();
  /** A box that was chosen before there was an inspector to show it. @type {{ id: number, path: string, field: number | undefined } | null} */
  #wanted = null;
  /** What had the focus before another inspector took the tree. @type {Element | null} */
  #focused = null;
  /** Counts choices, so that those that come late are dropped. */
  #turn = 0;

  /**
   * @param {Store} store
   * @param {(file: number) => Inspect | null} inspectorOf
   * @param {(file: number, view: View) => void} go to one of the files
   */
  constructor(store, inspectorOf, go) {
    this.store = store;
    this.inspectorOf = inspectorOf;
    this.go = go;
  }

  /**
   * Follows the files, and the inspectors of them.
   * @param {readonly FileState[]} files
   */
  update(files) {
    const open = files.flatMap(({ id, media }) => (media ? [{ id, media }] : []));
    const made = open.map(({ id }) => id).join();
    if (made !== this.#made) {
      this.#made = made;
      this.#drop();
      this.#files = named(open);
    }
    const inspectors = open.flatMap(({ id }) => this.inspectorOf(id) ?? []);
    for (const each of this.#known) if (!inspectors.includes(each)) each.join(null);
    this.#known = new Set(inspectors);
    for (const { id } of open) this.inspectorOf(id)?.join(open.length > 1 ? this.of(id) : null);
    // What is not in the page yet takes no focus: it is drawn first.
    if (this.on) queueMicrotask(() => this.#settle());
  }

  /** Puts the tree where it is looked at, and goes to what was chosen in it. */
  #settle() {
    const { current } = this.store.state;
    // Who went on to another file before it was there does not want it any more.
    if (this.#wanted?.id !== current) this.#wanted = null;
    const shown = current === null ? null : this.inspectorOf(current);
    if (!this.on || !shown || !this.#known.has(shown)) return;
    this.#move(shown);
    const wanted = this.#wanted;
    if (!wanted) return;
    this.#wanted = null;
    void shown.select(wanted.path, -1, wanted.field);
  }

  /**
   * What the inspector of a file is given.
   * @param {number} id of the file
   */
  of(id) {
    return {
      on: this.on,
      count: this.#files.length,
      toggle: () => this.toggle(),
      show: (/** @type {string} */ path) => this.#show(id, path),
    };
  }

  /** Shows it in place of the trees of the files, or these again. */
  toggle() {
    this.on = !this.on;
    this.update(this.#files.flatMap(({ id }) => this.store.file(id) ?? []));
  }

  /** Shows it, beside the first of the files. */
  open() {
    this.on = true;
    const [first] = this.#files;
    if (first) this.go(first.id, 'inspect');
  }

  close() {
    this.#drop();
    for (const each of this.#known) each.join(null);
    this.#known.clear();
  }

  /** Lets go of the tree, and ends what it looks for. */
  #drop() {
    this.#tree?.tree.find.clear();
    this.#tree = null;
  }

  /** @param {Inspect} inspector that is looked at */
  #move(inspector) {
    this.#tree ??= this.#make();
    const { element, rows } = this.#tree.tree;
    if (element.parentElement === inspector.treePlace) return;
    const { scrollTop } = rows.element;
    const focused = element.contains(document.activeElement) ? document.activeElement : this.#focused;
    inspector.place(element);
    this.#focused = null;
    rows.element.scrollTop = scrollTop;
    // What is taken out of the page has lost it.
    if (focused instanceof HTMLElement && document.activeElement === document.body)
      focused.focus({ preventScroll: true });
    if (inspector.path !== null && !this.#wanted)
      void this.#show(this.store.state.current ?? -1, inspector.path);
  }

  #make() {
    const model = new TreeModel(
      this.#files.map(({ node }) => node),
      this.#files.length,
      (path, from) => this.#load(path, from),
    );
    const tree = new BoxTree(
      model,
      (node, field) => this.#choose(node.path, field),
      (text, options) => this.#search(text, options),
      (text) => void this.inspectorOf(this.store.state.current ?? -1)?.bytes.find(text),
      { several: true, beginning: (node) => this.#beginning(node) },
    );
    return { model, tree };
  }

  /**
   * The file of a path, and the path in it.
   * @param {string} path
   */
  #inside(path) {
    const end = path.indexOf('/');
    const name = end < 0 ? path : path.slice(0, end);
    const file = this.#files.find(({ node }) => node.path === name);
    return { file, path: end < 0 ? '' : path.slice(end + 1) };
  }

  /** @param {BoxNode} node */
  #beginning(node) {
    const { file, path } = this.#inside(node.path);
    return path ? (file?.within.beginning({ ...node, path }) ?? '') : '';
  }

  /**
   * @param {string} whole
   * @param {number} from
   */
  async #load(whole, from) {
    const { file, path } = this.#inside(whole);
    if (!file) return [];
    const window = { from, count: PART };
    const nodes = path ? await file.media.children(path, window) : await file.media.tree(window);
    return nodes.map((node) => under(file.node.path, node));
  }

  /**
   * Looks in one file after the other.
   * @param {string} text
   * @param {{ signal: AbortSignal, onProgress: (progress: SearchProgress) => void }} options
   */
  async #search(text, { signal, onProgress }) {
    const total = this.#files.reduce((sum, { media }) => sum + media.size, 0);
    let [before, earlier, listed] = [0, 0, 0];
    for (const { media, node } of this.#files) {
      /** @type {FoundBox[]} */
      const inside = [];
      const share = (/** @type {number} */ part) => ({ done: before + part * media.size, total });
      let [count, part] = [0, 0];
      try {
        await media.search(text, {
          signal,
          onProgress({ boxes, hits, done, total, stage }) {
            for (const found of boxes) {
              if (listed >= PART) break;
              listed += hitsIn(found);
              inside.push(foundUnder(node.path, found));
            }
            count = hits;
            part = total ? done / total : 1;
            onProgress({ stage, boxes: [], hits: earlier + hits, ...share(part) });
          },
        });
      } finally {
        // A file stands there once, around all that was found in it, also by a search that was stopped.
        earlier += count;
        const boxes = inside.length ? [{ box: node, hit: false, inside }] : [];
        onProgress({ stage: 'search', boxes, hits: earlier, ...share(part) });
      }
      before += media.size;
    }
    return earlier;
  }

  /**
   * @param {string} whole
   * @param {number} [field]
   */
  #choose(whole, field) {
    const { file, path } = this.#inside(whole);
    if (!file) return;
    this.#turn += 1;
    // The next key counts from here, however long it takes to be shown.
    this.#tree?.tree.show(whole);
    const inspector = this.inspectorOf(file.id);
    if (this.store.state.current === file.id && inspector) {
      void inspector.select(path, -1, field);
      return;
    }
    this.#wanted = { id: file.id, path, field };
    this.#focused = document.activeElement;
    this.go(file.id, 'inspect');
  }

  /**
   * @param {number} id of the file
   * @param {string} path in it
   */
  async #show(id, path) {
    const file = this.#files.find((each) => each.id === id);
    if (!this.on || !file || !this.#tree || this.#wanted || id !== this.store.state.current) return;
    const turn = ++this.#turn;
    const { model, tree } = this.#tree;
    const whole = path ? `${file.node.path}/${path}` : file.node.path;
    await model.reveal(whole);
    if (turn === this.#turn) tree.show(whole);
  }
}

/**
 * Files with names that tell them apart.
 * @param {{ id: number, media: Media }[]} open
 * @returns {File[]}
 */
function named(open) {
  /** @type {Set<string>} */
  const names = new Set();
  return open.map(({ id, media }) => {
    const name = media.name.replaceAll('/', '_');
    let path = name;
    for (let n = 2; names.has(path); n++) path = `${name} (${n})`;
    names.add(path);
    return { id, media, node: fileNode(media, path), within: new FilesWithin(media) };
  });
}

/**
 * A file as the box around all of its own.
 * @param {Media} media
 * @param {string} path
 * @returns {BoxNode}
 */
export function fileNode(media, path) {
  const { kindName, boxCount } = media.summary();
  return {
    path,
    type: 'file',
    name: media.name,
    note: kindName,
    start: 0,
    size: media.size,
    headerSize: 0,
    childCount: boxCount,
  };
}

/**
 * @param {string} file
 * @param {BoxNode} node
 * @returns {BoxNode}
 */
function under(file, node) {
  const { children } = node;
  return {
    ...node,
    path: `${file}/${node.path}`,
    ...(children && { children: children.map((each) => under(file, each)) }),
  };
}

/**
 * @param {string} file
 * @param {FoundBox} found
 * @returns {FoundBox}
 */
const foundUnder = (file, found) => ({
  ...found,
  box: under(file, found.box),
  inside: found.inside.map((each) => foundUnder(file, each)),
});

/**
 * @param {FoundBox} found
 * @returns {number}
 */
const hitsIn = ({ hit, inside }) => inside.reduce((sum, each) => sum + hitsIn(each), Number(hit));
