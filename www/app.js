/** Where the page is put together: the public module, the store, the files, the views. */

/** @import { Desk, SetDesk } from './ui/desk.js' */
/** @import { FileState, State, View } from './ui/store.js' */

import './closed.js';
import { arrange, open, prefetch, sweepStorage } from './boxlock.js';
import { chooseFiles, handleOf, isManifest, takeFiles } from './files/pick.js';
import { button, byId, h } from './ui/dom.js';
import { faultOf } from './ui/fault.js';
import { showFiles } from './ui/file-list.js';
import * as format from './ui/format.js';
import { frontOf } from './ui/front.js';
import { say } from './ui/live.js';
import { paced } from './ui/pace.js';
import { placeOf, viewOf } from './ui/place.js';
import { createStore } from './ui/store.js';
import { makeTabs } from './ui/tabs.js';

const VIEWS = /** @type {const} */ (['inspect', 'protect', 'result']);

/** A browser does not ask again for a part that it once could not get. Nothing is open yet that could be lost. */
const PART_MISSING = 'A part of this page could not be fetched. Please load the page again.';

const store = createStore();
/** @type {Map<number, Desk>} */
const desks = new Map();
/** @type {Map<number, SetDesk>} */
const setDesks = new Map();
/** @type {Map<number, AbortController>} */
const openings = new Map();
let lastId = 0;
/**
 * What shows an open file. It is fetched as soon as the page can take one: nobody waits for it to choose a file, and it
 * is there, connection or not, when one is open.
 * @type {typeof import('./ui/desk.js') | undefined}
 */
let deskModule;
const deskFetched = fetchDesk();

/** Whether headers and keys are decoded just now. */
let decoding = false;
/** @type {import('./ui/decode.js').Decoder | undefined} */
let decoder;

const places = {
  empty: byId('empty', HTMLElement),
  decode: byId('decode', HTMLElement),
  desk: byId('desk', HTMLElement),
  summary: byId('summary', HTMLElement),
  opening: byId('opening', HTMLElement),
  views: byId('views', HTMLElement),
  input: byId('open-file', HTMLInputElement),
  folderInput: byId('open-folder', HTMLInputElement),
  file: byId('file', HTMLElement),
  set: byId('set', HTMLElement),
  inspect: byId('panel-inspect', HTMLElement),
  protect: byId('panel-protect', HTMLElement),
  result: byId('panel-result', HTMLElement),
};

async function fetchDesk() {
  try {
    const module = await import('./ui/desk.js');
    await module.styled;
    deskModule = module;
  } catch {
    // Whoever opens a file is told.
  }
}

/**
 * @param {readonly Blob[] | URL} source a file or the parts of one, or where it is
 * @param {string} name
 * @param {number | null} size
 * @param {boolean} [merged] whether several files are made one
 * @param {number} [id]
 */
async function openFile(source, name, size, merged = false, id = ++lastId) {
  const stop = new AbortController();
  openings.set(id, stop);
  const parts = source instanceof URL ? [] : source;
  store.dispatch({ type: 'open', id, name, size, parts, merged });
  try {
    await desk();
    const follow = paced((progress) => store.dispatch({ type: 'progress', id, progress }), 60);
    const media = await open(source, {
      name,
      merge: merged,
      handle: await Promise.all(parts.map(handleOf)),
      signal: stop.signal,
      onProgress(progress) {
        if (progress.front) store.dispatch({ type: 'front', id, boxes: progress.front });
        follow(progress);
      },
    });
    if (stop.signal.aborted) {
      media.close();
      return;
    }
    store.dispatch({ type: 'opened', id, media });
    const summary = media.summary();
    say(`${name} is open: ${summary.kindName}, ${format.bytes(summary.size)}.`);
  } catch (error) {
    if (stop.signal.aborted) return;
    store.dispatch({
      type: 'refused',
      id,
      title: `${name} was not opened.`,
      message: faultOf(error).message,
    });
  } finally {
    openings.delete(id);
  }
}

/** What shows an open file, fetched once more where it could not be had. */
async function desk() {
  await deskFetched;
  if (!deskModule) await fetchDesk();
  if (!deskModule) throw new Error(PART_MISSING);
  return deskModule;
}

/**
 * @param {File[]} files
 * @param {string} [folder] that they come from
 */
