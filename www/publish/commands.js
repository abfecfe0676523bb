/**
 * The same upload as commands for a shell, for whoever may not upload from a browser. Secrets are asked for when the
 * commands run: they are neither in the text nor in the history of the shell.
 */

import { blobHeaders, TYPE } from './azure.js';
import { blockBytes } from './blocks.js';
import { encoded } from './azure-place.js';

/** @import { Place } from './address.js' */

/** @typedef {'bash' | 'powershell'} Shell */
/** @typedef {{ id: string, title: string, hint: string, text: string }} Command */

/** Most bytes of one Put Blob. */
const PUT_BLOB_MAX = 5000 * 2 ** 20;

/**
 * A text as one word of a shell, with nothing in it that the shell reads.
 * @param {string} text
 * @param {Shell} shell
 */
export function quoted(text, shell) {
  if (shell === 'bash') return `'${text.replaceAll("'", "'\\''")}'`;
  // PowerShell takes every kind of single quotation mark for one.
  return `'${text.replace(/['\u2018\u2019\u201a\u201b]/g, '$&$&')}'`;
}

/** Lines that are one command. @param {string[]} lines @param {Shell} shell */
const joined = (lines, shell) => lines.join(shell === 'bash' ? ' \\\n  ' : ' `\n  ');

/**
 * @param {string} what is asked for
 * @param {Shell} shell
 */
const ask = (what, shell) =>
  shell === 'bash'
    ? `IFS= read -rsp ${quoted(`${what}: `, shell)} SECRET; echo`
    : `$SECRET = (New-Object PSCredential('x', (Read-Host ${quoted(what, shell)} -AsSecureString))).GetNetworkCredential().Password`;

const SAS = 'The SAS, all that stands behind the question mark';
const URL_ASKED = 'The presigned URL';

/**
 * A file whose name begins with a dash is no option.
 * @param {string} file
 */
const asPath = (file) => (file.startsWith('-') ? `./${file}` : file);

/**
 * @param {object} what
 * @param {Place | null} what.place
 * @param {string} what.file its name on this computer
 * @param {string} what.name it is to have there
 * @param {number} what.size
 * @param {string} what.mark of the file
 * @param {Shell} shell
 * @returns {Command[]}
 */
export function commands({ place, file, name, size, mark }, shell) {
  const all = [];
  if (!place || place.kind === 'azure') {
    const where = place
      ? place.where(name)
      : `https://ACCOUNT.blob.core.windows.net/CONTAINER/${encoded(name)}`;
    const max = place ? place.blockMax : 4000 * 2 ** 20;
    all.push(...azure({ where, file: asPath(file), name, size, mark, bytes: blockBytes(size, max) }, shell));
  }
  if (!place || place.kind !== 'azure') all.push(...s3({ place, file: asPath(file), name, size }, shell));
  return all;
}

/**
 * @param {{ where: string, file: string, name: string, size: number, mark: string, bytes: number }} what
 * @param {Shell} shell
 * @returns {Command[]}
 */
