/**
 * The frame that may connect to one origin. This page itself connects to nothing but its own files; the frame is made by a
 * service worker, which gives it a policy of its own.
 */

import { asError } from '../files/faults.js';
import { frameOf } from '../files/frame.js';
import { isNameable } from './address.js';

/** @import { Report } from './courier.js' */
/** @import { Request, Send } from './read-back.js' */
/** @import { Outcome } from './transfer.js' */

const scriptUrl = () => new URL('./publish-worker.js', import.meta.url).href;

const NOT_MADE = {
  code: 'no-frame',
  message:
    'This browser does not let the page make the part that connects: it has no service workers here, as in some private windows, or not over this connection. Use a window that is not private and an address with https, or the script below.',
};

/** @typedef {{ send: Send, close: () => void }} Connection */

/**
 * @param {string} origin that alone can be reached
 * @returns {Promise<Connection>}
 */
export async function connect(origin) {
  if (!isNameable(origin)) throw asError(NOT_MADE);
  const { frame, port } = await frameOf(
    {
      script: scriptUrl,
      path: `?${origin}`,
      title: 'Connection to the storage',
      place: document.body,
      hidden: true,
    },
    NOT_MADE,
  );
  return { send: sender(port), close: () => frame.remove() };
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
