/**
 * The types of Boxlock's public module. Offsets and sizes are bytes, counted from the start of the file, as
 * JavaScript numbers (files stay below 2^53 bytes); `end` is exclusive; times are seconds; bitrates bits per second.
 */

export interface Progress {
  /** What is being done. From 'finish' on, a protection can no longer be cancelled. */
  stage:
    | 'index'
    | 'protect'
    | 'finish'
    | 'hash'
    | 'measure'
    | 'search'
    | 'bytes'
    | 'verify'
    | 'check'
    | 'compare'
    | 'samples';
  /** Bytes done so far of `total`. */
  done: number;
  total: number;
  /** While a file is opened, once: its first boxes, as soon as the movie header is one of them. */
  front?: BoxNode[];
}

export interface OpenOptions {
  signal?: AbortSignal;
  onProgress?: (progress: Progress) => void;
  /** Shown name; a File's own name when absent. */
  name?: string;
  /**
   * The handle that a File came from, or those of several, in their order: asked again, while protecting, whether the same
   * file still stands there.
   */
  handle?: FileSystemFileHandle | null | readonly (FileSystemFileHandle | null)[];
  /**
   * Makes one file of several whole ones, or of several that are put together of segments: pictures, sound and text side by
   * side. The one with pictures comes first, the others in their order. Nothing is copied; offsets are those of the one file.
   */
  merge?: boolean;
}

/**
 * What every call fails with, but for an `AbortError` where the caller's signal ended it: a fault in a file, in a request
 * or of the browser. `message` is one plain sentence; `field` names the request field at fault. Only the module makes them.
 */
export declare class BoxlockError extends Error {
  private constructor();
  name: 'BoxlockError';
  /** Stable, kebab-case: 'not-mp4', 'truncated', 'no-moov', 'already-protected', 'bad-key', … */
  code: string;
  kind: 'file' | 'caller' | 'limit' | 'unsupported' | 'environment';
  path?: string | undefined;
  offset?: number | undefined;
  field?: keyof ProtectRequest | undefined;
}

export interface Summary {
  name: string;
  size: number;
  /**
   * 'smooth': fragmented with Smooth brands or boxes; 'fragmented'; 'progressive': with samples in the tables of its movie header; 'segment': moof without moov; 'image':
   * HEIF pictures and no media.
   */
  kind: 'smooth' | 'fragmented' | 'progressive' | 'segment' | 'image';
  /** One plain phrase for a person: "Smooth Streaming file (fragmented MP4)". */
  kindName: string;
  brands: { major: string; minorVersion: number; compatible: string[] } | null;
  /** Number of top-level boxes. */
  boxCount: number;
  duration: number | null;
  bitrate: number | null;
  fragmentCount: number;
  sampleCount: number;
  /** Whether an `mfra` index is at the end. */
  indexed: boolean;
  /** What the file is protected with already; null when it is plain that all of it is clear. */
  protection: SummaryProtection | null;
  /** Whether "Protect" can be offered, and if not one plain sentence why and what to do. */
  protectable: { ok: true } | { ok: false; code: string; reason: string };
  /** Faults seen while reading that did not stop it, as plain sentences. */
  problems: { message: string; path?: string; offset?: number }[];
}

export interface SummaryProtection {
  /** Whether it is certain that samples are encrypted: a file that is damaged, or says two things, may be clear. */
  certain: boolean;
  /** Null when the file does not say. */
  scheme: string | null;
  /** DRM systems by name. */
  systems: string[];
  /** Key IDs as UUID text, those of groups of samples among them. All zero it stands for another that is not known. */
  kids: string[];
  /** Whether keys change along the way. */
  rotates: boolean;
  /** What the movie header says of it, always in the same order: what requests with the scheme 'keep' change. */
  says: Statement[];
  /** The PlayReady header; empty where it has none. */
  headerXml: string;
}

/** What a protected file says of itself. */
export interface Statement {
  /** Name of the request field that it is changed by, or 'systems', 'kids', 'checksums'. */
  field: string;
  /** What it is, for a person. */
  name: string;
  /** Empty where it is not there. */
  value: string;
}

export interface TrackProtection {
  certain: boolean;
  scheme: string | null;
  /** The key ID of all samples that no group says otherwise of. */
  kid: string | null;
  kids: string[];
}

export interface Track {
  id: number;
  kind: 'video' | 'audio' | 'text' | 'other';
  /** Sample entry code, e.g. 'avc1' (the original format when protected). */
  format: string;
  /** RFC 6381 codecs string, e.g. 'avc1.64001F'. */
  codec: string;
  /** For a person: 'H.264 High', 'AAC LC'. */
  codecName: string;
  /** Level, tier, depth and the like: 'level 4.1, High tier'; empty when the file says nothing of them. */
  codecDetail: string;
  /** BCP-47 or ISO 639-2 language; null when undetermined. */
  language: string | null;
  timescale: number;
  duration: number | null;
  width?: number;
  height?: number;
  channels?: number;
  sampleRate?: number;
  bitrate: number | null;
  sampleCount: number;
  fragmentCount: number;
  /** Total bytes of its samples. */
  bytes: number;
  /** How it is protected already; null when it is plain that it is clear. */
  protection: TrackProtection | null;
  protectable: boolean;
  /** One plain sentence when not protectable. */
  reason?: string;
  /** Not protectable, but its samples can be encrypted whole by choice: no rule is known for its codec. */
  wholeOnly?: boolean;
  /** Of several files that were merged: the name of the one that it comes from. */
  from?: string;
  /** The class by which it gets its key where each class has one. */
  keyClass?: KeyClass;
}

/** Sound, and pictures of at most 768 × 576, at most 1920 × 1080, and more pixels. */
export type KeyClass = 'audio' | 'sd' | 'hd' | 'uhd';

export interface BoxNode {
  /** 'moov/trak[1]/mdia': types joined by '/', with a 0-based index among siblings of the same type when above 0. */
  path: string;
  /** Four characters; 'uuid' for uuid boxes. */
  type: string;
  /** Human name: 'Track Encryption (PIFF)'. Unknown boxes: 'Unknown box'. */
  name: string;
  uuid?: string;
  start: number;
  size: number;
  headerSize: number;
  /** Number of child boxes. When above 0 and `children` is absent, ask `media.children(path)`. */
  childCount: number;
  children?: BoxNode[];
  /** A short extra for the tree: 'track 1', 'H.264', '48 samples'. */
  note?: string;
  /** A fault in this box, as a plain sentence. */
  problem?: string;
}

/** A part of a long list: `count` entries from number `from` on. */
export interface ListWindow {
  from: number;
  count: number;
}

/** A box that was found, or that stands around some that were. */
export interface FoundBox {
  box: BoxNode;
  /** Whether it was found itself. */
  hit: boolean;
  /** The first of its fields and texts that were found, where it was by these. */
  fields?: FoundField[];
  inside: FoundBox[];
}

/** A field or a text in which something was found. */
export interface FoundField {
  /** Its number among the rows of the box; absent of a text. */
  row?: number;
  name: string;
  /** What it says, or some of that. */
  value: string;
}

/** How far a search has come, and what it found since it was last told. */
export interface SearchProgress extends Progress {
  /** In file order, 10 000 hits of all the search at most. */
  boxes: FoundBox[];
  /** How many boxes were found so far. */
  hits: number;
}

/** Bytes that were looked for: where they stand in the file, and as what they were found. */
export interface ByteHit {
  start: number;
  end: number;
  /** `guid` is a key ID in the other byte order; `utf16` is little-endian, as in PlayReady headers. */
  form: 'hex' | 'guid' | 'text' | 'utf16';
}

/** How far a search for bytes has come, and what it found since it was last told. */
export interface ByteSearchProgress extends Progress {
  /** In file order, 10 000 of all the search at most. */
  found: ByteHit[];
  /** How many were found so far. */
  hits: number;
}

export interface FieldRow {
  name: string;
  /** Formatted value: numbers in decimal, flags in hex, ids as UUID. */
  value: string;
  /** What the value means, when that is not obvious: '2 s', 'AES-CTR', 'subsamples present'. */
  meaning?: string;
  /** Byte range in the file. */
  start: number;
  end: number;
  /** Nesting: 0 for fields of the box, 1 for fields of an entry in a list, … */
  depth: number;
}

export interface BoxView {
  node: BoxNode;
  /** The specification clause: 'ISO/IEC 23001-7:2023 8.2'. */
  clause: string;
  /** One sentence on what the box is for. */
  about: string;
  /** Rows from `from` on, and how many there are in all. */
  fields: FieldRow[];
  from: number;
  fieldCount: number;
  /** Decoded payload texts: the PlayReady header XML of a pssh, the manifest of a uuid box. */
  texts: { title: string; text: string }[];
}

