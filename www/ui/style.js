/** Styles of what is shown later: who shows it waits for them. */

import { h } from './dom.js';

/** @type {Map<string, Promise<unknown>>} */
const added = new Map();

/** @param {string} path from this file */
export function addStyle(path) {
  const style = added.get(path) ?? fetchStyle(path);
  added.set(path, style);
  return style;
}

/** @param {string} path */
function fetchStyle(path) {
  const link = h('link', { rel: 'stylesheet', href: new URL(path, import.meta.url).href });
  return new Promise((resolve, reject) => {
    link.addEventListener('load', resolve);
    link.addEventListener('error', () => reject(new Error(`${path} was not found`)));
    document.head.append(link);
  });
}
