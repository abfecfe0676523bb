// Where a browser has no storage for pages, the file goes to its downloads while it is made: nothing of it is held, and
// what was not made to its end does not look finished.

import assert from 'node:assert/strict';
import { readFile, stat } from 'node:fs/promises';
import { before } from 'node:test';
import { inEachBrowser } from './browser.mjs';
import { ffmpeg, haveFfmpeg, makeLong, makeSmooth, sha256 } from './support-media.mjs';
import {
  assertNothingLeft,
  choose,
  fillForm,
  keepWorkers,
  keySheet,
  LONG,
  openFile,
  pageTests,
  protect,
  SAMPLE,
  siteCopy,
  waitPlan,
  withoutPicker,
  workFolder,
} from './support.mjs';

const skip = haveFfmpeg() ? false : 'FFmpeg is missing';
/** Longer than browsers let an idle service worker live. */
const SILENCE_MS = 50_000;
const folder = workFolder();
const large = folder.path('large.ismv');
/** Its index stands in front of the media, and says how long each fragment is. */
const indexed = folder.path('indexed.mp4');
before(async () => {
  if (skip) return;
  const short = folder.path('short.ismv');
  await makeSmooth(short, { seconds: 20, size: '1280x720', bitrate: '4M' });
  await makeLong(large, short, Math.ceil(100e6 / (await stat(short)).size));
  const flags = 'frag_keyframe+empty_moov+default_base_moof+dash+global_sidx';
  await ffmpeg('-i', large, '-map', '0', '-c', 'copy', '-movflags', flags, '-f', 'mp4', indexed);
  assert.ok((await readFile(indexed)).subarray(0, 4000).includes('sidx'));
});

/** The built site in a browser that gives pages no storage. */
const { root, prepend } = siteCopy();
prepend(
  "if (globalThis.StorageManager) StorageManager.prototype.getDirectory = async () => { throw new DOMException('No.', 'SecurityError'); };",
  'app.js',
  'engine/writer-worker.js',
);

const ready = async (page, path) => {
  await withoutPicker(page);
  await openFile(page, path);
  await fillForm(page);
  await waitPlan(page);
  await page.waitFor(() =>
    /browser’s downloads while it is made/.test(document.querySelector('.start-note').innerText),
  );
};

const begun = (page) =>
  page.waitFor(() => document.querySelector('#progress').value > 0.05, { timeout: LONG });

