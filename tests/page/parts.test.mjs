// What the page fetches when: the parts that show an open file come after the page, and before anybody needs them.

import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { inEachBrowser } from './browser.mjs';
import { fetchedAhead, pageTests, siteCopy, waitOpen } from './support.mjs';

const BUDGET = new URL('../../pkg-config/size.json', import.meta.url);

/** The built site without one of its files. Made where tests are defined: browsers are given their site there. */
function siteWithout(file) {
  const { root, path } = siteCopy();
  rmSync(path(file));
  return { root, webkit: true };
}

const count = (page, path) => new Set(page.requests.filter((url) => url.endsWith(path))).size;

inEachBrowser(
  (browser) => {
    const check = pageTests(browser);

    check('what shows an open file is there before one is open', async (page) => {
      await fetchedAhead(page);
      const before = page.requests.length;
      for (const path of [
        'ui/later.js',
        'engine/later.js',
        'style/fields.css',
        'style/inspect.css',
        'style/work.css',
        'style/result.css',
      ])
        assert.equal(count(page, path), 1, path);
      await page.click('#try-sample');
      await waitOpen(page, 'sample.ismv');
      const asked = page.requests.slice(before).map((url) => new URL(url).pathname);
      assert.deepEqual(
        asked.filter((path) => /^\/(ui|style|parts)\//.test(path)),
        [],
      );
      // The size budget leaves out what comes after that.
      const { on_demand: later } = JSON.parse(await readFile(BUDGET, 'utf8'));
      assert.ok(later.length > 0);
      const { requests } = browser.site;
      const when = (path) => requests.findIndex((url) => url.endsWith(path));
      for (const path of later) assert.ok(when(path) > when('ui/later.js'), path);
    });
  },
  { webkit: true },
);

inEachBrowser((browser) => {
  const check = pageTests(browser);

  check(
    'a page of which a part cannot be fetched says so when a file is opened',
    async (page) => {
      await page.click('#try-sample');
      await page.waitFor(() => document.querySelector('.notice') !== null);
      const said = await page.text('.notice');
      assert.match(said, /sample\.ismv was not opened/);
      assert.match(said, /A part of this page could not be fetched\. Please load the page again\./);
    },
    { quiet: false },
  );
}, siteWithout('ui/later.js'));
