// Azure's storage as its own emulator serves it, SAS as Azure documents them, and a proxy in front that plays faults.

import { spawn } from 'node:child_process';
import { createHmac } from 'node:crypto';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { setTimeout as sleep } from 'node:timers/promises';
import { passOn } from './server.mjs';

/** The account that every emulator has, and its key, which Microsoft publishes. */
export const ACCOUNT = 'devstoreaccount1';
const KEY = 'Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==';

const VERSION = '2020-10-02';
/** The last that takes blocks of 4 MiB alone. */
export const OLD_VERSION = '2015-07-08';

const sign = (lines) =>
  createHmac('sha256', Buffer.from(KEY, 'base64')).update(lines.join('\n'), 'utf8').digest('base64');

const at = (seconds) => `${new Date(Date.now() + seconds * 1000).toISOString().slice(0, 19)}Z`;

const query = (fields) =>
  Object.entries(fields)
    .filter(([, value]) => value !== '')
    .map(([name, value]) => `${name}=${encodeURIComponent(value)}`)
    .join('&');

/** A SAS for a container, or for a blob in it. `seconds` is how long it lasts from now on. */
export function sas({ container, blob, rights = 'rcw', seconds = 3600, version = VERSION }) {
  const resource = `/blob/${ACCOUNT}/${container}${blob ? `/${blob}` : ''}`;
  const kind = blob ? 'b' : 'c';
  const end = at(seconds);
  const more = version >= '2018-11-09' ? [kind, ''] : [];
  const lines = [rights, '', end, resource, '', '', '', version, ...more, '', '', '', '', ''];
  return query({ sv: version, sr: kind, sp: rights, se: end, sig: sign(lines) });
}

/** One for all of the account, for the test itself. */
function accountSas() {
  const rights = 'rwdlacup';
  const end = at(3600);
  const lines = [ACCOUNT, rights, 'b', 'sco', '', end, '', '', VERSION, ''];
  return query({ sv: VERSION, ss: 'b', srt: 'sco', sp: rights, se: end, sig: sign(lines) });
}

/** Starts it with nothing in it. */
export async function azurite() {
  const main = createRequire(import.meta.url).resolve('azurite/dist/src/blob/main.js');
  const options = [
    '--inMemoryPersistence',
    '--disableTelemetry',
    '--silent',
    '--blobHost',
    '127.0.0.1',
    '--blobPort',
    '0',
  ];
  const child = spawn(process.execPath, [main, ...options], { stdio: ['ignore', 'pipe', 'pipe'] });
  const ends = () => child.kill();
  process.on('exit', ends);
  const origin = await new Promise((resolve, reject) => {
    let said = '';
    const read = (text) => {
      said += text;
      const found = /listen\w* (?:at|on) (http:\/\/127\.0\.0\.1:\d+)/.exec(said);
      if (found) resolve(found[1]);
    };
    child.stdout.on('data', read);
    child.stderr.on('data', read);
    child.on('exit', (code) => reject(new Error(`Azurite ended with ${code}: ${said}`)));
  });
  const account = `${origin}/${ACCOUNT}`;
  const manage = async (path, more, options = {}) => {
    const answer = await fetch(`${account}${path}?${more}${more ? '&' : ''}${accountSas()}`, options);
    if (!answer.ok)
      throw new Error(`${options.method} ${path} ${more}: ${answer.status} ${await answer.text()}`);
    return answer;
  };
  return {
    origin,
    account,
    /** A container; `open` when anybody may read what is in it. */
    container: (name, open = false) =>
      manage(`/${name}`, 'restype=container', {
        method: 'PUT',
        headers: open ? { 'x-ms-blob-public-access': 'blob' } : {},
      }),
    /** Which pages may do what: all of them everything, or as said. */
    cors: ({ origins = '*', methods = 'GET,HEAD,PUT,OPTIONS', headers = '*', exposed = '*' } = {}) =>
      manage('/', 'restype=service&comp=properties', {
        method: 'PUT',
        body: `<?xml version="1.0" encoding="utf-8"?><StorageServiceProperties><Cors>${
          methods &&
          `<CorsRule><AllowedOrigins>${origins}</AllowedOrigins><AllowedMethods>${methods}</AllowedMethods><MaxAgeInSeconds>0</MaxAgeInSeconds><ExposedHeaders>${exposed}</ExposedHeaders><AllowedHeaders>${headers}</AllowedHeaders></CorsRule>`
        }</Cors></StorageServiceProperties>`,
      }),
    /** What is there: null, or its bytes and headers. */
    async blob(container, name) {
      const answer = await fetch(`${account}/${container}/${name}?${accountSas()}`);
      if (answer.status === 404) return null;
      if (!answer.ok) throw new Error(`${answer.status} ${await answer.text()}`);
      return { bytes: Buffer.from(await answer.arrayBuffer()), headers: Object.fromEntries(answer.headers) };
    },
    put: (container, name, body) =>
      manage(`/${container}/${name}`, '', {
        method: 'PUT',
        headers: { 'x-ms-blob-type': 'BlockBlob' },
        body,
      }),
    /** Blocks that are part of nothing yet. */
    async waiting(container, name) {
      const answer = await fetch(
        `${account}/${container}/${name}?comp=blocklist&blocklisttype=uncommitted&${accountSas()}`,
      );
      return answer.ok
        ? [...(await answer.text()).matchAll(/<Name>([^<]+)<\/Name>/g)].map(([, id]) => atob(id))
        : [];
    },
    async close() {
      process.off('exit', ends);
      child.removeAllListeners('exit');
      const gone = new Promise((resolve) => void child.once('exit', resolve));
      child.kill();
      await gone;
    },
  };
}