/** What is said of the dependencies of a sample, as ISO/IEC 14496-12 numbers it; 0 where nothing is. */
export interface SampleDependency {
  /** `is_leading`: 1 before a sync sample and not decodable from there, 2 not leading, 3 leading and decodable. */
  leading: number;
  /** `sample_depends_on`: 1 on others, 2 on none. */
  dependsOn: number;
  /** `sample_is_depended_on`: 1 others may, 2 none does. */
  dependedOn: number;
  /** `sample_has_redundancy`: 1 it has, 2 it has none. */
  redundancy: number;
}

/** Bytes of a sample that are clear, and that are protected behind them. */
export interface SampleRange {
  clear: number;
  protected: number;
}

/** How one sample is encrypted. */
export interface SampleEncryption {
  /** 'cenc', 'cbc1', 'cens' or 'cbcs', also where it is PIFF that says so; or what else the file names. */
  scheme: string;
  /** Blocks encrypted and left clear, '1:9'; null where all are encrypted. */
  pattern: string | null;
  /** UUID text; null where the file does not say. */
  kid: string | null;
  /** Hex: its own, or that of all; empty where it is not known. */
  iv: string;
  /** None where all of the sample is protected. */
  subsamples: SampleRange[];
}

/** One sample of a track. Times are ticks of its track. */
export interface SampleRow {
  /** In its track, from 1. */
  number: number;
  /** Number of its fragment in the file, from 0; null where it stands in the sample table. */
  fragment: number | null;
  decode: number;
  composition: number;
  duration: number;
  /** File offset of its first byte. */
  start: number;
  /** Bytes. */
  size: number;
  /** Whether decoding can begin with it. */
  sync: boolean;
  dependency: SampleDependency;
  /** `sample_degradation_priority`. */
  priority: number;
  /** Which sample entry, from 1. */
  entry: number;
  /** The groups it is in, by type and number: 'roll 1'. */
  groups: string[];
  /** Null where it is clear. */
  encryption: SampleEncryption | null;
}

/** Samples of a track. */
export interface SamplePage {
  /** Ticks a second. */
  timescale: number;
  /** How many samples the track has. */
  total: number;
  /** In decoding order. */
  rows: SampleRow[];
  /** What of them cannot be told, as plain sentences. */
  problems: string[];
}

/** A NAL unit, an OBU or a frame of a sample. */
export interface SampleUnit {
  /** File offset of its first byte, that of its length where it has one. */
  start: number;
  /** Bytes, with those of its length. */
  size: number;
  /** Bytes of its length, or of its header where that is an OBU's. */
  prefix: number;
  /** Number of its type; null where it has none, or is encrypted. */
  type: number | null;
  /** 'IDR slice', 'sequence parameter set', 'encrypted'. */
  name: string;
  /** Slice type or frame type: 'I', 'key frame'; empty where there is none, or it is encrypted. */
  slice: string;
  /** What stands in it in short: the messages of an SEI unit, the text of a cue; else empty. */
  said: string;
}

/** One sample opened. */
export interface SampleView {
  /** Ticks a second. */
  timescale: number;
  sample: SampleRow;
  units: SampleUnit[];
  /** What its map protects, in the file. */
  protected: { start: number; len: number }[];
  /** Which blocks of these are encrypted, '1:9'; null where all are. */
  pattern: string | null;
  /** Bytes that are encrypted. */
  encrypted: number;
  /** What of it cannot be told, as plain sentences. */
  problems: string[];
  /** Its clear bytes, where it is encrypted and a key was given that is for it; else null. */
  clear: Uint8Array | null;
}

/** What a byte of media data belongs to. */
export interface SampleAt {
  track: number;
  /** Ticks a second. */
  timescale: number;
  sample: SampleRow;
  /** Bytes of the sample before it. */
  inside: number;
  /** Whether it is encrypted. */
  encrypted: boolean;
  /** The unit of the sample that has it; null where that cannot be told. */
  unit: SampleUnit | null;
  /** Number of that unit, from 1. */
  unitNumber: number | null;
}

/** A track over time, in stretches: its fragments, or, of a plain file, from one sync sample to the next. Columns of one length. */
export interface SampleTimeline {
  /** Ticks a second. */
  timescale: number;
  /** Whether several are put together in each stretch, as there are more than 16 384. */
  joined: boolean;
  /** Number of the first sample, from 1. */
  number: number[];
  samples: number[];
  /** Decode time in ticks. */
  start: number[];
  /** Ticks. */
  duration: number[];
  bytes: number[];
  /** Whether decoding can begin with the first sample. */
  sync: boolean[];
  /** Number of the fragment in the file, from 0; null of a sample table. */
  fragment: (number | null)[];
  /** Ticks from where the stretch before ended: more than 0 is a gap, less an overlap. */
  gap: number[];
  /** Ticks from the sum of the durations before to its decode time. */
  drift: number[];
  /** Ticks from its presentation to what `tfra` says of it; null where that says nothing. */
  tfra: (number | null)[];
  /** Ticks from its presentation to what `sidx` says of it; null where that says nothing. */
  sidx: (number | null)[];
}

/** A protection scheme of Common Encryption: cipher, pattern and where IVs stand. */
export type Scheme = 'cenc' | 'cbcs' | 'cens' | 'cbc1';

/** Which boxes carry it: CENC boxes with PIFF twins, PIFF 1.1 alone, or CENC boxes alone. */
export type Form = 'hybrid' | 'piff' | 'plain';

/** What to protect and how. Everything has a default but the licence URL, or the header that has it. */
export interface ProtectRequest {
  /**
   * 'cenc' when absent. 'none' protects nothing: a plain file, segments or several files are written as the fragmented file
   * that they become, a protected one with `sourceKeys` as the clear one; nothing can be asked of new keys, headers and tracks.
   * 'keep' leaves the samples of a protected file encrypted as they are, and needs no key: what is asked of PlayReady header,
   * `pssh` boxes, `form`, `brands` and `remove` is changed, all else of them stays as the file has it.
   */
  scheme?: Scheme | 'none' | 'keep';
  /**
   * 'hybrid' when absent, or 'plain' for the schemes with patterns ('cbcs', 'cens'), which PIFF does not know; with the scheme
   * 'keep' what the file has.
   */
  form?: Form;
  /** @deprecated The old name of `form`. */
  profile?: Form;
  /** Bytes of the IV of each sample in counter mode, 8 when absent. Few players take 16. */
  ivSize?: 8 | 16;
  /**
   * What has a key of its own: the file (when absent), each class of tracks, or each track. Several keys need a PlayReady
   * header of version 4.2 or later.
   */
  keyPer?: 'file' | 'class' | 'track';
  /**
   * The keys of classes or tracks; they ask for `keyPer` by themselves. What is not listed gets a random KID and key, or
   * one from `keySeed`.
   */
  keys?: KeyRequest[];
  /** UUID text; random when absent. For one key for the file. */
  kid?: string;
  /** 16 bytes as 32 hex digits or base64; random when neither this nor `keySeed` is given. For one key for the file. */
  key?: string;
  /** PlayReady key seed, base64 of at least 30 bytes; each key is derived from it and its KID. */
  keySeed?: string;
  /** Licence acquisition URL, absolute. Only a ready-made `playreadyObject` does without. */
  laUrl?: string;
  /** Licence user-interface URL, absolute. */
  luiUrl?: string;
  /** Domain service id: 16 bytes as base64 or as UUID text. */
  dsId?: string;
  /** XML that goes inside CUSTOMATTRIBUTES. */
  customAttributes?: string;
  /**
   * Track IDs. When absent, all that can be protected; a file with video that cannot be is then refused, because its
   * picture would stay open to everyone.
   */
  tracks?: number[];
  /**
   * IDs of tracks that are `wholeOnly`: every sample of them is encrypted whole. Whether players read that is not known.
   */
  wholeSamples?: number[];
  /** Whether a Widevine header is written beside PlayReady's; not in the form 'piff'. */
  widevine?: boolean;
  /** The provider that it names. This or a content ID asks for it, too. */
  widevineProvider?: string;
  /** The content ID in it, as text. */
  widevineContentId?: string;
  /** Whole `pssh` boxes for other systems, in base64 or hex, each on a line of its own; not in the form 'piff'. */
  pssh?: string;
  /**
   * Writes an index of all segments (`sidx`) in front of them, so that players of a manifest can seek in the one file (DASH
   * on-demand, `SegmentBase`). It takes the place of others in the source.
   */
  segmentIndex?: boolean;
  /**
   * Writes an initialization segment and media segments, each a file of its own: those that were opened, under their names,
   * or of any other file one from each fragment of the pictures with which decoding can begin. They are without `sidx` and
   * `mfra`.
   */
  segments?: boolean;
  /**
   * What becomes of boxes of an earlier encryption around samples that the file calls clear. Those that are plainly
   * stale go in any case; where that is not plain, planning fails with code 'leftover-encryption' unless this is given.
   */
  leftovers?: 'remove';
  /**
   * The keys that the file is encrypted with: it is decrypted on the way, in memory alone. With the scheme 'none' the result
   * is the clear file; with any other it is protected anew, with other keys, in another scheme or form. A key is needed for
   * every KID that samples are encrypted with (`Track.protection.kids`); a wrong one is noticed before anything is written.
   */
  sourceKeys?: SourceKeyRequest[];
  /** With the scheme 'keep': what goes of the PlayReady header, and of which DRM systems the headers go, by name or SystemID. */
  remove?: (
    | 'laUrl'
    | 'luiUrl'
    | 'dsId'
    | 'customAttributes'
    | 'decryptorSetup'
    | 'licenceStore'
    | 'checksums'
    | 'playready'
    | 'widevine'
    | 'common'
    | (string & {})
  )[];
  /** With the scheme 'keep': the brands of the file, four letters each, the major one first: 'iso6 isom mp41'. */
  brands?: string;
  /** Seconds from the start: fragments that begin in them stay open to everyone, so that playing can begin at once. */
  clearLead?: number;
  /**
   * New keys every so many fragments of a track: players must ask for another licence each time. `keys` may give some of
   * them, with their `period`; the others are random, or come from `keySeed`.
   */
  keyRotation?: number;
  /** First IV as 16 hex digits; random when absent. Only for reproducible tests. */
  ivStart?: string;
  /** '4.0' … '4.3'; chosen by rule when absent. */
  headerVersion?: '4.0' | '4.1' | '4.2' | '4.3';
  /** 'ondemand' writes DECRYPTORSETUP: players need not ask for the licence before they play. From version 4.1 on. */
  decryptorSetup?: 'ondemand';
  /** Bytes of room for licences that are put into the file later (an embedded licence store), at most 10 240. */
  licenceStore?: number;
  /**
   * A PlayReady object that is ready, or a `pssh` box with it, in base64 or hex: it is written as it is, in place of all
   * that the fields of the header would say. Its KID is taken where there is one and none is given.
   */
  playreadyObject?: string;
}

