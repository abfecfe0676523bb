/** The samples of a file: the table of a track, one sample opened, and going to a number, a time or a byte. */

/** @import { SamplePlace } from './place.js' */
/** @import { Media, SampleAt, SampleRow, SourceKeyRequest, Track } from '../types.d.ts' */

import { faultOf } from './fault.js';
import { button, h, setAttributes } from './dom.js';
import { download, sampleBytes } from './export-samples.js';
import * as format from './format.js';
import { Gop } from './gop.js';
import { say } from './live.js';
import { SampleDetail } from './sample-detail.js';
import { SampleTable, time } from './sample-table.js';
import { Timeline } from './timeline.js';

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
   * @param {AbortSignal} gone when the file is closed
   */
  constructor(media, show, gone) {
    this.media = media;
    this.gone = gone;
    this.showBytes = show;
    this.tracks = media.tracks().filter(({ sampleCount }) => sampleCount > 0);
    this.track = this.tracks[0]?.id ?? 0;
    /** Counts selections, so that answers which come late are dropped. */
    this.turn = 0;
    /** The sample that is open: another track may be listed since. @type {{ track: number, row: SampleRow } | null} */
    this.chosen = null;
    /** @type {SourceKeyRequest[]} */
    this.keys = [];
    /** @type {Timeline | null} */
    this.timeline = null;
    /** What stands around the chosen sample, with the timeline. @type {Gop | null} */
    this.gop = null;
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
      (row) => void this.#open({ track: this.track, row }, -1),
      (problems) => {
        this.problems.replaceChildren(...problems.map((problem) => h('p', {}, problem)));
        this.problems.hidden = problems.length === 0;
      },
    );
    this.problems = h('div', { class: 'sample-problems fault-line', role: 'status', hidden: true });
    this.fault = h('p', { class: 'sample-problems fault-line', role: 'status', hidden: true });
    this.detail = new SampleDetail(
      (start, end) => this.#unit(start, end),
      (key) => void this.#decrypt(key),
      () => void this.#save(),
    );
    this.toTimeline = button('Timeline', () => this.#seeTimeline(), {
      class: 'button small',
      'aria-pressed': 'false',
    });
    this.element = h(
      'section',
      { class: 'pane pane-samples', 'aria-label': 'Samples' },
      h('div', { class: 'pane-head sample-bar' }, this.choice, go, this.toTimeline),
      this.fault,
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

  /** Shows what stands around the chosen sample, where the timeline is seen: nothing is read for what is not. */
  #seeAround() {
    if (this.chosen && this.timeline?.element.hidden === false)
      void this.gop?.show(this.chosen.track, this.chosen.row.number);
  }

  /** Shows the timeline below the table, or no longer. */
  #seeTimeline() {
    if (!this.timeline) {
      const choose = (/** @type {number} */ track, /** @type {number} */ number) =>
        void this.goTo(track, number);
      this.timeline = new Timeline(this.media, choose, this.gone);
      this.gop = new Gop(this.media, choose, this.gone);
      this.timeline.element.append(this.gop.element);
      this.detail.element.before(this.timeline.element);
      this.timeline.element.hidden = true;
    }
    const shown = this.timeline.element.hidden;
    this.timeline.element.hidden = !shown;
    this.#seeAround();
    setAttributes(this.toTimeline, { 'aria-pressed': String(shown) });
  }

  /** @param {string} sentence on what was asked for; none when it is empty */
  #tell(sentence) {
    this.fault.textContent = sentence;
    this.fault.hidden = !sentence;
  }

  async #go() {
    this.#tell('');
    const { value } = this.where;
    const number =
      this.by.value === 'offset' ? format.parseOffset(value) : Number(value.replace(/[,\s]/g, ''));
    const bad = number === null || !value.trim() || !Number.isFinite(number);
    setAttributes(this.where, { 'aria-invalid': bad ? 'true' : null });
    if (bad || number === null) {
      this.#tell('Give a number.');
      return;
    }
    try {
      if (this.by.value === 'offset') {
        if (!(await this.goToByte(number))) this.#tell(`No sample has byte ${format.count(number)}.`);
      } else if (this.by.value === 'time') {
        const { track } = this;
        const found = await this.media.sampleAtTime(track, number);
        if (found === null) this.#tell(`No sample of track ${track} is there at ${format.count(number)} s.`);
        else await this.goTo(track, found);
      } else if (number < 1 || number > this.table.count) {
        setAttributes(this.where, { 'aria-invalid': 'true' });
        this.#tell(`The track has ${format.counted(this.table.count, 'sample')}.`);
      } else await this.table.pick(Math.floor(number) - 1);
    } catch (error) {
      this.#tell(faultOf(error).message);
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
   * Chooses the sample that a link leads to; says what this file does not have of it, or nothing.
   * @param {SamplePlace} place
   */
  async follow(place) {
    const { track } = place;
    const known = this.tracks.find(({ id }) => id === track);
    if (!known) return `track ${track}, which has no samples in this file.`;
    if ('time' in place) {
      const found = await this.media.sampleAtTime(track, place.time);
      if (found === null) return `${place.time} s of track ${track}, at which it has no sample.`;
      await this.goTo(track, found);
    } else if (place.sample > known.sampleCount)
      return `sample ${format.count(place.sample)} of track ${track}, which has ${format.count(known.sampleCount)}.`;
    else await this.goTo(track, place.sample);
    return '';
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
    await this.#open({ track: at.track, row: at.sample }, offset);
    return true;
  }

  /** Shows the bytes of the chosen sample once more, if one is chosen. */
  async again() {
    if (this.chosen) await this.#open(this.chosen, -1);
  }

  /**
   * @param {NonNullable<Samples['chosen']>} chosen
   * @param {number} cursor the byte to stand on; none when negative
   */
  async #open(chosen, cursor) {
    const turn = ++this.turn;
    const { track, row } = chosen;
    this.chosen = chosen;
    let clear = null;
    try {
      const view = await this.media.sample(track, row.number, this.keys);
      if (turn !== this.turn) return;
      ({ clear } = view);
      this.detail.open(track, view);
      this.detail.mark(cursor);
    } catch (error) {
      if (turn !== this.turn) return;
      this.detail.refuse(track, row.number, faultOf(error).message);
    }
    const { start, size, number } = row;
    this.#seeAround();
    const lit = (cursor < 0 ? undefined : this.detail.unitAt(cursor)) ?? row;
    this.showBytes({
      track,
      number,
      start,
      size,
      lit: { start: lit.start, end: lit.start + lit.size },
      cursor,
      clear,
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

  /** The bytes of the open sample as a file: as they are shown. */
  async #save() {
    if (!this.chosen) return;
    const { track, row } = this.chosen;
    try {
      const view = await this.media.sample(track, row.number, this.keys);
      const bytes = view.clear ?? (await sampleBytes(this.media, row, this.gone));
      const stem = this.media.name.replace(/\.[^.]*$/, '');
      const name = `${stem}.track${track}.sample${row.number}${view.clear ? '.clear' : ''}.bin`;
      download(new Blob([/** @type {Uint8Array<ArrayBuffer>} */ (bytes)]), name);
      say(`${format.exactBytes(bytes.length)} went to your downloads as ${name}.`);
    } catch (error) {
      this.detail.fail(faultOf(error).message);
    }
  }

  /** @param {string} key */
  async #decrypt(key) {
    const { chosen } = this;
    if (!chosen?.row.encryption) return;
    const { track, row } = chosen;
    const { kid } = chosen.row.encryption;
    const own = kid ? { kid, key } : { track, key };
    const others = this.keys.filter((known) => (kid ? known.kid !== kid : known.track !== track));
    const keys = key ? [...others, own] : others;
    try {
      // A key that cannot be read is told here, and not kept.
      await this.media.sample(track, row.number, keys);
    } catch (error) {
      if (chosen === this.chosen) this.detail.fail(faultOf(error).message);
      return;
    }
    this.keys = keys;
    // Another may have been chosen meanwhile, and is shown anew with the key.
    if (this.chosen) await this.#open(this.chosen, -1);
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
  const what = unit ? `unit ${unitNumber}, ${unit.name}${unit.slice ? ` (${unit.slice})` : ''}; ` : '';
  const state = encrypted ? 'encrypted' : 'clear';
  return (
    `Track ${track}, sample ${format.count(sample.number)} at ${time(sample.composition, timescale)}${sample.sync ? ' (sync)' : ''}: ${what}` +
    `byte ${format.count(inside)} of ${format.count(sample.size)}, ${state}.`
  );
}
