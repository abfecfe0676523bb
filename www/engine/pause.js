/** Lets messages in now and then, so that a long loop can be cancelled and reports its progress. */

export class Pause {
  #last = performance.now();
  #channel = new MessageChannel();

  /** @param {AbortSignal} signal */
  constructor(signal) {
    this.signal = signal;
  }

  /** @param {() => void} [report] */
  async now(report) {
    if (performance.now() - this.#last < 40) return;
    report?.();
    await new Promise((resolve) => {
      this.#channel.port1.onmessage = resolve;
      this.#channel.port2.postMessage(null);
    });
    this.signal.throwIfAborted();
    this.#last = performance.now();
  }
}
