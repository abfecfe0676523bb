/**
 * The frame in which a player of another hand runs: a page of a service worker, whose policy lets it reach what that worker
 * answers and nothing else. This page’s own policy lets no script touch markup, which players do to read manifests, and stays as
 * it is.
 */

import { frameOf } from '../files/frame.js';

/** @import { Answer } from './answer.js' */
/** @import { Order, Report } from './stage.js' */

const scriptUrl = () => new URL('./preview-worker.js', import.meta.url).href;

/** So long a player has to end. */
const LEAVE_MS = 300;

const NOT_MADE = {
  code: 'no-preview-frame',
  message:
    'This browser does not let the page make the part that players run in: it has no service workers here, as in some private windows, or not over this connection. Use a window that is not private and an address with https, or play it without these players.',
};

/**
 * Plays something in a player. Settles when the player has begun its work; what comes of that is reported.
 * @param {Order} order
 * @param {object} how
 * @param {Element} how.place where it is shown
 * @param {string} how.title
 * @param {(report: Report) => void} how.onReport
 * @param {(challenge: ArrayBuffer) => Promise<Answer>} [how.onChallenge] asks for a licence of PlayReady
 * @param {AbortSignal} how.signal
 */
export async function preview(order, { place, title, onReport, onChallenge, signal }) {
  const { frame, port } = await frameOf(
    {
      script: scriptUrl,
      path: `${crypto.randomUUID()}/`,
      title,
      place,
      allow: 'encrypted-media; autoplay; fullscreen',
      signal,
    },
    NOT_MADE,
  );
  const leave = () => {
    // What plays is let go of before the frame is: some players end their sessions only then.
    port.postMessage({ stop: true });
    port.onmessage = null;
    frame.hidden = true;
    setTimeout(() => {
      frame.remove();
      port.close();
    }, LEAVE_MS);
  };
  if (signal.aborted) {
    leave();
    return;
  }
  signal.addEventListener('abort', leave, { once: true });
  port.onmessage = ({ data, ports: [answer] }) => {
    if (data.report) onReport(data.report);
    else void onChallenge?.(data.challenge).then((licence) => answer?.postMessage(licence));
  };
  port.postMessage({ order });
}
