/** Bytes and places in the forms in which other programs take them. */

/** @typedef {{ start: number, end: number }} Bytes */

import { base64Of, hexOf } from '../files/digits.js';
import { h } from './dom.js';
import { say } from './live.js';

/** @type {Record<string, ((bytes: Uint8Array) => string) | undefined>} */
export const FORMS = {
  Hex: hexOf,
  Base64: base64Of,
  'C array': (bytes) => {
    const rows = [];
    for (let at = 0; at < bytes.length; at += 12)
      rows.push(
        `  ${Array.from(bytes.subarray(at, at + 12), (byte) => `0x${hexOf(Uint8Array.of(byte))}`).join(', ')},`,
      );
    return `static const unsigned char data[${bytes.length}] = {\n${rows.join('\n')}\n};\n`;
  },
};

/**
 * The JSONPath of a box, and of a field in it: `$.moov.trak[1].tkhd.track_id`.
 * @param {string} path
 * @param {string} [field]
 */
export function jsonPath(path, field) {
  const step = (/** @type {string} */ name) => {
    const [, stem = name, index = ''] = /^(.*?)((?:\[\d+\])*)$/.exec(name) ?? [];
    return (/^[A-Za-z_]\w*$/.test(stem) ? `.${stem}` : `[${JSON.stringify(stem)}]`) + index;
  };
  return `$${path.split('/').map(step).join('')}${field ? step(field) : ''}`;
}

/**
 * A choice of forms to copy in.
 * @param {() => Promise<Uint8Array | null>} bytes those that are chosen; null where none are
 * @param {() => string} path of what is chosen
 */
export function copyForms(bytes, path) {
  const menu = h(
    'select',
    { class: 'copy-forms', 'aria-label': 'Copy the chosen bytes as' },
    h('option', { value: '' }, 'Copy as…'),
    ...[...Object.keys(FORMS), 'JSON path'].map((name) => h('option', {}, name)),
  );
  menu.addEventListener('change', () => {
    const form = menu.value;
    menu.value = '';
    void copy(form);
  });
  /** @param {string} form */
  async function copy(form) {
    const write = FORMS[form];
    const found = write ? await bytes() : null;
    if (write && !found) {
      say('No bytes are chosen.');
      return;
    }
    try {
      await navigator.clipboard.writeText(write && found ? write(found) : path());
      say(`${form} copied`);
    } catch {
      say(`${form} could not be copied`);
    }
  }
  return menu;
}
