/**
 * Files that were chosen together: which are whole by themselves, and which initialization and media segments are one
 * file. What nothing says is said to be so, and not guessed.
 */

import { holdsOf, lookAt } from './look.js';
import {
  contradict,
  families,
  initFor,
  initWords,
  nameWith,
  numberOf,
  order,
  stemOfInit,
  stemOfSegment,
} from './names.js';
import { clock, listed, seconds } from './words.js';

/** @import { Holds, Look } from './look.js' */
/** @import { Family } from './names.js' */
/** @import { Part } from './witness.js' */

/** `name` is empty where it has none; `label` is what sentences call it. @typedef {{ name: string, label: string, blob: Blob }} Named */

/** @typedef {Extract<Look, { kind: 'segment' }> & { at: number }} Segment `at` is its number among the files */
/** @typedef {Extract<Look, { kind: 'init' }> & { at: number }} Init */

/**
 * One file: the numbers of its parts, the initialization segment first. `notes` are of one that was made.
 * @typedef {{ name: string, parts: number[], warnings: string[], notes: string[] }} Joined
 */

/** Why files were not joined. `parts` are their numbers. @typedef {{ code: string, message: string, parts: number[] }} Refused */

/**
 * `alone` are the numbers of files that are whole by themselves, or initialization segments without media segments. `holds`
 * says, by their number, what files with a movie header hold. Initialization segments that were `made` have the numbers behind
 * those of the files.
 * @typedef {{ joined: Joined[], alone: number[], refused: Refused[], holds: Map<number, Holds>, made: File[] }} Arranged
 */

/**
 * Takes segments that have their header from elsewhere, adds what comes of them, and gives back the others.
 * @typedef {(segments: Segment[], inits: Init[], found: Arranged) => Promise<Segment[]>} Claim
 */

/** Times in one track may be so far apart, as the last sample of a segment has no exact duration. In seconds. */
const NEAR = 0.1;

/** Puts names in order as people do: 9 before 10. */
const counted = new Intl.Collator('en', { numeric: true });

/** Gaps that are told one by one. */
const GAPS_MAX = 4;

/**
 * Tells which files belong together.
 * @param {readonly Named[]} files
 * @param {AbortSignal} [signal]
 * @param {Claim} [claim]
 * @returns {Promise<Arranged>}
 */
export async function arrange(files, signal, claim) {
  const looks = await lookAt(
    files.map(({ blob }) => blob),
    signal,
  );
  signal?.throwIfAborted();
  /** @type {Arranged} */
  const found = { joined: [], alone: [], refused: [], holds: new Map(), made: [] };
  /** @type {Init[]} */
  const inits = [];
  /** @type {Segment[]} */
  const segments = [];
  looks.forEach((look, at) => {
    if (look?.kind === 'init') found.holds.set(at, holdsOf(look.tracks));
    else if (look?.kind === 'whole' && look.holds) found.holds.set(at, look.holds);
    if (look?.kind === 'init') inits.push({ ...look, at });
    else if (look?.kind === 'segment') segments.push({ ...look, at });
    else if (look) found.alone.push(at);
    else found.refused.push(unreadable(files, at));
  });
  const rest = claim && segments.length > 0 ? await claim(segments, inits, found) : segments;
  new Arrangement(files, inits, rest, found).settle();
  return found;
}

/**
 * @param {readonly Named[]} files
 * @param {number} at
 * @returns {Refused}
 */
function unreadable(files, at) {
  const message = `${files[at]?.label} cannot be read: it was changed or moved, or its drive is gone. Choose the files again.`;
  return { code: 'not-readable', message, parts: [at] };
}

class Arrangement {
  /**
   * @param {readonly Named[]} files
   * @param {Init[]} inits
   * @param {Segment[]} segments
   * @param {Arranged} found
   */
  constructor(files, inits, segments, found) {
    this.files = files;
    this.inits = inits;
    this.segments = segments;
    this.found = found;
  }

