// Panes of the inspector: their sizes, columns that fit, what a box holds, links to a place, and what can be taken out.

import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { test } from 'node:test';
import { csvRow } from '../../www/ui/csv.js';
import { inEachBrowser } from './browser.mjs';
import { openFile, pageTests, protectedSample, workFolder } from './support.mjs';
import { boxes } from './support-media.mjs';

const folder = workFolder();
const path = () =>
  [...document.querySelectorAll('.crumbs .crumb')].map(({ innerText }) => innerText).join('/');
const share = (label) =>
  Number(document.querySelector(`[role="separator"][aria-label="${label}"]`).ariaValueNow);
const width = (selector) => document.querySelector(selector).getBoundingClientRect().width;
const height = (selector) => document.querySelector(selector).getBoundingClientRect().height;

async function openPiff(page, browser) {
  const file = folder.path(`piff-${browser.name}.mp4`);
  await writeFile(file, await protectedSample(page, { profile: 'piff' }));
  await openFile(page, file);
  await page.waitFor('[role="treeitem"]');
  return file;
}

/** Goes to the first box of sample encryption. */
async function toSenc(page) {
  await page.fill('.tree-filter', 'senc');
  await page.waitFor(() => /found$/.test(document.querySelector('.tree-tally').innerText));
  await page.press('Enter');
  await page.waitFor(() =>
    /^uuid:a2394f52/.test(document.querySelector('.crumbs [aria-current="true"]')?.innerText),
  );
}

test('tables have their cells as RFC 4180 has them, and nothing that a spreadsheet would run', () => {
  assert.equal(
    csvRow(['a', 1, -2, undefined, 'b,c', 'say "x"', 'two\r\nlines']),
    'a,1,-2,,"b,c","say ""x""","two\r\nlines"\r\n',
  );
  for (const sign of ['=', '+', '-', '@', '\t']) assert.equal(csvRow([`${sign}1`]), `'${sign}1\r\n`);
  assert.equal(csvRow(['\r1']), `"'\r1"\r\n`);
});

