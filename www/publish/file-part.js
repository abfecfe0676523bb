/** The file to upload: taken, looked at, and refused unless it is protected. */

/** @import { Media, Progress, Summary, Track } from '../types.d.ts' */

import { open } from '../boxlock.js';
import { chooseFiles, handleOf } from '../files/pick.js';
import { button, h, setText } from '../ui/dom.js';
import { faultOf } from '../ui/fault.js';
import * as format from '../ui/format.js';
import { say } from '../ui/live.js';
import { paced } from '../ui/pace.js';
import { openSentence, refusal } from './accept.js';
import { fromStorage, handedOver, LocalFile } from './local-file.js';

const KINDS = { video: 'Picture', audio: 'Sound', text: 'Text', other: 'Other data' };

export class FilePart {
  /** The file that may be uploaded. @type {LocalFile | null} */
  taken = null;
  #stop = new AbortController();
  #place = h('div', { class: 'step-body' });

  /**
   * @param {HTMLElement} element
   * @param {HTMLInputElement} input
   * @param {() => void} changed
   */
  constructor(element, input, changed) {
    this.input = input;
    this.changed = changed;
    element.append(this.#place);
    this.#none();
    const handed = handedOver(location.hash);
    if (handed) void this.#takeStored(handed);
  }

  /** While a file is on its way it stays. @param {boolean} on */
  lock(on) {
    for (const each of this.#place.querySelectorAll('button')) each.disabled = on;
  }

  choose() {
    void chooseFiles(this.input, (files) => void this.take(files));
  }

  /** @param {readonly File[]} files */
  async take(files) {
    const [file] = files;
    if (!file) return;
    if (files.length > 1) {
      this.#none(
        `${files.length} files were given.`,
        'Files are uploaded one at a time. Give the one protected MP4 that is to be published.',
      );
      return;
    }
    await this.#look(new LocalFile(file, file.name, await handleOf(file)));
  }

  /** @param {{ stored: string, name: string }} handed */
  async #takeStored({ stored, name }) {
    try {
      const { file, handle } = await fromStorage(stored);
      await this.#look(new LocalFile(file, name, handle));
    } catch (error) {
      this.#none(`${name} was not found.`, faultOf(error).message);
    }
  }

  /** @param {LocalFile} local */
  async #look(local) {
    this.#stop.abort();
    const stop = new AbortController();
    this.#stop = stop;
    this.taken = null;
    this.changed();
    this.#reading(local);
    /** @type {Media | undefined} */
    let media;
    try {
      media = await open(local.file, {
        name: local.name,
        signal: stop.signal,
        onProgress: paced((/** @type {Progress} */ { done, total }) => this.#progress?.(done, total), 60),
      });
      const refused = refusal(media.summary(), media.tracks());
      if (!refused) await local.open();
      if (stop.signal.aborted) return;
      if (refused) {
        this.#none(`${local.name} is not taken.`, refused);
        return;
      }
      this.taken = local;
      this.#show(local, media.summary(), media.tracks());
      say(`${local.name} is protected and can be uploaded.`);
    } catch (error) {
      if (stop.signal.aborted) return;
      this.#none(`${local.name} was not opened.`, faultOf(error).message);
    } finally {
      media?.close();
      if (!stop.signal.aborted) this.changed();
    }
  }

  /** @type {((done: number, total: number) => void) | undefined} */
  #progress;

  /** @param {LocalFile} local */
  #reading(local) {
    const bar = h('progress', { max: 1, value: 0, 'aria-label': `Reading ${local.name}` });
    const line = h('p', { class: 'quiet' }, 'Reading …');
    this.#progress = (done, total) => {
      bar.value = total ? done / total : 0;
      setText(line, `${format.bytes(done)} of ${format.bytes(total)}`);
    };
    const cancel = () => {
      this.#stop.abort();
      this.#none();
    };
    this.#place.replaceChildren(
      h('p', {}, h('strong', {}, `Looking at ${local.name}`)),
      bar,
      line,
      h('p', {}, button('Cancel', cancel, { class: 'button small' })),
    );
  }

  /**
   * @param {string} [title] of why there is none
   * @param {string} [message]
   */
  #none(title, message) {
    this.#place.replaceChildren(
      ...(title
        ? [h('div', { class: 'notice', role: 'alert' }, h('strong', {}, title), h('p', {}, message ?? ''))]
        : []),
      h(
        'div',
        { class: 'drop-area small-drop' },
        h('p', { class: 'drop-lead' }, 'Drop a protected file'),
        h(
          'p',
          { class: 'drop-actions' },
          button('Choose a file', () => this.choose(), { id: 'choose-file', class: 'button' }),
        ),
        h('p', { class: 'drop-kinds' }, 'One MP4 of any size, as Boxlock or another packager made it.'),
      ),
    );
  }

  /**
   * @param {LocalFile} local
   * @param {Summary} summary
   * @param {readonly Track[]} tracks
   */
  #show(local, summary, tracks) {
    const { protection } = summary;
    const open = openSentence(tracks);
    this.#place.replaceChildren(
      h(
        'div',
        { class: 'taken' },
        h('p', { class: 'taken-name' }, local.name),
        h(
          'p',
          { class: 'quiet' },
          [
            format.bytes(local.size),
            summary.duration ? format.duration(summary.duration) : '',
            protection?.scheme ?? '',
          ]
            .filter(Boolean)
            .join(' · '),
        ),
        h(
          'ul',
          { class: 'taken-tracks' },
          ...tracks.map((track) =>
            h(
              'li',
              {},
              h(
                'span',
                { class: track.protection ? 'badge locked' : 'badge open' },
                track.protection ? 'protected' : 'open',
              ),
              `${KINDS[track.kind]}, ${track.codecName}`,
            ),
          ),
        ),
        open ? h('p', { class: 'warning' }, open) : null,
        h(
          'p',
          {},
          button('Choose another file', () => this.choose(), { class: 'button small' }),
        ),
      ),
    );
  }
}
