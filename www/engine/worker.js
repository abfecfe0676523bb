/** The leading worker: holds one opened file, answers about it, and leads its protection. */

import { ByteSearch, Checker, Comparer, Protector, Sha256, Verifier } from './wasm/boxlock_engine.js';
// Here, so that in the bundle the two modules' glue stands side by side: servers compress by what was in the 32 KB before.
import { OpenFile, openFile, openWhole } from './worker-file.js';
import { cancelled } from '../files/faults.js';
import { headsOf } from '../files/heads.js';
import { BlobStream } from '../files/stream.js';
import { Witness } from '../files/witness.js';
import { compare } from './compare.js';
import { callerError, environmentError, isTrap, toPosted } from './errors.js';
import { live } from './lifeline.js';
import { measure } from './measure.js';
import { Pause } from './pause.js';
import { protect } from './protect.js';
import { segmentFiles } from './segments.js';
import { ivFormOf } from './sheet.js';
import { checkRemains, verify } from './verify.js';
import { startEngine, wipeAndEnd, wipeEngine } from './worker-engine.js';

/** @import { File as CoreFile } from './wasm/boxlock_engine.js' */
/** @import { Order, FromCrew, FromLead, Methods, Method, ToLead, Wipe } from './messages' */
/** @import { Line } from './pool.js' */
/** @import { Progress } from '../types' */
/** @import * as Types from '../types' */

/**
 * What a running call can do besides its work.
 * @typedef {object} Running
 * @property {AbortSignal} signal
 * @property {(progress: Progress) => void} report
 * @property {Line} line
 * @property {WebAssembly.Module | string} engine the whole of it, or its address
 */

/** @type {OpenFile | null} */
let opened = null;

/** The core puts one output together at a time. */
let protecting = false;

/**
 * The plan that is being worked out, if one is: what is measured goes by the plan made last.
 * @type {Promise<unknown>}
 */
let planning = Promise.resolve();

/** Fragments larger than this are not looked at before planning. */
const LOOK_BYTES = 64 << 20;

const NOTHING = new Uint8Array();

/** Bytes hashed, or looked through, at a time. */
const PASS_BYTES = 1 << 20;

