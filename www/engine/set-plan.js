/**
 * One plan for several files: the files of a title share their keys, and no two files count from the same place, so that no
 * key ever meets a counter twice.
 */

import { hexOf } from '../files/digits.js';
import { isTextAlone } from '../files/text-alone.js';
import { BoxlockError } from './errors.js';

/** @import * as Types from '../types' */

/** A key of a title, and whether it was made here at random. @typedef {{ pair: Types.KeyRequest, isNew: boolean }} Key */

/**
 * What a plan has that the one in its place goes on with: keys of titles, by their first files, and what was opened.
 * @typedef {{ keys: Map<Types.Media, Key[]>, opened: { parts: readonly Types.Media[], media: Types.Media }[] }} Held
 */

/** Of plans that nothing took the place of. @type {WeakMap<Types.SetPlan, Held>} */
const held = new WeakMap();

const ALL = 1n << 64n;

/** Where the files of a job count: each has the IVs of its samples for itself. */
class Counters {
  /** @type {{ first: bigint, samples: bigint }[]} */
  #taken = [];

  /**
   * Whether the IVs of a plan are no other file's; then they are this one's.
   * @param {Types.Media} media
   * @param {Types.Plan} plan
   */
  take(media, { firstIv }) {
    if (!firstIv) return true;
    const first = BigInt(`0x${firstIv}`);
    const samples = BigInt(media.tracks().reduce((sum, { sampleCount }) => sum + sampleCount, 0));
    /** @param {bigint} from @param {bigint} to */
    const ahead = (from, to) => (to - from + ALL) % ALL;
    const meets = this.#taken.some(
      (other) => ahead(other.first, first) < other.samples || ahead(first, other.first) < samples,
    );
    if (!meets) this.#taken.push({ first, samples });
    return !meets;
  }
}

/** Sixteen bytes that nobody knows, as hex digits. */
const randomKey = () => hexOf(crypto.getRandomValues(new Uint8Array(16)));

/**
 * The keys of a title: what is neither given nor there before is made here, once for all its files.
 * @param {Types.ProtectRequest} request
 * @param {Types.Title} title
 * @param {Key[]} before
 * @returns {Key[]}
 */
function keysOf({ kid, key, keySeed, keys = [], keyPer }, { media }, before) {
  /** @param {{ kid?: string | undefined, key?: string | undefined, class?: Types.KeyClass }} given */
  const made = ({ kid, key, class: one }) => {
    const own = before.find(({ pair }) => pair.class === one);
    const kept = own?.isNew ? own.pair.key : undefined;
    const pair = {
      ...(one ? { class: one } : {}),
      kid: kid ?? own?.pair.kid ?? crypto.randomUUID(),
      ...(keySeed ? {} : { key: key ?? kept ?? randomKey() }),
    };
    return { pair, isNew: !keySeed && !key };
  };
  if (keyPer !== 'class' && keys.length === 0) return [made({ kid, key })];
  const tracks = media.flatMap((each) => each.tracks()).filter(({ protectable }) => protectable);
  const classes = new Set(tracks.flatMap(({ keyClass }) => keyClass ?? []));
  return [...classes].map((one) => made({ ...keys.find((each) => each.class === one), class: one }));
}

/**
 * What is asked of one file of a title.
 * @param {Types.ProtectRequest} request
 * @param {Key[]} keys
 * @param {Types.Media} media
 * @returns {Types.ProtectRequest}
 */
function askedOf(request, keys, media) {
  // Players of DASH find its segments by the index, and with it there is something to do for a file that is fragmented.
  if (isTextAlone(media)) return { scheme: 'none', segmentIndex: true };
  const [one] = keys;
  if (!one) return request;
  if (!one.pair.class) return { ...request, ...one.pair };
  const kinds = new Set(media.tracks().map(({ keyClass }) => keyClass));
  const own = keys.map(({ pair }) => pair).filter((pair) => kinds.has(pair.class));
  return { ...request, keyPer: 'class', keys: own };
}

/**
 * Fails with what can be asked of one file alone.
 * @param {Types.ProtectRequest} request
 */
function refuse({ keyRotation, keyPer, keys = [], ivStart }) {
  /** @param {string} code @param {string} field @param {string} message */
  const refused = (code, field, message) => new BoxlockError({ code, kind: 'caller', field, message });
  if (keyRotation)
    throw refused(
      'set-rotation',
      'keyRotation',
      'Keys that change along the way are for one file at a time. Leave that empty.',
    );
  if (keyPer === 'track' || keys.some(({ track }) => track !== undefined))
    throw refused(
      'set-keys-by-track',
      'keyPer',
      'Track IDs are of one file. Files that belong together share one key, or have one for each class of tracks.',
    );
  if (ivStart !== undefined)
    throw refused(
      'set-iv',
      'ivStart',
      'Several files cannot begin to count at the same IV: they would share their key stream. Leave it out.',
    );
}

