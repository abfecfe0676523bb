// Two files are compared in Inspect: what differs, where it is in both, and what became of the samples.

import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { inEachBrowser } from './browser.mjs';
import {
  clickFound,
  giveAxe,
  LONG,
  openFile,
  pageTests,
  protectedSample,
  SAMPLE,
  workFolder,
} from './support.mjs';

const folder = workFolder();
const KEY = '00112233445566778899aabbccddeeff';
const KID = '6f651ae1-dbe4-4434-bcb4-690d1564c41c';

/** Opens the sample and what is protected of it, and goes to the comparison of the first. */
async function openBoth(page, name) {
  const locked = folder.path(name);
  await writeFile(locked, await protectedSample(page, { form: 'plain' }));
  await openFile(page, locked);
  await openFile(page, SAMPLE);
  await look(page, 'Compare');
  await page.waitFor('#compare-start');
}

const look = (page, view) =>
  clickFound(
    page,
    (text) =>
      [...document.querySelectorAll('.inspect-views .button')].find(
        (one) => one.checkVisibility() && one.innerText === text,
      ),
    view,
  );

const compared = (page) => page.waitFor('.compare .findings-count', { timeout: LONG });

const groups = () =>
  Object.fromEntries(
    [...document.querySelectorAll('.compare-group')].map((one) => [
      `${one.dataset.kind} ${one.dataset.path}`,
      one.querySelector('h3').innerText,
    ]),
  );

