// One plan for several files, without an engine: whose keys are whose, that no counter is used twice, what things are called,
// and what is opened and closed for it.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { planSet } from '../../www/engine/set-plan.js';
import { titlesOf } from '../../www/engine/titles.js';

const HEX = /^[\da-f]{32}$/;
const UUID = /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/;
const request = { laUrl: 'https://licence.example.com/' };

/** Stands for an open file. `ivs` are where its plans begin to count, one after the other; else far from all others. */
let place = 0n;
function file(name, kinds, { samples = 1000, ivs = [], duration = 60 } = {}) {
  const classes = { video: 'hd', audio: 'audio' };
  const tracks = kinds.map((kind, at) => ({
    id: at + 1,
    kind,
    bitrate: kind === 'video' ? 1e6 : 1e5,
    language: null,
    sampleCount: samples / kinds.length,
    fragmentCount: 30,
    protectable: kind in classes,
    ...(kind in classes ? { keyClass: classes[kind] } : {}),
  }));
  const asked = [];
  return {
    name,
    size: 1,
    asked,
    closed: false,
    parts: [{ name }],
    tracks: () => tracks,
    summary: () => ({ duration, bitrate: 1e6 }),
    close() {
      this.closed = true;
    },
    async plan(wanted) {
      asked.push(wanted);
      place += 1n << 40n;
      const firstIv = ivs.length ? ivs.shift() : place.toString(16).padStart(16, '0');
      return { firstIv, keys: [], warnings: [] };
    },
  };
}

const never = () => assert.fail('nothing is to be merged');
const one = (media) => titlesOf(media, { together: 'one' });

test('the files of a title share a key, and titles do not', async () => {
  const media = ['a.ismv', 'b.ismv', 'c.ismv'].map((name) => file(name, ['video', 'audio']));
  const plan = await planSet(one(media), { request }, never);
  const keys = media.map(({ asked: [{ kid, key }] }) => `${kid} ${key}`);
  assert.equal(new Set(keys).size, 1);
  assert.match(keys[0].split(' ')[0], UUID);
  assert.match(keys[0].split(' ')[1], HEX);
  assert.ok(plan.keysAreNew);
  assert.deepEqual(plan.entries.map(({ name, use, same }) => [name, use, same]).at(-1), [
    `${plan.names[0]}.mp4`,
    'download',
    0,
  ]);

  const apart = ['a.ismv', 'b.ismv'].map((name) => file(name, ['video', 'audio']));
  await planSet(titlesOf(apart, { together: 'each' }), { request }, never);
  assert.notEqual(apart[0].asked[0].key, apart[1].asked[0].key);
  assert.notEqual(apart[0].asked[0].kid, apart[1].asked[0].kid);
});

test('a plan whose counters meet those of another file is made again', async () => {
  const at = (number) => number.toString(16).padStart(16, '0');
  for (const [first, meeting, free] of [
    [at(5000n), [at(5999n), at(4001n), at(5000n)], at(6000n)],
    [at(5000n), [at(4500n)], at(4000n)],
    // Over the end of all.
    ['ffffffffffffff00', [at(0n), at(743n), 'fffffffffffffb19'], at(744n)],
  ]) {
    const one = file('1.ismv', ['video', 'audio'], { ivs: [first] });
    const two = file('2.ismv', ['video', 'audio'], { ivs: [...meeting, free] });
    const { entries } = await planSet(
      titlesOf([one, two], { together: 'one' }),
      { request, download: false },
      never,
    );
    assert.deepEqual(entries.map(({ plan }) => plan.firstIv).sort(), [first, free].sort());
    assert.equal(two.asked.length, meeting.length + 1);
  }
});

test('text comes along clear, by itself and in the file for download', async () => {
  const picture = file('film-1M.mp4', ['video']);
  const sound = file('film-100k.mp4', ['audio']);
  // It ends with its last line.
  const text = file('film-text.mp4', ['text'], { duration: 41 });
  const merged = file('merged', ['video', 'audio', 'text']);
  const titles = titlesOf([text, picture, sound], {});
  assert.equal(titles.length, 1);
  assert.deepEqual(titles[0].problems, []);
  const plan = await planSet(titles, { request }, async (parts) => {
    assert.deepEqual(parts, [picture, sound, text]);
    return merged;
  });
  assert.deepEqual(text.asked, [{ scheme: 'none', segmentIndex: true }]);
  assert.match(merged.asked[0].key, HEX);
  assert.deepEqual(
    plan.entries.map(({ name, use }) => `${use} ${name}`),
    ['streaming film-1M.ismv', 'streaming film-100k.isma', 'streaming film-text.ismt', 'download film.mp4'],
  );
  // Beside pictures that have sound too; of each language one, whatever else is there.
  const muxed = file('film.mp4', ['video', 'audio']);
  const both = titlesOf([muxed, text, file('film-more.mp4', ['audio'])], { together: 'one' });
  assert.deepEqual(both[0].download, [0, 2]);
  // Nothing is protected where there is text alone, and no key is made.
  const alone = file('text.mp4', ['text']);
  assert.equal((await planSet(one([alone]), { request }, never)).keysAreNew, false);
  assert.deepEqual(alone.asked, [{ scheme: 'none', segmentIndex: true }]);
});

