/** The manifests that were opened with files: which files they name, and what is wrong with them. */

/** @import { DescribedFile, Listing, Manifest, ManifestTrack, Media } from '../types.d.ts' */

import { readManifest } from '../boxlock.js';
import { h } from './dom.js';
import { namesOf } from '../files/smooth.js';
import { faultOf } from './fault.js';
import { listerOf, SegmentTable } from './segment-table.js';

/**
 * One that was read, or why it was not; `path` is its name with the folders before it, where they are known.
 * @typedef {{ name: string, path: string, manifest: Manifest | null, message: string }} Read
 */

/** @param {string} kind of a stream @returns {import('../types.d.ts').Track['kind'] | null} */
const kindOf = (kind) => (kind === 'video' || kind === 'audio' || kind === 'text' ? kind : null);

/**
 * Reads manifests, and holds them to the files.
 * @param {readonly File[]} files
 * @param {readonly Media[]} media
 * @returns {Promise<Read[]>}
 */
export async function readListings(files, media) {
  /** @type {DescribedFile[]} */
  const described = [];
  for (const each of media) {
    // What is not fragmented yet has nothing that a manifest could say.
    const one = await each.describe().catch(() => null);
    if (one) described.push(one);
  }
  return Promise.all(
    files.map((file) =>
      readManifest(file, { files: described }).then(
        (manifest) => ({ ...calledAs(file), manifest, message: '' }),
        (error) => ({ ...calledAs(file), manifest: null, message: faultOf(error).message }),
      ),
    ),
  );
}

/** @param {File} file */
const calledAs = (file) => ({ name: file.name, path: file.webkitRelativePath || file.name });

/**
 * Which files they name, where they name any. A client manifest names fragments: of these the files that were put together of
 * them count, as far as they are there.
 * @param {readonly Read[]} all
 * @param {readonly Media[]} media
 * @returns {Listing[]}
 */
export function listingsOf(all, media) {
  const there = new Set(media.map(({ name }) => name));
  return all.flatMap(({ name, path, manifest }) => {
    if (manifest?.form === 'ismc') {
      const names = namesOf(path, manifest.tracks);
      const own = manifest.tracks.flatMap(({ kind, bitrate }, at) => {
        const joined = names[at] ?? '';
        return there.has(joined) ? [{ name: joined, kind: kindOf(kind), trackId: null, bitrate }] : [];
      });
      return own.length
        ? [{ name: /^manifest\b/i.test(name) ? (path.split('/').at(-2) ?? name) : name, files: own }]
        : [];
    }
    const files = (manifest?.streams ?? []).flatMap(({ kind, qualities }) =>
      qualities.flatMap(({ file, track, bitrate }) =>
        file ? [{ name: decoded(file), kind: kindOf(kind), trackId: track, bitrate }] : [],
      ),
    );
    return files.length ? [{ name, files }] : [];
  });
}

/** A name as it stands on the disk. @param {string} address */
function decoded(address) {
  try {
    return decodeURIComponent(address.split(/[?#]/)[0] ?? address);
  } catch {
    return address;
  }
}

/**
 * The segments that one lists, made when they are asked for; those of a quality that is one file are listed by the index in it.
 * @param {string} name
 * @param {readonly ManifestTrack[]} tracks
 * @param {readonly File[]} files that are open
 */
function segmentsView(name, tracks, files) {
  const element = h('details', { class: 'set-segments' }, h('summary', {}, `Segments that ${name} lists`));
  element.addEventListener(
    'toggle',
    () => element.append(new SegmentTable(tracks, null, listerOf(files)).element),
    { once: true },
  );
  return element;
}

/**
 * @param {readonly Read[]} all
 * @param {readonly File[]} files that are open
 */
export function listingsView(all, files) {
  return all.flatMap((read) => {
    const tracks = read.manifest?.tracks ?? [];
    const view = listingView(read);
    return tracks.length ? [view, segmentsView(read.name, tracks, files)] : [view];
  });
}

/** @param {Read} read */
function listingView({ name, manifest, message }) {
  const findings = manifest?.findings ?? [];
  const count = { error: 0, warning: 0, note: 0 };
  for (const { severity } of findings) count[severity]++;
  const sums = [
    count.error ? `${count.error} wrong` : '',
    count.warning ? `${count.warning} doubtful` : '',
    count.note ? `${count.note} to know` : '',
  ].filter(Boolean);
  if (!findings.length)
    return h(
      'p',
      { class: message ? 'fault-line' : 'quiet' },
      h('strong', {}, name),
      message ? ` could not be read. ${message}` : `: ${manifest?.title ?? ''} Nothing is wrong with it.`,
    );
  return h(
    'details',
    { class: 'set-manifest', open: count.error > 0 },
    h('summary', {}, h('strong', {}, name), `: ${manifest?.title ?? ''} ${sums.join(', ')}`),
    h(
      'ul',
      { class: 'set-findings' },
      ...findings.map((finding) =>
        h(
          'li',
          { class: finding.severity },
          h('strong', {}, SEVERITIES[finding.severity]),
          ` ${finding.message} `,
          h('span', { class: 'quiet' }, `${finding.path}, line ${finding.line}; ${finding.clause}`),
        ),
      ),
    ),
  );
}

/** In words, as colour says nothing alone. */
const SEVERITIES = { error: 'Wrong:', warning: 'Doubtful:', note: 'Note:' };
