// How much memory the wasm instances of the page's workers hold. For memory runs the site's copy has this module imported first in
// every worker: it notes each wasm instance, and tells the page its sizes many times a second.

const INTERVAL = 20;
const CHANNEL = 'bench-memory';

const memories = [];
const instances = [];

function note({ instance, exports = instance?.exports }) {
  const memory = exports && Object.values(exports).find((one) => one instanceof WebAssembly.Memory);
  if (memory) memories.push(memory);
}

for (const name of ['instantiate', 'instantiateStreaming']) {
  const original = WebAssembly[name];
  WebAssembly[name] = async (...args) => {
    const result = await original.apply(WebAssembly, args);
    note(result);
    return result;
  };
}

const wasm = () => memories.map((memory) => memory.buffer.byteLength);

const channel = new BroadcastChannel(CHANNEL);
const inWorker = typeof document === 'undefined';

if (inWorker) {
  const id = Math.random();
  setInterval(() => channel.postMessage({ id, wasm: wasm() }), INTERVAL);
} else {
  channel.onmessage = ({ data }) => remember(data);
}

/** The newest word of each member, and the largest sums there were. */
const peak = { wasm: 0, instance: 0 };

function remember(word) {
  const known = instances.findIndex(({ id }) => id === word.id);
  if (known < 0) instances.push(word);
  else instances[known] = word;
  const all = instances.flatMap((one) => one.wasm);
  peak.wasm = Math.max(peak.wasm, sum(all));
  peak.instance = Math.max(peak.instance, ...all);
}

const sum = (list) => list.reduce((total, one) => total + one, 0);

/** Bytes; null when the workers were not probed. */
export function memoryPeak() {
  return instances.length > 0 ? peak : null;
}
