// A small module looks; the whole engine opens the same file again when something is to be done with it. The second opening
// shows how far it is, can be left, and takes no other file than the one that was looked at.

import assert from 'node:assert/strict';
import { readFile, stat, utimes, writeFile } from 'node:fs/promises';
import { test } from 'node:test';
import { cancelled } from '../../www/files/faults.js';
import { Joint } from '../../www/engine/joint.js';
import { inEachBrowser } from './browser.mjs';
import { boxes } from './support-media.mjs';
import {
  fetchedAhead,
  fillForm,
  goTo,
  openFile,
  pageTests,
  protect,
  SAMPLE,
  storage,
  waitOpen,
  waitPlan,
  withoutPicker,
  workFolder,
} from './support.mjs';

const ENGINE = '/engine/wasm/boxlock_engine_bg.wasm';
const LOOK = '/engine/wasm/boxlock_look_bg.wasm';

const folder = workFolder();

/** Work that ends when it is told to. */
function slowWork() {
  const seen = { signal: null, report: () => {}, end: () => {} };
  const joint = new Joint((running) => {
    Object.assign(seen, running);
    return new Promise((resolve, reject) => {
      seen.end = resolve;
      running.signal.addEventListener('abort', () => reject(running.signal.reason));
    });
  });
  joint.done.catch(() => {});
  return { joint, seen };
}

const caller = () => {
  const stop = new AbortController();
  const told = [];
  return { stop, told, running: { signal: stop.signal, report: (progress) => told.push(progress.done) } };
};

test('work that several wait for goes on while one of them does, and ends without them', async () => {
  const { joint, seen } = slowWork();
  const [one, two] = [caller(), caller()];
  const waits = [one, two].map(({ running }) => joint.wait(running));
  seen.report({ stage: 'index', done: 1, total: 2 });
  one.stop.abort(cancelled());
  await assert.rejects(waits[0], { name: 'AbortError' });
  seen.report({ stage: 'index', done: 2, total: 2 });
  assert.deepEqual([one.told, two.told], [[1], [1, 2]]);
  seen.end('done');
  assert.equal(await waits[1], 'done');
  assert.ok(!joint.left);

  const other = slowWork();
  const [gone, back] = [caller(), caller()];
  const left = other.joint.wait(gone.running);
  gone.stop.abort(cancelled());
  await assert.rejects(left, { name: 'AbortError' });
  // Whoever comes soon finds it going on.
  const again = other.joint.wait(back.running);
  await new Promise((resolve) => void setTimeout(resolve, 1200));
  assert.ok(!other.joint.left && !other.seen.signal.aborted);
  back.stop.abort(cancelled());
  await assert.rejects(again, { name: 'AbortError' });
  await new Promise((resolve) => void setTimeout(resolve, 1200));
  assert.ok(other.joint.left && other.seen.signal.aborted);
  await assert.rejects(other.joint.done, { name: 'AbortError' });
});

/** Runs in the page: keeps a file that takes a while to open, as `window.long`. */
const keepLong = async () => {
  const bytes = new Uint8Array(await (await fetch('/samples/sample.ismv')).arrayBuffer());
  // So many fragments that opening takes a while: those of the sample, over and over.
  const view = new DataView(bytes.buffer);
  let [at, first, end] = [0, 0, 0];
  for (let size; at < bytes.length; at += size) {
    size = view.getUint32(at);
    const type = String.fromCharCode(...bytes.subarray(at + 4, at + 8));
    if (type === 'moof' && !first) first = at;
    if (type === 'mdat') end = at + size;
  }
  const body = new Blob([bytes.slice(first, end)]);
  window.long = new File([bytes.slice(0, first), ...Array.from({ length: 2400 }, () => body)], 'long.ismv');
};

