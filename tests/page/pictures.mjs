// Makes the pictures of the documentation: the page as it is, with files that are made for it. No test; run after a build:
//
//   BROWSER=chromium node --test tests/page/pictures.mjs

import { before } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { inEachBrowser } from './browser.mjs';
import { makeSmooth } from './support-media.mjs';
import { goTo, LONG, openFile, pageTests, withoutPicker, workFolder } from './support.mjs';

const SIZE = [1280, 800];
const folder = workFolder();
const docs = (name) => fileURLToPath(new URL(`../../docs/${name}.png`, import.meta.url));

const LADDER = [
  ['Big Film 180p.ismv', '320x180', '250k'],
  ['Big Film 360p.ismv', '640x360', '1100k'],
  ['Big Film 720p.ismv', '1280x720', '2600k'],
];

before(async () => {
  for (const [name, size, bitrate] of LADDER)
    await makeSmooth(folder.path(name), { seconds: 20, size, bitrate });
});

/** The part of the page that this selects, at the top of the window. */
async function shot(page, name, selector) {
  await page.evaluate((at) => {
    document.activeElement?.blur();
    for (const each of document.querySelectorAll('*')) if (each.scrollTop > 0) each.scrollTop = 0;
    if (at) document.querySelector(at).scrollIntoView({ block: 'start' });
  }, selector);
  await setTimeout(600);
  await page.screenshot(docs(name));
}

inEachBrowser((browser) => {
  const check = pageTests(browser);

  check(
    'from a folder of bitrates to a title',
    async (page) => {
      await page.setViewport(...SIZE);
      await page.setFile('#open-file', ...LADDER.map(([name]) => folder.path(name)));
      await page.waitFor('.set-row .file-name', { timeout: LONG });
      await page.click('.set-row .file-name');
      await page.waitFor('.set .protect-form', { timeout: LONG });
      await page.fill('.set [name="laUrl"]', 'https://licence.example.com/rightsmanager.asmx');
      await page.waitFor('.set .plan-body', { timeout: LONG });
      await shot(page, 'choose');
    },
    { quiet: false },
  );

  check(
    'one film: inspected, protected, handed over, played',
    async (page) => {
      await page.setViewport(...SIZE);
      await openFile(page, folder.path(LADDER[1][0]));
      await page.waitFor('[role="treeitem"]');
      await page.evaluate(() => document.querySelector('.tree-filter').focus());
      await page.fill('.tree-filter', 'trun');
      await page.press('Enter');
      await page.waitFor(() => /trun/.test(document.querySelector('.pane-bytes .pane-title').innerText));
      await page.fill('.tree-filter', '');
      await shot(page, 'inspect');
      await withoutPicker(page);
      await goTo(page, 'protect');
      await page.fill('[name="laUrl"]', 'https://licence.example.com/rightsmanager.asmx');
      await page.waitFor('#protect-start:not([disabled])', { timeout: LONG });
      await page.click('#protect-start');
      await page.waitFor('#handover', { timeout: LONG });
      await page.waitFor('#verify .verify-findings', { timeout: LONG });
      await page.evaluate(() =>
        document.querySelector('#handover [data-for="licence-server"] summary').click(),
      );
      await page.waitFor('#handover [data-for="licence-server"] .handover-item', { timeout: LONG });
      await page.setViewport(900, 800);
      await shot(page, 'licence', '#handover');
      await page.setViewport(SIZE[0], 1080);
      await page.click('#preview');
      await page.waitFor('.preview-table', { timeout: LONG });
      await page.click('[data-player="shaka-dash"]');
      const playing = () =>
        /^Playing/.test(document.querySelector('[data-way="shaka-dash"] .preview-state').innerText);
      await page.waitFor(playing, { timeout: LONG });
      await setTimeout(3000);
      await shot(page, 'play', '.preview-card');
      await page.setViewport(...SIZE);
      await page.goto('/publish.html');
      await shot(page, 'host');
    },
    { quiet: false },
  );
});
