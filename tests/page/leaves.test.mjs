// Nothing leaves: from the page and from each worker that it starts, every way out that scripts have is tried.

import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { inEachBrowser } from './browser.mjs';
import { keepWorkers, LONG, siteCopy, triedAgain, waitOpen } from './support.mjs';

const file = (path) => fileURLToPath(new URL(path, import.meta.url));

/** Every context the page makes, and the script that makes it one. */
const CONTEXTS = {
  page: 'app.js',
  worker: 'engine/worker.js',
  'protector-worker': 'engine/protector-worker.js',
  'writer-worker': 'engine/writer-worker.js',
  'keys-worker': 'engine/keys-worker.js',
};

/** The built site whose every context also imports the probe. Where to send to is said when it is known. */
function probedSite(change = () => {}) {
  const { root } = siteCopy();
  cpSync(file('./probe/'), root, { recursive: true });
  for (const script of Object.values(CONTEXTS)) {
    const path = join(root, script);
    // Not awaited, as code that got in would not be; and from where the page is, as a worker's script may be a blob.
    // It stays, where others of a run would have gone before they could tell.
    const probe = "self.close = () => {};void import(new URL('/probe.js', self.location.origin).href);";
    writeFileSync(path, `${readFileSync(path, 'utf8')}\n${probe}\n`);
  }
  change(root);
  return root;
}

/** A place outside that counts what comes: connections and packets at its port, whatever they say. */
async function outside() {
  const arrived = [];
  const tcp = createServer((socket) => {
    socket.on('error', () => {});
    socket.once('data', (data) => arrived.push(`TCP ${data.toString('latin1').split('\r\n')[0]}`));
    arrived.push('TCP connection');
    setTimeout(() => socket.destroy(), 300);
  });
  await new Promise((resolve) => void tcp.listen(0, '127.0.0.1', resolve));
  const { port } = tcp.address();
  const udp = createSocket('udp4', (data) => arrived.push(`UDP packet of ${data.length} bytes`));
  await new Promise((resolve) => void udp.bind(port, '127.0.0.1', resolve));
  const close = () => (udp.close(), tcp.close());
  return { origin: `http://127.0.0.1:${port}`, host: `127.0.0.1:${port}`, arrived, close };
}

/** Opens and protects the sample, and gives what each context tried and what arrived outside, or at the proxy before it. */
async function leak(browser, root, only) {
  const place = await outside();
  writeFileSync(join(root, 'probe.json'), JSON.stringify({ other: place.origin, only }));
  const page = await browser.newPage();
  try {
    await page.goto('/');
    await page.evaluate(() => {
      window.told = {};
      window.channel = new BroadcastChannel('probe');
      window.channel.onmessage = ({ data }) => (window.told[data.here] = data.results);
    });
    await keepWorkers(page);
    await page.click('#try-sample');
    await waitOpen(page, 'sample.ismv');
    await page.evaluate(async () => {
      Worker.prototype.terminate = () => {};
      const { decode, open } = await import('/boxlock.js');
      const media = await open('/samples/sample.ismv');
      await media.protect({ laUrl: 'https://licence.example.com/rightsmanager.asmx' });
      // It lives as long as it is asked.
      setInterval(() => void decode('x').catch(() => {}), 300);
    });
    await page.waitFor(() => Object.keys(window.told).length === 5, { timeout: LONG });
    await sleep(1500);
    const told = await page.evaluate(() => window.told);
    const atProxy = browser.site.requests.filter((url) => new URL(url).host === place.host);
    return { told, arrived: [...place.arrived, ...atProxy] };
  } finally {
    await page.close();
    place.close();
  }
}

const guarded = probedSite();
inEachBrowser(
  (browser) => {
    test('nothing that the page or its workers try arrives anywhere else', (context) =>
      triedAgain(browser, context, async () => {
        const { told, arrived } = await leak(browser, guarded);
        assert.deepEqual(Object.keys(told).sort(), Object.keys(CONTEXTS).sort());
        for (const [context, results] of Object.entries(told))
          assert.ok(Object.keys(results).length >= 17, `${context} tried ${Object.keys(results)}`);
        assert.deepEqual(arrived, [], JSON.stringify(told, null, 1));
      }));
  },
  { root: guarded, webkit: true },
);

/** A worker's name is that of its script. */
const BY_ADDRESS = `
const Blobbed = Worker;
window.Worker = class extends Blobbed {
  constructor(blob, options) {
    super('/engine/' + options.name, options);
  }
};
`;

/** The same site with its workers started by address, and no policy on who starts them. */
const open = probedSite((root) => {
  const app = join(root, 'app.js');
  writeFileSync(app, `${readFileSync(app, 'utf8')}\n${BY_ADDRESS}`);
  const index = join(root, 'index.html');
  const text = readFileSync(index, 'utf8');
  writeFileSync(index, text.replace(/; require-trusted-types-for[^"]*/, ''));
});
inEachBrowser(
  (browser) => {
    test('workers started by address would let everything out: the test above sees it', (context) =>
      triedAgain(browser, context, async () => {
        // Nothing else: a worker that may make workers can hang in Firefox.
        const { arrived } = await leak(browser, open, 'fetch');
        for (const context of Object.keys(CONTEXTS).slice(1))
          assert.ok(
            arrived.some((url) => url.endsWith(`/${context}/fetch`)),
            `${context}: ${arrived}`,
          );
        assert.ok(
          !arrived.some((url) => url.endsWith('/page/fetch')),
          'the page itself is bound all the same',
        );
      }));
  },
  { root: open, webkit: true },
);
