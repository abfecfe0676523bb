// What a file can be written as, when that is asked for: with an index of its segments, or as segments of their own, in a
// folder or in an archive.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { inEachBrowser } from './browser.mjs';
import { boxes, samplesByFfmpeg, sha256 } from './support-media.mjs';
import { chunk, init, NUMBERS, segmentSite } from './support-segments.mjs';
import {
  choose,
  clickFound,
  fillForm,
  goTo,
  keepWorkers,
  LONG,
  openFile,
  pageTests,
  protect,
  SAMPLE,
  storage,
  storedBytes,
  waitPlan,
  withoutPicker,
  workFolder,
} from './support.mjs';

const KEY = '00112233445566778899aabbccddeeff';
const KID = '6f651ae1-dbe4-4434-bcb4-690d1564c41c';

const folder = workFolder();
const site = segmentSite();
const rendition = [init(0), ...NUMBERS.map((number) => chunk(0, number))];

/** The names and bytes of what is in an archive, by Python. */
function unpacked(path) {
  const list = `
import sys, json, zipfile
with zipfile.ZipFile(sys.argv[1]) as archive:
    assert archive.testzip() is None
    print(json.dumps([[name, archive.read(name).hex()] for name in archive.namelist()]))`;
  const said = execFileSync('python3', ['-c', list, path], { maxBuffer: 1 << 28 });
  return JSON.parse(said).map(([name, hex]) => ({ name, bytes: Buffer.from(hex, 'hex') }));
}

/** A file without the boxes that are made for one file. */
function withoutIndexes(bytes) {
  const kept = boxes(bytes).filter(({ type }) => !['sidx', 'ssix', 'mfra'].includes(type));
  return Buffer.concat(kept.map(({ start, end }) => bytes.subarray(start, end)));
}

/** Makes the folder dialog answer with a folder of the page's own storage. */
const withFolder = (page) =>
  page.evaluate(async () => {
    const root = await navigator.storage.getDirectory();
    const handle = await root.getDirectoryHandle('chosen', { create: true });
    window.showDirectoryPicker = async () => handle;
  });

