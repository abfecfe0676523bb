/**
 * Fragments of Smooth Streaming without a movie header, as origins keep them and as they are downloaded: which quality of
 * which client manifest they are of, by their paths, names and times. A header made of the manifest stands before them then.
 */

/** @import { Manifest, ManifestTrack, SmoothHeader } from '../types' */
/** @import { Arranged, Claim, Init, Named, Segment } from './join.js' */

import { isFragment, Joining } from './join.js';
import { isNumber, MARK, order, withoutEnding, wordsOf } from './names.js';
import { clock, listed, seconds } from './words.js';

/** A client manifest that was read. @typedef {{ path: string, label: string, blob: Blob, manifest: Manifest }} Client */

/** A fragment by the manifest. @typedef {{ time: bigint, duration: bigint }} Chunk */

/** What makes headers: a manifest, a quality by its number, and heads of fragments. @typedef {(manifest: Blob, track: number, heads: Uint8Array<ArrayBuffer>) => Promise<SmoothHeader>} Maker */

/** Fragments that are listed. */
const CHUNKS_MAX = 1 << 20;

/** Heads that are looked into for a header: where the front is clear, the last ones are not. */
const HEADS = 4;

/** Endings of Smooth Streaming's files, by the kind of a stream. @type {Record<string, string>} */
const ENDINGS = { video: 'ismv', audio: 'isma', text: 'ismt' };

/** Kinds of streams. @type {Record<string, keyof import('./look.js').Holds>} */
const KINDS = { video: 'video', audio: 'audio', text: 'text' };

/** @param {string} text */
const lowered = (text) => wordsOf(text).map((word) => word.toLowerCase());

/** @param {string} path */
const folderOf = (path) => path.slice(0, path.lastIndexOf('/') + 1);

/**
 * What the files of a manifest's qualities are called: `film_video_200000.ismv`.
 * @param {string} path of the manifest
 * @param {readonly ManifestTrack[]} tracks
 */
export function namesOf(path, tracks) {
  const base = path.slice(path.lastIndexOf('/') + 1);
  // Of `film.ism/Manifest` the folder says which film it is.
  const own = /^manifest\b/i.test(base) ? (path.split('/').at(-2) ?? '') : base;
  const film = own.replace(/\.(ismc?|ssm|xml)$/i, '');
  /** @type {Map<string, number>} */
  const counts = new Map();
  return tracks.map(({ kind, name, bitrate }) => {
    const parts = [film, name || kind, String(bitrate ?? 0)].map((part) =>
      part.replaceAll(/[^\p{L}\p{N}\-. ]+/gu, '_'),
    );
    const stem = parts.filter(Boolean).join('_');
    const number = (counts.get(stem) ?? 0) + 1;
    counts.set(stem, number);
    return `${stem}${number > 1 ? `-${number}` : ''}.${ENDINGS[kind] ?? 'mp4'}`;
  });
}

/** A quality of a manifest. */
class Quality {
  /** @type {Chunk[] | undefined} */
  #chunks;

  /**
   * @param {Client} client
   * @param {ManifestTrack} track
   * @param {number} number of the track
   * @param {string} name of the file that its fragments are
   */
  constructor(client, track, number, name) {
    this.client = client;
    this.track = track;
    this.number = number;
    this.name = name;
    const [path = ''] = track.template.split('?');
    this.address = path.replaceAll('$$', '\uFFFD').replaceAll('$Time$', MARK).replaceAll('\uFFFD', '$');
    this.words = lowered(withoutEnding(this.address));
    this.stream = lowered(track.name);
    this.kind = track.kind.toLowerCase();
  }

