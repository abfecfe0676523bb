// Pictures, sound and text in files of their own: what the page asks, and what is made of them.

import assert from 'node:assert/strict';
import { copyFile, readFile, writeFile } from 'node:fs/promises';
import { before } from 'node:test';
import { inEachBrowser } from './browser.mjs';
import { ffmpeg, haveFfmpeg, samplesByFfmpeg } from './support-media.mjs';
import {
  fillForm,
  LONG,
  pageTests,
  protect,
  siteCopy,
  waitOpen,
  waitPlan,
  withoutPicker,
} from './support.mjs';

const KEY = '00112233445566778899aabbccddeeff';
const KID = '6f651ae1-dbe4-4434-bcb4-690d1564c41c';
const FILES = ['film.mp4', 'german.m4a', 'french.mp4'];

const site = siteCopy();
const skip = haveFfmpeg() ? false : 'not run: FFmpeg is missing';
const path = (name) => site.path(name);

before(async () => {
  if (skip) return;
  const words = (line) => line.split(' ');
  const picture = words('-f lavfi -i testsrc2=duration=7:size=320x180:rate=25');
  const sound = (pitch, length = 7) =>
    words(`-f lavfi -i sine=frequency=${pitch}:duration=${length}:sample_rate=48000`);
  const video = words('-c:v libx264 -preset ultrafast -g 25 -bf 2');
  await ffmpeg(...picture, ...video, path('film.mp4'));
  await ffmpeg(...picture, ...video, ...words('-s 160x90'), path('small.mp4'));
  await ffmpeg(...sound(440), ...words('-c:a aac -metadata:s:a:0 language=deu'), path('german.m4a'));
  const fragmented = words('-movflags +empty_moov+default_base_moof -frag_duration 1500000');
  const french = words('-c:a aac -metadata:s:a:0 language=fra');
  await ffmpeg(...sound(330), ...french, ...fragmented, path('french.mp4'));
  await ffmpeg(...sound(220, 3), ...words('-c:a aac'), path('short.m4a'));
});

const named = (names) =>
  Promise.all(names.map(async (name) => ({ name, bytes: await readFile(path(name)) })));

/** By stream: FFmpeg begins a film where its sound is primed when that is in fragments, so times count from the first. */
function byTrack(lines) {
  const tracks = {};
  const begins = {};
  for (const line of lines) {
    const [track, dts, pts, , size, sum] = line.split(',').map((field) => field.trim());
    const first = (begins[track] ??= Number(dts));
    (tracks[track] ??= []).push([dts - first, pts - first, size, sum].join(' '));
  }
  return tracks;
}

const rows = (page) =>
  page.evaluate(() =>
    [...document.querySelectorAll('#file-list li:not(.set-row)')].map((row) =>
      [...row.querySelectorAll('.file-title, .file-state:not([hidden])')].map((one) => one.innerText),
    ),
  );
const ONE = () => document.querySelectorAll('#file-list li:not(.set-row)').length === 1;
const THREE = () => document.querySelectorAll('#file-list li:not(.set-row)').length === 3;
const READ = () => !document.querySelector('#file-list').innerText.includes('Reading');
const settled = async (page, count) => {
  await page.waitFor(count, { timeout: LONG });
  await page.waitFor(READ, { timeout: LONG });
};
const cells = (page, selector) =>
  page.evaluate(
    (of) => [...document.querySelectorAll(of)].map((row) => [...row.children].map((cell) => cell.innerText)),
    selector,
  );

