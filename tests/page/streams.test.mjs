// Files of one job that use a part of a key's stream twice are found, whatever their order, and no others.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { usedTwice } from '../../www/engine/streams.js';

const iv = (n) => n.toString(16).padStart(16, '0');
const block = (n) => n.toString(16).padStart(32, '0');
const file = (name, keys, ...streams) => ({
  name,
  keys,
  streams: streams.map(([key, first, last]) => ({ key, first, last })),
});

test('parts of one key that overlap are named in both files', () => {
  const a = file('a', ['k', 'l'], [0, iv(0), iv(9)], [1, iv(0), iv(9)]);
  const b = file('b', ['l', 'K'], [0, iv(10), iv(19)], [1, iv(9), iv(19)]);
  assert.deepEqual(usedTwice([a, b]), ['b', 'a']);
  assert.deepEqual(usedTwice([a, file('c', ['k'], [0, iv(10), iv(19)])]), ['', '']);
  assert.deepEqual(usedTwice([a, file('d', ['m'], [0, iv(0), iv(9)])]), ['', '']);
  // Within one file it is for that file's own report.
  assert.deepEqual(usedTwice([file('e', ['k'], [0, iv(0), iv(9)], [0, iv(3), iv(4)])]), ['']);
});

test('short IVs and blocks of long ones are of one stream', () => {
  const short = file('short', ['k'], [0, iv(5), iv(6)]);
  const inside = (5n << 64n) + 7n;
  assert.deepEqual(usedTwice([short, file('long', ['k'], [0, block(inside), block(inside + 9n)])]), [
    'long',
    'short',
  ]);
  const before = (5n << 64n) - 1n;
  assert.deepEqual(usedTwice([short, file('other', ['k'], [0, block(0n), block(before)])]), ['', '']);
});

test('of any parts, those that share something are found', () => {
  let seed = 1;
  const random = (below) => (seed = (seed * 48271) % 0x7fffffff) % below;
  let shared = 0;
  for (let round = 0; round < 3000; round++) {
    const files = Array.from({ length: 2 + random(4) }, (_, number) =>
      file(
        `f${number}`,
        ['k'],
        ...Array.from({ length: random(4) }, () => {
          const first = random(60);
          return [0, iv(first), iv(first + random(8))];
        }),
      ),
    );
    const has = (one, other) =>
      one.streams.some((a) => other.streams.some((b) => a.first <= b.last && b.first <= a.last));
    const wanted = files.map((one) => files.some((other) => other !== one && has(one, other)));
    const found = usedTwice(files);
    assert.deepEqual(
      found.map((name) => name !== ''),
      wanted,
      JSON.stringify(files),
    );
    files.forEach((one, at) => {
      if (found[at])
        assert.ok(
          has(
            one,
            files.find(({ name }) => name === found[at]),
          ),
        );
    });
    shared += wanted.filter(Boolean).length;
  }
  assert.ok(shared > 1000 && shared < 9000, String(shared));
});
