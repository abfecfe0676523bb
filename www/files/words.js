/** How sentences about files say times and lists. */

/**
 * '0:04', '1:02:03.5'.
 * @param {number} time in seconds
 */
export function clock(time) {
  const [whole, part = ''] = (Math.round(time * 100) / 100).toFixed(2).split('.');
  const all = Number(whole);
  const two = (/** @type {number} */ number) => String(number).padStart(2, '0');
  const hours = Math.floor(all / 3600);
  const minutes = Math.floor((all % 3600) / 60);
  const fraction = part.replace(/0+$/, '');
  const clock = hours ? `${hours}:${two(minutes)}` : String(minutes);
  return `${clock}:${two(all % 60)}${fraction ? `.${fraction}` : ''}`;
}

/**
 * '2 s', '0.52 s'.
 * @param {number} length
 */
export const seconds = (length) => `${Number(length.toFixed(2))} s`;

/**
 * 'a', 'a and b', 'a, b and 3 more'.
 * @param {readonly string[]} all
 * @param {number} most that are named, unless one more is all
 * @param {'and' | 'or'} [word]
 */
export function listed(all, most, word = 'and') {
  if (all.length > most + 1) return `${all.slice(0, most).join(', ')} and ${all.length - most} more`;
  const last = all.at(-1) ?? '';
  return all.length > 1 ? `${all.slice(0, -1).join(', ')} ${word} ${last}` : last;
}
