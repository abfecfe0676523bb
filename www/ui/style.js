/** Styles of what is shown later: who shows it waits for them. */

import { h } from './dom.js';

/** @type {Map<string, Promise<unknown>>} */
const added = new Map();

/** @param {URL} address */
export function addStyle({ href }) {
  const style = added.get(href) ?? fetchStyle(href);
  added.set(href, style);
  return style;
}

/** @param {string} href */
function fetchStyle(href) {
  const link = h('link', { rel: 'stylesheet', href });
  return new Promise((resolve, reject) => {
    link.addEventListener('load', resolve);
    link.addEventListener('error', () => reject(new Error(`${href} was not found`)));
    document.head.append(link);
  });
}
