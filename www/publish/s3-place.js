/** Places in S3-style storage, by presigned addresses: one for the whole file, or one for each part. */

import { asError } from '../files/faults.js';
import { span } from './azure-place.js';
import { decoded, parametersOf } from './url-parts.js';

/** @import { Fact } from './address.js' */

/** Most bytes of one request, and what parts must have, as S3 has it. */
export const PUT_MAX = 5 * 2 ** 30;
export const PART_MIN = 5 * 2 ** 20;
const PARTS_MAX = 10_000;

/**
 * When a presigned address ends, in ms; null when it does not say.
 * @param {URL} url
 */
function expiryOf(url) {
  const all = parametersOf(url);
  const get = (/** @type {string} */ name) => all.get(name) ?? '';
  const date = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(get('x-amz-date') || get('x-goog-date'));
  const length = Number(get('x-amz-expires') || get('x-goog-expires'));
  if (date && length > 0) {
    const [year = 0, month = 1, ...rest] = date.slice(1).map(Number);
    return Date.UTC(year, month - 1, ...rest) + length * 1000;
  }
  const seconds = Number(get('expires'));
  return seconds > 0 ? seconds * 1000 : null;
}

/**
 * @param {number | null} expires
 * @param {number} now
 * @returns {Fact}
 */
const ending = (expires, now) =>
  expires === null
    ? { name: 'Ends', value: 'it does not say' }
    : expires <= now
      ? { name: 'Ended', value: span(now - expires, '', ' ago'), good: false }
      : { name: 'Ends', value: span(expires - now, 'in '), good: true };

const ENDED = 'The address has ended. Ask for a new one, and paste it here.';

/** One place for one file, which its address names. */
class Signed {
  open = /** @type {const} */ (false);

  /**
   * @param {URL} url
   * @param {number | null} expires
   */
  constructor(url, expires) {
    this.origin = url.origin;
    this.host = url.host;
    this.path = url.pathname;
    this.given = decoded(url.pathname.split('/').at(-1) ?? '');
    this.expires = expires;
  }

  where() {
    return this.origin + this.path;
  }

  /** The path, for a person. */
  get file() {
    return this.path.split('/').map(decoded).join('/');
  }

  /** @param {number} now */
  blocked(now) {
    return this.expires !== null && this.expires <= now ? ENDED : null;
  }
}

/** One address for the whole file. */
export class S3Place extends Signed {
  kind = /** @type {const} */ ('s3');
  #url;

  /** @param {URL} url */
  constructor(url) {
    super(url, expiryOf(url));
    this.#url = url.href;
    /** Whether its signature covers what kind of file it is: then that has to be sent as it was signed. */
    this.signsType = /(^|;)content-type(;|$)/i.test(parametersOf(url).get('x-amz-signedheaders') ?? '');
  }

  url() {
    return this.#url;
  }

  /** @param {number} now @returns {Fact[]} */
  facts(now) {
    return [
      { name: 'Storage', value: this.host },
      { name: 'Is for', value: 'one upload of the whole file' },
      { name: 'File', value: this.file },
      ending(this.expires, now),
    ];
  }

  notes() {
    const notes = [
      'The file goes in one request. When that is cut, it starts from the beginning; what stands under this name is replaced only when all has arrived.',
      'The address allows writing alone, so nothing can be read back with it. The page looks whether the file can be had without a signature.',
    ];
    if (this.signsType)
      notes.push(
        'The type of the file is signed too: it is sent as video/mp4, and refused if another was signed.',
      );
    return notes;
  }

  /** @param {number} size */
  tooLarge(size) {
    return size > PUT_MAX
      ? `The file has ${(size / 1e9).toFixed(2)} GB, and one request may have 5.37 GB. Ask for the addresses of a multipart upload, or use a script.`
      : null;
  }
}

/** An address for each part, and one that completes the upload where it was given. */
export class S3Parts extends Signed {
  kind = /** @type {const} */ ('s3-parts');
  /** @type {string[]} */
  #parts;
  /** @type {string | null} */
  #complete;

  /** @param {URL[]} urls */
  constructor(urls) {
    const numbered = urls.map((url) => ({ url, number: Number(parametersOf(url).get('partnumber')) || 0 }));
    const parts = numbered.filter(({ number }) => number > 0).sort((one, two) => one.number - two.number);
    const others = numbered.filter(({ number }) => number === 0);
    const [first] = parts;
    if (!first)
      throw refuse(
        'no-parts',
        'None of these addresses is that of a part: they have no partNumber. Paste one address, or those of all parts.',
      );
    const uploads = new Set(
      urls.map((url) => `${url.origin}${url.pathname} ${parametersOf(url).get('uploadid')}`),
    );
    if (uploads.size > 1)
      throw refuse(
        'mixed-parts',
        'These addresses belong to different uploads or files. Paste those of one upload.',
      );
    parts.forEach(({ number }, at) => {
      if (number !== at + 1)
        throw refuse(
          'missing-part',
          `The addresses of parts are not 1 to ${parts.length} without a gap: where number ${at + 1} should be, there is ${number}. Paste them all.`,
        );
    });
    if (parts.length > PARTS_MAX)
      throw refuse('many-parts', `An upload has at most ${PARTS_MAX} parts, and these are ${parts.length}.`);
    if (others.length > 1)
      throw refuse(
        'mixed-parts',
        'More than one of these addresses is not that of a part. Paste those of the parts and the one that completes the upload.',
      );
    const ends = urls.map(expiryOf).filter((end) => end !== null);
    super(first.url, ends.length ? Math.min(...ends) : null);
    this.#parts = parts.map(({ url }) => url.href);
    this.#complete = others[0]?.url.href ?? null;
    this.count = parts.length;
    this.completes = this.#complete !== null;
  }

  /** @param {number} index */
  part(index) {
    return this.#parts[index] ?? '';
  }

  complete() {
    return this.#complete;
  }

  /** @param {number} now @returns {Fact[]} */
  facts(now) {
    return [
      { name: 'Storage', value: this.host },
      { name: 'Is for', value: `an upload in at most ${this.count} parts` },
      { name: 'File', value: this.file },
      {
        name: 'Completes it',
        value: this.completes ? 'this page' : 'whoever signed the addresses',
        good: this.completes,
      },
      ending(this.expires, now),
    ];
  }

  notes() {
    const notes = [
      'Parts that have arrived stay while this page is open. When it is closed, the upload starts from the beginning; nothing is visible before it is completed.',
    ];
    if (!this.completes)
      notes.push(
        'No address completes the upload. The page gives you the list of parts for whoever signed them.',
      );
    return notes;
  }

  /** @param {number} size */
  tooLarge(size) {
    const most = this.count * PUT_MAX;
    return size > most
      ? `The file has ${(size / 1e9).toFixed(2)} GB, and ${this.count} parts may have ${(most / 1e9).toFixed(2)} GB. Ask for more parts.`
      : null;
  }
}

/**
 * @param {string} code
 * @param {string} message
 */
const refuse = (code, message) => asError({ code, message });
