// Writing where there is no room.

import assert from 'node:assert/strict';
import { readFile, truncate, writeFile } from 'node:fs/promises';
import { inEachBrowser } from './browser.mjs';
import { pageTests, SAMPLE, storage, workFolder } from './support.mjs';

const folder = workFolder();

inEachBrowser((browser) => {
  const check = pageTests(browser);

  check(
    'storage that takes part of a write, and then no more, is full, and is not tried for ever',
    async (page) => {
      const found = await page.evaluate(async () => {
        const { openSink } = await import('/www/files/sink.js');
        const taken = [];
        const access = {
          truncate() {},
          getSize: () => 200,
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
        const sink = await openSink(null, 200, 'named.mp4');
        let name = 'no error';
        try {
          await sink.write(new Uint8Array(200));
        } catch (error) {
          ({ name } = error);
        }
        await sink.abort();
        return { name, taken: [...taken], removed: taken.removed === 'named.mp4' };
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
      // The sample, and behind it free space that takes none on disk.
      const path = folder.path('large.ismv');
      const sample = await readFile(SAMPLE);
      const size = 15e12;
      const free = Buffer.alloc(16);
      free.writeUInt32BE(1);
      free.write('free', 4);
      free.writeBigUInt64BE(BigInt(size - sample.length), 8);
      await writeFile(path, Buffer.concat([sample, free]));
      await truncate(path, size);
      await page.evaluate(() => {
        document.body.append(Object.assign(document.createElement('input'), { type: 'file', id: 'large' }));
      });
      await page.setFile('#large', path);
      const found = await page.evaluate(async () => {
        const { open } = await import('/boxlock.js');
        const media = await open(document.querySelector('#large').files[0]);
        const refused = media.protect({ laUrl: 'https://licence.example.com/' });
        return refused.then(String, ({ name, code, message }) => ({ name, code, message }));
      });
      const message =
        'There is not enough space for the new file, which needs 15000.00 GB. ' +
        'Free some space and try again; Chrome and Edge can also save straight to another disk.';
      assert.deepEqual(found, { name: 'BoxlockError', code: 'no-space', message });
      assert.deepEqual(await storage(page), {});
    },
  );
});
