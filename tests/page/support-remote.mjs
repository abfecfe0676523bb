// A server of media that pages of other origins may read, or may not, with each fault that servers have; and files for it that are
// long and take no room.

import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { gzipSync } from 'node:zlib';

const SAMPLE = new URL('../../www/samples/sample.ismv', import.meta.url);

/** A box of these bytes. */
function box(type, ...parts) {
  const body = Buffer.concat(parts);
  const head = Buffer.alloc(8);
  head.writeUInt32BE(body.length + 8);
  head.write(type, 4, 'latin1');
  return Buffer.concat([head, body]);
}

function u32(...numbers) {
  const bytes = Buffer.alloc(4 * numbers.length);
  numbers.forEach((number, at) => bytes.writeUInt32BE(number, 4 * at));
  return bytes;
}

/** What stands before the first fragment of the sample. */
function head() {
  const bytes = readFileSync(SAMPLE);
  let at = 0;
  while (bytes.toString('latin1', at + 4, at + 8) !== 'moof') at += bytes.readUInt32BE(at);
  return bytes.subarray(0, at);
}

/** The sample taken apart: what stands before its fragments, and those of its first track, as servers have them. */
export function pieces() {
  const bytes = readFileSync(SAMPLE);
  const fragments = [];
  let head;
  for (let at = 0; at < bytes.length; at += bytes.readUInt32BE(at)) {
    const type = bytes.toString('latin1', at + 4, at + 8);
    if (type !== 'moof') continue;
    head ??= bytes.subarray(0, at);
    const mdat = at + bytes.readUInt32BE(at);
    const track = bytes.readUInt32BE(bytes.indexOf('tfhd', at) + 8);
    fragments.push({ track, bytes: bytes.subarray(at, mdat + bytes.readUInt32BE(mdat)) });
  }
  const own = fragments.filter(({ track }) => track === fragments[0].track);
  return { head, fragments: own.map((one) => one.bytes) };
}

/**
 * An index of segments (`sidx`) of version 0, in milliseconds.
 * @param {readonly { size: number, lasts: number, index?: boolean }[]} entries
 * @param {number} [begins]
 */
export function segmentIndex(entries, begins = 0) {
  const listed = entries.flatMap(({ size, lasts, index }) => [
    size + (index ? 2 ** 31 : 0),
    lasts,
    0x90000000,
  ]);
  return box('sidx', u32(0, 1, 1000, begins, 0, entries.length, ...listed));
}

const SAMPLES = 50;

/** A file of so many fragments of so many bytes, which are not there until they are asked for: `{ size, read }`. */
export function longFile(fragments, bytes) {
  const each = Math.floor(bytes / SAMPLES);
  const parts = [{ start: 0, bytes: head() }];
  let at = parts[0].bytes.length;
  for (let number = 0; number < fragments; number++) {
    const make = (offset) =>
      box(
        'moof',
        box('mfhd', u32(0, number + 1)),
        box(
          'traf',
          // Default base is the moof, and how long samples are.
          box('tfhd', u32(0x020008, 1, 400_000)),
          box('tfdt', u32(0x01000000, 0, number * SAMPLES * 400_000)),
          box('trun', u32(0x000201, SAMPLES, offset), u32(...Array.from({ length: SAMPLES }, () => each))),
        ),
      );
    const moof = make(make(0).length + 8);
    const mdat = u32(each * SAMPLES + 8);
    parts.push({ start: at, bytes: Buffer.concat([moof, mdat, Buffer.from('mdat')]) });
    at += moof.length + 8 + each * SAMPLES;
  }
  const size = at;
  return {
    size,
    read(start, end) {
      const out = Buffer.alloc(end - start);
      for (const { start: from, bytes } of parts) {
        if (from >= end || from + bytes.length <= start) continue;
        bytes.copy(
          out,
          Math.max(0, from - start),
          Math.max(0, start - from),
          Math.min(bytes.length, end - from),
        );
      }
      return out;
    },
  };
}

