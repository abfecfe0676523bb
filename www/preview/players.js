/** The players of a preview: how each is told what to play, and says that it failed. Each is fetched when it is asked for. */

import { base64UrlOf, bytesOfHex } from '../files/digits.js';

/**
 * What a player is given.
 * @typedef {object} Task
 * @property {HTMLVideoElement} video
 * @property {string} url of the manifest, or the file
 * @property {{ kid: string, key: string }[]} keys in hexadecimal digits
 * @property {boolean} playready whether PlayReady is to be asked, and not ClearKey
 * @property {boolean} lasting whether the licence is to stay on the computer
 * @property {string[]} sessions of licences that stayed: none is asked for
 * @property {(error: unknown) => void} fail
 */
/**
 * @typedef {object} Running
 * @property {Promise<unknown>} loaded fails as the player does
 * @property {() => unknown} close
 * @property {() => string[]} [sessions] of licences that stay
 */
/** @typedef {(task: Task) => Running} Start */

const CLEARKEY = 'org.w3.clearkey';
const PLAYREADY = 'com.microsoft.playready';

/** Where licences come from: the frame passes on what is posted there. */
const licenceUrl = () => new URL('licence', document.baseURI).href;

/** @type {Record<'native' | 'dash' | 'shaka' | 'rx' | 'hls', () => Promise<Start>>} */
export const players = { native: async () => native, dash, shaka, rx, hls };

/**
 * Runs a script of another hand, as a page would that uses it.
 * @param {string} name of the file
 */
function script(name) {
  const element = document.createElement('script');
  element.src = new URL(`../players/${name}`, import.meta.url).href;
  return new Promise((resolve, reject) => {
    element.onload = resolve;
    element.onerror = () =>
      reject(new Error('The player could not be fetched. Look at the connection, and try again.'));
    document.head.append(element);
  });
}

/**
 * What a script left behind under its name.
 * @param {string} name
 * @returns {any}
 */
const global = (name) => Reflect.get(globalThis, name);

/** @param {string} hex */
const base64Url = (hex) => base64UrlOf(bytesOfHex(hex));

/**
 * A licence of ClearKey.
 * @param {Task['keys']} keys
 */
function licence(keys) {
  const each = keys.map(({ kid, key }) => ({ kty: 'oct', kid: base64Url(kid), k: base64Url(key) }));
  return new TextEncoder().encode(JSON.stringify({ keys: each, type: 'temporary' }));
}

/** What asks ClearKey for keys by their IDs. @param {Task['keys']} keys */
const keyIds = (keys) =>
  new TextEncoder().encode(JSON.stringify({ kids: keys.map(({ kid }) => base64Url(kid)) }));

/** The media element alone: it knows no manifest, and is given the file. @type {Start} */
function native({ video, url, keys, fail }) {
  /** @type {MediaKeySession | null} */
  let session = null;
  let asked = false;
  const unlock = async () => {
    if (asked || !keys.length) return;
    asked = true;
    const config = {
      initDataTypes: ['keyids'],
      videoCapabilities: [{ contentType: 'video/mp4; codecs="avc1.42E01E"', robustness: '' }],
    };
    const access = await navigator.requestMediaKeySystemAccess(CLEARKEY, [config]);
    const made = await access.createMediaKeys();
    await video.setMediaKeys(made);
    session = made.createSession();
    session.addEventListener('message', () => void session?.update(licence(keys)).catch(fail));
    await session.generateRequest('keyids', keyIds(keys));
  };
  // Elements that play a file ask when they come upon it; Firefox wants the keys to be there before.
  video.addEventListener('encrypted', () => void unlock().catch(fail));
  const loaded = unlock().then(() => {
    video.src = url;
  });
  return { loaded, close: () => session?.close() };
}

/** @returns {Promise<Start>} */
async function dash() {
  await script('dash.all.min.js');
  await script('dash.mss.min.js');
  const { MediaPlayer } = global('dashjs');
  return ({ video, url, keys, playready, fail }) => {
    const player = MediaPlayer().create();
    player.updateSettings({ debug: { logLevel: 0 } });
    player.on(MediaPlayer.events.ERROR, (/** @type {any} */ { error }) =>
      fail(`${error?.code ?? ''} ${error?.message ?? error}`.trim()),
    );
    player.initialize(video, null, false);
    const clearkeys = Object.fromEntries(keys.map(({ kid, key }) => [base64Url(kid), base64Url(key)]));
    if (playready) player.setProtectionData({ [PLAYREADY]: { serverURL: licenceUrl() } });
    else if (keys.length) player.setProtectionData({ [CLEARKEY]: { clearkeys } });
    player.attachSource(url);
    return { loaded: Promise.resolve(), close: () => player.destroy() };
  };
}

