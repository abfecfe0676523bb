// What a browser's page processes take of the machine's memory, from /proc: Linux only.

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

/** The processes below `browser` that run pages. */
async function pageProcesses(browser) {
  const entries = await readdir('/proc').catch(() => []);
  const pids = entries.filter((name) => /^\d+$/.test(name)).map(Number);
  const parents = new Map(await Promise.all(pids.map(async (pid) => [pid, await parentOf(pid)])));
  const isBelow = (pid) => {
    for (let at = pid; at; at = parents.get(at)) if (at === browser) return true;
    return false;
  };
  const found = await Promise.all(
    pids.filter(isBelow).map(async (pid) => ((await runsPages(pid)) ? pid : 0)),
  );
  return found.filter((pid) => pid > 0);
}

async function parentOf(pid) {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  // The name in parentheses may hold anything.
  return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1] ?? 0);
}

async function runsPages(pid) {
  const line = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
  return line.includes('--type=renderer') || line.includes('-isForBrowser');
}
