// Files of very many boxes: they are listed in parts, and every box is found all the same.

import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { before } from 'node:test';
import { inEachBrowser } from './browser.mjs';
import { openFile, pageTests, SAMPLE, workFolder } from './support.mjs';
import { boxes } from './support-media.mjs';

const folder = workFolder();
const MANY = 25_000;
const path = folder.path('many.ismv');
let tops;
let end;

/** The sample, very many boxes behind it, and a box with as many inside. */
before(async () => {
  const sample = await readFile(SAMPLE);
  const frees = Buffer.alloc(8 * MANY, Buffer.from('\0\0\0\x08free'));
  const moof = Buffer.alloc(8);
  moof.writeUInt32BE(8 + frees.length);
  moof.write('moof', 4);
  tops = boxes(sample).length + MANY + 1;
  end = sample.length + frees.length;
  await writeFile(path, Buffer.concat([sample, frees, moof, frees]));
});

const here = () => document.querySelector('.crumbs [aria-current="true"]')?.innerText ?? '';
const listed = () => document.querySelector('.tree-tally').innerText.replace(/\D/g, '');

inEachBrowser((browser) => {
  const check = pageTests(browser);

  check('a long list goes on where a person goes on', async (page) => {
    await openFile(page, path);
    await page.waitFor('[role="tree"]');
    await page.waitFor(() => document.querySelector('.crumbs [aria-current="true"]')?.innerText === 'moov');
    const before = Number(await page.evaluate(listed));
    await page.evaluate(() => document.querySelector('[role="tree"]').focus());
    // The last row lists more, and the first of those is chosen.
    await page.press('End');
    await page.waitFor(() =>
      document.querySelector('.crumbs [aria-current="true"]').innerText.startsWith('free['),
    );
    assert.equal(Number(await page.evaluate(listed)), before + 10_000);
    const first = 10_000 - (tops - MANY - 1);
    assert.equal(await page.evaluate(here), `free[${first}]`);
    await page.press('ArrowUp');
    await page.evaluate((text) => void (window.awaited = text), `free[${first - 1}]`);
    await page.waitFor(
      () => document.querySelector('.crumbs [aria-current="true"]').innerText === window.awaited,
    );
    await page.press('End');
    await page.evaluate((text) => void (window.awaited = text), `free[${first + 10_000}]`);
    await page.waitFor(
      () => document.querySelector('.crumbs [aria-current="true"]').innerText === window.awaited,
    );
    await page.press('End');
    await page.waitFor(() =>
      document.querySelector('.crumbs [aria-current="true"]').innerText.startsWith('moof['),
    );
    assert.equal(Number(await page.evaluate(listed)), before - 10_000 + tops);
  });

  check('a search counts what it does not list, and the ruler reaches what is not listed', async (page) => {
    await openFile(page, path);
    await page.waitFor('[role="treeitem"]');
    const all = await page.evaluate(
      async (many) => {
        const { count } = await import('/www/ui/format.js');
        return [count(2 * many.inside), count(10_000), count(many.tops)];
      },
      { inside: MANY, tops },
    );
    await page.fill('.tree-filter', 'free');
    await page.waitFor(() => /listed$/.test(document.querySelector('.tree-tally').innerText));
    assert.equal(await page.text('.tree-tally'), `${all[0]} boxes found, the first ${all[1]} are listed`);
    await page.press('Escape');
    // The last box of the file, which was not listed.
    await page.evaluate(() => document.querySelector('canvas.ruler').focus());
    await page.press('End');
    const text = () => document.querySelector('canvas.ruler').getAttribute('aria-valuetext');
    await page.waitFor(() =>
      document.querySelector('canvas.ruler').getAttribute('aria-valuetext').startsWith('moof, '),
    );
    assert.ok((await page.evaluate(text)).startsWith(`moof, box ${all[2]} of ${all[2]}, `));
    assert.match(await page.text('.crumbs [aria-current="true"]'), /^moof\[/);
  });

  check('the parts of lists are together the whole, and boxes far behind are found', async (page) => {
    const found = await page.evaluate(
      `async (many) => {
        const { open } = await import('/boxlock.js');
        const sample = await (await fetch('/samples/sample.ismv')).blob();
        const frees = new Uint8Array(8 * many).map((_, at) => [0, 0, 0, 8, 102, 114, 101, 101][at % 8]);
        const moof = new Uint8Array([0, 0, 0, 0, 109, 111, 111, 102]);
        new DataView(moof.buffer).setUint32(0, 8 + frees.length);
        const media = await open(new Blob([sample, frees, moof, frees]));
        const all = async (part) => {
          const list = [];
          for (let from = 0; ; from = list.length) {
            const next = await part({ from, count: 7000 });
            list.push(...next);
            if (next.length < 7000) return list;
          }
        };
        const tops = await all((window) => media.tree(window));
        const last = tops.at(-1).path;
        const inside = await all((window) => media.children(last, window));
        const view = await media.box(last + '/free[' + (many - 1) + ']');
        const again = await media.tree({ from: 5, count: 3 });
        return {
          count: media.summary().boxCount,
          tops: [tops.length, new Set(tops.map(({ path }) => path)).size, tops.at(-1).start],
          inside: [inside.length, inside.at(-1).path],
          view: [view.node.start, view.node.size],
          first: [(await media.tree()).length, (await media.children(last)).length],
          again: again.every(({ path }, number) => path === tops[5 + number].path) && again.length,
        };
      }`,
      MANY,
    );
    assert.deepEqual(found, {
      count: tops,
      tops: [tops, tops, end],
      inside: [MANY, found.inside[1]],
      view: [end + 8 * MANY, 8],
      first: [10_000, 10_000],
      again: 3,
    });
    assert.ok(found.inside[1].endsWith(`/free[${MANY - 1}]`), found.inside[1]);
  });
});
