/**
 * What a file is, by its boxes: a whole file, an initialization segment or a media segment; and of which tracks and times.
 * Only heads of boxes are read, and the small ones whole: a few kB of each file.
 */

/** Read at once of the front of a file; most segments' heads are in it. */
const FRONT_BYTES = 4 << 10;
/** Fronts that are read as one. */
const GROUP = 32;
/** Files that are looked into further at a time. */
const AT_ONCE = 8;
/** Further reads. */
const READ_BYTES = 16 << 10;
/** A segment of more boxes, or with a larger head, is none that a packager makes. */
const BOXES_MAX = 10_000;
const MOOF_MAX = 16 << 20;

/**
 * What a segment has of a track: where it begins and ends, in ticks of the track. An end is `end`, and `defaulted` samples
 * more, whose duration the initialization segment tells.
 * @typedef {{ start: bigint | null, end: bigint | null, defaulted: bigint }} Stretch
 */

/**
 * Timescale, duration of samples that say none, and what kind of track.
 * @typedef {{ timescale: bigint, duration: bigint, kind: keyof Holds }} InitTrack
 */

/** How many tracks of each kind. @typedef {{ video: number, audio: number, text: number, other: number }} Holds */

/**
 * `damage` is why nothing can follow the segment in a file, as the end of a sentence that begins with its name; `moof` is the
 * first, `isSmooth` whether it has a box of Smooth Streaming alone.
 * @typedef {{ kind: 'init', tracks: Map<number, InitTrack> }
 *   | { kind: 'segment', tracks: Map<number, Stretch>, sequence: number, damage: string, moof: { start: number, end: number }, isSmooth: boolean }
 *   | { kind: 'whole', holds: Holds | null }} Look `holds` where it has a movie header
 */

/** @type {Extract<Look, { kind: 'whole' }>} what is no segment, whatever it is */
const WHOLE = { kind: 'whole', holds: null };

/** @type {Record<string, keyof Holds>} kinds of tracks by their handlers */
const KINDS = {
  vide: 'video',
  pict: 'video',
  auxv: 'video',
  soun: 'audio',
  text: 'text',
  subt: 'text',
  sbtl: 'text',
  clcp: 'text',
};

/** @param {Map<number, InitTrack>} tracks */
export function holdsOf(tracks) {
  /** @type {Holds} */
  const holds = { video: 0, audio: 0, text: 0, other: 0 };
  for (const { kind } of tracks.values()) holds[kind]++;
  return holds;
}

/** What was found of files before. @type {WeakMap<Blob, Promise<Look>>} */
const known = new WeakMap();

/**
 * Looks at files.
 * @param {readonly Blob[]} blobs
 * @param {AbortSignal} [signal]
 * @returns {Promise<(Look | null)[]>} null for what cannot be read
 */
