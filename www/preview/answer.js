/** What a request in the frame is answered with: as a web server answers, of files that are here. */

/**
 * Bytes of a file under an address.
 * @typedef {object} Place
 * @property {Blob} blob
 * @property {number} start
 * @property {number} end
 * @property {string} type
 */
/** @typedef {{ status: number, headers: Record<string, string>, body: Blob | null }} Answer */

/**
 * One range of bytes, as RFC 9110 14.1.2 has it; null where nothing of it is there, undefined where it is none that is known: then
 * the whole is given.
 * @param {string | null} header
 * @param {number} size
 * @returns {{ start: number, end: number } | null | undefined}
 */
export function rangeOf(header, size) {
  const found = /^bytes=(\d*)-(\d*)$/.exec(header?.trim() ?? '');
  const [, first = '', last = ''] = found ?? [];
  if (!first && !last) return undefined;
  if (!first) {
    const start = Math.max(0, size - Number(last));
    return start < size ? { start, end: size } : null;
  }
  const start = Number(first);
  const end = last ? Math.min(Number(last) + 1, size) : size;
  if (last && Number(last) < start) return undefined;
  return start < size ? { start, end } : null;
}

/**
 * @param {Place | undefined} place
 * @param {string | null} range
 * @param {string} method
 * @returns {Answer}
 */
export function answerOf(place, range, method) {
  if (!place) return { status: 404, headers: {}, body: null };
  // What is posted asks for a licence.
  if (!['GET', 'HEAD', 'POST'].includes(method)) return { status: 405, headers: {}, body: null };
  const size = place.end - place.start;
  const headers = { 'accept-ranges': 'bytes', 'cache-control': 'no-store', 'content-type': place.type };
  const part = rangeOf(range, size);
  if (part === null)
    return { status: 416, headers: { ...headers, 'content-range': `bytes */${size}` }, body: null };
  const { start, end } = part ?? { start: 0, end: size };
  /** @type {Record<string, string>} */
  const sized = { ...headers, 'content-length': String(end - start) };
  if (part) sized['content-range'] = `bytes ${start}-${end - 1}/${size}`;
  const body = method === 'HEAD' ? null : place.blob.slice(place.start + start, place.start + end);
  return { status: part ? 206 : 200, headers: sized, body };
}