  /** Its fragments, as the manifest lists them. */
  get chunks() {
    if (this.#chunks) return this.#chunks;
    /** @type {Chunk[]} */
    const chunks = [];
    for (const { time, duration, count } of this.track.runs)
      for (let n = 0; n < count && chunks.length < CHUNKS_MAX; n++) {
        const length = BigInt(Math.round(duration));
        chunks.push({ time: BigInt(time) + BigInt(n) * length, duration: length });
      }
    this.#chunks = chunks.sort((one, two) => order(one.time, two.time));
    return this.#chunks;
  }

  /**
   * The fragment that is heard or seen at a time.
   * @param {bigint} time
   */
  at(time) {
    const { chunks } = this;
    let [low, high] = [0, chunks.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((chunks[middle]?.time ?? 0n) <= time) low = middle + 1;
      else high = middle;
    }
    const chunk = chunks[low - 1];
    const within = chunk && (time < chunk.time + chunk.duration || chunk.time === time);
    return within ? chunk : null;
  }

  /**
   * The time in an address that is made as the manifest says; null where it is another.
   * @param {readonly string[]} words
   */
  addressed(words) {
    const own = words.slice(-this.words.length);
    if (own.length < this.words.length || !this.words.includes(MARK)) return null;
    /** @type {string | null} */
    let time = null;
    const same = this.words.every((word, at) => {
      const found = own[at] ?? '';
      if (word !== MARK) return word === found;
      time = isNumber(found) ? found : null;
      return time !== null;
    });
    return same && time !== null ? BigInt(time) : null;
  }

  /**
   * How much of a name speaks for the quality: 2 for its bitrate, and 1 for its stream or the kind of that.
   * @param {readonly string[]} words
   */
  named(words) {
    const last = words.findLastIndex(isNumber);
    const bitrate = words.some((word, at) => at !== last && word === String(this.track.bitrate));
    const stream =
      this.stream.length > 0 && words.some((_, at) => this.stream.every((word, n) => word === words[at + n]));
    return (bitrate ? 2 : 0) + (stream || words.includes(this.kind) ? 1 : 0);
  }

  /**
   * What the fragment of a time is called.
   * @param {Chunk} chunk
   */
  fragment({ time }) {
    return (this.address.split('/').at(-1) ?? '').replace(MARK, String(time));
  }
}

/** Names a quality for sure, and when it is. */
const SURE = 4;

/**
 * What a segment may be of: `score` says how much speaks for it.
 * @typedef {{ quality: Quality, score: number, time: bigint }} Candidate
 */

/**
 * Says what takes the fragments that client manifests name.
 * @param {readonly Named[]} files
 * @param {readonly Client[]} clients
 * @param {Maker} make
 * @param {AbortSignal} [signal]
 * @returns {Claim}
 */
export function claimFor(files, clients, make, signal) {
  const qualities = clients.flatMap((client) => {
    const { tracks } = client.manifest;
    const names = namesOf(client.path, tracks);
    return tracks.map((track, number) => new Quality(client, track, number, names[number] ?? ''));
  });
  return async (segments, inits, found) => {
    const sorting = new Sorting(files, qualities, inits);
    const rest = sorting.sort(segments);
    for (const [quality, own] of sorting.claimed) {
      signal?.throwIfAborted();
      await join(files, quality, own, make, found);
    }
    if (sorting.unclear.length > 0) found.refused.push(unclear(files, sorting.unclear));
    if (inits.length > 0) return rest;
    // Those of Smooth Streaming are said to be in none of the manifests.
    const strange = rest.filter((segment) => isFragment(segment, files[segment.at]?.name ?? ''));
    if (strange.length > 0) found.refused.push(unnamed(files, strange, clients));
    return rest.filter((segment) => !strange.includes(segment));
  };
}

/** Tells fragments apart. */
class Sorting {
  /** @type {Map<Quality, { segment: Segment, time: bigint }[]>} */
  claimed = new Map();
  /** Those that may be of several qualities. @type {{ segment: Segment, qualities: Quality[] }[]} */
  unclear = [];

  /**
   * @param {readonly Named[]} files
   * @param {readonly Quality[]} qualities
   * @param {readonly Init[]} inits
   */
  constructor(files, qualities, inits) {
    this.files = files;
    this.qualities = qualities;
    this.inits = inits;
  }

