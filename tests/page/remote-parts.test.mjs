// The parts of the page that opens addresses which need no browser: blocks that are kept, addresses, rows of segments.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { addressOf, linkedAddress, linkTo, nameOf, shownOf } from '../../www/remote/address.js';
import { BLOCK, Blocks } from '../../www/remote/blocks.js';
import { judgePart } from '../../www/remote/ranges.js';
import { segmentAt } from '../../www/ui/segment-table.js';

const none = () => false;

test('what was put into blocks comes out of them, whatever is asked for and however it was fetched', () => {
  const size = 40 * BLOCK + 123;
  const whole = Uint8Array.from({ length: size }, (_, at) => (at * 7 + (at >> 8)) & 255);
  let seed = 7;
  const random = (most) => (seed = (seed * 48271) % 2147483647) % most;
  for (let round = 0; round < 40; round++) {
    const blocks = new Blocks(size, 12 * BLOCK);
    for (let turn = 0; turn < 60; turn++) {
      const start = random(size);
      const end = Math.min(size, start + 1 + random(6 * BLOCK));
      for (const { first, last } of blocks.missing(start, end, random(4), none)) {
        // What is fetched lies within what was asked for, by whole blocks.
        assert.ok(first >= Math.floor(start / BLOCK) && last <= Math.ceil(end / BLOCK));
        blocks.put(first * BLOCK, whole.slice(first * BLOCK, Math.min(size, last * BLOCK)));
      }
      assert.deepEqual(blocks.get(start, end), whole.slice(start, end));
      assert.deepEqual(blocks.missing(start, end, 0, none), []);
    }
  }
});

test('no more is kept than may be, and what was used last stays', () => {
  const blocks = new Blocks(100 * BLOCK, 4 * BLOCK);
  const bytes = new Uint8Array(BLOCK);
  for (let number = 0; number < 4; number++) blocks.put(number * BLOCK, bytes);
  assert.ok(blocks.get(0, 1));
  blocks.put(50 * BLOCK, bytes);
  assert.deepEqual(
    [0, 1, 2, 3, 50].map((number) => blocks.has(number)),
    [true, false, true, true, true],
  );
});

test('near gaps are fetched along, far ones are not, and nothing twice that is coming', () => {
  const blocks = new Blocks(100 * BLOCK);
  for (const number of [2, 3, 10, 11, 12, 13]) blocks.put(number * BLOCK, new Uint8Array(BLOCK));
  const runs = (coming) => blocks.missing(0, 16 * BLOCK, 2, coming).map(({ first, last }) => [first, last]);
  assert.deepEqual(runs(none), [
    [0, 10],
    [14, 16],
  ]);
  assert.deepEqual(
    runs((number) => number === 5),
    [
      [0, 5],
      [6, 10],
      [14, 16],
    ],
  );
});

test('answers are held to what is known of the file', () => {
  const known = { size: 1000, tag: '"a"', modified: 'then' };
  const range = { start: 100, end: 200 };
  const right = {
    status: 206,
    from: 100,
    to: 200,
    total: 1000,
    length: 100,
    encoded: false,
    tag: '"a"',
    modified: 'then',
    bytes: new Uint8Array(100),
  };
  const code = (more) => judgePart({ ...right, ...more }, range, known)?.code;
  assert.equal(code({}), undefined);
  assert.equal(code({ from: null, to: null, total: null, length: null, tag: '', modified: '' }), undefined);
  for (const [more, expected] of [
    [{ status: 200 }, 'remote-no-ranges'],
    [{ status: 403 }, 'remote-refused'],
    [{ status: 410 }, 'remote-missing'],
    [{ status: 416 }, 'remote-changed'],
    [{ status: 503 }, 'remote-status'],
    [{ encoded: true }, 'remote-encoded'],
    [{ length: 80 }, 'remote-encoded'],
    [{ total: 1001 }, 'remote-changed'],
    [{ tag: '"b"' }, 'remote-changed'],
    [{ modified: 'now' }, 'remote-changed'],
    [{ from: 0 }, 'remote-other-range'],
    [{ bytes: new Uint8Array(90), length: 90 }, 'remote-changed'],
    [{ bytes: new Uint8Array(101), length: 101 }, 'remote-other-range'],
  ])
    assert.equal(code(more), expected, JSON.stringify(more));
});

test('addresses are taken when pages may read them, and shown without what may be a signature', () => {
  const page = 'https://boxlock.example/remote.html#inspect';
  const url = addressOf('  https://host/a%20b/film.mp4?sig=SECRET#t=1 ', page);
  assert.equal(url.href, 'https://host/a%20b/film.mp4?sig=SECRET');
  assert.equal(shownOf(url), 'https://host/a b/film.mp4?…');
  assert.equal(nameOf(url), 'film.mp4');
  assert.equal(nameOf(new URL('https://h/x/film.ism/Manifest?a')), 'film.ism/Manifest');
  assert.equal(nameOf(new URL('https://h/')), 'h');
  assert.equal(nameOf(new URL('https://h/%E0')), '%E0');
  const link = linkTo(url, page);
  assert.ok(link.startsWith('https://boxlock.example/remote.html#url='));
  assert.equal(linkedAddress(new URL(link).hash), url.href);
  assert.equal(linkedAddress('#inspect?box=moov'), null);
  const refused = (text, from = page) => {
    try {
      addressOf(text, from);
      return '';
    } catch (error) {
      return error.code;
    }
  };
  assert.equal(refused('http://host/a.mp4'), 'mixed-content');
  assert.equal(refused('http://127.0.0.1:8080/a.mp4'), '');
  assert.equal(refused('http://host/a.mp4', 'http://127.0.0.1:8080/remote.html'), '');
  assert.equal(refused('https://u:p@host/'), 'has-password');
  for (const text of ['', 'film.mp4', 'ftp://h/a', 'data:,x', 'javascript:1', 'blob:https://h/1'])
    assert.equal(refused(text), 'no-address', text);
});

test('rows of segments have their times and addresses, with every digit', () => {
  const track = {
    kind: 'video',
    name: '',
    bitrate: null,
    timescale: 10_000_000,
    shift: 2,
    template: 'q/$Time$-$Number%04d$-$$.m4s',
    firstNumber: 7,
    runs: [
      { time: '17000000000000000001', duration: 20_000_000, count: 2 },
      { time: '17000000000050000000', duration: 0, count: 1 },
    ],
    listed: [],
    init: null,
    file: null,
  };
  const rows = [0, 1, 2, 3].map((index) => segmentAt(track, index));
  assert.equal(rows[1]?.place.address, 'q/17000000000020000001-0008-$.m4s');
  assert.equal(rows[1]?.lasts, 2);
  assert.ok(Math.abs(Number(rows[1]?.seconds) - 1_700_000_000_004) < 0.001);
  assert.equal(rows[2]?.lasts, null);
  assert.equal(rows[2]?.number, 9);
  assert.equal(rows[3], null);
  const listed = { ...track, listed: [{ address: 'a', range: { start: 5, end: 9 } }] };
  assert.deepEqual(segmentAt(listed, 0)?.place, { address: 'a', range: { start: 5, end: 9 } });
});
