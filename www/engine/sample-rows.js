/** Rows of samples. The engine gives them as numbers: to pass them on as objects would take many times as long as to read them. */

/** @import { SamplePage, SampleRow } from '../types' */
/** @import { PackedSamples } from './messages' */

/** Numbers that a row has, in the order of `src/report/rows.rs`. */
const ROW_LEN = 10;

/**
 * @param {PackedSamples} packed
 * @returns {SamplePage}
 */
export function rowsOf({ page, groups, numbers }) {
  const rows = [];
  let next = 0;
  for (let at = 0; at < numbers.length; at += ROW_LEN) {
    const encrypted = page.rows[next];
    if (encrypted?.number === numbers[at]) next += 1;
    rows.push(encrypted?.number === numbers[at] ? encrypted : rowAt(numbers, at, groups));
  }
  return { ...page, rows };
}

/**
 * @param {Float64Array} numbers
 * @param {number} at
 * @param {string[][]} groups
 * @returns {SampleRow}
 */
function rowAt(numbers, at, groups) {
  const value = (/** @type {number} */ place) => Number(numbers[at + place]);
  const fragment = value(1);
  const flags = value(7);
  const bits = (/** @type {number} */ from) => (flags >> from) & 3;
  return {
    number: value(0),
    fragment: fragment < 0 ? null : fragment,
    decode: value(2),
    composition: value(3),
    duration: value(4),
    start: value(5),
    size: value(6),
    sync: ((flags >> 16) & 1) === 0,
    dependency: { leading: bits(26), dependsOn: bits(24), dependedOn: bits(22), redundancy: bits(20) },
    priority: flags & 0xffff,
    entry: value(8),
    groups: [...(groups[value(9)] ?? [])],
    encryption: null,
  };
}
