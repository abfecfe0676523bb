// Fragments of Smooth Streaming in folders, without a movie header: with their client manifest they are files, a ladder of
// them, that are seen, protected and found right; what is missing is said.

import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile } from 'node:fs/promises';
import { before, test } from 'node:test';
import { join as joinPath, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { claimFor, namesOf } from '../../www/files/smooth.js';
import { arrange } from '../../www/files/join.js';
import { inEachBrowser } from './browser.mjs';
import { boxes, ffmpeg, haveFfmpeg } from './support-media.mjs';
import { goTo, LA_URL, LONG, pageTests, protect, siteCopy, waitOpen, withoutPicker } from './support.mjs';

const site = siteCopy();
const skip = haveFfmpeg() ? false : 'not run: FFmpeg is missing';
const ROOT = () => site.path('media');
const words = (line) => line.split(' ');

before(async () => {
  if (skip) return;
  await mkdir(ROOT(), { recursive: true });
  await ffmpeg(
    ...words(
      '-f lavfi -i testsrc2=size=320x180:rate=25:duration=6 -f lavfi -i sine=frequency=440:sample_rate=48000:duration=6',
    ),
    ...words(
      '-map 0 -map 0 -map 1 -c:v libx264 -preset veryfast -g 50 -bf 2 -pix_fmt yuv420p -b:v:0 200k -b:v:1 400k',
    ),
    ...words('-c:a aac -b:a 96k -min_frag_duration 1000000 -f smoothstreaming'),
    joinPath(ROOT(), 'film.ism'),
  );
});

/** All that FFmpeg wrote: paths from the folder of the film on. */
async function everything() {
  const found = await readdir(ROOT(), { recursive: true, withFileTypes: true });
  return found
    .filter((one) => one.isFile())
    .map((one) => relative(ROOT(), joinPath(one.parentPath ?? one.path, one.name)))
    .sort();
}

/** Opens the folder as its dialog gives it: these files, under these paths. */
async function openFolder(page, files) {
  const all = await Promise.all(
    files.map(async ([source, path]) => ({
      path,
      base64: (await readFile(joinPath(ROOT(), source))).toString('base64'),
    })),
  );
  await page.evaluate((given) => {
    const files = given.map(({ path, base64 }) => {
      const bytes = Uint8Array.from(atob(base64), (one) => one.charCodeAt(0));
      const file = new File([bytes], path.split('/').at(-1));
      if (path.includes('/')) Object.defineProperty(file, 'webkitRelativePath', { value: path });
      return file;
    });
    const input = document.querySelector('#open-folder');
    // A list that a script makes loses the paths.
    Object.defineProperty(input, 'files', { value: files, configurable: true });
    input.dispatchEvent(new Event('change', { bubbles: true }));
    delete input.files;
  }, all);
}

const notices = (page) =>
  page.evaluate(() =>
    [...document.querySelectorAll('#desk-notices .notice, #empty-notices .notice')].map(
      (one) => one.innerText,
    ),
  );

const rows = (page) =>
  page.evaluate(() =>
    [...document.querySelectorAll('#file-list li:not(.set-row)')].map((row) => [
      row.querySelector('.file-title').innerText,
      row.querySelector('.file-state').innerText,
    ]),
  );

const ladder = (page) =>
  page.evaluate(() =>
    [...document.querySelectorAll('.set-ladder')].map((table) =>
      [...table.querySelectorAll('tbody th')].map((cell) => cell.innerText.trim()),
    ),
  );

/** Real fragments, as their server gave them: they say no time themselves, and names here have the bitrate in front. */
const CORPUS =
  process.env.BOXLOCK_CORPUS ?? fileURLToPath(new URL('../../../shared/corpus/', import.meta.url));
const REAL = joinPath(CORPUS, 'smooth');
const real = existsSync(REAL) ? false : 'not run: the corpus is missing';

/** What a manifest says of qualities of two seconds a fragment. */
const manifestOf = (...qualities) => ({
  form: 'ismc',
  tracks: qualities.map(([kind, bitrate, count = 38, template = 'QualityLevels{b}/x']) => ({
    kind,
    name: kind === 'audio' ? 'audio_und' : kind,
    bitrate,
    timescale: 1e7,
    template,
    runs: [{ time: '0', duration: 2e7, count }],
  })),
});

/** Sorts files by manifests: `[path, manifest]`. */
async function sorted(files, ...manifests) {
  const clients = manifests.map(([path, manifest]) => ({ path, label: path, blob: new Blob(), manifest }));
  const asked = [];
  const make = async (_, track, heads) => {
    asked.push([track, heads.length]);
    return { init: btoa('header'), trackId: 1, notes: [] };
  };
  const found = await arrange(files, undefined, claimFor(files, clients, make));
  const name = (at) => files[at]?.name ?? found.made[at - files.length].name;
  return { ...found, asked, joined: found.joined.map((one) => ({ ...one, parts: one.parts.map(name) })) };
}

test(
  'real fragments are sorted by bitrate and time, and what is between them is said to be missing',
  { skip: real },
  async () => {
    const names = (await readdir(REAL)).filter((name) => name.includes('Fragments('));
    assert.ok(names.length >= 11);
    const files = await Promise.all(
      names.map(async (name) => ({
        name,
        label: name,
        blob: new File([await readFile(joinPath(REAL, name))], name),
      })),
    );
    const rates = [300000, 1100000, 2100000, 4000000, 5000000];
    const manifest = manifestOf(...rates.map((rate) => ['video', rate]), ['audio', 64000, 37]);
    const { joined, refused, alone, asked } = await sorted(files, ['film.ismc', manifest]);
    assert.deepEqual([refused, alone], [[], []]);
    assert.deepEqual(joined.map(({ name }) => name).sort(), [
      'film_audio_und_64000.isma',
      ...[1100000, 2100000, 300000, 4000000].map((rate) => `film_video_${rate}.ismv`),
    ]);
    for (const { name, parts, warnings } of joined.filter((one) => one.name.includes('video'))) {
      assert.deepEqual(
        parts.map((part) => part.match(/=(\d+)/)?.[1]),
        [undefined, '0', '740000000'],
        name,
      );
      assert.match(warnings[0], /missing, from 0:02 to 1:14\. Not among the files: x to x\./);
      assert.match(warnings.at(-1), /do not say themselves when they are/);
    }
    // A fragment that could be of any of them is refused, not guessed.
    const bare = files
      .filter(({ name }) => /300000-.*=0\)/.test(name))
      .map((one) => ({ ...one, name: 'Fragments(video=0)' }));
    const unclear = await sorted(bare, ['film.ismc', manifest]);
    assert.deepEqual([unclear.refused[0].code, unclear.joined.length], ['init-ambiguous', 0]);
    assert.match(unclear.refused[0].message, /Nothing says which quality of film\.ismc .* 300000, 1100000/);
    // Of several presentations the one in whose folder they are counts.
    const placed = bare.map((one) => ({ ...one, name: 'b/Fragments(video=0)' }));
    const two = await sorted(
      placed,
      ['a/Manifest', manifestOf(['video', 1])],
      ['b/Manifest', manifestOf(['video', 2])],
    );
    assert.deepEqual(
      two.joined.map(({ name }) => name),
      ['b_video_2.ismv'],
    );
    // One that no manifest lists stays out.
    const [strange] = bare;
    const late = await sorted([{ ...strange, name: 'Fragments(video=990000000)' }], ['film.ismc', manifest]);
    assert.match(late.refused[0].message, /film\.ismc has no quality with such names and times/);
    assert.equal(asked.length, 5);
  },
);

