// The finished files in players that are none of ours: a set of three bitrates with sound, protected by the page, is played to its
// end in each, by the manifests that are written of it; and what a player says when it fails is shown.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { answerOf, rangeOf } from '../../www/preview/answer.js';
import { kidsOf } from '../../www/preview/observed.js';
import { inEachBrowser } from './browser.mjs';
import {
  makeLadder,
  options,
  paths,
  PICTURES,
  play,
  protectSet,
  row,
  assertGone,
  assertInside,
  assertPlays,
} from './support-preview.mjs';
import { giveAxe, LONG, pageTests, withoutPicker } from './support.mjs';

makeLadder();

/** Protects the file that the page was given, as the request says, and shows the players for it. */
const protectAnew = (page, request) =>
  page.evaluate(async (asked) => {
    const { open } = await import('/boxlock.js');
    const { Preview } = (await import('/preview/later.js')).preview_card;
    const media = await open(document.querySelector('#given').files[0]);
    const result = await media.protect({ laUrl: 'https://licence.example.com/rightsmanager.asmx', ...asked });
    window.shown?.close();
    window.shown = new Preview([{ name: 'film.mp4', result }]);
    document.querySelector('#previews').replaceChildren(window.shown.element);
  }, request);

test('ranges are answered as RFC 9110 has them', async () => {
  assert.deepEqual(rangeOf('bytes=0-', 10), { start: 0, end: 10 });
  assert.deepEqual(rangeOf('bytes=2-4', 10), { start: 2, end: 5 });
  assert.deepEqual(rangeOf('bytes=2-400', 10), { start: 2, end: 10 });
  assert.deepEqual(rangeOf('bytes=-3', 10), { start: 7, end: 10 });
  assert.deepEqual(rangeOf('bytes=-30', 10), { start: 0, end: 10 });
  for (const beyond of ['bytes=10-', 'bytes=11-12', 'bytes=-0'])
    assert.equal(rangeOf(beyond, 10), null, beyond);
  for (const none of [null, '', 'bytes=', 'bytes=-', 'bytes=4-2', 'bytes=0-1,3-4', 'lines=0-1'])
    assert.equal(rangeOf(none, 10), undefined, none);
  const place = { blob: new Blob(['0123456789abcdef']), start: 4, end: 12, type: 'video/mp4' };
  const whole = answerOf(place, null, 'GET');
  assert.deepEqual([whole.status, await whole.body.text()], [200, '456789ab']);
  const part = answerOf(place, 'bytes=6-99', 'GET');
  assert.deepEqual([part.status, await part.body.text()], [206, 'ab']);
  assert.equal(part.headers['content-range'], 'bytes 6-7/8');
  const beyond = answerOf(place, 'bytes=8-', 'GET');
  assert.deepEqual([beyond.status, beyond.body, beyond.headers['content-range']], [416, null, 'bytes */8']);
  assert.equal(answerOf(place, null, 'HEAD').body, null);
  assert.equal(answerOf(undefined, null, 'GET').status, 404);
  assert.equal(answerOf(place, null, 'DELETE').status, 405);
});

test('the keys that a request asks for are read out of what ClearKey and PlayReady send', () => {
  const kids = ['10000000100010001000100000000001', 'fbff3e7d2c4b4a59886710f1e2d3c4b5'];
  const bytes = kids.map((kid) => Buffer.from(kid, 'hex'));
  const text = JSON.stringify({ kids: bytes.map((kid) => kid.toString('base64url')), type: 'temporary' });
  assert.deepEqual(kidsOf(Buffer.from(text)), kids);
  const guids = bytes.map((kid) => {
    const guid = Buffer.from(kid);
    guid.subarray(0, 4).reverse();
    guid.subarray(4, 6).reverse();
    guid.subarray(6, 8).reverse();
    return guid.toString('base64');
  });
  const [first, second] = guids;
  const header = `<WRMHEADER version="4.0.0.0"><DATA><KID>${first}</KID></DATA></WRMHEADER>`;
  const later = `<WRMHEADER version="4.3.0.0"><DATA><PROTECTINFO><KIDS>${guids
    .map((guid) => `<KID ALGID="AESCTR" VALUE="${guid}"></KID>`)
    .join('')}</KIDS></PROTECTINFO></DATA></WRMHEADER>`;
  const wrapped = (inner) =>
    `<PlayReadyKeyMessage><Challenge encoding="base64encoded">${Buffer.from(inner).toString('base64')}</Challenge></PlayReadyKeyMessage>`;
  assert.deepEqual(kidsOf(Buffer.from(wrapped(header), 'utf16le')), [kids[0]]);
  assert.deepEqual(kidsOf(Buffer.from(wrapped(later + later), 'utf16le')), kids);
  assert.deepEqual(kidsOf(Buffer.from(`<soap>${header.replace(first, second)}</soap>`)), [kids[1]]);
  assert.deepEqual(kidsOf(Buffer.from('neither')), []);
});

