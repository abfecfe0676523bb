// The npm package as strangers meet it: packed, unpacked into applications, built with what people build with, served
// below a path, and used in Chromium. The application is the one in the README.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { nodeResolve } from '@rollup/plugin-node-resolve';
import * as esbuild from 'esbuild';
import { rollup } from 'rollup';
import { build as viteBuild, createServer as createVite } from 'vite';
import webpack from 'webpack';
import { browsers } from './browser.mjs';
import { serve } from './server.mjs';
import { LONG, SAMPLE } from './support.mjs';
import { boxes, decryptedMedia } from './support-media.mjs';

const run = promisify(execFile);
const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const FIXTURE = here('./fixture/package/');
const tool = (path, ...words) => run(process.execPath, [here(`./node_modules/${path}`), ...words]);

/** Where the applications are on their site. */
const PLACE = '/under/a/path';

const work = mkdtempSync(join(tmpdir(), 'boxlock-package-'));
after(() => rmSync(work, { recursive: true, force: true, maxRetries: 3 }));
const site = join(work, 'site');
mkdirSync(site);
let archive;
/** What an application has of us. */
const unpacked = join(work, 'node_modules/boxlock');
const read = (name) => readFileSync(join(unpacked, name), 'utf8');

before(async () => {
  const pack = ['pack', '--json', '--pack-destination', work];
  const shell = process.platform === 'win32';
  const { stdout } = await run('npm', pack, { cwd: here('../../pkg/'), shell });
  // Depending on npm's version a list, or an object by name.
  const [{ filename }] = Object.values(JSON.parse(stdout));
  archive = join(work, filename);
  mkdirSync(unpacked, { recursive: true });
  await run('tar', ['-xzf', archive, '-C', unpacked, '--strip-components=1']);
});

/** The application's folder, with the package installed in it. */
function application(name) {
  const folder = join(work, name);
  cpSync(unpacked, join(folder, 'node_modules/boxlock'), { recursive: true });
  const [, script] = /```js\n(.*?)```/s.exec(read('README.md'));
  writeFileSync(join(folder, 'main.js'), script);
  cpSync(join(FIXTURE, 'index.html'), join(folder, 'index.html'));
  return folder;
}

/** For builds that know nothing of pages. */
function withPage(folder, out, kind = 'type="module"') {
  const page = readFileSync(join(folder, 'index.html'), 'utf8');
  writeFileSync(join(out, 'index.html'), page.replace('type="module"', kind));
}

/** What the README says of those who leave addresses as they are. */
const copyEngine = (out) => cpSync(join(unpacked, 'engine'), join(out, 'engine'), { recursive: true });

/** Each builds the application in `folder` to `out`, with as little said as possible. */
const BUILDS = {
  async vite(folder, out, base) {
    const options = { root: folder, base, configFile: false, logLevel: 'warn' };
    await viteBuild({ ...options, build: { outDir: out, emptyOutDir: true } });
  },
  async webpack(folder, out) {
    const options = { mode: 'production', context: folder, entry: './main.js', output: { path: out } };
    const stats = await promisify(webpack)({ ...options, performance: false });
    assert.ok(!stats.hasErrors() && !stats.hasWarnings(), stats.toString());
    withPage(folder, out, 'defer');
  },
  async esbuild(folder, out) {
    const options = { absWorkingDir: folder, entryPoints: ['main.js'], outdir: out, logLevel: 'silent' };
    const { warnings } = await esbuild.build({ ...options, bundle: true, minify: true, format: 'esm' });
    assert.deepEqual(warnings, []);
    withPage(folder, out);
    copyEngine(out);
  },
  async rollup(folder, out) {
    const onLog = (level, { message }) => assert.fail(`${level}: ${message}`);
    const bundle = await rollup({ input: join(folder, 'main.js'), plugins: [nodeResolve()], onLog });
    await bundle.write({ dir: out, format: 'esm' });
    await bundle.close();
    withPage(folder, out);
    copyEngine(out);
  },
};

const chromium = browsers().find(({ name }) => name === 'chromium');

