/** A protecting worker: reads fragments, encrypts them, hands the finished bytes back. Knows no order and no sink. */

import init, { Protector } from './wasm/boxlock_engine.js';
import { BlobReader } from '../files/read.js';
import { toPosted } from './errors.js';

/** @import { Chunk, FragmentTask, ToProtector } from './messages' */

const ready = init();

/** Fragments larger than this go by in pieces of this size, twice. */
const PIECE_BYTES = 4 << 20;
const LARGE_BYTES = 8 << 20;
/** Pieces of a large fragment handed out and not yet written: a slow disk must not fill memory. */
const UNWRITTEN_MAX = 2;

/** @type {{ protector: Protector, reader: BlobReader, memory: WebAssembly.Memory } | null} */
let state = null;

/** @type {ArrayBuffer[]} Buffers whose bytes are written, to be used again. */
const spares = [];
/** @type {MessagePort | null} */
let port = null;

let unwritten = 0;
/** @type {(() => void) | null} */
let onWritten = null;

/** Batches wait for the one before. @type {Promise<void>} */
let turn = Promise.resolve();

function setUp() {
  if (!state) throw new Error('The worker is not set up.');
  return state;
}

/**
 * Room in wasm memory with the bytes of a range of the file in it.
 * @param {number} start
 * @param {number} len
 */
function load(start, len) {
  const { protector, reader, memory } = setUp();
  const bytes = reader.read(start, len);
  const address = protector.room(len);
  new Uint8Array(memory.buffer, address, len).set(bytes);
  return address;
}

/** @param {number} len */
function outputOf(len) {
  const spare = spares.findIndex((buffer) => buffer.byteLength >= len);
  const buffer = spare >= 0 ? spares.splice(spare, 1)[0] : undefined;
  return new Uint8Array(buffer ?? new ArrayBuffer(Math.max(len, PIECE_BYTES + (PIECE_BYTES >> 2))), 0, len);
}

/**
 * @param {number} id
 * @param {Chunk} chunk
 */
function hand(id, chunk) {
  unwritten++;
  port?.postMessage({ chunk: { id, ...chunk } }, { transfer: [chunk.output.buffer] });
}

/**
 * Fragments that stand next to each other, in one go.
 * @param {number} id
 * @param {FragmentTask[]} tasks
 */
function protectBatch(id, tasks) {
  const { protector, memory } = setUp();
  const { start } = /** @type {FragmentTask} */ (tasks[0]);
  const { end } = /** @type {FragmentTask} */ (tasks.at(-1));
  const address = load(start, end - start);
  const moofs = tasks.map((task) => protector.protect(task, task.start - start));
  const lengths = tasks.map((task, n) => (moofs[n]?.length ?? 0) + task.end - task.start - task.moofLen);
  const output = outputOf(lengths.reduce((sum, length) => sum + length, 0));
  const room = new Uint8Array(memory.buffer, address, end - start);
  let at = 0;
  tasks.forEach((task, n) => {
    const moof = moofs[n] ?? new Uint8Array();
    output.set(moof, at);
    output.set(room.subarray(task.start - start + task.moofLen, task.end - start), at + moof.length);
    at += lengths[n] ?? 0;
  });
  hand(id, { output, sourceEnd: end, lengths });
}

/**
 * One fragment too large to hold.
 * @param {number} id
 * @param {FragmentTask} task
 */
async function protectLarge(id, task) {
  const { protector, reader, memory } = setUp();
  protector.begin_large(task, reader.read(task.start, task.moofLen));
  for (let piece = protector.next_piece(PIECE_BYTES); piece; piece = protector.next_piece(PIECE_BYTES)) {
    load(piece.start, piece.len);
    protector.scan_piece(piece.start, piece.len);
  }
  const moof = protector.moof();
  const output = outputOf(moof.length);
  output.set(moof);
  let length = moof.length;
  hand(id, { output, sourceEnd: task.start, lengths: null });
  let piece = protector.next_piece(PIECE_BYTES);
  while (piece) {
    await roomToWrite();
    const address = load(piece.start, piece.len);
    protector.encrypt_piece(piece.start, piece.len);
    const part = outputOf(piece.len);
    part.set(new Uint8Array(memory.buffer, address, piece.len));
    length += piece.len;
    const sourceEnd = piece.start + piece.len;
    piece = protector.next_piece(PIECE_BYTES);
    hand(id, { output: part, sourceEnd, lengths: piece ? null : [length] });
  }
}

/** Waits until few enough pieces are unwritten. */
async function roomToWrite() {
  const full = () => unwritten >= UNWRITTEN_MAX;
  while (full()) {
    await new Promise((resolve) => {
      onWritten = () => resolve(null);
    });
  }
}

/** @param {ToProtector} message */
async function receive(message) {
  if ('written' in message) {
    unwritten--;
    spares.push(message.written.buffer);
    onWritten?.();
  } else if ('setUp' in message) {
    const { memory } = await ready;
    const { blob, moov, request, random } = message.setUp;
    state = { protector: new Protector(moov, request, random), reader: new BlobReader(blob), memory };
  } else {
    const { id, tasks } = message.batch;
    const [only, ...others] = tasks;
    if (only && others.length === 0 && only.end - only.start > LARGE_BYTES) await protectLarge(id, only);
    else protectBatch(id, tasks);
  }
}

/** @param {MessageEvent<ToProtector>} event */
function onMessage({ data }) {
  const failed = (/** @type {unknown} */ error) => port?.postMessage({ error: toPosted(error) });
  // Word that something was written must not wait behind the batch that waits for it.
  if ('written' in data) void receive(data);
  else turn = turn.then(() => receive(data)).catch(failed);
}

/** @param {MessageEvent<{ port: MessagePort }>} event from the page: the way to the leading worker */
self.onmessage = ({ data }) => {
  ({ port } = data);
  port.onmessage = onMessage;
};
