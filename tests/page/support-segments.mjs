// Segments that FFmpeg makes on the spot, and a site that has them.

import { mkdir } from 'node:fs/promises';
import { before } from 'node:test';
import { siteCopy } from './support.mjs';
import { ffmpeg, haveFfmpeg } from './support-media.mjs';

/** Renditions: two of the picture and one of the sound, track 1 in the first two. Each lasts ten seconds. */
export const RENDITIONS = [0, 1, 2];
/** Numbers of the segments of each, of two seconds. */
export const NUMBERS = [1, 2, 3, 4, 5];

/** The initialization segment of a rendition. */
export const init = (rendition) => `dash/init-stream${rendition}.m4s`;
/** A media segment of it. */
export const chunk = (rendition, number) =>
  `dash/chunk-stream${rendition}-${String(number).padStart(5, '0')}.m4s`;

const words = (line) => line.split(' ');

/**
 * The built site with segments in its folder `media`: of DASH, and in `hls`, with picture and sound in each, `init.mp4` and
 * `film0.m4s` to `film4.m4s`. To be made where tests are defined. `skip` says why they cannot run.
 */
export function segmentSite() {
  const site = siteCopy();
  const skip = haveFfmpeg() ? false : 'not run: FFmpeg is missing';
  before(async () => {
    if (skip) return;
    for (const name of ['dash', 'hls']) await mkdir(site.path(`media/${name}`), { recursive: true });
    const picture = words('-f lavfi -i testsrc2=duration=10:size=320x180:rate=25');
    const sound = words('-f lavfi -i sine=frequency=440:duration=10:sample_rate=48000');
    const codecs = words('-c:v libx264 -preset ultrafast -g 50 -keyint_min 50 -sc_threshold 0 -c:a aac');
    const inputs = [...picture, ...sound];
    const maps = words('-filter_complex [0:v]split[a][b];[b]scale=160:90[c] -map [a] -map [c] -map 1:a');
    const dash = words('-f dash -seg_duration 2');
    await ffmpeg(...inputs, ...maps, ...codecs, ...dash, site.path('media/dash/film.mpd'));
    const hls = words(
      '-f hls -hls_time 2 -hls_segment_type fmp4 -hls_playlist_type vod -hls_segment_filename',
    );
    const places = ['film%d.m4s', 'film.m3u8'].map((name) => site.path(`media/hls/${name}`));
    await ffmpeg(...inputs, ...codecs, ...hls, ...places);
  });
  return { ...site, skip };
}

/** What every script begins with. `file` is one of FFmpeg's under a name, in a folder where that has one. */
export const START = `
  const { open, arrange } = await import('/boxlock.js');
  const file = async (source, name = source.split('/').at(-1)) => {
    const bytes = await (await fetch('/media/' + source)).arrayBuffer();
    const made = new File([bytes], name.split('/').at(-1));
    if (name.includes('/')) Object.defineProperty(made, 'webkitRelativePath', { value: name });
    return made;
  };
  const all = (named) => Promise.all(named.map(([source, name]) => file(source, name)));
  const nameOf = (part) => part.webkitRelativePath || part.name;
  const failure = (promise) => promise.then(() => 'no error', ({ name, code, message }) => ({ name, code, message }));
`;

/** The same order each time, and not that of names or times. */
export function shuffled(list) {
  const all = [...list];
  let state = 7;
  for (let at = all.length - 1; at > 0; at--) {
    state = (state * 48271) % 0x7fffffff;
    const other = state % (at + 1);
    [all[at], all[other]] = [all[other], all[at]];
  }
  return all;
}
