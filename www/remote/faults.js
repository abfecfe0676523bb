/**
 * What can go wrong with an address, as plain sentences that say what to do next. No address stands in them: what is behind
 * its question mark may be a signature.
 */

import { asError } from '../files/faults.js';
import { bytes } from '../ui/format.js';

/**
 * Why something could not be had, and whether it may well be had a moment later.
 * @typedef {{ code: string, message: string, passing?: boolean }} Fault
 */

const HERE = 'Or save the file to this computer, and open it on the main page.';

/** What a server has to send so that pages of other origins may read parts of a file. */
export const CORS_HEADERS = [
  'Access-Control-Allow-Origin: *',
  'Access-Control-Allow-Headers: Range',
  'Access-Control-Expose-Headers: Content-Range, Content-Length, ETag',
];

/** @type {Record<string, Fault>} */
const KNOWN = {
  late: {
    code: 'remote-late',
    message:
      'The server did not answer for a while, and was asked several times. Try again later, or check whether the address opens elsewhere.',
    passing: true,
  },
  lost: {
    code: 'remote-lost',
    message:
      'The connection was lost, and could not be made again in several tries. Check the network, and try again.',
    passing: true,
  },
  broken: {
    code: 'remote-broken',
    message: `The server’s answer broke off before its end, several times. Try again; if it goes on, the server or something on the way changes its answers, perhaps by compressing them (Content-Encoding). ${HERE}`,
    passing: true,
  },
  unreachable: {
    code: 'remote-unreachable',
    message: `The server could not be reached: its name is unknown, it does not answer, its certificate is not trusted, or it leads on to another place that does not let pages read it. Check the address in a tab of its own. ${HERE}`,
  },
  cors: {
    code: 'remote-cors',
    message: `The server answers, but does not let pages of other origins read what it sends. Whoever runs it has to send the headers below. ${HERE}`,
  },
  preflight: {
    code: 'remote-preflight',
    message: `The server lets pages read the file, but not parts of it: it refuses the question whether the header Range may be sent, or compresses them (Content-Encoding). Whoever runs it has to answer OPTIONS with the headers below, and to switch compression off for media. ${HERE}`,
  },
  ranges: {
    code: 'remote-no-ranges',
    message: `The server sends the whole file when it is asked for a part, so that nothing could be looked at without fetching all of it. Whoever runs it has to have it answer ranges (206 and Content-Range). ${HERE}`,
  },
  size: {
    code: 'remote-no-size',
    message: `The server does not let this page know how long the file is. Whoever runs it has to send the headers below. ${HERE}`,
  },
  encoded: {
    code: 'remote-encoded',
    message: `The server compresses what it sends (Content-Encoding), so that its bytes are not where the file has them. Whoever runs it has to switch compression off for media. ${HERE}`,
  },
  changed: {
    code: 'remote-changed',
    message:
      'The file at the address is no longer the one that was opened: its length, its ETag or the time of its last change is another. Open the address again.',
  },
  unsure: {
    code: 'remote-other-range',
    message: `The server sent another part of the file than it was asked for. Something on the way keeps answers and mixes them up. Try again later. ${HERE}`,
  },
  declined: {
    code: 'remote-declined',
    message:
      'Nothing more was fetched, as you chose. Do the same again when more may be fetched; what was fetched so far is kept while the page is open.',
  },
  long: {
    code: 'remote-long',
    message:
      'This is longer than any segment: more than 64 MB were sent. If it is a whole file, open its address by itself.',
  },
  empty: { code: 'remote-empty', message: 'The file at the address is empty. Check the address.' },
  page: {
    code: 'remote-page',
    message:
      'At the address is a web page, and no media: perhaps one that asks to sign in, or says that something is missing. Give the address of the file itself.',
  },
};

/** @param {keyof typeof KNOWN} which @returns {Fault} */
export const fault = (which) => /** @type {Fault} */ (KNOWN[which]);

/** @param {Fault} known */
export const errorOf = ({ code, message }) => asError({ code, message });

/** Whether the headers that a server has to send help against it. @param {string | undefined} code */
export const needsHeaders = (code) =>
  ['remote-cors', 'remote-preflight', 'remote-no-size'].includes(code ?? '');

/**
 * A file that can only be had whole, and is too long for that.
 * @param {number} size
 */
export function tooLongWhole(size) {
  const { code, message } = fault('ranges');
  return { code, message: `The file has ${bytes(size)}. ${message}` };
}

/**
 * @param {number} status of an answer that is neither all nor a part of a file
 * @returns {Fault}
 */
export function statusFault(status) {
  if (status === 401 || status === 403)
    return {
      code: 'remote-refused',
      message: `The server refuses the file (${status}): the address has no right to it, or has it no longer, or needs a sign-in that this page never sends. Get a new address, one that whoever has it may read.`,
    };
  if (status === 404 || status === 410)
    return {
      code: 'remote-missing',
      message: `The server has no such file (${status}). Check the address, and that nothing of it is missing.`,
    };
  if (status === 416)
    return {
      code: 'remote-changed',
      message:
        'The file is shorter than it was said to be (416), so that it has changed, or is empty. Open the address again.',
    };
  const passing = status === 408 || status === 429 || status >= 500;
  return {
    code: 'remote-status',
    message: passing
      ? `The server cannot give the file now (${status}), and was asked several times. Try again later.`
      : `The server does not give the file (${status}). Check the address in a tab of its own. ${HERE}`,
    passing,
  };
}
