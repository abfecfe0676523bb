// All browsers do what browser.mjs promises.

import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { inEachBrowser } from './browser.mjs';
import { UNREADABLE } from './server.mjs';

const root = fileURLToPath(new URL('./fixture/', import.meta.url));
let folder;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'boxlock-harness-'));
});
after(() => rm(folder, { recursive: true }));

async function file(name, content) {
  const path = join(folder, name);
  await writeFile(path, content);
  return path;
}

inEachBrowser(
  (browser) => {
    /** One for all tests but those of what is remembered of a page. */
    let page;
    const close = () => page?.close();
    after(close);
    const fresh = async () => {
      await close();
      page = await browser.newPage();
    };
    const check = (name, body, { own = false, ...options } = {}) =>
      test(name, options, async () => {
        if (own || !page) await fresh();
        await page.goto('/');
        await body();
      });

    check('evaluate passes arguments and results, also below a strict policy', async () => {
      const sum = await page.evaluate(async (a, b) => ({ sum: a + b, title: document.title }), 2, 3);
      assert.deepEqual(sum, { sum: 5, title: 'Harness fixture' });
    });

    check('a failed function names its error', async () => {
      await assert.rejects(
        page.evaluate(() => {
          throw new Error('from the page');
        }),
        /from the page/,
      );
    });

    check('click and text', async () => {
      await page.click('#count');
      await page.click('#count');
      assert.equal(await page.text('#count'), '2');
    });

    check('selectors see into shadow roots', async () => {
      await page.click('#inner');
      assert.equal(await page.text('#inner'), 'pressed');
    });

    check('fill replaces, type adds, press presses', async () => {
      await page.fill('#name', 'somebody');
      await page.fill('#name', 'A');
      await page.type('#name', 'da');
      await page.press('Enter');
      assert.equal(await page.text('#greeting'), 'Hello Ada');
      await page.press('Control+a');
      await page.press('Delete');
      assert.equal(await page.evaluate(() => document.querySelector('#name').value), '');
    });

    check('waitFor waits for functions and says what it missed', async () => {
      await page.evaluate(() => void setTimeout(() => (window.late = 7), 200));
      assert.equal(await page.waitFor(() => window.late), 7);
      assert.equal(await page.waitFor(() => document.querySelector('#count')), true);
      await assert.rejects(page.waitFor('#nothing', { timeout: 100 }), /#nothing/);
    });

    check('setFile chooses files in a hidden input', async () => {
      await page.setFile('#file', await file('a.txt', 'one'), await file('b.txt', 'two'));
      await page.waitFor(() => document.querySelector('#files').textContent);
      assert.equal(await page.text('#files'), 'a.txt: one, b.txt: two');
    });

    check('drop drops files', async () => {
      await page.drop('#target', await file('c.txt', 'three'), { name: 'd.txt', bytes: Buffer.from('four') });
      await page.waitFor(() => document.querySelector('#files').textContent);
      assert.equal(await page.text('#files'), 'c.txt: three, d.txt: four');
    });

    check(
      'downloads arrive whole and in order, also by the same name',
      async () => {
        for (let round = 0; round < 2; round++) {
          await page.click('#save');
          const { name, bytes } = await page.waitDownload();
          assert.match(name, /^saved.*\.mp4$/);
          assert.deepEqual([...bytes], [0, 1, 254, 255]);
        }
        await assert.rejects(page.waitDownload({ timeout: 200 }), /Nothing was saved/);
      },
      { own: true },
    );

    check(
      'colour scheme',
      async () => {
        const background = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
        await page.emulateColorScheme('dark');
        assert.equal(await background(), 'rgb(0, 0, 0)');
        await page.emulateColorScheme('light');
        assert.equal(await background(), 'rgb(255, 255, 255)');
      },
      { skip: browser.lacks.colourScheme },
    );

    check('viewport and screenshot', async () => {
      await page.setViewport(500, 400);
      await page.waitFor(() => innerWidth === 500 && innerHeight === 400);
      const path = join(folder, 'shot.png');
      await page.screenshot(path);
      const png = await readFile(path);
      assert.deepEqual([png.readUInt32BE(16), png.readUInt32BE(20)], [500, 400]);
    });

    check(
      'errors hold uncaught errors and console errors',
      async () => {
        await page.evaluate(() => {
          console.error('said aloud');
          setTimeout(() => {
            throw new Error('not caught');
          });
        });
        await page.waitFor(() => new Promise((resolve) => void setTimeout(() => resolve(true), 200)));
        assert.match(page.errors.join('\n'), /said aloud/);
        assert.match(page.errors.join('\n'), /not caught/);
      },
      { own: true },
    );

    check(
      'a page at rest asks only for its own files',
      async () => {
        await page.evaluate(() => new Promise((resolve) => void setTimeout(resolve, 1500)));
        assert.deepEqual(page.errors, []);
        assert.deepEqual(page.requests.map((url) => url.replace(browser.site.origin, '')).sort(), [
          '/',
          '/script.js',
          '/style.css',
        ]);
      },
      { own: true },
    );

    check(
      'what page and workers ask of other places is refused and on record',
      async () => {
        const { origin } = browser.site;
        const urls = [
          `${origin}/style.css`,
          'http://elsewhere.invalid/from-worker',
          'https://secret.invalid/x',
          'http://127.0.0.1:18080/local',
        ];
        assert.deepEqual(await page.evaluate((list) => window.runWorker(list), urls), [
          200,
          'refused',
          'refused',
          'refused',
        ]);
        await page.evaluate(() => fetch('http://elsewhere.invalid/from-page').catch(() => null));
        // The proxy alone must know them all: what the browser tells about its workers is not enough.
        for (const asked of [browser.site.requests, page.requests]) {
          for (const url of [
            `${origin}/worker.js`,
            'http://elsewhere.invalid/from-page',
            ...urls.slice(0, 2),
            urls[3],
          ]) {
            assert.ok(asked.includes(url), url);
          }
          assert.ok(asked.includes('https://secret.invalid/') || asked.includes(UNREADABLE));
        }
      },
      { own: true },
    );
  },
  { root, webkit: true },
);
