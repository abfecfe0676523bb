// The engine's AES in Node: node tests/bench/kernel.mjs SECONDS FILE [CRATES.wasm]. Prints one line of JSON.

import { cp, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { measureCrates } from './page/crates.mjs';
import { measureKernel } from './page/kernel.mjs';

const ENGINE = fileURLToPath(new URL('../../target/site/engine/wasm/', import.meta.url));

const [text, file, cratesFile] = process.argv.slice(2);
const seconds = Number(text);
const { engine, memory } = await loadEngine();
const result = measureKernel(engine, memory, new Uint8Array(await readFile(file)), seconds);
const crates = cratesFile ? await measureCrates(await readFile(cratesFile), seconds) : null;
console.log(JSON.stringify({ ...result, crates }));

/** Node takes a `.js` file without a `package.json` for an old kind of module; browsers do not ask. */
async function loadEngine() {
  const folder = await mkdtemp(join(tmpdir(), 'boxlock-kernel-'));
  try {
    const script = join(folder, 'engine.mjs');
    await cp(join(ENGINE, 'boxlock_engine.js'), script);
    const engine = await import(script);
    const wasm = await readFile(join(ENGINE, 'boxlock_engine_bg.wasm'));
    const { memory } = await engine.default({ module_or_path: wasm });
    return { engine, memory };
  } finally {
    await rm(folder, { recursive: true });
  }
}