async function take(files, folder) {
  const [one] = files;
  if (decoding) {
    if (one) decoder?.take(one, files);
    return;
  }
  if (!one)
    store.dispatch({
      type: 'refused',
      id: ++lastId,
      title: `${folder} was not opened.`,
      message:
        'No file in it has the name of one that can be opened here, or the browser does not let this page look.',
    });
  else if (files.length === 1 && !isManifest(one)) void openFile(files, one.name, one.size);
  else await takeAll(files, undefined, folder);
}

/**
 * @param {readonly Blob[]} files
 * @param {'merge' | 'apart'} [way] whether they are to be made one, where that was chosen
 * @param {string} [folder] that they come from: what is in it belongs together
 */
async function takeAll(files, way, folder) {
  /** @type {import('./ui/several.js').Acts} */
  const acts = {
    open(parts, name, size, merge) {
      const id = ++lastId;
      void openFile(parts, name, size, merge, id);
      return id;
    },
    gather: (name, ids, manifests) =>
      store.dispatch({
        type: 'gather',
        id: ++lastId,
        name: folder ?? name,
        files: ids,
        manifests,
        show: folder !== undefined || manifests.length > 0,
      }),
    refuse: (title, message) => store.dispatch({ type: 'refused', id: ++lastId, title, message }),
    tell: (title, message, merge) => store.dispatch({ type: 'told', id: ++lastId, title, message, merge }),
  };
  try {
    const { takeSeveral } = await desk();
    const manifests = /** @type {File[]} */ (files.filter(isManifest));
    const media = files.filter((file) => !isManifest(file));
    if (media.length === 0) {
      // It is read where headers and keys are.
      history.replaceState(null, '', '#decode');
      await showDecode(true);
      if (manifests[0]) decoder?.take(manifests[0]);
      return;
    }
    say(`Looking at ${format.counted(files.length, 'file')}.`);
    await takeSeveral(await arrange(media, { manifests }), acts, { known: way, manifests });
  } catch (error) {
    acts.refuse(`${format.counted(files.length, 'file')} were not opened.`, faultOf(error).message);
  }
}

/**
 * Makes one file of several that are open each by itself, or opens each of several that were made one: in place of what
 * is open of them.
 * @param {readonly Blob[]} files
 * @param {'merge' | 'apart'} way
 */
async function takeAnew(files, way) {
  for (const { id, parts } of store.state.files) {
    if (parts.length > 0 && parts.every((part) => files.includes(part))) await askAndClose(id);
  }
  await takeAll(files, way);
}

/**
 * Closes a file, after asking when a key would go with it that is nowhere else.
 * @param {number} id
 */
async function askAndClose(id) {
  const file = store.file(id);
  if (file?.keyAtRisk) {
    const { mayLoseKey } = await import('./ui/key-sheet.js');
    if (!(await mayLoseKey(store, file, 'close'))) return;
  }
  closeFile(id);
}

/** @param {number} id */
function closeFile(id) {
  if (desks.get(id)?.protect.finishing) {
    say('The new file is being finished. Close this one when that is done.');
    return;
  }
  openings.get(id)?.abort();
  const media = store.file(id)?.media;
  desks.get(id)?.close();
  desks.delete(id);
  store.dispatch({ type: 'close', id });
  media?.close();
  (store.state.files.length ? byId('open-more', HTMLElement) : byId('open-button', HTMLElement)).focus();
}

/**
 * Takes apart files that were opened together, after asking when a key would go that is nowhere else.
 * @param {number} id
 */
async function askAndPart(id) {
  if (await (setDesks.get(id)?.mayLoseKey('close') ?? true)) store.dispatch({ type: 'part', id });
}

/**
 * What shows files that were opened together.
 * @param {number} id
 */
function setDeskOf(id) {
  let found = setDesks.get(id);
  if (!found) {
    if (!deskModule) throw new Error('a file is open before its desk was fetched');
    const go = (/** @type {number} */ file, /** @type {View} */ view) => {
      store.dispatch({ type: 'choose', id: file });
      goTo(view);
    };
    found = new deskModule.SetDesk(store, id, go, (file) => desks.get(file)?.inspector ?? null);
    setDesks.set(id, found);
  }
  return found;
}

