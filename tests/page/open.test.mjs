// Opening files and looking into them: what the page shows is what is in the file.

import assert from 'node:assert/strict';
import { copyFile, readFile, writeFile } from 'node:fs/promises';
import { before } from 'node:test';
import { inEachBrowser } from './browser.mjs';
import { clickFound, facts, openFile, pageTests, SAMPLE, waitOpen, workFolder } from './support.mjs';
import { boxes } from './support-media.mjs';

const folder = workFolder();
let sample;
before(async () => {
  sample = await readFile(SAMPLE);
});

/** The whole of a tree that fits in the window, row by row. */
const treeRows = () =>
  [...document.querySelectorAll('[role="treeitem"]:not([hidden])')]
    .sort((a, b) => Number(a.dataset.index) - Number(b.dataset.index))
    .map((row) => ({
      type: row.querySelector('.fourcc').innerText,
      level: Number(row.getAttribute('aria-level')),
      place: Number(row.getAttribute('aria-posinset')),
      siblings: Number(row.getAttribute('aria-setsize')),
      chosen: row.getAttribute('aria-selected') === 'true',
      open: row.getAttribute('aria-expanded'),
    }));

const rowOf = (type, nth) =>
  [...document.querySelectorAll('[role="treeitem"]:not([hidden])')]
    .sort((a, b) => Number(a.dataset.index) - Number(b.dataset.index))
    .filter((row) => row.querySelector('.fourcc').innerText === type)[nth];

async function chooseBox(page, type, nth = 0) {
  await clickFound(page, rowOf, type, nth);
  await page.evaluate((text) => void (window.awaited = `Bytes of ${text}`), type);
  await page.waitFor(() => document.querySelector('.pane-bytes .pane-title').innerText === window.awaited);
  await page.evaluate((text) => void (window.awaited = text), type);
  await page.waitFor(() => document.querySelector('.box-about .fourcc')?.innerText === window.awaited);
}

async function press(page, key, settled) {
  await page.press(key);
  await page.waitFor(settled);
}

/** The bytes on the screen, by their offsets. */
const shownBytes = () =>
  [...document.querySelectorAll('.byte-grid .virtual-row:not([hidden]) > [data-at]')]
    .map((cell) => [Number(cell.dataset.at), cell.innerText])
    .sort((a, b) => a[0] - b[0]);

async function assertBytesOf(page, box) {
  await page.waitFor(() => {
    const cells = [...document.querySelectorAll('.byte-grid .virtual-row:not([hidden]) > [data-at]')];
    return cells.length > 0 && cells.every((cell) => cell.innerText !== '··');
  });
  const shown = await page.evaluate(shownBytes);
  assert.equal(shown[0][0], box.start, 'the first byte shown is the first of the box');
  assert.ok(shown.length >= Math.min(64, box.end - box.start));
  for (const [at, text] of shown) {
    assert.ok(at < box.end);
    assert.equal(text, sample[at].toString(16).toUpperCase().padStart(2, '0'), `byte ${at}`);
  }
}

const fieldRows = () =>
  [...document.querySelectorAll('.field-table [data-index]:not([hidden])')]
    .sort((a, b) => Number(a.dataset.index) - Number(b.dataset.index))
    .map((row) => ({
      name: row.querySelector('.field-name').innerText,
      value: row.querySelector('.field-value').innerText,
      range: row.querySelector('.field-range').innerText,
      chosen: row.getAttribute('aria-selected') === 'true',
    }));

async function assertSummary(page, name) {
  const tops = boxes(sample);
  const shown = await facts(page);
  assert.equal(await page.text('#summary h1'), name);
  assert.equal(shown.Size.title, `${sample.length.toLocaleString('en')} bytes`);
  assert.equal(shown.Duration.text, '0:10');
  assert.equal(shown.Fragments.text, String(tops.filter(({ type }) => type === 'moof').length));
  assert.equal(shown.Fragments.title, 'with an index at the end');
  assert.equal(shown.Samples.text, '720', '250 pictures and 470 AAC frames, by ffprobe');
  assert.match(shown.Protection.text, /clear/);
  const gist = await page.text('#summary .tracks-gist');
  for (const fact of ['H.264 High 640 × 360', 'AAC LC', '48 kHz']) assert.ok(gist.includes(fact), gist);
}

