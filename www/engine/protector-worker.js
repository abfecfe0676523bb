/** A protecting worker: reads fragments, encrypts them, hands the finished bytes back. Knows no order and no sink. */

import init, { Protector } from './wasm/boxlock_engine.js';
import { BlobReader } from '../files/read.js';
import { environmentError, toPosted } from './errors.js';

/** @import { FragmentTask, ToProtector } from './messages' */

const ready = init();

/** @type {{ protector: Protector, reader: BlobReader } | null} */
let state = null;

/** A fragment must fit in this worker's memory. */
const FRAGMENT_MAX = 512 << 20;

/** @param {FragmentTask[]} tasks neighbours in the file */
function protectBatch(tasks) {
  if (!state) throw new Error('The worker is not set up.');
  const { protector, reader } = state;
  const first = /** @type {FragmentTask} */ (tasks[0]);
  const last = /** @type {FragmentTask} */ (tasks.at(-1));
  const len = last.end - first.start;
  if (len > FRAGMENT_MAX) {
    const mebibytes = Math.round(len / (1 << 20));
    throw environmentError(
      'fragment-too-large',
      `A fragment has ${mebibytes} MiB; at most 512 MiB can be protected in one piece.`,
    );
  }
  const source = reader.read(first.start, len);
  const moofs = tasks.map((task) => protector.protect(task, part(source, first, task)));
  const lengths = tasks.map((task, n) => (moofs[n]?.length ?? 0) + task.end - task.start - task.moofLen);
  const output = new Uint8Array(lengths.reduce((sum, length) => sum + length, 0));
  let at = 0;
  tasks.forEach((task, n) => {
    const moof = moofs[n] ?? new Uint8Array();
    output.set(moof, at);
    output.set(part(source, first, task).subarray(task.moofLen), at + moof.length);
    at += lengths[n] ?? 0;
  });
  return { output, lengths };
}

/**
 * The bytes of one task in those of its batch.
 * @param {Uint8Array} source
 * @param {FragmentTask} first
 * @param {FragmentTask} task
 */
function part(source, first, task) {
  return source.subarray(task.start - first.start, task.end - first.start);
}

/** @param {MessageEvent<ToProtector>} event */
self.onmessage = async ({ data }) => {
  try {
    await ready;
    if ('setUp' in data) {
      const { blob, moov, request, random } = data.setUp;
      state = { protector: new Protector(moov, request, random), reader: new BlobReader(blob) };
      self.postMessage({ ready: true });
    } else {
      const { id, tasks } = data.batch;
      const { output, lengths } = protectBatch(tasks);
      self.postMessage({ batch: { id, output, lengths } }, { transfer: [output.buffer] });
    }
  } catch (error) {
    self.postMessage({ error: toPosted(error) });
  }
};
