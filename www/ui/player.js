/** Plays a protected file with EME ClearKey. It proves that key, KID and encryption fit together. */

/** @import { MadeKey, Media, OpenOptions, Playback } from '../types.d.ts' */
/** @typedef {(source: Blob, options?: OpenOptions) => Promise<Media>} OpenMedia */

import { base64UrlOf, bytesOfHex } from '../files/digits.js';
import { h } from './dom.js';
import { faultOf } from './fault.js';
import { bareHex } from './format.js';
import { watch } from './watch.js';

const AHEAD_SECONDS = 30;
const BEHIND_SECONDS = 60;
/** ClearKey is a part of the browser, and answers at once. */
const ANSWER_MS = 10_000;
const KEY_SYSTEM = 'org.w3.clearkey';

export class Player {
  /** @param {(sentence: string) => void} tell */
  constructor(tell) {
    this.tell = tell;
    this.video = h('video', {
      controls: true,
      playsinline: true,
      'aria-label': 'The new file, played as this check',
    });
    this.ended = new AbortController();
    this.address = '';
    /** @type {Media | null} */
    this.media = null;
    /** @type {MediaKeySession | null} */
    this.session = null;
  }

  /**
   * Settles when playback has begun; goes on feeding after that.
   * @param {File} file
   * @param {readonly MadeKey[]} keys of the file
   * @param {OpenMedia} open
   */
  async play(file, keys, open) {
    this.tell('Opening the new file…');
    const { signal } = this.ended;
    this.media = await open(file, { signal });
    const playback = await this.media.playback();
    const { mimeType } = playback.info;
    refuseUnplayable(mimeType);
    if (playback.info.kids.length) await this.#unlock(mimeType, playback.info.kids, keys);

    const source = new MediaSource();
    this.address = URL.createObjectURL(source);
    this.video.src = this.address;
    await once(source, 'sourceopen', signal);
    const buffer = source.addSourceBuffer(mimeType);
    if (playback.info.duration > 0) source.duration = playback.info.duration;
    await append(buffer, playback.init, signal);

    let begun = false;
    const stopped = new Promise((_, reject) => {
      const options = { session: this.session, seen: mimeType.startsWith('video/'), signal };
      watch(this.video, options, (sentence) => {
        if (begun) this.tell(`It stopped playing. ${sentence}`);
        // Before all that waits hears that it is over.
        else reject(new Error(sentence));
        this.#rest();
      });
    });
    stopped.catch(() => {});
    const fed = this.#feed(source, buffer, playback).catch((error) => {
      // What is fed to a decoder that has given up fails too, and says less of why than the decoder does.
      if (this.video.error || signal.aborted) return;
      if (begun) this.tell(`It stopped playing. ${faultOf(error, 'play').message}`);
      else throw error;
      this.#rest();
    });
    const feeding = fed.then(() => new Promise(() => {}));
    const playing = once(this.video, 'canplay', signal).then(() => this.video.play());
    await Promise.race([playing, stopped, feeding]);
    // A frame or a sound that is out proves the key; until then it may still be the wrong one.
    await Promise.race([this.#first(mimeType.startsWith('video/'), signal), stopped, feeding]);
    begun = true;
    this.tell(`Playing, decrypted with the ${keys.length > 1 ? 'keys' : 'key'} of this result.`);
  }

  /**
   * Settles when something has been decoded and shown.
   * @param {boolean} seen whether it must be a picture
   * @param {AbortSignal} signal
   */
  async #first(seen, signal) {
    const out = () =>
      this.video.currentTime > 0 && (!seen || this.video.getVideoPlaybackQuality().totalVideoFrames > 0);
    while (!out()) await once(this.video, 'timeupdate ended pause', signal);
  }

  /** Stops what cannot go on; the sentence on it stays. */
  #rest() {
    this.ended.abort();
    this.video.pause();
  }

  close() {
    this.#rest();
    this.video.removeAttribute('src');
    this.video.load();
    if (this.address) URL.revokeObjectURL(this.address);
    void this.session?.close().catch(() => {});
    this.media?.close();
    this.media = null;
  }

  /**
   * @param {string} contentType
   * @param {string[]} kids
   * @param {readonly MadeKey[]} known
   */
  async #unlock(contentType, kids, known) {
    if (!navigator.requestMediaKeySystemAccess)
      throw new Error(
        'This browser has no Encrypted Media Extensions here; they need https or localhost. Open the page there, or try another browser.',
      );
    /** @type {MediaKeySystemAccess} */
    let access;
    try {
      access = await navigator.requestMediaKeySystemAccess(KEY_SYSTEM, [capabilities(contentType)]);
    } catch {
      throw new Error(
        `This browser does not offer ClearKey for ${codecsOf(contentType).join(' and ')}. Try another browser.`,
      );
    }
    const keys = await access.createMediaKeys();
    await this.video.setMediaKeys(keys);
    const session = keys.createSession('temporary');
    this.session = session;
    // Keys that come later in the file, too: Firefox takes none that it has not asked for.
    const wanted = new Set([...kids.map(bareHex), ...known.map(({ kid }) => kid.hex)]);
    const ids = [...wanted].map((kid) => base64UrlOf(bytesOfHex(kid)));
    const secrets = known.map(({ kid, key }) => ({
      kty: 'oct',
      kid: base64UrlOf(bytesOfHex(kid.hex)),
      k: base64UrlOf(bytesOfHex(key)),
    }));
    const answer = JSON.stringify({ keys: secrets, type: 'temporary' });
    const asked = once(session, 'message', this.ended.signal);
    asked.catch(() => {});
    await session.generateRequest('keyids', new TextEncoder().encode(JSON.stringify({ kids: ids })));
    await soon(
      asked,
      'The browser’s ClearKey does not answer. Reload the page later, or try another browser.',
    );
    await session.update(new TextEncoder().encode(answer));
  }

  /**
   * Appends fragments, some seconds ahead of what is playing.
   * @param {MediaSource} source
   * @param {SourceBuffer} buffer
   * @param {Playback} playback
   */
  async #feed(source, buffer, playback) {
    const { signal } = this.ended;
    for await (const fragment of playback.fragments({ signal })) {
      await this.#roomAhead(buffer, signal);
      try {
        await append(buffer, fragment, signal);
      } catch (error) {
        if (!(error instanceof DOMException && error.name === 'QuotaExceededError')) throw error;
        await this.#dropOld(buffer, signal);
        await append(buffer, fragment, signal);
      }
    }
    if (!signal.aborted && source.readyState === 'open') source.endOfStream();
  }

  /**
   * @param {SourceBuffer} buffer
   * @param {AbortSignal} signal
   */
  async #roomAhead(buffer, signal) {
    while (this.#ahead(buffer) > AHEAD_SECONDS) await once(this.video, 'timeupdate seeking', signal);
  }

  /** @param {SourceBuffer} buffer */
  #ahead(buffer) {
    const { buffered } = buffer;
    return buffered.length ? buffered.end(buffered.length - 1) - this.video.currentTime : 0;
  }

  /**
   * @param {SourceBuffer} buffer
   * @param {AbortSignal} signal
   */
  async #dropOld(buffer, signal) {
    let keep = BEHIND_SECONDS;
    while (this.video.currentTime - keep <= 0) {
      if (keep <= 2) await once(this.video, 'timeupdate', signal);
      keep = Math.max(2, keep / 2);
    }
    const done = once(buffer, 'updateend', signal);
    done.catch(() => {});
    buffer.remove(0, this.video.currentTime - keep);
    await done;
  }
}

