/**
 * Boxlock's public module: opens media files of any size without reading them into memory, shows what is in them, and
 * protects them with PlayReady. Nothing leaves the computer. Safe to import from any page.
 */

import { fetchAhead } from './engine/ahead.js';
import { Bridge } from './engine/bridge.js';
import { Crew, workersOf } from './engine/crew.js';
import { BoxlockError, callerError, environmentError, fromPosted, toPosted } from './engine/errors.js';
import { Result } from './engine/result.js';
import { canDownload } from './files/downloads.js';
import { during } from './files/faults.js';
import { discard, hasStorage, hold, newName, sweep } from './files/stored.js';

/** @import * as Types from './types' */
/** @import { Assets, Method, Methods } from './engine/messages' */
/** @import { CallOptions } from './engine/bridge.js' */
/** @import { FarSource, Origin, Source, SourcePart } from './engine/several.js' */

export { BoxlockError };

/** Most boxes that are listed at a time. */
const LISTED = 10_000;

/** Most bytes that `hex` gives at a time. */
const HEX_MAX = 1 << 20;

/**
 * Where the workers and the engine are. Bundlers look for this form, in the module that an application imports. Only on
 * demand, because programs without a browser import this module too.
 * @returns {Assets}
 */
const assets = () => ({
  leader: new URL('./engine/worker.js', import.meta.url),
  protector: new URL('./engine/protector-worker.js', import.meta.url),
  writer: new URL('./engine/writer-worker.js', import.meta.url),
  keysWorker: new URL('./engine/keys-worker.js', import.meta.url),
  look: new URL('./engine/wasm/boxlock_look_bg.wasm', import.meta.url),
  engine: new URL('./engine/wasm/boxlock_engine_bg.wasm', import.meta.url),
  keys: new URL('./engine/wasm/boxlock_keys_bg.wasm', import.meta.url),
});

/** @type {Promise<number> | undefined} */
let swept;

/**
 * Removes what earlier pages left unfinished in browser storage, once for each page. Says how many bytes that were.
 * @returns {Promise<number>}
 */
export function sweepStorage() {
  swept ??= sweep().catch(() => 0);
  return swept;
}

/** @type {Promise<void> | undefined} */
let ahead;

/**
 * Fetches now what opening and protecting else fetch when they need it, once for each page: without a connection
 * nothing is lost then. What cannot be had now is fetched when it is needed, or by the next call.
 * @returns {Promise<void>}
 */
export function prefetch() {
  // A browser does not ask again for a module that it once could not get: whoever needs it is told.
  const more = [several(), ofKeys(), ofTitles(), toOthers()].map((part) => part.catch(() => {}));
  ahead ??= Promise.all([fetchAhead(assets()), mustDownload(), ...more]).then(([whole]) => {
    // The next call tries again.
    if (!whole) ahead = undefined;
  });
  return ahead;
}

/**
 * Opens a local file, several that are one, bytes, or a URL.
 * @param {Blob | readonly Blob[] | Uint8Array | URL | string | FarSource} source
 * @param {Types.OpenOptions} [options]
 * @returns {Promise<Types.Media>}
 */
export async function open(source, options = {}) {
  if (typeof Worker === 'undefined')
    throw environmentError(
      'no-workers',
      'Boxlock opens files in browsers only: there are no workers here. On a server it can be imported, but not used.',
    );
  void sweepStorage();
  const { blob, name, parts, files, warnings, leader } = await load(source, options);
  const bridge = new Bridge({ ...assets(), ...(leader && { leader }) });
  try {
    const starts = parts.map(({ start }) => start);
    const found = await bridge.open(blob, files, starts, options).catch((error) => naming(error, parts));
    const { summary } = found;
    const problems = [...warnings.map((message) => ({ message })), ...summary.problems];
    const tracks = files.length > 0 ? (await several()).withOrigins(found, files) : found.tracks;
    const origin = { blob, starts, files };
    return new OpenMedia(bridge, { name, ...summary, problems }, tracks, parts, origin);
  } catch (error) {
    bridge.close();
    throw error;
  }
}

