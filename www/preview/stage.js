/**
 * What runs in the frame of a preview: it answers what the player asks for out of the files it was given, and says how playing
 * goes on. The player is none of ours, and does what it does on any page.
 */

import '../closed.js';
import { decoded } from '../publish/url-parts.js';
import { answerOf } from './answer.js';
import { observeKeys } from './observed.js';
import { players } from './players.js';

/** @import { Answer, Place } from './answer.js' */
/** @import { Running } from './players.js' */

/**
 * What a preview is given to play.
 * @typedef {object} Order
 * @property {keyof typeof players} player
 * @property {string} manifest its path, or that of the file
 * @property {Blob[]} files
 * @property {{ path: string, file: number, start: number, end: number, type: string }[]} places of bytes, by their paths
 * @property {{ path: string, type: string, text: string }[]} texts
 * @property {{ kid: string, key: string }[]} keys in hexadecimal digits
 * @property {boolean} seen whether there is a picture
 * @property {boolean} playready whether PlayReady is to be asked, and not ClearKey
 * @property {boolean} lasting whether the licence is to stay on the computer
 * @property {string[]} sessions of licences that stayed: none is asked for
 */

/**
 * How it goes on.
 * @typedef {object} Report
 * @property {'fetching' | 'loading' | 'playing' | 'ended' | 'failed'} state
 * @property {string} error what the player says of its failure
 * @property {number} requests that were answered
 * @property {number} refused of them, because there is nothing under the address
 * @property {string[]} kids that were asked for, in hexadecimal digits
 * @property {number | null} first milliseconds from loading the manifest to the first picture, or sound
 * @property {number} frames that were decoded
 * @property {number} dropped of them
 * @property {number} time that is played, in seconds
 * @property {boolean} paused by whoever looks, or by the player
 * @property {boolean} muted because the browser plays no sound here without a click
 * @property {string[]} sessions of licences that stay
 */

const LOOK_MS = 200;
/** Nothing is seen or heard for so long, and the player says nothing. */
const SILENT_MS = 30_000;
/** Time stands still for so long in the middle. */
const STILL_MS = 20_000;

/** In this time a player says what it makes of a media element that failed. */
const OWN_MS = 2000;

/** @type {Map<string, Place>} */
const places = new Map();

/** @type {Report} */
const report = {
  state: 'fetching',
  error: '',
  requests: 0,
  refused: 0,
  kids: [],
  first: null,
  frames: 0,
  dropped: 0,
  time: 0,
  paused: false,
  muted: false,
  sessions: [],
};

/** The file may have changed on the disk, or gone: then no byte of it can be had. @param {Place | undefined} place */
async function readable(place) {
  if (!place) return;
  const { blob, start, end } = place;
  await blob.slice(start, Math.min(start + 1, end)).arrayBuffer();
}

let broken = '';

/** Who passes on what asks for a licence: the page around this frame, which alone can. @type {(body: ArrayBuffer) => Promise<Answer>} */
let licensed;

navigator.serviceWorker.addEventListener('message', (event) => {
  const { path, range, method, body } = event.data;
  const [port] = event.ports;
  if (path === 'licence' && licensed) {
    report.requests += 1;
    void licensed(body ?? new ArrayBuffer(0)).then((answer) => port?.postMessage(answer));
    return;
  }
  const place = places.get(decoded(path));
  readable(place).then(
    () => {
      const answer = answerOf(place, range, method);
      report.requests += 1;
      if (answer.status >= 400) report.refused += 1;
      port?.postMessage(answer);
    },
    (error) => {
      broken = error?.name ?? 'NotReadableError';
      report.refused += 1;
      port?.postMessage({ status: 500, headers: {}, body: null });
    },
  );
});
navigator.serviceWorker.startMessages();

/**
 * @param {Order} order
 * @param {(report: Report) => void} tell
 * @param {AbortSignal} signal
 */
