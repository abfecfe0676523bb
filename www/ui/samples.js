/** The samples of a file: the table of a track, one sample opened, and going to a number, a time or a byte. */

/** @import { Timeline } from './timeline.js' */
/** @import { Media, SampleAt, SampleRow, SourceKeyRequest, Track } from '../types.d.ts' */

import { faultOf } from './fault.js';
import { button, h, setAttributes } from './dom.js';
import * as format from './format.js';
import { say } from './live.js';
import { SampleDetail } from './sample-detail.js';
import { SampleTable } from './sample-table.js';

/**
 * The bytes of a sample.
 * @typedef {object} Shown
 * @property {number} track
 * @property {number} number of the sample
 * @property {number} start
 * @property {number} size
 * @property {{ start: number, end: number }} lit those of a unit, or all
 * @property {number} cursor the byte to stand on; none when negative
 * @property {Uint8Array | null} clear what they are decrypted
 */

export class Samples {
  /**
   * @param {Media} media
   * @param {(shown: Shown) => void} show called with the bytes of the chosen sample
   */
  constructor(media, show) {
    this.media = media;
    this.showBytes = show;
    this.tracks = media.tracks().filter(({ sampleCount }) => sampleCount > 0);
    this.track = this.tracks[0]?.id ?? 0;
    /** Counts selections, so that answers which come late are dropped. */
    this.turn = 0;
    /** @type {SampleRow | null} */
    this.chosen = null;
    /** @type {Uint8Array | null} */
    this.clear = null;
    /** @type {SourceKeyRequest[]} */
    this.keys = [];
    /** @type {Timeline | null} */
    this.timeline = null;
    this.choice = h(
      'select',
      { 'aria-label': 'Track' },
      ...this.tracks.map((track) => h('option', { value: track.id }, trackWords(track))),
    );
    this.choice.addEventListener('change', () => this.openTrack(Number(this.choice.value)));
    this.by = h(
      'select',
      { 'aria-label': 'Go to a sample by' },
      h('option', { value: 'number' }, 'number'),
      h('option', { value: 'time' }, 'seconds'),
      h('option', { value: 'offset' }, 'offset'),
    );
    this.where = h('input', {
      type: 'text',
      class: 'mono goto',
      'aria-label': 'Sample number, time in seconds, or offset in the file',
      autocomplete: 'off',
      spellcheck: 'false',
    });
    const go = h(
      'form',
      { class: 'goto-form' },
      this.by,
      this.where,
      h('button', { type: 'submit', class: 'button small' }, 'Go'),
    );
    go.addEventListener('submit', (event) => {
      event.preventDefault();
      void this.#go();
    });
    this.table = new SampleTable(
      media,
      (row) => void this.#open(row, -1),
      (problems) => {
        this.problems.replaceChildren(...problems.map((problem) => h('p', {}, problem)));
        this.problems.hidden = problems.length === 0;
      },
    );
    this.problems = h('div', { class: 'sample-problems fault-line', role: 'status', hidden: true });
    this.detail = new SampleDetail(
      (start, end) => this.#unit(start, end),
      (key) => void this.#decrypt(key),
    );
    this.toTimeline = button('Timeline', () => void this.#seeTimeline(), {
      class: 'button small',
      'aria-pressed': 'false',
    });
    this.element = h(
      'section',
      { class: 'pane pane-samples', 'aria-label': 'Samples' },
      h('div', { class: 'pane-head sample-bar' }, this.choice, go, this.toTimeline),
      this.problems,
      this.table.element,
    );
    if (this.tracks.length) this.openTrack(this.track);
    else {
      const none = h('p', { class: 'quiet sample-none' }, 'This file has no samples.');
      this.table.element.replaceWith(none);
    }
  }

  /** @param {number} id */
  openTrack(id) {
    this.track = id;
    this.choice.value = String(id);
    const track = this.tracks.find((one) => one.id === id);
    this.table.open(id, track?.sampleCount ?? 0);
  }

  /** Shows the timeline below the table, or no longer; it is fetched when it is wanted first. */
  async #seeTimeline() {
    try {
      if (!this.timeline) {
        const { Timeline, styled } = await import('./timeline.js');
        await styled;
        this.timeline ??= new Timeline(this.media, (track, number) => void this.goTo(track, number));
        this.element.after(this.timeline.element);
        this.timeline.element.hidden = true;
      }
      const shown = this.timeline.element.hidden;
      this.timeline.element.hidden = !shown;
      setAttributes(this.toTimeline, { 'aria-pressed': String(shown) });
    } catch (error) {
      say(faultOf(error, 'fetch').message);
    }
  }

  async #go() {
    const { value } = this.where;
    const number =
      this.by.value === 'offset' ? format.parseOffset(value) : Number(value.replace(/[,\s]/g, ''));
    const bad = number === null || !value.trim() || !Number.isFinite(number);
    setAttributes(this.where, { 'aria-invalid': bad ? 'true' : null });
    if (bad || number === null) {
      say('Give a number.');
      return;
    }
    try {
      if (this.by.value === 'offset') {
        if (!(await this.goToByte(number))) say(`No sample has byte ${format.count(number)}.`);
      } else if (this.by.value === 'time') {
        const found = await this.media.sampleAtTime(this.track, number);
        if (found !== null) await this.table.pick(found - 1);
      } else if (number < 1 || number > this.table.count) {
        setAttributes(this.where, { 'aria-invalid': 'true' });
        say(`The track has ${format.counted(this.table.count, 'sample')}.`);
      } else await this.table.pick(Math.floor(number) - 1);
    } catch (error) {
      say(faultOf(error).message);
    }
  }

  /**
   * Chooses a sample by its number, from 1.
   * @param {number} track
   * @param {number} number
   */
  async goTo(track, number) {
    if (track !== this.track) this.openTrack(track);
    await this.table.pick(number - 1);
  }

  /**
   * Chooses the sample that has a byte; says whether one has it.
   * @param {number} offset
   */
  async goToByte(offset) {
    const turn = ++this.turn;
    const at = await this.media.sampleAt(offset, this.keys);
    if (!at || turn !== this.turn) return Boolean(at);
    if (at.track !== this.track) this.openTrack(at.track);
    void this.table.pick(at.sample.number - 1, true);
    await this.#open(at.sample, offset);
    return true;
  }

  /**
   * @param {SampleRow} row
   * @param {number} cursor the byte to stand on; none when negative
   */
  async #open(row, cursor) {
    const turn = ++this.turn;
    const { track } = this;
    this.chosen = row;
    try {
      const view = await this.media.sample(track, row.number, this.keys);
      if (turn !== this.turn) return;
      this.clear = view.clear;
      this.detail.open(track, view);
      this.detail.mark(cursor);
    } catch (error) {
      if (turn !== this.turn) return;
      this.clear = null;
      this.detail.fail(faultOf(error).message);
    }
    const { start, size, number } = row;
    const lit = (cursor < 0 ? undefined : this.detail.unitAt(cursor)) ?? row;
    this.showBytes({
      track,
      number,
      start,
      size,
      lit: { start: lit.start, end: lit.start + lit.size },
      cursor,
      clear: this.clear,
    });
  }

  /**
   * @param {number} start
   * @param {number} end
   */
  #unit(start, end) {
    if (!this.chosen) return;
    void this.#open(this.chosen, start);
    say(`Bytes ${format.byteRange(start, end)}`);
  }

  /** @param {string} key */
  async #decrypt(key) {
    const row = this.chosen;
    if (!row?.encryption) return;
    const { kid } = row.encryption;
    const others = this.keys.filter((known) => known.kid !== (kid ?? undefined));
    const before = this.keys;
    this.keys = key ? [...others, kid ? { kid, key } : { track: this.track, key }] : others;
    try {
      // A key that cannot be read is told here, and forgotten.
      await this.media.sample(this.track, row.number, this.keys);
    } catch (error) {
      this.keys = before;
      this.detail.fail(faultOf(error).message);
      return;
    }
    await this.#open(row, -1);
  }
}

/** @param {Track} track */
function trackWords({ id, kind, codecName, sampleCount }) {
  return `${id}: ${kind}, ${codecName}, ${format.counted(sampleCount, 'sample')}`;
}

/**
 * What a byte of media data is, as one sentence.
 * @param {SampleAt} at
 */
export function placeWords({ track, timescale, sample, inside, encrypted, unit, unitNumber }) {
  const time = (sample.composition / (timescale || 1)).toFixed(3);
  const what = unit ? `unit ${unitNumber}, ${unit.name}${unit.slice ? ` (${unit.slice})` : ''}; ` : '';
  const state = encrypted ? 'encrypted' : 'clear';
  return (
    `Track ${track}, sample ${format.count(sample.number)} at ${time} s${sample.sync ? ' (sync)' : ''}: ${what}` +
    `byte ${format.count(inside)} of ${format.count(sample.size)}, ${state}.`
  );
}
