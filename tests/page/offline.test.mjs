// Without a connection: whoever loses it after the page was loaded can go on, and what could not be had comes when it can.

import assert from 'node:assert/strict';
import { stat } from 'node:fs/promises';
import { inEachBrowser } from './browser.mjs';
import {
  fetchedAhead,
  fillForm,
  goTo,
  keySheet,
  LONG,
  openFile,
  pageTests,
  protect,
  SAMPLE,
  waitPlan,
  withoutPicker,
} from './support.mjs';

/** With the test site taken down. */
async function offline({ site }, work) {
  site.down = true;
  try {
    await work();
  } finally {
    site.down = false;
  }
}

inEachBrowser(
  (browser) => {
    const check = pageTests(browser);

    check(
      'a file is opened, looked at, protected and saved after the connection was lost',
      async (page) => {
        await withoutPicker(page);
        await fetchedAhead(page);
        await offline(browser, async () => {
          // Opened in a new worker each time, and protected by new ones.
          for (let round = 0; round < 2; round++) {
            await openFile(page, SAMPLE);
            await goTo(page, 'inspect');
            await page.waitFor('[role="treeitem"]');
            await fillForm(page);
            await waitPlan(page);
            await protect(page);
            const { bytes } = await page.waitDownload({ timeout: LONG });
            assert.ok(bytes.length > (await stat(SAMPLE)).size);
            const { sheet } = await keySheet(page);
            assert.match(sheet.key.hex, /^[\da-f]{32}$/);
            await page.click('[aria-label="Close sample.ismv"]');
            await page.waitFor('#open-button');
          }
          await page.click('#to-decode');
          await page.fill('.decode-text', '10000000-1000-1000-1000-100000000001');
          await page.waitFor('[data-kind="kid"]');
          await page.click('#leave-decode');
          await page.click('#try-sample');
          await page.waitFor('.notice');
          const said = await page.text('.notice');
          assert.match(said, /sample\.ismv could not be loaded.*Try again when it can/);
          assert.doesNotMatch(said, /reload|load the page/i);
        });
        await page.click('#try-sample');
        await page.waitFor('#views:not([hidden])', { timeout: LONG });
      },
      { quiet: false },
    );
  },
  { webkit: true },
);

inEachBrowser((browser) => {
  const check = pageTests(browser);

  check(
    'what could not be fetched in advance is fetched when it can be, and nothing that is open is lost',
    async (page) => {
      await withoutPicker(page);
      const { missing } = browser.site;
      const parts = ['worker', 'protector-worker', 'writer-worker', 'keys-worker'];
      const modules = ['look', 'engine', 'keys'].map((name) => `/engine/wasm/boxlock_${name}_bg.wasm`);
      const paths = [...parts.map((part) => `/engine/${part}.js`), ...modules];
      for (const path of paths) missing.add(path);
      await page.goto('/');
      await fetchedAhead(page);
      missing.clear();
      await withoutPicker(page);
      await openFile(page, SAMPLE);
      await fillForm(page);
      await waitPlan(page);
      await offline(browser, async () => {
        await page.click('#protect-start');
        await page.waitFor('.start-note.failed', { timeout: LONG });
        const said = await page.text('.start-note');
        console.log(`# ${browser.name}: ${said}`);
        assert.match(said, /nothing was saved.*Try again.*what is open stays open/);
      });
      await protect(page);
      await page.waitDownload({ timeout: LONG });
    },
    { quiet: false },
  );
});
