/** What was fetched beforehand. */

/** Scripts of workers, by their addresses. @type {Map<string, string>} */
const scripts = new Map();

/** Modules of wasm, by their addresses. @type {Map<string, WebAssembly.Module>} */
const modules = new Map();

/** @param {string} address @param {string} text */
export const keepScript = (address, text) => void scripts.set(address, text);

/** @param {string} address @param {WebAssembly.Module} module */
export const keepEngine = (address, module) => void modules.set(address, module);

/** @param {string} address */
export const keptScript = (address) => scripts.get(address);

/**
 * A module as workers are given it: itself, or where to fetch it.
 * @param {URL} address
 */
export const keptEngine = (address) => modules.get(address.href) ?? address.href;
