/** Leads the comparison of two files: first their boxes, then their samples, which the crew looks at. */

import { HeadReader } from '../files/heads.js';
import { isTrap } from './errors.js';
import { Pause } from './pause.js';
import { verify } from './verify.js';

/** @import { Comparer, File as CoreFile } from './wasm/boxlock_engine.js' */
/** @import { Line } from './pool.js' */
/** @import { OpenFile } from './worker-file.js' */
/** @import { FileComparison, Progress, SourceKeyRequest } from '../types' */

/** One of the two; without keys its samples are compared as they stand. @typedef {{ core: CoreFile, open: OpenFile, keys: SourceKeyRequest[] }} Compared */
/** @typedef {{ signal: AbortSignal, report: (progress: Progress) => void, line: Line, engine: WebAssembly.Module | string }} Running */

/**
 * @param {Comparer} comparer
 * @param {Compared[]} both
 * @param {number} workers
 * @param {Running} running
 * @returns {Promise<FileComparison>}
 */
export async function compare(comparer, both, workers, running) {
  const [here, there] = both;
  if (!here || !there) throw new Error('Two files are compared.');
  await compareBoxes(comparer, here, there, running);
  try {
    const { engine } = running;
    both.forEach(({ keys }, side) => keys.length && comparer.decrypts(side === 1));
    const of = (/** @type {Compared} */ { core, open, keys }) => ({
      blob: open.reader.blob,
      moov: core.movie_header(),
      keys: keys.length ? keys : null,
      bytesAlone: keys.length === 0,
    });
    const first = { examiners: { engine, files: both.map(of) } };
    const reading = (/** @type {Compared} */ { core, open }) => ({ core, blob: open.reader.blob });
    return await verify(
      comparer,
      reading(here),
      reading(there),
      first,
      workers,
      () => false,
      running,
      'samples',
    );
  } catch (error) {
    if (running.signal.aborted || isTrap(error)) throw error;
    const { kind, message } = /** @type {import('./errors.js').BoxlockError} */ (error);
    // What cannot be looked at is told: the boxes are compared all the same.
    if (!['file', 'unsupported', 'limit', 'caller'].includes(kind)) throw error;
    comparer.failed('', message);
    return comparer.finish();
  }
}

/**
 * @param {Comparer} comparer
 * @param {Compared} here
 * @param {Compared} there
 * @param {Running} running
 */
async function compareBoxes(comparer, here, there, { signal, report }) {
  const pause = new Pause(signal);
  const total = here.open.reader.blob.size;
  const [ours, theirs] = [here, there].map(({ core, open }) => {
    const heads = new HeadReader(open.reader.blob);
    heads.expect(core.starts());
    return { open, heads };
  });
  for (let need = comparer.needs(); need; need = comparer.needs()) {
    const from = need.other ? theirs : ours;
    if (!from) return;
    comparer.feed(await from.open.head(from.heads, need));
    await pause.now(() => report({ stage: 'compare', done: comparer.position(), total }));
  }
}
