/** Uploads by presigned addresses: the whole file in one request, or each part by an address of its own. */

import { faultOf, isGood, meaningOf, textOf } from './answers.js';
import { cut, partBytes, partList } from './blocks.js';
import { askAsPlayer } from './read-back.js';
import { once, stopped, transfer } from './transfer.js';
import { PART_MIN } from './s3-place.js';
import { TYPE } from './azure.js';

/** @import { Answer } from './answers.js' */
/** @import { Done, Told } from './azure.js' */
/** @import { Part } from './blocks.js' */
/** @import { Send, Source } from './read-back.js' */
/** @import { S3Parts, S3Place } from './s3-place.js' */
/** @import { Means, Outcome } from './transfer.js' */

/**
 * The answer to a first request. Where none comes, the storage cannot be reached, or its rules do not let the page see it.
 * @param {Outcome} outcome
 * @returns {Answer}
 */
function seen(outcome) {
  if ('lost' in outcome) throw stopped('cors-or-lost', 'No answer from the storage reaches this page.');
  return outcome;
}

/** One request for all. It cannot go on, so that it is not tried again by itself either. */
export class S3Upload {
  /**
   * @param {object} what
   * @param {S3Place} what.place
   * @param {Source & { file: Blob }} what.source
   * @param {Send} what.send
   */
  constructor({ place, source, send }) {
    this.place = place;
    this.source = source;
    this.send = send;
    const refused = place.tooLarge(source.size);
    if (refused) throw stopped('too-large', refused);
  }

  get where() {
    return this.place.where();
  }

  /**
   * @param {Told} told
   * @param {Means} means
   * @returns {Promise<Done>}
   */
  async run(told, means) {
    const { source, send, place } = this;
    await source.check();
    told.progress('upload', 0, source.size);
    const outcome = await send({
      method: 'PUT',
      url: place.url(),
      headers: { 'content-type': TYPE },
      body: source.file,
      signal: means.signal,
      onSent: (bytes) => told.progress('upload', Math.min(bytes, source.size - 1), source.size),
    });
    if (means.signal.aborted) throw means.signal.reason;
    const answer = seen(outcome);
    if (!isGood(answer)) throw faultOf(meaningOf(answer));
    // What has arrived may be of a file that was changed on the way.
    await source.check();
    const player = await askAsPlayer(this.where, source.size, false, send, means);
    return { url: this.where, readBack: '', verified: false, player, signed: null };
  }
}

export class S3PartsUpload {
  /** What each part is called by the storage. @type {Map<number, string>} */
  #etags = new Map();

  /**
   * @param {object} what
   * @param {S3Parts} what.place
   * @param {Source} what.source
   * @param {string} what.mark of the file
   * @param {Send} what.send
   * @param {S3PartsUpload | null} [what.before] the same upload, stopped
   */
  constructor({ place, source, mark, send, before = null }) {
    this.place = place;
    this.source = source;
    this.mark = mark;
    this.send = send;
    const refused = place.tooLarge(source.size);
    if (refused) throw stopped('too-large', refused);
    this.parts = cut(source.size, partBytes(source.size, place.count, PART_MIN));
    if (before) this.#goOn(before);
  }

  /** @param {S3PartsUpload} before */
  #goOn(before) {
    const same = before.where === this.where && before.mark === this.mark;
    if (same && before.parts.length === this.parts.length) this.#etags = before.#etags;
  }

  get where() {
    return this.place.where();
  }

  /**
   * @param {Told} told
   * @param {Means} means
   * @returns {Promise<Done>}
   */
  async run(told, means) {
    const { source, send, place } = this;
    await source.check();
    const length = (/** @type {number} */ index) => {
      const { start, end } = /** @type {Part} */ (this.parts[index]);
      return end - start;
    };
    let done = 0;
    for (const index of this.#etags.keys()) done += length(index);
    const tell = () => told.progress('upload', done, source.size);
    tell();
    let reached = this.#etags.size > 0;
    const put = async (/** @type {number} */ index, /** @type {AbortSignal} */ signal) => {
      const { start, end } = /** @type {Part} */ (this.parts[index]);
      const body = await source.read(start, end);
      const outcome = await send({ method: 'PUT', url: place.part(index), body, signal });
      if (!reached && !signal.aborted) seen(outcome);
      reached = true;
      return outcome;
    };
    const here = (/** @type {number} */ index, /** @type {Answer} */ { headers }) => {
      const etag = headers['etag'];
      if (!etag)
        throw stopped(
          'no-etag',
          'The part arrived, but the storage does not let the page see its ETag, which completes the upload. Its CORS rule must expose ETag.',
        );
      this.#etags.set(index, etag);
      done += length(index);
      tell();
    };
    const todo = this.parts.map(({ index }) => index).filter((index) => !this.#etags.has(index));
    // The first one alone tells whether the rules of the storage are right.
    if (todo.length && !reached) await transfer(todo.splice(0, 1), put, here, means);
    await transfer(todo, put, here, means);
    await source.check();
    const etags = this.parts.map(({ index }) => this.#etags.get(index) ?? '');
    const address = place.complete();
    if (!address)
      return {
        url: this.where,
        readBack: '',
        verified: false,
        player: null,
        signed: null,
        parts: etags.map((etag, index) => ({ number: index + 1, etag })),
      };
    told.progress('finish', 0, 1);
    await this.#complete(address, etags, means);
    const player = await askAsPlayer(this.where, source.size, false, send, means);
    return { url: this.where, readBack: '', verified: false, player, signed: null };
  }

  /**
   * @param {string} url
   * @param {readonly string[]} etags
   * @param {Means} means
   */
  async #complete(url, etags, means) {
    const body = new Blob([partList(etags)]);
    const post = (/** @type {AbortSignal} */ signal) => this.send({ method: 'POST', url, body, signal });
    const answer = await once(post, means);
    // S3 begins to answer before it knows: what failed then is said in an answer of success.
    if (/<Error>/.test(textOf(answer))) throw faultOf(meaningOf(answer));
  }
}
