/** Where the page of addresses is put together: an address, what it leads to, and what was fetched of it. */

/** @import { ManifestTrack, SegmentPlace } from '../types.d.ts' */
/** @import { Chosen, Lister } from '../ui/segment-table.js' */

import { arrange, readSegmentIndex } from '../boxlock.js';
import '../closed.js';
import { copyButton } from '../ui/copy.js';
import { button, byId, h, setAttributes, setText } from '../ui/dom.js';
import { faultOf } from '../ui/fault.js';
import * as format from '../ui/format.js';
import { frontOf } from '../ui/front.js';
import { say } from '../ui/live.js';
import { paced } from '../ui/pace.js';
import { placeOf } from '../ui/place.js';
import { addressOf, linkedAddress, linkTo, nameOf, shownOf } from './address.js';
import { CORS_HEADERS, needsHeaders } from './faults.js';
import { FileView } from './file-view.js';
import { manifestView } from './manifest-view.js';
import { Opening } from './opening.js';

const input = byId('address', HTMLInputElement);
const wrong = byId('address-fault', HTMLElement);
const connected = byId('connected', HTMLElement);
const intro = byId('intro', HTMLElement);
const fetched = byId('fetched', HTMLElement);
const question = byId('question', HTMLElement);
const place = byId('place', HTMLElement);

/** @type {Opening | null} */
let opening = null;
/** @type {FileView | null} */
let shown = null;
/**
 * The manifest that is open, and what was opened of it.
 * @type {{ element: HTMLElement, base: string, file: File, opening: Opening } | null}
 */
let manifest = null;

/** What has been fetched, in words. */
const counted = paced(() => {
  const { requests, bytes } = opening?.count ?? { requests: 0, bytes: 0 };
  const of = opening?.size ? ` of ${format.bytes(opening.size)}` : '';
  setText(fetchedText, `Fetched ${format.bytes(bytes)}${of} in ${format.counted(requests, 'request')}`);
}, 100);

const fetchedText = h('p', { class: 'fetched-text' });
const fetchedMore = h('p', { class: 'fetched-link' });
fetched.append(fetchedText, fetchedMore);

/** @param {number | null} bytes that somebody wants to fetch; null when that is settled */
function asked(bytes) {
  question.hidden = bytes === null;
  question.replaceChildren();
  if (bytes === null || !opening) return;
  const so = format.bytes(opening.count.bytes);
  const words = `${so} were fetched so far, and ${format.bytes(bytes)} more are wanted now for what you asked to see; perhaps still more after that.`;
  const go = button('Fetch more', () => opening?.reply(true), { class: 'button primary small' });
  question.append(
    h('p', {}, words),
    h(
      'p',
      { class: 'question-acts' },
      go,
      button('Stop here', () => opening?.reply(false), { class: 'button small' }),
    ),
  );
  say(words);
  go.focus();
}

/** Ends what is open, and forgets it. @param {boolean} all the manifest, too */
function close(all) {
  shown?.close();
  shown = null;
  opening?.end();
  opening = null;
  if (all) {
    manifest?.opening.end();
    manifest = null;
  }
  asked(null);
  place.replaceChildren();
}

/** @param {URL} url */
function begin(url) {
  const made = new Opening({ counted: () => counted(undefined), asked });
  opening = made;
  intro.hidden = true;
  fetched.hidden = false;
  setText(connected, `Connects to ${url.host}`);
  fetchedMore.replaceChildren(
    h('code', {}, shownOf(url)),
    copyButton(
      url.search
        ? 'link to this page with the whole address, its query too'
        : 'link to this page with the address',
      () => linkTo(url, location.href),
      undefined,
      'Copy link',
    ),
    url.search
      ? h(
          'span',
          { class: 'hint' },
          'The link has the query too: if it is a signature, whoever has the link can use it.',
        )
      : '',
  );
  counted(undefined);
  const bar = h('progress', { max: 1, 'aria-label': 'Opening' });
  place.replaceChildren(
    h(
      'div',
      { class: 'opening' },
      h('h1', {}, `Opening ${nameOf(url)}`),
      bar,
      button('Cancel', () => cancel(made), { class: 'button small', id: 'cancel' }),
    ),
  );
  return { made, bar };
}