/** @type {{ [M in Method]: (args: Methods[M]['args'], running: Running) => Promise<Methods[M]['result']> }} */
export const methods = {
  async open(args, running) {
    opened = await openFile(args, running);
    const { core } = opened;
    const origins = 'origins' in core ? core.origins() : new Float64Array();
    return { summary: core.summary(), tracks: core.tracks(), origins };
  },

  async tree({ from, count }) {
    return file().core.tree(from, count);
  },

  async children({ path, from, count }) {
    return file().core.children(path, from, count);
  },

  async box({ path, from, count }) {
    return file().core.fields(path, from, count);
  },

  async describe({ name }, running) {
    const { core } = await file().working(running);
    return core.describe(name);
  },

  async overview({ parts }) {
    return file().core.overview(parts);
  },

  async search({ text }, { signal, report }) {
    const open = file();
    const search = open.search(text);
    /** @type {() => Types.SearchProgress} */
    const found = () => ({ stage: 'search', ...search.found() });
    try {
      const pause = new Pause(signal);
      const heads = headsOf(open.reader.blob);
      heads.expect(search.starts());
      for (let need = search.needs(); need; need = search.needs()) {
        search.feed(need.len > 0 ? await open.head(heads, need) : NOTHING);
        await pause.now(() => report(found()));
      }
      const last = found();
      report(last);
      return last.hits;
    } finally {
      search.free();
    }
  },

  async findBytes({ text }, { signal, report, engine }) {
    await startEngine(engine);
    const open = file();
    const { blob } = open.reader;
    const search = new ByteSearch(text);
    try {
      const pause = new Pause(signal);
      const heads = headsOf(blob);
      const total = open.core.summary().size;
      /** @param {number} done @returns {Types.ByteSearchProgress} */
      const found = (done) => ({ stage: 'bytes', done, total, ...search.found() });
      for (let at = 0; at < total; at += PASS_BYTES) {
        const len = Math.min(PASS_BYTES, total - at);
        search.feed(await open.head(heads, { start: at, len }));
        await pause.now(() => report(found(at)));
      }
      const last = found(total);
      report(last);
      return last.hits;
    } finally {
      search.free();
    }
  },

  async samples({ track, from, count }, running) {
    const open = file();
    const { core } = await open.working(running);
    await open.readSampleHeads(core, core.sample_heads(track, from, count));
    return asked(running, (core) => core.samples(track, from, count));
  },

  sampleAt: ({ offset, keys }, running) => asked(running, (core) => core.sample_at(offset, keys)),

  sampleAtTime: ({ track, seconds }, running) =>
    asked(running, (core) => core.sample_at_time(track, seconds)),

  sample: ({ track, number, keys }, running) => asked(running, (core) => core.sample(track, number, keys)),

  timeline: ({ track }, running) => asked(running, (core) => core.sample_timeline(track)),

  tfxd: ({ track, from }, running) => asked(running, (core) => core.sample_tfxd(track, from)),

  async read({ start, end }) {
    return file().made(start, end - start) ?? file().reader.read(start, end - start);
  },

  plan({ request }, running) {
    const mine = planning.then(() => planned(request, running));
    planning = mine.catch(() => {});
    return mine;
  },

  async protect({ request, random, parts, sink, name, stored, download, workers }, running) {
    const { reader, witness } = file();
    // They start while the file is opened again.
    for (let member = 0; member < workers; member++) running.line.send(member, { start: running.engine }, []);
    const { core } = await file().working(running);
    await planning;
    if (protecting)
      throw environmentError(
        'busy',
        'This file is being protected already. Wait until that ends, or cancel it.',
      );
    const view = core.plan(request, random);
    random?.fill(0);
    tryKeys(core);
    const started = performance.now();
    // All go by the plan made last, and another may be made while this one is carried out.
    const secrets = core.keys();
    const planned = /** @type {Types.PlanKey[]} */ (view.keys);
    const keys = planned.map((key, number) => ({ ...key, key: secrets[number] ?? '' }));
    const moov = core.movie_header();
    const setUp = { engine: running.engine, blob: reader.blob, moov, request, random: core.random() };
    core.begin();
    const starts = [...core.file_starts()];
    const { size } = /** @type {{ size: number }} */ (core.work());
    const files = view.fileCount > 1 ? segmentFiles(starts, size, parts) : null;
    protecting = true;
    // Of an archive, whose headers are made where it is written, only what is read again can have a sum.
    const hash = download === null || files ? null : new Sha256();
    const options = { parts, sink, files, stored, download, workers, witness, hash };
    const { shares, ...written } = await protect(core, setUp, options, running).finally(() => {
      protecting = false;
      core.end();
    });
    const seconds = (performance.now() - started) / 1000;
    const sha256 = hash?.finish() ?? null;
    const { scheme, cipher, form, laUrl, forTests } = view;
    const names = files?.map((file) => file.name) ?? [name];
    const { playreadyObject, pssh, offline } = view;
    const ivForm = ivFormOf(scheme, cipher, request.ivSize);
    const header = { playreadyObject, pssh, laUrl, forTests, offline };
    const made = { ...written, files: names, sha256, seconds, keys, scheme, cipher, form, ivForm, ...header };
    const { undoes, changes } = view;
    return { ...made, tracks: withShares(view.tracks, shares), undoes, ...(changes ? { changes } : {}) };
  },

  async verify({ other: origin, source, keys, sourceKeys, remains, workers }, running) {
    const { engine } = running;
    const { core } = await file().working(running);
    const open = { core, blob: file().reader.blob };
    const other = origin && { core: await openWhole(origin, new Witness(), running), blob: origin.blob };
    const [written, clear] = source && other ? [other, open] : [open, other];
    // Without keys what is encrypted is compared as it stands with what is encrypted too.
    const stands = Boolean(clear && keys.length + sourceKeys.length === 0 && isProtected(clear.core));
    try {
      const verifier = clear
        ? Verifier.comparing(written.core, stands ? null : keys, clear.core)
        : new Verifier(written.core, keys);
      const of = (/** @type {typeof open} */ { core, blob }, /** @type {typeof keys} */ own) => ({
        blob,
        moov: core.movie_header(),
        keys: stands ? null : own,
      });
      const files = [of(written, keys), ...(clear ? [of(clear, sourceKeys)] : [])];
      const first = { examiners: { engine, files } };
      if (remains) checkRemains(verifier, written, remains);
      // Keys that somebody gave may be wrong ones.
      else if (!stands) tryWith(verifier, written.core, file());
      // What was made here just now is at fault itself, and not the keys; what it was made of never is.
      /** @type {Parameters<typeof verify>[5]} */
      const ends = (side, { kind }) => side === 1 || (kind === 'caller' && !remains);
      return await verify(verifier, written, clear, first, workers, ends, running);
    } finally {
      other?.core.free();
    }
  },

  async compare({ other: origin, keys, workers }, running) {
    const here = file();
    const { core } = await here.working(running);
    const witness = new Witness();
    const other = await openWhole(origin, witness, running);
    try {
      const there = new OpenFile(other, origin.blob, Float64Array.from(origin.starts), witness, null);
      const [ours = [], theirs = []] = keys;
      const both = [
        { core, open: here, keys: ours },
        { core: other, open: there, keys: theirs },
      ];
      for (const { core, open, keys } of both) {
        if (keys.length === 0) continue;
        const trial = new Verifier(core, keys);
        try {
          tryWith(trial, core, open);
          const wrong = trial.finish().faults.find(isWrongKey);
          if (wrong) throw callerError(wrong.code, wrong.message);
        } finally {
          trial.free();
        }
      }
      return await compare(new Comparer(core, other), both, workers, running);
    } finally {
      other.free();
    }
  },

  async hash({ blob }, { signal, report, engine }) {
    await startEngine(engine);
    const total = blob.size;
    const stream = new BlobStream(blob);
    const hash = new Sha256();
    const pause = new Pause(signal);
    let buffer = new ArrayBuffer(PASS_BYTES);
    for (let at = 0; at < total; at += PASS_BYTES) {
      const bytes = await stream.read(at, Math.min(PASS_BYTES, total - at), buffer);
      hash.update(bytes);
      ({ buffer } = bytes);
      await pause.now(() => report({ stage: 'hash', done: at, total }));
    }
    return hash.finish();
  },

  async findings(_, running) {
    const { core } = await file().working(running);
    const open = file();
    const checker = new Checker(core);
    try {
      const pause = new Pause(running.signal);
      const heads = headsOf(open.reader.blob);
      heads.expect(core.starts());
      const total = open.reader.blob.size;
      for (let need = checker.needs(); need; need = checker.needs()) {
        checker.feed(need.len > 0 ? await open.head(heads, need) : NOTHING);
        await pause.now(() => running.report({ stage: 'check', done: checker.position(), total }));
      }
      return checker.finish();
    } finally {
      checker.free();
    }
  },

  async offline(_, running) {
    const { core } = await file().working(running);
    return core.offline();
  },

  async playback(_, running) {
    const { core } = await file().working(running);
    const { mimeType, duration, kids, init: head } = core.playback();
    return { info: { mimeType, duration, kids }, init: head };
  },

  async playable({ number }, running) {
    const { core } = await file().working(running);
    /** @type {Order | undefined} */
    const order = core.task(number);
    return order && core.playable(order.tasks, file().bytesOf(order));
  },
};