/** One of several keys, for a class or for a track. */
export interface KeyRequest {
  class?: KeyClass;
  track?: number;
  /** With `keyRotation`: which time it is for, from 0 on, which it is when absent. */
  period?: number;
  /** UUID text; random when absent. */
  kid?: string;
  /** 16 bytes as 32 hex digits or base64; random when neither this nor `keySeed` is given. */
  key?: string;
}

/** A key that the file is encrypted with: of this KID, of this track, or, with neither, of all of it. */
export interface SourceKeyRequest {
  /** UUID text. */
  kid?: string;
  track?: number;
  /** 16 bytes as 32 hex digits or base64. */
  key: string;
}

/** One track of a file that was verified. */
export interface VerifiedTrack {
  id: number;
  samples: number;
  /** Samples that are the source's; absent where there was none to compare with. */
  equal?: number;
  /** Of all samples. */
  bytes: number;
  /** Of these, those that are encrypted. */
  encrypted: number;
  /** Bytes that are clear beside encrypted ones, though newer rules would encrypt them. */
  beside: number;
  /** Bytes that stay clear, by what they are; what has none is left out. */
  clear: ClearPart[];
  /** Samples that are clear altogether. */
  clearSamples: number;
}

/** Bytes of one kind that stay clear. */
export interface ClearPart {
  /**
   * 'samples': all of them; 'units': those without pictures; 'headers': lengths, and headers of units, slices, frames and tiles;
   * 'ends': less than a block; 'pattern': blocks that it skips; 'other': what else a map leaves out.
   */
  kind: string;
  bytes: number;
}

/** How much of a file was looked at. */
export interface VerifiedParts {
  fragments: number;
  /** PlayReady objects in the movie header. */
  headers: number;
  /** Of segment indexes. */
  references: number;
  /** Entries of the random access index. */
  points: number;
  /** Samples that are encrypted in counter mode. */
  streams: number;
}

/** Something that is wrong with a file that was verified. */
export interface VerifyFault {
  code: string;
  message: string;
  /** Absent when it is about the file. */
  track?: number;
  /** Number of the sample in the track, from 0. */
  sample?: number;
  /** Its decode time in seconds from the first sample of the track on. */
  time?: number;
}

/** Part of the key stream of a key that was used, by tracks of whichever numbers. */
export interface UsedStream {
  /** Number, from 0, of the first of the keys given that is this one; of findings, of the key ID. */
  key: number;
  /** The first and the last IV, of 8 bytes or of 16 of which the last 8 are 0; or block, of other IVs of 16: as hex. */
  first: string;
  last: string;
}

/** What came of verifying a file. Has no keys. */
export interface Verification {
  ok: boolean;
  /** Whether every sample was compared with the clear source. */
  compared: boolean;
  /** Whether all of the file could be looked at. */
  complete: boolean;
  counted: VerifiedParts;
  /** What was used of key streams in counter mode, 1000 parts at most: with them files of one key are held against each other. */
  streams: UsedStream[];
  tracks: VerifiedTrack[];
  faults: VerifyFault[];
  /** What is told though it is no fault of the file, or not known to be one. */
  notes: VerifyFault[];
  /** How many more there are. */
  more: number;
}

export interface VerifyOptions {
  signal?: AbortSignal;
  onProgress?: (progress: Progress) => void;
  workers?: number;
}

export interface CompareOptions extends VerifyOptions {
  /** Of this file, where it is protected and its samples are to be compared decrypted. They are not kept. */
  keys?: readonly SourceKeyRequest[];
  /** Of the other. */
  otherKeys?: readonly SourceKeyRequest[];
}

/** What is decrypted on the way. */
export interface UndonePart {
  track: number;
  /** UUID text; null where the file says none. */
  kid: string | null;
  /** 'cenc', 'cbcs', 'cens' or 'cbc1', also where it is PIFF that says so. */
  scheme: string;
}

export interface PlannedBox {
  /** Where: 'moov', 'moov/trak', 'moof/traf' … */
  parent: string;
  type: string;
  name: string;
  /** 'add' a new box, 'change' one in place, 'remove' one. */
  action: 'add' | 'change' | 'remove';
  /** How many of them. */
  count: number;
  /** Why, as one short phrase. */
  why: string;
}

/** What will happen, known before anything is encrypted. Pass it to `media.protect`. */
export interface Plan {
  form: Form;
  /** @deprecated The old name of `form`. */
  profile: Form;
  /** The scheme type that `schm` names: 'piff' in that form; 'none' where nothing is protected. */
  scheme: string;
  /** The cipher, for a person: 'AES-128-CTR' or 'AES-128-CBC'; empty where nothing is protected. */
  cipher: string;
  /** The keys, without what is secret of them; none where nothing is protected. */
  keys: PlanKey[];
  /** KID, checksum and source of the first, where there is one. */
  kid: KidView | null;
  checksum: string | null;
  keySource: KeySource | null;
  /** In counter mode, the first IV as 16 hex digits: each sample of the file has one more than the one before it. */
  firstIv: string | null;
  headerVersion: string;
  headerXml: string;
  /** The PlayReady object around it, as base64. */
  playreadyObject: string;
  /** The `pssh` boxes that the movie header gets. */
  pssh: PlannedPssh[];
  laUrl: string;
  tracks: PlannedTrack[];
  /** What is decrypted on the way, by track and KID; nothing without `sourceKeys`. */
  undoes: UndonePart[];
  /** With the scheme 'keep': what the file says of its encryption that becomes something else. */
  changes?: Difference[];
  /** Whether the key comes from the public test key seed, which everybody knows. */
  forTests: boolean;
  /** Whether what comes of it will play offline on Windows; nothing where nothing is protected. */
  offline: OfflineCheck[];
  /** How many files are written: 1, or an initialization segment and media segments. */
  fileCount: number;
  /** Of a file measured in part (`sizeExact` false) the counts inside fragments are about right. */
  boxes: PlannedBox[];
  sizeBefore: number;
  sizeAfter: number;
  /** False when `sizeAfter` was estimated from a part of a large file. */
  sizeExact: boolean;
  /** The input's name with `.mp4`, or with `.zip` for segments. What is an `.mp4` already gets another one. */
  suggestedName: string;
  warnings: string[];
}

/** One point on which it hangs whether a file plays from the disk of a Windows computer without a connection. */
export interface OfflineCheck {
  /** Stable, kebab-case: 'header-version', 'iv-size', 'persistent', … */
  id: string;
  /** What it is about, for a person. */
  title: string;
  /** 'doubtful': it plays here and not there, or nothing in a file can tell. */
  state: 'ok' | 'doubtful' | 'fails';
  /** What was found, and why that matters. */
  found: string;
  /** What to do about it; empty where nothing is to be done. */
  advice: string;
}

/** How a file differs from another. */
export interface FileComparison {
  /** Whether nothing differs. */
  same: boolean;
  size: number;
  otherSize: number;
  counts: DifferenceCounts;
  /** In file order; 50 of each group and 2000 in all at most. */
  differences: DifferingBox[];
  /** All of them by kind, in the order of the first of each. */
  groups: DifferenceGroup[];
  tracks: ComparedTrack[];
  /** Whether samples were compared decrypted, with keys: those of this file, and those of the other. */
  decrypted: boolean;
  otherDecrypted: boolean;
  /** Why the samples could not all be compared, as a plain sentence. */
  failed?: string;
}

