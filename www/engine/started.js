/**
 * A module of wasm inside a worker: it is given or named by the page, because a worker's script does not know where it came
 * from.
 */

import { mark } from '../files/faults.js';
import { environmentError } from './errors.js';

/** Of all modules that were started. @type {Set<WebAssembly.Memory>} */
const memories = new Set();

/** What was begun, by the function that does. @type {Map<unknown, Promise<any>>} */
const begun = new Map();

/**
 * Starts a module, once, however many ask for it at a time.
 * @template {{ memory: WebAssembly.Memory }} M
 * @param {(given: { module_or_path: WebAssembly.Module | string }) => Promise<M>} init
 * @param {WebAssembly.Module | string} engine itself, or its address
 * @returns {Promise<M>}
 */
export function started(init, engine) {
  const known = begun.get(init);
  if (known) return known;
  const making = make(init, engine);
  begun.set(init, making);
  // What failed is tried again by whoever asks next.
  making.catch(() => begun.delete(init));
  return making;
}

/**
 * @template {{ memory: WebAssembly.Memory }} M
 * @param {(given: { module_or_path: WebAssembly.Module | string }) => Promise<M>} init
 * @param {WebAssembly.Module | string} engine
 */
async function make(init, engine) {
  try {
    const made = await init({ module_or_path: engine });
    memories.add(made.memory);
    return made;
  } catch (error) {
    // The network is away, or there is no memory.
    if (error instanceof TypeError || error instanceof RangeError) throw mark(error, 'fetch');
    const why = error instanceof Error ? error.message : String(error);
    throw environmentError('engine-failed', `The engine could not be started: ${why}.`);
  }
}

/**
 * Wipes out all that the modules hold, keys and seeds wherever they were moved or copied to. They can do nothing after that.
 */
export function wipe() {
  for (const memory of memories) new Uint8Array(memory.buffer).fill(0);
}

/** The end of a worker that the page has dismissed. */
export function wipeAndEnd() {
  wipe();
  self.postMessage({ wiped: true });
  self.close();
}
