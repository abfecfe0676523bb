/**
 * An upload to Azure Blob Storage: what is there is asked first, blocks are sent, and one request at the end makes them a
 * blob. Before that one nothing is visible there.
 */

import { faultOf, isGood, meaningOf, textOf } from './answers.js';
import { arrived, blockBytes, blockId, blockList, cut, probeId, readBack, readBlockList } from './blocks.js';
import { askAsPlayer, verify } from './read-back.js';
import { failure, once, stopped, transfer } from './transfer.js';
import { encoded } from './url-parts.js';

/** @import { AzurePlace } from './azure-place.js' */
/** @import { Part } from './blocks.js' */
/** @import { Send, Source } from './read-back.js' */
/** @import { Means } from './transfer.js' */

/**
 * What an upload tells on its way: a sentence on what was found, and how far it is; and what it asks.
 * @typedef {object} Told
 * @property {(line: string) => void} found
 * @property {(stage: 'upload' | 'finish' | 'verify', done: number, total: number) => void} progress
 * @property {() => Promise<boolean>} ask whether to replace what has this name
 */

/**
 * @typedef {object} Done
 * @property {string} url without a signature
 * @property {string} readBack what was read back, as a sentence; empty when nothing was
 * @property {boolean} verified
 * @property {import('./read-back.js').Playable | null} player
 * @property {import('./read-back.js').Playable | null} signed with the SAS
 * @property {{ number: number, etag: string }[]} [parts] for whoever completes the upload
 */

export const TYPE = 'video/mp4';

/**
 * What a blob says of itself: its type, and the name under which it is saved.
 * @param {string} name
 */
