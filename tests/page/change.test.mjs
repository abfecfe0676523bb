// The page changes what a protected file says of itself, without its keys: no sample becomes another.

import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { before } from 'node:test';
import { inEachBrowser } from './browser.mjs';
import { cancelStarted, makeLarge, openSaved, startShown } from './support-large.mjs';
import { haveFfmpeg } from './support-media.mjs';
import {
  goTo,
  LA_URL,
  LONG,
  openFile,
  pageTests,
  protectedSample,
  storage,
  withoutPicker,
  withPicker,
  workFolder,
} from './support.mjs';

const folder = workFolder();
const KEY = '00112233445566778899aabbccddeeff';
const KID = '6f651ae1-dbe4-4434-bcb4-690d1564c41c';
const MOVED = 'https://moved.example.com/rights.asmx';

/** A file that takes a while. */
let large = '';
before(async () => {
  if (!haveFfmpeg()) return;
  large = folder.path('large.ismv');
  await makeLarge(large, folder.path('short.ismv'));
});

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

/** What is said of the file that was made, when all of it was compared. */
async function compared(page) {
  await page.waitFor(() => document.querySelector('.verify-good, .verify-bad'), { timeout: LONG });
  return page.text('.verify');
}

/**
 * Runs in the page: changes a protected file by the module, and tells what came of it, and whether it still plays with the key
 * that it was protected with.
 */
const changeByModule = async ({ lock, wish, key }) => {
  const { open } = await import('/boxlock.js');
  const media = await open('/samples/sample.ismv');
  const locked = await (await media.protect(lock)).file();
  media.close();
  const source = await open(locked);
  const plan = await source.plan(wish);
  const result = await source.protect(plan);
  const file = await result.file();
  const verified = await result.verify();
  const again = await open(file);
  const without = await again.verify([], { source: locked });
  const alone = await again.verify([]).catch(({ code }) => code);
  const withKey = await again.verify([key], {
    source: await (await fetch('/samples/sample.ismv')).blob(),
  });
  const noSheet = await result.keySheet().catch(({ code }) => code);
  const { changes, sizeAfter, sizeExact, suggestedName } = plan;
  const told = {
    changes,
    made: result.changes,
    exact: sizeExact && sizeAfter === file.size,
    keys: result.keys.length,
    names: [suggestedName, result.name, file.name],
  };
  again.close();
  source.close();
  return { ...told, verified, without, alone, withKey, noSheet };
};

