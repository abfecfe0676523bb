// What publishing decides without a page: blocks, schedules, sentences, commands.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { defaultVersion } from '../../www/engine/handover/azure.js';
import { refusal, openSentence } from '../../www/publish/accept.js';
import { takeApart } from '../../www/publish/address.js';
import { meaningOf, SENTENCES } from '../../www/publish/answers.js';
import { blobHeaders } from '../../www/publish/azure.js';
import {
  arrived,
  blockBytes,
  blockId,
  blockList,
  cut,
  partBytes,
  partList,
  probeId,
  readBack,
  readBlockList,
} from '../../www/publish/blocks.js';
import { commands, quoted } from '../../www/publish/commands.js';
import { handedOver, LocalFile, places } from '../../www/publish/local-file.js';
import { playable, verify } from '../../www/publish/read-back.js';
import { corsRules } from '../../www/publish/rules.js';
import { once, pauseAfter, Schedule, transfer } from '../../www/publish/transfer.js';
import { azure } from './sas.mjs';

const MIB = 2 ** 20;

test('blocks of every size of file cover it, are few enough, and have names of one length', () => {
  const max = 4000 * MIB;
  for (const size of [1, 8 * MIB, 8 * MIB + 1, 400 * 2 ** 30, 5e12, 50_000 * 8 * MIB, 50_000 * 8 * MIB + 1]) {
    const bytes = blockBytes(size, max);
    assert.ok(
      bytes >= 8 * MIB && bytes % MIB === 0 && Math.ceil(size / bytes) <= 50_000,
      `${size}: ${bytes}`,
    );
  }
  assert.equal(blockBytes(1e9, 4 * MIB), 4 * MIB);
  assert.throws(() => blockBytes(300e9, 4 * MIB), { code: 'too-large' });
  for (const [size, bytes] of [
    [10, 3],
    [9, 3],
    [1, 8],
    [1000, 7],
  ]) {
    const parts = cut(size, bytes);
    assert.equal(parts[0].start, 0);
    assert.equal(parts.at(-1).end, size);
    parts.forEach(({ start, end, index }, at) => {
      assert.equal(index, at);
      assert.ok(end > start && end - start <= bytes);
      if (at) assert.equal(start, parts[at - 1].end);
    });
  }
  const lengths = new Set(
    [blockId('0123abcd', 0), blockId('0123abcd', 49_999), probeId('0123abcd')].map((id) => id.length),
  );
  assert.equal(lengths.size, 1);
  assert.equal(partBytes(100 * MIB, 10, 5 * MIB), 10 * MIB);
  assert.equal(partBytes(10 * MIB, 10, 5 * MIB), 5 * MIB);
  for (const count of [1, 3, 10, 9999])
    assert.ok(Math.ceil(1234567890 / partBytes(1234567890, count, 5 * MIB)) <= count);
});

test('of what has arrived, blocks of other files, other cuts and half ones are not counted', () => {
  const parts = cut(25, 10);
  const block = (name, size) => `<Block><Name>${btoa(name)}</Name><Size>${size}</Size></Block>`;
  const xml = `<?xml version="1.0"?><BlockList><CommittedBlocks>${block('aaaaaaaa-00001', 10)}</CommittedBlocks><UncommittedBlocks>${[
    block('aaaaaaaa-00000', 10),
    block('aaaaaaaa-00002', 5),
    block('bbbbbbbb-00001', 10),
    block('aaaaaaaa-probe', 0),
  ].join('\n')}</UncommittedBlocks></BlockList>`;
  assert.deepEqual([...arrived(parts, 'aaaaaaaa', readBlockList(xml, 'UncommittedBlocks'))], [0, 2]);
  assert.deepEqual([...arrived(parts, 'aaaaaaaa', readBlockList(xml, 'CommittedBlocks'))], [1]);
  const half = xml.replace('<Size>5<', '<Size>4<');
  assert.deepEqual([...arrived(parts, 'aaaaaaaa', readBlockList(half, 'UncommittedBlocks'))], [0]);
  assert.equal(blockList(['a', 'b']).match(/<Latest>/g).length, 2);
  assert.match(partList(['"x&1"']), /<PartNumber>1<\/PartNumber><ETag>&quot;x&amp;1&quot;<\/ETag>/);
});