/**
 * The tracks of a plan, with the protected part of their bytes where it is known.
 * @param {Omit<Types.PlannedTrack, 'share'>[]} tracks
 * @param {Map<number, number>} shares
 * @returns {Types.PlannedTrack[]}
 */
const withShares = (tracks, shares) =>
  tracks.map((track) => ({ ...track, share: track.protect ? (shares.get(track.id) ?? null) : 0 }));

/**
 * @param {Types.ProtectRequest} request
 * @param {Running} running
 * @returns {Promise<Methods['plan']['result']>}
 */
async function planned(request, running) {
  const { signal, report } = running;
  const open = file();
  const { core, memory } = await open.working(running);
  for (const order of /** @type {Order[]} */ (core.doubtful())) {
    const len = order.end - order.start;
    if (len <= LOOK_BYTES) core.look(order.tasks, open.bytesOf(order));
  }
  const plan = core.plan(request);
  const random = core.random();
  const doubts = tryKeys(core);
  const protector = new Protector(core.movie_header(), request, random);
  try {
    const pause = new Pause(signal);
    const { growth, exact, shares, ...found } = await measure(
      core,
      protector,
      memory,
      open.reader,
      pause,
      report,
    );
    const { fixedGrowth, ...view } = plan;
    const whole = {
      ...view,
      tracks: withShares(view.tracks, shares),
      boxes: [...view.boxes, ...found.boxes],
      warnings: [...view.warnings, ...doubts, ...found.warnings],
      sizeAfter: view.sizeBefore + fixedGrowth + growth,
      sizeExact: exact,
    };
    return { plan: whole, random };
  } finally {
    protector.free();
  }
}

