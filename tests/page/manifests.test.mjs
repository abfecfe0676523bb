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
});
