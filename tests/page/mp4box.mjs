// What mp4box.js says of files: one line of JSON for each path that is read from the standard input.

import { readFile } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { createFile, Log } from 'mp4box';

Log.setLogLevel(Log.error);
// What it says of damage is not what is compared, and standard output is for the answers.
console.log = console.info = console.warn = console.error = console.debug = () => {};

/** All boxes that it knows of, each with type, start and size. */
const boxesOf = (boxes) =>
  boxes.flatMap((box) => {
    const entries = (box.entries ?? []).filter((entry) => entry?.type && Number.isInteger(entry.start));
    const own = [box.type, box.start, box.size];
    return [own, ...boxesOf([...new Set([...(box.boxes ?? []), ...entries])])];
  });

/** The tracks of a file and what the file is, as mp4box.js has them when it has seen all of it. */
async function read(path) {
  const file = createFile();
  const bytes = await readFile(path);
  const buffer = new Uint8Array(bytes).buffer;
  buffer.fileStart = 0;
  file.appendBuffer(buffer, true);
  file.flush();
  if (!file.moov) return null;
  const info = file.getInfo();
  return {
    duration: info.duration,
    timescale: info.timescale,
    isFragmented: info.isFragmented,
    boxes: boxesOf(file.boxes),
    tracks: info.tracks.map((track) => {
      const samples = file.getTrackSamplesInfo(track.id);
      return {
        id: track.id,
        type: track.type,
        codec: track.codec,
        timescale: track.timescale,
        duration: track.duration,
        samplesDuration: track.samples_duration,
        samples: samples.length,
        rows: samples.map(({ offset, size, dts, cts, duration, is_sync: sync }) => [
          offset,
          size,
          dts,
          cts,
          duration,
          Number(sync),
        ]),
        bytes: samples.reduce((sum, { size }) => sum + size, 0),
        width: track.video?.width,
        height: track.video?.height,
        rate: track.audio?.sample_rate,
        channels: track.audio?.channel_count,
      };
    }),
  };
}

for await (const path of createInterface({ input: process.stdin })) {
  const said = await read(path).catch(() => null);
  process.stdout.write(`${JSON.stringify(said)}\n`);
}
