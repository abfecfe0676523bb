// The page's player ends by itself where nothing would come any more, says why in one sentence, and plays what is rarer.

import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { before } from 'node:test';
import { fileURLToPath } from 'node:url';
import { inEachBrowser } from './browser.mjs';
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

const CORPUS = fileURLToPath(new URL('../../../shared/corpus/', import.meta.url));
const inCorpus = (name) => ({
  path: CORPUS + name,
  skip: existsSync(CORPUS + name) ? false : `${name} is not here`,
});
/** Sound alone, as object type 0x67. */
const MPEG2 = inCorpus('mp4-frag-mixed/shaka-packager__bear-mpeg2-aac-only_frag.mp4');
/** Sound alone, as FFmpeg writes it. */
const SOUND = inCorpus('synth/synth_ffmpeg__ff_a_6s.isma');

const folder = workFolder();
const mpeg2 = folder.path('mpeg2.ismv');
before(async () => {
  const bytes = await readFile(SAMPLE);
  // Behind tag and length of the decoder configuration stands the object type (ISO/IEC 14496-1 7.2.6.6).
  const at = bytes.indexOf(Buffer.from([0x04, 0x80, 0x80, 0x80]), bytes.indexOf('esds')) + 5;
  assert.equal(bytes[at], 0x40);
  bytes[at] = 0x67;
  await writeFile(mpeg2, bytes);
});

/** Plays the sample, protected, with one thing wrong. Gives what was said, how it ended, and after how many seconds. */
const playWrong = (page, fault) =>
  page.evaluate(async (wrong) => {
    const { open } = await import('/boxlock.js');
    const { Player } = await import('/www/ui/player.js');
    const { faultOf } = await import('/www/ui/fault.js');
    const media = await open('/samples/sample.ismv');
    const made = await media.protect({ laUrl: 'https://x.example/' });
    const said = [];
    const player = new Player((sentence) => said.push(sentence));
    document.body.append(player.video);
    player.video.muted = true;
    if (wrong === 'eme')
      Object.defineProperty(navigator, 'requestMediaKeySystemAccess', { value: undefined });
    const openWrong = async (...args) => {
      const opened = await open(...args);
      const playback = await opened.playback();
      if (wrong === 'codec') playback.info.mimeType = 'video/mp4; codecs="xvc1.1,mp4a.40.2"';
      if (wrong === 'stall') {
        const { fragments } = playback;
        playback.fragments = async function* (options) {
          for await (const fragment of fragments(options)) {
            yield fragment;
            if (player.video.buffered.length) await new Promise(() => {});
          }
        };
      }
      return { playback: async () => playback, close: () => opened.close() };
    };
    const began = performance.now();
    const [key] = made.keys;
    if (wrong === 'key') key.key = 'ff'.repeat(16);
    if (wrong === 'kid') key.kid = { ...key.kid, hex: '11111111222233334444555555555555' };
    const end = await player.play(await made.file(), [key], openWrong).then(
      () =>
        new Promise((resolve) => {
          const timer = setInterval(() => {
            const last = said.at(-1);
            if (/^It stopped/.test(last) || performance.now() - began > 40_000) {
              clearInterval(timer);
              resolve(last);
            }
          }, 100);
        }),
      (error) => faultOf(error, 'play').message,
    );
    const seconds = (performance.now() - began) / 1000;
    const frames = player.video.getVideoPlaybackQuality().totalVideoFrames;
    player.close();
    media.close();
    return { end, seconds, said, frames };
  }, fault);

inEachBrowser((browser) => {
  const check = pageTests(browser);
  const ends = (name, fault, sentence, seconds, options) =>
    check(
      name,
      async (page) => {
        const found = await playWrong(page, fault);
        console.log(`# ${browser.name}, ${fault}: ${JSON.stringify(found)}`);
        assert.match(found.end, sentence, JSON.stringify(found));
        assert.ok(found.seconds < seconds, `${found.seconds} s`);
      },
      options,
    );

  ends('a wrong key ends it', 'key', /the key does not belong to this file/, 15, {
    skip: browser.name === 'firefox' ? 'Firefox shows what a wrong key gives as pictures of noise.' : false,
  });
  ends('a key that is for another key ID ends it', 'kid', /key ID that this key is not for/, 15);
  ends('a codec that the browser lacks is named', 'codec', /does not decode xvc1\.1\. /, 10);
  ends('a browser without EME says so', 'eme', /no Encrypted Media Extensions here/, 10);
  ends('a file that no longer arrives ends it', 'stall', /Nothing more arrives of the file/, 40);

  const plays = (name, path, seen, options) =>
    check(
      name,
      async (page) => {
        await withoutPicker(page);
        await openFile(page, path);
        await fillForm(page);
        await waitPlan(page);
        await protect(page);
        await page.click('#play');
        await page.waitFor(() => /^(Playing|It )/.test(document.querySelector('.player-state').innerText), {
          timeout: LONG,
        });
        const said = await page.text('.player-state');
        // Firefox plays no sound where there is no sound card, and a picture without it.
        if (browser.name === 'firefox' && /nothing on this computer to play sound with/.test(said)) {
          assert.ok(!seen);
          return;
        }
        assert.match(said, /^Playing/);
        await page.waitFor(() => document.querySelector('.stage video').currentTime > 0.5, { timeout: LONG });
        const found = await page.evaluate(() => {
          const video = document.querySelector('.stage video');
          const sound = video.webkitAudioDecodedByteCount ?? Number(video.mozHasAudio);
          return { width: video.videoWidth, keys: Boolean(video.mediaKeys), sound };
        });
        assert.ok(found.keys && found.sound > 0, JSON.stringify(found));
        assert.equal(found.width > 0, seen);
      },
      options,
    );
  plays('AAC as object type 0x67, beside a picture', mpeg2, true);
  plays('AAC as object type 0x67, alone', MPEG2.path, false, { skip: MPEG2.skip });
  plays('sound alone', SOUND.path, false, { skip: SOUND.skip });
});
