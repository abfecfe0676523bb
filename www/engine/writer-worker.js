/** The writing worker of one run: its writes keep nobody else waiting. */

import { cancelled } from '../files/faults.js';
import { intoFolder } from '../files/folder.js';
import { openSink, streamedFile } from '../files/sink.js';
import { zipped } from '../files/zip.js';
import { fromPosted, toPosted } from './errors.js';
import { live } from './lifeline.js';

/** @import { Sink } from '../files/sink.js' */
/** @import { FromWriter, ToWriter } from './messages' */

/** @type {Sink | null} */
let sink = null;
let turn = Promise.resolve();
let stopped = false;
/** What the page answers. @type {(may: boolean) => void} */
let onFinish = () => {};
/** Who waits for the page to begin a download. @type {{ resolve: (port: MessagePort) => void, reject: (reason: unknown) => void } | null} */
let onDownload = null;

/**
 * To the leading worker or, of what only it decides, the page.
 * @param {FromWriter} message
 * @param {Transferable[]} transfer
 */
const post = (message, transfer) => self.postMessage({ message, transfer }, { transfer });

/**
 * Where the output goes: one file, several in a folder, or several in one file.
 * @param {Extract<ToWriter, { open: unknown }>} message
 */
async function opened({ open, size, stored, download, files }) {
  if (open?.kind === 'directory') return intoFolder(open, files ?? []);
  const one = download === null ? await openSink(open, size, stored) : await openDownload(download);
  return files ? zipped(one, files, download === null) : one;
}

/**
 * @param {Exclude<ToWriter, { finish: boolean } | { downloading: unknown }>} message
 * @returns {Promise<Omit<Extract<FromWriter, { done: true }>, 'done'>>}
 */
async function carryOut(message) {
  if ('open' in message) {
    sink = await opened(message);
    return {};
  }
  if ('abort' in message) {
    await sink?.abort();
    return { aborted: true };
  }
  if (!sink) throw new Error('Nothing is open for writing.');
  if ('bytes' in message) {
    if (!stopped) await sink.write(message.bytes);
    return { buffer: message.bytes.buffer };
  }
  if ('next' in message) {
    if (!stopped) await sink.next?.();
    return {};
  }
  if ('patches' in message) {
    for (const { at, bytes } of message.patches) await sink.patch(at, bytes);
    await sink.ready?.();
    if (!(await mayFinish())) throw cancelled();
    return { written: await sink.close() };
  }
  return {};
}

/** @param {string} name */
async function openDownload(name) {
  /** @type {Promise<MessagePort>} */
  const begun = new Promise((resolve, reject) => {
    onDownload = { resolve, reject };
  });
  post({ download: name }, []);
  return streamedFile(await begun, () => post({ streaming: true }, []));
}

/** Whether the file is to be finished. Who cancels and who finishes must not believe different things. */
async function mayFinish() {
  if (stopped) return false;
  const answer = new Promise((resolve) => {
    onFinish = resolve;
  });
  post({ finishing: true }, []);
  return answer;
}

/** @param {ToWriter} message */
const doing = (message) => ('patches' in message ? 'finish' : 'write');

/** @param {MessageEvent<ToWriter>} event */
self.onmessage = ({ data }) => {
  if ('finish' in data) {
    onFinish(data.finish);
    return;
  }
  if ('downloading' in data) {
    const { downloading } = data;
    if (downloading instanceof MessagePort) onDownload?.resolve(downloading);
    else onDownload?.reject(fromPosted(downloading));
    return;
  }
  // It must not wait for more than what is being written already.
  if ('abort' in data) {
    stopped = true;
    sink?.stop?.();
    onDownload?.reject(cancelled());
  }
  turn = turn
    .then(() => carryOut(data))
    .then(
      (result) => post({ done: true, ...result }, result.buffer ? [result.buffer] : []),
      (error) => post({ error: toPosted(error, doing(data)) }, []),
    );
};

live();
