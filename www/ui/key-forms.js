/** The keys of a result in the forms that others take: a CPIX document, lines, and command lines of other programs. */

/** @import { ProtectResult } from '../types.d.ts' */

import { commandLines, writeKeys } from '../boxlock.js';
import { download } from '../files/save.js';
import { copyButton } from './copy.js';
import { button, h } from './dom.js';
import { faultOf } from './fault.js';

const SECRET = 'It holds the key: treat it like a password.';

/**
 * @param {ProtectResult} result
 * @param {() => void} kept when the keys are saved elsewhere
 */
export function keyForms(result, kept) {
  const state = h('p', { class: 'quiet', role: 'status' });
  const certificate = h('input', {
    type: 'file',
    id: 'cpix-certificate',
    accept: '.pem,.crt,.cer,.der',
    class: 'file-input',
  });
  const sheet = () => result.keySheet({ sha256: 'if-known' });

  /**
   * @param {string} name
   * @param {string} type
   * @param {() => Promise<{ text: string, sealed: boolean }>} make
   */
  const save = async (name, type, make) => {
    try {
      const { text, sealed } = await make();
      download(new Blob([text], { type }), name);
      state.textContent = sealed
        ? `${name} is saved. Only who has the certificate’s private key can read the keys in it.`
        : `${name} is saved. ${SECRET}`;
      // Of what only others can read, nothing is left here.
      if (!sealed) kept();
    } catch (error) {
      state.textContent = `It could not be made. ${faultOf(error, 'result').message}`;
    }
  };
  const cpix = async () => {
    const certificates = [...(certificate.files ?? [])];
    return {
      text: await writeKeys(await sheet(), 'cpix', { certificates }),
      sealed: certificates.length > 0,
    };
  };
  const lines = async () => ({ text: await writeKeys(await sheet(), 'lines'), sealed: false });

  const places = h('dl', { class: 'command-lines' });
  const details = h(
    'details',
    { class: 'more', id: 'key-forms' },
    h('summary', {}, 'Other forms, and command lines to check the file elsewhere'),
    h(
      'div',
      { class: 'more-inside' },
      h(
        'div',
        { class: 'field' },
        h(
          'div',
          { class: 'field-top' },
          h('label', { for: 'cpix-certificate' }, 'Encrypt the CPIX document for'),
        ),
        certificate,
        h(
          'p',
          { class: 'hint' },
          'The X.509 certificate (RSA) of whoever runs the licence server. Without one, the keys stand in the document as they are.',
        ),
      ),
      h(
        'p',
        { class: 'save-line' },
        button('Save as CPIX', () => void save(`${result.name}.cpix.xml`, 'application/xml', cpix), {
          id: 'save-cpix',
        }),
        button('Save as KID:KEY', () => void save(`${result.name}.keys.txt`, 'text/plain', lines), {
          id: 'save-lines',
        }),
      ),
      state,
      places,
    ),
  );
  details.addEventListener('toggle', () => {
    if (!details.open || places.firstChild) return;
    void sheet()
      .then(commandLines)
      .then(
        (all) =>
          places.replaceChildren(
            ...all.flatMap(({ program, note, line }) => [
              h('dt', {}, program, h('span', { class: 'hint' }, note)),
              h(
                'dd',
                {},
                h('code', {}, masked(line)),
                copyButton(`command line of ${program}`, () => line, kept),
              ),
            ]),
          ),
        (error) => {
          state.textContent = faultOf(error, 'result').message;
        },
      );
  });
  return details;
}

/**
 * A command line as it is shown: with dots for the keys, which are copied with it.
 * @param {string} line
 */
const masked = (line) =>
  line.replace(/(?<=:|(?<!key_id)=|-decryption_key )[0-9a-f]{32}(?=[\s,:]|$)/g, '••••••••');
