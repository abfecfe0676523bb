// The floor: copies a file through the page's own reader and writer, with nothing done to the bytes. What protection
// takes above this is what encryption and bookkeeping cost.

import { openSink } from '../files/sink.js';
import { BlobStream } from '../files/stream.js';

/** As large as a batch of fragments. */
const PIECE = 4 << 20;

self.onmessage = async ({ data }) => {
  try {
    self.postMessage(await copy(data));
  } catch (error) {
    self.postMessage({ error: `${error.name}: ${error.message}` });
  }
};

async function copy({ blob, handle }) {
  const start = performance.now();
  const sink = await openSink(handle, blob.size, 'copy.mp4');
  const stream = new BlobStream(blob);
  const read = (at, buffer) => stream.read(at, Math.min(PIECE, blob.size - at), buffer);
  // One piece is read while the one before is written.
  let next = read(0, new ArrayBuffer(PIECE));
  let spare = new ArrayBuffer(PIECE);
  for (let at = 0; at < blob.size; at += PIECE) {
    const bytes = await next;
    if (at + PIECE < blob.size) next = read(at + PIECE, spare);
    await sink.write(bytes);
    spare = bytes.buffer;
  }
  const { stored } = await sink.close();
  return { time: (performance.now() - start) / 1000, size: blob.size, stored };
}
