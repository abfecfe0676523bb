/** One question to a server: for a part of a file, or for its length. Nothing of the person goes along, and nothing is kept. */

/** Without a byte for so long, nobody answers. */
const LATE_MS = 20_000;

/** What goes with every question: no cookies, no sign-in, no word of where it comes from, nothing out of a cache or into one. */
export const PLAIN = /** @type {const} */ ({
  cache: 'no-store',
  credentials: 'omit',
  referrerPolicy: 'no-referrer',
});

/** What was asked and came so far. @typedef {{ requests: number, bytes: number }} Count */

/**
 * @typedef {object} Answer
 * @property {number} status
 * @property {string} url where it came from in the end
 * @property {number | null} from the first byte that it says it has
 * @property {number | null} to behind the last
 * @property {number | null} total bytes of the file
 * @property {number | null} length of the answer, as it says
 * @property {boolean} encoded whether it says that it is compressed
 * @property {string} tag a strong ETag
 * @property {string} modified
 * @property {Uint8Array<ArrayBuffer>} bytes
 * @property {boolean} whole whether these are all that it has
 */

/** Why there is no answer: `lost` before it began, `broken` in its middle. */
export class Lost {
  /** @param {'lost' | 'late' | 'broken'} why */
  constructor(why) {
    this.why = why;
  }
}

/** @param {string | null} text */
const number = (text) => (text !== null && /^\d+$/.test(text) ? Number(text) : null);

/** @param {Response} response @returns {Omit<Answer, 'bytes' | 'whole'>} */
function told({ status, url, headers }) {
  const range = /^bytes (?:(\d+)-(\d+)|\*)\/(\d+|\*)$/.exec(headers.get('content-range') ?? '');
  const tag = headers.get('etag') ?? '';
  const last = number(range?.[2] ?? null);
  return {
    status,
    url,
    from: number(range?.[1] ?? null),
    to: last === null ? null : last + 1,
    total: number(range?.[3] ?? null),
    length: number(headers.get('content-length')),
    encoded: !/^(identity)?$/i.test(headers.get('content-encoding') ?? ''),
    // Weak ones may differ from server to server of one address.
    tag: tag.startsWith('"') ? tag : '',
    modified: headers.get('last-modified') ?? '',
  };
}

/**
 * Asks once. Ends early when more than `most` bytes come.
 * @param {string} url
 * @param {{ start: number, end: number } | null} range none for all of it
 * @param {object} options
 * @param {AbortSignal} [options.signal]
 * @param {number} [options.most]
 * @param {'GET' | 'HEAD'} [options.method]
 * @param {Count} options.count
 * @param {() => void} [options.moved] told of each piece
 * @returns {Promise<Answer>}
 */
export async function ask(url, range, options) {
  const { signal, most = Infinity, method = 'GET', count, moved = () => {} } = options;
  signal?.throwIfAborted();
  const stop = new AbortController();
  const end = () => stop.abort();
  signal?.addEventListener('abort', end, { once: true });
  let late = false;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  const watch = () => {
    clearTimeout(timer);
    timer = setTimeout(() => {
      late = true;
      stop.abort();
    }, LATE_MS);
  };
  watch();
  count.requests++;
  moved();
  let begun = false;
  try {
    const headers = range ? { range: `bytes=${range.start}-${range.end - 1}` } : {};
    const response = await fetch(url, { ...PLAIN, method, headers, signal: stop.signal });
    begun = true;
    /** @type {Uint8Array[]} */
    const parts = [];
    let size = 0;
    const about = told(response);
    const reader = response.body?.getReader();
    if (Number(about.length) > most && method === 'GET') {
      void reader?.cancel().catch(() => {});
      return { ...about, bytes: new Uint8Array(), whole: false };
    }
    let part = await reader?.read();
    for (; part && !part.done && size <= most; part = await reader?.read()) {
      watch();
      parts.push(part.value);
      size += part.value.length;
      count.bytes += part.value.length;
      moved();
    }
    const whole = !part || part.done;
    if (!whole) void reader?.cancel().catch(() => {});
    return { ...about, bytes: joined(parts, size), whole };
  } catch (error) {
    signal?.throwIfAborted();
    if (late) throw new Lost('late');
    if (error instanceof RangeError) throw error;
    throw new Lost(begun ? 'broken' : 'lost');
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', end);
  }
}

/**
 * @param {readonly Uint8Array[]} parts
 * @param {number} size
 */
function joined(parts, size) {
  const bytes = new Uint8Array(size);
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}
