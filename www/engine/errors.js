/** The one error type of the public module, and its way across workers. */

import { cancelled, doingOf, isCancelled, sentenceFor } from '../files/faults.js';

/** @import { Doing } from '../files/faults.js' */
/** @import { PostedError } from './messages' */
/** @import { BoxlockError as Declared } from '../types' */

/** @implements {Declared} */
export class BoxlockError extends Error {
  /** @param {PostedError} posted */
  constructor(posted) {
    super(posted.message, posted.cause === undefined ? {} : { cause: posted.cause });
    /** @type {'BoxlockError'} */
    this.name = 'BoxlockError';
    this.code = posted.code;
    this.kind = posted.kind;
    if (posted.path !== undefined) this.path = posted.path;
    if (posted.offset !== undefined) this.offset = posted.offset;
    if (posted.field !== undefined) {
      this.field = /** @type {Declared['field']} */ (posted.field);
    }
  }
}

/**
 * A fault of the browser or the machine rather than of file or request.
 * @param {string} code
 * @param {string} message
 */
export function environmentError(code, message) {
  return new BoxlockError({ message, code, kind: 'environment' });
}

/**
 * A fault of what was asked for.
 * @param {string} code
 * @param {string} message
 */
export function callerError(code, message) {
  return new BoxlockError({ code, kind: 'caller', message });
}

/**
 * Whether an engine has stopped for good: it trapped, by a fault of its own or for want of memory, or it is asked again
 * after that. What is borrowed then stays so for ever.
 * @param {any} error
 */
export function isTrap(error) {
  return (
    error instanceof WebAssembly.RuntimeError ||
    /Rust value while it was borrowed|unsafe aliasing in rust|null pointer passed to rust|call stack|recursion/.test(
      String(error?.message),
    )
  );
}

export const engineStopped = () =>
  environmentError(
    'engine-stopped',
    'The engine stopped on this file, most often because the browser had no more memory for it. ' +
      'Your file has not been changed. Close other files and tabs and try again; if it stops again, please report it.',
  );

/**
 * Any thrown value in the form that can be posted.
 * @param {any} error
 * @param {Doing} [doing] where the error itself does not say
 * @returns {PostedError}
 */
export function toPosted(error, doing = 'read') {
  if (isCancelled(error)) {
    return { message: error.message, code: 'aborted', kind: 'environment', aborted: true };
  }
  const known = isTrap(error) ? engineStopped() : error;
  if (known?.name === 'BoxlockError') {
    const { message, code, kind, path, offset, field } = known;
    return { message, code, kind, path, offset, field };
  }
  const { code, message } = sentenceFor(error, doingOf(error) ?? doing);
  return { code, message, kind: 'environment', cause: `${error?.name}: ${error?.message}` };
}

/**
 * The thrown value that a posted error stands for.
 * @param {PostedError} posted
 */
export function fromPosted(posted) {
  return posted.aborted ? cancelled() : new BoxlockError(posted);
}