inEachBrowser((browser) => {
  const check = pageTests(browser);

  check(
    'bars between panes move by keys and by pointer, stay for the next visit, and go back',
    async (page) => {
      await page.setViewport(1400, 900);
      await openPiff(page, browser);
      const label = 'Width of the tree';
      const before = await page.evaluate(width, '.pane-tree');
      const usual = await page.evaluate(share, label);
      await page.evaluate(
        (name) => document.querySelector(`[role="separator"][aria-label="${name}"]`).focus(),
        label,
      );
      await page.press('ArrowLeft');
      await page.press('ArrowLeft');
      assert.equal(await page.evaluate(share, label), usual - 4);
      assert.ok((await page.evaluate(width, '.pane-tree')) < before);
      const bytes = await page.evaluate(height, '.pane-bytes');
      await page.evaluate(() => {
        const bar = document.querySelector('[role="separator"][aria-label="Room for fields"]');
        bar.setPointerCapture = () => {};
        bar.hasPointerCapture = () => true;
        const { left, top } = bar.getBoundingClientRect();
        bar.dispatchEvent(
          new PointerEvent('pointermove', { clientX: left + 50, clientY: top + 80, bubbles: true }),
        );
      });
      const less = await page.evaluate(height, '.pane-bytes');
      assert.ok(Math.abs(bytes - less - 80) < 12, `${bytes} - ${less}`);
      // It is kept when it is let go of.
      const kept = () => localStorage.getItem('boxlock.--fields-y');
      assert.equal(await page.evaluate(kept), null);
      await page.evaluate(() =>
        document
          .querySelector('[role="separator"][aria-label="Room for fields"]')
          .dispatchEvent(new Event('lostpointercapture')),
      );
      assert.match(await page.evaluate(kept), /^\d+$/);
      await page.goto('/');
      await page.waitFor('#open-button');
      await openPiff(page, browser);
      // It is put where it was once there is something to be put.
      await page.evaluate((...wanted) => void (window.wanted = wanted), label, String(usual - 4));
      await page.waitFor(() => {
        const [name, at] = window.wanted;
        const bar = document.querySelector(`[role="separator"][aria-label="${name}"]`);
        return bar.ariaValueNow === at;
      });
      await page.evaluate(
        (name) => document.querySelector(`[role="separator"][aria-label="${name}"]`).focus(),
        label,
      );
      await page.press('Enter');
      assert.equal(await page.evaluate(share, label), usual);
      await page.press('Home');
      assert.equal(await page.evaluate(share, label), 10);
      await page.evaluate(() => localStorage.clear());
    },
  );

  check('where the browser keeps nothing for the page, bars move all the same', async (page) => {
    await page.setViewport(1400, 900);
    await page.evaluate(() =>
      Object.defineProperty(window, 'localStorage', {
        get() {
          throw new DOMException('Not allowed', 'SecurityError');
        },
      }),
    );
    await openPiff(page, browser);
    const before = await page.evaluate(width, '.pane-tree');
    await page.evaluate(() => document.querySelector('.splitter.bar-x').focus());
    await page.press('ArrowRight');
    assert.ok((await page.evaluate(width, '.pane-tree')) > before);
  });

  check('at 1400 by 900 a table of IVs has its rows, and every IV is whole', async (page) => {
    await page.setViewport(1400, 900);
    await openPiff(page, browser);
    await toSenc(page);
    await page.waitFor(() => document.querySelectorAll('.field-row.virtual-row').length > 3);
    const table = await page.evaluate(() => {
      const box = document.querySelector('.field-table').getBoundingClientRect();
      const rows = [...document.querySelectorAll('.field-row.virtual-row')];
      const inside = rows.filter((row) => {
        const { top, bottom } = row.getBoundingClientRect();
        return top >= box.top && bottom <= box.bottom + 1;
      });
      const cut = rows
        .map((row) => row.children[1])
        .filter((cell) => cell.scrollWidth > cell.clientWidth + 1);
      return {
        shown: inside.length,
        cut: cut.map(({ textContent }) => textContent),
        ivs: rows.filter((row) => /^IV [0-9a-f]{8} [0-9a-f]{8},/.test(row.children[1].textContent)).length,
      };
    });
    assert.ok(table.shown >= 7, JSON.stringify(table));
    assert.ok(table.ivs > 0, JSON.stringify(table));
    assert.deepEqual(table.cut, []);
  });

  check('a box without fields says what is in it', async (page) => {
    await openPiff(page, browser);
    await page.click('[aria-label="Boxes of the file"] [data-index="1"]');
    await page.waitFor('.box-inside li');
    const listed = await page.evaluate(() =>
      [...document.querySelectorAll('.box-inside li')].map((item) => item.querySelector('button').innerText),
    );
    assert.ok(listed[0] === 'mvhd' && listed.includes('trak'), String(listed));
    await page.click('.box-inside li:first-child button');
    await page.waitFor(() =>
      document.querySelector('.crumbs [aria-current="true"]')?.innerText.startsWith('mvhd'),
    );
    await page.waitFor(() => !document.querySelector('.box-inside'));
  });

  check(
    'a link leads to a box and byte of whichever file is opened, and tells nothing of it',
    async (page) => {
      const file = await openPiff(page, browser);
      await toSenc(page);
      const there = await page.evaluate(path);
      await page.click('.field-row.virtual-row[data-index="4"]');
      await page.waitFor('.field-row.chosen');
      const field = await page.evaluate(() => document.querySelector('.field-row.chosen').innerText);
      const link = await page.evaluate(async () => {
        navigator.clipboard.writeText = async (text) => void (window.copied = text);
        document.querySelector('[aria-label="Copy link"]').click();
        return window.copied;
      });
      const { hash, pathname, search } = new URL(link);
      assert.match(hash, /^#inspect\?box=moof\/traf\/uuid:a2394f52&byte=\d+$/);
      assert.ok(pathname === '/' && search === '' && !link.includes(basename(file)));
      await page.goto(`/index.html${hash}`);
      await page.waitFor('#open-button');
      await openFile(page, file);
      await page.waitFor('.field-row.chosen');
      assert.equal(await page.evaluate(() => document.querySelector('.field-row.chosen').innerText), field);
      assert.equal(await page.evaluate(path), there);
      // A place that is not there is said, and the file is shown.
      await page.evaluate(() => void (location.hash = '#inspect?box=moov[0]/nono[7]'));
      await page.waitFor(() => document.querySelector('.inspect-bar .fault-line:not([hidden])'));
      assert.match(
        await page.text('.inspect-bar .fault-line'),
        /moov\[0\]\/nono\[7\], which this file does not have/,
      );
      await page.evaluate(() => void (location.hash = '#inspect?byte=4'));
      await page.waitFor(() =>
        document.querySelector('.crumbs [aria-current="true"]')?.innerText.startsWith('ftyp'),
      );
    },
  );

  check('a box is saved byte for byte, and the tree as JSON and CSV', async (page) => {
    const file = await openPiff(page, browser);
    const bytes = await readFile(file);
    await toSenc(page);
    await page.click('.save-menu summary');
    const saved = async (text) => {
      const coming = page.waitDownload();
      await page.evaluate((label) => {
        const all = [...document.querySelectorAll('.save-choices button')];
        all.find(({ innerText }) => innerText === label).click();
      }, text);
      return (await coming).bytes;
    };
    const box = await saved('This box as a file');
    const start = bytes.indexOf(box.subarray(0, 64));
    assert.ok(start > 0 && box.readUInt32BE(0) === box.length);
    assert.deepEqual(box, bytes.subarray(start, start + box.length));
    const json = JSON.parse(await saved('The tree as JSON'));
    const top = json.filter((row) => !row.path.includes('/'));
    assert.deepEqual(
      top.map(({ type, start, size }) => [type, start, size]),
      boxes(bytes).map(({ type, start, end }) => [type, start, end - start]),
    );
    assert.ok(json.some((row) => row.start === start && row.size === box.length && row.uuid));
    const csv = String(await saved('The tree as CSV'))
      .trimEnd()
      .split('\r\n');
    assert.equal(csv.length, json.length + 1);
    assert.equal(csv[0], 'path,type,uuid,name,note,start,size,problem');
  });
});