/**
 * How a file for streaming ends: as Smooth Streaming has it, where that can carry it.
 * @param {Types.Rung} rung
 * @param {Types.ProtectRequest} request
 */
function endingOf({ video, audio }, { scheme = 'cenc', form }) {
  const ofSmooth = scheme === 'cenc' && form !== 'plain';
  if (video) return ofSmooth ? 'ismv' : 'mp4';
  if (audio.length) return ofSmooth ? 'isma' : 'm4a';
  return ofSmooth ? 'ismt' : 'mp4';
}

/**
 * @param {readonly Types.Title[]} titles
 * @param {Types.SetRequest} wanted
 * @param {(parts: readonly Types.Media[]) => Promise<Types.Media>} merged opens several open files as one
 * @param {{ signal?: AbortSignal, onProgress?: (progress: Types.Progress) => void }} [options]
 * @returns {Promise<Types.SetPlan>}
 */
export async function planSet(titles, wanted, merged, options = {}) {
  const { request, download = true, streaming = true, before } = wanted;
  const protects = request.scheme !== 'none' && request.scheme !== 'keep';
  if (protects) refuse(request);
  const old = before && held.get(before);
  /** @type {Held} */
  const mine = { keys: new Map(), opened: [] };
  const counters = new Counters();
  const names = new Names();
  /** @type {Types.SetEntry[]} */
  const entries = [];
  const stems = titles.map(({ name }) => names.free(name));

  /** @param {Types.Media} media @param {Key[]} keys */
  const plan = async (media, keys) => {
    options.signal?.throwIfAborted();
    for (;;) {
      const found = await media.plan(askedOf(request, keys, media), options).catch((error) => {
        throw ofFile(error, media.name);
      });
      // By chance two may have met.
      if (counters.take(media, found)) return found;
    }
  };
  /** @param {readonly Types.Media[]} parts */
  const one = async (parts) => {
    if (parts.length === 1 && parts[0]) return parts[0];
    const same = old?.opened.find(
      (each) => each.parts.length === parts.length && each.parts.every((part, at) => part === parts[at]),
    );
    const opened = same ?? { parts, media: await merged(parts) };
    mine.opened.push(opened);
    return opened.media;
  };
  try {
    for (const [number, title] of titles.entries()) {
      const { media: all, rungs } = title;
      const [first] = all;
      if (!first) continue;
      const keys =
        protects && !all.every(isTextAlone) ? keysOf(request, title, old?.keys.get(first) ?? []) : [];
      mine.keys.set(first, keys);
      for (const [at, media] of streaming && (all.length > 1 || !download) ? all.entries() : []) {
        const ending = endingOf(/** @type {Types.Rung} */ (rungs[at]), request);
        const name = names.free(`${withoutEnding(media.name)}.${ending}`);
        const planned = await plan(media, keys);
        entries.push({ title: number, media, name, use: 'streaming', plan: planned, same: null });
      }
      if (!download) continue;
      const media = await one(title.download.flatMap((at) => all[at] ?? []));
      const name = names.free(`${stems[number]}.mp4`);
      const same = entries.findIndex((entry) => entry.media === media);
      const planned = entries[same]?.plan ?? (await plan(media, keys));
      entries.push({
        title: number,
        media,
        name,
        use: 'download',
        plan: planned,
        same: same < 0 ? null : same,
      });
    }
  } catch (error) {
    for (const each of mine.opened) if (!old?.opened.includes(each)) each.media.close();
    throw error;
  }
  if (before) held.delete(before);
  for (const each of old?.opened ?? []) if (!mine.opened.includes(each)) each.media.close();
  /** @type {Types.SetPlan} */
  const made = {
    entries,
    names: stems,
    keysAreNew: [...mine.keys.values()].flat().some(({ isNew }) => isNew),
    close() {
      // What another plan went on with is that one's to close.
      if (held.delete(made)) for (const { media } of mine.opened) media.close();
    },
  };
  held.set(made, mine);
  return made;
}

/** @param {string} name */
const withoutEnding = (name) => name.replace(/\.[^.]*$/, '');

/**
 * What a plan failed with, and of which file; a fault of the request is of all.
 * @param {unknown} error
 * @param {string} name
 */
function ofFile(error, name) {
  if (!(error instanceof BoxlockError) || error.kind === 'caller') return error;
  const { code, kind, message } = error;
  return new BoxlockError({ code, kind, message: `${name}: ${message}` });
}

/** Names of which no two are the same, on disks too that tell no small letters from large ones. */
class Names {
  #taken = new Set();

  /** @param {string} name */
  free(name) {
    const [, stem = name, ending = ''] = /^(.*?)(\.[^.]*)?$/.exec(name) ?? [];
    let found = name;
    for (let n = 2; this.#taken.has(found.toLowerCase()); n++) found = `${stem} (${n})${ending}`;
    this.#taken.add(found.toLowerCase());
    return found;
  }
}
