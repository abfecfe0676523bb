// Uploads to Azure's own emulator, without a browser: ended at any moment and gone on with, and every fault on the way.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import { takeApart } from '../../www/publish/address.js';
import { AzureUpload } from '../../www/publish/azure.js';
import { commands } from '../../www/publish/commands.js';
import { LocalFile } from '../../www/publish/local-file.js';
import { askAsPlayer } from '../../www/publish/read-back.js';
import { S3PartsUpload, S3Upload } from '../../www/publish/s3.js';
import { azurite, faulty, OLD_VERSION, sas } from './support-azurite.mjs';
import { workFolder } from './support.mjs';

const MIB = 2 ** 20;
const BLOCKS = 4;
const folder = workFolder();
const bytes = randomBytes(BLOCKS * 4 * MIB - 12_345);
const SUM = createHash('sha256').update(bytes).digest('hex');

let storage;
let front;
before(async () => {
  storage = await azurite();
  front = await faulty(storage.origin);
  await storage.container('media');
  await storage.container('open', true);
  await storage.cors();
});
after(async () => {
  await front?.close();
  await storage?.close();
});

const sumOf = (found) => createHash('sha256').update(found).digest('hex');

let names = 0;
const newName = () => `film ${++names}.mp4`;

/** The address of a container by way of the faults. With blocks of 4 MiB, unless `version` says otherwise. */
const address = ({ container = 'media', account = front.account, version = OLD_VERSION, ...more } = {}) =>
  takeApart(`${account}/${container}?${sas({ container, version, ...more })}`);

/** As the frame of the page sends. */
async function send({ method, url, headers = {}, body, signal, onSent }) {
  try {
    const answered = await fetch(url, { method, headers, body, signal });
    const found = await answered.arrayBuffer();
    onSent?.(body?.byteLength ?? 0);
    return { status: answered.status, headers: Object.fromEntries(answered.headers), bytes: found };
  } catch {
    return { lost: 'network' };
  }
}

async function local(content = bytes, name = 'film.mp4') {
  const file = new LocalFile(new File([content], name, { lastModified: 1 }), name, null);
  await file.open();
  return file;
}

/** Uploads, and gives what was told and what came of it. */
async function upload({
  place = address(),
  name = newName(),
  source,
  replace = null,
  before = null,
  signal,
  whole = true,
}) {
  const told = { lines: [], asked: 0, stages: new Set() };
  const file = source ?? (await local());
  const job = new AzureUpload({ place, name, source: file, mark: file.mark, whole, send, before });
  const acts = {
    found: (line) => told.lines.push(line),
    progress: (stage, done, total) => {
      assert.ok(done <= total, `${stage}: ${done} of ${total}`);
      told.stages.add(stage);
    },
    async ask() {
      told.asked += 1;
      return replace;
    },
  };
  const means = {
    signal: signal ?? new AbortController().signal,
    wait: (ms, stop) =>
      stop.aborted ? Promise.reject(stop.reason) : new Promise((done) => void setTimeout(done, ms / 100)),
    random: Math.random,
  };
  try {
    return { told, job, name, done: await job.run(acts, means) };
  } catch (error) {
    return { told, job, name, error };
  }
}

const puts = () => front.requests.filter(({ comp, method }) => method === 'PUT' && comp === 'block').length;

test('a file arrives whole, with its type and name, and is read back', async () => {
  front.play = () => undefined;
  const { done, name, told, error } = await upload({});
  assert.equal(error, undefined);
  const there = await storage.blob('media', encodeURIComponent(name));
  assert.equal(sumOf(there.bytes), SUM);
  assert.equal(there.headers['content-type'], 'video/mp4');
  assert.equal(
    there.headers['content-disposition'],
    `attachment; filename="${name}"; filename*=UTF-8''${encodeURIComponent(name)}`,
  );
  assert.equal(done.verified, true);
  assert.match(done.readBack, /Every byte/);
  assert.equal(done.player.code, 'private');
  assert.equal(done.signed.code, 'seeks');
  assert.doesNotMatch(JSON.stringify(done), /sig=/);
  assert.deepEqual([...told.stages], ['upload', 'finish', 'verify']);
  const again = await upload({ name });
  assert.match(again.told.lines[0], /there already/);
  assert.equal(again.done.verified, true);
  assert.equal(again.told.asked, 0);
});

