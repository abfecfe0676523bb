/** One polite voice for people who listen to the page. */

import { byId } from './dom.js';

/** @param {string} sentence */
export function say(sentence) {
  const region = byId('live', HTMLElement);
  region.textContent = '';
  // A later turn, so that the same sentence twice is still a change.
  setTimeout(() => {
    region.textContent = sentence;
  }, 50);
}