/**
 * Tells which of several files belong together.
 * @param {readonly Blob[]} files
 * @param {{ signal?: AbortSignal, manifests?: readonly Blob[] }} [options]
 * @returns {Promise<Types.Arrangement>}
 */
export async function arrange(files, options = {}) {
  return (await several()).arrange(files, options, assets());
}

/** What is needed of several files only. */
const several = () => fetched(import('./engine/several.js'));

/** What is needed of files that belong together. */
const ofTitles = () => fetched(Promise.all([import('./engine/titles.js'), import('./engine/set-plan.js')]));

/** @type {typeof Types.titlesOf} */
export const titlesOf = async (media, options = {}) => (await ofTitles())[0].titlesOf(media, options);

/** @type {typeof Types.planSet} */
export const planSet = async (titles, wanted, options = {}) =>
  (await ofTitles())[1].planSet(titles, wanted, (media) => OpenMedia.merged(media, options), options);

/** What is needed of keys, headers and manifests without a file. */
const ofKeys = () => fetched(import('./engine/keys.js'));

/** What others need of a result. */
const toOthers = () => fetched(import('./engine/handover.js'));

/** @type {typeof Types.handOver} */
export const handOver = async (sheet, options) => (await toOthers()).handOver(sheet, options);

/** @type {typeof Types.windowsKit} */
export const windowsKit = async (sheet, options) => (await toOthers()).windowsKit(sheet, options);

/**
 * @template T
 * @param {Promise<T>} part of the module
 */
async function fetched(part) {
  try {
    return await during('fetch', part);
  } catch (error) {
    throw fromPosted(toPosted(error));
  }
}

/** @type {typeof Types.decode} */
export const decode = async (source, options = {}) => (await ofKeys()).decode(assets(), source, options);

/** @type {typeof Types.checkKey} */
export const checkKey = async (source, key) => (await ofKeys()).checkKey(assets(), source, key);

/** @type {typeof Types.build} */
export const build = async (request) => (await ofKeys()).build(assets(), request);

/** @type {typeof Types.readKeys} */
export const readKeys = async (source, options = {}) => (await ofKeys()).readKeys(assets(), source, options);

/** @type {typeof Types.writeKeys} */
export const writeKeys = async (keys, form, options = {}) =>
  (await ofKeys()).writeKeys(assets(), keys, form, options);

/** @type {typeof Types.commandLines} */
export const commandLines = async (keys) => (await ofKeys()).commandLines(assets(), keys);

/** @type {typeof Types.readManifest} */
export const readManifest = async (source, options = {}) =>
  (await ofKeys()).readManifest(assets(), source, options);

/** @type {typeof Types.readSegmentIndex} */
export const readSegmentIndex = async (track, source) =>
  (await ofKeys()).readSegmentIndex(assets(), track, source);

/** @type {typeof Types.writeManifests} */
export const writeManifests = async (files, wishes = {}) =>
  (await ofKeys()).writeManifests(assets(), files, wishes);

/**
 * Fails as a call did, and says of several files which is to blame.
 * @param {unknown} error
 * @param {readonly SourcePart[]} parts
 * @returns {Promise<never>}
 */
async function naming(error, parts) {
  throw parts.length > 1 ? await (await several()).naming(error, parts) : error;
}

/**
 * @param {Blob | readonly Blob[] | Uint8Array | URL | string | FarSource} source
 * @param {Types.OpenOptions} options
 * @returns {Promise<Source>}
 */
