// The codec strings that the page shows are those that the browser's own player takes: of single files, and of every
// string in the corpus.

import assert from 'node:assert/strict';
import { existsSync, readFileSync, readdirSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { inEachBrowser } from './browser.mjs';
import { openFile, pageTests } from './support.mjs';

const SHARED = fileURLToPath(new URL('../../../shared/', import.meta.url));
const CORPUS = process.env.BOXLOCK_CORPUS ?? join(SHARED, 'corpus');

/** What is shown of the first track that has a string, in files of codecs that free builds of Chromium play. */
const FILES = [
  ['cases/inspect/mvhd-all-ones.mp4', 'video', /^avc1\.[0-9A-F]{6}$/],
  ['cases/inspect/mvex-without-moof.m4a', 'audio', /^mp4a\.40\.2$/],
  ['cases/inspect/esds-no-dsi-mp3.mp4', 'audio', /^mp4a\.6B$/],
  ['cases/inspect/codec-av1.mp4', 'video', /^av01\.0\.00M\.08$/],
  ['corpus/mp4-frag-mixed/shaka-packager__bear-640x360-vp9.mp4', 'video', /^vp09\.\d\d\.\d\d\.\d\d/],
  ['corpus/mp4-frag-mixed/mp4ff__opus.mp4', 'audio', /^Opus$/],
  ['corpus/mp4-frag-mixed/fq__flac.mp4', 'audio', /^fLaC$/],
];

/** Codecs that these browsers play on every system, as their own player says. */
const PLAYED = {
  chromium: ['avc1', 'mp4a.40.2', 'av01', 'vp09', 'Opus', 'fLaC'],
  firefox: ['avc1', 'mp4a.40.2', 'av01', 'vp09', 'Opus', 'fLaC'],
};

/** Strings of the corpus that neither may take, and why. */
const NEITHER = [
  { codecs: ['samr'], why: 'AMR: no decoder in builds for desktops' },
  {
    codecs: ['mp4v.20.1', 'mp4v.61'],
    why: 'MPEG-4 Visual and MPEG-2 video: no decoder',
  },
  { codecs: ['mp4v.6D'], why: 'PNG as samples: no decoder' },
  {
    codecs: ['mp4a.40.42'],
    why: 'xHE-AAC: no decoder, unless the system has one',
  },
  { codecs: ['mp4a.DD'], why: 'Vorbis is taken in WebM and Ogg alone' },
  { codecs: ['in24', 'lpcm'], why: 'PCM of QuickTime: no reader' },
  { codecs: ['vvc1.1.L51.CQA'], why: 'VVC: no decoder' },
  { codecs: ['ec-3'], why: 'E-AC-3: no decoder, unless the system has one' },
  { codecs: ['alac'], why: 'Apple Lossless: no decoder for MP4' },
  { codecs: ['dtsx'], why: 'DTS:X: no decoder' },
  { codecs: ['av00'], why: 'no codec: a damaged file has it where av01 was' },
];

/** Strings of the corpus that a browser may refuse, and why. */
const REFUSED = {
  chromium: [
    ...NEITHER,
    // The string is right: the player outside MediaSource takes it.
    { codecs: ['mp4a.6B'], why: 'MP3 in MP4 plays from files, and not through MediaSource', fromFiles: true },
    {
      codecs: [
        'hev1.1.6.L63.90',
        'hev1.1.6.L90.90',
        'hev1.1.6.L123.90',
        'hev1.4.10.L60.9E.8',
        'hvc1.1.6.L0',
        'hvc1.1.6.L60.B0',
        'hvc1.1.6.L63.90',
        'hvc1.1.6.L120.90',
      ],
      why: 'HEVC: no decoder, unless the system or the graphics card has one',
    },
  ],
  firefox: [
    ...NEITHER,
    { codecs: ['mp4a.6B'], why: 'MP3 in MP4 goes by no RFC 6381 string there' },
    {
      codecs: ['avc1.F4000D', 'avc1.F4100D'],
      why: 'H.264 High 4:4:4 Predictive: no decoder',
    },
    { codecs: ['iamf.001.001.Opus'], why: 'IAMF: no decoder' },
  ],
};

/** Every file in a folder and those in it. */
function filesIn(folder) {
  return readdirSync(folder).flatMap((name) => {
    const path = join(folder, name);
    return statSync(path).isDirectory() ? filesIn(path) : [path];
  });
}

/** Kind and codec string of every track of the file, as the module says. */
async function tracksOf(base64) {
  const { open } = await import('/boxlock.js');
  const bytes = Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
  try {
    const media = await open(bytes);
    const tracks = media.tracks().map(({ kind, codec }) => [kind, codec]);
    media.close();
    return tracks;
  } catch (error) {
    if (error.name === 'BoxlockError') return [];
    throw error;
  }
}

/**
 * What the player asks browsers for, of every track of the corpus, with the codec string in it: told by the engine, which is
 * the same in all browsers, and so asked for once.
 * @type {Map<string, string>}
 */
const corpusTypes = new Map();

async function typesOfCorpus(page) {
  if (corpusTypes.size > 0) return corpusTypes;
  const types = new Map();
  for (const path of filesIn(CORPUS)) {
    const tracks = await page.evaluate(tracksOf, readFileSync(path).toString('base64'));
    for (const [kind, codec] of tracks) {
      if (!codec || (kind !== 'video' && kind !== 'audio')) continue;
      types.set(`${kind}/mp4; codecs="${codec}"`, codec);
    }
  }
  for (const [type, codec] of types) corpusTypes.set(type, codec);
  return types;
}

inEachBrowser((browser) => {
  const check = pageTests(browser);

  for (const [path, kind, right] of FILES) {
    const skip = existsSync(SHARED + path) ? false : `${basename(path)} is not here`;
    check(
      `the player knows the codec of ${basename(path)}`,
      async (page) => {
        await openFile(page, SHARED + path);
        const shown = await page.evaluate(() =>
          [...document.querySelectorAll('#summary td code, #summary-body td code, main td code.quiet')].map(
            (code) => code.textContent,
          ),
        );
        const codec = shown.find((text) => right.test(text));
        assert.ok(codec, `${right} among ${JSON.stringify(shown)}`);
        const taken = await page.evaluate(
          (type) => MediaSource.isTypeSupported(type),
          `${kind}/mp4; codecs="${codec}"`,
        );
        const must = (PLAYED[browser.name] ?? []).some((begin) => codec.startsWith(begin));
        if (must) assert.equal(taken, true, `${browser.name} does not take ${codec}`);
        // A string that nobody defined is taken by none.
        assert.equal(
          await page.evaluate((type) => MediaSource.isTypeSupported(type), `${kind}/mp4; codecs="zzzz"`),
          false,
        );
      },
      { skip },
    );
  }

  check(
    'the player takes every codec string of the corpus, or it is known why not',
    async (page) => {
      const types = await typesOfCorpus(page);
      assert.ok(types.size >= 50, `${types.size} strings in the corpus`);
      const taken = await page.evaluate(
        (list) => list.map((type) => MediaSource.isTypeSupported(type)),
        [...types.keys()],
      );
      const refused = [...types.values()].filter((_, number) => !taken[number]);
      const unknown = refused.filter(
        (codec) => !REFUSED[browser.name].some(({ codecs }) => codecs.includes(codec)),
      );
      assert.deepEqual(unknown, [], `${browser.name} does not take them`);
      const fromFiles = REFUSED[browser.name].filter((one) => one.fromFiles).flatMap(({ codecs }) => codecs);
      const played = await page.evaluate(
        (list) => list.map((codec) => new Audio().canPlayType(`audio/mp4; codecs="${codec}"`)),
        fromFiles,
      );
      assert.ok(
        played.every((answer) => answer !== ''),
        `${fromFiles}: ${played}`,
      );
      // There may be a decoder here that is not elsewhere. What is in no file any more is listed for nothing.
      const listed = REFUSED[browser.name].flatMap(({ codecs }) => codecs);
      const all = new Set(types.values());
      assert.deepEqual(
        listed.filter((codec) => !all.has(codec)),
        [],
        'listed, but in no file',
      );
    },
    { skip: existsSync(CORPUS) ? false : `the corpus is not at ${CORPUS}` },
  );
});
