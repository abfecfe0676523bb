/** Tables as text, for other programs (RFC 4180). */

/**
 * A row. A text that a spreadsheet would take for a formula begins with an apostrophe.
 * @param {readonly unknown[]} values
 */
export const csvRow = (values) => `${values.map(cell).join(',')}\r\n`;

/** @param {unknown} value */
function cell(value) {
  if (typeof value === 'number') return String(value);
  const text = String(value ?? '');
  const plain = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(plain) ? `"${plain.replaceAll('"', '""')}"` : plain;
}
