/** The writing worker of one run: its writes keep nobody else waiting. */

import { openSink } from '../files/sink.js';
import { toPosted } from './errors.js';

/** @import { Sink } from '../files/sink.js' */
/** @import { FromWriter, ToWriter } from './messages' */

/** @type {Sink | null} */
let sink = null;
let turn = Promise.resolve();
let stopped = false;

/**
 * @param {ToWriter} message
 * @returns {Promise<Omit<Extract<FromWriter, { done: true }>, 'done'>>}
 */
async function carryOut(message) {
  if ('open' in message) {
    sink = await openSink(message.open, message.size);
    return {};
  }
  if (!sink) throw new Error('Nothing is open for writing.');
  if ('bytes' in message) {
    if (!stopped) await sink.write(message.bytes);
    return { buffer: message.bytes.buffer };
  }
  if ('patches' in message) {
    for (const { at, bytes } of message.patches) await sink.patch(at, bytes);
    return { written: await sink.close() };
  }
  await sink.abort();
  return {};
}

/** @param {MessageEvent<ToWriter>} event */
self.onmessage = ({ data }) => {
  /** @type {(message: FromWriter, transfer: Transferable[]) => void} */
  const post = (message, transfer) => self.postMessage({ message, transfer }, { transfer });
  // It must not wait for more than what is being written already.
  if ('abort' in data) {
    stopped = true;
    sink?.stop?.();
  }
  turn = turn
    .then(() => carryOut(data))
    .then(
      (result) => post({ done: true, ...result }, result.buffer ? [result.buffer] : []),
      (error) => post({ error: toPosted(error) }, []),
    );
};