/** How many boxes differ. One that is in one file alone counts once, with all in it. */
export interface DifferenceCounts {
  changed: number;
  added: number;
  removed: number;
  /** That stand elsewhere among their neighbours, and differ in nothing else. */
  moved: number;
  /** Offsets that differ because what they lead to has moved, and lead to the same. */
  offsets: number;
  /** Boxes of which nothing differs but such offsets; they are in no list. */
  followed: number;
  /** Boxes that are too large to be compared, or cannot be read. */
  unread: number;
}

/** Where a box is. */
export interface BoxSpot {
  /** As 'moof[3]/traf/trun'. */
  path: string;
  start: number;
  size: number;
}

/** A box that differs. */
export interface DifferingBox {
  /** 'added': only the other file has it; 'removed': only this one; 'moved': it stands elsewhere, and differs in nothing else. */
  kind: 'changed' | 'added' | 'removed' | 'moved';
  /** In this file, where it has it. */
  type: string;
  name: string;
  here?: BoxSpot;
  there?: BoxSpot;
  /** Whether it stands elsewhere among its neighbours. */
  moved: boolean;
  /** 40 at most. */
  fields: DifferingField[];
  moreFields: number;
  /** Offsets in it that differ because what they lead to has moved. */
  offsets: number;
  /** Where no field tells it: the first bytes that differ. */
  bytes?: DifferingBytes;
  /** Number of its group. */
  group: number;
}

/** A field that differs. */
export interface DifferingField {
  /** Behind the names of those it is in: 'references[2].reference'. */
  name: string;
  /** Left out where it is not there. */
  before?: string;
  after?: string;
  /** Its number among the rows of the box in this file. */
  row?: number;
}

/** Bytes that differ: file offsets of the first of them, and a few from there on as hex. */
export interface DifferingBytes {
  here: number;
  there: number;
  before: string;
  after: string;
}

/** Boxes that differ in the same way. */
export interface DifferenceGroup {
  kind: 'changed' | 'added' | 'removed' | 'moved';
  /** As 'moof/traf/trun'. */
  path: string;
  name: string;
  count: number;
  /** How many of them are listed. */
  told: number;
}

/** The samples of a track. Those that differ may differ in several ways. */
export interface ComparedTrack {
  /** Track ID; null where this file has no such track. */
  id: number | null;
  otherId: number | null;
  samples: number;
  otherSamples: number;
  /** How many of them are encrypted. */
  encrypted: number;
  otherEncrypted: number;
  equal: number;
  /** How many differ in size. */
  sizes: number;
  /** In bytes, and not in size. */
  bytes: number;
  /** In duration or composition offset. */
  times: number;
  /** In whether they are random access points. */
  syncs: number;
  first?: FirstDifference;
}

/** The first sample that differs. */
export interface FirstDifference {
  /** Its number in the track, from 1. */
  sample: number;
  /** Seconds from the beginning of the first. */
  time: number | null;
  how: 'size' | 'bytes' | 'time' | 'sync';
}

/** What is wrong with a file, and why it does not play. */
export interface FileFindings {
  /** In the order of rules and then of the file; of each rule 20 at most. */
  findings: FileFinding[];
  /** The rules that are broken. */
  rules: BrokenRule[];
  /** For each kind of player. */
  targets: TargetAnswer[];
  /** Key IDs that samples are encrypted with, as UUID texts; null where samples name none. */
  kids: (string | null)[];
  /**
   * What was used of their streams in counter mode, 1000 parts at most; `key` is a place in `kids`. With them files of one key are
   * held against each other.
   */
  streams: UsedStream[];
}

/** One thing found, and where: what is not known, or of no matter, is left out. */
export interface FileFinding {
  /** Which rule is broken. */
  rule: string;
  /** A plain sentence, with both numbers of what does not fit. */
  message: string;
  /** The box, as 'moof[3]/traf/trun'. */
  path?: string;
  /** File offset in bytes. */
  offset?: number;
  /** Track ID. */
  track?: number;
  /** Number of the sample in its track, from 0. */
  sample?: number;
  /** Time of the fragment in seconds. */
  time?: number;
}

/** A rule that is broken. All rules are in docs/rules.md. */
export interface BrokenRule {
  /** Stable, kebab-case: 'kid-zero'. */
  id: string;
  /** 'error': players stop, or what is encrypted is given away; 'warning': some do, or it is doubtful; 'note': good to know. */
  severity: 'error' | 'warning' | 'note';
  /** What is wrong, in few words. */
  title: string;
  /** Where the rule stands. */
  clause: string;
  /** Why it matters. */
  why: string;
  /** How to fix it. */
  fix: string;
  /** What can be done about it here: headers changed, the file protected (otherwise), or checked with its keys. */
  action?: 'change' | 'protect' | 'check';
  /** How often it is broken. */
  count: number;
}

/** Why a file does not play in one kind of player. */
export interface TargetAnswer {
  id: 'windows' | 'smooth' | 'mse' | 'widevine' | 'fairplay';
  /** What it is called. */
  title: string;
  /** What speaks against it, in the order in which to look at it; nothing where nothing does. */
  reasons: TargetReason[];
}

/** One reason against playing, and where, as of a finding. */
export interface TargetReason {
  /** The rule that is broken; left out where the file is right, and merely not made for this player. */
  rule?: string;
  /** What it is about. */
  title: string;
  /** 'doubtful': it may stop the player. */
  state: 'doubtful' | 'fails';
  /** What was found. */
  found: string;
  /** What to do. */
  advice: string;
  path?: string;
  offset?: number;
  track?: number;
  sample?: number;
  time?: number;
}

/** What a protected file says of itself, before and after a change; empty where it is not there. */
export interface Difference {
  /** Name of the request field that it is asked by, or 'systems', 'kids', 'checksums'. */
  field: string;
  /** What it is, for a person. */
  name: string;
  before: string;
  after: string;
}

/** A `pssh` box: whose it is, by name where that is known, and the whole box. */
export interface PlannedPssh {
  system: string;
  base64: string;
}

/** How a key came about. */
export type KeySource = 'random' | 'typed' | 'seed';

/** A key of a plan, without what is secret of it. */
export interface PlanKey {
  kid: KidView;
  /** Base64 CHECKSUM in the header, or null where the header has none: for AES-CBC. */
  checksum: string | null;
  source: KeySource;
  /** Whether it comes from the public test key seed, which everybody knows. */
  forTests: boolean;
  /** The class of tracks, or the track, that it is for; neither where it is for the whole file. */
  class?: KeyClass;
  track?: number;
  /** With `keyRotation`: which time it is for, from 0 on. */
  period?: number;
}

/** A key with which a file was protected. */
export interface MadeKey extends PlanKey {
  /** 32 hex digits. */
  key: string;
}

/** What happens to one track. */
export interface PlannedTrack {
  id: number;
  kind: string;
  codecName: string;
  /** Whether it is protected; if not, it is open to everyone. */
  protect: boolean;
  /** Which bytes of its samples are encrypted, as one sentence. */
  rule: string;
  /** ID of its key as UUID text, when it is protected. */
  kid?: string;
  /** Why it stays clear, as one sentence, when it does. */
  reason?: string;
  /** The part of its samples' bytes that is encrypted, 0 to 1; null when it has no bytes, or was not measured. */
  share: number | null;
}

export interface KidView {
  /** UUID text, as boxes, manifests and most tools write it. */
  uuid: string;
  /** Base64 of the Microsoft GUID byte order, as PlayReady headers and servers write it. */
  guidBase64: string;
  /** 32 hex digits of the UUID order. */
  hex: string;
  /** 32 hex digits of the GUID order. */
  guidHex: string;
}

export interface ProtectOptions {
  /**
   * Where the protected file goes: a handle from `showSaveFilePicker` or OPFS; browser storage when absent. Segments go into
   * a folder, when this is a handle from `showDirectoryPicker`, and else into a ZIP archive.
   */
  sink?: FileSystemFileHandle | FileSystemDirectoryHandle;
  /**
   * Where the browser has no storage for pages: whether the file may go to the browser's downloads while it is made, so
   * that it need not fit into memory. That takes a secure connection, and a page that allows `frame-src 'self'` and
   * `worker-src 'self'`; where it cannot be had, the file is made in memory as without this. No copy is left that could
   * be read again.
   */
  download?: boolean;
  /** What the result is called where it is in no file or folder that was chosen; the plan's `suggestedName` when absent. */
  name?: string;
  signal?: AbortSignal;
  onProgress?: (progress: Progress) => void;
  /** Workers beside the leading one; as many as cores allow when absent. */
  workers?: number;
}