inEachBrowser((browser) => {
  const check = pageTests(browser);

  check(
    'a protected set is played to its end by the manifests of DASH and HLS',
    async (page) => {
      const kid = await protectSet(page);
      await page.evaluate(() => {
        window.addresses = new Set();
        const { createObjectURL, revokeObjectURL } = URL;
        URL.createObjectURL = (...args) => {
          const address = createObjectURL.apply(URL, args);
          window.addresses.add(address);
          return address;
        };
        URL.revokeObjectURL = (address) => {
          window.addresses.delete(address);
          revokeObjectURL.call(URL, address);
        };
      });
      for (const way of ['dash-dash', 'shaka-dash', 'rx-dash', 'hls-hls']) {
        await assertPlays(page, way, kid);
        await assertGone(page);
      }
      assert.equal(await page.evaluate(() => window.addresses.size), 0, 'no address of a blob is left');
      await page.click('[data-player="hls-hls"]');
      const state = async (words) => {
        await page.evaluate((wanted) => void (window.wanted = wanted), words);
        const says = () =>
          new RegExp(window.wanted).test(
            document.querySelector('[data-way="hls-hls"] .preview-state').innerText,
          );
        await page.waitFor(says, { timeout: LONG });
      };
      const stage = (call) =>
        page.evaluate(
          (name) => void document.querySelector('iframe').contentDocument.querySelector('video')[name](),
          call,
        );
      await state('^Playing[.]');
      await stage('pause');
      await state('^Paused at [0-9]+[.][0-9][0-9] s[.]$');
      await stage('play');
      await state('^Played to the end[.]');
      await assertGone(page);
      // No browser here decrypts what its media element reads by itself, and it says so.
      const alone = await play(page, 'native-file');
      assert.match(alone.state, /^Failed\. .*(outside of MSE|DECODE)/, JSON.stringify(alone));
      assert.equal(alone.kids, browser.name === 'firefox' ? kid : alone.kids);
      for (const way of ['dash-smooth', 'rx-smooth'])
        assert.match((await row(page, way)).state, /has no PlayReady/);
      assert.match((await row(page, 'shaka-smooth')).state, /4\.16 was the last/);
      await assertGone(page);
      assertInside(page, browser.site);
    },
    options,
  );

  check(
    'what a player says of its failure is shown; a player that cannot be fetched, too; playing is stopped at any time',
    async (page) => {
      await protectSet(page);
      await page.click('[data-player="rx-dash"]');
      await page.waitFor(() =>
        /^Playing/.test(document.querySelector('[data-way="rx-dash"] .preview-state').innerText),
      );
      await page.click('#preview-stop');
      assert.equal((await row(page, 'rx-dash')).state, 'Stopped.');
      await assertGone(page);
      // One that is begun ends another.
      await page.click('[data-player="shaka-dash"]');
      await page.click('[data-player="rx-dash"]');
      await page.waitFor(() =>
        /^Playing/.test(document.querySelector('[data-way="rx-dash"] .preview-state').innerText),
      );
      assert.equal((await row(page, 'shaka-dash')).state, 'Stopped.');
      assert.equal(await page.evaluate(() => document.querySelectorAll('iframe:not([hidden])').length), 1);
      await page.evaluate(async () => {
        const { postMessage } = MessagePort.prototype;
        MessagePort.prototype.postMessage = function (message, ...more) {
          for (const text of message.order?.texts ?? []) text.text = text.text.slice(0, 40);
          postMessage.call(this, message, ...more);
        };
      });
      const said = {
        'dash-dash': /^Failed\. \d+ .*(parsing|manifest|MPD)/i,
        'shaka-dash': /^Failed\. Shaka Error 4\d\d\d \(code 4\d\d\d, category 4\)/,
        'rx-dash': /^Failed\. PIPELINE_PARSE_ERROR/,
        'hls-hls': /^Failed\. networkError, (manifestParsingError|levelEmptyError)/,
      };
      for (const [way, words] of Object.entries(said)) assert.match((await play(page, way)).state, words);
      browser.site.missing.add('/players/hls.min.js');
      assert.match((await play(page, 'hls-hls')).state, /^Failed\. The player could not be fetched/);
      browser.site.missing.delete('/players/hls.min.js');
      await assertGone(page);
    },
    options,
  );

  check(
    'the media element plays a clear file through the worker, and a file that changed on the disk is said to have',
    async (page) => {
      const found = await page.evaluate(async () => {
        const { open } = await import('/www/boxlock.js');
        const { preview } = await import('/www/preview/frame.js');
        const { Sources } = await import('/www/preview/sources.js');
        const place = document.createElement('div');
        document.body.append(place);
        const run = async (player, form, made, before = () => {}) => {
          const material = await new Sources(made).material(form, 'never');
          await before();
          const stop = new AbortController();
          const last = await new Promise((resolve, reject) => {
            const onReport = (report) => ['ended', 'failed'].includes(report.state) && resolve(report);
            const how = { place, title: 'x', onReport, signal: stop.signal };
            preview({ player, ...material, playready: false, lasting: false, sessions: [] }, how).catch(
              reject,
            );
          });
          stop.abort();
          return last;
        };
        const blob = await (await fetch('/samples/sample.ismv')).blob();
        const clear = [{ name: 'clear 100% #1, 2 & more.mp4', result: { keys: [], file: async () => blob } }];
        const native = await run('native', 'file', clear);
        const folder = await navigator.storage.getDirectory();
        const handle = await folder.getFileHandle('changed.mp4', { create: true });
        const write = async (content) => {
          const stream = await handle.createWritable();
          await stream.write(content);
          await stream.close();
        };
        await write(blob);
        const media = await open('/samples/sample.ismv');
        media.close();
        const file = await handle.getFile();
        const changed = await run(
          'shaka',
          'dash',
          [{ name: 'changed.mp4', result: { keys: [], file: async () => file } }],
          () => write('gone'),
        );
        return { native, changed };
      });
      assert.equal(found.native.state, 'ended', JSON.stringify(found.native));
      assert.equal(found.native.frames, 250);
      assert.equal(found.changed.state, 'failed');
      assert.match(
        found.changed.error,
        /The file on the disk changed, or cannot be read any more \((NotReadable|Abort)Error\)/,
      );
      assertInside(page, browser.site);
    },
    options,
  );

  check(
    'files with several keys play, too: for each class of tracks with cbcs, and keys that change',
    async (page) => {
      await page.evaluate(() => {
        const given = Object.assign(document.createElement('input'), { type: 'file', id: 'given' });
        document.body.append(given, Object.assign(document.createElement('div'), { id: 'previews' }));
      });
      await page.setFile('#given', paths[0]);
      const cases = {
        'cbcs, a key for each class': { scheme: 'cbcs', keyPer: 'class' },
        'keys that change': { keyRotation: 1 },
      };
      for (const [name, request] of Object.entries(cases)) {
        await protectAnew(page, request);
        for (const way of ['dash-dash', 'shaka-dash', 'rx-dash', 'hls-hls']) {
          const found = await play(page, way);
          const words = `${name}, ${way}: ${JSON.stringify(found)}`;
          // Its request for the second key fails there, with an error of the browser; those of the others do not.
          if (browser.name === 'firefox' && name === 'keys that change' && way === 'rx-dash') {
            assert.match(found.state, /^Failed\. KEY_GENERATE_REQUEST_ERROR/, words);
            continue;
          }
          assert.match(found.state, /^Played to the end\./, words);
          // On a busy machine dash.js has some decoded twice.
          assert.ok(Number.parseInt(found.frames, 10) >= PICTURES, words);
          const asked = found.kids.split(/\s+/).filter(Boolean);
          assert.equal(asked.length, 2, words);
        }
        const note = await page.text('[data-way="shaka-dash"] th');
        assert.match(note, /its error 4009/);
      }
      await assertGone(page);
      assertInside(page, browser.site);
    },
    options,
  );

  check(
    'of licences that come in another order each goes to whoever asked for it',
    async (page) => {
      const found = await page.evaluate(async () => {
        const { preview } = await import('/www/preview/frame.js');
        const place = document.body.appendChild(document.createElement('div'));
        const stop = new AbortController();
        const waiting = [];
        const onChallenge = (body) =>
          new Promise((resolve) => {
            waiting.unshift(() => resolve({ status: 200, headers: {}, body: new Blob([body]) }));
            if (waiting.length === 2) for (const answer of waiting) answer();
          });
        const order = {
          player: 'native',
          manifest: 'x.mp4',
          files: [],
          places: [],
          texts: [],
          keys: [],
          seen: false,
        };
        await preview(
          { ...order, playready: true, lasting: false, sessions: [] },
          { place, title: 'x', onReport() {}, onChallenge, signal: stop.signal },
        );
        const { contentWindow } = place.querySelector('iframe');
        const ask = async (body) => (await contentWindow.fetch('licence', { method: 'POST', body })).text();
        const answers = await Promise.all([ask('one'), ask('two')]);
        stop.abort();
        return answers;
      });
      assert.deepEqual(found, ['one', 'two']);
      await assertGone(page);
    },
    { quiet: false },
  );

  check(
    'people who listen, or have a small screen, can use it; PlayReady is offered where it is and the key is for tests',
    async (page) => {
      await page.setFile('#open-file', paths[0]);
      await page.waitFor('#tab-protect', { timeout: LONG });
      await withoutPicker(page);
      await page.evaluate(() => {
        const real = navigator.requestMediaKeySystemAccess.bind(navigator);
        navigator.requestMediaKeySystemAccess = (system, config) =>
          /playready/.test(system) ? Promise.resolve({ keySystem: system }) : real(system, config);
      });
      await page.click('#tab-protect');
      await page.click('#use-test-server');
      await page.waitFor('#protect-start:not([disabled])', { timeout: LONG });
      await page.click('#protect-start');
      await page.click('#preview');
      await page.waitFor('[data-way="shaka-dash-playready-lasting"]', { timeout: LONG });
      assert.match(
        await page.text('[data-way="shaka-dash-playready"] th'),
        /Asks test\.playready\.microsoft\.com/,
      );
      assert.equal(
        await page.evaluate(() => document.querySelector('[data-player="rx-smooth"]').disabled),
        false,
      );
      await page.click('[data-player="shaka-dash"]');
      await page.waitFor(() =>
        /^Playing/.test(document.querySelector('[data-way="shaka-dash"] .preview-state').innerText),
      );
      await giveAxe(page);
      for (const [width, scheme] of [
        [1280, 'light'],
        [1280, 'dark'],
        [360, 'dark'],
        [360, 'light'],
      ]) {
        await page.setViewport(width, 900);
        await page.emulateColorScheme(scheme);
        const faults = await page.evaluate(async () => {
          const { violations } = await window.axe.run('.preview-card', { iframes: false });
          return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`);
        });
        assert.deepEqual(faults, [], `${width} ${scheme}`);
        const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
        assert.ok(wide <= 0, `${width}: ${wide} pixels too wide`);
        if (process.env.SHOTS) {
          await page.evaluate(() => document.querySelector('.preview-card').scrollIntoView());
          await page.screenshot(`${process.env.SHOTS}/${browser.name}-${width}-${scheme}.png`);
        }
      }
    },
    options,
  );
});