inEachBrowser((browser) => {
  const check = pageTests(browser);

  check('the licence URL is changed by keyboard alone, and no sample is', async (page) => {
    const before = await openProtected(page);
    await page.evaluate(() => document.querySelector('[name="work"]:checked').focus());
    await page.press('Tab');
    assert.deepEqual(await page.evaluate(() => [document.activeElement.name, document.activeElement.value]), [
      'laUrl',
      LA_URL,
    ]);
    // Nothing is planned, and nothing is refused, before anything is different.
    assert.equal(await page.evaluate(() => document.querySelector('.plan-body')), null);
    await page.press('Enter');
    await page.waitFor(() =>
      /Nothing is changed yet/.test(
        document.querySelector('#change-form .field-fault:not([hidden])')?.innerText,
      ),
    );
    await page.press('Control+a');
    await page.press('Backspace');
    await page.type('#change-form [name="laUrl"]', MOVED);
    assert.deepEqual(await planned(page), [['Licence URL', LA_URL, MOVED]]);
    const plan = await page.text('.plan-body');
    assert.match(plan, /No sample is touched/);
    assert.match(plan, /Stays encrypted as it is/);
    assert.ok(plan.includes('locked.changed.mp4') && !plan.includes('about'), plan);
    // Both headers can be unfolded.
    const headers = await page.evaluate(() =>
      [...document.querySelectorAll('.plan-body details')].map((one) => {
        one.open = true;
        return one.querySelector('pre').innerText;
      }),
    );
    assert.equal(headers.length, 2);
    assert.ok(headers[0].includes('licence.example.com') && headers[1].includes(MOVED), headers.join('\n'));
    await page.press('Enter');
    const { name, bytes } = await page.waitDownload({ timeout: LONG });
    assert.equal(name, 'locked.changed.mp4');
    assert.notEqual(bytes.length, before.length);
    // All fragments are where the header has no more to say, byte for byte.
    const media = (/** @type {Buffer} */ file) =>
      file.subarray(file.indexOf('moof') - 4, file.lastIndexOf('mfra') - 4);
    assert.ok(media(bytes).equals(media(before)), 'fragments are not as they were');
    assert.match(await compared(page), /Every sample is as in the source\. Its bytes, key ID, IV and map/);
    const said = await page.text('.result');
    assert.match(said, /is changed\. No sample was touched\./);
    assert.match(said, /No key to anybody/);
    assert.ok(said.includes(KID), said);
    assert.equal(await page.evaluate(() => document.querySelector('#key-sheet, #play')), null);
  });

  check('each field says what the file says, and what is emptied goes', async (page) => {
    await openProtected(page, {
      luiUrl: 'https://page.example/',
      customAttributes: '<A>1</A>',
      decryptorSetup: 'ondemand',
      licenceStore: 512,
      widevine: true,
      form: 'plain',
    });
    await page.click('#more-header summary');
    await page.click('#more-players summary');
    await page.click('#more-file summary');
    const now = await page.evaluate(() =>
      Object.fromEntries(
        [...document.querySelectorAll('#change-form :is(input, textarea, select)')]
          .filter((one) => (one.type === 'radio' || one.type === 'checkbox' ? one.checked : one.value))
          .map((one) => [one.name, one.value]),
      ),
    );
    const { brands, verify, ...others } = now;
    assert.ok(brands.startsWith('iso6 ') && verify, brands);
    assert.deepEqual(others, {
      laUrl: LA_URL,
      luiUrl: 'https://page.example/',
      customAttributes: '<A>1</A>',
      decryptorSetup: 'ondemand',
      licenceStore: '512',
      form: 'plain',
      widevine: 'keep',
      segments: 'one',
      protection: 'protect',
    });
    await page.fill('#change-form [name="luiUrl"]', '');
    await page.fill('#change-form [name="customAttributes"]', '');
    await page.fill('#change-form [name="licenceStore"]', '');
    await page.fill('#change-form [name="brands"]', 'iso6 isom');
    await page.fill('#change-form [name="called"]', 'film');
    await page.click('#change-form [name="remove"][value="Widevine"]');
    await page.click('#change-form [name="form"][value="hybrid"]');
    const rows = await planned(page);
    const said = Object.fromEntries(rows.map(([what, , after]) => [what, after]));
    assert.equal(said['Licence page'], 'goes');
    assert.equal(said['Custom attributes'], 'goes');
    assert.equal(said['Room for licences'], 'goes');
    assert.equal(said.Boxes, 'hybrid');
    assert.equal(said.Brands, 'iso6 (iso6 isom)');
    assert.ok(!said['DRM systems'].includes('Widevine'), said['DRM systems']);
    assert.equal(rows.length, 6, JSON.stringify(rows));
    await page.click('#protect-start');
    const { name } = await page.waitDownload({ timeout: LONG });
    assert.equal(name, 'film.mp4');
    assert.match(await compared(page), /Every sample is as in the source/);
  });

  check('a form that cannot carry it is refused at its field, and what is typed wrong too', async (page) => {
    await openProtected(page, { scheme: 'cbcs', form: 'plain' });
    await page.click('#more-players summary');
    await page.click('#change-form [name="form"][value="hybrid"]');
    const faults = () =>
      page.waitFor(
        () => {
          const shown = [...document.querySelectorAll('#change-form .field-fault')].filter(
            (one) => !one.hidden,
          );
          return (
            shown.length === 1 &&
            shown[0].innerText && [
              shown[0].parentElement.querySelector('legend, label').innerText,
              shown[0].innerText,
            ]
          );
        },
        { timeout: LONG },
      );
    const [where, why] = await faults();
    assert.equal(where, 'Boxes that carry the encryption');
    assert.match(why, /cannot carry .* cbcs: PIFF knows no patterns/);
    assert.equal(await page.text('.start-note'), 'Correct the marked field first.');
    await page.click('#change-form [name="form"][value="plain"]');
    await page.click('#more-header summary');
    await page.fill('#change-form [name="dsId"]', 'no id');
    assert.equal((await faults())[0], 'Domain service ID (DS_ID)');
    await page.fill('#change-form [name="dsId"]', '');
    await page.fill('#change-form [name="laUrl"]', MOVED);
    assert.deepEqual(await planned(page), [['Licence URL', LA_URL, MOVED]]);
  });

  check('what was chosen to be done can be changed, and what was typed is kept', async (page) => {
    await openProtected(page);
    await page.fill('#change-form [name="laUrl"]', MOVED);
    await planned(page);
    await page.click('[name="work"][value="clear"]');
    await page.waitFor('.unlock');
    assert.equal(await page.evaluate(() => document.querySelector('.plan-body, #change-form')), null);
    await page.click('[name="work"][value="change"]');
    assert.equal(await page.evaluate(() => document.querySelector('[name="laUrl"]').value), MOVED);
    assert.deepEqual(await planned(page), [['Licence URL', LA_URL, MOVED]]);
    // Back to what it was: nothing is left to be done.
    await page.fill('#change-form [name="laUrl"]', LA_URL);
    await page.waitFor(() => document.querySelector('.plan-none'));
  });

  check('what a file says in other white space is no change, and brands cannot all go', async (page) => {
    const [same, none, some] = await page.evaluate(async () => {
      const { ChangeForm } = await import('/www/ui/change-form.js');
      const says = {
        form: 'plain',
        laUrl: ' https://x.example/ ',
        customAttributes: '<A>\r\n1</A>\r\n',
        licenceStore: '512 bytes',
      };
      const summary = {
        brands: { major: 'iso6', compatible: ['iso6', 'cmfc'] },
        protection: { says: Object.entries(says).map(([field, value]) => ({ field, value })), systems: [] },
      };
      const form = new ChangeForm(summary, 1000, () => {});
      const tell = () => [form.request, form.missing?.field ?? null];
      const same = tell();
      form.brands.control.value = ' ';
      const none = tell();
      form.brands.control.value = 'iso6';
      return [same, none, tell()];
    });
    assert.deepEqual(same, [{ scheme: 'keep' }, 'laUrl']);
    assert.deepEqual(none, [{ scheme: 'keep' }, 'brands']);
    assert.deepEqual(some, [{ scheme: 'keep', brands: 'iso6' }, null]);
  });

  check('beside a result the file that it was made from can be checked', async (page) => {
    await openProtected(page);
    await page.fill('#change-form [name="laUrl"]', `${MOVED}?${'long'.repeat(40)}`);
    await planned(page);
    await page.click('#protect-start');
    await page.waitDownload({ timeout: LONG });
    await compared(page);
    await page.setViewport(390, 844);
    assert.deepEqual(
      await page.evaluate(() =>
        [...document.querySelectorAll('.result .card')]
          .filter((one) => one.scrollWidth > one.clientWidth)
          .map((one) => one.innerText),
      ),
      [],
      'a long address is wider than a phone',
    );
    await page.setViewport(1280, 800);
    await goTo(page, 'protect');
    await page.click('[name="work"][value="clear"]');
    await page.fill('.unlock [name="sourceKey"]', KEY);
    await page.click('#unlock-check');
    await page.waitFor('.check [name="sourceKey"]');
    await page.click('#check-start');
    await page.waitFor('.file-check .verify-good', { timeout: LONG });
    assert.match(await page.text('.file-check .verify'), /Nothing is wrong with this file/);
    // It stays when the copy goes, and what is said of the copy goes.
    await page.evaluate(() =>
      [...document.querySelectorAll('.result-head button')]
        .find((one) => one.innerText === 'Delete that copy')
        .click(),
    );
    await page.waitFor(() => !document.querySelector('.result-head'));
    assert.equal(await page.evaluate(() => document.querySelectorAll('.verify-good').length), 1);
    // With the keys: what is planned of one work is not shown for another.
    await goTo(page, 'protect');
    await page.fill('.unlock [name="sourceKey"]', KEY);
    await page.click('[name="right"]');
    await page.click('#unlock-start');
    await page.waitFor('.plan-body', { timeout: LONG });
    await page.click('[name="work"][value="anew"]');
    await page.waitFor('.plan-none');
    assert.equal(await page.evaluate(() => document.querySelector('.plan-body')), null);
  });

  const KEYS = { kid: KID, key: KEY };
  for (const [what, lock, wish, fields] of [
    ['header', {}, { laUrl: MOVED, remove: ['checksums'] }, ['checksums', 'laUrl']],
    ['form', { form: 'piff' }, { form: 'hybrid' }, ['form', 'systems', 'brands']],
    ['brands and index', { scheme: 'cbcs' }, { brands: 'iso6 cmfc', segmentIndex: true }, ['brands']],
  ]) {
    check(`by the module: ${what}`, async (page) => {
      const { changes, made, exact, keys, names, verified, without, alone, withKey, noSheet } =
        await page.evaluate(changeByModule, {
          lock: { laUrl: LA_URL, kid: KID, key: KEY, ...lock },
          wish: { scheme: 'keep', ...wish },
          key: KEYS,
        });
      assert.deepEqual(
        changes.map(({ field }) => field),
        fields,
      );
      assert.deepEqual(made, changes);
      assert.ok(exact, 'the plan says how large it will be');
      assert.deepEqual([keys, noSheet, alone], [0, 'no-key', 'no-key']);
      assert.deepEqual(
        names,
        ['sample.mp4', 'sample.mp4', 'sample.mp4'].map(() => names[0]),
      );
      assert.deepEqual(verified.faults, []);
      assert.deepEqual(without, verified);
      for (const { samples, equal, encrypted } of verified.tracks)
        assert.ok(samples > 100 && equal === samples && encrypted > 1000);
      // Decrypted by the old key it is the clear file.
      assert.deepEqual([withKey.ok, withKey.compared], [true, true]);
    });
  }

  check('a changed file plays by ClearKey with the old key', async (page) => {
    const { said, ended, time, pictures } = await page.evaluate(
      async (request, url) => {
        const { open } = await import('/boxlock.js');
        const { Player } = await import('/www/ui/player.js');
        const media = await open('/samples/sample.ismv');
        const made = await media.protect(request);
        const locked = await open(await made.file());
        const changed = await locked.protect({ scheme: 'keep', laUrl: url, form: 'hybrid' });
        const said = [];
        const player = new Player((sentence) => said.push(sentence));
        const { video } = player;
        document.body.append(video);
        video.muted = true;
        await player.play(await changed.file(), made.keys, open);
        video.playbackRate = 4;
        const began = performance.now();
        while (!video.ended && performance.now() - began < 40_000)
          await new Promise((resolve) => void setTimeout(resolve, 50));
        const told = {
          said,
          ended: video.ended,
          time: video.currentTime,
          pictures: video.getVideoPlaybackQuality().totalVideoFrames,
        };
        player.close();
        locked.close();
        media.close();
        return told;
      },
      { laUrl: LA_URL, kid: KID, key: KEY, form: 'piff' },
      MOVED,
    );
    assert.ok(ended && time > 9.9 && pictures > 50, JSON.stringify({ said, ended, time, pictures }));
  });

  check('cancelled in the middle nothing is left, and the next attempt succeeds', async (page) => {
    if (!large) return;
    await withPicker(page);
    await page.setFile('#open-file', large);
    await page.waitFor(() => document.querySelector('#views:not([hidden])'), { timeout: LONG });
    await goTo(page, 'protect');
    await page.fill('[name="laUrl"]', LA_URL);
    await planned(page);
    await page.click('#protect-start');
    await page.waitFor(() => document.querySelector('.result-head'), { timeout: LONG });
    // What was saved is opened as a file of its own, and what is made of it goes into storage.
    await withoutPicker(page);
    await openSaved(page, 'large.mp4');
    await page.waitFor(() => document.querySelector('#change-form'), { timeout: LONG });
    await goTo(page, 'protect');
    await page.fill('#change-form [name="laUrl"]', MOVED);
    await planned(page);
    const before = await storage(page);
    await page.click('#protect-start');
    await cancelStarted(page);
    assert.deepEqual(await storage(page), before);
    await startShown(page);
    const { name, bytes } = await page.waitDownload({ timeout: LONG });
    assert.equal(name, 'large.changed.mp4');
    assert.ok(bytes.length > 190e6 && bytes.includes(Buffer.from(MOVED, 'utf16le')));
  });
});
