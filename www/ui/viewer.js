/** The way to players of other hands: nothing of them is fetched before somebody asks. */

/** @import { ProtectResult } from '../types.d.ts' */

import { button, h } from './dom.js';
import { faultOf } from './fault.js';

/** What was made, or is open and its keys are given. @typedef {{ file(): Promise<Blob>, keys: readonly { kid: { hex: string }, key: string }[], forTests: boolean }} Playable */

/**
 * @param {readonly { name: string, result: Playable }[]} made
 * @param {AbortSignal} signal when it goes
 */
export function viewerCard(made, signal) {
  const state = h('p', { class: 'quiet', role: 'status' });
  const place = h('div', {});
  const start = button('Choose a player', () => void show(), { id: 'preview' });
  const show = async () => {
    start.disabled = true;
    state.textContent = 'Fetching this part of the page…';
    try {
      const { Preview } = await import('../preview/card.js');
      if (signal.aborted) return;
      const preview = new Preview(made);
      signal.addEventListener('abort', () => preview.close());
      start.remove();
      state.remove();
      place.replaceChildren(preview.element);
      preview.rows.find(({ way }) => !way.why)?.start.focus();
    } catch (error) {
      start.disabled = false;
      // A browser does not ask again for a module that it once could not get.
      state.textContent = `This part of the page could not be had: ${faultOf(error, 'fetch').message} Save what you made, and load the page again.`;
    }
  };
  return h(
    'section',
    { class: 'card preview-card' },
    h('h3', {}, 'Play as a viewer would'),
    h(
      'p',
      { class: 'hint' },
      made.length > 1
        ? 'The finished set in dash.js, shaka-player, rx-player and hls.js, by its manifests, and in the browser alone.'
        : 'The protected file in dash.js, shaka-player, rx-player and hls.js, and in the browser alone.',
    ),
    start,
    state,
    place,
  );
}

/**
 * Whether what was made can be played by others here: it is one file, is at hand, and its keys are known.
 * @param {ProtectResult} result
 */
export const canView = ({ files, place, changes, tracks }) =>
  files.length === 1 && place !== 'downloads' && !(changes && tracks.some(({ protect }) => protect));
