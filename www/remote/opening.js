/** One address that is open or being opened: what was fetched of it, and the question whether more may be. */

/** @import { Media, Progress } from '../types.d.ts' */
/** @import { Count } from './ask.js' */
/** @import { Place, Reply, Told } from './far-file.js' */

import { open } from '../boxlock.js';
import { hexOf } from '../files/digits.js';
import { fetchAll, probe } from './probe.js';

/** What one is told of. @typedef {{ counted: () => void, asked: (bytes: number | null) => void }} Heard */

export class Opening {
  /** Of questions that this page asked, and of those that a worker did. @type {Count[]} */
  #counts = [{ requests: 0, bytes: 0 }];
  #stop = new AbortController();
  #heard;
  /** @type {BroadcastChannel | null} */
  #channel = null;
  /** Bytes of the file, where it is one. @type {number | null} */
  size = null;

  /** @param {Heard} heard */
  constructor(heard) {
    this.#heard = heard;
  }

  get signal() {
    return this.#stop.signal;
  }

  /** @returns {Count} */
  get count() {
    return this.#counts.reduce((sum, one) => ({
      requests: sum.requests + one.requests,
      bytes: sum.bytes + one.bytes,
    }));
  }

  get options() {
    return {
      count: /** @type {Count} */ (this.#counts[0]),
      moved: () => this.#heard.counted(),
      signal: this.signal,
    };
  }

  /**
   * What is behind an address.
   * @param {URL} url
   */
  probe(url) {
    return probe(url, this.options);
  }

  /**
   * All of what is behind an address, or of a range of it.
   * @param {URL} url
   * @param {{ start: number, end: number } | null} range
   */
  fetchAll(url, range) {
    return fetchAll(url, range, this.options);
  }

  /**
   * Bytes of a range, fewer where what is behind the address ends before.
   * @param {URL} url
   * @param {{ start: number, end: number }} range
   */
  fetchAhead(url, range) {
    return fetchAll(url, range, { ...this.options, ahead: true });
  }

  /**
   * Opens bytes that are here, one file or an initialization segment and a segment.
   * @param {readonly File[]} files
   * @param {string} name
   */
  async here(files, name) {
    this.size = files.reduce((sum, { size }) => sum + size, 0);
    return this.#held(await open(files, { name, signal: this.signal }));
  }

  /**
   * Opens a file of which parts are fetched when they are wanted.
   * @param {Omit<Place, 'channel'>} place
   * @param {string} name
   * @param {(progress: Progress) => void} onProgress
   */
  async far(place, name, onProgress) {
    this.size = place.size;
    const channel = new BroadcastChannel(`boxlock-${hexOf(crypto.getRandomValues(new Uint8Array(16)))}`);
    this.#channel = channel;
    channel.onmessage = ({ data }) => this.#told(data);
    const leader = new URL('./far-worker.js', import.meta.url);
    const source = { place: { ...place, channel: channel.name }, leader };
    return this.#held(await open(source, { name, signal: this.signal, onProgress }));
  }

  /** @param {Media} media */
  #held(media) {
    if (this.signal.aborted) media.close();
    this.signal.throwIfAborted();
    return media;
  }

  /** @param {Told} told */
  #told({ count, ask }) {
    const last = /** @type {Count} */ (this.#counts.at(-1));
    // A worker that was started anew counts anew.
    if (this.#counts.length > 1 && count.requests >= last.requests)
      this.#counts[this.#counts.length - 1] = count;
    else this.#counts.push(count);
    this.#heard.counted();
    if (ask !== undefined) this.#heard.asked(ask);
  }

  /** @param {boolean} go whether more may be fetched */
  reply(go) {
    this.#channel?.postMessage(/** @type {Reply} */ ({ go }));
    this.#heard.asked(null);
  }

  end() {
    this.#stop.abort();
    this.#channel?.close();
    this.#channel = null;
  }
}
