// The AES kernel as it is shipped: the engine protects the sample in Node, and Node's own AES (OpenSSL's) does the
// same to the ranges that the new headers name.

import assert from 'node:assert/strict';
import { createCipheriv } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';

const DIST = new URL('../../dist/', import.meta.url);
/** As wasm-bindgen made it: in the built site its script is inside of the workers. */
const ENGINE = new URL('../../target/site/engine/wasm/', import.meta.url);
const KEY = '3a2a1b68dd2bd9b2eeb25e84c4776668';
const AES = Buffer.from(KEY, 'hex');
const REQUEST = {
  kid: '10000000-1000-1000-1000-100000000001',
  key: KEY,
  laUrl: 'https://licence.example/rightsmanager.asmx',
  ivStart: 'fffffffffffffff0',
};

async function loadEngine() {
  // Node takes a `.js` file without a `package.json` for an old kind of module; in a URL it is what browsers see.
  const script = await readFile(new URL('boxlock_engine.js', ENGINE), 'utf8');
  const engine = await import(`data:text/javascript,${encodeURIComponent(script)}`);
  const module = await readFile(new URL('boxlock_engine_bg.wasm', ENGINE));
  return { ...engine, memory: engine.initSync({ module }).memory };
}

/** The boxes in `bytes`: their type and payload. */
function* boxes(bytes) {
  for (let at = 0; at < bytes.length; at += bytes.readUInt32BE(at)) {
    const type = bytes.toString('latin1', at + 4, at + 8);
    yield { type, payload: bytes.subarray(at + 8, at + bytes.readUInt32BE(at)) };
  }
}

const child = (bytes, type) => [...boxes(bytes)].find((box) => box.type === type)?.payload;

/** The IVs and subsample maps of a `senc`; without one no sample has any. */
function sampleEncryption(senc, ivLen) {
  if (!senc) return undefined;
  let at = 8;
  return Array.from({ length: senc.readUInt32BE(4) }, () => {
    const iv = senc.subarray(at, (at += ivLen));
    const subsamples = [];
    if (senc[3] & 2) {
      const count = senc.readUInt16BE(at);
      at += 2;
      for (let n = 0; n < count; n++, at += 6)
        subsamples.push([senc.readUInt16BE(at), senc.readUInt32BE(at + 2)]);
    }
    return { iv, subsamples };
  });
}

/** Where the samples of a `trun` stand, from the start of the `moof`, and their sizes. */
function samples(trun) {
  const flags = trun.readUInt32BE(0) & 0xffffff;
  assert.equal(flags & 0x201, 0x201, 'the run has an offset and sizes');
  let start = trun.readInt32BE(8);
  const before = flags & 0x100 ? 4 : 0;
  const each = [0x100, 0x200, 0x400, 0x800].filter((flag) => flags & flag).length * 4;
  const first = flags & 4 ? 16 : 12;
  return Array.from({ length: trun.readUInt32BE(4) }, (_, n) => {
    const size = trun.readUInt32BE(first + n * each + before);
    start += size;
    return { start: start - size, size };
  });
}

/** Encrypts one sample by OpenSSL, in place. */
const encrypt = {
  cenc(sample, { iv, subsamples }) {
    const cipher = createCipheriv('aes-128-ctr', AES, Buffer.concat([iv, Buffer.alloc(8)]));
    for (const range of ranges(sample, subsamples)) cipher.update(range).copy(range);
  },
  /** Each range is a chain: of every tenth block where there are maps, else of all. */
  cbcs(sample, { subsamples, constantIv }) {
    const stride = subsamples.length ? 160 : 16;
    for (const range of ranges(sample, subsamples)) {
      const cipher = createCipheriv('aes-128-cbc', AES, constantIv).setAutoPadding(false);
      for (let at = 0; at + 16 <= range.length; at += stride) {
        cipher.update(range.subarray(at, at + 16)).copy(range, at);
      }
    }
  },
};

function* ranges(sample, subsamples) {
  let at = 0;
  for (const [clear, locked] of subsamples.length ? subsamples : [[0, sample.length]]) {
    yield sample.subarray(at + clear, at + clear + locked);
    at += clear + locked;
  }
}

/** The constant IV of each track, by its number, from the new movie header. */
function constantIvs(moov) {
  const traks = [...boxes(moov)].filter((box) => box.type === 'trak');
  return new Map(
    traks.map(({ payload }) => {
      const tkhd = child(payload, 'tkhd');
      const tenc = payload.subarray(payload.indexOf('tenc') + 4);
      assert.equal(tenc[24], 16, 'a constant IV of 16 bytes');
      return [tkhd.readUInt32BE(tkhd[0] === 1 ? 20 : 12), tenc.subarray(25, 41)];
    }),
  );
}

/** The new movie header. */
function movie(core) {
  core.begin();
  for (;;) {
    const { kind, bytes } = core.next_step(1e6, 100);
    const moov = kind === 'bytes' && child(Buffer.from(bytes), 'moov');
    if (moov) return moov;
    assert.notEqual(kind, 'fragments', 'the movie header comes first');
  }
}

for (const [scheme, form] of [
  ['cenc', 'hybrid'],
  ['cbcs', 'plain'],
]) {
  test(`the engine encrypts ${scheme} as OpenSSL does`, async () => {
    const { File, Protector, memory } = await loadEngine();
    const file = await readFile(new URL('samples/sample.ismv', DIST));
    const core = new File(new Blob([file]));
    for (let need = core.needs(); need; need = core.needs()) core.feed(0, file);
    const random = Uint8Array.from({ length: 56 }, (_, n) => n);
    const request = { ...REQUEST, scheme, form };
    core.plan(request, random);
    const protector = new Protector(core.movie_header(), request, random);
    const ivs = scheme === 'cbcs' ? constantIvs(movie(core)) : new Map();
    let [compared, mapped, whole] = [0, 0, 0];
    for (let n = 0, task = core.task(n); task; task = core.task(++n)) {
      const clear = file.subarray(task.start, task.end);
      const at = protector.room(clear.length);
      new Uint8Array(memory.buffer, at, clear.length).set(clear);
      const [moofLen, mediaAt, mediaLen] = protector.protect(task.tasks);
      assert.deepEqual([mediaAt, mediaLen], [task.moofLen, clear.length - task.moofLen]);
      const moof = Buffer.from(memory.buffer.slice(protector.moofs(), protector.moofs() + moofLen));
      const made = Buffer.from(memory.buffer, at, clear.length).subarray(task.moofLen);
      const expected = Buffer.from(clear.subarray(task.moofLen));
      const children = child(moof, 'moof');
      for (const { payload: traf } of [...boxes(children)].filter((box) => box.type === 'traf')) {
        const constantIv = ivs.get(child(traf, 'tfhd').readUInt32BE(4));
        const encryption = sampleEncryption(child(traf, 'senc'), constantIv ? 0 : 8);
        for (const [number, { start, size }] of samples(child(traf, 'trun')).entries()) {
          const from = start - moof.length;
          const { iv, subsamples } = encryption?.[number] ?? { subsamples: [] };
          encrypt[scheme](expected.subarray(from, from + size), { iv, subsamples, constantIv });
          if (subsamples.length) mapped += 1;
          else whole += 1;
        }
      }
      assert.ok(made.equals(expected), `fragment ${n}`);
      assert.ok(!made.equals(clear.subarray(task.moofLen)), `fragment ${n} is encrypted`);
      compared += made.length;
    }
    assert.ok(
      compared > 50_000 && mapped > 0 && whole > 0,
      `${compared} bytes, ${mapped} and ${whole} samples`,
    );
  });
}
