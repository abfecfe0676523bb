/**
 * Bytes that are put together: some are made, the others stand here and there in a file. Places that are near each other
 * are read in one go, as a file is fastest read from front to back.
 */

import { assertRead, BlobStream } from './stream.js';

/** @import { BlobReader } from './read.js' */
/** @import { Piece } from '../engine/messages' */

/** What is between two places is read along when it is not more than this. */
const GAP_BYTES = 256 << 10;
/** Spans get no longer than this, unless one place is. */
const SPAN_BYTES = 4 << 20;
/** @typedef {{ start: number, len: number, parts: { start: number, len: number, at: number }[] }} Span */

/**
 * Puts what is made into `target`, and says which spans of the file are to be read for the rest.
 * @param {Piece[]} pieces
 * @param {Uint8Array} target
 * @returns {Span[]}
 */
function spans(pieces, target) {
  /** @type {Span['parts']} */
  const found = [];
  let at = 0;
  for (const piece of pieces) {
    if ('bytes' in piece) {
      target.set(piece.bytes, at);
      at += piece.bytes.length;
    } else {
      found.push({ ...piece, at });
      at += piece.len;
    }
  }
  found.sort((one, other) => one.start - other.start);
  /** @type {Span[]} */
  const all = [];
  for (const part of found) {
    const last = all.at(-1);
    const end = part.start + part.len;
    if (last && part.start - (last.start + last.len) <= GAP_BYTES && end - last.start <= SPAN_BYTES) {
      last.len = Math.max(last.len, end - last.start);
      last.parts.push(part);
    } else all.push({ start: part.start, len: part.len, parts: [part] });
  }
  return all;
}

/**
 * @param {Span} span
 * @param {Uint8Array} bytes those of the span
 * @param {Uint8Array} target
 */
function place({ start, parts }, bytes, target) {
  for (const part of parts)
    target.set(bytes.subarray(part.start - start, part.start - start + part.len), part.at);
}

/** @param {Piece[]} pieces */
export const lengthOf = (pieces) =>
  pieces.reduce((sum, piece) => sum + ('bytes' in piece ? piece.bytes.length : piece.len), 0);

/**
 * `len` bytes of these pieces from `skip` on.
 * @param {Piece[]} pieces
 * @param {number} skip
 * @param {number} len
 * @returns {Piece[]}
 */
export function partOf(pieces, skip, len) {
  /** @type {Piece[]} */
  const parts = [];
  let at = 0;
  for (const piece of pieces) {
    const end = at + lengthOf([piece]);
    const [from, to] = [Math.max(at, skip) - at, Math.min(end, skip + len) - at];
    if (from < to)
      parts.push(
        'bytes' in piece
          ? { bytes: piece.bytes.subarray(from, to) }
          : { start: piece.start + from, len: to - from },
      );
    at = end;
  }
  return parts;
}

/**
 * At once; workers may.
 * @param {BlobReader} reader
 * @param {Piece[]} pieces
 */
export function gatherNow(reader, pieces) {
  const target = new Uint8Array(lengthOf(pieces));
  for (const span of spans(pieces, target)) place(span, reader.read(span.start, span.len), target);
  return target;
}

/** Of a blob in memory Chromium fails to read after some hundred streams that were ended early. */
const STREAMS_MAX = 4;

/**
 * Gathers from one file. Spans that go on from each other, as those of one fragment after the other mostly do, are read by
 * one stream, in half the time; when they too often do not, each is read by itself.
 */
export class Gatherer {
  #ended = false;
  #stream;
  #streams = 0;
  /** What the stream read last, up to where it stands. @type {{ start: number, bytes: Uint8Array<ArrayBuffer> } | null} */
  #last = null;
  #spare = new ArrayBuffer(0);

  /**
   * @param {Blob} blob
   * @param {(start: number, bytes: Uint8Array<ArrayBuffer>) => void} saw told of each span that is read
   */
  constructor(blob, saw) {
    this.blob = blob;
    this.saw = saw;
    this.#stream = new BlobStream(blob);
  }

  /**
   * @param {Piece[]} pieces
   * @param {ArrayBuffer} buffer where the bytes go, or a larger one
   */
  async gather(pieces, buffer) {
    const total = lengthOf(pieces);
    const target = new Uint8Array(buffer.byteLength < total ? new ArrayBuffer(total) : buffer, 0, total);
    for (const span of spans(pieces, target)) {
      const bytes = await this.#read(span.start, span.start + span.len);
      if (this.#ended) throw new DOMException('What is read has been ended.', 'AbortError');
      this.saw(span.start, bytes);
      place(span, bytes, target);
    }
    return target;
  }

  /**
   * @param {number} start
   * @param {number} end
   * @returns {Promise<Uint8Array<ArrayBuffer>>} valid until the next call
   */
  async #read(start, end) {
    const last = this.#last;
    const at = last ? last.start + last.bytes.length : -1;
    if (last && start >= last.start && start <= at + GAP_BYTES) {
      if (end <= at) return last.bytes.subarray(start - last.start, end - last.start);
      // Some of it may have been read along with the span before; what is between them is read along now.
      const from = Math.min(start, at);
      const kept = last.bytes.subarray(from - last.start);
      const buffer = this.#spare.byteLength < end - from ? new ArrayBuffer(end - from) : this.#spare;
      new Uint8Array(buffer).set(kept);
      const bytes = await this.#stream.read(at, end - at, buffer, kept.length);
      this.#last = { start: from, bytes };
      this.#spare = last.bytes.buffer;
      return bytes.subarray(start - from);
    }
    if (this.#streams < STREAMS_MAX) {
      this.#streams++;
      const bytes = await this.#stream.read(start, end - start, this.#spare);
      this.#spare = last?.bytes.buffer ?? new ArrayBuffer(0);
      this.#last = { start, bytes };
      return bytes;
    }
    const bytes = new Uint8Array(await this.blob.slice(start, end).arrayBuffer());
    assertRead(start, end - start, bytes.length);
    return bytes;
  }

  /** Ends what is being read: it fails. */
  cancel() {
    this.#ended = true;
    this.#stream.cancel();
  }
}