/** @param {Opening} made */
function cancel(made) {
  if (opening !== made) return;
  close(false);
  say('Cancelled.');
  if (manifest) back();
  else {
    intro.hidden = false;
    place.replaceChildren(
      h('p', { class: 'quiet remote-told', role: 'status' }, 'Cancelled. Nothing more is fetched.'),
    );
    input.focus();
  }
}

/**
 * @param {unknown} error
 * @param {Opening} made
 * @param {string} name
 */
function refuse(error, made, name) {
  if (opening !== made || made.signal.aborted) return;
  const { message, code } = faultOf(error, 'fetch');
  made.end();
  const list = needsHeaders(code)
    ? h(
        'div',
        { class: 'remote-headers' },
        h(
          'pre',
          { tabindex: 0, 'aria-label': 'Headers that the server has to send' },
          CORS_HEADERS.join('\n'),
        ),
        copyButton('headers', () => CORS_HEADERS.join('\n')),
      )
    : null;
  place.replaceChildren(
    h(
      'div',
      { class: 'notice', role: 'alert' },
      h('h1', {}, `${name} was not opened.`),
      h('p', {}, message),
      list,
      manifest ? button('Back to the manifest', back, { class: 'button small', id: 'back' }) : null,
    ),
  );
}

/**
 * @param {URL} url
 * @param {boolean} [within] whether a manifest led there, which stays
 * @param {number} [at] the byte of a file that is wanted
 */
async function openAddress(url, within = false, at = -1) {
  if (within) opening = null;
  else close(true);
  const { made, bar } = begin(url);
  const name = nameOf(url);
  try {
    const found = await made.probe(url);
    if (found.kind === 'manifest') {
      made.size = found.bytes.length;
      const element = await manifestView(name, found.bytes, {
        segment: (chosen) => void openSegment(chosen),
        manifest: (address) => void openFrom(address, found.base),
        lister: listerOf(made, found.base),
      });
      if (opening !== made) return;
      manifest = { element, base: found.base, file: new File([found.bytes], name), opening: made };
      counted(undefined);
      place.replaceChildren(element);
      say(`${name} is open.`);
    } else if (found.kind === 'whole') {
      show(await made.here([new File([found.bytes], name)], name), made, at);
      fetchedMore.append(
        h('span', { class: 'hint' }, 'The server answers no ranges, so that all of it was fetched.'),
      );
    } else {
      const { known, front } = found;
      const media = await made.far(
        { ...known, url: url.href, front },
        name,
        ({ done, total, front: boxes }) => {
          bar.value = total ? done / total : 0;
          if (boxes && !place.querySelector('.front')) bar.parentElement?.append(frontOf(boxes));
        },
      );
      show(media, made, at);
    }
  } catch (error) {
    refuse(error, made, name);
  }
}

/**
 * What lists the segments of a quality that is one file: of the manifest's own server at once, of another when a person says so.
 * @param {Opening} made
 * @param {string} base
 * @returns {Lister}
 */
function listerOf(made, base) {
  const urlOf = (/** @type {ManifestTrack} */ { file }) => {
    const address = file?.address ?? '';
    return addressOf(URL.canParse(address, base) ? new URL(address, base).href : address, location.href);
  };
  return {
    label: 'List its segments',
    ready: ({ file }) =>
      URL.canParse(file?.address ?? '', base) &&
      new URL(file?.address ?? '', base).origin === new URL(base).origin,
    async list(track, begun) {
      const url = urlOf(track);
      begun();
      // What is fetched now is no part of the manifest.
      made.size = null;
      return readSegmentIndex(track, (range) => made.fetchAhead(url, range));
    },
  };
}

/**
 * @param {import('../types.d.ts').Media} media
 * @param {Opening} made
 * @param {number} [at] the byte that is wanted
 */
