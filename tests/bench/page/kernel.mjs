// How fast the engine encrypts, without files: all fragments of a file in memory are protected, again and again. What
// `measure` takes for the same fragments (it does all but encrypt) is taken off, which leaves AES alone.

const REQUEST = {
  profile: 'hybrid',
  kid: '10000000-1000-1000-1000-100000000001',
  key: '3a2a1b68dd2bd9b2eeb25e84c4776668',
  laUrl: 'https://licence.example/rightsmanager.asmx',
};

const RANDOM_LEN = 40;

/**
 * @param {{ File: Function, Protector: Function }} engine
 * @param {Uint8Array} bytes a file
 * @param {number} seconds to go on for: long enough that the clock's steps do not show
 * @returns {{ bytes: number, protect: number, rest: number }} bytes of media, and seconds: with and without encryption
 */
export function measureKernel({ File, Protector }, bytes, seconds) {
  const core = new File(bytes.length);
  for (let need = core.needs(); need; need = core.needs()) {
    core.feed(need.start, bytes.subarray(need.start, need.start + Math.max(need.len, 64 << 10)));
  }
  const random = Uint8Array.from({ length: RANDOM_LEN }, (_, n) => n);
  core.plan(REQUEST, random);
  const protector = new Protector(core.movie_header(), REQUEST, random);
  const tasks = [];
  for (let task = core.task(0); task; task = core.task(tasks.length)) tasks.push(task);
  const total = tasks.reduce((sum, task) => sum + task.end - task.start - task.moofLen, 0);
  // Encrypted bytes are no longer what a fragment's rules were made for: every round takes fresh ones.
  const round = (method) => {
    const fresh = tasks.map((task) => bytes.slice(task.start, task.end));
    const start = performance.now();
    tasks.forEach((task, n) => protector[method](task, fresh[n]));
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
