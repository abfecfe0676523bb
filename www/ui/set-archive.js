/** What a job made, in one download. */

import { download } from '../files/save.js';
import { zipOf } from '../files/zip-of.js';
import { button, h, setText } from './dom.js';
import { faultOf } from './fault.js';
import * as format from './format.js';
import { paced } from './pace.js';

/**
 * A button that puts them together, and what it says of itself.
 * @param {string} name
 * @param {() => Promise<{ name: string, blob: Blob }[]>} list
 */
export function archiveButton(name, list) {
  const state = h('span', { class: 'quiet', role: 'status' });
  const save = async () => {
    all.disabled = true;
    try {
      const files = await list();
      const total = files.reduce((sum, { blob }) => sum + blob.size, 0);
      const report = paced((/** @type {number} */ done) => {
        if (all.disabled) setText(state, `${format.percent(done / total)} read`);
      }, 60);
      download(await zipOf(files, report), name);
      setText(state, '');
    } catch (error) {
      setText(state, faultOf(error, 'result').message);
    } finally {
      all.disabled = false;
    }
  };
  const all = button('Save all as one ZIP', () => void save(), { id: 'set-zip' });
  return [all, state];
}
