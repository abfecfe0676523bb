/**
 * What a pasted address says: where it leads, what it allows, and until when. Its signature goes into the addresses of
 * requests and into nothing else: it is not shown, not kept, and in no sentence.
 */

import { asError } from '../files/faults.js';
import { AzurePlace } from './azure-place.js';
import { S3Parts, S3Place } from './s3-place.js';
import { parametersOf } from './url-parts.js';

/** @typedef {AzurePlace | S3Place | S3Parts} Place */

/** One line of what an address says. @typedef {{ name: string, value: string, good?: boolean }} Fact */

/**
 * Hosts as a policy can name them: letters, digits, dots and dashes. A wildcard, or a sign that ends a directive, is
 * none; neither is an address of IPv6, which no policy can name.
 */
const ORIGIN = /^https?:\/\/[a-z\d]([a-z\d.-]*[a-z\d])?(:\d+)?$/;
const LOOPBACK = /^(localhost|127(\.\d+){3})$/;

/**
 * Whether a policy can name this origin and no other by it.
 * @param {string} origin
 */
export const isNameable = (origin) => ORIGIN.test(origin);

/**
 * @param {string} code
 * @param {string} message
 */
const refuse = (code, message) => asError({ code, message });

/** @param {string} text */
function addressOf(text) {
  let url;
  try {
    url = new URL(text);
  } catch {
    throw refuse(
      'no-address',
      'This is no address. Paste the whole one, from https:// to the end, with its signature.',
    );
  }
  if (url.protocol !== 'https:' && !(url.protocol === 'http:' && LOOPBACK.test(url.hostname)))
    throw refuse(
      'not-https',
      'The address does not begin with https://. Its signature could be read on the way: ask for one that does.',
    );
  if (url.username || url.password)
    throw refuse('has-password', 'The address has a name or a password in it. Paste one with a signature.');
  if (!isNameable(url.origin))
    throw refuse(
      'host-form',
      `The page’s policy cannot name the host ${url.host.slice(0, 80)} and no other. Use an address whose host has letters, digits, dots and dashes alone.`,
    );
  return url;
}

/**
 * Each line, or each text of JSON, is an address: one in quotation marks, as programs print it, or a list. Objects may have them as `url`, lists as `parts` or `urls`.
 * @param {string} text
 * @returns {string[]}
 */
function addressesIn(text) {
  if (!/^[[{"]/.test(text)) return text.split(/\s+/).filter(Boolean);
  let found;
  try {
    found = JSON.parse(text);
  } catch {
    throw refuse('bad-list', 'This begins like JSON, but is none. Paste the list as it was given to you.');
  }
  /** @type {string[]} */
  const all = [];
  const walk = (/** @type {unknown} */ value) => {
    if (typeof value === 'string' && /^https?:/i.test(value)) all.push(value);
    else if (value && typeof value === 'object') Object.values(value).forEach(walk);
  };
  walk(found);
  return all;
}

/**
 * `BlobEndpoint=https://…;SharedAccessSignature=…`, as the portal gives it beside the address.
 * @param {string} text
 */
function fromConnectionString(text) {
  /** @param {string} name */
  const part = (name) => new RegExp(`(?:^|;)\\s*${name}=([^;]+)`, 'i').exec(text)?.[1]?.trim();
  const endpoint = part('BlobEndpoint');
  const signature = part('SharedAccessSignature');
  return endpoint && signature
    ? `${endpoint.replace(/\/?$/, '/')}?${signature.replace(/^\?/, '')}`
    : undefined;
}

/**
 * @param {string} pasted
 * @returns {Place}
 */
export function takeApart(pasted) {
  const text = pasted.trim();
  if (!text) throw refuse('no-address', 'Paste the address to upload to.');
  if (/AccountKey=|^[A-Za-z\d+/]{86}==$/i.test(text))
    throw refuse(
      'account-key',
      'This holds the key of a storage account, which opens all that is in it: do not paste it anywhere. Make a SAS for one container with it, and paste that.',
    );
  const [first = '', ...more] = addressesIn(fromConnectionString(text) ?? text);
  if (more.length > 0) return new S3Parts([first, ...more].map(addressOf));
  const url = addressOf(first);
  const has = parametersOf(url);
  if (has.has('sig') && (has.has('sv') || has.has('si'))) return new AzurePlace(url);
  if (has.has('uploadid'))
    throw refuse(
      'one-part',
      'This is the address of one part of an upload. Paste those of all parts together, one to a line, and the one that completes it.',
    );
  if (has.has('x-amz-signature') || has.has('x-goog-signature') || has.has('signature'))
    return new S3Place(url);
  if (/\.blob\./.test(url.hostname))
    throw refuse(
      'no-signature',
      'The address has no SAS: nothing stands behind its question mark that allows an upload. Generate a SAS for the container or the blob, with the rights read, create and write, and paste the whole address.',
    );
  throw refuse(
    'no-signature',
    'The address has no signature that allows an upload. Paste a SAS URL of Azure Blob Storage, or a presigned URL of an S3-style storage.',
  );
}
