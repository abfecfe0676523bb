/**
 * What runs in the frame that may connect to one origin: it sends the requests it is given by the page around it, and
 * says what came of them. It knows nothing of storage, and keeps nothing.
 */

import '../closed.js';

/** @import { Request } from './read-back.js' */
/** @import { Outcome } from './transfer.js' */

/** @typedef {Omit<Request, 'signal' | 'onSent'> & { id: number, watched: boolean }} Order */
/** What comes back. @typedef {{ id: number, sent: number } | { id: number, outcome: Outcome }} Report */

/** Without a byte moving for so long, nobody answers. */
const STILL_MS = 60_000;
/** Where the browser does not say what moves: a block on a slow line may take that long. */
const BLIND_MS = 600_000;

/** @type {Map<number, () => void>} how each request under way is ended */
const running = new Map();

/** @param {string} raw */
function headersOf(raw) {
  /** @type {Record<string, string>} */
  const headers = {};
  for (const line of raw.trim().split(/[\r\n]+/)) {
    const at = line.indexOf(':');
    if (at > 0) headers[line.slice(0, at).trim().toLowerCase()] = line.slice(at + 1).trim();
  }
  return headers;
}

/**
 * Sends bytes: only this kind of request says how far it is.
 * @param {Order} order
 * @param {(report: Report) => void} report
 * @returns {Promise<Outcome>}
 */
function put({ id, method, url, headers = {}, body, watched }, report) {
  return new Promise((resolve) => {
    const request = new XMLHttpRequest();
    /** @type {'network' | 'late'} */
    let lost = 'network';
    let timer = 0;
    const watch = (/** @type {number} */ ms) => {
      clearTimeout(timer);
      timer = window.setTimeout(() => {
        lost = 'late';
        request.abort();
      }, ms);
    };
    const end = (/** @type {Outcome} */ outcome) => {
      clearTimeout(timer);
      resolve(outcome);
    };
    running.set(id, () => request.abort());
    request.open(method, url);
    for (const [name, value] of Object.entries(headers)) request.setRequestHeader(name, value);
    request.responseType = 'arraybuffer';
    request.onload = () =>
      end({
        status: request.status,
        headers: headersOf(request.getAllResponseHeaders()),
        bytes: request.response ?? new ArrayBuffer(0),
      });
    request.onerror = () => end({ lost });
    request.onabort = () => end({ lost });
    request.upload.onprogress = ({ loaded }) => {
      watch(STILL_MS);
      if (watched) report({ id, sent: loaded });
    };
    request.upload.onload = () => watch(STILL_MS);
    // Storage that takes long to put parts together sends blanks meanwhile.
    request.onprogress = () => watch(STILL_MS);
    watch(BLIND_MS);
    request.send(body);
  });
}

/**
 * Asks. Nothing of it comes from what the browser has kept.
 * @param {Order} order
 * @returns {Promise<Outcome>}
 */
async function get({ id, method, url, headers = {} }) {
  const stop = new AbortController();
  let late = false;
  let timer = 0;
  const watch = () => {
    clearTimeout(timer);
    timer = window.setTimeout(() => {
      late = true;
      stop.abort();
    }, STILL_MS);
  };
  watch();
  running.set(id, () => stop.abort());
  try {
    const response = await fetch(url, {
      method,
      headers,
      cache: 'no-store',
      credentials: 'omit',
      redirect: 'error',
      referrerPolicy: 'no-referrer',
      signal: stop.signal,
    });
    const parts = [];
    const reader = response.body?.getReader();
    for (let part = await reader?.read(); part && !part.done; part = await reader?.read()) {
      watch();
      parts.push(part.value);
    }
    const bytes = await new Blob(parts).arrayBuffer();
    return { status: response.status, headers: Object.fromEntries(response.headers), bytes };
  } catch {
    return { lost: late ? 'late' : 'network' };
  } finally {
    clearTimeout(timer);
  }
}

/** @param {MessagePort} port */
function serve(port) {
  const report = (/** @type {Report} */ said) => port.postMessage(said);
  port.onmessage = async ({ data }) => {
    const order = /** @type {Order & { end?: boolean }} */ (data);
    if (order.end) {
      running.get(order.id)?.();
      return;
    }
    const outcome = await (order.body === undefined ? get(order) : put(order, report));
    running.delete(order.id);
    port.postMessage({ id: order.id, outcome }, 'bytes' in outcome ? [outcome.bytes] : []);
  };
  port.postMessage({ ready: true });
}

addEventListener('message', (event) => {
  const [port] = event.ports;
  // From the page of the same site that holds the frame, and from nobody else.
  if (port && parent !== window && event.source === parent && event.origin === location.origin) serve(port);
});
