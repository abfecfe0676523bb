/** The fragments or segments that a manifest lists: a quality is chosen, and of its rows those in view are made. */

/** @import { IndexedTrack, ManifestTrack, SegmentPlace } from '../types.d.ts' */

import { readSegmentIndex } from '../boxlock.js';
import { button, freshId, h, setAttributes } from './dom.js';
import { faultOf } from './fault.js';
import * as format from './format.js';
import { VirtualRows } from './virtual.js';

/**
 * One row. `number` is the one that the manifest counts with; `time` is in ticks, with all its digits.
 * @typedef {{ number: number, time: string, seconds: number, lasts: number | null, place: SegmentPlace }} Segment
 */

/**
 * `there`: the file is wanted that has the segment, at its first box.
 * @typedef {{ init: SegmentPlace | null, segment: Segment | null, place: SegmentPlace, track: ManifestTrack, there: boolean }} Chosen
 */

/**
 * What lists the segments of a quality that is one file, by the index in it; `list` says when it begins to read, and null where
 * nobody chose a file. `ready` is whether it may be asked without being told to.
 * @typedef {{ label: string, ready: (track: ManifestTrack) => boolean,
 *   list: (track: ManifestTrack, begun: () => void) => Promise<IndexedTrack | null> }} Lister
 */

const COLUMNS = /** @type {const} */ ([
  ['number', 'Number'],
  ['time', 'Begins'],
  ['lasts', 'Lasts'],
  ['size', 'Size'],
  ['range', 'Bytes'],
  ['address', 'Address'],
]);

/** @param {ManifestTrack} track */
export const countOf = ({ runs }) => runs.reduce((sum, { count }) => sum + count, 0);

/**
 * A segment by its place among all, from 0.
 * @param {ManifestTrack} track
 * @param {number} index
 * @returns {Segment | null}
 */
export function segmentAt(track, index) {
  const { runs, timescale, shift, template, listed, firstNumber } = track;
  let before = 0;
  for (const run of runs) {
    if (index < before + run.count) {
      const ticks = BigInt(run.time) + BigInt(run.duration) * BigInt(index - before);
      const number = firstNumber + index;
      const time = String(ticks);
      const known = listed[index];
      const place = known ?? { address: addressOf(template, time, number), range: null };
      // Ticks of live presentations count from 1970 on: whole seconds first, so that no digit is lost.
      const scale = BigInt(timescale);
      const seconds = Number(ticks / scale) + Number(ticks % scale) / timescale + shift;
      return { number, time, seconds, lasts: run.duration ? run.duration / timescale : null, place };
    }
    before += run.count;
  }
  return null;
}

/**
 * @param {string} template
 * @param {string} time
 * @param {number} number
 */
const addressOf = (template, time, number) =>
  template.replace(/\$(Time|Number)?(?:%0(\d{1,2})d)?\$/g, (_, name, width) => {
    if (!name) return '$';
    return (name === 'Time' ? time : String(number)).padStart(Number(width ?? 0), '0');
  });

