// The page that uploads, with a real storage behind it: Azure's own emulator, and a proxy before it that plays faults.

import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { inEachBrowser } from './browser.mjs';
import { OLD_VERSION } from './support-azurite.mjs';
import { choose, done, paste, pressUpload, withStorage } from './support-publish.mjs';
import {
  giveAxe,
  LONG,
  openFile,
  protect,
  fillForm,
  protectedSample,
  SAMPLE,
  triedAgain,
  waitPlan,
  withoutPicker,
} from './support.mjs';

const own = withStorage();
const { folder } = own;

const sum = (bytes) => createHash('sha256').update(bytes).digest('hex');

/** Of which every block has 4 MiB. */
const inBlocks = (more = {}) => own.address({ version: OLD_VERSION, ...more });

const there = (name, container = 'media') => own.storage.blob(container, encodeURIComponent(name));

/** All that the page shows, and has in its fields. */
const shown = (page) =>
  page.evaluate(
    () =>
      document.documentElement.outerHTML +
      [...document.querySelectorAll('input, textarea')].map(({ value }) => value).join(' '),
  );

const status = (page, code) =>
  page.evaluate((wanted) => document.querySelector('.upload-step').innerText.includes(wanted), code);

/** Longer than anybody waits. */
const HELD = { wait: 20_000 };

/** What becomes of blocks that come after so many others, the one of the question among them. */
const afterSome = (first, act) => {
  let seen = 0;
  return ({ method, comp }) =>
    method === 'PUT' && comp === 'block' && ++seen > first ? act(seen - first) : undefined;
};

/** Waits until so many blocks lie under a name, and are no file yet. */
async function someArrived(name, count) {
  for (const end = Date.now() + LONG; ; await sleep(100)) {
    const found = (await own.storage.waiting('media', encodeURIComponent(name))).filter(
      (id) => !id.endsWith('probe'),
    );
    if (found.length >= count) return;
    assert.ok(Date.now() < end, `${found}`);
  }
}

/** Gives each test a new page with the publish page open, and the faults taken out. */
function publishTests(browser) {
  return (name, body, options = {}) =>
    test(name, options, (context) =>
      triedAgain(browser, context, async () => {
        own.front.play = () => undefined;
        await own.storage.cors();
        browser.site.beyond.add(own.front.origin);
        const page = await browser.newPage();
        try {
          await page.goto('/publish.html');
          await page.waitFor('#choose-file');
          await own.files(page);
          await body(page);
          for (const url of page.requests) {
            const { origin } = new URL(url);
            assert.ok(
              origin === browser.site.origin || origin === own.front.origin,
              `The page asked for ${url}`,
            );
          }
        } finally {
          await page.close();
        }
      }),
    );
}

