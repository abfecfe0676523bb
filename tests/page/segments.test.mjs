// Writing into a chosen file by way of browser storage.

import assert from 'node:assert/strict';
import { inEachBrowser } from './browser.mjs';
import { pageTests, storage } from './support.mjs';

/** A chosen file and a folder of browser storage that note what happens to them. */
const FAKES = `
  const { SegmentedStream } = await import('/www/files/segments.js');
  const files = new Map();
  const seen = { most: 0, moved: [], written: [] };
  let room = Infinity;
  let broken = '';
  const full = () => new DOMException('No room', 'QuotaExceededError');
  const folder = {
    getFileHandle: async (name) => ({
      createSyncAccessHandle: async () => {
        if (broken === 'handle') throw full();
        files.set(name, new Uint8Array(0));
        seen.most = Math.max(seen.most, files.size);
        const resize = (size) => {
          if (size > Math.max(room, files.get(name).length)) throw full();
          const bytes = new Uint8Array(size);
          bytes.set(files.get(name).subarray(0, size));
          files.set(name, bytes);
        };
        return {
          truncate: resize,
          getSize: () => files.get(name).length,
          write(bytes, { at }) {
            if (broken === 'write') {
              files.get(name).set([99], at);
              throw full();
            }
            if (at + bytes.length > files.get(name).length) resize(at + bytes.length);
            files.get(name).set(bytes, at);
            return bytes.length;
          },
          close() {},
        };
      },
      getFile: async () => new Blob([files.get(name)]),
    }),
    removeEntry: async (name) => void files.delete(name),
  };
  navigator.storage.getDirectory = async () => ({ getDirectoryHandle: async () => folder });
  let failing = false;
  const bytes = [];
  const stream = {
    async write(data) {
      await new Promise((resolve) => void setTimeout(resolve, 20));
      if (failing) throw full();
      const isFile = data instanceof Blob;
      const chunk = isFile ? new Uint8Array(await data.arrayBuffer()) : data;
      (isFile ? seen.moved : seen.written).push(chunk.length);
      bytes.push(...chunk.subarray(0, 1), ...chunk.subarray(-1));
    },
  };
  const segments = new SegmentedStream(stream, folder);
  const piece = (length, first, last) => {
    const made = new Uint8Array(length);
    made[0] = first;
    made[length - 1] = last;
    return made;
  };
  const MB = 1 << 20;
`;

