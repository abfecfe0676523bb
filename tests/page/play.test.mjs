// Playback through the browser's own ClearKey: every picture of the protected file is decoded, and only with its key.

import assert from 'node:assert/strict';
import { before } from 'node:test';
import { inEachBrowser } from './browser.mjs';
import { haveFfmpeg, makeVideo, pictures } from './support-media.mjs';
import {
  fillForm,
  LONG,
  openFile,
  pageTests,
  protect,
  SAMPLE,
  waitPlan,
  withoutPicker,
  workFolder,
} from './support.mjs';

/** Pictures in the sample, by `ffprobe -count_frames`, and its seconds. */
const PICTURES = 250;
const SECONDS = 10;

const KEY = '00112233445566778899aabbccddeeff';
const KID = '6f651ae1-dbe4-4434-bcb4-690d1564c41c';

/** A dot of a browser's picture is at most so far from FFmpeg's, on average; of a picture of noise, much further. Their colour matrices differ. */
const NEAR = 20;

/** Codecs that some browsers play protected: FFmpeg's encoder, and a type to ask for. */
const OTHERS = {
  av1: { encoder: ['libaom-av1', '-cpu-used', '8'], type: 'video/mp4; codecs="av01.0.00M.08"' },
  vp9: {
    encoder: ['libvpx-vp9', '-deadline', 'realtime', '-cpu-used', '8'],
    type: 'video/mp4; codecs="vp09.00.20.08"',
  },
};

const folder = workFolder();
let wanted = [];
before(async () => {
  if (!haveFfmpeg()) return;
  wanted = await pictures(SAMPLE);
  for (const [name, { encoder }] of Object.entries(OTHERS))
    await makeVideo(folder.path(`${name}.mp4`), encoder);
});

/** How far a picture is from each of the sample's, as the mean over its dots; the nearest of them. */
function nearest(picture) {
  const distances = wanted.map((one) => {
    let sum = 0;
    for (let at = 0; at < one.length; at++) sum += Math.abs(one[at] - picture[at]);
    return sum / one.length;
  });
  const distance = Math.min(...distances);
  return { distance, number: distances.indexOf(distance) };
}

/** What the video shows now, 64 × 36. It is taken from the screen: pages cannot look into decrypted video. */
async function shownPicture(page) {
  await page.setViewport(640, 360);
  await page.evaluate(async () => {
    const video = document.querySelector('video');
    video.controls = false;
    document.documentElement.append(video);
    const place = { position: 'fixed', inset: '0', width: '640px', height: '360px', 'max-width': 'none' };
    for (const [name, value] of Object.entries(place)) video.style.setProperty(name, value, 'important');
    document.body.hidden = true;
    await new Promise((resolve) => void setTimeout(resolve, 400));
  });
  const path = folder.path('screen.png');
  await page.screenshot(path);
  return (await pictures(path))[0];
}

const state = () => {
  const video = document.querySelector('.stage video');
  const quality = video.getVideoPlaybackQuality();
  return {
    ended: video.ended,
    time: video.currentTime,
    total: quality.totalVideoFrames,
    dropped: quality.droppedVideoFrames,
    corrupted: quality.corruptedVideoFrames ?? 0,
    width: video.videoWidth,
    keys: Boolean(video.mediaKeys),
    error: video.error?.message ?? null,
  };
};

