// What is protected becomes clear again, and is protected otherwise, through the public module.

import assert from 'node:assert/strict';
import { inEachBrowser } from './browser.mjs';
import { pageTests } from './support.mjs';
import { decryptedMedia } from './support-media.mjs';

const KEY = '00112233445566778899aabbccddeeff';
const KID = '6f651ae1-dbe4-4434-bcb4-690d1564c41c';
const OTHER_KEY = 'fe0123456789abcdef0123456789abcd';
const OTHER_KID = '0e1e2e3e-0000-4000-8000-0123456789ab';

inEachBrowser((browser) => {
  const check = pageTests(browser);
  const script = (page, body, ...args) =>
    page.evaluate(
      `async (...args) => {
        const { open } = await import('/boxlock.js');
        const clear = await open(new URL('/samples/sample.ismv', location.href));
        const made = async (media, request) => {
          const plan = await media.plan(request);
          const result = await media.protect(plan);
          const file = await result.file();
          return { plan, undoes: result.undoes, name: result.name, file: new File([await file.arrayBuffer()], file.name) };
        };
        const same = async (a, b) => {
          const [one, other] = (await Promise.all([a, b].map((file) => file.arrayBuffer()))).map((bytes) => new Uint8Array(bytes));
          return one.length === other.length && one.every((byte, at) => byte === other[at]);
        };
        const sample = await (await fetch('/samples/sample.ismv')).blob();
        const failure = (promise) => promise.then(() => null, ({ code, field, message }) => ({ code, field, message }));
        const base64 = async (blob) => new Promise((resolve) => {
          const reader = new FileReader();
          reader.onload = () => resolve(reader.result.split(',')[1]);
          reader.readAsDataURL(blob);
        });
        ${body}
      }`,
      ...args,
    );

  for (const scheme of ['cenc', 'cbcs', 'cens', 'cbc1'])
    check(`a file in ${scheme} becomes the file it was, and the file in another scheme`, async (page) => {
      const found = await script(
        page,
        `const [scheme, key, kid, otherKey, otherKid] = args;
        const locked = await made(clear, { laUrl: 'https://licence.example/', scheme, key, kid, clearLead: 1 });
        const media = await open(locked.file);
        const sourceKeys = [{ kid, key }];
        const back = await made(media, { scheme: 'none', sourceKeys });
        const other = scheme === 'cenc' ? 'cbcs' : 'cenc';
        const request = { laUrl: 'https://licence.example/', scheme: other, key: otherKey, kid: otherKid, sourceKeys };
        const anew = await made(media, request);
        const again = await made(await open(anew.file), { scheme: 'none', sourceKeys: [{ track: 1, key: otherKey }, { track: 2, key: otherKey }] });
        return { kids: media.tracks().map((track) => track.protection.kids), undoes: back.plan.undoes, done: back.undoes,
          name: back.name, size: [back.plan.sizeAfter, back.file.size], same: await same(back.file, sample),
          again: await same(again.file, sample), anew: other === 'cenc' ? await base64(anew.file) : null,
          before: anew.plan.undoes.length, boxes: back.plan.boxes.map((one) => one.why) };`,
        scheme,
        KEY,
        KID,
        OTHER_KEY,
        OTHER_KID,
      );
      assert.deepEqual(found.kids, [[KID], [KID]]);
      assert.deepEqual(
        found.undoes,
        [1, 2].map((track) => ({ track, kid: KID, scheme })),
      );
      assert.deepEqual(found.done, found.undoes);
      assert.equal(found.name, 'sample.clear.mp4');
      assert.equal(found.size[0], found.size[1]);
      assert.ok(found.same && found.again);
      assert.equal(found.before, 2);
      if (found.anew) decryptedMedia(Buffer.from(found.anew, 'base64'), OTHER_KEY);
    });

  check('a wrong key writes nothing, and a missing one is named', async (page) => {
    const found = await script(
      page,
      `const [key, kid, wrong, otherKid] = args;
      const locked = await made(clear, { laUrl: 'https://licence.example/', scheme: 'cbcs', key, kid });
      const media = await open(locked.file);
      return [
        await failure(media.plan({ scheme: 'none', sourceKeys: [{ kid, key: wrong }] })),
        await failure(media.protect({ scheme: 'none', sourceKeys: [{ kid, key: wrong }] })),
        await failure(media.plan({ scheme: 'none', sourceKeys: [{ kid: otherKid, key }] })),
        await failure(media.plan({ scheme: 'none', sourceKeys: [{ kid, key, typo: 1 }] })),
        await failure(media.plan({ scheme: 'none' })),
      ];`,
      KEY,
      KID,
      OTHER_KEY,
      OTHER_KID,
    );
    const codes = ['wrong-key', 'wrong-key', 'no-key', 'bad-request', 'already-protected'];
    assert.deepEqual(
      found.map(({ code }) => code),
      codes,
    );
    for (const { field, message } of found.slice(0, 3)) {
      assert.equal(field, 'sourceKeys');
      assert.match(message, new RegExp(KID));
    }
  });
});
