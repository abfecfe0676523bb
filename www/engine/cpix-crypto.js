/**
 * Encrypted CPIX documents, by the browser's own cryptography: a document key for the content keys, an HMAC over each, and
 * both encrypted with the recipients' RSA keys (CPIX 2.3 §6.1). What is secret is wiped as soon as it was used.
 */

/** @import { EncryptedValue, KeyList, KeyRecipient, KeysToWrite } from '../types' */

import { base64Of, bytesOfBase64, bytesOfHex, hexOf } from '../files/digits.js';
import { BoxlockError, environmentError } from './errors.js';

const AES = 'http://www.w3.org/2001/04/xmlenc#aes256-cbc';
const OAEP = 'http://www.w3.org/2001/04/xmlenc#rsa-oaep-mgf1p';
const HMAC = 'http://www.w3.org/2001/04/xmldsig-more#hmac-sha512';

const RSA = { name: 'RSA-OAEP', hash: 'SHA-1' };
const SHA512 = { name: 'HMAC', hash: 'SHA-512' };

const IV_BYTES = 16;
const KEY_BYTES = 16;

/** @param {string} code @param {string} message */
const fault = (code, message) => new BoxlockError({ code, kind: 'file', message });

/** The browser's cryptography, which pages without a secure connection do not have. */
function subtle() {
  const { subtle } = crypto;
  if (!subtle)
    throw environmentError(
      'no-crypto',
      'Encrypted documents need the browser’s own cryptography, which it gives only to pages on https or on this computer.',
    );
  return subtle;
}

/**
 * Decrypts the keys of a list where they stand, and wipes the private key.
 * @param {KeyList} list
 * @param {Uint8Array} pkcs8
 */
export async function decryptKeys(list, pkcs8) {
  const encrypted = list.keys.filter((key) => key.encrypted);
  if (encrypted.length === 0) {
    pkcs8.fill(0);
    list.warnings.push('The keys of this list are not encrypted; the private key was not needed.');
    return;
  }
  const secrets = await openRecipient(list.recipients, pkcs8);
  try {
    const documentKey = await subtle().importKey('raw', secrets.documentKey, 'AES-CBC', false, ['decrypt']);
    const mac = secrets.mac && (await subtle().importKey('raw', secrets.mac, SHA512, false, ['verify']));
    for (const key of encrypted) {
      const named = key.kid?.uuid ?? '';
      const bytes = await decryptOne(/** @type {EncryptedValue} */ (key.encrypted), documentKey, mac, named);
      key.key = hexOf(bytes);
      bytes.fill(0);
      delete key.encrypted;
    }
  } finally {
    secrets.documentKey.fill(0);
    secrets.mac?.fill(0);
  }
}

/**
 * The document key and the MAC key of the recipient whose private key it is.
 * @param {KeyRecipient[]} recipients
 * @param {Uint8Array} pkcs8
 * @returns {Promise<{ documentKey: Uint8Array<ArrayBuffer>, mac: Uint8Array<ArrayBuffer> | null }>}
 */
async function openRecipient(recipients, pkcs8) {
  let key;
  try {
    const bytes = /** @type {Uint8Array<ArrayBuffer>} */ (pkcs8);
    key = await subtle().importKey('pkcs8', bytes, RSA, false, ['decrypt']);
  } catch (error) {
    if (error instanceof BoxlockError) throw error;
    throw fault(
      'bad-private-key',
      'This private key cannot be used: the browser does not take it as a key for RSA.',
    );
  } finally {
    pkcs8.fill(0);
  }
  /** @param {EncryptedValue} value */
  const open = async ({ value }) => new Uint8Array(await subtle().decrypt(RSA, key, bytesOfBase64(value)));
  for (const { documentKey: sealed, macAlgorithm, macKey } of recipients) {
    if (sealed.algorithm && sealed.algorithm !== OAEP) throw unknownAlgorithm(sealed.algorithm);
    const documentKey = await open(sealed).catch(() => null);
    if (!documentKey) continue;
    if (macAlgorithm && macAlgorithm !== HMAC) throw unknownAlgorithm(macAlgorithm);
    return { documentKey, mac: macKey ? await open(macKey) : null };
  }
  const several = recipients.length === 1 ? 'its recipient' : `any of its ${recipients.length} recipients`;
  throw fault(
    'cpix-other-recipient',
    `The private key does not belong to ${several}. Use the one whose certificate was given to whoever wrote it.`,
  );
}

