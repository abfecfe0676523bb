// Manifests: written of files that are open, read without any, and shown where somebody has one decoded.

import assert from 'node:assert/strict';
import { inEachBrowser } from './browser.mjs';
import { pageTests } from './support.mjs';

/** In the page: the sample protected, opened again, described, and its manifests written and read. */
const START = `
  const { open, readManifest, writeManifests } = await import('/boxlock.js');
  const url = new URL('/samples/sample.ismv', location.href);
  const described = async (request) => {
    const source = await open(url);
    const result = await source.protect({ laUrl: 'https://licence.example.com/', ...request });
    const media = await open(await result.file(), { name: 'film.ismv' });
    const file = await media.describe();
    const sheet = await result.keySheet();
    media.close();
    source.close();
    await result.discard();
    return { file, kid: sheet.keys[0].kid.uuid };
  };
`;

/** What the chosen quality is called, in the page. */
const quality = () => document.querySelector('.segments .pane-head select').selectedOptions[0].textContent;

inEachBrowser((browser) => {
  const check = pageTests(browser);
  const script = (page, body) => page.evaluate(`async () => {${START}${body}}`);

  check('a file that was protected is described, and its manifests say what it is', async (page) => {
    const found = await script(
      page,
      `const { file, kid } = await described({ form: 'hybrid', segmentIndex: true });
      const copy = JSON.parse(JSON.stringify(file));
      const { files, notes } = await writeManifests([copy], { name: 'film' });
      const read = {};
      for (const { form, text } of files) read[form] = await readManifest(text, { files: [file] });
      const alone = await readManifest(new Blob([files.find(({ form }) => form === 'ismc').text]));
      return { file, kid, files, notes, read, alone };`,
    );
    const { file, kid, files, read } = found;
    assert.deepEqual(
      files.map(({ name }) => name),
      ['film.ismc', 'film.ism', 'film.mpd', 'film.ismv.m3u8', 'film.m3u8'],
    );
    assert.equal(file.name, 'film.ismv');
    assert.equal(file.tracks.length, 2);
    assert.equal(file.segments.at(-1).end <= file.size, true);
    const said = Object.entries(read).map(([form, { findings }]) => [form, findings.map(({ rule }) => rule)]);
    assert.deepEqual(Object.fromEntries(said), {
      ism: [],
      ismc: [],
      mpd: ['mpd-muxed'],
      hls: [],
      'hls-media': [],
    });
    for (const form of ['ismc', 'mpd', 'hls', 'hls-media'])
      assert.ok(
        read[form].protection.some(({ kids }) => kids.includes(kid)),
        form,
      );
    assert.deepEqual(read.mpd.streams[0].qualities[0].index, file.index);
    assert.ok(Math.abs(read.ismc.duration - 10) < 0.1, read.ismc.duration);
    assert.equal(found.alone.findings.length, 0);
    assert.ok(found.notes.some(({ form, severity }) => form === 'dash' && severity === 'warning'));
  });

  check('what no manifest can be of, and what is none, fails with a sentence', async (page) => {
    const failed = await script(
      page,
      `const of = (promise) => promise.then(() => 'no error', ({ name, code, message }) => ({ name, code, message }));
      const { file } = await described({ form: 'piff' });
      const notes = (await writeManifests([file], { forms: ['dash'] })).notes;
      return [
        await of(readManifest('<html/>')),
        await of(readManifest('<!DOCTYPE MPD [<!ENTITY a "b">]><MPD>&a;</MPD>')),
        await of(writeManifests([])),
        await of(writeManifests([{ ...file, other: 1 }])),
        await of(writeManifests([file], { forms: ['cmaf'] })),
        notes,
      ];`,
    );
    const notes = failed.pop();
    assert.deepEqual(
      failed.map(({ name, code }) => [name, code]),
      ['not-manifest', 'xml-doctype', 'no-files', 'bad-request', 'bad-request'].map((code) => [
        'BoxlockError',
        code,
      ]),
    );
    assert.match(notes.map(({ message }) => message).join(' '), /PIFF boxes alone/);
  });

  check('a manifest that is pasted shows its streams, and what is wrong with it', async (page) => {
    const texts = await script(
      page,
      `const { file } = await described({ form: 'hybrid', segmentIndex: true });
      const { files } = await writeManifests([file], { name: 'film' });
      return Object.fromEntries(files.map(({ form, text }) => [form, text]));`,
    );
    await page.click('#to-decode');
    await page.waitFor('.decode-text');
    await page.fill('.decode-text', texts.ismc.replace('MinorVersion="1"', 'MinorVersion="7"'));
    await page.waitFor('#decode-found .found');
    const shown = await page.text('#decode-found');
    assert.match(shown, /A client manifest of Smooth Streaming\./);
    assert.match(shown, /640 x 360/);
    assert.match(shown, /The version is 2\.7.*line 2/);
    await page.fill('.decode-text', texts['hls-media'].replace('#EXT-X-VERSION:7', '#EXT-X-VERSION:3'));
    await page.waitFor(() => document.querySelector('#decode-found').textContent.includes('HLS'));
    const playlist = await page.text('#decode-found');
    assert.match(playlist, /EXT-X-VERSION is 3/);
    assert.match(playlist, /licence\.example\.com/);
  });

  check(
    'segments of a manifest are listed where it is decoded, by the index of a file that it names',
    async (page) => {
      const { mpd, media, playlist, file } = await script(
        page,
        `const source = await open(url);
      const result = await source.protect({ laUrl: 'https://licence.example.com/', form: 'hybrid', segmentIndex: true });
      const blob = await result.file();
      const one = await open(blob, { name: 'a film.mp4' });
      const file = await one.describe();
      one.close();
      source.close();
      const { files } = await writeManifests([file], { name: 'film' });
      const text = (form) => files.find((one) => one.form === form).text;
      const media = btoa(Array.from(new Uint8Array(await blob.arrayBuffer()), (byte) => String.fromCharCode(byte)).join(''));
      await result.discard();
      return { mpd: text('mpd'), playlist: text('hls-media'), media, file };`,
      );
      assert.match(mpd, /<BaseURL>a%20film\.mp4<\/BaseURL>[^]*indexRange=/);
      const bytes = Buffer.from(media, 'base64');
      const segments = file.segments;
      const first = `${segments[0].start}-${segments[0].end - 1}`;
      const row = (at) => page.text(`.segment-row[data-index="${at}"]`);
      await page.click('#to-decode');
      await page.waitFor('.decode-text');

      // A playlist has its segments in itself.
      await page.fill('.decode-text', playlist);
      await page.waitFor('.segment-row[data-index="1"]');
      assert.match(await row(0), new RegExp(first));
      assert.equal(await page.evaluate(() => document.querySelector('.segments > .hint')), null);
      assert.match(await page.evaluate(quality), new RegExp(`${segments.length} segments`));

      // A description of whole files says nothing of segments: a file is asked for, or comes along.
      await page.fill('.decode-text', mpd);
      await page.waitFor(() =>
        /one file/.test(document.querySelector('.segments .pane-head select')?.textContent ?? ''),
      );
      assert.equal(await page.text('.segments [role="status"]'), 'List its segments of a file');
      const choose = (name) => page.setFile('#decode-along', name);
      await page.evaluate(() => {
        // The picker of the browser stays shut.
        document.querySelector('#decode-along').click = () => {};
      });
      await page.click('.segments [role="status"] button');
      await choose(new URL('../../www/samples/sample.ismv', import.meta.url).pathname);
      await page.waitFor(() =>
        /No index of segments/.test(document.querySelector('.segments [role="status"]').innerText),
      );
      assert.match(await page.text('.segments [role="status"]'), /Try again$/);

      await page.drop(
        '#decode',
        { name: 'a film.mp4', bytes },
        { name: 'film.mpd', bytes: Buffer.from(mpd) },
      );
      await page.waitFor(() =>
        /sidx/.test(document.querySelector('.segments [role="status"]')?.innerText ?? ''),
      );
      assert.match(await row(0), new RegExp(first));
      const last = segments.at(-1);
      await page.evaluate(() => document.querySelector('.segment-table').focus());
      await page.press('End');
      assert.match(await row(segments.length - 1), new RegExp(`${last.start}-${last.end - 1}`));
      assert.match(await row(segments.length - 1), new RegExp(`^${segments.length}\\b`));
      assert.deepEqual(page.errors, []);
    },
  );

  check('a set that comes with a description of whole files lists the segments of each', async (page) => {
    const { mpd, media, count } = await script(
      page,
      `const source = await open(url);
      const result = await source.protect({ laUrl: 'https://licence.example.com/', form: 'hybrid', segmentIndex: true });
      const blob = await result.file();
      const one = await open(blob, { name: 'film.mp4' });
      const file = await one.describe();
      one.close();
      source.close();
      const { files } = await writeManifests([file], { name: 'film' });
      const media = btoa(Array.from(new Uint8Array(await blob.arrayBuffer()), (byte) => String.fromCharCode(byte)).join(''));
      await result.discard();
      return { mpd: files.find((one) => one.form === 'mpd').text, media, count: file.segments.length };`,
    );
    const bytes = Buffer.from(media, 'base64');
    const files = [
      { name: 'film.mp4', bytes },
      { name: 'film.mpd', bytes: Buffer.from(mpd) },
    ];
    await page.drop('body', ...files);
    await page.waitFor('.set-segments summary', { timeout: 30_000 });
    await page.click('.set-segments summary');
    await page.waitFor(() =>
      /sidx/.test(document.querySelector('.segments [role="status"]')?.innerText ?? ''),
    );
    assert.match(await page.evaluate(quality), new RegExp(`${count} segments`));
    assert.match(await page.text('.segment-row[data-index="0"]'), /^1\b.*film\.mp4$/s);
    assert.deepEqual(page.errors, []);
  });
});
