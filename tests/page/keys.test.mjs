// Several keys in a file, and headers that somebody else has made: the form, the plan, the result, the key sheet, and
// whether the browser plays it.

import assert from 'node:assert/strict';
import { inEachBrowser } from './browser.mjs';
import { checksum } from './support-media.mjs';
import {
  choose,
  fillForm,
  goTo,
  keySheet,
  LA_URL,
  LONG,
  openFile,
  pageTests,
  protect,
  SAMPLE,
  waitPlan,
  withoutPicker,
} from './support.mjs';

const KEYS = ['00112233445566778899aabbccddeeff', '0f1e2d3c4b5a69788796a5b4c3d2e1f0'];
const KIDS = ['6f651ae1-dbe4-4434-bcb4-690d1564c41c', '20000000-2000-2000-2000-200000000002'];

/** What stands in the part of the plan, or of the result, for each key. */
const keyParts = (page, place) =>
  page.evaluate(
    (selector) =>
      [...document.querySelectorAll(`${selector} .key-part`)].map((part) => ({
        title: part.querySelector('h4').innerText,
        kid: part.querySelector('.ids code').innerText,
      })),
    place,
  );

/** Fills the fields of this name that can be seen, in order. */
async function fillRows(page, name, values) {
  const ids = await page.evaluate(
    (field) =>
      [...document.querySelectorAll(`[name="${field}"]`)]
        .filter((one) => one.offsetParent)
        .map(({ id }) => id),
    name,
  );
  assert.equal(ids.length, values.length, `${ids.length} fields ${name}`);
  for (const [number, value] of values.entries()) await page.fill(`#${ids[number]}`, value);
}

