// Reading a file from front to back, as protecting does.

import assert from 'node:assert/strict';
import { inEachBrowser } from './browser.mjs';
import { pageTests } from './support.mjs';

const START = `
  const { BlobStream } = await import('/www/files/stream.js');
  const bytes = Uint8Array.from({ length: 5 << 20 }, (_, n) => (n * 2654435761) >>> 24);
  const same = (found, start) => found.every((byte, n) => byte === bytes[start + n]);
  const plain = new Blob([bytes]);
  // As in browsers whose blobs are no byte streams.
  const poor = { size: plain.size, slice: (start, end) => {
    const part = plain.slice(start, end);
    return { stream: () => new ReadableStream(), arrayBuffer: () => part.arrayBuffer() };
  } };
`;

inEachBrowser((browser) => {
  const check = pageTests(browser);
  const script = (page, body) => page.evaluate(`async () => {${START}${body}}`);

  check(
    'ranges in order, with gaps and backwards are the bytes of the file, in the buffer given',
    async (page) => {
      const found = await script(
        page,
        `const all = [];
      for (const blob of [plain, poor]) {
        const stream = new BlobStream(blob);
        let buffer = new ArrayBuffer(3 << 20);
        for (const [start, len] of [[0, 10], [10, 3 << 20], [(3 << 20) + 10, 1], [4 << 20, 1 << 20], [5, 0], [7, 99]]) {
          const read = await stream.read(start, len, buffer);
          ({ buffer } = read);
          all.push(read.length === len && read.byteOffset === 0 && buffer.byteLength === 3 << 20 && same(read, start));
        }
      }
      return all;`,
      );
      assert.deepEqual(found, Array(12).fill(true));
    },
  );

  check('what is kept stays in front of what is read, in this buffer or a larger one', async (page) => {
    const found = await script(
      page,
      `const all = [];
      for (const blob of [plain, poor]) {
        const stream = new BlobStream(blob);
        for (const room of [9, 4 << 20]) {
          const { buffer } = await stream.read(100, 9, new ArrayBuffer(room));
          const read = await stream.read(109, 3 << 20, buffer, 9);
          all.push(read.length === (3 << 20) + 9 && same(read, 100));
        }
      }
      return all;`,
    );
    assert.deepEqual(found, [true, true, true, true]);
  });

  check('a buffer that is too small is replaced', async (page) => {
    const found = await script(
      page,
      `const all = [];
      for (const blob of [plain, poor]) {
        const read = await new BlobStream(blob).read(3, 2 << 20, new ArrayBuffer(9));
        all.push(read.length === 2 << 20 && same(read, 3));
      }
      return all;`,
    );
    assert.deepEqual(found, [true, true]);
  });

  check('a file that is shorter than it was fails as the browser says it', async (page) => {
    const found = await script(
      page,
      `const all = [];
      for (const blob of [plain, poor]) {
        const stream = new BlobStream(blob);
        const end = await stream.read((5 << 20) - 10, 20, new ArrayBuffer(20)).catch((error) => error.name);
        const beyond = await stream.read(6 << 20, 1, new ArrayBuffer(1)).catch((error) => error.name);
        all.push(end, beyond);
      }
      return all;`,
    );
    assert.deepEqual(found, Array(4).fill('NotReadableError'));
  });

  check('what is cancelled ends, and reading can go on elsewhere', async (page) => {
    const found = await script(
      page,
      `const stream = new BlobStream(plain);
      const pending = stream.read(0, 4 << 20, new ArrayBuffer(4 << 20)).catch((error) => error.name);
      stream.cancel();
      const again = await stream.read(100, 50, new ArrayBuffer(50));
      return [await pending, same(again, 100)];`,
    );
    assert.deepEqual(found, ['NotReadableError', true]);
  });
});
