/** The worker of keys: lists of keys, headers and manifests without a file. Lives for a moment, and takes what it saw with it. */

import init, * as core from './wasm/boxlock_keys.js';
import { decryptKeys, encryptKeys } from './cpix-crypto.js';
import { isTrap, toPosted } from './errors.js';
import { live } from './lifeline.js';
import { started, wipe, wipeAndEnd } from './started.js';

/** @import { KeyMethod, KeyMethods, ToKeys } from './messages' */

/** @type {{ [M in KeyMethod]: (args: KeyMethods[M]['args']) => KeyMethods[M]['result'] | Promise<KeyMethods[M]['result']> }} */
const methods = {
  decode: ({ bytes, known }) => core.decode_anything(bytes, known),
  check: ({ bytes, key }) => core.check_key(bytes, key),
  build: ({ request }) => core.build_headers(request),
  async read({ bytes, known, tracks, privateKey }) {
    const list = core.read_key_list(bytes, known, tracks);
    if (privateKey) await decryptKeys(list, core.private_key(privateKey));
    return list;
  },
  async write({ request, form, certificates }) {
    if (certificates.length === 0 || form === 'lines')
      return core.write_key_list(JSON.stringify(request), form);
    const found = certificates.map((bytes) => ({
      certificate: core.certificate(bytes),
      publicKey: core.public_key(bytes),
    }));
    return core.write_key_list(JSON.stringify(await encryptKeys(request, found)), form);
  },
  commands: ({ request }) => core.command_lines(request),
  manifest: ({ bytes, files }) => core.read_manifest(bytes, JSON.stringify(files)),
  index: ({ bytes, places, from }) =>
    core.read_segment_index(bytes, new Float64Array(places), from.start, from.end),
  header: ({ bytes, track, heads }) => core.smooth_header(bytes, track, heads),
  manifests: ({ files, wishes }) => core.write_manifests(JSON.stringify(files), JSON.stringify(wishes)),
};

self.onmessage = async (/** @type {MessageEvent<ToKeys>} */ { data }) => {
  if ('wipe' in data) {
    wipeAndEnd();
    return;
  }
  const { id, method, args, engine } = data;
  try {
    await started(init, engine);
    const act = /** @type {(args: unknown) => unknown} */ (methods[method]);
    self.postMessage({ id, result: await act(args) });
  } catch (error) {
    const dead = isTrap(error);
    if (dead) wipe();
    self.postMessage({ id, error: toPosted(error), dead });
  } finally {
    // What was given may be a key.
    for (const value of Object.values(args)) if (value instanceof Uint8Array) value.fill(0);
  }
};

live();