export interface ProtectResult {
  name: string;
  /**
   * Where it is: in the file or folder that was chosen, in the browser's storage, or, where there is none, in the browser's
   * downloads or in memory.
   */
  place: 'chosen' | 'folder' | 'storage' | 'downloads' | 'memory';
  /** Its name in the folder `boxlock` of the browser's storage, when it is there: it stays until it is discarded. */
  stored: string | null;
  size: number;
  seconds: number;
  keys: MadeKey[];
  /** KID, 32 hex digits of the key, and checksum of the first, where there is one. */
  kid: KidView | null;
  key: string | null;
  checksum: string | null;
  scheme: string;
  form: Form;
  /** @deprecated The old name of `form`. */
  profile: Form;
  laUrl: string;
  /** Which tracks are protected, and which are open to everyone. */
  tracks: PlannedTrack[];
  /** What was decrypted on the way. */
  undoes: UndonePart[];
  /** With the scheme 'keep': what the file said of its encryption that became something else. No sample did. */
  changes?: Difference[] | undefined;
  /** Whether the key comes from the public test key seed, which everybody knows. */
  forTests: boolean;
  /** Whether it will play offline on Windows; nothing where nothing is protected. */
  offline: OfflineCheck[];
  /** Names of the files that were written, in order: one, or those in the archive or folder. */
  files: string[];
  /** The protected file, or the archive; fails with code 'no-copy' when it is in the browser's downloads or in a folder. */
  file(): Promise<File>;
  /**
   * SHA-256 of the protected file or the archive, hex; computed once, with progress. Fails with code 'no-copy' where there
   * is no one file, or an archive is in the browser's downloads.
   */
  sha256(options?: { signal?: AbortSignal; onProgress?: (progress: Progress) => void }): Promise<string>;
  /**
   * The key sheet for whoever runs the licence server; fails with code 'no-key' where nothing is protected. With
   * `sha256: 'if-known'` it is there at once, however large the file is, with `sha256` null unless that was computed before.
   */
  keySheet(options?: { sha256?: 'wait' | 'if-known' }): Promise<KeySheet>;
  /**
   * Reads the written file again, decrypts it, and compares every sample with the source; and whether all that says how it is
   * encrypted agrees. After the scheme 'keep' samples are compared as they stand. Segments are verified as the one file that they
   * are together. Fails as `file` does where nothing can be read again here: what went to the browser's downloads.
   */
  verify(options?: VerifyOptions): Promise<Verification>;
  /**
   * The files that were written, in order, with their sizes where these can be known; with `sums` the SHA-256 of each is computed,
   * where it can be read again.
   */
  listFiles(options?: {
    sums?: boolean;
    signal?: AbortSignal;
    onProgress?: (progress: Progress) => void;
  }): Promise<WrittenFile[]>;
  /** Removes the copy in browser storage, when there is one. */
  discard(): Promise<void>;
}

/** A file that was written. */
export interface WrittenFile {
  name: string;
  size?: number;
  sha256: string | null;
}

/** A key on a key sheet. */
export interface SheetKey extends Omit<MadeKey, 'key'> {
  key: { hex: string; base64: string };
}

/** A track on a key sheet. */
export interface SheetTrack extends Pick<
  PlannedTrack,
  'id' | 'kind' | 'codecName' | 'protect' | 'share' | 'kid'
> {
  /** Its scheme, when it is protected. */
  scheme?: string;
  /** How it is given its IVs, when it is protected: as 'an 8-byte IV for each sample'. */
  ivForm?: string;
  /** The key that it begins with, as hex, when it is protected. */
  key?: string;
}

export interface KeySheet {
  boxlock: string;
  fileName: string;
  fileSize: number;
  /**
   * Of the protected file; null when the sheet was made before it was known, or there are several files in a folder, or in
   * the browser's downloads.
   */
  sha256: string | null;
  scheme: string;
  algorithm: 'AESCTR' | 'AESCBC';
  keys: SheetKey[];
  /** KID, key and checksum of the first. */
  kid: KidView;
  key: SheetKey['key'];
  checksum: string | null;
  laUrl: string;
  /** Which tracks are protected, with the IDs of their keys and the keys, and which are open to everyone. */
  tracks: SheetTrack[];
  form: Form;
  /** The PlayReady object, in base64. */
  playreadyObject: string;
  /** The `pssh` boxes of the movie header, each whole. */
  pssh: PlannedPssh[];
  /** Whether the key comes from the public test key seed, which everybody knows. */
  forTests: boolean;
  /** Of several files that share their keys: what is of each by itself. What else there is is of the first. */
  perFile?: Pick<KeySheet, 'fileName' | 'fileSize' | 'sha256' | 'tracks'>[];
}

/** For each who goes on with a protected file, what they need, and nothing that is not theirs. */
export interface HandOver {
  /** Version of its form. */
  boxlock: string;
  fileName: string;
  parts: HandOverPart[];
}

export interface HandOverPart {
  for: 'licence-server' | 'host' | 'app' | 'web';
  /** Who that is, for a person. */
  title: string;
  /** Whether there is a key in it. Only one part has any. */
  secret: boolean;
  items: HandOverItem[];
}

/** One thing to know or to use: a title, and what of the rest it has. */
export interface HandOverItem {
  title: string;
  /** Plain sentences. */
  text?: string[];
  facts?: HandOverFact[];
  checks?: OfflineCheck[];
  files?: HandOverFile[];
  code?: { name: string; language: string; text: string };
}

export interface HandOverFact {
  name: string;
  value: string;
  /** Whether it is a key. */
  secret?: boolean;
}

/** A file for the host, with the content type that it is to be sent with. */
export interface HandOverFile {
  name: string;
  type: string;
  size: number | null;
  sha256: string | null;
}

export interface HandOverOptions {
  /** Whether the file plays offline on Windows, as results and `Media.offline` say it. */
  offline?: readonly OfflineCheck[];
  /** The files that were written, where they are several, or of which more is known than the key sheet says. */
  files?: readonly { name: string; size?: number; sha256?: string | null }[];
  /** Names of the files that it was made of. */
  sources?: readonly string[];
}

/** Something that was decoded, or built: what it is, says and would be in other forms. */
export interface Decoded {
  /**
   * `pssh`, `pro`, `playready-header`, `widevine`, `kid`, `key`, `kid-or-key`, `key-seed`, `keys`, `cpix`, `dash`, `smooth`,
   * `hls`, `certificate`, `private-key`, `several`, or `unknown`.
   */
  kind: string;
  /** What it is, as a plain sentence. */
  title: string;
  /** What it says. Values may be keys: then they are secret. */
  facts: { name: string; value: string; secret: boolean }[];
  /** What is wrong with it: 'error' where players will not take it, 'warning' where some do not or it is doubtful. */
  problems: { level: 'error' | 'warning'; message: string }[];
  /** What it would be in other forms: each with a name for a person and an `id` that stays. */
  forms: { name: string; id: string; value: string; secret: boolean }[];
  /** What is in it: the object in a box, the header in an object, the keys of a document. */
  inside: Decoded[];
}

/** What the checksum in a PlayReady header says of a key. */
export interface KeyCheck {
  /** The key ID in the header, as UUID. */
  kid: string;
  /** Whether it is the key; absent where no checksum tells. */
  right?: boolean;
  /** A plain sentence. */
  message: string;
}

/** Bytes of a file; `end` is exclusive. */
export interface ByteRange {
  start: number;
  end: number;
}

/** What manifests say of a file, taken from the open file by `describe()`. Plain values, which survive JSON. */
export interface DescribedFile {
  name: string;
  size: number;
  /** Whether a list of its fragments ends it ('mfra'), by which servers find them. */
  randomAccess: boolean;
  /** Where what initializes players stands: 'ftyp' to 'moov'. */
  init: ByteRange | null;
  /** Where the index of its segments stands ('sidx'). */
  index: ByteRange | null;
  /** Ticks a second of `segments`. */
  timescale: number;
  /** Its segments: each begins where decoding can, and is presented for `duration` ticks. */
  segments: DescribedSegment[];
  /** Its tracks that have fragments. */
  tracks: DescribedTrack[];
  /** Headers of DRM systems, one of each. */
  headers: DescribedHeader[];
}

export interface DescribedSegment {
  start: number;
  end: number;
  duration: number;
}

export interface DescribedTrack {
  id: number;
  kind: 'video' | 'audio' | 'text' | 'other';
  /** Type of its samples, as `avc1`, also where they are encrypted. */
  format: string;
  /** RFC 6381. */
  codec: string;
  /** What configures the decoder, in hexadecimal digits as Smooth Streaming has it; empty where there is none. */
  privateData: string;
  language: string | null;
  /** Pixels; 0 where there are none. */
  width: number;
  height: number;
  /** Hertz, and channels; 0 where there is no sound. */
  sampleRate: number;
  channels: number;
  /** Ticks a second. */
  timescale: number;
  /** When its fragments begin, in ticks; the first may be negative. */
  times: number[];
  /** How many ticks the samples of each have together. */
  durations: number[];
  /** Where each stands, from its header to behind its media data; none where any has another track in it too. */
  ranges: ByteRange[];
  /** Bits a second on average, and of the fragment that has most. */
  bitrate: number;
  peakBitrate: number;
  protection: DescribedProtection | null;
}

