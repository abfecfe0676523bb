// A quality of DASH that is one file, behind an address: its segments are listed by the index in it, and opened.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { inEachBrowser } from './browser.mjs';
import { file, mediaServer, pieces, segmentIndex } from './support-remote.mjs';
import { LONG, SAMPLE, triedAgain } from './support.mjs';

const { head, fragments } = pieces();

/** Of the on-demand profile: each quality is a file with an index, and not all of them say where that is. */
const ON_DEMAND = `<?xml version="1.0" encoding="utf-8"?>
<MPD xmlns="urn:mpeg:dash:schema:mpd:2011" profiles="urn:mpeg:dash:profile:isoff-on-demand:2011" type="static"
  mediaPresentationDuration="PT${fragments.length * 2}S" minBufferTime="PT2S">
  <Period><AdaptationSet mimeType="video/mp4" codecs="avc1.42c01e">
    <Representation id="said" bandwidth="900000"><BaseURL>v1/all.mp4</BaseURL>
      <SegmentBase indexRange="${head.length}-${head.length + 32 + 12 * fragments.length - 1}" timescale="1000"
        presentationTimeOffset="500"><Initialization range="0-${head.length - 1}"/></SegmentBase></Representation>
    <Representation id="unsaid" bandwidth="800000"><BaseURL>v1/all.mp4</BaseURL>
      <SegmentBase><Initialization range="0-${head.length - 1}"/></SegmentBase></Representation>
    <Representation id="nested" bandwidth="700000"><BaseURL>v1/nested.mp4</BaseURL></Representation>
    <Representation id="none" bandwidth="600000"><BaseURL>film.ismv</BaseURL></Representation>
    <Representation id="far" bandwidth="500000"><BaseURL>https://127.0.0.1:1/far.mp4</BaseURL></Representation>
  </AdaptationSet></Period>
</MPD>`;

/** The fragments as one file with an index; `nested`: with one that leads to one of each half, of which the second leads further. */
function indexed(nested) {
  const entry = (bytes) => ({ size: bytes.length, lasts: 2000 });
  if (!nested) return Buffer.concat([head, segmentIndex(fragments.map(entry)), ...fragments]);
  const half = fragments.length >> 1;
  const [one, two] = [fragments.slice(0, half), fragments.slice(half)];
  const deepest = segmentIndex([entry(two.at(-1))], (fragments.length - 1) * 2000);
  const last = { size: deepest.length + two.at(-1).length, lasts: 2000, index: true };
  const first = segmentIndex(one.map(entry));
  const second = segmentIndex([...two.slice(0, -1).map(entry), last], half * 2000);
  const parts = [
    [first, ...one],
    [second, ...two.slice(0, -1), deepest, two.at(-1)],
  ].map((all) => Buffer.concat(all));
  const root = segmentIndex(parts.map(({ length }) => ({ size: length, lasts: half * 2000, index: true })));
  return Buffer.concat([head, root, ...parts]);
}

const own = {};
before(async () => {
  own.server = await mediaServer();
  const put = (name, bytes) => own.server.files.set(name, file(Buffer.from(bytes)));
  put('film.ismv', readFileSync(SAMPLE));
  put('ondemand.mpd', ON_DEMAND);
  put('v1/all.mp4', indexed(false));
  put('v1/nested.mp4', indexed(true));
});
after(() => own.server?.close());

/** What the chosen quality is called, in the page. */
const quality = () => document.querySelector('.segments .pane-head select').selectedOptions[0].textContent;

