// How fast the engine encrypts, without files: all fragments of a file in memory are protected, again and again. What
// `measure` takes for the same fragments (it does all but encrypt) is taken off, which leaves AES alone. Copying a
// fragment into wasm memory is part of both.

const REQUEST = {
  profile: 'hybrid',
  kid: '10000000-1000-1000-1000-100000000001',
  key: '3a2a1b68dd2bd9b2eeb25e84c4776668',
  laUrl: 'https://licence.example/rightsmanager.asmx',
};

const RANDOM_LEN = 56;

/**
 * @param {{ File: Function, Protector: Function }} engine
 * @param {WebAssembly.Memory} memory the engine's
 * @param {Uint8Array} bytes a file
 * @param {number} seconds to go on for: long enough that the clock's steps do not show
 * @returns {{ bytes: number, protect: number, rest: number }} bytes of media, and seconds: with and without encryption
 */
export function measureKernel({ File, Protector }, memory, bytes, seconds) {
  const core = new File(new Blob([bytes]));
  for (let need = core.needs(); need; need = core.needs()) {
    core.feed(need.start, bytes.subarray(need.start, need.start + Math.max(need.len, 64 << 10)));
  }
  const random = Uint8Array.from({ length: RANDOM_LEN }, (_, n) => n);
  core.plan(REQUEST, random);
  const protector = new Protector(core.movie_header(), REQUEST, random);
  const tasks = [];
  for (let task = core.task(0); task; task = core.task(tasks.length)) tasks.push(task);
  const total = tasks.reduce((sum, task) => sum + task.end - task.start - task.moofLen, 0);
  const round = (method) => {
    const start = performance.now();
    for (const task of tasks) {
      const len = task.end - task.start;
      const room = protector.room(len);
      new Uint8Array(memory.buffer, room, len).set(bytes.subarray(task.start, task.end));
      protector[method](task.tasks);
    }
    return (performance.now() - start) / 1000;
  };
  round('protect');
  const done = { bytes: 0, protect: 0, rest: 0 };
  while (done.protect + done.rest < seconds) {
    done.protect += round('protect');
    done.rest += round('measure');
    done.bytes += total;
  }
  protector.free();
  core.free();
  return done;
}
