/** The hand-over sheet of a protected file: for each who goes on with it, what they need and nothing that is not theirs. */

/** @import { HandOver, HandOverItem, HandOverOptions, HandOverPart, KeySheet, SheetKey } from '../types' */

import { defaultVersion } from './handover/azure.js';
import { ERRORS, FRAMEWORKS, LOG, PERSISTENT, STEPS } from './handover/facts.js';
import { dashElements, dashJs, hlsJs, shaka } from './handover/web.js';
import { csharp, kitFiles, mediaFoundation, python } from './handover/windows.js';

/** Version of the form. */
const FORM = '1';

/** What files are, for servers. @type {Record<string, string>} */
const TYPES = {
  mp4: 'video/mp4',
  m4v: 'video/mp4',
  m4s: 'video/iso.segment',
  ismv: 'video/mp4',
  cmfv: 'video/mp4',
  m4a: 'audio/mp4',
  isma: 'audio/mp4',
  cmfa: 'audio/mp4',
  mpd: 'application/dash+xml',
  m3u8: 'application/vnd.apple.mpegurl',
  ism: 'application/smil+xml',
  ismc: 'application/vnd.ms-sstr+xml',
  zip: 'application/zip',
};

/** A name with nothing in it that is half a sign: no bytes can be made of that. @param {string} name */
const whole = (name) => name.replace(/\p{Cs}/gu, '\ufffd');

/** @param {string} name */
const typeOf = (name) => TYPES[name.split('.').at(-1)?.toLowerCase() ?? ''] ?? 'application/octet-stream';

/**
 * @param {KeySheet} sheet
 * @param {HandOverOptions} options
 * @returns {HandOver}
 */
export function handOver(sheet, { offline = [], files = [], sources = [] } = {}) {
  const all = files.length ? files : [{ name: sheet.fileName, size: sheet.fileSize, sha256: sheet.sha256 }];
  const made = { ...sheet, files: all.map((file) => ({ ...file, type: typeOf(file.name) })), sources };
  return {
    boxlock: FORM,
    fileName: sheet.fileName,
    parts: [licenceServer(made), host(made), app(made, offline), web(made)],
  };
}

/**
 * The files of the kit for Windows.
 * @param {KeySheet} sheet
 * @param {HandOverOptions} options
 */
export function windowsKit(sheet, { offline = [] } = {}) {
  return kitFiles(valuesOf(sheet), offline);
}

/** @typedef {KeySheet & { files: { name: string, type: string, size?: number, sha256?: string | null }[], sources: readonly string[] }} Made */

const SOURCES = {
  random: 'made at random here: nobody else has it yet',
  typed: 'as it was given',
  seed: 'derived from the key seed and the key ID: a server that has the seed needs no key',
};

/** @param {SheetKey} key */
const keyOf = ({ class: kind, track, period }) =>
  [
    kind ? `tracks of the class ${kind}` : track === undefined ? 'the whole file' : `track ${track}`,
    period ? `from change ${period} on` : '',
  ]
    .filter(Boolean)
    .join(', ');

/**
 * @param {Made} sheet
 * @returns {HandOverPart}
 */
function licenceServer(sheet) {
  const { keys, laUrl, algorithm, scheme, forTests, playreadyObject } = sheet;
  return {
    for: 'licence-server',
    title: 'Whoever runs the licence server',
    secret: true,
    items: [
      {
        title: 'What to do',
        text: [
          `${keys.length > 1 ? 'Take these keys' : 'Take this key'} into the server that answers at ${laUrl || 'the licence URL of the app'}.`,
          PERSISTENT,
          'A licence for a session of another kind than was asked for is refused with 0x80704005.',
          ...(forTests
            ? ['The key comes from the public test key seed, which everybody knows: for tests only.']
            : []),
          'Keep it as you keep passwords, and never beside the media.',
        ],
      },
      ...keys.map((key) => ({
        title: keys.length > 1 ? `Key for ${keyOf(key)}` : 'Key',
        facts: [
          { name: 'Key ID, UUID order', value: key.kid.uuid },
          { name: 'The same, 32 digits', value: key.kid.hex },
          { name: 'Key ID, GUID order (PlayReady)', value: key.kid.guidBase64 },
          { name: 'The same, 32 digits', value: key.kid.guidHex },
          { name: 'Content key', value: key.key.hex, secret: true },
          { name: 'The same, base64', value: key.key.base64, secret: true },
          ...(key.checksum ? [{ name: 'Checksum of both', value: key.checksum }] : []),
          { name: 'The key is', value: SOURCES[key.source] },
        ],
      })),
      {
        title: 'What the file says',
        facts: [
          { name: 'File', value: sheet.fileName },
          ...(laUrl ? [{ name: 'Licence URL', value: laUrl }] : []),
          { name: 'Algorithm', value: algorithm },
          { name: 'Scheme', value: scheme },
          ...(playreadyObject ? [{ name: 'PlayReady object, base64', value: playreadyObject }] : []),
          ...(sheet.sha256 ? [{ name: 'SHA-256 of the file', value: sheet.sha256 }] : []),
        ],
      },
    ],
  };
}

/**
 * @param {Made} sheet
 * @returns {HandOverPart}
 */
