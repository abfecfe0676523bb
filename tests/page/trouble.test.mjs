// What goes wrong in the middle: workers that die, engines that trap, files that change, cancelling at the last moment.

import assert from 'node:assert/strict';
import { open as openOnDisk, readFile, stat, writeFile } from 'node:fs/promises';
import { before } from 'node:test';
import { inEachBrowser } from './browser.mjs';
import { haveFfmpeg, makeLong, makeSmooth } from './support-media.mjs';
import {
  fillForm,
  keepWorkers,
  LONG,
  openFile,
  pageTests,
  protect,
  SAMPLE,
  siteCopy,
  storage,
  storedBytes,
  waitPlan,
  withoutPicker,
  withPicker,
  workFolder,
} from './support.mjs';

const skip = haveFfmpeg() ? false : 'FFmpeg is missing';
const folder = workFolder();
let large = '';
before(async () => {
  if (skip) return;
  const short = folder.path('short.ismv');
  await makeSmooth(short, { seconds: 20, size: '1280x720', bitrate: '4M' });
  large = folder.path('large.ismv');
  await makeLong(large, short, Math.ceil(200e6 / (await stat(short)).size));
});

const ready = async (page, path) => {
  await openFile(page, path);
  await fillForm(page);
  await waitPlan(page);
};

const begun = (page) =>
  page.waitFor(() => document.querySelector('#progress').value > 0.03, { timeout: LONG });

const ended = async (page) => {
  await page.waitFor('.start-note.failed', { timeout: LONG });
  return page.text('.start-note');
};

const empty = (page) =>
  page.waitFor(
    async () => {
      const root = await navigator.storage.getDirectory();
      const boxlock = await root.getDirectoryHandle('boxlock');
      for await (const name of boxlock.keys()) return !name;
      return true;
    },
    { timeout: LONG },
  );

