/**
 * What the names of segments tell: which of them count on from one another, and which initialization segment they are
 * of. Packagers name by templates, `chunk-stream0-00001.m4s`: of the numbers in a name one counts, or one counts and one
 * is the time, and all else says what it is a segment of.
 */

/** A run of letters or a run of digits of a name; `null` stands for what counts, or for “init”. @typedef {string | null} Word */

/**
 * Segments that count on.
 * @typedef {object} Family
 * @property {number[]} members in the order they were given in
 * @property {Word[]} words
 * @property {number[]} holes which of the words count
 */

/** What initialization segments are called. The last of it in a name counts: a film may be called “Initiation”. */
const INIT = /init(?:ialization|ialisation)?(?![a-z])|header(?![a-z])/gi;

/** Stands where the word for “init” stood: no name of a file has it. */
export const MARK = '\uFFFC';

/** @param {string} name */
export const withoutEnding = (name) => name.replace(/\.[a-z\d]{1,5}$/i, '');

/**
 * @param {string} name
 * @returns {string[]}
 */
export const wordsOf = (name) => withoutEnding(name).match(/\p{L}+|\d+|\uFFFC/gu) ?? [];

/** @param {Word | undefined} word */
export const isNumber = (word) => /^\d+$/.test(word ?? '');

/**
 * The name of an initialization segment as words, and where it says that it is one, nothing.
 * @param {string} name
 * @returns {Word[]}
 */
export function initWords(name) {
  const found = [...name.matchAll(INIT)].at(-1);
  const marked = found ? name.slice(0, found.index) + MARK + name.slice(found.index + found[0].length) : name;
  return wordsOf(marked).map((word) => (word === MARK ? null : word));
}

/**
 * What is left of a name without the word for “init”: `video_1` of `video_1_init.mp4`.
 * @param {string} name
 */
export function stemOfInit(name) {
  const base = withoutEnding(name.slice(name.lastIndexOf('/') + 1));
  const found = [...base.matchAll(INIT)].at(-1);
  return found ? around(base, found.index, found[0].length) : base;
}

/**
 * What is left of a segment's name without what counts: `chunk-stream0` of `chunk-stream0-00001.m4s`.
 * @param {string} name
 * @param {Family} family
 */
export function stemOfSegment(name, { holes }) {
  const at = name.lastIndexOf('/') + 1;
  let base = withoutEnding(name).slice(at);
  const found = [...withoutEnding(name).matchAll(/\p{L}+|\d+/gu)];
  for (const hole of holes.toReversed()) {
    const word = found[hole];
    if (word && word.index >= at) base = around(base, word.index - at, word[0].length);
  }
  return base;
}

/**
 * A text without a part of it, nor the signs that set that off.
 * @param {string} text
 * @param {number} at
 * @param {number} length
 */
