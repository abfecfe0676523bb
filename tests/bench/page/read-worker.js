// The floor of whatever looks at every byte: reads a file from front to back by the page's own reader.

import { BlobStream } from '../files/stream.js';

const PIECE = 4 << 20;

self.onmessage = async ({ data: { blob } }) => {
  try {
    const start = performance.now();
    const stream = new BlobStream(blob);
    let buffer = new ArrayBuffer(PIECE);
    for (let at = 0; at < blob.size; at += PIECE)
      ({ buffer } = await stream.read(at, Math.min(PIECE, blob.size - at), buffer));
    self.postMessage({ time: (performance.now() - start) / 1000 });
  } catch (error) {
    self.postMessage({ error: `${error.name}: ${error.message}` });
  }
};
