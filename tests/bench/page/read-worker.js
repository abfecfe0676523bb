// Reads pieces for copy-worker.js, which asks through a port.

import { BlobReader } from '../files/read.js';

let reader;

self.onmessage = ({ data: { port } }) => {
  port.onmessage = ({ data }) => {
    if ('blob' in data) {
      reader = new BlobReader(data.blob);
      return;
    }
    const bytes = reader.read(data.start, data.len);
    port.postMessage(bytes, [bytes.buffer]);
  };
};