test('ended at any moment and begun anew, it goes on from what has arrived, and nothing is visible before', async () => {
  let resumed = 0;
  for (let round = 0; round < 3; round++) {
    const name = newName();
    const before = puts();
    let ends = 0;
    // From then on it may stand there, whoever hears of it.
    let finishing = false;
    for (;;) {
      const stop = new AbortController();
      let left = 1 + Math.floor(Math.random() * BLOCKS);
      // Requests are counted as they arrive: some blocks are half there when it ends.
      front.play = ({ method }) => {
        if (ends < 4 && method === 'PUT' && --left === 0)
          setTimeout(() => stop.abort(new Error('killed')), Math.random() * 20);
        return undefined;
      };
      const { done, told } = await upload({ name, signal: stop.signal });
      resumed += told.lines.some((line) => /have arrived before/.test(line)) ? 1 : 0;
      if (done) break;
      ends += 1;
      finishing ||= told.stages.has('finish');
      if (!finishing) assert.equal(await storage.blob('media', encodeURIComponent(name)), null);
    }
    assert.equal(sumOf((await storage.blob('media', encodeURIComponent(name))).bytes), SUM);
    // Each time what was under way is lost, and asked for once more; not all of it.
    assert.ok(puts() - before <= BLOCKS + ends * 4 + ends + 1, `${puts() - before} blocks, ${ends} ends`);
  }
  assert.ok(resumed > 0);
});

test('a storage that fails now and then is asked again', async () => {
  for (const act of [
    'cut',
    { status: 503, code: 'ServerBusy' },
    { status: 500, code: 'InternalError' },
    { wait: 50 },
  ]) {
    let count = 0;
    front.play = () => (++count % 3 === 2 ? act : undefined);
    const { done, name, error } = await upload({});
    assert.equal(error, undefined, JSON.stringify(act));
    assert.equal(done.verified, true);
    assert.equal(sumOf((await storage.blob('media', encodeURIComponent(name))).bytes), SUM);
  }
});

test('an answer that gets lost when all was done is no reason to do it again, or to call it taken', async () => {
  let swallowed = 0;
  front.play = ({ comp, method }) =>
    method === 'PUT' && comp === 'blocklist' && swallowed++ === 0 ? 'swallow' : undefined;
  const { done, told, error } = await upload({});
  assert.equal(error, undefined);
  assert.equal(told.asked, 0);
  assert.equal(done.verified, true);
});

test('a SAS that expires on the way stops it; a new one goes on with what has arrived', async () => {
  const name = newName();
  let count = 0;
  const expired = {
    status: 403,
    code: 'AuthenticationFailed</Code><AuthenticationErrorDetail>Signature not valid in the specified time frame</AuthenticationErrorDetail><Code>',
  };
  front.play = ({ comp }) => (comp === 'block' && ++count > 4 ? expired : undefined);
  const first = await upload({ name });
  assert.equal(first.error.code, 'expired');
  assert.equal(first.error.then, 'renew');
  assert.equal(await storage.blob('media', encodeURIComponent(name)), null);
  front.play = () => undefined;
  const sent = puts();
  const second = await upload({ name, before: first.job });
  assert.equal(second.done.verified, true);
  assert.ok(puts() - sent < BLOCKS + 1);
  // One that has really expired, and one that is cut.
  const ended = await upload({ place: address({ seconds: -60 }) });
  assert.equal(ended.error.then, 'renew');
  const cut = takeApart(`${front.account}/media?${sas({ container: 'media' }).slice(0, -6)}AAAA%3D`);
  assert.equal((await upload({ place: cut })).error.then, 'renew');
});