inEachBrowser((browser) => {
  const check = pageTests(browser);

  for (const form of ['hybrid', 'piff', 'cbcs']) {
    check(`${form}: the result plays to its end, every picture decoded`, async (page) => {
      await withoutPicker(page);
      await openFile(page, SAMPLE);
      await fillForm(page, { form });
      await waitPlan(page);
      await protect(page);
      await page.waitDownload({ timeout: LONG });
      await page.click('#play');
      await page.waitFor(() => document.querySelector('.player-state').innerText.startsWith('Playing'), {
        timeout: LONG,
      });
      await page.waitFor(() => document.querySelector('.stage video').ended, { timeout: LONG });
      const end = await page.evaluate(state);
      console.log(`# ${browser.name}, ${form}: ${JSON.stringify(end)}`);
      assert.equal(end.error, null);
      assert.ok(end.keys, 'it was decrypted, not clear');
      assert.equal(end.width, 640);
      assert.ok(Math.abs(end.time - SECONDS) < 0.1, `it ended at ${end.time} s`);
      assert.equal(end.corrupted, 0);
      // On a busy machine Firefox decodes one twice.
      assert.ok(end.total >= PICTURES && end.total < PICTURES + 5, `${end.total} pictures`);
      if (wanted.length === 0) return;
      const last = nearest(await shownPicture(page));
      assert.ok(last.distance < NEAR && last.number >= PICTURES - 6, JSON.stringify(last));
    });
  }

  for (const [name, { type }] of Object.entries(OTHERS)) {
    for (const form of ['hybrid', 'cbcs']) {
      check(
        `${name}, ${form}: every picture is decoded`,
        async (page) => {
          const plays = await page.evaluate((type) => MediaSource.isTypeSupported(type), type);
          // Chromium has decoders of its own for both.
          assert.ok(plays || browser.name !== 'chromium', type);
          if (!plays) return void console.log(`# ${browser.name} does not play ${name}`);
          await withoutPicker(page);
          await openFile(page, folder.path(`${name}.mp4`));
          await fillForm(page, { form });
          await waitPlan(page);
          await protect(page);
          await page.waitDownload({ timeout: LONG });
          await page.click('#play');
          await page.waitFor(() => document.querySelector('.stage video')?.ended, { timeout: LONG });
          const end = await page.evaluate(state);
          console.log(`# ${browser.name}, ${name}, ${form}: ${JSON.stringify(end)}`);
          assert.deepEqual([end.error, end.keys, end.width], [null, true, 320]);
          assert.ok(end.total >= 50 && end.total < 55, `${end.total} pictures`);
        },
        { skip: haveFfmpeg() ? false : 'FFmpeg is missing' },
      );
    }
  }

  /** Plays bytes of the page with a key, and says what came of it after some seconds. */
  const playWith = (page, key, kid) =>
    page.evaluate(
      async (url, typedKey, wrongKey, typedKid) => {
        const { open } = await import('/boxlock.js');
        const { Player } = await import('/www/ui/player.js');
        const media = await open(new URL(url, location.href));
        const made = await media.protect({ laUrl: 'https://x.example/', key: typedKey, kid: typedKid });
        const said = [];
        const player = new Player((sentence) => said.push(sentence));
        document.body.append(player.video);
        player.video.muted = true;
        let error = null;
        const keys = [{ ...made.keys[0], key: wrongKey }];
        const playing = player.play(await made.file(), keys, open).catch((reason) => (error = reason));
        await Promise.race([playing, new Promise((resolve) => void setTimeout(resolve, 5000))]);
        await new Promise((resolve) => void setTimeout(resolve, 2500));
        const { video } = player;
        const result = {
          frames: video.getVideoPlaybackQuality().totalVideoFrames,
          time: video.currentTime,
          error: error && String(error.message),
          media: video.error && video.error.message,
          said,
        };
        video.pause();
        media.close();
        return result;
      },
      '/samples/sample.ismv',
      KEY,
      key,
      kid,
    );

  check('the right key plays', async (page) => {
    const right = await playWith(page, KEY, KID);
    assert.equal(right.error, null, JSON.stringify(right));
    assert.ok(right.frames > 20 && right.time > 0.5, JSON.stringify(right));
    if (wanted.length) assert.ok(nearest(await shownPicture(page)).distance < NEAR);
  });

  check('a wrong key does not play', async (page) => {
    const wrong = await playWith(page, 'ff'.repeat(16), KID);
    console.log(`# ${browser.name}, wrong key: ${JSON.stringify(wrong)}`);
    const stopped = wrong.error !== null || wrong.media !== null || wrong.frames === 0;
    // Firefox goes on through streams that its decoder cannot make sense of: it counts pictures, but shows noise.
    if (!stopped) {
      assert.ok(wanted.length, 'it takes FFmpeg to tell noise from pictures');
      const { distance } = nearest(await shownPicture(page));
      console.log(`# ${browser.name}, wrong key: ${distance.toFixed(1)} away from the nearest picture`);
      assert.ok(distance > 2 * NEAR, `${distance}`);
    }
  });
});