test('what is read back lies all over the file, and is all of it where it is small or asked for', () => {
  const sum = (ranges) => ranges.reduce((all, { start, end }) => all + end - start, 0);
  assert.equal(sum(readBack(30 * MIB, false, 8 * MIB)), 30 * MIB);
  assert.equal(sum(readBack(300 * MIB, true, 8 * MIB)), 300 * MIB);
  const places = readBack(10e9, false, 8 * MIB);
  assert.equal(places.length, 64);
  assert.equal(places[0].start, 0);
  assert.equal(places.at(-1).end, 10e9);
  for (const { start, end } of places) assert.ok(end - start === 256 * 1024 && start >= 0 && end <= 10e9);
});

test('a part is tried again later and later, and a storage that is too busy is given less to do', () => {
  const pauses = [1, 2, 3, 4, 5, 6, 7].map((tries) => pauseAfter(tries, 1));
  assert.deepEqual(pauses, [500, 1000, 2000, 4000, 8000, 16_000, 20_000]);
  assert.ok(pauseAfter(3, 0) === 1000 && pauseAfter(1, 0, 5000) === 5000 && pauseAfter(1, 0, 1e9) <= 120_000);
  const schedule = new Schedule([...Array(40).keys()]);
  const taken = [schedule.take(), schedule.take(), schedule.take(), schedule.take()];
  assert.deepEqual(taken, [0, 1, 2, 3]);
  assert.equal(schedule.take(), undefined);
  assert.ok(schedule.failed(0, true, 0) > 0);
  assert.equal(schedule.limit, 2);
  schedule.sent();
  schedule.ready(0);
  schedule.sent();
  assert.equal(schedule.take(), 0);
  for (let n = 1; n < 6; n++) {
    assert.notEqual(schedule.failed(0, false, 0), null);
    schedule.ready(0);
    assert.equal(schedule.take(), 0);
  }
  assert.equal(schedule.failed(0, false, 0), null);
});

test('whatever fails on the way, every part arrives once, never more than four at a time', async () => {
  for (let round = 0; round < 30; round++) {
    let now = 0;
    let seed = round + 1;
    const random = () => (seed = (seed * 48271) % 2147483647) / 2147483647;
    const arrivedOnce = new Map();
    const failures = new Map();
    const send = async (index) => {
      now += 1;
      assert.ok(now <= 4);
      await new Promise((resolve) => void setTimeout(resolve, random() * 3));
      now -= 1;
      const failed = failures.get(index) ?? 0;
      if (failed < 5 && random() < 0.4) {
        failures.set(index, failed + 1);
        return random() < 0.5 ? { lost: 'network' } : { status: 503, headers: {}, bytes: new ArrayBuffer(0) };
      }
      return { status: 201, headers: {}, bytes: new ArrayBuffer(0) };
    };
    const seen = (index) => arrivedOnce.set(index, (arrivedOnce.get(index) ?? 0) + 1);
    const wait = () => new Promise((resolve) => void setTimeout(resolve, 1));
    await transfer([...Array(20).keys()], send, seen, { signal: new AbortController().signal, wait, random });
    assert.equal(arrivedOnce.size, 20);
    assert.ok([...arrivedOnce.values()].every((times) => times === 1));
  }
});

test('what the storage asks for is waited for, in whichever way it is asked', async () => {
  const busy = (after) => ({ status: 503, headers: { 'retry-after': after }, bytes: new ArrayBuffer(0) });
  for (const [after, least, most] of [
    ['7', 7000, 7000],
    ['Wed, 01 Jul 2026 12:00:00 GMT', 250, 500],
    ['100000', 120_000, 120_000],
  ]) {
    const waited = [];
    const means = {
      signal: new AbortController().signal,
      wait: async (ms) => void waited.push(ms),
      random: () => 0.5,
    };
    let first = true;
    const good = { status: 201, headers: {}, bytes: new ArrayBuffer(0) };
    const send = async () => (first ? ((first = false), busy(after)) : good);
    await transfer([0], send, () => {}, means);
    first = true;
    await once(send, means);
    assert.equal(waited.length, 2);
    for (const ms of waited) assert.ok(ms >= least && ms <= most, `${after}: ${ms}`);
  }
});

