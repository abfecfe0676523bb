/** How much the fragments of a file grow, found by laying them out without encrypting. */

/** @import { File as CoreFile, Protector } from './wasm/boxlock_engine.js' */
/** @import { BlobReader } from '../files/read.js' */
/** @import { FragmentTask } from './messages' */
/** @import { Progress, Summary } from '../types' */

/** Up to this many bytes of fragments are all measured; of larger files a part stands for the rest. */
const MEASURED_WHOLE = 64 << 20;
/** Fragments measured of larger files. An odd number, so that files alternating between tracks are not seen askew. */
const MEASURED_PARTS = 33;

/** Bytes of a sample's IV. */
const IV_BYTES = 8;

/**
 * @param {CoreFile} core
 * @param {Protector} protector
 * @param {WebAssembly.Memory} memory
 * @param {BlobReader} reader
 * @param {{ now: (report?: () => void) => Promise<void> }} pause
 * @param {(progress: Progress) => void} report
 * @returns {Promise<{ bytes: number, exact: boolean }>}
 */
export async function measure(core, protector, memory, reader, pause, report) {
  /** @type {Omit<Summary, 'name'>} */
  const { fragmentCount, sampleCount } = core.summary();
  const exact = reader.size <= MEASURED_WHOLE || fragmentCount <= MEASURED_PARTS;
  const count = exact ? fragmentCount : MEASURED_PARTS;
  let growth = 0;
  let samples = 0;
  for (let part = 0; part < count; part++) {
    const number = exact ? part : Math.floor(((part + 0.5) * fragmentCount) / count);
    /** @type {FragmentTask} */
    const task = core.task(number);
    const len = task.end - task.start;
    if (len > MEASURED_WHOLE) continue;
    const bytes = reader.read(task.start, len);
    // First the room: memory may grow for it, and its buffer is then another.
    const address = protector.room(len);
    new Uint8Array(memory.buffer, address, len).set(bytes);
    growth += protector.measure(task) - task.moofLen;
    /** @type {FragmentTask | undefined} */
    const next = core.task(number + 1);
    samples += (next ? next.firstSample : sampleCount) - task.firstSample;
    await pause.now(() => report({ stage: 'measure', done: part, total: count }));
  }
  // Of a file whose every fragment is too large to hold, no more is known than what a sample takes at least.
  const each = samples > 0 ? growth / samples : IV_BYTES;
  return { bytes: Math.round(each * sampleCount), exact: exact && samples === sampleCount };
}
