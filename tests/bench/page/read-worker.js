// Reads pieces for copy-worker.js.

import { BlobReader } from '../files/read.js';

let reader;

self.onmessage = ({ data }) => {
  if ('blob' in data) {
    reader = new BlobReader(data.blob);
    return;
  }
  const bytes = reader.read(data.start, data.len);
  self.postMessage(bytes, { transfer: [bytes.buffer] });
};