/**
 * A storage with faults: what comes is passed on, unless `play` says otherwise of a request: 'cut' (the connection ends),
 * 'swallow' (it is done, but no answer comes back), { wait: ms }, or an answer
 * { status, code, text, headers }, of which `keep` is given the body.
 */
export async function faulty(target) {
  const state = { play: () => undefined, requests: [] };
  const server = createServer((request, response) => {
    // Whoever asks may go in the middle.
    serve(request, response).catch(() => response.destroy());
  });
  const serve = async (request, response) => {
    const url = new URL(request.url, target);
    const { method, headers } = request;
    const seen = { method, headers, url, comp: url.searchParams.get('comp') ?? '' };
    if (request.method !== 'OPTIONS') state.requests.push(seen);
    const act = request.method === 'OPTIONS' ? undefined : state.play(seen);
    if (act === 'cut') {
      request.once('data', () => request.socket.destroy());
      request.once('end', () => request.socket.destroy());
      return;
    }
    if (act === 'swallow') {
      const body = [];
      for await (const part of request) body.push(part);
      await fetch(url, { method, headers: clean(headers), body: Buffer.concat(body) });
      request.socket.destroy();
      return;
    }
    if (act?.wait) await sleep(act.wait);
    if (act?.status) {
      const body = [];
      for await (const part of request) body.push(part);
      act.keep?.(Buffer.concat(body));
      response.writeHead(act.status, {
        'access-control-allow-origin': '*',
        'access-control-expose-headers': '*',
        'content-type': 'application/xml',
        ...act.headers,
      });
      const { code = '', text = '' } = act;
      const error = `<?xml version="1.0"?><Error><Code>${code}</Code><Message>${text}</Message></Error>`;
      response.end(act.status < 400 ? '' : error);
      return;
    }
    passOn(url, request, response);
  };
  await new Promise((resolve) => void server.listen(0, '127.0.0.1', resolve));
  const origin = `http://127.0.0.1:${server.address().port}`;
  const close = () => {
    server.closeAllConnections();
    return new Promise((resolve) => void server.close(resolve));
  };
  return Object.assign(state, { origin, account: `${origin}/${ACCOUNT}`, close });
}

/** Headers of one connection are not the next one's. */
const clean = (headers) =>
  Object.fromEntries(
    Object.entries(headers).filter(
      ([name]) => !/^(host|connection|content-length|transfer-encoding|keep-alive|proxy-)/.test(name),
    ),
  );