inEachBrowser((browser) => {
  const check = pageTests(browser);
  const script = (page, body) => page.evaluate(`async () => {${FAKES}${body}}`);

  check('bytes arrive in order, in segments, of which storage holds two at most', async (page) => {
    const found = await script(
      page,
      `for (const [length, first, last] of [[10, 1, 2], [6, 3, 4], [1, 5, 6], [15, 7, 8], [20, 9, 10], [5, 11, 12]])
        await segments.write(piece(length * MB, first, last));
      await segments.flush();
      return { ...seen, bytes, left: files.size };`,
    );
    const moved = [16, 16, 20, 5].map((megabytes) => megabytes << 20);
    assert.deepEqual(found, { most: 2, moved, written: [], bytes: [1, 4, 5, 8, 9, 10, 11, 12], left: 0 });
  });

  check('when storage has no more room, bytes go straight there, behind those before', async (page) => {
    const found = await script(
      page,
      `await segments.write(piece(15 * MB, 1, 2));
      room = 0;
      for (const n of [3, 5, 7]) await segments.write(piece(10 * MB, n, n + 1)).catch((error) => bytes.push(error.name));
      return { ...seen, bytes, left: files.size };`,
    );
    // Its room is asked for when a segment begins: what has begun can be ended.
    assert.equal(found.left, 0);
    assert.deepEqual(found.bytes, [1, 2, 3, 4, 5, 6, 7, 8]);
    assert.deepEqual([found.moved, found.written], [[15 << 20], [10 << 20, 10 << 20, 10 << 20]]);
  });

  // A new segment cannot begin; the present one, half full, takes no more.
  for (const [what, size] of [
    ['handle', 9],
    ['write', 5],
  ])
    check(`when storage fails (${what}), bytes go straight there, behind those before`, async (page) => {
      const found = await script(
        page,
        `await segments.write(piece(${size} * MB, 1, 2));
        broken = '${what}';
        for (const n of [3, 5, 7]) await segments.write(piece(${size} * MB, n, n + 1));
        await segments.flush();
        return { ...seen, bytes, left: files.size };`,
      );
      assert.deepEqual(found.bytes, [1, 2, 3, 4, 5, 6, 7, 8]);
      assert.deepEqual([found.moved, found.written], [[size << 20], [size << 20, size << 20, size << 20]]);
      assert.equal(found.left, 0);
    });

  check('what is stopped sends nothing more, and storage is left empty', async (page) => {
    const found = await script(
      page,
      `await segments.write(piece(15 * MB, 1, 2));
      const writing = (async () => {
        for (const n of [3, 5]) await segments.write(piece(15 * MB, n, n + 1));
      })();
      await new Promise((resolve) => void setTimeout(resolve, 5));
      segments.stop();
      await writing;
      await segments.discard();
      return { moved: seen.moved.length, left: files.size };`,
    );
    assert.deepEqual(found, { moved: 1, left: 0 });
  });

  check('a chosen file that takes no more is heard of, and storage is left empty', async (page) => {
    const found = await script(
      page,
      `failing = true;
      const errors = [];
      for (let n = 0; n < 4; n++) await segments.write(piece(10 * MB, 1, 2)).catch((error) => errors.push(error.name));
      await segments.discard();
      return { errors, left: files.size };`,
    );
    assert.equal(found.left, 0);
    assert.ok(found.errors.length > 0 && found.errors.every((name) => name === 'QuotaExceededError'));
  });

  check('a file of 100 MB is the same in a chosen file as in storage', async (page) => {
    const found = await page.evaluate(async () => {
      const { open } = await import('/boxlock.js');
      const sample = new Uint8Array(await (await fetch('/samples/sample.ismv')).arrayBuffer());
      // Free space that is not all alike, before every fragment.
      const free = new Uint32Array(5 << 20).map((_, n) => n * 2654435761);
      new DataView(free.buffer).setUint32(0, free.byteLength);
      new Uint8Array(free.buffer).set([102, 114, 101, 101], 4);
      const parts = [];
      let moofs = 0;
      for (let at = 0; at < sample.length;) {
        const size = new DataView(sample.buffer).getUint32(at);
        const type = String.fromCharCode(...sample.subarray(at + 4, at + 8));
        if (type === 'mfra') break;
        if (type === 'moof' && moofs++ % 2 === 0) parts.push(free);
        parts.push(sample.subarray(at, at + size));
        at += size;
      }
      const media = await open(new Blob(parts));
      const key = '000102030405060708090a0b0c0d0e0f';
      const kid = '10000000-1000-1000-1000-100000000001';
      const request = { laUrl: 'https://licence.example.com/', key, kid, ivStart: '0000000000000001' };
      const root = await navigator.storage.getDirectory();
      const sink = await root.getFileHandle('chosen.mp4', { create: true });
      const segments = new Set();
      const onProgress = async () => {
        const folder = await root.getDirectoryHandle('boxlock');
        for await (const name of folder.keys()) if (name.endsWith('.part')) segments.add(name);
      };
      const results = [await media.protect(request), await media.protect(request, { sink, onProgress })];
      const sums = [];
      for (const result of results)
        sums.push([result.size, (await result.file()).size, await result.sha256()]);
      await results[0].discard();
      media.close();
      return { sums, segmented: segments.size > 0, wanted: 'userAgentData' in navigator };
    });
    const [stored, chosen] = found.sums;
    assert.deepEqual(stored, chosen);
    assert.ok(stored[0] > 100e6, `${stored[0]} bytes`);
    assert.equal(found.segmented, found.wanted);
    assert.deepEqual(Object.keys(await storage(page)), ['chosen.mp4']);
  });
});
