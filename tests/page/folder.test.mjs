// Several files into a folder or an archive: what is left when that fails, and how far those who make it may run ahead.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Output } from '../../www/engine/output.js';
import { intoFolder } from '../../www/files/folder.js';
import { zipped } from '../../www/files/zip.js';

const FILES = ['init.mp4', 'one.m4s', 'two.m4s'].map((name) => ({ name, size: 4 }));

/** A folder in memory. `refuse(what, name)` gives the error with which something fails. */
function memoryFolder(refuse = () => null) {
  const files = new Map();
  const may = (what, name) => {
    const error = refuse(what, name);
    if (error) throw error;
  };
  return {
    files,
    keys: async function* () {
      yield* files.keys();
    },
    async getFileHandle(name) {
      may('handle', name);
      files.set(name, 'begun');
      return {
        async createWritable() {
          may('open', name);
          return {
            write: async () => may('write', name),
            close: async () => void files.set(name, 'finished'),
            abort: async () => {},
          };
        },
      };
    },
    async removeEntry(name) {
      // Only when all have been asked for.
      await new Promise((resolve) => void setTimeout(resolve));
      may('remove', name);
      if (!files.delete(name)) throw new DOMException('It is not there.', 'NotFoundError');
    },
  };
}

test('a folder has the files one after the other, and after an abort none of them', async () => {
  const folder = memoryFolder();
  const sink = await intoFolder(folder, FILES);
  await sink.write(new Uint8Array(4));
  await sink.next();
  assert.deepEqual(Object.fromEntries(folder.files), { 'init.mp4': 'finished', 'one.m4s': 'begun' });
  folder.files.delete('init.mp4'); // somebody else did
  await sink.abort();
  assert.equal(folder.files.size, 0);
});

test('files of a folder are removed at the same time', async () => {
  let under = 0;
  let most = 0;
  const folder = memoryFolder();
  const remove = folder.removeEntry;
  folder.removeEntry = async (name) => {
    most = Math.max(most, ++under);
    await remove(name);
    under--;
  };
  const sink = await intoFolder(folder, FILES);
  await sink.next();
  await sink.next();
  await sink.abort();
  assert.equal(most, 3);
});

test('segments that could not be removed are named', async () => {
  const locked = new DOMException('Another program has it.', 'NoModificationAllowedError');
  const folder = memoryFolder((what, name) => (what === 'remove' && name !== 'one.m4s' ? locked : null));
  const sink = await intoFolder(folder, FILES);
  await sink.next();
  await sink.next();
  await assert.rejects(sink.abort(), ({ name, code, message }) => {
    assert.deepEqual([name, code], ['BoxlockError', 'left-in-folder']);
    assert.match(message, /init\.mp4 to two\.m4s\. Delete these/);
    return true;
  });
  assert.deepEqual([...folder.files.keys()], ['init.mp4', 'two.m4s']);
});

test('a first file that cannot be begun leaves nothing in the folder', async () => {
  const full = new DOMException('No room.', 'QuotaExceededError');
  const folder = memoryFolder((what) => (what === 'open' ? full : null));
  await assert.rejects(intoFolder(folder, FILES), (error) => error === full);
  assert.equal(folder.files.size, 0);
});

test('an archive that cannot be begun takes back the file it was to be', async () => {
  const full = new DOMException('No room.', 'QuotaExceededError');
  const said = [];
  const sink = {
    write: async () => {
      throw full;
    },
    abort: async () => void said.push('aborted'),
  };
  await assert.rejects(zipped(sink, FILES, true), (error) => error === full);
  assert.deepEqual(said, ['aborted']);
});

test('whoever makes several files never runs further ahead of the disk than with one', async () => {
  let hear;
  const waiting = [];
  let most = 0;
  const line = {
    listen: (_, listener) => void (hear = listener),
    send(_, message) {
      waiting.push(message);
      most = Math.max(most, waiting.filter(({ bytes }) => bytes).length);
    },
  };
  const output = new Output(line, 0);
  const answers = setInterval(() => waiting.shift() && hear({ done: true }));
  for (let number = 0; number < 50; number++) {
    if (number > 0) output.next();
    await output.write(new Uint8Array(1));
  }
  clearInterval(answers);
  assert.ok(most <= 2, `${most} writes were waiting`);
});
