// The codec strings that the page shows are those that the browser's own player takes.

import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { inEachBrowser } from './browser.mjs';
import { openFile, pageTests } from './support.mjs';

const SHARED = fileURLToPath(new URL('../../../shared/', import.meta.url));

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
});
