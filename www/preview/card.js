/** “Play as a viewer would”: the finished files in players that are none of ours, and what each says of them. */

/** @import { Report } from './stage.js' */
/** @import { Apart, Form } from './sources.js' */
/** @import { Playable } from '../ui/viewer.js' */
/** @import { players } from './players.js' */

import { button, h, setText } from '../ui/dom.js';
import { faultOf } from '../ui/fault.js';
import { recall, remember } from '../files/remembered.js';
import { say } from '../ui/live.js';
import { addStyle } from '../ui/style.js';
import { preview } from './frame.js';
import { Sources } from './sources.js';

/**
 * A way to play.
 * @typedef {object} Way
 * @property {keyof typeof players} player
 * @property {Form} form
 * @property {string} name of the player
 * @property {string} by what it plays
 * @property {Apart} [apart] which files it takes only with their tracks apart
 * @property {boolean} [playready] whether PlayReady is asked for the key, and not ClearKey
 * @property {boolean} [lasting] whether the licence is to stay on the computer
 * @property {boolean} [stayed] whether nobody is asked: a licence that stayed is to do
 * @property {string} [note] what is to know
 * @property {string} [why] it cannot be tried here
 */

/** @type {readonly Way[]} */
const WAYS = [
  { player: 'native', form: 'file', name: 'The browser alone', by: 'the file itself' },
  {
    player: 'dash',
    form: 'dash',
    name: 'dash.js 5',
    by: 'DASH',
    apart: 'tracks',
    note: 'dash.js refuses files with picture and sound in one (its error 34), so that it is given the tracks apart, as they stand in the file.',
  },
  { player: 'shaka', form: 'dash', name: 'shaka-player 5', by: 'DASH', apart: 'keys' },
  { player: 'rx', form: 'dash', name: 'rx-player 4', by: 'DASH' },
  { player: 'hls', form: 'hls', name: 'hls.js 1', by: 'HLS' },
  { player: 'dash', form: 'smooth', name: 'dash.js 5', by: 'Smooth Streaming' },
  { player: 'rx', form: 'smooth', name: 'rx-player 4', by: 'Smooth Streaming' },
  {
    player: 'shaka',
    form: 'smooth',
    name: 'shaka-player 5',
    by: 'Smooth Streaming',
    why: 'Version 5 plays no Smooth Streaming any more; 4.16 was the last that did.',
  },
];

const STAYED =
  'Asks nobody. Take the computer off the network first, and it is what an app does offline. It works after the page was loaded again, too: open the protected file, and give its keys in Result.';

const PROVES =
  ' The ways with PlayReady prove that its test server gives one for this key, and, with one that stayed, that nobody need be asked again.';

const NONE_STAYED = 'No licence of this file has stayed here. Play it with one that stays first.';

/** Where the browser has PlayReady, and the key is of its test server. @type {readonly Way[]} */
const LICENSED = [
  {
    player: 'shaka',
    form: 'dash',
    name: 'shaka-player 5',
    by: 'DASH, with PlayReady',
    apart: 'keys',
    playready: true,
  },
  {
    player: 'shaka',
    form: 'dash',
    name: 'shaka-player 5',
    by: 'DASH, with a PlayReady licence that stays',
    apart: 'keys',
    playready: true,
    lasting: true,
  },
  {
    player: 'shaka',
    form: 'dash',
    name: 'shaka-player 5',
    by: 'DASH, with the licence that stayed',
    apart: 'keys',
    playready: true,
    lasting: true,
    stayed: true,
    note: STAYED,
  },
];

const KEYS_APART =
  'shaka-player refuses files with several keys in one (its error 4009), so that it is given the tracks of those apart, as they stand in the file.';

const ASKS_TEST_SERVER =
  'Asks test.playready.microsoft.com for a licence: that request leaves this computer, the media do not.';

const OTHER_SERVER =
  'PlayReady would ask the licence server of these files, to which nothing here connects. With the test key seed, its public test server is asked.';

const STATES = {
  fetching: 'Fetching the player…',
  loading: 'Loading…',
  playing: 'Playing.',
  ended: 'Played to the end.',
  failed: 'Failed.',
};

const NO_PLAYREADY =
  'Players of Smooth Streaming ask PlayReady for the key and nothing else, and this browser has no PlayReady.';

/** Systems that a browser may have, as players ask for them. */
const PLAYREADY = ['com.microsoft.playready.recommendation', 'com.microsoft.playready'];

