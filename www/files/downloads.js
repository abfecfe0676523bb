/**
 * Handing a file to the browser's downloads while it is made: a service worker answers one address with what the writing
 * worker gives it. For browsers without storage for pages, whose memory would else have to hold the whole file.
 */

import { asError } from './faults.js';

/** The name a page's `trusted-types` directive must list, where it has one. */
const POLICY = 'boxlock-save';

/** Not before it is needed: where pages are rendered without a browser, modules may have no address. */
const scriptUrl = () => new URL('./save-worker.js', import.meta.url).href;
/** Addresses below this one are the service worker's, and no others. */
const scopeUrl = () => new URL('save/', scriptUrl()).href;

/** A service worker answers at once, or is not there. */
const ANSWER_MS = 10_000;

const NOT_BEGUN = {
  code: 'download-not-begun',
  message: 'The browser did not begin the download. Try again, or use a window that is not private.',
};

/** A name can be taken once. @type {{ createScriptURL: (input: string) => unknown } | undefined} */
let policy;
/** Which script is wanted just now: the policy makes the addresses of these and no others. */
let wanted = scriptUrl;

/**
 * Whether this browser can download what is being made: it needs a secure connection and service workers, which private
 * windows of some browsers do not have. The service worker stays when the page goes: another tab may be using it.
 */
export async function canDownload() {
  return Boolean(await register().catch(() => null));
}

/** The service worker that is ready to answer; null where the browser would not keep to what it is told. */
async function register() {
  // WebKit takes what had come for the whole file when it is cancelled in the middle.
  return navigator.vendor.startsWith('Apple') ? null : serviceWorker(scriptUrl, scopeUrl());
}

/**
 * Starts a service worker and waits until it is ready to answer.
 * @param {() => string} url of its script
 * @param {string} scope
 */
export async function serviceWorker(url, scope) {
  policy ??= Reflect.get(globalThis, 'trustedTypes')?.createPolicy(POLICY, {
    createScriptURL: () => wanted(),
  });
  wanted = url;
  const script = policy?.createScriptURL('') ?? url();
  const registration = await navigator.serviceWorker.register(/** @type {string} */ (script), { scope });
  const worker = registration.active ?? registration.waiting ?? registration.installing;
  await soon((done, failed) => {
    const look = () => {
      if (worker?.state === 'activated') done();
      if (!worker || worker.state === 'redundant') failed();
    };
    worker?.addEventListener('statechange', look);
    look();
  });
  return worker;
}

/**
 * @param {(done: () => void, failed: () => void) => void} begin
 * @returns {Promise<void>}
 */
function soon(begin) {
  return new Promise((resolve, reject) => {
    const failed = () => reject(asError(NOT_BEGUN));
    setTimeout(failed, ANSWER_MS);
    begin(resolve, failed);
  });
}

/** @typedef {{ port: MessagePort, alive: () => void, end: () => void }} Download */

/**
 * Begins a download. What comes through `port`, as `streamedFile` in sink.js gives it, is its content. `alive` is to be
 * called every few seconds, or the browser ends the service worker; `end` when all is done, or nothing more will come.
 * @param {string} name
 * @returns {Promise<Download>}
 */
export async function beginDownload(name) {
  const worker = await register();
  if (!worker) throw asError(NOT_BEGUN);
  const address = new URL(crypto.randomUUID(), scopeUrl()).href;
  const { port1: port, port2 } = new MessageChannel();
  worker.postMessage({ address, name }, [port2]);
  await soon((done) => {
    port.onmessage = done;
  });
  port.onmessage = null;
  // In a frame, because a link would leave the page where the service worker does not answer.
  const frame = document.createElement('iframe');
  frame.hidden = true;
  frame.src = address;
  document.body.append(frame);
  const gone = () => worker.postMessage({ address, gone: true });
  addEventListener('pagehide', gone);
  return {
    port,
    alive: () => worker.postMessage({ address }),
    end() {
      removeEventListener('pagehide', gone);
      gone();
      frame.remove();
    },
  };
}
