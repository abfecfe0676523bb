// What browsers throw, as people are told: every sentence of faults.js is reached, in both browsers' words for the fault,
// and says what to do next.

import assert from 'node:assert/strict';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { test } from 'node:test';
import { inEachBrowser } from './browser.mjs';
import { pageTests, SAMPLE, workFolder } from './support.mjs';

const folder = workFolder();
const SOURCE = new URL('../../www/files/faults.js', import.meta.url);

/**
 * What is being done, what is thrown — a DOMException of this name, an error of this class, or a fault of Firefox's own
 * kind — and the sentence, by its code and words that no other one of that code has.
 */
const TABLE = [
  ['read', 'NotAllowedError', 'not-readable', /no longer allowed to read/],
  ['read', 'NS_ERROR_FILE_ACCESS_DENIED', 'not-readable', /no longer allowed to read/],
  ['read', 'NotReadableError', 'not-readable', /changed or moved/],
  ['read', 'NotFoundError', 'not-readable', /changed or moved/],
  ['read', 'NS_ERROR_FILE_NOT_FOUND', 'not-readable', /changed or moved/],
  ['read', 'AbortError', 'not-readable', /changed or moved/],
  ['read', 'NS_ERROR_FAILURE', 'not-readable', /changed or moved/],
  ['read', 'RangeError: Array buffer allocation failed', 'no-memory', /not enough memory/],
  ['read', 'NS_ERROR_OUT_OF_MEMORY', 'no-memory', /not enough memory/],
  ['read', 'TypeError: network error', 'not-readable', /changed or moved/],
  ['read', 'ReferenceError: x is not defined', 'unexpected', /Something unexpected/],
  ...['write', 'finish'].flatMap((doing) => [
    [doing, 'QuotaExceededError', 'no-space', /not enough space/],
    [doing, 'NS_ERROR_FILE_NO_DEVICE_SPACE', 'no-space', /not enough space/],
    [doing, 'NotAllowedError', 'not-writable', /not allowed to write/],
    [doing, 'SecurityError', 'not-writable', /not allowed to write/],
    [doing, 'NoModificationAllowedError', 'not-writable', /not allowed to write/],
    [doing, 'NS_ERROR_FILE_ACCESS_DENIED', 'not-writable', /not allowed to write/],
    [doing, 'NS_ERROR_FILE_READ_ONLY', 'not-writable', /not allowed to write/],
    [doing, 'NS_ERROR_FILE_IS_LOCKED', 'not-writable', /not allowed to write/],
    [doing, 'NotFoundError', 'place-gone', /is gone/],
    [doing, 'InvalidStateError', 'place-gone', /is gone/],
    [doing, 'NS_ERROR_FILE_NOT_FOUND', 'place-gone', /is gone/],
    [doing, 'AbortError', 'not-written', /could not write/],
    [doing, 'UnknownError', 'not-written', /could not write/],
    [doing, 'NS_ERROR_FILE_CORRUPTED', 'not-written', /could not write/],
    [doing, 'TypeError: Failed to fetch', 'not-written', /could not write/],
  ]),
  ['result', 'NotFoundError', 'result-gone', /can no longer be read/],
  ['result', 'NotReadableError', 'result-gone', /can no longer be read/],
  ['result', 'NS_ERROR_FILE_NOT_FOUND', 'result-gone', /can no longer be read/],
  ['delete', 'NoModificationAllowedError', 'not-deleted', /could not be deleted/],
  ['delete', 'NS_ERROR_FILE_IS_LOCKED', 'not-deleted', /could not be deleted/],
  ['place', 'SecurityError', 'press-again', /pressed once more/],
  ['place', 'NotAllowedError', 'place-refused', /not allowed to save there/],
  ['place', 'InvalidStateError', 'place-refused', /could not use that place/],
  ['place', 'TypeError: Name is not allowed.', 'place-refused', /could not use that place/],
  ['fetch', 'TypeError: Failed to fetch', 'engine-failed', /network cannot be reached/],
  ['fetch', 'TypeError: NetworkError when attempting to fetch resource.', 'engine-failed', /network cannot/],
  ['fetch', 'RangeError: WebAssembly.Instance(): Out of memory', 'no-memory', /not enough memory/],
  ['play', 'NotAllowedError', 'play-refused', /Press Play/],
  ['play', 'NotSupportedError', 'play-failed', /Another browser/],
  ['play', 'QuotaExceededError', 'no-memory', /not enough memory/],
  ['delete', 'QuotaExceededError', 'no-space', /not enough space/],
];

