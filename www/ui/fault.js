/** What went wrong, as the page tells it. */

/** @import { Fault } from './store.js' */

/**
 * @param {unknown} error
 * @returns {Fault}
 */
export function faultOf(error) {
  if (!(error instanceof Error)) return { message: String(error) };
  const field = /** @type {unknown} */ (Reflect.get(error, 'field'));
  const code = /** @type {unknown} */ (Reflect.get(error, 'code'));
  return {
    message: error.message,
    ...(typeof field === 'string' ? { field } : {}),
    ...(typeof code === 'string' ? { code } : {}),
  };
}
