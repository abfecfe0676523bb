/** A manifest behind an address: what it says, what is wrong with it, and its segments, each of which can be opened. */

/** @import { Chosen, Lister } from '../ui/segment-table.js' */

import { decode, readManifest } from '../boxlock.js';
import { decodedView } from '../ui/decoded.js';
import { button, h } from '../ui/dom.js';
import { SegmentTable } from '../ui/segment-table.js';

/** What a manifest leads to that is a manifest too is opened in its place. */
const OTHERS_SHOWN = 40;

/**
 * @param {string} name
 * @param {Uint8Array<ArrayBuffer>} bytes
 * @param {{ segment: (chosen: Chosen) => void, manifest: (address: string) => void, lister: Lister }} acts
 */
export async function manifestView(name, bytes, { segment, manifest, lister }) {
  const [found, read] = await Promise.all([decode(bytes), readManifest(bytes).catch(() => null)]);
  const tracks = read?.tracks ?? [];
  const others = (read?.refers ?? []).slice(0, OTHERS_SHOWN);
  return h(
    'div',
    { class: 'remote-manifest' },
    h('h1', { class: 'remote-name' }, name),
    decodedView(found),
    others.length > 0 &&
      h(
        'ul',
        { class: 'remote-others', 'aria-label': 'Manifests that it names' },
        ...others.map((address) =>
          h(
            'li',
            {},
            button(address, () => manifest(address), { class: 'link' }),
          ),
        ),
      ),
    tracks.length > 0
      ? new SegmentTable(tracks, segment, lister).element
      : others.length === 0 && h('p', { class: 'quiet' }, 'It lists no segments.'),
  );
}
