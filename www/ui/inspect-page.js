/** A box with its fields, or the findings of a file, as one page to print or to send. */

/** @import { BoxNode, FileFindings, Media } from '../types.d.ts' */

import { hexOf } from '../files/digits.js';
import * as format from './format.js';
import { escaped, items, printPage } from './print-page.js';

const PART = 1000;
/** Rows of fields on a page: more than these nobody prints. */
const MOST_FIELDS = 5000;
const MOST_BYTES = 1024;
const LINE = 16;

/** @param {readonly string[]} cells @param {'td' | 'th'} kind */
const row = (cells, kind = 'td') =>
  `<tr>${cells.map((cell) => `<${kind}>${escaped(cell)}</${kind}>`).join('')}</tr>`;

/**
 * @param {Media} media
 * @param {BoxNode} node
 * @param {AbortSignal} signal
 */
export async function boxPage(media, node, signal) {
  let view = await media.box(node.path, { from: 0, count: PART });
  const { clause, about, fieldCount, texts } = view;
  const fields = [...view.fields];
  while (fields.length < Math.min(fieldCount, MOST_FIELDS) && view.fields.length) {
    signal.throwIfAborted();
    view = await media.box(node.path, { from: fields.length, count: PART });
    fields.push(...view.fields);
  }
  const rows = fields.map(({ name, value, meaning, start, end, depth }) =>
    row([`${'\u2003'.repeat(depth)}${name}`, value, meaning ?? '', format.byteRange(start, end)]),
  );
  const end = node.start + Math.min(node.size, MOST_BYTES);
  const bytes = new Uint8Array(await media.hex({ start: node.start, end }));
  const lines = [];
  for (let at = 0; at < bytes.length; at += LINE) {
    const part = bytes.subarray(at, at + LINE);
    const text = Array.from(part, (byte) => (byte > 31 && byte < 127 ? String.fromCharCode(byte) : '.'));
    const place = (node.start + at).toString(16).padStart(8, '0');
    lines.push(
      `${place}  ${hexOf(part)
        .replace(/../g, '$& ')
        .padEnd(LINE * 3)} ${text.join('')}`,
    );
  }
  const left = (/** @type {number} */ count, /** @type {string} */ what) =>
    count > 0 ? `<p>${format.count(count)} more ${what} are not shown.</p>` : '';
  return printPage(
    `${media.name}: ${node.path}`,
    `<h1><code>${escaped(node.type)}</code> ${escaped(node.name)}</h1>
<p>${escaped(media.name)}, <code>${escaped(node.path)}</code><br>
${escaped(`${format.exactBytes(node.size)} at ${format.count(node.start)}. ${clause}`)}</p>
<p>${escaped(about)}</p>
${node.problem ? `<p><strong>Fault:</strong> ${escaped(node.problem)}</p>` : ''}
${rows.length ? `<h2>Fields</h2>\n<table>\n${row(['Field', 'Value', 'Meaning', 'Bytes'], 'th')}\n${rows.join('\n')}\n</table>` : ''}
${left(fieldCount - fields.length, 'fields')}
${texts.map(({ title, text }) => `<h2>${escaped(title)}</h2>\n<pre>${escaped(text)}</pre>`).join('\n')}
<h2>Bytes</h2>
<pre>${escaped(lines.join('\n'))}</pre>
${left(node.size - bytes.length, 'bytes')}
`,
  );
}

/**
 * @param {string} name of the file
 * @param {FileFindings} found
 * @param {string} count how much was found, in words
 */
export function findingsPage(name, { findings, rules, targets }, count) {
  const places = (/** @type {string} */ id) =>
    findings
      .filter(({ rule }) => rule === id)
      .map(({ message, path, offset }) => {
        const place = path ?? (offset === undefined ? '' : `byte ${format.count(offset)}`);
        return place ? `${message} (${place})` : message;
      });
  const rule = (/** @type {FileFindings['rules'][number]} */ one) => {
    const own = places(one.id);
    const more = one.count - own.length;
    return `<h3>${escaped(one.title)}</h3>
<p>${escaped(`${one.severity}, ${one.id}. ${one.clause}`)}</p>
<p>${escaped(one.why)}</p>
<ul>
${items(more > 0 ? [...own, `${format.count(more)} more`] : own)}
</ul>
<p><strong>How to fix it:</strong> ${escaped(one.fix)}</p>`;
  };
  const target = (/** @type {FileFindings['targets'][number]} */ { title, reasons }) => {
    const lines = reasons.map(
      ({ title, state, found, advice }) =>
        `${title} (${state === 'fails' ? 'stops it' : 'may stop it'}): ${found} ${advice}`,
    );
    return `<h3>${escaped(title)}</h3>
${lines.length ? `<ul>\n${items(lines)}\n</ul>` : '<p>Nothing was found that speaks against it.</p>'}`;
  };
  return printPage(
    `${name}: findings`,
    `<h1>${escaped(name)}</h1>
<p><strong>${escaped(count)}</strong></p>
${rules.map(rule).join('\n')}
<h2>Why it does not play</h2>
${targets.map(target).join('\n')}
`,
  );
}
