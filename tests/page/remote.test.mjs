// The page that opens addresses: what it fetches and no more, manifests and their segments, and each fault of servers.

import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { inEachBrowser } from './browser.mjs';
import { file, longFile, mediaServer, pieces } from './support-remote.mjs';
import { giveAxe, LONG, SAMPLE, siteCopy, triedAgain } from './support.mjs';

const FRAGMENTS = 80;
/** Manifests that others wrote. */
const OTHERS = ['azure-sdk__small.ismc', 'rx-player__Manifest_Regular.xml'];
const MANIFESTS = new URL('../../../shared/corpus/smooth/', import.meta.url);

const { head, fragments } = pieces();

const SMOOTH = `<?xml version="1.0" encoding="utf-8"?>
<SmoothStreamingMedia MajorVersion="2" MinorVersion="2" TimeScale="10000000" Duration="${fragments.length * 20000000}">
  <StreamIndex Type="video" Name="video" Chunks="${fragments.length}" QualityLevels="1"
    Url="QualityLevels({bitrate})/Fragments(video={start time})">
    <QualityLevel Index="0" Bitrate="900000" FourCC="H264" MaxWidth="640" MaxHeight="360"
      CodecPrivateData="000000016742C01E9A7405A1ED40000003004000000CA1000000000168CE3C80"/>
    <c t="0" d="20000000" r="${fragments.length}"/>
  </StreamIndex>
</SmoothStreamingMedia>`;

const DASH = `<?xml version="1.0" encoding="utf-8"?>
<MPD xmlns="urn:mpeg:dash:schema:mpd:2011" profiles="urn:mpeg:dash:profile:isoff-live:2011" type="static"
  mediaPresentationDuration="PT${fragments.length * 2}S" minBufferTime="PT2S">
  <Period><AdaptationSet mimeType="video/mp4" codecs="avc1.42c01e">
    <SegmentTemplate media="$RepresentationID$/$Number%03d$.m4s" initialization="$RepresentationID$/init.mp4"
      timescale="1000" duration="2000"/>
    <Representation id="v1" bandwidth="900000" width="640" height="360"/>
    <Representation id="whole" bandwidth="1"><BaseURL>film.ismv</BaseURL><SegmentBase indexRange="0-9"/></Representation>
  </AdaptationSet></Period>
</MPD>`;

