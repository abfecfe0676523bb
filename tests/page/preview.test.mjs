// The finished files in players that are none of ours: a set of three bitrates with sound, protected by the page, is played to its
// end in each, by the manifests that are written of it; and what a player says when it fails is shown.

import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { answerOf, rangeOf } from '../../www/preview/answer.js';
import { kidsOf } from '../../www/preview/observed.js';
import { inEachBrowser } from './browser.mjs';
import { haveFfmpeg, makeSmooth } from './support-media.mjs';
import { giveAxe, LONG, pageTests, siteCopy, withoutPicker, workFolder } from './support.mjs';

const folder = workFolder();
const skip = haveFfmpeg() ? false : 'not run: FFmpeg is missing';
const options = { skip, timeout: 4 * LONG, quiet: false };

const SECONDS = 4;
const PICTURES = 25 * SECONDS;
const LADDER = [
  ['film_180p_200k.ismv', '320x180', '200k'],
  ['film_270p_500k.ismv', '480x270', '500k'],
  ['film_360p_900k.ismv', '640x360', '900k'],
];
const paths = LADDER.map(([name]) => folder.path(name));

before(async () => {
  if (skip) return;
  for (const [name, size, bitrate] of LADDER)
    await makeSmooth(folder.path(name), { seconds: SECONDS, size, bitrate });
});

