/** The parts of ZIP archives as bytes (PKWARE APPNOTE 6.3.9, 4.3.7 to 4.3.16). */

/** What 32 and 16 bits cannot hold stands elsewhere. */
const MAX = 0xffff_ffff;
const MAX_COUNT = 0xffff;

/** Without a clock all are of the first day that there is, so that the same files make the same archive. */
const DAY_ONE = 0x21;
/** Names are UTF-8. */
const UTF8 = 0x800;
/** Checksum and sizes stand behind the file. */
const BEHIND = 8;

/**
 * One file: `start` is where its header stands, `wide` whether there is room for 64 bits in it.
 * @typedef {{ name: string, start: number, size: number, crc: number, wide: boolean }} Entry
 */

/** Little-endian fields: how many bytes each has, and what it holds. @param {...[2 | 4 | 8, number]} list */
function fields(...list) {
  const bytes = new Uint8Array(list.reduce((sum, [width]) => sum + width, 0));
  const view = new DataView(bytes.buffer);
  let at = 0;
  for (const [width, value] of list) {
    if (width === 2) view.setUint16(at, value, true);
    else if (width === 4) view.setUint32(at, value, true);
    else view.setBigUint64(at, BigInt(value), true);
    at += width;
  }
  return bytes;
}

/** @param {...Uint8Array} parts */
function joined(...parts) {
  const bytes = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

/** @param {number} value */
const narrow = (value) => Math.min(value, MAX);

/** @param {string} name */
const encoded = (name) => new TextEncoder().encode(name);

/**
 * What stands before a file.
 * @param {Entry} entry
 * @param {boolean} behind whether checksum and sizes stand behind it, as they are not known yet
 */
export function localHeader({ name, size, crc, wide }, behind) {
  const text = encoded(name);
  const told = behind ? 0 : size;
  /** @type {[4, number]} */
  const short = [4, wide ? MAX : told];
  return joined(
    fields(
      [4, 0x0403_4b50],
      [2, wide ? 45 : 20],
      [2, UTF8 | (behind ? BEHIND : 0)],
      [2, 0],
      [2, 0],
      [2, DAY_ONE],
      [4, behind ? 0 : crc],
      short,
      short,
      [2, text.length],
      [2, wide ? 20 : 0],
    ),
    text,
    wide ? fields([2, 1], [2, 16], [8, told], [8, told]) : new Uint8Array(),
  );
}

/**
 * What stands behind a file whose header does not say it.
 * @param {Entry} entry
 */
export function descriptor({ size, crc, wide }) {
  const width = wide ? 8 : 4;
  return fields([4, 0x0807_4b50], [4, crc], [width, size], [width, size]);
}

/**
 * What the directory at the end says of a file.
 * @param {Entry} entry
 * @param {boolean} behind
 */
export function directoryHeader({ name, start, size, crc, wide }, behind) {
  const text = encoded(name);
  /** @type {[8, number][]} */
  const long = [...(size >= MAX ? [size, size] : []), ...(start >= MAX ? [start] : [])].map((one) => [
    8,
    one,
  ]);
  const extra = long.length ? fields([2, 1], [2, 8 * long.length], ...long) : new Uint8Array();
  return joined(
    fields(
      [4, 0x0201_4b50],
      // Made where files have these rights.
      [2, (3 << 8) | 45],
      [2, wide || long.length ? 45 : 20],
      [2, UTF8 | (behind ? BEHIND : 0)],
      [2, 0],
      [2, 0],
      [2, DAY_ONE],
      [4, crc],
      [4, narrow(size)],
      [4, narrow(size)],
      [2, text.length],
      [2, extra.length],
      [2, 0],
      [2, 0],
      [2, 0],
      [4, 0o100644 * 0x1_0000],
      [4, narrow(start)],
    ),
    text,
    extra,
  );
}

/**
 * What ends the archive.
 * @param {number} count of files
 * @param {number} start of the directory
 * @param {number} size of it
 */
export function ending(count, start, size) {
  const wide = count >= MAX_COUNT || start >= MAX || size >= MAX;
  const end = fields(
    [4, 0x0605_4b50],
    [2, 0],
    [2, 0],
    [2, Math.min(count, MAX_COUNT)],
    [2, Math.min(count, MAX_COUNT)],
    [4, narrow(size)],
    [4, narrow(start)],
    [2, 0],
  );
  if (!wide) return end;
  const of64 = fields(
    [4, 0x0606_4b50],
    [8, 44],
    [2, (3 << 8) | 45],
    [2, 45],
    [4, 0],
    [4, 0],
    [8, count],
    [8, count],
    [8, size],
    [8, start],
  );
  return joined(of64, fields([4, 0x0706_4b50], [4, 0], [8, start + size], [4, 1]), end);
}

/** @type {Uint32Array[] | undefined} eight bytes at a time take an eighth of the steps */
let tables;

function crcTables() {
  const first = Uint32Array.from({ length: 256 }, (_, byte) => {
    let sum = byte;
    for (let bit = 0; bit < 8; bit++) sum = sum & 1 ? (sum >>> 1) ^ 0xedb8_8320 : sum >>> 1;
    return sum;
  });
  const all = [first];
  for (let number = 1; number < 8; number++) {
    const before = /** @type {Uint32Array} */ (all[number - 1]);
    all.push(before.map((sum) => (sum >>> 8) ^ (first[sum & 255] ?? 0)));
  }
  return all;
}

/**
 * CRC-32 of more bytes.
 * @param {number} crc of those before; 0 at the start
 * @param {Uint8Array} bytes
 */
export function crc32(crc, bytes) {
  tables ??= crcTables();
  const [t0, t1, t2, t3, t4, t5, t6, t7] = /** @type {Record<number, any>[]} */ (
    /** @type {unknown} */ (tables)
  );
  let sum = ~crc;
  let at = 0;
  for (const end = bytes.length - 7; at < end; at += 8) {
    const b = /** @type {any} */ (bytes);
    sum ^= b[at] | (b[at + 1] << 8) | (b[at + 2] << 16) | (b[at + 3] << 24);
    sum =
      t7[sum & 255] ^
      t6[(sum >>> 8) & 255] ^
      t5[(sum >>> 16) & 255] ^
      t4[sum >>> 24] ^
      t3[b[at + 4]] ^
      t2[b[at + 5]] ^
      t1[b[at + 6]] ^
      t0[b[at + 7]];
  }
  for (; at < bytes.length; at++) sum = t0[(sum ^ (bytes[at] ?? 0)) & 255] ^ (sum >>> 8);
  return ~sum >>> 0;
}
