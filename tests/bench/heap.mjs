// What a page and its workers hold in JavaScript's heaps and in buffers, as Chromium's debugger tells. The memory of
// wasm instances is not in it.

import { setTimeout as sleep } from 'node:timers/promises';

const INTERVAL = 50;

/** Asks each member again and again until stopped: the largest sum of their newest answers. */
export class HeapMeter {
  peak = 0;
  #sizes = new Map();
  #running = true;

  static async start(page) {
    const meter = new HeapMeter();
    await meter.#join(await page.createCDPSession());
    return meter;
  }

  stop() {
    this.#running = false;
    return this.peak;
  }

  /** A worker's workers are known only to its own session. */
  async #join(session) {
    session.on('sessionattached', (worker) => this.#join(worker).catch(() => {}));
    await session.send('Target.setAutoAttach', {
      autoAttach: true,
      waitForDebuggerOnStart: false,
      flatten: true,
    });
    this.#follow(session).catch(() => this.#sizes.delete(session));
  }

  async #follow(session) {
    while (this.#running) {
      const { usedSize, embedderHeapUsedSize, backingStorageSize } =
        await session.send('Runtime.getHeapUsage');
      this.#sizes.set(session, usedSize + (embedderHeapUsedSize ?? 0) + (backingStorageSize ?? 0));
      this.peak = Math.max(
        this.peak,
        [...this.#sizes.values()].reduce((sum, size) => sum + size),
      );
      await sleep(INTERVAL);
    }
  }
}
