// The crates aes and ctr in wasm, with nothing around them: tests/bench/kernel.

/** Sizes of samples: a video frame, an audio frame. */
const SAMPLES = [20_000, 300];

/**
 * @param {BufferSource} wasm
 * @param {number} seconds to go on for, with each size
 * @returns {Promise<Record<number, { bytes: number, seconds: number }>>} by size of sample
 */
export async function measureCrates(wasm, seconds) {
  const { instance } = await WebAssembly.instantiate(wasm);
  const results = {};
  for (const sample of SAMPLES) {
    instance.exports.encrypt(sample);
    const done = { bytes: 0, seconds: 0 };
    while (done.seconds < seconds) {
      const start = performance.now();
      for (let n = 0; n < 4; n++) done.bytes += instance.exports.encrypt(sample);
      done.seconds += (performance.now() - start) / 1000;
    }
    results[sample] = done;
  }
  return results;
}
