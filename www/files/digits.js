/** Bytes as digits: hexadecimal, base64, and base64 as addresses and JSON Web Keys have it. */

/** @param {Uint8Array} bytes */
export const hexOf = (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');

/** @param {string} hex @returns {Uint8Array<ArrayBuffer>} */
export const bytesOfHex = (hex) =>
  Uint8Array.from(hex.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));

/** @param {Uint8Array} bytes */
export function base64Of(bytes) {
  let text = '';
  // A call takes so many arguments and no more.
  for (let at = 0; at < bytes.length; at += 8192)
    text += String.fromCharCode(...bytes.subarray(at, at + 8192));
  return btoa(text);
}

/** @param {Uint8Array} bytes */
export const base64UrlOf = (bytes) =>
  base64Of(bytes).replace(/\+/g, '-').replace(/\//g, '_').replace(/=+$/, '');

/** @param {string} text in base64, of either alphabet @returns {Uint8Array<ArrayBuffer>} */
export const bytesOfBase64 = (text) =>
  Uint8Array.from(atob(text.replace(/-/g, '+').replace(/_/g, '/')), (sign) => sign.charCodeAt(0));
