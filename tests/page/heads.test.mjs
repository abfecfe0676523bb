// Opening files whose fragments are far apart: what the index at their end says is read ahead, true or not.

import assert from 'node:assert/strict';
import { inEachBrowser } from './browser.mjs';
import { pageTests } from './support.mjs';

const START = `
  const { open } = await import('/boxlock.js');
  const sample = new Uint8Array(await (await fetch('/samples/sample.ismv')).arrayBuffer());
  const be = (value, bytes) => Uint8Array.from({ length: bytes }, (_, n) => Math.floor(value / 256 ** (bytes - 1 - n)));
  const ascii = (text) => Uint8Array.from(text, (letter) => letter.charCodeAt());
  const join = (...parts) => new Uint8Array([].concat(...parts.map((part) => [...part])));
  const box = (type, ...body) => {
    const bytes = join(...body);
    return join(be(bytes.length + 8, 4), ascii(type), bytes);
  };
  // The sample's own boxes, with so much free space before each fragment that nobody would read it along.
  const GAP = 600000;
  const free = join(be(GAP, 4), ascii('free'), new Uint8Array(GAP - 8));
  const parts = [];
  const moofs = [];
  let length = 0;
  for (let at = 0; at < sample.length; ) {
    const size = new DataView(sample.buffer).getUint32(at);
    const type = String.fromCharCode(...sample.subarray(at + 4, at + 8));
    if (type === 'mfra') break;
    if (type === 'moof') {
      parts.push(free);
      length += GAP;
      moofs.push(length);
    }
    parts.push(sample.subarray(at, at + size));
    at += size;
    length += size;
  }
  const index = (offsets) => {
    const points = offsets.map((offset) => join(be(0, 8), be(offset, 8), [1, 1, 1]));
    const tfra = box('tfra', be(1 << 24, 4), be(1, 4), be(0, 4), be(offsets.length, 4), ...points);
    const mfro = box('mfro', be(0, 4), be(tfra.length + 8 + 16, 4));
    return box('mfra', tfra, mfro);
  };
  const look = async (blob) => {
    const media = await open(blob);
    const { fragmentCount, sampleCount, protectable, problems } = media.summary();
    const tracks = media.tracks();
    media.close();
    return JSON.stringify({ fragmentCount, sampleCount, protectable, problems, tracks });
  };
`;

inEachBrowser((browser) => {
  const check = pageTests(browser);

  check('an index that is right, wrong, or in disorder shows the same fragments as none', async (page) => {
    const found = await page.evaluate(`async () => {${START}
      const none = await look(new Blob(parts));
      const said = {
        right: moofs,
        half: moofs.filter((_, n) => n % 2),
        shifted: moofs.map((offset) => offset + 8),
        early: moofs.map((offset) => offset - 8),
        backwards: moofs.toReversed(),
        twice: [...moofs, ...moofs],
        crowded: moofs.slice(0, 3).flatMap((offset) => [offset, offset + 4, offset + 20, offset + 700]),
        beyond: [...moofs, length, length + 100, 1e12, 2 ** 60],
      };
      const wrong = [];
      for (const [name, offsets] of Object.entries(said)) {
        const one = await look(new Blob([...parts, index(offsets)]));
        if (one !== none) wrong.push(name + ': ' + one);
      }
      return { wrong, none: JSON.parse(none), moofs: moofs.length };
    }`);
    assert.deepEqual(found.wrong, []);
    assert.equal(found.none.fragmentCount, found.moofs);
    assert.ok(found.moofs > 5 && found.none.sampleCount > found.moofs);
  });

  check('heads longer than those before are read all the same', async (page) => {
    const found = await page.evaluate(`async () => {${START}
      // Free space inside the movie fragments, more and more of it, and no sample.
      const grown = [];
      const offsets = [];
      let at = 0;
      const push = (bytes) => {
        grown.push(bytes);
        at += bytes.length;
      };
      const first = parts.indexOf(free);
      parts.slice(0, first).forEach(push);
      for (let n = 0; n < 80; n++) {
        push(free);
        offsets.push(at);
        const inner = box('free', new Uint8Array(n * n * 20));
        push(box('moof', box('mfhd', be(0, 4), be(n + 1, 4)), inner));
      }
      const none = await look(new Blob(grown));
      const right = await look(new Blob([...grown, index(offsets)]));
      return { same: none === right, count: JSON.parse(right).fragmentCount };
    }`);
    assert.deepEqual(found, { same: true, count: 80 });
  });

  check('what is expected is read ahead, and a file cut short meanwhile is said to be that', async (page) => {
    const found = await page.evaluate(async () => {
      // Only workers have it: here it stands for the reads that were not ahead.
      let alone = 0;
      globalThis.FileReaderSync = class {
        readAsArrayBuffer() {
          alone++;
          return new ArrayBuffer(0);
        }
      };
      const { HeadReader } = await import('/www/files/heads.js');
      const size = 40e6;
      const bytes = new Uint8Array(size);
      const starts = Float64Array.from({ length: 100 }, (_, n) => 1000 + n * 390_000);
      starts.forEach((start, n) => (bytes[start] = n));
      const heads = new HeadReader(new Blob([bytes]));
      heads.expect(starts.toReversed());
      const seen = [];
      for (const start of starts) seen.push((await heads.read(start, 16))[0]);
      const short = new HeadReader({ size, slice: () => new Blob([new Uint8Array(10)]) });
      short.expect(starts);
      const fault = await short.read(starts[0], 16).catch((error) => error.name);
      return { alone, right: seen.every((value, n) => value === n), fault };
    });
    assert.deepEqual(found, { alone: 0, right: true, fault: 'NotReadableError' });
  });
});
