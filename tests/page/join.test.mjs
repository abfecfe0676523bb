// Files chosen together: initialization segments and media segments in any order, under any packager's names, are told
// apart and joined; what nothing tells is said so.

import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { before } from 'node:test';
import { inEachBrowser } from './browser.mjs';
import { ffmpeg, haveFfmpeg } from './support-media.mjs';
import { pageTests, siteCopy } from './support.mjs';

const KEY = '00112233445566778899aabbccddeeff';
const KID = '6f651ae1-dbe4-4434-bcb4-690d1564c41c';

/** Renditions: two of the picture, one of the sound, by FFmpeg's DASH packager: track 1 in each of the first two. */
const RENDITIONS = [0, 1, 2];
const SEGMENTS = 5;

const site = siteCopy();
const skip = haveFfmpeg() ? false : 'not run: FFmpeg is missing';

before(async () => {
  if (skip) return;
  for (const folder of ['dash', 'hls']) await mkdir(site.path(`media/${folder}`), { recursive: true });
  const sources = ['-f', 'lavfi', '-i', 'testsrc2=duration=10:size=320x180:rate=25', '-f', 'lavfi', '-i', 'sine=frequency=440:duration=10:sample_rate=48000'];
  const codecs = ['-c:v', 'libx264', '-preset', 'ultrafast', '-g', '50', '-keyint_min', '50', '-sc_threshold', '0', '-c:a', 'aac'];
  const twice = ['-filter_complex', '[0:v]split[a][b];[b]scale=160:90[c]', '-map', '[a]', '-map', '[c]', '-map', '1:a'];
  await ffmpeg(...sources, ...twice, ...codecs, '-f', 'dash', '-seg_duration', '2', site.path('media/dash/film.mpd'));
  const hls = ['-f', 'hls', '-hls_time', '2', '-hls_segment_type', 'fmp4', '-hls_playlist_type', 'vod'];
  await ffmpeg(...sources, ...codecs, ...hls, '-hls_segment_filename', site.path('media/hls/film%d.m4s'), site.path('media/hls/film.m3u8'));
  console.log(readdirSync(site.path('media/dash')).join(' '), readdirSync(site.path('media/hls')).join(' '));
});

/** What every script begins with. `file` is one of FFmpeg's under a name, in a folder where that has one. */
const START = `
  const { open, arrange } = await import('/boxlock.js');
  const file = async (source, name = source.split('/').at(-1)) => {
    const bytes = await (await fetch('/media/' + source)).arrayBuffer();
    const made = new File([bytes], name.split('/').at(-1));
    if (name.includes('/')) Object.defineProperty(made, 'webkitRelativePath', { value: name });
    return made;
  };
  const all = (named) => Promise.all(named.map(([source, name]) => file(source, name)));
  const nameOf = (part) => part.webkitRelativePath || part.name;
  const failure = (promise) => promise.then(() => 'no error', ({ name, code, message }) => ({ name, code, message }));
`;

/** The same order each time, and not that of names or times. */
function shuffled(list) {
  const all = [...list];
  let state = 7;
  for (let at = all.length - 1; at > 0; at--) {
    state = (state * 48271) % 0x7fffffff;
    const other = state % (at + 1);
    [all[at], all[other]] = [all[other], all[at]];
  }
  return all;
}

const chunk = (rendition, number) => `dash/chunk-stream${rendition}-${String(number).padStart(5, '0')}.m4s`;
const init = (rendition) => `dash/init-stream${rendition}.m4s`;
const NUMBERS = Array.from({ length: SEGMENTS }, (_, n) => n + 1);

