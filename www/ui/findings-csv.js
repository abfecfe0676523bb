/** Findings as a table for other programs. */

/** @import { FileFindings } from '../types.d.ts' */

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

/**
 * By RFC 4180: CRLF, all cells quoted. What a spreadsheet would take for a formula begins with an apostrophe.
 * @param {FileFindings} found
 */
export function findingsCsv({ findings, rules }) {
  const rows = findings.map((finding) => {
    const rule = rules.find(({ id }) => id === finding.rule);
    /** @type {Record<string, unknown>} */
    const all = { ...rule, ...finding };
    return COLUMNS.map((name) => cell(all[name]));
  });
  return [COLUMNS.map(cell), ...rows].map((row) => `${row.join(',')}\r\n`).join('');
}

/** @param {unknown} value */
function cell(value) {
  const text = value === undefined ? '' : String(value);
  const safe = /^[=+\-@\t]/.test(text) ? `'${text}` : text;
  return `"${safe.replaceAll('"', '""')}"`;
}