export function blobHeaders(name) {
  const last = name.split('/').at(-1) ?? name;
  const plain = last.replace(/[^\x20-\x7e]|["\\%]/g, '_');
  return {
    'x-ms-blob-content-type': TYPE,
    'x-ms-blob-content-disposition': `attachment; filename="${plain}"; filename*=UTF-8''${encoded(last)}`,
  };
}

const RANGE_HEADERS = { range: 'bytes=0-0' };

export class AzureUpload {
  /** Parts that have arrived. @type {Set<number>} */
  #have = new Set();
  #replace = false;

  /**
   * @param {object} what
   * @param {AzurePlace} what.place
   * @param {string} what.name
   * @param {Source} what.source
   * @param {string} what.mark of the file, eight characters
   * @param {boolean} what.whole whether every byte is read back
   * @param {Send} what.send
   * @param {AzureUpload | null} [what.before] the same upload, stopped: what it knows is known
   */
  constructor({ place, name, source, mark, whole, send, before = null }) {
    this.place = place;
    this.name = name;
    this.source = source;
    this.mark = mark;
    this.whole = whole;
    this.send = send;
    this.bytes = blockBytes(source.size, place.blockMax);
    this.parts = cut(source.size, this.bytes);
    if (before && before.where === this.where && before.mark === mark && before.bytes === this.bytes) {
      this.#have = before.#have;
      this.#replace = before.#replace;
    }
  }

  get where() {
    return this.place.where(this.name);
  }

  /** @param {string} [more] */
  #url(more) {
    return this.place.url(this.name, more);
  }

  /** @param {number} index */
  #id(index) {
    return encodeURIComponent(blockId(this.mark, index));
  }

  /**
   * @param {Told} told
   * @param {Means} means
   * @returns {Promise<Done>}
   */
  async run(told, means) {
    await this.source.check();
    await this.#probe(means);
    const there = this.place.may('r') ? await this.#look(told, means) : 'unknown';
    if (there !== 'ours') {
      if (there === 'taken') await this.#mayReplace(told);
      await this.#sendAll(told, means);
      // It may have become another while it was sent.
      await this.source.check();
      told.progress('finish', 0, 1);
      await this.#commit(told, means);
    }
    return this.#readBack(told, means);
  }

  /**
   * Whether anything may be sent: a block without a byte, of which nothing comes, with all headers that are sent later. An
   * answer of any kind that the page may see says that the rules of the storage are right.
   * @param {Means} means
   */
  async #probe(means) {
    const url = this.#url(`comp=block&blockid=${encodeURIComponent(probeId(this.mark))}`);
    const headers = { ...blobHeaders(this.name), 'if-none-match': '*' };
    const probe = (/** @type {AbortSignal} */ signal) =>
      this.send({ method: 'PUT', url, headers, body: new ArrayBuffer(0), signal });
    let outcome = await probe(means.signal);
    // What was cut once is no matter of rules.
    if ('lost' in outcome && !means.signal.aborted) outcome = await probe(means.signal);
    if (means.signal.aborted) throw means.signal.reason;
    if ('lost' in outcome) {
      // Did the storage answer, and the browser not show it? It does when no rule allows it.
      const plain = await this.send({
        method: 'GET',
        url: this.#url(),
        headers: RANGE_HEADERS,
        signal: means.signal,
      });
      if (means.signal.aborted) throw means.signal.reason;
      throw 'lost' in plain
        ? stopped('cors-or-lost', 'No answer from the storage reaches this page.')
        : stopped(
            'cors',
            'The storage answers questions of this page, but its rules do not allow uploads from it.',
          );
    }
    if (isGood(outcome)) return;
    const { then, code, message } = meaningOf(outcome);
    // What it says of the block itself is no matter.
    if (then === 'renew' || code === 'no-container' || code === 'firewall' || code === 'disabled')
      throw faultOf({ then, code, message });
  }

  /**
   * What has this name, and which blocks have arrived.
   * @param {Told} told
   * @param {Means} means
   * @returns {Promise<'free' | 'taken' | 'ours'>}
   */
  async #look(told, means) {
    const get =
      (/** @type {string} */ more, /** @type {Record<string, string>} */ headers) =>
      (/** @type {AbortSignal} */ signal) =>
        this.send({ method: 'GET', url: this.#url(more), headers, signal });
    const first = await once(get('', RANGE_HEADERS), means, ({ status }) => status === 404 || status === 416);
    const list = await once(
      get('comp=blocklist&blocklisttype=all', {}),
      means,
      ({ status }) => status === 404,
    );
    const xml = isGood(list) ? textOf(list) : '';
    const here = arrived(this.parts, this.mark, readBlockList(xml, 'UncommittedBlocks'));
    this.#have = here;
    if (first.status === 404) {
      if (here.size > 0) told.found(`${here.size} of ${this.parts.length} parts have arrived before.`);
      return 'free';
    }
    if (this.#isOurs(readBlockList(xml, 'CommittedBlocks'))) {
      told.found('All of this file is there already.');
      return 'ours';
    }
    if (here.size > 0) told.found(`${here.size} of ${this.parts.length} parts have arrived before.`);
    return 'taken';
  }

  /** @param {Map<string, number>} committed */
  #isOurs(committed) {
    return (
      committed.size === this.parts.length &&
      arrived(this.parts, this.mark, committed).size === this.parts.length
    );
  }

  /** @param {Told} told */
  async #mayReplace(told) {
    if (this.#replace) return;
    if (!(await told.ask()))
      throw stopped('taken', 'Something of this name is there already, and stays. Choose another name.');
    this.#replace = true;
  }

  /**
   * @param {Told} told
   * @param {Means} means
   */
  async #sendAll(told, means) {
    const { size } = this.source;
    const length = (/** @type {number} */ index) => {
      const { start, end } = /** @type {Part} */ (this.parts[index]);
      return end - start;
    };
    let done = 0;
    for (const index of this.#have) done += length(index);
    /** Bytes of parts under way. @type {Map<number, number>} */
    const going = new Map();
    const tell = () => {
      let all = done;
      for (const bytes of going.values()) all += bytes;
      // What was sent has arrived when the storage says so.
      told.progress('upload', done === size ? size : Math.min(all, size - 1), size);
    };
    tell();
    const todo = this.parts.map(({ index }) => index).filter((index) => !this.#have.has(index));
    const put = async (/** @type {number} */ index, /** @type {AbortSignal} */ signal) => {
      const { start, end } = /** @type {Part} */ (this.parts[index]);
      const body = await this.source.read(start, end);
      const onSent = (/** @type {number} */ bytes) => {
        going.set(index, Math.min(bytes, end - start));
        tell();
      };
      const url = this.#url(`comp=block&blockid=${this.#id(index)}`);
      const outcome = await this.send({ method: 'PUT', url, body, signal, onSent });
      going.delete(index);
      return outcome;
    };
    const here = (/** @type {number} */ index) => {
      this.#have.add(index);
      done += length(index);
      tell();
    };
    await transfer(todo, put, here, means);
  }

  /**
   * Makes the blocks a blob, in one step.
   * @param {Told} told
   * @param {Means} means
   */
  async #commit(told, means) {
    const ids = this.parts.map(({ index }) => blockId(this.mark, index));
    // A Blob without a type, so that no header says one.
    const body = new Blob([blockList(ids)]);
    /** Whether an answer has got lost, so that it may be done. */
    let unsure = false;
    for (;;) {
      const headers = { ...blobHeaders(this.name), ...(this.#replace ? {} : { 'if-none-match': '*' }) };
      const put = async (/** @type {AbortSignal} */ signal) => {
        const outcome = await this.send({
          method: 'PUT',
          url: this.#url('comp=blocklist'),
          headers,
          body,
          signal,
        });
        if ('lost' in outcome || outcome.status >= 500) unsure = true;
        return outcome;
      };
      const outcome = await once(
        put,
        means,
        ({ status }) => status < 500 && status !== 429 && status !== 408,
      );
      if (isGood(outcome)) return;
      const meaning = failure(outcome);
      const mayBeDone = unsure && (meaning.then === 'taken' || meaning.code === 'blocks-gone');
      if (mayBeDone && (await this.#stands(means))) return;
      if (meaning.code === 'blocks-gone') this.#have = new Set();
      // When it may be replaced, nothing was asked of what is there: the storage means something else.
      if (meaning.then !== 'taken' || this.#replace) throw faultOf(meaning);
      await this.#mayReplace(told);
    }
  }

  /**
   * Whether the file stands there, after an answer that got lost.
   * @param {Means} means
   */
  async #stands(means) {
    if (!this.place.may('r')) return false;
    const url = this.#url('comp=blocklist&blocklisttype=committed');
    const list = await once(
      (signal) => this.send({ method: 'GET', url, signal }),
      means,
      () => true,
    );
    return isGood(list) && this.#isOurs(readBlockList(textOf(list), 'CommittedBlocks'));
  }

  /**
   * @param {Told} told
   * @param {Means} means
   * @returns {Promise<Done>}
   */
  async #readBack(told, means) {
    const { size } = this.source;
    const { where, place, send } = this;
    let said = '';
    let verified = false;
    if (place.may('r')) {
      const ranges = readBack(size, this.whole, this.bytes);
      const total = ranges.reduce((sum, { start, end }) => sum + end - start, 0);
      const onBytes = (/** @type {number} */ done) => told.progress('verify', done, total);
      onBytes(0);
      await verify({ ranges, url: this.#url(), source: this.source, send, onBytes }, means);
      verified = true;
      said =
        total === size
          ? 'Every byte was read back, and its SHA-256 is that of the file.'
          : `${ranges.length} parts all over the file, ${total} bytes, were read back; the SHA-256 of each is that of the file.`;
    }
    const player = await askAsPlayer(where, size, true, send, means);
    const signed =
      player.seeks || !place.may('r') ? null : await askAsPlayer(this.#url(), size, true, send, means);
    return { url: where, readBack: said, verified, player, signed };
  }
}
