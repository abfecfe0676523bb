// An engine that runs out of memory, for real: it is served with a limit to what its memory may grow to. That ends one
// action with a sentence; whatever else is open stays, and the next action has a new engine.

import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { before } from 'node:test';
import { inEachBrowser } from './browser.mjs';
import { boxes } from './support-media.mjs';
import {
  clickFound,
  fillForm,
  goTo,
  LA_URL,
  LONG,
  openFile,
  pageTests,
  protect,
  SAMPLE,
  siteCopy,
  storage,
  waitPlan,
  withoutPicker,
  workFolder,
} from './support.mjs';

/** Pages of 64 KiB: 5 MiB, of which the engine takes 1.2 before it does anything. */
const PAGES = 80;
/** More than that. */
const TOO_MUCH = 6 << 20;

/** The same engine with a limit in its memory section, which has none when it is built. */
function limited(wasm) {
  const number = (at) => {
    let [value, shift, byte] = [0, 0, 0x80];
    for (; byte & 0x80; shift += 7) {
      byte = wasm[at++];
      value |= (byte & 0x7f) << shift;
    }
    return { value, end: at };
  };
  for (let at = 8; at < wasm.length;) {
    const { value: length, end: body } = number(at + 1);
    if (wasm[at] === 5) {
      assert.deepEqual([...wasm.subarray(body, body + 2)], [1, 0], 'one memory without a limit');
      const least = wasm.subarray(body + 2, body + length);
      const section = Buffer.concat([Buffer.from([1, 1]), least, Buffer.from([PAGES])]);
      assert.ok(PAGES < 0x80 && section.length < 0x80, 'numbers of one byte');
      const header = Buffer.from([5, section.length]);
      return Buffer.concat([wasm.subarray(0, at), header, section, wasm.subarray(body + length)]);
    }
    at = body + length;
  }
  throw new Error('The engine has no memory.');
}

const { root, path } = siteCopy();
for (const name of ['look', 'engine']) {
  const module = path(`engine/wasm/boxlock_${name}_bg.wasm`);
  writeFileSync(module, limited(readFileSync(module)));
}

const folder = workFolder();
const names = ['opening', 'planning', 'protecting'];
const [opening, planning, protecting] = names.map((name) => folder.path(`${name}.ismv`));

/** A box of this size and type around `parts`. */
function box(type, ...parts) {
  const content = Buffer.concat(parts);
  const header = Buffer.alloc(8);
  header.writeUInt32BE(8 + content.length);
  header.write(type, 4, 'latin1');
  return Buffer.concat([header, content]);
}

before(async () => {
  const sample = await readFile(SAMPLE);
  const tops = boxes(sample);
  const bytesOf = ({ start, end }) => sample.subarray(start, end);
  const front = tops.slice(
    0,
    tops.findIndex(({ type }) => type === 'moof'),
  );
  const moov = front.find(({ type }) => type === 'moov');

  // A movie header that is larger than memory.
  const padding = box('free', Buffer.alloc(TOO_MUCH));
  const large = box('moov', sample.subarray(moov.body, moov.end), padding);
  const rest = tops.filter(({ type }) => type === 'moof' || type === 'mdat').map(bytesOf);
  const others = front.filter(({ type }) => type !== 'moov').map(bytesOf);
  await writeFile(opening, Buffer.concat([...others, large, ...rest]));

  // A fragment that is: the last sample of a sound fragment is made long.
  const at = tops.findLastIndex(
    ({ type, body, end }) => type === 'moof' && trackOf(sample, body, end).id === 2,
  );
  const { moof, mdat } = grown(sample, tops[at], tops[at + 1]);
  await writeFile(planning, Buffer.concat([...front.map(bytesOf), moof, mdat]));

  // Fragments that all fit, and together do not: they are protected together.
  const times = Math.ceil(TOO_MUCH / sample.length);
  await writeFile(
    protecting,
    Buffer.concat([...front.map(bytesOf), ...Array.from({ length: times }, () => rest).flat()]),
  );
});

/** The ID of the one track in a fragment, and where its run stands. */
function trackOf(bytes, start, end) {
  const [traf] = boxes(bytes, start, end).filter(({ type }) => type === 'traf');
  const inside = boxes(bytes, traf.body, traf.end);
  const tfhd = inside.find(({ type }) => type === 'tfhd');
  return { id: bytes.readUInt32BE(tfhd.body + 4), trun: inside.find(({ type }) => type === 'trun') };
}

/** A fragment with its last sample that much longer. */
function grown(bytes, moof, mdat) {
  const { trun } = trackOf(bytes, moof.body, moof.end);
  const flags = bytes.readUInt32BE(trun.body) & 0xffffff;
  const each = [0x100, 0x200, 0x400, 0x800].filter((flag) => flags & flag).length * 4;
  const place = trun.end - each + (flags & 0x100 ? 4 : 0) - moof.start;
  const head = Buffer.from(bytes.subarray(moof.start, moof.end));
  head.writeUInt32BE(head.readUInt32BE(place) + TOO_MUCH, place);
  const media = bytes.subarray(mdat.body, mdat.end);
  return { moof: head, mdat: box('mdat', media, Buffer.alloc(TOO_MUCH, 1)) };
}

