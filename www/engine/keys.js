/** The page's end of the worker of keys. It starts when it is asked, and is dismissed, wiped, a moment after its last answer. */

import { BoxlockError, engineStopped, environmentError, fromPosted } from './errors.js';
import { keptEngine } from './kept.js';
import { dismiss, watch } from './lifeline.js';
import { startWorker } from './start-worker.js';

/** @import { Assets, FromKeys, KeyMethod, KeyMethods, KeySourceText } from './messages' */
/** @import * as Types from '../types' */

/** Who types is answered by the same worker; who has finished leaves no key behind for long. */
const IDLE_MS = 1500;

/** @typedef {{ resolve: (value: any) => void, reject: (reason: unknown) => void }} Waiting */

/** @type {Worker | null} */
let worker = null;
let unwatch = () => {};
let next = 1;
/** @type {Map<number, Waiting>} */
const calls = new Map();
/** @type {ReturnType<typeof setTimeout> | undefined} */
let idle;

/**
 * @template {KeyMethod} M
 * @param {Assets} assets
 * @param {M} method
 * @param {KeyMethods[M]['args']} args
 * @returns {Promise<KeyMethods[M]['result']>}
 */
function ask(assets, method, args) {
  if (typeof Worker === 'undefined')
    return Promise.reject(
      environmentError('no-workers', 'Boxlock reads keys in browsers only: there are no workers here.'),
    );
  clearTimeout(idle);
  const id = next++;
  return new Promise((resolve, reject) => {
    calls.set(id, { resolve, reject });
    try {
      worker ??= start(assets);
      worker.postMessage({ id, method, args, engine: keptEngine(assets.keys) });
    } catch (error) {
      calls.delete(id);
      reject(error);
    }
  });
}

/** @param {Assets} assets */
function start(assets) {
  const made = startWorker(assets.keysWorker);
  made.onmessage = ({ data }) => receive(data);
  made.onerror = (event) => {
    event.preventDefault();
    if (worker !== made) return;
    const why = event.message || 'the server or the network cannot be reached. Try again when it can';
    lose(
      environmentError('engine-failed', `The part of Boxlock that reads keys could not be started: ${why}.`),
    );
  };
  unwatch = watch(made, () => lose(engineStopped()));
  return made;
}

/** @param {FromKeys} message */
function receive(message) {
  if ('alive' in message) return;
  const call = calls.get(message.id);
  calls.delete(message.id);
  if ('error' in message) {
    call?.reject(fromPosted(message.error));
    if (message.dead) lose(engineStopped());
  } else call?.resolve(message.result);
  if (calls.size === 0) idle = setTimeout(() => lose(engineStopped()), IDLE_MS);
}

/** @param {unknown} reason for those who wait */
function lose(reason) {
  unwatch();
  clearTimeout(idle);
  if (worker) dismiss(worker);
  worker = null;
  for (const { reject } of calls.values()) reject(reason);
  calls.clear();
}

/** Larger files are no lists of keys and no headers. */
const SOURCE_BYTES = 16 << 20;

/** @param {KeySourceText} source */
async function bytesOf(source) {
  if (typeof source === 'string') return new TextEncoder().encode(source);
  if (source instanceof Uint8Array) return source.slice();
  if (source.size > SOURCE_BYTES)
    throw new BoxlockError({
      code: 'keys-too-long',
      kind: 'limit',
      message: `The file has ${source.size} bytes; at most ${SOURCE_BYTES} are read of headers, keys and manifests. Open media as a file.`,
    });
  return new Uint8Array(await source.arrayBuffer());
}

/** @param {readonly string[] | undefined} kids */
const joined = (kids) => (kids ?? []).join(' ');

/**
 * @param {Assets} assets
 * @param {KeySourceText} source
 * @param {{ knownKids?: readonly string[] }} options
 */
export async function decode(assets, source, { knownKids }) {
  return ask(assets, 'decode', { bytes: await bytesOf(source), known: joined(knownKids) });
}

/**
 * @param {Assets} assets
 * @param {KeySourceText} source
 * @param {string} key
 */
export async function checkKey(assets, source, key) {
  return ask(assets, 'check', { bytes: await bytesOf(source), key });
}

/**
 * @param {Assets} assets
 * @param {Types.BuildRequest} request
 */
export function build(assets, request) {
  return ask(assets, 'build', { request: JSON.stringify(request) });
}

/**
 * @param {Assets} assets
 * @param {KeySourceText} source
 * @param {{ knownKids?: readonly string[], tracks?: readonly Types.KeyTrack[], privateKey?: KeySourceText }} options
 */
export async function readKeys(assets, source, { knownKids, tracks, privateKey }) {
  const key = privateKey === undefined ? null : await bytesOf(privateKey);
  const args = {
    known: joined(knownKids),
    tracks: JSON.stringify(tracks?.map(plainTrack) ?? []),
    privateKey: key,
  };
  return ask(assets, 'read', { bytes: await bytesOf(source), ...args });
}

