// Chromium as a judge of what becomes of small files after public trouble reports: the whole protected file goes into a
// SourceBuffer as it is, and is decoded to its end through ClearKey, with at least as many pictures as the clear file has.

import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { inEachBrowser } from './browser.mjs';
import { pageTests } from './support.mjs';

const FOLDER =
  process.env.BOXLOCK_CASES ?? fileURLToPath(new URL('../../../shared/cases/protect/', import.meta.url));

const KEY = '00112233445566778899aabbccddeeff';
const KID = '6f651ae1-dbe4-4434-bcb4-690d1564c41c';

/** File, and its pictures as `ffprobe -count_packets` counts the samples of its video track. */
const CASES = [
  ['r00-base.ismv', 20],
  ['s01-trun-interleaved.mp4', 10],
  ['s05-styp-sidx-emsg-prft.mp4', 15],
  // Where an encrypted stream changes its sample entry, Chromium drops two; other readers get all of them back.
  ['s07-two-sample-entries.mp4', 18],
  ['s08-empty-fragments.mp4', 10],
  ['s11-avc3-inband-empty-avcc.mp4', 15],
  ['s20-seig-left-in-traf.mp4', 10],
  ['s20b-seig-clear-in-traf.mp4', 10],
  ['s21-clear-entry-plus-unused-encv.mp4', 10],
  ['s22d-piff-decrypted-by-bento4.mp4', 43],
  ['s32b-4-slices.mp4', 10],
  ['s33-interlaced.mp4', 10],
  ['s50-other-aux-info.mp4', 10],
  ['s51b-own-hybrid-decrypted-by-bento4.mp4', 10],
  ['s62-trun-v0-negative-cto.mp4', 10],
  ['s64-gaps-in-mdat.mp4', 10],
];

/** Protects the bytes, gives the result to the decoder, and says what came of it. */
async function playProtected(base64, name, key, kid) {
  const { open } = await import('/boxlock.js');
  const bytes = Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
  const media = await open(new File([bytes], name));
  const made = await media.protect({ laUrl: 'https://x.example/', key, kid, leftovers: 'remove' });
  const file = await made.file();
  const opened = await open(file);
  const { mimeType } = (await opened.playback()).info;
  const video = document.createElement('video');
  video.muted = true;
  document.body.append(video);
  const once = (target, event) =>
    new Promise((resolve, reject) => {
      target.addEventListener(event, resolve, { once: true });
      target.addEventListener('error', () => reject(new Error(video.error?.message ?? `no ${event}`)), {
        once: true,
      });
      video.addEventListener('error', () => reject(new Error(video.error?.message)), { once: true });
    });
  const base64Url = (hex) =>
    btoa(String.fromCharCode(...hex.match(/../g).map((byte) => parseInt(byte, 16))))
      .replaceAll('+', '-')
      .replaceAll('/', '_')
      .replaceAll('=', '');
  const types = mimeType.match(/^(.*); *codecs="(.*)"$/);
  const of = (kind) =>
    types[2].split(',').filter((codec) => /^(avc|hev|hvc)/.test(codec.trim()) === (kind === 'video'));
  const capability = (kind) =>
    of(kind).length
      ? { [`${kind}Capabilities`]: [{ contentType: `${kind}/mp4; codecs="${of(kind).join(',')}"` }] }
      : {};
  const access = await navigator.requestMediaKeySystemAccess('org.w3.clearkey', [
    { initDataTypes: ['cenc', 'keyids'], ...capability('video'), ...capability('audio') },
  ]);
  const keys = await access.createMediaKeys();
  await video.setMediaKeys(keys);
  const asked = [];
  video.addEventListener('encrypted', async ({ initDataType, initData }) => {
    const session = keys.createSession();
    session.addEventListener('message', ({ message }) => {
      const { kids } = JSON.parse(new TextDecoder().decode(message));
      asked.push(...kids);
      const answer = {
        keys: kids.map((one) => ({ kty: 'oct', kid: one, k: base64Url(key) })),
        type: 'temporary',
      };
      void session.update(new TextEncoder().encode(JSON.stringify(answer)));
    });
    await session.generateRequest(initDataType, initData);
  });
  const source = new MediaSource();
  video.src = URL.createObjectURL(source);
  await once(source, 'sourceopen');
  const buffer = source.addSourceBuffer(mimeType);
  const appended = once(buffer, 'updateend');
  buffer.appendBuffer(await file.arrayBuffer());
  await appended;
  source.endOfStream();
  if (video.buffered.length > 0) video.currentTime = video.buffered.start(0);
  await video.play();
  const waited = new Promise(
    (_, reject) => void setTimeout(() => reject(new Error(`it waits at ${video.currentTime} s`)), 15000),
  );
  await Promise.race([video.ended || once(video, 'ended'), waited]);
  const quality = video.getVideoPlaybackQuality();
  media.close();
  opened.close();
  return {
    pictures: quality.totalVideoFrames,
    corrupted: quality.corruptedVideoFrames,
    keys: [...new Set(asked)],
    own: base64Url(kid.replaceAll('-', '')),
    seconds: video.currentTime,
  };
}

inEachBrowser((browser) => {
  if (browser.name !== 'chromium') return;
  const check = pageTests(browser);
  for (const [name, pictures] of CASES) {
    const skip = existsSync(FOLDER) ? false : `the cases are not at ${FOLDER}; set BOXLOCK_CASES`;
    check(
      `${name} is decoded to its end`,
      async (page) => {
        const bytes = await readFile(`${FOLDER}/${name}`);
        const found = await page.evaluate(playProtected, bytes.toString('base64'), name, KEY, KID);
        console.log(`# ${name}: ${JSON.stringify(found)}`);
        // Beginning in the middle decodes some twice.
        assert.ok(found.pictures >= pictures, `${found.pictures} pictures`);
        assert.equal(found.corrupted, 0);
        assert.deepEqual(found.keys, [found.own], 'no other key is asked for');
      },
      { skip },
    );
  }
});
