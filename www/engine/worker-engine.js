/**
 * The engine inside a worker: the wasm is given or named by the page, because a worker's script does not know where it
 * came from.
 */

import init from './wasm/boxlock_engine.js';
import { mark } from '../files/faults.js';
import { environmentError } from './errors.js';

/**
 * Starts the engine, once.
 * @param {WebAssembly.Module | string} engine itself, or its address
 */
export async function startEngine(engine) {
  try {
    return await init({ module_or_path: engine });
  } catch (error) {
    // The network is away, or there is no memory.
    if (error instanceof TypeError || error instanceof RangeError) throw mark(error, 'fetch');
    const why = error instanceof Error ? error.message : String(error);
    throw environmentError('engine-failed', `The engine could not be started: ${why}.`);
  }
}
