// What tests of the preview share: a set of three bitrates, and how a player is tried.

import assert from 'node:assert/strict';
import { before } from 'node:test';
import { haveFfmpeg, makeSmooth } from './support-media.mjs';
import { isOwn, LONG, withoutPicker, workFolder } from './support.mjs';

const folder = workFolder();
const skip = haveFfmpeg() ? false : 'not run: FFmpeg is missing';
export const options = { skip, timeout: 4 * LONG, quiet: false };

const SECONDS = 4;
export const PICTURES = 25 * SECONDS;
const LADDER = [
  ['film_180p_200k.ismv', '320x180', '200k'],
  ['film_270p_500k.ismv', '480x270', '500k'],
  ['film_360p_900k.ismv', '640x360', '900k'],
];
export const paths = LADDER.map(([name]) => folder.path(name));

/** Has FFmpeg make them before the tests of a file. */
export const makeLadder = () =>
  before(async () => {
    if (skip) return;
    for (const [name, size, bitrate] of LADDER)
      await makeSmooth(folder.path(name), { seconds: SECONDS, size, bitrate });
  });

/** Protects the set by the page, as a person does, and asks for players. Gives the key ID. */
export async function protectSet(page) {
  await withoutPicker(page);
  await page.evaluate(() => void (window.showDirectoryPicker = undefined));
  await page.setFile('#open-file', ...paths);
  await page.waitFor('.set-row .file-name', { timeout: LONG });
  await page.click('.set-row .file-name');
  await page.waitFor('.set .protect-form', { timeout: LONG });
  await page.fill('.set [name="laUrl"]', 'https://licence.example.com/rightsmanager.asmx');
  await page.waitFor(() => document.querySelector('#set-start:not([disabled])'), { timeout: LONG });
  await page.click('#set-start');
  await page.waitFor('#preview', { timeout: LONG });
  const players = page.requests.filter((url) => /\/(players|preview)\//.test(url));
  assert.deepEqual(players, [], 'nothing of players is fetched before somebody asks');
  await page.click('#preview');
  await page.waitFor('.preview-table', { timeout: LONG });
  await page.click('#set-keys');
  const { bytes } = await page.waitDownload({ timeout: LONG });
  return JSON.parse(bytes.toString('utf8')).keys[0].kid.uuid;
}

/** What all that is asked for goes to: files of the site, and what is answered in the browser, of which the server hears nothing. */
export function assertInside(page, { origin, requests }) {
  for (const url of page.requests) {
    const { pathname } = new URL(url);
    const own = /^(\/www)?\/preview\/to\//.test(pathname) || isOwn(pathname);
    assert.ok(url.startsWith(origin) && own, `The page asked for ${url}`);
  }
  assert.deepEqual(
    requests.filter((url) => url.includes('/preview/to/')),
    [],
  );
}

/** A way that plays to the end, every picture, and asks for the one key. */
export async function assertPlays(page, way, kid) {
  const found = await play(page, way);
  assert.match(found.state, /^Played to the end\./, `${way}: ${JSON.stringify(found)}`);
  assert.equal(Number.parseInt(found.frames, 10), PICTURES, `${way}: ${JSON.stringify(found)}`);
  assert.ok(found.kids.includes(kid), `${way}: ${JSON.stringify(found)}`);
  // rx-player tries in Firefox whether PlayReady answers, with a key ID of its own.
  assert.ok(found.kids === kid || /rx-smooth/.test(way), `${way}: ${JSON.stringify(found)}`);
  assert.ok(Number.parseInt(found.requests, 10) >= 5, `${way}: ${JSON.stringify(found)}`);
  assert.match(found.first, /^\d+\.\d\d s$/);
}

/** Nothing of a player is left when it is over. */
export const assertGone = (page) => page.waitFor(() => document.querySelectorAll('iframe').length === 0);

/** What a line of the table says. */
export const row = (page, way) =>
  page.evaluate((name) => {
    const cells = [...document.querySelectorAll(`[data-way="${name}"] td`)].map((cell) => cell.innerText);
    const [, state, requests, kids, first, frames] = cells;
    return { state, requests, kids, first, frames };
  }, way);

/**
 * Plays one way, until it is over. On a busy machine dash.js takes what does not go on shortly before the end for ended, and pauses
 * it there: it is bidden to go on, once.
 */
export async function play(page, way) {
  await page.click(`[data-player="${way}"]`);
  await page.evaluate((name) => void Object.assign(window, { wanted: name, resumed: false }), way);
  const over = () => {
    const said = document.querySelector(`[data-way="${window.wanted}"] .preview-state`).innerText;
    if (/^dash/.test(window.wanted) && /^Paused at [1-9]/.test(said) && !window.resumed) {
      window.resumed = true;
      void document.querySelector('iframe').contentDocument.querySelector('video').play();
    }
    return /^(Played|Failed|It cannot)/.test(said);
  };
  await page.waitFor(over, { timeout: LONG }).catch(async (error) => {
    throw new Error(`${way}: ${JSON.stringify(await row(page, way))}`, { cause: error });
  });
  if (await page.evaluate(() => window.resumed)) console.log(`# ${way}: it paused, and was bidden to go on`);
  return row(page, way);
}
