/** Which keys a player asks for: read from what it gives the browser’s DRM system and gets from it, and left as it is. */

import { bytesOfBase64, hexOf } from '../files/digits.js';

/**
 * @param {(kid: string) => void} asked called with the key ID in hexadecimal digits
 */
export function observeKeys(asked) {
  if (!('MediaKeySession' in globalThis)) return;
  const { generateRequest } = MediaKeySession.prototype;
  MediaKeySession.prototype.generateRequest = function (type, data) {
    // The request that comes of it names the keys. It is read before the player hears of it.
    const read = (/** @type {MediaKeyMessageEvent} */ { message }) =>
      kidsOf(new Uint8Array(message)).forEach(asked);
    this.addEventListener('message', read, { capture: true });
    return generateRequest.call(this, type, data);
  };
}

/**
 * Those of a request of ClearKey, which is JSON, or of PlayReady, which is XML in UTF-8 or UTF-16 with a header in it.
 * @param {Uint8Array} message
 * @returns {string[]}
 */
export function kidsOf(message) {
  const text = new TextDecoder(message[1] === 0 ? 'utf-16le' : 'utf-8').decode(message);
  try {
    const { kids } = JSON.parse(text);
    return kids.map((/** @type {string} */ kid) => hexOf(bytesOfBase64(kid)));
  } catch {
    const inner = /<Challenge[^>]*>([^<]*)</.exec(text)?.[1];
    const header = inner ? new TextDecoder().decode(bytesOfBase64(inner)) : text;
    const found = header.matchAll(/<KID>([\w+/]{22}==)<|<KID\b[^>]*VALUE="([\w+/]{22}==)"/g);
    return [
      ...new Set([...found].map(([, text40, text41]) => hexOf(guid(bytesOfBase64(text40 ?? text41 ?? ''))))),
    ];
  }
}

/** Bytes in the order of Microsoft’s GUIDs, in that of UUIDs. @param {Uint8Array} bytes */
function guid(bytes) {
  const order = [3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15];
  return Uint8Array.from(order, (at) => bytes[at] ?? 0);
}
