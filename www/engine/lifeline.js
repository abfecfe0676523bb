/**
 * Whether a worker still lives. A worker that crashes, is ended by the browser or runs out of memory often says nothing.
 * But it holds a lock, which the browser gives to the page when the worker is gone, however busy it was before.
 */

/** A worker that has not come up after this long will not. */
const START_MS = 60_000;

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
  const heard = (/** @type {MessageEvent} */ { data }) => {
    if (!('alive' in data)) return;
    clearTimeout(late);
    if (data.alive) navigator.locks.request(data.alive, { signal }, end).catch(() => {});
  };
  worker.addEventListener('message', heard, { signal });
  return () => {
    clearTimeout(late);
    stop.abort();
  };
}

/** In the worker: lives until it is ended. */
export function live() {
  // Pages without a secure connection have no locks.
  if (!navigator.locks) {
    self.postMessage({ alive: '' });
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
