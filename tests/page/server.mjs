// The site for a test, on a port of its own, and the proxy that everything the browser asks for goes through: a
// request to any other place, by page, worker or service worker, is refused and stands in the log.

import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { createServer, request as ask } from 'node:http';
import { extname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { fileURLToPath } from 'node:url';

const DIST = fileURLToPath(new URL('../../dist/', import.meta.url));
/** Beside every site its modules as they were written, for tests of what the built one has inside of others alone. */
const SOURCES = { prefix: '/www/', folder: fileURLToPath(new URL('../../www/', import.meta.url)) };

/** Stands in the log for what was asked for in a form that the proxy cannot read. */
export const UNREADABLE = 'https://unreadable.invalid/';

const TYPES = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.mjs': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json',
  '.wasm': 'application/wasm',
  '.svg': 'image/svg+xml',
  '.mp4': 'video/mp4',
  '.ismv': 'video/mp4',
};

/**
 * @param {string} [root] folder to serve; the built site when absent
 * @returns {Promise<Site>}
 *
 * @typedef {object} Site
 * @property {string} origin
 * @property {number} port
 * @property {string[]} requests every URL asked for so far, in order; of an encrypted connection only its host
 * @property {Set<string>} missing paths answered as if there were no such file, until they are taken out again
 * @property {boolean} down whether nobody answers, as without a connection
 * @property {Set<string>} beyond other origins that the proxy lets requests through to
 * @property {() => Promise<void>} close
 */
export async function serve(root = DIST) {
  /** @type {string[]} */
  const requests = [];
  /** @type {Set<string>} */
  const missing = new Set();
  const now = { down: false };
  /** @type {Set<string>} */
  const beyond = new Set();
  let origin = '';
  const server = createServer((request, response) => {
    // A proxy is asked for absolute URLs, a server for paths.
    const url = new URL(request.url ?? '/', origin);
    requests.push(url.href);
    if (now.down) {
      request.socket.destroy();
      return;
    }
    if (beyond.has(url.origin)) {
      passOn(url, request, response);
      return;
    }
    const answered = url.origin === origin ? answer(root, url, request, response, missing) : refuse(response);
    answered.catch(() => response.destroy());
  });
  server.on('connect', (request, socket) => {
    requests.push(new URL(`https://${request.url}/`).href);
    socket.end('HTTP/1.1 403 Forbidden\r\n\r\n');
  });
  // WebKit begins TLS with the proxy itself when it wants an encrypted connection: where to cannot be read, but that.
  server.on('clientError', (error, socket) => {
    // A connection that was cut in the middle of a request is none that wants anything.
    if (/^HPE_(?!INVALID_EOF_STATE)/.test(String(error.code))) requests.push(UNREADABLE);
    socket.destroy();
  });
  await new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve(undefined));
  });
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
  origin = `http://127.0.0.1:${port}`;
  const close = () =>
    new Promise((resolve) => {
      server.close(() => resolve(undefined));
      server.closeAllConnections();
    });
  return Object.assign(now, { origin, port, requests, missing, beyond, close });
}

async function refuse(response) {
  response.writeHead(403, { 'content-type': 'text/plain' }).end('This place is outside of the test.');
}

/** As a proxy does: what is cut on one side is cut on the other. */
export function passOn(url, request, response) {
  const { method, headers } = request;
  const onward = ask(url, { method, headers: { ...headers, host: url.host } }, (answered) => {
    response.writeHead(answered.statusCode, answered.headers);
    pipeline(answered, response).catch(() => response.destroy());
  });
  onward.on('error', () => response.destroy());
  response.on('close', () => onward.destroy());
  pipeline(request, onward).catch(() => {});
}

async function answer(root, url, request, response, missing) {
  const inSources = url.pathname.startsWith(SOURCES.prefix);
  const name = decodeURIComponent(inSources ? url.pathname.slice(SOURCES.prefix.length) : url.pathname);
  let path = join(root, name);
  let file = await stat(path).catch(() => null);
  if (!file && inSources) {
    path = join(SOURCES.folder, name);
    file = await stat(path).catch(() => null);
  }
  if (file?.isDirectory()) {
    path = join(path, 'index.html');
    file = await stat(path).catch(() => null);
  }
  if (!file || missing.has(url.pathname)) {
    response.writeHead(404, { 'content-type': 'text/plain' }).end('There is no such file.');
    return;
  }
  const headers = {
    'content-type': TYPES[extname(path)] ?? 'application/octet-stream',
    'accept-ranges': 'bytes',
    'cache-control': 'no-store',
  };
  const range = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? '');
  const start = range ? Number(range[1]) : 0;
  const end = range?.[2] ? Math.min(Number(range[2]) + 1, file.size) : file.size;
  if (range && start >= end) {
    response.writeHead(416, { ...headers, 'content-range': `bytes */${file.size}` }).end();
    return;
  }
  headers['content-length'] = end - start;
  if (range) headers['content-range'] = `bytes ${start}-${end - 1}/${file.size}`;
  response.writeHead(range ? 206 : 200, headers);
  if (request.method === 'HEAD' || start === end) response.end();
  else await pipeline(createReadStream(path, { start, end: end - 1 }), response);
}
