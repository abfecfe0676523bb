// Cancelling in the middle of a large file: it takes effect at once and leaves nothing that looks finished.

import assert from 'node:assert/strict';
import { stat } from 'node:fs/promises';
import { before } from 'node:test';
import { inEachBrowser } from './browser.mjs';
import { haveFfmpeg, makeLong, makeSmooth } from './support-media.mjs';
import {
  fillForm,
  LONG,
  openFile,
  pageTests,
  protect,
  storage,
  storedBytes,
  waitPlan,
  withoutPicker,
  withPicker,
  workFolder,
} from './support.mjs';

const skip = haveFfmpeg() ? false : 'FFmpeg is missing';
const AT_ONCE_MS = 2000;
const OLD = 'what was there before';

const folder = workFolder();
let large = '';
before(async () => {
  if (skip) return;
  const short = folder.path('short.ismv');
  await makeSmooth(short, { seconds: 30, size: '1280x720', bitrate: '4M' });
  const { size } = await stat(short);
  large = folder.path('large.ismv');
  await makeLong(large, short, Math.ceil(200e6 / size));
  console.log(`# a file of ${Math.round((await stat(large)).size / 1e6)} MB`);
});

/** Presses Protect and, once some of it is done, cancels as `stop` does. Says how long that took. */
const cancelled = async (page, stop) => {
  await page.click('#protect-start');
  const { at, ms } = await page.evaluate(
    `async (name) => {
      const soon = () => new Promise((resolve) => void setTimeout(resolve, 5));
      const bar = document.querySelector('#progress');
      const began = performance.now();
      while (!(bar.checkVisibility() && bar.value > 0.03)) {
        if (performance.now() - began > 60_000) throw new Error('There is no progress');
        await soon();
      }
      const at = bar.value;
      const start = performance.now();
      if (name === 'Escape')
        document.body.dispatchEvent(new KeyboardEvent('keydown', { key: 'Escape', bubbles: true }));
      else document.querySelector(name).click();
      while (!document.querySelector('.start-note.cancelled')) {
        if (performance.now() - start > 30_000) throw new Error('It is not cancelled');
        await soon();
      }
      return { at, ms: performance.now() - start };
    }`,
    stop,
  );
  assert.ok(at < 0.95, 'it was in the middle');
  assert.ok(ms < AT_ONCE_MS, `it took ${Math.round(ms)} ms`);
  return `at ${Math.round(at * 100)} %, ${Math.round(ms)} ms`;
};

inEachBrowser(
  (browser) => {
    const check = pageTests(browser);

    check(
      'into storage: nothing is left, and the next attempt succeeds',
      async (page) => {
        await withoutPicker(page);
        await openFile(page, large);
        await fillForm(page);
        await waitPlan(page);
        for (const stop of ['#cancel', 'Escape']) {
          console.log(`# ${browser.name}, storage, ${stop}: cancelled ${await cancelled(page, stop)}`);
          assert.equal(await page.text('.start-note'), 'Cancelled. Nothing was saved.');
          assert.deepEqual(await storage(page), {});
          await assert.rejects(page.waitDownload({ timeout: 300 }), /Nothing was saved/);
        }
        assert.equal(await page.evaluate(() => document.querySelector('#run-bar, .result-head')), null);
        await page.click('#tab-result');
        await page.waitFor('.result-none');
        await page.click('#tab-protect');
        await protect(page);
        const { bytes } = await page.waitDownload({ timeout: LONG });
        assert.ok(bytes.length > (await stat(large)).size);
      },
      { skip },
    );

    check(
      'closing the file in the middle leaves nothing in storage',
      async (page) => {
        await withoutPicker(page);
        await openFile(page, large);
        await fillForm(page);
        await waitPlan(page);
        await page.click('#protect-start');
        await page.waitFor(() => document.querySelector('#progress').value > 0.03, { timeout: LONG });
        await page.click('[aria-label="Close large.ismv"]');
        await page.waitFor('#open-button');
        await page.waitFor(async () => {
          const root = await navigator.storage.getDirectory();
          const boxlock = await root.getDirectoryHandle('boxlock');
          for await (const name of boxlock.keys()) return !name;
          return true;
        });
      },
      { skip: skip || browser.lacks.storage },
    );

    const noPicker = browser.name === 'chromium' ? skip : 'This browser has no save dialog for pages.';
    check(
      'into a new file: it is gone',
      async (page) => {
        await withPicker(page);
        await openFile(page, large);
        await fillForm(page);
        await waitPlan(page);
        console.log(`# ${browser.name}, new file: cancelled ${await cancelled(page, '#cancel')}`);
        assert.deepEqual(await storage(page), {});
        await protect(page);
        const [size] = Object.values(await storage(page));
        assert.ok(size > (await stat(large)).size);
      },
      { skip: noPicker },
    );

    check(
      'into a file that was there: it is as it was',
      async (page) => {
        await withPicker(page, OLD);
        await openFile(page, large);
        await fillForm(page);
        await waitPlan(page);
        console.log(`# ${browser.name}, older file: cancelled ${await cancelled(page, '#cancel')}`);
        assert.deepEqual(await storage(page), { 'large.mp4': OLD.length });
        assert.equal((await storedBytes(page, 'large.mp4')).toString(), OLD);
      },
      { skip: noPicker },
    );
  },
  { webkit: true },
);
