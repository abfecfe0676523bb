// Plain MP4 and QuickTime files: fragmented and protected in one go.

import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { before } from 'node:test';
import { inEachBrowser } from './browser.mjs';
import { boxes, ffmpeg, haveFfmpeg, samplesByFfmpeg } from './support-media.mjs';
import {
  choose,
  fillForm,
  goTo,
  LONG,
  openFile,
  pageTests,
  protect,
  SAMPLE,
  waitPlan,
  withoutPicker,
  workFolder,
} from './support.mjs';

const KEY = '00112233445566778899aabbccddeeff';
const KID = '6f651ae1-dbe4-4434-bcb4-690d1564c41c';

const GATHER = `
  const { Gatherer, gatherNow, partOf } = await import('/www/files/gather.js');
  const bytes = Uint8Array.from({ length: 24 << 20 }, (_, n) => (n * 2654435761) >>> 24);
  const blob = new Blob([bytes]);
  const made = Uint8Array.of(1, 2, 3, 4, 5);
  const expected = (pieces) => pieces.flatMap((piece) =>
    piece.bytes ? [...piece.bytes] : [...bytes.subarray(piece.start, piece.start + piece.len)]);
  const same = (found, pieces) => {
    const wanted = expected(pieces);
    return found.length === wanted.length && found.every((byte, n) => byte === wanted[n]);
  };
`;

const folder = workFolder();
const judged = haveFfmpeg();
before(async () => {
  if (!judged) return;
  const picture = (size) => ['-f', 'lavfi', '-i', `testsrc2=duration=7:size=${size}:rate=25`];
  const sound = ['-f', 'lavfi', '-i', 'sine=frequency=440:duration=7:sample_rate=48000'];
  const codecs = ['-c:v', 'libx264', '-preset', 'ultrafast', '-g', '25', '-c:a', 'aac'];
  await ffmpeg(...picture('320x180'), ...sound, ...codecs, '-bf', '2', folder.path('film.mp4'));
  await ffmpeg(...picture('320x180'), ...sound, ...codecs, folder.path('film.mov'));
  // Its first second is in the movie header's tables.
  const begun = ['-movflags', 'frag_keyframe'];
  await ffmpeg(...picture('320x180'), ...sound, ...codecs, '-bf', '2', ...begun, folder.path('begun.mp4'));
  // Fragments too large to hold, and some that several of go into a batch.
  const noise = ['-vf', 'noise=alls=100:allf=t+u', '-qp', '10'];
  await ffmpeg(...picture('640x360'), ...sound, ...codecs, ...noise, folder.path('large.mp4'));
  await writeFile(folder.path('heavy.mp4'), heavy(await readFile(folder.path('film.mp4'))));
});

/** The same film with a movie header that is too large to be held twice. */
function heavy(film) {
  const moov = boxes(film).at(-1);
  assert.equal(moov.type, 'moov');
  const free = Buffer.alloc(17 << 20);
  free.writeUInt32BE(free.length, 0);
  free.write('free', 4, 'latin1');
  const made = Buffer.concat([film, free]);
  made.writeUInt32BE(made.length - moov.start, moov.start);
  return made;
}

/**
 * What FFmpeg says of samples, track by track: when they come, counted from the first, their bytes, their checksum. It
 * begins a film where its sound is primed when that is in fragments, and else where the pictures begin.
 */
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