export interface DescribedProtection {
  /** 'cenc', 'cbc1', 'cens' or 'cbcs', also where PIFF says so. */
  scheme: string;
  /** Which boxes say it. */
  form: 'plain' | 'hybrid' | 'piff';
  /** UUID text. */
  kid: string | null;
  /** Whether it changes along the way. */
  rotates: boolean;
  /** Bytes of IV with each sample. */
  ivSize: number;
}

export interface DescribedHeader {
  /** SystemID as UUID text. */
  system: string;
  /** The whole 'pssh' box, and what is in it, in base64. */
  pssh: string;
  data: string;
}

/** What manifests are written, and how. */
export interface ManifestWishes {
  /** What they are called, without an ending; 'manifest' when absent. */
  name?: string;
  /** All three when absent. */
  forms?: readonly ('smooth' | 'dash' | 'hls')[];
  /** What stands before the names of files in DASH and HLS: an address that ends in a slash; nothing when absent. */
  baseUrl?: string;
  /** Where FairPlay finds keys of `cbcs`; `{kid}` stands for the key ID. 'skd://{kid}' when absent. */
  fairplay?: string;
}

export interface WrittenManifests {
  files: WrittenManifest[];
  /** What to know of them. */
  notes: ManifestNote[];
}

export interface WrittenManifest {
  /** 'hls-media' is the playlist of one file. */
  form: 'ism' | 'ismc' | 'mpd' | 'hls' | 'hls-media';
  name: string;
  /** Its media type. */
  mime: string;
  text: string;
}

export interface ManifestNote {
  form: 'smooth' | 'dash' | 'hls';
  /** 'error' where the form, or a file in it, had to be left out. */
  severity: 'error' | 'warning' | 'note';
  message: string;
}

/** A manifest, as it was read. */
export interface Manifest {
  form: 'ism' | 'ismc' | 'mpd' | 'hls' | 'hls-media';
  /** What it is, as a plain sentence. */
  title: string;
  /** Its version, or of DASH its profiles; empty where it says none. */
  version: string;
  /** Whether it goes on. */
  live: boolean;
  duration: number | null;
  streams: ManifestStream[];
  protection: ManifestProtection[];
  /** Other manifests that it names. */
  refers: string[];
  /** What each quality consists of, where the manifest tells. */
  tracks: ManifestTrack[];
  findings: ManifestFinding[];
}

/** A movie header that was made of a client manifest of Smooth Streaming, for fragments that have none. */
export interface SmoothHeader {
  /** The initialization segment, in base64. */
  init: string;
  /** Its track, as the fragments have it. */
  trackId: number;
  /** What of it nothing says for sure, as sentences. */
  notes: string[];
}

/** The fragments or segments of one quality. */
export interface ManifestTrack {
  /** Of its stream. */
  kind: string;
  /** Its ID, or the name of its stream; empty where it has none. */
  name: string;
  bitrate: number | null;
  /** Ticks a second. */
  timescale: number;
  /** Seconds of the presentation at tick 0. */
  shift: number;
  /**
   * What their addresses are made of: `$Time$` and `$Number$`, which may say a width (`$Number%05d$`), and `$$`. Empty where they
   * are listed. Addresses are as seen from the manifest.
   */
  template: string;
  /** Number of the first. */
  firstNumber: number;
  /** When they begin, and how long they are. */
  runs: SegmentRun[];
  /** Where they are, one by one. */
  listed: SegmentPlace[];
  /** What stands before each of them; null where each is whole. */
  init: SegmentPlace | null;
  /** The one file that the quality is, in place of segments. */
  file: SegmentPlace | null;
  /** Which bytes of that file list its segments (`sidx`): for `readSegmentIndex`. */
  index: ByteRange | null;
}

/** A quality that is one file, with the segments that the index in it lists, and the bytes before them that initialize players. */
export interface IndexedTrack extends ManifestTrack {
  found: SegmentIndex;
}

/** What an index of segments (`sidx`) lists. */
export interface SegmentIndex {
  /** Bytes that are still wanted; none when all is read. */
  needs: ByteRange[];
  /** Where it is; where there are several, the first. */
  at: ByteRange | null;
  /** Ticks a second. */
  timescale: number;
  runs: SegmentRun[];
  /** Which bytes of the file the segments are, one by one. */
  ranges: ByteRange[];
  /** How many indexes were read: the first, and those that it leads to. */
  indexes: number;
  /** How many indexes are a level further down: they are not followed. */
  deeper: number;
  /** How many indexes and segments are left out, because there are too many. */
  left: number;
}

/** Segments one behind the other of one length, in ticks. `time` has all its digits. */
export interface SegmentRun {
  time: string;
  duration: number;
  count: number;
}

export interface SegmentPlace {
  address: string;
  range: ByteRange | null;
}

/** Qualities of one thing. */
export interface ManifestStream {
  /** 'video', 'audio', 'text', 'segments' of a playlist that does not say, or what else it says. */
  kind: string;
  name: string;
  language: string | null;
  /** The address of fragments, with what is put into it; empty where each quality has a file. */
  url: string;
  /** Fragments or segments, where they are listed. */
  chunkCount: number;
  start: number | null;
  duration: number | null;
  qualities: ManifestQuality[];
}

export interface ManifestQuality {
  bitrate: number | null;
  /** As the manifest writes it, and in words where that is another. */
  codec: string;
  codecName: string;
  width: number | null;
  height: number | null;
  sampleRate: number | null;
  channels: number | null;
  /** Its file or playlist; empty where the stream has an address. */
  file: string;
  /** Track ID, where it says one. */
  track: number | null;
  init: ByteRange | null;
  index: ByteRange | null;
}

export interface ManifestProtection {
  /** In words; 'all systems' where none is named. */
  system: string;
  /** Scheme, or of HLS the method; empty where it says none. */
  scheme: string;
  /** UUID texts, of the element and of the headers in it. */
  kids: string[];
  /** Of a PlayReady header, as '4.0'; empty where there is none. */
  headerVersion: string;
  laUrl: string;
}

export interface ManifestFinding {
  /** Stable, kebab-case: 'ismc-header-version', 'mpd-range', 'file-kid', … */
  rule: string;
  severity: 'error' | 'warning' | 'note';
  message: string;
  /** The element, as `SmoothStreamingMedia/StreamIndex[2]/c[5]`; in a playlist the tag. */
  path: string;
  /** From 1 on. */
  line: number;
  /** Where the rule stands, or which players ask for it. */
  clause: string;
}

/** What headers are built of, without a file; a KID and a licence URL make a PlayReady object and its boxes. */
export interface BuildRequest {
  /** UUID text. */
  kid?: string;
  /** 16 bytes as 32 hex digits or base64: for the checksum of the header. */
  key?: string;
  /** Several, in place of one. */
  keys?: { kid: string; key?: string }[];
  /** Keys are made of it that are not given. */
  keySeed?: string;
  laUrl?: string;
  luiUrl?: string;
  dsId?: string;
  customAttributes?: string;
  /** '4.0' … '4.3'; chosen by rule when absent. */
  headerVersion?: '4.0' | '4.1' | '4.2' | '4.3';
  /** 'cenc' when absent. */
  scheme?: Scheme;
  decryptorSetup?: 'ondemand';
  /** Makes a `pssh` box for Widevine too. */
  widevine?: boolean;
}

/** A list of keys, whatever form it came in. */
export interface KeyList {
  /** A CPIX document, a key sheet of this page, JSON for ClearKey, or lines as `KID:KEY`. */
  form: 'cpix' | 'sheet' | 'clearkey' | 'lines';
  keys: ListedKey[];
  /** What is doubtful, as plain sentences: a key ID in the wrong byte order among them. */
  warnings: string[];
  /** Of a CPIX document. */
  contentId?: string;
  /** For whom keys are encrypted. */
  recipients: KeyRecipient[];
  /** Which track gets which key, where tracks were given. */
  assigned: AssignedKey[];
}

/** A key of a list. */
export interface ListedKey {
  /** Null where the key is for a track by its number. */
  kid: KidView | null;
  /** 32 hex digits; null where it is encrypted or left out. */
  key: string | null;
  track?: number;
  class?: string;
  /** Where keys change: which time it is for, from 0 on. */
  period?: number;
  /** A label of Shaka Packager, or a track type of CPIX. */
  label?: string;
  scheme?: string;
  /** Rules of a CPIX document that give the key to tracks. */
  rules: KeyRule[];
  encrypted?: EncryptedValue;
}

/** A rule of a CPIX document. Filters of one kind are alternatives; those of several kinds all hold. */
export interface KeyRule {
  /** All of it in words. */
  text: string;
  trackType?: string;
  /** IDs of periods. */
  periods: string[];
  /** Labels of tracks. */
  labels: string[];
  video: { pixels: KeySpan; fps: KeySpan; hdr: boolean | null; wcg: boolean | null }[];
  /** Channels. */
  audio: KeySpan[];
  /** Bits a second. */
  bitrate: KeySpan[];
  /** Filters that are not known here: no key may be given by rules then. */
  unknown: string[];
}