function show(media, made, at) {
  if (opening !== made) {
    media.close();
    return;
  }
  shown = new FileView(media, manifest ? back : null, at);
  place.replaceChildren(shown.element);
  counted(undefined);
  const { kindName, size } = media.summary();
  say(`${media.name} is open: ${kindName}, ${format.bytes(size)}.`);
}

/** Shows the manifest again that led to what is shown. */
function back() {
  const kept = manifest;
  if (!kept) return;
  close(false);
  opening = kept.opening;
  fetchedMore.replaceChildren();
  counted(undefined);
  place.replaceChildren(kept.element);
  const grid = kept.element.querySelector('.segment-table');
  if (grid instanceof HTMLElement) grid.focus();
}

/**
 * An address in a manifest, as this page takes them; null where it takes it not, and says so.
 * @param {string} address
 * @param {string} base
 */
function resolved(address, base) {
  try {
    return addressOf(URL.canParse(address, base) ? new URL(address, base).href : '', location.href);
  } catch (error) {
    say(faultOf(error).message);
    return null;
  }
}

/**
 * @param {string} address
 * @param {string} base
 */
async function openFrom(address, base) {
  const url = resolved(address, base);
  if (url) await openAddress(url);
}

/**
 * A fragment of Smooth Streaming behind the header that is made for it of the manifest; another as it is.
 * @param {File} segment
 * @param {string} address
 * @param {File} manifest
 * @param {AbortSignal} signal
 * @returns {Promise<readonly Blob[]>}
 */
async function behindHeader(segment, address, manifest, signal) {
  Object.defineProperty(segment, 'webkitRelativePath', { value: address });
  const { groups } = await arrange([segment], { manifests: [manifest], signal });
  return groups[0]?.parts ?? [segment];
}

/** @param {Chosen} chosen */
async function openSegment({ init, segment, place: { address, range }, track, there }) {
  const from = manifest;
  const url = from && resolved(address, from.base);
  if (!from || !url) return;
  // One file that is all of a quality is looked at in parts.
  if (track.file && (there || !segment)) {
    await openAddress(url, true, segment ? range?.start : undefined);
    return;
  }
  // The manifest's own opening stays: what was counted of it is shown when it is again.
  opening = null;
  const { made } = begin(url);
  const name = nameOf(url);
  try {
    /** @param {URL} at @param {SegmentPlace['range']} part */
    const fetchFile = async (at, part) => new File([await made.fetchAll(at, part)], nameOf(at));
    const head = init && resolved(init.address, from.base);
    const front = head ? [await fetchFile(head, init.range)] : [];
    const segment = await fetchFile(url, range);
    const files = head ? [...front, segment] : await behindHeader(segment, address, from.file, made.signal);
    const names = files.map(
      (file, number) => new File([file], `${number}-${'name' in file ? file.name : name}`),
    );
    show(await made.here(names, name), made);
  } catch (error) {
    refuse(error, made, name);
  }
}

byId('address-form', HTMLFormElement).addEventListener('submit', (event) => {
  event.preventDefault();
  let url;
  try {
    url = addressOf(input.value, location.href);
  } catch (error) {
    complain(faultOf(error).message);
    input.focus();
    return;
  }
  complain('');
  void openAddress(url);
});

/** @param {string} sentence */
function complain(sentence) {
  setText(wrong, sentence);
  wrong.hidden = !sentence;
  setAttributes(input, { 'aria-invalid': sentence ? 'true' : null });
}

/** Nothing is fetched for a link that somebody else made, until a person says so. */
function followHash() {
  const linked = linkedAddress(location.hash);
  if (linked !== null && linked !== input.value) {
    input.value = linked;
    const host = URL.canParse(linked) ? new URL(linked).host : '';
    byId('linked', HTMLElement).hidden = false;
    setText(
      byId('linked', HTMLElement),
      `The link leads to ${host || 'an address'}. Nothing was fetched from there yet: press Open.`,
    );
    byId('open-address', HTMLElement).focus();
  }
  const to = placeOf(location.hash);
  if (to) void shown?.inspector?.follow(to);
}

window.addEventListener('hashchange', followHash);
followHash();