async function load(source, options) {
  const { name, handle, signal } = options;
  if (Array.isArray(source) && source.length !== 1) return (await several()).joined(source, options);
  const one = Array.isArray(source) ? source[0] : source;
  const own = Array.isArray(handle) ? (handle[0] ?? null) : (handle ?? null);
  /** @param {Blob} blob @param {string} called */
  const whole = (blob, called) => ({
    blob,
    name: name ?? called,
    parts: [{ file: blob, handle: own, label: name ?? called, start: 0 }],
    files: [],
    warnings: [],
  });
  if (one instanceof Blob) return whole(one, fileName(one));
  if (one instanceof Object && 'leader' in one)
    return { ...whole(/** @type {Blob} */ (one.place), 'file'), leader: one.leader };
  if (one instanceof Uint8Array)
    return whole(new Blob([/** @type {Uint8Array<ArrayBuffer>} */ (one)]), 'file');
  const url = new URL(one, pageBase());
  const response = await fetch(url, signal ? { signal } : {}).catch((error) => {
    if (error?.name === 'AbortError') throw error;
    throw environmentError(
      'fetch',
      `${url.pathname} could not be loaded, because the network cannot be reached or this page forbids it. ` +
        'Try again when it can; what is open stays open.',
    );
  });
  if (!response.ok) {
    throw environmentError(
      'fetch',
      `${url.pathname} could not be loaded: the server answered ${response.status}.`,
    );
  }
  const last = decodeURIComponent(url.pathname.split('/').at(-1) ?? '');
  return whole(await response.blob(), last || 'file');
}

/** @param {Blob} blob */
const fileName = (blob) => ('name' in blob ? String(blob.name) : 'file');

/** Relative URLs count from the page. */
const pageBase = () => globalThis.location.href;

/** @implements {Types.Media} */
class OpenMedia {
  #bridge;
  #parts;
  #origin;
  #summary;
  #tracks;
  /**
   * What plans were made from: with it a plan is carried out as it was shown, and keys stay out of the plans themselves.
   * @type {WeakMap<object, Order>}
   */
  #orders = new WeakMap();
  /** The random values in them. @type {Set<Uint8Array>} */
  #randoms = new Set();
  #closed = false;

  /**
   * @param {Bridge} bridge
   * @param {Types.Summary} summary
   * @param {Types.Track[]} tracks
   * @param {SourcePart[]} parts
   * @param {Origin} origin
   */
  constructor(bridge, summary, tracks, parts, origin) {
    this.#bridge = bridge;
    this.#parts = parts;
    this.#origin = origin;
    this.#summary = summary;
    this.#tracks = tracks;
    this.name = summary.name;
    this.size = summary.size;
    this.parts = parts.map(({ file, label, start }) => ({ name: label, start, size: file.size }));
  }