inEachBrowser((browser) => {
  const check = pageTests(browser);

  check(
    'a worker that is ended in silence ends the run with a sentence, and the next run succeeds',
    async (page) => {
      await withoutPicker(page);
      await keepWorkers(page);
      await ready(page, SAMPLE);
      await ready(page, large);
      // The leading ones of both files come first, then the crew: the last of it writes.
      for (const which of ['lead', 'protector', 'writer']) {
        const at = await page.evaluate(() => window.workers.length);
        await page.click('#protect-start');
        await begun(page);
        await page.evaluate(
          (name, first) => {
            const { workers } = window;
            const one = { lead: window.lead ?? 1, protector: first, writer: workers.length - 1 }[name];
            workers[one].terminate();
          },
          which,
          at,
        );
        const said = await ended(page);
        console.log(`# ${browser.name}, ${which}: ${said}`);
        assert.match(said, /^It stopped, and nothing was saved\. The (engine|browser) .*(memory)/);
        assert.match(said, /try again/);
        await empty(page);
        // A lead that was lost is replaced when something is next asked of it.
        if (which === 'lead') {
          const before = await page.evaluate(() => window.workers.length);
          await page.fill('[name="laUrl"]', 'https://licence.example.com/again');
          await waitPlan(page);
          assert.equal(await page.evaluate(() => window.workers.length), before + 1);
          await page.evaluate((number) => void (window.lead = number), before);
        }
      }
      await protect(page);
      const { bytes } = await page.waitDownload({ timeout: LONG });
      assert.ok(bytes.length > (await stat(large)).size);
      // The other file is still there.
      await page.click('#file-list li:not(.set-row) .file-name');
      await page.click('#tab-protect');
      await protect(page);
    },
    { skip },
  );

  check(
    'cancelling answers soon, also when the leading worker is stuck',
    async (page) => {
      await withoutPicker(page);
      await keepWorkers(page);
      await ready(page, large);
      // From here on nothing the page says reaches it.
      await page.click('#protect-start');
      await begun(page);
      const ms = await page.evaluate(async () => {
        window.workers[0].postMessage = () => {};
        const start = performance.now();
        document.querySelector('#cancel').click();
        while (!document.querySelector('.start-note.cancelled')) {
          if (performance.now() - start > 20_000) return -1;
          await new Promise((resolve) => void setTimeout(resolve, 10));
        }
        return performance.now() - start;
      });
      console.log(`# ${browser.name}: cancelled after ${Math.round(ms)} ms`);
      assert.ok(ms > 0 && ms < 2500, `${ms} ms`);
      assert.equal(await page.text('.start-note'), 'Cancelled. Nothing was saved.');
      await empty(page);
      await protect(page);
      await page.waitDownload({ timeout: LONG });
    },
    { skip },
  );

  check('cancelling an open ends its worker at once', async (page) => {
    await keepWorkers(page);
    const found = await page.evaluate(async () => {
      const { open } = await import('/boxlock.js');
      const blob = await (await fetch('/samples/sample.ismv')).blob();
      let terminated = 0;
      const real = window.Worker.prototype.terminate;
      Object.getPrototypeOf(window.Worker.prototype).terminate = new Proxy(real, {
        apply: (target, self) => {
          terminated = performance.now();
          return Reflect.apply(target, self, []);
        },
      });
      const stop = new AbortController();
      const opening = open(blob, { signal: stop.signal }).then(
        () => 'open',
        ({ name }) => name,
      );
      const worker = await new Promise((resolve) => {
        const look = () => (window.workers.length ? resolve(window.workers[0]) : setTimeout(look));
        look();
      });
      // As in a long call: it hears nothing.
      worker.postMessage = () => {};
      const start = performance.now();
      stop.abort();
      const name = await opening;
      return { name, ms: performance.now() - start, ended: terminated - start };
    });
    assert.equal(found.name, 'AbortError');
    assert.ok(found.ms < 200 && found.ended >= 0 && found.ended < 200, JSON.stringify(found));
  });

  check('an engine that trapped is discarded, and the file is open in a new one', async (page) => {
    await keepWorkers(page);
    await openFile(page, SAMPLE);
    const found = await page.evaluate(async () => {
      const { open } = await import('/boxlock.js');
      const media = await open('/samples/sample.ismv');
      const worker = window.workers.at(-1);
      // What a trap in the engine becomes.
      const trap = new Promise((resolve) => {
        const { onmessage } = worker;
        worker.onmessage = ({ data }) => {
          worker.onmessage = onmessage;
          const error = { message: 'It trapped.', code: 'engine-stopped', kind: 'environment' };
          onmessage({ data: { id: data.id, error, dead: true } });
          resolve(null);
        };
      });
      const failed = await media.tree().then(String, ({ code }) => code);
      await trap;
      const made = window.workers.length;
      const roots = await media.tree();
      const again = window.workers.length - made;
      const { isTrap, toPosted } = await import('/www/engine/errors.js');
      const errors = [
        new WebAssembly.RuntimeError('unreachable'),
        new Error('attempted to take ownership of Rust value while it was borrowed'),
        // The two browsers' words for a stack that is used up.
        new RangeError('Maximum call stack size exceeded'),
        Object.assign(new Error('too much recursion'), { name: 'InternalError' }),
      ];
      return {
        failed,
        roots: roots.length,
        again,
        traps: errors.map((error) => [isTrap(error), toPosted(error).code]),
        other: isTrap(new TypeError('x is undefined')),
      };
    });
    assert.equal(found.failed, 'engine-stopped');
    assert.ok(found.roots > 1);
    assert.equal(found.again, 1);
    assert.deepEqual(
      found.traps,
      found.traps.map(() => [true, 'engine-stopped']),
    );
    assert.equal(found.traps.length, 4);
    assert.equal(found.other, false);
  });

  check(
    'a file changed in place stops the run, whatever the browser notices',
    async (page) => {
      await withoutPicker(page);
      const path = folder.path(`changing-${browser.name}.ismv`);
      const original = await readFile(large);
      // Another version of the same size and the same heads: only its media differ.
      const other = Buffer.from(original);
      for (let at = other.indexOf('mdat', 0); at >= 0; at = other.indexOf('mdat', at + 4))
        for (let n = at + 40; n < Math.min(at + 40_000, other.length); n++) {
          if (other[n] === 0x6d && other.toString('latin1', n, n + 4) === 'mfra') break;
          if (other[n] === 0x6d && other.toString('latin1', n, n + 4) === 'moof') break;
          other[n] ^= 1;
        }
      await writeFile(path, original);
      await ready(page, path);
      await page.click('#protect-start');
      await begun(page);
      const file = await openOnDisk(path, 'r+');
      await file.write(other, 0, other.length, 0);
      await file.close();
      const said = await ended(page);
      console.log(`# ${browser.name}, in the middle: ${said}`);
      assert.match(said, /^It stopped, and nothing was saved\. The file .*changed/);
      await empty(page);
      assert.equal(await page.evaluate(() => document.querySelector('.result-head')), null);
      // And one that was changed between opening and protecting.
      const back = await openOnDisk(path, 'r+');
      await back.write(original, 0, 1 << 20, 0);
      await back.close();
      await page.click('#protect-start');
      assert.match(await ended(page), /changed/);
      await empty(page);
    },
    { skip },
  );

  const noPicker = browser.name === 'chromium' ? false : 'This browser has no save dialog for pages.';
  check(
    'cancelling while the file is being finished comes too late, says so, and the result is shown',
    async (page) => {
      await withPicker(page, 'what was there before');
      await keepWorkers(page);
      await ready(page, SAMPLE);
      await page.evaluate(() => {
        // The moment of no return lasts as long as the test wants.
        const real = window.Worker.prototype.postMessage;
        const proto = Object.getPrototypeOf(window.Worker.prototype);
        proto.postMessage = function (message, ...rest) {
          if (message?.finish === true) window.finish = () => real.call(this, message, ...rest);
          else real.call(this, message, ...rest);
        };
      });
      await page.click('#protect-start');
      await page.waitFor(
        () => typeof window.finish === 'function' && document.querySelector('#cancel').title,
      );
      assert.match(await page.text('.run-bar .hint'), /no longer be cancelled/);
      await page.evaluate(() => document.querySelector('#cancel').click());
      await page.press('Escape');
      await page.click('[aria-label="Close sample.ismv"]');
      await page.evaluate(() => window.finish());
      await page.waitFor('.result-head', { timeout: LONG });
      assert.match(await page.text('.result-head'), /is protected/);
      const bytes = await storedBytes(page, 'sample.mp4');
      assert.ok(bytes.length > (await stat(SAMPLE)).size);
    },
    { skip: noPicker },
  );

  check('what an earlier visit left is removed when the page starts, and the page says so', async (page) => {
    await page.evaluate(async () => {
      const root = await navigator.storage.getDirectory();
      const boxlock = await root.getDirectoryHandle('boxlock', { create: true });
      for (const name of ['one.mp4', 'two.part', 'three.mp4']) {
        const handle = await boxlock.getFileHandle(name, { create: true });
        const stream = await handle.createWritable();
        await stream.write(new Uint8Array(3 << 20));
        await stream.close();
      }
    });
    await page.goto('/');
    await page.waitFor('.notice.quiet');
    const said = await page.text('.notice.quiet');
    console.log(`# ${browser.name}: ${said}`);
    assert.match(said, /removed/);
    assert.match(said, /9\.44 MB/);
    assert.deepEqual(await storage(page), {});
  });

  check('a copy that another page holds is not swept out', async (page) => {
    const left = await page.evaluate(async () => {
      const { hold, newName, sweep } = await import('/www/files/stored.js');
      const name = newName();
      await hold(name);
      const root = await navigator.storage.getDirectory();
      const boxlock = await root.getDirectoryHandle('boxlock', { create: true });
      await boxlock.getFileHandle(name, { create: true });
      await sweep();
      const found = [];
      for await (const each of boxlock.keys()) found.push(each);
      return found.length === 1 && found[0] === name;
    });
    assert.ok(left);
  });
});

