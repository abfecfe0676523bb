/** How numbers and ids are written, everywhere on the page. */

const grouped = new Intl.NumberFormat('en');

/** @param {number} value */
export function count(value) {
  return grouped.format(value);
}

/**
 * '1 fragment', '48 fragments'.
 * @param {number} value
 * @param {string} one
 * @param {string} [many]
 */
export function counted(value, one, many = `${one}s`) {
  return `${count(value)} ${value === 1 ? one : many}`;
}

/**
 * What a joined file is of: 'init + 12 segments'.
 * @param {number} value with the initialization segment
 */
export function parts(value) {
  return `init + ${counted(value - 1, 'segment')}`;
}

/**
 * '842 B', '5.75 MB', '5.16 GB': three digits, decimal units.
 * @param {number} value
 */
export function bytes(value) {
  if (value < 1000) return `${value} B`;
  const units = ['kB', 'MB', 'GB', 'TB', 'PB'];
  let unit = -1;
  let scaled = value;
  do {
    scaled /= 1000;
    unit += 1;
  } while (scaled >= 999.5 && unit < units.length - 1);
  return `${digits(scaled)} ${units[unit]}`;
}

/** @param {number} value */
export function exactBytes(value) {
  return `${count(value)} bytes`;
}

/** @param {number} value */
function digits(value) {
  if (value >= 100) return value.toFixed(0);
  return value >= 10 ? value.toFixed(1) : value.toFixed(2);
}

/**
 * '0:48', '2:13:20'; under ten seconds '2.77 s'.
 * @param {number | null} seconds
 */
export function duration(seconds) {
  if (seconds === null || !Number.isFinite(seconds)) return 'unknown';
  if (seconds < 10) return `${Number(seconds.toFixed(2))} s`;
  const whole = Math.round(seconds);
  const hours = Math.floor(whole / 3600);
  const minutes = Math.floor((whole % 3600) / 60);
  const rest = String(whole % 60).padStart(2, '0');
  return hours ? `${hours}:${String(minutes).padStart(2, '0')}:${rest}` : `${minutes}:${rest}`;
}

/**
 * Time still to go, coarse on purpose: 'about 2 min left'.
 * @param {number} seconds
 */
export function timeLeft(seconds) {
  if (!Number.isFinite(seconds)) return '';
  if (seconds < 2) return 'almost done';
  if (seconds < 60) return `about ${Math.ceil(seconds)} s left`;
  if (seconds < 5400) return `about ${Math.ceil(seconds / 60)} min left`;
  return `about ${(seconds / 3600).toFixed(1)} h left`;
}

/** @param {number | null} bitsPerSecond */
export function bitrate(bitsPerSecond) {
  if (bitsPerSecond === null) return 'unknown';
  if (bitsPerSecond < 1000) return `${Math.round(bitsPerSecond)} b/s`;
  if (bitsPerSecond < 999_500) return `${Math.round(bitsPerSecond / 1000)} kb/s`;
  return `${digits(bitsPerSecond / 1e6)} Mb/s`;
}

/** @param {number} bytesPerSecond */
export function speed(bytesPerSecond) {
  return `${bytes(Math.round(bytesPerSecond))}/s`;
}

/** @param {number} share 0 to 1 */
export function percent(share) {
  return `${Math.floor(Math.min(1, Math.max(0, share)) * 100)} %`;
}

/**
 * A part of a whole, of which the difference between nearly all and all matters: '98.6 %', never rounded up to 100.
 * @param {number} share 0 to 1
 */
export function fine(share) {
  if (share >= 1) return '100 %';
  return `${(Math.floor(share * 1000) / 10).toFixed(1)} %`;
}

/**
 * A file offset in hex, padded for its column.
 * @param {number} offset
 * @param {number} [width]
 */
export function hexOffset(offset, width = 8) {
  return offset.toString(16).toUpperCase().padStart(width, '0');
}

/**
 * '0x1A4–0x1A8', end exclusive as everywhere.
 * @param {number} start
 * @param {number} end
 */
export function byteRange(start, end) {
  return `${hexOffset(start, 1)}–${hexOffset(end, 1)}`;
}

/** @param {number} value */
export function hexByte(value) {
  return HEX[value] ?? '';
}

const HEX = Array.from({ length: 256 }, (_, value) => value.toString(16).toUpperCase().padStart(2, '0'));

/**
 * A frequency: '48 kHz', '44.1 kHz'.
 * @param {number} hertz
 */
export function sampleRate(hertz) {
  return `${Number((hertz / 1000).toFixed(2))} kHz`;
}

/** @param {number} channels */
export function channels(channels) {
  if (channels === 1) return 'mono';
  return channels === 2 ? 'stereo' : `${channels} channels`;
}

/**
 * Hex digits from any UUID or hex text.
 * @param {string} id
 */
export function bareHex(id) {
  return id.replace(/-/g, '').toLowerCase();
}

/**
 * A parsed offset: decimal, or hex after '0x' or with hex letters; null when it is neither.
 * @param {string} text
 */
export function parseOffset(text) {
  const clean = text.trim().replace(/[\s,_]/g, '');
  if (/^\d+$/.test(clean)) return Number(clean);
  const hex = /^(?:0x)?([\da-f]+)h?$/i.exec(clean);
  return hex ? Number.parseInt(hex[1] ?? '', 16) : null;
}
