// Media made on the spot by FFmpeg, and judges of results that know nothing of Boxlock.

import { execFile } from 'node:child_process';
import { createCipheriv, createDecipheriv, createHash } from 'node:crypto';
import { promisify } from 'node:util';
import { program } from './programs.mjs';

const run = promisify(execFile);

/** Runs FFmpeg and gives what it prints. */
export async function ffmpeg(...args) {
  const { stdout } = await run(program('ffmpeg'), ['-v', 'error', '-y', ...args], { maxBuffer: 1 << 26 });
  return stdout;
}

const PICTURE = (seconds, size) => ['-f', 'lavfi', '-i', `testsrc2=duration=${seconds}:size=${size}:rate=25`];
const SOUND = (seconds) => ['-f', 'lavfi', '-i', `sine=frequency=440:duration=${seconds}:sample_rate=48000`];

/** A muxed Smooth file of H.264 and AAC. */
export async function makeSmooth(path, { seconds = 60, size = '640x360', bitrate = '900k' } = {}) {
  const codecs = ['-c:v', 'libx264', '-preset', 'ultrafast', '-b:v', bitrate, '-g', '50', '-bf', '0'];
  const sound = ['-c:a', 'aac', '-b:a', '96k'];
  await ffmpeg(...PICTURE(seconds, size), ...SOUND(seconds), ...codecs, ...sound, '-f', 'ismv', path);
}

/** The same media again and again, until the file has about `megabytes`. */
export async function makeLong(path, from, times) {
  await ffmpeg('-stream_loop', String(times - 1), '-i', from, '-map', '0', '-c', 'copy', '-f', 'ismv', path);
}

/** Two seconds of video in fragments, by one of FFmpeg's encoders. */
export async function makeVideo(path, encoder) {
  const form = ['-movflags', 'frag_keyframe+delay_moov+default_base_moof', '-f', 'mp4'];
  await ffmpeg(
    ...PICTURE(2, '320x180'),
    '-pix_fmt',
    'yuv420p',
    '-c:v',
    ...encoder,
    '-g',
    '25',
    ...form,
    path,
  );
}

/** A fragmented MP4 of codecs that cannot be protected. */
export async function makeForeign(path) {
  const codecs = ['-c:v', 'mpeg4', '-c:a', 'libvorbis'];
  const form = ['-movflags', 'frag_keyframe+empty_moov', '-f', 'mp4'];
  await ffmpeg(...PICTURE(2, '160x120'), ...SOUND(2), ...codecs, ...form, path);
}

/** What FFmpeg reads from a file: every sample's checksum, and the MD5 of all pictures and of all sound. */
export async function streams(path, key) {
  const decryption = key ? ['-decryption_key', key] : [];
  const input = ['-fflags', '+ignidx', ...decryption, '-i', path];
  return {
    samples: await samplesByFfmpeg(path, key),
    pictures: (await ffmpeg(...input, '-map', '0:v', '-f', 'md5', '-')).trim(),
    sound: (await ffmpeg(...input, '-map', '0:a', '-f', 'md5', '-')).trim(),
  };
}

/** Every picture of a file, 64 × 36, three bytes for each dot. */
export async function pictures(path) {
  const form = ['-vf', 'scale=64:36:flags=area', '-pix_fmt', 'rgb24', '-f', 'rawvideo', '-'];
  const { stdout } = await run(program('ffmpeg'), ['-v', 'error', '-i', path, '-map', '0:v', ...form], {
    maxBuffer: 1 << 26,
    encoding: 'buffer',
  });
  const size = 64 * 36 * 3;
  return Array.from({ length: stdout.length / size }, (_, n) => stdout.subarray(n * size, (n + 1) * size));
}

/** One line for each sample, as FFmpeg decrypts it. */
export async function samplesByFfmpeg(path, key) {
  const decryption = key ? ['-decryption_key', key] : [];
  const input = ['-fflags', '+ignidx', ...decryption, '-i', path];
  const lines = await ffmpeg(...input, '-map', '0', '-c', 'copy', '-f', 'framecrc', '-');
  return lines.split('\n').filter((line) => /^\d/.test(line));
}