/** Protects the set by the page, as a person does, and asks for players. Gives the key ID. */
async function protectSet(page) {
  await withoutPicker(page);
  await page.evaluate(() => void (window.showDirectoryPicker = undefined));
  await page.setFile('#open-file', ...paths);
  await page.waitFor('.set-row .file-name', { timeout: LONG });
  await page.click('.set-row .file-name');
  await page.waitFor('.set .protect-form', { timeout: LONG });
  await page.fill('.set [name="laUrl"]', 'https://licence.example.com/rightsmanager.asmx');
  await page.waitFor(() => document.querySelector('#set-start:not([disabled])'), { timeout: LONG });
  await page.click('#set-start');
  await page.waitFor('#preview', { timeout: LONG });
  const players = page.requests.filter((url) => /\/(players|preview)\//.test(url));
  assert.deepEqual(players, [], 'nothing of players is fetched before somebody asks');
  await page.click('#preview');
  await page.waitFor('.preview-table', { timeout: LONG });
  await page.click('#set-keys');
  const { bytes } = await page.waitDownload({ timeout: LONG });
  return JSON.parse(bytes.toString('utf8')).keys[0].kid.uuid;
}

/** What all that is asked for goes to: files of the site, and what is answered in the browser, of which the server hears nothing. */
function assertInside(page, { origin, requests }) {
  for (const url of page.requests) {
    const { pathname } = new URL(url);
    const own =
      pathname.startsWith('/preview/to/') ||
      existsSync(fileURLToPath(new URL(`../../dist${pathname}`, import.meta.url)));
    assert.ok(url.startsWith(origin) && own, `The page asked for ${url}`);
  }
  assert.deepEqual(
    requests.filter((url) => url.includes('/preview/to/')),
    [],
  );
}

/** A way that plays to the end, every picture, and asks for the one key. */
async function assertPlays(page, way, kid) {
  const found = await play(page, way);
  assert.match(found.state, /^Played to the end\./, `${way}: ${JSON.stringify(found)}`);
  assert.equal(Number.parseInt(found.frames, 10), PICTURES, `${way}: ${JSON.stringify(found)}`);
  assert.ok(found.kids.includes(kid), `${way}: ${JSON.stringify(found)}`);
  // rx-player tries in Firefox whether PlayReady answers, with a key ID of its own.
  assert.ok(found.kids === kid || /rx-smooth/.test(way), `${way}: ${JSON.stringify(found)}`);
  assert.ok(Number.parseInt(found.requests, 10) >= 5, `${way}: ${JSON.stringify(found)}`);
  assert.match(found.first, /^\d+\.\d\d s$/);
}

/** Nothing of a player is left when it is over. */
const assertGone = (page) => page.waitFor(() => document.querySelectorAll('iframe').length === 0);

/** What a line of the table says. */
const row = (page, way) =>
  page.evaluate((name) => {
    const cells = [...document.querySelectorAll(`[data-way="${name}"] td`)].map((cell) => cell.innerText);
    const [, state, requests, kids, first, frames] = cells;
    return { state, requests, kids, first, frames };
  }, way);

/** Plays one way, until it is over. */
async function play(page, way) {
  await page.click(`[data-player="${way}"]`);
  await page.evaluate((name) => void (window.wanted = name), way);
  const over = () =>
    /^(Played|Failed|It cannot)/.test(
      document.querySelector(`[data-way="${window.wanted}"] .preview-state`).innerText,
    );
  await page.waitFor(over, { timeout: LONG });
  return row(page, way);
}

/**
 * A site in whose frames PlayReady is ClearKey: every player of Smooth Streaming goes its whole way, reads the header, makes an
 * initialization segment and asks, and only what decrypts is another. What it asks with is kept.
 */
const SHIM = `
const real = navigator.requestMediaKeySystemAccess.bind(navigator);
globalThis.asked = [];
const clear = (config) => config.map((one) => ({
  ...one,
  initDataTypes: ['keyids'],
  persistentState: 'optional',
  distinctiveIdentifier: 'optional',
  sessionTypes: ['temporary'],
  ...Object.fromEntries(['videoCapabilities', 'audioCapabilities'].filter((kind) => one[kind]?.length).map((kind) =>
    [kind, one[kind].map(({ contentType }) => ({ contentType, robustness: '' }))])),
}));
navigator.requestMediaKeySystemAccess = async (system, config) => {
  if (!/playready/.test(system)) return real(system, config);
  const access = await real('org.w3.clearkey', clear(config));
  return {
    keySystem: system,
    getConfiguration: () => ({ ...access.getConfiguration(), initDataTypes: ['cenc'] }),
    createMediaKeys: () => access.createMediaKeys(),
  };
};
const capable = navigator.mediaCapabilities.decodingInfo.bind(navigator.mediaCapabilities);
navigator.mediaCapabilities.decodingInfo = async ({ keySystemConfiguration: keys, ...rest }) => {
  const found = await capable(rest);
  if (!keys) return found;
  const config = { initDataTypes: ['cenc'] };
  for (const kind of ['video', 'audio']) if (rest[kind]) config[kind + 'Capabilities'] = [{ contentType: rest[kind].contentType }];
  const keySystemAccess = await navigator.requestMediaKeySystemAccess(keys.keySystem, [config]).catch(() => null);
  return { supported: found.supported && Boolean(keySystemAccess), smooth: true, powerEfficient: true, keySystemAccess };
};
const guid = [3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15];
const { generateRequest } = MediaKeySession.prototype;
const url64 = (bytes) => btoa(String.fromCharCode(...bytes)).replace(/\\+/g, '-').replace(/\\//g, '_').replace(/=+$/, '');
MediaKeySession.prototype.generateRequest = function (type, data) {
  const bytes = new Uint8Array(data.buffer ?? data, data.byteOffset ?? 0, data.byteLength);
  if (type !== 'cenc' || !/pssh/.test(String.fromCharCode(...bytes.subarray(0, 12)))) return generateRequest.call(this, type, data);
  const text = new TextDecoder('utf-16le').decode(bytes.subarray(42));
  const base64 = /<KID>([^<]*)</.exec(text)?.[1] ?? /<KID[^>]*VALUE="([^"]*)"/.exec(text)?.[1];
  const kid = Uint8Array.from(guid, (at) => atob(base64).charCodeAt(at));
  globalThis.asked.push({ type, pssh: bytes.length === new DataView(bytes.buffer, bytes.byteOffset).getUint32(0) });
  const answer = (event) => {
    event.stopImmediatePropagation();
    const { kids } = JSON.parse(new TextDecoder().decode(event.message));
    const keys = kids.map((kid) => ({ kty: 'oct', kid, k: parent.clearKeys[kid] }));
    // rx-player tries in Firefox whether the system answers, with a key ID of its own.
    if (keys.every(({ k }) => k)) void this.update(new TextEncoder().encode(JSON.stringify({ keys })));
  };
  // Before the player, which would ask a server.
  this.addEventListener('message', answer, { capture: true });
  return generateRequest.call(this, 'keyids', new TextEncoder().encode(JSON.stringify({ kids: [url64(kid)] })));
};
`;
const shimmed = siteCopy();
const PACKAGES = fileURLToPath(new URL('node_modules/', import.meta.url));
shimmed.prepend(SHIM, 'preview/stage.js');
// The last of its line that plays Smooth Streaming, with the library that it wants for it.
writeFileSync(
  shimmed.path('players/shaka-player.js'),
  ['codem-isoboxer/dist/iso_boxer.js', 'shaka-player-4/dist/shaka-player.compiled.js']
    .map((name) => readFileSync(PACKAGES + name, 'utf8'))
    .join('\n'),
);

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
        const { Sources } = await import('/preview/sources.js');
        const { material } = Sources.prototype;
        Sources.prototype.material = async function (...args) {
          const found = await material.apply(this, args);
          const texts = found.texts.map((one) => ({ ...one, text: one.text.slice(0, 40) }));
          return { ...found, texts };
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
        const { open } = await import('/boxlock.js');
        const { preview } = await import('/preview/frame.js');
        const { Sources } = await import('/preview/sources.js');
        const place = document.createElement('div');
        document.body.append(place);
        const run = async (player, form, made, before = () => {}) => {
          const material = await new Sources(made).material(form, false);
          await before();
          const stop = new AbortController();
          const last = await new Promise((resolve, reject) => {
            const onReport = (report) => ['ended', 'failed'].includes(report.state) && resolve(report);
            const how = { place, title: 'x', onReport, signal: stop.signal };
            preview({ player, ...material, playready: false, lasting: false }, how).catch(reject);
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
    'of licences that come in another order each goes to whoever asked for it',
    async (page) => {
      const found = await page.evaluate(async () => {
        const { preview } = await import('/preview/frame.js');
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
          { ...order, playready: true, lasting: false },
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

inEachBrowser(
  (browser) => {
    const check = pageTests(browser);
    check(
      'a protected set is played to its end by that of Smooth Streaming, where ClearKey stands in for PlayReady',
      async (page) => {
        const kid = await protectSet(page);
        await page.waitFor(() =>
          /has no PlayReady/.test(document.querySelector('[data-way="rx-smooth"]').innerText),
        );
        await page.evaluate(async () => {
          const { Sources } = await import('/preview/sources.js');
          const { material } = Sources.prototype;
          const url64 = (hex) =>
            btoa(String.fromCharCode(...hex.match(/../g).map((pair) => Number.parseInt(pair, 16))))
              .replace(/\+/g, '-')
              .replace(/\//g, '_')
              .replace(/=+$/, '');
          window.clearKeys = {};
          Sources.prototype.material = function (...args) {
            for (const { kid, key } of this.keys) window.clearKeys[url64(kid)] = url64(key);
            return material.apply(this, args);
          };
          for (const button of document.querySelectorAll('[data-player$="-smooth"]')) button.disabled = false;
        });
        for (const way of ['dash-smooth', 'shaka-smooth', 'rx-smooth']) {
          await assertPlays(page, way, kid);
          await assertGone(page);
        }
        assertInside(page, browser.site);
      },
      options,
    );
  },
  { root: shimmed.root },
);
