// A file that takes a while, and what is done with it in the middle.

import { stat } from 'node:fs/promises';
import { makeLong, makeSmooth } from './support-media.mjs';
import { LONG } from './support.mjs';

/** Makes a file of about 200 MB; `short` is a place for what it is made of. */
export async function makeLarge(path, short) {
  await makeSmooth(short, { seconds: 30, size: '1280x720', bitrate: '4M' });
  await makeLong(path, short, Math.ceil(200e6 / (await stat(short)).size));
}

/** Opens what was saved in the page's storage under this name, as a file that somebody chose. */
export const openSaved = (page, name) =>
  page.evaluate(async (saved) => {
    const root = await navigator.storage.getDirectory();
    const list = new DataTransfer();
    list.items.add(await (await root.getFileHandle(saved)).getFile());
    const input = document.querySelector('#open-file');
    input.files = list.files;
    input.dispatchEvent(new Event('change', { bubbles: true }));
  }, name);

/** Presses the button that begins, of the file that is shown. */
export const startShown = (page) =>
  page.evaluate(() =>
    [...document.querySelectorAll('#protect-start')].find((one) => one.checkVisibility()).click(),
  );

/** Presses Escape as soon as there is some progress, and waits until the page says that it was cancelled. */
export async function cancelStarted(page) {
  await page.evaluate(async () => {
    const moves = () =>
      [...document.querySelectorAll('#progress')].some((one) => one.checkVisibility() && one.value > 0.03);
    const began = performance.now();
    while (!moves()) {
      if (performance.now() - began > 30_000) throw new Error('There is no progress');
      await new Promise((resolve) => void setTimeout(resolve, 2));
    }
    document.body.dispatchEvent(new KeyboardEvent('keydown', { key: 'Escape', bubbles: true }));
  });
  await page.waitFor(() => document.querySelector('.start-note.cancelled'), { timeout: LONG });
}