  /**
   * Gives back what is of no quality.
   * @param {readonly Segment[]} segments
   */
  sort(segments) {
    const found = segments.map((segment) => ({ segment, all: this.#likely(segment) }));
    /** Those of the same form of name, and what all of them may be of. @type {Map<string, Quality[]>} */
    const common = new Map();
    const keys = found.map(({ segment }) => {
      const words = lowered(this.files[segment.at]?.name ?? '').map((word) => (isNumber(word) ? 0 : word));
      return JSON.stringify([...segment.tracks.keys(), ...words]);
    });
    found.forEach(({ all }, at) => {
      const key = keys[at] ?? '';
      const own = all.map(({ quality }) => quality);
      common.set(key, common.get(key)?.filter((quality) => own.includes(quality)) ?? own);
    });
    return found.flatMap(({ segment, all }, at) => {
      const [same, more] = common.get(keys[at] ?? '') ?? [];
      // A first fragment begins at the same time in every stream: the others of its row tell.
      const chosen = same && !more ? all.filter(({ quality }) => quality === same) : all;
      const [first] = chosen;
      if (!first) return [segment];
      if (chosen.length > 1) this.unclear.push({ segment, qualities: chosen.map(({ quality }) => quality) });
      else {
        const own = this.claimed.get(first.quality) ?? [];
        this.claimed.set(first.quality, own);
        own.push({ segment, time: first.time });
      }
      return [];
    });
  }

  /**
   * What a segment is of, and several where as much speaks for each.
   * @param {Segment} segment
   */
  #likely(segment) {
    // A fragment is of one track.
    if (segment.tracks.size !== 1) return [];
    const path = this.files[segment.at]?.name ?? '';
    const ids = [...segment.tracks.keys()];
    const able = this.inits.filter(({ tracks }) => ids.every((id) => tracks.has(id)));
    const beside = able.some(({ at }) => folderOf(this.files[at]?.name ?? '') === folderOf(path));
    // An initialization segment that lies there is rather its own.
    const least = beside ? Infinity : able.length > 0 ? SURE : 0;
    const all = this.#candidates(segment, path).filter(({ score }) => score >= least);
    const best = Math.max(...all.map(({ score }) => score));
    return nearest(
      all.filter(({ score }) => score === best),
      path,
    );
  }

  /**
   * @param {Segment} segment
   * @param {string} path
   * @returns {Candidate[]}
   */
  #candidates(segment, path) {
    const words = lowered(withoutEnding(path));
    const [{ start = null } = {}] = [...segment.tracks.values()];
    const number = words.findLast(isNumber);
    return this.qualities.flatMap((quality) => {
      const addressed = quality.addressed(words);
      if (addressed !== null) return [{ quality, score: SURE, time: start ?? addressed }];
      // What a fragment says itself counts before what its name does.
      const time = start ?? (number === undefined ? null : BigInt(number));
      const chunk = time === null ? null : quality.at(time);
      if (time === null || !chunk) return [];
      const score = quality.named(words);
      // By the time alone it has to be just that of a fragment, and to be of Smooth Streaming.
      if (score === 0 && (chunk.time !== time || !isFragment(segment, path))) return [];
      return [{ quality, score, time }];
    });
  }
}

/**
 * Of qualities of several manifests those of the manifest that is nearest to a file, by folders.
 * @param {Candidate[]} all
 * @param {string} path
 */
function nearest(all, path) {
  /** @param {Candidate} candidate */
  const depth = ({ quality }) => {
    const folder = folderOf(quality.client.path);
    return path.startsWith(folder) ? folder.length : -1;
  };
  const most = Math.max(...all.map(depth));
  return all.filter((candidate) => depth(candidate) === most);
}

/** An initialization segment that is made, and the fragments behind it. */
class Fragments extends Joining {
  /**
   * @param {readonly Named[]} files
   * @param {Init} init
   * @param {Segment[]} segments
   * @param {Quality} quality
   * @param {boolean} timed whether the fragments say when they are
   */
  constructor(files, init, segments, quality, timed) {
    // No number in their names counts by one.
    const family = { members: segments.map((_, at) => at), words: [], holes: [-1] };
    super(files, init, [family], segments);
    this.quality = quality;
    this.saysTimes = timed;
  }

  /**
   * When a fragment begins, in ticks.
   * @param {Segment | undefined} segment
   */
  begin(segment) {
    const [{ start = null } = {}] = [...(segment?.tracks.values() ?? [])];
    return start;
  }