/** At least and at most, each where it is said. */
export interface KeySpan {
  min: number | null;
  max: number | null;
}

/** Something encrypted, in base64, by an algorithm of XML Encryption. */
export interface EncryptedValue {
  algorithm: string;
  value: string;
  /** HMAC over the value. */
  mac: string | null;
}

/** For whom the keys of a CPIX document are encrypted. */
export interface KeyRecipient {
  /** X.509, DER in base64. */
  certificate: string;
  documentKey: EncryptedValue;
  macAlgorithm: string | null;
  macKey: EncryptedValue | null;
}

/** The key of a track at a time. */
export interface AssignedKey {
  track: number;
  /** Which time, from 0 on. */
  period: number;
  /** UUID text, or null where it gets none. */
  kid: string | null;
  /** Why, as a plain sentence. */
  why: string;
}

/** A track that keys are for, as far as it is known. Tracks of `media.tracks()` have more. */
export interface KeyTrack {
  id: number;
  kind: string;
  width?: number;
  height?: number;
  channels?: number;
  /** Bits a second. */
  bitrate?: number;
  /** UUID text of the key ID that it has. */
  kid?: string;
}

/** Keys that are to be written. A key sheet can be given in place of it. */
export interface KeysToWrite {
  keys: { kid?: string; key?: string; track?: number; class?: string; period?: number; scheme?: string }[];
  /** The tracks that they are for: rules of a CPIX document are made of them. */
  tracks?: KeyTrack[];
  /** Name of the content, in a CPIX document. */
  contentId?: string;
  scheme?: string;
  /** `pssh` boxes of the file, each in base64. */
  pssh?: string[];
  /** PlayReady object of the file, in base64. */
  playreadyObject?: string;
  /** Name of the file, in command lines. */
  fileName?: string;
  /** Whether it has PIFF boxes alone, which Bento4 opens by track. */
  piff?: boolean;
}

/** How another program decrypts a file, for a shell. The line has the keys in it. */
export interface CommandLine {
  program: string;
  /** What to know of it; empty where there is nothing. */
  note: string;
  line: string;
}

/** What a MediaSource needs to play a file through EME ClearKey. */
export interface PlaybackInfo {
  /** 'video/mp4; codecs="avc1.64001F,mp4a.40.2"' */
  mimeType: string;
  duration: number;
  /** KIDs as UUID text. */
  kids: string[];
}

/**
 * A file that another was put together of, and where it stands in it; of files that are merged, where it stands when one is
 * put behind the other.
 */
export interface MediaPart {
  name: string;
  start: number;
  size: number;
}

/** Parts of one file, in order: an initialization segment and its media segments, or the only one. `open` takes them. */
export interface FileGroup {
  /** The file's own name, or what the names of its parts have in common. */
  name: string;
  parts: Blob[];
  /** What is odd about it, as plain sentences: a gap in its time, with what is missing. */
  warnings: string[];
  /** What nothing says for sure of a movie header that was made of a manifest, as plain sentences. */
  notes: string[];
}

/** What several files are. */
export interface Arrangement {
  groups: FileGroup[];
  /**
   * The one file that all groups can become, when one of them has pictures and the others sound or text alone; else null.
   * `open` makes it of these parts with `merge`.
   */
  merge: {
    /** That of the file with pictures. */
    name: string;
    /** 'One video and two sounds': what would be merged. */
    what: string;
    parts: Blob[];
  } | null;
  /** What belongs to no group, and why, as one plain sentence with what to do. */
  refused: {
    /**
     * 'init-missing', 'init-ambiguous', 'segments-twice', 'segments-overlap', 'segment-damaged' or 'not-readable': also
     * the codes with which `open` refuses files. Where no movie header can be made of a manifest, 'smooth-codec',
     * 'smooth-codec-data', 'smooth-heads' or 'smooth-limits'.
     */
    code: string;
    message: string;
    parts: Blob[];
  }[];
}

export interface Media {
  readonly name: string;
  readonly size: number;
  /** What it was put together of, in order; one part when it is one file. */
  readonly parts: readonly MediaPart[];
  summary(): Summary;
  tracks(): Track[];
  /**
   * Top-level boxes, 10 000 at most at a time, of the `boxCount` that the summary tells; the movie header and the index
   * carry what is in them, when that is not more.
   */
  tree(window?: ListWindow): Promise<BoxNode[]>;
  /** The boxes directly in a box, 10 000 at most at a time: fewer than were asked for are the last. */
  children(path: string, window?: ListWindow): Promise<BoxNode[]>;
  /** One box with its fields; `window` limits the rows of long tables. */
  box(path: string, window?: ListWindow): Promise<BoxView>;
  /**
   * What manifests say of the file, which must be fragmented: for `readManifest` and `writeManifests`. Without a name, its own.
   */
  describe(name?: string): Promise<DescribedFile>;
  /**
   * The file at a glance: which type of top-level box has most of each of `parts` stretches of `stride` bytes. There are
   * fewer where the file has fewer bytes, and 8192 at most.
   */
  overview(parts: number): Promise<{ stride: number; types: string[] }>;
  /**
   * Looks in all boxes of the file for a text in type, name, note or user type. What is found is told in parts, as it is
   * found; the result is how many boxes that are.
   */
  search(
    text: string,
    options: { signal?: AbortSignal; onProgress: (progress: SearchProgress) => void },
  ): Promise<number>;
  /**
   * Looks for a text in all bytes of the file, in UTF-8 and UTF-16, and for the bytes that it stands for where it is hex digits; a key
   * ID in both byte orders. In quotation marks it is text alone. The result is how many places that are.
   */
  findBytes(
    text: string,
    options: { signal?: AbortSignal; onProgress: (progress: ByteSearchProgress) => void },
  ): Promise<number>;
  /**
   * Samples of a track from number `from` on, which counts from 0; 10 000 at most at a time, and fewer than were asked for where
   * they stand in many fragments. Of a fragmented file only the headers are read that these rows need.
   */
  samples(track: number, window?: ListWindow): Promise<SamplePage>;
  /** What the byte at a file offset belongs to; null where no sample has it. With keys also what units are encrypted. */
  sampleAt(offset: number, keys?: SourceKeyRequest[]): Promise<SampleAt | null>;
  /** Number, from 1, of the sample that is presented at a time in seconds of its track; null where it has none. */
  sampleAtTime(track: number, seconds: number): Promise<number | null>;
  /** One sample, by its number from 1, opened. */
  sample(track: number, number: number, keys?: SourceKeyRequest[]): Promise<SampleView>;
  /** A track over time. */
  timeline(track: number): Promise<SampleTimeline>;
  /**
   * Ticks from the decode times of fragments of a track to what tfxd says of them, null where there is none: from its fragment
   * number `from` on as many as are read at once, none behind the last.
   */
  tfxd(track: number, from?: number): Promise<(number | null)[]>;
  /** Bytes of the file, at most 1 MiB at a time. */
  hex(range: { start: number; end: number }): Promise<Uint8Array>;
  /** The first plan reads the file once more, which has progress (stage 'index'). */
  plan(
    request: ProtectRequest,
    options?: { signal?: AbortSignal; onProgress?: (progress: Progress) => void },
  ): Promise<Plan>;
  /**
   * Protects by a plan (or a request, planned first). One at a time; a plan carried out twice gives the same bytes. A plan
   * of another file is refused with code 'plan-other-file', a copy of one with 'plan-copied': no two files share a key
   * and counters.
   */
  protect(planOrRequest: Plan | ProtectRequest, options?: ProtectOptions): Promise<ProtectResult>;
  /**
   * Whether this protected file is what it should be, by its keys: decrypted, its samples are of their codec, no counter is used
   * twice, and all that says how it is encrypted agrees. With its clear source every sample is compared with that too: a file, the
   * parts of one, or what is open here. Without keys, and with a source that is encrypted as well, samples are compared as they
   * stand, with their key IDs, IVs and maps.
   */
  verify(
    keys: SourceKeyRequest[],
    options?: VerifyOptions & { source?: Media | Blob | readonly Blob[] },
  ): Promise<Verification>;
  /**
   * What is wrong with the file, by declared rules, and for each kind of player why it does not play. All fragments are gone
   * through, and the samples of some; progress has the stage 'check'.
   */
  findings(options?: {
    signal?: AbortSignal;
    onProgress?: (progress: Progress) => void;
  }): Promise<FileFindings>;
  /**
   * How this file differs from another: a file, the parts of one, or what is open here. Boxes are found by what they are: type,
   * track, system, time. Offsets that differ because what they lead to has moved are counted apart. Samples are compared in
   * decoding order as they stand, each by a hash of its bytes: what was encrypted has other bytes, unless `keys` of this file or
   * `otherKeys` are given, with which they are compared decrypted; wrong keys are refused. Bytes of media data that no sample has
   * are not compared. Progress has the stages 'index', 'compare' and 'samples'.
   */
  compare(other: Media | Blob | readonly Blob[], options?: CompareOptions): Promise<FileComparison>;
  /** Whether this file, as it is, will play from the disk of a Windows computer without a connection. */
  offline(): Promise<OfflineCheck[]>;
  /** Initialization segment and fragments for MediaSource, with PIFF boxes given their CENC twins. */
  playback(): Promise<Playback>;
  close(): void;
}

