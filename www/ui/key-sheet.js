/** Saving the key sheet, and asking for it before a key is lost that exists nowhere else. */

/** @import { ProtectResult } from '../types.d.ts' */
/** @import { FileState, Store } from './store.js' */

import { download } from '../files/save.js';
import { askToKeepKey } from './ask.js';
import { faultOf } from './fault.js';
import { nameOf } from './outcome.js';

/** The sum of a large file takes longer than somebody who wants the key out of here should wait. */
const SUM_MS = 1000;

/**
 * Saves the key sheet at once, with the SHA-256 when that is known or quickly made.
 * @param {ProtectResult} result
 * @param {() => Promise<string>} [sum] computes it
 * @returns {Promise<{ name: string, sum: boolean }>} what was saved, and whether the sum is in it
 */
export async function saveKeySheet(result, sum) {
  if (sum) {
    const late = new Promise((resolve) => void setTimeout(resolve, SUM_MS));
    // A sum that cannot be had is told where it would stand. It does not keep the key from being saved.
    await Promise.race([sum().catch(() => {}), late]);
  }
  const sheet = await result.keySheet({ sha256: 'if-known' });
  const name = `${result.name}.keys.json`;
  download(new Blob([`${JSON.stringify(sheet, null, 2)}\n`], { type: 'application/json' }), name);
  return { name, sum: sheet.sha256 !== null };
}

const QUESTIONS = {
  close: { title: 'Close this file, and lose its key?', kept: 'Close this file?', goOn: 'Close the file' },
  again: {
    title: 'Protect again, and lose the key of the copy before?',
    kept: 'Protect again?',
    goOn: 'Protect again',
  },
  discard: {
    title: 'Delete this copy, and lose its key?',
    kept: 'Delete this copy?',
    goOn: 'Delete the copy',
  },
};

/**
 * Whether to go on with what would throw the key of a file's result away. Asks only when the key was made here and has
 * neither been copied nor saved.
 * @param {Store} store
 * @param {FileState | null} file
 * @param {keyof typeof QUESTIONS} what
 */
export async function mayLoseKey(store, file, what) {
  const result = file?.result;
  if (!file || !result || !file.keyAtRisk) return true;
  const copy = nameOf(result, file.savedAs);
  const lost = `The key of ${copy} was made at random in this tab, and nobody else has it. Without it no licence can be made, and ${copy} can never be played.`;
  return askToKeepKey({
    ...QUESTIONS[what],
    lost: what === 'discard' ? `${lost} If you have saved the file elsewhere, save its key as well.` : lost,
    keep: async () => {
      try {
        const { name } = await saveKeySheet(result);
        store.dispatch({ type: 'kept', id: file.id });
        return `${name} is saved. It holds the key: treat it like a password.`;
      } catch (error) {
        throw new Error(`The key sheet could not be made. ${faultOf(error, 'result').message}`, {
          cause: error,
        });
      }
    },
  });
}