inEachBrowser(
  (browser) => {
    const check = (name, body, options) =>
      pageTests(browser)(name, body, { quiet: false, skip: site.skip, ...options });

    const dropRendition = async (page) => {
      const files = rendition.map(async (path) => ({
        name: basename(path),
        bytes: await readFile(site.path(`media/${path}`)),
      }));
      await page.drop('#drop-area', ...(await Promise.all(files)));
      await page.waitFor(() => document.querySelector('#tab-protect'), { timeout: LONG });
    };

    check('an index of the segments, asked for with a tick, is in the plan and in the file', async (page) => {
      await withoutPicker(page);
      await openFile(page, SAMPLE);
      await fillForm(page, { key: KEY, kid: KID });
      await page.click('#more-file > summary');
      await page.click('[name=segmentIndex]');
      await waitPlan(page);
      await page.waitFor(() => document.querySelector('.plan-body').innerText.includes('sidx'));
      assert.match(await page.text('.box-group.add'), /sidx/);
      const size = await page.text('.plan-facts');
      await protect(page);
      const { bytes } = await page.waitDownload({ timeout: LONG });
      const top = boxes(bytes);
      const at = top.findIndex(({ type }) => type === 'sidx');
      assert.deepEqual(
        top.slice(at - 1, at + 2).map(({ type }) => type),
        ['moov', 'sidx', 'moof'],
      );
      const { start, end } = top[at];
      const index = bytes.subarray(start, end);
      const count = index.readUInt16BE(38);
      let place = end;
      for (let number = 0; number < count; number++) {
        assert.ok(top.some((box) => box.start === place && box.type === 'moof'));
        place += index.readUInt32BE(40 + 12 * number);
      }
      assert.equal(place, top.find(({ type }) => type === 'mfra').start);
      assert.match(size, /→/);
    });

    check(
      'segments dropped together come out as segments, in an archive, under their names',
      async (page) => {
        await withoutPicker(page);
        await page.evaluate(() => void (window.showDirectoryPicker = undefined));
        await dropRendition(page);
        await fillForm(page, { key: KEY, kid: KID });
        await waitPlan(page);
        await protect(page);
        const one = (await page.waitDownload({ timeout: LONG })).bytes;
        await clickFound(page, () => document.querySelector('#tab-protect'));
        await page.click('#more-file > summary');
        await choose(page, 'segments', 'segments');
        await page.waitFor(() => document.querySelector('.plan-body').innerText.includes('Files to save'));
        assert.match(await page.text('.plan-facts'), /6 segments in .*\.zip/);
        assert.match(await page.text('.start-note'), /^The ZIP archive of the segments is made in/);
        await protect(page);
        const { name, bytes } = await page.waitDownload({ timeout: LONG });
        assert.match(name, /\.zip$/);
        const said = await page.text('.result-head');
        assert.ok(said.replace(/(\d)\D(?=\d{3}\b)/g, '$1').includes(`${bytes.length} bytes`), said);
        await page.click('#compute-hash');
        await page.waitFor('#sha256');
        assert.equal(await page.text('#sha256'), sha256(bytes));
        const path = folder.path(`${browser.name}.zip`);
        await writeFile(path, bytes);
        const files = unpacked(path);
        assert.deepEqual(
          files.map((file) => file.name),
          rendition.map((each) => basename(each)),
        );
        // The IVs of another run are others, the layout is the same.
        const apart = Buffer.concat(files.map((file) => file.bytes));
        const types = (all) => boxes(all).map(({ type, start, end }) => `${type} ${end - start}`);
        assert.deepEqual(types(apart), types(withoutIndexes(one)));
        // Each segment with the first alone decrypts to the clear one.
        const [head, ...media] = files;
        const clear = await Promise.all(rendition.map((each) => readFile(site.path(`media/${each}`))));
        for (const [number, segment] of media.entries()) {
          const [locked, open] = ['locked', 'open'].map((which) =>
            folder.path(`${browser.name}-${which}-${number}.mp4`),
          );
          await writeFile(locked, Buffer.concat([head.bytes, segment.bytes]));
          await writeFile(open, Buffer.concat([clear[0], clear[number + 1]]));
          assert.deepEqual(await samplesByFfmpeg(locked, KEY), await samplesByFfmpeg(open));
        }
        assert.match(await page.text('.result'), /Open the segments here together: they are one file then\./);
      },
    );

    check(
      'segments go into the folder that is chosen, and nothing there is written over',
      async (page) => {
        await withFolder(page);
        await page.evaluate(() => {
          window.heard = [];
          const live = document.querySelector('#live');
          const hear = () => live.textContent && window.heard.push(live.textContent);
          new MutationObserver(hear).observe(live, { childList: true });
        });
        await dropRendition(page);
        await fillForm(page, { key: KEY, kid: KID });
        await page.click('#more-file > summary');
        await choose(page, 'segments', 'segments');
        await waitPlan(page);
        await page.waitFor(() => document.querySelector('.plan-body').innerText.includes('Files to save'));
        await protect(page);
        const names = rendition.map((each) => `chosen/${basename(each)}`).sort();
        const made = await storage(page);
        assert.deepEqual(Object.keys(made).sort(), names);
        assert.ok(Object.values(made).every((size) => size > 500));
        const head = await page.text('.result-head');
        assert.match(head, /^The 6 files in chosen are protected\./);
        assert.match(head, /6 files, .* to .*, are in the folder chosen\./);
        // What is said is said a moment after it is shown.
        await page.waitFor(() => window.heard.some((each) => each.startsWith('Done.')));
        const heard = await page.evaluate(() =>
          window.heard.filter((each) => each.includes('files in chosen')),
        );
        assert.equal(heard[0], 'Protecting the 6 files in chosen.');
        assert.match(heard[1], /^Done\. The 6 files in chosen are protected\./);
        assert.equal(await page.evaluate(() => document.querySelector('#compute-hash, #sha256')), null);
        // A second time it would write over them.
        await clickFound(page, () => document.querySelector('#tab-protect'));
        await page.click('#protect-start');
        await page.waitFor(
          () => /is in that folder already/.test(document.querySelector('.start-note').innerText),
          {
            timeout: LONG,
          },
        );
        assert.deepEqual(await storage(page), made);
      },
      { skip: browser.name === 'chromium' ? site.skip : 'only Chromium lets a person choose a folder' },
    );

    check(
      'an archive in a file that was chosen is the one that would be made elsewhere',
      async (page) => {
        const found = await page.evaluate(async () => {
          const { open } = await import('/boxlock.js');
          const media = await open('/samples/sample.ismv');
          const plan = await media.plan({ laUrl: 'https://licence.example/', segments: true });
          const root = await navigator.storage.getDirectory();
          const sink = await root.getFileHandle('film.zip', { create: true });
          const results = [await media.protect(plan), await media.protect(plan, { sink })];
          const found = [];
          for (const result of results) {
            const { fileSize, sha256 } = await result.keySheet();
            const { place, size, files } = result;
            found.push({ place, size, files, fileSize, sha256, really: (await result.file()).size });
          }
          await results[0].discard();
          media.close();
          return found;
        });
        const bytes = await storedBytes(page, 'film.zip');
        const path = folder.path(`${browser.name}-chosen.zip`);
        await writeFile(path, bytes);
        const files = unpacked(path);
        assert.ok(files.length > 2);
        for (const [number, { bytes: segment }] of files.entries())
          assert.equal(boxes(segment)[0].type, number === 0 ? 'ftyp' : 'moof');
        const [here, there] = found;
        assert.deepEqual([here.place, there.place], ['storage', 'chosen']);
        for (const one of found) {
          assert.deepEqual([one.size, one.fileSize, one.really], Array(3).fill(bytes.length));
          assert.equal(one.sha256, sha256(bytes));
          assert.deepEqual(
            one.files,
            files.map(({ name }) => name),
          );
        }
      },
      { skip: site.skip || browser.lacks.storage },
    );

    check('nothing is asked of protection, or said of it, where nothing is protected', async (page) => {
      await withoutPicker(page);
      await page.evaluate(() => void (window.showDirectoryPicker = undefined));
      await dropRendition(page);
      await goTo(page, 'protect');
      assert.match(await page.text('.plan-none'), /^Give a licence URL/);
      await page.click('#more-file > summary');
      const none = await page.evaluate(() => {
        document.querySelector('[name=protection][value=none]').click();
        return document.querySelector('.plan-none')?.innerText;
      });
      assert.match(none, /^The plan appears here: .* Nothing is written until you say so\.$/);
      await choose(page, 'segments', 'segments');
      await page.waitFor(() => document.querySelector('.plan-body')?.innerText.includes('Files to save'));
      await protect(page);
      await page.waitDownload({ timeout: LONG });
      assert.match(await page.text('.result-head'), /\.zip is made\. Nothing in it is protected\./);
    });

    // What happens, after which nobody can have taken back what was made; and what is said then.
    for (const [what, lost, said] of [
      [
        'the writing worker dies',
        'next',
        /^The browser ended a part of this page.* The folder may still hold/,
      ],
      ['it dies while it finishes', 'finish', /^The browser ended the part of this page that was finishing/],
      ['it does not answer when it is cancelled', 'abort', /^The folder may still hold/],
    ])
      check(
        `when ${what}, the segments that may be in the folder are named`,
        async (page) => {
          await withFolder(page);
          await keepWorkers(page);
          await page.evaluate((last) => {
            const { prototype } = window.Worker;
            let begun = 1;
            prototype.postMessage = new Proxy(prototype.postMessage, {
              apply(target, self, args) {
                begun += args[0]?.next ? 1 : 0;
                // From the third segment on, or from the moment of no return, nothing arrives.
                window.lost ||= last === 'finish' ? args[0]?.finish === true : begun > 3;
                if (!window.lost || self !== window.workers.at(-1)) Reflect.apply(target, self, args);
              },
            });
          }, lost);
          await dropRendition(page);
          await fillForm(page, { key: KEY, kid: KID });
          await page.click('#more-file > summary');
          await choose(page, 'segments', 'segments');
          await waitPlan(page);
          await page.waitFor(() => document.querySelector('.plan-body').innerText.includes('Files to save'));
          await page.click('#protect-start');
          await page.waitFor(() => window.lost, { timeout: LONG });
          if (lost === 'abort') await page.click('#cancel');
          else await page.evaluate(() => window.workers.at(-1).terminate());
          await page.waitFor('.start-note.failed', { timeout: LONG });
          const note = await page.text('.start-note');
          assert.match(note, said);
          const names = rendition.map((each) => basename(each));
          const last = lost === 'finish' ? names.at(-1) : names[3];
          assert.ok(note.includes(`segments of this run: ${names[0]} to ${last}. Delete these`), note);
          assert.doesNotMatch(note, /othing was saved/);
          const finished = Object.keys(await storage(page)).filter((each) => /^chosen\/[^.]/.test(each));
          assert.ok(finished.length >= 3);
        },
        { skip: browser.name === 'chromium' ? site.skip : 'only Chromium lets a person choose a folder' },
      );

    check(
      'a folder is left as it was when a run into it is cancelled',
      async (page) => {
        await withFolder(page);
        const said = await page.evaluate(async () => {
          const { open } = await import('/boxlock.js');
          const media = await open('/samples/sample.ismv');
          const sink = await window.showDirectoryPicker();
          const stop = new AbortController();
          const request = { laUrl: 'https://licence.example/', segments: true };
          const running = media.protect(request, {
            sink,
            signal: stop.signal,
            onProgress: () => stop.abort(),
          });
          const error = await running.catch((reason) => reason);
          media.close();
          return error.name;
        });
        assert.equal(said, 'AbortError');
        assert.deepEqual(await storage(page), {});
      },
      { skip: browser.name === 'chromium' ? site.skip : 'only Chromium writes into folders here' },
    );
  },
  { root: site.root },
);
