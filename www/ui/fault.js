/** What went wrong, as the page tells it. */

/** @import { Doing } from '../files/faults.js' */
/** @import { Fault } from './store.js' */

import { doingOf, isOfBrowser, sentenceFor } from '../files/faults.js';

/**
 * @param {unknown} error
 * @param {Doing} [doing] what was being done, when the error does not say
 * @returns {Fault}
 */
export function faultOf(error, doing = 'read') {
  if (!(error instanceof Error)) return { message: String(error) };
  if (isOfBrowser(error)) return { message: sentenceFor(error, doingOf(error) ?? doing).message };
  const field = /** @type {unknown} */ (Reflect.get(error, 'field'));
  const code = /** @type {unknown} */ (Reflect.get(error, 'code'));
  return {
    message: error.message,
    ...(typeof field === 'string' ? { field } : {}),
    ...(typeof code === 'string' ? { code } : {}),
  };
}
