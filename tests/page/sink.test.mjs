// Writing where there is no room.

import assert from 'node:assert/strict';
import { inEachBrowser } from './browser.mjs';
import { pageTests } from './support.mjs';

inEachBrowser((browser) => {
  const check = pageTests(browser);

  check(
    'storage that takes part of a write, and then no more, is full, and is not tried for ever',
    async (page) => {
      const found = await page.evaluate(async () => {
        const { openSink } = await import('/files/sink.js');
        const taken = [];
        const access = {
          write(bytes, { at }) {
            const length = taken.length < 2 ? Math.min(bytes.length, 60) : 0;
            taken.push([at, length]);
            return length;
          },
          close() {},
        };
        const folder = {
          getFileHandle: async () => ({ createSyncAccessHandle: async () => access }),
          removeEntry: async (name) => void (taken.removed = name),
        };
        navigator.storage.getDirectory = async () => ({ getDirectoryHandle: async () => folder });
        const sink = await openSink(null, 200);
        let name = 'no error';
        try {
          await sink.write(new Uint8Array(200));
        } catch (error) {
          ({ name } = error);
        }
        await sink.abort();
        return { name, taken: [...taken], removed: /^[\w-]+\.mp4$/.test(taken.removed) };
      });
      const taken = [
        [0, 60],
        [60, 60],
        [120, 0],
      ];
      assert.deepEqual(found, { name: 'QuotaExceededError', taken, removed: true });
    },
  );

  check(
    'a file larger than the room that storage has is refused before anything is written',
    async (page) => {
      const found = await page.evaluate(async () => {
        const { openSink } = await import('/files/sink.js');
        const { toPosted } = await import('/engine/errors.js');
        navigator.storage.estimate = async () => ({ quota: 10e9, usage: 4e9 });
        return openSink(null, 7.25e9).then(String, (error) => toPosted(error));
      });
      const message =
        'The protected file needs 7.25 GB, but this browser has 6.00 GB for it. ' +
        'Free some space, or use Chrome or Edge and save straight to a file.';
      assert.deepEqual(found, { message, code: 'no-space', kind: 'environment' });
    },
  );
});