  /**
   * Names of fragments that the manifest has between two of them, or before or behind one.
   * @param {Segment | undefined} before
   * @param {Segment | undefined} after
   */
  lost(before, after) {
    const [from, to] = [this.begin(before), this.begin(after)];
    // Times in names are now and then a little beside those of the manifest.
    return this.quality.chunks.filter(
      ({ time, duration }) =>
        (from === null || time > from + duration / 2n) && (to === null || time < to - duration / 2n),
    );
  }

  /**
   * @param {Segment} before
   * @param {Segment} after
   * @override
   */
  missing(before, after) {
    return this.#names(this.lost(before, after));
  }

  /** @param {Chunk[]} chunks */
  #names(chunks) {
    const [first] = chunks;
    const last = chunks.at(-1);
    if (!first || !last) return '';
    const names = [first, last].map((chunk) => this.quality.fragment(chunk));
    if (chunks.length === 1) return names[0] ?? '';
    return names.join(chunks.length === 2 ? ' and ' : ' to ');
  }

  /** @override */
  warnings() {
    const found = super.warnings();
    const [first] = this.segments;
    const last = this.segments.at(-1);
    const [id = 0] = this.init.tracks.keys();
    /** @param {Chunk[]} chunks @param {string} where */
    const tell = (chunks, where) => {
      const [begin] = chunks;
      const end = chunks.at(-1);
      if (!begin || !end) return;
      const to = end.time + end.duration;
      const lasts = seconds(this.seconds(id, to - begin.time));
      const [one, two] = [begin.time, to].map((time) => clock(this.seconds(id, time)));
      found.push(
        `${where} ${lasts} of track ${id} are missing, from ${one} to ${two}. Not among the files: ${this.#names(chunks)}.`,
      );
    };
    const front = first ? this.lost(undefined, first) : [];
    if (first) tell(front, `Before ${this.label(first)}`);
    if (last) tell(this.lost(last, undefined), `Behind ${this.label(last)}`);
    const gaps = [...this.neighbours()].some(([before, after]) => this.lost(before, after).length > 0);
    if (!this.saysTimes && (gaps || front.length > 0))
      found.push(
        'These fragments do not say themselves when they are, so that what stands behind a gap moves to the front by as much.',
      );
    return found;
  }
}

/**
 * Joins the fragments of a quality behind a header that is made for them.
 * @param {readonly Named[]} files
 * @param {Quality} quality
 * @param {{ segment: Segment, time: bigint }[]} own
 * @param {Maker} make
 * @param {Arranged} found
 */
async function join(files, quality, own, make, found) {
  const { track, client, name } = quality;
  const saysTimes = own.every(({ segment }) =>
    [...segment.tracks.values()].every(({ start }) => start !== null),
  );
  const segments = own.map(({ segment, time }) => timed(segment, time, quality));
  const ids = [...new Set(segments.flatMap(({ tracks }) => [...tracks.keys()]))].sort(
    (one, two) => one - two,
  );
  const parts = segments.map(({ at }) => at);
  const [id = 0, other] = ids;
  if (other !== undefined) {
    const [one, two] = [id, other].map(
      (each) => files[segments.find(({ tracks }) => tracks.has(each))?.at ?? 0]?.label,
    );
    const message =
      `By their names ${one} and ${two} are of the same quality of ${client.label}, with ${track.bitrate} bits a second, but they ` +
      `are of tracks ${id} and ${other}, so they are not of one file. Drop the fragments of one presentation at a time.`;
    found.refused.push({ code: 'segments-twice', message, parts });
    return;
  }
  const kind = KINDS[quality.kind] ?? 'other';
  const at = files.length + found.made.length;
  /** @type {Init} */
  const init = {
    kind: 'init',
    at,
    tracks: new Map([[id, { timescale: BigInt(track.timescale), duration: 0n, kind }]]),
  };
  const joining = new Fragments(files, init, segments, quality, saysTimes);
  const fault = joining.fault();
  if (fault) {
    found.refused.push({ ...fault, parts });
    return;
  }
  const heads = await headsOf(
    files,
    joining.segments.map(({ at }) => at),
    segments,
  );
  try {
    const made = await make(client.blob, quality.number, heads);
    const bytes = Uint8Array.from(atob(made.init), (letter) => letter.charCodeAt(0));
    found.made.push(new File([bytes], `${withoutEnding(name)}_init.mp4`));
    found.holds.set(at, { video: 0, audio: 0, text: 0, other: 0, [kind]: 1 });
    found.joined.push({ name, parts: joining.parts, warnings: joining.warnings(), notes: made.notes });
  } catch (error) {
    const { code = '', message = '' } = /** @type {{ code?: string, message?: string }} */ (error);
    // What says how media is to be, and not that the page failed.
    if (!/^smooth-|^(bad|box)-/.test(code)) throw error;
    const why = `No movie header can be made of ${client.label} for ${name}. ${message}`;
    found.refused.push({ code, message: why, parts });
  }
}

/**
 * A segment that says when it is, where only its name did.
 * @param {Segment} segment
 * @param {bigint} time
 * @param {Quality} quality
 * @returns {Segment}
 */
function timed(segment, time, quality) {
  const duration = quality.at(time)?.duration;
  const tracks = [...segment.tracks].map(([id, stretch]) => {
    if (stretch.start !== null) return /** @type {const} */ ([id, stretch]);
    return /** @type {const} */ ([
      id,
      { start: time, end: duration ? time + duration : null, defaulted: 0n },
    ]);
  });
  return { ...segment, tracks: new Map(tracks) };
}

/**
 * Heads of some fragments, from the first to the last.
 * @param {readonly Named[]} files
 * @param {readonly number[]} numbers of fragments in order
 * @param {readonly Segment[]} segments
 */
async function headsOf(files, numbers, segments) {
  const places = new Map(segments.map(({ at, moof }) => [at, moof]));
  const step = (numbers.length - 1) / (HEADS - 1);
  const some = new Set(Array.from({ length: HEADS }, (_, n) => numbers[Math.round(n * step)] ?? 0));
  const parts = [...some].map((at) => {
    const { start = 0, end = 0 } = places.get(at) ?? {};
    return files[at]?.blob.slice(start, end) ?? '';
  });
  return new Uint8Array(await new Blob(parts).arrayBuffer());
}

/**
 * @param {readonly Named[]} files
 * @param {readonly Segment[]} segments
 */
const labels = (files, segments) =>
  listed(
    segments.map(({ at }) => files[at]?.label ?? '').sort(new Intl.Collator('en', { numeric: true }).compare),
    2,
  );

/**
 * @param {readonly Named[]} files
 * @param {{ segment: Segment, qualities: Quality[] }[]} all
 */
function unclear(files, all) {
  const segments = all.map(({ segment }) => segment);
  const qualities = [...new Set(all.flatMap((one) => one.qualities))];
  const one = segments.length === 1;
  const manifests = [...new Set(qualities.map(({ client }) => client.label))];
  const rates = [...new Set(qualities.map(({ track }) => String(track.bitrate)))];
  const message =
    `Nothing says which quality of ${listed(manifests, 3)} ${labels(files, segments)} ${one ? 'is' : 'are'} of: ` +
    `${listed(rates, 4, 'or')} bits a second. Keep the folders that tell, as in QualityLevels(${rates[0]})/Fragments(…), or put the ` +
    'bitrate into the names of the files.';
  return { code: 'init-ambiguous', message, parts: segments.map(({ at }) => at) };
}

/**
 * @param {readonly Named[]} files
 * @param {readonly Segment[]} segments
 * @param {readonly Client[]} clients
 */
function unnamed(files, segments, clients) {
  const one = segments.length === 1;
  const names = listed(
    clients.map(({ label }) => label),
    3,
  );
  const message =
    `The initialization segment is missing: ${labels(files, segments)} ${one ? 'is a fragment' : 'are fragments'} of Smooth Streaming, ` +
    `and ${names} ${clients.length === 1 ? 'has' : 'have'} no quality with such names and times. Drop ${one ? 'it' : 'them'} together ` +
    'with the client manifest of the same presentation.';
  return { code: 'init-missing', message, parts: segments.map(({ at }) => at) };
}
