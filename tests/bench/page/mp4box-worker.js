// mp4box.js reading all boxes of a file, as its own documentation says: pieces in order, media data let go.

import { BlobReader } from '../files/read.js';

const PIECE = 4 << 20;

self.onmessage = async ({ data: { blob, script, samples: wanted } }) => {
  try {
    const { createFile } = await import(script);
    const reader = new BlobReader(blob);
    const start = performance.now();
    const file = createFile(false);
    file.discardMdatData = true;
    const failures = [];
    file.onError = (_module, message) => failures.push(message);
    for (let at = 0; at < reader.size && failures.length === 0;) {
      const { buffer } = reader.read(at, PIECE);
      buffer.fileStart = at;
      // It says where to go on, which is past media data that it does not want.
      const next = file.appendBuffer(buffer, at + PIECE >= reader.size);
      at = next > at ? next : at + PIECE;
    }
    file.flush();
    let samples = 0;
    if (wanted) for (const { id } of file.getInfo().tracks) samples += file.getTrackSamplesInfo(id).length;
    const time = (performance.now() - start) / 1000;
    if (failures.length > 0) throw new Error(failures[0]);
    const fragments = file.boxes.filter(({ type }) => type === 'moof').length;
    self.postMessage({ time, fragments, samples });
  } catch (error) {
    self.postMessage({ error: `${error.name}: ${error.message}` });
  }
};