export const sha256 = (bytes) => createHash('sha256').update(bytes).digest('hex');

/** A UUID's 16 bytes in the order Microsoft's GUIDs are stored. */
export function guidOrder(uuid) {
  const bytes = Buffer.from(uuid.replaceAll('-', ''), 'hex');
  return Buffer.concat([
    bytes.subarray(0, 4).reverse(),
    bytes.subarray(4, 6).reverse(),
    bytes.subarray(6, 8).reverse(),
    bytes.subarray(8),
  ]);
}

/** The CHECKSUM of a PlayReady header: the KID under the key, the first 8 bytes. */
export function checksum(key, uuid) {
  const cipher = createCipheriv('aes-128-ecb', Buffer.from(key, 'hex'), null);
  return cipher.update(guidOrder(uuid)).subarray(0, 8).toString('base64');
}

/** The content key that PlayReady's published algorithm derives from a key seed. */
export function keyFromSeed(seed, uuid) {
  const cut = Buffer.from(seed, 'base64').subarray(0, 30);
  const kid = guidOrder(uuid);
  const sums = [
    [cut, kid],
    [cut, kid, cut],
    [cut, kid, cut, kid],
  ].map((parts) => createHash('sha256').update(Buffer.concat(parts)).digest());
  const key = Buffer.alloc(16);
  for (const sum of sums) for (let at = 0; at < 32; at++) key[at % 16] ^= sum[at];
  return key.toString('hex');
}

/** The PlayReady headers in a file, as text. */
export function playReadyHeaders(bytes) {
  const [open, close] = ['<WRMHEADER', '</WRMHEADER>'].map((text) => Buffer.from(text, 'utf16le'));
  const headers = [];
  for (let at = bytes.indexOf(open); at >= 0; at = bytes.indexOf(open, at + 2)) {
    headers.push(bytes.subarray(at, bytes.indexOf(close, at) + close.length).toString('utf16le'));
  }
  return headers;
}

/** Boxes in a range of bytes: `{ type, start, end, body }`, where `body` is behind header and user type. */
export function boxes(bytes, start = 0, end = bytes.length) {
  const list = [];
  for (let at = start; at + 8 <= end;) {
    let size = bytes.readUInt32BE(at);
    let body = at + 8;
    if (size === 1) {
      size = Number(bytes.readBigUInt64BE(at + 8));
      body += 8;
    } else if (size === 0) size = end - at;
    let type = bytes.toString('latin1', at + 4, at + 8);
    if (type === 'uuid') {
      type = bytes.toString('hex', body, body + 16);
      body += 16;
    }
    list.push({ type, start: at, end: at + size, body });
    at += size;
  }
  return list;
}

/** Where the indexes of a file, `sidx` and `tfra`, say that fragments begin. */
export function indexed(bytes) {
  const tops = boxes(bytes);
  const places = [];
  for (const { body, end } of tops.filter(({ type }) => type === 'sidx')) {
    const wide = bytes[body] === 1;
    let at = body + 12 + (wide ? 8 : 4);
    let place = end + (wide ? Number(bytes.readBigUInt64BE(at)) : bytes.readUInt32BE(at));
    at += wide ? 8 : 4;
    const count = bytes.readUInt16BE(at + 2);
    for (let number = 0; number < count; number++) {
      places.push(place);
      place += bytes.readUInt32BE(at + 4 + 12 * number) & 0x7fffffff;
    }
    places.push(place);
  }
  for (const mfra of tops.filter(({ type }) => type === 'mfra')) {
    for (const { body } of boxes(bytes, mfra.body, mfra.end).filter(({ type }) => type === 'tfra')) {
      const wide = bytes[body] === 1;
      const lengths = bytes.readUInt32BE(body + 8);
      const tail = [4, 2, 0].reduce((sum, shift) => sum + ((lengths >> shift) & 3) + 1, 0);
      const count = bytes.readUInt32BE(body + 12);
      const step = (wide ? 16 : 8) + tail;
      for (let number = 0; number < count; number++) {
        const at = body + 16 + step * number;
        places.push(wide ? Number(bytes.readBigUInt64BE(at + 8)) : bytes.readUInt32BE(at + 4));
      }
    }
  }
  return places;
}

