// Protecting and saving, judged by FFmpeg, by a decryptor written for the test, and by node's own cryptography.

import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { before } from 'node:test';
import { inEachBrowser } from './browser.mjs';
import {
  boxes,
  checksum,
  decryptedMedia,
  guidOrder,
  haveFfmpeg,
  indexed,
  keyFromSeed,
  makeIndexed,
  makeSmooth,
  playReadyHeaders,
  samplesByFfmpeg,
  sha256,
  streams,
} from './support-media.mjs';
import {
  choose,
  fillForm,
  goTo,
  keySheet,
  LA_URL,
  LONG,
  openFile,
  pageTests,
  protect,
  SAMPLE,
  storage,
  storedBytes,
  waitPlan,
  withoutPicker,
  withPicker,
  workFolder,
} from './support.mjs';

const KEY = '00112233445566778899aabbccddeeff';
const KID = '6f651ae1-dbe4-4434-bcb4-690d1564c41c';
/** A `pssh` box of FairPlay's that says nothing. */
const FAIRPLAY = '00000020707373680000000094ce86fb07ff4f43adb893d2fa968ca200000000';
const TEST_SEED = 'XVBovsmzhP9gRIZxWfFta3VVRPzVEWmJsazEJ46I';

/** It takes half a minute there. */
const SLOW_IN_WEBKIT =
  'not run in webkit: the sample is protected there, with its key sheet and checksum, but no larger file';

const folder = workFolder();
const judged = haveFfmpeg();
const skip = judged ? false : 'FFmpeg is missing';
let clear;
let large;
before(async () => {
  clear = await readFile(SAMPLE);
  if (!judged) return;
  await makeSmooth(folder.path('large.ismv'));
  large = await readFile(folder.path('large.ismv'));
});

const mediaOf = (bytes) =>
  boxes(bytes)
    .filter(({ type }) => type === 'mdat')
    .map(({ body, end }) => bytes.subarray(body, end));

/** Indexes lead to fragments, or to where the last one ends. */
function assertIndexed(bytes) {
  const tops = boxes(bytes);
  const starts = new Set(tops.filter(({ type }) => type === 'moof').map(({ start }) => start));
  const ends = new Set(tops.filter(({ type }) => type === 'mdat').map(({ end }) => end));
  const places = indexed(bytes);
  assert.ok(places.length >= starts.size);
  for (const place of places) assert.ok(starts.has(place) || ends.has(place), `no fragment at ${place}`);
}

function assertSameMedia(bytes, clearBytes, key, sencType) {
  const found = decryptedMedia(bytes, key, sencType);
  const wanted = mediaOf(clearBytes);
  assert.equal(found.length, wanted.length);
  found.forEach((media, number) => assert.ok(media.equals(wanted[number]), `mdat ${number}`));
  const locked = mediaOf(bytes).filter((media, number) => !media.equals(wanted[number]));
  assert.equal(locked.length, wanted.length, 'every mdat is encrypted');
  assertIndexed(bytes);
}

/** The key sheet and the header in the file say the same, and what they say is true. */
function assertSheet({ name, sheet }, file, profile) {
  assert.equal(name, `${file.name}.keys.json`);
  assert.equal(sheet.fileName, file.name);
  assert.equal(sheet.fileSize, file.bytes.length);
  assert.equal(sheet.sha256, sha256(file.bytes));
  assert.equal(sheet.scheme, profile === 'piff' ? 'piff' : 'cenc');
  assert.equal(sheet.algorithm, 'AESCTR');
  assert.equal(Buffer.from(sheet.key.base64, 'base64').toString('hex'), sheet.key.hex);
  assert.match(sheet.key.hex, /^[\da-f]{32}$/);
  assert.equal(sheet.kid.hex, sheet.kid.uuid.replaceAll('-', ''));
  assert.equal(sheet.kid.guidHex, guidOrder(sheet.kid.uuid).toString('hex'));
  assert.equal(sheet.kid.guidBase64, guidOrder(sheet.kid.uuid).toString('base64'));
  assert.equal(sheet.checksum, checksum(sheet.key.hex, sheet.kid.uuid));
  const headers = playReadyHeaders(file.bytes);
  assert.ok(headers.length >= 1);
  for (const header of headers) {
    assert.ok(header.includes(sheet.kid.guidBase64), header);
    assert.ok(header.includes(sheet.checksum), header);
    assert.ok(header.includes(sheet.laUrl.replaceAll('&', '&amp;')), header);
  }
}

