/** What is asked of protection. It needs a licence URL; everything else has a default. */

/** @import { ProtectRequest, Track } from '../types.d.ts' */
/** @import { Check } from './form-parts.js' */
/** @import { Fault } from './store.js' */

import { button, h } from './dom.js';
import { ExactFields } from './exact-fields.js';
import { FileFields } from './file-fields.js';
import { Choice, Field, numberOf, placeFault, Question, textInput, TrackChoice } from './form-parts.js';
import { HeaderFields, psshField, WidevineFields } from './header-fields.js';
import { KeyFields } from './key-fields.js';
import { KeyImport } from './key-import.js';
import { say } from './live.js';
import { trackNumbers } from './outcome.js';
import { shape } from './summary.js';

const TEST_SERVER = 'https://test.playready.microsoft.com/service/rightsmanager.asmx?cfg=(persist:true)';
const TEST_SEED = 'XVBovsmzhP9gRIZxWfFta3VVRPzVEWmJsazEJ46I';
/** @type {Fault} */
const NO_URL = { message: 'Give the licence URL: the file tells players where to ask.', field: 'laUrl' };
/**
 * What each kind of file is asked for by.
 * @type {Record<string, Partial<ProtectRequest>>}
 */
const KINDS = {
  hybrid: { form: 'hybrid' },
  piff: { form: 'piff' },
  cbcs: { scheme: 'cbcs', form: 'plain' },
};

