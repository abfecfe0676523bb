// Verifying in the browser: what was written is read again and held against its source, and what is wrong with it is found.

import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { before } from 'node:test';
import { inEachBrowser } from './browser.mjs';
import { haveFfmpeg, makeVideo } from './support-media.mjs';
import {
  fillForm,
  goTo,
  LA_URL,
  LONG,
  openFile,
  pageTests,
  protect,
  protectedSample,
  SAMPLE,
  waitPlan,
  withoutPicker,
  workFolder,
} from './support.mjs';

const folder = workFolder();
const KEY = '00112233445566778899aabbccddeeff';
const KID = '6f651ae1-dbe4-4434-bcb4-690d1564c41c';
before(async () => {
  if (haveFfmpeg())
    await makeVideo(folder.path('plain.mp4'), ['libx264', '-preset', 'ultrafast', '-bf', '2']);
});

/** Runs in the page: protects a source, verifies it, spoils a copy, and verifies that with its source and without. */
const run = async (request) => {
  const { open } = await import('/boxlock.js');
  const response = await fetch('/samples/sample.ismv');
  const clear = new Uint8Array(await response.arrayBuffer());
  const media = await open(clear);
  const stages = new Set();
  const result = await media.protect({ laUrl: 'https://x.example/', ...request });
  const right = await result.verify({ workers: 2, onProgress: ({ stage }) => stages.add(stage) });
  const bytes = new Uint8Array(await (await result.file()).arrayBuffer());
  const keys = result.keys.map(({ kid, key }) => ({ kid: kid.uuid, key }));
  const again = await open(bytes);
  const alone = await again.verify(keys);
  const beside = await again.verify(keys, { source: new Blob([clear]) });
  const again2 = await open(clear);
  const spoiled = bytes.slice();
  // A byte of the last fragment's samples.
  const text = new TextDecoder('latin1').decode(bytes);
  spoiled[text.lastIndexOf('mdat') + 100] ^= 4;
  const other = await open(spoiled);
  const found = await other.verify(keys, { source: new Blob([clear]) });
  const wrong = await other.verify(keys.map(({ kid }) => ({ kid, key: '00'.repeat(15) + '01' })));
  const wrongBeside = await again.verify(
    keys.map(({ kid }) => ({ kid, key: '00'.repeat(15) + '01' })),
    { source: again2 },
  );
  again.close();
  again2.close();
  const none = await other.verify([]).catch((error) => ({ faults: [{ code: error.code }] }));
  other.close();
  const cancelled = await result.verify({ signal: AbortSignal.abort() }).then(
    () => 'done',
    (error) => error.name,
  );
  media.close();
  return { wrongBeside, right, alone, beside, found, wrong, none, cancelled, keys, stages: [...stages] };
};

/** The reports, as they are saved. */
const reports = (page) =>
  page.evaluate(async () => {
    const saved = [];
    const { createObjectURL } = URL;
    URL.createObjectURL = (blob) => (saved.push(blob), createObjectURL.call(URL, blob));
    for (const button of document.querySelectorAll('#verify .save-line button')) button.click();
    URL.createObjectURL = createObjectURL;
    return Promise.all(saved.map((blob) => blob.text()));
  });

