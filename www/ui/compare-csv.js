/** A comparison as a table for other programs: a row for each field, and one for each box without any. */

/** @import { FileComparison } from '../types.d.ts' */

import { csvRow } from './csv.js';

const COLUMNS = /** @type {const} */ ([
  'kind',
  'type',
  'name',
  'path',
  'start',
  'size',
  'otherPath',
  'otherStart',
  'otherSize',
  'field',
  'before',
  'after',
]);

/** @param {FileComparison} found */
export function compareCsv({ differences }) {
  const rows = differences.flatMap(({ kind, type, name, here, there, fields, bytes }) => {
    const box = [kind, type, name];
    const places = [here?.path, here?.start, here?.size, there?.path, there?.start, there?.size];
    /** @type {{ name: string, before?: string, after?: string }[]} */
    const told = [...fields, ...(bytes ? [{ name: 'bytes', before: bytes.before, after: bytes.after }] : [])];
    if (!told.length) told.push({ name: '' });
    return told.map(({ name: field, before, after }) => [...box, ...places, field, before, after]);
  });
  return [COLUMNS, ...rows].map(csvRow).join('');
}