/** @returns {Promise<Start>} */
async function shaka() {
  await script('shaka-player.js');
  const library = global('shaka');
  library.polyfill.installAll();
  return ({ video, url, keys, playready, lasting, sessions, fail }) => {
    const player = new library.Player();
    const words = (/** @type {any} */ error) =>
      `${error?.message ?? error}${error?.code ? ` (code ${error.code}, category ${error.category})` : ''}`;
    player.addEventListener('error', (/** @type {any} */ { detail }) => {
      if (detail.severity === 2) fail(words(detail));
    });
    const clearKeys = Object.fromEntries(keys.map(({ kid, key }) => [kid, key]));
    const stays = { persistentStateRequired: true, sessionType: 'persistent-license' };
    const drm = {
      servers: { [PLAYREADY]: licenceUrl() },
      ...(lasting ? { advanced: { [PLAYREADY]: stays } } : {}),
      // Without this it takes a licence that stays away again when it ends.
      persistentSessionOnlinePlayback: lasting && !sessions.length,
      persistentSessionsMetadata: sessions.map((sessionId) => ({
        sessionId,
        initData: null,
        initDataType: null,
      })),
    };
    if (keys.length) player.configure({ drm: playready ? drm : { clearKeys } });
    const load = async () => {
      await player.attach(video);
      await player.load(url);
    };
    const loaded = load().catch((error) => {
      throw new Error(words(error));
    });
    const active = () =>
      player.getActiveSessionsMetadata().flatMap((/** @type {any} */ { sessionId }) => sessionId || []);
    return { loaded, close: () => player.destroy(), sessions: active };
  };
}

/**
 * Asks for a licence, as PlayReady wants it sent: some systems wrap what goes to the server.
 * @param {Uint8Array} message
 */
async function posted(message) {
  const text = new TextDecoder('utf-16le').decode(message);
  const challenge = /<Challenge[^>]*>([^<]*)</.exec(text)?.[1];
  const body = challenge ? atob(challenge) : message;
  const response = await fetch(licenceUrl(), { method: 'POST', body: /** @type {BodyInit} */ (body) });
  if (!response.ok) throw new Error(`The licence server answered ${response.status}.`);
  return response.arrayBuffer();
}

/** @returns {Promise<Start>} */
async function rx() {
  await script('rx-player.js');
  const { default: RxPlayer } = global('rxPlayer');
  return ({ video, url, keys, playready, fail }) => {
    const player = new RxPlayer({ videoElement: video });
    player.addEventListener('error', (/** @type {any} */ error) =>
      fail(`${error.code ?? ''} ${error.message}`.trim()),
    );
    const own = { type: 'playready', getLicense: posted };
    player.loadVideo({
      url,
      transport: /\.ismc$/.test(url) ? 'smooth' : 'dash',
      autoPlay: false,
      ...(keys.length
        ? { keySystems: [playready ? own : { type: CLEARKEY, getLicense: () => licence(keys) }] }
        : {}),
    });
    return { loaded: Promise.resolve(), close: () => player.dispose() };
  };
}

/** @returns {Promise<Start>} */
async function hls() {
  await script('hls.min.js');
  const Hls = global('Hls');
  return ({ video, url, keys, fail }) => {
    const player = new Hls({
      // No worker may be started here; it would do what is done without as well.
      enableWorker: false,
      emeEnabled: keys.length > 0,
      drmSystems: keys.length
        ? {
            [CLEARKEY]: {
              licenseUrl: licenceUrl(),
              generateRequest: () => ({ initDataType: 'keyids', initData: keyIds(keys).buffer }),
            },
          }
        : {},
      licenseResponseCallback: () => licence(keys).buffer,
    });
    player.on(
      Hls.Events.ERROR,
      (/** @type {string} */ _, /** @type {any} */ { fatal, type, details, error }) => {
        if (fatal) fail(`${type}, ${details}: ${error?.message ?? ''}`);
      },
    );
    player.attachMedia(video);
    player.loadSource(url);
    return { loaded: Promise.resolve(), close: () => player.destroy() };
  };
}
