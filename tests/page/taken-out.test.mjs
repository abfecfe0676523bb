// What is taken out of the inspector: samples as tables and as files, a box and the findings as pages, links to samples and times;
// and what stands around a sample.

import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { inEachBrowser } from './browser.mjs';
import { giveAxe, LONG, openFile, pageTests, protectedSample, SAMPLE, workFolder } from './support.mjs';
import { boxes } from './support-media.mjs';

const folder = workFolder();
const KEY = '3a2a1b68dd2bd9b2eeb25e84c4776668';

/** A protected file, opened. */
async function openProtected(page, browser) {
  const file = folder.path(`protected-${browser.name}.mp4`);
  await writeFile(file, await protectedSample(page, { key: KEY }));
  await openFile(page, file);
  await page.waitFor('[role="treeitem"]');
  return file;
}

/** What a button of the menu downloads. */
async function saved(page, label) {
  const coming = page.waitDownload({ timeout: LONG });
  await page.evaluate((text) => {
    const all = [...document.querySelectorAll('.save-choices button')];
    all.find(({ innerText }) => innerText === text).click();
  }, label);
  return coming;
}

const chosen = () => document.querySelector('.pane-sample h2')?.innerText ?? '';

inEachBrowser((browser) => {
  const check = pageTests(browser);

  check('samples are saved as JSON and CSV, every byte of the media once', async (page) => {
    const file = await openProtected(page, browser);
    const bytes = await readFile(file);
    await page.click('.save-menu summary');
    const json = await saved(page, 'The samples as JSON');
    assert.equal(json.name, `${basename(file, '.mp4')}.samples.json`);
    const { tracks } = JSON.parse(json.bytes.toString());
    const media = boxes(bytes).filter(({ type }) => type === 'mdat');
    const rows = tracks.flatMap(({ samples }) => samples).sort((one, next) => one.start - next.start);
    // Samples stand one behind the other in the bodies of media data, and nothing is between them.
    let at = 0;
    for (const { start, end } of media) {
      let place = start + 8;
      for (; rows[at]?.start === place; at += 1) place += rows[at].size;
      assert.equal(place, end);
    }
    assert.equal(at, rows.length);
    for (const { samples } of tracks)
      assert.deepEqual(
        [...samples.keys()],
        samples.map(({ number }) => number - 1),
      );
    assert.ok(rows.every(({ encryption }) => encryption.iv.length === 16));

    const csv = (await saved(page, 'The samples as CSV')).bytes.toString().trimEnd().split('\r\n');
    assert.equal(csv.length, rows.length + 1);
    const names = csv[0].split(',');
    const first = Object.fromEntries(csv[1].split(',').map((cell, column) => [names[column], cell]));
    const [{ id, timescale, samples }] = tracks;
    assert.deepEqual(
      [first.track, first.timescale, first.sample, first.size, first.offset, first.iv, first.kid],
      [
        id,
        timescale,
        1,
        samples[0].size,
        samples[0].start,
        samples[0].encryption.iv,
        samples[0].encryption.kid,
      ].map(String),
    );
  });

  check('a box and the findings are saved as pages that need nothing else', async (page) => {
    const file = await openProtected(page, browser);
    await page.click('.save-menu summary');
    await page.fill('.tree-filter', 'tenc');
    await page.waitFor(() => /found$/.test(document.querySelector('.tree-tally').innerText));
    await page.press('Enter');
    await page.waitFor(() =>
      /^tenc/.test(document.querySelector('.crumbs [aria-current="true"]')?.innerText),
    );
    const shown = await page.evaluate(() =>
      [...document.querySelectorAll('.field-row.virtual-row')].map((row) => row.children[0].innerText.trim()),
    );
    const box = await saved(page, 'This box as a page to print');
    const text = box.bytes.toString();
    assert.ok(box.name.endsWith('.html') && text.startsWith('<!doctype html>'));
    assert.ok(shown.length > 3 && shown.every((name) => text.includes(`${name}</td>`)), shown.join());
    // Its bytes, as a dump.
    const bytes = await readFile(file);
    const start = bytes.indexOf('tenc') - 4;
    const digits = bytes
      .toString('hex', start, start + 16)
      .replaceAll(/../g, '$& ')
      .trimEnd();
    assert.ok(text.includes(`${start.toString(16).padStart(8, '0')}  ${digits}`));

    await page.click('.inspect-views .button:nth-child(3)');
    assert.equal(await page.evaluate(() => document.querySelector('.save-menu').open), false);
    await page.waitFor('#findings-page', { timeout: LONG });
    await page.click('#findings-page');
    const findings = (await page.waitDownload({ timeout: LONG })).bytes.toString();
    const count = await page.text('.findings-count');
    assert.ok(findings.includes(count), count);
    for (const title of ['Why it does not play', 'Windows']) assert.ok(findings.includes(title));
    for (const made of [text, findings]) assert.doesNotMatch(made, /<script|<link|https?:\/\/(?!schemas)/);
  });

  check('links lead to a sample and to a time, and say what is not there', async (page) => {
    const file = await openProtected(page, browser);
    await page.goto('/index.html#inspect?track=1&sample=17');
    await page.waitFor('#open-button');
    await openFile(page, file);
    await page.waitFor('.sample-strip', { timeout: LONG });
    assert.match(await page.evaluate(chosen), /^Sample 17 of track 1/);
    const link = await page.evaluate(() => {
      navigator.clipboard.writeText = async (text) => void (window.copied = text);
      document.querySelector('.pane-sample [aria-label="Copy link to the sample"]').click();
      return window.copied;
    });
    assert.equal(new URL(link).hash, '#inspect?track=1&sample=17');
    assert.ok(!link.includes(basename(file)));
    await page.evaluate(() => void (location.hash = '#inspect?track=2&time=0.5'));
    await page.waitFor(() => /of track 2/.test(document.querySelector('.pane-sample h2')?.innerText ?? ''));
    for (const [hash, words] of [
      ['#inspect?track=9&sample=1', /track 9, which has no samples/],
      ['#inspect?track=1&sample=999999', /sample 999,999 of track 1, which has/],
    ]) {
      await page.evaluate((to) => void (location.hash = to), hash);
      await page.waitFor(() => document.querySelector('.inspect-bar .fault-line:not([hidden])'));
      await page.evaluate((source) => void (window.awaited = source), words.source);
      await page.waitFor(() =>
        new RegExp(window.awaited).test(document.querySelector('.inspect-bar .fault-line').innerText),
      );
      assert.match(await page.text('.inspect-bar .fault-line'), words);
    }
    // Behind the end it is the last, and what was missing is no longer told.
    await page.evaluate(() => void (location.hash = '#inspect?track=1&time=99999'));
    await page.waitFor(() => /of track 1/.test(document.querySelector('.pane-sample h2')?.innerText ?? ''));
    await page.waitFor(() => document.querySelector('.inspect-bar .fault-line').hidden);
  });

  check('one sample is saved as it stands, and with its key as it is when clear', async (page) => {
    const file = await openProtected(page, browser);
    await page.goto('/index.html#inspect?track=1&sample=1');
    await page.waitFor('#open-button');
    await openFile(page, file);
    await page.waitFor('.sample-strip', { timeout: LONG });
    const save = async () => {
      const coming = page.waitDownload({ timeout: LONG });
      await page.evaluate(() =>
        [...document.querySelectorAll('.pane-sample .copy')]
          .find(({ innerText }) => innerText === 'Save as a file')
          .click(),
      );
      return coming;
    };
    const sealed = await save();
    const bytes = await readFile(file);
    const [mdat] = boxes(bytes).filter(({ type }) => type === 'mdat');
    const at = bytes.indexOf(sealed.bytes, mdat.start);
    assert.ok(at >= mdat.start + 8 && at + sealed.bytes.length <= mdat.end);
    await page.fill('.sample-key input', KEY);
    await page.press('Enter');
    await page.waitFor(() =>
      /shown decrypted/.test(document.querySelector('.strip-figure figcaption')?.innerText ?? ''),
    );
    const clear = await save();
    assert.match(clear.name, /\.clear\.bin$/);
    assert.equal(clear.bytes.length, sealed.bytes.length);
    assert.ok((await readFile(SAMPLE)).includes(clear.bytes));
  });

  check('what stands around a sample is drawn, told, and walked by keys', async (page) => {
    await page.goto('/index.html#inspect?track=1&sample=30');
    await page.waitFor('#open-button');
    await openFile(page, SAMPLE);
    await page.waitFor('.sample-strip', { timeout: LONG });
    await page.click('.sample-bar > .button');
    await page.waitFor('.gop-bars:not([hidden])', { timeout: LONG });
    const told = await page.text('.gop-words');
    assert.match(
      told,
      /^(Its group begins with [\d,]+: (at least )?[\d,]+ samples|Each of these samples is a sync sample)/,
    );
    const inked = await page.evaluate(() => {
      const canvas = document.querySelector('.gop-bars');
      const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
      return data.filter((value, at) => at % 4 === 3 && value > 0).length;
    });
    assert.ok(inked > 100, `${inked} dots are drawn`);
    await page.evaluate(() => document.querySelector('.gop-bars').focus());
    await page.press('ArrowRight');
    await page.waitFor(() => /^Sample 31 /.test(document.querySelector('.pane-sample h2')?.innerText ?? ''));
    await giveAxe(page);
    const broken = await page.evaluate(async () =>
      (await window.axe.run('.inspect')).violations.map(({ id }) => id),
    );
    assert.deepEqual(broken, []);
  });
});