export async function lookAt(blobs, signal) {
  /** @type {(Look | null)[]} */
  const looks = blobs.map(() => null);
  let next = 0;
  /** @type {{ sizes: number[], read: Promise<ArrayBuffer | null> }[]} */
  const groups = [];
  /** @param {number} first */
  const group = (first) => {
    const parts = blobs.slice(first, first + GROUP).map((blob) => blob.slice(0, FRONT_BYTES));
    // One that cannot be read spoils its group: then each is read by itself.
    const read = new Blob(parts).arrayBuffer().catch(() => null);
    return { sizes: parts.map(({ size }) => size), read };
  };
  /** @param {number} at */
  const front = async (at) => {
    const first = at - (at % GROUP);
    const { sizes, read } = (groups[first] ??= group(first));
    // While these are looked into, the next are read.
    if (first + GROUP < blobs.length) groups[first + GROUP] ??= group(first + GROUP);
    const bytes = await read;
    const before = sizes.slice(0, at - first).reduce((sum, size) => sum + size, 0);
    const end = before + (sizes[at - first] ?? 0);
    return bytes && bytes.byteLength >= end ? bytes.slice(before, end) : null;
  };
  const work = async () => {
    for (let at = next++; at < blobs.length; at = next++) {
      signal?.throwIfAborted();
      const blob = /** @type {Blob} */ (blobs[at]);
      const look = known.get(blob) ?? front(at).then((bytes) => lookInto(new Window(blob, bytes)));
      known.set(blob, look);
      const found = await look.catch((error) => {
        known.delete(blob);
        // The bytes of a box that is not as long as it has to be are no file's fault to stop at.
        return error instanceof RangeError ? WHOLE : null;
      });
      looks[at] = found;
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return looks;
}

/** The bytes of a file around where it was read last. */
class Window {
  #start = 0;
  #bytes;

  /**
   * @param {Blob} blob
   * @param {ArrayBuffer | null} front
   */
  constructor(blob, front) {
    this.blob = blob;
    this.#bytes = front ?? new ArrayBuffer();
  }

  /**
   * `length` bytes from `start` on, or fewer at the end of the file.
   * @param {number} start
   * @param {number} length
   */
  async at(start, length) {
    const end = Math.min(start + length, this.blob.size);
    if (start < this.#start || end > this.#start + this.#bytes.byteLength) {
      const wanted = Math.max(end, Math.min(start + READ_BYTES, this.blob.size));
      this.#bytes = await this.blob.slice(start, wanted).arrayBuffer();
      this.#start = start;
      if (this.#bytes.byteLength < wanted - start)
        throw new DOMException('The file is shorter than it was.', 'NotReadableError');
    }
    return new DataView(this.#bytes, start - this.#start, Math.max(0, end - start));
  }

  /**
   * The box at `start`, or null where there is none.
   * @param {number} start
   * @param {number} within where what it stands in ends
   */
  async box(start, within) {
    const head = await this.at(start, 16);
    const found = boxAt(head, 0);
    return found && { ...found, start, end: found.size ? start + found.size : within };
  }

  /**
   * The boxes of a stretch of the file.
   * @param {number} start
   * @param {number} end
   */
  async *boxes(start, end) {
    for (let count = 0; start < end && count < BOXES_MAX; count++) {
      const box = await this.box(start, end);
      if (!box || box.end > end) return;
      yield box;
      start = box.end;
    }
  }
}

/**
 * The head of a box; its size is 0 when it goes on to the end.
 * @param {DataView} bytes
 * @param {number} at
 */
function boxAt(bytes, at) {
  if (bytes.byteLength - at < 8) return null;
  let size = bytes.getUint32(at);
  let head = 8;
  if (size === 1) {
    if (bytes.byteLength - at < 16) return null;
    size = Number(bytes.getBigUint64(at + 8));
    head = 16;
  }
  if (size !== 0 && size < head) return null;
  const type = fourCc(bytes, at + 4);
  return /^[\x20-\x7E\xA9]{4}$/.test(type) ? { type, size, head } : null;
}

/**
 * @param {DataView} bytes
 * @param {number} at
 */
const fourCc = (bytes, at) => String.fromCharCode(...[0, 1, 2, 3].map((n) => bytes.getUint8(at + n)));

/**
 * @param {Window} file
 * @returns {Promise<Look>}
 */
async function lookInto(file) {
  const { size } = file.blob;
  /** @type {{ start: number, end: number } | null} */
  let moov = null;
  let media = false;
  let damage = '';
  /** @type {Extract<Look, { kind: 'segment' }> | null} */
  let segment = null;
  let at = 0;
  for (let count = 0; at < size; count++) {
    if (count === BOXES_MAX) return WHOLE;
    const box = await file.box(at, size);
    if (!box) {
      damage = `has ${size - at} bytes behind its last box, at byte ${at}, that are none`;
      break;
    }
    if (box.end > size)
      damage = `is cut short: its '${box.type}' at byte ${at} has ${box.end - at} bytes, and only ${size - at} of them are there`;
    else if (box.size === 0)
      damage = `has a '${box.type}' at byte ${at} of which only the end of the file tells where it ends`;
    if (box.type === 'moov') moov = { start: at + box.head, end: Math.min(box.end, size) };
    if (box.type === 'mdat' && box.end > at + box.head) media = true;
    if (box.type === 'moof') {
      if (box.end - at > MOOF_MAX || box.end > size) return WHOLE;
      segment ??= {
        kind: 'segment',
        tracks: new Map(),
        sequence: 0,
        damage: '',
        moof: { start: at, end: box.end },
        isSmooth: false,
      };
      takeFragment(await file.at(at, box.end - at), box.head, segment);
    }
    if (moov && (media || segment)) return { kind: 'whole', holds: holdsOf(await initTracks(file, moov)) };
    at = box.end;
  }
  if (segment) return segment.tracks.size > 0 ? { ...segment, damage } : WHOLE;
  if (!moov || media || damage) return WHOLE;
  const tracks = await initTracks(file, moov);
  return tracks.size > 0 ? { kind: 'init', tracks } : WHOLE;
}

/**
 * The tracks of a movie header.
 * @param {Window} file
 * @param {{ start: number, end: number }} moov
 */
async function initTracks(file, moov) {
  /** @type {Map<number, InitTrack>} */
  const tracks = new Map();
  /** @type {Map<number, bigint>} */
  const durations = new Map();
  for await (const box of file.boxes(moov.start, moov.end)) {
    let id = 0;
    let timescale = 0n;
    /** @type {keyof Holds} */
    let kind = 'other';
    if (box.type !== 'trak' && box.type !== 'mvex') continue;
    for await (const { type, start, head, end } of file.boxes(box.start + box.head, box.end)) {
      if (type === 'trex') {
        const body = await file.at(start + head, 24);
        durations.set(body.getUint32(4), BigInt(body.getUint32(12)));
      } else if (type === 'tkhd') id = await versioned(file, start + head, 12, 20);
      else if (type === 'mdia') {
        for await (const inner of file.boxes(start + head, end)) {
          const body = inner.start + inner.head;
          if (inner.type === 'mdhd') timescale = BigInt(await versioned(file, body, 12, 20));
          // Behind version, flags, and a component type.
          else if (inner.type === 'hdlr') kind = KINDS[fourCc(await file.at(body + 8, 4), 0)] ?? 'other';
        }
      }
    }
    if (id) tracks.set(id, { timescale, duration: 0n, kind });
  }
  for (const [id, track] of tracks) track.duration = durations.get(id) ?? 0n;
  return tracks;
}

/**
 * A field behind two times, which are longer in version 1.
 * @param {Window} file
 * @param {number} start
 * @param {number} short
 * @param {number} long
 */
async function versioned(file, start, short, long) {
  const body = await file.at(start, long + 4);
  return body.getUint32(body.getUint8(0) === 1 ? long : short);
}

/** The user type of Smooth's `tfxd`, which has a fragment's time where there is no `tfdt`. */
const TFXD = '6d1d9b0542d544e680e2141daff757b2';

/**
 * @param {DataView} moof
 * @param {number} head
 * @param {Extract<Look, { kind: 'segment' }>} segment
 */
function takeFragment(moof, head, segment) {
  const first = segment.tracks.size === 0;
  for (const box of inside(moof, head, moof.byteLength)) {
    if (box.type === 'mfhd' && first) segment.sequence = moof.getUint32(box.body + 4);
    if (box.type === 'traf') takeTrack(moof, box, segment);
  }
}

/**
 * @param {DataView} bytes
 * @param {number} start
 * @param {number} end
 */
function* inside(bytes, start, end) {
  while (start < end) {
    const box = boxAt(bytes, start);
    if (!box) return;
    const last = box.size ? start + box.size : end;
    if (last > end) return;
    yield { type: box.type, body: start + box.head, end: last };
    start = last;
  }
}

/**
 * @param {DataView} moof
 * @param {{ body: number, end: number }} traf
 * @param {Extract<Look, { kind: 'segment' }>} segment
 */
function takeTrack(moof, traf, segment) {
  const { tracks } = segment;
  let id = 0;
  let each = -1n;
  let lasts = 0n;
  let defaulted = 0n;
  /** @type {bigint | null} */
  let decodeTime = null;
  /** @type {bigint | null} */
  let smoothTime = null;
  for (const { type, body, end } of inside(moof, traf.body, traf.end)) {
    if (type === 'tfhd') {
      const flags = moof.getUint32(body);
      id = moof.getUint32(body + 4);
      const at = body + 8 + (flags & 1 ? 8 : 0) + (flags & 2 ? 4 : 0);
      if (flags & 8) each = BigInt(moof.getUint32(at));
    } else if (type === 'tfdt') {
      decodeTime = moof.getUint8(body) === 1 ? moof.getBigUint64(body + 4) : BigInt(moof.getUint32(body + 4));
    } else if (type === 'uuid' && hex(moof, body) === TFXD) {
      const at = body + 16;
      segment.isSmooth = true;
      smoothTime = moof.getUint8(at) === 1 ? moof.getBigUint64(at + 4) : BigInt(moof.getUint32(at + 4));
    } else if (type === 'trun') {
      const flags = moof.getUint32(body);
      const count = moof.getUint32(body + 4);
      if (!(flags & 0x100)) {
        if (each < 0n) defaulted += BigInt(count);
        else lasts += each * BigInt(count);
        continue;
      }
      const step = 4 * [0x100, 0x200, 0x400, 0x800].filter((flag) => flags & flag).length;
      const from = body + 8 + (flags & 1 ? 4 : 0) + (flags & 4 ? 4 : 0);
      let sum = 0;
      for (let at = from, n = 0; n < count && at + step <= end; n++, at += step) sum += moof.getUint32(at);
      lasts += BigInt(sum);
    }
  }
  if (!id) return;
  const start = decodeTime ?? smoothTime;
  const before = tracks.get(id);
  // A fragment that does not say when it begins goes on where the one before ends.
  const from = start ?? before?.end ?? null;
  const more = start === null ? (before?.defaulted ?? 0n) : 0n;
  tracks.set(id, {
    start: before ? before.start : start,
    end: from === null ? null : from + lasts,
    defaulted: more + defaulted,
  });
}

/**
 * Sixteen bytes as hex digits.
 * @param {DataView} bytes
 * @param {number} at
 */
function hex(bytes, at) {
  if (bytes.byteLength - at < 16) return '';
  return Array.from({ length: 16 }, (_, n) =>
    bytes
      .getUint8(at + n)
      .toString(16)
      .padStart(2, '0'),
  ).join('');
}
