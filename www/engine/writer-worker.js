/** The writing worker of one run: its writes keep nobody else waiting. */

import { openSink } from '../files/sink.js';
import { toPosted } from './errors.js';
import { live } from './lifeline.js';

/** @import { Sink } from '../files/sink.js' */
/** @import { FromWriter, ToWriter } from './messages' */

/** @type {Sink | null} */
let sink = null;
let turn = Promise.resolve();
let stopped = false;
/** What the page answers. @type {(may: boolean) => void} */
let onFinish = () => {};

/**
 * To the leading worker or, of what only it decides, the page.
 * @param {FromWriter} message
 * @param {Transferable[]} transfer
 */
const post = (message, transfer) => self.postMessage({ message, transfer }, { transfer });

/**
 * @param {Exclude<ToWriter, { finish: boolean }>} message
 * @returns {Promise<Omit<Extract<FromWriter, { done: true }>, 'done'>>}
 */
async function carryOut(message) {
  if ('open' in message) {
    sink = await openSink(message.open, message.size, message.stored);
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
  if ('patches' in message) {
    for (const { at, bytes } of message.patches) await sink.patch(at, bytes);
    await sink.ready?.();
    if (!(await mayFinish())) throw new DOMException('Cancelled.', 'AbortError');
    return { written: await sink.close() };
  }
  return {};
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
  // It must not wait for more than what is being written already.
  if ('abort' in data) {
    stopped = true;
    sink?.stop?.();
  }
  turn = turn
    .then(() => carryOut(data))
    .then(
      (result) => post({ done: true, ...result }, result.buffer ? [result.buffer] : []),
      (error) => post({ error: toPosted(error, doing(data)) }, []),
    );
};

live();
