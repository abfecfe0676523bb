/**
 * Which of several open files belong together: qualities and languages of one title, or titles of their own. And of each
 * title what is odd, and which quality is for download.
 */

/** @import * as Types from '../types' */

/** Lengths of one title may differ by so many seconds, or this share: sound seldom ends where pictures do. */
const NEAR_S = 1.5;
const NEAR_SHARE = 0.01;
/** A number in a name that is a bitrate is about the one that was measured. */
const BITRATE_SHARE = 0.4;

/** Words in names that say what a file has, and not which title it is of. */
const WORDS = new Set(
  (
    'video audio vid aud text subs subtitles muxed und main ' +
    'h264 h265 x264 x265 avc avc1 hevc hvc1 av1 vp9 aac aacl mp4a he ac3 eac3 ec3 opus ' +
    'sd hd fhd uhd 4k kbps mbps bps'
  ).split(' '),
);

/** What a file is among others. @typedef {{ media: Types.Media, rung: Types.Rung, stem: string }} Placed */

/**
 * @param {readonly Types.Media[]} media
 * @param {Types.TitlesOptions} options
 * @returns {Types.Title[]}
 */
export function titlesOf(media, { together = 'found', maxBitrate = Infinity, chosen = [], listings = [] }) {
  const placed = media.map((each) => ({ media: each, rung: rungOf(each), stem: stemOf(each) }));
  return grouped(placed, together, listings).map(({ members, listing }) =>
    titleOf(members, listing, maxBitrate, chosen),
  );
}

/** @param {Types.Media} media @returns {Types.Rung} */
function rungOf(media) {
  const tracks = media.tracks();
  const summary = media.summary();
  /** @param {Types.Track['kind']} kind */
  const ofKind = (kind) => tracks.filter((track) => track.kind === kind);
  const [video = null] = ofKind('video').sort((one, two) => (two.bitrate ?? 0) - (one.bitrate ?? 0));
  return {
    name: media.name,
    size: media.size,
    duration: summary.duration,
    bitrate: summary.bitrate,
    video,
    audio: ofKind('audio'),
    text: ofKind('text'),
    fragments: (video ?? tracks[0])?.fragmentCount ?? 0,
  };
}

/**
 * What of a file's name tells its title: without ending, and without words and numbers that say what is in it.
 * @param {Types.Media} media
 */
function stemOf(media) {
  const tracks = media.tracks();
  const numbers = tracks.flatMap(({ width = 0, height = 0 }) => [width, height]);
  const rates = [media.summary().bitrate, ...tracks.map(({ bitrate }) => bitrate)];
  const languages = new Set(tracks.flatMap(({ language }) => language?.toLowerCase().split('-')[0] ?? []));
  const says = (/** @type {string} */ word) => {
    const low = word.toLowerCase();
    if (WORDS.has(low) || languages.has(low) || /^(\d+x\d+|\d{3,4}[pi]|ch\d+|\d+ch)$/.test(low)) return true;
    const found = /^(\d+(?:\.\d+)?)(k|m)?(?:bps|bit|b)?$/.exec(low);
    if (!found) return false;
    const number = Number(found[1]);
    if (!found[2] && numbers.includes(number)) return true;
    const scales = found[2] === 'm' ? [1e6] : found[2] === 'k' ? [1e3] : [1, 1e3];
    return rates.some((rate) =>
      scales.some((scale) => rate !== null && Math.abs(number * scale - rate) < rate * BITRATE_SHARE),
    );
  };
  const name = media.name.replace(/\.[^.]*$/, '');
  const kept = name.split(/[\s_\-.()[\]]+/).filter((word) => word && !says(word));
  return kept.join(' ').toLowerCase();
}

/**
 * @param {Placed[]} placed
 * @param {NonNullable<Types.TitlesOptions['together']>} together
 * @param {readonly Types.Listing[]} listings
 */