test('classes have a key each, of which a file is asked for its own', async () => {
  const picture = file('film-1M.mp4', ['video']);
  const sound = file('film-100k.mp4', ['audio', 'text']);
  const typed = '00112233445566778899aabbccddeeff';
  const merged = file('merged', ['video', 'audio']);
  const wanted = { request: { ...request, keyPer: 'class', keys: [{ class: 'audio', key: typed }] } };
  const plan = await planSet(one([picture, sound]), wanted, async (parts) => {
    assert.deepEqual(parts, [picture, sound]);
    return merged;
  });
  const [ofPicture] = picture.asked;
  const [ofSound] = sound.asked;
  assert.deepEqual(
    ofPicture.keys.map((each) => each.class),
    ['hd'],
  );
  assert.deepEqual(
    ofSound.keys.map(({ class: kind, key }) => [kind, key]),
    [['audio', typed]],
  );
  assert.deepEqual(merged.asked[0].keys, [ofPicture.keys[0], ofSound.keys[0]]);
  assert.ok(plan.keysAreNew, 'that of the picture is');
  plan.close();
  assert.ok(merged.closed && !picture.closed && !sound.closed);
  const both = {
    request: { ...request, keys: ['audio', 'hd'].map((kind) => ({ class: kind, key: typed })) },
  };
  assert.equal((await planSet(one([picture, sound]), both, async () => merged)).keysAreNew, false);
});

test('a plan in the place of another keeps its keys, and what was opened', async () => {
  const media = [file('film-1M.mp4', ['video']), file('film-100k.mp4', ['audio'])];
  const titles = one(media);
  let opened = 0;
  const merged = [file('m1', ['video', 'audio']), file('m2', ['video', 'audio'])];
  const open = async () => merged[opened++];
  const first = await planSet(titles, { request }, open);
  const second = await planSet(titles, { request: { ...request, form: 'piff' }, before: first }, open);
  assert.equal(opened, 1);
  assert.equal(media[0].asked[0].kid, media[0].asked[1].kid);
  assert.equal(media[0].asked[0].key, media[0].asked[1].key);
  first.close();
  assert.ok(!merged[0].closed, 'it is the second’s now');
  // One that fails leaves the one before as it was.
  media[0].plan = async () => {
    throw new Error('no');
  };
  await assert.rejects(planSet(titles, { request, before: second }, open), /no/);
  assert.ok(!merged[0].closed);
  second.close();
  assert.ok(merged[0].closed);
  // A typed key is nobody’s to keep.
  const seeded = [file('s-1M.mp4', ['video', 'audio']), file('s-2M.mp4', ['video', 'audio'])];
  const typed = await planSet(one(seeded), { request: { ...request, key: '00'.repeat(16) } }, never);
  await planSet(one(seeded), { request, before: typed }, never);
  assert.notEqual(seeded[0].asked.at(-1).key, '00'.repeat(16));
  await planSet(one(seeded), { request: { ...request, keySeed: 'seed' } }, never);
  assert.equal(seeded[0].asked.at(-1).key, undefined, 'it follows from the seed and the KID');
  assert.equal(seeded[0].asked.at(-1).kid, seeded[1].asked.at(-1).kid);
});

test('names are free, and end as what carries them', async () => {
  const names = async (wanted, ...media) =>
    (
      await planSet(titlesOf(media, { together: 'each' }), { streaming: false, ...wanted }, never)
    ).entries.map(({ name }) => name);
  const twins = () => ['Film.ismv', 'film.mov'].map((name) => file(name, ['video', 'audio']));
  assert.deepEqual(await names({ request }, ...twins()), ['Film.mp4', 'film (2).mp4']);
  const set = async (more) =>
    (
      await planSet(
        one([file('f-1M.mp4', ['video']), file('f-100k.mp4', ['audio']), file('f-text.mp4', ['text'])]),
        { request: { ...request, ...more }, download: false },
        never,
      )
    ).entries.map(({ name }) => name);
  assert.deepEqual(await set({}), ['f-1M.ismv', 'f-100k.isma', 'f-text.ismt']);
  assert.deepEqual(await set({ scheme: 'cbcs', form: 'plain' }), ['f-1M.mp4', 'f-100k.m4a', 'f-text.mp4']);
});

test('what is of one file alone is refused', async () => {
  const titles = one([file('a-1M.ismv', ['video', 'audio']), file('a-2M.ismv', ['video', 'audio'])]);
  for (const [more, code] of [
    [{ keyRotation: 5 }, 'set-rotation'],
    [{ keyPer: 'track' }, 'set-keys-by-track'],
    [{ keys: [{ track: 1 }] }, 'set-keys-by-track'],
    [{ ivStart: '0'.repeat(16) }, 'set-iv'],
  ])
    await assert.rejects(planSet(titles, { request: { ...request, ...more } }, never), { code });
});
