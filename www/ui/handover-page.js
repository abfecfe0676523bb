/** A part of a hand-over sheet as one page to print or to send. */

/** @import { HandOverItem, HandOverPart } from '../types.d.ts' */

import * as format from './format.js';
import { STATES } from './offline-list.js';
import { escaped, items, printPage } from './print-page.js';

/**
 * @param {string} fileName
 * @param {HandOverPart} part
 */
export function handOverPage(fileName, { title, secret, items: all }) {
  const warning = secret
    ? '<p><strong>This page holds the key. Keep it as you keep passwords.</strong></p>\n'
    : '';
  return printPage(
    `${fileName}: ${title}`,
    `<h1>${escaped(fileName)}</h1>\n<p>For: ${escaped(title)}.</p>\n${warning}${all.map(item).join('')}`,
  );
}

/** @param {HandOverItem} item */
function item({ title, text = [], facts = [], checks = [], files = [], code }) {
  const row = (/** @type {string[]} */ cells) =>
    `<tr>${cells.map((cell) => `<td>${escaped(cell)}</td>`).join('')}</tr>`;
  const parts = [
    `<h2>${escaped(title)}</h2>`,
    text.length ? `<ul>\n${items(text)}\n</ul>` : '',
    facts.length
      ? `<dl>\n${facts.map(({ name, value }) => `<dt>${escaped(name)}</dt>\n<dd><code>${escaped(value)}</code></dd>`).join('\n')}\n</dl>`
      : '',
    checks.length
      ? `<ul>\n${items(checks.map(({ state, title: name, found, advice }) => `${STATES[state].sign} ${name}, ${STATES[state].name}: ${found} ${advice}`.trim()))}\n</ul>`
      : '',
    files.length
      ? `<table>\n<tr><th>Name</th><th>Content type</th><th>Bytes</th><th>SHA-256</th></tr>\n${files
          .map(({ name, type, size, sha256 }) =>
            row([name, type, size === null ? '–' : format.count(size), sha256 ?? '–']),
          )
          .join('\n')}\n</table>`
      : '',
    code ? `<p>${escaped(code.name)}</p>\n<pre>${escaped(code.text)}</pre>` : '',
  ];
  return `${parts.filter(Boolean).join('\n')}\n`;
}
