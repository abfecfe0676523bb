// The public module, used from a page by itself.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { before } from 'node:test';
import { inEachBrowser } from './browser.mjs';
import { fetchedAhead, pageTests, SAMPLE, storage } from './support.mjs';
import { boxes, checksum, decryptedMedia, sha256 } from './support-media.mjs';

let sample;
before(async () => {
  sample = await readFile(SAMPLE);
});

/** What every script below begins with. */
const START = `
  const { open, BoxlockError } = await import('/boxlock.js');
  const url = new URL('/samples/sample.ismv', location.href);
  const LA = 'https://licence.example.com/';
  const failure = (promise) => promise.then(
    () => 'no error',
    (error) => ({
      isError: error instanceof Error,
      isBoxlock: error instanceof BoxlockError,
      name: error.name, code: error.code, kind: error.kind, path: error.path, offset: error.offset,
      field: error.field, message: error.message,
    }),
  );
  const base64 = async (blob) => new Promise((resolve) => {
    const reader = new FileReader();
    reader.onload = () => resolve(reader.result.split(',')[1]);
    reader.readAsDataURL(blob);
  });
`;

inEachBrowser((browser) => {
  const check = pageTests(browser);
  const script = (page, body, ...args) => page.evaluate(`async (...args) => {${START}${body}}`, ...args);

  check('open takes a URL, a Blob, a File and bytes, and finds the same in each', async (page) => {
    const found = await script(
      page,
      `const bytes = new Uint8Array(await (await fetch(url)).arrayBuffer());
      const sources = [url, url.href, '/samples/sample.ismv', new Blob([bytes]), new File([bytes], 'a.ismv'), bytes];
      const all = [];
      for (const source of sources) {
        const media = await open(source);
        all.push([media.name, media.size, media.summary().fragmentCount, media.tracks().map((t) => t.codec)]);
        media.close();
      }
      all.push((await open(bytes, { name: 'named.ismv' })).name);
      return all;`,
    );
    assert.deepEqual(
      found.map((one) => (Array.isArray(one) ? one[0] : one)),
      ['sample.ismv', 'sample.ismv', 'sample.ismv', 'file', 'a.ismv', 'file', 'named.ismv'],
    );
    const fragments = boxes(sample).filter(({ type }) => type === 'moof').length;
    for (const [, size, count, codecs] of found.slice(0, -1)) {
      assert.deepEqual([size, count], [sample.length, fragments]);
      assert.match(codecs[0], /^avc1\.64/);
      assert.match(codecs[1], /^mp4a\.40\.2$/);
    }
  });

  check('every path of the tree is a box, whose place and bytes are right', async (page) => {
    const found = await script(
      page,
      `const media = await open(url);
      const all = [];
      const walk = async (nodes) => {
        for (const node of nodes) {
          const view = await media.box(node.path);
          const bytes = node.size ? await media.hex({ start: node.start, end: node.start + Math.min(16, node.size) }) : [];
          all.push({ path: node.path, type: node.type, start: node.start, size: node.size, same: view.node.path === node.path
            && view.node.start === node.start && view.node.size === node.size, bytes: [...bytes],
            inside: view.fields.every((f) => f.start >= node.start && f.end <= node.start + node.size && f.start <= f.end) });
          if (node.childCount) await walk(node.children ?? (await media.children(node.path)));
        }
      };
      await walk(await media.tree());
      const ranges = [
        (await media.hex({ start: 0, end: 0 })).length,
        (await media.hex({ start: media.size - 3, end: media.size + 50 })).length,
        (await media.hex({ start: 5, end: 7 })).length,
      ];
      return { all, ranges, wrong: await failure(media.box('moov/nope')) };`,
    );
    assert.ok(found.all.length > 80, `${found.all.length} boxes`);
    assert.equal(new Set(found.all.map(({ path }) => path)).size, found.all.length);
    for (const box of found.all) {
      assert.ok(box.same && box.inside, box.path);
      assert.equal(sample.readUInt32BE(box.start), box.size, box.path);
      assert.equal(sample.toString('latin1', box.start + 4, box.start + 8), box.type);
      assert.deepEqual(box.bytes, [...sample.subarray(box.start, box.start + box.bytes.length)]);
    }
    assert.deepEqual(
      found.all.filter(({ path }) => !path.includes('/')).map(({ start }) => start),
      boxes(sample).map(({ start }) => start),
    );
    assert.deepEqual(found.ranges, [0, 3, 2]);
    assert.equal(found.wrong.name, 'BoxlockError');
    assert.equal(found.wrong.code, 'no-such-box');
  });

  check('a plan says the exact size, and what it shows is what is made', async (page) => {
    const made = await script(
      page,
      `const media = await open(url);
      const all = [];
      for (const profile of ['hybrid', 'piff']) {
        const plan = await media.plan({ laUrl: LA, profile });
        const result = await media.protect(plan);
        const file = await result.file();
        all.push({ plan, kid: result.kid, key: result.key, checksum: result.checksum, size: result.size,
          name: file.name, type: file.type, bytes: await base64(file), sha256: await result.sha256() });
        await result.discard();
      }
      return all;`,
    );
    for (const { plan, kid, key, checksum: said, size, name, type, bytes, sha256: hash } of made) {
      const file = Buffer.from(bytes, 'base64');
      assert.equal(plan.sizeExact, true);
      assert.equal(plan.sizeAfter, file.length);
      assert.equal(plan.sizeBefore, sample.length);
      assert.equal(size, file.length);
      assert.deepEqual([name, type], ['sample.mp4', 'video/mp4']);
      assert.equal(hash, sha256(file));
      assert.deepEqual(kid, plan.kid);
      assert.equal(said, plan.checksum);
      assert.equal(said, checksum(key, kid.uuid));
      assert.ok(!JSON.stringify(plan).includes(key), 'the plan does not hold the key');
      decryptedMedia(file, key);
    }
    assert.deepEqual(await storage(page), {});
  });

  check('a plan holds, whatever is planned or made between', async (page) => {
    const found = await script(
      page,
      `const media = await open(url);
      const early = await media.plan({ laUrl: LA, key: '00112233445566778899aabbccddeeff' });
      const other = await media.protect({ laUrl: LA });
      const running = media.protect(early);
      const meanwhile = [media.plan({ laUrl: LA, key: 'fe0123456789abcdef0123456789abcd', profile: 'piff' }), failure(media.protect({ laUrl: LA }))];
      const result = await running;
      const again = await media.protect(early);
      return { early: early.kid.uuid, kid: result.kid.uuid, key: result.key, profile: result.profile,
        other: other.kid.uuid, busy: (await Promise.all(meanwhile))[1],
        bytes: await base64(await result.file()), same: (await result.sha256()) === (await again.sha256()) };`,
    );
    assert.equal(found.kid, found.early);
    assert.notEqual(found.other, found.early);
    assert.equal(found.key, '00112233445566778899aabbccddeeff');
    assert.equal(found.profile, 'hybrid');
    assert.equal(found.busy.code, 'busy');
    assert.ok(found.same, 'the same plan gives the same bytes');
    const media = decryptedMedia(Buffer.from(found.bytes, 'base64'), found.key);
    const mdats = boxes(sample).filter(({ type }) => type === 'mdat');
    media.forEach((one, number) =>
      assert.ok(one.equals(sample.subarray(mdats[number].body, mdats[number].end)), `mdat ${number}`),
    );
  });

  check('files made after each other share no key, KID or key stream', async (page) => {
    const made = await script(
      page,
      `const media = await open(url);
      const all = [];
      for (let round = 0; round < 3; round++) {
        const result = await media.protect({ laUrl: LA });
        all.push([result.kid.uuid, result.key]);
      }
      // With the same key and KID it is the first IV that differs.
      const fixed = { laUrl: LA, key: '00112233445566778899aabbccddeeff', kid: '6f651ae1-dbe4-4434-bcb4-690d1564c41c' };
      const bytes = [];
      for (let round = 0; round < 2; round++) bytes.push(await base64(await (await media.protect(fixed)).file()));
      return { all, bytes };`,
    );
    for (const column of [0, 1]) assert.equal(new Set(made.all.map((one) => one[column])).size, 3);
    const [one, two] = made.bytes.map((text) => Buffer.from(text, 'base64'));
    assert.equal(one.length, two.length);
    const mdat = boxes(one).findLast(({ type }) => type === 'mdat');
    assert.ok(!one.subarray(mdat.body, mdat.end).equals(two.subarray(mdat.body, mdat.end)));
  });

  // In Firefox a worker that starts another one waits for ever, about once in fifteen times.
  check('forty protections in a row all end', async (page) => {
    for (let round = 0; round < 4; round++) {
      const ended = await script(
        page,
        `const media = await open(url);
        const late = () => new Promise((resolve) => void setTimeout(() => resolve(null), 20_000));
        for (let number = 0; number < 10; number++) {
          const made = await Promise.race([media.protect({ laUrl: LA }), late()]);
          if (!made) return number;
          await made.discard();
        }
        media.close();
        return 10;`,
      );
      assert.equal(ended, 10, 'the next one hangs');
    }
  });

  check(
    'a worker that cannot start fails the call, and the next call works',
    async (page) => {
      const { missing } = browser.site;
      // Nothing is there beforehand.
      const modules = ['wasm/boxlock_look_bg.wasm', 'wasm/boxlock_engine_bg.wasm'];
      const parts = ['worker.js', 'protector-worker.js', 'writer-worker.js', ...modules];
      for (const part of parts) missing.add(`/engine/${part}`);
      await page.goto('/');
      await fetchedAhead(page);
      missing.clear();
      await script(page, 'window.media = await open(url);');
      const found = [];
      for (const part of ['/engine/protector-worker.js', '/engine/writer-worker.js']) {
        missing.add(part);
        found.push(await script(page, 'return failure(window.media.protect({ laUrl: LA }));'));
        missing.delete(part);
        await script(page, 'await (await window.media.protect({ laUrl: LA })).discard();');
      }
      for (const part of ['/engine/worker.js', '/engine/wasm/boxlock_look_bg.wasm']) {
        missing.add(part);
        const opened = await script(page, 'return failure(open(url));');
        missing.delete(part);
        assert.equal(opened.code, 'engine-failed', part);
        assert.match(opened.message, /engine could not be started/);
      }
      await script(page, 'window.media.close(); (await open(url)).close();');
      for (const { code, message } of found) {
        assert.equal(code, 'engine-failed');
        assert.match(message, /worker could not be started/);
      }
      assert.deepEqual(await storage(page), {});
    },
    { quiet: false },
  );

  check('a signal ends open, plan and protect with AbortError, and leaves nothing', async (page) => {
    const found = await script(
      page,
      `const aborted = AbortSignal.abort();
      const late = () => { const stop = new AbortController(); setTimeout(() => stop.abort()); return stop.signal; };
      const bytes = new Uint8Array(await (await fetch(url)).arrayBuffer());
      const media = await open(url);
      const stop = new AbortController();
      const seen = [];
      const big = new Blob(Array.from({ length: 1 }, () => bytes));
      const running = failure(media.protect({ laUrl: LA }, { signal: late() }));
      const result = {
        early: [await failure(open(url, { signal: aborted })), await failure(open(bytes, { signal: aborted })),
          await failure(media.plan({ laUrl: LA }, { signal: aborted })),
          await failure(media.protect({ laUrl: LA }, { signal: aborted }))],
        running: await running,
      };
      const after = await media.protect({ laUrl: LA }, { onProgress: (progress) => seen.push(progress) });
      result.size = after.size;
      result.seen = seen.at(-1);
      await after.discard();
      return result;`,
    );
    for (const error of found.early) assert.deepEqual([error.name, error.isError], ['AbortError', true]);
    assert.equal(found.running.name, 'AbortError');
    assert.ok(found.size > sample.length);
    assert.deepEqual(found.seen, { stage: 'finish', done: 1, total: 1 });
    assert.deepEqual(await storage(page), {});
  });

  check(
    'closing ends what runs, and errors say what and where',
    async (page) => {
      const found = await script(
        page,
        `const bytes = new Uint8Array(await (await fetch(url)).arrayBuffer());
      const media = await open(url);
      const running = failure(media.protect({ laUrl: LA }));
      media.close();
      const broken = bytes.slice();
      new DataView(broken.buffer).setUint32(24 + 8, 0x7fffffff);
      return {
        closed: [await running, await failure(media.tree()), await failure(media.plan({ laUrl: LA }))],
        text: await failure(open(new TextEncoder().encode('no media at all, just words'))),
        missing: await failure(open('/samples/none.ismv')),
        url: await failure((await open(url)).plan({ laUrl: 'nowhere' })),
        twice: await failure(open(await (await (await open(url)).protect({ laUrl: LA })).file())
          .then((one) => one.plan({ laUrl: LA }))),
        broken: await failure(open(broken).then((one) => one.plan({ laUrl: LA }))),
      };`,
      );
      page.errors.length = 0; // A browser says aloud that there is no such sample.
      const errors = [...found.closed, found.text, found.missing, found.url, found.twice, found.broken];
      for (const error of errors) {
        assert.deepEqual([error.isError, error.isBoxlock, error.name], [true, true, 'BoxlockError'], error);
        assert.match(error.code, /^[a-z]+(-[a-z0-9]+)*$/);
        assert.match(error.message, /^[A-Z/].*\.$/s);
      }
      assert.deepEqual(
        found.closed.map(({ code }) => code),
        ['closed', 'closed', 'closed'],
      );
      assert.equal(found.text.kind, 'file');
      assert.equal(found.text.offset, 0);
      assert.deepEqual([found.missing.code, found.missing.kind], ['fetch', 'environment']);
      assert.deepEqual([found.url.field, found.url.kind], ['laUrl', 'caller']);
      assert.equal(found.twice.code, 'already-protected');
      assert.equal(found.broken.kind, 'file');
      // The box in the header that claims more than there is.
      assert.equal(found.broken.offset, 32);
    },
    { quiet: false },
  );
});
