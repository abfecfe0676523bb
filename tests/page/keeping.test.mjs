// What must not be lost or mixed: keys that exist nowhere else, the open file itself, and plans that belong to one file.
// And what must be lost: secrets, when their file is closed.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { inEachBrowser } from './browser.mjs';
import {
  fillForm,
  goTo,
  keySheet,
  openFile,
  pageTests,
  protect,
  SAMPLE,
  siteCopy,
  storage,
  waitPlan,
  withoutPicker,
} from './support.mjs';

const KEY = '00112233445566778899aabbccddeeff';
const SEED = 'XVBovsmzhP9gRIZxWfFta3VVRPzVEWmJsazEJ46I';
const CLOSE = '[aria-label="Close sample.ismv"]';

/** Whether the browser would ask before this page goes. */
const asksBeforeLeaving = (page) =>
  page.evaluate(() => !window.dispatchEvent(new Event('beforeunload', { cancelable: true })));

async function protectSample(page, form) {
  await withoutPicker(page);
  await openFile(page, SAMPLE);
  await fillForm(page, form);
  await waitPlan(page);
  await protect(page);
  await page.waitDownload();
}

inEachBrowser((browser) => {
  const check = pageTests(browser);

  check('closing a file whose random key was not kept asks first, and saves the key sheet', async (page) => {
    await protectSample(page);
    assert.match(await page.text('.key-line'), /The key has not been kept yet/);
    assert.match(await page.text('#file-list'), /key not kept/);
    assert.ok(await asksBeforeLeaving(page));
    // The key sheet stands before the media.
    const first = () => {
      const [sheet, save] = ['#key-sheet', '#save'].map((selector) => document.querySelector(selector));
      return Boolean(sheet.compareDocumentPosition(save) & Node.DOCUMENT_POSITION_FOLLOWING);
    };
    assert.ok(await page.evaluate(first));

    await page.click(CLOSE);
    assert.match(await page.text('dialog.ask'), /nobody else has it/);
    const focused = () => document.activeElement?.id;
    assert.equal(await page.evaluate(focused), 'ask-save');
    for (const next of ['ask-go-on', 'ask-stay']) {
      await page.press('Tab');
      assert.equal(await page.evaluate(focused), next);
    }
    await page.press('Escape');
    await page.waitFor(() => !document.querySelector('dialog'));
    assert.match(await page.text('.result-head h2'), /^sample\.mp4 is protected/, 'Escape keeps the file');

    await page.click(CLOSE);
    await page.click('#ask-save');
    const { name, bytes } = await page.waitDownload();
    assert.equal(name, 'sample.mp4.keys.json');
    const sheet = JSON.parse(bytes.toString('utf8'));
    assert.match(sheet.key.hex, /^[\da-f]{32}$/);
    assert.equal(sheet.sha256, null, 'it does not wait for the sum');
    assert.deepEqual(
      sheet.tracks.map(({ protect: is }) => is),
      [true, true],
    );
    assert.match(await page.text('dialog.ask'), /sample\.mp4\.keys\.json is saved/);
    assert.equal(await page.evaluate(focused), 'ask-go-on');
    await page.press('Enter');
    await page.waitFor('#open-button');
    assert.ok(!(await asksBeforeLeaving(page)));
  });

  check('a key can be given up on purpose', async (page) => {
    await protectSample(page);
    await page.click(CLOSE);
    await page.waitFor('dialog.ask');
    // Focus does not leave the dialog for the page behind it. Behind its last button come the browser's own, and when
    // these have the focus, Firefox's driver gives the page keys that press nothing: so no key follows here.
    for (let presses = 0; presses < 5; presses++) {
      await page.press('Tab');
      const inside = () =>
        document.activeElement === document.body || Boolean(document.activeElement?.closest('dialog'));
      assert.ok(await page.evaluate(inside));
    }
    await page.click('#ask-go-on');
    await page.waitFor('#open-button');
  });

  check('protecting again asks for the key of the copy before', async (page) => {
    await protectSample(page);
    await goTo(page, 'protect');
    await waitPlan(page);
    await page.click('#protect-start');
    assert.match(await page.text('dialog.ask'), /Protect again, and lose the key/);
    await page.click('#ask-stay');
    await page.waitFor(
      () => !document.querySelector('dialog') && document.activeElement?.id === 'protect-start',
    );
    await goTo(page, 'result');
    const { sheet } = await keySheet(page);
    await page.waitFor(() => !document.querySelector('.key-line.at-risk'));
    await goTo(page, 'protect');
    await page.click('#protect-start');
    await page.waitFor('.key-line.at-risk');
    await page.waitDownload();
    const next = await keySheet(page);
    assert.notEqual(next.sheet.key.hex, sheet.key.hex);
  });

  check('deleting the copy in storage asks as well', async (page) => {
    await protectSample(page);
    await page.click('.save-line .link');
    assert.match(await page.text('dialog.ask'), /Delete this copy/);
    await page.click('#ask-go-on');
    await page.waitFor('.result-none');
  });

  check('a copied key is a kept key; typed keys and seeds are somewhere else already', async (page) => {
    await protectSample(page);
    await page.evaluate(() => {
      Object.defineProperty(navigator, 'clipboard', { value: { writeText: async () => {} } });
    });
    await page.click('[aria-label="Copy content key"]');
    await page.waitFor(() => !document.querySelector('.key-line.at-risk'));
    assert.ok(!(await asksBeforeLeaving(page)));
    await page.click(CLOSE);
    await page.waitFor('#open-button');
    for (const form of [{ key: KEY }, { keySeed: SEED }]) {
      await protectSample(page, form);
      assert.ok(!(await asksBeforeLeaving(page)));
      const testing = await page.evaluate(() => Boolean(document.querySelector('.key-line .tag-test')));
      assert.equal(testing, 'keySeed' in form, 'a key of the public seed is for tests, and says so');
      await page.click(CLOSE);
      await page.waitFor('#open-button');
    }
  });

  check('secrets go when their file goes', async (page) => {
    await protectSample(page, { key: KEY, keySeed: SEED });
    await goTo(page, 'protect');
    await page.evaluate(() => {
      window.secretFields = [...document.querySelectorAll('[name="key"], [name="keySeed"]')];
      window.held = document.querySelector('.protect');
    });
    await goTo(page, 'result');
    await page.click('.show-key');
    await page.click(CLOSE);
    await page.waitFor('#open-button');
    const left = await page.evaluate(() => ({
      values: window.secretFields.map((field) => field.value),
      fields: document.querySelectorAll('[name="key"], [name="keySeed"], .key-value').length,
      page: document.documentElement.outerHTML,
      form: window.held.outerHTML,
    }));
    assert.deepEqual(left.values, ['', '']);
    assert.equal(left.fields, 0);
    for (const text of [left.page, left.form])
      for (const secret of [KEY, SEED]) assert.ok(!text.includes(secret));
  });

  check('the state holds nothing of a closed file', async (page) => {
    const left = await page.evaluate(async () => {
      const { EMPTY, reduce } = await import('/www/ui/store.js');
      const result = { key: 'the key', tracks: [] };
      const media = { name: 'a', size: 1, summary: () => ({}), tracks: () => [] };
      let state = EMPTY;
      for (const action of [
        { type: 'open', id: 1, name: 'a', size: 1 },
        { type: 'opened', id: 1, media },
        { type: 'protected', id: 1, result, savedAs: null, keyIsNew: true },
        { type: 'close', id: 1 },
      ])
        state = reduce(state, action);
      return JSON.stringify(state);
    });
    assert.ok(!left.includes('the key'), left);
  });

  check('a result is not written over the open file', async (page) => {
    const base64 = (await readFile(SAMPLE)).toString('base64');
    await page.evaluate(async (text) => {
      const root = await navigator.storage.getDirectory();
      const handle = await root.getFileHandle('sample.ismv', { create: true });
      const stream = await handle.createWritable();
      await stream.write(Uint8Array.from(atob(text), (character) => character.charCodeAt(0)));
      await stream.close();
      window.showSaveFilePicker = async () => handle;
      const data = new DataTransfer();
      data.items.add(await handle.getFile());
      window.dispatchEvent(new DragEvent('drop', { dataTransfer: data, bubbles: true, cancelable: true }));
    }, base64);
    await page.waitFor('#views:not([hidden])');
    await fillForm(page);
    await waitPlan(page);
    await page.click('#protect-start');
    await page.waitFor('.start-note.failed');
    assert.match(await page.text('.start-note'), /nothing was saved.*That place is the open file itself/);
    assert.deepEqual(await storage(page), { 'sample.ismv': (await readFile(SAMPLE)).length });
  });

  check('a plan belongs to the file it was made from, and copies of it have no key', async (page) => {
    const found = await page.evaluate(async () => {
      const { open } = await import('/boxlock.js');
      const failure = (promise) =>
        promise.then(
          () => 'done',
          ({ name, code, kind, message }) => ({ name, code, kind, message }),
        );
      const request = { laUrl: 'https://licence.example.com/' };
      const media = await open('/samples/sample.ismv');
      const other = await open('/samples/sample.ismv');
      const plan = await media.plan(request);
      const made = {
        other: await failure(other.protect(plan)),
        cloned: await failure(media.protect(structuredClone(plan))),
        json: await failure(other.protect(JSON.parse(JSON.stringify(plan)))),
        spread: await failure(media.protect({ ...plan })),
        plan: await failure(media.protect(plan)),
        request: await failure(other.protect(request)),
        nothing: await failure(other.protect(undefined)),
      };
      media.close();
      made.closed = await failure(media.protect(plan));
      made.late = await failure(other.protect(plan));
      return made;
    });
    assert.equal(found.other.code, 'plan-other-file');
    assert.equal(found.other.kind, 'caller');
    assert.match(found.other.message, /another file/);
    for (const copy of [found.cloned, found.json, found.spread]) assert.equal(copy.code, 'plan-copied');
    assert.equal(found.plan, 'done');
    assert.equal(found.request, 'done');
    assert.equal(found.nothing.name, 'BoxlockError');
    assert.equal(found.closed.code, 'closed');
    assert.equal(found.late.code, 'plan-other-file');
  });
});

/** The built site in a browser whose sources of random values fail, each in its way, one after the other. */
function siteWithoutRandomValues() {
  const { root, prepend } = siteCopy();
  const sources = `
    const sources = [
      (array) => array,
      (array) => array.fill(7),
      () => { throw new DOMException('no entropy', 'OperationError'); },
    ];
    crypto.getRandomValues = (array) => {
      sources.push(sources.shift());
      return sources.at(-1)(array);
    };
  `;
  prepend(sources, 'engine/worker.js');
  return { root };
}

inEachBrowser((browser) => {
  const check = pageTests(browser);

  check('a source of random values that fails makes no keys', async (page) => {
    const found = await page.evaluate(async () => {
      const { open } = await import('/boxlock.js');
      const media = await open('/samples/sample.ismv');
      const said = [];
      for (const method of ['plan', 'plan', 'plan', 'protect', 'protect', 'protect']) {
        const done = media[method]({ laUrl: 'https://x.example/' });
        said.push(
          await done.then(
            () => 'done',
            ({ code, message }) => `${code}: ${message}`,
          ),
        );
      }
      return said;
    });
    for (const said of found) assert.match(said, /^no-random: This browser gives no random values/);
    assert.equal(found.length, 6);
  });
}, siteWithoutRandomValues());
