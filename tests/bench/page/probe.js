// How much memory the page and its workers hold. For memory runs the site's copy has this module imported first in
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

/** JavaScript's heap with its buffers, where the browser tells. */
const heap = () => performance.memory?.usedJSHeapSize ?? null;
const wasm = () => memories.map((memory) => memory.buffer.byteLength);

const channel = new BroadcastChannel(CHANNEL);
const inWorker = typeof document === 'undefined';

if (inWorker) {
  const id = Math.random();
  setInterval(() => channel.postMessage({ id, heap: heap(), wasm: wasm() }), INTERVAL);
} else {
  channel.onmessage = ({ data }) => remember(data);
  setInterval(() => remember({ id: 'page', heap: heap(), wasm: wasm() }), INTERVAL);
}

/** The newest word of each member, and the largest sums there were. */
const peak = { heap: 0, wasm: 0, instance: 0, heard: false };

function remember(word) {
  const known = instances.findIndex(({ id }) => id === word.id);
  if (known < 0) instances.push(word);
  else instances[known] = word;
  if (word.id !== 'page') peak.heard = true;
  const all = instances.flatMap((one) => one.wasm);
  peak.wasm = Math.max(peak.wasm, sum(all));
  peak.instance = Math.max(peak.instance, ...all);
  peak.heap = Math.max(peak.heap, sum(instances.map((one) => one.heap ?? 0)));
}

const sum = (list) => list.reduce((total, one) => total + one, 0);

/** Bytes; null when the workers were not probed. */
export function memoryPeak() {
  if (!peak.heard) return null;
  return { heap: peak.heap || null, wasm: peak.wasm, instance: peak.instance };
}