test('files are called after their presentation, stream and bitrate', () => {
  const { tracks } = manifestOf(['video', 1], ['video', 1], ['audio', 2], ['text', 3]);
  assert.deepEqual(namesOf('a/film.ism/Manifest', tracks), [
    'film_video_1.ismv',
    'film_video_1-2.ismv',
    'film_audio_und_2.isma',
    'film_text_3.ismt',
  ]);
  assert.equal(namesOf('film.ismc', tracks)[0], 'film_video_1.ismv');
  assert.equal(namesOf('Manifest', tracks)[0], 'video_1.ismv');
});

const FILES = ['film_audio_96000.isma', 'film_video_200000.ismv', 'film_video_400000.ismv'];

inEachBrowser(
  (browser) => {
    const check = (name, body, more = {}) =>
      pageTests(browser)(name, body, { skip, timeout: 3 * LONG, ...more });

    check(
      'a folder of fragments is a ladder of files, which are seen, protected and found right',
      async (page) => {
        await withoutPicker(page);
        await openFolder(
          page,
          (await everything()).map((path) => [path, path]),
        );
        await page.waitFor('.set .protect-form', { timeout: LONG });
        assert.deepEqual(
          (await rows(page)).sort(),
          FILES.map((name) => [name, 'init + 3 segments']),
        );
        assert.deepEqual(await notices(page), []);
        assert.deepEqual(await ladder(page), [[...FILES].reverse()]);
        // Each is a file like any other.
        await page.evaluate(() =>
          [...document.querySelectorAll('#file-list .file-name')]
            .find((one) => one.innerText.startsWith('film_video_400000'))
            .click(),
        );
        await waitOpen(page, 'film_video_400000.ismv');
        await goTo(page, 'inspect');
        await page.waitFor('.tree-file');
        const found = await page.evaluate(
          async (names) => {
            const { arrange, open } = await import('/boxlock.js');
            const get = async (path) => {
              const bytes = await (
                await fetch('/media/' + path.split('/').map(encodeURIComponent).join('/'))
              ).arrayBuffer();
              const file = new File([bytes], path.split('/').at(-1));
              Object.defineProperty(file, 'webkitRelativePath', { value: path });
              return file;
            };
            const files = await Promise.all(names.map(get));
            const manifests = files.filter(({ name }) => name === 'Manifest');
            const rest = files.filter(({ name }) => /^Fragments/.test(name)).reverse();
            const { groups, refused } = await arrange(rest, { manifests });
            const opened = [];
            for (const { name, parts, warnings, notes } of groups) {
              const media = await open(parts);
              const [track] = media.tracks();
              const { total } = await media.samples(track.id);
              const findings = await media.findings();
              opened.push({
                name,
                parts: media.parts.map((part) => part.name),
                said: [...warnings, ...notes, ...media.summary().problems.map(({ message }) => message)],
                format: track.format,
                total,
                errors: findings.findings
                  .filter(({ severity }) => severity === 'error')
                  .map(({ message }) => message),
                duration: media.summary().duration,
              });
              media.close();
            }
            return { opened, refused };
          },
          await everything(),
        );
        assert.deepEqual(found.refused, []);
        const byName = Object.fromEntries(found.opened.map((one) => [one.name, one]));
        assert.deepEqual(Object.keys(byName).sort(), FILES);
        for (const { said, errors, parts } of found.opened) {
          assert.deepEqual(said, []);
          assert.deepEqual(errors, []);
          assert.equal(parts.length, 4);
        }
        assert.equal(byName['film_video_200000.ismv'].total, 150);
        assert.equal(byName['film_video_200000.ismv'].parts[0], 'film_video_200000_init.mp4');
        assert.equal(byName['film_audio_96000.isma'].format, 'mp4a');
        await goTo(page, 'protect');
        await page.fill('#panel-protect [name="laUrl"]', LA_URL);
        await protect(page);
        const { name } = await page.waitDownload({ timeout: LONG });
        assert.equal(name, 'film_video_400000.mp4');
        await page.waitFor(() => /samples/i.test(document.querySelector('#panel-result')?.innerText ?? ''), {
          timeout: LONG,
        });
        assert.deepEqual(page.errors, []);
      },
      { quiet: false },
    );

    check(
      'encrypted fragments are opened with the protection of their manifest, and verified with their key',
      async (page) => {
        const file = await readFile(joinPath(CORPUS, 'piff/synth_bento4__small_piffctr.ismv'));
        const all = boxes(file);
        const [moov, moof, mdat] = ['moov', 'moof', 'mdat'].map((type) => {
          const { start, end } = all.find((one) => one.type === type);
          return file.subarray(start, end);
        });
        // The object stands behind type, version and flags, system and its own length.
        const at = moov.indexOf('pssh') + 28;
        const object = moov.subarray(at, at + moov.readUInt32BE(at - 4)).toString('base64');
        const header = `<Protection><ProtectionHeader SystemID="9a04f079-9840-4286-ab92-e65be0885f95">${object}</ProtectionHeader></Protection>`;
        const clear = await readFile(joinPath(REAL, 'azure-sdk__small.ismc'), 'utf8');
        const found = await page.evaluate(
          async (base64, text, key) => {
            const { arrange, open } = await import('/boxlock.js');
            const bytes = Uint8Array.from(atob(base64), (one) => one.charCodeAt(0));
            const fragment = new File([bytes], 'video_952962_0.ismv');
            const manifest = new File([text], 'small.ismc');
            const { groups } = await arrange([fragment], { manifests: [manifest] });
            const media = await open(groups[0].parts);
            const { ok, complete, faults } = await media.verify([key]);
            const { kids, scheme } = media.summary().protection;
            media.close();
            return { name: groups[0].name, notes: groups[0].notes, ok, complete, faults, kids, scheme };
          },
          Buffer.concat([moof, mdat]).toString('base64'),
          clear.replace('<StreamIndex', `${header}<StreamIndex`),
          { kid: '09e36702-8f33-436c-a5dd-60ffe6671e70', key: 'b42ca3172ee4e69bf51848a59db9cd13' },
        );
        assert.deepEqual(found.faults, []);
        assert.deepEqual(
          [found.name, found.notes, found.ok, found.complete],
          ['small_video_952962.ismv', [], true, true],
        );
        assert.deepEqual(found.kids, ['09e36702-8f33-436c-a5dd-60ffe6671e70']);
      },
      { skip: real },
    );

    check('the same is protected as one job, and verified', async (page) => {
      // A folder that a person chooses, in storage that only the page sees.
      await page.evaluate(() => {
        window.showDirectoryPicker = async () =>
          (await navigator.storage.getDirectory()).getDirectoryHandle('chosen', { create: true });
      });
      await openFolder(
        page,
        (await everything()).reverse().map((path) => [path, path]),
      );
      await page.waitFor('.set .protect-form', { timeout: LONG });
      await page.fill('.set [name="laUrl"]', LA_URL);
      await page.waitFor('.set .plan-body', { timeout: LONG });
      await page.click('#set-start');
      await page.waitFor(() => /protected\./.test(document.querySelector('.set-run h2')?.innerText ?? ''), {
        timeout: 2 * LONG,
      });
      const lines = await page.evaluate(() =>
        [...document.querySelectorAll('.set-run > .set-files > li')].map((line) => line.innerText),
      );
      // One for download, which has picture and sound, and three for streaming.
      assert.equal(lines.length, 4);
      for (const line of lines.slice(0, 3)) assert.match(line, /checked: every sample is the source’s/);
      assert.deepEqual(await notices(page), []);
    });

    check(
      'a missing fragment, names that lie flat, and a manifest that is missing are said',
      async (page) => {
        const all = await everything();
        const gap = all.filter((path) => !/400000.*video=20800000/.test(path));
        await openFolder(
          page,
          gap.map((path) => [path, path]),
        );
        await page.waitFor('.set .protect-form', { timeout: LONG });
        const [notice, more] = await notices(page);
        assert.match(notice, /film_video_400000\.ismv may not be complete\./);
        assert.match(
          notice,
          /2 s of track 1 are missing, from 0:02\.08 to 0:04\.08\. Not among the files: Fragments\(video=20000000\)\./,
        );
        assert.equal(more, undefined);
        await page.goto('/');
        await page.waitFor('#open-button');
        const flat = all.map((path) => [path, `taken/${path.split('/').slice(1).join('_')}`]);
        await openFolder(page, flat);
        await page.waitFor('.set .protect-form', { timeout: LONG });
        assert.deepEqual(
          (await rows(page)).map(([name]) => name).sort(),
          FILES.map((name) => name.replace('film', 'taken')),
        );
        await page.goto('/');
        await page.waitFor('#open-button');
        const without = all
          .filter((path) => !path.endsWith('Manifest'))
          .filter((path) => /200000/.test(path));
        await openFolder(
          page,
          without.map((path) => [path, path]),
        );
        await page.waitFor('.notice', { timeout: LONG });
        const [refused] = await notices(page);
        assert.match(refused, /The initialization segment is missing/);
        assert.match(
          refused,
          /dropped together with the client manifest that names them, “Manifest” or \.ismc\./,
        );
      },
    );
  },
  { root: site.root },
);
