// WebKit by its own WebDriver, which speaks W3C WebDriver over HTTP. Each tab is a browser of its own: MiniBrowser keeps
// nothing on disk while it is automated, and its download folder is what tells whose file was saved.

import { spawn } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { deepQuery } from './deep-query.mjs';
import { program } from './programs.mjs';

const SCREEN = '1600x1400x24';
const START_MS = 20_000;
/** How often a browser is started until it comes up. */
const STARTS = 3;
/** No command takes longer than a script may. */
const SCRIPT_MS = 120_000;
const ANSWER_MS = SCRIPT_MS + 10_000;
/** What WebDriver calls an element. */
const ELEMENT = 'element-6066-11e4-a52e-4f735466cecf';

const KEYS = Object.fromEntries(
  Object.entries({
    Backspace: 0xe003,
    Tab: 0xe004,
    Enter: 0xe007,
    Shift: 0xe008,
    Control: 0xe009,
    Alt: 0xe00a,
    Escape: 0xe00c,
    PageUp: 0xe00e,
    PageDown: 0xe00f,
    End: 0xe010,
    Home: 0xe011,
    ArrowLeft: 0xe012,
    ArrowUp: 0xe013,
    ArrowRight: 0xe014,
    ArrowDown: 0xe015,
    Delete: 0xe017,
    Meta: 0xe03d,
  }).map(([name, code]) => [name, String.fromCharCode(code)]),
);

export async function launchWebkit() {
  const screen = await openScreen();
  const tabs = new Set();
  const newTab = async (site) => {
    const tab = await Tab.open(site, screen.display);
    tabs.add(tab);
    return tab;
  };
  const close = async () => {
    for (const tab of tabs) await tab.close();
    await end(screen.process);
  };
  return { newTab, close };
}

/** A screen in memory, by the first number that is free. */
async function openScreen() {
  const child = spawn(program('xvfb'), ['-displayfd', '3', '-screen', '0', SCREEN, '-nolisten', 'tcp'], {
    stdio: ['ignore', 'ignore', 'ignore', 'pipe'],
    detached: true,
  });
  const number = await new Promise((resolve, reject) => {
    child.stdio[3].once('data', (data) => resolve(String(data).trim()));
    child.once('error', reject);
    child.once('exit', (code) => reject(new Error(`Xvfb ended with ${code}`)));
  });
  return { process: child, display: `:${number}` };
}

/** Ends a program and what it has started: both are one group. */
async function end(child) {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((resolve) => void child.once('exit', resolve));
  const group = (signal) => {
    try {
      process.kill(-child.pid, signal);
    } catch {
      // It has just ended by itself.
    }
  };
  group('SIGTERM');
  const force = setTimeout(() => group('SIGKILL'), 3000);
  await ended;
  clearTimeout(force);
}