/** Whether the browser has PlayReady. @param {'temporary' | 'persistent-license'} session */
async function hasPlayReady(session) {
  const lasting = session !== 'temporary';
  /** @type {MediaKeySystemConfiguration} */
  const config = {
    initDataTypes: ['cenc'],
    videoCapabilities: [{ contentType: 'video/mp4; codecs="avc1.42E01E"', robustness: '' }],
    sessionTypes: [session],
    persistentState: lasting ? 'required' : 'optional',
  };
  for (const system of PLAYREADY) {
    const asked = navigator.requestMediaKeySystemAccess?.(system, [config]);
    if (asked && (await asked.catch(() => null))) return true;
  }
  return false;
}

/** @param {Way} way */
const nameOf = ({ player, form, playready, lasting, stayed }) =>
  [player, form, playready && 'playready', lasting && 'lasting', stayed && 'stayed']
    .filter(Boolean)
    .join('-');

/** Where the sessions of licences that stay are kept. @param {string[]} kids */
const licenceOf = (kids) => `licence.${[...kids].sort().join('.')}`;

/** One line of the table. */
class Row {
  /**
   * @param {Way} way
   * @param {(row: Row) => void} start
   */
  constructor(way, start) {
    this.way = way;
    this.state = h('td', { 'data-label': 'State', class: 'preview-state' }, way.why ?? 'Not tried yet.');
    this.requests = h('td', { 'data-label': 'Requests answered' }, '–');
    this.kids = h('td', { 'data-label': 'Asked for the key of' }, '–');
    this.first = h('td', { 'data-label': 'First picture after' }, '–');
    this.frames = h('td', { 'data-label': 'Pictures' }, '–');
    this.start = button('Play', () => start(this), {
      class: 'button small',
      'aria-label': `Play in ${way.name} by ${way.by}`,
      disabled: Boolean(way.why),
      'data-player': nameOf(way),
    });
    this.element = h(
      'tr',
      { 'data-way': nameOf(way), class: 'untried' },
      h(
        'th',
        { scope: 'row' },
        h('strong', {}, way.name),
        h('span', { class: 'quiet' }, ` by ${way.by}`),
        way.note ? h('span', { class: 'preview-note quiet' }, way.note) : null,
      ),
      h('td', {}, this.start),
      this.state,
      this.requests,
      this.kids,
      this.first,
      this.frames,
    );
  }

  /** @param {string} why it cannot be tried here */
  refuse(why) {
    this.start.disabled = true;
    setText(this.state, why);
  }

  /** @param {string} sentence @param {boolean} [failed] */
  tell(sentence, failed = false) {
    setText(this.state, sentence);
    this.state.classList.toggle('fault-line', failed);
  }

  /** @param {Report} report @param {string[]} own key IDs of the files */
  show({ state, error, requests, refused, kids, first, frames, dropped, time, paused, muted }, own) {
    this.element.classList.remove('untried');
    const words = [
      state === 'playing' && paused && time > 0 ? `Paused at ${time.toFixed(2)} s.` : STATES[state],
      muted && state === 'playing' ? 'Without sound: the browser wants a click for that.' : '',
    ];
    this.tell([...words, error].filter(Boolean).join(' '), state === 'failed');
    setText(this.requests, refused ? `${requests}, of which ${refused} in vain` : String(requests));
    const named = kids.map((kid) =>
      h(
        'span',
        { class: 'preview-kid' },
        h('code', {}, uuid(kid)),
        own.includes(kid) ? '' : ', which is of none of these files',
      ),
    );
    this.kids.replaceChildren(...(named.length ? named : ['none']));
    setText(this.first, first === null ? '–' : `${(first / 1000).toFixed(2)} s`);
    setText(this.frames, dropped ? `${frames}, ${dropped} dropped` : String(frames));
  }
}

/** @param {string} kid in hexadecimal digits */
const uuid = (kid) => kid.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');

/** Players of other hands, one after the other, on what was made. */
export class Preview {
  /** @type {AbortController | null} */
  #running = null;
  /** @type {Row | null} */
  #shown = null;

