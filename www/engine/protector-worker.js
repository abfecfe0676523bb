/**
 * A protecting worker: encrypts fragments and hands the finished bytes back, or looks at fragments and says what it finds.
 * Knows no order and no sink.
 */

import { FragmentExaminer, Protector } from './wasm/boxlock_engine.js';
import { Gatherer, gatherNow, partOf } from '../files/gather.js';
import { BlobReader } from '../files/read.js';
import { BlobStream } from '../files/stream.js';
import { Witness } from '../files/witness.js';
import { isTrap, toPosted } from './errors.js';
import { live } from './lifeline.js';
import { startEngine, wipeAndEnd, wipeEngine } from './worker-engine.js';

/** @import { Chunk, FromProtector, Order, ToProtector, Wipe } from './messages' */

/** Large fragments go by in pieces of this size, twice. */
const PIECE_BYTES = 4 << 20;
/** Pieces of a large fragment handed out and not yet written: a slow disk must not fill memory. */
const UNWRITTEN_MAX = 2;

/** @type {{ protector: Protector, blob: Blob, memory: WebAssembly.Memory } | null} */
let state = null;

/** Of the files to be looked at. @type {{ examiners: FragmentExaminer[], blobs: Blob[], memory: WebAssembly.Memory } | null} */
let examining = null;

/** @type {ArrayBuffer[]} Buffers for pieces of large fragments, to be used again. */
const spares = [];
let unwritten = 0;
/** @type {(() => void) | null} */
let onWritten = null;

/** Lengths of what has none. */
const NONE = new Float64Array();

/** Batches wait for the one before. @type {Promise<void>} */
let turn = Promise.resolve();

function setUp() {
  if (!state) throw new Error('The worker is not set up.');
  return state;
}

/**
 * Room in wasm memory with these bytes in it.
 * @param {Uint8Array} bytes
 */
function load(bytes) {
  const { protector, memory } = setUp();
  const address = protector.room(bytes.length);
  new Uint8Array(memory.buffer, address, bytes.length).set(bytes);
  return address;
}

/**
 * To the leading worker; the page carries it.
 * @param {FromProtector} message
 * @param {Transferable[]} transfer
 */
const post = (message, transfer) => self.postMessage({ message, transfer }, { transfer });

/**
 * @param {number} id
 * @param {Chunk} chunk
 */
const hand = (id, chunk) =>
  post({ chunk: { id, ...chunk } }, [chunk.output.buffer, ...(chunk.spare ? [chunk.spare] : [])]);

/** Numbers that the core says of each fragment: bytes of its new head, where its media begin, and bytes of these. */
const PER_FRAGMENT = 3;

/**
 * Fragments that stand side by side, in one go.
 * @param {number} id
 * @param {Order} order
 * @param {Uint8Array<ArrayBuffer>} bytes
 */
function protectBatch(id, { end, tasks }, bytes) {
  const { protector, memory } = setUp();
  const address = load(bytes);
  const fragments = protector.protect(tasks);
  const lengths = new Float64Array(fragments.length / PER_FRAGMENT);
  const numbers = (/** @type {number} */ n) => fragments.subarray(n * PER_FRAGMENT, (n + 1) * PER_FRAGMENT);
  let total = 0;
  for (let n = 0; n < lengths.length; n++) {
    const [moofLen = 0, , mediaLen = 0] = numbers(n);
    total += lengths[n] = moofLen + mediaLen;
  }
  // The clear bytes are in wasm memory, and their buffer is free; most often it is large enough.
  const { buffer } = bytes;
  const output = new Uint8Array(buffer.byteLength < total ? new ArrayBuffer(total) : buffer, 0, total);
  let [at, moof] = [0, protector.moofs()];
  for (let n = 0; n < lengths.length; n++) {
    const [moofLen = 0, media = 0, mediaLen = 0] = numbers(n);
    output.set(new Uint8Array(memory.buffer, moof, moofLen), at);
    output.set(new Uint8Array(memory.buffer, address + media, mediaLen), at + moofLen);
    moof += moofLen;
    at += moofLen + mediaLen;
  }
  hand(id, {
    output,
    sourceEnd: end,
    lengths,
    tallies: protector.take_tallies(),
    heads: protector.digests(),
  });
}

/**
 * One fragment too large to hold.
 * @param {number} id
 * @param {Order} order of it alone
 */
async function protectLarge(id, order) {
  const { protector, blob, memory } = setUp();
  const witness = new Witness();
  const { head, read, cancel } = reading(blob, order, witness);
  protector.begin_large(order.tasks, head);
  let buffer = spare();
  for (let piece = nextPiece(); piece; piece = nextPiece()) {
    const bytes = await read(piece, buffer, true);
    load(bytes);
    ({ buffer } = bytes);
    protector.scan_piece(piece.start, piece.len);
  }
  const output = /** @type {Uint8Array<ArrayBuffer>} */ (protector.moof());
  const heads = protector.digests();
  let { length } = output;
  unwritten++;
  hand(id, { output, sourceEnd: order.start, lengths: null, tallies: null });
  let piece = nextPiece();
  while (piece) {
    await roomToWrite();
    const bytes = await read(piece, buffer, false);
    const address = load(bytes);
    protector.encrypt_piece(piece.start, piece.len);
    bytes.set(new Uint8Array(memory.buffer, address, piece.len));
    length += piece.len;
    const sourceEnd = piece.start + piece.len;
    piece = nextPiece();
    // It is read twice, and what was found the first time says what is encrypted of the second.
    if (!piece) await witness.check(blob);
    unwritten++;
    const ends = piece
      ? { lengths: null, tallies: null }
      : {
          lengths: Float64Array.of(length),
          tallies: protector.take_tallies(),
          heads,
          places: witness.places,
        };
    hand(id, { output: bytes, sourceEnd, ...ends });
    buffer = spare();
  }
  cancel();
}

