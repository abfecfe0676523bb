// The page changes what a protected file says of itself, without its keys: no sample becomes another.

import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { inEachBrowser } from './browser.mjs';
import {
  goTo,
  LA_URL,
  LONG,
  openFile,
  pageTests,
  protectedSample,
  withoutPicker,
  workFolder,
} from './support.mjs';

const folder = workFolder();
const KEY = '00112233445566778899aabbccddeeff';
const KID = '6f651ae1-dbe4-4434-bcb4-690d1564c41c';
const MOVED = 'https://moved.example.com/rights.asmx';

/** Opens a protected file, and goes where it is changed. */
async function openProtected(page, request = {}, name = 'locked.mp4') {
  await withoutPicker(page);
  const path = folder.path(name);
  const bytes = await protectedSample(page, { key: KEY, kid: KID, laUrl: LA_URL, ...request });
  await writeFile(path, bytes);
  await openFile(page, path);
  await goTo(page, 'protect');
  await page.waitFor('#change-form');
  return bytes;
}

/** The plan of what the form says now: its table of changes. */
async function planned(page) {
  await page.waitFor(
    () => document.querySelector('.plan-body') && !document.querySelector('.plan-place.stale'),
    { timeout: LONG },
  );
  return page.evaluate(() =>
    [...document.querySelectorAll('.plan .changes tbody tr')].map((row) =>
      [...row.children].map((cell) => cell.innerText.trim()),
    ),
  );
}

inEachBrowser((browser) => {
  const check = pageTests(browser);

  check('shots', async (page) => {
    await page.setViewport(1280, 900);
    await openProtected(page);
    await page.screenshot('/tmp/change-1.png');
    await page.fill('#change-form [name="laUrl"]', MOVED);
    console.log(await planned(page));
    await page.screenshot('/tmp/change-2.png');
    await page.evaluate(() => document.querySelectorAll('.protect details').forEach((d) => (d.open = true)));
    await page.screenshot('/tmp/change-3.png');
    await page.click('#protect-start');
    const { name, bytes } = await page.waitDownload({ timeout: LONG });
    console.log(name, bytes.length);
    await page.waitFor(() => document.querySelector('.verify-good, .verify-bad'), { timeout: LONG });
    await page.screenshot('/tmp/change-4.png');
    console.log(await page.text('.result'));
  });
});