  /**
   * @template {Method} M
   * @param {M} method
   * @param {Methods[M]['args']} args
   * @param {CallOptions} [options]
   * @returns {Promise<Methods[M]['result']>}
   */
  #ask(method, args, options) {
    return this.#bridge.call(method, args, options).catch((error) => naming(error, this.#parts));
  }

  summary() {
    return this.#summary;
  }

  tracks() {
    return this.#tracks;
  }

  /** @param {Types.ListWindow} [window] */
  tree(window = { from: 0, count: LISTED }) {
    return this.#ask('tree', { ...window });
  }

  /**
   * @param {string} path
   * @param {Types.ListWindow} [window]
   */
  children(path, window = { from: 0, count: LISTED }) {
    return this.#ask('children', { path, ...window });
  }

  /**
   * @param {string} path
   * @param {{ from: number, count: number }} [window]
   */
  box(path, window = { from: 0, count: 1000 }) {
    return this.#ask('box', { path, ...window });
  }

  /** @param {string} [name] */
  describe(name = this.name) {
    return this.#ask('describe', { name });
  }

  /** @param {number} parts */
  overview(parts) {
    return this.#ask('overview', { parts });
  }

  /** @type {Types.Media['search']} */
  search = (text, options) => this.#ask('search', { text }, /** @type {CallOptions} */ (options));

  /** @type {Types.Media['findBytes']} */
  findBytes = (text, options) => this.#ask('findBytes', { text }, /** @type {CallOptions} */ (options));

  /** @type {Types.Media['samples']} */
  samples = async (track, window = { from: 0, count: 1000 }) => {
    const packed = await this.#ask('samples', { track, ...window });
    return (await fetched(import('./engine/sample-rows.js'))).rowsOf(packed);
  };

  /** @type {Types.Media['sampleAt']} */
  sampleAt = (offset, keys = []) => this.#ask('sampleAt', { offset, keys });

  /** @type {Types.Media['sampleAtTime']} */
  sampleAtTime = (track, seconds) => this.#ask('sampleAtTime', { track, seconds });

  /** @type {Types.Media['sample']} */
  sample = (track, number, keys = []) => this.#ask('sample', { track, number, keys });

  /** @type {Types.Media['timeline']} */
  timeline = (track) => this.#ask('timeline', { track });

  /** @type {Types.Media['tfxd']} */
  tfxd = (track, from = 0) => this.#ask('tfxd', { track, from });

  /** @param {{ start: number, end: number }} range */
  hex({ start, end }) {
    return this.#ask('read', { start, end: Math.min(end, start + HEX_MAX, this.size) });
  }

  /**
   * @param {Types.ProtectRequest} request
   * @param {{ signal?: AbortSignal, onProgress?: (progress: Types.Progress) => void }} [options]
   * @returns {Promise<Types.Plan>}
   */
  async plan(request, options) {
    const copy = copyOf(request);
    const { plan, random } = await this.#ask('plan', { request: copy }, options);
    const made = { ...plan, suggestedName: suggestName(this.name, request) };
    this.#orders.set(made, { request: copy, random });
    this.#randoms.add(random);
    planned.add(made);
    return made;
  }

  /**
   * @param {Types.Plan | Types.ProtectRequest} planOrRequest
   * @param {Types.ProtectOptions} [options]
   * @returns {Promise<Types.ProtectResult>}
   */
  async protect(planOrRequest, options = {}) {
    const order = this.#orderOf(planOrRequest);
    const workers = workersOf(options);
    const sink = options.sink ?? null;
    if (sink?.kind === 'directory' && !order.request.segments)
      throw callerError('bad-sink', 'A folder is for segments. Give a file, or ask for segments.');
    const name = sink?.name ?? options.name ?? suggestName(this.name, order.request);
    const download = options.download && !sink && (await mustDownload()) ? name : null;
    const chosen = sink?.kind === 'directory' ? 'folder' : 'chosen';
    const lasting = sink ? chosen : download === null ? null : 'downloads';
    const crew = new Crew(workers, assets(), lasting);
    const running = { ...options, crew };
    const parts = this.#parts.map(({ file, handle }) => ({ file, handle }));
    const stored = newName();
    await hold(stored);
    let made;
    try {
      made = await this.#ask('protect', { ...order, parts, sink, name, stored, download, workers }, running);
    } finally {
      if (!made?.stored) void discard(stored);
    }
    const folder = sink?.kind === 'directory' ? sink : null;
    return new Result(this.#bridge, made, name, folder, (other, options) => {
      const keys = made.keys.map(({ kid, key }) => ({ kid: kid.uuid, key }));
      // What was kept as it is needs none.
      const sourceKeys = made.changes ? [] : (order.request.sourceKeys ?? []);
      return this.#verify({ other, source: true, keys, sourceKeys, remains: made.remains }, options);
    });
  }

  /**
   * @param {Types.SourceKeyRequest[]} keys
   * @param {Types.VerifyOptions & { source?: Types.Media | Blob | readonly Blob[] }} [options]
   */
  async verify(keys, { source, ...options } = {}) {
    const copies = keys.map((key) => ({ ...key }));
    const other = source ? await this.#originOf(source) : null;
    return this.#verify({ other, source: false, keys: copies, sourceKeys: [], remains: null }, options);
  }

  /**
   * Where the bytes of another file are.
   * @param {Types.Media | Blob | readonly Blob[]} source
   * @returns {Promise<Origin>}
   */
  async #originOf(source) {
    if (source instanceof OpenMedia) return source.#origin;
    const { blob, parts, files } = await load(/** @type {Blob | readonly Blob[]} */ (source), {});
    return { blob, starts: parts.map(({ start }) => start), files };
  }

  /**
   * @param {Omit<Methods['verify']['args'], 'workers'>} args
   * @param {Types.VerifyOptions} options
   */
  #verify(args, options) {
    const workers = workersOf(options);
    const crew = new Crew(workers, assets(), null);
    return this.#ask('verify', { ...args, workers }, { ...options, crew });
  }

  /**
   * A plan has a key and counters that no other file may be given, so it is carried out by the media it was made by.
   * @param {Types.Plan | Types.ProtectRequest} planOrRequest
   */
  #orderOf(planOrRequest) {
    if (this.#closed) throw environmentError('closed', 'This file was closed.');
    const order = this.#orders.get(planOrRequest);
    if (order) return order;
    if (planned.has(planOrRequest))
      throw callerError(
        'plan-other-file',
        'This plan was made for another file. Make one for this file: no two files may share a key and its counters.',
      );
    if (Object.hasOwn(Object(planOrRequest), 'headerXml'))
      throw callerError(
        'plan-copied',
        'This is a copy of a plan, and copies have no key. Pass the plan itself, as plan() gave it, or the request.',
      );
    return { request: copyOf(/** @type {Types.ProtectRequest} */ (planOrRequest)), random: undefined };
  }

  /** @type {Types.Media['findings']} */
  findings = (options) => this.#ask('findings', {}, options);

  /** @type {Types.Media['compare']} */
  compare = async (other, { keys = [], otherKeys = [], ...options } = {}) => {
    const copies = [keys, otherKeys].map((all) => all.map((key) => ({ ...key })));
    const [workers, origin] = [workersOf(options), await this.#originOf(other)];
    const crew = new Crew(workers, assets(), null);
    return this.#ask('compare', { other: origin, keys: copies, workers }, { ...options, crew });
  };

  offline = () => this.#ask('offline', {});

  async playback() {
    const { info, init } = await this.#ask('playback', {});
    /** @param {number} number @param {CallOptions} [options] */
    const playable = (number, options) => this.#ask('playable', { number }, options);
    /** @param {{ signal?: AbortSignal }} [options] */
    async function* fragments(options) {
      for (let number = 0; ; number++) {
        const bytes = await playable(number, options);
        if (!bytes) return;
        if (bytes.length > 0) yield bytes;
      }
    }
    return { info, init, fragments };
  }

  /**
   * Open files as the one that they can be made.
   * @param {readonly Types.Media[]} media
   * @param {{ signal?: AbortSignal }} options
   */
  static merged(media, { signal }) {
    const parts = media.flatMap((each) => (each instanceof OpenMedia ? each.#parts : []));
    const handle = parts.map((part) => part.handle);
    return open(
      parts.map(({ file }) => file),
      { merge: true, handle, ...(signal ? { signal } : {}) },
    );
  }

  close() {
    this.#closed = true;
    // Orders hold typed keys and seeds.
    this.#orders = new WeakMap();
    this.#bridge.close();
    for (const random of this.#randoms) random.fill(0);
    this.#randoms.clear();
  }
}

/** Whether the browser has no storage for a result, and can download it while it is made. */
async function mustDownload() {
  return !(await hasStorage()) && canDownload();
}

/**
 * What a plan was made from. Each has random values of its own, so that no two share a key stream.
 * @typedef {{ request: Types.ProtectRequest, random: Uint8Array | undefined }} Order
 */

/**
 * What changes in a request after it was given has no part in what comes of it.
 * @param {Types.ProtectRequest} request
 */
function copyOf(request) {
  const copy = { ...request };
  if (Array.isArray(copy.keys)) copy.keys = copy.keys.map((key) => ({ ...key }));
  if (Array.isArray(copy.sourceKeys)) copy.sourceKeys = copy.sourceKeys.map((key) => ({ ...key }));
  return copy;
}

/**
 * Every plan of this page, whichever file it is for.
 * @type {WeakSet<object>}
 */
const planned = new WeakSet();

/**
 * The offline scenario wants the extension `.mp4`.
 * @param {string} name
 * @param {Types.ProtectRequest} request
 */
function suggestName(name, { scheme, segments, sourceKeys }) {
  const stem = name.replace(/\.(ismv|isma|mp4|m4v|m4a|mov|cmfv|cmfa)$/i, '');
  if (segments) return `${stem}.zip`;
  // The clear file must not be overwritten by a save into its own folder.
  if (scheme === 'none' && sourceKeys) return `${stem}.clear.mp4`;
  const what = scheme === 'none' ? 'fragmented' : scheme === 'keep' ? 'changed' : 'protected';
  return /\.mp4$/i.test(name) ? `${stem}.${what}.mp4` : `${stem}.mp4`;
}
