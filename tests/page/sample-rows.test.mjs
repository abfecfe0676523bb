// Rows of samples from the numbers that the engine gives them as.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rowsOf } from '../../www/engine/sample-rows.js';
import { seconds, time } from '../../www/ui/sample-table.js';
import { curveOf, MEASURES } from '../../www/ui/timeline-measures.js';

test('numbers become rows; those that are encrypted are given as they are', () => {
  const flags = (2 << 26) | (1 << 24) | (3 << 22) | (2 << 20) | 0x10000 | 7;
  // prettier-ignore
  const numbers = Float64Array.of(
    5, -1, -1024, 0, 512, 2 ** 40 + 1, 300, 0x2000000, 1, 1,
    6, 0, 2 ** 52, 9, 0, 1, 0, flags, 2, 0,
    7, 3, 1, 1, 1, 1, 1, 0, 1, 0,
  );
  const encrypted = { number: 7, encryption: { iv: '00' } };
  const page = { timescale: 90, total: 9, problems: ['one'], rows: [encrypted] };
  const { rows, ...rest } = rowsOf({ page, groups: [[], ['roll 1', 'tele 2']], numbers });
  assert.deepEqual(rest, { timescale: 90, total: 9, problems: ['one'] });
  assert.equal(rows.length, 3);
  assert.deepEqual(rows[0], {
    number: 5,
    fragment: null,
    decode: -1024,
    composition: 0,
    duration: 512,
    start: 2 ** 40 + 1,
    size: 300,
    sync: true,
    dependency: { leading: 0, dependsOn: 2, dependedOn: 0, redundancy: 0 },
    priority: 0,
    entry: 1,
    groups: ['roll 1', 'tele 2'],
    encryption: null,
  });
  const { fragment, decode, sync, dependency, priority, groups } = rows[1];
  assert.deepEqual([fragment, decode, sync, priority, groups], [0, 2 ** 52, false, 7, []]);
  assert.deepEqual(dependency, { leading: 2, dependsOn: 1, dependedOn: 3, redundancy: 2 });
  assert.equal(rows[2], encrypted);
});

test('times are seconds, and ticks where nothing says how long one is', () => {
  assert.deepEqual([seconds(90_001, 90_000), time(45_000, 90_000)], ['1.000', '0.500 s']);
  assert.deepEqual([seconds(1_729_055_630, 0), time(5, 0)], ['1,729,055,630', '5 ticks']);
});

test('a curve goes to the end of the last stretch, in order of time', () => {
  const line = { timescale: 10, start: [20, 0], duration: [30, 20], bytes: [375, 500], samples: [1, 2] };
  const [bitrate] = MEASURES;
  // 375 bytes in 3 seconds, and 500 in 2.
  assert.deepEqual(curveOf({ line }, bitrate, []), [
    [0, 2, 5],
    [2, 1, 1],
  ]);
  assert.deepEqual(curveOf({ line: { ...line, start: [], duration: [] } }, bitrate, []), [[], []]);
});
