/** Result: is it right, where is it, what do I send to whom. */

/** @import { MadeKey, ProtectResult, SourceKeyRequest } from '../types.d.ts' */
/** @import { FileState, Store } from './store.js' */
/** @import { OpenMedia } from './player.js' */

import { downloadAddress } from '../files/save.js';
import { changeTable } from './change-view.js';
import { button, h, setText } from './dom.js';
import { faultOf } from './fault.js';
import { FileCheck } from './file-check.js';
import * as format from './format.js';
import { handOverCard } from './handover.js';
import { isOfFile, keyName } from './key-fields.js';
import { keyForms } from './key-forms.js';
import { mayLoseKey, saveKeySheet } from './key-sheet.js';
import { say } from './live.js';
import { openNote, outcome, trackList } from './outcome.js';
import { idRow, firstKeys, keyPart, laterKeys, kidTable, testTag } from './plan-view.js';
import { Player } from './player.js';
import { hashRow, keyRow } from './result-rows.js';
import { verifyCard } from './verify-card.js';
import { canView, viewerCard } from './viewer.js';

/** What the boxes of each form are. */
const FORMS = { hybrid: 'CENC with PIFF twins', piff: 'PIFF 1.1', plain: 'CENC' };

/** Where a result is that has not been saved. */
const WHERE = {
  storage: 'It is in this browser’s storage until you save it.',
  memory:
    'It is only in this page’s memory: this browser gives the page no storage. Save it before you close the page.',
  downloads:
    'It went to this browser’s downloads while it was made: see there that it is complete. No copy is left here, to ' +
    'save it again; make it once more for that.',
  chosen: '',
  folder: '',
};

export class Result {
  /**
   * @param {Store} store
   * @param {number} id of the file
   * @param {OpenMedia} open
   * @param {() => void} toProtect
   */
  constructor(store, id, open, toProtect) {
    this.store = store;
    this.id = id;
    this.open = open;
    /** @type {ProtectResult | null} */
    this.shown = null;
    /** @type {Player | null} */
    this.player = null;
    this.release = () => {};
    /** @type {(atRisk: boolean) => void} */
    this.showKept = () => {};
    this.stop = new AbortController();
    const file = store.file(id);
    /** Of a protected file from elsewhere: it stays while results come and go. */
    this.check = file?.tracks.some(({ protection }) => protection) ? new FileCheck(store, file) : null;
    /** Those of the result that have been copied. @type {WeakSet<MadeKey>} */
    this.copied = new WeakSet();
    this.element = h('div', { class: 'result' });
    this.toProtect = toProtect;
    this.#none();
  }

  /** @param {FileState} file */
  update(file) {
    if (file.result === this.shown) {
      this.showKept(file.keyAtRisk);
      return;
    }
    this.#leave();
    if (this.shown && file.result) void this.shown.discard().catch(() => {}); // a newer one takes its place
    this.shown = file.result;
    if (file.result) {
      this.#show(file.result, file);
      this.showKept(file.keyAtRisk);
    } else this.#none();
  }

  /**
   * Takes the keys of a protected file, to check it with.
   * @param {SourceKeyRequest[]} keys
   */
  take(keys) {
    this.check?.take(keys);
  }

  focus() {
    this.element.querySelector('h2')?.focus();
  }

  close() {
    this.#leave();
    this.check?.close();
    if (this.shown) void this.shown.discard().catch(() => {});
    this.shown = null;
    this.element.replaceChildren();
  }

