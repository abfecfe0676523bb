// A storage to upload to, files that may be, and what people do on the page that uploads.

import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { after, before } from 'node:test';
import { azurite, faulty, sas } from './support-azurite.mjs';
import { LONG, protectedSample, workFolder } from './support.mjs';

const MIB = 2 ** 20;

/** A protected file with so many bytes behind it that it takes several blocks. */
function padded(bytes, more) {
  const box = Buffer.alloc(8);
  box.writeUInt32BE(more + 8);
  box.write('free', 4);
  return Buffer.concat([bytes, box, randomBytes(more)]);
}

/** An emulator of Azure's storage, and a proxy before it that plays faults, while the tests of one file run. */
export function withStorage() {
  const folder = workFolder();
  let made;
  const own = {
    folder,
    small: folder.path('small film.mp4'),
    large: folder.path('film.mp4'),
    /** Both files, protected by the page's own module, once for all tests. */
    files(page) {
      made ??= protectedSample(page).then((bytes) => {
        writeFileSync(own.small, bytes);
        writeFileSync(own.large, padded(bytes, 18 * MIB));
      });
      return made;
    },
    address: ({ container = 'media', ...more } = {}) =>
      `${own.front.account}/${container}?${sas({ container, ...more })}`,
  };
  before(async () => {
    own.storage = await azurite();
    own.front = await faulty(own.storage.origin);
    await own.storage.container('media');
    await own.storage.container('open', true);
  });
  after(async () => {
    await own.front?.close();
    await own.storage?.close();
  });
  return own;
}

export async function choose(page, path) {
  await page.setFile('#open-file', path);
  await page.waitFor('.taken-name', { timeout: LONG });
}

export async function paste(page, text) {
  await page.fill('[name="address"]', text);
  await page.waitFor('.place-facts');
}

export async function pressUpload(page) {
  await page.waitFor(() => !document.querySelector('#upload').disabled);
  await page.click('#upload');
}

/** Waits until the upload has come to its good end. */
export const done = (page) => page.waitFor('#done-url', { timeout: LONG });
