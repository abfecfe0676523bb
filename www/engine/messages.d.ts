/** What passes between the page and its workers. */

import type {
  BoxNode,
  BoxView,
  ByteRange,
  CommandLine,
  Decoded,
  DescribedFile,
  Difference,
  FileComparison,
  FileFindings,
  Form,
  KeyCheck,
  KeyList,
  KeysToWrite,
  ListWindow,
  MadeKey,
  Manifest,
  ManifestWishes,
  OfflineCheck,
  Plan,
  PlannedPssh,
  PlannedTrack,
  PlaybackInfo,
  ProtectRequest,
  Progress,
  SampleAt,
  SamplePage,
  SampleTimeline,
  SampleView,
  SegmentIndex,
  SourceKeyRequest,
  Summary,
  Track,
  UndonePart,
  Verification,
  SmoothHeader,
  WrittenManifests,
} from '../types';
import type { Origin } from './several.js';
import type { Written } from '../files/sink.js';
import type { Part, Place } from '../files/witness.js';

/** Addresses of what is fetched on demand: each worker is one script. */
export interface Assets {
  leader: URL;
  protector: URL;
  writer: URL;
  keysWorker: URL;
  /** The module that opens files and looks at them. */
  look: URL;
  /** The whole engine, which workers share. */
  engine: URL;
  /** The module of keys. */
  keys: URL;
}

/** Where keys and headers come from. */
export type KeySourceText = string | Uint8Array | Blob;

/** What the worker of keys does. Bytes are what was typed or read; requests cross as JSON, which the module wipes. */
export interface KeyMethods {
  decode: { args: { bytes: Uint8Array; known: string }; result: Decoded };
  check: { args: { bytes: Uint8Array; key: string }; result: KeyCheck[] };
  build: { args: { request: string }; result: Decoded };
  read: {
    args: { bytes: Uint8Array; known: string; tracks: string; privateKey: Uint8Array | null };
    result: KeyList;
  };
  write: {
    args: { request: KeysToWrite; form: 'cpix' | 'lines'; certificates: Uint8Array[] };
    result: string;
  };
  commands: { args: { request: string }; result: CommandLine[] };
  manifest: { args: { bytes: Uint8Array; files: readonly DescribedFile[] }; result: Manifest };
  index: { args: { bytes: Uint8Array; places: number[]; from: ByteRange }; result: SegmentIndex };
  header: { args: { bytes: Uint8Array; track: number; heads: Uint8Array }; result: SmoothHeader };
  manifests: { args: { files: readonly DescribedFile[]; wishes: ManifestWishes }; result: WrittenManifests };
}

export type KeyMethod = keyof KeyMethods;

/** To the worker of keys, and back. */
export type ToKeys =
  | {
      [M in KeyMethod]: {
        id: number;
        method: M;
        args: KeyMethods[M]['args'];
        engine: WebAssembly.Module | string;
      };
    }[KeyMethod]
  | Wipe;
export type FromKeys =
  { id: number; result: unknown } | { id: number; error: PostedError; dead: boolean } | { alive: string };

/** Where fragments are that stand side by side. */
export interface Stretch {
  start: number;
  /** Bytes of the first head. */
  moofLen: number;
  end: number;
  /** Samples in all fragments before them. */
  firstSample: number;
}

/** Fragments to protect that stand side by side. */
export type Order = Stretch & {
  /** What the core says of them, for itself. */
  tasks: Uint8Array;
  /** What their bytes are made of, when they do not stand in the source from `start` to `end`. */
  pieces?: Piece[];
};

/** One of several files that become one. */
export interface MergedFile {
  name: string;
  size: number;
}

/** Bytes that are made, or a range of the source. */
export type Piece = { bytes: Uint8Array } | { start: number; len: number };

/** One piece of the output, in order. */
export type Step =
  | { kind: 'bytes'; bytes: Uint8Array }
  | { kind: 'copy'; start: number; len: number; pieces?: Piece[] }
  | { kind: 'fragments'; order: Order }
  | { kind: 'file' }
  | { kind: 'index' };

/** Bytes that stand around the fragments of what was written. */
export interface FramePart {
  at: number;
  bytes: Uint8Array<ArrayBuffer>;
}

/** What is known of what was written, to be held against what stands there later. */
export interface Remains {
  /** What stands around the fragments. */
  frame: FramePart[];
  /** What tells the heads of all fragments from others; nothing where some were put right afterwards. */
  heads: Uint32Array | null;
  /** IDs of the tracks of which something was encrypted. */
  tracks: Uint32Array;
}

