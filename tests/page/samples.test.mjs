// The samples of a file: a table of a million rows, a byte's sample, one sample opened, and what is encrypted of it.

import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { before } from 'node:test';
import { inEachBrowser } from './browser.mjs';
import { giveAxe, LONG, openFile, pageTests, protectedSample, SAMPLE, workFolder } from './support.mjs';
import { boxes } from './support-media.mjs';

const folder = workFolder();
const MANY = 1_000_000;
const SIZE = 4;
const many = folder.path('many.mp4');
const KEY = '3a2a1b68dd2bd9b2eeb25e84c4776668';

const u32 = (...values) => {
  const bytes = Buffer.alloc(4 * values.length);
  values.forEach((value, at) => bytes.writeUInt32BE(value >>> 0, 4 * at));
  return bytes;
};
const box = (type, ...parts) => {
  const body = Buffer.concat(parts);
  return Buffer.concat([u32(8 + body.length), Buffer.from(type), body]);
};

/** A plain file with one track of a million samples of four bytes, each a tick of a millisecond. */
function manySamples() {
  const matrix = u32(0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000);
  const file = (start) => [
    box('ftyp', Buffer.from('isom'), u32(0), Buffer.from('isom')),
    box(
      'moov',
      box('mvhd', u32(0, 0, 0, 1000, MANY, 0x10000, 0x01000000, 0, 0), matrix, Buffer.alloc(24), u32(2)),
      box(
        'trak',
        box('tkhd', u32(3, 0, 0, 1, 0, MANY, 0, 0, 0, 0), matrix, u32(0, 0)),
        box(
          'mdia',
          box('mdhd', u32(0, 0, 0, 1000, MANY, 0x55c40000)),
          box('hdlr', u32(0, 0), Buffer.from('meta'), u32(0, 0, 0), Buffer.from('\0')),
          box(
            'minf',
            box('nmhd', u32(0)),
            box('dinf', box('dref', u32(0, 1), box('url ', u32(1)))),
            box(
              'stbl',
              box(
                'stsd',
                u32(0, 1),
                box('metx', Buffer.alloc(6), Buffer.from([0, 1]), Buffer.from('\0urn:x\0\0')),
              ),
              box('stts', u32(0, 1, MANY, 1)),
              box('stss', u32(0, 2, 1, MANY / 2)),
              box('stsc', u32(0, 1, 1, MANY, 1)),
              box('stsz', u32(0, SIZE, MANY)),
              box('stco', u32(0, 1, start)),
            ),
          ),
        ),
      ),
    ),
  ];
  const head = Buffer.concat(file(0)).length + 8;
  return Buffer.concat([...file(head), box('mdat', Buffer.alloc(SIZE * MANY, 7))]);
}

before(async () => {
  await writeFile(many, manySamples());
});

const openSamples = async (page) => {
  await page.waitFor('[role="treeitem"]');
  await page.click('.inspect-views .button:nth-child(2)');
  await page.waitFor('.sample-table .sample-size:not(:empty)', { timeout: LONG });
};
const chosen = () =>
  document.querySelector('.sample-table .chosen .sample-number')?.innerText.replace(/\D/g, '');
const waitChosen = async (page, number) => {
  await page.evaluate((text) => void (window.awaited = String(text)), number);
  await page.waitFor(
    () =>
      document.querySelector('.sample-table .chosen .sample-number')?.innerText.replace(/\D/g, '') ===
        window.awaited &&
      document
        .querySelector('.pane-sample .pane-title')
        ?.innerText.replace(/\D/g, '')
        .startsWith(window.awaited),
    { timeout: LONG },
  );
};
const goBy = async (page, by, text) => {
  await page.evaluate((value) => {
    document.querySelector('.sample-bar .goto-form select').value = value;
  }, by);
  await page.fill('.sample-bar .goto', text);
  await page.click('.sample-bar .goto-form .button');
};

