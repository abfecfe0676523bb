/** What a typed address says, as far as it may be shown: without what is behind its question mark. */

import { asError } from '../files/faults.js';

const LOOPBACK = /^(localhost|.*\.localhost|127(\.\d+){3}|\[::1\])$/;

/**
 * @param {string} code
 * @param {string} message
 */
const refuse = (code, message) => asError({ code, message });

/**
 * Reads an address that somebody typed.
 * @param {string} typed
 * @param {string} page the address of the page
 * @returns {URL}
 */
export function addressOf(typed, page) {
  const text = typed.trim();
  if (!text) throw refuse('no-address', 'Paste the address of a file or a manifest.');
  const url = URL.canParse(text) ? new URL(text) : null;
  if (!url || !/^https?:$/.test(url.protocol))
    throw refuse(
      'no-address',
      'This is no address that can be opened here. Paste the whole one, from https:// to its end.',
    );
  if (url.username || url.password)
    throw refuse(
      'has-password',
      'The address has a name or a password in it, which this page does not send. Use one that whoever has it may read.',
    );
  if (url.protocol === 'http:' && new URL(page).protocol === 'https:' && !LOOPBACK.test(url.hostname))
    throw refuse(
      'mixed-content',
      'The address begins with http://, and browsers do not let a page that came by https read it. Try it with https://, or save the file to this computer and open it on the main page.',
    );
  url.hash = '';
  return url;
}

/** @param {string} part */
function decoded(part) {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

/**
 * What the file is called: the last part of the path, and of a Smooth presentation that of its folder.
 * @param {URL} url
 */
export function nameOf(url) {
  const parts = url.pathname.split('/').filter(Boolean).map(decoded);
  const last = parts.at(-1) ?? url.host;
  const folder = parts.at(-2);
  return /^manifest(\(.*\))?$/i.test(last) && folder ? `${folder}/${last}` : last;
}

/**
 * As it is shown: without a query, of which is said that there is one.
 * @param {URL} url
 */
export const shownOf = (url) => `${url.origin}${decoded(url.pathname)}${url.search ? '?…' : ''}`;

const LINK = '#url=';

/**
 * The address in a link to the page; null where it has none.
 * @param {string} hash
 */
export function linkedAddress(hash) {
  return hash.startsWith(LINK) ? decoded(hash.slice(LINK.length)) : null;
}

/**
 * A link to the page that opens an address. It stands behind #, so that no server is sent it.
 * @param {URL} url
 * @param {string} page
 */
export function linkTo(url, page) {
  const link = new URL(page);
  link.search = '';
  link.hash = `${LINK}${encodeURIComponent(url.href)}`;
  return link.href;
}
