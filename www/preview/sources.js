/** What players are given of files that were made: manifests, keys, and where the bytes are that they name. */

/** @import { DescribedFile, ManifestWishes } from '../types.d.ts' */
/** @import { Playable } from '../ui/viewer.js' */
/** @import { Order } from './stage.js' */

import { open, readManifest, writeManifests } from '../boxlock.js';
import { base64Of, bytesOfHex } from '../files/digits.js';
import { canSplit, indexed, split } from './split.js';

/** A file to be played. @typedef {{ name: string, blob: Blob, described: DescribedFile }} Part */
/** @typedef {'file' | 'dash' | 'smooth' | 'hls'} Form */
/** Of which files a player takes one track in each only: of all, of those whose tracks have keys of their own, or of none. @typedef {'tracks' | 'keys' | 'never'} Apart */
/** What does not depend on the player. @typedef {Omit<Order, 'player' | 'playready' | 'lasting' | 'sessions'>} Material */

const TYPE = 'video/mp4';

/** The 'pssh' that names nothing but key IDs: players that are to ask ClearKey need it (W3C “cenc” Initialization Data Format). */
const COMMON = '1077efec-c0b2-4d02-ace3-3c1e52e2fb4b';

/** What is played of a result. */
export class Sources {
  /** @type {Promise<Part[]> | null} */
  #parts = null;
  /** @type {Map<Apart, Promise<Part[]>>} */
  #indexed = new Map();

  /**
   * @param {readonly { name: string, result: Playable }[]} made
   */
  constructor(made) {
    this.made = made;
  }

  /** The keys, each once. */
  get keys() {
    const all = this.made.flatMap(({ result }) => result.keys.map(({ kid, key }) => ({ kid: kid.hex, key })));
    return all.filter(({ kid }, at) => all.findIndex((other) => other.kid === kid) === at);
  }

  /** Whether all keys are of the public test key seed. */
  get forTests() {
    return this.made.every(({ result }) => result.forTests);
  }

  /** The files, as they are. */
  parts() {
    this.#parts ??= Promise.all(
      this.made.map(async ({ name, result }) => {
        const blob = await result.file();
        return { name, blob, described: await describe(blob, name) };
      }),
    );
    this.#parts.catch(() => (this.#parts = null));
    return this.#parts;
  }

  /**
   * The same, with an index of segments each.
   * @param {Apart} apart
   */
  indexed(apart) {
    const known = this.#indexed.get(apart);
    if (known) return known;
    const found = this.parts()
      .then((parts) => (apart === 'never' ? parts : singleOf(parts, apart)))
      .then((parts) => Promise.all(parts.map(withIndex)));
    this.#indexed.set(apart, found);
    found.catch(() => this.#indexed.delete(apart));
    return found;
  }

  /**
   * @param {Form} form
   * @param {Apart} apart
   * @returns {Promise<Material>}
   */
  async material(form, apart) {
    const parts = await (form === 'dash' ? this.indexed(apart) : this.parts());
    const { keys } = this;
    const seen = parts.some(({ described }) => described.tracks.some(({ kind }) => kind === 'video'));
    const files = parts.map(({ blob }) => blob);
    const places = parts.map(({ name, blob }, file) => ({
      path: name,
      file,
      start: 0,
      end: blob.size,
      type: TYPE,
    }));
    const common = {
      keys,
      seen,
      files,
      places,
      texts: [{ path: 'licence', type: 'application/json', text: '' }],
    };
    if (form === 'file') return { ...common, manifest: encodeURIComponent(parts[0]?.name ?? '') };
    const described = parts.map((part) => part.described);
    if (form === 'dash') {
      const { manifest, texts } = await written('mpd', withKeyIds(described, keys), { forms: ['dash'] });
      return { ...common, manifest, texts: [...common.texts, ...texts] };
    }
    const { texts, ...rest } = await (form === 'hls' ? playlists(described) : smooth(parts));
    return { ...common, ...rest, texts: [...common.texts, ...texts] };
  }
}

/** @param {Blob} blob @param {string} name */
async function describe(blob, name) {
  const media = await open(blob, { name });
  try {
    return await media.describe(name);
  } finally {
    media.close();
  }
}

/** @param {Part} part @returns {Promise<Part>} */
async function withIndex(part) {
  if (part.described.index) return part;
  const blob = indexed(part.blob, part.described);
  return { name: part.name, blob, described: await describe(blob, part.name) };
}

/** @param {readonly Part[]} parts @param {Apart} apart */
async function singleOf(parts, apart) {
  /** @type {Part[]} */
  const found = [];
  for (const part of parts) {
    const { tracks } = part.described;
    const kids = new Set(tracks.flatMap(({ protection }) => protection?.kid ?? []));
    if ((apart === 'keys' ? kids.size : tracks.length) < 2) found.push(part);
    else if (!canSplit(part.described))
      throw new Error(
        `The fragments of ${part.name} have several tracks each, and the player takes files of one track only.`,
      );
    else
      for (const { name, blob } of await split(part.blob, part.described))
        found.push({ name, blob, described: await describe(blob, name) });
  }
  // Of several bitrates each has the same sound.
  return found.filter(
    ({ described }, at) =>
      described.tracks[0]?.kind === 'video' ||
      found.findIndex((other) => isAlike(other.described, described)) === at,
  );
}

