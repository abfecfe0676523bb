// Chromium by Playwright.

import { chromium } from 'playwright-core';
import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { program } from './programs.mjs';

// Its own errands would stand in the log beside the page's. Chromium obeys only the last list it is given, so this
// one repeats what matters of Playwright's.
const OFF = [
  'AutofillServerCommunication',
  'AvoidUnnecessaryBeforeUnloadCheckSync',
  'DestroyProfileOnBrowserClose',
  'HttpsFirstBalancedModeAutoEnable',
  'HttpsUpgrades',
  'MediaRouter',
  'NetworkTimeServiceQuerying',
  'OptimizationHints',
  'PreconnectToSearch',
  'ThirdPartyStoragePartitioning',
];

export async function launchChromium() {
  const browser = await chromium.launch({
    executablePath: program('chromium'),
    args: [
      // Containers have no user namespaces to build the sandbox from.
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--autoplay-policy=no-user-gesture-required',
      `--disable-features=${OFF}`,
    ],
  });
  const newTab = async (site) => {
    // The proxy belongs to the page's context, so that what the browser asks for itself is not in the log;
    // without the rule, requests to this machine would pass by it.
    const proxy = { server: site.origin, bypass: '<-loopback>' };
    const context = await browser.newContext({ acceptDownloads: true, proxy });
    return new Tab(context, await context.newPage());
  };
  return { newTab, close: () => browser.close() };
}

class Tab {
  errors = [];
  requests = [];
  #downloads = [];
  #context;
  #page;

  constructor(context, page) {
    this.#context = context;
    this.#page = page;
    page.on('pageerror', (error) => this.errors.push(String(error)));
    page.on('console', (message) => {
      if (message.type() === 'error') this.errors.push(message.text());
    });
    page.on('download', (download) => this.#downloads.push(download));
    context.on('request', (request) => this.requests.push(request.url()));
  }

  goto = (url) => this.#page.goto(url);
  evaluate = (expression) => this.#page.evaluate(expression);
  click = (selector) => this.#page.locator(selector).first().click();
  fill = (selector, text) => this.#page.locator(selector).first().fill(text);
  type = (selector, text) => this.#page.locator(selector).first().pressSequentially(text);
  press = (modifiers, key) => this.#page.keyboard.press([...modifiers, key].join('+'));
  setFile = (selector, paths) => this.#page.locator(selector).first().setInputFiles(paths);
  screenshot = (path, fullPage) => this.#page.screenshot({ path, fullPage });
  setViewport = (width, height) => this.#page.setViewportSize({ width, height });
  emulateColorScheme = (colorScheme) => this.#page.emulateMedia({ colorScheme });
  close = () => this.#context.close();

  async nextDownload(timeout) {
    const end = Date.now() + timeout;
    while (this.#downloads.length === 0) {
      if (Date.now() > end) throw new Error(`Nothing was saved within ${timeout} ms`);
      await sleep(40);
    }
    const download = this.#downloads.shift();
    const path = await download.path();
    // It drops the eleventh that a page begins within a second.
    await sleep(100);
    return { name: download.suggestedFilename(), path, bytes: await readFile(path) };
  }
}
