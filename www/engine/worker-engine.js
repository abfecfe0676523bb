/**
 * The engine inside a worker: the wasm is given or named by the page, because a worker's script does not know where it
 * came from.
 */

import init from './wasm/boxlock_engine.js';
import { mark } from '../files/faults.js';
import { environmentError } from './errors.js';

/** @type {WebAssembly.Memory | undefined} */
let memory;

/**
 * Starts the engine, once.
 * @param {WebAssembly.Module | string} engine itself, or its address
 */
export async function startEngine(engine) {
  try {
    const started = await init({ module_or_path: engine });
    ({ memory } = started);
    return started;
  } catch (error) {
    // The network is away, or there is no memory.
    if (error instanceof TypeError || error instanceof RangeError) throw mark(error, 'fetch');
    const why = error instanceof Error ? error.message : String(error);
    throw environmentError('engine-failed', `The engine could not be started: ${why}.`);
  }
}

/**
 * Wipes out all that the engine holds, keys and seeds wherever they were moved or copied to. It can do nothing after that.
 */
export function wipeEngine() {
  if (memory) new Uint8Array(memory.buffer).fill(0);
}

/** The end of a worker that the page has dismissed. */
export function wipeAndEnd() {
  wipeEngine();
  self.postMessage({ wiped: true });
  self.close();
}
