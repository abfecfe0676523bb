/** What went wrong, as the page tells it. */

/** @import { Doing } from '../files/faults.js' */
/** @import { Fault } from './store.js' */

import { doingOf, sentenceFor } from '../files/faults.js';

/**
 * @param {unknown} error
 * @param {Doing} [doing] what was being done, when the error does not say
 * @returns {Fault}
 */
export function faultOf(error, doing = 'read') {
  // The module's errors and the page's own have sentences. What browsers throw, and mistakes in scripts, do not.
  if (!(error instanceof Error && /^(Boxlock)?Error$/.test(error.name)))
    return { message: sentenceFor(error, doingOf(error) ?? doing).message };
  const field = /** @type {unknown} */ (Reflect.get(error, 'field'));
  const code = /** @type {unknown} */ (Reflect.get(error, 'code'));
  return {
    message: error.message,
    ...(typeof field === 'string' ? { field } : {}),
    ...(typeof code === 'string' ? { code } : {}),
  };
}