function grouped(placed, together, listings) {
  /** @type {{ members: Placed[], listing: Types.Listing | null }[]} */
  const groups = [];
  let rest = placed;
  if (together === 'each') return placed.map((one) => ({ members: [one], listing: null }));
  for (const listing of listings) {
    const names = new Set(listing.files.map((file) => baseOf(file.name)));
    const members = rest.filter(({ media }) => names.has(baseOf(media.name)));
    if (members.length === 0) continue;
    rest = rest.filter((one) => !members.includes(one));
    groups.push({ members, listing });
  }
  if (together === 'one') {
    const [first] = groups;
    const members = [...groups.flatMap((group) => group.members), ...rest];
    return members.length ? [{ members, listing: first?.listing ?? null }] : [];
  }
  for (const one of rest) {
    // Subtitles end with the last line that is said.
    const isLike = (/** @type {Placed} */ other) =>
      other.stem === one.stem &&
      (isText(other.rung) || isText(one.rung) || isNear(other.rung.duration, one.rung.duration));
    const own = groups.find(({ members, listing }) => !listing && members.every(isLike));
    if (own) own.members.push(one);
    else groups.push({ members: [one], listing: null });
  }
  return groups;
}

/** A name without folders, as disks that take letters of either case for the same compare it. @param {string} name */
const baseOf = (name) => (name.split(/[\\/]/).at(-1) ?? '').toLowerCase();

/**
 * Whether two files last as long as each other, in seconds, as far as it is known.
 * @param {number | null} one
 * @param {number | null} two
 */
function isNear(one, two) {
  if (one === null || two === null) return true;
  return Math.abs(one - two) <= Math.max(NEAR_S, Math.max(one, two) * NEAR_SHARE);
}

/** How good a file's picture is, or its sound where it has none. @param {Types.Rung} rung */
const rateOf = ({ video, audio: [sound], bitrate }) => (video ?? sound)?.bitrate ?? bitrate ?? 0;

/** Pictures come before sound, and sound before text. @param {Types.Rung} rung */
const kindOf = ({ video, audio }) => (video ? 0 : audio.length ? 1 : 2);

/** Whether a file has text and neither pictures nor sound. @param {Types.Rung} rung */
const isText = (rung) => kindOf(rung) === 2 && rung.text.length > 0;

/**
 * @param {Placed[]} members
 * @param {Types.Listing | null} listing
 * @param {number} maxBitrate
 * @param {readonly Types.Media[]} chosen
 * @returns {Types.Title}
 */
function titleOf(members, listing, maxBitrate, chosen) {
  const sorted = [...members].sort(
    (one, two) => kindOf(one.rung) - kindOf(two.rung) || rateOf(two.rung) - rateOf(one.rung),
  );
  const rungs = sorted.map(({ rung }) => rung);
  const named = listing?.name.replace(/\.[^.]*$/, '');
  const stem = commonName(members.map(({ media }) => media.name));
  const own = sorted.findIndex(({ media, rung }) => rung.video && chosen.includes(media));
  return {
    name: named || stem,
    media: sorted.map(({ media }) => media),
    rungs,
    download: forDownload(rungs, own < 0 ? null : own, maxBitrate),
    problems: [...problemsOf(rungs), ...(listing ? listed(listing, rungs) : [])],
  };
}

/**
 * What the names of files have in common at their front; the whole of one alone, without its ending.
 * @param {string[]} names
 */