function host({ files, tracks, sources }) {
  const open = tracks.filter(({ protect }) => !protect);
  const ids = open.map(({ id }) => id).join(', ');
  const one = files.length === 1;
  return {
    for: 'host',
    title: 'Whoever hosts the media',
    secret: false,
    items: [
      {
        title: 'What to do',
        text: [
          one
            ? 'Put the file where it can be downloaded, over https, under this name.'
            : 'Put the files where they can be downloaded, over https, in one folder and under these names, with the manifest that lists them.',
          open.length
            ? `Track${open.length > 1 ? 's' : ''} ${ids} of it ${open.length > 1 ? 'are' : 'is'} open to everyone. All else is useless without a licence.`
            : 'It is useless without a licence: no key is in it, and none is needed to host it.',
          'Send it with the content type that stands beside it, and answer requests for ranges of bytes with 206: without them players cannot seek, and browsers wait for all of it.',
          'For pages of other origins allow GET and HEAD by CORS, and expose Content-Range, Content-Length and ETag.',
        ],
      },
      {
        title: one ? 'The file' : `The ${files.length} files`,
        files: files.map(({ name, type, size, sha256 }) => ({
          name,
          type,
          size: size ?? null,
          sha256: sha256 ?? null,
        })),
        ...(sources.length > 1 ? { text: [`Made of ${sources.join(', ')}.`] } : {}),
      },
      {
        title: 'Whether ranges are answered',
        text: ['It should say 206 and Content-Range: bytes 0-0/…'],
        code: {
          name: 'command line',
          language: 'shell',
          text: `curl -s -o /dev/null -D - -r 0-0 'https://host.example.com/${encodeURIComponent(whole(files[0]?.name ?? '')).replaceAll("'", '%27')}'\n`,
        },
      },
      {
        title: 'Azure Blob Storage',
        text: [
          'An account without a default service version answers anonymous requests as in 2009: no ranges, all of the file for each request. Set the version once, or hand out links with a shared access signature.',
        ],
        code: {
          name: 'command line',
          language: 'shell',
          text: `${defaultVersion('ACCOUNT')}\n`,
        },
      },
    ],
  };
}

/** Where the file names no licence server, as a header that was brought along need not. */
const LICENCES = 'https://licence.example.com/rightsmanager.asmx';

/** @param {KeySheet} sheet */
const valuesOf = ({ fileName, keys, laUrl, algorithm, pssh }) => ({
  fileName: whole(fileName),
  kids: keys.map(({ kid }) => kid.uuid),
  laUrl: laUrl || LICENCES,
  algorithm,
  pssh: pssh.find(({ system }) => system === 'PlayReady')?.base64 ?? '',
});

/**
 * @param {Made} sheet
 * @param {HandOverOptions['offline'] & {}} offline
 * @returns {HandOverPart}
 */
function app(sheet, offline) {
  const values = valuesOf(sheet);
  return {
    for: 'app',
    title: 'Who writes the app for Windows',
    secret: false,
    items: [
      ...(offline.length ? [{ title: 'Will it play offline on Windows?', checks: [...offline] }] : []),
      { title: 'How to find out', text: [PERSISTENT, ...STEPS] },
      {
        title: 'What plays it',
        facts: FRAMEWORKS.map(({ name, can, note }) => ({ name, value: `${can ? 'Yes' : 'No'}. ${note}` })),
      },
      {
        title: 'UWP, in C#',
        code: { name: 'OfflinePlayback.cs', language: 'csharp', text: csharp(values) },
      },
      {
        title: 'Media Foundation, without UWP',
        code: { name: 'media-foundation.txt', language: 'text', text: mediaFoundation(values) },
      },
      {
        title: 'A script to try it, in Python',
        code: { name: 'play_offline.py', language: 'python', text: python(values) },
      },
      {
        title: 'What to look for in its log',
        facts: LOG.map(({ line, means }) => ({ name: line, value: means })),
      },
      {
        title: 'What went wrong, by what it says',
        facts: ERRORS.map(({ code, seen, means, todo }) => ({
          name: `${code}: ${seen}`,
          value: `${means} ${todo}`,
        })),
      },
    ],
  };
}

/**
 * @param {Made} sheet
 * @returns {HandOverPart}
 */
function web({ laUrl, scheme, keys, pssh, playreadyObject, form, files }) {
  const values = {
    laUrl: laUrl || LICENCES,
    scheme: scheme === 'piff' ? 'cenc' : scheme,
    kids: keys.map(({ kid }) => kid.uuid),
    pssh,
    playreadyObject,
  };
  const one = files.length === 1;
  /** @type {(title: string, name: string, text: string, language?: string) => HandOverItem} */
  const snippet = (title, name, text, language = 'javascript') => ({ title, code: { name, language, text } });
  return {
    for: 'web',
    title: 'Who writes the web page',
    secret: false,
    items: [
      {
        title: 'What to know',
        text: [
          'PlayReady plays in Edge on Windows. Other browsers need another system beside it, with the same key.',
          ...(form === 'piff'
            ? [
                'The file has the boxes of PIFF alone, which browsers do not read: it is for Smooth players, and for apps.',
              ]
            : []),
          one
            ? 'A manifest has to lead to the file: DASH with an index of segments (sidx) in it. dash.js takes picture and sound in files of their own only.'
            : 'A manifest has to list the segments.',
          `The address of the manifest${laUrl ? ' stands as an example' : ' and that of the licence server stand as examples'}; put in yours.`,
        ],
      },
      snippet('dash.js', 'dash.js', dashJs(values)),
      snippet('shaka-player', 'shaka.js', shaka(values)),
      snippet('hls.js', 'hls.js', hlsJs(values)),
      snippet('In a DASH manifest', 'content-protection.xml', dashElements(values), 'xml'),
    ],
  };
}
