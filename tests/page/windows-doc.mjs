// docs/windows.md, made of the texts that the page and the kit have, so that the three cannot say different things.

import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import {
  CONTAINER,
  ERRORS,
  FRAMEWORKS,
  KEY_SYSTEM,
  LOG,
  PERSISTENT,
  STEPS,
  SYSTEM,
  TRUSTED_INPUT,
} from '../../www/engine/handover/facts.js';

const DOC = fileURLToPath(new URL('../../docs/windows.md', import.meta.url));

const cell = (text) => text.replaceAll('|', '\\|').replaceAll('\n', ' ');
const table = (head, rows) =>
  [head, head.map(() => '---'), ...rows].map((row) => `| ${row.map(cell).join(' | ')} |`).join('\n');

/** The document, as it is to be. */
export const windowsDoc = () => `# Playing offline on Windows

<!-- Made of www/engine/handover/facts.js by tests/page/windows-doc.mjs: change the texts there, then run it. -->

A protected MP4 that was downloaded plays on Windows 10 and 11 without a connection, when its licence is stored. What an app
needs for one file, with its key ID and licence URL filled in, is in the *Windows kit* of its result on the page (*Hand over*,
*The app on Windows*), beside a list of points that says whether anything in the file speaks against it. No Windows was at hand
to try it on: what Media Foundation asks of a local protected file is not published in full.

## The licence

${PERSISTENT} The licence URL comes from the PlayReady header in the file, unless the app sets another.

## What the player is told

A \`MediaProtectionManager\` with these properties, set on the player before its source:

${table(
  ['property', 'value'],
  [
    ['`Windows.Media.Protection.MediaProtectionSystemId`', `\`${SYSTEM}\``],
    [
      '`Windows.Media.Protection.MediaProtectionSystemIdMapping`',
      `a \`PropertySet\` that maps that GUID to \`${TRUSTED_INPUT}\``,
    ],
    ['`Windows.Media.Protection.MediaProtectionContainerGuid`', `\`${CONTAINER}\``],
  ],
)}

Its \`ServiceRequested\` event answers what Windows still wants. To get the licence beforehand, ask
\`PlayReadyContentResolver.ServiceRequest\` for what is to be done for the key ID. In browsers and in Media Foundation the key
system is \`${KEY_SYSTEM}\`.

## What plays it

${table(
  ['player', 'plays it', 'to know'],
  FRAMEWORKS.map(({ name, can, note }) => [name, can ? 'yes' : 'no', note]),
)}

## How to find out

${STEPS.map((step, number) => `${number + 1}. ${step}`).join('\n')}

## What the script of the kit writes

${table(
  ['line', 'what it means'],
  LOG.map(({ line, means }) => [`\`${line}\``, means]),
)}

## What went wrong, by what it says

${table(
  ['code', 'seen as', 'what it means', 'what to do'],
  ERRORS.map(({ code, seen, means, todo }) => [code, seen, means, todo]),
)}
`;

/** The document, as it is. */
export const written = () => readFileSync(DOC, 'utf8');

if (process.argv[1] === fileURLToPath(import.meta.url)) writeFileSync(DOC, windowsDoc());
