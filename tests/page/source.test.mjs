// The source is the source: what stands where a file came from, and what the core remembers of its heads. And what is said
// when nobody can know any more whether a file was finished.

import assert from 'node:assert/strict';
import { cpSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { inEachBrowser } from './browser.mjs';
import {
  fillForm,
  keepWorkers,
  LONG,
  openFile,
  pageTests,
  SAMPLE,
  siteCopy,
  storage,
  waitPlan,
  withPicker,
} from './support.mjs';

inEachBrowser((browser) => {
  const check = pageTests(browser);

  check('a file that was replaced where it came from is not protected', async (page) => {
    const found = await page.evaluate(async () => {
      const { open } = await import('/boxlock.js');
      const bytes = await (await fetch('/samples/sample.ismv')).arrayBuffer();
      const root = await navigator.storage.getDirectory();
      const handle = await root.getFileHandle('source.ismv', { create: true });
      const put = async () => {
        const stream = await handle.createWritable();
        await stream.write(bytes);
        await stream.close();
      };
      await put();
      // The same bytes, held by the page: only the handle knows of another time.
      const there = await handle.getFile();
      const kept = new File([bytes], 'source.ismv', { lastModified: there.lastModified });
      const media = await open(kept, { handle });
      const request = { laUrl: 'https://licence.example.com/' };
      const attempt = () =>
        media.protect(request).then(
          (made) => (made.discard(), 'made'),
          ({ code }) => code,
        );
      const before = await attempt();
      await new Promise((resolve) => void setTimeout(resolve, 1100));
      await put();
      const replaced = await attempt();
      await root.removeEntry('source.ismv');
      const removed = await attempt();
      media.close();
      return { before, replaced, removed };
    });
    assert.deepEqual(found, { before: 'made', replaced: 'source-changed', removed: 'source-changed' });
  });

  const noPicker = browser.name === 'chromium' ? false : 'This browser has no save dialog for pages.';
  for (const who of ['leading', 'writing'])
    check(
      `when the ${who} worker dies while a chosen file is being finished, nobody says that nothing was saved`,
      async (page) => {
        await withPicker(page, 'what was there before');
        await keepWorkers(page);
        await page.evaluate(() => {
          const { prototype } = window.Worker;
          // The moment of no return does not end.
          prototype.postMessage = new Proxy(prototype.postMessage, {
            apply: (target, self, args) => {
              if (args[0]?.finish === true) window.finishing = true;
              else Reflect.apply(target, self, args);
            },
          });
        });
        await openFile(page, SAMPLE);
        await fillForm(page);
        await waitPlan(page);
        await page.click('#protect-start');
        await page.waitFor(() => window.finishing);
        await page.evaluate((at) => window.workers.at(at).terminate(), who === 'leading' ? 0 : -1);
        await page.waitFor('.start-note.failed', { timeout: LONG });
        const said = await page.text('.start-note');
        assert.match(said, /Delete what is at the chosen place, even if it looks complete/);
        assert.doesNotMatch(said, /nothing was saved/);
      },
      { skip: noPicker },
    );
});

/** The built site where a connection is not secure: there are no locks. */
const { root, path, prepend } = siteCopy();
// In the site itself the engine's script is a part of its workers.
cpSync(fileURLToPath(new URL('../../target/readable/engine/wasm/', import.meta.url)), path('glue'), {
  recursive: true,
});
prepend(
  "Object.defineProperty(Object.getPrototypeOf(navigator), 'locks', { value: undefined });",
  'app.js',
  ...['worker', 'protector-worker', 'writer-worker'].map((name) => `engine/${name}.js`),
);

inEachBrowser(
  (browser) => {
    const check = pageTests(browser);

    check(
      'a head that is not the one that was opened is refused by the core',
      async (page) => {
        const found = await page.evaluate(async () => {
          const engine = await import('/glue/boxlock_engine.js');
          const { memory } = await engine.default({ module_or_path: '/glue/boxlock_engine_bg.wasm' });
          const bytes = new Uint8Array(await (await fetch('/samples/sample.ismv')).arrayBuffer());
          const core = new engine.File(new Blob([bytes]));
          for (let need = core.needs(); need; need = core.needs())
            core.feed(need.start, bytes.slice(need.start, need.start + need.len));
          const random = new Uint8Array(56).map((_, n) => n + 1);
          const request = { laUrl: 'https://licence.example.com/' };
          core.plan(request, random);
          const protector = new engine.Protector(core.movie_header(), request, random);
          const task = core.task(0);
          const attempt = (change) => {
            const fragment = bytes.slice(task.start, task.end);
            change(fragment);
            const address = protector.room(fragment.length);
            new Uint8Array(memory.buffer, address, fragment.length).set(fragment);
            try {
              return protector.protect(task.tasks)[0] > 0 ? 'made' : 'nothing';
            } catch ({ name, code }) {
              return `${name} ${code}`;
            }
          };
          return {
            same: attempt(() => {}),
            head: attempt((fragment) => (fragment[task.moofLen - 1] ^= 1)),
            media: attempt((fragment) => (fragment[fragment.length - 1] ^= 1)),
          };
        });
        // Of media the core keeps nothing: they are the witness's.
        assert.deepEqual(found, { same: 'made', head: 'BoxlockError source-changed', media: 'made' });
      },
      { quiet: false },
    );

    check('a worker that is gone is noticed where there are no locks', async (page) => {
      const found = await page.evaluate(async () => {
        // Minutes pass in a moment.
        const real = window.setInterval;
        window.setInterval = (what, ms, ...rest) => real(what, ms >= 10_000 ? ms / 50 : ms, ...rest);
        const made = [];
        const Real = window.Worker;
        window.Worker = class extends Real {
          constructor(url, options) {
            super(url, options);
            made.push(this);
          }
        };
        const { open } = await import('/boxlock.js');
        const media = await open('/samples/sample.ismv');
        // Long enough to be taken for gone, if it did not answer.
        await new Promise((resolve) => void setTimeout(resolve, 6000));
        const lives = (await media.tree()).length > 0 && made.length === 1;
        made[0].terminate();
        const code = await media.tree().then(String, (error) => error.code);
        const again = (await media.tree()).length > 0;
        media.close();
        return { locks: navigator.locks === undefined, lives, code, again, made: made.length };
      });
      assert.deepEqual(found, { locks: true, lives: true, code: 'engine-stopped', again: true, made: 2 });
      assert.deepEqual(await storage(page), {});
    });
  },
  { root },
);
