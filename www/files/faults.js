/** What browsers throw, as plain sentences: what happened, by what was being done, and what to do next. */

/** What browsers call a full disk. */
export const FULL = 'QuotaExceededError';

/**
 * What was being done: reading the chosen file, writing the protected one, finishing it, reading it again, deleting it,
 * asking for a place, fetching a part of the page, playing.
 * @typedef {'read' | 'write' | 'finish' | 'result' | 'delete' | 'place' | 'fetch' | 'play'} Doing
 */

/** @typedef {{ code: string, message: string }} Fault */

const MEMORY = {
  code: 'no-memory',
  message: 'The browser has not enough memory left for this. Close other tabs and files, and try again.',
};

const SPACE = {
  code: 'no-space',
  message:
    'There is not enough space for the new file. ' +
    'Free some space and try again; Chrome and Edge can also save straight to another disk.',
};

const FORBIDDEN = {
  code: 'not-writable',
  message:
    'The browser was not allowed to write there, or another program holds the file. ' +
    'Close what uses it, or choose another place, and try again.',
};

const PLACE_GONE = {
  code: 'place-gone',
  message: 'The place the file was written to is gone. Check the folder or drive, and try again.',
};

const NOT_WRITTEN = {
  code: 'not-written',
  message: 'The browser could not write the file. Check the disk, or choose another place, and try again.',
};

const WRITING = {
  [FULL]: SPACE,
  NotAllowedError: FORBIDDEN,
  SecurityError: FORBIDDEN,
  NoModificationAllowedError: FORBIDDEN,
  NotFoundError: PLACE_GONE,
  InvalidStateError: PLACE_GONE,
  other: NOT_WRITTEN,
};

/** @type {Record<Doing, Record<string, Fault> & { other: Fault }>} by name of the error */
const SENTENCES = {
  read: {
    NotAllowedError: {
      code: 'not-readable',
      message: 'The browser is no longer allowed to read the file. Close it here and open it again.',
    },
    other: {
      code: 'not-readable',
      message:
        'The file can no longer be read. It was changed or moved after it was opened, or its drive is gone; open it again.',
    },
  },
  write: WRITING,
  finish: WRITING,
  result: {
    other: {
      code: 'result-gone',
      message:
        'The new file can no longer be read. It was moved or changed after it was saved, or the browser cleared ' +
        'its storage. If you have no copy of it, make it again.',
    },
  },
  delete: {
    other: {
      code: 'not-deleted',
      message: 'The copy could not be deleted, because the browser still uses it. Try again in a moment.',
    },
  },
  place: {
    // Browsers open the dialog only shortly after a press; a long plan can outlast that.
    SecurityError: {
      code: 'press-again',
      message: 'The browser wants the button pressed once more to choose a place.',
    },
    NotAllowedError: {
      code: 'place-refused',
      message: 'The browser was not allowed to save there. Choose another place.',
    },
    other: {
      code: 'place-refused',
      message: 'The browser could not use that place. Choose another one.',
    },
  },
  fetch: {
    other: {
      code: 'engine-failed',
      message:
        'A part of Boxlock could not be loaded, because the server or the network cannot be reached. ' +
        'Try again when it can; what is open stays open.',
    },
  },
  play: {
    NotAllowedError: {
      code: 'play-refused',
      message: 'The browser did not let it start by itself. Press Play in the picture.',
    },
    [FULL]: MEMORY,
    other: {
      code: 'play-failed',
      message: 'The browser’s decoder did not take it. Another browser may.',
    },
  },
};

/**
 * What Firefox calls some of these where its own words come through. @type {Record<string, string>}
 */
const ALIASES = {
  NS_ERROR_FILE_NOT_FOUND: 'NotFoundError',
  NS_ERROR_FILE_ACCESS_DENIED: 'NotAllowedError',
  NS_ERROR_FILE_READ_ONLY: 'NoModificationAllowedError',
  NS_ERROR_FILE_IS_LOCKED: 'NoModificationAllowedError',
  NS_ERROR_FILE_NO_DEVICE_SPACE: FULL,
};

