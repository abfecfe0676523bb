/**
 * For service workers. Most hosts send no policy with their scripts, and so nothing would bind them: those that need no way out
 * take all of them away, before anything else of them runs.
 */

const WAYS = [
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
];

for (const name of WAYS) {
  for (let place = self; place; place = Object.getPrototypeOf(place)) Reflect.deleteProperty(place, name);
  Object.defineProperty(self, name, { value: undefined, writable: false });
}