async function play(
  { player, manifest, files, texts, keys, seen, playready, lasting, sessions, ...order },
  tell,
  signal,
) {
  for (const { path, file, start, end, type } of order.places) {
    const blob = files[file];
    if (blob) places.set(path, { blob, start, end, type });
  }
  for (const { path, type, text } of texts) {
    const blob = new Blob([text], { type });
    places.set(path, { blob, start: 0, end: blob.size, type });
  }
  const video = Object.assign(document.createElement('video'), { controls: true, playsInline: true });
  video.setAttribute('aria-label', 'What the player shows');
  Object.assign(document.body.style, { margin: '0', background: 'black' });
  Object.assign(video.style, { display: 'block', width: '100vw', height: '100vh' });
  document.body.append(video);
  observeKeys((kid) => {
    if (!report.kids.includes(kid)) report.kids.push(kid);
  });
  /** @type {Running | null} */
  let running = null;
  let timer = 0;
  const over = new AbortController();
  const leave = async () => {
    if (over.signal.aborted) return;
    over.abort();
    clearInterval(timer);
    look();
    await Promise.resolve(running?.close()).catch(() => {});
    video.removeAttribute('src');
    video.load();
    places.clear();
  };
  /** @param {Report['state']} state @param {string} [error] */
  const set = (state, error = '') => {
    if (report.state === 'failed' || report.state === 'ended') return;
    report.state = state;
    report.error = broken
      ? `The file on the disk changed, or cannot be read any more (${broken}). ${error}`.trim()
      : error;
    look();
    tell({ ...report });
  };
  const look = () => {
    const { totalVideoFrames, droppedVideoFrames } = video.getVideoPlaybackQuality();
    report.frames = Math.max(report.frames, totalVideoFrames);
    report.dropped = Math.max(report.dropped, droppedVideoFrames);
    report.time = Math.max(report.time, video.currentTime);
    report.paused = video.paused;
    report.muted = video.muted;
    if (lasting) report.sessions = running?.sessions?.() ?? report.sessions;
  };
  /** @param {unknown} error */
  const fail = (error) => {
    set('failed', wordsOf(error));
    clearInterval(timer);
  };
  signal.addEventListener('abort', () => void leave());
  try {
    const start = await players[player]();
    if (signal.aborted) return;
    set('loading');
    const began = performance.now();
    let movedAt = began;
    let time = 0;
    const first = () => {
      if (report.first !== null) return;
      report.first = performance.now() - began;
      set('playing');
    };
    if (seen && 'requestVideoFrameCallback' in video) video.requestVideoFrameCallback(first);
    timer = window.setInterval(() => {
      look();
      const now = performance.now();
      if (video.currentTime !== time || (video.paused && report.first !== null)) movedAt = now;
      time = video.currentTime;
      if (video.currentTime > 0 && (!seen || report.frames > 0)) first();
      if (now - movedAt > (report.first === null ? SILENT_MS : STILL_MS))
        fail(
          new Error(
            `Nothing goes on for ${Math.round((now - movedAt) / 1000)} s, and the player says no error.`,
          ),
        );
      else tell({ ...report });
    }, LOOK_MS);
    video.addEventListener('ended', () => set('ended'), { signal: over.signal });
    // Players have sources fail on purpose, and say themselves what cannot be mended.
    const failed = () =>
      void setTimeout(() => video.error && fail(video.error), player === 'native' ? 0 : OWN_MS);
    video.addEventListener('error', failed, { signal: over.signal });
    const begin = () =>
      video.play().catch((error) => {
        if (error?.name !== 'NotAllowedError' || video.muted) return;
        video.muted = true;
        return video.play().catch(() => {});
      });
    video.addEventListener('canplay', () => void begin(), { once: true, signal: over.signal });
    const url = new URL(manifest, document.baseURI).href;
    running = start({ video, url, keys, playready, lasting, sessions, fail });
    await running.loaded;
    if (over.signal.aborted) await running.close();
  } catch (error) {
    if (!signal.aborted) fail(error);
  }
}

/** @param {unknown} error */
function wordsOf(error) {
  if (error instanceof MediaError)
    return `The media element gives up: ${error.message || `code ${error.code}`}`;
  return error instanceof Error ? error.message : String(error);
}

addEventListener('message', (event) => {
  const [port] = event.ports;
  // From the page of the same site that holds the frame, and from nobody else.
  if (!port || parent === window || event.source !== parent || event.origin !== location.origin) return;
  const stop = new AbortController();
  port.onmessage = ({ data }) => {
    if (data.stop) stop.abort();
    else {
      if (data.order.playready)
        licensed = (body) =>
          new Promise((resolve) => {
            const { port1, port2 } = new MessageChannel();
            port1.onmessage = (answer) => {
              resolve(answer.data);
              port1.close();
            };
            port.postMessage({ challenge: body }, [port2]);
          });
      void play(data.order, (report) => port.postMessage({ report }), stop.signal);
    }
  };
  port.postMessage({ ready: true });
});