export interface Playback {
  info: PlaybackInfo;
  init: Uint8Array;
  /** Fragments in order, each `moof` + `mdat`. */
  fragments(options?: { signal?: AbortSignal }): AsyncIterable<Uint8Array>;
}

/** What one of several files is among them. */
export interface Rung {
  name: string;
  size: number;
  /** Seconds. */
  duration: number | null;
  /** Bits a second of the whole file. */
  bitrate: number | null;
  /** The picture, where it has one. */
  video: Track | null;
  audio: Track[];
  text: Track[];
  /** Of the picture, where it has one. */
  fragments: number;
}

/** Files that belong together: qualities and languages of one title. */
export interface Title {
  name: string;
  /** Pictures first, the best of them first, then sound, then text. */
  media: Media[];
  /** One for each of `media`. */
  rungs: Rung[];
  /** Numbers of those that become the one file for download: a picture, and sound and text where these stand apart. */
  download: number[];
  /** What is odd, as plain sentences. */
  problems: string[];
}

/** What a manifest says of files. */
export interface Listing {
  /** Its own name. */
  name: string;
  files: {
    name: string;
    kind: Track['kind'] | null;
    trackId: number | null;
    /** Bits a second. */
    bitrate: number | null;
  }[];
}

export interface TitlesOptions {
  /** 'found' when absent: by manifests, and by names and lengths. Or all are one title, or each is one of its own. */
  together?: 'found' | 'one' | 'each';
  /** Bits a second that the picture for download may have. */
  maxBitrate?: number;
  /** Files whose pictures were chosen for download. */
  chosen?: readonly Media[];
  listings?: readonly Listing[];
}

export interface SetRequest {
  /**
   * What is asked of each file. Those of a title share one key, or one for each class of tracks; tracks cannot be named, and
   * keys cannot change along the way.
   */
  request: ProtectRequest;
  /** Whether each title becomes an `.mp4` for download; true when absent. */
  download?: boolean;
  /** Whether the files of a title with several become `.ismv`, `.isma` and `.ismt`; true when absent. */
  streaming?: boolean;
  /**
   * The plan that this one takes the place of: keys that were made for its titles stay, and what was opened for it is not opened
   * again. It is of no further use then.
   */
  before?: SetPlan;
}

/** One file that is written. */
export interface SetEntry {
  /** Number of its title. */
  title: number;
  media: Media;
  name: string;
  use: 'download' | 'streaming';
  /** To be carried out by its `media`. */
  plan: Plan;
  /** Number of the entry whose bytes it has, where it is a copy under another name. */
  same: number | null;
}

export interface SetPlan {
  entries: SetEntry[];
  /** What is called after each title, without an ending: no two are the same. */
  names: string[];
  /** Whether keys were made here at random that nobody else has. */
  keysAreNew: boolean;
  /** Closes what was opened for it. */
  close(): void;
}

/**
 * Removes what earlier pages left unfinished in browser storage, once for each page, and says how many bytes that were.
 * Opening a file does so too.
 */
export declare function sweepStorage(): Promise<number>;

/**
 * Fetches now what opening and protecting else fetch when they need it, once for each page, so that both work without a
 * connection later. Never fails: what cannot be had now is fetched when it is
 * needed, or by the next call.
 */
export declare function prefetch(): Promise<void>;

/**
 * Tells which of several files belong together: each initialization segment with its media segments, of one or several
 * renditions, by track IDs, times and names, in whatever order they come. Nothing is guessed. Of Files from a directory
 * input the folders count too. Fragments of Smooth Streaming that have no initialization segment get one that is made of the
 * client manifest among `manifests` that names them: it is the first of the parts then.
 */
export declare function arrange(
  files: readonly Blob[],
  options?: { signal?: AbortSignal; manifests?: readonly Blob[] },
): Promise<Arrangement>;

/**
 * Tells which of several open files are of one title, what is odd about them, and which quality is for download.
 */
export declare function titlesOf(media: readonly Media[], options?: TitlesOptions): Promise<Title[]>;

/**
 * Plans several files as one job. The files of a title share their keys; no two files of the job count from the same place,
 * so that no counter is used twice with a key. Carry each entry out with `entry.media.protect(entry.plan)`.
 */
export declare function planSet(
  titles: readonly Title[],
  wanted: SetRequest,
  options?: { signal?: AbortSignal; onProgress?: (progress: Progress) => void },
): Promise<SetPlan>;

/**
 * Opens a local file, bytes, or a URL of the page's own origin. Several Blobs or Files, an initialization segment and its
 * media segments in any order, are opened as the one file that they are; where they are not one, it fails with code
 * 'several-files' unless `merge` makes one of them, or with one of those of `Arrangement`. What is missing between them is in `summary().problems`.
 */
export declare function open(
  source: Blob | readonly Blob[] | Uint8Array | URL | string,
  options?: OpenOptions,
): Promise<Media>;

/**
 * Says what a text or some bytes are: base64, hex, a `pssh` box, a PlayReady object or header, header XML, a KID, a key seed, a
 * CPIX document, keys as lines or JSON, or a manifest of DASH, Smooth or HLS; what is wrong with it, and what it
 * would be in other forms. Never fails because of what it is given. `knownKids` are of the files that it may belong to.
 */
export declare function decode(
  source: string | Uint8Array | Blob,
  options?: { knownKids?: readonly string[] },
): Promise<Decoded>;

/**
 * What the PlayReady headers in something say of a key, as 32 hexadecimal digits or in base64, or of the keys that a key seed
 * makes: one answer for each key ID that they name. Fails with code 'bad-key' or 'bad-seed' where it is neither.
 */
export declare function checkKey(source: string | Uint8Array | Blob, key: string): Promise<KeyCheck[]>;

/** Builds headers without any file. */
export declare function build(request: BuildRequest): Promise<Decoded>;

/**
 * Reads keys: a CPIX document, a key sheet, JSON for ClearKey, or lines as Bento4, Shaka Packager and FFmpeg take them. The keys of
 * an encrypted document are there when `privateKey` is that of a recipient (PEM or DER, RSA): it is used by the browser's
 * own cryptography and not kept. `tracks` are those that keys are to be given to.
 */
export declare function readKeys(
  source: string | Uint8Array | Blob,
  options?: {
    knownKids?: readonly string[];
    tracks?: readonly KeyTrack[];
    privateKey?: string | Uint8Array | Blob;
  },
): Promise<KeyList>;

/**
 * Writes keys as a CPIX 2.3 document, encrypted for whom `certificates` are of (X.509 with RSA, PEM or DER) when some are given,
 * or as lines `KID:KEY`.
 */
export declare function writeKeys(
  keys: KeysToWrite | KeySheet,
  form: 'cpix' | 'lines',
  options?: { certificates?: readonly (string | Uint8Array | Blob)[] },
): Promise<string>;

/**
 * Reads a manifest of Smooth Streaming (.ism, .ismc), DASH (.mpd) or HLS (.m3u8), and holds it to its rules. With `files`, the
 * descriptions of the media that it is about, it is held to those too.
 */
export declare function readManifest(
  source: string | Uint8Array | Blob,
  options?: { files?: readonly DescribedFile[] },
): Promise<Manifest>;

/**
 * The segments of a quality that is one file (DASH with an index in each file), from that index: at `index` of the track, or
 * right behind its initialization range. `source` is the file, or reads ranges of it, of which there are few; it gives fewer bytes
 * where the file ends.
 */
export declare function readSegmentIndex(
  track: ManifestTrack,
  source: Blob | ((range: ByteRange) => Promise<Uint8Array>),
): Promise<IndexedTrack>;

/** Writes the manifests of a set of files; what one of the forms cannot say of them is told in `notes`. */
export declare function writeManifests(
  files: readonly DescribedFile[],
  wishes?: ManifestWishes,
): Promise<WrittenManifests>;

/** The command lines with which Bento4, Shaka Packager and FFmpeg decrypt a file. */
export declare function commandLines(keys: KeysToWrite | KeySheet): Promise<CommandLine[]>;

/**
 * The hand-over sheet of a protected file: what the licence server, the host, the app on Windows and the web page need. Only the
 * part for the licence server has keys.
 */
export declare function handOver(sheet: KeySheet, options?: HandOverOptions): Promise<HandOver>;

/** The files of the kit for Windows, as texts: snippets with the values of the file, a script, and what errors mean. */
export declare function windowsKit(
  sheet: KeySheet,
  options?: HandOverOptions,
): Promise<{ name: string; text: string }[]>;