  #leave() {
    this.showKept = () => {};
    this.stop.abort();
    this.stop = new AbortController();
    this.player?.close();
    this.player = null;
    this.release();
    this.release = () => {};
  }

  #none() {
    if (this.check) {
      this.element.replaceChildren(this.check.element);
      return;
    }
    this.element.replaceChildren(
      h(
        'div',
        { class: 'result-none' },
        h('h2', {}, 'Nothing has been made from this file yet.'),
        h(
          'p',
          {},
          'What you protect appears here: its key, its checksum, how to play it and what to send to whom.',
        ),
        button('Go to Protect', this.toProtect),
      ),
    );
  }

  /**
   * @param {ProtectResult} result
   * @param {Pick<FileState, 'savedAs' | 'verify' | 'saves'>} file
   */
  #show(result, { savedAs, verify, saves }) {
    const { kid, place, files } = result;
    // Nobody can read again what is not one file, or is gone.
    const readable = place !== 'folder' && (place !== 'downloads' || files.length === 1);
    const hash = readable ? hashRow(result, this.stop.signal) : null;
    // What was open before is no news.
    const open = result.changes ? null : openNote(result.tracks);
    this.element.replaceChildren(
      h(
        'header',
        { class: 'result-head' },
        h('h2', { tabindex: -1 }, outcome(result, savedAs)),
        open
          ? h(
              'p',
              { class: 'warning' },
              h('strong', {}, kid ? 'Not all of it is locked. ' : 'It is not locked. '),
              open,
            )
          : null,
        h(
          'p',
          {},
          `${format.exactBytes(result.size)}, made in ${format.duration(result.seconds)} (${format.speed(result.size / Math.max(0.001, result.seconds))}).`,
        ),
        kid && this.#keyLine(result, hash?.fill),
        savedAs
          ? h(
              'p',
              { class: 'saved' },
              result.place === 'folder'
                ? `${format.count(result.files.length)} files, ${result.files[0]} to ${result.files.at(-1)}, are in the folder ${savedAs}.`
                : `Saved as ${savedAs}, where you chose.`,
            )
          : result.place === 'downloads'
            ? h('p', { class: 'saved' }, WHERE.downloads)
            : this.#saveLine(result, saves),
      ),
      h(
        'div',
        { class: 'result-columns' },
        h(
          'div',
          {},
          card(
            'Is it right?',
            trackList(result.tracks, !result.changes),
            h(
              'dl',
              { class: 'ids' },
              (kid || result.changes) && idRow('Scheme', FORMS[result.form], result.scheme),
              result.laUrl ? idRow('Licence URL', 'where players will ask', result.laUrl) : null,
              ...(result.keys.length === 1 ? this.#keyRows(result.keys[0]) : []),
              hash && hash.row,
            ),
          ),
          result.changes ? card('What is different?', changeTable(result.changes)) : null,
          kid === null
            ? null
            : result.keys.length === 1
              ? card('KID', kidTable(kid))
              : card(
                  'Keys',
                  ...firstKeys(result.keys).map((key) =>
                    keyPart(
                      key,
                      result.tracks,
                      kidTable(key.kid),
                      h('dl', { class: 'ids' }, ...this.#keyRows(key)),
                    ),
                  ),
                  laterKeys(result.keys),
                ),
        ),
        h(
          'div',
          {},
          verifyCard(result, verify, this.stop.signal),
          this.#playCard(result),
          kid && this.#sendCard(result),
          kid && this.#handOver(result),
          result.changes ? changedCard(result) : null,
        ),
        canView(result) && viewerCard([{ name: result.name, result }], this.stop.signal),
      ),
      ...(this.check
        ? [
            h(
              'details',
              { class: 'more' },
              h('summary', {}, 'Check the file that this was made from'),
              this.check.element,
            ),
          ]
        : []),
    );
  }

  /**
   * @param {ProtectResult} result
   * @param {boolean} saves
   */
  #saveLine(result, saves) {
    const link = h(
      'a',
      { id: 'save', class: 'button primary', download: result.name, 'aria-disabled': 'true' },
      `Save ${result.name}`,
    );
    const note = h('span', { class: 'quiet' }, WHERE[result.place]);
    const remove = async () => {
      if (await mayLoseKey(this.store, this.store.file(this.id), 'discard')) drop();
    };
    const drop = () =>
      void result.discard().then(
        () => {
          this.store.dispatch({ type: 'discarded', id: this.id });
          say('That copy is deleted.');
        },
        (error) => {
          note.textContent = faultOf(error, 'delete').message;
        },
      );
    const discard = button('Delete that copy', () => void remove(), { class: 'link' });
    const { signal } = this.stop;
    result.file().then(
      (file) => {
        if (signal.aborted) return;
        const { address, release } = downloadAddress(file);
        this.release = release;
        link.href = address;
        link.removeAttribute('aria-disabled');
        if (saves) link.click();
      },
      (error) => {
        note.textContent = faultOf(error, 'result').message;
      },
    );
    return h('p', { class: 'save-line' }, link, note, discard);
  }

  /** @param {ProtectResult} result */
  #playCard(result) {
    if (result.files.length > 1)
      return card(
        'Does it play?',
        h(
          'p',
          { class: 'hint' },
          'Not on this page, which plays whole files. Open the segments here together: they are one file then.',
        ),
      );
    if (result.changes && result.tracks.some(({ protect }) => protect))
      return card(
        'Does it play?',
        h(
          'p',
          { class: 'hint' },
          'As it did before, with a licence: it is encrypted with the same keys, and none was given here to play it with.',
        ),
      );
    if (result.place === 'downloads')
      return card(
        'Does it play?',
        h(
          'p',
          { class: 'hint' },
          'Not on this page: the file is in the browser’s downloads, and no copy is left here to play.',
        ),
      );
    const stage = h('div', { class: 'stage' });
    const state = h('p', { class: 'player-state', role: 'status' });
    const start = button('Play it here', () => void play(), { id: 'play' });
    const play = async () => {
      this.player?.close();
      const player = new Player((sentence) => {
        state.textContent = sentence;
      });
      this.player = player;
      stage.replaceChildren(player.video);
      start.disabled = true;
      try {
        await player.play(await result.file(), result.keys, this.open);
      } catch (error) {
        if (this.player !== player) return;
        state.textContent = `It cannot be played here. ${faultOf(error, 'play').message}`;
      } finally {
        start.disabled = false;
        start.textContent = 'Play again';
      }
    };
    return card(
      'Does it play?',
      h(
        'p',
        { class: 'hint' },
        result.kid
          ? `Decrypted by the browser’s ClearKey, with the ${result.keys.length > 1 ? 'keys' : 'key'} of this result.`
          : 'As it is: it needs no key.',
      ),
      stage,
      state,
      h(
        'p',
        { class: 'play-line' },
        start,
        result.kid && h('strong', {}, 'This proves the encryption, not a PlayReady licence.'),
      ),
    );
  }

  /**
   * What goes with a KID: the checksum, and the key.
   * @param {MadeKey | undefined} key
   */
  #keyRows(key) {
    if (!key) return [];
    const checksum = key.checksum
      ? idRow('Checksum', 'of key and KID, in the PlayReady header', key.checksum)
      : null;
    const whose = isOfFile(key) ? '' : ` for ${keyName(key)}`;
    return [checksum, keyRow(key.key, `content key${whose}`, () => this.#copied(key))];
  }

  /**
   * Keys are kept when each has been copied.
   * @param {MadeKey} key
   */
  #copied(key) {
    this.copied.add(key);
    if (this.shown?.keys.every((each) => this.copied.has(each))) this.#kept();
  }

  #kept() {
    this.store.dispatch({ type: 'kept', id: this.id });
  }

  /**
   * The key sheet comes before the media: a file can be made again, a random key cannot.
   * @param {ProtectResult} result
   * @param {() => Promise<string>} [hash]
   */
  #keyLine(result, hash) {
    const state = h('span', { class: 'quiet', role: 'status' });
    const text = h('p', { class: 'key-text' });
    const sheet = button('Save the key sheet', () => void save(), { id: 'key-sheet' });
    const save = async () => {
      sheet.disabled = true;
      try {
        const saved = await saveKeySheet(result, hash);
        const more =
          saved.sum || !hash
            ? ''
            : ' The SHA-256 takes longer and is not in it; when it stands below, you can save the sheet again.';
        state.textContent = `${saved.name} is saved. It holds the key: treat it like a password.${more}`;
        this.#kept();
      } catch (error) {
        state.textContent = `The key sheet could not be made. ${faultOf(error, 'result').message}`;
      } finally {
        sheet.disabled = false;
      }
    };
    const line = h(
      'div',
      { class: 'key-line' },
      text,
      h('p', { class: 'save-line' }, sheet, state, result.forTests ? testTag() : null),
      keyForms(result, () => this.#kept()),
    );
    this.showKept = (/** @type {boolean} */ atRisk) => {
      line.classList.toggle('at-risk', atRisk);
      sheet.classList.toggle('primary', atRisk);
      this.element.querySelector('#save')?.classList.toggle('primary', !atRisk);
      const several = result.keys.length > 1;
      const words = atRisk
        ? several
          ? 'The keys have not been kept yet. They were made in this tab and exist nowhere else: save them first.'
          : 'The key has not been kept yet. It was made in this tab and exists nowhere else: save it first.'
        : 'The key sheet is for whoever runs the licence server.';
      setText(text, words);
    };
    return line;
  }

  /** @param {ProtectResult} result */
  #handOver(result) {
    const sources = this.store.file(this.id)?.media?.parts.map(({ name }) => name) ?? [];
    return handOverCard(result, sources, () => this.#kept(), this.stop.signal);
  }

  /** @param {ProtectResult} result */
  #sendCard(result) {
    const apart = result.files.length > 1;
    const open = openNote(result.tracks);
    return card(
      'What do I send to whom?',
      h(
        'ol',
        { class: 'send' },
        h(
          'li',
          {},
          h('strong', {}, apart ? 'The segments, to the host.' : 'The MP4, to the host.'),
          apart ? ' With the manifest that lists them. ' : ' Any web server will do, for plain download. ',
          open ?? (apart ? 'They are useless without a licence.' : 'It is useless without a licence.'),
          publishLink(result),
        ),
        h(
          'li',
          {},
          h('strong', {}, 'The key sheet, to whoever runs the licence server.'),
          ' Over a safe channel, never beside the media: it holds the key.',
        ),
        apart
          ? null
          : h(
              'li',
              {},
              h('strong', {}, 'To play offline:'),
              h(
                'ol',
                { class: 'offline' },
                h('li', {}, 'An app on Windows 10 or 11 downloads the MP4.'),
                h('li', {}, 'While online it asks the licence URL for a persistent licence.'),
                h('li', {}, 'From then on it plays the file without a network.'),
              ),
            ),
      ),
    );
  }
}