inEachBrowser((browser) => {
  const check = pageTests(browser);

  for (const request of [
    {},
    { form: 'piff' },
    { scheme: 'cbcs' },
    { keyPer: 'track', clearLead: 2 },
    { keyRotation: 2 },
  ]) {
    check(
      `${JSON.stringify(request)}: what was made is right, and a bit that flipped is found`,
      async (page) => {
        const { wrongBeside, right, alone, beside, found, wrong, none, cancelled, stages, keys } =
          await page.evaluate(run, request);
        assert.deepEqual(right.faults, []);
        assert.ok(right.ok && right.compared && stages.includes('verify'));
        assert.deepEqual(beside, right);
        for (const track of right.tracks) {
          assert.ok(track.samples > 100 && track.equal === track.samples, JSON.stringify(track));
          assert.ok(
            track.encrypted > 0.02 * track.bytes && track.encrypted <= track.bytes,
            JSON.stringify(track),
          );
        }
        assert.deepEqual([alone.ok, alone.compared, alone.tracks[0].equal], [true, false, undefined]);
        assert.deepEqual([found.ok, found.faults.length, found.faults[0].code], [false, 1, 'other-bytes']);
        assert.ok(found.faults[0].track && found.faults[0].sample > 100, JSON.stringify(found.faults));
        const told = wrong.faults.filter(({ code }) => /^(header-checksum|wrong-key)$/.test(code));
        assert.ok(told.length > 0, JSON.stringify(wrong.faults));
        for (const { kid } of keys)
          assert.ok(
            told.some(({ message }) => message.includes(kid)),
            `${kid}: ${JSON.stringify(told)}`,
          );
        assert.ok(wrongBeside.faults.some(({ code }) => code === 'wrong-key'));
        assert.ok(wrongBeside.compared && wrongBeside.faults.some(({ code }) => code === 'other-bytes'));
        assert.equal(none.faults[0]?.code, 'no-key');
        assert.equal(cancelled, 'AbortError');
      },
    );
  }

  check('what stands around the fragments is held against what was written there', async (page) => {
    const found = await page.evaluate(async () => {
      const { open } = await import('/boxlock.js');
      const media = await open('/samples/sample.ismv');
      const result = await media.protect({ laUrl: 'https://x.example/' });
      const file = await result.file();
      const text = new TextDecoder('latin1').decode(await file.arrayBuffer());
      // A letter of the licence URL, in UTF-16.
      const at = text.indexOf('x\0.\0e\0x\0a\0m\0p\0l\0e');
      const root = await navigator.storage?.getDirectory?.().catch(() => null);
      if (!root) return null;
      /** @param {FileSystemDirectoryHandle} folder */
      const spoil = async (folder) => {
        for await (const handle of folder.values()) {
          if (handle.kind === 'directory') await spoil(handle);
          else if ((await handle.getFile()).size === file.size) {
            const writer = await handle.createWritable({ keepExistingData: true });
            await writer.write({ type: 'write', position: at, data: 'y' });
            await writer.close();
          }
        }
      };
      await spoil(root);
      return { at, ...(await result.verify()) };
    });
    // Where there is no storage, what was made is in memory, and nothing can change it.
    if (!found) return void console.log(`# ${browser.name} has no storage for pages`);
    assert.ok(found.at > 0 && !found.ok);
    assert.deepEqual(
      found.faults.map(({ code, message }) => [code, message.includes(String(found.at))]),
      [['not-as-written', true]],
    );
  });

  check('the page verifies by itself, says so by sentences, and can be stopped', async (page) => {
    await withoutPicker(page);
    await openFile(page, SAMPLE);
    await fillForm(page, {});
    await waitPlan(page);
    await protect(page);
    await page.waitFor(() => document.querySelector('.verify-good'), { timeout: LONG });
    const said = await page.evaluate(() => document.querySelector('#verify').innerText);
    assert.match(said, /Every sample is as in the source/);
    assert.match(said, /Track 1: 250 of 250 samples equal/);
    const saved = await reports(page);
    assert.equal(saved.length, 2);
    assert.match(saved[0], /^<!doctype html>/);
    assert.equal(JSON.parse(saved[1]).ok, true);
    await page.click('.show-key');
    const key = await page.evaluate(() => document.querySelector('.key-value').textContent);
    assert.match(key, /^[0-9a-f]{32}$/);
    assert.ok(saved.every((report) => !report.includes(key)));
  });

  check(
    'segments are verified as the one file that they are, in a folder and in an archive',
    async (page) => {
      const found = await page.evaluate(async () => {
        const { open } = await import('/boxlock.js');
        const media = await open('/samples/sample.ismv');
        const request = { laUrl: 'https://x.example/', form: 'plain', segments: true };
        const archived = await media.protect(request);
        const archive = await archived.verify();
        const root = await navigator.storage?.getDirectory?.().catch(() => null);
        if (!root) return { archive, count: archived.files.length };
        const folder = await root.getDirectoryHandle('segments', { create: true });
        const result = await media.protect(request, { sink: folder });
        const right = await result.verify();
        // A byte of the samples of the third segment.
        const handle = await folder.getFileHandle(result.files[2]);
        const { size } = await handle.getFile();
        const writer = await handle.createWritable({ keepExistingData: true });
        await writer.write({ type: 'write', position: size - 9, data: Uint8Array.of(1, 2, 3, 4) });
        await writer.close();
        const spoiled = await result.verify();
        await folder.removeEntry(result.files[3]);
        const gone = await result.verify().catch((error) => error.name);
        await root.removeEntry('segments', { recursive: true });
        return { archive, count: archived.files.length, right, spoiled, gone };
      });
      const { archive, count, right, spoiled, gone } = found;
      assert.ok(count > 4);
      assert.deepEqual(archive.faults, []);
      assert.ok(
        archive.ok && archive.compared && archive.tracks.every(({ samples, equal }) => samples === equal),
      );
      if (!right) return void console.log(`# ${browser.name} has no storage for pages`);
      // Each has IVs of its own.
      const { streams, ...report } = archive;
      assert.equal(streams.length, 1);
      assert.notDeepEqual(right.streams, streams);
      assert.deepEqual({ ...right, streams: null }, { ...report, streams: null });
      assert.deepEqual([spoiled.ok, gone], [false, 'NotFoundError']);
      assert.ok(
        spoiled.faults.every(({ code }) => code === 'other-bytes') && spoiled.faults[0].sample > 0,
        JSON.stringify(spoiled.faults),
      );
    },
  );

  check('a protected file that is opened later is checked with its keys, and its source', async (page) => {
    await withoutPicker(page);
    const path = folder.path(`later-${browser.name}.mp4`);
    await writeFile(path, await protectedSample(page, { key: KEY, kid: KID, laUrl: LA_URL }));
    await openFile(page, path);
    const start = () => page.click('#check-start');
    const report = async (kind) => {
      await page.waitFor(`.file-check .verify-${kind}`, { timeout: LONG });
      return page.text('#verify');
    };
    // From where its keys are asked for, those that are typed come along.
    await goTo(page, 'protect');
    await page.click('[name="work"][value="clear"]');
    await page.fill('.unlock [name="sourceKey"]', KEY.replace('00', '01'));
    await page.click('#unlock-check');
    await page.waitFor(() => !document.querySelector('#panel-result').hidden);
    assert.equal(
      await page.evaluate(() => document.querySelector('.check [name="sourceKey"]').value.length),
      32,
    );
    await start();
    const wrong = await report('bad');
    assert.match(wrong, /^✗ A key that was given is the wrong one\./);
    assert.ok(wrong.includes(`The key given for the KID ${KID} is the wrong one`), wrong);
    // Who leaves takes them along.
    await goTo(page, 'inspect');
    await goTo(page, 'result');
    assert.equal(await page.evaluate(() => document.querySelector('.check [name="sourceKey"]').value), '');
    await start();
    await page.waitFor(() =>
      /Give the keys first/.test(document.querySelector('.check > .field-fault').textContent),
    );
    await page.fill('.check [name="sourceKey"]', KEY);
    await start();
    const alone = await report('good');
    assert.match(alone, /^✓ Nothing is wrong with this file\./);
    assert.match(alone, /without its clear source/);
    // Of its source, which is on this computer.
    await page.setFile('#clear-source-file', SAMPLE);
    await page.waitFor(() => document.querySelector('[name="clearSource"]').value === 'chosen');
    await start();
    const beside = await report('good');
    assert.match(beside, /^✓ Every sample is as in the source\./);
    assert.match(beside, /Track 1: 250 of 250 samples equal, .* encrypted/);
    assert.match(beside, /Clear: lengths, and headers of units/);
    // Dropped there it is the source, and no other file to open.
    await page.evaluate(() => {
      document.querySelector('[name="clearSource"]').value = 'none';
    });
    await page.drop('.source-place', SAMPLE);
    await page.waitFor(() => document.querySelector('[name="clearSource"]').value === 'chosen');
    assert.equal(await page.evaluate(() => document.querySelectorAll('#file-list li').length), 1);
    const saved = await reports(page);
    assert.equal(JSON.parse(saved[1]).compared, true);
    assert.ok(saved.every((text) => !text.includes(KEY)));
    assert.ok(saved[0].includes(KID));
    // And one that is open.
    await openFile(page, SAMPLE);
    await page.click('#file-list li:first-child .file-name');
    await page.evaluate((name) => {
      const select = document.querySelector('[name="clearSource"]');
      select.value = [...select.options].find(({ textContent }) => textContent === name).value;
    }, 'sample.ismv');
    // To look at another file is to leave.
    await page.fill('.check [name="sourceKey"]', KEY);
    await start();
    assert.match(await report('good'), /^✓ Every sample is as in the source\./);
  });

  check('large files are not verified by themselves', async (page) => {
    const verifies = await page.evaluate(async () => {
      const { FileFields } = await import('/www/ui/file-fields.js');
      return [2e9 - 1, 2e9].map((size) => new FileFields({ fragments: false, opens: false, size }).verifies);
    });
    assert.deepEqual(verifies, [true, false]);
  });

  check('what is made is not verified when nobody wants it, and is by the button', async (page) => {
    await withoutPicker(page);
    await openFile(page, SAMPLE);
    await fillForm(page, {});
    await page.click('#more-file > summary');
    assert.equal(await page.evaluate(() => document.querySelector('[name="verify"]').checked), true);
    await page.click('[name="verify"]');
    await waitPlan(page);
    await protect(page);
    await page.waitFor('#verify-start');
    assert.equal(await page.evaluate(() => document.querySelector('.verify-good, .verify-run')), null);
    await page.click('#verify-start');
    await page.waitFor(() => document.querySelector('.verify-good'), { timeout: LONG });
  });

  check(
    'a plain file is compared with what was made of it',
    async (page) => {
      const bytes = [...(await import('node:fs')).readFileSync(folder.path('plain.mp4'))];
      const right = await page.evaluate(async (bytes) => {
        const { open } = await import('/boxlock.js');
        const media = await open(Uint8Array.from(bytes));
        const result = await media.protect({ laUrl: 'https://x.example/' });
        return result.verify();
      }, bytes);
      assert.deepEqual(right.faults, []);
      assert.ok(
        right.ok && right.tracks.every((track) => track.equal === track.samples && track.samples > 0),
      );
    },
    { skip: haveFfmpeg() ? false : 'FFmpeg is missing' },
  );
});
