/** Inspect: the ruler, the tree, the fields and the bytes of one file, all showing the same selection. */

/** @import { BoxNode, BoxView, FieldRow, Media, Summary } from '../types.d.ts' */
/** @import { Action } from './findings.js' */
/** @import { Place, SamplePlace } from './place.js' */
/** @import { Others, Reach } from './compare.js' */
/** @import { Joint } from './joint-tree.js' */
/** @import { Shown } from './samples.js' */
/** @typedef {'boxes' | 'samples' | 'findings' | 'compare'} ViewName */

import { BoxAbout } from './box-about.js';
import { boxInside, noFields } from './box-inside.js';
import { BoxTree } from './box-tree.js';
import { BytePane } from './byte-pane.js';
import { Compare } from './compare.js';
import { copyButton } from './copy.js';
import { jsonPath } from './copy-forms.js';
import { button, h, setAttributes, setText } from './dom.js';
import { faultOf } from './fault.js';
import { FieldTable, PAGE } from './field-table.js';
import { FilesWithin } from './files-within.js';
import { Findings } from './findings.js';
import * as format from './format.js';
import { say } from './live.js';
import { fileNode } from './joint-tree.js';
import { linkTo } from './place.js';
import { problems } from './problems.js';
import { Ruler } from './ruler.js';
import { saveMenu } from './save-menu.js';
import { placeWords, Samples } from './samples.js';
import { splitter } from './splitter.js';
import { PART, TreeModel } from './tree-model.js';

