/** The whole engine inside a worker. */

import init from './wasm/boxlock_engine.js';
import { started, wipe, wipeAndEnd } from './started.js';

export { wipe as wipeEngine, wipeAndEnd };

/**
 * Starts the whole engine, once.
 * @param {WebAssembly.Module | string} engine itself, or its address
 */
export function startEngine(engine) {
  return started(init, engine);
}
