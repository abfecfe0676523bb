/**
 * A module of wasm inside a worker: it is given or named by the page, because a worker's script does not know where it came
 * from.
 */

import { mark } from '../files/faults.js';
import { environmentError } from './errors.js';

/** @type {WebAssembly.Memory | undefined} */
let memory;

/**
 * Starts a module, once.
 * @template {{ memory: WebAssembly.Memory }} M
 * @param {(given: { module_or_path: WebAssembly.Module | string }) => Promise<M>} init
 * @param {WebAssembly.Module | string} engine itself, or its address
 */
export async function started(init, engine) {
  try {
    const made = await init({ module_or_path: engine });
    ({ memory } = made);
    return made;
  } catch (error) {
    // The network is away, or there is no memory.
    if (error instanceof TypeError || error instanceof RangeError) throw mark(error, 'fetch');
    const why = error instanceof Error ? error.message : String(error);
    throw environmentError('engine-failed', `The engine could not be started: ${why}.`);
  }
}

/**
 * Wipes out all that the module holds, keys and seeds wherever they were moved or copied to. It can do nothing after that.
 */
export function wipe() {
  if (memory) new Uint8Array(memory.buffer).fill(0);
}

/** The end of a worker that the page has dismissed. */
export function wipeAndEnd() {
  wipe();
  self.postMessage({ wiped: true });
  self.close();
}