test('without the right to read it is sent all the same, and not called verified', async () => {
  front.play = () => undefined;
  const place = address({ rights: 'w' });
  const { done, name } = await upload({ place });
  assert.equal(done.verified, false);
  assert.equal(done.readBack, '');
  assert.equal(sumOf((await storage.blob('media', encodeURIComponent(name))).bytes), SUM);
  // What has the name is found at the end, and asked about then: nothing is sent twice.
  const sent = puts();
  const other = await local(randomBytes(9 * MIB));
  const kept = await upload({ place, name, source: other, replace: false });
  assert.equal(kept.error.code, 'taken');
  assert.equal(kept.told.asked, 1);
  assert.equal(sumOf((await storage.blob('media', encodeURIComponent(name))).bytes), SUM);
  const replaced = await upload({ place, name, source: other, replace: true, before: kept.job });
  assert.equal(replaced.done.verified, false);
  assert.ok(puts() - sent <= 3 + 2, `${puts() - sent}`);
});

test('a name that is taken is asked about before anything is sent', async () => {
  front.play = () => undefined;
  const name = newName();
  await storage.put('media', encodeURIComponent(name), 'what is there');
  const kept = await upload({ name, replace: false });
  assert.equal(kept.error.code, 'taken');
  assert.ok(!kept.told.stages.has('upload'));
  assert.equal(String((await storage.blob('media', encodeURIComponent(name))).bytes), 'what is there');
  const replaced = await upload({ name, replace: true });
  assert.equal(replaced.done.verified, true);
  assert.equal(sumOf((await storage.blob('media', encodeURIComponent(name))).bytes), SUM);
});

test('what a storage says of a name that may be replaced is not asked about again and again', async () => {
  const name = newName();
  front.play = () => undefined;
  await storage.put('media', encodeURIComponent(name), 'what is there');
  let commits = 0;
  front.play = ({ method, comp }) =>
    method === 'PUT' && comp === 'blocklist' && ++commits < 20
      ? { status: 412, code: 'LeaseLost' }
      : undefined;
  const { told, error } = await upload({ name, replace: true });
  assert.equal(error?.code, 'taken');
  assert.deepEqual([commits, told.asked], [1, 1]);
  assert.equal(String((await storage.blob('media', encodeURIComponent(name))).bytes), 'what is there');
});

test('rights, quotas, leases and containers that are not there stop it with a sentence, and nothing is visible', async () => {
  front.play = () => undefined;
  assert.equal((await upload({ place: address({ container: 'nowhere' }) })).error.code, 'no-container');
  for (const [act, code] of [
    [{ status: 403, code: 'AuthorizationPermissionMismatch' }, 'rights'],
    [{ status: 403, code: 'AuthorizationFailure' }, 'firewall'],
    [{ status: 409 }, 'conflict'],
    [{ status: 412, code: 'LeaseIdMissing' }, 'leased'],
    [{ status: 413, code: 'RequestBodyTooLarge' }, 'too-large'],
    [{ status: 507, code: 'InsufficientStorage' }, 'quota'],
    [{ status: 400, code: 'InvalidBlobOrBlock' }, 'other-blocks'],
    [{ status: 503, code: 'ServerBusy' }, 'busy'],
  ]) {
    const name = newName();
    let count = 0;
    front.play = ({ comp }) => (comp === 'block' && ++count > 3 ? act : undefined);
    const { error } = await upload({ name });
    assert.equal(error?.code, code, `${JSON.stringify(act)}: ${error}`);
    assert.match(error.message, /\.$/);
    assert.equal(await storage.blob('media', encodeURIComponent(name)), null);
  }
});

test('parts of another program under the same name do not get in the way, or are said', async () => {
  front.play = () => undefined;
  const name = newName();
  const place = address();
  const url = place.url(name, `comp=block&blockid=${encodeURIComponent(btoa('another'))}`);
  assert.equal((await fetch(url, { method: 'PUT', body: 'x' })).status, 201);
  const { error, done } = await upload({ name });
  if (error) assert.equal(error.code, 'other-blocks');
  else assert.equal(done.verified, true);
});

test('a file that changes on the way is not finished', async () => {
  const name = newName();
  const content = Buffer.from(bytes);
  const source = await local(content);
  let reads = 0;
  const { read } = source;
  // What browsers do when the file under them is written to: other bytes come, or none.
  source.read = async (start, end) => {
    if (++reads === 4) source.file = new File([randomBytes(content.length)], 'film.mp4', { lastModified: 1 });
    return read.call(source, start, end);
  };
  front.play = () => undefined;
  const { error } = await upload({ name, source });
  assert.equal(error.code, 'source-changed');
  assert.equal(await storage.blob('media', encodeURIComponent(name)), null);
});

