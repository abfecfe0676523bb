/** The one error type of the public module, and its way across workers. */

/** @import { PostedError } from './messages' */
/** @import { BoxlockErrorShape } from '../types' */

/** @implements {BoxlockErrorShape} */
export class BoxlockError extends Error {
  /** @param {PostedError} posted */
  constructor(posted) {
    super(posted.message);
    /** @type {'BoxlockError'} */
    this.name = 'BoxlockError';
    this.code = posted.code;
    this.kind = posted.kind;
    if (posted.path !== undefined) this.path = posted.path;
    if (posted.offset !== undefined) this.offset = posted.offset;
    if (posted.field !== undefined) {
      this.field = /** @type {BoxlockErrorShape['field']} */ (posted.field);
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

/** What browsers call a full disk. */
const QUOTA = 'QuotaExceededError';

/**
 * Any thrown value in the form that can be posted.
 * @param {any} error
 * @returns {PostedError}
 */
export function toPosted(error) {
  if (error?.name === 'AbortError') {
    return { message: 'Cancelled.', code: 'aborted', kind: 'environment', aborted: true };
  }
  if (error?.name === 'BoxlockError') {
    const { message, code, kind, path, offset, field } = error;
    return { message, code, kind, path, offset, field };
  }
  if (error?.name === QUOTA) {
    const needed = error.fileSize ? `, which needs ${(error.fileSize / 1e9).toFixed(2)} GB` : '';
    const message =
      `There is not enough space for the protected file${needed}. ` +
      'Free some space and try again; Chrome and Edge can also save straight to another disk.';
    return { message, code: 'no-space', kind: 'environment' };
  }
  if (error?.name === 'NotReadableError' || error?.name === 'NotFoundError') {
    const message =
      'The file can no longer be read. It was changed or moved after it was opened; open it again.';
    return { message, code: 'not-readable', kind: 'environment' };
  }
  if (error instanceof WebAssembly.RuntimeError) {
    const message = 'The engine stopped on this file. Please report it; your file has not been changed.';
    return { message, code: 'engine-stopped', kind: 'environment' };
  }
  const said = error instanceof Error ? error.message : String(error);
  return { message: `Something unexpected went wrong: ${said}`, code: 'unexpected', kind: 'environment' };
}

/**
 * The thrown value that a posted error stands for.
 * @param {PostedError} posted
 */
export function fromPosted(posted) {
  return posted.aborted ? new DOMException('Cancelled.', 'AbortError') : new BoxlockError(posted);
}
