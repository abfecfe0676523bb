// Files that were opened together as one tree: each file around its boxes, one search through all of them, and beside the tree the
// file that the chosen box is of.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { before } from 'node:test';
import { inEachBrowser } from './browser.mjs';
import { boxes, haveFfmpeg, makeSmooth } from './support-media.mjs';
import { LONG, pageTests, workFolder } from './support.mjs';

const folder = workFolder();
const skip = haveFfmpeg() ? false : 'not run: FFmpeg is missing';
const options = { skip, timeout: LONG };

const NAMES = ['one_200k.ismv', 'two_500k.ismv', 'three_900k.ismv'];
const paths = NAMES.map((name) => folder.path(name));

before(async () => {
  if (skip) return;
  for (const [at, path] of paths.entries()) await makeSmooth(path, { seconds: 4 + 2 * at, size: '320x180' });
});

const rows = (page) =>
  page.evaluate(() =>
    [...document.querySelectorAll('#panel-inspect .tree [role="treeitem"]')]
      .filter((row) => row.checkVisibility())
      .sort((one, two) => one.dataset.index - two.dataset.index)
      .map((row) => ({
        level: Number(row.getAttribute('aria-level')),
        type: row.querySelector('.fourcc').innerText,
        text: row.querySelector('.tree-name').innerText,
        open: row.getAttribute('aria-expanded'),
        chosen: row.getAttribute('aria-selected') === 'true',
      })),
  );

const files = async (page) => (await rows(page)).filter(({ level }) => level === 1);

/** Where the tree and what is beside it are: the chosen row, the box beside it, and the file that is open. */
const state = (page) =>
  page.evaluate(() => ({
    row: document
      .querySelector('#panel-inspect .tree [aria-selected="true"]')
      ?.querySelector('.tree-name')
      .innerText.trim(),
    box: document.querySelector('#panel-inspect .about-facts')?.innerText,
    type: document.querySelector('#panel-inspect .pane-title .fourcc')?.innerText,
    title: document.title,
    inTree: document.activeElement?.matches('.tree') ?? false,
  }));

/** The numbers in a text, however they are grouped. */
const numbers = (text) =>
  [...text.matchAll(/\d[\d\s.,\u202f\u00a0]*/g)].map(([digits]) => Number(digits.replace(/\D/g, '')));

async function openTogether(page, all = paths) {
  await page.setFile('#open-file', ...all);
  await page.waitFor('.set-row .file-name', { timeout: LONG });
  await page.click('.set-row .file-name');
  await page.waitFor('.set .protect-form', { timeout: LONG });
  await page.click('.joint-open');
  await page.waitFor('#panel-inspect .tree [aria-level="2"]');
}

