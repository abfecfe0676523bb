/**
 * Watches a playback that may come to nothing: browsers wait without end for a key they do not get, and for pictures that
 * a wrong key does not give. Says once, in one sentence, why it does not go on.
 */

/** Looked at so often. */
const LOOK_MS = 250;
/** A key that fits is there before anything is fed, so waiting for one soon means that it does not come. */
const KEY_MS = 3000;
/** Time stands still although there is something to play. */
const STILL_MS = 6000;
/** Nothing arrives to be played: a disk that wakes up takes some seconds. */
const EMPTY_MS = 20_000;
/** Time goes on without one picture. */
const BLIND_MS = 4000;

const WRONG_KEY =
  'What the key gives is not media: the key does not belong to this file, or the file was damaged. Check key and KID against the key sheet.';
const NO_KEY =
  'The file asks for a key ID that this key is not for. Check that key and KID belong together, and protect it again if not.';
const NOTHING_ARRIVES =
  'Nothing more arrives of the file. Check that it is still there and its drive awake, then play it again.';
const NO_PICTURE =
  'The sound goes on, but no picture can be decoded: the key does not fit the video, or this browser cannot decode it. Check the key, or try another browser.';

const NO_SOUND =
  'The browser found nothing on this computer to play sound with. Connect headphones or a loudspeaker, then play it again.';

/** How Firefox and Chromium call a sound card that is missing; the code is that of a decoder. */
const SOUND_OUT = /MediaSinkAudio|AUDIO_RENDERER/i;

/** What MediaError says, by its code. */
const ERRORS = new Map([
  [2, NOTHING_ARRIVES],
  [3, WRONG_KEY],
  [4, 'The browser’s decoder did not take it. Another browser may.'],
]);

/** What keys can become that do not play. */
const STATUSES = new Map([
  ['expired', 'The browser says that the key has expired. Play it again.'],
  ['released', 'The browser has dropped the key. Play it again.'],
  ['output-restricted', 'The browser does not show it on this screen. Try another screen.'],
  ['internal-error', 'The browser’s ClearKey could not use the key. Try another browser.'],
]);

/**
 * @param {HTMLVideoElement} video
 * @param {{ session: MediaKeySession | null, seen: boolean, signal: AbortSignal }} of `seen`: there is a video track
 * @param {(sentence: string) => void} stopped called once, when playback will not go on
 */
export function watch(video, { session, seen, signal }, stopped) {
  const heard = new AbortController();
  const options = { signal: heard.signal };
  let told = false;
  /** @param {string} sentence */
  const stop = (sentence) => {
    if (told || signal.aborted) return;
    told = true;
    end();
    stopped(sentence);
  };
  let time = video.currentTime;
  let movedAt = performance.now();
  let keyAskedAt = 0;
  // Only what was played since a picture was last seen counts, not what was skipped.
  let blind = 0;
  let frames = 0;
  const look = () => {
    const now = performance.now();
    const step = video.currentTime - time;
    const decoded = video.getVideoPlaybackQuality().totalVideoFrames;
    blind = decoded > frames || video.seeking ? 0 : blind + Math.max(0, Math.min(step, LOOK_MS / 500));
    frames = decoded;
    const idle = video.ended || (video.paused && video.readyState >= HTMLMediaElement.HAVE_FUTURE_DATA);
    if (step !== 0 || idle) movedAt = now;
    if (step > 0) keyAskedAt = 0;
    time = video.currentTime;
    const still = now - movedAt;
    if (keyAskedAt && now - keyAskedAt > KEY_MS) stop(NO_KEY);
    else if (seen && blind * 1000 > BLIND_MS) stop(NO_PICTURE);
    else if (hasAhead(video) && still > STILL_MS) stop(WRONG_KEY);
    else if (still > EMPTY_MS) stop(NOTHING_ARRIVES);
  };
  const timer = setInterval(look, LOOK_MS);
  const end = () => {
    clearInterval(timer);
    heard.abort();
  };
  signal.addEventListener('abort', end, options);
  video.addEventListener('error', () => stop(errorSentence(video.error)), options);
  video.addEventListener('waitingforkey', () => (keyAskedAt ||= performance.now()), options);
  session?.addEventListener(
    'keystatuseschange',
    () => {
      for (const status of session.keyStatuses.values()) {
        const sentence = STATUSES.get(status);
        if (sentence) stop(sentence);
      }
    },
    options,
  );
}

/** @param {MediaError | null} error */
function errorSentence(error) {
  if (SOUND_OUT.test(error?.message ?? '')) return NO_SOUND;
  return ERRORS.get(error?.code ?? 0) ?? WRONG_KEY;
}

/** @param {HTMLVideoElement} video */
function hasAhead({ buffered, currentTime }) {
  for (let at = 0; at < buffered.length; at++)
    // Tracks begin a little apart from 0.
    if (buffered.start(at) <= currentTime + 0.5 && buffered.end(at) > currentTime + 0.5) return true;
  return false;
}
