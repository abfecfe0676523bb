/** Two lines of the result that come only when asked for: the key, which is secret, and the SHA-256, which takes time. */

/** @import { ProtectResult } from '../types.d.ts' */

import { copyButton } from './copy.js';
import { button, h } from './dom.js';
import { faultOf } from './fault.js';
import { say } from './live.js';

/**
 * @param {string} key
 * @param {string} name for people who cannot see what it stands beside
 * @param {() => void} copied
 */
export function keyRow(key, name, copied) {
  const dots = '•'.repeat(32);
  const value = h('code', { class: 'key-value', 'aria-hidden': 'true' }, dots);
  const spoken = h('span', { class: 'unseen' }, 'hidden');
  let shown = false;
  const toggle = () => {
    shown = !shown;
    show.textContent = shown ? 'Hide key' : 'Show key';
    show.classList.toggle('on', shown);
    value.textContent = shown ? key : dots;
    value.setAttribute('aria-hidden', String(!shown));
    spoken.hidden = shown;
  };
  const show = button('Show key', toggle, { class: 'copy show-key' });
  const copy = copyButton(name, () => key, copied);
  return h('div', {}, term('Content key', 'keep it secret'), h('dd', {}, value, spoken, show, copy));
}

/**
 * `fill` computes the sum, or waits for it when it is on its way.
 * @param {ProtectResult} result
 * @param {AbortSignal} signal
 */
export function hashRow(result, signal) {
  const place = h('dd', {});
  /** @type {Promise<string> | null} */
  let job = null;

  const compute = async () => {
    const bar = h('progress', { max: 1, value: 0, 'aria-label': 'Computing SHA-256' });
    place.replaceChildren(bar);
    const sum = await result.sha256({
      signal,
      onProgress: ({ done, total }) => {
        bar.value = total ? done / total : 0;
      },
    });
    const copy = copyButton('SHA-256', () => sum);
    place.replaceChildren(h('code', { id: 'sha256' }, sum), copy);
    say('SHA-256 computed');
    return sum;
  };
  const fill = () => {
    job ??= compute().catch((error) => {
      job = null;
      place.replaceChildren(h('span', { class: 'field-fault' }, faultOf(error).message), ask());
      throw error;
    });
    return job;
  };
  const ask = () =>
    button('Compute', () => void fill().catch(() => {}), {
      class: 'copy',
      id: 'compute-hash',
      'aria-label': 'Compute SHA-256',
    });

  // A file that is nowhere to be read again had its sum taken on the way.
  if (result.place === 'downloads') void fill();
  else place.append(ask());
  return { row: h('div', {}, term('SHA-256', 'of the file that was made'), place), fill };
}

/**
 * @param {string} name
 * @param {string} note
 */
function term(name, note) {
  return h('dt', {}, name, h('span', { class: 'hint' }, note));
}
