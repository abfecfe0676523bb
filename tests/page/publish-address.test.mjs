// What publishing takes for an address, and what it says of one: SAS and presigned addresses taken apart.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import vm from 'node:vm';
import { isNameable, takeApart } from '../../www/publish/address.js';
import { commands } from '../../www/publish/commands.js';
import { SIG, azure } from './sas.mjs';

const NOW = Date.parse('2026-07-01T12:00:00Z');

const factsOf = (place) => Object.fromEntries(place.facts(NOW).map(({ name, value }) => [name, value]));

/** All that a place says, and all that it is when it is written down. */
const said = (place) =>
  JSON.stringify([place, place.facts(NOW), place.notes(NOW), place.blocked(NOW), String(place)]);
test('a SAS of a container is taken apart, and its signature goes into requests alone', () => {
  const place = takeApart(azure());
  assert.equal(place.kind, 'azure');
  assert.equal(place.origin, 'https://acc.blob.core.windows.net');
  assert.deepEqual(factsOf(place), {
    'Storage account': 'acc',
    Container: 'media',
    'Is for': 'a container',
    Allows: 'read, create, write',
    Ends: 'in 12 hours',
    'Service version': '2022-11-02',
  });
  assert.equal(place.open, true);
  assert.equal(place.blocked(NOW), null);
  assert.equal(place.where('a b/ü#1.mp4'), 'https://acc.blob.core.windows.net/media/a%20b/%C3%BC%231.mp4');
  assert.ok(place.url('x.mp4', 'comp=block').endsWith(`&sig=${SIG}&comp=block`));
  assert.doesNotMatch(said(place), /secret/i);
});

test('what was pasted along with a SAS is no part of it, and a blob of its own keeps its name', () => {
  const listed = takeApart(`${azure()}&restype=container&comp=list`);
  assert.doesNotMatch(listed.url('x'), /restype|comp=/);
  const blob = takeApart(azure('/media/sub/film.mp4', { sr: 'b' }));
  assert.equal(blob.open, false);
  assert.equal(blob.given, 'sub/film.mp4');
  assert.equal(blob.where('sub/film.mp4'), 'https://acc.blob.core.windows.net/media/sub/film.mp4');
  const folder = takeApart(azure('/media/sub', { sr: 'd', sdd: '1' }));
  assert.equal(folder.where('film.mp4'), 'https://acc.blob.core.windows.net/media/sub/film.mp4');
  assert.equal(folder.open, true);
  const emulator = takeApart(
    azure().replace('https://acc.blob.core.windows.net', 'http://127.0.0.1:10000/devstoreaccount1'),
  );
  assert.equal(emulator.account, 'devstoreaccount1');
  assert.equal(emulator.where('a'), 'http://127.0.0.1:10000/devstoreaccount1/media/a');
  const string = takeApart(
    `BlobEndpoint=https://acc.blob.core.windows.net/media;QueueEndpoint=x;SharedAccessSignature=sv=2022-11-02&sr=c&sp=rcw&se=2026-07-02T00:00:00Z&sig=${SIG}`,
  );
  assert.equal(string.container, 'media');
});

test('an address is read as programs write it, and whatever its path has in it', () => {
  assert.equal(takeApart(`"${azure()}"`).container, 'media');
  const shouted = azure('/media', { sp: 'cw' }).replace(/[?&][a-z]+=/g, (name) => name.toUpperCase());
  const place = takeApart(shouted);
  assert.deepEqual([place.may('r'), place.version, place.kindName], [false, '2022-11-02', 'a container']);
  assert.ok(place.url('x').endsWith(`SIG=${SIG}`));
  // A slash at the end says that a name is to follow.
  const below = takeApart(azure('/media/films/2026/'));
  assert.deepEqual([below.open, below.given, below.folder], [true, '', 'films/2026/']);
  assert.equal(below.where('a.mp4'), 'https://acc.blob.core.windows.net/media/films/2026/a.mp4');
  assert.equal(takeApart(azure('/media/')).where('a'), 'https://acc.blob.core.windows.net/media/a');
  const blob = takeApart(azure('/media/a.mp4/', { sr: 'b' }));
  assert.deepEqual([blob.open, blob.given], [false, 'a.mp4']);
  // One that was signed for somebody, with all that is signed.
  const theirs = {
    skoid: 'o',
    sktid: 't',
    skt: '2026-07-01T00:00:00Z',
    ske: '2026-07-02T00:00:00Z',
    skv: '2022-11-02',
  };
  const url = new URL(takeApart(azure('/media', theirs)).url('x'));
  for (const [name, value] of Object.entries(theirs)) assert.equal(url.searchParams.get(name), value);
  for (const [path, shown] of [
    ['/b/%zz%20.mp4', '/b/%zz%20.mp4'],
    ['/b/%e4.mp4', '/b/%e4.mp4'],
    ['/b/%C3%A4%20%23.mp4', '/b/ä #.mp4'],
  ]) {
    const signed = takeApart(`https://s.example${path}?X-Amz-Signature=s`);
    assert.equal(factsOf(signed).File, shown);
    assert.equal(signed.where(), `https://s.example${path}`);
    const [aws] = commands({ place: signed, file: 'a', name: 'a', size: 1, mark: 'x' }, 'bash');
    assert.ok(aws.text.includes(`'s3:/${shown}'`), aws.text);
  }
});