/** @param {View} view */
function goTo(view) {
  store.dispatch({ type: 'view', view });
  if (viewOf(location.hash) !== `#${view}`) history.replaceState(null, '', `#${view}`);
}

const tabs = makeTabs(places.views, (name) => {
  const view = VIEWS.find((each) => each === name);
  if (view) goTo(view);
});

/** @param {FileState} file */
function deskOf(file) {
  let found = desks.get(file.id);
  if (!found) {
    if (!deskModule) throw new Error('a file is open before its desk was fetched');
    found = new deskModule.Desk(
      store,
      file,
      open,
      goTo,
      () => void takeAnew(file.parts, 'apart'),
      () => draw(store.state, store.state),
    );
    desks.set(file.id, found);
    // A job of several files may have made something of it already.
    found.update(file);
  }
  return found;
}

/** @param {FileState} file */
function showOpening(file) {
  const { progress } = file;
  const bar = h('progress', {
    max: 1,
    value: progress && progress.total ? progress.done / progress.total : null,
    'aria-label': `Reading ${file.name}`,
  });
  const line = progress ? `${format.bytes(progress.done)} of ${format.bytes(progress.total)}` : '';
  if (places.opening.dataset['file'] !== String(file.id)) {
    places.opening.dataset['file'] = String(file.id);
    places.opening.replaceChildren(
      h('h2', {}, `Reading ${file.name}`),
      bar,
      h('p', { class: 'quiet' }, line),
      button('Cancel', () => closeFile(file.id), { class: 'button small' }),
    );
  } else {
    places.opening.querySelector('progress')?.replaceWith(bar);
    const text = places.opening.querySelector('p');
    if (text) text.textContent = line;
  }
  if (file.front.length && !places.opening.querySelector('.front'))
    places.opening.append(frontOf(file.front));
}

/**
 * Puts an element where it belongs, and leaves it there when it is there already.
 * @param {HTMLElement} place
 * @param {HTMLElement} element
 */
function put(place, element) {
  if (place.firstChild !== element) place.replaceChildren(element);
}

/**
 * @param {State} state
 * @param {State} before
 */
function draw(state, before) {
  const file = state.files.find((each) => each.id === state.current) ?? null;
  const set = state.sets.find((each) => each.id === state.current) ?? null;
  for (const [id, shown] of setDesks) {
    if (state.sets.some((each) => each.id === id)) continue;
    shown.close();
    setDesks.delete(id);
  }
  places.set.hidden = !set;
  places.file.hidden = Boolean(set);
  places.empty.hidden = decoding || state.files.length > 0;
  places.desk.hidden = decoding || state.files.length === 0;
  places.decode.hidden = !decoding;
  const title = (file ?? set)?.name;
  document.title = title ? `${title}, Boxlock` : 'Boxlock';
  tabs.show(state.view);
  // What goes on in it is followed when it is not seen, too.
  if (deskModule) for (const each of state.sets) setDeskOf(each.id).update();
  // So are files that a job of several works on.
  for (const each of state.files)
    if (each !== before.files.find((old) => old.id === each.id)) desks.get(each.id)?.update(each);
  if (set && deskModule) put(places.set, setDeskOf(set.id).element);
  if (!file) {
    // Nothing of a closed file stays behind, hidden or not.
    for (const view of VIEWS) places[view].replaceChildren();
    places.summary.replaceChildren();
    return;
  }
  const opening = file.phase === 'opening';
  places.opening.hidden = !opening;
  for (const place of [places.summary, places.views]) place.hidden = opening;
  if (opening) {
    for (const view of VIEWS) places[view].hidden = true;
    showOpening(file);
    return;
  }
  const shown = deskOf(file);
  put(places.summary, shown.summary);
  put(places.inspect, shown.inspect);
  put(places.protect, shown.protect.element);
  put(places.result, shown.result.element);
  const past = before.files.find((each) => each.id === file.id);
  if (past && file.result && file.result !== past.result) {
    goTo('result');
    shown.result.focus();
  }
}

function followHash() {
  const wanted = location.hash === '#decode';
  if (wanted !== decoding) void showDecode(wanted);
  const view = VIEWS.find((each) => `#${each}` === viewOf(location.hash));
  if (view && view !== store.state.view) store.dispatch({ type: 'view', view });
  const place = placeOf(location.hash);
  const { current } = store.state;
  if (place && current !== null) void desks.get(current)?.inspector?.follow(place);
}