inEachBrowser((browser) => {
  const check = pageTests(browser);

  check('what is put together is the right bytes, from near places, far ones and backwards', async (page) => {
    const found = await page.evaluate(`async () => {${GATHER}
      const lists = [
        // Each goes on from the one before: with some of it once more, all of it in it, and a gap between.
        [{ start: 1000, len: 5000 }, { bytes: made }],
        [{ start: 4000, len: 9000 }],
        [{ start: 5000, len: 700 }, { start: 12000, len: 50 }],
        [{ start: 60000, len: 9000 }],
        [{ bytes: made }, { start: 100, len: 1000 }, { start: 5000, len: 10 }, { start: 3000, len: 500 }],
        [{ start: 20 << 20, len: 9000 }, { bytes: made }, { start: 4000, len: 9000 }, { start: 12 << 20, len: 1 }],
        [{ start: 21 << 20, len: 90 }, { start: 14000, len: 0 }, { start: 14000, len: 90 }, { start: (12 << 20) + 1, len: 3 << 19 }],
        [{ start: 14000, len: 90 }, { start: 14010, len: 10 }, { start: 13 << 20, len: 400000 }, { start: 2 << 20, len: 5 }],
        [{ start: 8 << 20, len: 5 }, { start: 16 << 20, len: 5 }, { start: 3, len: 5 }, { start: 23 << 20, len: 5 }, { start: 5 << 20, len: 5 }],
      ];
      const seen = [];
      const gatherer = new Gatherer(blob, (start, read) => seen.push(read.every((byte, n) => byte === bytes[start + n])));
      const all = [];
      for (const list of [...lists, ...lists.toReversed()]) {
        const buffer = new ArrayBuffer(1 << 20);
        const gathered = await gatherer.gather(list, buffer);
        const fits = expected(list).length <= 1 << 20;
        all.push(same(gathered, list) && fits === (gathered.buffer === buffer));
        const parts = partOf(list, 3, 96);
        all.push(same(await gatherer.gather(parts, new ArrayBuffer(96)), [{ bytes: Uint8Array.from(expected(list).slice(3, 99)) }]));
      }
      return { all, seen: seen.length > 20 && seen.every(Boolean) };
    }`);
    assert.deepEqual(found, { all: Array(36).fill(true), seen: true });
  });

  check(
    'what begins as a plain file can be made fragmented',
    async (page) => {
      await withoutPicker(page);
      await openFile(page, folder.path('begun.mp4'));
      await goTo(page, 'protect');
      await page.click('#more-file > summary');
      await choose(page, 'protection', 'none');
      await page.waitFor(() => document.querySelector('.plan-body'));
      assert.match(
        await page.text('.plan-body'),
        /goes on in fragments\. Its beginning is cut into 1 fragment of/,
      );
      assert.equal(await page.text('#protect-start'), 'Make it fragmented');
    },
    { skip: judged ? false : 'FFmpeg is missing' },
  );

  for (const name of ['film.mp4', 'film.mov', 'begun.mp4', 'large.mp4', 'heavy.mp4']) {
    check(
      `${name}: protected, every sample is what it was, and it plays to its end`,
      async (page) => {
        await withoutPicker(page);
        await openFile(page, folder.path(name));
        await fillForm(page, { form: 'hybrid', key: KEY, kid: KID });
        await waitPlan(page);
        const said = await page.text('.plan-body');
        const way =
          name === 'begun.mp4'
            ? /begins as a plain one, and goes on in fragments\. On the way its beginning is cut into 1 fragment of/
            : /not fragmented yet\. On the way it is cut into \d fragments/;
        assert.match(said, way);
        await protect(page);
        const { bytes } = await page.waitDownload({ timeout: LONG });
        const path = folder.path(`${browser.name}-${name}.mp4`);
        await writeFile(path, bytes);
        const [before, after] = [await samplesByFfmpeg(folder.path(name)), await samplesByFfmpeg(path, KEY)];
        assert.ok(before.length > 300);
        assert.deepEqual(byTrack(after), byTrack(before));
        await page.click('#play');
        await page.waitFor(() => document.querySelector('.stage video')?.ended, { timeout: LONG });
        const end = await page.evaluate(() => {
          const video = document.querySelector('.stage video');
          return {
            keys: Boolean(video.mediaKeys),
            pictures: video.getVideoPlaybackQuality().totalVideoFrames,
          };
        });
        assert.deepEqual(end, { keys: true, pictures: 175 });
      },
      { skip: judged ? false : 'FFmpeg is missing' },
    );
  }

  check(
    'without protection it is fragmented, needs no licence URL, has no key, and plays',
    async (page) => {
      await withoutPicker(page);
      await openFile(page, folder.path('film.mp4'));
      await goTo(page, 'protect');
      await page.click('#more-file > summary');
      await choose(page, 'protection', 'none');
      await page.waitFor(() => document.querySelector('.plan-body'));
      const said = await page.text('.plan-body');
      assert.match(said, /Nothing is encrypted: all of the file stays open to everyone\./);
      assert.match(said, /not fragmented yet\. It is cut into \d fragments/);
      assert.doesNotMatch(said, /KID|PlayReady|pssh/);
      assert.equal(await page.text('#protect-start'), 'Make it fragmented');
      assert.equal(
        await page.evaluate(() => document.querySelector('[name=laUrl]').checkVisibility()),
        false,
      );
      await protect(page);
      const { name, bytes } = await page.waitDownload({ timeout: LONG });
      assert.equal(name, 'film.fragmented.mp4');
      const path = folder.path(`${browser.name}-fragmented.mp4`);
      await writeFile(path, bytes);
      const [before, after] = [await samplesByFfmpeg(folder.path('film.mp4')), await samplesByFfmpeg(path)];
      assert.deepEqual(byTrack(after), byTrack(before));
      const result = await page.text('.result');
      assert.match(result, /is fragmented\. Nothing in it is protected\./);
      assert.doesNotMatch(result, /key sheet|KID|licence server/i);
      await page.click('#play');
      await page.waitFor(() => document.querySelector('.stage video')?.ended, { timeout: LONG });
      const end = await page.evaluate(() => {
        const video = document.querySelector('.stage video');
        return [video.mediaKeys, video.getVideoPlaybackQuality().totalVideoFrames];
      });
      assert.deepEqual(end, [null, 175]);
    },
    { skip: judged ? false : 'FFmpeg is missing' },
  );

  check('a fragmented file is not offered to be fragmented, and the module says why', async (page) => {
    await openFile(page, SAMPLE);
    await goTo(page, 'protect');
    const offered = () => document.querySelector('#more-file [name=protection]').checkVisibility();
    assert.equal(await page.evaluate(offered), false);
    const said = await page.evaluate(async () => {
      const { open } = await import('/boxlock.js');
      const media = await open('/samples/sample.ismv');
      const error = await media.plan({ scheme: 'none' }).catch((reason) => reason);
      media.close();
      return [error.code, error.field];
    });
    assert.deepEqual(said, ['nothing-to-do', 'scheme']);
  });
});
