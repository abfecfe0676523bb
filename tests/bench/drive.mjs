// Drives one browser for `cargo pkg bench`: takes one JSON message a line, answers each with one line.
//
//   node tests/bench/drive.mjs BROWSER FOLDER '{"crates": FILE, "mp4box": FOLDER}'
//
// FOLDER is where the site and the browser's profile go.

import { mkdtemp, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { serve } from '../page/server.mjs';
import { HeapMeter } from './heap.mjs';
import { launch } from './launch.mjs';
import { ProcessMemory, processorTime } from './processes.mjs';
import { makeSite } from './site.mjs';

const CLOSING = 20_000;
/** The slowest that anything can be on a busy machine: a page that is slower stands still. */
const LIMIT_MIN = 120_000;
const LIMIT_BYTES_PER_MS = 2_000;

const [name, folder, extras] = process.argv.slice(2);
const root = join(folder, `site-${name}`);
await makeSite(root, JSON.parse(extras));
const site = await serve(root);
const profile = await mkdtemp(join(folder, `profile-${name}-`));
const browser = await launch(name, profile);
// A browser that has just started is still busy with itself, and its first page is slower than the others.
await (await freshPage('plain')).close();

async function freshPage(variant, file) {
  const page = await browser.newPage();
  await page.goto(`${site.origin}/${variant}/bench/`, { waitUntil: 'load' });
  await page.waitForFunction(() => 'bench' in window);
  if (file) {
    const input = await page.$('#file');
    await input.uploadFile(file);
  }
  return page;
}

async function inPage(page, method, args) {
  const result = await page.evaluate((...call) => window.bench(...call), method, args);
  if (result.error) throw new Error(result.error);
  return result;
}

/** The result of `work`, with the seconds of processor time that all of the browser took for it; null where that is unknown. */
async function timed(work) {
  const { pid } = browser.process();
  const before = await processorTime(pid);
  const result = await work();
  const after = await processorTime(pid);
  return { ...result, processor: before > 0 ? after - before : null };
}

const methods = {
  version: async () => ({ version: await browser.version() }),

  async protect({ file, sink, workers, request, locked }) {
    const page = await freshPage('plain', file);
    try {
      return await timed(async () => ({
        ...(await inPage(page, 'open', { locked })),
        ...(await inPage(page, 'protect', { sink, workers, request })),
      }));
    } finally {
      await page.close();
    }
  },

  async memory({ file, sink, workers, method = 'protect' }) {
    const page = await freshPage('probed', file);
    let processes;
    let heap;
    try {
      processes = await ProcessMemory.start(browser.process().pid);
      if (name === 'chromium') heap = await HeapMeter.start(page);
      await inPage(page, 'open', {});
      const { memory } = await inPage(page, method, { sink, workers });
      return { ...memory, heap: heap?.stop(), processes: processes.stop() };
    } finally {
      processes?.stop();
      heap?.stop();
      await page.close();
    }
  },

  async call({ file, method, args }) {
    const page = await freshPage('plain', file);
    try {
      return await timed(() => inPage(page, method, args ?? {}));
    } finally {
      await page.close();
    }
  },
};

/** The result of a method, or that there will be none. */
async function inTime(method, args) {
  const size = args.file ? (await stat(args.file)).size : 0;
  const limit = LIMIT_MIN + size / LIMIT_BYTES_PER_MS;
  const watch = new AbortController();
  const late = sleep(limit, { late: true }, { signal: watch.signal });
  late.catch(() => {});
  try {
    const result = await Promise.race([methods[method](args), late]);
    if (!result.late) return result;
    return { error: `stood still: no answer within ${Math.round(limit / 1000)} s`, gone: true };
  } finally {
    watch.abort();
  }
}

const say = (answer) => process.stdout.write(`${JSON.stringify(answer)}\n`);

try {
  say(await methods.version());
  for await (const line of createInterface({ input: process.stdin })) {
    const { do: method, ...args } = JSON.parse(line);
    const answer = await inTime(method, args).catch((error) => ({ error: error.message }));
    say(answer);
    // A browser in which something hangs is not to be measured in; the next question starts a new one.
    if (answer.gone) break;
  }
} finally {
  // A browser that does not close when asked must not hold up the report.
  await Promise.race([browser.close(), sleep(CLOSING)]);
  browser.process()?.kill('SIGKILL');
  await site.close();
  await rm(profile, { recursive: true, force: true, maxRetries: 5 });
  process.exit();
}