inEachBrowser((browser) => {
  const check = pageTests(browser);

  check(
    'a file is looked at without the engine, which comes when it can be had',
    async (page) => {
      const { missing } = browser.site;
      missing.add(ENGINE);
      await page.goto('/');
      await fetchedAhead(page);
      await withoutPicker(page);
      await openFile(page, SAMPLE);
      await goTo(page, 'inspect');
      await page.waitFor('[role="treeitem"]');
      const found = await page.evaluate(async () => {
        const { open } = await import('/boxlock.js');
        const media = await open('/samples/sample.ismv');
        const tree = await media.tree();
        const moov = tree.find(({ type }) => type === 'moov');
        const view = await media.box(`${moov.path}/mvhd`);
        const hits = await media.search('tfhd', { onProgress: () => {} });
        const bytes = await media.hex({ start: 0, end: 8 });
        const children = await media.children(moov.path);
        const { types } = await media.overview(10);
        const fault = await media.plan({ laUrl: 'https://licence.example.com/' }).catch(({ code }) => code);
        // It is open still.
        const after = await media.tree();
        media.close();
        return {
          fault,
          rows: view.fields.length,
          hits,
          bytes: [...bytes],
          children: children.length,
          types: types.length,
          same: after.length === tree.length,
        };
      });
      const sample = await readFile(SAMPLE);
      assert.deepEqual(found.bytes, [...sample.subarray(0, 8)]);
      assert.ok(found.rows > 5 && found.children > 2 && found.types > 0);
      assert.ok(found.hits >= boxes(sample).filter(({ type }) => type === 'moof').length);
      assert.equal(found.fault, 'engine-failed');
      assert.ok(found.same);
      missing.clear();
      await fillForm(page);
      await waitPlan(page);
      await protect(page);
      await page.waitDownload();
    },
    { quiet: false },
  );

  check('the engine is fetched after all that the page starts with', async (page) => {
    await fetchedAhead(page);
    const paths = () => browser.site.requests.map((url) => new URL(url).pathname);
    const asked = paths().slice(paths().lastIndexOf('/'));
    const at = (path) => asked.indexOf(path);
    for (const path of ['/app.js', '/ui/later.js', '/engine/worker.js', LOOK])
      assert.ok(at(path) >= 0 && at(path) < at(ENGINE), `${path} comes before the engine: ${asked}`);
    const before = paths().length;
    await openFile(page, SAMPLE);
    const more = paths().slice(before);
    assert.ok(!more.some((path) => path.endsWith('.wasm')), 'nothing is fetched again');
  });

  check('a file that was changed since it was opened is not worked on', async (page) => {
    const sample = await readFile(SAMPLE);
    const tops = boxes(sample);
    const moov = tops.find(({ type }) => type === 'moov');
    const flipped = (at) => {
      const bytes = Buffer.from(sample);
      bytes[at] ^= 1;
      return bytes;
    };
    // Its size and its time say nothing.
    const ways = {
      'the movie header': flipped(moov.start + 8 + 8 + 11),
      'a fragment’s head': flipped(tops.filter(({ type }) => type === 'moof').at(-1).start + 8 + 8 + 7),
      'its end': sample.subarray(0, sample.length - 1000),
    };
    await withoutPicker(page);
    for (const [what, bytes] of Object.entries(ways)) {
      const name = `${browser.name}-${Object.keys(ways).indexOf(what)}.ismv`;
      const path = folder.path(name);
      await writeFile(path, sample);
      const { atime, mtime } = await stat(path);
      await openFile(page, path);
      await writeFile(path, bytes);
      await utimes(path, atime, mtime);
      await fillForm(page);
      await page.waitFor(() => /no longer/.test(document.querySelector('.start-note')?.innerText));
      assert.match(await page.text('.start-note'), /no longer the one that was opened/, what);
      await page.click(`[aria-label="Close ${name}"]`);
    }
  });

  check('the second opening shows how far it is, and can be left and begun again', async (page) => {
    await page.evaluate(keepLong);
    const found = await page.evaluate(async () => {
      const { open } = await import('/boxlock.js');
      const file = window.long;
      const media = await open(file);
      const request = { laUrl: 'https://licence.example.com/' };
      const begun = async (/** @type {string} */ method) => {
        const stop = new AbortController();
        const stages = [];
        let resolve = () => {};
        const promise = new Promise((settle) => void (resolve = settle));
        const onProgress = (/** @type {any} */ progress) => {
          stages.push(progress);
          resolve(null);
        };
        const done = media[method](request, { signal: stop.signal, onProgress });
        done.catch(() => resolve(null));
        await promise;
        const start = performance.now();
        stop.abort();
        const fault = await done.catch((/** @type {Error} */ error) => error.name);
        return { fault, stages, ms: performance.now() - start };
      };
      const cancelled = [await begun('protect'), await begun('plan'), await begun('protect')];
      const tree = await media.tree({ from: 0, count: 10 });
      const stages = [];
      const plans = await Promise.all([
        media.plan(request, { onProgress: (/** @type {any} */ progress) => stages.push(progress) }),
        media.plan(request),
      ]);
      media.close();
      return {
        size: file.size,
        cancelled,
        tree: tree.length,
        stages,
        plans: plans.map(({ sizeBefore }) => sizeBefore),
      };
    });
    for (const { fault, stages, ms } of found.cancelled) {
      assert.equal(fault, 'AbortError');
      assert.equal(stages[0].stage, 'index');
      assert.ok(stages[0].done < found.size && stages[0].total === found.size);
      assert.ok(ms < 1000, `cancelled after ${Math.round(ms)} ms`);
    }
    console.log(
      `# ${browser.name}: ${found.cancelled.map(({ stages, ms }) => `${Math.round(ms)} ms at ${stages[0].done}`)}`,
    );
    assert.equal(found.tree, 10);
    const index = found.stages.filter(({ stage }) => stage === 'index').map(({ done }) => done);
    const [, , last] = found.cancelled;
    assert.ok(index[0] >= last.stages[0].done, `it goes on at ${index[0]}`);
    assert.deepEqual(
      index,
      [...index].sort((a, b) => a - b),
    );
    assert.deepEqual(found.plans, [found.size, found.size]);
    assert.deepEqual(await storage(page), {});
  });

  check('before its first plan the page says how far a file is read', async (page) => {
    await page.evaluate(keepLong);
    await page.evaluate(() => {
      const list = new DataTransfer();
      list.items.add(window.long);
      const input = document.querySelector('#open-file');
      input.files = list.files;
      input.dispatchEvent(new Event('change', { bubbles: true }));
    });
    await waitOpen(page, 'long.ismv');
    await goTo(page, 'protect');
    await page.evaluate(() => {
      window.said = [];
      const state = document.querySelector('.plan-state');
      new MutationObserver(() => window.said.push(state.innerText)).observe(state, { childList: true });
    });
    await fillForm(page);
    await waitPlan(page);
    const said = await page.evaluate(() => window.said);
    assert.ok(
      said.some((text) => /^Working it out… \d+ % read$/.test(text)),
      said.join(', '),
    );
    assert.equal(said.at(-1), 'Nothing has been changed yet.');
  });
});
