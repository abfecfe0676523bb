/** What can be taken out of the inspector: a box as a file or a page, the tree and the samples as JSON or CSV. */

/** @import { BoxNode, Media } from '../types.d.ts' */

import { button, h } from './dom.js';
import { boxBytes, download, partName, treeText } from './export-tree.js';
import { samplesText } from './export-samples.js';
import { faultOf } from './fault.js';
import * as format from './format.js';
import { boxPage } from './inspect-page.js';
import { say } from './live.js';

/**
 * @param {Media} media
 * @param {readonly Blob[]} parts of the open file
 * @param {() => BoxNode | null} chosen
 * @param {AbortSignal} gone when the file is closed
 */
export function saveMenu(media, parts, chosen, gone) {
  const told = h('p', { class: 'quiet save-told', role: 'status', hidden: true });
  /** @type {AbortController | null} */
  let running = null;
  const stop = button('Stop', () => running?.abort(), { class: 'link', hidden: true });

  gone.addEventListener('abort', () => running?.abort());

  /** @param {string} text */
  const tell = (text) => {
    told.textContent = text;
    told.hidden = !text;
  };

  /** @param {(signal: AbortSignal) => Promise<string>} job answers what to say at its end */
  async function run(job) {
    if (running) return;
    const stopper = new AbortController();
    begin(stopper);
    try {
      tell(await job(stopper.signal));
    } catch (error) {
      tell(stopper.signal.aborted ? 'Stopped; nothing was saved.' : faultOf(error).message);
    }
    begin(null);
    if (gone.aborted) return;
    say(told.textContent ?? '');
  }

  /** @param {AbortController | null} stopper of what runs now */
  function begin(stopper) {
    running = stopper;
    stop.hidden = !stopper;
  }

  const box = () =>
    run(async (signal) => {
      const node = chosen();
      if (!node) return 'Choose a box first.';
      const bytes = await boxBytes(media, parts, node, signal);
      if (!bytes)
        return `This box has ${format.bytes(node.size)}, which is too much to put together from several files.`;
      const name = `${partName(media.name, node.path)}.bin`;
      download(bytes, name);
      return `${format.exactBytes(bytes.size)} went to your downloads as ${name}.`;
    });

  const page = () =>
    run(async (signal) => {
      const node = chosen();
      if (!node) return 'Choose a box first.';
      const text = await boxPage(media, node, signal);
      const name = `${partName(media.name, node.path)}.html`;
      download(new Blob([text], { type: 'text/html' }), name);
      return `The box went to your downloads as ${name}. Open it to print it.`;
    });

  /** @param {'json' | 'csv'} form */
  const samples = (form) =>
    run(async (signal) => {
      const { text, done, problems } = await samplesText(media, form, {
        signal,
        onProgress: (done) => tell(`${format.counted(done, 'sample')} listed so far…`),
      });
      const name = `${media.name.replace(/\.[^.]*$/, '')}.samples.${form}`;
      download(text, name);
      return [`${format.counted(done, 'sample')} went to your downloads as ${name}.`, ...problems].join(' ');
    });

  /** @param {'json' | 'csv'} form */
  const tree = (form) =>
    run(async (signal) => {
      const text = await treeText(media, form, {
        signal,
        onProgress: (done) => tell(`${format.counted(done, 'box', 'boxes')} listed so far…`),
      });
      const name = `${partName(media.name, '')}.${form}`;
      download(text, name);
      return `The tree went to your downloads as ${name}.`;
    });

  const menu = h(
    'details',
    { class: 'save-menu' },
    h('summary', {}, 'Save'),
    h(
      'div',
      { class: 'save-choices' },
      button('This box as a file', () => void box(), { class: 'link save-box' }),
      button('This box as a page to print', () => void page(), { class: 'link save-box' }),
      button('The tree as JSON', () => void tree('json'), { class: 'link' }),
      button('The tree as CSV', () => void tree('csv'), { class: 'link' }),
      button('The samples as JSON', () => void samples('json'), { class: 'link' }),
      button('The samples as CSV', () => void samples('csv'), { class: 'link' }),
      stop,
      told,
    ),
  );
  // It stands over the panes: it goes when something else is wanted, but not while it has something to tell.
  const close = (/** @type {Event} */ { target }) => {
    if (!running && target instanceof Node && !menu.contains(target)) menu.open = false;
  };
  window.addEventListener('pointerdown', close, { signal: gone });
  menu.addEventListener('keydown', ({ key }) => {
    if (key !== 'Escape' || !menu.open) return;
    menu.open = false;
    menu.querySelector('summary')?.focus();
  });
  return menu;
}