inEachBrowser((browser) => {
  const check = pageTests(browser);

  check('a key for sound and one for pictures, both random', async (page) => {
    await withoutPicker(page);
    await openFile(page, SAMPLE);
    await fillForm(page);
    await page.click('#more-keys summary');
    await choose(page, 'keyPer', 'class');
    const plan = await waitPlan(page);
    const planned = await keyParts(page, '.plan-body');
    assert.deepEqual(planned.map(({ title }) => title.split('\n')[0].replace(/ track .*/, '')).sort(), [
      'Key for pictures up to 768 × 576',
      'Key for the sound',
    ]);
    assert.match(plan.header, /version="4\.2\.0\.0"/);
    assert.equal(plan.header.match(/<KID /g).length, 2);
    assert.match(await page.text('.plan-body'), /players before PlayReady 3\.0 do not read it/);

    // What is typed elsewhere does not change the KIDs.
    await page.fill('[name="laUrl"]', `${LA_URL}&b=2`);
    await page.waitFor(() => document.querySelector('.plan-body .text-card')?.innerText.includes('b=2'));
    await waitPlan(page);
    assert.deepEqual(await keyParts(page, '.plan-body'), planned);

    await protect(page);
    const file = await page.waitDownload({ timeout: LONG });
    assert.match(await page.text('.key-text'), /keys have not been kept yet/);
    const made = await keyParts(page, '.result');
    assert.deepEqual(
      made.map(({ kid }) => kid),
      planned.map(({ kid }) => kid),
    );
    const { sheet } = await keySheet(page);
    assert.match(await page.text('.key-text'), /for whoever runs the licence server/);
    assert.deepEqual(
      sheet.keys.map((key) => key.kid.uuid),
      planned.map(({ kid }) => kid),
    );
    for (const key of sheet.keys) {
      assert.equal(key.checksum, checksum(key.key.hex, key.kid.uuid));
      assert.equal(Buffer.from(key.key.base64, 'base64').toString('hex'), key.key.hex);
      assert.ok(file.bytes.includes(Buffer.from(key.kid.hex, 'hex')));
      assert.equal(sheet.tracks.filter(({ kid }) => kid === key.kid.uuid).length, 1);
    }
    assert.notEqual(sheet.keys[0].key.hex, sheet.keys[1].key.hex);
    assert.deepEqual([sheet.kid, sheet.key], [sheet.keys[0].kid, sheet.keys[0].key]);
    assert.equal(sheet.algorithm, 'AESCTR');

    await page.click('#play');
    await page.waitFor(() => document.querySelector('.player-state').innerText.startsWith('Playing'), {
      timeout: LONG,
    });
    const end = () => document.querySelector('.stage video').currentTime > 1.5;
    await page.waitFor(end, { timeout: LONG });
  });

  check('keys typed for each track', async (page) => {
    await withoutPicker(page);
    await openFile(page, SAMPLE);
    await fillForm(page);
    await page.click('#more-keys summary');
    await choose(page, 'keyPer', 'track');
    await choose(page, 'keyWay', 'typed');
    await choose(page, 'kidWay', 'typed');
    await page.click('#protect-start');
    await page.waitFor(() => document.querySelector('.key-rows .field-fault')?.innerText.includes('track'));
    const focused = await page.evaluate(() => document.activeElement.name);
    assert.equal(focused, 'keyOf');
    await fillRows(page, 'keyOf', [KEYS[0], 'abc']);
    await fillRows(page, 'kidOf', KIDS);
    await page.waitFor(() =>
      document.querySelector('.key-rows .field-fault')?.innerText.startsWith('For track'),
    );
    await fillRows(page, 'keyOf', KEYS);
    await waitPlan(page);
    // One that is left out needs no key.
    const boxes = await page.evaluate(() =>
      [...document.querySelectorAll('[name="tracks"]')].map(({ id }) => id),
    );
    await page.click(`#${boxes[1]}`);
    await page.waitFor(() => document.querySelectorAll('.plan-body .badge.open').length === 1);
    await waitPlan(page);
    assert.doesNotMatch(await page.text('.plan-body'), /is not used/);
    await page.click(`#${boxes[1]}`);
    await page.waitFor(() => document.querySelectorAll('.plan-body .badge.open').length === 0);
    await waitPlan(page);
    await protect(page);
    await page.waitDownload({ timeout: LONG });
    const { sheet } = await keySheet(page);
    assert.deepEqual(
      sheet.keys.map((key) => [key.kid.uuid, key.key.hex]),
      KIDS.map((kid, n) => [kid, KEYS[n]]),
    );
    assert.deepEqual(
      sheet.keys.map(({ track }) => track),
      sheet.tracks.map(({ id }) => id),
    );
  });

  check('a ready-made header goes in as it is, with its KID', async (page) => {
    await withoutPicker(page);
    const object = await page.evaluate(
      async (kid, key) => {
        const { open } = await import('/boxlock.js');
        const media = await open('/samples/sample.ismv');
        const request = { laUrl: 'https://other.example/', customAttributes: '<a>1</a>', kid, key };
        const plan = await media.plan(request);
        media.close();
        return plan.playreadyObject;
      },
      KIDS[0],
      KEYS[0],
    );
    await openFile(page, SAMPLE);
    await goTo(page, 'protect');
    await page.click('#more-header summary');
    await page.fill('[name="playreadyObject"]', object);
    await page.waitFor(() => /Type the key/.test(document.querySelector('#panel-protect').innerText));
    await choose(page, 'keyWay', 'typed');
    await page.fill('[name="key"]', KEYS[0]);
    const plan = await waitPlan(page);
    assert.equal(plan.kid, KIDS[0]);
    assert.match(plan.header, /<CUSTOMATTRIBUTES>\s*<a>1<\/a>\s*<\/CUSTOMATTRIBUTES>/);
    // Beside it nothing else is to be said of the header.
    await page.fill('[name="laUrl"]', LA_URL);
    await page.waitFor(() => /says this by itself/.test(document.querySelector('#protect-form').innerText));
    await page.fill('[name="laUrl"]', '');
    await waitPlan(page);
    await protect(page);
    const file = await page.waitDownload({ timeout: LONG });
    assert.ok(file.bytes.includes(Buffer.from(object, 'base64')));
    const { sheet } = await keySheet(page);
    assert.deepEqual([sheet.kid.uuid, sheet.laUrl], [KIDS[0], 'https://other.example/']);
  });

  check('a clear lead plays before there is a key, and the rest with it', async (page) => {
    const found = await page.evaluate(async () => {
      const { open } = await import('/boxlock.js');
      const { Player } = await import('/www/ui/player.js');
      const media = await open('/samples/sample.ismv');
      const plan = await media.plan({ laUrl: 'https://x.example/', clearLead: 3 });
      const made = await media.protect(plan);
      const file = await made.file();
      const seconds = (time) => new Promise((resolve) => void setTimeout(resolve, time * 1000));
      const until = async (is, patience) => {
        for (let waited = 0; waited < patience && !is(); waited += 0.1) await seconds(0.1);
      };
      // With the decryptor that a player sets up, but without any key.
      const access = await navigator.requestMediaKeySystemAccess('org.w3.clearkey', [
        {
          initDataTypes: ['keyids'],
          videoCapabilities: [{ contentType: 'video/mp4; codecs="avc1.42E01E"' }],
          audioCapabilities: [{ contentType: 'audio/mp4; codecs="mp4a.40.2"' }],
        },
      ]);
      const keys = await access.createMediaKeys();
      const opened = await open(file);
      const { info, init, fragments } = await opened.playback();
      const video = document.createElement('video');
      video.muted = true;
      await video.setMediaKeys(keys);
      document.body.append(video);
      const source = new MediaSource();
      video.src = URL.createObjectURL(source);
      await new Promise((resolve) => void source.addEventListener('sourceopen', resolve, { once: true }));
      const buffer = source.addSourceBuffer(info.mimeType);
      const append = async (bytes) => {
        const done = new Promise(
          (resolve) => void buffer.addEventListener('updateend', resolve, { once: true }),
        );
        buffer.appendBuffer(bytes);
        await done;
      };
      await append(init);
      let told = '';
      try {
        for await (const fragment of fragments()) await append(fragment);
      } catch (error) {
        told = `${error} ${video.error?.message}`;
      }
      void video.play().catch(() => {});
      await until(() => video.currentTime > 1, 15);
      const lead = { time: video.currentTime, frames: video.getVideoPlaybackQuality().totalVideoFrames };
      video.remove();
      // With its key, to the end.
      const player = new Player(() => {});
      document.body.append(player.video);
      player.video.muted = true;
      await player.play(file, made.keys, open);
      await until(() => player.video.ended, 40);
      const all = {
        time: player.video.currentTime,
        frames: player.video.getVideoPlaybackQuality().totalVideoFrames,
      };
      player.close();
      return { told, lead, all, share: made.tracks.map(({ share }) => share), warnings: plan.warnings };
    });
    assert.ok(
      found.warnings.some((one) => /first 3 s stay open/.test(one)),
      found.warnings.join('\n'),
    );
    assert.ok(
      found.share.every((share) => share > 0.3 && share < 0.9),
      found.share.join(),
    );
    assert.ok(found.lead.time > 1 && found.lead.frames > 10, JSON.stringify(found.lead));
    assert.ok(found.all.time > 9.5 && found.all.frames > 240, JSON.stringify(found.all));
  });

  for (const form of /** @type {const} */ (['hybrid', 'piff', 'plain']))
    check(`keys that change along a file play to the end: ${form}`, async (page) => {
      const found = await page.evaluate(async (form) => {
        const { open } = await import('/boxlock.js');
        const { Player } = await import('/www/ui/player.js');
        const media = await open('/samples/sample.ismv');
        const plan = await media.plan({ laUrl: 'https://x.example/', form, keyPer: 'class', keyRotation: 2 });
        const made = await media.protect(plan);
        const sheet = await made.keySheet();
        const play = async (/** @type {readonly import('../../www/types.d.ts').MadeKey[]} */ keys) => {
          const player = new Player(() => {});
          document.body.append(player.video);
          player.video.muted = true;
          await player.play(await made.file(), keys, open).catch(() => {});
          for (let waited = 0; waited < 200 && !player.video.ended; waited += 1)
            await new Promise((resolve) => void setTimeout(resolve, 100));
          const { currentTime } = player.video;
          const frames = player.video.getVideoPlaybackQuality().totalVideoFrames;
          player.close();
          return { currentTime, frames };
        };
        const all = await play(made.keys);
        return {
          all,
          planned: plan.keys,
          made: made.keys,
          sheet,
          boxes: plan.boxes,
          warnings: plan.warnings,
        };
      }, form);
      assert.deepEqual(
        found.planned.map(({ period, class: kind }) => `${period} ${kind}`),
        ['0 sd', '0 audio', '1 sd', '1 audio', '2 sd', '2 audio'],
      );
      const keys = new Set(found.made.map(({ key }) => key));
      assert.deepEqual([keys.size, found.sheet.keys.map(({ key }) => key.hex)], [6, [...keys]]);
      const groups = found.boxes.filter(({ type }) => type === 'sgpd').map(({ count }) => count);
      assert.deepEqual(groups, form === 'piff' ? [] : [6]);
      assert.ok(found.warnings.some((one) => /Keys change 2 times/.test(one)));
      assert.ok(found.all.currentTime > 9.5 && found.all.frames > 240, JSON.stringify(found.all));
    });

  check('the module takes keys by class, and its result has each of them', async (page) => {
    const found = await page.evaluate(
      async (kids, keys) => {
        const { open } = await import('/boxlock.js');
        const media = await open('/samples/sample.ismv');
        const request = {
          laUrl: 'https://x.example/',
          scheme: 'cbcs',
          keys: [{ class: 'audio', kid: kids[0], key: keys[0] }],
        };
        const planning = media.plan(request);
        // What changes after it was given has no part in it.
        request.keys[0].kid = kids[1];
        const plan = await planning;
        const made = await media.protect(plan);
        const sheet = await made.keySheet();
        const wrong = await media.plan({ ...request, keys: [{ clas: 'audio' }] }).catch((error) => error);
        await made.discard();
        const shown = await media.plan({
          laUrl: 'https://x.example/',
          keyPer: 'track',
          licenceStore: 100,
          decryptorSetup: 'ondemand',
        });
        media.close();
        return {
          keys: made.keys,
          plan: plan.keys,
          first: [{ ...made.kid }, made.key, made.checksum],
          algorithm: sheet.algorithm,
          tracks: made.tracks.map(({ kid }) => kid),
          wrong: [wrong.code, wrong.field, wrong.message],
          pssh: shown.pssh,
          xml: shown.headerXml,
          object: shown.playreadyObject,
        };
      },
      KIDS,
      KEYS,
    );
    const audio = found.keys.find((key) => key.class === 'audio');
    assert.deepEqual([audio.kid.uuid, audio.key, audio.source], [KIDS[0], KEYS[0], 'typed']);
    assert.equal(found.keys.length, 2);
    assert.deepEqual(
      found.keys.map(({ key, ...rest }) => (assert.match(key, /^[0-9a-f]{32}$/), rest)),
      found.plan,
    );
    assert.deepEqual(found.first, [found.keys[0].kid, found.keys[0].key, null]);
    assert.equal(found.algorithm, 'AESCBC');
    assert.equal(new Set(found.tracks).size, 2);
    assert.deepEqual(found.wrong.slice(0, 2), ['bad-request', 'keys']);
    assert.match(found.wrong[2], /no field clas; .*class/);
    assert.match(found.xml, /<DECRYPTORSETUP>ONDEMAND<\/DECRYPTORSETUP>/);
    assert.match(found.xml, /version="4\.2\.0\.0"/);
    const object = Buffer.from(found.object, 'base64');
    assert.equal(object.readUInt16LE(4), 2, 'two records');
    assert.deepEqual(
      found.pssh.map(({ system }) => system),
      ['PlayReady', 'W3C common (ClearKey)'],
    );
    assert.ok(Buffer.from(found.pssh[0].base64, 'base64').includes(object));
  });
});