/** Key IDs that are known here: of files that are open, and of what was made of them. */
function knownKids() {
  const kids = store.state.files.flatMap(({ summary, result }) => [
    ...(summary?.protection?.kids ?? []),
    ...(result?.keys ?? []).map(({ kid }) => kid.uuid),
  ]);
  return [...new Set(kids)];
}

/**
 * Shows the place where headers and keys are decoded and built, or what was there before.
 * @param {boolean} wanted
 */
async function showDecode(wanted) {
  decoding = wanted;
  if (!wanted) decoder?.clear();
  if (wanted && !decoder) {
    places.decode.replaceChildren(h('p', { class: 'quiet' }, 'Fetching what decodes…'));
    try {
      const { Decoder, styled } = await decoderFetched();
      await styled;
      decoder ??= new Decoder(knownKids, leaveDecode);
      places.decode.replaceChildren(decoder.element);
    } catch {
      places.decode.replaceChildren(h('p', { class: 'fault-line' }, PART_MISSING));
    }
  }
  draw(store.state, store.state);
  if (decoding) decoder?.focus();
}

/** Where the page goes from there: to the file that is open, if one is. */
function leaveDecode() {
  location.hash = store.state.files.length ? store.state.view : '';
}

const decoderFetched = () => import('./ui/decode.js');

async function showVersion() {
  try {
    const answer = await fetch('./build.json');
    if (!answer.ok) return;
    const { version, commit } = /** @type {{ version: string, commit: string }} */ (await answer.json());
    byId('version', HTMLElement).textContent = `Boxlock ${version} (${commit.slice(0, 8)})`;
  } catch {
    // A page served without build.json says its name only.
  }
}

/** What a crash or a closed tab left in browser storage goes when the page starts, and not without a word. */
async function tidyUp() {
  const bytes = await sweepStorage();
  if (bytes === 0) return;
  store.dispatch({
    type: 'told',
    id: ++lastId,
    title: 'An unfinished or unsaved copy was removed.',
    message: `An earlier visit left it in this browser’s storage: ${format.bytes(bytes)}, free again now.`,
  });
}

store.subscribe(draw);
showFiles(
  store,
  {
    list: byId('file-list', HTMLElement),
    deskNotices: byId('desk-notices', HTMLElement),
    emptyNotices: byId('empty-notices', HTMLElement),
  },
  { close: (id) => void askAndClose(id), part: (id) => void askAndPart(id) },
  ({ parts }) => void takeAnew(parts, 'merge'),
);
takeFiles({
  input: places.input,
  folderInput: places.folderInput,
  veil: byId('drop-veil', HTMLElement),
  take: (files, folder) => void take(files, folder),
});
for (const id of ['open-folder-button', 'open-more-folder'])
  byId(id, HTMLElement).addEventListener('click', () => places.folderInput.click());
for (const id of ['open-button', 'open-more'])
  byId(id, HTMLElement).addEventListener(
    'click',
    () => void chooseFiles(places.input, (files) => void take(files)),
  );
byId('try-sample', HTMLElement).addEventListener('click', () => {
  void openFile(new URL('./samples/sample.ismv', document.baseURI), 'sample.ismv', null);
});
window.addEventListener('hashchange', followHash);
window.addEventListener('keydown', (event) => {
  if (event.key !== 'Escape' || event.defaultPrevented) return;
  if (document.querySelector(':popover-open, dialog[open]')) return;
  const { current } = store.state;
  if (current === null) return;
  if (store.file(current)?.phase === 'protecting') desks.get(current)?.protect.cancel();
  setDesks.get(current)?.cancel();
});
window.addEventListener('beforeunload', (event) => {
  const sets = [...setDesks.values()];
  if (
    store.state.files.some((file) => file.phase === 'protecting' || file.keyAtRisk) ||
    sets.some((set) => set.running || set.keyAtRisk)
  )
    event.preventDefault();
});
tabs.show(store.state.view);
followHash();
void showVersion();
void tidyUp();
// After what is seen: from then on nothing needs a connection.
void deskFetched
  .then(decoderFetched)
  .then(({ styled }) => styled)
  .catch(() => {})
  .then(prefetch);
window.addEventListener('online', () => void prefetch());
