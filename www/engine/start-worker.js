/**
 * The one place that starts workers. A worker loaded by its address is bound by the policy that came with its script,
 * which on most hosts is none; one started from a blob inherits the policy of its page. So each is started from a blob:
 * of its script, where that was fetched beforehand, or of a few lines that import it.
 */

import { environmentError } from './errors.js';
import { keptScript } from './kept.js';

/** The name a page's `trusted-types` directive must list, where it has one. */
const POLICY = 'boxlock-workers';

/** Word from the lines in the blob, before the module has taken over. */
const RUNNING = 'boxlock-running';
const FAILED = 'boxlock-failed';

/** Why a worker came to nothing before its first line. */
const NOT_STARTED = 'this page’s content security policy does not allow workers from blob: (worker-src)';

/**
 * What runs before the module: what arrives meanwhile is held back, and delivered in order when the module listens.
 * @param {string} address of the module
 */
const bootstrap = (address) => `
const early = [];
const hold = (event) => {
  event.stopImmediatePropagation();
  early.push(event);
};
addEventListener('message', hold);
postMessage('${RUNNING}');
import(${JSON.stringify(address)}).then(
  () => {
    removeEventListener('message', hold);
    for (const { data, ports } of early) dispatchEvent(new MessageEvent('message', { data, ports }));
  },
  (error) => {
    console.error(error);
    postMessage('${FAILED}');
  },
);
`;

/** @type {Map<string, string>} Addresses of the blobs, by those of the modules and what is in them. */
const blobs = new Map();

/**
 * The blob that starts a worker's script.
 * @param {string} address
 */
function blobFor(address) {
  const script = keptScript(address);
  const source = script === undefined ? bootstrap(address) : `postMessage('${RUNNING}');\n${script}`;
  const key = script === undefined ? address : `kept ${address}`;
  const made = blobs.get(key) ?? URL.createObjectURL(new Blob([source], { type: 'text/javascript' }));
  blobs.set(key, made);
  return made;
}

/** @type {{ createScriptURL: (address: string) => unknown } | undefined} */
let policy;

/**
 * A worker's address as the browser wants it: with Trusted Types, only this policy can make one.
 * @param {string} address
 */
function trusted(address) {
  policy ??= Reflect.get(globalThis, 'trustedTypes')?.createPolicy(POLICY, { createScriptURL: blobFor }) ?? {
    createScriptURL: blobFor,
  };
  return /** @type {string} */ (policy?.createScriptURL(address));
}

/**
 * Starts a script as a worker under the page's own policy. When its module cannot be fetched or run,
 * or the page allows no workers from blobs, `onerror` is called, as for any worker.
 * @param {URL} script
 * @returns {Worker}
 */
export function startWorker(script) {
  const name = script.pathname.slice(script.pathname.lastIndexOf('/') + 1);
  /** @type {Worker} */
  let worker;
  try {
    worker = new Worker(trusted(script.href), { type: 'module', name });
  } catch (error) {
    // Never by address instead: that worker would not be bound by the page's policy.
    throw environmentError('workers-forbidden', forbidden(error));
  }
  let running = false;
  worker.addEventListener('message', (event) => {
    if (event.data !== RUNNING && event.data !== FAILED) return;
    event.stopImmediatePropagation();
    running = true;
    if (event.data === FAILED) worker.dispatchEvent(new ErrorEvent('error', { cancelable: true }));
  });
  worker.addEventListener('error', (event) => {
    if (running || event.message === NOT_STARTED) return;
    event.stopImmediatePropagation();
    event.preventDefault();
    worker.dispatchEvent(new ErrorEvent('error', { cancelable: true, message: NOT_STARTED }));
  });
  return worker;
}

/** @param {unknown} error */
function forbidden(error) {
  const said = error instanceof Error ? ` (${error.message})` : '';
  return (
    'This page does not let Boxlock start its workers. Its content security policy must allow "worker-src blob:", ' +
    `and "trusted-types ${POLICY}" where it has that directive${said}.`
  );
}