inEachBrowser(
  (browser) => {
    const check = pageTests(browser);
    // The browser knows the address of a download that never left it.
    const quiet = false;
    const inMemory = browser.name === 'webkit' ? 'WebKit makes it in memory' : skip;

    check(
      'where a download that fails would look finished, the file is made in memory',
      async (page) => {
        // The page took the one name that its policy gives for this.
        await page.goto('/favicon.svg');
        const able = await page.evaluate(async () => (await import('/www/files/downloads.js')).canDownload());
        assert.equal(able, browser.name !== 'webkit');
      },
      { quiet },
    );

    check(
      'the page says where the file goes, before and after, and what that cannot do',
      async (page) => {
        await ready(page, SAMPLE);
        await protect(page);
        const { name, bytes } = await page.waitDownload({ timeout: LONG });
        assert.equal(name, 'sample.mp4');
        assert.ok(bytes.length > (await stat(SAMPLE)).size);
        // Nobody can read it again, so its sum was taken on the way.
        assert.equal(await page.text('#sha256'), sha256(bytes));
        assert.match(
          await page.text('.result-head .saved'),
          /went to this browser’s downloads.*No copy is left/,
        );
        assert.match(await page.text('.result'), /Not on this page/);
        assert.ok(!(await page.evaluate(() => document.querySelector('#save, #play'))));
        assert.deepEqual(page.errors, []);
        const outside = page.requests.filter((url) => !/\/files\/save\/[\da-f-]{36}$/.test(url));
        assertNothingLeft({ requests: outside }, browser.site.origin);
        assert.ok(!browser.site.requests.some((url) => url.includes('/files/save/')));
      },
      { quiet, skip: browser.name === 'webkit' && inMemory },
    );

    check(
      'an archive of segments keeps its name, and no sum stands where nobody can have one',
      async (page) => {
        await withoutPicker(page);
        await page.evaluate(() => void (window.showDirectoryPicker = undefined));
        await openFile(page, SAMPLE);
        await fillForm(page);
        await page.click('#more-file > summary');
        await choose(page, 'segments', 'segments');
        await waitPlan(page);
        await page.waitFor(() =>
          /the ZIP archive of the segments goes to/.test(document.querySelector('.start-note').innerText),
        );
        await protect(page);
        const { name, bytes } = await page.waitDownload({ timeout: LONG });
        assert.equal(name, 'sample.zip');
        assert.equal(bytes.readUInt32BE(0), 0x504b_0304);
        const said = (await page.text('.result-head')).replace(/(\d)\D(?=\d{3}\b)/g, '$1');
        assert.ok(said.includes(`${bytes.length} bytes`), said);
        assert.equal(await page.evaluate(() => document.querySelector('#sha256, #compute-hash')), null);
        assert.match(await page.text('#verify'), /cannot be read again here/);
        const { sheet } = await keySheet(page);
        assert.deepEqual([sheet.fileName, sheet.fileSize, sheet.sha256], [name, bytes.length, null]);
      },
      { quiet, skip: browser.name === 'webkit' && inMemory },
    );

    check(
      'what is downloaded is what would be made elsewhere, to the last byte',
      async (page) => {
        for (const path of [SAMPLE, large, indexed]) {
          await page.evaluate(() => {
            const input = Object.assign(document.createElement('input'), { type: 'file', id: 'source' });
            document.querySelector('#source')?.remove();
            document.body.append(input);
          });
          await page.setFile('#source', path);
          const found = await page.evaluate(async () => {
            const { open } = await import('/boxlock.js');
            const media = await open(document.querySelector('#source').files[0]);
            const plan = await media.plan({ laUrl: 'https://licence.example.com/' });
            const stages = new Set();
            const onProgress = ({ stage }) => stages.add(stage);
            const here = await media.protect(plan);
            const there = await media.protect(plan, { download: true, onProgress });
            const gone = await there.file().then(String, ({ code }) => code);
            const sheet = await there.keySheet({ sha256: 'if-known' });
            return {
              places: [here.place, there.place],
              sums: [await here.sha256(), await there.sha256(), sheet.sha256],
              sizes: [here.size, there.size],
              gone,
              twice: stages.has('measure'),
            };
          });
          const { bytes } = await page.waitDownload({ timeout: LONG });
          const sum = sha256(bytes);
          assert.deepEqual(found.places, ['memory', 'downloads']);
          assert.deepEqual(found.sums, [sum, sum, sum]);
          assert.deepEqual(found.sizes, [bytes.length, bytes.length]);
          assert.equal(found.gone, 'no-copy');
          assert.equal(found.twice, path === indexed, path);
        }
      },
      { quiet, skip: inMemory },
    );

    check(
      'cancelled, the download has failed, the page says so, and the next one succeeds',
      async (page) => {
        await ready(page, large);
        await page.click('#protect-start');
        await begun(page);
        await page.click('#cancel');
        await page.waitFor('.start-note.cancelled');
        assert.match(await page.text('.start-note'), /Nothing was saved: .* marked there as failed/);
        await assert.rejects(page.waitDownload({ timeout: 3000 }));
        await protect(page);
        const { bytes } = await page.waitDownload({ timeout: LONG });
        assert.equal(await page.text('#sha256'), sha256(bytes));
      },
      { quiet, skip: inMemory },
    );

    check(
      'a page that goes in the middle leaves nothing that looks finished',
      async (page) => {
        await ready(page, large);
        await page.click('#protect-start');
        await begun(page);
        // Nobody is asked here whether to leave.
        await page.evaluate(() =>
          addEventListener('beforeunload', (event) => event.stopImmediatePropagation(), true),
        );
        await page.evaluate(() => void setTimeout(() => (location.href = '/build.json')));
        await assert.rejects(page.waitDownload({ timeout: 5000 }));
      },
      { quiet, skip: inMemory },
    );

    check(
      'a writing worker that dies leaves nothing that looks finished',
      async (page) => {
        await keepWorkers(page);
        await ready(page, large);
        await page.click('#protect-start');
        await begun(page);
        await page.evaluate(() => window.workers.at(-1).terminate());
        await page.waitFor('.start-note.failed', { timeout: LONG });
        assert.match(await page.text('.start-note'), /^It stopped, and nothing was saved\./);
        await assert.rejects(page.waitDownload({ timeout: 3000 }));
      },
      { quiet, skip: inMemory },
    );

    check(
      'a slow file outlives what browsers allow an idle service worker',
      async (page) => {
        await page.evaluate((ms) => {
          const real = window.Worker.prototype.postMessage;
          let turn = Promise.resolve();
          let slow = true;
          window.Worker.prototype.postMessage = function (message, ...rest) {
            const send = () => real.call(this, message, ...rest);
            if (!message?.bytes) return send();
            const wait = slow ? ms : 0;
            slow = false;
            turn = turn.then(() => new Promise((resolve) => void setTimeout(resolve, wait))).then(send);
          };
        }, SILENCE_MS);
        await ready(page, SAMPLE);
        const start = Date.now();
        await protect(page);
        assert.ok(Date.now() - start > SILENCE_MS);
        const { bytes } = await page.waitDownload({ timeout: LONG });
        assert.equal(await page.text('#sha256'), sha256(bytes));
      },
      { quiet, skip: browser.name === 'webkit' && inMemory },
    );
  },
  { root, webkit: true },
);