/** @param {DescribedFile} one @param {DescribedFile} other */
function isAlike(one, other) {
  const said = (/** @type {DescribedFile} */ { tracks }) =>
    JSON.stringify(
      tracks.map(({ kind, codec, language, times, bitrate }) => [kind, codec, language, times, bitrate]),
    );
  return said(one) === said(other);
}

/**
 * @param {'mpd' | 'ismc' | 'hls'} form
 * @param {DescribedFile[]} described
 * @param {ManifestWishes} wishes
 */
async function written(form, described, wishes) {
  const { files, notes } = await writeManifests(described, { ...wishes, name: 'preview' });
  const manifest = files.find((file) => file.form === form);
  if (!manifest)
    throw new Error(
      notes.find(({ severity }) => severity === 'error')?.message ?? 'No manifest can be written of it.',
    );
  const texts = files.map(({ name, mime, text }) => ({ path: name, type: mime, text }));
  return { manifest: manifest.name, texts, files };
}

/**
 * Descriptions with a header that names the key IDs alone.
 * @param {DescribedFile[]} described
 * @param {Material['keys']} keys
 */
function withKeyIds(described, keys) {
  if (!keys.length) return described;
  return described.map((file) => {
    const kids = file.tracks.flatMap(({ protection }) => protection?.kid?.replaceAll('-', '') ?? []);
    const pssh = commonPssh([...new Set(kids)]);
    const others = file.headers.filter(({ system }) => system !== COMMON);
    return { ...file, headers: [...others, { system: COMMON, pssh, data: '' }] };
  });
}

/** @param {string[]} kids in hexadecimal digits */
function commonPssh(kids) {
  const size = 36 + 16 * kids.length;
  const text = [
    size.toString(16).padStart(8, '0'),
    '7073736801000000',
    COMMON.replaceAll('-', ''),
    kids.length.toString(16).padStart(8, '0'),
    ...kids,
    '00000000',
  ].join('');
  return base64(text);
}

/** @param {string} hex */
const base64 = (hex) => base64Of(bytesOfHex(hex));

/** What names keys in playlists. */
const KEYS = /^#EXT-X-(SESSION-)?KEY:.*\n/gm;

/**
 * Playlists of HLS, with a key for ClearKey in place of those of other systems: hls.js takes its ID out of its address.
 * @param {DescribedFile[]} described
 */
async function playlists(described) {
  const { manifest, texts } = await written('hls', described, { forms: ['hls'] });
  const protections = described.flatMap((file) => file.tracks.flatMap(({ protection }) => protection ?? []));
  for (const one of protections.length ? texts : []) {
    one.text = one.text.replace(KEYS, '');
    const uri = /^#EXT-X-MAP:URI="([^"]*)"/m.exec(one.text)?.[1];
    const file = described.find(({ name }) => name === decodeURIComponent(uri ?? ''));
    const protection = file?.tracks.find((track) => track.protection)?.protection;
    if (!protection?.kid) continue;
    const method = protection.scheme === 'cbcs' ? 'SAMPLE-AES' : 'SAMPLE-AES-CTR';
    const key =
      `#EXT-X-KEY:METHOD=${method},URI="data:text/plain;base64,${base64(protection.kid.replaceAll('-', ''))}",` +
      'KEYFORMAT="org.w3.clearkey",KEYFORMATVERSIONS="1"\n';
    one.text = one.text.replace('#EXT-X-MAP', `${key}#EXT-X-MAP`);
  }
  return { manifest, texts };
}

/**
 * The client manifest of Smooth Streaming, and where each fragment is that it names.
 * @param {readonly Part[]} parts
 */
async function smooth(parts) {
  const { manifest, texts, files } = await written(
    'ismc',
    parts.map(({ described }) => described),
    { forms: ['smooth'] },
  );
  const server = files.find(({ form }) => form === 'ism');
  const { streams } = await readManifest(server?.text ?? '');
  const places = [];
  for (const { name, qualities } of streams)
    for (const { bitrate, file, track } of qualities) {
      const at = parts.findIndex((part) => part.name === file);
      const found = parts[at]?.described.tracks.find(({ id }) => id === track);
      if (!found) continue;
      if (found.ranges.length !== found.times.length)
        throw new Error(
          `The fragments of ${file} have several tracks each, and Smooth Streaming has one in each.`,
        );
      for (const [number, time] of found.times.entries()) {
        const { start, end } = /** @type {{ start: number, end: number }} */ (found.ranges[number]);
        const path = `QualityLevels(${bitrate})/Fragments(${name}=${Math.max(0, time)})`;
        places.push({ path, file: at, start, end, type: TYPE });
      }
    }
  return { manifest, texts, places };
}