function around(text, at, length) {
  const before = text.slice(0, at).replace(/[^\p{L}\d)\]]+$/u, '');
  const after = text.slice(at + length).replace(/^[^\p{L}\d([]+/u, '');
  return before && after ? `${before}-${after}` : before || after;
}

/**
 * Tells by names and times which segments count on from one another.
 * @param {readonly { name: string, tracks: string, place: bigint | null }[]} segments `tracks` is the same text for the
 *   same tracks, `place` is where a segment stands among those of its tracks
 * @returns {Family[]}
 */
export function families(segments) {
  const words = segments.map(({ name }) => wordsOf(name));
  /** @type {Map<string, number[]>} */
  const shapes = new Map();
  segments.forEach(({ tracks }, at) => {
    const shape = JSON.stringify([
      tracks,
      words[at]?.map((word) => (isNumber(word) ? 0 : word.toLowerCase())),
    ]);
    const like = shapes.get(shape);
    if (like) like.push(at);
    else shapes.set(shape, [at]);
  });
  return [...shapes.values()].flatMap((members) => {
    const [first = 0] = members;
    const numbers = (words[first] ?? []).flatMap((word, at) => (isNumber(word) ? [at] : []));
    const one = split(members, words, numbers.slice(-1));
    if (members.length === 1) return one;
    const back = numbers.slice(-NUMBERS_MAX).toReversed();
    /** @param {number[][]} choices */
    const best = (choices) => {
      const found = choices.map((holes) => split(members, words, holes));
      const fit = found.filter((all) => all.every((family) => counts(family, words, segments)));
      const fewest = Math.min(...fit.map((all) => all.length));
      return fit.find((all) => all.length === fewest && fewest < members.length);
    };
    const pairs = () => back.flatMap((two, n) => back.slice(n + 1).map((before) => [before, two]));
    return best(back.map((hole) => [hole])) ?? best(pairs()) ?? one;
  });
}

/** Of so many numbers in a name, the last ones, it is looked for those that count. */
const NUMBERS_MAX = 6;

/**
 * Segments that have all but the holes in common.
 * @param {number[]} members
 * @param {string[][]} words
 * @param {number[]} holes
 * @returns {Family[]}
 */
function split(members, words, holes) {
  /** @type {Map<string, Family>} */
  const found = new Map();
  for (const member of members) {
    const fixed = (words[member] ?? []).map((word, at) => (holes.includes(at) ? null : word));
    const key = JSON.stringify(fixed).toLowerCase();
    const family = found.get(key) ?? { members: [], words: fixed, holes };
    family.members.push(member);
    found.set(key, family);
  }
  return [...found.values()];
}

/**
 * Whether the numbers in the holes count: each later segment has a larger one.
 * @param {Family} family
 * @param {string[][]} words
 * @param {readonly { place: bigint | null }[]} segments
 */
function counts({ members, holes }, words, segments) {
  return holes.every((hole) => {
    const all = members.map((member) => ({
      number: BigInt(words[member]?.[hole] ?? 0),
      place: segments[member]?.place ?? null,
    }));
    all.sort((one, two) => order(one.number, two.number));
    return all.every(({ number, place }, at) => {
      const before = all[at - 1];
      return !before || (number > before.number && (!before.place || !place || place > before.place));
    });
  });
}

/**
 * @param {bigint} one
 * @param {bigint} two
 */
export const order = (one, two) => (one < two ? -1 : one > two ? 1 : 0);

/**
 * The number that counts in a segment's name; null where not exactly one does.
 * @param {string} name
 * @param {Family} family
 */
export function numberOf(name, { holes }) {
  const [hole = 0, more] = holes;
  const word = wordsOf(name)[hole];
  return more === undefined && word !== undefined && isNumber(word) ? BigInt(word) : null;
}

/**
 * The name of another segment, which counts `number`.
 * @param {string} name of a segment of the family
 * @param {Family} family
 * @param {bigint} number
 */
export function nameWith(name, { holes }, number) {
  const found = [...name.matchAll(/\p{L}+|\d+/gu)][holes[0] ?? 0];
  if (!found) return name;
  const digits = String(number).padStart(found[0].length, '0');
  // Only where numbers have leading zeros are they all as long.
  const text = found[0].startsWith('0') ? digits : String(number);
  return name.slice(0, found.index) + text + name.slice(found.index + found[0].length);
}

/**
 * Which of several initialization segments a family is of, by its name; null when the names do not say.
 * @param {Family} family
 * @param {readonly number[]} candidates with names that do not contradict its own
 * @param {readonly (readonly Word[])[]} inits by candidate
 */
export function initFor(family, candidates, inits) {
  if (candidates.length < 2) return candidates[0] ?? null;
  const scored = candidates.map((one) => {
    const words = inits[one] ?? [];
    const common = inCommon(words, family.words);
    return { one, common, whole: common === words.filter((word) => word !== null).length };
  });
  const most = Math.max(...scored.map(({ common }) => common));
  const best = scored.filter(({ common }) => common === most);
  // Of `init` and `init_hd`, `seg` is of the first.
  const sure = best.length > 1 ? best.filter(({ whole }) => whole) : best;
  return sure.length === 1 ? (sure[0]?.one ?? null) : null;
}

/**
 * Whether the same word is followed by different numbers: `stream0` and `stream1`.
 * @param {readonly Word[]} one
 * @param {readonly Word[]} two
 */
export function contradict(one, two) {
  const numbers = numbered(two);
  return [...numbered(one)].some(
    ([word, number]) => number && numbers.get(word) && numbers.get(word) !== number,
  );
}

/**
 * The number behind each word. Of a word that is there twice it says nothing.
 * @param {readonly Word[]} words
 * @returns {Map<string, string>}
 */
function numbered(words) {
  const found = new Map();
  words.forEach((word, at) => {
    if (word === null || isNumber(word)) return;
    const key = word.toLowerCase();
    const next = words[at + 1];
    found.set(key, found.has(key) || !isNumber(next) ? '' : next);
  });
  return found;
}

/**
 * How many words two names have in common, in the same order.
 * @param {readonly Word[]} one
 * @param {readonly Word[]} two
 */
function inCommon(one, two) {
  /** @type {number[]} */
  let row = new Array(two.length + 1).fill(0);
  for (const word of one) {
    const next = [0];
    two.forEach((other, at) => {
      const same = word !== null && other !== null && word.toLowerCase() === other.toLowerCase();
      next.push(same ? (row[at] ?? 0) + 1 : Math.max(row[at + 1] ?? 0, next[at] ?? 0));
    });
    row = next;
  }
  return row[two.length] ?? 0;
}