test('what stands there and is not what was sent is noticed', async () => {
  const name = newName();
  front.play = () => undefined;
  const source = await local();
  const { read } = source;
  const { told } = await upload({ name, source });
  assert.ok(told.stages.has('verify'));
  // The same file by name and mark, of which one byte is another here.
  source.read = async (start, end) => {
    const found = await read.call(source, start, end);
    if (start <= 9_000_000 && end > 9_000_000) new Uint8Array(found)[9_000_000 - start] ^= 1;
    return found;
  };
  const { error } = await upload({ name, source });
  assert.equal(error.code, 'differs');
  assert.match(error.message, /bytes 8388608 to 12582911 differ/);
});

test('a container that anybody may read is tried as players do', async () => {
  front.play = () => undefined;
  const { done } = await upload({ place: address({ container: 'open' }), name: 'open.mp4' });
  assert.equal(done.player.code, 'seeks');
  // As an account answers whose oldest version is asked.
  front.play = ({ url }) =>
    url.searchParams.get('sig') ? undefined : { status: 200, headers: { 'content-type': 'video/mp4' } };
  const whole = await upload({ place: address({ container: 'open' }), name: 'open.mp4' });
  assert.equal(whole.done.player.code, 'whole');
  assert.equal(whole.done.signed.code, 'seeks');
  front.play = () => 'cut';
  const means = { signal: new AbortController().signal, wait: async () => {}, random: Math.random };
  assert.equal((await askAsPlayer(done.url, bytes.length, true, send, means)).code, 'unseen');
  front.play = () => undefined;
});

test('the commands for curl upload the same', async () => {
  front.play = () => undefined;
  const path = folder.path("it's a {film} [1080p].mp4");
  await writeFile(path, bytes);
  const { mark } = await local();
  const place = address();
  const run = promisify(execFile);
  for (const id of ['curl', 'curl-blocks']) {
    const name = newName();
    const all = commands({ place, file: path, name, size: bytes.length, mark }, 'bash');
    const { text } = all.find((each) => each.id === id);
    // As a person answers the question.
    const secret = place.url(name).split('?')[1];
    const script = text.replace(/^printf .*IFS= read .*$/m, `SECRET='${secret}'`);
    assert.notEqual(script, text);
    await run('bash', ['-c', script]);
    const there = await storage.blob('media', encodeURIComponent(name));
    assert.equal(sumOf(there.bytes), SUM, id);
    assert.equal(there.headers['content-type'], 'video/mp4');
    assert.match(there.headers['content-disposition'], /^attachment; filename\*=UTF-8''film%20/);
    if (id === 'curl-blocks') {
      // Under the names that the page uses.
      const again = await upload({ name });
      assert.deepEqual(again.told.lines, ['All of this file is there already.']);
      assert.ok(!again.told.stages.has('upload'));
    }
    await assert.rejects(run('bash', ['-c', script]), /./, 'what has this name is not replaced');
  }
});

/** A place that takes presigned requests as S3 does, but for the signatures. */
function bucket() {
  const parts = new Map();
  const found = { file: null, type: null, completed: null };
  front.play = () => undefined;
  const answers = async ({ method, url, headers = {}, body }) => {
    const { searchParams } = new URL(url);
    const content = body instanceof Blob ? Buffer.from(await body.arrayBuffer()) : Buffer.from(body ?? []);
    const number = Number(searchParams.get('partNumber'));
    const empty = new ArrayBuffer(0);
    if (method === 'PUT' && number) {
      parts.set(number, content);
      return { status: 200, headers: { etag: `"etag${number}"` }, bytes: empty };
    }
    if (method === 'PUT') {
      found.file = content;
      found.type = headers['content-type'];
      return { status: 200, headers: {}, bytes: empty };
    }
    if (method === 'POST') {
      const text = String(content);
      const order = [...text.matchAll(/<PartNumber>(\d+)<\/PartNumber><ETag>&quot;etag(\d+)&quot;<\/ETag>/g)];
      assert.ok(order.every(([, one, two]) => one === two));
      found.file = Buffer.concat(order.map(([, one]) => parts.get(Number(one))));
      found.completed = text;
      return { status: 200, headers: {}, bytes: new TextEncoder().encode('<Ok/>').buffer };
    }
    return { status: 403, headers: {}, bytes: empty };
  };
  return { found, parts, answers };
}

