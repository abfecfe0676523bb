/**
 * The frame that may connect to one origin. This page itself connects to nothing but its own files; the frame is made by a
 * service worker, which gives it a policy of its own.
 */

import { serviceWorker } from '../files/downloads.js';
import { asError } from '../files/faults.js';
import { isNameable } from './address.js';

/** @import { Report } from './courier.js' */
/** @import { Request, Send } from './read-back.js' */
/** @import { Outcome } from './transfer.js' */

const scriptUrl = () => new URL('./publish-worker.js', import.meta.url).href;

const ANSWER_MS = 15_000;

const NOT_MADE = {
  code: 'no-frame',
  message:
    'This browser does not let the page make the part that connects: it has no service workers here, as in some private windows, or not over this connection. Use a window that is not private and an address with https, or the script below.',
};

/** Whether uploads are possible here at all. */
export const canConnect = () => isSecureContext && 'serviceWorker' in navigator;

/** @typedef {{ send: Send, close: () => void }} Connection */

/**
 * @param {string} origin that alone can be reached
 * @returns {Promise<Connection>}
 */
export async function connect(origin) {
  if (!canConnect() || !isNameable(origin)) throw asError(NOT_MADE);
  const scope = new URL('to/', scriptUrl()).href;
  const worker = await serviceWorker(scriptUrl, scope).catch(() => null);
  if (!worker) throw asError(NOT_MADE);
  const frame = document.createElement('iframe');
  frame.hidden = true;
  frame.title = 'Connection to the storage';
  frame.src = `${scope}?${origin}`;
  const { port1: port, port2 } = new MessageChannel();
  await ready(frame, port, port2).catch((error) => {
    frame.remove();
    throw error;
  });
  return { send: sender(port), close: () => frame.remove() };
}

/**
 * @param {HTMLIFrameElement} frame
 * @param {MessagePort} port
 * @param {MessagePort} theirs
 */
function ready(frame, port, theirs) {
  return new Promise((resolve, reject) => {
    setTimeout(() => reject(asError(NOT_MADE)), ANSWER_MS);
    port.onmessage = resolve;
    frame.addEventListener('load', () => frame.contentWindow?.postMessage(null, location.origin, [theirs]), {
      once: true,
    });
    document.body.append(frame);
  });
}

/**
 * @param {MessagePort} port
 * @returns {Send}
 */
function sender(port) {
  /** @type {Map<number, { onSent: Request['onSent'], settle: (outcome: Outcome) => void }>} */
  const waiting = new Map();
  let last = 0;
  port.onmessage = ({ data }) => {
    const report = /** @type {Report} */ (data);
    const one = waiting.get(report.id);
    if ('outcome' in report) {
      waiting.delete(report.id);
      one?.settle(report.outcome);
    } else one?.onSent?.(report.sent);
  };
  return ({ signal, onSent, ...order }) =>
    new Promise((resolve) => {
      const id = ++last;
      const end = () => port.postMessage({ id, end: true });
      const settle = (/** @type {Outcome} */ outcome) => {
        signal.removeEventListener('abort', end);
        resolve(outcome);
      };
      waiting.set(id, { onSent, settle });
      const { body } = order;
      port.postMessage({ ...order, id, watched: Boolean(onSent) }, body instanceof ArrayBuffer ? [body] : []);
      if (signal.aborted) end();
      else signal.addEventListener('abort', end, { once: true });
    });
}
