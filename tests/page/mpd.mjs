// What mpd-parser finds in a description that is read from the standard input: files, and which bytes of them are the index and
// the initialization.

import { parse } from 'mpd-parser';

const chunks = [];
for await (const chunk of process.stdin) chunks.push(chunk);
const manifest = parse(Buffer.concat(chunks).toString(), {
  manifestUri: 'https://media.example/set.mpd',
});
const groups = Object.values(manifest.mediaGroups).flatMap((kind) =>
  Object.values(kind).flatMap((group) => Object.values(group)),
);
const all = [...manifest.playlists, ...groups.flatMap(({ playlists }) => playlists)];
const range = ({ offset, length }) => ({ offset: Number(offset), length: Number(length) });
const said = all.map((list) => {
  const pssh = list.contentProtection?.['com.microsoft.playready']?.pssh;
  return {
    uri: list.sidx?.resolvedUri ?? list.resolvedUri,
    index: list.sidx ? range(list.sidx.byterange) : null,
    init: list.sidx?.map?.byterange ? range(list.sidx.map.byterange) : null,
    playready: pssh ? Buffer.from(pssh).toString('base64') : null,
  };
});
process.stdout.write(JSON.stringify(said));