test('presigned addresses: one request, or parts that are completed or listed', async () => {
  const acts = { found() {}, progress() {}, ask: async () => false };
  const means = { signal: new AbortController().signal, wait: async () => {}, random: Math.random };
  const source = await local();
  const one = bucket();
  const place = takeApart('https://b.s3.amazonaws.com/film.mp4?X-Amz-Signature=x');
  const done = await new S3Upload({ place, source, send: one.answers }).run(acts, means);
  assert.equal(sumOf(one.found.file), SUM);
  assert.equal(one.found.type, 'video/mp4');
  assert.equal(done.verified, false);
  assert.equal(done.player.code, 'private');

  const part = (n) => `https://b.example/film.mp4?partNumber=${n}&uploadId=u&X-Amz-Signature=x`;
  const list = [1, 2, 3, 4, 5].map(part);
  const complete = 'https://b.example/film.mp4?uploadId=u&X-Amz-Signature=x';
  const many = bucket();
  const parts = takeApart([...list, complete].join('\n'));
  // Cut in the middle, and gone on with.
  let count = 0;
  const cut = async (request) =>
    ++count > 2 ? { status: 403, headers: {}, bytes: new ArrayBuffer(0) } : many.answers(request);
  const first = new S3PartsUpload({ place: parts, source, mark: source.mark, send: cut });
  await assert.rejects(first.run(acts, means), { code: 'rights' });
  let sent = 0;
  const counted = (request) => ((sent += request.method === 'PUT' ? 1 : 0), many.answers(request));
  const second = new S3PartsUpload({ place: parts, source, mark: source.mark, send: counted, before: first });
  await second.run(acts, means);
  assert.equal(sumOf(many.found.file), SUM);
  assert.ok(sent < 5, `${sent}`);

  const listed = takeApart(list.join('\n'));
  const given = await new S3PartsUpload({
    place: listed,
    source,
    mark: source.mark,
    send: bucket().answers,
  }).run(acts, means);
  assert.deepEqual(given.parts[0], { number: 1, etag: '"etag1"' });
  assert.equal(given.parts.length, Math.ceil(bytes.length / (5 * MIB)));

  // A part that is lost, when others have arrived, is sent again.
  const lossy = bucket();
  let lost = 0;
  const losing = (request) =>
    /partNumber=3/.test(request.url) && lost++ === 0 ? { lost: 'network' } : lossy.answers(request);
  await new S3PartsUpload({ place: parts, source, mark: 'z', send: losing }).run(acts, means);
  assert.equal(sumOf(lossy.found.file), SUM);
  assert.equal(lost, 2);

  // What the storage does not show, and what it says of itself too late.
  const hidden = async (request) => ({ ...(await many.answers(request)), headers: {} });
  await assert.rejects(
    new S3PartsUpload({ place: listed, source, mark: 'x', send: hidden }).run(acts, means),
    { code: 'no-etag' },
  );
  const unseen = async () => ({ lost: 'network' });
  for (const job of [
    new S3PartsUpload({ place: listed, source, mark: 'x', send: unseen }),
    new S3Upload({ place, source, send: unseen }),
  ])
    await assert.rejects(job.run(acts, means), { code: 'cors-or-lost' });
  const late = async (request) =>
    request.method === 'POST'
      ? {
          status: 200,
          headers: {},
          bytes: new TextEncoder().encode('<Error><Code>InternalError</Code></Error>').buffer,
        }
      : many.answers(request);
  await assert.rejects(new S3PartsUpload({ place: parts, source, mark: 'y', send: late }).run(acts, means), {
    code: 'server',
  });
  assert.throws(() => new S3Upload({ place, source: { ...source, size: 6e9 }, send: unseen }), /6\.00 GB/);
});