/** A fragmented MP4 of one track, with an index in front of its fragments. */
export async function makeIndexed(path, from) {
  const flags = 'frag_keyframe+empty_moov+default_base_moof+dash+global_sidx';
  await ffmpeg('-i', from, '-map', '0:v', '-c', 'copy', '-movflags', flags, '-f', 'mp4', path);
}

const PIFF_SENC = 'a2394f525a9b4f14a2446c427c648df4';

/**
 * What the `mdat` boxes of a protected file hold when decrypted, by the sample encryption of PIFF or CENC: 8-byte IVs,
 * sub-samples, every track under one key. Written from the specifications, for tests only.
 */
export function decryptedMedia(bytes, key, sencType = PIFF_SENC) {
  const out = Buffer.from(bytes);
  const media = [];
  for (const top of boxes(bytes)) {
    if (top.type === 'mdat') media.push(out.subarray(top.body, top.end));
    if (top.type !== 'moof') continue;
    for (const traf of boxes(bytes, top.body, top.end).filter(({ type }) => type === 'traf')) {
      const inside = boxes(bytes, traf.body, traf.end);
      const one = (type) => inside.find((box) => box.type === type);
      const senc = one(sencType);
      if (senc) decryptRun(out, key, samplesOf(bytes, top, one('tfhd'), one('trun')), senc);
    }
  }
  return media;
}

function samplesOf(bytes, moof, tfhd, trun) {
  const tfhdFlags = bytes.readUInt32BE(tfhd.body) & 0xffffff;
  let at = tfhd.body + 8;
  for (const [flag, length] of [
    [1, 8],
    [2, 4],
    [8, 4],
  ])
    if (tfhdFlags & flag) at += length;
  const defaultSize = tfhdFlags & 0x10 ? bytes.readUInt32BE(at) : 0;
  const flags = bytes.readUInt32BE(trun.body) & 0xffffff;
  const count = bytes.readUInt32BE(trun.body + 4);
  let start = moof.start + bytes.readInt32BE(trun.body + 8);
  at = trun.body + 12 + (flags & 4 ? 4 : 0);
  const samples = [];
  for (let number = 0; number < count; number++) {
    if (flags & 0x100) at += 4;
    const size = flags & 0x200 ? bytes.readUInt32BE(at) : defaultSize;
    if (flags & 0x200) at += 4;
    if (flags & 0x400) at += 4;
    if (flags & 0x800) at += 4;
    samples.push({ start, size });
    start += size;
  }
  return samples;
}

function decryptRun(out, key, samples, senc) {
  const withParts = out.readUInt32BE(senc.body) & 2;
  let at = senc.body + 8;
  for (const { start, size } of samples) {
    const iv = Buffer.concat([out.subarray(at, at + 8), Buffer.alloc(8)]);
    at += 8;
    const decipher = createDecipheriv('aes-128-ctr', Buffer.from(key, 'hex'), iv);
    const parts = [{ clear: 0, locked: size }];
    if (withParts) {
      parts.length = 0;
      const count = out.readUInt16BE(at);
      at += 2;
      for (let number = 0; number < count; number++, at += 6)
        parts.push({ clear: out.readUInt16BE(at), locked: out.readUInt32BE(at + 2) });
    }
    let place = start;
    for (const { clear, locked } of parts) {
      place += clear;
      decipher.update(out.subarray(place, place + locked)).copy(out, place);
      place += locked;
    }
    if (place !== start + size) throw new Error(`Sub-samples cover ${place - start} of ${size} bytes`);
  }
}

/** Whether FFmpeg is here; when not, says so aloud, for tests that go without. */
export function haveFfmpeg() {
  try {
    program('ffmpeg');
    return true;
  } catch (error) {
    console.error(`FFmpeg is missing, so its tests are left out: ${error.message}`);
    return false;
  }
}
