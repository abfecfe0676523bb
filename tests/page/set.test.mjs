// Several bitrates of a title in one job: the ladder, one key and no counter twice, each file made and checked, the one for
// download beside those for streaming.

import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { before } from 'node:test';
import { inEachBrowser } from './browser.mjs';
import { boxes, haveFfmpeg, ffmpeg, makeSmooth } from './support-media.mjs';
import {
  goTo,
  LA_URL,
  LONG,
  pageTests,
  protectedSample,
  storage,
  withoutPicker,
  workFolder,
} from './support.mjs';

const folder = workFolder();
const skip = haveFfmpeg() ? false : 'not run: FFmpeg is missing';
const options = { skip, timeout: 2 * LONG };

const LADDER = [
  ['film_180p_200k.ismv', '320x180', '200k'],
  ['film_270p_500k.ismv', '480x270', '500k'],
  ['film_360p_900k.ismv', '640x360', '900k'],
];
const paths = LADDER.map(([name]) => folder.path(name));

before(async () => {
  if (skip) return;
  for (const [name, size, bitrate] of LADDER)
    await makeSmooth(folder.path(name), { seconds: 8, size, bitrate });
  // The same, with the sound in a file of its own.
  const [source] = paths;
  await ffmpeg('-i', paths[1], '-an', '-c', 'copy', '-f', 'ismv', folder.path('apart_270p_500k.ismv'));
  await ffmpeg('-i', paths[2], '-an', '-c', 'copy', '-f', 'ismv', folder.path('apart_360p_900k.ismv'));
  await ffmpeg('-i', source, '-vn', '-c', 'copy', '-f', 'ismv', folder.path('apart_audio_96k.isma'));
  // Text that ends before the pictures do.
  const lines = [
    '1',
    '00:00:00,000 --> 00:00:02,000',
    'Hello',
    '',
    '2',
    '00:00:03,000 --> 00:00:04,000',
    'There',
  ];
  await writeFile(folder.path('apart.srt'), `${lines.join('\n')}\n`);
  await ffmpeg('-i', folder.path('apart.srt'), '-c:s', 'ttml', '-f', 'mp4', folder.path('apart_text.mp4'));
});

/** A folder that a person chooses, in storage that only the page sees. */
const withFolder = (page) =>
  page.evaluate(async () => {
    window.showDirectoryPicker = async () =>
      (await navigator.storage.getDirectory()).getDirectoryHandle('chosen', { create: true });
  });

/** Opens a folder with the files of the ladder and another, as if its dialog gave them. */
async function openFolder(page) {
  const files = await Promise.all(
    paths.map(async (path, at) => ({
      name: LADDER[at][0],
      base64: (await readFile(path)).toString('base64'),
    })),
  );
  await page.evaluate((all) => {
    const data = new DataTransfer();
    for (const { name, base64 } of all)
      data.items.add(new File([Uint8Array.from(atob(base64), (one) => one.charCodeAt(0))], name));
    data.items.add(new File(['x'], 'notes.txt'));
    const input = document.querySelector('#open-folder');
    input.files = data.files;
    input.dispatchEvent(new Event('change', { bubbles: true }));
  }, files);
}

/** Opens files together, and shows them as a set. */
async function openSet(page, ...files) {
  await page.setFile('#open-file', ...files);
  await page.waitFor('.set-row .file-name', { timeout: LONG });
  await page.click('.set-row .file-name');
  await page.waitFor('.set .protect-form', { timeout: LONG });
}

const rows = (page) =>
  page.evaluate(() =>
    [...document.querySelectorAll('.set-ladder tbody tr')].map((row) => ({
      name: row.querySelector('th').innerText.trim(),
      chosen: row.className === 'chosen',
      cells: [...row.querySelectorAll('td')].map((cell) => cell.innerText.trim()),
    })),
  );

async function planned(page) {
  await page.fill('.set [name="laUrl"]', LA_URL);
  await page.waitFor('.set .plan-body', { timeout: LONG });
  return page.evaluate(() => ({
    files: [...document.querySelectorAll('.set .plan .set-files > li > strong')].map(
      (name) => name.innerText,
    ),
    kids: [...document.querySelectorAll('.set .plan-section > .ids')].length,
    warnings: [...document.querySelectorAll('.set .warning')].map((line) => line.innerText),
    text: document.querySelector('.set .plan').innerText,
  }));
}

async function made(page) {
  await page.waitFor(() => /protected\./.test(document.querySelector('.set-run h2')?.innerText ?? ''), {
    timeout: LONG,
  });
  return page.evaluate(() => ({
    head: document.querySelector('.set-run h2').innerText,
    text: document.querySelector('.set-run p').innerText,
    lines: [...document.querySelectorAll('.set-run > .set-files > li')].map((line) => line.innerText),
  }));
}

