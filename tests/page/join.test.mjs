// Files chosen together: initialization segments and media segments in any order, under any packager's names, are told
// apart and joined; what nothing tells is said so.

import assert from 'node:assert/strict';
import { inEachBrowser } from './browser.mjs';
import { chunk, init, NUMBERS, RENDITIONS, segmentSite, shuffled, START } from './support-segments.mjs';
import { pageTests } from './support.mjs';

const KEY = '00112233445566778899aabbccddeeff';
const KID = '6f651ae1-dbe4-4434-bcb4-690d1564c41c';

const { root, skip } = segmentSite();

/** Names of an initialization segment and of segment `n`, of rendition `r`, and of what they make. */
const NAMES = {
  FFmpeg: [
    (r) => `init-stream${r}.m4s`,
    (r, n) => `chunk-stream${r}-${String(n).padStart(5, '0')}.m4s`,
    (r) => `stream${r}`,
  ],
  'Shaka Packager': [
    (r) => `film-${['180p-video', '90p-video', 'en-audio'][r]}-init.mp4`,
    (r, n) => `film-${['180p-video', '90p-video', 'en-audio'][r]}-${n}.m4s`,
    (r) => `film-${['180p-video', '90p-video', 'en-audio'][r]}`,
  ],
  MediaPackage: [
    (r) => `index_${r < 2 ? 'video' : 'audio'}_${r + 1}_0_init.mp4`,
    (r, n) => `index_${r < 2 ? 'video' : 'audio'}_${r + 1}_0_${n + 8}.mp4`,
    (r) => `index_${r < 2 ? 'video' : 'audio'}_${r + 1}_0`,
  ],
  GPAC: [
    (r) => `film_dash_track${r}_init.mp4`,
    (r, n) => `film_dash_track${r}_${n}.m4s`,
    (r) => `film_dash_track${r}`,
  ],
  'Bento4, in folders': [
    (r) => `film/${r < 2 ? `video/avc1/${r + 1}` : 'audio/en'}/init.mp4`,
    (r, n) => `film/${r < 2 ? `video/avc1/${r + 1}` : 'audio/en'}/seg-${n}.m4s`,
    (r) => ['1', '2', 'en'][r],
  ],
  'Unified, by time': [
    (r) => `film-${['video=900', 'video=400', 'audio_und=96'][r]}.dash`,
    (r, n) => `film-${['video=900', 'video=400', 'audio_und=96'][r]}-${(n - 1) * 25600}.dash`,
    (r) => `film-${['video=900', 'video=400', 'audio_und=96'][r]}`,
  ],
  'number and time': [(r) => `v${r}_init.mp4`, (r, n) => `v${r}_${n}_${(n - 1) * 25600}.m4s`, (r) => `v${r}`],
  'the rendition first': [(r) => `${r}_init.mp4`, (r, n) => `${r}_${n}.m4s`, (r) => `${r}`],
  'the number first': [(r) => `header-${'abc'[r]}.mp4`, (r, n) => `${n}-${'abc'[r]}.m4s`, (r) => 'abc'[r]],
  'HLS of variants': [(r) => `init_${r}.mp4`, (r, n) => `stream_${r}_${n - 1}.m4s`, (r) => `${r}`],
  capitals: [(r) => `Film_${r}_Init.mp4`, (r, n) => `film_${r}_SEG${n}.m4s`, (r) => `Film_${r}`],
};

