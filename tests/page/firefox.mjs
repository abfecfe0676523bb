// Firefox by Puppeteer, over WebDriver BiDi: Playwright drives only a Firefox of its own making.

import { mkdtemp, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import puppeteer from 'puppeteer-core';
import { program } from './programs.mjs';

export async function launchFirefox() {
  const downloads = await mkdtemp(join(tmpdir(), 'boxlock-downloads-'));
  const taken = await mkdtemp(join(tmpdir(), 'boxlock-taken-'));
  const browser = await puppeteer.launch({
    browser: 'firefox',
    executablePath: program('firefox'),
    headless: true,
    // Preferences can be changed while it runs only from its own side of the fence.
    args: ['--remote-allow-system-access'],
    // Released versions ignore the settings server in the preferences without it.
    env: { ...process.env, MOZ_REMOTE_SETTINGS_DEVTOOLS: '1' },
    extraPrefsFirefox: {
      ...throughProxy,
      ...quiet,
      'browser.download.folderList': 2,
      'browser.download.dir': downloads,
      'browser.download.useDownloadDir': true,
      'browser.download.always_ask_before_handling_new_types': false,
      'browser.download.alwaysOpenPanel': false,
      'browser.helperApps.neverAsk.saveToDisk':
        'video/mp4,application/octet-stream,application/json,text/plain',
      'media.autoplay.default': 0,
      'media.eme.enabled': true,
    },
  });
  const newTab = async (site) => {
    // Pages share preferences, and the one before may have changed them.
    await setColorScheme(browser, 'light');
    for (const name of PROXY_PORTS) await setPreference(browser, name, site.port);
    // What nobody waited for is not the next page's.
    for (const name of await readdir(downloads)) await rm(join(downloads, name), { force: true });
    const context = await browser.createBrowserContext();
    const page = await context.newPage();
    return new Tab(browser, context, page, { folder: downloads, taken });
  };
  const close = async () => {
    await browser.close();
    for (const folder of [downloads, taken]) await rm(folder, { recursive: true, force: true });
  };
  return { newTab, close };
}

/** Each page has its site's proxy, by these; until there is one, a port that nobody listens at. */
const PROXY_PORTS = ['network.proxy.http_port', 'network.proxy.ssl_port'];

const throughProxy = {
  'network.proxy.type': 1,
  'network.proxy.http': '127.0.0.1',
  'network.proxy.ssl': '127.0.0.1',
  ...Object.fromEntries(PROXY_PORTS.map((name) => [name, 9])),
  'network.proxy.no_proxies_on': '',
  // Without it, requests to this machine would pass by the proxy.
  'network.proxy.allow_hijacking_localhost': true,
};

/** Its own errands would stand in the log beside the page's. */
const quiet = {
  'network.captive-portal-service.enabled': false,
  'network.connectivity-service.enabled': false,
  'media.gmp-manager.updateEnabled': false,
  'services.settings.server': 'data:,',
};

/** WebDriver BiDi has no command for it yet; the browser has a preference, for all of its pages. */
const setColorScheme = (browser, scheme) =>
  setPreference(browser, 'layout.css.prefers-color-scheme.content-override', scheme === 'dark' ? 0 : 1);

async function setPreference({ connection }, name, value) {
  const { result } = await connection.send('browsingContext.getTree', { 'moz:scope': 'chrome' });
  const [{ context }] = result.contexts;
  const expression = `Services.prefs.setIntPref('${name}', ${value})`;
  await connection.send('script.evaluate', { expression, target: { context }, awaitPromise: false });
}

class Tab {
  errors = [];
  requests = [];
  #browser;
  #context;
  #page;
  #downloads;

  constructor(browser, context, page, downloads) {
    this.#browser = browser;
    this.#context = context;
    this.#page = page;
    this.#downloads = downloads;
    page.on('pageerror', (error) => this.errors.push(String(error)));
    page.on('console', (message) => {
      if (message.type() === 'error') this.errors.push(message.text());
    });
    page.on('request', (request) => this.requests.push(request.url()));
  }

  goto = (url) => this.#page.goto(url);
  evaluate = (expression) => this.#page.evaluate(expression);
  click = (selector) => this.#page.locator(`pierce/${selector}`).click();
  screenshot = (path, fullPage) => this.#page.screenshot({ path, fullPage });
  setViewport = (width, height) => this.#page.setViewport({ width, height });
  close = () => this.#context.close();

  /** All at once, as Playwright does: whoever looks while it is typed sees no half of it. */
  async fill(selector, text) {
    const element = await this.#page.$(`pierce/${selector}`);
    await element.evaluate((field, value) => {
      field.focus();
      field.value = value;
      for (const type of ['input', 'change']) field.dispatchEvent(new Event(type, { bubbles: true }));
    }, text);
  }

  async type(selector, text) {
    const element = await this.#page.$(`pierce/${selector}`);
    await element.type(text);
  }

  async press(modifiers, key) {
    const { keyboard } = this.#page;
    for (const modifier of modifiers) await keyboard.down(modifier);
    await keyboard.press(key);
    for (const modifier of modifiers.toReversed()) await keyboard.up(modifier);
  }

  async setFile(selector, paths) {
    const input = await this.#page.$(`pierce/${selector}`);
    await input.uploadFile(...paths);
  }

  emulateColorScheme = (scheme) => setColorScheme(this.#browser, scheme);

  /**
   * A finished file has no `.part` of its own beside it and keeps its size; a failed one leaves its. It is moved away, or
   * the next gets another name.
   */
  async nextDownload(timeout) {
    const { folder, taken } = this.#downloads;
    const end = Date.now() + timeout;
    const sizes = new Map();
    while (Date.now() < end) {
      const names = await readdir(folder);
      for (const name of names.filter((one) => !one.endsWith('.part'))) {
        const path = join(folder, name);
        const { size } = await stat(path);
        // The name of an unfinished file's `.part` holds other letters too, and its place is kept by an empty file.
        const stem = name.slice(0, name.lastIndexOf('.') + 1);
        const unfinished = names.some((one) => one.startsWith(stem) && one.endsWith('.part'));
        if (size > 0 && !unfinished && sizes.get(name) === size) {
          const kept = join(await mkdtemp(join(taken, '_')), name);
          await rename(path, kept);
          return { name, path: kept, bytes: await readFile(kept) };
        }
        sizes.set(name, size);
      }
      await sleep(100);
    }
    throw new Error(`Nothing was saved within ${timeout} ms`);
  }
}
