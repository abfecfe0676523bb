/** A place in Azure Blob Storage, by a SAS. */

import { asError } from '../files/faults.js';
import { decoded, encoded, parametersOf } from './url-parts.js';

/** @import { Fact } from './address.js' */

/** What each letter of `sp` allows. */
const RIGHTS = {
  r: 'read',
  c: 'create',
  w: 'write',
  a: 'add',
  d: 'delete',
  x: 'delete versions',
  y: 'delete for good',
  l: 'list',
  t: 'tags',
  f: 'find by tags',
  m: 'move',
  e: 'execute',
  o: 'own',
  p: 'set permissions',
  i: 'set immutability',
  u: 'update',
};
/** All that an upload has a use for. */
const USED = 'rcwa';

/** Kinds of SAS by `sr`. */
const KINDS = { b: 'one blob', c: 'a container', d: 'a folder of a container' };

/** What is no part of the SAS, though it may have been pasted with it. */
const OF_REQUESTS = /^(comp|restype|blockid|blocklisttype|timeout|prefix|delimiter|include|marker)$/i;

const MIB = 2 ** 20;
/** Most bytes of a block, and of a blob in one request, by service version. */
const LIMITS = /** @type {const} */ ([
  ['2019-12-12', { block: 4000 * MIB, put: 5000 * MIB }],
  ['2016-05-31', { block: 100 * MIB, put: 256 * MIB }],
  ['', { block: 4 * MIB, put: 64 * MIB }],
]);

/** @param {string} version of the service */
export const limitsOf = (version) => (LIMITS.find(([since]) => version >= since) ?? LIMITS[2])[1];

export class AzurePlace {
  kind = /** @type {const} */ ('azure');
  #query;

  /** @param {URL} url */
  constructor(url) {
    const all = parametersOf(url);
    const get = (/** @type {string} */ name) => all.get(name) ?? '';
    this.#query = url.search
      .slice(1)
      .split('&')
      .filter((pair) => pair && !OF_REQUESTS.test(pair.split('=')[0] ?? ''))
      .join('&');
    this.origin = url.origin;
    this.host = url.host;
    const path = url.pathname.split('/').filter(Boolean).map(decoded);
    // Of an emulator, or a storage reached by number, the account comes first in the path.
    const byPath = /^(localhost|[\d.]+)$/.test(url.hostname);
    this.account = byPath ? (path.shift() ?? '') : (url.hostname.split('.')[0] ?? '');
    this.container = path.shift() ?? '';
    this.byPath = byPath;
    const resource = get('sr');
    const ofAccount = !resource && get('srt') !== '';
    if (ofAccount && !/b/.test(get('ss')))
      throw refuse('wrong-service', 'The SAS is for another service of the account. Ask for one for blobs.');
    if (ofAccount && !/o/.test(get('srt')))
      throw refuse(
        'wrong-resource',
        'The SAS of the account does not allow objects (srt=o), and so no upload. Ask for one for the container.',
      );
    if (resource && !(resource in KINDS))
      throw refuse(
        'wrong-resource',
        `The SAS is for a snapshot or a version of a blob (sr=${resource.slice(0, 8)}), which nothing can be written to. Ask for one for the container or the blob.`,
      );
    if (!this.container)
      throw refuse(
        'no-container',
        'The address names no container. Its name belongs between the host and the question mark.',
      );
    const ofBlob = resource === 'b';
    const ofFolder = resource === 'd' || (!ofBlob && url.pathname.endsWith('/'));
    /** What names may be put below: '' or a folder that ends in '/'. */
    this.folder = ofFolder ? path.map((part) => `${part}/`).join('') : '';
    /** The name that the address gives, '' when one is to be chosen. */
    this.given = ofFolder ? '' : path.join('/');
    if (ofBlob && !this.given)
      throw refuse(
        'no-blob',
        'The SAS is for one blob, but the address ends before its name. Paste the whole address.',
      );
    /** Whether one can be chosen. */
    this.open = !this.given;
    this.kindName = ofAccount
      ? 'the whole account'
      : (KINDS[/** @type {'b'} */ (resource)] ?? 'as its policy says');
    /** Null where a stored access policy says it. @type {string | null} */
    this.rights = all.get('sp') ?? null;
    this.version = get('sv');
    this.starts = time(get('st'));
    this.expires = time(get('se'));
    this.addresses = get('sip');
    if (get('spr') === 'https' && url.protocol === 'http:')
      throw refuse('not-https', 'The SAS is for https alone, and the address begins with http. Change that.');
    if (!this.may('w') && !this.may('c'))
      throw refuse(
        'no-write',
        `The SAS does not allow writing: its rights are ${this.#rightNames() || 'none'}. Ask for one with read, create and write (sp=rcw).`,
      );
    if (!this.may('w'))
      throw refuse(
        'no-write',
        'The SAS allows creating but not writing, and blocks need that. Ask for one with read, create and write (sp=rcw).',
      );
  }

  /**
   * Whether the SAS allows this, as far as it says.
   * @param {string} right
   */
  may(right) {
    return this.rights === null || this.rights.includes(right);
  }

  /** Most bytes of a block. */
  get blockMax() {
    return limitsOf(this.version).block;
  }