function azure({ where, file, name, size, mark, bytes }, shell) {
  const q = (/** @type {string} */ text) => quoted(text, shell);
  const headers = blobHeaders(name);
  const url = `"${where}?$SECRET"`;
  const curl = shell === 'bash' ? 'curl' : 'curl.exe';
  // What PowerShell gives to programs loses its double quotes in old versions: the long form of the name has none.
  const disposition = headers['x-ms-blob-content-disposition'].replace(
    shell === 'bash' ? /^$/ : / filename="[^"]*";/,
    '',
  );
  const typed = [
    `-H ${q(`x-ms-blob-content-type: ${TYPE}`)}`,
    `-H ${q(`x-ms-blob-content-disposition: ${disposition}`)}`,
    `-H ${q('If-None-Match: *')}`,
  ];
  const copy = joined(
    [
      `azcopy copy ${q(file)} ${url}`,
      `--content-type ${q(TYPE)} --content-disposition ${q(disposition)}`,
      '--put-md5 --overwrite=false',
    ],
    shell,
  );
  /** @type {Command[]} */
  const all = [
    {
      id: 'azcopy',
      title: 'azcopy',
      hint: 'Goes on where it stopped with “azcopy jobs resume”.',
      text: `${ask(SAS, shell)}\n${copy}`,
    },
  ];
  if (size <= PUT_BLOB_MAX)
    all.push({
      id: 'curl',
      title: 'curl, in one request',
      hint: 'Begins anew when it is cut; nothing is visible before all has arrived.',
      text: `${ask(SAS, shell)}\n${joined(
        [`${curl} --fail-with-body -T ${q(file)}`, `-H ${q('x-ms-blob-type: BlockBlob')}`, ...typed, url],
        shell,
      )}`,
    });
  if (shell === 'bash')
    all.push({
      id: 'curl-blocks',
      title: 'curl, in blocks',
      hint: 'Of any size, under the names that this page uses: what either has sent, the page does not send again.',
      text: [
        ask(SAS, shell),
        `( set -e; FILE=${q(file)}; URL=${url}; SIZE=${bytes}; LIST=''`,
        'COUNT=$(( ($(wc -c < "$FILE") + SIZE - 1) / SIZE ))',
        'for (( I = 0; I < COUNT; I++ )); do',
        `  ID=$(printf '${mark}-%05d' "$I" | base64)`,
        '  dd if="$FILE" bs="$SIZE" skip="$I" count=1 2>/dev/null |',
        `    curl --fail-with-body -sS --retry 5 -X PUT -H 'Content-Type:' --data-binary @- \\`,
        `      "$URL&comp=block&blockid=$(printf %s "$ID" | sed 's/=/%3D/g')"`,
        '  LIST="$LIST<Latest>$ID</Latest>"',
        '  echo "$((I + 1)) of $COUNT"',
        'done',
        `printf '<BlockList>%s</BlockList>' "$LIST" | ${joined(
          [
            `curl --fail-with-body -sS -X PUT --data-binary @- -H 'Content-Type:'`,
            ...typed,
            '"$URL&comp=blocklist" )',
          ],
          shell,
        )}`,
      ].join('\n'),
    });
  return all;
}

/**
 * @param {{ place: Exclude<Place, { kind: 'azure' }> | null, file: string, name: string, size: number }} what
 * @param {Shell} shell
 * @returns {Command[]}
 */
function s3({ place, file, name, size }, shell) {
  const q = (/** @type {string} */ text) => quoted(text, shell);
  const curl = shell === 'bash' ? 'curl' : 'curl.exe';
  const { bucket, key } = place ? bucketOf(place) : { bucket: 'BUCKET', key: name };
  const disposition = blobHeaders(name)['x-ms-blob-content-disposition'].replace(/ filename="[^"]*";/, '');
  /** @type {Command[]} */
  const all = [
    {
      id: 'aws',
      title: 'aws',
      hint: 'With the credentials that aws is set up with. It sends large files in parts.',
      text: joined(
        [
          `aws s3 cp ${q(file)} ${q(`s3://${bucket}/${key}`)}`,
          `--content-type ${q(TYPE)} --content-disposition ${q(disposition)}`,
        ],
        shell,
      ),
    },
  ];
  if (place?.kind !== 's3-parts' && size <= 5 * 2 ** 30)
    all.push({
      id: 'curl-presigned',
      title: 'curl, with a presigned URL',
      hint: 'Begins anew when it is cut; nothing is visible before all has arrived.',
      text: `${ask(URL_ASKED, shell)}\n${joined([`${curl} --fail-with-body -T ${q(file)}`, `-H ${q(`Content-Type: ${TYPE}`)}`, '"$SECRET"'], shell)}`,
    });
  return all;
}

/** The bucket comes first in the host, or in the path. @param {{ host: string, path: string }} place */
function bucketOf({ host, path }) {
  const parts = path
    .split('/')
    .filter(Boolean)
    .map((part) => decodeURIComponent(part));
  const inHost = /^(.+)\.s3[.-]/.exec(host)?.[1];
  const bucket = inHost ?? parts.shift() ?? 'BUCKET';
  return { bucket, key: parts.join('/') };
}
