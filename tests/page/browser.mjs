// One way to drive the browsers. A test says what a person does; where they differ is in chromium.mjs, firefox.mjs and
// webkit.mjs.

import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { launchChromium } from './chromium.mjs';
import { deepQuery } from './deep-query.mjs';
import { launchFirefox } from './firefox.mjs';
import { serve } from './server.mjs';
import { launchWebkit } from './webkit.mjs';

/** Long enough for a busy machine: only what fails waits for it. */
const TIMEOUT = 30_000;
const POLL = 40;

const LAUNCHERS = { chromium: launchChromium, firefox: launchFirefox, webkit: launchWebkit };

/**
 * What a browser cannot be tested for, and why: such a test is given `skip: browser.lacks.…` and counts as not run.
 * @type {Record<string, Record<string, string>>}
 */
const LACKS = {
  webkit: {
    colourScheme: 'not run in webkit: WebKitWebDriver has no command for the colour scheme',
    storage: 'not run in webkit: its build for GTK gives pages no storage, results are held in memory',
    protectedPlayback: 'not run in webkit: its build for GTK has no ClearKey that plays',
  },
};

/** Each tab of WebKit is a browser of its own, which takes time. */
const NOT_MAIN = 'only the main tests of the page are, and those of what differs there';

/**
 * The browsers that run, by name. Starting one takes longer than most tests, so that all tests of a process share it:
 * they come one after the other, and each page has a context of its own.
 * @type {Map<string, Promise<{ newTab: (site: import('./server.mjs').Site) => Promise<any>, close: () => Promise<void> }>>}
 */
const running = new Map();

after(async () => {
  for (const driver of running.values()) await (await driver).close();
});

/** A tab in this browser, which is started when it does not run yet, and once more when it runs no longer. */
async function newTab(name, site) {
  for (let left = 1; ; left--) {
    const driver = running.get(name) ?? LAUNCHERS[name]();
    running.set(name, driver);
    try {
      return await (await driver).newTab(site);
    } catch (error) {
      if (left === 0) throw error;
      console.log(`# ${name} gave no page, and is started again: ${error.message}`);
      running.delete(name);
      await driver.then((one) => one.close()).catch(() => {});
    }
  }
}

/**
 * The browsers to test in; `BROWSER=firefox` in the environment leaves one.
 * `newPage(site)` sends everything through the site's proxy.
 */
export function browsers() {
  return Object.keys(LAUNCHERS)
    .filter((name) => !process.env.BROWSER || process.env.BROWSER === name)
    .map((name) => ({ name, newPage: async (site) => new Page(site, await newTab(name, site)) }));
}

/**
 * Defines the same tests for each browser. `define` gets `{ name, newPage(), site }`; the browser and a site of
 * `root` (the built site when absent) exist while the tests run.
 * @param {(browser: { name: string, lacks: Record<string, string>, newPage: () => Promise<Page>, readonly site: import('./server.mjs').Site }) => void} define
 * @param {{ root?: string, webkit?: true | string }} [options] `webkit`: true where these tests run in WebKit too, or
 *   why they do not; each file that is left out counts as not run
 */
export function inEachBrowser(define, { root, webkit = NOT_MAIN } = {}) {
  for (const browser of browsers()) {
    if (browser.name === 'webkit' && webkit !== true) {
      test(`not run in webkit: ${webkit}`, { skip: webkit });
      continue;
    }
    describe(browser.name, () => {
      let site;
      before(async () => {
        site = await serve(root);
      });
      after(() => site?.close());
      define({
        name: browser.name,
        lacks: LACKS[browser.name] ?? {},
        newPage: () => browser.newPage(site),
        get site() {
          return site;
        },
      });
    });
  }
}

/** One tab with storage of its own. Selectors are CSS and see into open shadow roots. */
export class Page {
  #site;
  #tab;
  #firstRequest;

  constructor(site, tab) {
    this.#site = site;
    this.#tab = tab;
    this.#firstRequest = site.requests.length;
  }

  /** Uncaught errors and `console.error`, as text. */
  get errors() {
    return this.#tab.errors;
  }