/** What a finished protection leaves. */
export interface Protected {
  /** Where it was written, when that is a file. */
  handle: FileSystemFileHandle | null;
  /** The file itself, when the browser has no storage to write to. */
  blob: Blob | null;
  /** Name of the copy in browser storage, when there is one. */
  stored: string | null;
  /** Whether it went to the browser's downloads, and nothing of it is left here. */
  streamed?: boolean;
  /** Whether it went into a folder. */
  folder?: boolean;
  /** Names of the files that were written. */
  files: string[];
  /** Where they stand in an archive. */
  places?: { start: number; size: number }[];
  /** What a protected file said of its encryption that became something else. */
  changes?: Difference[];
  /** Where it was computed on the way. */
  sha256: string | null;
  size: number;
  seconds: number;
  keys: MadeKey[];
  scheme: string;
  cipher: string;
  form: Form;
  /** How samples are given their IVs, in words. */
  ivForm: string;
  playreadyObject: string;
  pssh: PlannedPssh[];
  laUrl: string;
  tracks: PlannedTrack[];
  undoes: UndonePart[];
  forTests: boolean;
  offline: OfflineCheck[];
  remains: Remains;
}

/** Samples as the engine gives them: all rows as numbers, in `page` those alone that are encrypted. */
export interface PackedSamples {
  page: SamplePage;
  /** What rows are in. */
  groups: string[][];
  /** See `src/report/rows.rs`. */
  numbers: Float64Array;
}

/** The leading worker's methods: arguments and results. */
export interface Methods {
  open: {
    /**
     * `files` are those that become one, when there are several: `blob` has their bytes one behind the other. `starts` is where
     * the parts begin that it was put together of.
     */
    args: { blob: Blob; files: MergedFile[]; starts: number[]; look: WebAssembly.Module | string };
    /** `origins` says of each track of several files where its own begins in `blob`. */
    result: { summary: Omit<Summary, 'name'>; tracks: Track[]; origins: Float64Array };
  };
  tree: { args: ListWindow; result: BoxNode[] };
  children: { args: { path: string } & ListWindow; result: BoxNode[] };
  box: { args: { path: string; from: number; count: number }; result: BoxView };
  describe: { args: { name: string }; result: DescribedFile };
  overview: { args: { parts: number }; result: { stride: number; types: string[] } };
  /** What is found comes along with its progress; the result is how many boxes that are. */
  search: { args: { text: string }; result: number };
  findBytes: { args: { text: string }; result: number };
  samples: { args: { track: number } & ListWindow; result: PackedSamples };
  sampleAt: { args: { offset: number; keys: SourceKeyRequest[] }; result: SampleAt | null };
  sampleAtTime: { args: { track: number; seconds: number }; result: number | null };
  sample: { args: { track: number; number: number; keys: SourceKeyRequest[] }; result: SampleView };
  timeline: { args: { track: number }; result: SampleTimeline };
  tfxd: { args: { track: number; from: number }; result: (number | null)[] };
  read: { args: { start: number; end: number }; result: Uint8Array };
  /** With the random values that the plan was made with: the plan itself has no secrets. */
  plan: {
    args: { request: ProtectRequest };
    result: { plan: Omit<Plan, 'suggestedName'>; random: Uint8Array };
  };
  protect: {
    args: {
      request: ProtectRequest;
      /** Those of the plan to be carried out; drawn when there is none. */
      random: Uint8Array | undefined;
      /** The files that it was put together of, and where they came from. */
      parts: readonly Part[];
      sink: FileSystemFileHandle | FileSystemDirectoryHandle | null;
      /** What the only file is called. */
      name: string;
      /** What the file in browser storage is called. */
      stored: string;
      /** What the file is called that the browser downloads while it is made; null where it does not. */
      download: string | null;
      workers: number;
    };
    result: Protected;
  };
  /**
   * `other` is what was made of the open file, which is its `source`; or the clear source of the open file, which is protected,
   * if there is one.
   */
  verify: {
    args: {
      other: Origin | null;
      source: boolean;
      /** Of the file that is verified. */
      keys: SourceKeyRequest[];
      /** Of its source, where that is protected too. */
      sourceKeys: SourceKeyRequest[];
      /** What is known of what was written. */
      remains: Remains | null;
      workers: number;
    };
    result: Verification;
  };
  findings: { args: Record<string, never>; result: FileFindings };
  /** `other` is the file that the open one is compared with; `keys` are those of the two. */
  compare: {
    args: { other: Origin; keys: SourceKeyRequest[][]; workers: number };
    result: FileComparison;
  };
  offline: { args: Record<string, never>; result: OfflineCheck[] };
  hash: { args: { blob: Blob }; result: string };
  playback: { args: Record<string, never>; result: { info: PlaybackInfo; init: Uint8Array } };
  /** Undefined after the last fragment. */
  playable: { args: { number: number }; result: Uint8Array | undefined };
}

export type Method = keyof Methods;

/** The last word to a worker that may hold keys: it wipes them out, says `wiped`, and ends. */
export interface Wipe {
  wipe: true;
}