describe('in Chromium', { skip: !chromium && 'not run: BROWSER names another one' }, () => {
  /**
   * Uses the application at `path` as a person does: chooses the sample, and saves what is offered. `others` are errors
   * that are not ours.
   */
  async function use(at, path, others = /^$/) {
    const { origin } = at;
    const page = await chromium.newPage(at);
    try {
      await page.goto(path);
      await page.setFile('input', SAMPLE);
      await page.waitFor(() => document.querySelectorAll('a').length === 2, { timeout: LONG });
      await page.click('a');
      const file = await page.waitDownload();
      await page.click('a + a');
      const sheet = await page.waitDownload();
      assert.deepEqual([file.name, sheet.name], ['sample.mp4', 'key-sheet.json']);
      const media = decryptedMedia(file.bytes, JSON.parse(sheet.bytes.toString()).key.hex);
      const sample = readFileSync(SAMPLE);
      const clear = boxes(sample).filter(({ type }) => type === 'mdat');
      assert.ok(media.length > 0 && media.length === clear.length);
      media.forEach((one, number) =>
        assert.ok(one.equals(sample.subarray(clear[number].body, clear[number].end)), `mdat ${number}`),
      );
      const asked = page.requests.filter((url) => url.startsWith('http'));
      for (const url of asked) assert.ok(url.startsWith(`${origin}${path}`), url);
      assert.deepEqual(
        page.errors.filter((error) => !others.test(error)),
        [],
      );
    } finally {
      await page.close();
    }
  }

  describe('an application protects the sample, built with', () => {
    let served;
    before(async () => {
      served = await serve(site);
    });
    after(() => served?.close());

    for (const [name, build] of Object.entries(BUILDS))
      test(name, { timeout: LONG }, async () => {
        const [out, path] = [join(site, PLACE, name), `${PLACE}/${name}/`];
        mkdirSync(out, { recursive: true });
        await build(application(name), out, path);
        // What looks and one engine, whatever was copied and renamed.
        await use(served, path);
        assert.equal(
          new Set(served.requests.filter((url) => url.includes(path) && url.endsWith('.wasm'))).size,
          2,
        );
      });
  });

  test('an application protects the sample on Vite’s development server', { timeout: LONG }, async () => {
    const base = `${PLACE}/development/`;
    const vite = await createVite({
      root: application('development'),
      base,
      configFile: false,
      logLevel: 'warn',
      server: { middlewareMode: true, ws: false, hmr: false },
      optimizeDeps: { exclude: ['boxlock'] },
    });
    // The browser asks as of a proxy.
    const server = createServer((request, response) => {
      const { pathname, search } = new URL(request.url, 'http://localhost');
      request.url = pathname + search;
      vite.middlewares(request, response);
    });
    await new Promise((resolve) => void server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address();
    const origin = `http://127.0.0.1:${port}`;
    try {
      // Its way to tell pages of changed sources, which the page's policy forbids.
      await use({ origin, port, requests: [] }, base, /'ws:/);
    } finally {
      server.closeAllConnections();
      server.close();
      await vite.close();
    }
  });
});

describe('without a browser', () => {
  /** Says what of a browser was looked at by importing, and what opening fails with. */
  const PROBE = (load) => `
    const touched = [];
    for (const name of ['window', 'self', 'document', 'location', 'navigator', 'Worker', 'customElements', 'HTMLElement',
      'trustedTypes', 'localStorage', 'indexedDB', 'caches', 'fetch', 'crypto', 'Blob', 'FileReader', 'WebAssembly'])
      Object.defineProperty(globalThis, name, { get: () => void touched.push(name) });
    (async () => {
      const { open, BoxlockError } = ${load};
      const byImport = touched.slice();
      const error = await open('https://example.com/a.ismv').catch((reason) => reason);
      process.stdout.write(JSON.stringify({ byImport, code: error instanceof BoxlockError && error.code }));
    })();`;
  const EXPECTED = { byImport: [], code: 'no-workers' };

  async function probe(name, load) {
    writeFileSync(join(work, name), PROBE(load));
    const { stdout } = await run(process.execPath, [join(work, name)]);
    assert.deepEqual(JSON.parse(stdout), EXPECTED);
  }

  test('importing it touches nothing of a browser, and opening says what is missing', () =>
    probe('probe.mjs', "await import('boxlock')"));

  test('so it is when Vite makes it a part of what renders pages', async () => {
    writeFileSync(join(work, 'server.js'), "export * from 'boxlock';");
    await viteBuild({
      root: work,
      configFile: false,
      logLevel: 'warn',
      ssr: { noExternal: true },
      build: {
        ssr: 'server.js',
        outDir: 'rendered',
        emptyOutDir: true,
        rollupOptions: { output: { entryFileNames: 'all.mjs' } },
      },
    });
    await probe('probe-vite.mjs', "await import('./rendered/all.mjs')");
  });

  test('so it is when esbuild makes it a CommonJS module, which has no addresses', async () => {
    const options = {
      absWorkingDir: work,
      outfile: 'all.cjs',
      platform: 'node',
      format: 'cjs',
      logLevel: 'silent',
    };
    await esbuild.build({
      ...options,
      stdin: { contents: "export * from 'boxlock';", resolveDir: work },
      bundle: true,
    });
    await probe('probe-cjs.cjs', "require('./all.cjs')");
  });
});

describe('the packed file', () => {
  test('publint finds no fault', async () => {
    const { stdout } = await tool('publint/src/cli.js', archive, '--strict');
    assert.match(stdout, /All good!/);
  });

  test('attw finds the types wherever ES modules are resolved', async () => {
    const { stdout } = await tool(
      '@arethetypeswrong/cli/dist/index.js',
      archive,
      '--profile=esm-only',
      '--format=json',
    );
    const { analysis, problems } = JSON.parse(stdout);
    assert.deepEqual(Object.keys(analysis.entrypoints).sort(), ['.', './engine/*', './package.json']);
    // Only what `require` of an ES module is told by older versions of Node.
    for (const kind of Object.keys(problems)) assert.equal(kind, 'CJSResolvesToESM');
  });

  for (const resolution of ['node16', 'bundler'])
    test(`an application in TypeScript finds them under ${resolution}`, async () => {
      const folder = join(work, `types-${resolution}`);
      mkdirSync(folder);
      cpSync(join(FIXTURE, 'use.ts'), join(folder, 'use.ts'));
      writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
      const compilerOptions = {
        strict: true,
        noEmit: true,
        skipLibCheck: false,
        target: 'ES2022',
        types: [],
        module: resolution === 'node16' ? 'node16' : 'esnext',
        moduleResolution: resolution,
      };
      writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: ['use.ts'] }));
      await tool('typescript/bin/tsc', '--project', folder).catch(({ stdout }) => assert.fail(stdout));
    });

  test('it has its texts, its place and nothing that leads nowhere', () => {
    for (const name of ['LICENSE-MIT', 'LICENSE-APACHE', 'CHANGELOG.md'])
      assert.equal(read(name), readFileSync(here(`../../${name}`), 'utf8'), name);
    const { repository, license, exports } = JSON.parse(read('package.json'));
    assert.match(repository.url, /^git\+https:\/\/.+\.git$/);
    assert.equal(license, 'MIT OR Apache-2.0');
    const readme = read('README.md');
    for (const [, link] of readme.matchAll(/\]\(([^)#]+)\)/g))
      assert.ok(/^https:/.test(link) || existsSync(join(unpacked, link)), `README.md links to ${link}`);
    // Each asset by the form that bundlers look for, in the module that is imported.
    const assets = [...read(exports['.'].default).matchAll(/new URL\('(\.\/[^']+)', import\.meta\.url\)/g)];
    assert.equal(assets.length, 7);
    for (const [, asset] of assets) {
      const text = readFileSync(join(unpacked, asset), 'latin1');
      assert.match(asset, /^\.\/engine\//);
      if (asset.endsWith('.js'))
        assert.doesNotMatch(text, /\b(import|export)\b\s*[{*("'.]/, `${asset} is one plain script`);
      // Small ones become data: addresses in Vite, from which a page's policy lets no worker start.
      assert.ok(text.length > 4096, asset);
    }
  });
});
