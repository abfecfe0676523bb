// Looking for boxes: in all of the file, read or not; what is said meanwhile and at the end, and the way out.

import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { inEachBrowser } from './browser.mjs';
import { openFile, pageTests, protectedSample, workFolder } from './support.mjs';
import { boxes } from './support-media.mjs';

const folder = workFolder();
const tally = () => document.querySelector('.tree-tally').innerText;
const rows = () =>
  [...document.querySelectorAll('[role="treeitem"]')]
    .sort((a, b) => Number(a.dataset.index) - Number(b.dataset.index))
    .map((row) => [
      row.getAttribute('aria-level'),
      row.querySelector('.fourcc').innerText,
      row.matches('.hit'),
    ]);

inEachBrowser((browser) => {
  const check = pageTests(browser);

  check('senc finds the uuid form of PIFF, in fragments that nobody has opened', async (page) => {
    const bytes = await protectedSample(page, { profile: 'piff' });
    const path = folder.path(`piff-${browser.name}.mp4`);
    await writeFile(path, bytes);
    const moofs = boxes(bytes).filter(({ type }) => type === 'moof');
    await openFile(page, path);
    await page.waitFor('[role="treeitem"]');
    await page.fill('.tree-filter', 'senc');
    await page.waitFor(() => /found$/.test(document.querySelector('.tree-tally').innerText));
    assert.equal(await page.evaluate(tally), `${moofs.length} boxes found`);
    assert.deepEqual((await page.evaluate(rows)).slice(0, 6), [
      ['1', 'moof', false],
      ['2', 'traf', false],
      ['3', 'uuid', true],
      ['1', 'moof', false],
      ['2', 'traf', false],
      ['3', 'uuid', true],
    ]);
    await page.press('Enter');
    const here = () => document.querySelector('.crumbs [aria-current="true"]')?.innerText === 'uuid:a2394f52';
    await page.waitFor(here);
    // Emptied, the whole tree is there again, open at what was chosen.
    await page.fill('.tree-filter', '');
    await page.waitFor(() => /read so far/.test(document.querySelector('.tree-tally').innerText));
    await page.waitFor(() =>
      document.querySelector('[role="treeitem"][aria-selected="true"][aria-level="3"] .fourcc'),
    );
  });

  check(
    'a key ID is found in either byte order, a licence URL too, and one goes from each to the next',
    async (page) => {
      const kid = '00112233-4455-6677-8899-aabbccddeeff';
      const bytes = await protectedSample(page, { kid, key: '0f0e0d0c0b0a09080706050403020100' });
      const path = folder.path(`kid-${browser.name}.mp4`);
      await writeFile(path, bytes);
      await openFile(page, path);
      await page.waitFor('[role="treeitem"]');
      const types = () =>
        [...document.querySelectorAll('[role="treeitem"].hit .fourcc')].map((each) => each.innerText).sort();
      const hits = async (text) => {
        await page.fill('.tree-filter', '');
        await page.waitFor(() => /read so far/.test(document.querySelector('.tree-tally').innerText));
        await page.fill('.tree-filter', text);
        await page.waitFor(() => / found$/.test(document.querySelector('.tree-tally').innerText));
        // How many rows are drawn hangs on where the list was.
        return [await page.evaluate(tally), ...new Set(await page.evaluate(types))];
      };
      const found = await hits(kid);
      assert.ok(
        ['pssh', 'tenc', 'uuid'].every((type) => found.includes(type)),
        String(found),
      );
      assert.ok(Number.parseInt(found[0]) >= 5, `of both tracks: ${found[0]}`);
      assert.deepEqual(await hits('33221100-5544-7766-8899-AABBCCDDEEFF'), found, 'in the other order');
      assert.deepEqual(await hits('{33221100554477668899aabbccddeeff}'), found, 'without dashes');
      assert.deepEqual(await hits('rightsmanager.asmx'), ['2 boxes found', 'pssh', 'uuid']);
      const here = () => document.querySelector('.crumbs [aria-current="true"]').innerText;
      await page.press('F3');
      await page.waitFor(() => document.querySelector('.crumbs [aria-current="true"]').innerText === 'pssh');
      await page.press('F3');
      await page.waitFor(() =>
        /^uuid/.test(document.querySelector('.crumbs [aria-current="true"]').innerText),
      );
      await page.click('[aria-label^="Found before"]');
      await page.waitFor(() => document.querySelector('.crumbs [aria-current="true"]').innerText === 'pssh');
      assert.equal(await page.evaluate(here), 'pssh');
      // A field that was found is the one that is chosen.
      assert.deepEqual(await hits(kid), found);
      await page.press('Enter');
      await page.waitFor(() =>
        /00112233/.test(document.querySelector('.pane-fields [aria-selected="true"]')?.innerText ?? ''),
      );
    },
  );

  check('what is not there is said not to be, and Escape shows all again', async (page) => {
    await page.click('#try-sample');
    await page.waitFor('[role="treeitem"]');
    await page.fill('.tree-filter', 'zzzz');
    await page.waitFor('.tree-none');
    assert.match(
      await page.text('.tree-none'),
      /^No box of this file has “zzzz” in its type, name, uuid or fields\.$/,
    );
    assert.equal(await page.evaluate(tally), '0 boxes found');
    await page.press('Escape');
    await page.waitFor('[role="treeitem"]');
    assert.equal(await page.evaluate(() => document.querySelector('.tree-none').hidden), true);
  });

  check('a search says how far it is, can be stopped, and gives way to the next', async (page) => {
    const seen = await page.evaluate(async () => {
      const { BoxSearch } = await import('/www/ui/box-search.js');
      const { TreeModel } = await import('/www/ui/tree-model.js');
      const calls = [];
      const search = (text, { signal, onProgress }) =>
        new Promise((resolve, reject) => {
          signal.addEventListener('abort', () => reject(signal.reason));
          calls.push({ text, signal, onProgress, resolve });
        });
      const box = {
        path: 'moof',
        type: 'moof',
        name: 'Movie fragment',
        start: 0,
        size: 8,
        headerSize: 8,
        childCount: 0,
      };
      const model = new TreeModel([box], 1, async () => []);
      const entered = [];
      const find = new BoxSearch(
        search,
        model,
        () => {},
        (row) => void entered.push(row?.node.path ?? null),
        () => {},
      );
      document.body.append(find.head, find.none, find.tally);
      const told = [];
      const look = () => told.push([find.tally.textContent, find.stop.hidden, find.none.hidden]);
      const type = async (text) => {
        find.input.value = text;
        find.input.dispatchEvent(new KeyboardEvent('keydown', { key: 'Enter' }));
        await null;
        look();
      };
      const found = (part) => {
        calls.at(-1).onProgress({ stage: 'search', total: 100, ...part });
        look();
      };
      await type('moof');
      found({ boxes: [], hits: 0, done: 20 });
      found({ boxes: [{ box, hit: true, inside: [] }], hits: 1, done: 40 });
      find.stop.click();
      await new Promise((resolve) => void setTimeout(resolve));
      look();
      await type('other');
      await type('third');
      calls.at(-1).resolve(0);
      await new Promise((resolve) => void setTimeout(resolve));
      look();
      return { told, entered, aborted: calls.map(({ signal }) => signal.aborted) };
    });
    assert.deepEqual(seen.told, [
      ['0 boxes found, 0 % searched', false, true],
      ['0 boxes found, 20 % searched', false, true],
      ['1 box found, 40 % searched', false, true],
      ['1 box found. Stopped at 40 %.', true, true],
      ['0 boxes found, 0 % searched', false, true],
      ['0 boxes found, 0 % searched', false, true],
      ['0 boxes found', true, false],
    ]);
    // Enter was pressed before anything was found, and goes to the first that is.
    assert.deepEqual(seen.entered, [null, 'moof', null, null]);
    assert.deepEqual(seen.aborted, [true, true, false]);
  });

  check(
    'the module tells what it finds in parts, and a search of many fragments can be cancelled',
    async (page) => {
      const found = await page.evaluate(async () => {
        const { open } = await import('/boxlock.js');
        const sample = new Uint8Array(await (await fetch('/samples/sample.ismv')).arrayBuffer());
        const head = [];
        const fragments = [];
        for (let at = 0; at < sample.length;) {
          const size = new DataView(sample.buffer).getUint32(at);
          const type = String.fromCharCode(...sample.subarray(at + 4, at + 8));
          if (type === 'mfra') break;
          (fragments.length || type === 'moof' ? fragments : head).push(sample.subarray(at, at + size));
          at += size;
        }
        const times = 120;
        const body = new Blob(fragments);
        const media = await open(new Blob([...head, ...Array(times).fill(body)]));
        const count = fragments.filter((_, n) => n % 2 === 0).length * times;
        const seen = [];
        const hits = await media.search('TRUN', { onProgress: (progress) => void seen.push(progress) });
        const all = seen.flatMap(({ boxes }) => boxes);
        const stop = new AbortController();
        const ended = await media
          .search('trun', { signal: stop.signal, onProgress: () => stop.abort() })
          .then(String, ({ name }) => name);
        const after = await media.search('mvhd', { onProgress: () => {} });
        const paths = all.map(({ inside }) => inside[0].inside[0].box.path);
        return {
          hits,
          count,
          listed: Math.min(count, 10_000) === all.length && new Set(paths).size === paths.length,
          first: paths[1],
          whole:
            seen.at(-1).done === media.size && seen.at(-1).total === media.size && seen.at(-1).hits === hits,
          parts: seen.length > 1,
          ended,
          after,
          overview: await media
            .overview(100)
            .then(({ stride, types }) => [
              types.length <= 100 && stride * types.length >= media.size,
              [...new Set(types)].sort(),
            ]),
        };
      });
      assert.equal(found.hits, found.count);
      assert.ok(found.listed && found.whole && found.parts);
      assert.equal(found.first, 'moof[1]/traf/trun');
      assert.equal(found.ended, 'AbortError');
      assert.equal(found.after, 1);
      assert.deepEqual(found.overview, [true, ['mdat']]);
    },
  );

  check('bytes are found wherever they stand, in media data too, and lead to their sample', async (page) => {
    const kid = '00112233-4455-6677-8899-aabbccddeeff';
    const bytes = await protectedSample(page, { kid, key: '0f0e0d0c0b0a09080706050403020100' });
    const path = folder.path(`bytes-${browser.name}.mp4`);
    await writeFile(path, bytes);
    const mdat = boxes(bytes).find(({ type }) => type === 'mdat');
    const at = Math.floor((mdat.start + mdat.end) / 2);
    const digits = bytes.subarray(at, at + 8).toString('hex');
    await openFile(page, path);
    await page.waitFor('[role="treeitem"]');
    const told = () => document.querySelector('.byte-find-tally')?.innerText ?? '';
    const lit = () =>
      [...document.querySelectorAll('.byte-row [role="gridcell"].lit')]
        .filter((e) => e.checkVisibility())
        .map((e) => e.dataset.at);
    await page.click('.byte-find-open');
    await page.waitFor(() => document.activeElement?.matches('.byte-find input'));
    await page.fill('.byte-find input', digits);
    await page.press('Enter');
    await page.waitFor(() => /^1 of 1$/.test(document.querySelector('.byte-find-tally').innerText));
    await page.waitFor(() => /sample \d/.test(document.querySelector('.byte-place').innerText));
    assert.deepEqual(
      await page.evaluate(lit),
      Array.from({ length: 8 }, (_, n) => String(at + n)),
    );
    // From the search for boxes it takes over what was typed: the key ID stands in the header in the other order, and as text.
    await page.fill('.tree-filter', kid);
    await page.waitFor(() => /found$/.test(document.querySelector('.tree-tally').innerText));
    await page.click('.tree-foot button');
    // What was found before stands there until it has taken over.
    await page.waitFor(() => document.querySelector('.byte-find input').value.length === 36);
    await page.waitFor(() => /^1 of \d+/.test(document.querySelector('.byte-find-tally').innerText));
    await page.waitFor(() => !/read/.test(document.querySelector('.byte-find-tally').innerText));
    const raw = Buffer.from(kid.replaceAll('-', ''), 'hex');
    const all = [raw, Buffer.from(raw)];
    all[1].subarray(0, 4).reverse();
    all[1].subarray(4, 6).reverse();
    all[1].subarray(6, 8).reverse();
    const count = all.reduce((sum, one) => {
      let found = 0;
      for (let from = bytes.indexOf(one); from >= 0; from = bytes.indexOf(one, from + 16)) found++;
      return sum + found;
    }, 0);
    assert.ok(count >= 2);
    const words = await page.evaluate(told);
    assert.match(words, new RegExp(`^1 of ${count}\\b`));
    await page.waitFor(() => /pssh/.test(document.querySelector('.crumbs').innerText));
    assert.equal((await page.evaluate(lit)).length, 16);
    await page.press('Enter');
    await page.waitFor(() => /^2 of/.test(document.querySelector('.byte-find-tally').innerText));
    await page.waitFor(() => /tenc/.test(document.querySelector('.crumbs').innerText));
    await page.fill('.byte-find input', 'nowhere in this file');
    await page.press('Enter');
    await page.waitFor(() =>
      /No bytes of this file/.test(document.querySelector('.byte-find-tally').innerText),
    );
    await page.press('Escape');
    await page.waitFor(() => document.querySelector('.byte-find').hidden);
    assert.ok(await page.evaluate(() => document.activeElement.matches('.byte-grid')));
  });

  check('a search for bytes can be stopped, and counts more than it lists', async (page) => {
    const found = await page.evaluate(async () => {
      const { open } = await import('/boxlock.js');
      const sample = await (await fetch('/samples/sample.ismv')).blob();
      const media = await open(new Blob([sample, new Uint8Array(5 << 20)]));
      const seen = [];
      const hits = await media.findBytes('00000000', { onProgress: (progress) => void seen.push(progress) });
      const all = seen.flatMap(({ found }) => found);
      const stop = new AbortController();
      const ended = await media
        .findBytes('0000', { signal: stop.signal, onProgress: () => stop.abort() })
        .then(String, ({ name }) => name);
      const last = seen.at(-1);
      return {
        hits,
        listed: all.length,
        parts: seen.length,
        ended,
        done: last.done === media.size,
        total: last.total,
      };
    });
    assert.ok(found.hits >= (5 << 20) / 4 && found.listed === 10_000 && found.done);
    assert.equal(found.ended, 'AbortError');
  });
});
