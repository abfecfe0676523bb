/**
 * A frame whose page a service worker makes, with a policy of its own in a header: the page around it stays bound by its own.
 */

import { serviceWorker } from './downloads.js';
import { asError } from './faults.js';

const ANSWER_MS = 20_000;

/** Whether there can be one here. */
export const canFrame = () => isSecureContext && 'serviceWorker' in navigator;

/**
 * Settles when the frame has said its first word.
 * @param {object} what
 * @param {() => string} what.script address of the service worker's script, which makes what is below `to/` beside it
 * @param {string} what.path below that
 * @param {string} what.title
 * @param {Element} what.place where it is put
 * @param {boolean} [what.hidden]
 * @param {string} [what.allow] what of the browser it may use
 * @param {AbortSignal} [what.signal]
 * @param {{ code: string, message: string }} fault where there can be none
 * @returns {Promise<{ frame: HTMLIFrameElement, port: MessagePort }>} with the way to what runs in it
 */
export async function frameOf({ script, path, title, place, hidden = false, allow = '', signal }, fault) {
  if (!canFrame()) throw asError(fault);
  const scope = new URL('to/', script()).href;
  const worker = await serviceWorker(script, scope).catch(() => null);
  if (!worker) throw asError(fault);
  signal?.throwIfAborted();
  const frame = Object.assign(document.createElement('iframe'), { title, hidden, allow, src: scope + path });
  const { port1: port, port2: theirs } = new MessageChannel();
  try {
    await new Promise((resolve, reject) => {
      setTimeout(() => reject(asError(fault)), ANSWER_MS);
      signal?.addEventListener('abort', () => reject(signal.reason), { once: true });
      port.onmessage = resolve;
      frame.addEventListener(
        'load',
        () => frame.contentWindow?.postMessage(null, location.origin, [theirs]),
        { once: true },
      );
      place.append(frame);
    });
  } catch (error) {
    frame.remove();
    port.close();
    throw error;
  }
  return { frame, port };
}