/** What a sentence must have: how to go on. */
const WAY_ON =
  /try again|open it again|Close |Choose |press|Check |Use |Free |make it again|Delete these|report it|Another browser may/i;

/** A whole sentence for people, that leads on; and never to what would lose what is open. */
function assertPlain(text) {
  assert.match(text, /^[A-Z].{20,}[.!?]$/s);
  assert.match(text, WAY_ON);
  assert.doesNotMatch(
    text,
    /NS_ERROR|network error|DOMException|TypeError|RangeError|\bError\b|0x|undefined|\[object|reload|load the page/i,
  );
}

test('every sentence there is stands in the table', async () => {
  const source = await readFile(SOURCE, 'utf8');
  const defined = [...source.matchAll(/code: '([\w-]+)'/g)].map(([, code]) => code);
  assert.ok(defined.length > 15);
  const reached = new Set(TABLE.map(([, , code]) => code));
  // The file is another now, is too large for memory, or may be left in part: no faults of browsers, but found by the page.
  for (const code of ['source-changed', 'no-storage', 'left-in-folder']) reached.add(code);
  assert.deepEqual(
    [...new Set(defined)].filter((code) => !reached.has(code)),
    [],
  );
  const sentences = new Set(TABLE.map(([, , code, words]) => `${code} ${words}`)).size;
  assert.ok(sentences + 3 >= defined.length, `${defined.length} sentences, ${sentences} in the table`);
});

inEachBrowser((browser) => {
  const check = pageTests(browser);

  check('what a browser throws is told as a plain sentence that leads on', async (page) => {
    const said = await page.evaluate(
      async (rows) => {
        const { cancelled, leftInFolder, sentenceFor, CHANGED, tooLargeForMemory } =
          await import('/www/files/faults.js');
        const { fromPosted, toPosted } = await import('/www/engine/errors.js');
        const { faultOf } = await import('/www/ui/fault.js');
        const make = (what) => {
          const [name, message] = what.split(': ');
          if (message) return new globalThis[name](message);
          if (name.startsWith('NS_ERROR'))
            // Firefox's own kind is no Error, and pages cannot make one.
            return { name, message: '', result: 0x80520012, toString: () => `[Exception... "${name}"]` };
          return new DOMException('Something only a programmer reads.', name);
        };
        const rowSaid = rows.map(([doing, what]) => {
          const error = make(what);
          const { code, message } = sentenceFor(error, doing);
          const posted = toPosted(error, doing);
          return { code, messages: [message, posted.message, faultOf(error, doing).message] };
        });
        const full = Object.assign(new Error(), { name: 'QuotaExceededError', fileSize: 3e9 });
        return {
          rows: rowSaid,
          others: [
            CHANGED.message,
            tooLargeForMemory(3e9).message,
            sentenceFor(full, 'write').message,
            leftInFolder(['init.mp4']).message,
          ],
          cancelled: [cancelled(), fromPosted(toPosted(cancelled()))].map((one) => toPosted(one, 'write')),
        };
      },
      TABLE.map(([doing, what]) => [doing, what]),
    );
    said.rows.forEach(({ code, messages }, n) => {
      const [doing, what, wanted, words] = TABLE[n];
      assert.equal(code, wanted, `${doing}: ${what}`);
      // However it comes to the page: thrown there, or posted by a worker.
      for (const message of messages) {
        assertPlain(message);
        assert.match(message, words, `${doing}: ${what}`);
      }
    });
    for (const message of said.others) assertPlain(message);
    assert.match(said.others[2], /needs 3\.00 GB/);
    // What was cancelled here stays that, and is no fault.
    for (const posted of said.cancelled)
      assert.deepEqual([posted.aborted, posted.message], [true, 'Cancelled.']);
  });

  check(
    'what this browser really throws is known: a file that is gone, a network that is gone, a file in use',
    async (page) => {
      const path = folder.path(`gone-${browser.name}.mp4`);
      await writeFile(path, Buffer.alloc(1 << 20, 1));
      await page.evaluate(() => {
        document.body.append(Object.assign(document.createElement('input'), { type: 'file', id: 'source' }));
      });
      await page.setFile('#source', path);
      await page.evaluate(async () => {
        window.file = document.querySelector('#source').files[0];
        window.faults = await import('/www/files/faults.js');
      });
      await rm(path);
      browser.site.down = true;
      const thrown = await page
        .evaluate(async () => {
          const { sentenceFor } = window.faults;
          const told = async (doing, work) => {
            const error = await work().then(
              () => new Error('It was done.'),
              (reason) => reason,
            );
            return { doing, name: String(error?.name), ...sentenceFor(error, doing) };
          };
          const root = await navigator.storage.getDirectory();
          const handle = await root.getFileHandle('used', { create: true });
          const stream = await handle.createWritable();
          const all = [
            await told('read', () => window.file.arrayBuffer()),
            await told('read', () => new Response(window.file.stream()).arrayBuffer()),
            await told('fetch', () => fetch('/engine/worker.js?again')),
            await told('delete', () => root.removeEntry('used')),
            await told('write', () => root.getFileHandle('none')),
            await told('place', () => root.getFileHandle('../up', { create: true })),
          ];
          await stream.abort();
          return all;
        })
        .finally(() => (browser.site.down = false));
      for (const { doing, name, code, message } of thrown) {
        console.log(`# ${browser.name}, ${doing}: ${name}, ${code}`);
        assertPlain(message);
      }
      assert.deepEqual(
        thrown.map(({ code }) => code),
        ['not-readable', 'not-readable', 'engine-failed', 'not-deleted', 'place-gone', 'place-refused'],
      );
    },
    { quiet: false },
  );

  check('a file that is gone is said to be, whatever is asked of it, and nobody cancelled', async (page) => {
    const path = folder.path(`taken-${browser.name}.ismv`);
    await writeFile(path, await readFile(SAMPLE));
    await page.evaluate(() => {
      document.body.append(Object.assign(document.createElement('input'), { type: 'file', id: 'source' }));
    });
    await page.setFile('#source', path);
    await page.evaluate(async () => {
      const { open } = await import('/boxlock.js');
      window.file = document.querySelector('#source').files[0];
      window.media = await open(window.file);
    });
    await rm(path);
    const found = await page.evaluate(async () => {
      const { open } = await import('/boxlock.js');
      const { media, file } = window;
      const request = { laUrl: 'https://licence.example.com/' };
      const told = {
        open: open(file),
        hex: media.hex({ start: 300_000, end: 300_100 }),
        search: media.search('senc', { onProgress: () => {} }),
        playback: media.playback().then(async ({ fragments }) => {
          for await (const one of fragments()) if (!one.length) return;
        }),
        plan: media.plan(request),
        protect: media.protect(request),
      };
      const all = {};
      const ends = Object.entries(told).map(async ([what, done]) => {
        all[what] = await done.then(
          () => ({ message: 'It was done.' }),
          ({ name, code, message }) => ({ name, code, message }),
        );
      });
      await Promise.all(ends);
      return all;
    });
    for (const [what, { name, code, message }] of Object.entries(found)) {
      console.log(`# ${browser.name}, ${what}: ${name}, ${code}: ${message}`);
      assert.equal(name, 'BoxlockError', what);
      assert.match(code, /^(not-readable|source-changed)$/, what);
      assertPlain(message);
    }
  });
});