inEachBrowser(
  (browser) => {
    const check = (name, body) => pageTests(browser)(name, body, { quiet: false, skip });

    check('a film and two sounds, dropped together, become one protected file that plays', async (page) => {
      await withoutPicker(page);
      await page.drop('#drop-area', ...(await named([FILES[2], FILES[0], FILES[1]])));
      await page.waitFor('#merge-one', { timeout: LONG });
      assert.equal(await page.text('.ask h2'), 'One video and two sounds: make one file of them?');
      const listed = await page.evaluate(() =>
        [...document.querySelectorAll('.ask li')].map((one) => one.innerText),
      );
      assert.deepEqual(
        listed.map((one) => one.split(' ')[0]),
        ['film.mp4', 'french.mp4', 'german.m4a'],
      );
      await page.click('#merge-one');
      await settled(page, ONE);
      assert.deepEqual(
        (await rows(page)).map((row) => row.slice(0, 2)),
        [['film.mp4', 'made of 3 files']],
      );
      await page.click('.tracks:not(.parts) summary').catch(() => {});
      const tracks = await cells(page, '.tracks:not(.parts) tbody tr');
      assert.deepEqual(
        tracks.map(([id, from, kind]) => [id, from, kind]),
        [
          ['1', 'film.mp4', 'video'],
          ['2', 'french.mp4', 'audio'],
          ['3', 'german.m4a', 'audio'],
        ],
      );
      await fillForm(page, { form: 'hybrid', key: KEY, kid: KID });
      await waitPlan(page);
      const size = await page.text('.plan-body');
      assert.match(size, /moof/);
      await protect(page);
      const { name, bytes } = await page.waitDownload({ timeout: LONG });
      assert.equal(name, 'film.protected.mp4');
      const made = path(`${browser.name}-made.mp4`);
      await writeFile(made, bytes);
      const after = byTrack(await samplesByFfmpeg(made, KEY));
      for (const [stream, file] of ['film.mp4', 'french.mp4', 'german.m4a'].entries()) {
        const [source] = Object.values(byTrack(await samplesByFfmpeg(path(file))));
        assert.ok(source.length > 100);
        assert.deepEqual(after[stream], source, file);
      }
      await page.click('#play');
      await page.waitFor(() => document.querySelector('.stage video')?.ended, { timeout: LONG });
      const end = await page.evaluate(() => {
        const video = document.querySelector('.stage video');
        return { keys: Boolean(video.mediaKeys), pictures: video.getVideoPlaybackQuality().totalVideoFrames };
      });
      assert.deepEqual(end, { keys: true, pictures: 175 });
    });

    check('they are opened each by itself when that is chosen, and either can be changed', async (page) => {
      await page.setFile('#open-file', ...FILES.map(path));
      await page.waitFor('#merge-apart', { timeout: LONG });
      // By keys alone: the first way has the focus, the second is behind it.
      assert.equal(await page.evaluate(() => document.activeElement.id), 'merge-one');
      await page.press('Tab');
      assert.equal(await page.evaluate(() => document.activeElement.id), 'merge-apart');
      await page.press('Enter');
      await settled(page, THREE);
      assert.deepEqual((await rows(page)).map(([name]) => name).sort(), [...FILES].sort());
      assert.match(
        await page.text('.notice'),
        /^One video and two sounds are open, each by itself\.\s+They can be one protected file instead\./,
      );
      await page.click('.notice .button');
      await settled(page, ONE);
      assert.deepEqual(
        (await rows(page)).map((row) => row.slice(0, 2)),
        [['film.mp4', 'made of 3 files']],
      );
      await waitOpen(page, 'film.mp4');
      assert.match(
        await page.text('.parts summary'),
        /^Made of 3 files\s*film\.mp4, german\.m4a, french\.mp4$/,
      );
      await page.click('.parts summary');
      const parts = await cells(page, '.parts tbody tr');
      assert.deepEqual(
        parts.map(([name]) => name),
        FILES,
      );
      // On a narrow screen its tables scroll, and the page does not.
      await page.setViewport(390, 844);
      await page.evaluate(() => {
        for (const one of document.querySelectorAll('.tracks')) one.open = true;
      });
      const [frame, own] = await page.evaluate(() => {
        const table = document.querySelector('.tracks .table-frame');
        const page = document.documentElement;
        return [table.scrollWidth > table.clientWidth, page.scrollWidth - page.clientWidth];
      });
      assert.deepEqual([frame, own], [true, 0]);
      await page.click('#apart');
      await settled(page, THREE);
      assert.deepEqual((await rows(page)).map(([name]) => name).sort(), [...FILES].sort());
    });

    check('nothing is opened when the question is left, and renditions are not asked about', async (page) => {
      await page.setFile('#open-file', ...FILES.map(path));
      await page.waitFor('#merge-one', { timeout: LONG });
      await page.press('Escape');
      await page.waitFor(() => !document.querySelector('dialog'));
      assert.deepEqual(await rows(page), []);
      await page.setFile('#open-file', ...['film.mp4', 'small.mp4', 'german.m4a'].map(path));
      await settled(page, THREE);
      assert.equal(await page.evaluate(() => document.querySelectorAll('dialog, .notice').length), 0);
    });

    check('what is odd about them beside each other is said', async (page) => {
      await page.setFile('#open-file', path('short.m4a'), path('film.mp4'));
      await page.click('#merge-one');
      await waitOpen(page, 'film.mp4');
      await fillForm(page);
      await waitPlan(page);
      const said =
        /short\.m4a lasts 0:00:03\.\d+, and film\.mp4 0:00:07\.\d+: where one has ended the other goes on alone\./;
      assert.match(await page.text('.plan-body'), said);
      assert.doesNotMatch(await page.text('.plan-body'), /stay behind/);
      // The boxes of the one file, with the bytes that are made and those that are found.
      const front = await page.evaluate(async () => {
        const { open } = await import('/boxlock.js');
        const files = await Promise.all(
          ['film.mp4', 'short.m4a'].map(
            async (name) => new File([await (await fetch(`/${name}`)).arrayBuffer()], name),
          ),
        );
        const apart = await open(files).catch(({ code, message }) => ({ code, message }));
        const media = await open(files, { merge: true });
        const tree = await media.tree();
        const moofs = tree.filter(({ type }) => type === 'moof');
        const numbers = [];
        for (const { path } of moofs) {
          const { fields } = await media.box(`${path}/mfhd`);
          numbers.push(fields.find(({ name }) => name === 'sequence_number').value);
        }
        const last = moofs.at(-1);
        const hex = await media.hex({ start: last.start, end: last.start + 8 });
        let found = 0;
        await media.search('mfhd', { onProgress: ({ hits }) => (found = hits) });
        const tracks = media.tracks().map(({ id, from }) => [id, from]);
        const made = await media.protect({ laUrl: 'https://licence.example.com/' });
        const plan = await media.plan({ laUrl: 'https://licence.example.com/' });
        const sizes = [made.size, plan.sizeAfter, plan.sizeExact];
        await made.discard();
        media.close();
        return {
          apart,
          kinds: tree.map(({ type }) => type).join(' '),
          numbers,
          type: String.fromCharCode(...hex.slice(4)),
          found,
          moofs: moofs.length,
          tracks,
          sizes,
        };
      });
      assert.equal(front.apart.code, 'several-files');
      assert.match(front.apart.message, /open one at a time, or all as one with \{ merge: true \}/);
      assert.match(front.kinds, /^ftyp moov( moof mdat){5,} mfra$/);
      assert.deepEqual(
        front.numbers.map(Number),
        front.numbers.map((_, n) => n + 1),
      );
      assert.equal(front.type, 'moof');
      assert.equal(front.found, front.moofs);
      assert.deepEqual(front.tracks, [
        [1, 'film.mp4'],
        [2, 'short.m4a'],
      ]);
      const [made, planned, exact] = front.sizes;
      assert.deepEqual([planned, exact], [made, true]);
    });

    check('one that changed since it was opened is named', async (page) => {
      const own = FILES.map((name) => path(`${browser.name}-${name}`));
      await Promise.all(FILES.map((name, at) => copyFile(path(name), own[at])));
      await page.setFile('#open-file', ...own);
      await page.click('#merge-one');
      await waitOpen(page, `${browser.name}-film.mp4`);
      await withoutPicker(page);
      await fillForm(page);
      await waitPlan(page);
      const bytes = await readFile(own[2]);
      bytes.fill(7, 2000);
      await new Promise((resolve) => void setTimeout(resolve, 1100));
      await writeFile(own[2], bytes);
      await page.click('#protect-start');
      await page.waitFor('.start-note.failed', { timeout: LONG });
      assert.match(
        await page.text('.start-note'),
        new RegExp(`nothing was saved\\. ${browser.name}-french\\.mp4 is no longer the file that was opened`),
      );
    });
  },
  { root: site.root },
);