  #rightNames() {
    const names = [...(this.rights ?? '')].map((letter) => RIGHTS[/** @type {'r'} */ (letter)] ?? letter);
    return names.join(', ');
  }

  /**
   * Why there can be no blob of this name; null when there can.
   * @param {string} name
   */
  refuses(name) {
    const whole = this.folder + name;
    if (!name) return 'Say how the file is to be called there.';
    if (whole.length > 1024) return 'The name is too long: 1024 characters are the most.';
    if (/[\\\p{Cc}\p{Cs}]/u.test(whole))
      return 'The name has a sign that Azure changes or refuses: \\ or a control character.';
    if (/(^|\/)\.{1,2}(\/|$)/.test(whole))
      return 'The name has a part that is . or .., which browsers leave out. Take that away.';
    if (/[./]$/.test(whole) || /(^|\/)\/|^\//.test(whole))
      return 'The name begins with /, ends with . or /, or has // in it. Take that away.';
    return null;
  }

  /**
   * Where a file of this name will be, without the SAS.
   * @param {string} name
   */
  where(name) {
    const parts = [
      ...(this.byPath ? [this.account] : []),
      this.container,
      ...(this.folder + name).split('/'),
    ];
    return `${this.origin}/${parts.map(encoded).join('/')}`;
  }

  /**
   * The address of a request.
   * @param {string} name
   * @param {string} [more] of the query: 'comp=block&blockid=…'
   */
  url(name, more = '') {
    return `${this.where(name)}?${this.#query}${more ? `&${more}` : ''}`;
  }

  /**
   * What the SAS says, for a person.
   * @param {number} now
   * @returns {Fact[]}
   */
  facts(now) {
    const { rights } = this;
    const past = this.expires !== null && this.expires <= now;
    const early = this.starts !== null && this.starts > now;
    return [
      { name: 'Storage account', value: this.account },
      { name: 'Container', value: this.container + (this.folder && `, folder ${this.folder}`) },
      { name: 'Is for', value: this.kindName },
      {
        name: 'Allows',
        value: rights === null ? 'what its stored access policy says' : this.#rightNames(),
        good: this.may('r') && this.may('w'),
      },
      ...(early ? [{ name: 'Begins', value: span((this.starts ?? now) - now, 'in '), good: false }] : []),
      {
        name: past ? 'Ended' : 'Ends',
        value:
          this.expires === null
            ? 'as its stored access policy says'
            : past
              ? span(now - this.expires, '', ' ago')
              : span(this.expires - now, 'in '),
        good: !past,
      },
      { name: 'Service version', value: this.version },
      ...(this.addresses ? [{ name: 'Only from', value: this.addresses }] : []),
    ];
  }

  /**
   * What is to be known before anything begins.
   * @param {number} now
   * @returns {string[]}
   */
  notes(now) {
    const notes = [];
    if (!this.may('r'))
      notes.push(
        'The SAS does not allow reading. The upload works, but it cannot go on after this page is closed, and nothing can be read back to verify it. With the right to read (sp=rcw) both can be.',
      );
    const extra = [...(this.rights ?? '')].filter((letter) => !USED.includes(letter));
    if (extra.length > 0)
      notes.push(
        `The SAS allows more than an upload needs: ${extra.map((letter) => RIGHTS[/** @type {'r'} */ (letter)] ?? letter).join(', ')}. Whoever gets hold of it can do that too; sp=rcw is enough.`,
      );
    if (this.kindName === 'the whole account')
      notes.push(
        'The SAS is for the whole account. One for the container would do, and lose less if it is lost.',
      );
    if (this.expires !== null && this.expires > now && this.expires - now < 3600e3)
      notes.push(
        `The SAS ends ${span(this.expires - now, 'in ')}. Should that be too soon, paste a new one then: the upload goes on where it stopped.`,
      );
    return notes;
  }

  /**
   * Why nothing can begin now; null when it can.
   * @param {number} now
   */
  blocked(now) {
    if (this.expires !== null && this.expires <= now)
      return 'The SAS has ended. Ask for a new one, and paste it here.';
    if (this.starts !== null && this.starts > now + 300e3)
      return `The SAS begins only ${span(this.starts - now, 'in ')}. Wait for that, or check this computer’s clock.`;
    return null;
  }
}

/**
 * @param {string} code
 * @param {string} message
 */
const refuse = (code, message) => asError({ code, message });

/** @param {string} text ISO 8601 */
function time(text) {
  const found = Date.parse(text);
  return Number.isNaN(found) ? null : found;
}

/**
 * 'in 3 hours', '2 days ago'.
 * @param {number} ms
 * @param {string} before
 * @param {string} [after]
 */
export function span(ms, before, after = '') {
  const minutes = Math.max(0, Math.floor(ms / 60e3));
  const [value, unit] =
    minutes < 1
      ? [Math.max(0, Math.floor(ms / 1e3)), 'second']
      : minutes < 120
        ? [minutes, 'minute']
        : minutes < 2880
          ? [Math.floor(minutes / 60), 'hour']
          : [Math.floor(minutes / 1440), 'day'];
  return `${before}${value} ${unit}${value === 1 ? '' : 's'}${after}`;
}
