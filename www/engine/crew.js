/**
 * The protecting workers of one run. The page makes them and carries messages between them and the leading worker: in
 * Firefox a worker that makes workers can wait for ever, and a port between workers copies every buffer several times.
 * Here buffers change hands and nothing is copied.
 */

/** @import { FromProtector, ToProtector } from './messages' */

export class Crew {
  #workers;
  /** @type {(member: number, message: FromProtector, transfer: Transferable[]) => void} */
  onMessage = () => {};
  /** Called when a worker cannot be started. */
  onFailed = () => {};

  /** @param {number} count */
  constructor(count) {
    this.size = count;
    this.#workers = Array.from({ length: count }, (_, member) => {
      const worker = new Worker(new URL('./protector-worker.js', import.meta.url), { type: 'module' });
      worker.onmessage = ({ data }) => this.onMessage(member, data.message, data.transfer);
      worker.onerror = (event) => {
        event.preventDefault();
        this.onFailed();
      };
      return worker;
    });
  }

  /**
   * @param {number} member
   * @param {ToProtector} message
   * @param {Transferable[]} transfer
   */
  post(member, message, transfer) {
    this.#workers[member]?.postMessage(message, transfer);
  }

  end() {
    for (const worker of this.#workers) worker.terminate();
  }
}