inEachBrowser((browser) => {
  test('a quality that is one file lists its segments, by the index in it', (context) =>
    triedAgain(browser, context, async () => {
      browser.site.beyond.add(own.server.origin);
      const page = await browser.newPage();
      await page.goto('/remote.html');
      await page.waitFor('#open-address');
      const opened = () => page.waitFor('.tree-row', { timeout: LONG });
      const asked = (name) => own.server.requests.filter((one) => one.name === name && one.method === 'GET');
      const choose = (at) =>
        page.evaluate((value) => {
          const select = document.querySelector('.segments .pane-head select');
          select.value = value;
          select.dispatchEvent(new Event('change'));
        }, String(at));
      const listed = () =>
        page.waitFor(() => !!document.querySelector('.segment-row[data-index="0"]')?.innerText, {
          timeout: LONG,
        });
      const row = async (at) => (await page.text(`.segment-row[data-index="${at}"]`)).split(/\s*\n\s*|\t/);
      const starts = fragments.map((_, at) =>
        fragments
          .slice(0, at)
          .reduce((sum, bytes) => sum + bytes.length, head.length + 32 + 12 * fragments.length),
      );
      const from = asked('v1/all.mp4').length;
      await page.fill('#address', `${own.server.origin}/plain/ondemand.mpd`);
      await page.click('#open-address');
      await listed();
      // One request, for the bytes that the manifest names; a second's half is taken off, as it says.
      const end = head.length + 32 + 12 * fragments.length - 1;
      assert.deepEqual(
        asked('v1/all.mp4')
          .slice(from)
          .map(({ range }) => range),
        [`bytes=${head.length}-${end}`],
      );
      // More was fetched than the manifest has.
      await page.waitFor(() => !/ of /.test(document.querySelector('.fetched-text').innerText));
      const whole = (await row(1)).join(' ');
      for (const words of [
        '2',
        '1.500 s',
        '2 s',
        `${starts[1]}-${starts[1] + fragments[1].length - 1}`,
        'v1/all.mp4',
      ])
        assert.ok(whole.includes(words), `${words} in ${whole}`);
      assert.match(await page.evaluate(quality), new RegExp(`${fragments.length} segments`));
      assert.match(
        await page.text('.segments [role="status"]'),
        /Listed by its index \(sidx\), bytes \d+-\d+\./,
      );

      // A row opens the segment with what initializes players, by keyboard alone.
      await page.evaluate(() => document.querySelector('.segment-table').focus());
      await page.press('ArrowDown');
      await page.press('ArrowDown');
      await page.press('Enter');
      await opened();
      assert.match(await page.text('.tracks.parts'), /Joined from 2 files/);
      assert.deepEqual(
        asked('v1/all.mp4')
          .slice(from + 1)
          .map(({ range }) => range),
        [`bytes=0-${head.length - 1}`, `bytes=${starts[1]}-${starts[1] + fragments[1].length - 1}`],
      );
      await page.click('#back');
      await page.waitFor('.segment-table');
      // Or the file, at the box that the segment begins with.
      await page.evaluate(() => {
        document.querySelector('.segment-ways select').value = 'file';
      });
      await page.evaluate(() => document.querySelector('.segment-row[data-index="1"]').click());
      await opened();
      await page.waitFor(
        () => /moof\[1\]/.test(document.querySelector('.crumbs [aria-current="true"]')?.innerText ?? ''),
        { timeout: LONG },
      );
      await page.click('#back');
      await page.waitFor('.segment-table');

      // Where the manifest does not say where it is, it stands behind what initializes players.
      await choose(1);
      await listed();
      assert.ok((await row(1)).join(' ').includes(`${starts[1]}-${starts[1] + fragments[1].length - 1}`));
      assert.ok((await row(1)).join(' ').includes('2.000 s'));
      // Indexes that it leads to are followed, and deeper ones told.
      await choose(2);
      await page.waitFor(
        () => /further indexes/.test(document.querySelector('.segments [role="status"]').innerText),
        { timeout: LONG },
      );
      const told = await page.text('.segments [role="status"]');
      assert.match(
        told,
        /and 2 further indexes that it leads to\..*1 index a level further down is not followed/,
      );
      assert.match(await page.evaluate(quality), new RegExp(`${fragments.length - 1} segments`));
      // One without any says so, and one of another server waits to be asked.
      await choose(3);
      await page.waitFor(
        () => /No index of segments/.test(document.querySelector('.segments [role="status"]').innerText),
        { timeout: LONG },
      );
      await choose(4);
      assert.match(await page.text('.segments [role="status"]'), /^List its segments$/);
      assert.deepEqual(page.errors, []);
      await page.close();
    }));
});
