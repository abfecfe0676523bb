/** Whether protected files that are open together give each other away: with one key and one counter, by what each says of itself. */

/** @import { Media } from '../types.d.ts' */

import { usedTwice } from '../engine/streams.js';
import { h } from './dom.js';
import { faultOf } from './fault.js';

/** @param {Media} media */
const kidsOf = (media) => new Set(media.tracks().flatMap(({ protection }) => protection?.kids ?? []));

/**
 * Those that share a key ID with another, which alone can meet.
 * @param {readonly Media[]} all
 */
function sharing(all) {
  /** @type {Map<string, number>} */
  const count = new Map();
  for (const media of all) for (const kid of kidsOf(media)) count.set(kid, (count.get(kid) ?? 0) + 1);
  return all.filter((media) => [...kidsOf(media)].some((kid) => (count.get(kid) ?? 0) > 1));
}

/**
 * What is to be told of them; goes through the heads of all their fragments, and needs no key. Nothing where it was stopped.
 * @param {readonly Media[]} all
 * @param {(element: HTMLElement) => void} show what is under way, and then what was found
 * @param {AbortSignal} signal
 */
export async function holdCounters(all, show, signal) {
  const some = sharing(all);
  if (some.length === 0) return;
  const state = h('p', { class: 'quiet', role: 'status' });
  show(state);
  /** @type {import('../engine/streams.js').Read[]} */
  const read = [];
  /** @type {string[]} */
  const missed = [];
  for (const media of some) {
    state.textContent = `${some.length} of the files have key IDs in common. Looking whether counters meet: ${media.name}…`;
    try {
      const { kids, streams } = await media.findings({ signal });
      read.push({ name: media.name, keys: kids, streams });
    } catch (error) {
      if (signal.aborted) return;
      missed.push(`${media.name} could not be looked at. ${faultOf(error).message}`);
    }
  }
  if (signal.aborted) return;
  const twice = usedTwice(read);
  const met = read.flatMap(({ name }, at) =>
    twice[at] ? [`${name} uses a part that ${twice[at]} uses too.`] : [],
  );
  const list = (/** @type {string[]} */ lines) => lines.map((line) => h('li', {}, line));
  show(
    met.length + missed.length === 0
      ? h(
          'p',
          { class: 'quiet', role: 'status' },
          `${some.length} of the files have key IDs in common, and no counter of them meets one of another.`,
        )
      : h(
          'div',
          { class: 'warning', role: 'alert' },
          met.length > 0 &&
            h(
              'p',
              {},
              h('strong', {}, 'Counters meet: '),
              'the same part of the stream of one key encrypts different files. Who has both can read what differs without the key, unless they are copies of one file. Make them again from the clear files, in one job or with a key for each.',
            ),
          h('ul', {}, ...list(met), ...list(missed)),
        ),
  );
}