/** What the files of a folder in the page's storage say: their KIDs, and the first IV and how many samples there are. */
const inspected = (page, names, from) =>
  page.evaluate(
    async (wanted, place) => {
      const { open } = await import('/boxlock.js');
      const root = await navigator.storage.getDirectory();
      const dir = await root.getDirectoryHandle(place);
      const found = [];
      for (const name of wanted) {
        const media = await open(await (await dir.getFileHandle(name)).getFile());
        const moofs = (await media.tree()).filter(({ type }) => type === 'moof');
        const ivs = [];
        for (const { path } of moofs) {
          const trafs = (await media.children(path)).filter(({ type }) => type === 'traf');
          for (const traf of trafs) {
            const senc = (await media.children(traf.path)).find(({ type }) => type === 'senc');
            const { fields } = await media.box(senc.path);
            ivs.push(
              ...fields.filter((field) => /^samples\[\d+\]$/.test(field.name)).map(({ value }) => value),
            );
          }
        }
        found.push({ name, kids: media.summary().protection.kids, ivs });
        media.close();
      }
      return found;
    },
    names,
    from,
  );

inEachBrowser((browser) => {
  const check = pageTests(browser);

  check(
    'bitrates of a title become one job, with one key and no counter twice',
    async (page) => {
      await withFolder(page);
      await openSet(page, ...paths);
      const ladder = await rows(page);
      assert.deepEqual(
        ladder.map(({ name, chosen }) => [name, chosen]),
        [
          ['film_360p_900k.ismv', true],
          ['film_270p_500k.ismv', false],
          ['film_180p_200k.ismv', false],
        ],
      );
      assert.match(ladder[0].cells.join(' | '), /640 × 360, H\.264.*AAC/);

      // A limit marks another quality, and a person's choice goes before it.
      await page.fill('.set [name="maxBitrate"]', '0.7');
      await page.waitFor(() => document.querySelectorAll('.set-ladder tbody tr')[1]?.className === 'chosen');

      const plan = await planned(page);
      assert.deepEqual(plan.files, [
        'film_360p_900k.ismv',
        'film_270p_500k.ismv',
        'film_180p_200k.ismv',
        'film.mp4',
      ]);
      assert.equal(plan.kids, 1, 'one key for all');
      assert.deepEqual(plan.warnings, []);
      assert.match(plan.text, /a copy of film_270p_500k\.ismv/);

      await page.click('#set-start');
      const { head, text, lines } = await made(page);
      assert.equal(head, '4 files are protected.');
      assert.match(text, /They are in the folder “chosen”/);
      for (const line of lines.slice(0, 3)) assert.match(line, /checked: every sample is the source’s/);
      const files = await storage(page);
      assert.deepEqual(
        Object.keys(files)
          .filter((name) => /ismc?$/.test(name))
          .sort(),
        ['chosen/film.ism', 'chosen/film.ismc'],
      );
      assert.equal(files['chosen/film.mp4'], files['chosen/film_270p_500k.ismv']);
      const found = await inspected(page, plan.files.slice(0, 3), 'chosen');
      assert.equal(new Set(found.flatMap(({ kids }) => kids)).size, 1);
      const ivs = found.flatMap((each) => each.ivs);
      assert.ok(ivs.length > 1500, `${ivs.length} IVs`);
      assert.equal(new Set(ivs).size, ivs.length, 'no IV twice in all files');

      await page.click('#set-keys');
      const { name, bytes } = await page.waitDownload({ timeout: LONG });
      assert.equal(name, 'film.keys.json');
      const sheet = JSON.parse(bytes.toString('utf8'));
      assert.equal(sheet.keys.length, 1);
      assert.equal(sheet.keys[0].kid.uuid, found[0].kids[0]);
      assert.deepEqual(
        sheet.perFile.map(({ fileName }) => fileName),
        plan.files.slice(0, 3),
      );
      const taken = await page.evaluate(async (json) => {
        const { readKeys } = await import('/boxlock.js');
        return (await readKeys(json)).keys.map(({ kid }) => kid.uuid);
      }, bytes.toString('utf8'));
      assert.deepEqual(taken, found[0].kids, 'it imports again');
      // Each file has its own result.
      await page.click('.set-run .set-files .link');
      await page.waitFor('#panel-result .result-head');
      assert.match(await page.text('#panel-result h2'), /film_360p_900k\.ismv is protected/);
    },
    options,
  );

  check(
    'text is kept along clear: in a file of its own, in the manifests, and in the file for download',
    async (page) => {
      await withFolder(page);
      const names = [
        'apart_270p_500k.ismv',
        'apart_360p_900k.ismv',
        'apart_audio_96k.isma',
        'apart_text.mp4',
      ];
      await openSet(page, ...names.map((name) => folder.path(name)));
      assert.deepEqual(
        (await rows(page)).map(({ name }) => name),
        ['apart_360p_900k.ismv', 'apart_270p_500k.ismv', 'apart_audio_96k.isma', 'apart_text.mp4'],
      );
      for (const form of ['smooth', 'dash', 'hls'])
        await page.evaluate((value) => {
          const input = document.querySelector(`.set [name="manifests"][value="${value}"]`);
          if (input.checked === (value === 'smooth')) input.click();
        }, form);
      const plan = await planned(page);
      const text = 'apart_text.ismt';
      assert.deepEqual(plan.files, [
        'apart_360p_900k.ismv',
        'apart_270p_500k.ismv',
        'apart_audio_96k.isma',
        text,
        'apart.mp4',
      ]);
      assert.ok(plan.warnings.some((one) => /Track 3 stays open to everyone\. Track 3 has/.test(one)));
      await page.click('#set-start');
      const { head, lines } = await made(page);
      assert.equal(head, '5 files are made, 4 of them protected.');
      for (const line of lines) assert.match(line, /checked: every sample is the source’s/);
      const found = await page.evaluate(async () => {
        const { open } = await import('/boxlock.js');
        const root = await navigator.storage.getDirectory();
        const chosen = await root.getDirectoryHandle('chosen');
        const read = async (name) => (await chosen.getFileHandle(name)).getFile();
        const tracks = [];
        for (const name of ['apart_text.ismt', 'apart.mp4']) {
          const media = await open(await read(name));
          tracks.push(
            media.tracks().map(({ kind, format, protection }) => [kind, format, Boolean(protection)]),
          );
          media.close();
        }
        const mpd = await (await read('apart.mpd')).text();
        return { tracks, mpd, m3u8: await (await read('apart.m3u8')).text() };
      });
      assert.deepEqual(found.tracks[0], [['text', 'stpp', false]]);
      const locked = found.tracks[1].map(([kind, , locked]) => `${kind} ${locked}`);
      assert.deepEqual(locked, ['video true', 'audio true', 'text false']);
      assert.match(found.mpd, /contentType="text"[^]*?codecs="stpp[^]*?<BaseURL>apart_text\.ismt</);
      assert.match(found.m3u8, /TYPE=SUBTITLES,[^\n]*URI="apart_text\.m3u8"/);
      // Its keys are those of the others.
      await page.click('#set-keys');
      const { bytes } = await page.waitDownload({ timeout: LONG });
      assert.equal(JSON.parse(bytes.toString('utf8')).keys.length, 1);
    },
    options,
  );

  check(
    'a manifest that comes with the files says which belong together, and is held to them',
    async (page) => {
      const ism = folder.path('movie.ism');
      const entries = LADDER.map(
        ([name], at) =>
          `<video src="${name}" systemBitrate="${[200000, 500000, 5000000][at]}"><param name="trackID" value="1" valuetype="data"/></video>`,
      );
      await writeFile(
        ism,
        `<?xml version="1.0" encoding="utf-8"?><smil xmlns="http://www.w3.org/2001/SMIL20/Language"><head>` +
          `<meta name="clientManifestRelativePath" content="movie.ismc"/></head><body><switch>${entries.join('')}` +
          `<video src="gone.ismv" systemBitrate="9000000"><param name="trackID" value="1" valuetype="data"/></video>` +
          `</switch></body></smil>`,
      );
      await page.setFile('#open-file', ism, ...paths);
      await page.waitFor('.set .protect-form', { timeout: LONG });
      assert.equal(await page.text('.set-title h3'), 'movie');
      const said = await page.evaluate(() => document.querySelector('.set-titles').innerText);
      assert.match(said, /movie\.ism names gone\.ismv, which is not among the files/);
      assert.match(said, /says 5000000 bits a second of film_360p_900k\.ismv/);
      assert.match(said, /movie\.ism: .*Smooth/);
    },
    options,
  );

  check('protected files that use one counter with one key are told, without the key', async (page) => {
    const keys = { kid: '6f651ae1-dbe4-4434-bcb4-690d1564c41c', key: '00112233445566778899aabbccddeeff' };
    const one = await protectedSample(page, { form: 'hybrid', ...keys });
    // The same counters, and other bytes.
    const two = Buffer.from(one);
    two[two.length >> 1] ^= 1;
    const apart = await protectedSample(page, { form: 'hybrid', ...keys });
    const ism = (...names) => ({
      name: 'movie.ism',
      bytes: Buffer.from(
        `<smil xmlns="http://www.w3.org/2001/SMIL20/Language"><head/><body><switch>${names
          .map(
            (name) =>
              `<video src="${name}" systemBitrate="900000"><param name="trackID" value="1" valuetype="data"/></video>`,
          )
          .join('')}</switch></body></smil>`,
      ),
    });
    await page.drop(
      'body',
      { name: 'one.ismv', bytes: one },
      { name: 'two.ismv', bytes: two },
      ism('one.ismv', 'two.ismv'),
    );
    await page.waitFor('.set-counters .warning', { timeout: LONG });
    const said = await page.text('.set-counters .warning');
    assert.match(said, /^Counters meet: the same part of the stream of one key/);
    assert.match(said, /one\.ismv uses a part that two\.ismv uses too\./);
    assert.match(said, /two\.ismv uses a part that one\.ismv uses too\./);
    assert.equal(
      await page.evaluate(() => document.querySelector('.set-counters [role="alert"]') !== null),
      true,
    );

    // Two that were made apart with one key began to count elsewhere.
    await page.goto('/');
    await page.drop(
      'body',
      { name: 'one.ismv', bytes: one },
      { name: 'apart.ismv', bytes: apart },
      ism('one.ismv', 'apart.ismv'),
    );
    await page.waitFor(
      () => /no counter of them/.test(document.querySelector('.set-counters')?.innerText ?? ''),
      {
        timeout: LONG,
      },
    );
    assert.match(await page.text('.set-counters'), /^2 of the files have key IDs in common/);
    assert.deepEqual(page.errors, []);
  });

  check(
    'when files of a job share a counter after all, the job says so',
    async (page) => {
      await withoutPicker(page);
      await withFolder(page);
      // As the plan of a set never lets it come to that, what checking tells of the first file is told of all.
      await page.evaluate(() => {
        let first = null;
        window.Worker = class extends window.Worker {
          set onmessage(handler) {
            super.onmessage = (event) => {
              const found = event.data?.result;
              if (found?.streams?.length && found.counted) found.streams = first ??= found.streams;
              handler(event);
            };
          }
        };
      });
      await openSet(page, ...paths);
      await planned(page);
      await page.click('#set-start');
      const { lines } = await made(page);
      const said = lines.filter((line) => /uses a part of a key’s stream that .* uses too/.test(line));
      assert.equal(said.length, 3, lines.join('\n'));
      for (const line of said) assert.match(line, /with both files, both can be read without the key/);
    },
    options,
  );

  check(
    'where sound stands apart, the one for download has it',
    async (page) => {
      await withoutPicker(page);
      await page.evaluate(() => void (window.showDirectoryPicker = undefined));
      await openSet(
        page,
        ...['apart_270p_500k.ismv', 'apart_360p_900k.ismv', 'apart_audio_96k.isma'].map((name) =>
          folder.path(name),
        ),
      );
      const plan = await planned(page);
      assert.deepEqual(plan.files, [
        'apart_360p_900k.ismv',
        'apart_270p_500k.ismv',
        'apart_audio_96k.isma',
        'apart.mp4',
      ]);
      assert.equal(plan.kids, 1);
      await page.click('#set-start');
      const { head, lines } = await made(page);
      assert.equal(head, '4 files are protected.');
      for (const line of lines) assert.match(line, /checked: every sample is the source’s/);
      const save = '.set-run > .set-files > li:last-child a[download="apart.mp4"]:not([aria-disabled])';
      await page.click(save);
      const { name, bytes } = await page.waitDownload({ timeout: LONG });
      assert.equal(name, 'apart.mp4');
      const moov = boxes(bytes).find(({ type }) => type === 'moov');
      const traks = boxes(bytes, moov.body, moov.end).filter(({ type }) => type === 'trak');
      assert.equal(traks.length, 2, 'picture and sound');
    },
    options,
  );

  check(
    'titles each have a key of their own; a folder is shown at once; cancelling keeps what is done',
    async (page) => {
      // The second file is begun when the test says so.
      await page.evaluate(async () => {
        const root = await navigator.storage.getDirectory();
        const chosen = await root.getDirectoryHandle('chosen', { create: true });
        let asked = 0;
        const gate = new Promise((resolve) => void (window.openGate = resolve));
        window.showDirectoryPicker = async () => ({
          name: chosen.name,
          keys: () => chosen.keys(),
          removeEntry: (name) => chosen.removeEntry(name),
          async getFileHandle(name, how) {
            if (++asked === 2) await gate;
            return chosen.getFileHandle(name, how);
          },
        });
      });
      await openFolder(page);
      await page.waitFor('.set .protect-form', { timeout: LONG });
      const count = await page.evaluate(() => document.querySelectorAll('#file-list > li').length);
      assert.equal(count, 4, 'three files and what they are together');
      await page.evaluate(() => document.querySelector('.set [name="together"][value="each"]').click());
      await page.waitFor(() => document.querySelectorAll('.set-title').length === 3);
      await page.evaluate(() => document.querySelector('.set [name="streaming"]').click());
      const plan = await planned(page);
      assert.equal(plan.files.length, 3);
      assert.equal(plan.kids, 3, 'a key each');

      await page.click('#set-start');
      await page.waitFor(() => document.querySelector('.set-run .set-files > .running ~ li'), {
        timeout: LONG,
      });
      await page.waitFor(() => document.querySelector('.set-run .set-files > .done'), { timeout: LONG });
      await page.press('Escape');
      await page.evaluate(() => window.openGate());
      const { head, text, lines } = await made(page);
      assert.equal(head, '1 of 3 files is protected.');
      assert.match(text, /The rest was cancelled\. They are in the folder “chosen”/);
      assert.match(lines[0], /made/);
      for (const line of lines.slice(1)) assert.match(line, /was not made: it was cancelled/);
      const files = Object.keys(await storage(page)).filter((name) => name.startsWith('chosen/'));
      assert.deepEqual(files, [`chosen/${plan.files[0]}`], 'and nothing that looks finished');

      // What is in the folder is not written over, manifests of before neither.
      await page.waitFor('.set .plan-body', { timeout: LONG });
      await page.click('#set-start');
      if (await page.evaluate(() => Boolean(document.querySelector('dialog[open]'))))
        await page.click('#ask-go-on');
      await page.waitFor(() =>
        /is in that folder already/.test(document.querySelector('.set .start-note').innerText),
      );
      await page.click('.set-row .icon-button');
      await page.waitFor(() => !document.querySelector('.set-row'));
      await goTo(page, 'inspect');
    },
    options,
  );

  check(
    'a key that only a merged file has is asked about before it is lost',
    async (page) => {
      await withoutPicker(page);
      await page.evaluate(() => void (window.showDirectoryPicker = undefined));
      await openSet(
        page,
        ...['apart_270p_500k.ismv', 'apart_360p_900k.ismv', 'apart_audio_96k.isma'].map((name) =>
          folder.path(name),
        ),
      );
      await page.evaluate(() => document.querySelector('.set [name="streaming"]').click());
      const plan = await planned(page);
      assert.deepEqual(plan.files, ['apart.mp4']);
      await page.click('#set-start');
      assert.equal((await made(page)).head, '1 file is protected.');
      const stored = async () =>
        Object.keys(await storage(page)).filter((name) => name.startsWith('boxlock/')).length;
      assert.equal(await stored(), 1);
      await page.click('.set-row .icon-button');
      await page.click('#ask-stay');
      await page.waitFor('.set-row');
      await page.click('.set-row .icon-button');
      await page.click('#ask-save');
      const { name, bytes } = await page.waitDownload({ timeout: LONG });
      assert.equal(name, 'apart.keys.json');
      assert.equal(JSON.parse(bytes.toString('utf8')).keys.length, 1);
      await page.click('#ask-go-on');
      await page.waitFor(() => !document.querySelector('.set-row'));
      await page.waitFor(async () => {
        const root = await navigator.storage.getDirectory();
        const found = [];
        for await (const each of (await root.getDirectoryHandle('boxlock')).keys()) found.push(each);
        return found.length === 0;
      });
    },
    options,
  );

  check(
    'files of folders are called by their names, and where two have the same by their folders too',
    async (page) => {
      const names = await page.evaluate(async () => {
        const { arrange } = await import('/boxlock.js');
        const bytes = await (await fetch('/samples/sample.ismv')).arrayBuffer();
        const files = ['set/film.ismv', 'set/low/video.mp4', 'set/high/video.mp4'].map((path) => {
          const file = new File([bytes], path.split('/').at(-1));
          Object.defineProperty(file, 'webkitRelativePath', { value: path });
          return file;
        });
        return (await arrange(files)).groups.map(({ name }) => name);
      });
      assert.deepEqual(names, ['film.ismv', 'set low video.mp4', 'set high video.mp4']);
    },
  );
});
