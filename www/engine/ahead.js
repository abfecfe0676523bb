/**
 * Fetching beforehand what opening and protecting else fetch when they need it: the scripts of the workers and the
 * modules of wasm. Whoever goes offline meanwhile can go on.
 */

import { keepEngine, keepScript } from './kept.js';

/** @import { Assets } from './messages' */

/**
 * Fetches each part by itself, those first that open a file: what cannot be had is fetched when it is needed.
 * @param {Assets} assets
 * @returns whether all of it was had
 */
export async function fetchAhead({ leader, look, ...later }) {
  const { protector, writer, keysWorker, engine, keys } = later;
  const first = await Promise.allSettled([script(leader), module(look)]);
  const parts = [...[protector, writer, keysWorker].map(script), ...[engine, keys].map(module)];
  const all = [...first, ...(await Promise.allSettled(parts))];
  return all.every(({ status }) => status === 'fulfilled');
}

/** @param {URL} part */
async function script(part) {
  const answer = await fetched(part);
  keepScript(part.href, await answer.text());
}

/** @param {URL} part */
async function module(part) {
  const answer = await fetched(part);
  keepEngine(part.href, await WebAssembly.compile(await answer.arrayBuffer()));
}

/** @param {URL} part */
async function fetched(part) {
  const answer = await fetch(part);
  if (!answer.ok) throw new Error(`The server answered ${answer.status}.`);
  return answer;
}
