// What people do on the page, step by step, and the promise that holds for every test: nothing leaves.

import assert from 'node:assert/strict';
import { cpSync, existsSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { after, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

/** The sample that is shipped with the page. */
export const SAMPLE = fileURLToPath(new URL('../../www/samples/sample.ismv', import.meta.url));
const DIST = fileURLToPath(new URL('../../dist/', import.meta.url));
const ROOT = fileURLToPath(new URL('../../', import.meta.url));

export const LA_URL = 'https://licence.example.com/rightsmanager.asmx?cfg=(persist:true)&a=1';

/** Long enough for a busy machine. */
export const LONG = 90_000;

/** A folder that is there while the tests of one file run; `path(name)` is a place in it. */
export function workFolder() {
  // At once: nobody can ask for a place before there is a folder, and get one in the repository.
  const folder = mkdtempSync(join(tmpdir(), 'boxlock-page-'));
  after(() => rm(folder, { recursive: true, force: true }));
  return { path: (name) => join(folder, name) };
}

/**
 * A copy of the built site, to be changed; there while the tests of one file run. To be made where tests are defined:
 * browsers are given their site there.
 */
export function siteCopy() {
  const { path } = workFolder();
  const root = path('site');
  cpSync(DIST, root, { recursive: true });
  return {
    root,
    /** A place in it. */
    path: (name) => join(root, name),
    /** Puts lines in front of those of some of its scripts. */
    prepend(lines, ...scripts) {
      for (const script of scripts)
        writeFileSync(join(root, script), `${lines}\n${readFileSync(join(root, script), 'utf8')}`);
    },
  };
}

/** Has the page keep the workers it makes from now on, in order, as `window.workers`. */
export const keepWorkers = (page) =>
  page.evaluate(() => {
    window.workers = [];
    const Real = window.Worker;
    window.Worker = class extends Real {
      constructor(url, options) {
        super(url, options);
        window.workers.push(this);
      }
    };
  });

/** A browser that stumbles once is no fault of the page; what fails twice is. */
const TRIES = 2;

/** What takes this long hangs. */
const HANGS = 2 * LONG;

/**
 * Has what failed once, or hangs, tried once more. How it failed is said and counted, so that what fails now and then
 * is not hidden.
 */
export async function triedAgain({ name: browser }, context, body) {
  for (let left = TRIES - 1; ; left--) {
    const late = new AbortController();
    const hangs = sleep(HANGS, undefined, late).then(() => assert.fail(`Hangs since ${HANGS} ms`));
    try {
      return await Promise.race([body(), hangs]);
    } catch (error) {
      if (left === 0) throw error;
      context.diagnostic(`tried again: ${browser}: ${context.name}: ${error.stack ?? error}`);
    } finally {
      hangs.catch(() => {});
      late.abort();
    }
  }
}

/**
 * Defines tests of which each gets a new page with the site open. After each: no error was left uncaught, and
 * nothing was asked for but files of the site (unless the test is not to be `quiet`). A test that fails is tried
 * once more in a new page.
 */
export function pageTests(browser) {
  const attempt = async (body, quiet) => {
    const page = await browser.newPage();
    try {
      await page.goto('/');
      await page.waitFor('#open-button');
      await body(page);
      if (!quiet) return;
      assert.deepEqual(page.errors, []);
      assertNothingLeft(page, browser.site.origin);
    } finally {
      await page.close();
    }
  };
  return (name, body, { quiet = true, ...options } = {}) =>
    test(name, options, (context) => triedAgain(browser, context, () => attempt(body, quiet)));
}

/** Whether a path is that of a file of the built site, or of a source that a test itself imports. */
export const isOwn = (pathname) =>
  [join(DIST, pathname.replace(/^\/www\//, '/')), join(ROOT, pathname)].some(existsSync);

/** Every request was for a file of the built site, or a source that a test itself imports, with nothing added to its address. */
export function assertNothingLeft(page, origin) {
  for (const url of page.requests) {
    const { pathname } = new URL(url);
    const own =
      // What stands behind # is not sent, though one browser tells it.
      url.replace(/#.*/, '') === `${origin}${pathname}` && isOwn(pathname);
    assert.ok(own, `The page asked for ${url}`);
  }
}

/** Settles when all that the page fetches beforehand has come, or is known not to come. */
export async function fetchedAhead(page) {
  // What shows an open file comes first.
  await page.waitFor(() => document.styleSheets.length === 15);
  await page.evaluate(async () => (await import('/boxlock.js')).prefetch());
}

/** Opens one file through the file dialog's input and waits until it is shown. */
export async function openFile(page, path) {
  await page.setFile('#open-file', path);
  await waitOpen(page, basename(path));
}

/** Waits until a file of this name is the one on the desk. */
export async function waitOpen(page, name) {
  await page.evaluate((text) => void (window.awaited = text), name);
  const open = page.waitFor(
    () =>
      document.querySelector('#summary h1')?.innerText === window.awaited &&
      document.querySelector('#views:not([hidden])'),
    { timeout: LONG },
  );
  await open.catch((error) => withSaid(page, error, 'main'));
}

/** Facts of the strip above the views: `{ Size: { text, title }, … }`. */
export function facts(page) {
  return page.evaluate(() =>
    Object.fromEntries(
      [...document.querySelectorAll('#summary .facts > div')].map((pair) => [
        pair.querySelector('dt').innerText,
        { text: pair.querySelector('dd').innerText, title: pair.querySelector('dd').title },
      ]),
    ),
  );
}

/** Goes to a view by its tab. */
export async function goTo(page, view) {
  await page.click(`#tab-${view}`);
  await page.waitFor(`#panel-${view}`);
}

/** Chooses a radio button by the label a person clicks. */
export async function choose(page, name, value) {
  const id = await page.evaluate(
    (one, two) => document.querySelector(`[name="${one}"][value="${two}"]`).id,
    name,
    value,
  );
  await page.click(`#${id}`);
}

/** Fills the form: `{ laUrl, form, key, kid, keySeed }`; what is absent keeps its default. */
export async function fillForm(page, { laUrl = LA_URL, form, key, kid, keySeed } = {}) {
  await goTo(page, 'protect');
  if (laUrl) await page.fill('[name="laUrl"]', laUrl);
  if (form) await choose(page, 'form', form);
  if (key !== undefined) {
    await choose(page, 'keyWay', 'typed');
    await page.fill('[name="key"]', key);
  }
  if (keySeed !== undefined) {
    await choose(page, 'keyWay', 'seed');
    await page.fill('[name="keySeed"]', keySeed);
  }
  if (kid !== undefined) {
    await choose(page, 'kidWay', 'typed');
    await page.fill('[name="kid"]', kid);
  }
}

/**
 * Waits for the plan that belongs to what the form says now, and gives its facts and header. A change of the form makes
 * the plan before it stale at once.
 */
export async function waitPlan(page) {
  await page.waitFor(
    () =>
      !document.querySelector('.plan-place.stale') &&
      document.querySelector('.plan-body') &&
      !document.querySelector('.plan-state').innerText.startsWith('Working it out'),
    { timeout: LONG },
  );
  return page.evaluate(() => ({
    size: [...document.querySelectorAll('.plan-facts > div')].find(
      (pair) => pair.querySelector('dt').innerText === 'Size',
    ).innerText,
    kid: document.querySelector('.plan-body .ids code').innerText,
    header: document.querySelector('.plan-body .text-card pre').innerText,
  }));
}

/** Presses Protect and waits for the result. */
export async function protect(page) {
  await page.click('#protect-start');
  const done = page.waitFor('.result-head', { timeout: LONG });
  await done.catch((error) => withSaid(page, error, '#panel-protect'));
}

/** The sample as it is when protected, made by the module in the page; the page itself does not know of it. */
export async function protectedSample(page, request = {}) {
  const base64 = await page.evaluate(
    async (asked) => {
      const { open } = await import('/boxlock.js');
      const media = await open('/samples/sample.ismv');
      const result = await media.protect(asked);
      const reader = new FileReader();
      const read = new Promise((resolve) => void (reader.onload = resolve));
      reader.readAsDataURL(await result.file());
      await read;
      await result.discard();
      media.close();
      return reader.result.split(',')[1];
    },
    { laUrl: LA_URL, ...request },
  );
  return Buffer.from(base64, 'base64');
}

/** Throws an error again, with what the page says meanwhile. */
async function withSaid(page, error, selector) {
  const said = await page.evaluate((place) => document.querySelector(place).innerText, selector);
  throw new Error(`${error.message}\nThe page says: ${said}`, { cause: error });
}

/** Makes Chromium save as a browser without a save dialog does. Call it before a file is opened. */
export function withoutPicker(page) {
  return page.evaluate(() => void (window.showSaveFilePicker = undefined));
}

/** A save dialog whose answer is a real file, in storage that only the page sees. */
export function withPicker(page, before = '') {
  return page.evaluate(async (text) => {
    window.showSaveFilePicker = async ({ suggestedName }) => {
      const root = await navigator.storage.getDirectory();
      const handle = await root.getFileHandle(suggestedName, { create: true });
      if (text) {
        const stream = await handle.createWritable();
        await stream.write(text);
        await stream.close();
      }
      return handle;
    };
  }, before);
}

/** Names and sizes of what is in the page's own storage; the folder of unfinished and unsaved files is `boxlock`. */
export function storage(page) {
  return page.evaluate(async () => {
    const found = {};
    const walk = async (folder, prefix) => {
      for await (const [name, handle] of folder.entries()) {
        if (handle.kind === 'directory') await walk(handle, `${prefix}${name}/`);
        else found[prefix + name] = (await handle.getFile()).size;
      }
    };
    // Where a browser gives pages no storage, nothing can be in it.
    if (navigator.storage?.getDirectory) await walk(await navigator.storage.getDirectory(), '');
    return found;
  });
}

/** The bytes of a file in the page's own storage. */
export async function storedBytes(page, name) {
  const text = await page.evaluate(async (wanted) => {
    const root = await navigator.storage.getDirectory();
    const file = await (await root.getFileHandle(wanted)).getFile();
    return new Promise((resolve) => {
      const reader = new FileReader();
      reader.onload = () => resolve(reader.result.split(',')[1]);
      reader.readAsDataURL(file);
    });
  }, name);
  return Buffer.from(text, 'base64');
}

/** Saves the key sheet and reads it. */
export async function keySheet(page) {
  await page.click('#key-sheet');
  const { name, bytes } = await page.waitDownload({ timeout: LONG });
  return { name, sheet: JSON.parse(bytes.toString('utf8')) };
}

/** Clicks the element that a function in the page finds, as a person does. */
export async function clickFound(page, find, ...args) {
  await page.waitFor(() => true);
  const found = await page.evaluate(
    `(...args) => {
      const element = (${find})(...args);
      element?.setAttribute('data-wanted', '');
      return Boolean(element);
    }`,
    ...args,
  );
  assert.ok(found, `There is nothing to click: ${find} ${JSON.stringify(args)}`);
  await page.click('[data-wanted]');
  await page.evaluate(() => document.querySelector('[data-wanted]')?.removeAttribute('data-wanted'));
}

/** Gives a page axe, which finds what people who listen to it, or see little, cannot use: `window.axe`. */
export async function giveAxe(page) {
  const source = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
  await page.evaluate(`() => { ${source}; }`);
  await page.evaluate(() => {
    const { run } = window.axe;
    window.axe.run = async (...all) => {
      // On the way from one colour to another nothing has contrast enough.
      const passing = document.getAnimations().filter((one) => one instanceof CSSTransition);
      // In Firefox one of what is replaced meanwhile may never finish.
      const late = new Promise((resolve) => {
        setTimeout(resolve, 1000);
      });
      await Promise.race([late, Promise.all(passing.map(({ finished }) => finished.catch(() => {})))]);
      return run.apply(window.axe, all);
    };
  });
}
