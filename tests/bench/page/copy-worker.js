// The floor: copies a file through the page's own reader and writer, laid out in workers as protection is, with
// nothing done to the bytes. What protection takes above this is what encryption and bookkeeping cost.

import { openSink } from '../files/sink.js';

/** As large as a batch of fragments. */
const PIECE = 4 << 20;
/** Pieces under way for each worker: one being read, one waiting. */
const AHEAD = 2;

self.onmessage = async ({ data }) => {
  try {
    self.postMessage(await copy(data));
  } catch (error) {
    self.postMessage({ error: `${error.name}: ${error.message}` });
  }
};

async function copy({ blob, handle, ports }) {
  const start = performance.now();
  const sink = await openSink(handle);
  const members = ports.map((port) => new Member(port, blob));
  const count = Math.ceil(blob.size / PIECE);
  const pieces = [];
  let asked = 0;
  for (let done = 0; done < count; done++) {
    while (asked < count && asked < done + members.length * AHEAD) {
      pieces.push(members[asked % members.length].read(asked * PIECE, PIECE));
      asked++;
    }
    await sink.write(await pieces.shift());
  }
  const { stored } = await sink.close();
  const time = (performance.now() - start) / 1000;
  return { time, size: blob.size, stored };
}

/** One reading worker, which answers in order. The page makes them, as it makes the protecting ones. */
class Member {
  #waiting = [];

  constructor(port, blob) {
    this.port = port;
    port.onmessage = ({ data }) => this.#waiting.shift()(data);
    port.postMessage({ blob });
  }

  read(start, len) {
    this.port.postMessage({ start, len });
    return new Promise((resolve) => void this.#waiting.push(resolve));
  }
}