const HLS = `#EXTM3U
#EXT-X-VERSION:7
#EXT-X-TARGETDURATION:2
#EXT-X-MAP:URI="v1/init.mp4"
${fragments.map((_, number) => `#EXTINF:2.0,\nv1/${String(number + 1).padStart(3, '0')}.m4s`).join('\n')}
#EXT-X-ENDLIST
`;

const own = { long: longFile(FRAGMENTS, 1_500_000) };

before(async () => {
  own.server = await mediaServer();
  const { files } = own.server;
  const put = (name, bytes) => files.set(name, file(Buffer.from(bytes)));
  files.set('long.mp4', own.long);
  files.set('big.mp4', longFile(2, 80e6));
  put('film.ismv', readFileSync(SAMPLE));
  put('empty.mp4', '');
  put('login.mp4', '<!DOCTYPE html><html><title>Sign in</title></html>');
  put('film.ism/Manifest', SMOOTH);
  put('film.mpd', DASH);
  put('film.m3u8', HLS);
  put('v1/init.mp4', head);
  fragments.forEach((bytes, number) => {
    put(`film.ism/QualityLevels(900000)/Fragments(video=${number * 20000000})`, bytes);
    put(`v1/${String(number + 1).padStart(3, '0')}.m4s`, bytes);
  });
  if (existsSync(MANIFESTS))
    for (const name of OTHERS) put(`corpus/${name}`, readFileSync(new URL(name, MANIFESTS)));
});
after(() => own.server?.close());

/** Types an address and opens it. */
async function give(page, path, origin = own.server.origin) {
  await page.fill('#address', `${origin}${path}`);
  await page.click('#open-address');
}

const opened = (page) => page.waitFor('.tree-row', { timeout: LONG });
const noted = async (page) => {
  await page.waitFor('#place .notice', { timeout: LONG });
  return page.text('#place .notice');
};
const fetchedText = (page) => page.text('.fetched-text');

/** Tests of which each gets a page with the page of addresses open. */
const pageTests =
  (browser) =>
  (name, body, options = {}) =>
    test(name, options, (context) =>
      triedAgain(browser, context, async () => {
        browser.site.beyond.add(own.server.origin);
        Object.assign(own.server, { tag: '"one"', faults: 0 });
        const page = await browser.newPage();
        try {
          await page.goto('/remote.html');
          await page.waitFor('#open-address');
          await body(page);
        } finally {
          await page.close();
        }
      }),
    );

inEachBrowser(
  (browser) => {
    const check = pageTests(browser);

    check(
      'a long file shows its tree for less than a megabyte, and nothing of the person goes along',
      async (page) => {
        await page.evaluate(() => void (document.cookie = 'secret=1'));
        const from = own.server.requests.length;
        await page.evaluate(() => {
          window.fronts = new Set();
          const note = () => {
            const shown = document.querySelector('.opening .front');
            if (shown?.checkVisibility()) window.fronts.add(shown.innerText);
          };
          new MutationObserver(note).observe(document.body, { subtree: true, childList: true });
        });
        await give(page, '/plain/long.mp4?sig=SECRET');
        await opened(page);
        const fronts = await page.evaluate(() => [...window.fronts]);
        assert.equal(fronts.length, 1, 'the first boxes are shown before the rest is fetched');
        assert.match(fronts[0], /^It begins with\s+ftyp File type, \d+ B\s+moov Movie 2 tracks, /);
        assert.ok(own.long.size > 100e6, `${own.long.size}`);
        // It goes on to fetch what it shows, and tells that a moment later.
        for (let told = ''; told !== (await fetchedText(page)); await sleep(300))
          told = await fetchedText(page);
        const asked = own.server.requests.slice(from).filter(({ method }) => method === 'GET');
        const bytes = asked.reduce((sum, { range }) => {
          const [, start, last] = /^bytes=(\d+)-(\d+)$/.exec(range);
          return sum + Number(last) + 1 - Number(start);
        }, 0);
        assert.ok(bytes < 1e6, `${bytes} bytes were asked for`);
        for (const { headers } of asked)
          for (const name of ['cookie', 'referer', 'authorization'])
            assert.equal(headers[name], undefined, name);
        const said = /^Fetched ([\d.]+) kB of 120 MB in (\d+) requests$/.exec(await fetchedText(page));
        assert.ok(said, await fetchedText(page));
        assert.ok(
          Math.abs(Number(said[1]) * 1000 - bytes) <= bytes / 100 + 1000,
          `${said[1]} kB for ${bytes}`,
        );
        assert.equal(Number(said[2]), asked.length);
        // Its signature is in no place where it would be kept or seen.
        const seen = await page.evaluate(() =>
          [location.href, document.title, document.body.innerText].join('\n'),
        );
        assert.ok(!seen.includes('SECRET'));
        // What is chosen is fetched then: fields, bytes, a sample, a search.
        await page.evaluate(() => [...document.querySelectorAll('.tree-row')].at(-1).click());
        await page.waitFor(() =>
          /^Bytes of (moof|mdat)/.test(document.querySelector('.pane-bytes h2').innerText),
        );
        await page.waitFor(() => document.querySelector('.byte-row [data-at]'));
        await page.evaluate(() =>
          [...document.querySelectorAll('.inspect-views button')]
            .find((one) => one.innerText === 'Samples')
            .click(),
        );
        await page.waitFor('.sample-table .virtual-row[data-index="0"]', { timeout: LONG });
        await page.waitFor(
          () => document.querySelector('.sample-row[data-index="0"] .sample-size').innerText === '30,000',
        );
        await page.evaluate(() => document.querySelector('.sample-row[data-index="0"]').click());
        await page.waitFor(() => /sample 1/.test(document.querySelector('.pane-bytes h2').innerText), {
          timeout: LONG,
        });
        assert.deepEqual(page.errors, []);
      },
    );

    check('who wants much is asked first, and the page goes on or stops as it is told', async (page) => {
      await give(page, '/plain/big.mp4');
      await opened(page);
      const press = (words) =>
        page.evaluate(
          (text) => [...document.querySelectorAll('button')].find((one) => one.innerText === text).click(),
          words,
        );
      await page.evaluate(() =>
        [...document.querySelectorAll('.tree-row')].find((row) => /mdat/.test(row.innerText)).click(),
      );
      await page.waitFor(() => /^Bytes of mdat/.test(document.querySelector('.pane-bytes h2').innerText));
      const saveBox = async () => {
        await page.evaluate(() => {
          document.querySelector('.save-menu').open = true;
          document.querySelector('.save-box').click();
        });
        await page.waitFor('#question:not([hidden])', { timeout: LONG });
      };
      await saveBox();
      assert.match(await page.text('#question'), /6\d\.\d MB were fetched so far, and .* more are wanted/);
      const from = own.server.requests.length;
      await press('Stop here');
      await page.waitFor(
        () => /Nothing more was fetched/.test(document.querySelector('.save-told').innerText),
        { timeout: LONG },
      );
      assert.equal(own.server.requests.length, from);
      await saveBox();
      await press('Fetch more');
      await page.waitFor(
        () => /went to your downloads/.test(document.querySelector('.save-told').innerText),
        { timeout: LONG },
      );
      assert.equal(await page.evaluate(() => document.querySelector('#question').hidden), true);
    });

    check(
      'a server that is asked several times, leads on, or says little, is read all the same',
      async (page) => {
        own.server.faults = 2;
        await give(page, '/flaky/film.ismv');
        await opened(page);
        own.server.faults = 1;
        for (const way of ['torn', 'away', 'shy']) {
          await give(page, `/${way}/film.ismv`);
          await page.waitFor('#cancel, .tree-row');
          await opened(page);
          assert.match(await page.text('.strip-name h1'), /film\.ismv/, way);
        }
        await give(page, '/rangeless/film.ismv');
        await page.waitFor(() => /answers no ranges/.test(document.querySelector('#fetched').innerText), {
          timeout: LONG,
        });
        await opened(page);
      },
    );

    check('each fault is a sentence that says what to do, with the address in none', async (page) => {
      const table = [
        ['/401/film.ismv', /refuses the file \(401\).*new address/],
        ['/403/film.ismv', /refuses the file \(403\)/],
        ['/404/film.ismv', /no such file \(404\)/],
        ['/plain/none.mp4', /no such file \(404\)/],
        ['/418/film.ismv', /does not give the file \(418\)/],
        ['/503/film.ismv', /cannot give the file now \(503\).*several times/],
        ['/closed/film.ismv', /does not let pages of other origins.*Access-Control-Allow-Origin: \*/s],
        ['/whole-only/film.ismv', /header Range.*Access-Control-Allow-Headers: Range/s],
        ['/rangeless/long.mp4', /120 MB.*answer ranges/],
        ['/packed/film.ismv', /compresses/],
        ['/silent/long.mp4', /how long the file is.*Access-Control-Expose-Headers/s],
        ['/plain/empty.mp4', /is empty/],
        ['/plain/login.mp4', /a web page/],
      ];
      for (const [path, sentence] of table) {
        await give(page, `${path}?sig=SECRET`);
        const text = await noted(page);
        assert.match(text, sentence, path);
        assert.match(text, /was not opened/);
        assert.doesNotMatch(text, /SECRET|TypeError|Failed to fetch|NetworkError/, path);
        await page.evaluate(() => document.querySelector('#place .notice').remove());
      }
      // Nobody is there.
      const gone = 'http://127.0.0.1:9';
      browser.site.beyond.add(gone);
      await give(page, '/film.mp4', gone);
      assert.match(await noted(page), /could not be reached/);
      for (const [text, sentence] of [
        ['film.mp4', /from https:\/\/ to its end/],
        ['ftp://host/film.mp4', /no address that can be opened/],
        ['https://name:word@host/film.mp4', /name or a password/],
        ['', /Paste the address/],
      ]) {
        await page.fill('#address', text);
        await page.click('#open-address');
        await page.waitFor('#address-fault:not([hidden])');
        assert.match(await page.text('#address-fault'), sentence);
      }
    });

    check('a file that changes while it is open is not taken for the one that was opened', async (page) => {
      await give(page, '/plain/long.mp4');
      await opened(page);
      own.server.tag = '"two"';
      await page.evaluate(() =>
        [...document.querySelectorAll('.inspect-views button')]
          .find((one) => one.innerText === 'Findings')
          .click(),
      );
      await page.waitFor(
        () => /no longer the one that was opened/.test(document.querySelector('.findings').innerText),
        {
          timeout: LONG,
        },
      );
    });

    check('cancelling ends what is asked, at once', async (page) => {
      await give(page, '/held/film.ismv');
      await page.waitFor('#cancel');
      while (own.server.held.size === 0) await sleep(50);
      await page.click('#cancel');
      await page.waitFor('.remote-told');
      assert.match(await page.text('.remote-told'), /Cancelled/);
      const ends = Date.now() + LONG;
      while (own.server.held.size > 0 && Date.now() < ends) await sleep(50);
      assert.equal(own.server.held.size, 0);
    });

    check('bytes are looked for in all of it, which is fetched for that', async (page) => {
      await give(page, '/plain/film.ismv');
      await opened(page);
      await page.click('.byte-find-open');
      await page.fill('.byte-find input', 'mfra');
      await page.press('Enter');
      await page.waitFor(
        () => /^1 of \d+, as text$/.test(document.querySelector('.byte-find-tally').innerText),
        {
          timeout: LONG,
        },
      );
      await page.waitFor(() => document.querySelector('.crumbs [aria-current="true"]').innerText === 'mfra');
      await page.waitFor(() => {
        const [, fetched, all] =
          /^Fetched (\d+) kB of (\d+) kB/.exec(document.querySelector('.fetched-text').innerText) ?? [];
        return Number(fetched) >= Number(all) - 1;
      });
    });

    check('manifests are read and held to their rules, and their segments are opened', async (page) => {
      const openFirst = async () => {
        await page.evaluate(() => document.querySelector('.segment-table').focus());
        await page.press('ArrowDown');
        await page.press('Enter');
        await opened(page);
      };
      await give(page, '/plain/film.ism/Manifest');
      await page.waitFor('.segment-row[data-index="0"]', { timeout: LONG });
      assert.match(await page.text('.found'), /client manifest of Smooth Streaming/);
      assert.match(await page.text('.segment-row[data-index="1"]'), /Fragments\(video=20000000\)/);
      await openFirst();
      assert.match(await page.text('.strip-name h1'), /Fragments\(video=0\)/);
      // Its header is made of the manifest.
      assert.match(await page.text('.tree-row'), /^ftyp/);
      assert.match(await page.text('.tracks.parts'), /Joined from 2 files/);
      await page.click('#back');
      await page.waitFor('.segment-table');

      await give(page, '/plain/film.mpd');
      await page.waitFor(
        () => /001\.m4s/.test(document.querySelector('.segment-row[data-index="0"]')?.innerText ?? ''),
        {
          timeout: LONG,
        },
      );
      await openFirst();
      assert.match(await page.text('.tracks.parts'), /Joined from 2 files/);
      await page.click('#back');
      await page.waitFor('.segment-table');
      await page.evaluate(() => {
        const select = document.querySelector('.segments select');
        select.value = '1';
        select.dispatchEvent(new Event('change'));
      });
      await page.waitFor('.segment-whole button');
      await page.click('.segment-whole button');
      await opened(page);
      assert.match(await fetchedText(page), /of 371 kB/);

      await give(page, '/plain/film.m3u8');
      await page.waitFor(
        () => /002\.m4s/.test(document.querySelector('.segment-row[data-index="1"]')?.innerText ?? ''),
        {
          timeout: LONG,
        },
      );
      await openFirst();
      assert.match(await page.text('.tracks.parts'), /Joined from 2 files/);
      await page.click('#back');
      // One that is not there.
      own.server.files.delete('v1/001.m4s');
      await page.evaluate(() => document.querySelector('.segment-row[data-index="0"]').click());
      assert.match(await noted(page), /no such file \(404\)/);
      await page.click('#back');
      await page.waitFor('.segment-table');
      own.server.files.set('v1/001.m4s', file(fragments[0]));
      assert.deepEqual(
        page.errors.filter((text) => !/404/.test(text)),
        [],
      );
    });

    const corpus = existsSync(MANIFESTS) ? {} : { skip: 'not run: the corpus is not here' };
    check(
      'manifests of others are listed',
      async (page) => {
        for (const name of OTHERS) {
          await give(page, `/plain/corpus/${name}`);
          await page.waitFor(
            () => /Fragments/.test(document.querySelector('.segment-row[data-index="0"]')?.innerText ?? ''),
            { timeout: LONG },
          );
        }
      },
      corpus,
    );

    check('a link has the address behind #, and fetches nothing until Open is pressed', async (page) => {
      const from = own.server.requests.length;
      const address = `${own.server.origin}/plain/film.ismv?sig=SECRET`;
      await page.goto(`/remote.html#url=${encodeURIComponent(address)}`);
      await page.waitFor('#linked:not([hidden])');
      assert.match(await page.text('#linked'), /127\.0\.0\.1.*press Open/);
      assert.equal(own.server.requests.length, from);
      await page.press('Enter');
      await opened(page);
      assert.ok(own.server.requests.length > from);
      assert.ok(page.requests.every((url) => !url.replace(/#.*/, '').includes('remote.html?')));
    });

    check('the main page goes on to connect to nothing, and leads here and back', async (page) => {
      const from = own.server.requests.length;
      await page.goto('/');
      await page.waitFor('#open-button');
      const failed = await page.evaluate(
        (url) =>
          fetch(url).then(
            () => 'fetched',
            () => 'refused',
          ),
        `${own.server.origin}/plain/film.ismv`,
      );
      assert.equal(failed, 'refused');
      assert.equal(own.server.requests.length, from);
      const [there, back] = await page.evaluate(async () => {
        const link = [...document.querySelectorAll('a')].find((one) => /Open an address/.test(one.innerText));
        const html = await (await fetch(link.href)).text();
        return [new URL(link.href).pathname, /href="\.\/"/.test(html)];
      });
      assert.equal(there, '/remote.html');
      assert.ok(back);
    });

    check(
      'without a mouse, and for people who listen, every state is usable, on a phone too',
      async (page) => {
        const audit = async (state) => {
          await giveAxe(page);
          const violations = await page.evaluate(async () => {
            const { violations: found } = await window.axe.run(document);
            return found.map(
              ({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 120)).join(' | ')}`,
            );
          });
          assert.deepEqual(violations, [], state);
          const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
          assert.ok(wide <= 0, `${state} is ${wide} px too wide`);
        };
        const shots = process.env.BOXLOCK_SHOTS;
        const shot = (name) => shots && page.screenshot(`${shots}/${browser.name}-${name}.png`);
        const schemes = browser.lacks.colourScheme ? [null] : ['light', 'dark'];
        for (const scheme of schemes) {
          if (scheme) await page.emulateColorScheme(scheme);
          for (const [width, height] of [
            [380, 800],
            [1280, 900],
          ]) {
            await page.setViewport(width, height);
            await page.goto('/remote.html');
            await page.waitFor('#open-address');
            await audit('empty');
            await shot(`empty-${scheme}-${width}`);
            await page.evaluate(() => document.querySelector('#address').focus());
            await page.type('#address', `${own.server.origin}/closed/film.ismv`);
            await page.press('Enter');
            await noted(page);
            await audit('a fault');
            await shot(`fault-${scheme}-${width}`);
            await give(page, '/plain/film.mpd');
            await page.waitFor('.segment-row[data-index="0"]', { timeout: LONG });
            await audit('a manifest');
            await shot(`manifest-${scheme}-${width}`);
            await give(page, '/plain/film.ismv');
            await opened(page);
            await page.waitFor('.byte-row [data-at]');
            await audit('a file');
            await shot(`file-${scheme}-${width}`);
          }
        }
      },
    );
  },
  { webkit: true },
);

const hasty = siteCopy();
for (const name of ['remote/page.js', 'remote/far-worker.js']) {
  const text = readFileSync(hasty.path(name), 'utf8');
  const short = text.replace(/2e4\b/, '700');
  assert.notEqual(short, text, name);
  writeFileSync(hasty.path(name), short);
}

inEachBrowser(
  (browser) => {
    pageTests(browser)('a server that does not answer is given up after some tries', async (page) => {
      const from = own.server.requests.length;
      await give(page, '/held/film.ismv');
      assert.match(await noted(page), /did not answer for a while.*Try again later/);
      assert.ok(own.server.requests.length - from >= 4);
    });
  },
  { root: hasty.root },
);