  /** @param {readonly { name: string, result: Playable }[]} made */
  constructor(made) {
    this.sources = new Sources(made);
    const mixed = this.sources.keys.length > 1;
    this.rows = WAYS.map((way) => {
      const note = way.apart === 'keys' && mixed ? { note: KEYS_APART } : {};
      return new Row({ ...way, ...note }, (row) => void this.#play(row));
    });
    this.body = h('tbody', {}, ...this.rows.map(({ element }) => element));
    this.stage = h('div', { class: 'stage preview-stage' });
    this.stop = button('Stop', () => this.#leave('Stopped.'), {
      class: 'button small',
      hidden: true,
      id: 'preview-stop',
    });
    const heads = [
      'Player',
      'Try it',
      'State',
      'Requests answered',
      'Asked for the key of',
      'First picture after',
      'Pictures',
    ];
    const isProtected = this.sources.keys.length > 0;
    this.proof = h('span', {});
    this.element = h(
      'div',
      { class: 'preview' },
      h(
        'p',
        { class: 'hint' },
        'Each is the player as it is published, in a frame that can reach the finished files and nothing else. It is fetched from this site when you ask for it.',
      ),
      this.stage,
      h('p', { class: 'preview-stop' }, this.stop),
      h(
        'div',
        { class: 'table-frame', tabindex: 0, role: 'region', 'aria-label': 'Players' },
        h(
          'table',
          { class: 'preview-table' },
          h('thead', {}, h('tr', {}, ...heads.map((head) => h('th', { scope: 'col' }, head)))),
          this.body,
        ),
      ),
      h(
        'p',
        { class: 'hint' },
        isProtected
          ? 'The manifests are those that are written for hosts, with what ClearKey needs added. Files without an index of their segments are given one in front of them for DASH.'
          : 'The manifests are those that are written for hosts. Files without an index of their segments are given one in front of them for DASH.',
      ),
      h(
        'p',
        { class: 'preview-proof' },
        h('strong', {}, 'What this proves: '),
        isProtected
          ? 'that players read these files and manifests, ask for the right key, and decrypt with it. ClearKey, a part of every browser, stands in for the licence. '
          : 'that players read these files and manifests. ',
        isProtected ? h('strong', {}, 'What it does not: ') : null,
        isProtected ? 'that a PlayReady server gives a licence, or that Windows plays it offline.' : null,
        this.proof,
      ),
    );
    void this.#look(isProtected);
  }

  /** What can be tried here, and what cannot, is said at once. @param {boolean} isProtected */
  async #look(isProtected) {
    await addStyle(new URL('../style/preview.css', import.meta.url));
    if (!isProtected) return;
    const has = await hasPlayReady('temporary');
    const why = !has ? NO_PLAYREADY : this.sources.forTests ? '' : OTHER_SERVER;
    for (const row of this.rows) if (row.way.form === 'smooth' && !row.way.why && why) row.refuse(why);
    if (why) return;
    const stays = await hasPlayReady('persistent-license');
    const more = LICENSED.filter(({ lasting }) => stays || !lasting);
    setText(this.proof, PROVES);
    for (const way of more) {
      const row = new Row({ note: ASKS_TEST_SERVER, ...way }, (one) => void this.#play(one));
      this.rows.push(row);
      this.body.append(row.element);
    }
  }

  /** @param {Row} row */
  async #play(row) {
    this.#leave('Stopped.');
    const stop = new AbortController();
    this.#running = stop;
    this.#shown = row;
    this.stop.hidden = false;
    const { player, form, apart = 'never', name, by, lasting = false, stayed = false } = row.way;
    row.tell('Reading what was made…');
    try {
      const material = await this.sources.material(form, apart);
      if (stop.signal.aborted) return;
      row.tell('Fetching the player…');
      const playready = row.way.playready ?? (form === 'smooth' && material.keys.length > 0);
      const kids = material.keys.map(({ kid }) => kid);
      const kept = licenceOf(kids);
      const sessions = stayed ? (recall(kept) ?? '').split(' ').filter(Boolean) : [];
      if (stayed && !sessions.length) {
        row.tell(NONE_STAYED);
        this.#leave();
        return;
      }
      const onChallenge =
        playready && !stayed && this.sources.forTests
          ? await this.#licences(lasting, stop.signal)
          : undefined;
      if (stop.signal.aborted) return;
      await preview(
        { player, ...material, playready, lasting, sessions },
        {
          ...(onChallenge ? { onChallenge } : {}),
          place: this.stage,
          title: `${name} by ${by}`,
          signal: stop.signal,
          onReport: (report) => {
            if (stop.signal.aborted) return;
            row.show(report, kids);
            const stays = report.sessions.join(' ');
            if (stays && !stayed && report.first !== null && stays !== recall(kept)) remember(kept, stays);
            if (report.state !== 'ended' && report.state !== 'failed') return;
            say(`${name} by ${by}: ${row.state.textContent}`);
            this.#leave();
          },
        },
      );
    } catch (error) {
      if (stop.signal.aborted) return;
      row.tell(`It cannot be played here. ${faultOf(error, 'play').message}`, true);
      this.#leave();
    }
  }

  /** @param {boolean} lasting @param {AbortSignal} signal */
  async #licences(lasting, signal) {
    const { licences } = await import('./licence.js');
    return licences(lasting, signal);
  }

  /** @param {string} [words] of what is ended before its end */
  #leave(words) {
    if (words && this.#running && this.#shown) this.#shown.tell(words);
    this.#running?.abort();
    this.#running = null;
    this.stop.hidden = true;
  }

  close() {
    this.#leave();
    this.stage.replaceChildren();
  }
}