/** What FFmpeg reads from the clear files, by their paths. */
const wanted = new Map();

/** FFmpeg reads the protected file with the key exactly as it reads the clear one. */
async function assertFfmpegAgrees(bytes, clearPath, key) {
  const path = folder.path('judged.mp4');
  await writeFile(path, bytes);
  if (!wanted.has(clearPath)) wanted.set(clearPath, await streams(clearPath));
  const clearStreams = wanted.get(clearPath);
  assert.ok(clearStreams.samples.length >= 720);
  assert.deepEqual(await streams(path, key), clearStreams);
  const wrong = await samplesByFfmpeg(path, 'ff'.repeat(16)).catch(() => []);
  assert.notDeepEqual(wrong, clearStreams.samples, 'a wrong key does not do');
}

/** Opens what was saved in the page again, and gives its facts. */
async function reopened(page, file) {
  const path = folder.path(file.name);
  await writeFile(path, file.bytes);
  await openFile(page, path);
  return page.text('#summary .facts');
}

inEachBrowser(
  (browser) => {
    const check = pageTests(browser);

    /** Opens, protects, and takes the file that is downloaded by itself. */
    const protectAndDownload = async (page, path, form) => {
      await withoutPicker(page);
      await openFile(page, path);
      await fillForm(page, form);
      const plan = await waitPlan(page);
      await protect(page);
      const file = await page.waitDownload({ timeout: LONG });
      const sheet = await keySheet(page);
      return { plan, file, sheet };
    };

    check('hybrid: random key, through storage and an ordinary download', async (page) => {
      const { plan, file, sheet } = await protectAndDownload(page, SAMPLE);
      assert.equal(file.name, 'sample.mp4');
      assertSheet(sheet, file, 'hybrid');
      assert.equal(sheet.sheet.kid.uuid, plan.kid, 'the KID that the plan showed');
      assert.equal(sheet.sheet.laUrl, LA_URL);
      assert.ok(plan.header.includes(sheet.sheet.checksum), 'the header that the plan showed');
      assertSameMedia(file.bytes, clear, sheet.sheet.key.hex);
      if (judged) await assertFfmpegAgrees(file.bytes, SAMPLE, sheet.sheet.key.hex);

      // What the page shows beside it.
      await page.click('.show-key');
      assert.equal(await page.text('.key-value'), sheet.sheet.key.hex);
      assert.equal(await page.text('#sha256'), sheet.sheet.sha256);
      // The link saves it once more.
      await page.click('#save');
      assert.ok((await page.waitDownload({ timeout: LONG })).bytes.equals(file.bytes));
    });

    check(
      'the copy in storage is there as long as the file is open',
      async (page) => {
        const { file } = await protectAndDownload(page, SAMPLE);
        const kept = Object.entries(await storage(page)).filter(([path]) => path.startsWith('boxlock/'));
        assert.deepEqual(
          kept.map(([, size]) => size),
          [file.bytes.length],
        );
        await page.click('[aria-label="Close sample.ismv"]');
        await page.waitFor('#open-button');
        await page.waitFor(async () => {
          const root = await navigator.storage.getDirectory();
          const boxlock = await root.getDirectoryHandle('boxlock');
          for await (const name of boxlock.keys()) return !name;
          return true;
        });
      },
      { skip: browser.lacks.storage },
    );

    check('for other players: a Widevine header, and a box that is pasted', async (page) => {
      await withoutPicker(page);
      await openFile(page, SAMPLE);
      await fillForm(page, { form: 'hybrid', key: KEY, kid: KID });
      await page.click('#more-players summary');
      await choose(page, 'widevine', 'widevine');
      await page.fill('[name="widevineProvider"]', 'acme');
      await waitPlan(page);
      // Folded away, it is opened where something in it is wrong.
      await page.click('#more-players summary');
      await choose(page, 'form', 'piff');
      await page.waitFor(() =>
        /other systems choose the form hybrid/.test(document.querySelector('#more-players[open]')?.innerText),
      );
      await choose(page, 'form', 'hybrid');
      await waitPlan(page);
      await page.fill('[name="pssh"]', 'AAAA');
      await page.waitFor(() => /no whole 'pssh' box/.test(document.querySelector('#more-players').innerText));
      await page.fill('[name="pssh"]', `${FAIRPLAY}\n`);
      await waitPlan(page);
      await protect(page);
      const { bytes } = await page.waitDownload({ timeout: LONG });
      const moov = boxes(bytes).find(({ type }) => type === 'moov');
      const systems = boxes(bytes, moov.body, moov.end).filter(({ type }) => type === 'pssh');
      assert.deepEqual(
        systems.map(({ body }) => bytes.toString('hex', body + 4, body + 8)),
        ['9a04f079', '1077efec', 'edef8ba9', '94ce86fb'],
      );
      const [, , widevine, given] = systems.map(({ start, end }) => bytes.toString('hex', start, end));
      const provider = `1a04${Buffer.from('acme').toString('hex')}`;
      assert.ok(widevine.endsWith(`000000181210${KID.replaceAll('-', '')}${provider}`), widevine);
      assert.equal(given, FAIRPLAY);
      assertSameMedia(bytes, clear, KEY);
    });

    check('scheme, form and IVs by their names: only what goes together can be chosen', async (page) => {
      await withoutPicker(page);
      await openFile(page, SAMPLE);
      await fillForm(page, { form: 'exact', key: KEY, kid: KID });
      const pick = (name, value) =>
        page.evaluate(
          (one, two) => {
            const control = document.querySelector(`select[name="${one}"]`);
            control.value = two;
            for (const type of ['input', 'change']) control.dispatchEvent(new Event(type, { bubbles: true }));
          },
          name,
          value,
        );
      const seen = () =>
        page.evaluate(() => {
          const [form, ivs] = ['exactForm', 'ivSize'].map((name) =>
            document.querySelector(`select[name="${name}"]`),
          );
          return { form: form.value, fixed: form.disabled, ivs: ivs.offsetParent !== null };
        });
      assert.deepEqual(await seen(), { form: 'plain', fixed: false, ivs: true });
      await pick('exactForm', 'piff');
      await pick('scheme', 'cbcs');
      assert.deepEqual(await seen(), { form: 'plain', fixed: true, ivs: false });
      await waitPlan(page);
      await pick('scheme', 'cenc');
      await pick('ivSize', '16');
      await page.waitFor(() => /IVs of 16 bytes/.test(document.querySelector('.plan-place').innerText));
      await pick('ivSize', '8');
      await waitPlan(page);
      await protect(page);
      const { bytes } = await page.waitDownload({ timeout: LONG });
      // What PIFF has of sample and track encryption. Times of fragments are Smooth's, and stay.
      for (const type of ['a2394f525a9b4f14a2446c427c648df4', '8974dbce7be74c5184f97148f9882554'])
        assert.ok(!bytes.includes(Buffer.from(type, 'hex')), `no ${type}`);
      const tenc = bytes.indexOf('tenc');
      assert.deepEqual([...bytes.subarray(tenc + 10, tenc + 12)], [1, 8]);
      assertSameMedia(bytes, clear, KEY, 'senc');
    });

    check('PIFF: typed key and KID', async (page) => {
      const form = { form: 'piff', key: KEY, kid: KID };
      const { file, sheet } = await protectAndDownload(page, SAMPLE, form);
      assert.equal(file.name, 'sample.mp4');
      assertSheet(sheet, file, 'piff');
      assert.equal(sheet.sheet.key.hex, KEY);
      assert.equal(sheet.sheet.kid.uuid, KID);
      assertSameMedia(file.bytes, clear, KEY);
      assert.match(await reopened(page, file), /PlayReady \(piff\)/);
      assert.ok((await page.text('#summary .strip-kids')).includes(KID));
    });

    check('the test server’s preset: the key comes from the public seed', async (page) => {
      await withoutPicker(page);
      await openFile(page, SAMPLE);
      await goTo(page, 'protect');
      await page.click('#use-test-server');
      await page.waitFor(() => document.querySelector('.preset-note').innerText.includes('tests only'));
      await waitPlan(page);
      await protect(page);
      const file = await page.waitDownload({ timeout: LONG });
      const sheet = await keySheet(page);
      assertSheet(sheet, file, 'hybrid');
      assert.equal(sheet.sheet.key.hex, keyFromSeed(TEST_SEED, sheet.sheet.kid.uuid));
      assert.match(sheet.sheet.laUrl, /^https:\/\/test\.playready\.microsoft\.com\//);
      assertSameMedia(file.bytes, clear, sheet.sheet.key.hex);
    });

    check('the next copy has a KID, a key and a plan of its own', async (page) => {
      const first = await protectAndDownload(page, SAMPLE);
      await goTo(page, 'protect');
      await page.fill('[name="laUrl"]', 'https://other.example.com/');
      const plan = await waitPlan(page);
      await protect(page);
      const file = await page.waitDownload({ timeout: LONG });
      const { sheet } = await keySheet(page);
      assert.equal(sheet.kid.uuid, plan.kid);
      assert.equal(sheet.sha256, sha256(file.bytes));
      assert.equal(sheet.laUrl, 'https://other.example.com/');
      assertSameMedia(file.bytes, clear, sheet.key.hex);
      assert.notEqual(sheet.key.hex, first.sheet.sheet.key.hex);
      assert.notEqual(sheet.kid.uuid, first.sheet.sheet.kid.uuid, 'no KID stands for two keys');

      // And once more, with nothing changed in the form.
      await goTo(page, 'protect');
      const next = await waitPlan(page);
      await page.click('#protect-start');
      await page.waitDownload({ timeout: LONG });
      const third = (await keySheet(page)).sheet;
      assert.equal(third.kid.uuid, next.kid, 'the plan on the screen is what is done');
      assert.notEqual(third.kid.uuid, sheet.kid.uuid);
      assert.notEqual(third.key.hex, sheet.key.hex);
    });

    check(
      'a larger file: hybrid and PIFF',
      async (page) => {
        assert.ok(large.length > 4_000_000, `${large.length} bytes`);
        const path = folder.path('large.ismv');
        const hybrid = await protectAndDownload(page, path, { key: KEY, kid: KID });
        assert.equal(hybrid.file.name, 'large.mp4');
        assertSheet(hybrid.sheet, hybrid.file, 'hybrid');
        assertSameMedia(hybrid.file.bytes, large, KEY);
        await assertFfmpegAgrees(hybrid.file.bytes, path, KEY);

        await fillForm(page, { form: 'piff' });
        await waitPlan(page);
        await protect(page);
        const file = await page.waitDownload({ timeout: LONG });
        assertSameMedia(file.bytes, large, KEY);
        assert.equal((await keySheet(page)).sheet.sha256, sha256(file.bytes));
      },
      { skip: skip || (browser.name === 'webkit' && SLOW_IN_WEBKIT) },
    );

    check(
      'an index in front of the fragments still leads to them',
      async (page) => {
        const path = folder.path('indexed.mp4');
        await makeIndexed(path, SAMPLE);
        const before = await readFile(path);
        assert.ok(boxes(before).some(({ type }) => type === 'sidx'));
        const { file, sheet } = await protectAndDownload(page, path);
        assert.equal(file.name, 'indexed.protected.mp4');
        assertSheet(sheet, file, 'hybrid');
        assertSameMedia(file.bytes, before, sheet.sheet.key.hex);
      },
      { skip },
    );

    const picker = browser.name === 'chromium' ? {} : { skip: 'This browser has no save dialog for pages.' };
    check(
      'saved straight to a chosen file',
      async (page) => {
        await withPicker(page, 'what was there before');
        const path = judged ? folder.path('large.ismv') : SAMPLE;
        const name = judged ? 'large' : 'sample';
        await openFile(page, path);
        await fillForm(page, { key: KEY });
        await waitPlan(page);
        await protect(page);
        assert.match(await page.text('.saved'), new RegExp(`Saved as ${name}.mp4`));
        assert.deepEqual(Object.keys(await storage(page)), [`${name}.mp4`], 'no second copy');
        const bytes = await storedBytes(page, `${name}.mp4`);
        assertSheet(await keySheet(page), { name: `${name}.mp4`, bytes }, 'hybrid');
        assertSameMedia(bytes, await readFile(path), KEY);
        if (judged) await assertFfmpegAgrees(bytes, path, KEY);
      },
      picker,
    );

    check(
      'closing the save dialog changes nothing',
      async (page) => {
        await page.evaluate(() => {
          window.showSaveFilePicker = async () => {
            throw new DOMException('The user aborted a request.', 'AbortError');
          };
        });
        await openFile(page, SAMPLE);
        await fillForm(page);
        await waitPlan(page);
        await page.click('#protect-start');
        await page.waitFor(() => new Promise((resolve) => void setTimeout(() => resolve(true), 300)));
        await page.waitFor('#protect-start');
        assert.deepEqual(await storage(page), {});
        await withPicker(page);
        await protect(page);
      },
      picker,
    );
  },
  { webkit: true },
);
