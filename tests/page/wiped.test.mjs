// Keys go when their file goes: what an engine held is wiped out before its worker ends.

import assert from 'node:assert/strict';
import { inEachBrowser } from './browser.mjs';
import { keyFromSeed } from './support-media.mjs';
import {
  fillForm,
  goTo,
  openFile,
  pageTests,
  protect,
  SAMPLE,
  siteCopy,
  waitPlan,
  withoutPicker,
} from './support.mjs';

const KEY = '3a2a1b68dd2bd9b2eeb25e84c4776668';
const SEED = 'XVBovsmzhP9gRIZxWfFta3VVRPzVEWmJsazEJ46I';
const KID = '10000000-1000-1000-1000-100000000001';
const DERIVED = keyFromSeed(SEED, KID);

/** What must not be left: keys and seed as bytes, and as the texts they come in. */
const NEEDLES = [
  ...[KEY, DERIVED].flatMap((key) => [Buffer.from(key, 'hex'), Buffer.from(key)]),
  Buffer.from(SEED, 'base64'),
  Buffer.from(SEED),
].map((bytes) => [...bytes]);

/**
 * Stands before the script of a worker: keeps the memory of every engine it starts, and tells on a channel what is in
 * it, while it works and when it says that it is wiped.
 */
const WATCHER = `{
  const needles = ${JSON.stringify(NEEDLES)};
  const memories = [];
  const channel = new BroadcastChannel('wiped');
  for (const name of ['instantiate', 'instantiateStreaming']) {
    const real = WebAssembly[name];
    WebAssembly[name] = async (...args) => {
      const made = await real.apply(WebAssembly, args);
      memories.push((made.instance ?? made).exports.memory);
      return made;
    };
  }
  const count = () => {
    let found = 0;
    for (const { buffer } of memories) {
      const bytes = new Uint8Array(buffer);
      for (const needle of needles)
        for (let at = bytes.indexOf(needle[0]); at >= 0; at = bytes.indexOf(needle[0], at + 1))
          if (needle.every((byte, n) => bytes[at + n] === byte)) found++;
    }
    return found;
  };
  const clean = () => memories.every(({ buffer }) => new Uint8Array(buffer).every((byte) => byte === 0));
  const real = self.postMessage;
  self.postMessage = (message, options) => {
    const tell = (when) =>
      channel.postMessage({ who: self.name, when, found: count(), engines: memories.length, clean: clean() });
    if ('wiped' in message) tell('wiped');
    else if (message.result?.plan || message.result?.form || message.message?.chunk) tell('working');
    real.call(self, message, options);
  };
}
`;

const { root, prepend } = siteCopy();
prepend(WATCHER, 'engine/worker.js', 'engine/protector-worker.js', 'engine/keys-worker.js');

const LEADER = 'worker.js';
const PROTECTOR = 'protector-worker.js';

inEachBrowser(
  (browser) => {
    const check = pageTests(browser);

    check('no memory of an engine holds a key when its worker ends', async (page) => {
      await withoutPicker(page);
      await page.evaluate(() => {
        window.told = [];
        window.channel = new BroadcastChannel('wiped');
        window.channel.onmessage = ({ data }) => window.told.push(data);
      });
      for (const form of [
        { key: KEY, kid: KID },
        { keySeed: SEED, kid: KID },
      ]) {
        await page.evaluate(() => void (window.told.length = 0));
        await openFile(page, SAMPLE);
        await fillForm(page, form);
        await waitPlan(page);
        await protect(page);
        await page.waitDownload();
        // Those that protect go with the run, the one that leads with the file.
        await page.waitFor(() =>
          window.told.some(({ who, when }) => who === 'protector-worker.js' && when === 'wiped'),
        );
        await goTo(page, 'protect');
        await page.click('[aria-label="Close sample.ismv"]');
        await page.waitFor('#open-button');
        await page.waitFor(() =>
          window.told.some(({ who, when }) => who === 'worker.js' && when === 'wiped'),
        );
        const told = await page.evaluate(() => window.told);
        for (const name of [LEADER, PROTECTOR]) {
          const one = told.filter(({ who }) => who === name);
          console.log(`# ${browser.name}, ${name}: ${one.map(({ when, found }) => `${when} ${found}`)}`);
          const working = one.filter(({ when }) => when === 'working');
          assert.ok(working.length > 0 && working.every(({ found }) => found > 0), 'the search finds keys');
          const wiped = one.filter(({ when }) => when === 'wiped');
          assert.ok(wiped.length > 0);
          for (const { found, clean } of wiped) assert.deepEqual({ found, clean }, { found: 0, clean: true });
        }
        const engines = (/** @type {string} */ name) =>
          told.find(({ who, when }) => who === name && when === 'wiped').engines;
        // The one that leads has what looks and what works.
        assert.deepEqual([engines(PROTECTOR), engines(LEADER)], [1, 2]);
      }
    });

    check('no memory holds a key of a list that was read or written, a moment later', async (page) => {
      await page.goto('/');
      await page.evaluate(
        async (kid, key, seed) => {
          window.told = [];
          window.channel = new BroadcastChannel('wiped');
          window.channel.onmessage = ({ data }) => window.told.push(data);
          const { build, readKeys, writeKeys } = await import('/boxlock.js');
          await build({ kid, keySeed: seed });
          await writeKeys({ keys: [{ kid, key }] }, 'cpix');
          await readKeys(`${kid}:${key}`);
        },
        KID,
        KEY,
        SEED,
      );
      await page.waitFor(() => window.told.some(({ when }) => when === 'wiped'));
      const told = await page.evaluate(() => window.told);
      const working = told.filter(({ when }) => when === 'working');
      assert.ok(working.length > 0 && told.every(({ who }) => who === 'keys-worker.js'));
      const [{ found, clean, engines }] = told.filter(({ when }) => when === 'wiped');
      assert.deepEqual({ found, clean, engines }, { found: 0, clean: true, engines: 1 });
    });

    check('what the module keeps of a plan is wiped out when its file is closed', async (page) => {
      const found = await page.evaluate(async () => {
        // Random values come from the leading worker by one message, and go to the others by the page.
        const seen = [];
        const Real = window.Worker;
        window.Worker = class extends Real {
          postMessage(message, transfer) {
            super.postMessage(message, transfer);
            const random = message.args?.random ?? message.setUp?.random;
            if (random) seen.push(random);
          }
        };
        const { open } = await import('/boxlock.js');
        const media = await open('/samples/sample.ismv');
        const plan = await media.plan({ laUrl: 'https://licence.example.com/' });
        const result = await media.protect(plan, { workers: 2 });
        const held = seen.map((random) => random.some((byte) => byte > 0));
        await result.discard();
        media.close();
        return { held, left: seen.map((random) => random.some((byte) => byte > 0)) };
      });
      // The plan's own, until the file is closed, and what was carried to two workers.
      assert.deepEqual(found, { held: [true, false, false], left: [false, false, false] });
    });
  },
  { root },
);