/**
 * The way to the page that uploads, for what it takes: one file whose picture and sound are protected.
 * @param {ProtectResult} result
 */
function publishLink({ files, tracks, stored, name }) {
  const media = tracks.filter(({ kind }) => kind === 'video' || kind === 'audio');
  if (files.length > 1 || !media.length || media.some(({ protect }) => !protect)) return null;
  const handed = stored ? `#${new URLSearchParams({ stored, name })}` : '';
  const link = h('a', { id: 'publish', href: `publish.html${handed}`, target: '_blank' }, 'Upload it');
  return h('span', {}, ' ', link, ' to Azure or S3-style storage from a page of its own.');
}

/**
 * What to do with a file whose headers are others now.
 * @param {ProtectResult} result
 */
function changedCard(result) {
  const { changes = [], tracks, files } = result;
  const url = changes.find(({ field }) => field === 'laUrl')?.after;
  const kids = [...new Set(tracks.flatMap(({ kid }) => kid ?? []))];
  const apart = files.length > 1;
  return card(
    'What do I send to whom?',
    h(
      'ol',
      { class: 'send' },
      h(
        'li',
        {},
        h('strong', {}, apart ? 'The segments, to the host.' : 'The MP4, to the host.'),
        ' In place of what is there; its players ask as the new header says.',
        publishLink(result),
      ),
      h(
        'li',
        {},
        h('strong', {}, 'No key to anybody.'),
        ' Keys and key IDs are the same.',
        url ? ` Whoever runs ${url} must know them: ` : null,
        ...(url ? kids.map((kid, number) => h('span', {}, number ? ', ' : '', h('code', {}, kid))) : []),
      ),
    ),
  );
}

/**
 * @param {string} title
 * @param {...(Node | null)} children
 */
function card(title, ...children) {
  return h('section', { class: 'card' }, h('h3', {}, title), ...children);
}
