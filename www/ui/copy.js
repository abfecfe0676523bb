/** The small button beside every id. */

import { button } from './dom.js';
import { say } from './live.js';

/**
 * @param {string} what named for people who cannot see what it stands beside: 'KID'
 * @param {() => string} value asked for at the moment of copying
 * @param {() => void} [copied] told when it is in the clipboard
 * @param {string} [label] where others stand beside it
 */
export function copyButton(what, value, copied, label = 'Copy') {
  const element = button(label, () => void copy(), { class: 'copy', 'aria-label': `Copy ${what}` });
  let timer = 0;

  async function copy() {
    const done = await writeText(value());
    element.textContent = done ? 'Copied' : 'Not allowed';
    element.classList.toggle('done', done);
    if (done) copied?.();
    say(done ? `${what} copied` : `${what} could not be copied`);
    clearTimeout(timer);
    timer = window.setTimeout(() => {
      element.textContent = label;
      element.classList.remove('done');
    }, 1600);
  }
  return element;
}

/** @param {string} text */
async function writeText(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return false;
  }
}
