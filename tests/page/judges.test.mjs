// Other people's readers, in node, on what the page makes: mp4box.js reads the boxes, mediabunny decrypts the samples.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { ALL_FORMATS, BufferSource, EncodedPacketSink, Input } from 'mediabunny';
import { createFile } from 'mp4box';
import { browsers } from './browser.mjs';
import { serve } from './server.mjs';
import { SAMPLE, storedBytes } from './support.mjs';

const KEY = '00112233445566778899aabbccddeeff';
const KID = '6f651ae1-dbe4-4434-bcb4-690d1564c41c';
const BARE_KID = KID.replaceAll('-', '');

/** Both kinds of file, made by one browser: that both browsers make the same is for others to prove. */
async function makeBoth() {
  const site = await serve();
  const [browser] = browsers();
  try {
    const page = await browser.newPage(site);
    await page.goto('/');
    await page.evaluate(
      async (key, kid) => {
        const { open } = await import('/boxlock.js');
        const root = await navigator.storage.getDirectory();
        const media = await open('/samples/sample.ismv');
        for (const profile of ['hybrid', 'piff']) {
          const made = await media.protect({ laUrl: 'https://licence.example.com/', key, kid, profile });
          const file = await made.file();
          const sink = await (await root.getFileHandle(`${profile}.mp4`, { create: true })).createWritable();
          await sink.write(file);
          await sink.close();
        }
      },
      KEY,
      KID,
    );
    return { hybrid: await storedBytes(page, 'hybrid.mp4'), piff: await storedBytes(page, 'piff.mp4') };
  } finally {
    await site.close();
  }
}

const made = makeBoth();
made.catch(() => {});

/** mp4box.js's view of a file: `{ info, file }`. */
function readByMp4box(bytes) {
  const file = createFile();
  const ready = new Promise((resolve, reject) => {
    file.onReady = resolve;
    file.onError = (...words) => reject(new Error(words.join(' ')));
  });
  const buffer = new Uint8Array(bytes).buffer;
  buffer.fileStart = 0;
  file.appendBuffer(buffer, true);
  file.flush();
  return ready.then((info) => ({ info, file }));
}

for (const profile of ['hybrid', 'piff']) {
  test(`mp4box.js reads tracks and protection of ${profile}`, async () => {
    const { info, file } = await readByMp4box((await made)[profile]);
    assert.equal(info.isFragmented, true);
    assert.deepEqual(
      info.tracks.map(({ codec }) => codec.slice(0, 4)),
      ['encv', 'enca'],
    );
    for (const trak of file.moov.traks) {
      const [entry] = trak.mdia.minf.stbl.stsd.entries;
      const [sinf] = entry.sinfs ?? entry.boxes.filter(({ type }) => type === 'sinf');
      const [frma, schm, schi] = ['frma', 'schm', 'schi'].map((type) =>
        sinf.boxes.find((box) => box.type === type),
      );
      assert.equal(schm.scheme_type, profile === 'piff' ? 'piff' : 'cenc');
      assert.ok(['avc1', 'mp4a'].includes(frma.data_format));
      if (profile !== 'hybrid') continue;
      const { tenc } = schi;
      assert.equal(tenc.default_KID, BARE_KID);
      assert.equal(tenc.default_Per_Sample_IV_Size, 8);
      assert.equal(tenc.default_isProtected, 1);
    }
    assert.equal(file.moofs.length, 10);
    for (const moof of file.moofs) {
      for (const traf of moof.trafs) {
        const types = traf.boxes.map(({ type }) => type);
        if (profile === 'hybrid')
          for (const type of ['senc', 'saiz', 'saio']) assert.ok(types.includes(type), type);
        assert.ok(types.includes('uuid'));
      }
    }
  });
}

test('mediabunny decrypts hybrid to the samples of the clear file', async () => {
  const samples = async (bytes, formatOptions) => {
    const asked = new Set();
    const resolveKeyId = ({ keyId }) => {
      asked.add(keyId);
      return KEY;
    };
    const options = formatOptions ? { formatOptions: { isobmff: { resolveKeyId } } } : {};
    const input = new Input({ source: new BufferSource(bytes), formats: ALL_FORMATS, ...options });
    const all = [];
    for (const track of await input.getTracks()) {
      const sink = new EncodedPacketSink(track);
      for await (const packet of sink.packets())
        all.push({
          kind: track.type,
          time: packet.timestamp,
          data: Buffer.from(packet.data).toString('base64'),
        });
    }
    return { all, asked: [...asked] };
  };
  const clear = await samples(await readFile(SAMPLE));
  const found = await samples((await made).hybrid, true);
  assert.equal(clear.all.length, 720);
  assert.deepEqual(found.asked, [BARE_KID]);
  assert.equal(found.all.length, clear.all.length);
  found.all.forEach(({ kind, time, data }, number) => {
    const one = clear.all[number];
    assert.ok(kind === one.kind && data === one.data, `sample ${number}`);
    // The sample's sound begins one AAC frame before 0, which `tfxd` can say and `tfdt` cannot.
    assert.ok(Math.abs(time - one.time) < 0.022, `sample ${number} at ${time} s, not ${one.time} s`);
  });
});
