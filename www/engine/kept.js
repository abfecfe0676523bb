/** What was fetched beforehand. */

/** Scripts of workers, by their addresses. @type {Map<string, string>} */
const scripts = new Map();

/** @type {WebAssembly.Module | undefined} */
let engine;

/** @param {string} address @param {string} text */
export const keepScript = (address, text) => void scripts.set(address, text);

/** @param {WebAssembly.Module} module */
export const keepEngine = (module) => void (engine = module);

/** @param {string} address */
export const keptScript = (address) => scripts.get(address);

/**
 * The engine as workers are given it: itself, or where to fetch it.
 * @param {URL} address
 */
export const keptEngine = (address) => engine ?? address.href;
