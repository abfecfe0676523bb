/** Whether files use a part of a key's stream twice, by what verifying or checking each of them told. */

/** @import { UsedStream } from '../types' */

/** `keys` are those that it was verified with, in their order, or IDs of keys. @typedef {{ name: string, keys: readonly (string | null)[], streams: readonly UsedStream[] }} Read */
/** What was used, in blocks. @typedef {{ first: bigint, last: bigint, file: number }} Part */

/**
 * For each file the name of another that uses a part of a stream that it uses too; empty where there is none.
 * @param {readonly Read[]} files
 */
export function usedTwice(files) {
  /** @type {Map<string, Part[]>} */
  const byKey = new Map();
  files.forEach(({ keys, streams }, file) => {
    for (const { key, first, last } of streams) {
      const name = keys[key]?.toLowerCase();
      if (name === undefined) continue;
      const parts = byKey.get(name) ?? [];
      byKey.set(name, parts);
      // An IV of 8 bytes is followed by 8 bytes that count blocks.
      const [from, to] = first.length > 16 ? ['', ''] : ['0'.repeat(16), 'f'.repeat(16)];
      parts.push({ first: BigInt(`0x${first}${from}`), last: BigInt(`0x${last}${to}`), file });
    }
  });
  const found = files.map(() => '');
  for (const parts of byKey.values()) {
    parts.sort((a, b) => (a.first < b.first ? -1 : Number(a.first > b.first)));
    // Of what began before, the part that ends last, and that of all other files.
    /** @type {Part[]} */
    let open = [];
    for (const part of parts) {
      for (const before of open)
        if (before.file !== part.file && part.first <= before.last) {
          found[part.file] ||= files[before.file]?.name ?? '';
          found[before.file] ||= files[part.file]?.name ?? '';
        }
      open = [...open, part].sort((a, b) => (a.last > b.last ? -1 : Number(a.last < b.last)));
      const [longest] = open;
      const other = open.find(({ file }) => file !== longest?.file);
      open = [longest, other].filter((one) => one !== undefined);
    }
  }
  return found;
}
