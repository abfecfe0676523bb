/** Findings as a table for other programs. */

/** @import { FileFindings } from '../types.d.ts' */

import { csvRow } from './csv.js';

const COLUMNS = /** @type {const} */ ([
  'rule',
  'severity',
  'title',
  'message',
  'path',
  'offset',
  'track',
  'sample',
  'time',
  'clause',
  'fix',
]);

/** @param {FileFindings} found */
export function findingsCsv({ findings, rules }) {
  const rows = findings.map((finding) => {
    const rule = rules.find(({ id }) => id === finding.rule);
    /** @type {Record<string, unknown>} */
    const all = { ...rule, ...finding };
    return COLUMNS.map((name) => all[name]);
  });
  return [COLUMNS, ...rows].map(csvRow).join('');
}
