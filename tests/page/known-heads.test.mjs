// What opening read of fragments, for who reads them once more.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { KnownHeads } from '../../www/files/heads.js';

/** Bytes that tell where they stand. */
const at = (start, len) => Uint8Array.from({ length: len }, (_, n) => (start + n) % 251);

const heads = new KnownHeads();
const kept = [
  [100, 50],
  [1000, 32],
  [1032, 8],
  [5000, 700],
];
for (const [start, len] of kept) heads.keep(start, at(start, len));

/** What is known by the list above. */
function expected(start, len) {
  const part = kept.findLast(([from]) => from <= start);
  if (!part || start + len > part[0] + part[1]) return undefined;
  return at(start, part[0] + part[1] - start);
}

test('what lies within a stretch is known, in any order, and nothing else', () => {
  const starts = [
    ...kept.flatMap(([from, len]) => [from - 1, from, from + 1, from + len - 1, from + len]),
    0,
    9999,
  ];
  const orders = [starts, starts.toReversed(), starts.toSorted((a, b) => (a % 7) - (b % 7))];
  for (const order of orders)
    for (const start of order)
      for (const len of [1, 8, 32, 49, 700])
        assert.deepEqual(heads.get(start, len), expected(start, len), `${start}, ${len}`);
  assert.equal(new KnownHeads().get(0, 1), undefined);
});

test('it stays what it was when its buffer is used again, and does not grow without end', () => {
  const many = new KnownHeads();
  const buffer = new Uint8Array(1 << 16).fill(1);
  for (let n = 0; n < 1000; n++) many.keep(n << 20, buffer);
  buffer.fill(2);
  assert.deepEqual([...many.get(0, 4).subarray(0, 4)], [1, 1, 1, 1]);
  const known = Array.from({ length: 1000 }, (_, n) => many.get(n << 20, 1)).filter(Boolean).length;
  assert.ok(known > 100 && known < 200, `${known} of 64 KiB`);
  const small = new KnownHeads();
  for (let n = 0; n < 100_000; n++) small.keep(n * 10, at(n * 10, 1));
  assert.equal(small.get(99_999 * 10, 1), undefined);
});