test('what an address lacks, or has too much of, is said before anything begins', () => {
  const refused = (text, code) =>
    assert.throws(
      () => takeApart(text),
      (error) => {
        assert.equal(error.code, code, error.message);
        assert.match(error.message, /^[A-Z].*\.$/s);
        assert.doesNotMatch(error.message, /secretSECRET/);
        return true;
      },
    );
  refused('', 'no-address');
  refused('film.mp4', 'no-address');
  refused(azure().replace('https:', 'http:'), 'not-https');
  refused(azure().replace('//acc', '//me:pass@acc'), 'has-password');
  refused('https://acc.blob.core.windows.net/media', 'no-signature');
  refused('https://example.com/a.mp4', 'no-signature');
  refused(azure('/media', { sp: 'r' }), 'no-write');
  refused(azure('/media', { sp: 'rc' }), 'no-write');
  refused(azure('/', {}), 'no-container');
  refused(azure('/media', { sr: 'b' }), 'no-blob');
  refused(azure('/media/x', { sr: 'bs' }), 'wrong-resource');
  refused(azure('/media', { sr: null, srt: 's', ss: 'b' }), 'wrong-resource');
  refused(azure('/media', { sr: null, srt: 'sco', ss: 'f' }), 'wrong-service');
  refused('DefaultEndpointsProtocol=https;AccountName=a;AccountKey=abc==', 'account-key');
  refused(
    'Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==',
    'account-key',
  );
  refused(azure().replace('acc.blob', 'acc_1.blob'), 'host-form');
  refused('https://b.s3.amazonaws.com/k?partNumber=1&uploadId=u&X-Amz-Signature=s', 'one-part');
  refused('[1, 2', 'bad-list');

  const writes = takeApart(azure('/media', { sp: 'w' }));
  assert.match(writes.notes(NOW)[0], /does not allow reading/);
  assert.match(
    takeApart(azure('/media', { sp: 'racwdl' })).notes(NOW)[0],
    /more than an upload needs: delete, list/,
  );
  assert.match(takeApart(azure('/media', { sr: null, ss: 'b', srt: 'co' })).notes(NOW)[0], /whole account/);
  assert.match(
    takeApart(azure('/media', { se: '2026-07-01T12:30:00Z' })).notes(NOW)[0],
    /ends in 30 minutes/,
  );
  assert.match(takeApart(azure('/media', { se: '2026-07-01T11:00:00Z' })).blocked(NOW), /has ended/);
  assert.match(
    takeApart(azure('/media', { st: '2026-07-01T14:00:00Z' })).blocked(NOW),
    /begins only in 2 hours/,
  );
  // No two clocks are alike.
  assert.equal(takeApart(azure('/media', { st: '2026-07-01T12:04:00Z' })).blocked(NOW), null);
  const byPolicy = takeApart(azure('/media', { sp: null, se: null, si: 'uploads' }));
  assert.equal(byPolicy.may('r'), true);
  assert.match(factsOf(byPolicy).Allows, /stored access policy/);
});

test('names that Azure or a browser would change are refused', () => {
  const place = takeApart(azure());
  for (const name of ['film.mp4', 'a/b/c.mp4', 'ü ö.mp4', '...mp4', 'a&b=c?.mp4'])
    assert.equal(place.refuses(name), null, name);
  for (const name of [
    '',
    'a\ud800',
    'a\\b',
    'a/',
    'a.',
    '/a',
    'a//b',
    '../a',
    'a/./b',
    'x'.repeat(1025),
    'a\u0007',
  ])
    assert.match(place.refuses(name), /\.$/, name);
});

