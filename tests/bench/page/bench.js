// What is measured in a page. It is served from `bench/` inside a copy of the site, so that it uses the same public
// module, reader and writer as the page itself. `drive.mjs` calls `window.bench`.

import { open } from '../boxlock.js';
import { memoryPeak } from './probe.js';

const REQUEST = {
  form: 'hybrid',
  kid: '10000000-1000-1000-1000-100000000001',
  key: '3a2a1b68dd2bd9b2eeb25e84c4776668',
  laUrl: 'https://licence.example/rightsmanager.asmx',
};
const FILE = 'bench-output.mp4';
/** A protected file, to be changed. */
const LOCKED = 'bench-locked.mp4';

const chosen = () => document.querySelector('#file').files[0];

/** The file that a test is about: the chosen one, or the protected one in the origin's storage. */
async function source({ locked }) {
  if (!locked) return chosen();
  const root = await navigator.storage.getDirectory();
  return (await root.getFileHandle(LOCKED)).getFile();
}

/** A file of the origin's own storage, through which `createWritable` is reached without a picker. */
async function emptyHandle(name = FILE) {
  const root = await navigator.storage.getDirectory();
  await root.removeEntry(name).catch(() => {});
  return root.getFileHandle(name, { create: true });
}

async function removeOutput(stored) {
  const root = await navigator.storage.getDirectory();
  if (!stored) {
    await root.removeEntry(FILE);
    return;
  }
  const folder = await root.getDirectoryHandle('boxlock');
  await folder.removeEntry(stored);
}

/** Seconds since `start`. */
const since = (start) => (performance.now() - start) / 1000;

/** A worker of the bench that answers one message with one result. */
function ask(script, message) {
  const worker = new Worker(new URL(script, import.meta.url), { type: 'module' });
  return new Promise((resolve, reject) => {
    worker.onmessage = ({ data }) => ('error' in data ? reject(new Error(data.error)) : resolve(data));
    worker.onerror = (event) => reject(new Error(`${script}: ${event.message || 'did not start'}`));
    worker.postMessage(message);
  }).finally(() => worker.terminate());
}

/** Opens the chosen file and keeps it for the `protect` that follows. */
let media;

const methods = {
  /** Protects the chosen file into the origin's storage. */
  async lock() {
    const from = await open(chosen());
    const { size } = await from.protect(REQUEST, { sink: await emptyHandle(LOCKED) });
    from.close();
    return { size };
  },

  async unlock() {
    await (await navigator.storage.getDirectory()).removeEntry(LOCKED);
    return {};
  },

  async open(args) {
    const blob = await source(args);
    const start = performance.now();
    let first = null;
    const onProgress = ({ front }) => {
      if (front) first = since(start);
    };
    media = await open(blob, { onProgress });
    const whole = since(start);
    // Of a small file all is there at once.
    return { open: whole, first: first ?? whole, fragments: media.summary().fragmentCount };
  },

  async protect({ sink, workers, request }) {
    const handle = sink === 'handle' ? await emptyHandle() : null;
    const start = performance.now();
    const asked = request?.scheme === 'keep' ? request : { ...REQUEST, ...request };
    const result = await media.protect(asked, handle ? { sink: handle, workers } : { workers });
    const time = since(start);
    const file = await result.file();
    const { size } = file;
    if (handle) await removeOutput(null);
    else await result.discard();
    media.close();
    return { protect: time, size, memory: memoryPeak() };
  },

  /** Protects, and verifies what came of it. */
  async verify({ workers, request }) {
    media = await open(chosen());
    const start = performance.now();
    const result = await media.protect({ ...REQUEST, ...request }, { workers });
    const protect = since(start);
    const again = performance.now();
    const { ok, compared } = await result.verify({ workers });
    const verify = since(again);
    await result.discard();
    media.close();
    if (!ok || !compared) throw new Error('What was protected is not right.');
    return { protect, verify, memory: memoryPeak() };
  },

  async copy({ sink, locked }) {
    const handle = sink === 'handle' ? await emptyHandle() : null;
    const { time, size, stored } = await ask('./copy-worker.js', { blob: await source({ locked }), handle });
    await removeOutput(stored);
    return { time, size };
  },

  read: () => ask('./read-worker.js', { blob: chosen() }),

  /** Looks for a text in the boxes of the chosen file, or in all its bytes. */
  async search({ text, bytes }) {
    const from = await open(chosen());
    const start = performance.now();
    const hits = await from[bytes ? 'findBytes' : 'search'](text, { onProgress: () => {} });
    const time = since(start);
    from.close();
    if (hits === 0) throw new Error('Nothing was found.');
    return { time, hits };
  },

  async findings() {
    const from = await open(chosen());
    const start = performance.now();
    await from.findings();
    const time = since(start);
    from.close();
    return { time };
  },

  /** Holds the chosen file against its protected form. */
  async compare() {
    const from = await open(chosen());
    const start = performance.now();
    const found = await from.compare(await source({ locked: true }));
    const time = since(start);
    from.close();
    if (found.failed) throw new Error(found.failed);
    return { time };
  },

  kernel: ({ seconds }) => ask('./kernel-worker.js', { blob: chosen(), seconds }),

  parse: ({ script, samples }) => ask('./mp4box-worker.js', { blob: chosen(), script, samples }),

  /** Every sample of every track of the chosen file, a thousand at a time. */
  async samples() {
    const start = performance.now();
    const from = await open(chosen());
    let count = 0;
    for (const { id } of from.tracks()) {
      for (let at = 0, total = 1; at < total;) {
        const page = await from.samples(id, { from: at, count: 1000 });
        if (!page.rows.length) throw new Error(page.problems[0] ?? 'Rows are missing.');
        total = page.total;
        at += page.rows.length;
      }
      count += (await from.samples(id, { from: 0, count: 1 })).total;
    }
    const time = since(start);
    from.close();
    return { time, samples: count };
  },

  /** How long frames take while the table of samples is scrolled, by small steps and by leaps. */
  async frames() {
    const from = await open(chosen());
    const { SampleTable } = await import('../ui/sample-table.js');
    for (const name of ['tokens', 'base', 'inspect', 'samples']) {
      const link = document.createElement('link');
      Object.assign(link, { rel: 'stylesheet', href: new URL(`../style/${name}.css`, import.meta.url).href });
      const loaded = new Promise((resolve) => void link.addEventListener('load', resolve));
      document.head.append(link);
      await loaded;
    }
    const table = new SampleTable(
      from,
      () => {},
      () => {},
    );
    table.element.style.setProperty('height', '600px');
    document.body.append(table.element);
    const track = from.tracks().reduce((a, b) => (b.sampleCount > a.sampleCount ? b : a));
    table.open(track.id, track.sampleCount);
    await new Promise((resolve) => void setTimeout(resolve, 1000));
    const times = [];
    let last = await new Promise(requestAnimationFrame);
    for (let step = 0; step < 600; step += 1) {
      table.element.scrollTop += step % 20 === 19 ? 20_000 : 150;
      const now = await new Promise(requestAnimationFrame);
      times.push(now - last);
      last = now;
    }
    table.element.remove();
    from.close();
    times.sort((a, b) => a - b);
    return { p95: times[Math.floor(times.length * 0.95)] };
  },
};

window.bench = async (method, args) => {
  try {
    return await methods[method](args);
  } catch (error) {
    return { error: `${error.code ?? error.name}: ${error.message}` };
  }
};
