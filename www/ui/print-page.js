/** One page of its own, to print or to send: it needs nothing else, and shows nothing but what it was made of. */

/** @param {string} text */
export const escaped = (text) =>
  text.replace(
    /[&<>"]/g,
    (sign) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' })[sign] ?? sign,
  );

/** Each line as an item of a list. @param {readonly string[]} lines */
export const items = (lines) => lines.map((line) => `<li>${escaped(line)}</li>`).join('\n');

const STYLE =
  'body{font:16px/1.5 system-ui,sans-serif;max-width:42rem;margin:2rem auto;padding:0 1rem;color:#111;background:#fff}' +
  'code,pre,td{overflow-wrap:anywhere}pre{white-space:pre-wrap;font-size:.8rem}table{border-collapse:collapse}' +
  'td,th{text-align:left;vertical-align:top;padding:.1rem .8rem .1rem 0}@media print{body{margin:0}}';

/**
 * @param {string} title
 * @param {string} body
 */
export const printPage = (title, body) => `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>${escaped(title)}</title>
<style>${STYLE}</style>
${body}`;