export type ToLead =
  /** With the whole engine, or its address, as it is at hand then: some calls need it. */
  | {
      [M in Method]: { id: number; method: M; args: Methods[M]['args']; engine: WebAssembly.Module | string };
    }[Method]
  | { id: number; abort: true }
  /** From one of the crew, carried by the page. */
  | { id: number; from: number; message: FromCrew };

/** An error in a form that can be posted. */
export interface PostedError {
  message: string;
  code: string;
  kind: 'file' | 'caller' | 'limit' | 'unsupported' | 'environment';
  path?: string;
  offset?: number;
  field?: string;
  /** What the browser said, for whoever looks for the reason. */
  cause?: string;
  /** The signal's own way of saying that the caller no longer wants an answer. */
  aborted?: true;
}

/** The first word of every worker: the lock that it holds while it lives, or nothing where there are no locks. */
export interface Alive {
  alive: string;
}

export type FromLead =
  | Alive
  | { id: number; result: unknown }
  /** `dead` says that the engine can do no more. */
  | { id: number; error: PostedError; dead: boolean }
  | { id: number; progress: Progress }
  /** To one of the crew, for the page to carry. `transfer` changes hands. */
  | { id: number; to: number; message: ToCrew; transfer: Transferable[] };

/** To a protecting worker: first the set-up, then batches and large fragments, and word of what is written of these. */
export type ToProtector =
  /** The engine, or its address, which will be used. */
  | { start: WebAssembly.Module | string }
  | {
      setUp: {
        /** The engine, or its address. */
        engine: WebAssembly.Module | string;
        blob: Blob;
        moov: Uint8Array;
        request: ProtectRequest;
        random: Uint8Array;
      };
    }
  | {
      /** Instead of the set-up: the files whose fragments are to be looked at, and the keys that each is protected with. */
      examiners: {
        engine: WebAssembly.Module | string;
        /** No keys where samples are compared as they stand; or only their bytes are, however these are encrypted. */
        files: {
          blob: Blob;
          moov: Uint8Array;
          keys: SourceKeyRequest[] | null;
          bytesAlone?: boolean;
        }[];
      };
    }
  /** Fragments of one of these files; of one too large to hold without its bytes. */
  | { examine: { id: number; side: number; order: Order; bytes: Uint8Array<ArrayBuffer> | null } }
  | { batch: { id: number; order: Order; bytes: Uint8Array<ArrayBuffer> } }
  | { large: { id: number; order: Order } }
  | { written: { buffer: ArrayBuffer } };

/**
 * A stretch of a batch's output, in order. With the last chunk: `lengths`, those of its fragments, `tallies`, what became
 * of the samples, and of a large fragment `places`, some of what was read.
 */
export interface Chunk {
  output: Uint8Array<ArrayBuffer>;
  sourceEnd: number;
  lengths: Float64Array | null;
  tallies: Float64Array | null;
  /** What tells the new heads of the fragments from others. */
  heads?: Uint32Array;
  places?: Place[];
  /** Of fragments that were looked at: why they could not be. */
  fault?: PostedError;
  /** Of fragments that were looked at: the buffer that they came in. */
  spare?: ArrayBuffer;
}

/** `failed`, said by the page, means that the worker cannot be started. */
export type FromProtector =
  { chunk: { id: number } & Chunk } | { error: PostedError } | { failed: PostedError };

/**
 * To the writing worker: first `open`, then bytes in order, then patches, which end the file; or the end of all. The
 * page, and nobody else, says by `finish` whether the file is to be finished: after that it is a result. `downloading` is the
 * way to the download that it was asked to begin, or why there is none.
 */
export type ToWriter =
  | {
      open: FileSystemFileHandle | FileSystemDirectoryHandle | null;
      size: number;
      stored: string;
      download: string | null;
      /** The files to write, when there are several. */
      files: { name: string; size: number }[] | null;
    }
  /** What comes next is in the next file. */
  | { next: true }
  | { bytes: Uint8Array<ArrayBuffer> }
  | { patches: { at: number; bytes: Uint8Array<ArrayBuffer> }[] }
  | { finish: boolean }
  | { downloading: MessagePort | PostedError }
  | { abort: true };

/**
 * One answer to each message but `finish` and `downloading`, in order; `buffer` is that of the bytes, `written` what is left
 * at the end, `aborted` says that nothing is. To the page alone: `finishing` asks whether to, `download` asks for one of this
 * name, `streaming` says every few seconds that it is still being written.
 */
export type FromWriter =
  | { done: true; buffer?: ArrayBuffer; written?: Written; aborted?: true }
  | { finishing: true }
  | { download: string }
  | { streaming: true }
  | { error: PostedError }
  | { failed: PostedError };

export type ToCrew = ToProtector | ToWriter;
export type FromCrew = FromProtector | FromWriter;
