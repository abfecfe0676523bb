/**
 * The frame in which a player of another hand runs: a page of a service worker, whose policy lets it reach what that worker
 * answers and nothing else. This page’s own policy lets no script touch markup, which players do to read manifests, and stays as
 * it is.
 */

import { serviceWorker } from '../files/downloads.js';
import { asError } from '../files/faults.js';

/** @import { Answer } from './answer.js' */
/** @import { Order, Report } from './stage.js' */

const scriptUrl = () => new URL('./preview-worker.js', import.meta.url).href;

const ANSWER_MS = 20_000;

const NOT_MADE = {
  code: 'no-preview-frame',
  message:
    'This browser does not let the page make the part that players run in: it has no service workers here, as in some private windows, or not over this connection. Use a window that is not private and an address with https, or play it without these players.',
};

/** Whether players can run here at all. */
export const canPreview = () => isSecureContext && 'serviceWorker' in navigator;

/**
 * Plays something in a player. Settles when the player has begun its work; what comes of that is reported.
 * @param {Order} order
 * @param {object} how
 * @param {Element} how.place where it is shown
 * @param {string} how.title
 * @param {(report: Report) => void} how.onReport
 * @param {(challenge: ArrayBuffer) => Promise<Answer>} [how.onChallenge] asks for a licence of PlayReady
 * @param {AbortSignal} how.signal
 * @returns {Promise<{ close: () => void }>}
 */
export async function preview(order, { place, title, onReport, onChallenge, signal }) {
  if (!canPreview()) throw asError(NOT_MADE);
  const scope = new URL('to/', scriptUrl()).href;
  const worker = await serviceWorker(scriptUrl, scope).catch(() => null);
  if (!worker) throw asError(NOT_MADE);
  signal.throwIfAborted();
  const frame = document.createElement('iframe');
  frame.title = title;
  frame.allow = 'encrypted-media; autoplay; fullscreen';
  frame.src = `${scope}${crypto.randomUUID()}/`;
  const { port1: port, port2 } = new MessageChannel();
  const close = () => {
    // What plays is let go of before the frame is: some players end their sessions only then.
    port.postMessage({ stop: true });
    port.onmessage = null;
    frame.hidden = true;
    setTimeout(() => {
      frame.remove();
      port.close();
    }, 300);
  };
  signal.addEventListener('abort', close, { once: true });
  try {
    await ready(frame, place, port, port2);
  } catch (error) {
    close();
    throw error;
  }
  signal.throwIfAborted();
  port.onmessage = ({ data }) => {
    if (data.report) onReport(data.report);
    else void onChallenge?.(data.challenge).then((licence) => port.postMessage({ licence }));
  };
  port.postMessage({ order });
  return { close };
}

/**
 * @param {HTMLIFrameElement} frame
 * @param {Element} place
 * @param {MessagePort} port
 * @param {MessagePort} theirs
 */
function ready(frame, place, port, theirs) {
  return new Promise((resolve, reject) => {
    setTimeout(() => reject(asError(NOT_MADE)), ANSWER_MS);
    port.onmessage = resolve;
    frame.addEventListener('load', () => frame.contentWindow?.postMessage(null, location.origin, [theirs]), {
      once: true,
    });
    place.replaceChildren(frame);
  });
}