/** @param {CoreFile} core */
const isProtected = (core) =>
  /** @type {Types.Track[]} */ (core.tracks()).some(({ protection }) => protection);

/** @param {Types.VerifyFault} fault */
const isWrongKey = ({ code }) => code === 'wrong-key';

/**
 * Tries keys on some of the fragments that they are for.
 * @param {Verifier} verifier
 * @param {CoreFile} core
 * @param {OpenFile} open
 */
function tryWith(verifier, core, open) {
  for (const order of /** @type {Order[]} */ (verifier.trials(core)))
    if (order.end - order.start <= LOOK_BYTES) verifier.try_keys(core, order.tasks, open.bytesOf(order));
  verifier.tried(core);
}

/**
 * Tries the keys of what is protected already; fails when one is wrong. Returns what is doubtful.
 * @param {CoreFile} core
 */
function tryKeys(core) {
  for (const order of /** @type {Order[]} */ (core.trials()))
    if (order.end - order.start <= LOOK_BYTES) core.try_keys(order.tasks, file().bytesOf(order));
  return core.tried();
}

/**
 * Asks the whole engine until it answers: it may have much to go through.
 * @param {Running} running
 * @param {(core: CoreFile) => any} ask
 */
async function asked(running, ask) {
  const { core } = await file().working(running);
  const pause = new Pause(running.signal);
  for (;;) {
    const answer = ask(core);
    if (answer !== undefined) return answer;
    await pause.now(() => {});
  }
}

function file() {
  if (!opened) throw new Error('No file is open.');
  return opened;
}

/** @type {Map<number, { controller: AbortController, listeners: ((message: FromCrew) => void)[] }>} */
const running = new Map();

/** @param {MessageEvent<ToLead | Wipe>} event */
self.onmessage = async ({ data }) => {
  if ('wipe' in data) {
    wipeAndEnd();
    return;
  }
  const { id } = data;
  if ('abort' in data) {
    running.get(id)?.controller.abort(cancelled());
    return;
  }
  if ('from' in data) {
    running.get(id)?.listeners[data.from]?.(data.message);
    return;
  }
  const controller = new AbortController();
  /** @type {(message: FromLead, transfer?: Transferable[]) => void} */
  const post = (message, transfer = []) => self.postMessage(message, { transfer });
  /** @type {((message: FromCrew) => void)[]} */
  const listeners = [];
  /** @type {Line} */
  const line = {
    send: (to, message, transfer) => post({ id, to, message, transfer }, transfer),
    listen: (member, listener) => void (listeners[member] = listener),
  };
  running.set(id, { controller, listeners });
  try {
    const run = /** @type {(args: unknown, running: Running) => Promise<unknown>} */ (methods[data.method]);
    const report = (/** @type {Progress} */ progress) => post({ id, progress });
    const result = await run(data.args, { signal: controller.signal, report, line, engine: data.engine });
    post({ id, result });
    // The key may be among these values, and the page has a copy now.
    if (data.method === 'plan') /** @type {Methods['plan']['result']} */ (result).random.fill(0);
  } catch (error) {
    const dead = isTrap(error);
    if (dead) wipeEngine();
    post({ id, error: toPosted(error, data.method === 'hash' ? 'result' : 'read'), dead });
  } finally {
    running.delete(id);
    // Also where it was not come to.
    if (data.method === 'protect') data.args.random?.fill(0);
  }
};

live();