inEachBrowser(
  (browser) => {
    const check = pageTests(browser);

    check('the boxes at the front are shown before the whole file is read', async (page) => {
      const all = boxes(sample);
      const bytesOf = ({ start, end }) => sample.subarray(start, end);
      const ends = ['ftyp', 'moov'];
      const front = all.filter(({ type }) => ends.includes(type));
      const media = all.filter(({ type }) => ['moof', 'mdat'].includes(type));
      const many = Array.from({ length: 300 }, () => media.map(bytesOf)).flat();
      const path = folder.path(`long-${browser.name}.ismv`);
      await writeFile(path, Buffer.concat([...front.map(bytesOf), ...many]));
      await page.evaluate(() => {
        window.seen = [];
        const note = () => {
          const shown = document.querySelector('#opening .front');
          const visible = shown?.checkVisibility() && !document.querySelector('[role="treeitem"]');
          if (visible && !window.seen.includes(shown.innerText)) window.seen.push(shown.innerText);
        };
        new MutationObserver(note).observe(document.body, { subtree: true, childList: true });
        document.body.append(Object.assign(document.createElement('input'), { type: 'file', id: 'given' }));
      });
      await openFile(page, path);
      const seen = await page.evaluate(() => window.seen);
      assert.equal(seen.length, 1, String(seen));
      const lines = seen[0].split('\n');
      assert.match(lines[0], /It begins with/);
      assert.match(lines[1], /^ftyp File type, \d+ B$/);
      assert.match(lines[2], /^moov /);
      assert.ok(
        lines.some((line) => /^trak Track track 1 .*, \d+ B$/.test(line)),
        seen[0],
      );
      assert.equal(await page.evaluate(() => document.querySelector('#opening').hidden), true);
      // The module tells them once, first of all.
      await page.setFile('#given', path);
      const told = await page.evaluate(async () => {
        const { open } = await import('/boxlock.js');
        const told = [];
        const onProgress = ({ front, done }) => void told.push(front ? front.map(({ type }) => type) : done);
        const media = await open(document.querySelector('#given').files[0], { onProgress });
        const tops = (await media.tree({ from: 0, count: 2 })).map(({ type }) => type);
        media.close();
        return { told, tops };
      });
      assert.deepEqual(told.tops, ends);
      const fronts = told.told.filter(Array.isArray);
      assert.equal(fronts.length, 1);
      // More are known where more was read at once.
      assert.deepEqual(fronts[0].slice(0, 2), ends);
      assert.ok(fronts[0].length <= 12);
      assert.ok(told.told.length > 1, 'reading goes on behind it');
    });

    check('a file chosen in the dialog is opened, and its facts are right', async (page) => {
      await openFile(page, SAMPLE);
      await assertSummary(page, 'sample.ismv');
      await page.waitFor(() => document.querySelector('#live').textContent.includes('sample.ismv is open'));
    });

    check('the shipped sample is opened by its button', async (page) => {
      await page.click('#try-sample');
      await waitOpen(page, 'sample.ismv');
      await assertSummary(page, 'sample.ismv');
    });

    check('dropped files are opened, each with its own facts', async (page) => {
      const other = folder.path('other.ismv');
      await copyFile(SAMPLE, other);
      await page.drop('#drop-area', SAMPLE);
      await waitOpen(page, 'sample.ismv');
      await page.drop('#file', other);
      await waitOpen(page, 'other.ismv');
      await assertSummary(page, 'other.ismv');
      assert.equal(
        await page.evaluate(() => document.querySelectorAll('#file-list li:not(.set-row)').length),
        2,
      );
      await page.click('#file-list li:not(.set-row) .file-name');
      await waitOpen(page, 'sample.ismv');
      await page.click('[aria-label="Close sample.ismv"]');
      await waitOpen(page, 'other.ismv');
      await page.click('[aria-label="Close other.ismv"]');
      await page.waitFor('#open-button');
    });

    check('the tree shows every top-level box, and the insides of moov and moof', async (page) => {
      await page.setViewport(1400, 1700);
      await openFile(page, SAMPLE);
      await page.waitFor('[role="tree"]');
      await chooseBox(page, 'moov');
      await page.evaluate(() => document.querySelector('[role="tree"]').focus());
      await press(
        page,
        'ArrowLeft',
        () => !document.querySelector('[role="treeitem"][aria-expanded="true"]'),
      );
      const tops = boxes(sample);
      let rows = await page.evaluate(treeRows);
      assert.deepEqual(
        rows.map(({ type }) => type),
        tops.map(({ type }) => type),
      );
      assert.deepEqual(
        rows.map(({ place, siblings }) => [place, siblings]),
        tops.map((_, index) => [index + 1, tops.length]),
      );

      await press(page, 'ArrowRight', () =>
        document.querySelector('[role="treeitem"][aria-expanded="true"]'),
      );
      const moov = tops.find(({ type }) => type === 'moov');
      rows = await page.evaluate(treeRows);
      assert.deepEqual(
        rows.filter(({ level }) => level === 2).map(({ type }) => type),
        boxes(sample, moov.body, moov.end).map(({ type }) => type),
      );

      await press(
        page,
        'ArrowLeft',
        () => !document.querySelector('[role="treeitem"][aria-expanded="true"]'),
      );
      await chooseBox(page, 'moof', 1);
      await press(page, 'ArrowRight', () =>
        document.querySelector('[role="treeitem"][aria-expanded="true"]'),
      );
      const moof = tops.filter(({ type }) => type === 'moof')[1];
      rows = await page.evaluate(treeRows);
      assert.deepEqual(
        rows.filter(({ level }) => level === 2).map(({ type }) => type),
        boxes(sample, moof.body, moof.end).map(({ type }) => type),
      );
    });

    check('a chosen box shows its fields with values, and the bytes of the file', async (page) => {
      await page.setViewport(1400, 1700);
      await openFile(page, SAMPLE);
      await page.waitFor('[role="tree"]');
      const tops = boxes(sample);
      await chooseBox(page, 'ftyp');
      await page.waitFor('.field-table .field-row:not(.field-head)');
      await assertBytesOf(page, tops[0]);
      const brand = (await page.evaluate(fieldRows)).find(({ name }) => /major/i.test(name));
      assert.equal(brand.value.replaceAll(/['"“”]/g, ''), sample.toString('latin1', 8, 12));

      await chooseBox(page, 'mdat', 2);
      await assertBytesOf(page, tops.filter(({ type }) => type === 'mdat')[2]);

      const moof = tops.filter(({ type }) => type === 'moof')[3];
      await chooseBox(page, 'moof', 3);
      await page.evaluate(() => document.querySelector('[role="tree"]').focus());
      const known = await page.evaluate(
        () => document.querySelectorAll('[role="treeitem"]:not([hidden])').length,
      );
      await page.evaluate((count) => void (window.known = count), known);
      await press(
        page,
        'ArrowRight',
        () => document.querySelectorAll('[role="treeitem"]:not([hidden])').length > window.known,
      );
      await chooseBox(page, 'mfhd');
      const [mfhd] = boxes(sample, moof.body, moof.end);
      await assertBytesOf(page, mfhd);
      const sequence = sample.readUInt32BE(mfhd.body + 4);
      const fields = await page.evaluate(fieldRows);
      const field = fields.find(({ name }) => /sequence/i.test(name));
      assert.equal(field.value, String(sequence));
      const hex = (value) => value.toString(16).toUpperCase();
      assert.equal(field.range, `${hex(mfhd.body + 4)}–${hex(mfhd.body + 8)}`);
    });

    check('a byte chosen by click, or by its offset, chooses its field', async (page) => {
      await page.setViewport(1400, 1700);
      await openFile(page, SAMPLE);
      await page.waitFor('[role="tree"]');
      await chooseBox(page, 'ftyp');
      await page.waitFor('.byte-grid [data-at="13"]');
      await page.click('.byte-grid [data-at="13"]');
      await page.waitFor(() => document.querySelector('.field-table [aria-selected="true"]'));
      const chosen = (await page.evaluate(fieldRows)).filter((row) => row.chosen);
      assert.deepEqual(
        chosen.map(({ name, range }) => [/minor/i.test(name), range]),
        [[true, 'C–10']],
      );
      const lit = await page.evaluate(() =>
        [...document.querySelectorAll('.byte-grid .virtual-row > .lit[data-at]')].map((cell) =>
          Number(cell.dataset.at),
        ),
      );
      assert.deepEqual(lit, [12, 13, 14, 15]);

      // From anywhere in the file: the sequence number of the fourth fragment, in another box.
      const moof = boxes(sample).filter(({ type }) => type === 'moof')[3];
      const [mfhd] = boxes(sample, moof.body, moof.end);
      await page.fill('.goto', `0x${(mfhd.body + 5).toString(16)}`);
      await page.press('Enter');
      await page.waitFor(() => document.querySelector('.box-about .fourcc')?.innerText === 'mfhd');
      await page.waitFor(() => document.querySelector('.field-table [aria-selected="true"]'));
      const [field] = (await page.evaluate(fieldRows)).filter((row) => row.chosen);
      assert.match(field.name, /sequence/i);
      assert.match(await page.text('.crumbs [aria-current]'), /mfhd/);
    });

    check('the tree finds boxes by name', async (page) => {
      await page.setViewport(1400, 1700);
      await openFile(page, SAMPLE);
      await page.waitFor('[role="tree"]');
      await page.fill('.tree-filter', 'avcc');
      await page.waitFor(() => document.querySelector('[role="treeitem"].hit'));
      const hits = (await page.evaluate(treeRows)).filter(({ type }) => type === 'avcC');
      assert.equal(hits.length, 1);
      await page.press('Enter');
      await page.waitFor(() => document.querySelector('.box-about .fourcc')?.innerText === 'avcC');
    });

    check(
      'the policy that lets nothing leave is in the page, and the browser keeps to it',
      async (page) => {
        const policy = await page.evaluate(
          () => document.querySelector('meta[http-equiv="Content-Security-Policy"]').content,
        );
        assert.match(policy, /(^|; )default-src 'none'(;|$)/);
        assert.match(policy, /(^|; )connect-src 'self'(;|$)/);
        const refused = await page.evaluate(async () => {
          const heard = [];
          document.addEventListener('securitypolicyviolation', (event) =>
            heard.push(event.effectiveDirective),
          );
          const tries = [
            fetch('http://elsewhere.invalid/fetch').then(
              () => 'sent',
              () => 'refused',
            ),
            new Promise((resolve) => {
              const image = new Image();
              image.onload = () => resolve('sent');
              image.onerror = () => resolve('refused');
              image.src = 'http://elsewhere.invalid/image.png';
            }),
            new Promise((resolve) => {
              const request = new XMLHttpRequest();
              request.onload = () => resolve('sent');
              request.onerror = () => resolve('refused');
              request.open('POST', 'http://elsewhere.invalid/xhr');
              request.send('bytes');
            }),
          ];
          const answers = await Promise.all(tries);
          navigator.sendBeacon('http://elsewhere.invalid/beacon', 'bytes');
          await new Promise((resolve) => void setTimeout(resolve, 300));
          return { answers, heard };
        });
        assert.deepEqual(refused.answers, ['refused', 'refused', 'refused']);
        assert.ok(
          refused.heard.filter((directive) => directive === 'connect-src').length >= 2,
          refused.heard,
        );
        assert.ok(refused.heard.includes('img-src'));
        // The proxy saw none of them: they ended inside the browser.
        assert.deepEqual(
          browser.site.requests.filter((url) => url.includes('elsewhere')),
          [],
        );
      },
      { quiet: false },
    );
  },
  { webkit: true },
);
