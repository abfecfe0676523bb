/**
 * The same upload as commands for a shell, for whoever may not upload from a browser. Secrets are asked for when the
 * commands run: they are neither in the text nor in the history of the shell.
 */

import { limitsOf } from './azure-place.js';
import { TYPE } from './azure.js';
import { blockBytes, BLOCKS_MAX } from './blocks.js';
import { decoded, encoded } from './url-parts.js';

/** @import { Place } from './address.js' */

/** @typedef {'bash' | 'powershell'} Shell */
/** @typedef {{ id: string, title: string, hint: string, text: string }} Command */

/** Versions are compared as texts: what no place says is of today. */
const TODAY = '9999';

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
    ? `printf ${quoted(`${what}: `, shell)}; IFS= read -rs SECRET; echo`
    : `$SECRET = (New-Object PSCredential('x', (Read-Host ${quoted(what, shell)} -AsSecureString))).GetNetworkCredential().Password`;

const SAS = 'The SAS, all that stands behind the question mark';
const URL_ASKED = 'The presigned URL';

/**
 * A file whose name begins with a dash is no option.
 * @param {string} file
 */
const asPath = (file) => (file.startsWith('-') ? `./${file}` : file);

/**
 * The name under which it is saved. In the long form alone: what PowerShell gives to programs loses its double quotes in
 * old versions.
 * @param {string} name
 */
const disposition = (name) => `attachment; filename*=UTF-8''${encoded(name.split('/').at(-1) ?? name)}`;

/**
 * By which a file is sent in one request. Without its own patterns, as names may have brackets in them.
 * @param {string} file
 * @param {Shell} shell
 */
const curlOf = (file, shell) =>
  `${shell === 'bash' ? 'curl' : 'curl.exe'} --globoff --fail-with-body -T ${quoted(file, shell)}`;

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
    const limits = limitsOf(place?.version ?? TODAY);
    all.push(...azure({ where, file: asPath(file), name, size, mark, limits }, shell));
  }
  if (!place || place.kind !== 'azure') all.push(...s3({ place, file: asPath(file), name, size }, shell));
  return all;
}

/**
 * @param {{ where: string, file: string, name: string, size: number, mark: string, limits: ReturnType<typeof limitsOf> }} what
 * @param {Shell} shell
 * @returns {Command[]}
 */
function azure({ where, file, name, size, mark, limits }, shell) {
  const q = (/** @type {string} */ text) => quoted(text, shell);
  const url = `"${where}?$SECRET"`;
  const typed = [
    `-H ${q(`x-ms-blob-content-type: ${TYPE}`)}`,
    `-H ${q(`x-ms-blob-content-disposition: ${disposition(name)}`)}`,
    `-H ${q('If-None-Match: *')}`,
  ];
  const copy = joined(
    [
      `azcopy copy ${q(file)} ${url}`,
      `--content-type ${q(TYPE)} --content-disposition ${q(disposition(name))}`,
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
  if (size <= limits.put)
    all.push({
      id: 'curl',
      title: 'curl, in one request',
      hint: 'Begins anew when it is cut; nothing is visible before all has arrived.',
      text: `${ask(SAS, shell)}\n${joined(
        [curlOf(file, shell), `-H ${q('x-ms-blob-type: BlockBlob')}`, ...typed, url],
        shell,
      )}`,
    });
  if (shell === 'bash' && size <= limits.block * BLOCKS_MAX)
    all.push({
      id: 'curl-blocks',
      title: 'curl, in blocks',
      hint: 'Of any size, under the names that this page uses: what either has sent, the page does not send again.',
      text: [
        ask(SAS, shell),
        `( set -e; FILE=${q(file)}; URL=${url}; SIZE=${blockBytes(size, limits.block)}; LIST=''`,
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
  const { bucket, key, endpoint } = place ? bucketOf(place) : { bucket: 'BUCKET', key: name, endpoint: '' };
  /** @type {Command[]} */
  const all = [
    {
      id: 'aws',
      title: 'aws',
      hint: 'With the credentials that aws is set up with. It sends large files in parts.',
      text: joined(
        [
          `aws s3 cp ${q(file)} ${q(`s3://${bucket}/${key}`)}`,
          ...(endpoint ? [`--endpoint-url ${q(endpoint)}`] : []),
          `--content-type ${q(TYPE)} --content-disposition ${q(disposition(name))}`,
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
      text: `${ask(URL_ASKED, shell)}\n${joined([curlOf(file, shell), `-H ${q(`Content-Type: ${TYPE}`)}`, '"$SECRET"'], shell)}`,
    });
  return all;
}

/**
 * The bucket comes first in the host, or in the path. Of a storage that is not Amazon’s the program has to be told: a
 * bucket of that name may be somebody else’s there.
 * @param {{ origin: string, host: string, path: string }} place
 */
function bucketOf({ origin, host, path }) {
  const parts = path.split('/').filter(Boolean).map(decoded);
  const inHost = /^(.+)\.s3[.-]/.exec(host)?.[1];
  const bucket = inHost ?? parts.shift() ?? 'BUCKET';
  const isAmazon = /\.amazonaws\.com(\.cn)?$/.test(host);
  const endpoint = isAmazon ? '' : inHost ? origin.replace(`${inHost}.`, '') : origin;
  return { bucket, key: parts.join('/'), endpoint };
}