test('only an origin that a policy can name, and that names nothing else, is taken', async () => {
  const good = [
    'https://acc.blob.core.windows.net',
    'http://127.0.0.1:10000',
    'https://a-b.example:8443',
    'https://localhost',
  ];
  const bad = [
    'https://*.example.com',
    "https://a.example;script-src'*'",
    'https://a.example b.example',
    'https://a.example,https://b.example',
    'https://[::1]:443',
    'https://a_b.example',
    "https://'self'",
    'wss://a.example',
    'https://a.example/',
    'https://-a.example',
    'https://',
    'https://%zz',
    'https://a.example&b',
    '*',
    'https:',
  ];
  for (const origin of good) assert.equal(isNameable(origin), true, origin);
  for (const origin of bad) assert.equal(isNameable(origin), false, origin);
  // The service worker decides by itself, and alike.
  const script = await readFile(new URL('../../dist/publish/publish-worker.js', import.meta.url), 'utf8');
  const listeners = {};
  const self = { skipWaiting() {}, addEventListener: (name, act) => (listeners[name] = act) };
  class Answer {
    constructor(body, { status = 200, headers = {} } = {}) {
      Object.assign(this, { body, status, headers });
    }
  }
  vm.runInNewContext(script, { self, Response: Answer, URL });
  const answer = (origin, mode = 'navigate') => {
    let found;
    const url = `https://site.example/publish/to/?${origin}`;
    listeners.fetch({ request: { mode, url }, respondWith: (given) => (found = given) });
    return found;
  };
  for (const origin of good) {
    const policy = answer(origin).headers['content-security-policy'];
    const connects = policy.split('; ').filter((directive) => directive.startsWith('connect-src'));
    assert.deepEqual(connects, [`connect-src ${origin}`]);
    assert.match(policy, /^default-src 'none'; script-src 'self'; /);
  }
  for (const origin of bad) assert.equal(answer(origin).status, 404, origin);
  assert.equal(answer(good[0], 'cors'), undefined);
});

test('presigned addresses: one for a file, or one for each part, in any order', () => {
  const amz =
    'X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Date=20260701T110000Z&X-Amz-Expires=7200&X-Amz-Signature=secret1';
  const one = takeApart(
    `https://bucket.s3.eu-west-1.amazonaws.com/films/a%20b.mp4?${amz}&X-Amz-SignedHeaders=host%3Bcontent-type`,
  );
  assert.equal(one.kind, 's3');
  assert.equal(one.given, 'a b.mp4');
  assert.equal(factsOf(one).Ends, 'in 60 minutes');
  assert.equal(one.signsType, true);
  assert.match(one.tooLarge(6e9), /6\.00 GB.*multipart/);
  assert.equal(one.tooLarge(5e9), null);
  assert.doesNotMatch(said(one), /secret1/);
  assert.match(takeApart(`https://b.example/k?${amz.replace('7200', '60')}`).blocked(NOW), /has ended/);
  const of = (query) => factsOf(takeApart(`https://b.example/k?${query}`)).Ends;
  assert.equal(of(`Expires=${NOW / 1000 + 7200}&Signature=s&AWSAccessKeyId=k`), 'in 2 hours');
  assert.equal(of(amz.replaceAll('X-Amz-', 'X-Goog-')), 'in 60 minutes');
  assert.equal(of('X-Amz-Signature=s'), 'it does not say');

  const part = (n, id = 'u1') =>
    `https://b.example/k.mp4?partNumber=${n}&uploadId=${id}&X-Amz-Signature=secret${n}`;
  const complete = 'https://b.example/k.mp4?uploadId=u1&X-Amz-Signature=secret9';
  for (const text of [
    [part(2), part(1), complete, part(3)].join('\n'),
    JSON.stringify([part(1), part(2), part(3), complete]),
    JSON.stringify({ parts: [1, 2, 3].map((n) => ({ partNumber: n, url: part(n) })), complete }),
  ]) {
    const parts = takeApart(text);
    assert.equal(parts.kind, 's3-parts');
    assert.equal(parts.count, 3);
    assert.equal(parts.part(1), part(2));
    assert.equal(parts.complete(), complete);
    assert.doesNotMatch(said(parts), /secret/);
  }
  const refused = (list, code) => assert.throws(() => takeApart(list.join('\n')), { code });
  refused([part(1), part(3)], 'missing-part');
  refused([part(1), part(2, 'u2')], 'mixed-parts');
  refused([part(1), complete, `${complete}2`], 'mixed-parts');
  refused([complete, complete], 'no-parts');
  assert.match(takeApart([part(1), part(2)].join('\n')).notes()[1], /whoever signed/);
});