export class ProtectForm {
  /**
   * @param {Track[]} tracks
   * @param {{ fragments: boolean, opens: boolean, size: number }} becomes whether the file becomes a fragmented one on the way,
   *   whether it is protected before, and how large it is
   * @param {() => void} changed
   */
  constructor(tracks, becomes, changed) {
    this.changed = changed;
    this.touched = false;

    this.laUrl = new Field(
      textInput('laUrl', {
        type: 'url',
        required: true,
        inputmode: 'url',
        placeholder: 'https://licence.example.com/rightsmanager.asmx',
      }),
      {
        label: 'Licence URL',
        hint: 'Where players ask for a licence. It is written into the file.',
      },
    );
    this.presetNote = h(
      'p',
      { class: 'preset-note', hidden: true },
      'For tests only: anyone can get a licence there. That server derives keys from Microsoft’s public test seed, so the key below now comes from that seed.',
    );
    this.keys = new KeyFields(
      tracks,
      button('Use the public test seed', () => this.#useTestSeed(), { class: 'link' }),
    );
    this.exact = new ExactFields();
    this.form = new Choice('form', 'Kind of file to make', [
      {
        value: 'hybrid',
        label: 'Windows, also offline',
        hint: 'Hybrid: CENC boxes with PIFF twins. Plays in the most places.',
      },
      {
        value: 'piff',
        label: 'Smooth origins and old TVs',
        hint: 'PIFF 1.1, as Silverlight-era players know it.',
      },
      {
        value: 'cbcs',
        label: 'Browsers and phones',
        hint: 'CENC with cbcs, and Widevine beside PlayReady. For new devices only: PlayReady 4.0 and later.',
      },
      {
        value: 'exact',
        label: 'By scheme and form',
        hint: 'Each chosen by its name in the standards.',
        inside: this.exact.element,
      },
    ]);
    this.tracks = new TrackChoice(
      tracks.map((track) => ({
        id: track.id,
        label: trackLabel(track),
        able: track.protectable,
        wholeOnly: track.wholeOnly ?? false,
        open: `${track.protection ? 'becomes' : 'stays'} open to everyone`,
        reason: track.reason ?? 'It cannot be protected.',
      })),
    );
    this.leftovers = new Question('leftovers', 'Boxes of an earlier encryption', {
      label: 'Remove them',
      hint: 'Only if this file was decrypted before. The plan lists what goes.',
    });
    this.clearLead = new Field(textInput('clearLead', { inputmode: 'decimal' }), {
      label: 'Clear lead',
      hint: 'Seconds at the start that stay open to everyone, so that playing can begin before the licence comes. Empty for none.',
    });
    this.keyRotation = new Field(textInput('keyRotation', { inputmode: 'numeric' }), {
      label: 'New keys every',
      hint: 'So many fragments of a track, about two seconds each in most files. Players ask for another licence each time, and not all can. Empty for the same keys throughout.',
    });
    this.playReady = new HeaderFields(
      this.laUrl,
      'It goes in as it is; then leave the licence URL and all below empty.',
    );
    this.widevineFields = new WidevineFields();
    this.widevine = new Choice('widevine', 'Protection systems', [
      { value: 'none', label: 'PlayReady', hint: 'Windows, Edge, Xbox, many TVs.' },
      {
        value: 'widevine',
        label: 'PlayReady and Widevine',
        hint: 'Chrome, Android and other TVs too. The Widevine service must have the same key and KID.',
        inside: this.widevineFields.element,
      },
    ]);
    this.pssh = psshField('They go into the file as they are.');
    this.players = h(
      'details',
      { class: 'more', id: 'more-players' },
      h('summary', {}, 'Players'),
      this.widevine.element,
      this.pssh.element,
    );
    this.along = h(
      'details',
      { class: 'more', id: 'more-along' },
      h('summary', {}, 'Clear lead and key rotation'),
      this.clearLead.element,
      this.keyRotation.element,
      this.keys.laterNote,
    );
    this.more = h(
      'details',
      { class: 'more', id: 'more-header' },
      h('summary', {}, 'PlayReady header'),
      ...this.playReady.elements,
    );
    // Who makes a file for browsers and phones wants Widevine, too, unless they say otherwise.
    let choseSystems = false;
    this.widevine.element.addEventListener('change', () => (choseSystems = true));
    this.form.element.addEventListener('change', () => {
      if (!choseSystems) this.widevine.value = this.form.value === 'cbcs' ? 'widevine' : 'none';
    });
    this.file = new FileFields(becomes);
    this.ofProtection = h(
      'div',
      { class: 'form-part' },
      this.laUrl.element,
      h(
        'p',
        { class: 'preset' },
        button('Use Microsoft’s public test server', () => this.#useTestServer(), {
          class: 'button small',
          id: 'use-test-server',
        }),
        h('span', { class: 'tag-test' }, 'for tests only'),
      ),
      this.presetNote,
      this.keys.keyWay.element,
      this.keys.kidWay.element,
      this.form.element,
      this.tracks.element,
    );
    this.keyImport = new KeyImport(tracks, (list) => {
      const said = this.keys.take(list);
      this.along.open ||= this.keys.later.length > 0;
      this.changed();
      return said;
    });
    this.folds = h(
      'div',
      { class: 'form-part' },
      this.keyImport.element,
      this.keys.fold,
      this.players,
      this.along,
      this.more,
    );
    this.fields = h(
      'fieldset',
      { class: 'form-fields' },
      h('legend', { class: 'unseen' }, 'What to protect and how'),
      // What is protected already is asked about first.
      becomes.opens ? this.file.protection.element : null,
      this.ofProtection,
      this.leftovers.element,
      this.folds,
      this.file.element,
    );
    for (const place of [this.file.element, this.file.protection.element])
      place.addEventListener('change', () => this.#show());
    this.#show();
    this.element = h(
      'form',
      { id: 'protect-form', class: 'protect-form', novalidate: true, 'aria-label': 'Protection' },
      this.fields,
    );

    this.element.addEventListener('input', (event) => {
      if (event.target === this.laUrl.control) {
        this.touched = true;
        this.presetNote.hidden = this.laUrl.value !== TEST_SERVER;
      }
      this.keys.seedNote.hidden = this.keys.keySeed.value !== TEST_SEED;
      this.changed();
    });
    this.laUrl.control.addEventListener('blur', () => {
      if (!this.laUrl.value && !this.playReady.playreadyObject.value && this.touched) this.showFault(NO_URL);
    });
  }

  /**
   * What must still be given before there can be a plan.
   * @returns {Fault | null}
   */
  get missing() {
    if (!this.file.protects) return null;
    if (!this.laUrl.value && !this.playReady.playreadyObject.value) return NO_URL;
    return this.keys.missing(this.tracks.chosen);
  }

  /** @returns {ProtectRequest} */
  get request() {
    /** @type {ProtectRequest} */
    const request = this.file.protects ? this.#protection : {};
    this.file.fill(request);
    if (this.leftovers.value) request.leftovers = 'remove';
    return request;
  }

  /** What is asked of protection. */
  get #protection() {
    /** @type {ProtectRequest} */
    const request = { ...KINDS[this.form.value] };
    if (this.form.value === 'exact') this.exact.fill(request);
    this.playReady.fill(request);
    if (this.clearLead.value) request.clearLead = numberOf(this.clearLead.value);
    if (this.keyRotation.value) request.keyRotation = numberOf(this.keyRotation.value);
    this.keys.fill(request, this.tracks.chosen);
    if (this.widevine.value === 'widevine') this.widevineFields.fill(request);
    if (this.pssh.value) request.pssh = this.pssh.value;
    const { value: tracks, chosenWhole } = this.tracks;
    if (tracks) request.tracks = tracks;
    if (chosenWhole.length) request.wholeSamples = chosenWhole;
    return request;
  }

