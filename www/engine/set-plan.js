/**
 * One plan for several files: the files of a title share their keys, and no two files count from the same place, so that no
 * key ever meets a counter twice.
 */

import { BoxlockError } from './errors.js';

/** @import * as Types from '../types' */

const hex = (/** @type {Uint8Array} */ bytes) =>
  [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('');

const random = (/** @type {number} */ length) => crypto.getRandomValues(new Uint8Array(length));

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

/**
 * The keys of a title: what is not given is made here, once for all its files.
 * @param {Types.ProtectRequest} request
 * @param {Types.Title} title
 * @param {NonNullable<Types.SetRequest['made']>} made
 * @returns {Types.ProtectRequest}
 */
function withKeys(request, { media }, made) {
  if (request.scheme === 'none' || request.scheme === 'keep') return request;
  if (request.keyRotation)
    throw refused(
      'set-rotation',
      'keyRotation',
      'Keys that change along the way are for one file at a time. Leave that empty.',
    );
  const { kid, key, keySeed, keys = [], keyPer } = request;
  if (keyPer === 'track' || keys.some(({ track }) => track !== undefined))
    throw refused(
      'set-keys-by-track',
      'keyPer',
      'Track IDs are of one file. Files that belong together share one key, or have one for each class of tracks.',
    );
  const [first] = media;
  if (!first) return request;
  const before = made.get(first) ?? [];
  /** @param {{ kid?: string | undefined, key?: string | undefined, class?: Types.KeyClass }} given */
  const pair = ({ kid, key, class: one }) => {
    const own = before.find((each) => each.class === one);
    return {
      ...(one ? { class: one } : {}),
      kid: kid ?? own?.kid ?? crypto.randomUUID(),
      ...(keySeed ? {} : { key: key ?? own?.key ?? hex(random(16)) }),
    };
  };
  if (keyPer !== 'class' && keys.length === 0) {
    const own = pair({ kid, key });
    made.set(first, [own]);
    return { ...request, ...own };
  }
  const tracks = media.flatMap((each) => each.tracks()).filter(({ protectable }) => protectable);
  const classes = [...new Set(tracks.flatMap(({ keyClass }) => keyClass ?? []))];
  const own = classes.map((one) => pair({ ...keys.find((each) => each.class === one), class: one }));
  made.set(first, own);
  return { ...request, keyPer: 'class', keys: own };
}

/**
 * Whether the keys of a request are made here, and stand nowhere else.
 * @param {Types.ProtectRequest} request
 */
const makesKeys = ({ scheme, key, keySeed, keys = [] }) =>
  scheme !== 'none' && scheme !== 'keep' && !key && !keySeed && !keys.some((each) => each.key);

/** @param {string} code @param {string} field @param {string} message */
const refused = (code, field, message) => new BoxlockError({ code, kind: 'caller', field, message });

/** Kinds of files by their endings, of Smooth Streaming. @param {Types.Rung} rung */
const endingOf = ({ video, audio }) => (video ? 'ismv' : audio.length ? 'isma' : 'ismt');

/**
 * @param {readonly Types.Title[]} titles
 * @param {Types.SetRequest} wanted
 * @param {(parts: readonly Types.Media[]) => Promise<Types.Media>} merged opens several open files as one
 * @param {{ signal?: AbortSignal, onProgress?: (progress: Types.Progress) => void }} [options]
 * @returns {Promise<Types.SetPlan>}
 */
export async function planSet(titles, wanted, merged, options = {}) {
  const { request, download = true, streaming = true, made = new Map() } = wanted;
  const counters = new Counters();
  /** @type {Types.SetEntry[]} */
  const entries = [];
  /** @type {Types.Media[]} */
  const opened = [];
  const names = new Names();
  /** @param {Types.Media} media @param {Types.ProtectRequest} asked */
  const plan = async (media, asked) => {
    options.signal?.throwIfAborted();
    const kinds = new Set(media.tracks().flatMap(({ keyClass }) => keyClass ?? []));
    const mine = asked.keys ? { keys: asked.keys.filter((each) => each.class && kinds.has(each.class)) } : {};
    for (;;) {
      const found = await media.plan({ ...asked, ...mine }, options).catch((error) => {
        throw ofFile(error, media.name);
      });
      // By chance two may have met.
      if (counters.take(media, found)) return found;
    }
  };
  try {
    for (const [number, title] of titles.entries()) {
      const asked = withKeys(request, title, made);
      const stream = streaming && (title.media.length > 1 || !download);
      if (stream) {
        for (const [at, media] of title.media.entries()) {
          const rung = /** @type {Types.Rung} */ (title.rungs[at]);
          const name = names.free(`${media.name.replace(/\.[^.]*$/, '')}.${endingOf(rung)}`);
          entries.push({
            title: number,
            media,
            name,
            use: 'streaming',
            plan: await plan(media, asked),
            same: null,
          });
        }
      }
      if (!download) continue;
      const chosen = title.download.map((at) => /** @type {Types.Media} */ (title.media[at]));
      const [only] = chosen;
      if (!only) continue;
      const name = names.free(`${title.name}.mp4`);
      const same = chosen.length === 1 ? entries.findIndex(({ media }) => media === only) : -1;
      const twin = entries[same];
      if (twin) {
        entries.push({ title: number, media: only, name, use: 'download', plan: twin.plan, same });
        continue;
      }
      const media = chosen.length === 1 ? only : await merged(chosen);
      if (media !== only) opened.push(media);
      entries.push({
        title: number,
        media,
        name,
        use: 'download',
        plan: await plan(media, asked),
        same: null,
      });
    }
  } catch (error) {
    for (const media of opened) media.close();
    throw error;
  }
  return {
    entries,
    keysAreNew: makesKeys(request),
    close: () => {
      for (const media of opened) media.close();
    },
  };
}

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