/**
 * @param {Assets} assets
 * @param {Types.KeysToWrite | Types.KeySheet} keys
 * @param {'cpix' | 'lines'} form
 * @param {{ certificates?: readonly KeySourceText[] }} options
 */
export async function writeKeys(assets, keys, form, { certificates }) {
  const read = await Promise.all((certificates ?? []).map(bytesOf));
  return ask(assets, 'write', { request: requestOf(keys), form, certificates: read });
}

/**
 * @param {Assets} assets
 * @param {Types.KeysToWrite | Types.KeySheet} keys
 */
export function commandLines(assets, keys) {
  return ask(assets, 'commands', { request: JSON.stringify(requestOf(keys)) });
}

/**
 * @param {Assets} assets
 * @param {KeySourceText} source
 * @param {{ files?: readonly Types.DescribedFile[] }} options
 */
export async function readManifest(assets, source, { files }) {
  return ask(assets, 'manifest', { bytes: await bytesOf(source), files: files ?? [] });
}

/**
 * The movie header of fragments that have none.
 * @param {Assets} assets
 * @param {KeySourceText} manifest that names them
 * @param {number} track its number among the tracks of the manifest
 * @param {Uint8Array<ArrayBuffer>} heads `moof` boxes of some of them
 */
export async function smoothHeader(assets, manifest, track, heads) {
  return ask(assets, 'header', { bytes: await bytesOf(manifest), track, heads });
}

/**
 * @param {Assets} assets
 * @param {Types.ManifestTrack} track
 * @param {Blob | ((range: Types.ByteRange) => Promise<Uint8Array>)} source
 * @returns {Promise<Types.IndexedTrack>}
 */
export async function readSegmentIndex(assets, track, source) {
  const { file, init, index } = track;
  if (!file)
    throw new BoxlockError({
      code: 'not-one-file',
      kind: 'caller',
      message: 'The quality is not one file: its segments are in the manifest itself.',
    });
  const read =
    source instanceof Blob
      ? async (/** @type {Types.ByteRange} */ { start, end }) =>
          new Uint8Array(await source.slice(start, end).arrayBuffer())
      : source;
  const inFile = !init || init.address === file.address ? (init?.range ?? null) : null;
  // Where the manifest does not say where it is, it stands behind what initializes players.
  const from = index ?? { start: inFile?.end ?? 0, end: 0 };
  /** @type {number[]} */
  const places = [];
  let bytes = new Uint8Array();
  for (;;) {
    const found = await ask(assets, 'index', { bytes, places, from });
    const at = found.at;
    if (at && found.needs.length === 0) {
      const { address } = file;
      return {
        ...track,
        timescale: found.timescale,
        runs: found.runs,
        listed: found.ranges.map((range) => ({ address, range })),
        init:
          init?.range || (init && init.address !== address)
            ? init
            : { address, range: { start: 0, end: at.start } },
        found,
      };
    }
    const parts = [bytes];
    for (const need of found.needs) {
      const part = await read(need);
      places.push(need.start, need.end - need.start, part.length);
      parts.push(new Uint8Array(part));
    }
    bytes = new Uint8Array(await new Blob(parts).arrayBuffer());
  }
}

/**
 * @param {Assets} assets
 * @param {readonly Types.DescribedFile[]} files
 * @param {Types.ManifestWishes} wishes
 */
export function writeManifests(assets, files, wishes) {
  return ask(assets, 'manifests', { files, wishes });
}

/**
 * What the module takes of a track: whole numbers, and no more.
 * @param {Types.KeyTrack} track
 * @returns {Types.KeyTrack}
 */
function plainTrack({ id, kind, kid, ...rest }) {
  /** @type {Types.KeyTrack} */
  const plain = { id, kind };
  for (const name of /** @type {const} */ (['width', 'height', 'channels', 'bitrate'])) {
    const number = rest[name];
    if (number) plain[name] = Math.round(number);
  }
  if (kid) plain.kid = kid;
  return plain;
}

/**
 * @param {Types.KeysToWrite | Types.KeySheet} keys
 * @returns {Types.KeysToWrite}
 */
function requestOf(keys) {
  if (!('boxlock' in keys))
    return { ...keys, ...(keys.tracks ? { tracks: keys.tracks.map(plainTrack) } : {}) };
  const { fileName, scheme, playreadyObject, pssh, form, tracks } = keys;
  return {
    keys: keys.keys.map(({ kid, key, track, class: kind, period }) => ({
      kid: kid.uuid,
      key: key.hex,
      ...(track === undefined ? {} : { track }),
      ...(kind === undefined ? {} : { class: kind }),
      ...(period === undefined ? {} : { period }),
    })),
    tracks: tracks.filter(({ protect }) => protect).map(plainTrack),
    contentId: fileName,
    fileName,
    scheme,
    ...(playreadyObject ? { playreadyObject } : {}),
    ...(pssh ? { pssh: pssh.map(({ base64 }) => base64) } : {}),
    piff: form === 'piff',
  };
}
