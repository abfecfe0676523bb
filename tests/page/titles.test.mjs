// Which of several open files are of one title, by names, lengths and manifests; and which are for download.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { titlesOf } from '../../www/engine/titles.js';

let id = 0;
const video = (bitrate, width = 1280, height = 720, more = {}) => ({
  id: ++id,
  kind: 'video',
  format: 'avc1',
  bitrate,
  width,
  height,
  language: null,
  fragmentCount: 30,
  ...more,
});
const audio = (bitrate, language = 'en') => ({
  id: ++id,
  kind: 'audio',
  format: 'mp4a',
  bitrate,
  language,
  fragmentCount: 30,
});

/** Stands for an open file: what tells titles apart needs no more of one. */
const file = (name, tracks, duration = 60) => ({
  name,
  size: 1000,
  tracks: () => tracks,
  summary: () => ({ duration, bitrate: tracks.reduce((sum, track) => sum + track.bitrate, 0) }),
});

const names = (titles) => titles.map(({ name, media }) => [name, ...media.map((each) => each.name)]);

test('qualities of one title are found by what their names have beside bitrates and sizes', () => {
  const titles = titlesOf(
    [
      file('SuperSpeedway_720_230.ismv', [video(230_000, 1280, 720)]),
      file('SuperSpeedway_720_1644.ismv', [video(1_600_000, 1280, 720)]),
      file('Other-h264-360p-600k.mp4', [video(620_000, 640, 360)]),
      file('Other-h264-720p-2M.mp4', [video(2_100_000)]),
      file('Other-audio-en-128k.mp4', [audio(127_000)]),
    ],
    {},
  );
  assert.deepEqual(names(titles), [
    ['SuperSpeedway_720', 'SuperSpeedway_720_1644.ismv', 'SuperSpeedway_720_230.ismv'],
    ['Other', 'Other-h264-720p-2M.mp4', 'Other-h264-360p-600k.mp4', 'Other-audio-en-128k.mp4'],
  ]);
});

test('files of other lengths or names are titles of their own', () => {
  const titles = titlesOf(
    [
      file('episode 1.mp4', [video(2e6)], 1200),
      file('episode 2.mp4', [video(2e6)], 1300),
      file('film.mp4', [video(2e6)], 1200),
    ],
    {},
  );
  assert.equal(titles.length, 3);
  assert.equal(
    titlesOf(
      titles.flatMap(({ media }) => media),
      { together: 'one' },
    ).length,
    1,
  );
  const same = [file('a_1000.mp4', [video(1e6)]), file('a_2000.mp4', [video(2e6)])];
  assert.equal(titlesOf(same, {}).length, 1);
  assert.equal(titlesOf(same, { together: 'each' }).length, 2);
});

test('the one for download is the best within the bitrate, with its sound', () => {
  const set = [
    file('t_400.ismv', [video(400_000), audio(64_000)]),
    file('t_900.ismv', [video(900_000), audio(64_000)]),
    file('t_2500.ismv', [video(2_500_000), audio(64_000)]),
  ];
  const chosen = (maxBitrate) => {
    const [title] = titlesOf(set, maxBitrate ? { maxBitrate } : {});
    return title.download.map((at) => title.media[at].name);
  };
  assert.deepEqual(chosen(), ['t_2500.ismv']);
  assert.deepEqual(chosen(1_000_000), ['t_900.ismv']);
  assert.deepEqual(chosen(1_000), ['t_400.ismv'], 'where none is within it, the least');
  const apart = [
    file('t_900.mp4', [video(900_000)]),
    file('t_en_64.mp4', [audio(64_000)]),
    file('t_en_128.mp4', [audio(128_000)]),
    file('t_de_96.mp4', [audio(96_000, 'de')]),
  ];
  const [title] = titlesOf(apart, {});
  const picked = title.download.map((at) => title.media[at].name);
  assert.deepEqual(picked, ['t_900.mp4', 't_en_128.mp4', 't_de_96.mp4'], 'the best sound of each language');
});

test('what is odd about files of one title is said', () => {
  const said = (media, listings = []) =>
    titlesOf(media, { together: 'one', listings }).flatMap(({ problems }) => problems);
  assert.deepEqual(
    said([file('t_1.mp4', [video(1e6), audio(1e5)]), file('t_2.mp4', [video(2e6), audio(1e5)])]),
    [],
  );
  const short = said([
    file('t_1.mp4', [video(1e6), audio(1e5)], 50),
    file('t_2.mp4', [video(2e6), audio(1e5)]),
  ]);
  assert.match(short.join(), /t_1\.mp4 lasts 50 s, another file of this title 60 s/);
  assert.match(
    said([file('a.mp4', [video(1e6), audio(1e5)]), file('b.mp4', [video(1e6), audio(1e5)])]).join(),
    /same bitrate, 1000000/,
  );
  assert.match(
    said([file('a.mp4', [video(1e6), audio(1e5)]), file('b.mp4', [video(2e6)])]).join(),
    /b\.mp4 has no sound of its own/,
  );
  assert.match(
    said([file('a.mp4', [video(1e6)]), file('b.mp4', [video(2e6)])]).join(),
    /No file of this title has sound/,
  );
  const codecs = [
    file('a.mp4', [video(1e6), audio(1e5)]),
    file('b.mp4', [video(2e6, 1280, 720, { format: 'hvc1' }), audio(1e5)]),
  ];
  assert.match(said(codecs).join(), /several codecs, hvc1 and avc1/);
  const cut = [
    file('a.mp4', [video(1e6), audio(1e5)]),
    file('b.mp4', [video(2e6, 1280, 720, { fragmentCount: 29 }), audio(1e5)]),
  ];
  assert.match(said(cut).join(), /different numbers of fragments, 29 and 30/);
});

test('a manifest tells which files are of its title, and is held against them', () => {
  const one = file('x1.ismv', [video(1e6), audio(1e5)]);
  const two = file('film.ismv', [video(2e6), audio(1e5)]);
  const [picture] = one.tracks();
  const entry = (name, trackId = picture.id, bitrate = 1e6) => ({ name, kind: 'video', trackId, bitrate });
  const listing = { name: 'movie.ism', files: [entry('X1.ismv'), entry('gone.ismv')] };
  const titles = titlesOf([one, two], { listings: [listing] });
  assert.deepEqual(names(titles), [
    ['movie', 'x1.ismv'],
    ['film', 'film.ismv'],
  ]);
  assert.deepEqual(titles[0].problems, [
    'movie.ism names gone.ismv, which is not among the files: drop it together with them.',
  ]);
  const wrong = {
    name: 'movie.ism',
    files: [
      entry('x1.ismv', 99, null),
      entry('x1.ismv', picture.id + 1, null),
      entry('x1.ismv', picture.id, 9e6),
    ],
  };
  const said = titlesOf([one], { listings: [wrong] })[0].problems;
  assert.match(said[0], /asks for track 99 of x1\.ismv/);
  assert.match(said[1], /of x1\.ismv video; it is audio/);
  assert.match(said[2], /says 9000000 bits a second of x1\.ismv; its samples have 1000000/);
});
