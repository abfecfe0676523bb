// ZIP archives, written while they are made: Python and unzip read them, also where 32 bits do not hold.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { open, writeFile } from 'node:fs/promises';
import { test } from 'node:test';
import { crc32 as zlibCrc } from 'node:zlib';
import { zipOf } from '../../www/files/zip-of.js';
import { zipped } from '../../www/files/zip.js';
import { crc32, directoryHeader, ending, localHeader } from '../../www/files/zip-parts.js';
import { missing } from './programs.mjs';
import { workFolder } from './support.mjs';

const folder = workFolder();

const noPython = missing('python3', '--version');
const noUnzip = missing('unzip', '-v');

const LIST = `
import sys, json, zipfile
with zipfile.ZipFile(sys.argv[1]) as archive:
    bad = archive.testzip() if sys.argv[2] == 'all' else None
    listed = [[one.filename, one.file_size, one.CRC, one.header_offset] for one in archive.infolist()]
    print(json.dumps([bad, listed, archive.read(archive.namelist()[-1]).hex()]))
`;

function python(path, what) {
  return JSON.parse(execFileSync('python3', ['-c', LIST, path, what], { maxBuffer: 1 << 26 }));
}

/** An archive in memory, as sinks that can be written over take it, and those that cannot. */
async function archive(files, patched) {
  let bytes = Buffer.alloc(0);
  const sink = {
    write: async (more) => void (bytes = Buffer.concat([bytes, more])),
    async patch(at, over) {
      if (!patched) throw new Error('What is downloaded cannot be written over.');
      bytes.set(over, at);
    },
    close: async () => ({ stored: 'named' }),
  };
  const list = files.map(({ name, large, parts }) => ({
    name,
    size: large ? 2 ** 33 : parts.reduce((sum, part) => sum + part.length, 0),
  }));
  const zip = await zipped(sink, list, patched);
  for (const [number, { parts }] of files.entries()) {
    if (number > 0) await zip.next();
    for (const part of parts) await zip.write(part);
  }
  await zip.ready();
  // Its own headers count, too.
  const { places, ...rest } = await zip.close();
  assert.deepEqual(rest, { stored: 'named', size: bytes.length });
  // Each stands where it is said to.
  assert.deepEqual(
    places.map(({ start, size }) => Buffer.from(bytes.subarray(start, start + size))),
    files.map(({ parts }) => Buffer.concat(parts)),
  );
  return bytes;
}

const noise = (length, seed) => Uint8Array.from({ length }, (_, n) => ((n + seed) * 2654435761) >>> 24);
const FILES = [
  { name: 'init.mp4', parts: [noise(900, 1)] },
  { name: 'größe-片段.m4s', parts: [noise(1, 2), noise(4097, 3), noise(0, 4), noise(70_001, 5)] },
  { name: 'empty.m4s', parts: [] },
  { name: 'large by its word.m4s', parts: [noise(12_345, 6)], large: true },
];

test('the checksum is that of others, whatever the pieces', () => {
  for (const length of [0, 1, 7, 8, 9, 63, 1000, 100_003]) {
    const bytes = noise(length, length);
    assert.equal(crc32(0, bytes), zlibCrc(bytes));
    const cut = Math.floor(length / 3);
    assert.equal(crc32(crc32(0, bytes.subarray(0, cut)), bytes.subarray(cut)), zlibCrc(bytes));
  }
});

for (const patched of [true, false]) {
  const way = patched ? 'sizes before the files' : 'sizes behind them';
  test(`Python reads an archive with ${way}`, { skip: noPython }, async () => {
    const path = folder.path(`${patched}.zip`);
    await writeFile(path, await archive(FILES, patched));
    const [bad, listed] = python(path, 'all');
    assert.equal(bad, null);
    const wanted = FILES.map(({ name, parts }) => {
      const bytes = Buffer.concat(parts);
      return [name, bytes.length, zlibCrc(bytes)];
    });
    assert.deepEqual(
      listed.map((one) => one.slice(0, 3)),
      wanted,
    );
  });

  test(`unzip takes an archive with ${way}`, { skip: noUnzip }, async () => {
    const path = folder.path(`unzip-${patched}.zip`);
    await writeFile(path, await archive(FILES, patched));
    const said = execFileSync('unzip', ['-t', path]).toString();
    assert.match(said, /No errors detected/);
    const got = execFileSync('unzip', ['-p', path, 'large by its word.m4s']);
    assert.deepEqual(got, Buffer.from(noise(12_345, 6)));
  });
}

test('files beyond 4 GiB, and behind them, are found', { skip: noPython }, async () => {
  // What is between the headers is a hole in the file: its bytes are nobody's business here.
  const path = folder.path('huge.zip');
  const file = await open(path, 'w');
  const size = 5 * 2 ** 30 + 7;
  const small = Buffer.from('behind all of it');
  const first = { name: 'huge.m4s', start: 0, size, crc: 1, wide: true };
  const one = localHeader(first, false);
  const second = {
    name: 'last.m4s',
    start: one.length + size,
    size: small.length,
    crc: zlibCrc(small),
    wide: false,
  };
  const other = localHeader(second, false);
  const start = second.start + other.length + small.length;
  const directory = Buffer.concat([directoryHeader(first, false), directoryHeader(second, false)]);
  await file.write(one, 0, one.length, 0);
  await file.write(other, 0, other.length, second.start);
  await file.write(small, 0, small.length, second.start + other.length);
  await file.write(directory, 0, directory.length, start);
  const end = ending(2, start, directory.length);
  await file.write(end, 0, end.length, start + directory.length);
  await file.close();
  const [, listed, last] = python(path, 'names');
  assert.equal(last, small.toString('hex'));
  assert.deepEqual(listed, [
    ['huge.m4s', size, 1, 0],
    ['last.m4s', small.length, zlibCrc(small), second.start],
  ]);
});

test('more files than 16 bits count are all found', { skip: noPython }, async () => {
  const path = folder.path('many.zip');
  const count = 66_000;
  const headers = [];
  const entries = [];
  let at = 0;
  for (let number = 0; number < count; number++) {
    const entry = { name: `segment-${number}.m4s`, start: at, size: 0, crc: 0, wide: false };
    const header = localHeader(entry, false);
    headers.push(header);
    entries.push(directoryHeader(entry, false));
    at += header.length;
  }
  const directory = Buffer.concat(entries);
  await writeFile(path, Buffer.concat([...headers, directory, ending(count, at, directory.length)]));
  const [, listed] = python(path, 'names');
  assert.equal(listed.length, count);
  assert.equal(listed.at(-1)[0], 'segment-65999.m4s');
});

test('files that are finished are an archive without being copied', { skip: noPython }, async () => {
  const files = [
    { name: 'eins.ismv', bytes: noise(300_000, 3) },
    { name: 'zwei – ö.mp4', bytes: noise(70_001, 5) },
    { name: 'empty', bytes: new Uint8Array() },
  ];
  const read = [];
  const blob = await zipOf(
    files.map(({ name, bytes }) => ({ name, blob: new Blob([bytes]) })),
    (done) => read.push(done),
  );
  assert.equal(read.at(-1), 370_001);
  const path = folder.path('finished.zip');
  await writeFile(path, Buffer.from(await blob.arrayBuffer()));
  const [bad, listed] = python(path, 'all');
  assert.equal(bad, null);
  assert.deepEqual(
    listed.map(([name, size, crc]) => [name, size, crc]),
    files.map(({ name, bytes }) => [name, bytes.length, zlibCrc(bytes)]),
  );
});
