// Files dropped together on the page: what the list of files shows of them, how they are protected and play, and what is
// said when they are not whole or change.

import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { copyFile, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { inEachBrowser } from './browser.mjs';
import { boxes, decryptedMedia } from './support-media.mjs';
import { chunk, init, NUMBERS, RENDITIONS, segmentSite, shuffled, START } from './support-segments.mjs';
import {
  clickFound,
  fetchedAhead,
  fillForm,
  goTo,
  keySheet,
  LONG,
  pageTests,
  protect,
  waitOpen,
  waitPlan,
  withoutPicker,
  workFolder,
} from './support.mjs';

/** Real segments: their packagers' names behind those of the projects that have them. */
const CORPUS =
  process.env.BOXLOCK_CORPUS ?? fileURLToPath(new URL('../../../shared/corpus/', import.meta.url));
const REAL = /^(shaka-packager__(live-profile__|segmented-)|mp4ff__(A48|V300|hvc1)_).*(init|\d)\.(m4s|mp4)$/;

const folder = workFolder();
const site = segmentSite();

inEachBrowser(
  (browser) => {
    const check = (name, body) => pageTests(browser)(name, body, { quiet: false, skip: site.skip });
    const script = (page, body, ...args) => page.evaluate(`async (...args) => {${START}${body}}`, ...args);

    const rows = (page) =>
      page.evaluate(() =>
        [...document.querySelectorAll('#file-list li:not(.set-row)')].map((row) => [
          row.querySelector('.file-title').innerText,
          row.querySelector('.file-state').innerText,
        ]),
      );
    const notices = (page) =>
      page.evaluate(() =>
        [...document.querySelectorAll('#desk-notices .notice, #empty-notices .notice')].map(
          (one) => one.innerText,
        ),
      );
    const dropped = (paths) =>
      Promise.all(
        paths.map(async (path) => ({
          name: basename(path),
          bytes: await readFile(site.path(`media/${path}`)),
        })),
      );
    const everything = RENDITIONS.flatMap((r) => [init(r), ...NUMBERS.map((n) => chunk(r, n))]);

    check(
      'files dropped together are one entry for each rendition, which is protected and plays',
      async (page) => {
        await withoutPicker(page);
        await fetchedAhead(page);
        // All that is needed is there already.
        browser.site.down = true;
        try {
          await page.drop('#drop-area', ...(await dropped(shuffled(everything))));
          await page.waitFor(() => document.querySelectorAll('#file-list li:not(.set-row)').length === 3);
          await page.waitFor(() => !document.querySelector('#file-list').innerText.includes('Reading'), {
            timeout: LONG,
          });
          const found = (await rows(page)).sort();
          assert.deepEqual(
            found,
            RENDITIONS.map((r) => [`stream${r}`, 'init + 5 segments']),
          );
          assert.deepEqual(await notices(page), []);
          await clickFound(page, () =>
            [...document.querySelectorAll('.file-name')].find((one) => one.innerText.startsWith('stream0')),
          );
          await waitOpen(page, 'stream0');
          assert.match(
            await page.text('.parts summary'),
            /^Joined from 6 files\s*init-stream0\.m4s, chunk-stream0-00001\.m4s, …, chunk-stream0-00005\.m4s$/,
          );
          await page.click('.parts summary');
          const listed = await page.evaluate(() =>
            [...document.querySelectorAll('.parts tbody tr')].map((row) =>
              [...row.children].map((cell) => cell.innerText),
            ),
          );
          assert.deepEqual(
            listed.map(([name]) => name),
            [init(0), ...NUMBERS.map((n) => chunk(0, n))].map((path) => basename(path)),
          );
          assert.equal(listed[1][1], String((await stat(site.path(`media/${init(0)}`))).size));
          // In the tree each file is where it begins, and places are told in it too.
          await goTo(page, 'inspect');
          await page.waitFor('.tree-file');
          const begun = await page.evaluate(() =>
            [...document.querySelectorAll('[role="treeitem"]')]
              .sort((a, b) => Number(a.dataset.index) - Number(b.dataset.index))
              .flatMap((row) => [...row.querySelectorAll('.tree-file')].map((file) => file.innerText)),
          );
          const names = listed.map(([name]) => name);
          assert.ok(begun.length > 1);
          assert.deepEqual(begun, names.slice(0, begun.length));
          await clickFound(page, () =>
            [...document.querySelectorAll('[role="treeitem"]')].find((row) => /chunk-/.test(row.innerText)),
          );
          await page.waitFor(() => /, at 0 of chunk-/.test(document.querySelector('.about-facts').innerText));
          await fillForm(page);
          await waitPlan(page);
          await protect(page);
          const { name, bytes } = await page.waitDownload({ timeout: LONG });
          assert.equal(name, 'stream0.mp4');
          const { sheet } = await keySheet(page);
          const clear = await Promise.all(NUMBERS.map((n) => readFile(site.path(`media/${chunk(0, n)}`))));
          const wanted = clear.flatMap((one) =>
            boxes(one)
              .filter(({ type }) => type === 'mdat')
              .map(({ body, end }) => one.subarray(body, end)),
          );
          const media = decryptedMedia(bytes, sheet.key.hex);
          assert.deepEqual(
            media.map((one, n) => one.equals(wanted[n])),
            NUMBERS.map(() => true),
          );
          await page.click('#play');
          await page.waitFor(() => document.querySelector('.stage video')?.ended, { timeout: LONG });
          const end = await page.evaluate(() => {
            const video = document.querySelector('.stage video');
            return {
              time: Math.round(video.currentTime),
              frames: video.getVideoPlaybackQuality().totalVideoFrames,
              keys: Boolean(video.mediaKeys),
            };
          });
          assert.deepEqual(end, { time: 10, frames: 250, keys: true });
        } finally {
          browser.site.down = false;
        }
      },
    );

    check(
      'files chosen together that are not whole are said to be so, and what can be opened is',
      async (page) => {
        const some = [
          init(0),
          chunk(0, 1),
          chunk(0, 2),
          chunk(0, 4),
          chunk(0, 5),
          chunk(1, 1),
          'hls/film2.m4s',
        ];
        await page.setFile('#open-file', ...some.map((path) => site.path(`media/${path}`)));
        await page.waitFor(() => document.querySelectorAll('#file-list li:not(.set-row)').length === 3);
        await page.waitFor(() => !document.querySelector('#file-list').innerText.includes('Reading'), {
          timeout: LONG,
        });
        assert.deepEqual((await rows(page)).map(([name]) => name).sort(), [
          'chunk-stream1-00001.m4s',
          'film2.m4s',
          'stream0',
        ]);
        const said = (await notices(page)).join('\n');
        assert.match(
          said,
          /chunk-stream1-00001\.m4s was not joined\.\s+The initialization segment is missing: by its name chunk-stream1-00001\.m4s is of another/,
        );
        assert.match(
          said,
          /The initialization segment is missing: film2\.m4s is a media segment of tracks 1 and 2/,
        );
        assert.match(
          said,
          /stream0 may not be complete\.\s+Between chunk-stream0-00002\.m4s and chunk-stream0-00004\.m4s 2 s of track 1 are missing, from 0:04 to 0:06\. Not among the files: chunk-stream0-00003\.m4s\./,
        );
        await clickFound(page, () =>
          [...document.querySelectorAll('.file-name')].find((one) => one.innerText.startsWith('film2')),
        );
        await waitOpen(page, 'film2.m4s');
        await page.click('#tab-protect');
        assert.match(await page.text('.protect-no'), /drop it together with its initialization segment/);
        await clickFound(page, () =>
          [...document.querySelectorAll('.file-name')].find((one) => one.innerText.startsWith('stream0')),
        );
        await waitOpen(page, 'stream0');
        await page.click('#tab-inspect');
        await page.waitFor('.problems');
        await page.click('.problems summary');
        assert.match(await page.text('.problems li'), /^Between chunk-stream0-00002\.m4s/);
      },
    );

    check('a part that changes or goes after it was opened is named', async (page) => {
      for (const what of ['changed', 'gone']) {
        const paths = [];
        for (const path of [init(0), ...NUMBERS.map((n) => chunk(0, n))]) {
          paths.push(folder.path(`${browser.name}-${what}-${basename(path)}`));
          await copyFile(site.path(`media/${path}`), paths.at(-1));
        }
        await page.setFile('#open-file', ...shuffled(paths));
        const stem = `${browser.name}-${what}-stream0`;
        await waitOpen(page, stem);
        await withoutPicker(page);
        await fillForm(page);
        await waitPlan(page);
        const victim = paths[3];
        if (what === 'changed') {
          const bytes = await readFile(victim);
          bytes[24 + 52 + 90] ^= 1;
          await new Promise((resolve) => void setTimeout(resolve, 1100));
          await writeFile(victim, bytes);
        } else await writeFile(victim, '');
        await page.click('#protect-start');
        await page.waitFor('.start-note.failed', { timeout: LONG });
        assert.match(
          await page.text('.start-note'),
          new RegExp(`nothing was saved\\. ${basename(victim)} is no longer the file that was opened`),
        );
        await page.click(`[aria-label="Close ${stem}"]`);
      }
    });

    check('a part that was replaced where it came from is named by its handle', async (page) => {
      const found = await script(
        page,
        `const root = await navigator.storage.getDirectory();
        const handles = [];
        const put = async (handle, bytes) => {
          const stream = await handle.createWritable();
          await stream.write(bytes);
          await stream.close();
        };
        const sources = await all(args[0]);
        for (const source of sources) {
          const handle = await root.getFileHandle(source.name, { create: true });
          await put(handle, source);
          handles.push(handle);
        }
        // The same bytes, held by the page: only the handles know of another time.
        const there = await Promise.all(handles.map((handle) => handle.getFile()));
        const kept = await Promise.all(there.map(async (one) => new File([await one.arrayBuffer()], one.name, one)));
        const media = await open(kept, { handle: handles });
        const attempt = () => media.protect({ laUrl: 'https://licence.example.com/' }).then((made) => (made.discard(), 'made'), ({ code, message }) => ({ code, message }));
        const results = [await attempt()];
        await new Promise((resolve) => void setTimeout(resolve, 1100));
        await put(handles[1], sources[1]);
        results.push(await attempt());
        await root.removeEntry(sources[1].name);
        results.push(await attempt());
        media.close();
        for (const { name } of sources) await root.removeEntry(name).catch(() => {});
        return results;`,
        [[chunk(0, 2)], [chunk(0, 1)], [init(0)]],
      );
      const [before, ...after] = found;
      assert.equal(before, 'made');
      for (const { code, message } of after) {
        assert.equal(code, 'source-changed');
        assert.match(message, /^chunk-stream0-00001\.m4s is no longer the file that was opened/);
      }
    });

    pageTests(browser)(
      'real segments of seven files of several packagers, all at once, are told apart',
      async (page) => {
        const files = (await readdir(CORPUS, { recursive: true })).filter((path) =>
          REAL.test(basename(path)),
        );
        await page.setFile('#open-file', ...shuffled(files.sort()).map((path) => join(CORPUS, path)));
        await page.waitFor(() => document.querySelectorAll('#file-list li:not(.set-row)').length === 7);
        await page.waitFor(() => !document.querySelector('#file-list').innerText.includes('Reading'), {
          timeout: LONG,
        });
        assert.deepEqual(await notices(page), []);
        const shaka = (name, count) => [`shaka-packager__${name}`, `init + ${count} segments`];
        assert.deepEqual((await rows(page)).sort(), [
          ['mp4ff__A48', 'init + 1 segment'],
          ['mp4ff__V300', 'init + 1 segment'],
          ['mp4ff__hvc1', 'init + 1 segment'],
          shaka('live-profile__bear-640x360-audio', 3),
          shaka('live-profile__bear-640x360-video', 3),
          shaka('segmented-ttml-mp4__bear-english-text', 5),
          shaka('segmented-webvtt-mp4__bear-english-text', 5),
        ]);
      },
      { skip: existsSync(CORPUS) ? false : 'not run: the corpus is not there' },
    );
  },
  { root: site.root },
);