/** @param {string} contentType */
function codecsOf(contentType) {
  const list = /codecs="([^"]*)"/.exec(contentType)?.[1] ?? '';
  return list.split(',').map((each) => each.trim());
}

/**
 * Fails with the name of what this browser cannot decode.
 * @param {string} contentType
 */
function refuseUnplayable(contentType) {
  if (!('MediaSource' in window))
    throw new Error('This browser has no Media Source Extensions. Try another browser.');
  if (MediaSource.isTypeSupported(contentType)) return;
  const [container] = contentType.split(';');
  const missing = codecsOf(contentType).filter(
    (codec) => !MediaSource.isTypeSupported(`${container}; codecs="${codec}"`),
  );
  throw new Error(
    `This browser does not decode ${missing.join(' and ') || contentType}. Another browser, or a player outside, may.`,
  );
}

/**
 * @template T
 * @param {Promise<T>} work
 * @param {string} sentence said when it takes too long
 * @returns {Promise<T>}
 */
function soon(work, sentence) {
  return Promise.race([
    work,
    new Promise((_, reject) => void setTimeout(() => reject(new Error(sentence)), ANSWER_MS)),
  ]);
}

/**
 * @param {string} contentType
 * @returns {MediaKeySystemConfiguration}
 */
function capabilities(contentType) {
  const codecs = codecsOf(contentType);
  const sound = codecs.filter((codec) => /^(mp4a|ac-3|ec-3|opus|flac)/i.test(codec));
  const picture = codecs.filter((codec) => !sound.includes(codec));
  const capability = (/** @type {string} */ kind) => (/** @type {string} */ codec) => ({
    contentType: `${kind}/mp4; codecs="${codec}"`,
    robustness: '',
  });
  /** @type {MediaKeySystemConfiguration} */
  const wanted = { initDataTypes: ['keyids'] };
  if (picture.length) wanted.videoCapabilities = picture.map(capability('video'));
  if (sound.length) wanted.audioCapabilities = sound.map(capability('audio'));
  return wanted;
}

/**
 * @param {SourceBuffer} buffer
 * @param {Uint8Array} bytes
 * @param {AbortSignal} signal
 */
async function append(buffer, bytes, signal) {
  const done = once(buffer, 'updateend', signal);
  done.catch(() => {});
  buffer.appendBuffer(/** @type {Uint8Array<ArrayBuffer>} */ (bytes));
  await done;
}

/**
 * @param {EventTarget} target
 * @param {string} types of events, the first of which settles it
 * @param {AbortSignal} signal
 * @returns {Promise<void>}
 */
function once(target, types, signal) {
  return new Promise((resolve, reject) => {
    const heard = new AbortController();
    const options = { once: true, signal: heard.signal };
    const end = (/** @type {() => void} */ settle) => {
      heard.abort();
      settle();
    };
    const stop = () => end(() => reject(new DOMException('Stopped', 'AbortError')));
    if (signal.aborted) stop();
    signal.addEventListener('abort', stop, options);
    for (const type of types.split(' ')) target.addEventListener(type, () => end(resolve), options);
  });
}
