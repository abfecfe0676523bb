// The built site with the bench's own page in it, and the same with memory probes in its workers.

import { cp, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const DIST = fileURLToPath(new URL('../../dist/', import.meta.url));
/** Modules that the bench uses by themselves, and the built site has only inside of its parts. */
const MODULES = fileURLToPath(new URL('../../www/', import.meta.url));
const ENGINE = fileURLToPath(new URL('../../target/site/engine/wasm/', import.meta.url));
const PAGE = fileURLToPath(new URL('./page/', import.meta.url));
const WORKERS = ['engine/worker.js', 'engine/protector-worker.js'];

/**
 * Makes the site in `folder`: as built below `plain/`, with probes below `probed/`.
 * @param {string} folder
 * @param {{ crates?: string, mp4box?: string }} extras a wasm file and a folder of scripts, when they are there
 */
export async function makeSite(folder, { crates, mp4box }) {
  await rm(folder, { recursive: true, force: true });
  for (const name of ['plain', 'probed']) {
    const site = join(folder, name);
    await mkdir(site, { recursive: true });
    await cp(DIST, site, { recursive: true });
    for (const part of ['files', 'ui']) await cp(join(MODULES, part), join(site, part), { recursive: true });
    await cp(ENGINE, join(site, 'engine/wasm'), { recursive: true });
    await cp(PAGE, join(site, 'bench'), { recursive: true });
    if (crates) await cp(crates, join(site, 'bench/crates.wasm'));
    if (mp4box) await cp(mp4box, join(site, 'bench/mp4box'), { recursive: true });
  }
  for (const worker of WORKERS) {
    const path = join(folder, 'probed', worker);
    await writeFile(path, `import '../bench/probe.js';\n${await readFile(path, 'utf8')}`);
  }
}