inEachBrowser(
  (browser) => {
    const check = (name, body) => pageTests(browser)(name, body, { quiet: false, skip });
    const script = (page, body, ...args) => page.evaluate(`async (...args) => {${START}${body}}`, ...args);

    /** Puts named files in their groups, as lists of names. */
    const arranged = (page, named) =>
      script(
        page,
        `const { groups, refused } = await arrange(await all(args[0]));
        return { groups: groups.map(({ name, parts, warnings }) => ({ name, parts: parts.map(nameOf), warnings })),
          refused: refused.map(({ code, message, parts }) => ({ code, message, parts: parts.map(nameOf).sort() })) };`,
        named,
      );

    check(
      'renditions are told apart by the names of any packager, in whatever order they come',
      async (page) => {
        for (const [who, [initName, segmentName, stem]] of Object.entries(NAMES)) {
          const named = RENDITIONS.flatMap((r) => [
            [init(r), initName(r)],
            ...NUMBERS.map((n) => [chunk(r, n), segmentName(r, n)]),
          ]);
          const { groups, refused } = await arranged(page, shuffled(named));
          assert.deepEqual(refused, [], who);
          const byName = (one, two) => (one.name < two.name ? -1 : 1);
          const wanted = RENDITIONS.map((r) => ({
            name: stem(r),
            parts: [initName(r), ...NUMBERS.map((n) => segmentName(r, n))],
            warnings: [],
          }));
          assert.deepEqual(groups.toSorted(byName), wanted.toSorted(byName), who);
        }
      },
    );

    check(
      'where there is one initialization segment, names say nothing, and times put in order',
      async (page) => {
        const scrambled = ['zulu', 'f81d4fae', '7', 'a_3_b', 'Kilo 12'];
        const named = NUMBERS.map((n) => [chunk(0, n), `${scrambled[n - 1]}.m4s`]);
        const { groups, refused } = await arranged(page, shuffled([[init(0), 'first.mp4'], ...named]));
        assert.deepEqual(refused, []);
        assert.deepEqual(groups, [
          {
            name: 'first.mp4',
            parts: ['first.mp4', ...scrambled.map((name) => `${name}.m4s`)],
            warnings: [],
          },
        ]);
      },
    );

    check(
      'numbers of which the larger has fewer digits are numbers, and what is odd is said',
      async (page) => {
        const named = NUMBERS.map((n) => [chunk(0, n), `seg-${n + 7}.m4s`]);
        const most = [...named.slice(0, 1), ...named.slice(3)];
        const found = await arranged(page, shuffled([[init(0), 'seg-init.mp4'], ...most]));
        assert.deepEqual(found.refused, []);
        const [{ parts, warnings }] = found.groups;
        assert.deepEqual(parts, ['seg-init.mp4', 'seg-8.m4s', 'seg-11.m4s', 'seg-12.m4s']);
        assert.deepEqual(warnings, [
          'Between seg-8.m4s and seg-11.m4s 4 s of track 1 are missing, from 0:02 to 0:06. ' +
            'Not among the files: seg-9.m4s and seg-10.m4s.',
        ]);
        // Counting down while time goes up.
        const back = NUMBERS.map((n) => [chunk(0, n), `seg-${20 - n}.m4s`]);
        const other = await arranged(page, [[init(0), 'seg-init.mp4'], ...back]);
        assert.deepEqual(other.refused, []);
        assert.equal(other.groups[0].parts[1], 'seg-19.m4s');
        assert.match(other.groups[0].warnings.join(), /^The numbers in the names go another way/);
      },
    );

    const wrong = {
      'no initialization segment': {
        files: [[chunk(0, 1)], [chunk(0, 2)], [chunk(1, 1)], [chunk(2, 1)]],
        code: 'init-missing',
        says: /^The initialization segment is missing: chunk-stream0-00001\.m4s, chunk-stream0-00002\.m4s and 2 more are media segments of track 1.*Drop them together/,
      },
      'that of another rendition': {
        files: [[init(0)], [chunk(1, 1)], [chunk(1, 2)]],
        code: 'init-missing',
        says: /^The initialization segment is missing: by their names chunk-stream1-00001\.m4s and chunk-stream1-00002\.m4s are of another rendition than init-stream0\.m4s\. Drop them together/,
        alone: ['init-stream0.m4s'],
      },
      'those of two other renditions': {
        files: [[init(0)], [init(1)], [chunk(1, 1), 'chunk-stream3-00001.m4s']],
        code: 'init-missing',
        says: /by its name chunk-stream3-00001\.m4s is of another rendition than init-stream0\.m4s and init-stream1\.m4s/,
        alone: ['init-stream0.m4s', 'init-stream1.m4s'],
      },
      'two, and names that say nothing': {
        files: [
          [init(0), 'init-a.mp4'],
          [init(1), 'init-b.mp4'],
          [chunk(0, 1), 'seg-1.m4s'],
          [chunk(0, 2), 'seg-2.m4s'],
        ],
        code: 'init-ambiguous',
        says: /^Nothing says which initialization segment seg-1\.m4s and seg-2\.m4s belong to, init-a\.mp4 or init-b\.mp4\. Drop the files of one rendition at a time/,
        alone: ['init-a.mp4', 'init-b.mp4'],
      },
      'segments of two renditions and one that could be of both': {
        files: [
          [init(0), 'init.mp4'],
          ...[0, 1].flatMap((r) => NUMBERS.map((n) => [chunk(r, n), `${'ab'[r]}-${n}.m4s`])),
        ],
        code: 'segments-twice',
        says: /a-1\.m4s and b-1\.m4s both begin at 0:00 in track 1, so they are not of one file\. .*one rendition at a time/,
      },
      'a copy': {
        files: [
          [init(0)],
          ...NUMBERS.map((n) => [chunk(0, n)]),
          [chunk(0, 3), 'chunk-stream0-00003 (1).m4s'],
        ],
        code: 'segments-twice',
        says: /chunk-stream0-00003 \(1\)\.m4s and chunk-stream0-00003\.m4s both begin at 0:04 in track 1.*If one is a copy, leave it out/,
      },
      'tracks that the initialization segment does not have': {
        files: [['hls/film0.m4s'], [init(0), 'init.mp4']],
        code: 'init-missing',
        says: /^The initialization segment is missing: film0\.m4s is a media segment of tracks 1 and 2, which init\.mp4 does not have/,
        alone: ['init.mp4'],
      },
    };
    check('what does not belong together is not joined, and a sentence says why', async (page) => {
      for (const [what, { files, code, says, alone = [] }] of Object.entries(wrong)) {
        const named = files.map(([source, name]) => [source, name ?? source.split('/').at(-1)]);
        const { groups, refused } = await arranged(page, shuffled(named));
        assert.deepEqual([refused.map((one) => one.code), refused.length], [[code], 1], what);
        assert.match(refused[0].message, says, `${what}: ${refused[0].message}`);
        assert.deepEqual(groups.map(({ name }) => name).sort(), alone, what);
        const opened = await script(page, 'return failure(open(await all(args[0])));', named);
        assert.deepEqual(opened, { name: 'BoxlockError', code, message: refused[0].message }, what);
      }
    });

    check('a segment that nothing can follow is named, and so are several files and none', async (page) => {
      const found = await script(
        page,
        `const [head, one, two, three] = await all(args[0]);
        const other = new File([await one.arrayBuffer()], 'whole.mp4');
        const bytes = new Uint8Array(await two.arrayBuffer());
        const named = (parts) => new File(parts, two.name);
        const open2 = new Uint8Array(bytes);
        // The size of its 'mdat': to the end of the file.
        new DataView(open2.buffer).setUint32(24 + 52 + 304, 0);
        const whole = new File([head, one, two, three], 'whole.mp4');
        const results = [];
        for (const files of [
          [head, one, named([bytes.subarray(0, -7)]), three],
          [head, one, named([bytes, new Uint8Array(7)]), three],
          [head, one, named([open2]), three],
          [head, one, two, whole],
          [],
          [whole, head],
        ]) results.push(await failure(open(files)));
        const media = [await open([whole]), await open([head, one, two].map((part) => part.slice()))];
        results.push(media.map(({ name, parts }) => [name, parts.map((part) => [part.name, part.start, part.size])]));
        results.push([whole.size, head.size, one.size, two.size]);
        const stop = new AbortController();
        const stopped = failure(open([head, one, two, three], { signal: stop.signal }));
        stop.abort();
        results.push((await stopped).name);
        return results;`,
        [[init(0)], [chunk(0, 1)], [chunk(0, 2)], [chunk(0, 3)]],
      );
      const [cut, behind, endless, more, none, two, opened, sizes, stopped] = found;
      for (const { code } of [cut, behind, endless]) assert.equal(code, 'segment-damaged');
      assert.match(
        cut.message,
        /^chunk-stream0-00002\.m4s is cut short: its 'mdat' at byte 380 has \d+ bytes, and only \d+ of them are there/,
      );
      assert.match(behind.message, /^chunk-stream0-00002\.m4s has 7 bytes behind its last box/);
      assert.match(
        endless.message,
        /^chunk-stream0-00002\.m4s has a 'mdat' at byte 380 of which only the end of the file/,
      );
      for (const { code } of [more, two]) assert.equal(code, 'several-files');
      assert.match(more.message, /^These are 2 files and not one, .*whole\.mp4/);
      assert.equal(none.code, 'no-files');
      const [wholeSize, head, one] = sizes;
      assert.deepEqual(opened, [
        ['whole.mp4', [['whole.mp4', 0, wholeSize]]],
        // Blobs have no names.
        [
          'joined',
          [
            ['part 1', 0, head],
            ['part 2', head, one],
            ['part 3', head + one, sizes[3]],
          ],
        ],
      ]);
      assert.equal(stopped, 'AbortError');
    });

    check(
      'what is joined is the file that a person joins, and is protected to the same bytes',
      async (page) => {
        const found = await script(
          page,
          `const request = { laUrl: 'https://licence.example.com/', key: args[1], kid: args[2], ivStart: '0123456789abcdef' };
        const results = [];
        for (const [shuffled, sorted] of args[0]) {
          const parts = await all(shuffled);
          const joined = await open(parts);
          const whole = await open(new File(await all(sorted), 'whole.mp4'));
          const result = { name: joined.name, parts: joined.parts.map(({ name }) => name), same: [] };
          const { name: _, ...one } = joined.summary();
          const { name: __, ...two } = whole.summary();
          result.summaries = [JSON.stringify(one), JSON.stringify(two)];
          for (const form of ['hybrid', 'piff', 'plain']) {
            const plan = await joined.plan({ ...request, form });
            const made = [await joined.protect(plan), await whole.protect({ ...request, form })];
            const bytes = [];
            for (const one of made) bytes.push(new Uint8Array(await (await one.file()).arrayBuffer()));
            const same = bytes[0].length === bytes[1].length && bytes[0].every((byte, at) => byte === bytes[1][at]);
            result.same.push(same, bytes[0].length === plan.sizeAfter);
            result.made = made[0].name;
            for (const one of made) await one.discard();
          }
          for (const media of [joined, whole]) media.close();
          results.push(result);
        }
        return results;`,
          [
            [init(0), ...NUMBERS.map((n) => chunk(0, n))],
            ['hls/init.mp4', ...NUMBERS.map((n) => `hls/film${n - 1}.m4s`)],
          ].map((list) => {
            const files = list.map((source) => [source]);
            return [shuffled(files), files];
          }),
          KEY,
          KID,
        );
        const [dash, hls] = found;
        for (const { summaries, same } of found) {
          assert.equal(summaries[0], summaries[1]);
          assert.ok(same.every(Boolean), String(same));
        }
        assert.deepEqual(
          [dash.name, dash.made, hls.name, hls.made],
          ['stream0', 'stream0.mp4', 'film', 'film.mp4'],
        );
        assert.deepEqual(hls.parts, ['init.mp4', ...NUMBERS.map((n) => `film${n - 1}.m4s`)]);
        const { problems, fragmentCount, protectable } = JSON.parse(hls.summaries[0]);
        assert.deepEqual([problems, fragmentCount, protectable], [[], NUMBERS.length, { ok: true }]);
      },
    );
  },
  { root },
);