export class Inspect {
  /**
   * @param {Media} media
   * @param {Summary} summary
   * @param {BoxNode[]} roots
   * @param {readonly Blob[]} parts of the open file
   * @param {Place | null} place to begin at
   * @param {(action: Action) => void} act goes to where something can be done about a finding
   * @param {Others | null} others that are open; null where nothing can be compared
   */
  constructor(media, summary, roots, parts, place, act, others) {
    this.media = media;
    this.others = others;
    this.model = new TreeModel(roots, summary.boxCount, (path, from) =>
      path ? media.children(path, { from, count: PART }) : media.tree({ from, count: PART }),
    );
    /** Counts selections, so that answers which come late are dropped. */
    this.turn = 0;
    /** The chosen box; empty for the file itself, null before anything is chosen. @type {string | null} */
    this.path = null;
    /** Name of the chosen field. @type {string | undefined} */
    this.field = undefined;
    /** @type {BoxNode | null} the chosen box */
    this.node = null;
    /** Where links lead in it: the first byte of the chosen field, or the chosen byte; -1 for the box. */
    this.at = -1;
    /** @type {Promise<void>} settles when the chosen box is shown, or another has taken its place */
    this.opened = Promise.resolve();
    const within = new FilesWithin(media);
    this.tree = new BoxTree(
      this.model,
      (node, field) => void this.select(node.path, -1, field),
      (text, options) => media.search(text, options),
      (text) => this.bytes.find(text),
      within,
    );
    /** The tree of all files that it was opened with. @type {Joint | null} */
    this.joint = null;
    this.treePlace = h('div', { class: 'tree-place' }, this.tree.element);
    this.whole = button('', () => this.joint?.toggle(), { class: 'button small joint-toggle', hidden: true });
    this.fields = new FieldTable(media, (index) => void this.#chooseField(index, -1));
    this.gone = new AbortController();
    const { signal } = this.gone;
    this.bytes = new BytePane(
      media,
      (offset) => void this.#chooseByte(offset),
      (offset) => this.goTo(offset),
      () => this.#jsonPath(),
      signal,
    );
    /** @type {ViewName} */
    this.view = 'boxes';
    /** The samples, once somebody wanted to see them. @type {Samples | null} */
    this.samples = null;
    /** The sample whose bytes are shown, and not those of a box. @type {{ track: number, number: number } | null} */
    this.sample = null;
    /** What it is compared with, once somebody wanted that. @type {Compare | null} */
    this.comparison = null;
    this.compared = h('div', { class: 'compared' });
    this.findings = new Findings(media, summary, (to) => void this.#reach(to), act, signal);
    this.views = {
      boxes: button('Boxes', () => this.look('boxes'), { class: 'button small' }),
      samples: button('Samples', () => this.look('samples'), { class: 'button small' }),
      findings: button('Findings', () => this.look('findings'), { class: 'button small' }),
      ...(others && { compare: button('Compare', () => this.look('compare'), { class: 'button small' }) }),
    };
    this.ruler = new Ruler(
      media,
      roots,
      (node) => {
        this.look('boxes');
        void this.select(node.path);
      },
      (offset) => void this.#pick(offset),
      signal,
    );
    this.crumbs = h('nav', { class: 'crumbs', 'aria-label': 'Path of the box' });
    this.missed = h('p', { class: 'fault-line', role: 'status', hidden: true });
    this.about = new BoxAbout(within);
    this.inside = h('div', { class: 'fields-body', hidden: true });
    this.panes = this.#panes();
    this.element = h(
      'div',
      { class: 'inspect' },
      this.ruler.element,
      h(
        'div',
        { class: 'inspect-bar' },
        h(
          'div',
          { class: 'inspect-views', role: 'group', 'aria-label': 'Look at' },
          ...Object.values(this.views),
        ),
        this.whole,
        this.crumbs,
        saveMenu(media, parts, () => (this.path ? this.node : null), signal),
        this.missed,
        problems(summary, (path) => {
          this.look('boxes');
          void this.select(path);
        }),
      ),
      this.panes,
      this.findings.element,
      this.compared,
    );
    this.look('boxes');
    const first = roots.find((node) => node.type === 'moov') ?? roots[0];
    if (place) void this.follow(place);
    else if (first) void this.select(first.path);
  }

  #panes() {
    const wide = window.matchMedia('(min-width: 1760px)');
    const panes = h('div', { class: 'panes' });
    const fields = h(
      'section',
      { class: 'pane pane-fields', 'aria-label': 'Fields' },
      this.about.element,
      this.about.texts,
      this.inside,
      this.fields.element,
    );
    const tree = { label: 'Width of the tree', property: '--tree', area: 'bar-x', upright: () => true };
    const shared = {
      label: 'Room for fields',
      property: '--fields',
      area: 'bar-y',
      upright: () => wide.matches,
    };
    panes.append(this.treePlace, splitter(panes, tree), fields, splitter(panes, shared), this.bytes.element);
    return panes;
  }

  /**
   * Goes where a link leads, or says that this file has no such place.
   * @param {Place} place
   */
  async follow(place) {
    if ('track' in place) {
      await this.#followSample(place);
      return;
    }
    const { box, byte } = place;
    this.look('boxes');
    const node = box ? await this.model.reveal(box) : await this.model.rootHolding(byte);
    const what = box ? `box ${box}` : `byte ${format.count(byte)}`;
    this.#miss(node ? '' : `The link leads to ${what}, which this file does not have.`);
    const to = node ?? this.model.roots[0];
    if (!node || !to) {
      if (to) await this.select(to.path);
      return;
    }
    const within = byte >= node.start && byte < node.start + node.size;
    if (box) await this.select(node.path, within ? byte : -1);
    else await this.goTo(byte);
  }

  /**
   * Goes to a sample that a link leads to. The box that is chosen below it is the first.
   * @param {SamplePlace} place
   */
  async #followSample(place) {
    const first = this.model.roots[0];
    if (first) await this.select(first.path);
    this.look('samples');
    const samples = this.#samplesShown();
    const missing = await samples.follow(place).catch((error) => faultOf(error).message);
    this.#miss(missing ? `The link leads to ${missing}` : '');
  }