const UNEXPECTED = {
  code: 'unexpected',
  message:
    'Something unexpected went wrong, and this was stopped. Close the file and open it again; if it comes back, please report it.',
};

/**
 * Whether a browser threw this of its own accord. A mistake in a script is a TypeError too, as is a failed fetch.
 * @param {any} error
 */
export function isOfBrowser(error) {
  return (
    error instanceof DOMException ||
    error instanceof TypeError ||
    error instanceof RangeError ||
    // Firefox has errors of its own kind, which are neither.
    /^NS_ERROR/.test(String(error?.name))
  );
}

/**
 * @param {any} error
 * @param {Doing} doing
 * @returns {Fault}
 */
export function sentenceFor(error, doing) {
  // Asked for more memory than there is.
  if (error instanceof RangeError || error?.name === 'NS_ERROR_OUT_OF_MEMORY') return MEMORY;
  const name = ALIASES[error?.name] ?? String(error?.name);
  if (name === FULL && error.fileSize) {
    const needed = `the new file, which needs ${(error.fileSize / 1e9).toFixed(2)} GB`;
    return { ...SPACE, message: SPACE.message.replace('the new file', needed) };
  }
  const table = SENTENCES[doing];
  if (name === FULL && !(FULL in table)) return SPACE;
  return table[name] ?? (isOfBrowser(error) ? table.other : UNEXPECTED);
}

/**
 * Says what was being done when something failed.
 * @template T
 * @param {Doing} doing
 * @param {Promise<T>} work
 * @returns {Promise<T>}
 */
export async function during(doing, work) {
  try {
    return await work;
  } catch (error) {
    throw mark(error, doing);
  }
}

/**
 * @param {any} error
 * @param {Doing} doing
 */
export function mark(error, doing) {
  if (isOfBrowser(error)) doings.set(error, doing);
  return error;
}

/** @type {WeakMap<object, Doing>} */
const doings = new WeakMap();

/**
 * @param {any} error
 * @returns {Doing | undefined}
 */
export const doingOf = (error) => (error instanceof Object ? doings.get(error) : undefined);

const CANCELLED = 'Cancelled.';

/** What a call ends with that its caller no longer wants. */
export const cancelled = () => new DOMException(CANCELLED, 'AbortError');

/**
 * Whether it was cancelled here. Browsers too say AbortError, but in other words: Firefox of a file that is gone, Chromium
 * of one that it will not have saved.
 * @param {any} error
 */
export const isCancelled = (error) => error?.name === 'AbortError' && error.message === CANCELLED;

/** The file is not the one that was opened. */
export const CHANGED = {
  code: 'source-changed',
  message:
    'The file on the disk is no longer the one that was opened: it was changed since. ' +
    'Open it again when nothing writes to it any more.',
};

/**
 * The first and the last of several names.
 * @param {readonly string[]} names
 */
export const firstToLast = (names) =>
  names.length > 1 ? `${names[0]} to ${names.at(-1)}` : String(names[0]);

/**
 * Segments that were not to be there any more.
 * @param {readonly string[]} names of them, in order
 */
export const leftInFolder = (names) => ({
  code: 'left-in-folder',
  message:
    `The folder may still hold segments of this run: ${firstToLast(names)}. ` +
    'Delete these, even if they look complete, before you write into it again.',
});

/** Without storage a result is one Blob, and browsers take about as much memory for it as it has bytes. */
export const MEMORY_MAX = 2 ** 31;

/**
 * A result that nothing can hold.
 * @param {number} size
 */
export function tooLargeForMemory(size) {
  return {
    code: 'no-storage',
    message:
      `This browser gives the page no storage, so the new file is held in memory: ${(size / 1e9).toFixed(2)} GB ` +
      `are more than the ${(MEMORY_MAX / 1e9).toFixed(2)} GB that fit. Use a window that is not private, or Chrome or Edge.`,
  };
}

/**
 * In the form of a BoxlockError, which crosses between workers.
 * @param {Fault & { offset?: number }} fault
 */
export function asError({ message, ...more }) {
  return Object.assign(new Error(message), { name: 'BoxlockError', kind: 'environment', ...more });
}