  /** Every URL that this page and its workers asked for: seen by the browser, or by the proxy behind it. */
  get requests() {
    const all = [...this.#tab.requests, ...this.#site.requests.slice(this.#firstRequest)];
    return [...new Set(all)].filter((url) => /^(https?|wss?):/.test(url));
  }

  /** Opens a URL, or a path of the site. */
  async goto(url = '/') {
    await this.#tab.goto(new URL(url, this.#site.origin).href);
  }

  /** Runs a function in the page. Arguments and result are JSON; the function sees nothing of the test. */
  evaluate(fn, ...args) {
    return this.#tab.evaluate(call(fn, args));
  }

  /** Waits until an element is there and visible, or until a function in the page returns something true. */
  waitFor(what, { timeout = TIMEOUT } = {}) {
    const expression = typeof what === 'function' ? call(what, []) : call(isVisible, [what]);
    return this.#until(expression, what, timeout);
  }

  async #until(expression, what, timeout = TIMEOUT) {
    const end = Date.now() + timeout;
    // Nodes and functions do not cross to the test, but are as true as values.
    const settled = `(async (value) => {
      const found = await value;
      return found instanceof Node || typeof found === 'function' ? true : found;
    })(${expression})`;
    for (;;) {
      const value = await this.#tab.evaluate(settled);
      if (value) return value;
      if (Date.now() > end) {
        throw new Error(
          `Not within ${timeout} ms: ${what}\nPage errors: ${this.errors.join('\n') || 'none'}`,
        );
      }
      await sleep(POLL);
    }
  }

  /** Waits for the element and returns its text as a person sees it. */
  async text(selector) {
    await this.waitFor(selector);
    return this.evaluate(`(selector) => (${deepQuery})(selector).innerText.trim()`, selector);
  }

  async click(selector) {
    await this.waitFor(selector);
    await this.#tab.click(selector);
  }

  /** Replaces the content of a field. */
  async fill(selector, text) {
    await this.waitFor(selector);
    await this.#tab.fill(selector, text);
  }

  /** Presses the keys of a text one after the other in a field, after what it holds. */
  async type(selector, text) {
    await this.waitFor(selector);
    await this.#tab.type(selector, text);
  }

  /** Presses a key where the focus is: 'Enter', 'ArrowDown', 'Shift+Tab', 'Control+a'. */
  async press(key) {
    const keys = key.split('+');
    await this.#tab.press(keys.slice(0, -1), keys[keys.length - 1]);
  }

  /** Chooses files in a file input, also in one that is hidden. */
  async setFile(selector, ...paths) {
    await this.#until(call(isThere, [selector]), selector);
    await this.#tab.setFile(selector, paths);
  }

  /** Drops files on an element: paths, or `{ name, bytes }`. */
  async drop(selector, ...files) {
    await this.waitFor(selector);
    const contents = await Promise.all(
      files.map(async (file) => {
        const { name, bytes } =
          typeof file === 'string' ? { name: basename(file), bytes: await readFile(file) } : file;
        return { name, base64: Buffer.from(bytes).toString('base64') };
      }),
    );
    await this.evaluate(
      `(selector, files) => (${dropInPage})((${deepQuery})(selector), files)`,
      selector,
      contents,
    );
  }

  /** The next file the page saved, in order: `{ name, path, bytes }`. */
  waitDownload({ timeout = TIMEOUT } = {}) {
    return this.#tab.nextDownload(timeout);
  }

  async screenshot(path, { fullPage = false } = {}) {
    await this.#tab.screenshot(path, fullPage);
  }

  async setViewport(width, height) {
    await this.#tab.setViewport(width, height);
  }

  /** @param {'dark' | 'light'} scheme */
  async emulateColorScheme(scheme) {
    await this.#tab.emulateColorScheme(scheme);
    // Firefox tells its pages a moment later.
    await this.#until(`matchMedia('(prefers-color-scheme: ${scheme})').matches`, `${scheme} colour scheme`);
  }

  async close() {
    await this.#tab.close();
  }
}

/** A call as text, because the drivers agree on nothing else. */
function call(fn, args) {
  return `(${fn})(...${JSON.stringify(args)})`;
}

const isThere = `(selector) => Boolean((${deepQuery})(selector))`;
const isVisible = `(selector) => (${deepQuery})(selector)?.checkVisibility({ visibilityProperty: true }) ?? false`;

function dropInPage(target, files) {
  const dataTransfer = new DataTransfer();
  for (const { name, base64 } of files) {
    const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
    dataTransfer.items.add(new File([bytes], name));
  }
  for (const type of ['dragenter', 'dragover', 'drop']) {
    target.dispatchEvent(
      new DragEvent(type, { dataTransfer, bubbles: true, composed: true, cancelable: true }),
    );
  }
}