test('what is read back is compared only where it is the part that was asked for', async () => {
  const content = new Uint8Array(40).map((_, at) => at);
  const source = { size: 40, read: async (start, end) => content.slice(start, end).buffer };
  const means = { signal: new AbortController().signal, wait: async () => {}, random: () => 0 };
  const of = (change) =>
    verify(
      {
        ranges: cut(40, 16),
        url: 'https://s.example/x',
        source,
        onBytes() {},
        async send({ headers: { range } }) {
          const [, from, to] = /bytes=(\d+)-(\d+)/.exec(range).map(Number);
          const headers = { 'content-range': `bytes ${from}-${to}/40` };
          return { status: 206, headers, bytes: content.slice(from, to + 1).buffer, ...change(from) };
        },
      },
      means,
    );
  assert.equal(await of(() => ({})), 40);
  assert.equal(await of(() => ({ headers: {} })), 40);
  await assert.rejects(
    of((from) => (from ? { status: 200 } : {})),
    { code: 'no-ranges' },
  );
  await assert.rejects(
    of((from) => (from ? { headers: { 'content-range': 'bytes 0-15/40' } } : {})),
    (error) =>
      error.code === 'other-range' && /bytes 0-15\/40 in place of bytes 16-31\/40/.test(error.message),
  );
  await assert.rejects(
    of((from) => (from ? { bytes: new ArrayBuffer(3) } : {})),
    (error) => error.code === 'other-range' && /3 bytes in place of bytes 16-31/.test(error.message),
  );
  await assert.rejects(
    of((from) => (from ? { bytes: new ArrayBuffer(from === 32 ? 8 : 16) } : {})),
    { code: 'differs' },
  );
});

const answer = (status, code = '', detail = '', headers = {}) => ({
  status,
  headers,
  bytes: new TextEncoder().encode(
    `<?xml version="1.0"?><Error><Code>${code}</Code><Message>m</Message><AuthenticationErrorDetail>${detail}</AuthenticationErrorDetail></Error>`,
  ).buffer,
});

