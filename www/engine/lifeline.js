/**
 * Whether a worker still lives. A worker that crashes, is ended by the browser or runs out of memory often says nothing.
 * But it holds a lock, which the browser gives to the page when the worker is gone, however busy it was before. And its
 * end, when it may hold keys.
 */

/** A worker that has not come up after this long will not. */
const START_MS = 60_000;
/** Where there are no locks a worker is asked now and then, and may be busy for long: with a slow disk, for one. */
const ASK_MS = 15_000;
const UNANSWERED_MAX = 8;

/**
 * In the page: calls `onEnd` when the worker is gone; the answer ends that.
 * @param {Worker} worker
 * @param {() => void} onEnd
 * @returns {() => void}
 */
export function watch(worker, onEnd) {
  const stop = new AbortController();
  const { signal } = stop;
  const end = () => {
    if (!signal.aborted) onEnd();
  };
  const late = setTimeout(end, START_MS);
  /** @type {ReturnType<typeof setInterval> | undefined} */
  let asking;
  const heard = (/** @type {MessageEvent} */ { data, ports: [port] }) => {
    if (!('alive' in data)) return;
    clearTimeout(late);
    if (port) asking = ask(port, end);
    else navigator.locks.request(data.alive, { signal }, end).catch(() => {});
  };
  worker.addEventListener('message', heard, { signal });
  return () => {
    clearTimeout(late);
    clearInterval(asking);
    stop.abort();
  };
}

/**
 * Asks again and again, and counts what is unanswered rather than time: a computer may have slept.
 * @param {MessagePort} port
 * @param {() => void} onEnd
 */
function ask(port, onEnd) {
  let unanswered = 0;
  port.onmessage = () => {
    unanswered = 0;
  };
  return setInterval(() => {
    if (unanswered++ === UNANSWERED_MAX) onEnd();
    else port.postMessage(null);
  }, ASK_MS);
}

/** A worker that does not hear is ended all the same after this long. */
const WIPE_MS = 2000;

/**
 * In the page: ends a worker that may hold keys, once it has wiped them out.
 * @param {Worker} worker
 */
export function dismiss(worker) {
  const end = () => {
    clearTimeout(late);
    worker.terminate();
  };
  const late = setTimeout(end, WIPE_MS);
  worker.onerror = (event) => event.preventDefault();
  worker.onmessage = ({ data }) => {
    if ('wiped' in data) end();
  };
  worker.postMessage({ wipe: true });
}

/** In the worker: lives until it is ended. */
export function live() {
  // Pages without a secure connection have no locks.
  if (!navigator.locks) {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => port1.postMessage(null);
    self.postMessage({ alive: '' }, { transfer: [port2] });
    return;
  }
  const name = `boxlock-worker-${crypto.randomUUID()}`;
  const held = navigator.locks.request(name, () => {
    self.postMessage({ alive: name });
    return new Promise(() => {});
  });
  // A worker that is being ended gets no lock any more, and nobody waits for it.
  held.catch(() => {});
}