  /** @param {string} sentence on what could not be shown; none when it is empty */
  #miss(sentence) {
    this.missed.textContent = sentence;
    this.missed.hidden = !sentence;
  }

  /**
   * Shows boxes, samples or findings. Bytes are shown beside boxes and samples.
   * @param {ViewName} view
   */
  look(view) {
    this.view = view;
    // What belongs to one of them alone is hidden by the style sheet.
    this.element.dataset['view'] = view;
    for (const [name, each] of Object.entries(this.views))
      setAttributes(each, { 'aria-pressed': String(name === view) });
    this.panes.hidden = view === 'findings' || view === 'compare';
    this.findings.element.hidden = view !== 'findings';
    this.compared.hidden = view !== 'compare';
    // Who leaves takes what was typed along.
    if (view !== 'compare') this.comparison?.keys.clear();
    if (view === 'findings') void this.findings.check();
    else if (view === 'compare') this.#seeComparison();
    else if (view === 'samples') void this.#seeSamples();
    else if (this.sample) {
      this.sample = null;
      const { path } = this;
      this.path = null;
      void this.select(path ?? '');
    }
  }

  /**
   * Takes part in the one tree of all files that were opened together, or in none.
   * @param {Joint | null} joint
   */
  join(joint) {
    this.joint = joint;
    this.whole.hidden = !joint;
    setText(this.whole, joint ? `One tree of ${format.counted(joint.count, 'file')}` : '');
    setAttributes(this.whole, { 'aria-pressed': String(joint?.on ?? false) });
    if (!joint?.on) this.place(this.tree.element);
  }

  /**
   * Puts a tree where the tree stands.
   * @param {HTMLElement} tree
   */
  place(tree) {
    if (this.treePlace.firstChild !== tree) this.treePlace.replaceChildren(tree);
  }

  #seeComparison() {
    if (!this.others || this.comparison) return;
    /** @type {Reach} */
    const reach = {
      box: (path, row, words) => void this.#reach({ path }, row).then(() => this.bytes.tell(words)),
      sample: (track, number) => {
        this.look('samples');
        this.#samplesShown()
          .goTo(track, number)
          .catch((error) => this.#miss(faultOf(error).message));
      },
    };
    this.comparison = new Compare(this.media, this.others, reach, this.gone.signal);
    this.compared.append(this.comparison.element);
  }

  /** Ends what is under way, and lets go of what would stay. */
  close() {
    this.gone.abort();
  }

  /**
   * Goes to where something was found.
   * @param {{ path?: string, offset?: number }} place
   * @param {number} [row] of the field
   */
  async #reach({ path, offset }, row) {
    this.look('boxes');
    if (path) await this.select(path, offset ?? -1, row);
    else await this.goTo(offset ?? 0);
    const tree = this.tree.element.querySelector('[tabindex="0"]');
    if (tree instanceof HTMLElement) tree.focus();
  }

  /** The sample that was opened last is opened again: its bytes gave way to those of a box. */
  async #seeSamples() {
    const samples = this.#samplesShown();
    if (!this.sample) await samples.again();
  }

  /** The samples, made when they are wanted first. */
  #samplesShown() {
    if (!this.samples) {
      this.samples = new Samples(this.media, (shown) => this.#showSample(shown), this.gone.signal);
      const rows = { label: 'Room for samples', property: '--samples', area: 'bar-s', upright: () => false };
      const one = { label: 'Width of the sample', property: '--sample', area: 'bar-d', upright: () => true };
      this.panes.append(
        this.samples.element,
        splitter(this.panes, rows),
        this.samples.detail.element,
        splitter(this.panes, one),
      );
    }
    return this.samples;
  }

  /** @param {Shown} shown */
  #showSample(shown) {
    // What comes late is shown with the table that it was chosen in.
    if (this.view !== 'samples') return;
    this.turn += 1;
    this.sample = shown;
    const type = `sample ${format.count(shown.number)}${shown.clear ? ', decrypted' : ''}`;
    this.bytes.open({ ...shown, type }, shown.clear);
    this.bytes.show(shown.lit, shown.cursor);
    if (shown.cursor >= 0) void this.#place(shown.cursor);
  }

  /** @param {number} offset */
  async #showSampleOf(offset) {
    this.look('samples');
    try {
      await this.#samplesShown().goToByte(offset);
    } catch (error) {
      this.#miss(faultOf(error).message);
    }
  }

  /**
   * Says which sample a byte of media data belongs to.
   * @param {number} offset
   */
  async #place(offset) {
    const { cursor } = this.bytes;
    try {
      const at = await this.media.sampleAt(offset, this.samples?.keys ?? []);
      if (cursor !== this.bytes.cursor) return;
      if (!at) this.bytes.tell('No sample has this byte.');
      else if (this.sample) this.bytes.tell(placeWords(at));
      else {
        this.bytes.tell(
          `${placeWords(at)} `,
          button('Show the sample', () => void this.#showSampleOf(offset), { class: 'link' }),
        );
      }
    } catch (error) {
      if (cursor === this.bytes.cursor) this.bytes.tell(faultOf(error).message);
    }
  }

  #jsonPath() {
    if (this.sample) return `$.tracks[?@.id == ${this.sample.track}].samples[${this.sample.number - 1}]`;
    return this.path ? jsonPath(this.path, this.field) : '$';
  }

  /**
   * Chooses a box, and in it a field or the byte to stand on.
   * @param {string} path empty for the file itself
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
    const node = path ? await this.model.reveal(path) : fileNode(this.media, '');
    if (!node || turn !== this.turn) return;
    this.path = path;
    this.field = undefined;
    this.node = node;
    this.at = -1;
    this.tree.show(path);
    this.joint?.show(path);
    this.bytes.open(node);
    this.#crumb(path);
    void this.#measure(node, turn);
    /** @type {BoxView} */
    let view;
    try {
      view = path ? await this.media.box(path, { from: 0, count: PAGE }) : noFields(node);
    } catch (error) {
      if (turn !== this.turn) return;
      this.about.unreadable(node, error);
      this.inside.hidden = true;
      this.fields.open(noFields(node));
      return;
    }
    if (turn !== this.turn) return;
    this.about.describe(view);
    this.fields.open(view);
    await this.#list(view, turn);
  }

  /**
   * Lists the boxes in a box that has nothing else.
   * @param {BoxView} view
   * @param {number} turn
   */
  async #list({ node, fieldCount }, turn) {
    this.inside.hidden = fieldCount > 0 || node.childCount === 0;
    this.inside.replaceChildren();
    if (this.inside.hidden) return;
    const inside = await this.#boxesIn(node);
    if (turn === this.turn)
      this.inside.replaceChildren(boxInside(node, inside, (path) => void this.select(path)));
  }

  /** @param {BoxNode} node a box, or the file */
  async #boxesIn(node) {
    return node.path ? this.model.ensureChildren(node) : this.model.roots;
  }

  /**
   * Chooses the top-level box that holds a byte.
   * @param {number} offset
   */
  async #pick(offset) {
    this.look('boxes');
    // Behind the last box there may be bytes that are none.
    const root = (await this.model.rootHolding(offset)) ?? this.model.roots.at(-1);
    if (root) await this.select(root.path);
  }

  /** @param {number} offset anywhere in the file */
  async goTo(offset) {
    if (this.view === 'samples' && (await this.samples?.goToByte(offset).catch(() => false))) return;
    this.look('boxes');
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
    if (this.sample) {
      await this.samples?.goToByte(offset).catch((error) => say(faultOf(error).message));
      return;
    }
    const turn = this.turn;
    const index = await this.fields.find(offset);
    if (turn !== this.turn) return;
    if (index >= 0) await this.#chooseField(index, offset);
    else if (!this.path) await this.goTo(offset);
    else {
      const node = await this.model.reveal(this.path);
      if (!node || turn !== this.turn) return;
      const inner = await this.model.innermost(node, offset);
      if (inner.path === this.path) this.#point(null, offset);
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
    this.#point(field ?? null, offset);
  }

  /**
   * @param {FieldRow | null} field
   * @param {number} offset
   */
  #point(field, offset) {
    this.at = offset >= 0 ? offset : (field?.start ?? -1);
    this.field = field?.name;
    this.bytes.show(field, offset);
    this.bytes.tell('');
    if (offset >= 0 && /(^|\/)(mdat|imda)(\[\d+\])?$/.test(this.path ?? '')) void this.#place(offset);
  }

  /**
   * @param {BoxNode} node
   * @param {number} turn
   */
  async #measure(node, turn) {
    const root = this.model.rootAt(node.start);
    const above = node.path.includes('/') ? node.path.slice(0, node.path.lastIndexOf('/')) : '';
    const holder = node.childCount > 0 || !above ? node : await this.model.reveal(above);
    const inside = holder ? await this.#boxesIn(holder) : [];
    if (turn === this.turn) this.ruler.show(node, root, holder, inside);
  }

  /** @param {string} path */
  #crumb(path) {
    const steps = path ? path.split('/') : [];
    const items = steps.map((step, index) => {
      const here = steps.slice(0, index + 1).join('/');
      const last = index === steps.length - 1;
      const item = button(step, () => void this.select(here), {
        class: 'crumb',
        'aria-current': last ? 'true' : null,
      });
      return h('li', {}, item);
    });
    this.crumbs.hidden = !path;
    this.crumbs.replaceChildren(
      h('ol', {}, ...items),
      copyButton('path', () => path),
      copyButton('link', () => linkTo({ box: path, byte: this.at }, location.href), undefined, 'Copy link'),
    );
  }
}
