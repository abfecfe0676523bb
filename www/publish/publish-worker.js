/**
 * The service worker that makes the frame from which a protected file is uploaded: a page whose policy, in a header, lets
 * it connect to the one origin that its address names, and to nothing else. It answers for addresses below its own folder
 * alone, and only when one is opened; it keeps nothing. No module, as browsers learnt late to start service workers from
 * modules.
 */
{
  const scope = /** @type {ServiceWorkerGlobalScope} */ (/** @type {unknown} */ (self));

  // Most hosts send no policy with this script, and so nothing would bind it. It needs no way out, and takes them away.
  for (const name of [
    'fetch',
    'caches',
    'Cache',
    'CacheStorage',
    'WebSocket',
    'WebSocketStream',
    'EventSource',
    'WebTransport',
    'XMLHttpRequest',
    'RTCPeerConnection',
    'BackgroundFetchManager',
    'importScripts',
  ]) {
    for (let place = scope; place; place = Object.getPrototypeOf(place)) Reflect.deleteProperty(place, name);
    Object.defineProperty(scope, name, { value: undefined, writable: false });
  }

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
}