const SAID = /^.*The engine stopped on this file, most often because the browser had no more memory for it\./;

/** One sentence and a way on, and nothing that only a programmer reads. */
function assertPlain(said, what) {
  assert.match(said, SAID, what);
  assert.match(said, /Close other files and tabs and try again/);
  assert.doesNotMatch(said, /RuntimeError|unreachable|borrowed|aliasing|memory access|undefined/);
}

/** Counts the workers that are there. */
const countWorkers = (page) =>
  page.evaluate(() => {
    window.made = 0;
    window.ended = 0;
    const Real = window.Worker;
    window.Worker = class extends Real {
      constructor(url, options) {
        super(url, options);
        window.made++;
      }
      terminate() {
        window.ended++;
        super.terminate();
      }
    };
  });

/** So many were made, and all have ended but those that lead the open files. */
async function assertWorkers(page, made, open) {
  await page.evaluate((number) => void (window.awaited = number), open);
  await page.waitFor(() => window.made - window.ended === window.awaited);
  if (made) assert.equal(await page.evaluate(() => window.made), made);
}

/** Chooses an open file in the list. */
const toFile = (page, name) =>
  clickFound(
    page,
    (wanted) =>
      [...document.querySelectorAll('#file-list .file-name')].find((each) => each.innerText.includes(wanted)),
    name,
  );

/** The sample, which was open all the while, is protected. */
async function assertOtherUsable(page) {
  await toFile(page, 'sample.ismv');
  await goTo(page, 'protect');
  await waitPlan(page);
  await protect(page);
  const { bytes } = await page.waitDownload({ timeout: LONG });
  assert.ok(bytes.length > (await readFile(SAMPLE)).length);
}

/** The boxes of the file on the desk can be looked at: asked of its engine. */
async function assertInspectable(page, wanted) {
  await goTo(page, 'inspect');
  await clickFound(
    page,
    (type) =>
      [...document.querySelectorAll('[role="treeitem"]:not([hidden])')].find((row) =>
        row.innerText.includes(type),
      ),
    wanted,
  );
  await page.evaluate((type) => void (window.awaited = type), wanted);
  await page.waitFor(() => document.querySelector('.box-about .fourcc')?.innerText === window.awaited);
}

inEachBrowser(
  (browser) => {
    const check = pageTests(browser);
    // Browsers tell on the console that a worker trapped.
    const quiet = false;
    const begin = async (page) => {
      await withoutPicker(page);
      await countWorkers(page);
      await openFile(page, SAMPLE);
      await fillForm(page);
      await waitPlan(page);
    };

    check(
      'out of memory while opening: the file is refused, its worker ended',
      async (page) => {
        await begin(page);
        await page.setFile('#open-file', opening);
        await page.waitFor('.notice', { timeout: LONG });
        const said = await page.text('.notice p');
        console.log(`# ${browser.name}: ${said}`);
        assertPlain(said, 'opening');
        await assertWorkers(page, 2, 1);
        await assertOtherUsable(page);
      },
      { quiet },
    );

    check(
      'out of memory while planning: the plan is refused, the file has a new engine',
      async (page) => {
        await begin(page);
        await openFile(page, planning);
        await goTo(page, 'protect');
        await page.fill('[name="laUrl"]', LA_URL);
        await page.waitFor(() => /engine stopped/.test(document.querySelector('.start-note').innerText));
        const said = await page.text('.start-note');
        console.log(`# ${browser.name}: ${said}`);
        assertPlain(said, 'planning');
        await assertWorkers(page, 2, 1);
        await assertInspectable(page, 'moof');
        await assertWorkers(page, 3, 2);
        await assertOtherUsable(page);
      },
      { quiet },
    );

    check(
      'out of memory while protecting: nothing is left, and the file can be planned again',
      async (page) => {
        await begin(page);
        await openFile(page, protecting);
        await goTo(page, 'protect');
        await page.fill('[name="laUrl"]', LA_URL);
        await waitPlan(page);
        await page.click('#protect-start');
        await page.waitFor('.start-note.failed', { timeout: LONG });
        const said = await page.text('.start-note');
        console.log(`# ${browser.name}: ${said}`);
        assertPlain(said, 'protecting');
        assert.match(said, /^It stopped, and nothing was saved\./);
        assert.deepEqual(await storage(page), {});
        await assertWorkers(page, null, 2);
        await page.fill('[name="laUrl"]', `${LA_URL}&again=1`);
        await waitPlan(page);
        await assertInspectable(page, 'moof');
        await assertOtherUsable(page);
      },
      { quiet },
    );
  },
  { root },
);
