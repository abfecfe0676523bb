/** After the upload: is what stands there what was sent, and can a player read it as players do? */

import { hexOf } from '../files/digits.js';
import { codeOf, isGood } from './answers.js';
import { once, stopped, transfer } from './transfer.js';

/** @import { Answer } from './answers.js' */
/** @import { Part } from './blocks.js' */
/** @import { Means, Outcome } from './transfer.js' */

/**
 * A request, as the page's frame sends it. `body` is none of a request that asks.
 * @typedef {object} Request
 * @property {'GET' | 'PUT' | 'POST'} method
 * @property {string} url
 * @property {Record<string, string>} [headers]
 * @property {ArrayBuffer | Blob} [body]
 * @property {AbortSignal} signal
 * @property {(bytes: number) => void} [onSent]
 */
/** @typedef {(request: Request) => Promise<Outcome>} Send */

/**
 * The bytes of the file that is sent.
 * @typedef {object} Source
 * @property {number} size
 * @property {(start: number, end: number) => Promise<ArrayBuffer>} read fails when the file is another now
 * @property {() => Promise<void>} check fails when the file is another now
 */

/** @param {ArrayBuffer} bytes */
export async function sumOf(bytes) {
  return hexOf(new Uint8Array(await crypto.subtle.digest('SHA-256', bytes)));
}

/**
 * Reads ranges back and holds their sums against those of the file; fails with the first that differs.
 * @param {object} what
 * @param {readonly Part[]} what.ranges
 * @param {string} what.url
 * @param {Source} what.source
 * @param {Send} what.send
 * @param {(bytes: number) => void} what.onBytes read so far
 * @param {Means} means
 */
export async function verify({ ranges, url, source, send, onBytes }, means) {
  let done = 0;
  /** @type {Map<number, boolean>} */
  const fits = new Map();
  const get = async (/** @type {number} */ index, /** @type {AbortSignal} */ signal) => {
    const { start, end } = /** @type {Part} */ (ranges[index]);
    const outcome = await send({
      method: 'GET',
      url,
      headers: { range: `bytes=${start}-${end - 1}` },
      signal,
    });
    if ('lost' in outcome || !isGood(outcome)) return outcome;
    if (outcome.status !== 206)
      throw stopped(
        'no-ranges',
        'The storage answered a question for a part of the file with all of it, so that it cannot be read back in parts.',
      );
    const other = otherRange(outcome, start, end, source.size);
    if (other)
      throw stopped(
        'other-range',
        `The storage, or a proxy before it, answered with other bytes than were asked for: ${other}. What stands there could not be compared.`,
      );
    const [there, here] = await Promise.all([sumOf(outcome.bytes), source.read(start, end).then(sumOf)]);
    fits.set(index, there === here);
    return outcome;
  };
  const arrived = (/** @type {number} */ index) => {
    const { start, end } = /** @type {Part} */ (ranges[index]);
    if (!fits.get(index))
      throw stopped(
        'differs',
        `What stands there is not what was sent: bytes ${start} to ${end - 1} differ. Delete it there, and upload again.`,
      );
    done += end - start;
    onBytes(done);
  };
  await transfer([...ranges.keys()], get, arrived, means);
  return done;
}

/**
 * What a part of a file (206) is, where it is not the one that was asked for; else null. Storage need not let the page
 * see which it says it is.
 * @param {Answer} answer
 * @param {number} start
 * @param {number} end
 * @param {number} size of the file
 */
function otherRange({ headers, bytes }, start, end, size) {
  const asked = `bytes ${start}-${end - 1}/${size}`;
  const told = headers['content-range'] ?? asked;
  if (told === asked && bytes.byteLength === end - start) return null;
  return `${told === asked ? `${bytes.byteLength} bytes` : told.slice(0, 80)} in place of ${asked}`;
}

/**
 * What a player gets that asks for the first byte.
 * @typedef {{ seeks: boolean, code: 'seeks' | 'whole' | 'private' | 'unseen' | 'refused', message: string }} Playable
 */

/**
 * Asks for the first byte, as players do before they seek.
 * @param {string} url
 * @param {number} size
 * @param {boolean} azure whether it is Azure's storage
 * @param {Send} send
 * @param {Means} means
 * @returns {Promise<Playable>}
 */
export async function askAsPlayer(url, size, azure, send, means) {
  const ask = (/** @type {AbortSignal} */ signal) =>
    send({ method: 'GET', url, headers: { range: 'bytes=0-0' }, signal });
  /** @type {Answer} */
  let answer;
  try {
    answer = await once(ask, means, ({ status }) => status < 500 && status !== 429 && status !== 408);
  } catch (error) {
    if (means.signal.aborted) throw error;
    return {
      seeks: false,
      code: 'unseen',
      message:
        'What a player gets could not be seen: no answer came. Open the address in a player to try it.',
    };
  }
  return playable(answer, size, azure);
}

/**
 * @param {Answer} answer to a question for the first byte
 * @param {number} size
 * @param {boolean} azure
 * @returns {Playable}
 */
export function playable(answer, size, azure) {
  const { status, headers } = answer;
  if (status === 206) {
    const other = otherRange(answer, 0, 1, size);
    if (other)
      return {
        seeks: false,
        code: 'refused',
        message: `The answer to a question for the first byte is not that of this file: ${other}.`,
      };
    const said = headers['accept-ranges'] === 'bytes' ? ' and says Accept-Ranges: bytes' : '';
    return {
      seeks: true,
      code: 'seeks',
      message: `Players can seek: the storage answers with parts (206)${said}.`,
    };
  }
  if (status === 200)
    return {
      seeks: false,
      code: 'whole',
      message: azure
        ? 'Players cannot seek, and must load all of it first: without a SAS this account answers by its oldest service version, which knows no ranges. Set its default version once (below), or hand out SAS links.'
        : 'Players cannot seek, and must load all of it first: the storage answers a question for a part with the whole file. See docs/hosting.md.',
    };
  if (status === 404 || status === 401 || status === 403 || status === 409)
    return {
      seeks: false,
      code: 'private',
      message:
        'Without a signature nobody gets it. That is as it should be where links are handed out one by one: give each player a link that allows reading and nothing else, never the address that was pasted here.',
    };
  const name = codeOf(answer);
  return {
    seeks: false,
    code: 'refused',
    message: `A player that asks for the first byte is refused (${status}${/^\w{1,60}$/.test(name) ? ` ${name}` : ''}).`,
  };
}