/**
 * @param {EncryptedValue} value
 * @param {CryptoKey} documentKey
 * @param {CryptoKey | null} mac
 * @param {string} kid
 */
async function decryptOne({ algorithm, value, mac: sum }, documentKey, mac, kid) {
  if (algorithm && algorithm !== AES) throw unknownAlgorithm(algorithm);
  const bytes = bytesOfBase64(value);
  // Before anything is decrypted, so that nothing is learned from how it fails.
  const same = mac && sum ? await subtle().verify('HMAC', mac, bytesOfBase64(sum), bytes) : !mac;
  if (!same)
    throw fault(
      'cpix-mac',
      `The encrypted key of the key ID ${kid} ${sum ? 'was changed after it was written: its HMAC is another' : 'has no HMAC, though the document names a key for one'}. ` +
        'Have the document made again.',
    );
  const iv = bytes.subarray(0, IV_BYTES);
  const plain = await subtle()
    .decrypt({ name: 'AES-CBC', iv }, documentKey, bytes.subarray(IV_BYTES))
    .then(
      (buffer) => new Uint8Array(buffer),
      () => null,
    );
  if (plain?.length !== KEY_BYTES)
    throw fault(
      'cpix-value',
      `The encrypted key of the key ID ${kid} ${plain ? `has ${plain.length} bytes, and must have 16` : 'cannot be decrypted by the document key'}.`,
    );
  return plain;
}

/** @param {string} name */
const unknownAlgorithm = (name) =>
  new BoxlockError({
    code: 'cpix-algorithm',
    kind: 'unsupported',
    message: `The document is encrypted by ${name}; CPIX knows ${AES}, ${OAEP} and ${HMAC}.`,
  });

/**
 * The request with its keys encrypted for these recipients.
 * @param {KeysToWrite} request
 * @param {{ certificate: Uint8Array, publicKey: Uint8Array }[]} recipients
 */
export async function encryptKeys(request, recipients) {
  const documentKey = crypto.getRandomValues(new Uint8Array(32));
  const macKey = crypto.getRandomValues(new Uint8Array(64));
  try {
    const aes = await subtle().importKey('raw', documentKey, 'AES-CBC', false, ['encrypt']);
    const mac = await subtle().importKey('raw', macKey, SHA512, false, ['sign']);
    const sign = async (/** @type {Uint8Array<ArrayBuffer>} */ bytes) =>
      base64Of(new Uint8Array(await subtle().sign('HMAC', mac, bytes)));
    const written = [];
    for (const { certificate, publicKey } of recipients) {
      const bytes = /** @type {Uint8Array<ArrayBuffer>} */ (publicKey);
      const rsa = await subtle().importKey('spki', bytes, RSA, false, ['encrypt']);
      const value = new Uint8Array(await subtle().encrypt(RSA, rsa, documentKey));
      const macValue = new Uint8Array(await subtle().encrypt(RSA, rsa, macKey));
      written.push({
        certificate: base64Of(certificate),
        documentKey: { algorithm: OAEP, value: base64Of(value), mac: await sign(value) },
        macKey: { algorithm: OAEP, value: base64Of(macValue) },
      });
    }
    const keys = [];
    for (const { key, ...rest } of request.keys) {
      if (!key) {
        keys.push(rest);
        continue;
      }
      const plain = bytesOfHex(key.length === 32 ? key : hexOf(bytesOfBase64(key)));
      const iv = crypto.getRandomValues(new Uint8Array(IV_BYTES));
      const cipher = new Uint8Array(await subtle().encrypt({ name: 'AES-CBC', iv }, aes, plain));
      plain.fill(0);
      const value = new Uint8Array(IV_BYTES + cipher.length);
      value.set(iv);
      value.set(cipher, IV_BYTES);
      keys.push({ ...rest, encrypted: { algorithm: AES, value: base64Of(value), mac: await sign(value) } });
    }
    return { ...request, keys, recipients: written };
  } finally {
    documentKey.fill(0);
    macKey.fill(0);
  }
}