  /**
   * Puts a fault at the field it belongs to and clears the others. Answers whether there is such a field.
   * @param {Fault | null} fault
   */
  showFault(fault) {
    this.keys.clearFaults();
    const folds = [this.keys.fold, this.players, this.along, this.more, this.file.element];
    const message = fault?.message ?? null;
    const ways = fault ? this.#waysOut(fault) : [];
    return placeFault(this.#places(), folds, this.#placeName(fault?.field), message, ways);
  }

  /** @param {string | undefined} field */
  focusOn(field) {
    this.#places()[this.#placeName(field) ?? (this.file.protects ? 'laUrl' : 'protection')]?.focus();
  }

  /**
   * One choice asks for scheme and form together, another for no scheme, and one for all of tracks.
   * @param {string | undefined} field
   */
  #placeName(field) {
    if (field === 'wholeSamples') return 'tracks';
    if (field !== 'scheme') return field;
    if (!this.file.protects) return 'protection';
    return this.form.value === 'exact' ? field : 'form';
  }

  /**
   * Says whether a protected file is protected anew, or becomes clear: it was chosen elsewhere.
   * @param {boolean} protects
   */
  decide(protects) {
    this.file.protection.value = protects ? 'protect' : 'none';
    this.file.protection.element.hidden = true;
    this.#show();
  }

  /** What is asked of protection is of no use without it. */
  #show() {
    this.ofProtection.hidden = !this.file.protects;
    this.folds.hidden = !this.file.protects;
  }

  /** @param {boolean} locked */
  lock(locked) {
    this.fields.disabled = locked;
  }

  /**
   * What can be pressed where something is refused and there is a lawful other way.
   * @param {Fault} fault
   * @returns {HTMLElement[]}
   */
  #waysOut({ code }) {
    if (code === 'too-many-subsamples' && this.form.value !== 'piff')
      return [button('Use PIFF 1.1', () => this.#usePiff(), { class: 'button small', id: 'use-piff' })];
    if (code === 'clear-video' && this.tracks.chosen.length) {
      const ids = this.tracks.chosen.map((id) => ({ id }));
      const label = `Protect ${trackNumbers(ids)} only, leave the rest open`;
      return [button(label, () => this.#nameTracks(), { class: 'button small', id: 'name-tracks' })];
    }
    return [];
  }

  #usePiff() {
    this.form.value = 'piff';
    this.form.focus();
    this.changed();
    say('The kind of file is now PIFF 1.1.');
  }

  #nameTracks() {
    this.tracks.name();
    this.tracks.focus();
    this.changed();
    say('The other tracks stay open to everyone.');
  }

  /** Forgets what was typed: keys and seeds go when their file goes. */
  clear() {
    for (const control of this.element.querySelectorAll('input, textarea, select'))
      if (control instanceof HTMLInputElement && (control.type === 'radio' || control.type === 'checkbox'))
        control.checked = false;
      else Reflect.set(control, 'value', '');
    this.keys.clear();
    this.keyImport.forget();
    this.element.remove();
  }

  /** @returns {Record<string, Field | Check | Choice | TrackChoice | Question | KeyFields['keyRows']>} */
  #places() {
    return {
      ...this.playReady.places,
      ...this.keys.places,
      ...this.file.places,
      form: this.form,
      scheme: this.exact.scheme,
      ivSize: this.exact.ivSize,
      tracks: this.tracks,
      leftovers: this.leftovers,
      widevine: this.widevine,
      pssh: this.pssh,
      clearLead: this.clearLead,
      keyRotation: this.keyRotation,
    };
  }

  #useTestServer() {
    this.laUrl.control.value = TEST_SERVER;
    this.presetNote.hidden = false;
    this.#useTestSeed();
    say('Licence URL set to the test server, and the key to the public test seed. For tests only.');
  }

  #useTestSeed() {
    this.keys.keyWay.value = 'seed';
    this.keys.keySeed.control.value = TEST_SEED;
    this.keys.seedNote.hidden = false;
    this.changed();
  }
}

/** @param {Track} track */
function trackLabel(track) {
  const what = shape(track);
  const from = track.from ? `, from ${track.from}` : '';
  return `Track ${track.id}: ${track.kind}, ${track.codecName}${what === '–' ? '' : `, ${what}`}${from}`;
}