inEachBrowser((browser) => {
  const check = pageTests(browser);

  check('a table of a million samples is walked by keys, by number, time and offset', async (page) => {
    await openFile(page, many);
    await openSamples(page);
    const grid = '.sample-table';
    assert.equal(
      await page.evaluate(() => document.querySelector('.sample-table').getAttribute('aria-rowcount')),
      String(MANY + 1),
    );
    await page.evaluate((place) => document.querySelector(place).focus(), grid);
    for (const [key, number] of [
      ['ArrowDown', 1],
      ['ArrowDown', 2],
      ['End', MANY],
      ['ArrowUp', MANY - 1],
      ['Home', 1],
    ]) {
      await page.press(key);
      await waitChosen(page, number);
    }
    await goBy(page, 'number', '500000');
    await waitChosen(page, 500_000);
    assert.match(await page.text('.pane-sample .sample-facts'), /decoding can begin here/);
    await goBy(page, 'time', '123.456');
    await waitChosen(page, 123_457);
    const start = (await readFile(many)).length - SIZE * MANY;
    await goBy(page, 'offset', String(start + SIZE * 777_777 + 2));
    await waitChosen(page, 777_778);
    assert.match(await page.text('.byte-place'), /byte 2 of 4, clear/);
    // Only what is in view exists.
    assert.ok((await page.evaluate(() => document.querySelectorAll('.sample-row').length)) < 120);
  });

  check('a table of a million samples shows rows in every frame, wherever it is scrolled', async (page) => {
    await openFile(page, many);
    await openSamples(page);
    const found = await page.evaluate(async () => {
      const table = document.querySelector('.sample-table');
      const seen = { blank: 0, most: 0, rows: new Set() };
      for (let step = 0; step < 80; step += 1) {
        table.scrollTop += step % 10 === 9 ? 40_000 : 180;
        await new Promise(requestAnimationFrame);
        await new Promise(requestAnimationFrame);
        const { top, bottom } = table.getBoundingClientRect();
        const rows = [...table.querySelectorAll('.virtual-row:not([hidden])')];
        const middle = rows.find((row) => {
          const place = row.getBoundingClientRect();
          return place.top <= (top + bottom) / 2 && place.bottom > (top + bottom) / 2;
        });
        const number = middle?.querySelector('.sample-number').textContent;
        if (!number) seen.blank += 1;
        seen.rows.add(number);
        seen.most = Math.max(seen.most, table.querySelectorAll('.virtual-row').length);
      }
      return { ...seen, rows: seen.rows.size };
    });
    assert.equal(found.blank, 0);
    assert.ok(found.rows > 70 && found.most < 120, JSON.stringify(found));
  });

  check('every column is there on a narrow desk, and bars share the room by keys', async (page) => {
    await page.setViewport(1100, 800);
    await openFile(page, SAMPLE);
    await openSamples(page);
    const seen = await page.evaluate(() => {
      const table = document.querySelector('.sample-table');
      const row = table.querySelector('.virtual-row');
      table.scrollLeft = 10_000;
      const box = table.getBoundingClientRect();
      const [first] = row.children;
      const last = row.children[row.children.length - 1].getBoundingClientRect();
      const number = first.getBoundingClientRect();
      return {
        columns: [...row.children].filter((cell) => cell.offsetWidth > 30).length,
        reached: last.right <= box.right + 1,
        // It stays, and nothing shines through it.
        stays: number.left >= box.left - 1 && number.left < box.left + 30,
        covers: document.elementFromPoint(number.left + 20, number.top + 10) === first,
      };
    });
    assert.deepEqual(seen, { columns: 13, reached: true, stays: true, covers: true });

    const size = (place, side) =>
      page.evaluate(([at, of]) => document.querySelector(at).getBoundingClientRect()[of], [place, side]);
    for (const [bar, key, pane, side] of [
      ['.bar-s', 'ArrowUp', '.pane-samples', 'height'],
      ['.bar-d', 'ArrowLeft', '.pane-sample', 'width'],
    ]) {
      const before = await size(pane, side);
      await page.evaluate((place) => document.querySelector(place).focus(), bar);
      await page.press(key);
      assert.ok((await size(pane, side)) < before, `${bar} gives room of ${pane}`);
      await page.press('Enter');
      assert.equal(await size(pane, side), before, `${bar} has a usual place`);
    }
    assert.equal(await page.evaluate(() => document.querySelector('.bar-x').offsetParent), null);
    await page.click('.inspect-views .button:first-child');
    assert.equal(await page.evaluate(() => document.querySelector('.bar-s').offsetParent), null);
  });

  check('a byte of media data leads to its sample, and the sample to its bytes', async (page) => {
    await openFile(page, SAMPLE);
    await page.waitFor('[role="treeitem"]');
    const file = await readFile(SAMPLE);
    const mdat = boxes(file).find(({ type }) => type === 'mdat');
    await page.fill('.pane-bytes .goto', String(mdat.start + 8 + 100));
    await page.click('.pane-bytes .goto-form .button');
    await page.waitFor('.byte-place .link', { timeout: LONG });
    assert.match(await page.text('.byte-place'), /Track \d+, sample 1 at .*\(sync\): unit \d+, .*, clear\./);
    await page.click('.byte-place .link');
    await waitChosen(page, 1);
    assert.equal(await page.text('.pane-bytes .pane-title'), 'Bytes of sample 1');
    const units = await page.evaluate(() =>
      [...document.querySelectorAll('.units .unit')].map((unit) => unit.innerText),
    );
    assert.ok(
      units.some((unit) => /IDR slice \(5\), I,/.test(unit)),
      units.join('\n'),
    );
    await page.click('.inspect-views .button:first-child');
    await page.waitFor('.pane-tree');
    await page.waitFor(() => document.querySelector('.pane-bytes .pane-title').innerText === 'Bytes of mdat');
  });

  check('a protected sample shows what is encrypted, and with its key is clear', async (page) => {
    const path = folder.path(`protected-${browser.name}.mp4`);
    await writeFile(
      path,
      await protectedSample(page, { key: KEY, kid: '10000000-1000-1000-1000-100000000001' }),
    );
    await openFile(page, path);
    await openSamples(page);
    await page.click('.sample-table .virtual-row');
    await waitChosen(page, 1);
    assert.ok((await page.evaluate(() => document.querySelectorAll('.strip-part').length)) > 0);
    assert.match(await page.text('.pane-sample'), /10000000-1000-1000-1000-100000000001/);
    const bytes = () =>
      [...document.querySelectorAll('.byte-row:not([hidden]) [role="gridcell"].byte')].map(
        (one) => one.innerText,
      );
    // The slice, which is encrypted; what stands in front of it is not.
    const last = async () => {
      await page.click('.units li:last-child .unit');
      await page.waitFor('.units li:last-child.chosen');
      await page.waitFor(() => !/··/.test(document.querySelector('.byte-grid').innerText));
      return (await page.evaluate(bytes)).join('');
    };
    const before = await last();
    await page.fill('.sample-key input', 'no key');
    await page.click('.sample-key .button');
    await page.waitFor('.sample-key input[aria-invalid="true"]');
    await page.fill('.sample-key input', KEY);
    await page.click('.sample-key .button');
    await page.waitFor(
      () => document.querySelector('.pane-bytes .pane-title').innerText === 'Bytes of sample 1, decrypted',
    );
    assert.notEqual(await last(), before);
    await giveAxe(page);
    const found = await page.evaluate(async () => {
      const { violations } = await window.axe.run(document);
      return violations.filter(({ impact }) => ['serious', 'critical'].includes(impact)).map(({ id }) => id);
    });
    assert.deepEqual(found, []);
    await page.setViewport(360, 740);
    assert.ok((await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)) <= 0);
    assert.equal(await page.evaluate(chosen), '1');
  });

  check('a key is for the sample that is open, whatever track is listed since', async (page) => {
    const path = folder.path(`tracks-${browser.name}.mp4`);
    await writeFile(path, await protectedSample(page, { key: KEY }));
    await openFile(page, path);
    await openSamples(page);
    await page.click('.sample-table .virtual-row');
    await waitChosen(page, 1);
    const title = () => document.querySelector('.pane-sample .pane-title').innerText;
    const before = await page.evaluate(title);
    await page.evaluate(() => {
      const choice = document.querySelector('.sample-bar > select');
      choice.selectedIndex = 1;
      choice.dispatchEvent(new Event('change'));
    });
    await page.fill('.sample-key input', KEY);
    await page.click('.sample-key .button');
    await page.waitFor(
      () => document.querySelector('.pane-bytes .pane-title').innerText === 'Bytes of sample 1, decrypted',
    );
    assert.equal(await page.evaluate(title), before);
  });

  check(
    'places in the file lead to boxes from wherever one is, and samples are as they were',
    async (page) => {
      await openFile(page, SAMPLE);
      await openSamples(page);
      await page.click('.sample-table .virtual-row');
      await waitChosen(page, 1);
      const shown = () => ({
        view: document.querySelector('.inspect-views [aria-pressed="true"]').innerText,
        path:
          document.querySelector('.crumbs').checkVisibility() &&
          document.querySelector('.crumbs ol').innerText,
        box: [...document.querySelectorAll('.save-choices button')][0].checkVisibility(),
        bytes: document.querySelector('.pane-bytes .pane-title').innerText,
      });
      const wait = async (view, bytes) => {
        await page.evaluate((...wanted) => void (window.wanted = wanted), view, bytes);
        await page.waitFor(
          () =>
            document.querySelector('.inspect-views [aria-pressed="true"]').innerText === window.wanted[0] &&
            document.querySelector('.pane-bytes .pane-title').innerText === window.wanted[1],
          { timeout: LONG },
        );
        return page.evaluate(shown);
      };
      await page.click('.save-menu summary');
      assert.deepEqual((await page.evaluate(shown)).box, false);
      assert.deepEqual((await page.evaluate(shown)).path, false);
      // The ruler.
      await page.evaluate(() => document.querySelector('.ruler').focus());
      await page.press('Home');
      const first = await wait('Boxes', 'Bytes of ftyp');
      assert.deepEqual([first.box, first.path], [true, 'ftyp']);
      await page.click('.inspect-views .button:nth-child(2)');
      await wait('Samples', 'Bytes of sample 1');
      // A link.
      await page.evaluate(() => void (location.hash = '#inspect?box=moov'));
      await wait('Boxes', 'Bytes of moov');
      await page.click('.inspect-views .button:nth-child(3)');
      await page.waitFor('.findings-count', { timeout: LONG });
      assert.deepEqual((await page.evaluate(shown)).path, false);
      await page.evaluate(() => document.querySelector('.ruler').focus());
      await page.press('Home');
      await wait('Boxes', 'Bytes of ftyp');
    },
  );

  check('what is asked for and not there is said where it can be seen', async (page) => {
    await openFile(page, SAMPLE);
    await openSamples(page);
    for (const [by, text, words] of [
      ['number', '0', /^The track has [\d,]+ samples\.$/],
      ['offset', '0', /^No sample has byte 0\.$/],
      ['number', 'x', /^Give a number\.$/],
    ]) {
      await goBy(page, by, text);
      await page.waitFor('.sample-problems:not([hidden])');
      await page.evaluate((source) => void (window.words = source), words.source);
      await page.waitFor(() =>
        new RegExp(window.words).test(document.querySelector('.sample-problems').innerText),
      );
    }
    await goBy(page, 'number', '2');
    await waitChosen(page, 2);
    assert.equal(await page.evaluate(() => document.querySelector('.sample-problems').hidden), true);
  });

  check('nothing of a timeline stays when its file is closed', async (page) => {
    await openFile(page, SAMPLE);
    await openSamples(page);
    await page.click('.sample-bar > .button');
    await page.waitFor('.timeline-chart canvas', { timeout: LONG });
    await page.evaluate(() => void (window.chart = document.querySelector('.uplot')));
    await page.click('.inspect-views .button:nth-child(3)');
    await page.click('#file-list .icon-button');
    await page.waitFor('#empty:not([hidden])');
    // What is destroyed is taken out of its place; else the window would hold it, and all of the file with it.
    assert.equal(await page.evaluate(() => window.chart.parentNode), null);
  });

  check('tracks over time are drawn, zoomed and listed, and lead to samples', async (page) => {
    await openFile(page, SAMPLE);
    await openSamples(page);
    await page.click('.sample-bar > .button');
    await page.waitFor('.timeline-chart canvas', { timeout: LONG });
    await page.waitFor(() => /stretches, no gaps/.test(document.querySelector('.pane-timeline').innerText));
    // All tracks, and what is drawn of them.
    assert.match(
      await page.text('.timeline-chart .u-legend'),
      /Track 1 \(video\), kb\/s[^]*Track 2 \(audio\)/,
    );
    const names = await page.evaluate(() => {
      const choice = document.querySelector('.pane-timeline select');
      return [...choice.options].map(({ innerText }) => innerText);
    });
    for (const name of names) {
      await page.evaluate((wanted) => {
        const choice = document.querySelector('.pane-timeline select');
        choice.selectedIndex = [...choice.options].findIndex(({ innerText }) => innerText === wanted);
        choice.dispatchEvent(new Event('change'));
      }, name);
      await page.waitFor('.timeline-chart canvas');
    }
    assert.ok(names.includes('Drift of tfxd'), names.join());
    await page.evaluate(() => document.querySelector('.timeline-chart').focus());
    for (const key of ['=', 'ArrowRight', '-', 'Home', 'Enter']) await page.press(key);
    // Enter chooses what is in the middle.
    await page.waitFor('.sample-table .chosen', { timeout: LONG });
    assert.ok(Number(await page.evaluate(chosen)) > 1);
    await page.click('.pane-timeline .goto-form .button:last-child');
    await page.waitFor('.timeline-table .timeline-row.virtual-row');
    // The same as what is drawn: bitrates, and what only headers of fragments say.
    await page.waitFor(() => {
      const titles = [...document.querySelectorAll('.timeline-table [role="columnheader"]')];
      const at = (title) => titles.findIndex(({ innerText }) => innerText.startsWith(title));
      const cells = document.querySelector('.timeline-table .virtual-row').children;
      return cells[at('kb/s')].innerText && cells[at('tfxd')].innerText && !cells[at('First')].innerText;
    });
    await page.evaluate(() => document.querySelector('.timeline-table').focus());
    await page.press('Home');
    await waitChosen(page, 1);
    await page.press('ArrowDown');
    await page.waitFor(
      () => Number(document.querySelector('.sample-table .chosen .sample-number')?.innerText) > 1,
    );
  });

  check('bytes and places are copied in the forms that other programs take', async (page) => {
    await page.goto();
    const made = await page.evaluate(async () => {
      const { FORMS, jsonPath } = await import('/www/ui/copy-forms.js');
      const bytes = Uint8Array.from({ length: 14 }, (_, at) => at * 19);
      return {
        forms: Object.fromEntries(Object.entries(FORMS).map(([name, write]) => [name, write(bytes)])),
        paths: [
          jsonPath('moov/trak[1]/tkhd', 'track_ID'),
          jsonPath('moov/©xyz'),
          jsonPath('moof[3]/traf', 'a[2]'),
        ],
      };
    });
    const bytes = Buffer.from(Array.from({ length: 14 }, (_, at) => at * 19));
    assert.equal(made.forms.Hex, bytes.toString('hex'));
    assert.equal(made.forms.Base64, bytes.toString('base64'));
    const array = /^static const unsigned char data\[14\] = \{\n([^}]*)\};\n$/.exec(made.forms['C array']);
    assert.deepEqual(array?.[1].match(/0x[0-9a-f]{2}/g).map(Number), [...bytes]);
    assert.deepEqual(made.paths, ['$.moov.trak[1].tkhd.track_ID', '$.moov["©xyz"]', '$.moof[3].traf.a[2]']);
  });
});