inEachBrowser((browser) => {
  const check = pageTests(browser);

  check(
    'files that were opened together are one tree, walked by keys, each with its own fields and bytes',
    async (page) => {
      await openTogether(page);
      const shown = await files(page);
      assert.deepEqual(
        shown.map(({ type, text }) => [type, text.split(' ')[0]]),
        NAMES.map((name) => ['file', name]),
      );
      const first = await state(page);
      assert.match(first.title, /^one_200k\.ismv/);
      assert.equal(first.type, 'moov');

      // From the first to the last by one key, and in it to its first box.
      await page.evaluate(() => document.querySelector('#panel-inspect .tree').focus());
      await page.press('End');
      await page.waitFor(() => document.title.startsWith('three_900k.ismv'));
      await page.waitFor(
        () => document.querySelector('#panel-inspect .pane-title .fourcc')?.innerText === 'file',
      );
      const last = await state(page);
      assert.ok(last.inTree, 'the focus stays in the tree');
      assert.match(last.row, /^three_900k\.ismv/);
      const bytes = await readFile(paths[2]);
      assert.deepEqual(numbers(last.box).slice(0, 2), [bytes.length, 0]);
      await page.press('ArrowRight');
      await page.waitFor(() =>
        [...document.querySelectorAll('#panel-inspect .tree [aria-selected="true"]')].some(
          (row) => row.getAttribute('aria-expanded') === 'true',
        ),
      );
      await page.press('ArrowDown');
      await page.waitFor(
        () => document.querySelector('#panel-inspect .pane-title .fourcc')?.innerText === 'ftyp',
      );
      assert.ok((await state(page)).inTree);
      // Up again, over what is before it, into the file before.
      await page.press('ArrowUp');
      await page.press('ArrowUp');
      await page.waitFor(() => document.title.startsWith('two_500k.ismv'));
      await page.waitFor(
        () => document.querySelector('#panel-inspect .pane-title .fourcc')?.innerText === 'file',
      );
      const second = await state(page);
      assert.ok(second.inTree);
      assert.match(second.row, /^two_500k\.ismv/);
      assert.deepEqual(
        (await files(page)).slice(-2).map(({ open }) => open),
        ['false', 'true'],
        'what was open stays open',
      );
    },
    options,
  );

  check(
    'one search goes through all files, and a box found in another leads there',
    async (page) => {
      await openTogether(page);
      await page.fill('#panel-inspect .tree-filter', 'mfra');
      await page.waitFor(() =>
        /^\d+ boxes found$/.test(document.querySelector('#panel-inspect .tree-tally').innerText),
      );
      const found = await rows(page);
      assert.deepEqual(
        found.filter(({ level }) => level === 1).map(({ text }) => text.split(' ')[0]),
        NAMES,
      );
      assert.equal(found.filter(({ level, type }) => level === 2 && type === 'mfra').length, 3);
      const at = found.findIndex(({ text }) => text.startsWith(NAMES[1])) + 1;
      await page.evaluate((index) => {
        document.querySelector(`#panel-inspect .tree [data-index="${index}"]`).click();
      }, at);
      await page.waitFor(() => document.title.startsWith('two_500k.ismv'));
      await page.waitFor(
        () => document.querySelector('#panel-inspect .pane-title .fourcc')?.innerText === 'mfra',
      );
      const mfra = boxes(await readFile(paths[1])).find(({ type }) => type === 'mfra');
      const { box } = await state(page);
      assert.deepEqual(numbers(box).slice(0, 2), [mfra.end - mfra.start, mfra.start]);
      // What was found is still listed beside it.
      assert.equal((await rows(page)).filter(({ type }) => type === 'mfra').length, 3);
      await page.fill('#panel-inspect .tree-filter', 'zzzz');
      await page.waitFor(() =>
        /^No box of these files has “zzzz”/.test(
          document.querySelector('#panel-inspect .tree-none').innerText,
        ),
      );
    },
    options,
  );

  check(
    'each file has its own tree again, and a file that is closed leaves the one of all',
    async (page) => {
      await openTogether(page);
      await page.click('.joint-toggle[aria-pressed="true"]');
      const own = await rows(page);
      assert.ok(own.every(({ type }) => type !== 'file'));
      assert.equal(own[0].type, 'ftyp');
      await page.click('.joint-toggle[aria-pressed="false"]');
      assert.equal((await files(page)).length, 3);
      await page.evaluate(() =>
        document.querySelector('#file-list li:not(.set-row) button.icon-button').click(),
      );
      await page.waitFor(() => document.querySelectorAll('#file-list li:not(.set-row)').length === 2);
      await page.waitFor(
        () =>
          [...document.querySelectorAll('#panel-inspect .tree [aria-level="1"]')].filter((row) =>
            row.checkVisibility(),
          ).length === 2,
      );
      // Of one file alone there is nothing to join.
      await page.evaluate(() =>
        document.querySelector('#file-list li:not(.set-row) button.icon-button').click(),
      );
      await page.waitFor(() => document.querySelectorAll('#file-list li:not(.set-row)').length === 1);
      await page.waitFor(() =>
        [...document.querySelectorAll('#panel-inspect .tree [aria-level="1"]')].some(
          (row) => row.querySelector('.fourcc').innerText === 'ftyp',
        ),
      );
      assert.equal(
        await page.evaluate(() => document.querySelector('.joint-toggle').checkVisibility()),
        false,
      );
    },
    options,
  );
});