  settle() {
    const { files, inits, segments, found } = this;
    const named = segments.map(({ at, tracks, sequence }) => {
      const ids = [...tracks.keys()].sort((one, two) => one - two);
      const { start = null } = tracks.get(ids[0] ?? 0) ?? {};
      return { name: this.#name(at), tracks: String(ids), place: start ?? BigInt(sequence) };
    });
    const words = inits.map(({ at }) => initWords(this.#name(at)));
    /** @type {Map<number, Family[]>} */
    const claims = new Map();
    /** @type {Map<string, Segment[]>} Those that have none, by why. */
    const without = new Map();
    for (const family of families(named)) {
      const ids = [...(segments[family.members[0] ?? 0]?.tracks.keys() ?? [])];
      const able = inits.flatMap((init, at) => (ids.every((id) => init.tracks.has(id)) ? [at] : []));
      const fit = able.filter((at) => !contradict(words[at] ?? [], family.words));
      const chosen = initFor(family, fit, words);
      if (chosen !== null) {
        claims.set(chosen, [...(claims.get(chosen) ?? []), family]);
        continue;
      }
      const why = fit.length > 0 ? JSON.stringify(fit) : able.length > 0 ? 'name' : 'track';
      const key = inits.length > 0 ? why : 'missing';
      const members = family.members.map((member) => /** @type {Segment} */ (segments[member]));
      without.set(key, [...(without.get(key) ?? []), ...members]);
    }
    for (const [why, some] of without) found.refused.push(this.#unplaced(why, some));
    inits.forEach((init, at) => {
      const own = claims.get(at);
      if (!own) {
        found.alone.push(init.at);
        return;
      }
      const joined = new Joining(files, init, own, segments);
      const refused = joined.fault();
      if (refused) found.refused.push({ ...refused, parts: joined.parts });
      else
        found.joined.push({
          name: joined.name(),
          parts: joined.parts,
          warnings: joined.warnings(),
          notes: [],
        });
    });
    found.alone.sort((one, two) => one - two);
  }

  /** @param {number} at */
  #name(at) {
    return this.files[at]?.name ?? '';
  }

  /** @param {number} at */
  #label(at) {
    return this.files[at]?.label ?? '';
  }

  /**
   * @param {string} why
   * @param {Segment[]} segments
   * @returns {Refused}
   */
  #unplaced(why, segments) {
    const parts = segments.map(({ at }) => at);
    const names = listed(parts.map((at) => this.#label(at)).sort(counted.compare), 2);
    const one = parts.length === 1;
    const are = one ? 'is a media segment' : 'are media segments';
    const ids = [...new Set(segments.flatMap(({ tracks }) => [...tracks.keys()]))].sort((a, b) => a - b);
    const tracks = `${ids.length === 1 ? 'track' : 'tracks'} ${listed(ids.map(String), 8)}`;
    const missing = 'The initialization segment is missing: ';
    if (why === 'missing') {
      const message =
        `${missing}${names} ${are} of ${tracks}, and cannot be played or protected without it. ` +
        (segments.some((segment) => isFragment(segment, this.#name(segment.at)))
          ? `Fragments of Smooth Streaming are dropped together with the client manifest that names them, “Manifest” or .ismc.`
          : `Drop ${one ? 'it' : 'them'} together with it; most often its name has “init” in it.`);
      return { code: 'init-missing', message, parts };
    }
    if (why === 'track' || why === 'name') {
      const inits = this.inits.map(({ at }) => this.#label(at)).sort(counted.compare);
      const all = listed(inits, 3);
      const reason =
        why === 'track'
          ? `${names} ${are} of ${tracks}, which ${all} ${inits.length === 1 ? 'does' : 'do'} not have`
          : `by ${one ? 'its name' : 'their names'} ${names} ${one ? 'is' : 'are'} of another rendition than ${all}`;
      const message = `${missing}${reason}. Drop ${one ? 'it together with its' : 'them together with their'} own.`;
      return { code: 'init-missing', message, parts };
    }
    const able = /** @type {number[]} */ (JSON.parse(why)).map((at) => this.#label(this.inits[at]?.at ?? 0));
    const message =
      `Nothing says which initialization segment ${names} ${one ? 'belongs' : 'belong'} to, ` +
      `${listed(able.sort(counted.compare), 3, 'or')}. Drop the files of one rendition at a time.`;
    return { code: 'init-ambiguous', message, parts };
  }
}

/**
 * Whether a segment is a fragment of Smooth Streaming, by what it has in it or by its name.
 * @param {Segment} segment
 * @param {string} name
 */
export const isFragment = ({ isSmooth }, name) => isSmooth || /fragments\(/i.test(name);

/** An initialization segment, and what was found to be of it. */
export class Joining {
  /**
   * @param {readonly Named[]} files
   * @param {Init} init
   * @param {Family[]} own
   * @param {Segment[]} segments
   */
  constructor(files, init, own, segments) {
    this.files = files;
    this.init = init;
    this.families = own;
    /** @type {Map<Segment, Family>} */
    this.familyOf = new Map();
    for (const family of own)
      for (const member of family.members)
        this.familyOf.set(/** @type {Segment} */ (segments[member]), family);
    /** Whether the numbers of a family count by one. @type {Map<Family, boolean>} */
    this.byOne = new Map();
    const all = [...this.familyOf.keys()];
    this.timed = all.every((segment) => [...segment.tracks.values()].every(({ start }) => start !== null));
    this.segments = all.sort((one, two) => this.#compare(one, two));
    this.parts = [init.at, ...this.segments.map(({ at }) => at)];
  }

  /** @param {Segment} segment */
  #name(segment) {
    return this.files[segment.at]?.name ?? '';
  }

  /** @param {Segment} segment */
  label(segment) {
    return this.files[segment.at]?.label ?? '';
  }

  /** A name for all of it, without an ending. */
  name() {
    const [family] = this.families;
    const [segment] = this.segments;
    const path = this.files[this.init.at]?.name ?? '';
    const folder = path.split('/').at(-2);
    const own = stemOfInit(path) || folder;
    const name = own || (family && segment ? stemOfSegment(this.#name(segment), family) : '') || 'joined';
    // What is made of it is called so, and must not take the place of a part in its own folder.
    const clash = this.parts.map((at) => this.files[at]?.name.split('/').at(-1));
    return clash.includes(`${name}.mp4`) ? `${name}.mp4` : name;
  }

  /**
   * By time, where all say one; else by sequence number, and then by the number in the name, and the name.
   * @param {Segment} one
   * @param {Segment} two
   */
  #compare(one, two) {
    const byTime = this.timed ? order(this.#time(one), this.#time(two)) : 0;
    const bySequence = byTime || one.sequence - two.sequence || this.#number(one, two);
    return bySequence || counted.compare(this.label(one), this.label(two));
  }

  /**
   * When a segment begins, in a unit that all tracks have in common.
   * @param {Segment} segment
   */
  #time(segment) {
    const times = [...segment.tracks].map(([id, { start }]) => {
      const timescale = this.init.tracks.get(id)?.timescale || 1n;
      return ((start ?? 0n) * COMMON) / timescale;
    });
    return times.reduce((least, time) => (time < least ? time : least));
  }

  /**
   * @param {Segment} one
   * @param {Segment} two
   */
  #number(one, two) {
    const [first, second] = [one, two].map((segment) => this.#numberOf(segment));
    return first && second ? order(first, second) : 0;
  }

  /** @param {Segment} segment */
  #numberOf(segment) {
    const family = this.familyOf.get(segment);
    return family ? numberOf(this.#name(segment), family) : null;
  }

  /** Why they cannot be one file, if they cannot. @returns {Omit<Refused, 'parts'> | null} */
  fault() {
    const damaged = this.segments.find(({ damage }) => damage);
    if (damaged) {
      const message = `${this.label(damaged)} ${damaged.damage}, so nothing can follow it. Get a complete copy of it, and drop all files again.`;
      return { code: 'segment-damaged', message };
    }
    for (const [before, after, id] of this.neighbours()) {
      const [one, two] = [before, after].map((segment) => this.label(segment));
      const place = this.place(after, id);
      const goesOn = place
        ? !this.#meets(before, after, id)
        : before.sequence !== after.sequence || this.#number(before, after) !== 0;
      if (goesOn) continue;
      const both = place ? `begin at ${place}` : `have sequence number ${after.sequence}, and no time,`;
      const overlap = place && !this.#same(before, after, id);
      const message = overlap
        ? `${two} begins at ${place} of track ${id}, long before ${one} ends, so they are not of one file. `
        : `${one} and ${two} both ${both} in track ${id}, so they are not of one file. `;
      const advice =
        'If one is a copy, leave it out; if they are of different renditions, drop one rendition at a time, with its own ' +
        'initialization segment.';
      return { code: overlap ? 'segments-overlap' : 'segments-twice', message: message + advice };
    }
    return null;
  }

  /** Segments of the same track that stand next to each other. @returns {Generator<[Segment, Segment, number]>} */
  *neighbours() {
    /** @type {Map<number, Segment>} */
    const last = new Map();
    for (const segment of this.segments) {
      for (const id of segment.tracks.keys()) {
        const before = last.get(id);
        if (before) yield [before, segment, id];
        last.set(id, segment);
      }
    }
  }

  /**
   * When a segment begins in a track, for a person.
   * @param {Segment} segment
   * @param {number} id
   */
  place(segment, id) {
    const start = segment.tracks.get(id)?.start ?? null;
    return start === null ? '' : clock(this.seconds(id, start));
  }

  /**
   * @param {number} id
   * @param {bigint} ticks
   */
  seconds(id, ticks) {
    return Number(ticks) / Number(this.init.tracks.get(id)?.timescale || 1n);
  }

  /**
   * @param {Segment} before
   * @param {Segment} after
   * @param {number} id
   */
  #same(before, after, id) {
    return before.tracks.get(id)?.start === after.tracks.get(id)?.start;
  }

  /**
   * Whether two segments have time in common, so much that one does not go on from the other.
   * @param {Segment} before
   * @param {Segment} after
   * @param {number} id
   */
  #meets(before, after, id) {
    if (this.#same(before, after, id)) return true;
    const lasts = this.#length(before, id);
    const gap = this.gap(before, after, id);
    return gap !== null && lasts !== null && gap < -NEAR && gap < -lasts / 2;
  }

  /**
   * When a segment ends in a track, in ticks.
   * @param {Segment} segment
   * @param {number} id
   */
  #end(segment, id) {
    const { end = null, defaulted = 0n } = segment.tracks.get(id) ?? {};
    const each = this.init.tracks.get(id)?.duration ?? 0n;
    return end === null || (defaulted > 0n && each === 0n) ? null : end + defaulted * each;
  }

  /**
   * @param {Segment} segment
   * @param {number} id
   */
  #length(segment, id) {
    const { start = null } = segment.tracks.get(id) ?? {};
    const end = this.#end(segment, id);
    return start === null || end === null ? null : this.seconds(id, end - start);
  }

  /**
   * Seconds from the end of one segment to the start of the next, where both are known.
   * @param {Segment} before
   * @param {Segment} after
   * @param {number} id
   */
  gap(before, after, id) {
    const end = this.#end(before, id);
    const { start = null } = after.tracks.get(id) ?? {};
    return end === null || start === null ? null : this.seconds(id, start - end);
  }

  /** What is odd, but no reason not to join them. */
  warnings() {
    /** @type {string[]} */
    const found = [];
    let more = 0;
    for (const [before, after, id] of this.neighbours()) {
      const gap = this.gap(before, after, id);
      const apart = gap !== null && Math.abs(gap) > NEAR;
      const lost = apart || gap === null ? this.missing(before, after) : '';
      if (!apart && (gap !== null || !lost)) continue;
      if (found.length === GAPS_MAX) {
        more++;
        continue;
      }
      const [one, two] = [before, after].map((segment) => this.label(segment));
      const names = lost ? ` Not among the files: ${lost}.` : '';
      if (!apart) found.push(`Between ${one} and ${two} something is missing.${names}`);
      else if (gap < 0) found.push(`${two} begins ${seconds(-gap)} before ${one} ends in track ${id}.`);
      else {
        const from = this.seconds(id, this.#end(before, id) ?? 0n);
        found.push(
          `Between ${one} and ${two} ${seconds(gap)} of track ${id} are missing, from ${clock(from)} to ${this.place(after, id)}.${names}`,
        );
      }
    }
    if (more > 0) found.push(`There are ${more} more such places.`);
    if (!this.#inStep())
      found.push(
        'The numbers in the names go another way than the times in the segments, and the times were followed.',
      );
    return found;
  }

  /**
   * Names of those that are not there, where numbers count by one.
   * @param {Segment} before
   * @param {Segment} after
   */
  missing(before, after) {
    const family = this.familyOf.get(before);
    const [from, to] = [before, after].map((segment) => this.#numberOf(segment));
    if (!family || family !== this.familyOf.get(after) || !from || !to || to <= from + 1n) return '';
    const byOne = this.byOne.get(family) ?? this.#byOne(family);
    this.byOne.set(family, byOne);
    if (!byOne) return '';
    const name = this.#name(before);
    const first = nameWith(name, family, from + 1n);
    const last = nameWith(name, family, to - 1n);
    if (to - from === 2n) return first;
    return to - from === 3n ? `${first} and ${last}` : `${first} to ${last}`;
  }

  /**
   * Whether the numbers of a family count by one: they may be times.
   * @param {Family} family
   */
  #byOne(family) {
    const numbers = this.segments
      .filter((segment) => this.familyOf.get(segment) === family)
      .map((segment) => this.#numberOf(segment) ?? 0n)
      .sort(order);
    return numbers.some((number, at) => number === (numbers[at - 1] ?? number) + 1n);
  }

  /** Whether the numbers in the names rise with the times. */
  #inStep() {
    return this.families.every((family) => {
      const numbers = this.segments
        .filter((segment) => this.familyOf.get(segment) === family)
        .map((segment) => this.#numberOf(segment));
      return numbers.every((number, at) => {
        const before = numbers[at - 1];
        return !at || !number || !before || number > before;
      });
    });
  }
}

/** Ticks a second of all tracks: fine enough that none are taken for the same that are not. */
const COMMON = 10n ** 12n;

/**
 * Which part of a joined file is to blame when it can no longer be read or is another, in a sentence; null when none is.
 * @param {readonly (Part & { label: string, start: number })[]} parts
 * @param {number | undefined} offset in the joined file of what is not as it was, where that is known
 */
export async function partGone(parts, offset) {
  for (const { file, handle, label } of parts) {
    const there = handle
      ? await handle.getFile().catch((error) => error?.name === 'NotAllowedError' && file)
      : file;
    const other =
      !there ||
      there.size !== file.size ||
      (there instanceof File && file instanceof File && there.lastModified !== file.lastModified);
    const last = file.slice(Math.max(0, file.size - 1));
    const read = await last.arrayBuffer().catch(() => null);
    if (other || read?.byteLength !== last.size) return isGone(label);
  }
  const part = offset === undefined ? undefined : parts.findLast(({ start }) => start <= offset);
  return part ? isGone(part.label) : null;
}

/** @param {string} label */
const isGone = (label) =>
  `${label} is no longer the file that was opened: it was changed, moved or deleted since, or its drive is gone. ` +
  'Open all files again when nothing writes to them any more.';