inEachBrowser((browser) => {
  const check = pageTests(browser);

  check('a file and what is protected of it differ in what protection adds', async (page) => {
    const name = `locked-${browser.name}.mp4`;
    await openBoth(page, name);
    assert.equal(await page.evaluate(() => document.querySelector('#compare-other').value !== ''), true);
    await page.evaluate(() => document.querySelector('#compare-start').focus());
    await page.press('Enter');
    await compared(page);
    const words = await page.text('.compare-words');
    assert.match(words, /^The same [\d,]+ samples in size and time/);
    assert.match(words, /encrypted in the other file/);
    assert.ok(words.includes(name), words);
    const found = await page.evaluate(groups);
    for (const group of [
      'added moof/traf/senc',
      'added moof/traf/saio',
      'changed moov/trak/mdia/minf/stbl/stsd/avc1',
    ])
      assert.ok(found[group], `${group} is not among ${Object.keys(found)}`);
    assert.match(found['added moof/traf/senc'], /^\+ added moof\/traf\/senc .* \d+ times$/s);

    // From a difference to its box, by keyboard; what was found stays.
    const place = '[data-path="moov/trak/mdia/minf/stbl/stsd/avc1"] .finding-place';
    await page.evaluate((at) => document.querySelector(at).focus(), place);
    await page.press('Enter');
    await page.waitFor(() => document.querySelector('.panes').checkVisibility());
    await page.waitFor(() => document.querySelector('.crumbs [aria-current="true"]')?.innerText === 'avc1');
    await page.evaluate((text) => void (window.wanted = text), `In ${name}: moov/trak`);
    await page.waitFor(() => document.querySelector('.pane-bytes').innerText.includes(window.wanted));
    await look(page, 'Compare');
    assert.deepEqual(await page.evaluate(groups), found);

    // To the first sample that differs.
    await page.click('.compare-tracks .link');
    await page.waitFor(() =>
      document.querySelector('.pane-bytes .pane-title')?.innerText.startsWith('Bytes of sample '),
    );
  });

  check('a comparison is saved, and a file chosen from the disk is compared', async (page) => {
    await openBoth(page, `saved-${browser.name}.mp4`);
    const copy = folder.path(`copy-${browser.name}.ismv`);
    const bytes = await readFile(SAMPLE);
    await writeFile(copy, bytes);
    await page.setFile('#compare-file', copy);
    await page.click('#compare-start');
    await compared(page);
    assert.match(
      await page.text('.compare-words'),
      /^Nothing differs: [\d,]+ samples and all boxes are the same\.$/,
    );
    // One bit of mvhd's rate, and one of a sample.
    bytes[bytes.indexOf('mvhd') + 24] ^= 1;
    bytes[bytes.indexOf('mdat') + 1000] ^= 1;
    const other = folder.path(`other-${browser.name}.ismv`);
    await writeFile(other, bytes);
    await page.setFile('#compare-file', other);
    await page.click('#compare-start');
    await compared(page);
    assert.match(
      await page.text('.compare-words'),
      /^([\d,]+) of [\d,]+ samples are equal\. From this file to .*: 1 box differs\.$/,
    );
    assert.deepEqual(Object.keys(await page.evaluate(groups)), ['changed moov/mvhd']);
    await page.click('#compare-json');
    const json = JSON.parse((await page.waitDownload({ timeout: LONG })).bytes.toString());
    assert.equal(json.differences.length, 1);
    assert.equal(json.differences[0].fields[0].name, 'rate');
    assert.equal(json.differences[0].here.path, 'moov/mvhd');
    const differing = json.tracks.filter(({ first }) => first);
    assert.deepEqual(
      differing.map(({ samples, equal, bytes, first }) => [samples - equal, bytes, first.how]),
      [[1, 1, 'bytes']],
    );
    await page.click('#compare-csv');
    const lines = (await page.waitDownload({ timeout: LONG })).bytes.toString().split('\r\n');
    assert.ok(lines[0].startsWith('kind,type,name,path,'), lines[0]);
    assert.ok(lines[1].startsWith('changed,mvhd,') && lines[1].includes(',rate,'), lines[1]);
    assert.equal(lines.length, 3);
  });

  check('with its key a protected file is compared decrypted, and the key is forgotten', async (page) => {
    const locked = folder.path(`keys-${browser.name}.mp4`);
    const bytes = await protectedSample(page, { form: 'hybrid', kid: KID, key: KEY });
    await writeFile(locked, bytes);
    await openFile(page, locked);
    await openFile(page, SAMPLE);
    await look(page, 'Compare');
    await page.waitFor('.compare-keys');
    await page.click('.compare-keys summary');
    // This file is clear: it is asked for no keys.
    assert.equal(await page.evaluate(() => document.querySelectorAll('.compare-sides fieldset').length), 1);
    assert.match(await page.text('.compare-sides legend'), /^Keys of keys-/);
    const field = '.compare-sides [name="sourceKey"]';
    // A wrong one is told by its ID, and stays to be put right.
    await page.fill(field, KEY.replace('00', '01'));
    await page.click('#compare-start');
    await page.waitFor('.compare .fault-line', { timeout: LONG });
    assert.match(await page.text('.compare .fault-line'), new RegExp(KID));
    await page.fill(field, KEY);
    await page.click('#compare-start');
    await compared(page);
    assert.match(await page.text('.compare-words'), /^The same media once decrypted: [\d,]+ samples equal\./);
    assert.equal(await page.evaluate((at) => document.querySelector(at).value, field), '');
    await page.fill(field, KEY);
    await look(page, 'Boxes');
    assert.equal(await page.evaluate((at) => document.querySelector(at).value, field), '');

    // A file from the disk takes keys as a list; the first sample that differs decrypted is told.
    await look(page, 'Compare');
    bytes[bytes.length >> 1] ^= 1;
    const other = folder.path(`keys-broken-${browser.name}.mp4`);
    await writeFile(other, bytes);
    await page.setFile('#compare-file', other);
    await page.click('.compare-sides details summary');
    await page.fill('.compare-sides [name="keyList"]', `${KID.replaceAll('-', '')}:${KEY}`);
    await page.waitFor(() => /One key was taken/.test(document.querySelector('.compare-sides').innerText));
    await page.click('#compare-start');
    await page.waitFor(() =>
      /are equal once decrypted/.test(document.querySelector('.compare-words')?.innerText ?? ''),
    );
    assert.match(await page.text('.compare-tracks'), /Sample [\d,]+ at .*: its bytes/);
    await page.click('#compare-json');
    const json = (await page.waitDownload({ timeout: LONG })).bytes.toString();
    assert.ok(!json.includes(KEY));
    const { decrypted, otherDecrypted, tracks } = JSON.parse(json);
    assert.deepEqual([decrypted, otherDecrypted], [false, true]);
    assert.equal(
      tracks.reduce((sum, track) => sum + track.bytes, 0),
      1,
    );
    assert.deepEqual(page.errors, []);
  });

  check('a comparison can be stopped, and what cannot be opened is said', async (page) => {
    await openBoth(page, `stopped-${browser.name}.mp4`);
    await page.evaluate(() => {
      document.querySelector('#compare-start').click();
      document.querySelector('#compare-stop').click();
    });
    await page.waitFor(() => /not compared to the end/.test(document.querySelector('.compare').innerText));
    const wrong = folder.path(`wrong-${browser.name}.txt`);
    await writeFile(wrong, 'This is no media, and says so in more than a few words.');
    await page.setFile('#compare-file', wrong);
    await page.click('#compare-start');
    await page.waitFor('.compare .fault-line', { timeout: LONG });
    // It can be done again.
    await page.evaluate(() => void (document.querySelector('#compare-other').selectedIndex = 0));
    await page.click('#compare-start');
    await compared(page);
  });

  check('it is readable on a phone, in light and dark, and by people who listen', async (page) => {
    await openBoth(page, `small-${browser.name}.mp4`);
    await page.click('#compare-start');
    await compared(page);
    await giveAxe(page);
    for (const [width, scheme] of [
      [1280, 'light'],
      [1280, 'dark'],
      [380, 'dark'],
      [380, 'light'],
    ]) {
      await page.setViewport(width, 900);
      await page.emulateColorScheme(scheme);
      const faults = await page.evaluate(async () => {
        const { violations } = await window.axe.run('.compare');
        return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`);
      });
      assert.deepEqual(faults, [], `${width} ${scheme}`);
      const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      assert.ok(wide <= 0, `${width}: ${wide} pixels too wide`);
      if (process.env.SHOTS) {
        await page.evaluate(() => document.querySelector('.compare').scrollIntoView());
        await page.screenshot(`${process.env.SHOTS}/${browser.name}-${width}-${scheme}.png`);
      }
    }
  });
});