inEachBrowser((browser) => {
  const check = publishTests(browser);

  check('a protected file arrives whole, and its address is shown without its signature', async (page) => {
    await choose(page, own.small);
    assert.match(await page.text('.taken'), /protected[\s\S]*H\.264/);
    await paste(page, own.address({ container: 'open' }));
    assert.match(await page.text('.place-facts'), /read, create, write/);
    const name = `${browser.name} film ü.mp4`;
    await page.fill('[name="name"]', name);
    assert.equal(await page.text('#connected'), 'Connects to nothing yet');
    await pressUpload(page);
    await done(page);
    assert.equal(await page.text('#connected'), `Connects to ${new URL(own.front.origin).host} only`);
    const url = await page.text('#done-url');
    assert.equal(url, `${own.front.account}/open/${encodeURIComponent(name)}`);
    const said = await page.text('.done-lines');
    assert.match(said, /Every byte was read back/);
    assert.match(said, /Players can seek: the storage answers with parts \(206\) and says Accept-Ranges/);
    const found = await there(name, 'open');
    assert.equal(sum(found.bytes), sum(readFileSync(own.small)));
    assert.equal(found.headers['content-type'], 'video/mp4');
    const signature = decodeURIComponent(/sig=([^&]+)/.exec(own.address())[1]);
    const all = await shown(page);
    assert.ok(!all.includes('sig=') && !all.includes(signature.slice(0, 12)));
    const kept = await page.evaluate(async () => [
      JSON.stringify({ ...localStorage, ...sessionStorage }),
      location.href,
      JSON.stringify(await indexedDB.databases()),
      JSON.stringify(await caches.keys()),
    ]);
    assert.deepEqual(kept, ['{}', `${browser.site.origin}/publish.html`, '[]', '[]']);
    // Nobody else is served by the service worker of the frame.
    await page.goto('/');
    await page.waitFor('#open-button');
    const controlled = await page.evaluate(async () => ({
      by: navigator.serviceWorker.controller,
      scopes: (await navigator.serviceWorker.getRegistrations()).map(({ scope }) => new URL(scope).pathname),
    }));
    assert.equal(controlled.by, null);
    assert.deepEqual(controlled.scopes, ['/publish/to/']);
  });

  check('clear files, and files that are protected in part, are refused', async (page) => {
    await page.setFile('#open-file', SAMPLE);
    await page.waitFor('#file-step .notice');
    assert.match(await page.text('#file-step .notice'), /not protected.*main page/s);
    const half = folder.path('half.mp4');
    writeFileSync(half, await protectedSample(page, { tracks: [1] }));
    await page.setFile('#open-file', half);
    await page.waitFor(() => /half\.mp4/.test(document.querySelector('#file-step .notice')?.innerText));
    assert.match(await page.text('#file-step .notice'), /Not all of half\.mp4 is protected/);
    const text = folder.path('notes.mp4');
    writeFileSync(text, 'no media at all, but long enough to be looked at');
    await page.setFile('#open-file', text);
    await page.waitFor(() =>
      /notes\.mp4 was not opened/.test(document.querySelector('#file-step .notice')?.innerText),
    );
    await paste(page, own.address());
    assert.equal(await page.evaluate(() => document.querySelector('#upload').disabled), true);
  });

  check('closed in the middle, it goes on where it was, and nothing is visible before', async (page) => {
    const name = `${browser.name} resumed.mp4`;
    own.front.play = afterSome(3, () => HELD);
    const begin = async () => {
      await choose(page, own.large);
      await paste(page, inBlocks());
      await page.fill('[name="name"]', name);
      await pressUpload(page);
    };
    await begin();
    await someArrived(name, 2);
    // As if it had crashed: nothing of the page is asked.
    await page.evaluate(
      () => void window.addEventListener('beforeunload', (event) => event.stopImmediatePropagation(), true),
    );
    await page.goto('/publish.html');
    await page.waitFor('#choose-file');
    assert.equal(await there(name), null);
    const waiting = await own.storage.waiting('media', encodeURIComponent(name));
    assert.ok(waiting.filter((id) => !id.endsWith('probe')).length > 0);
    own.front.play = () => undefined;
    const before = own.front.requests.length;
    await begin();
    await done(page);
    assert.match(await page.text('.upload-lines'), /parts have arrived before/);
    const blocks = own.front.requests
      .slice(before)
      .filter(({ method, comp }) => method === 'PUT' && comp === 'block');
    assert.ok(blocks.length < 6, `${blocks.length}`);
    assert.equal(sum((await there(name)).bytes), sum(readFileSync(own.large)));
  });

  check('where no rule lets the page in, the rule is printed', async (page) => {
    await own.storage.cors({ methods: '' });
    await choose(page, own.small);
    await paste(page, own.address());
    await pressUpload(page);
    await page.waitFor('.rules', { timeout: LONG });
    const said = await page.text('.upload-outcome');
    assert.match(said, /Allowed methods: GET, HEAD, PUT, OPTIONS/);
    assert.ok(said.includes(`Allowed origins: ${browser.site.origin}`));
    assert.match(said, /az storage cors add --account-name devstoreaccount1/);
    // A rule for reading alone is told from none.
    await own.storage.cors({ methods: 'GET', headers: '' });
    await pressUpload(page);
    await page.waitFor(() => /A rule is missing there/.test(document.querySelector('.rules')?.innerText), {
      timeout: LONG,
    });
    await own.storage.cors();
    await pressUpload(page);
    await done(page);
  });

  check('a SAS that ends on the way is renewed, and what has arrived is not sent again', async (page) => {
    const name = `${browser.name} renewed.mp4`;
    let blocks = 0;
    own.front.play = ({ method, comp }) =>
      method === 'PUT' && comp === 'block' && ++blocks > 4
        ? {
            status: 403,
            code: 'AuthenticationFailed',
            text: 'Signature not valid in the specified time frame',
          }
        : undefined;
    await choose(page, own.large);
    await paste(page, inBlocks());
    await page.fill('[name="name"]', name);
    await pressUpload(page);
    await page.waitFor('#renew', { timeout: LONG });
    assert.match(await page.text('.upload-outcome'), /signature of the address has expired/);
    assert.equal(await there(name), null);
    own.front.play = () => undefined;
    const before = own.front.requests.length;
    await page.click('#renew');
    await paste(page, inBlocks());
    assert.equal(await page.evaluate(() => document.querySelector('[name="name"]').value), name);
    await pressUpload(page);
    await done(page);
    const again = own.front.requests
      .slice(before)
      .filter(({ method, comp }) => method === 'PUT' && comp === 'block');
    assert.ok(again.length < 5, `${again.length}`);
    assert.equal(sum((await there(name)).bytes), sum(readFileSync(own.large)));
  });

  check('a name that is taken, a storage that is busy, and being cancelled', async (page) => {
    const name = `${browser.name} taken.mp4`;
    await own.storage.put('media', encodeURIComponent(name), 'there before');
    // One is refused, one is cut, some arrive, and the others wait.
    own.front.play = afterSome(2, (number) =>
      number === 1
        ? { status: 503, code: 'ServerBusy' }
        : number === 2
          ? 'cut'
          : number < 6
            ? undefined
            : HELD,
    );
    await choose(page, own.large);
    await paste(page, inBlocks());
    await page.fill('[name="name"]', name);
    await pressUpload(page);
    await page.click('#keep');
    await page.waitFor('.upload-outcome .notice');
    assert.equal(String((await there(name)).bytes), 'there before');
    await pressUpload(page);
    await page.click('#replace');
    await someArrived(name, 2);
    await page.press('Escape');
    await page.waitFor('.start-note.cancelled');
    assert.match(await page.text('.start-note'), /Nothing is visible there.*press Upload to go on/);
    assert.equal(String((await there(name)).bytes), 'there before');
    own.front.play = () => undefined;
    await pressUpload(page);
    await done(page);
    assert.equal(sum((await there(name)).bytes), sum(readFileSync(own.large)));
  });

  check('presigned addresses take the file in one request, or in parts that are completed', async (page) => {
    await own.storage.cors({ methods: 'GET,HEAD,PUT,POST,OPTIONS' });
    const path = `${own.front.account}/bucket/film.mp4`;
    const parts = new Map();
    const got = { whole: null };
    let type = '';
    own.front.play = ({ method, url, headers }) => {
      const number = Number(url.searchParams.get('partNumber'));
      if (method === 'POST') {
        const keep = (bytes) => {
          const order = [...String(bytes).matchAll(/<PartNumber>(\d+)<\/PartNumber><ETag>&quot;e\1&quot;/g)];
          got.whole = Buffer.concat(order.map(([, one]) => parts.get(Number(one))));
        };
        return { status: 200, keep };
      }
      if (method !== 'PUT') return { status: 403, code: 'AccessDenied' };
      type = headers['content-type'];
      const keep = (bytes) => (number ? parts.set(number, bytes) : (got.whole = bytes));
      return { status: 200, headers: { etag: `"e${number}"` }, keep };
    };
    await choose(page, own.large);
    await paste(page, `${path}?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Signature=secretSECRET`);
    assert.match(await page.text('.import-warnings'), /goes in one request/);
    await pressUpload(page);
    await done(page);
    assert.equal(sum(got.whole), sum(readFileSync(own.large)));
    assert.equal(type, 'video/mp4');
    assert.equal(await page.text('#done-url'), path);
    assert.match(
      await page.text('.done-lines'),
      /Nothing was read back.*Without a signature nobody gets it/s,
    );
    got.whole = null;
    const one = (query) => `${path}?${query}&uploadId=u&X-Amz-Signature=secretSECRET`;
    const list = [1, 2, 3, 4, 5, 6].map((number) => one(`partNumber=${number}`));
    await page.click('#other-address');
    await paste(page, JSON.stringify({ parts: list, complete: one('x=1') }));
    await pressUpload(page);
    await done(page);
    assert.equal(sum(got.whole), sum(readFileSync(own.large)));
    await page.click('#other-address');
    await paste(page, list.join('\n'));
    await pressUpload(page);
    await done(page);
    assert.match(await page.text('.done'), /All parts have arrived.*"PartNumber": 4,\s+"ETag": "\\"e4\\""/s);
    assert.doesNotMatch(await shown(page), /secretSECRET/);
  });

  check('a file that was changed since it was chosen is not uploaded', async (page) => {
    const path = folder.path('changing.mp4');
    const name = `${browser.name} changing.mp4`;
    writeFileSync(path, readFileSync(own.small));
    await choose(page, path);
    await paste(page, own.address());
    await page.fill('[name="name"]', name);
    await sleep(1100);
    writeFileSync(path, randomBytes(readFileSync(own.small).length));
    await pressUpload(page);
    await page.waitFor('.upload-outcome .notice', { timeout: LONG });
    assert.match(await page.text('.upload-outcome'), /no longer the one that was opened/);
    assert.equal(await there(name), null);
  });

  check('two tabs do not upload to one name', async (page) => {
    own.front.play = ({ method, comp }) =>
      method === 'PUT' && comp === 'block' ? { wait: 1500 } : undefined;
    await choose(page, own.small);
    await paste(page, own.address());
    await page.fill('[name="name"]', `${browser.name} twice.mp4`);
    // What the other tab holds.
    const where = `${own.front.account}/media/${encodeURIComponent(`${browser.name} twice.mp4`)}`;
    await page.evaluate(
      (name) =>
        new Promise((held) => {
          navigator.locks.request(name, () => new Promise((end) => void ((window.letGo = end), held(null))));
        }),
      `boxlock-publish ${where}`,
    );
    await pressUpload(page);
    await page.waitFor('.upload-outcome .notice');
    assert.match(
      await page.text('.upload-outcome'),
      /Another tab of this browser is uploading to this very name/,
    );
    await page.evaluate(() => window.letGo());
    await pressUpload(page);
    await done(page);
    assert.ok(await status(page, 'It is there, whole.'));
  });

  check(
    'a result goes on to the page by its name in storage, and is there when that is loaded again',
    async (page) => {
      await page.goto('/');
      await page.waitFor('#open-button');
      await withoutPicker(page);
      await openFile(page, SAMPLE);
      await fillForm(page);
      await waitPlan(page);
      await protect(page);
      const link = await page.evaluate(() => {
        const { href, target } = document.querySelector('#publish');
        return { href, target };
      });
      assert.equal(link.target, '_blank');
      assert.match(link.href, /\/publish\.html#stored=[\da-f]{32}\.mp4&name=sample\.mp4$/);
      // In a frame, as the page that made it must stay; with the address as a new tab has it.
      const size = await page.evaluate(async (href) => {
        const frame = document.createElement('iframe');
        frame.src = href;
        const seen = async () => {
          for (;;) {
            const name = frame.contentDocument?.querySelector('.taken-name');
            if (name)
              return `${name.textContent}: ${frame.contentDocument.querySelector('.taken .quiet').textContent}`;
            await new Promise((resolve) => void setTimeout(resolve, 50));
          }
        };
        document.body.append(frame);
        const first = await seen();
        await new Promise((resolve) => {
          frame.addEventListener('load', resolve, { once: true });
          frame.contentWindow.location.reload();
        });
        return [first, await seen()];
      }, link.href);
      assert.equal(size[0], size[1]);
      assert.match(size[0], /^sample\.mp4: \d+ kB/);
      // In a page of its own: the first would be asked for its key before it goes.
      const other = await browser.newPage();
      try {
        await other.goto('/publish.html#stored=0123456789abcdef0123456789abcdef.mp4&name=gone.mp4');
        await other.waitFor('#file-step .notice');
        assert.match(await other.text('#file-step .notice'), /gone\.mp4 was not found/);
      } finally {
        await other.close();
      }
    },
  );

  check('without a mouse, and for people who listen, every state of the page is usable', async (page) => {
    const audit = async (state) => {
      await giveAxe(page);
      const violations = await page.evaluate(async () => {
        const options = { rules: { 'color-contrast': { enabled: true } } };
        const { violations: found } = await window.axe.run(document, options);
        return found.map(
          ({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 120)).join(' | ')}`,
        );
      });
      assert.deepEqual(violations, [], state);
      const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      assert.ok(wide <= 0, `${state} is ${wide} px too wide`);
    };
    await page.setViewport(390, 844);
    await audit('empty');
    await choose(page, own.small);
    await page.fill('[name="address"]', 'https://acc.blob.core.windows.net/media');
    await page.waitFor('[name="address"][aria-invalid="true"]');
    await audit('an address that is refused');
    await own.storage.cors({ methods: '' });
    await paste(page, own.address({ container: 'open' }));
    await audit('ready');
    await pressUpload(page);
    await page.waitFor('.rules', { timeout: LONG });
    await audit('the rule');
    await own.storage.cors();
    await page.evaluate(() => document.querySelector('#upload').focus());
    await page.press('Enter');
    await done(page);
    await page.evaluate(() => {
      for (const each of document.querySelectorAll('details')) each.open = true;
    });
    await audit('done, with scripts unfolded');
    await page.setViewport(1280, 900);
    await audit('wide');
  });
});
