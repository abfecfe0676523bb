/** Fewer calls: workers report more often than eyes can follow. */

/**
 * Calls `act` with the latest value, at most once in `ms`.
 * @template T
 * @param {(value: T) => void} act
 * @param {number} ms
 * @returns {(value: T) => void}
 */
export function paced(act, ms) {
  let waiting = false;
  /** @type {T} */
  let latest;
  return (value) => {
    latest = value;
    if (waiting) return;
    waiting = true;
    setTimeout(() => {
      waiting = false;
      act(latest);
    }, ms);
  };
}
