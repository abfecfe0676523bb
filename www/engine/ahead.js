/**
 * Fetching beforehand what opening and protecting else fetch when they need it: the scripts of the workers and the
 * modules of wasm. Whoever goes offline meanwhile can go on.
 */

import { keepEngine, keepScript } from './kept.js';

/** @import { Assets } from './messages' */

/**
 * Fetches each part by itself: what cannot be had is fetched when it is needed.
 * @param {Assets} assets
 * @returns whether all of it was had
 */
export async function fetchAhead({ leader, protector, writer, keysWorker, engine, keys }) {
  const scripts = [leader, protector, writer, keysWorker].map(async (script) => {
    const answer = await fetched(script);
    keepScript(script.href, await answer.text());
  });
  const compiled = [engine, keys].map(async (module) => {
    const answer = await fetched(module);
    keepEngine(module.href, await WebAssembly.compile(await answer.arrayBuffer()));
  });
  const all = await Promise.allSettled([...scripts, ...compiled]);
  return all.every(({ status }) => status === 'fulfilled');
}

/** @param {URL} part */
async function fetched(part) {
  const answer = await fetch(part);
  if (!answer.ok) throw new Error(`The server answered ${answer.status}.`);
  return answer;
}