/**
 * How the pieces of a large fragment are read.
 * @param {Blob} blob
 * @param {Order} order
 * @param {Witness} witness keeps some of what is read the first time
 */
function reading(blob, { start, moofLen, pieces }, witness) {
  let first = true;
  const saw = (/** @type {number} */ at, /** @type {Uint8Array<ArrayBuffer>} */ bytes) => {
    if (first) witness.saw(at, bytes);
  };
  const stream = new BlobStream(blob);
  const gatherer = new Gatherer(blob, saw);
  const reader = new BlobReader(blob);
  return {
    head: pieces ? gatherNow(reader, partOf(pieces, 0, moofLen)) : reader.read(start, moofLen),
    /**
     * @param {{ start: number, len: number }} piece
     * @param {ArrayBuffer} buffer
     * @param {boolean} isFirst whether it is read for the first time
     */
    async read(piece, buffer, isFirst) {
      first = isFirst;
      if (pieces) return gatherer.gather(partOf(pieces, piece.start - start, piece.len), buffer);
      const bytes = await stream.read(piece.start, piece.len, buffer);
      saw(piece.start, bytes);
      return bytes;
    },
    cancel() {
      stream.cancel();
      gatherer.cancel();
    },
  };
}

/**
 * Looks at fragments of one of the files. Why they could not be looked at is an answer too: who leads knows which file they are
 * of.
 * @param {Extract<ToProtector, { examine: unknown }>['examine']} message
 */
async function examine({ id, side, order, bytes }) {
  /** @param {Uint8Array} found @param {Pick<Chunk, 'fault'>} [more] */
  const say = (found, more) => {
    const output = /** @type {Uint8Array<ArrayBuffer>} */ (found);
    const spare = bytes ? { spare: bytes.buffer } : {};
    hand(id, { output, sourceEnd: order.end, lengths: NONE, tallies: null, ...spare, ...more });
  };
  try {
    const [examiner, blob] = [examining?.examiners[side], examining?.blobs[side]];
    if (!examiner || !blob) throw new Error('The worker is not set up.');
    if (!bytes) await examineLarge(examiner, blob, order);
    else putBytes(examiner, bytes);
    say(bytes ? examiner.examine(order.tasks) : examiner.large_found());
  } catch (error) {
    if (isTrap(error)) throw error;
    say(new Uint8Array(), { fault: toPosted(error) });
  }
}

/**
 * @param {FragmentExaminer} examiner
 * @param {Uint8Array} bytes
 */
function putBytes(examiner, bytes) {
  const address = examiner.room(bytes.length);
  const { buffer } = /** @type {WebAssembly.Memory} */ (examining?.memory);
  new Uint8Array(buffer, address, bytes.length).set(bytes);
}

/**
 * @param {FragmentExaminer} examiner
 * @param {Blob} blob
 * @param {Order} order of one fragment too large to hold
 */
async function examineLarge(examiner, blob, order) {
  const { head, read, cancel } = reading(blob, order, new Witness());
  examiner.begin_large(order.tasks, head);
  let buffer = spare();
  /** @type {() => { start: number, len: number } | null} */
  const next = () => examiner.next_piece(PIECE_BYTES);
  for (let piece = next(); piece; piece = next()) {
    const bytes = await read(piece, buffer, true);
    putBytes(examiner, bytes);
    ({ buffer } = bytes);
    examiner.take_piece(piece.start, piece.len);
  }
  cancel();
  if (buffer.byteLength === PIECE_BYTES) spares.push(buffer);
}

/** @returns {{ start: number, len: number } | null} */
function nextPiece() {
  return setUp().protector.next_piece(PIECE_BYTES);
}

function spare() {
  return spares.pop() ?? new ArrayBuffer(PIECE_BYTES);
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
    if (message.written.buffer.byteLength === PIECE_BYTES) spares.push(message.written.buffer);
    onWritten?.();
  } else if ('start' in message) await startEngine(message.start);
  else if ('setUp' in message) {
    const { engine, blob, moov, request, random } = message.setUp;
    const { memory } = await startEngine(engine);
    state = { protector: new Protector(moov, request, random), blob, memory };
    random.fill(0);
  } else if ('examiners' in message) {
    const { engine, files } = message.examiners;
    const { memory } = await startEngine(engine);
    const examiners = files.map(({ moov, keys, bytesAlone }) =>
      bytesAlone ? FragmentExaminer.of_bytes(moov) : new FragmentExaminer(moov, keys),
    );
    examining = { examiners, blobs: files.map(({ blob }) => blob), memory };
  } else if ('examine' in message) await examine(message.examine);
  else if ('large' in message) await protectLarge(message.large.id, message.large.order);
  else protectBatch(message.batch.id, message.batch.order, message.batch.bytes);
}

/** @param {MessageEvent<ToProtector | Wipe>} event */
self.onmessage = ({ data }) => {
  if ('wipe' in data) {
    wipeAndEnd();
    return;
  }
  const failed = (/** @type {unknown} */ error) => {
    if (isTrap(error)) wipeEngine();
    post({ error: toPosted(error) }, []);
  };
  // Word that something was written must not wait behind the batch that waits for it.
  if ('written' in data) void receive(data);
  else turn = turn.then(() => receive(data)).catch(failed);
};

live();
