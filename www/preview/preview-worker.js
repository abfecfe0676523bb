/**
 * The service worker behind a preview: it makes the frame that players run in, a page with a policy of its own, and passes on
 * what a player asks for there to that frame, which has the file. It keeps nothing, asks no network for anything, and answers
 * for addresses below its own folder alone. The build makes it one plain script.
 */

import '../files/no-way-out.js';

const scope = /** @type {ServiceWorkerGlobalScope} */ (/** @type {unknown} */ (self));

/** A frame that does not answer for so long is gone. */
const ANSWER_MS = 20_000;

/** Each frame has a folder of its own. */
const FOLDER = /^[\da-f-]{36}\/$/;

const PAGE =
  '<!doctype html><html lang="en"><meta charset="utf-8"><title>Preview</title>' +
  '<script type="module" src="../../stage.js"></script></html>';

const own = scope.registration.scope;

// Firefox takes what is answered here for this script's, and asks the policy about its address.
const answered = `${own} ${scope.location.href}`;

/** A player reaches what is below the folder, which is answered here, and nothing else: not even its own host. */
const policy = [
  "default-src 'none'",
  "script-src 'self'",
  `connect-src ${answered}`,
  `media-src ${answered} blob:`,
  "frame-ancestors 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  // No windows, no other page in place of the one that holds the frame.
  'sandbox allow-scripts allow-same-origin',
].join('; ');

const frame = () =>
  new Response(PAGE, {
    headers: {
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy': policy,
      'referrer-policy': 'no-referrer',
      'x-content-type-options': 'nosniff',
      'cache-control': 'no-store',
    },
  });

const none = (status = 404) => new Response(null, { status });

/**
 * Asks the frame that asked.
 * @param {string} id of the frame
 * @param {Request} request
 * @param {string} path
 */
const ask = async (id, request, path) => {
  const client = await scope.clients.get(id);
  if (!client) return none();
  const { port1, port2 } = new MessageChannel();
  const body = request.method === 'POST' ? await request.arrayBuffer() : null;
  const answered = new Promise((resolve) => {
    port1.onmessage = ({ data }) => resolve(data);
    setTimeout(() => resolve(null), ANSWER_MS);
  });
  client.postMessage({ path, method: request.method, range: request.headers.get('range'), body }, [port2]);
  const answer = await answered;
  port1.close();
  if (!answer) return none(504);
  return new Response(answer.body, { status: answer.status, headers: answer.headers });
};

// Whoever comes later answers as this one does.
scope.addEventListener('install', () => void scope.skipWaiting());

scope.addEventListener('fetch', (event) => {
  const { request, clientId } = event;
  // The scripts of the frame are the site’s, and come as they would without a service worker.
  if (!request.url.startsWith(own)) return;
  const path = request.url.slice(own.length);
  if (request.mode === 'navigate') event.respondWith(FOLDER.test(path) ? frame() : none());
  else event.respondWith(ask(clientId, request, path.slice(path.indexOf('/') + 1)));
});
