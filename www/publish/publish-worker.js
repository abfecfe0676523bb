/**
 * The service worker that makes the frame from which a protected file is uploaded: a page whose policy, in a header, lets
 * it connect to the one origin that its address names, and to nothing else. It answers for addresses below its own folder
 * alone, and only when one is opened; it keeps nothing. The build makes it one plain script.
 */

import '../files/no-way-out.js';

const scope = /** @type {ServiceWorkerGlobalScope} */ (/** @type {unknown} */ (self));

/** As in address.js: what a policy can name, and what names nothing else. */
const ORIGIN = /^https?:\/\/[a-z\d]([a-z\d.-]*[a-z\d])?(:\d+)?$/;

const PAGE =
  '<!doctype html><html lang="en"><meta charset="utf-8"><title>Upload</title>' +
  '<script type="module" src="../courier.js"></script></html>';

/** @param {string} origin */
const policy = (origin) =>
  [
    "default-src 'none'",
    "script-src 'self'",
    `connect-src ${origin}`,
    "frame-ancestors 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    // No windows, no other page in place of the one that holds the frame.
    'sandbox allow-scripts allow-same-origin',
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
  ].join('; ');

/** @param {URL} url */
const answer = (url) => {
  const origin = url.search.slice(1);
  if (!ORIGIN.test(origin)) return new Response(null, { status: 404 });
  const headers = {
    'content-type': 'text/html; charset=utf-8',
    'content-security-policy': policy(origin),
    'referrer-policy': 'no-referrer',
    'x-content-type-options': 'nosniff',
    'cache-control': 'no-store',
  };
  return new Response(PAGE, { headers });
};

// Whoever comes later answers as this one does.
scope.addEventListener('install', () => void scope.skipWaiting());

scope.addEventListener('fetch', (event) => {
  // What the frame itself asks for goes as it would without a service worker, under the frame's policy.
  if (event.request.mode === 'navigate') event.respondWith(answer(new URL(event.request.url)));
});