test('each fault of a storage has a sentence that leads on', () => {
  const of = (...args) => meaningOf(answer(...args));
  assert.equal(
    of(403, 'AuthenticationFailed', 'Signature not valid in the specified time frame: Start').code,
    'expired',
  );
  assert.equal(of(403, 'AuthenticationFailed', 'Signature did not match.').code, 'signature');
  assert.equal(of(403, 'AuthorizationPermissionMismatch').then, 'renew');
  assert.equal(of(409, 'BlobAlreadyExists').then, 'taken');
  assert.equal(of(412, 'ConditionNotMet').then, 'taken');
  assert.equal(of(412, 'LeaseIdMissing').code, 'leased');
  assert.equal(of(409, 'BlobImmutableDueToPolicy').code, 'immutable');
  assert.equal(of(409).code, 'conflict');
  assert.equal(of(503, 'ServerBusy').then, 'again');
  assert.equal(of(502).then, 'again');
  assert.equal(of(507).code, 'quota');
  assert.equal(of(418, 'Teapot').message.includes('418 Teapot'), true);
  assert.equal(of(418, '<script>').message.includes('script'), false);
  assert.equal(
    meaningOf(answer(403, '', '', { 'x-ms-error-code': 'AuthorizationFailure' })).code,
    'firewall',
  );
  assert.ok(SENTENCES.length > 40);
  for (const sentence of SENTENCES) {
    assert.match(sentence, /^[A-Z].{20,}\.$/s);
    assert.doesNotMatch(sentence, /undefined|\[object|0x/);
  }
});

test('what a player gets is told from the answer to its first question', () => {
  const bytes = (count) => new ArrayBuffer(count);
  const of = (status, headers = {}, count = 1) =>
    playable({ status, headers, bytes: bytes(count) }, 1000, true).code;
  assert.equal(of(206, { 'content-range': 'bytes 0-0/1000', 'accept-ranges': 'bytes' }), 'seeks');
  assert.equal(of(206), 'seeks');
  assert.equal(of(206, { 'content-range': 'bytes 0-0/999' }), 'refused');
  assert.equal(of(206, {}, 1000), 'refused');
  assert.equal(of(200, {}, 1000), 'whole');
  for (const status of [401, 403, 404, 409]) assert.equal(of(status), 'private');
  assert.equal(of(500), 'refused');
});

const track = (id, kind, protection) => ({ id, kind, codecName: 'codec', protection });
const locked = { certain: true, scheme: 'cenc', kid: null, kids: [] };
const summary = (protection = locked, kind = 'fragmented') => ({ name: 'a.mp4', kind, protection });

test('only files whose picture and sound are protected without doubt are taken', () => {
  assert.equal(refusal(summary(), [track(1, 'video', locked), track(2, 'audio', locked)]), null);
  assert.equal(refusal(summary(), [track(1, 'video', locked), track(3, 'text', null)]), null);
  assert.match(refusal(summary(null), [track(1, 'video', null)]), /not protected/);
  assert.match(
    refusal(summary(), [track(1, 'video', locked), track(2, 'audio', null)]),
    /track 2 \(sound, codec\) is open/,
  );
  assert.match(refusal(summary(), [track(1, 'video', { ...locked, certain: false })]), /may be clear/);
  assert.match(refusal(summary({ ...locked, certain: false }), [track(1, 'video', locked)]), /may be clear/);
  assert.match(refusal(summary(null), []), /neither picture nor sound/);
  assert.match(refusal(summary(locked, 'segment'), [track(1, 'video', locked)]), /whole protected MP4/);
  assert.equal(openSentence([track(1, 'video', locked)]), null);
  assert.match(openSentence([track(3, 'text', null)]), /^Track 3 \(text, codec\) is not encrypted/);
});

test('commands have every name as one word, and no secret', () => {
  const names = ["it's.mp4", 'a b.mp4', '$(rm -rf x).mp4', '`x`"y".mp4', '-rf.mp4', 'ü‘ö.mp4'];
  assert.equal(quoted("it's", 'bash'), "'it'\\''s'");
  assert.equal(quoted('it’s', 'powershell'), "'it’’s'");
  const places = [
    takeApart(azure()),
    null,
    takeApart('https://b.s3.amazonaws.com/k/a.mp4?X-Amz-Signature=secretSECRET'),
  ];
  for (const place of places)
    for (const shell of ['bash', 'powershell'])
      for (const name of names) {
        const all = commands({ place, file: name, name, size: 1e7, mark: '0123abcd' }, shell);
        assert.ok(all.length >= 1);
        for (const { text } of all) {
          assert.doesNotMatch(text, /secretSECRET/);
          const path = name.startsWith('-') ? `./${name}` : name;
          assert.ok(text.includes(quoted(path, shell)), text);
        }
      }
  assert.deepEqual(
    commands({ place: takeApart(azure()), file: 'a', name: 'a', size: 6e9, mark: 'x' }, 'bash').map(
      ({ id }) => id,
    ),
    ['azcopy', 'curl-blocks'],
  );
  // Of what the version of a SAS takes, no more is asked.
  const ids = (version, size) =>
    commands(
      { place: takeApart(azure('/media', { sv: version })), file: 'a', name: 'a', size, mark: 'x' },
      'bash',
    ).map(({ id }) => id);
  assert.deepEqual(ids('2018-03-28', 300 * MIB), ['azcopy', 'curl-blocks']);
  assert.deepEqual(ids('2018-03-28', 200 * MIB), ['azcopy', 'curl', 'curl-blocks']);
  assert.deepEqual(ids('2015-07-08', 300e9), ['azcopy']);
  // A bucket of the same name is somebody else's at Amazon.
  for (const [address, said] of [
    ['https://films.s3.eu-west-1.amazonaws.com/a.mp4', /'s3:\/\/films\/a\.mp4'(?![\s\S]*endpoint)/],
    ['https://s3.eu-west-1.amazonaws.com/films/a.mp4', /'s3:\/\/films\/a\.mp4'(?![\s\S]*endpoint)/],
    [
      'https://films.s3.storage.example:8443/a.mp4',
      /'s3:\/\/films\/a\.mp4'[\s\S]*--endpoint-url 'https:\/\/s3\.storage\.example:8443'/,
    ],
    [
      'https://x.r2.cloudflarestorage.com/films/a.mp4',
      /'s3:\/\/films\/a\.mp4'[\s\S]*--endpoint-url 'https:\/\/x\.r2\.cloudflarestorage\.com'/,
    ],
  ]) {
    const place = takeApart(`${address}?X-Amz-Signature=s`);
    assert.match(commands({ place, file: 'a', name: 'a', size: 1, mark: 'x' }, 'bash')[0].text, said);
  }
  const [aws] = commands({ place: places[2], file: 'a', name: 'a', size: 1, mark: 'x' }, 'bash');
  assert.match(aws.text, /'s3:\/\/b\/k\/a\.mp4'/);
});

test('a name goes into headers as headers can say it', () => {
  const { 'x-ms-blob-content-disposition': said } = blobHeaders('dir/fü"n.mp4');
  assert.equal(said, `attachment; filename="f__n.mp4"; filename*=UTF-8''f%C3%BC%22n.mp4`);
  assert.match(blobHeaders('\ud800.mp4')['x-ms-blob-content-disposition'], /%EF%BF%BD\.mp4$/);
  assert.match(blobHeaders('a\r\nb')['x-ms-blob-content-disposition'], /^[\x20-\x7e]+$/);
});

test('the rules to set name this page and what it needs', async () => {
  const origin = 'https://boxlock.example';
  const [portal, cli] = corsRules(takeApart(azure()), origin);
  assert.match(portal.text, /Allowed methods: GET, HEAD, PUT, OPTIONS/);
  assert.match(cli.text, /--account-name acc --services b .*--origins 'https:\/\/boxlock\.example'/);
  const [s3] = corsRules({ kind: 's3-parts' }, origin);
  assert.deepEqual(JSON.parse(s3.text)[0].AllowedMethods, ['GET', 'HEAD', 'PUT', 'POST']);
  assert.ok(JSON.parse(s3.text)[0].ExposeHeaders.includes('ETag'));
  const hosting = await readFile(new URL('../../docs/hosting.md', import.meta.url), 'utf8');
  assert.ok(hosting.includes(`\n${defaultVersion('ACCOUNT')}\n`));
});

test('a file is known by places all over it, and handed over by its name in storage alone', async () => {
  const bytes = new Uint8Array(1_000_000);
  const markOf = async (content, lastModified = 1) => {
    const local = new LocalFile(new File([content], 'a.mp4', { lastModified }), 'a.mp4', null);
    await local.open();
    return local.mark;
  };
  const mark = await markOf(bytes);
  assert.match(mark, /^[\da-f]{8}$/);
  assert.equal(await markOf(bytes.slice()), mark);
  const last = bytes.slice();
  last[last.length - 1] = 1;
  for (const other of [await markOf(last), await markOf(bytes, 2), await markOf(bytes.slice(1))])
    assert.notEqual(other, mark);
  const all = places(1e9);
  assert.equal(all.length, 48);
  assert.equal(all.at(-1).end, 1e9);
  assert.deepEqual(places(100), [{ start: 0, end: 100 }]);
  assert.equal(handedOver(''), null);
  assert.deepEqual(handedOver('#stored=abc.mp4&name=film+1.mp4'), { stored: 'abc.mp4', name: 'film 1.mp4' });
});
