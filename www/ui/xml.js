/** PlayReady header XML, laid out for reading. The copy button gives it back as it was. */

import { copyButton } from './copy.js';
import { freshId, h } from './dom.js';

/** Longer texts, whole manifests, stay plain: thousands of elements would make the page slow. */
const PAINT_LIMIT = 40_000;

/**
 * One tag a line, two spaces a level; text stays with its tags. Anything that is not XML comes back as it is.
 * @param {string} xml
 */
export function layOut(xml) {
  const parts = xml.match(/<[^>]+>|[^<]+/g);
  if (!parts || !xml.trimStart().startsWith('<')) return xml;
  /** @type {string[]} */
  const lines = [];
  let level = 0;
  let line = '';
  for (const part of parts) {
    const closing = part.startsWith('</');
    const tag = part.startsWith('<');
    if (!tag) {
      if (part.trim()) line += part;
      continue;
    }
    if (closing) level = Math.max(0, level - 1);
    const ends = closing && line !== '';
    if (ends) {
      lines.push(line + part);
      line = '';
      continue;
    }
    if (line) lines.push(line);
    line = '  '.repeat(level) + part;
    if (closing || part.endsWith('/>') || part.startsWith('<?') || part.startsWith('<!')) {
      lines.push(line);
      line = '';
    } else level += 1;
  }
  if (line) lines.push(line);
  return lines.join('\n');
}

/**
 * @param {string} title
 * @param {string} text
 * @param {HTMLElement} [above] stands above the text
 */
export function textCard(title, text, above) {
  const id = freshId('text');
  return h(
    'figure',
    { class: 'text-card' },
    h(
      'figcaption',
      { id },
      title,
      copyButton(title, () => text),
    ),
    above,
    h('pre', { tabindex: 0, role: 'region', 'aria-labelledby': id }, ...painted(layOut(text))),
  );
}

/**
 * Tags quieter than what they hold.
 * @param {string} text
 */
function painted(text) {
  if (text.length > PAINT_LIMIT) return [text];
  return text
    .split(/(<[^>]*>)/)
    .filter(Boolean)
    .map((part) => (part.startsWith('<') ? h('span', { class: 'tag' }, part) : part));
}
