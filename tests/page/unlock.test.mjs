// The page opens protected files: with their keys they become clear again, or are protected otherwise.

import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { before } from 'node:test';
import { inEachBrowser } from './browser.mjs';
import { cancelStarted, makeLarge, openSaved, startShown } from './support-large.mjs';
import { haveFfmpeg } from './support-media.mjs';
import {
  choose,
  fillForm,
  goTo,
  LA_URL,
  LONG,
  openFile,
  pageTests,
  protectedSample,
  SAMPLE,
  storage,
  waitPlan,
  withoutPicker,
  withPicker,
  workFolder,
} from './support.mjs';

const folder = workFolder();
const KEY = '00112233445566778899aabbccddeeff';
const KID = '6f651ae1-dbe4-4434-bcb4-690d1564c41c';

/** A file that takes a while. */
const large = folder.path('large.ismv');
before(async () => {
  if (!haveFfmpeg()) return;
  await makeLarge(large, folder.path('short.ismv'));
});

/** Opens a file that is protected with the key, and goes where its keys are asked for, to do this with it. */
async function openProtected(page, work) {
  await withoutPicker(page);
  const path = folder.path('locked.mp4');
  await writeFile(path, await protectedSample(page, { key: KEY, kid: KID, laUrl: LA_URL }));
  await openFile(page, path);
  await goTo(page, 'protect');
  await choose(page, 'work', work);
  await page.waitFor(() => document.querySelector('.unlock'));
}

/** Types a key, says that one may, and asks to go on. */
async function give(page, key, { right = true } = {}) {
  await page.fill('.unlock [name="sourceKey"]', key);
  if (right && !(await page.evaluate(() => document.querySelector('[name="right"]').checked)))
    await page.click('.unlock [name="right"]');
  await page.click('#unlock-start');
}

/** The plan of a file without a header. */
const planned = (page) =>
  page.waitFor(() => document.querySelector('.plan-body') && !document.querySelector('.plan-place.stale'), {
    timeout: LONG,
  });

const faultSaid = (page) =>
  page.waitFor(() => {
    const fault = document.querySelector('.unlock > .field-fault');
    return fault && !fault.hidden && fault.textContent;
  });

inEachBrowser((browser) => {
  const check = pageTests(browser);

  check('with its key a protected file becomes the clear file again', async (page) => {
    await openProtected(page, 'clear');
    const said = await page.text('.unlock');
    assert.ok(said.includes(KID) && said.includes('tracks 1, 2'), said);
    await give(page, KEY, { right: false });
    await faultSaid(page);
    assert.match(await page.text('.unlock'), /right to open this file/);
    await give(page, KEY.replace('00', '01'));
    await page.waitFor(() =>
      /not the key|does not|wrong/i.test(document.querySelector('.unlock > .field-fault').textContent),
    );
    assert.ok((await page.text('.unlock > .field-fault')).includes(KID));
    await give(page, KEY);
    await planned(page);
    assert.match(await page.text('#protect-start'), /^Make it clear/);
    await page.click('#protect-start');
    const { name, bytes } = await page.waitDownload({ timeout: LONG });
    assert.equal(name, 'locked.clear.mp4');
    assert.ok(bytes.equals(await readFile(SAMPLE)), 'it is not the file that was protected');
    await page.waitFor(() => document.querySelector('.verify-good'), { timeout: LONG });
    assert.match(await page.text('.verify'), /Every sample is as in the source\. Nothing in it is encrypted/);
  });

  check('with its key a protected file is protected otherwise, in one pass', async (page) => {
    await openProtected(page, 'anew');
    await give(page, KEY);
    await page.waitFor('#protect-form');
    await page.fill('[name="laUrl"]', LA_URL);
    await waitPlan(page);
    assert.match(await page.text('#protect-start'), /^Protect anew/);
    await page.click('#protect-start');
    const { name } = await page.waitDownload({ timeout: LONG });
    assert.equal(name, 'locked.protected.mp4');
    await page.waitFor(() => document.querySelector('.verify-good'), { timeout: LONG });
    const kid = await page.evaluate(() => document.querySelector('.result').innerText);
    assert.ok(!kid.includes(KID), 'it has a key of its own');
  });

  check('by the keyboard alone it becomes clear, on a phone in the dark', async (page) => {
    await openProtected(page, 'change');
    await page.setViewport(380, 800);
    await page.emulateColorScheme('dark');
    await page.evaluate(() => document.querySelector('[name="work"]:checked').focus());
    const here = () => page.evaluate(() => [document.activeElement.name, document.activeElement.value]);
    for (let step = 0; step < 4 && (await here())[1] !== 'clear'; step++) await page.press('ArrowDown');
    assert.deepEqual(await here(), ['work', 'clear']);
    const tabTo = async (/** @type {string} */ wanted) => {
      for (let step = 0; step < 25; step++) {
        await page.press('Tab');
        if (await page.evaluate((name) => document.activeElement.matches(name), wanted)) return;
      }
      assert.fail(`Tab does not lead to ${wanted}`);
    };
    await tabTo('[name="sourceKey"]');
    await page.type('.unlock [name="sourceKey"]', KEY);
    await tabTo('[name="right"]');
    await page.press(' ');
    await tabTo('#unlock-start');
    await page.press('Enter');
    await planned(page);
    const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    assert.ok(wide <= 0, `it scrolls sideways by ${wide}`);
    await tabTo('#protect-start');
    await page.press('Enter');
    const { bytes } = await page.waitDownload({ timeout: LONG });
    assert.ok(bytes.equals(await readFile(SAMPLE)), 'it is not the file that was protected');
  });

  check(
    'cancelled in the middle, clear or anew, nothing is left, and the next attempt succeeds',
    async (page) => {
      await withPicker(page);
      await page.setFile('#open-file', large);
      await page.waitFor(() => document.querySelector('#views:not([hidden])'), { timeout: LONG });
      await fillForm(page, { key: KEY, kid: KID });
      await waitPlan(page);
      await startShown(page);
      await page.waitFor(() => document.querySelector('.result-head'), { timeout: LONG });
      // What was saved is opened as a file of its own, and what is made of it goes into storage.
      await withoutPicker(page);
      await openSaved(page, 'large.mp4');
      await page.waitFor(() => document.querySelector('#change-form'), { timeout: LONG });
      await goTo(page, 'protect');
      for (const work of ['clear', 'anew']) {
        await choose(page, 'work', work);
        if (work === 'clear') await give(page, KEY);
        else await page.fill('[name="laUrl"]', LA_URL);
        await planned(page);
        const kept = await storage(page);
        await startShown(page);
        await cancelStarted(page);
        assert.deepEqual(await storage(page), kept, work);
      }
      await startShown(page);
      const { name } = await page.waitDownload({ timeout: LONG });
      assert.equal(name, 'large.protected.mp4');
    },
    { skip: haveFfmpeg() ? false : 'FFmpeg is missing' },
  );
});
