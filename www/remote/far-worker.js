/**
 * The leading worker of a file behind an address: the one of files on this computer, to whom such a file is given in place of a
 * Blob. What it wants to read at once and is not here yet is fetched, and then it is asked once more.
 */

import { methods } from '../engine/worker.js';
import { FarFile, Missing } from './far-file.js';

/** @import { Running } from '../engine/worker.js' */
/** @import { Place } from './far-file.js' */

/** @typedef {(args: any, running: Running) => Promise<unknown>} Act */

/** @type {FarFile | undefined} */
let file;

/** @param {Act} act @returns {Act} */
const supplied = (act) => async (args, running) => {
  for (;;) {
    try {
      return await act(args, running);
    } catch (error) {
      if (!(error instanceof Missing) || !file) throw error;
      await file.supply(error, running.signal);
    }
  }
};

const all = /** @type {Record<string, Act>} */ (/** @type {unknown} */ (methods));
for (const [name, act] of Object.entries(all)) all[name] = supplied(act);

const open = /** @type {Act} */ (all['open']);
all['open'] = (args, running) => {
  file = new FarFile(/** @type {Place} */ (args.blob));
  return open({ ...args, blob: file }, running);
};
