// What is written is played: shaka-player streams a protected file from a server by its description of DASH and by its
// playlists of HLS, and every picture is decoded.

import assert from 'node:assert/strict';
import { copyFileSync, existsSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { inEachBrowser } from './browser.mjs';
import { LONG, pageTests, protectedSample, siteCopy } from './support.mjs';

/** Pictures in the sample, by `ffprobe -count_frames`. */
const PICTURES = 250;

const KEY = '00112233445566778899aabbccddeeff';
const KID = '6f651ae1-dbe4-4434-bcb4-690d1564c41c';

const SHAKA = fileURLToPath(
  new URL('node_modules/shaka-player/dist/shaka-player.compiled.js', import.meta.url),
);
const { root, path } = siteCopy();

/** Puts the protected file and its manifests into the site, beside a page with the player alone. */
async function publish(page) {
  writeFileSync(
    path('film 1.mp4'),
    await protectedSample(page, { form: 'hybrid', segmentIndex: true, key: KEY, kid: KID }),
  );
  const files = await page.evaluate(async () => {
    const { open, writeManifests } = await import('/boxlock.js');
    const media = await open('/film 1.mp4');
    const { files } = await writeManifests([await media.describe()], {
      name: 'film',
      forms: ['dash', 'hls'],
    });
    media.close();
    return files;
  });
  for (const { name, text } of files) writeFileSync(path(name), text);
  copyFileSync(SHAKA, path('shaka.js'));
  writeFileSync(
    path('shaka.html'),
    '<!doctype html><title>shaka</title><script src="/shaka.js"></script><video muted width="640" height="360"></video>',
  );
}

/** Plays a manifest to its end. */
const played = (page, manifest, key) =>
  page.evaluate(
    async (manifest, kid, key) => {
      const { shaka } = window;
      shaka.polyfill.installAll();
      const video = document.querySelector('video');
      const player = new shaka.Player();
      const errors = [];
      player.addEventListener('error', ({ detail }) => errors.push(`${detail.category} ${detail.code}`));
      await player.attach(video);
      player.configure({ drm: { clearKeys: { [kid]: key } } });
      try {
        await player.load(manifest);
        await video.play();
        const ended = new Promise((resolve) => void video.addEventListener('ended', resolve));
        await Promise.race([ended, new Promise((resolve) => void setTimeout(resolve, 30_000))]);
      } catch (error) {
        errors.push(`${error.category} ${error.code} ${error.data?.[0] ?? ''}`);
      }
      const { codecs } = player.getVariantTracks()[0] ?? {};
      const quality = video.getVideoPlaybackQuality();
      return {
        errors,
        codecs,
        ended: video.ended,
        time: video.currentTime,
        width: video.videoWidth,
        frames: quality.totalVideoFrames,
        keys: Boolean(video.mediaKeys),
      };
    },
    manifest,
    KID.replaceAll('-', ''),
    key,
  );

inEachBrowser(
  (browser) => {
    const check = pageTests(browser);
    const skip = existsSync(SHAKA) ? false : 'shaka-player is not installed';

    for (const manifest of ['film.mpd', 'film.m3u8']) {
      check(
        `${manifest}: shaka-player plays the file to its end`,
        async (page) => {
          await publish(page);
          await page.goto('/shaka.html');
          const end = await played(page, `/${manifest}`, KEY);
          console.log(`# ${browser.name}, ${manifest}: ${JSON.stringify(end)}`);
          assert.deepEqual(end.errors, []);
          assert.ok(end.ended && end.keys, JSON.stringify(end));
          assert.deepEqual([end.width, end.frames], [640, PICTURES]);
          assert.match(end.codecs, /avc1.*mp4a|mp4a.*avc1/);
        },
        // Its files are not those of the built site.
        { skip, timeout: LONG, quiet: false },
      );
    }
  },
  { root },
);