/** Names of an initialization segment and of segment `n`, of rendition `r`, and of what they make. */
const NAMES = {
  FFmpeg: [(r) => `init-stream${r}.m4s`, (r, n) => `chunk-stream${r}-${String(n).padStart(5, '0')}.m4s`, (r) => `stream${r}`],
  'Shaka Packager': [
    (r) => `film-${['180p-video', '90p-video', 'en-audio'][r]}-init.mp4`,
    (r, n) => `film-${['180p-video', '90p-video', 'en-audio'][r]}-${n}.m4s`,
    (r) => `film-${['180p-video', '90p-video', 'en-audio'][r]}`,
  ],
  MediaPackage: [
    (r) => `index_${r < 2 ? 'video' : 'audio'}_${r + 1}_0_init.mp4`,
    (r, n) => `index_${r < 2 ? 'video' : 'audio'}_${r + 1}_0_${n + 8}.mp4`,
    (r) => `index_${r < 2 ? 'video' : 'audio'}_${r + 1}_0`,
  ],
  'GPAC': [(r) => `film_dash_track${r}_init.mp4`, (r, n) => `film_dash_track${r}_${n}.m4s`, (r) => `film_dash_track${r}`],
  'Bento4, in folders': [
    (r) => `film/${r < 2 ? `video/avc1/${r + 1}` : 'audio/en'}/init.mp4`,
    (r, n) => `film/${r < 2 ? `video/avc1/${r + 1}` : 'audio/en'}/seg-${n}.m4s`,
    (r) => ['1', '2', 'en'][r],
  ],
  'Unified, by time': [
    (r) => `film-${['video=900', 'video=400', 'audio_und=96'][r]}.dash`,
    (r, n) => `film-${['video=900', 'video=400', 'audio_und=96'][r]}-${(n - 1) * 25600}.dash`,
    (r) => `film-${['video=900', 'video=400', 'audio_und=96'][r]}`,
  ],
  'number and time': [(r) => `v${r}_init.mp4`, (r, n) => `v${r}_${n}_${(n - 1) * 25600}.m4s`, (r) => `v${r}`],
  'the rendition first': [(r) => `${r}_init.mp4`, (r, n) => `${r}_${n}.m4s`, (r) => `${r}`],
  'the number first': [(r) => `header-${'abc'[r]}.mp4`, (r, n) => `${n}-${'abc'[r]}.m4s`, (r) => 'abc'[r]],
  'HLS of variants': [(r) => `init_${r}.mp4`, (r, n) => `stream_${r}_${n - 1}.m4s`, (r) => `${r}`],
  'capitals': [(r) => `Film_${r}_Init.mp4`, (r, n) => `film_${r}_SEG${n}.m4s`, (r) => `Film_${r}`],
};

inEachBrowser(
  (browser) => {
    const check = (name, body) => pageTests(browser)(name, body, { quiet: false, skip });
    const script = (page, body, ...args) => page.evaluate(`async (...args) => {${START}${body}}`, ...args);

    /** Puts named files in their groups, as lists of names. */
    const arranged = (page, named) =>
      script(
        page,
        `const { groups, refused } = await arrange(await all(args[0]));
        return { groups: groups.map(({ name, parts, warnings }) => ({ name, parts: parts.map(nameOf), warnings })),
          refused: refused.map(({ code, message, parts }) => ({ code, message, parts: parts.map(nameOf).sort() })) };`,
        named,
      );

    for (const [who, [initName, segmentName, stem]] of Object.entries(NAMES))
      check(`renditions with names as of ${who} are told apart, in whatever order`, async (page) => {
        const named = RENDITIONS.flatMap((r) => [
          [init(r), initName(r)],
          ...NUMBERS.map((n) => [chunk(r, n), segmentName(r, n)]),
        ]);
        const { groups, refused } = await arranged(page, shuffled(named));
        assert.deepEqual(refused, []);
        assert.deepEqual(
          groups.toSorted((one, two) => (one.name < two.name ? -1 : 1)),
          RENDITIONS.map((r) => ({
            name: stem(r),
            parts: [initName(r), ...NUMBERS.map((n) => segmentName(r, n))],
            warnings: [],
          })).toSorted((one, two) => (one.name < two.name ? -1 : 1)),
        );
      });
  },
  { root: site.root },
);