function commonName(names) {
  const [first = '', ...others] = names.map((name) => name.replace(/\.[^.]*$/, ''));
  if (others.length === 0) return first;
  let length = first.length;
  for (const other of others) {
    let same = 0;
    while (same < length && first[same] === other[same]) same++;
    length = same;
  }
  return first.slice(0, length).replace(/[\s_\-.([]+$/, '') || first;
}

/**
 * The numbers of the files that become the one for download: the best picture within a bitrate, or the least where all are
 * above it, and the best sound and the text of each language where they stand apart.
 * @param {Types.Rung[]} rungs pictures first, the best of them first
 * @param {number | null} own that was chosen
 * @param {number} maxBitrate
 */
function forDownload(rungs, own, maxBitrate) {
  const videos = rungs.flatMap(({ video }, at) => (video ? [at] : []));
  const rate = (/** @type {number} */ at) => (rungs[at] ? rateOf(rungs[at]) : 0);
  const chosen = own ?? videos.find((at) => rate(at) <= maxBitrate) ?? videos.at(-1);
  if (chosen === undefined) return rungs.length ? [0] : [];
  const hasSound = Boolean(rungs[chosen]?.audio.length);
  /** @type {Map<string, number>} */
  const beside = new Map();
  rungs.forEach(({ video, audio, text }, at) => {
    const track = video || (audio[0] && hasSound) ? undefined : (audio[0] ?? text[0]);
    const language = `${track?.kind} ${track?.language ?? ''}`;
    if (track && !beside.has(language)) beside.set(language, at);
  });
  return [chosen, ...beside.values()];
}

/**
 * What is odd about files that are to be one title.
 * @param {Types.Rung[]} rungs
 * @returns {string[]}
 */
function problemsOf(rungs) {
  /** @type {string[]} */
  const found = [];
  const lasting = rungs.filter((rung) => !isText(rung));
  const longest = Math.max(...lasting.map(({ duration }) => duration ?? 0));
  for (const { name, duration } of lasting)
    if (!isNear(longest, duration))
      found.push(
        `${name} lasts ${seconds(duration ?? 0)}, another file of this title ${seconds(longest)}: one of them is cut short, or of something else.`,
      );
  const videos = rungs.filter(({ video }) => video);
  const muxed = videos.filter(({ audio }) => audio.length > 0);
  if (muxed.length > 0 && muxed.length < videos.length) {
    const silent = videos.filter(({ audio }) => audio.length === 0).map(({ name }) => name);
    found.push(
      `${silent.join(', ')} ${silent.length === 1 ? 'has' : 'have'} no sound of its own, other qualities do: players cannot change between them.`,
    );
  }
  if (videos.length > 0 && muxed.length === 0 && rungs.every(({ audio }) => audio.length === 0))
    found.push('No file of this title has sound.');
  /** @type {Map<number, string>} */
  const rates = new Map();
  for (const { name, video } of videos) {
    const rate = Math.round(video?.bitrate ?? 0);
    const same = rates.get(rate);
    if (same && rate)
      found.push(`${same} and ${name} have the same bitrate, ${rate} bits a second: one may be a copy.`);
    else rates.set(rate, name);
  }
  const codecs = new Set(videos.map(({ video }) => video?.format));
  if (codecs.size > 1)
    found.push(
      `The pictures are of several codecs, ${[...codecs].join(' and ')}: players choose one, and change within it alone.`,
    );
  const counts = new Set(videos.map(({ fragments }) => fragments).filter(Boolean));
  if (counts.size > 1)
    found.push(
      `The qualities are cut into different numbers of fragments, ${[...counts].sort((a, b) => a - b).join(' and ')}: players can change quality only where all are cut at the same times.`,
    );
  return found;
}

/** @param {number} value */
const seconds = (value) => `${Number(value.toFixed(1))} s`;

/**
 * What a manifest says of files that is not so.
 * @param {Types.Listing} listing
 * @param {Types.Rung[]} rungs
 */
function listed(listing, rungs) {
  /** @type {string[]} */
  const found = [];
  /** @type {Set<string>} */
  const told = new Set();
  for (const { name, kind, trackId, bitrate } of listing.files) {
    const rung = rungs.find((each) => baseOf(each.name) === baseOf(name));
    if (!rung) {
      if (!told.has(name))
        found.push(
          `${listing.name} names ${name}, which is not among the files: drop it together with them.`,
        );
      told.add(name);
      continue;
    }
    const tracks = [...(rung.video ? [rung.video] : []), ...rung.audio, ...rung.text];
    const track = tracks.find(({ id }) => id === (trackId ?? 1));
    if (trackId !== null && !track) {
      const ids = tracks.map(({ id }) => id).join(', ');
      found.push(`${listing.name} asks for track ${trackId} of ${name}, which has ${ids}.`);
    } else if (track && kind && track.kind !== kind) {
      found.push(`${listing.name} calls track ${track.id} of ${name} ${kind}; it is ${track.kind}.`);
    }
    const measured = track?.bitrate ?? null;
    if (bitrate && measured && (bitrate > measured * 2 || bitrate < measured / 2))
      found.push(
        `${listing.name} says ${bitrate} bits a second of ${name}; its samples have ${Math.round(measured)}.`,
      );
  }
  return found;
}