/**
 * The built site in a browser that gives pages neither storage nor service workers, as private windows do. Made where tests
 * are defined: browsers are given it there.
 */
function siteWithoutStorage() {
  const { root, prepend } = siteCopy();
  const refused = "() => Promise.reject(new DOMException('No.', 'SecurityError'));\n";
  const none =
    `StorageManager.prototype.getDirectory = ${refused}` +
    `if (globalThis.ServiceWorkerContainer) ServiceWorkerContainer.prototype.register = ${refused}`;
  prepend(none, 'app.js', 'engine/writer-worker.js');
  return { root };
}

inEachBrowser((browser) => {
  const check = pageTests(browser);

  check('without storage the result is in memory, and the page says so before and after', async (page) => {
    await withoutPicker(page);
    await ready(page, SAMPLE);
    await page.waitFor(() => /made in memory/.test(document.querySelector('.start-note').innerText));
    await protect(page);
    const { bytes } = await page.waitDownload({ timeout: LONG });
    assert.ok(bytes.length > (await stat(SAMPLE)).size);
    assert.match(await page.text('.save-line:has(#save)'), /only in this page’s memory/);
  });

  check('what does not fit into memory is refused before the work', async (page) => {
    const found = await page.evaluate(async () => {
      const none = () => Promise.reject(new DOMException('No.', 'SecurityError'));
      StorageManager.prototype.getDirectory = none;
      const { openSink } = await import('/www/files/sink.js');
      return openSink(null, 3e9, 'named.mp4').then(String, ({ code, message }) => [code, message]);
    });
    assert.equal(found[0], 'no-storage');
    assert.match(found[1], /held in memory: 3\.00 GB are more than the 2\.15 GB that fit/);
  });
}, siteWithoutStorage());