/** Bytes as such a file. */
export const file = (bytes) => ({ size: bytes.length, read: (start, end) => bytes.subarray(start, end) });

const OPEN = {
  'access-control-allow-origin': '*',
  'access-control-allow-headers': 'Range',
  'access-control-expose-headers': 'Content-Range, Content-Length, ETag',
};

/**
 * Serves `files` by name below the name of a way to answer: `/plain/film.mp4`. What was asked is in `requests`; `held` are the
 * questions that nobody answers.
 */
export async function mediaServer() {
  const files = new Map();
  const requests = [];
  const held = new Set();
  const now = { tag: '"one"', faults: 0 };
  const server = createServer((request, response) => {
    const url = new URL(request.url, 'http://localhost');
    const [, way, ...rest] = url.pathname.split('/');
    const name = decodeURIComponent(rest.join('/'));
    const { method, headers } = request;
    requests.push({ method, way, name, query: url.search, range: headers.range ?? '', headers });
    const found = files.get(name);
    const cors =
      way === 'closed'
        ? {}
        : way === 'shy' || way === 'silent'
          ? { 'access-control-allow-origin': '*' }
          : OPEN;
    const end = (status, more = {}, body = '') => response.writeHead(status, { ...cors, ...more }).end(body);
    if (method === 'OPTIONS') return end(204);
    if (/^\d+$/.test(way)) return end(Number(way), {}, 'no');
    if (way === 'held') {
      held.add(response);
      response.on('close', () => held.delete(response));
      return undefined;
    }
    if (way === 'away') return end(302, { location: `/plain/${rest.join('/')}` });
    if (way === 'flaky' && now.faults-- > 0) return end(503);
    if (way === 'torn' && now.faults-- > 0) return request.socket.destroy();
    if (way === 'whole-only' && headers.range) return request.socket.destroy();
    if (!found) return end(404);
    const asked = /^bytes=(\d+)-(\d+)$/.exec(headers.range ?? '');
    const about = { 'content-type': 'video/mp4', etag: now.tag };
    if (!asked || way === 'rangeless') {
      if (way === 'silent') return response.writeHead(200, { ...cors, 'transfer-encoding': 'chunked' }).end();
      response.writeHead(200, { ...cors, ...about, 'content-length': found.size });
      if (method === 'HEAD') return response.end();
      return send(found, 0, found.size, response);
    }
    const [start, last] = [Number(asked[1]), Math.min(Number(asked[2]), found.size - 1)];
    if (start >= found.size) return end(416, { 'content-range': `bytes */${found.size}` });
    const range = { ...about, 'content-range': `bytes ${start}-${last}/${found.size}` };
    if (way === 'packed') {
      const bytes = gzipSync(found.read(start, last + 1));
      return end(206, { ...range, 'content-encoding': 'gzip', 'content-length': bytes.length }, bytes);
    }
    response.writeHead(206, { ...cors, ...range, 'content-length': last + 1 - start });
    return send(found, start, last + 1, response);
  });
  await new Promise((resolve) => void server.listen(0, '127.0.0.1', resolve));
  const origin = `http://127.0.0.1:${server.address().port}`;
  return Object.assign(now, {
    origin,
    files,
    requests,
    held,
    /** Bytes of answers to what was asked for since. */
    asked: (since) => requests.slice(since).filter(({ method }) => method === 'GET'),
    close() {
      server.closeAllConnections();
      return new Promise((resolve) => void server.close(resolve));
    },
  });
}

/** A piece at a time: the whole of a long file is never there. */
function send(found, start, end, response) {
  const more = () => {
    while (start < end) {
      const next = Math.min(end, start + (1 << 18));
      const goes = response.write(found.read(start, next));
      start = next;
      if (!goes) {
        response.once('drain', more);
        return;
      }
    }
    response.end();
  };
  response.on('error', () => {});
  more();
}
