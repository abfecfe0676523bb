// The finished files in players, where ClearKey stands in for PlayReady: Smooth Streaming, and licences that stay.

import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { inEachBrowser } from './browser.mjs';
import {
  makeLadder,
  options,
  paths,
  PICTURES,
  play,
  protectSet,
  assertGone,
  assertInside,
  assertPlays,
} from './support-preview.mjs';
import { keySheet, LONG, pageTests, siteCopy, withoutPicker } from './support.mjs';

makeLadder();

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
    createMediaKeys: async () => {
      const made = await access.createMediaKeys();
      const create = made.createSession.bind(made);
      made.createSession = () => create('temporary');
      return made;
    },
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
  const own = url64(kid);
  return generateRequest
    .call(this, 'keyids', new TextEncoder().encode(JSON.stringify({ kids: [own] })))
    .then(() => void (stays[this.sessionId] = own));
};
// A licence that stays: sessions that are found again by their names, until they are taken away.
const stays = parent.localStorage;
MediaKeySession.prototype.load = async function (id) {
  const kid = stays[id];
  if (!kid) return false;
  parent.loaded.push(id);
  const answer = () => {
    void this.update(new TextEncoder().encode(JSON.stringify({ keys: [{ kty: 'oct', kid, k: parent.clearKeys[kid] }] })));
  };
  this.addEventListener('message', answer, { capture: true });
  await generateRequest.call(this, 'keyids', new TextEncoder().encode(JSON.stringify({ kids: [kid] })));
  return true;
};
MediaKeySession.prototype.remove = async function () {
  delete stays[this.sessionId];
};
`;
const shimmed = siteCopy();
/** The same, with the player that is offered. */
const lasting = siteCopy();
lasting.prepend(
  `${SHIM}
// Chromium knows no first among the listeners of a session: the player does not hear what it would ask a server for.
const { addEventListener: listen } = MediaKeySession.prototype;
MediaKeySession.prototype.addEventListener = function (type, heard, options) {
  if (type !== 'message' || options?.capture) listen.call(this, type, heard, options);
};
`,
  'preview/stage.js',
);
const PACKAGES = fileURLToPath(new URL('node_modules/', import.meta.url));
shimmed.prepend(SHIM, 'preview/stage.js');
// The last of its line that plays Smooth Streaming, with the library that it wants for it.
writeFileSync(
  shimmed.path('players/shaka-player.js'),
  ['codem-isoboxer/dist/iso_boxer.js', 'shaka-player-4/dist/shaka-player.compiled.js']
    .map((name) => readFileSync(PACKAGES + name, 'utf8'))
    .join('\n'),
);

/** Gives whoever stands in for PlayReady the keys of what is played. */
const giveKeys = (page) =>
  page.evaluate(async () => {
    const { postMessage } = MessagePort.prototype;
    const url64 = (hex) =>
      btoa(String.fromCharCode(...hex.match(/../g).map((pair) => Number.parseInt(pair, 16))))
        .replace(/\+/g, '-')
        .replace(/\//g, '_')
        .replace(/=+$/, '');
    window.clearKeys = {};
    window.loaded = [];
    MessagePort.prototype.postMessage = function (message, ...more) {
      for (const { kid, key } of message.order?.keys ?? []) window.clearKeys[url64(kid)] = url64(key);
      postMessage.call(this, message, ...more);
    };
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
        await giveKeys(page);
        await page.evaluate(() => {
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

inEachBrowser(
  (browser) => {
    const check = pageTests(browser);

    /** Has the page know PlayReady, and whoever stands in for it the keys. */
    const givePlayReady = async (page) => {
      await giveKeys(page);
      await page.evaluate(() => {
        const real = navigator.requestMediaKeySystemAccess.bind(navigator);
        navigator.requestMediaKeySystemAccess = (system, config) =>
          /playready/.test(system) ? Promise.resolve({ keySystem: system }) : real(system, config);
      });
    };
    const STAYED = 'shaka-dash-playready-lasting-stayed';

    check(
      'a licence that stays plays the file again, also after the page was loaded anew, and nobody is asked',
      async (page) => {
        await withoutPicker(page);
        await givePlayReady(page);
        await page.setFile('#open-file', paths[0]);
        await page.waitFor('#tab-protect', { timeout: LONG });
        await page.click('#tab-protect');
        await page.click('#use-test-server');
        await page.waitFor('#protect-start:not([disabled])', { timeout: LONG });
        await page.click('#protect-start');
        await page.waitFor('#preview', { timeout: LONG });
        const { path } = await page.waitDownload({ timeout: LONG });
        const { keys } = (await keySheet(page)).sheet;
        await page.click('#preview');
        await page.waitFor(`[data-player="${STAYED}"]`, { timeout: LONG });
        await page.click(`[data-player="${STAYED}"]`);
        await page.waitFor(() =>
          /^No licence of this file has stayed here/.test(
            document.querySelector('[data-way$="-stayed"] .preview-state').innerText,
          ),
        );
        await assertPlays(page, 'shaka-dash-playready-lasting', keys[0].kid.uuid);
        assert.deepEqual(await page.evaluate(() => window.loaded), []);
        const again = await play(page, STAYED);
        assert.match(again.state, /^Played to the end\./, JSON.stringify(again));
        await page.goto('/');
        await givePlayReady(page);
        await page.setFile('#open-file', path);
        await page.waitFor('#tab-result', { timeout: LONG });
        await page.click('#tab-result');
        await page.fill('.check [name="sourceKey"]', keys[0].key.hex);
        await page.click('#check-start');
        await page.waitFor('#preview', { timeout: LONG });
        await page.click('#preview');
        await page.waitFor(`[data-player="${STAYED}"]`, { timeout: LONG });
        const later = await play(page, STAYED);
        assert.match(later.state, /^Played to the end\./, JSON.stringify(later));
        assert.equal(Number.parseInt(later.frames, 10), PICTURES);
        assert.notEqual((await page.evaluate(() => window.loaded)).length, 0);
        // The way to the test server is there for the licence that is asked for, and for nothing else.
        assert.equal(page.requests.filter((url) => url.includes('/publish/to/')).length, 1);
      },
      options,
    );
  },
  { root: lasting.root },
);
