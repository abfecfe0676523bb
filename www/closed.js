/**
 * What the page's policy does not stop: no browser understands its `webrtc` directive yet, so a connection to a peer
 * would pass by `connect-src`. The page needs none, and takes the way out away before any other script runs.
 */

for (const name of ['RTCPeerConnection', 'webkitRTCPeerConnection']) {
  if (name in globalThis) Object.defineProperty(globalThis, name, { value: undefined, writable: false });
}
