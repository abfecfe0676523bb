// The engine's speed inside a browser: see kernel.mjs.

import * as engine from '../engine/wasm/boxlock_engine.js';
import { measureKernel } from './kernel.mjs';
import { measureCrates } from './crates.mjs';

self.onmessage = async ({ data }) => {
  try {
    const { memory } = await engine.default({
      module_or_path: new URL('../engine/wasm/boxlock_engine_bg.wasm', import.meta.url),
    });
    const bytes = new Uint8Array(await data.blob.arrayBuffer());
    const result = measureKernel(engine, memory, bytes, data.seconds);
    const answer = await fetch(new URL('./crates.wasm', import.meta.url));
    const crates = answer.ok ? await measureCrates(await answer.arrayBuffer(), data.seconds) : null;
    self.postMessage({ ...result, crates });
  } catch (error) {
    self.postMessage({ error: `${error.name}: ${error.message}` });
  }
};
