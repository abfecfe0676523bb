// What a browser's processes take of the machine's memory and processor, from /proc: Linux only.

import { readdir, readFile } from 'node:fs/promises';

const INTERVAL = 100;

/** Samples until stopped: bytes at the start and at most. */
export class ProcessMemory {
  #pids;
  #timer;
  #peak = 0;

  /** @param {number} browser process ID of the browser */
  static async start(browser) {
    const pids = await pageProcesses(browser);
    const memory = new ProcessMemory();
    memory.#pids = pids;
    memory.base = await memory.#now();
    memory.#peak = memory.base;
    const sample = async () => {
      memory.#peak = Math.max(memory.#peak, await memory.#now());
      memory.#timer = setTimeout(sample, INTERVAL);
    };
    memory.#timer = setTimeout(sample, INTERVAL);
    return memory;
  }

  /** Null where there is no /proc. */
  stop() {
    clearTimeout(this.#timer);
    this.#timer = null;
    return this.base > 0 ? { base: this.base, peak: this.#peak } : null;
  }

  async #now() {
    const sizes = await Promise.all(this.#pids.map(proportionalSize));
    return sizes.reduce((sum, size) => sum + size, 0);
  }
}

/** Bytes of a process, with its share of what it shares; 0 when it is gone. */
async function proportionalSize(pid) {
  const text = await readFile(`/proc/${pid}/smaps_rollup`, 'utf8').catch(() => '');
  return Number(/^Pss:\s+(\d+) kB/m.exec(text)?.[1] ?? 0) * 1024;
}

/** Seconds of processor time of a browser and all processes below it; 0 where there is no /proc. */
export async function processorTime(browser) {
  const times = await Promise.all((await processesBelow(browser)).map(async (pid) => spent(await stat(pid))));
  return times.reduce((sum, time) => sum + time, 0);
}

/** Its own time, and that of children that have ended, in hundredths of a second: fields 14 to 17 of `proc(5)`. */
const spent = (fields) => fields.slice(11, 15).reduce((sum, ticks) => sum + Number(ticks), 0) / 100;

/** The processes below `browser` that run pages. */
async function pageProcesses(browser) {
  const found = await Promise.all(
    (await processesBelow(browser)).map(async (pid) => ((await runsPages(pid)) ? pid : 0)),
  );
  return found.filter((pid) => pid > 0);
}

async function processesBelow(browser) {
  const entries = await readdir('/proc').catch(() => []);
  const pids = entries.filter((name) => /^\d+$/.test(name)).map(Number);
  const parents = new Map(
    await Promise.all(pids.map(async (pid) => [pid, Number((await stat(pid))[1] ?? 0)])),
  );
  return pids.filter((pid) => {
    for (let at = pid; at; at = parents.get(at)) if (at === browser) return true;
    return false;
  });
}

/** What Linux says of a process, from its state on. */
async function stat(pid) {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  // The name in parentheses may hold anything.
  return text.slice(text.lastIndexOf(')') + 2).split(' ');
}

async function runsPages(pid) {
  const line = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
  return line.includes('--type=renderer') || line.includes('-isForBrowser');
}