/** The name of the file behind an address, as it stands on the disk. @param {string} address */
export function nameIn(address) {
  const name = address.replace(/[?#].*$/s, '').replace(/^.*\//s, '');
  try {
    return decodeURIComponent(name);
  } catch {
    return name;
  }
}

/**
 * Lists the segments of files that are here, by the names that the manifest says.
 * @param {readonly File[]} files
 * @param {() => Promise<File | null>} [choose] another one, where somebody may
 * @returns {Lister}
 */
export function listerOf(files, choose) {
  const found = (/** @type {ManifestTrack} */ { file }) =>
    files.find(({ name }) => name === nameIn(file?.address ?? ''));
  return {
    label: 'List its segments of a file',
    ready: (track) => !!found(track),
    async list(track, begun) {
      const file = found(track) ?? (await choose?.());
      if (!file) return null;
      begun();
      return readSegmentIndex(track, file);
    },
  };
}

/** @param {SegmentPlace} place */
const rangeWords = ({ range }) => (range ? `${range.start}-${range.end - 1}` : '');

/** What an index said, beside its segments. @param {ManifestTrack | IndexedTrack} track */
function indexWords(track) {
  if (!('found' in track) || !track.found.at) return '';
  const { at, indexes, deeper, left } = track.found;
  const range = { start: at.start, end: at.end };
  return [
    `Listed by its index (sidx), bytes ${rangeWords({ address: '', range })}`,
    indexes > 1
      ? ` and ${format.counted(indexes - 1, 'further index', 'further indexes')} that it leads to`
      : '',
    '.',
    deeper
      ? ` ${format.counted(deeper, 'index', 'indexes')} a level further down ${deeper === 1 ? 'is' : 'are'} not followed: the segments in ${deeper === 1 ? 'it' : 'them'} are not in this list.`
      : '',
    left ? ` ${format.count(left)} more are left out, because there are too many.` : '',
  ].join('');
}

/** @param {ManifestTrack} track */
function trackWords(track) {
  const { kind, name, bitrate, file } = track;
  const count = countOf(track);
  return [
    name && name !== kind ? `${kind} ${name}` : kind,
    bitrate ? format.bitrate(bitrate) : '',
    file && !count ? 'one file' : format.counted(count, 'segment'),
  ]
    .filter(Boolean)
    .join(', ');
}

export class SegmentTable {
  /**
   * @param {readonly ManifestTrack[]} tracks
   * @param {((chosen: Chosen) => void) | null} open opens what was chosen; none where it can only be looked at
   * @param {Lister | null} [lister] for qualities that are one file
   */
  constructor(tracks, open, lister = null) {
    this.tracks = [...tracks];
    this.open = open;
    this.lister = lister;
    this.id = freshId('segments');
    this.chosen = -1;
    this.choice = h(
      'select',
      { 'aria-label': 'Quality' },
      ...tracks.map((track, at) => h('option', { value: at }, trackWords(track))),
    );
    this.choice.addEventListener('change', () => this.#show());
    this.whole = h('p', { class: 'segment-whole' });
    this.listed = h('p', { class: 'segment-whole', role: 'status' });
    this.there = h(
      'select',
      {},
      h('option', { value: 'segment' }, 'the segment, with what initializes players'),
      h('option', { value: 'file' }, 'the file, at the segment'),
    );
    this.ways = h('label', { class: 'segment-whole segment-ways' }, 'A row opens ', this.there);
    this.rows = new VirtualRows({
      rowHeight: 26,
      create: () =>
        h(
          'div',
          { role: 'row', class: 'virtual-row grid-row segment-row' },
          ...COLUMNS.map(([name]) => h('span', { role: 'gridcell', class: `segment-${name}` })),
        ),
      draw: (row, index) => this.#draw(row, index),
      head: h(
        'div',
        { role: 'row', class: 'segment-row grid-head segment-head', 'aria-rowindex': 1 },
        ...COLUMNS.map(([name, title]) =>
          h('span', { role: 'columnheader', class: `segment-${name}` }, title),
        ),
      ),
      attributes: { role: 'grid', tabindex: 0, 'aria-label': 'Segments', class: 'virtual segment-table' },
    });
    const { element } = this.rows;
    setAttributes(element, { 'aria-colcount': COLUMNS.length });
    element.addEventListener('keydown', (event) => this.#key(event));
    element.addEventListener('click', (event) => {
      const row = /** @type {Element} */ (event.target).closest('[data-index]');
      if (!(row instanceof HTMLElement)) return;
      this.#choose(Number(row.dataset['index']));
      this.#open();
    });
    this.hint = h('p', { class: 'hint' }, open ? 'Click a row, or press Enter on it, to open it.' : '');
    this.element = h(
      'section',
      { class: 'segments pane', 'aria-label': 'Segments of the manifest' },
      h('div', { class: 'pane-head' }, h('h2', { class: 'pane-title' }, 'Segments'), this.choice),
      this.whole,
      this.listed,
      this.ways,
      element,
      open ? this.hint : null,
    );
    this.#show();
  }

  get track() {
    return /** @type {ManifestTrack} */ (this.tracks[Number(this.choice.value)]);
  }

  #show() {
    const { track } = this;
    this.chosen = -1;
    const count = countOf(track);
    const { file, init } = track;
    const element = this.rows.element;
    element.hidden = count === 0;
    this.hint.hidden = count === 0;
    setAttributes(element, { 'aria-rowcount': count + 1, 'aria-activedescendant': null });
    this.rows.toTop();
    this.rows.setCount(count);
    this.rows.element.style.setProperty('--rows', String(count + 1));
    this.ways.hidden = !file || !this.open || count === 0;
    this.listed.hidden = !file;
    this.listed.replaceChildren(indexWords(track));
    if (file && count === 0 && !('found' in track)) this.#offer(track);
    const place = file ?? init;
    const { open } = this;
    const what = file ? 'The quality is one file: ' : 'Its initialization segment: ';
    this.whole.hidden = !place;
    if (!place) return;
    const words = [place.address || 'the manifest’s own address', rangeWords(place)]
      .filter(Boolean)
      .join(', bytes ');
    const link = h('button', { type: 'button', class: 'link' }, words);
    link.addEventListener('click', () => open?.({ init: null, segment: null, place, track, there: false }));
    this.whole.replaceChildren(what, open ? link : h('code', {}, words));
  }

  /** Lists the segments of a quality that is one file, or offers to. @param {ManifestTrack} track */
  #offer(track) {
    const { lister } = this;
    if (!lister) return;
    if (lister.ready(track)) {
      void this.#list(track);
      return;
    }
    const ask = button(lister.label, () => void this.#list(track), { class: 'button small' });
    this.listed.replaceChildren(ask);
  }

  /** @param {ManifestTrack} track */
  async #list(track) {
    const { lister } = this;
    const at = this.tracks.indexOf(track);
    const kept = [...this.listed.childNodes];
    const begun = () => this.track === track && this.listed.replaceChildren('Reading its index…');
    try {
      const found = await lister?.list(track, begun);
      if (found && at >= 0) {
        this.tracks[at] = found;
        const option = this.choice.options[at];
        if (option) option.textContent = trackWords(found);
        if (Number(this.choice.value) === at) this.#show();
        return;
      }
      if (this.track === track) this.listed.replaceChildren(...kept);
    } catch (error) {
      if (this.track !== track) return;
      const again = button('Try again', () => void this.#list(track), { class: 'button small' });
      this.listed.replaceChildren(
        h('span', { class: 'fault-line' }, faultOf(error, 'fetch').message),
        ' ',
        again,
      );
    }
  }

  /** @param {number} index */
  #choose(index) {
    this.chosen = index;
    this.rows.reveal(index);
    setAttributes(this.rows.element, { 'aria-activedescendant': `${this.id}-${index}` });
    this.rows.refresh();
  }

  #open() {
    const { track } = this;
    const segment = segmentAt(track, this.chosen);
    const there = !!track.file && this.there.value === 'file';
    if (segment) this.open?.({ init: track.init, segment, place: segment.place, track, there });
  }

  /**
   * @param {HTMLElement} row
   * @param {number} index
   */
  #draw(row, index) {
    const segment = segmentAt(this.track, index);
    row.id = `${this.id}-${index}`;
    row.dataset['index'] = String(index);
    const chosen = index === this.chosen;
    row.className = `virtual-row grid-row segment-row${chosen ? ' chosen' : ''}`;
    setAttributes(row, { 'aria-rowindex': index + 2, 'aria-selected': String(chosen) });
    if (!segment) return;
    const { number, seconds, lasts, place, time } = segment;
    const texts = [
      String(number),
      `${seconds.toFixed(3)} s`,
      lasts === null ? '' : `${Number(lasts.toFixed(3))} s`,
      place.range ? format.bytes(place.range.end - place.range.start) : '',
      rangeWords(place),
      place.address,
    ];
    texts.forEach((text, column) => {
      const cell = row.children[column];
      if (cell && cell.textContent !== text) cell.textContent = text;
    });
    setAttributes(row, { title: `Tick ${time}` });
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    const count = countOf(this.track);
    if (event.altKey || event.metaKey || event.ctrlKey || !count) return;
    const at = this.chosen;
    const page = this.rows.visibleRows - 1;
    const targets = /** @type {Record<string, number>} */ ({
      ArrowDown: at + 1,
      ArrowUp: at - 1,
      PageDown: at + page,
      PageUp: at - page,
      Home: 0,
      End: count - 1,
    });
    const target = targets[event.key];
    if (event.key === 'Enter' && at >= 0) this.#open();
    else if (target === undefined) return;
    else this.#choose(Math.max(0, Math.min(count - 1, target)));
    event.preventDefault();
  }
}