async function freePort() {
  const server = createServer();
  await new Promise((resolve) => void server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address();
  await new Promise((resolve) => void server.close(resolve));
  return port;
}

class Tab {
  errors = [];
  /** The proxy alone knows them: WebDriver does not tell. */
  requests = [];
  #driver;
  #home;
  #address;

  /**
   * A browser that does not come up is no fault of the page: it is ended, and another one is started.
   * @param {import('./server.mjs').Site} site
   * @param {string} display
   */
  static async open(site, display) {
    for (let attempt = 1; ; attempt++) {
      const tab = new Tab();
      try {
        await tab.#start(site, display);
        return tab;
      } catch (error) {
        await tab.close();
        if (attempt === STARTS) throw error;
        console.log(`# WebKit did not start, once more: ${error.message}`);
      }
    }
  }

  async #start(site, display) {
    const home = await mkdtemp(join(tmpdir(), 'boxlock-webkit-'));
    this.#home = home;
    await mkdir(join(home, 'config'));
    await mkdir(join(home, 'saved'));
    await writeFile(join(home, 'config/user-dirs.dirs'), `XDG_DOWNLOAD_DIR="${home}/saved"\n`);
    const port = await freePort();
    const env = {
      ...process.env,
      DISPLAY: display,
      HOME: home,
      XDG_CONFIG_HOME: join(home, 'config'),
      XDG_CACHE_HOME: join(home, 'cache'),
      XDG_DATA_HOME: join(home, 'data'),
      // Containers have no user namespaces to build the sandbox from.
      WEBKIT_DISABLE_SANDBOX_THIS_IS_DANGEROUS: '1',
      LIBGL_ALWAYS_SOFTWARE: '1',
      GTK_THEME: 'Adwaita',
      NO_AT_BRIDGE: '1',
      // There is nobody to talk to; looking for somebody can take for ever.
      DBUS_SESSION_BUS_ADDRESS: 'disabled:',
    };
    this.#driver = spawn(program('webkit'), ['--host=127.0.0.1', `--port=${port}`], {
      env,
      stdio: 'ignore',
      detached: true,
    });
    const root = `http://127.0.0.1:${port}`;
    await answers(`${root}/status`);
    const proxy = `127.0.0.1:${site.port}`;
    const alwaysMatch = {
      proxy: { proxyType: 'manual', httpProxy: proxy, sslProxy: proxy },
      timeouts: { script: SCRIPT_MS, pageLoad: 60_000 },
      'webkitgtk:browserOptions': { binary: program('minibrowser'), args: ['--automation'] },
    };
    this.#address = root;
    const { sessionId } = await this.#ask('POST', '/session', { capabilities: { alwaysMatch } }, START_MS);
    this.#address = `${root}/session/${sessionId}`;
  }

  async #ask(method, path, body, timeout = ANSWER_MS) {
    const signal = AbortSignal.timeout(timeout);
    const request = body === undefined ? { method, signal } : { method, signal, body: JSON.stringify(body) };
    const response = await fetch(this.#address + path, request).catch((error) => {
      throw new Error(`WebKit did not answer ${method} ${path} within ${timeout} ms`, { cause: error });
    });
    const { value } = await response.json();
    if (!response.ok) throw new Error(`${value.error}: ${value.message}`);
    return value;
  }

  #post = (path, body = {}) => this.#ask('POST', path, body);

  async goto(url) {
    await this.#post('/url', { url });
    await this.#listen();
    // WebKit comes back before module scripts have run: nobody would hear a click.
    const loaded = `document.readyState === 'complete' || new Promise((resolve) =>
      void addEventListener('load', () => resolve(true)))`;
    await this.evaluate(loaded);
  }

  /** WebDriver tells nothing of errors: the page is asked to keep them from here on. */
  #listen() {
    return this.#post('/execute/sync', {
      args: [],
      script: `if (window.heardErrors) return;
        const heard = (window.heardErrors = []);
        addEventListener('error', (event) => heard.push(String(event.error ?? event.message)));
        addEventListener('unhandledrejection', (event) => heard.push(String(event.reason)));
        const said = console.error;
        console.error = (...words) => (heard.push(words.map(String).join(' ')), said.apply(console, words));`,
    });
  }

  async evaluate(expression) {
    const answer = await this.#post('/execute/async', {
      args: [],
      script: `const done = arguments[arguments.length - 1];
        const heard = () => (window.heardErrors ?? []).splice(0);
        (async () => (${expression}))().then(
          (value) => done({ value: value === undefined ? undefined : JSON.stringify(value), heard: heard() }),
          (error) => done({ failed: String(error) + '\\n' + (error?.stack ?? ''), heard: heard() }),
        );`,
    });
    this.errors.push(...answer.heard);
    if (answer.failed) throw new Error(answer.failed);
    return answer.value === undefined || answer.value === null ? undefined : JSON.parse(answer.value);
  }

  async #find(selector) {
    const script = `return (${deepQuery})(arguments[0])`;
    const found = await this.#post('/execute/sync', { script, args: [selector] });
    if (!found) throw new Error(`There is no ${selector}`);
    return `/element/${found[ELEMENT]}`;
  }

  /** Finds it in the middle of the window, where nothing that sticks to its edges lies above. */
  async #reach(selector) {
    const script = `(${deepQuery})(arguments[0])?.scrollIntoView({ block: 'center', behavior: 'instant' })`;
    await this.#post('/execute/sync', { script, args: [selector] });
    return this.#find(selector);
  }

  async click(selector) {
    await this.#post(`${await this.#reach(selector)}/click`);
  }

  async fill(selector, text) {
    const element = await this.#reach(selector);
    await this.#post(`${element}/clear`);
    if (text) await this.#post(`${element}/value`, { text });
    else {
      // The driver empties a field without the event that a person's hand would raise.
      const script = `(${deepQuery})(arguments[0]).dispatchEvent(new Event('input', { bubbles: true }))`;
      await this.#post('/execute/sync', { script, args: [selector] });
    }
  }

  async type(selector, text) {
    await this.#post(`${await this.#find(selector)}/value`, { text });
  }

  async setFile(selector, paths) {
    await this.#post(`${await this.#find(selector)}/value`, { text: paths.join('\n') });
  }

  async press(modifiers, key) {
    const code = (name) => KEYS[name] ?? name;
    const down = [...modifiers, key].map((name) => ({ type: 'keyDown', value: code(name) }));
    const up = [key, ...modifiers.toReversed()].map((name) => ({ type: 'keyUp', value: code(name) }));
    await this.#post('/actions', { actions: [{ type: 'key', id: 'keys', actions: [...down, ...up] }] });
  }

  async screenshot(path) {
    await writeFile(path, Buffer.from(await this.#ask('GET', '/screenshot'), 'base64'));
  }

  /** The window is made larger than the page by what is around it. */
  async setViewport(width, height) {
    const inner = () => this.evaluate('[innerWidth, innerHeight]');
    const { width: outerWidth, height: outerHeight } = await this.#ask('GET', '/window/rect');
    const [innerWidth, innerHeight] = await inner();
    await this.#post('/window/rect', {
      width: width + outerWidth - innerWidth,
      height: height + outerHeight - innerHeight,
    });
  }

  emulateColorScheme() {
    throw new Error('WebKitWebDriver has no command for the colour scheme.');
  }

  /** The next file that is whole: it keeps its size. */
  async nextDownload(timeout) {
    const folder = join(this.#home, 'saved');
    const end = Date.now() + timeout;
    const sizes = new Map();
    while (Date.now() < end) {
      for (const name of await readdir(folder)) {
        const path = join(folder, name);
        const { size } = await stat(path);
        if (size > 0 && sizes.get(name) === size && !name.endsWith('.wkdownload')) {
          // Moved away, or the next of this name would be written over it.
          const kept = join(await mkdtemp(join(this.#home, 'taken-')), name);
          await rename(path, kept);
          return { name, path: kept, bytes: await readFile(kept) };
        }
        sizes.set(name, size);
      }
      await sleep(150);
    }
    throw new Error(`Nothing was saved within ${timeout} ms`);
  }

  async close() {
    if (!this.#driver) return;
    await this.#ask('DELETE', '', undefined, 3000).catch(() => {});
    await end(this.#driver);
    this.#driver = null;
    await rm(this.#home, { recursive: true, force: true, maxRetries: 3 });
  }
}

/** Waits until a program that was just started listens. */
async function answers(url) {
  const end = Date.now() + START_MS;
  for (;;) {
    if (
      await fetch(url).then(
        ({ ok }) => ok,
        () => false,
      )
    )
      return;
    if (Date.now() > end) throw new Error(`${url} did not answer within ${START_MS} ms`);
    await sleep(50);
  }
}
