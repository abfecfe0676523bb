// A file is called protected only when all of it is: what stays open is asked about, chosen by name, and said everywhere.

import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { before } from 'node:test';
import { fileURLToPath } from 'node:url';
import { inEachBrowser } from './browser.mjs';
import { boxes, decryptedMedia } from './support-media.mjs';
import {
  choose,
  fillForm,
  keySheet,
  openFile,
  pageTests,
  protect,
  SAMPLE,
  waitPlan,
  withoutPicker,
  workFolder,
} from './support.mjs';

const CASES = fileURLToPath(new URL('../../../shared/cases/protect/', import.meta.url));
const oneCase = (name) => ({
  path: `${CASES}${name}`,
  skip: existsSync(CASES + name) ? false : `${name} is not here`,
});
const SLICES = oneCase('v01-80-slices-a-picture.mp4');
const HEVC = oneCase('s13-hevc-aac.mp4');

const KEY = '00112233445566778899aabbccddeeff';
const KID = '6f651ae1-dbe4-4434-bcb4-690d1564c41c';

const folder = workFolder();
const foreign = folder.path('foreign.ismv');
before(async () => {
  // The same file with its picture under a name that nobody protects.
  const bytes = await readFile(SAMPLE);
  bytes.write('xvc1', bytes.indexOf('avc1', bytes.indexOf('stsd')), 'latin1');
  await writeFile(foreign, bytes);
});

/** A protected file as a decryptor leaves it that cares for the samples alone. */
function decryptedCarelessly(bytes) {
  const out = Buffer.from(bytes);
  const media = decryptedMedia(bytes, KEY);
  boxes(bytes)
    .filter(({ type }) => type === 'mdat')
    .forEach(({ body }, number) => media[number].copy(out, body));
  for (const [coded, clear] of [
    ['encv', 'avc1'],
    ['enca', 'mp4a'],
  ])
    out.write(clear, out.indexOf(coded), 'latin1');
  return out;
}

/** The fault that stands in the part of the form with this selector. */
const said = async (page, selector) => (await page.text(selector)).replace(/\s+/g, ' ');

inEachBrowser((browser) => {
  const check = pageTests(browser);

  const openPicture = async (page, path) => {
    await withoutPicker(page);
    await openFile(page, path);
    await fillForm(page);
    await page.waitFor('#name-tracks');
    assert.match(
      await said(page, 'fieldset:has(> .fault-ways #name-tracks) .field-fault'),
      /would stay open to everyone/,
    );
    assert.equal(
      await page.evaluate(() => document.querySelector('.plan-body')),
      null,
      'no plan without the choice',
    );
    await page.click('#name-tracks');
    await waitPlan(page);
    const plan = await said(page, '.plan-tracks');
    assert.match(plan, /Open to everyone/);
    await protect(page);
    const head = await said(page, '.result-head');
    assert.match(head, /Only track \d+ of \S+ is locked; track \d+ is open to everyone\./);
    assert.match(head, /Anyone can watch the picture/);
    const all = await said(page, '#panel-result');
    assert.doesNotMatch(all, /is protected|useless without a licence/);
    assert.match(await said(page, '#file-list'), /copy made, video open/);
    await page.waitDownload();
    const { sheet } = await keySheet(page);
    assert.deepEqual(
      sheet.tracks.map(({ kind, protect: is }) => [kind, is]),
      [
        ['video', false],
        ['audio', true],
      ],
    );
  };

  check('video that cannot be protected: open by choice alone, and called so', (page) =>
    openPicture(page, foreign),
  );
  check(
    'HEVC with AAC is protected whole',
    async (page) => {
      await withoutPicker(page);
      await openFile(page, HEVC.path);
      await fillForm(page);
      await waitPlan(page);
      assert.match(await said(page, '.plan-tracks'), /slice headers stay clear/);
      await protect(page);
      assert.match(await said(page, '.result-head h2'), /^\S+ is protected\.$/);
      await page.waitDownload();
      const { sheet } = await keySheet(page);
      assert.deepEqual(
        sheet.tracks.map(({ protect: is }) => is),
        [true, true],
      );
    },
    { skip: HEVC.skip },
  );

  check('a track left open by its box is named too', async (page) => {
    await withoutPicker(page);
    await openFile(page, SAMPLE);
    await fillForm(page);
    await page.click('[name="tracks"][value="2"]');
    await waitPlan(page);
    assert.match(await said(page, '.choices:has([name="tracks"])'), /stays open to everyone/);
    await protect(page);
    assert.match(
      await said(page, '.result-head h2'),
      /Only track 1 of sample\.mp4 is locked; track 2 is open/,
    );
    assert.match(await said(page, '#panel-result'), /Anyone can hear the sound of track 2/);
    // No track at all is no protection.
    await page.click('#tab-protect');
    await page.click('[name="tracks"][value="1"]');
    await page.click('#protect-start');
    await page.waitFor(() =>
      document
        .querySelector('.choices:has([name="tracks"])')
        ?.textContent?.includes('Choose at least one track'),
    );
  });

  check('everything protected: shares are shown, and the words are the strong ones', async (page) => {
    await withoutPicker(page);
    await openFile(page, SAMPLE);
    await fillForm(page);
    await waitPlan(page);
    const shares = () =>
      [...document.querySelectorAll('.plan-tracks .track-share')].map((cell) => cell.innerText);
    const planned = await page.evaluate(shares);
    assert.equal(planned.length, 2);
    for (const text of planned) assert.match(text, /^(100|\d\d\.\d) %/);
    await protect(page);
    assert.match(await said(page, '.result-head h2'), /^sample\.mp4 is protected\.$/);
    assert.match(await said(page, '#panel-result'), /useless without a licence/);
  });

  check('leftovers of an earlier encryption are asked about where they can be answered', async (page) => {
    await withoutPicker(page);
    await openFile(page, SAMPLE);
    await fillForm(page, { key: KEY, kid: KID });
    await waitPlan(page);
    await protect(page);
    const path = folder.path('decrypted.mp4');
    await writeFile(path, decryptedCarelessly((await page.waitDownload()).bytes));
    await openFile(page, path);
    await fillForm(page);
    await page.waitFor('.question:not([hidden])');
    assert.match(await said(page, '.question'), /earlier encryption.*parse as clear.*Remove them/);
    assert.equal(await page.evaluate(() => document.querySelector('.question input').checked), false);
    await page.click('.question input');
    await waitPlan(page);
    assert.match(await said(page, '.box-group.remove'), /senc/);
    await protect(page);
    await page.waitDownload();
  });

  check(
    'too many slices for hybrid: one press chooses PIFF',
    async (page) => {
      await withoutPicker(page);
      await openFile(page, SLICES.path);
      await fillForm(page);
      await page.waitFor('#use-piff');
      assert.match(await said(page, '.choices:has([name="form"])'), /subsamples/);
      await page.click('#use-piff');
      await waitPlan(page);
      const chosen = () => document.querySelector('[name="form"]:checked').value;
      assert.equal(await page.evaluate(chosen), 'piff');
      await choose(page, 'form', 'hybrid');
      await page.waitFor('#use-piff');
    },
    { skip: SLICES.skip },
  );
});
