// The page without a mouse, on a small screen, and for people who listen to it.

import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { inEachBrowser } from './browser.mjs';
import {
  choose,
  fillForm,
  giveAxe,
  goTo,
  LA_URL,
  LONG,
  openFile,
  pageTests,
  protect,
  protectedSample,
  SAMPLE,
  waitOpen,
  waitPlan,
  withoutPicker,
  workFolder,
} from './support.mjs';

const folder = workFolder();

/** The main states of the page, in the order a person meets them; `look` is called in each. */
async function throughStates(page, look) {
  await withoutPicker(page);
  await look('empty');
  await page.click('.local-mark');
  await page.waitFor('#proof');
  await look('how to check');
  await page.click('#proof .button');
  await page.click('#to-decode');
  await page.fill('.decode-text', 'AAAAMnBzc2gAAAAA7e+LqXnWSs6jyCfc1R0h7QAAABISEBAAAAAQABAAEAAQAAAAAAE=');
  await page.waitFor('#decode-found .found');
  await page.fill('[name="buildKid"]', '10000000-1000-1000-1000-100000000001');
  await page.fill('[name="buildKey"]', '00112233445566778899aabbccddeeff');
  await page.click('#build');
  await page.waitFor('#built .found');
  await look('decode');
  await page.click('#leave-decode');
  await openFile(page, SAMPLE);
  await page.waitFor('[role="treeitem"]');
  await look('inspect');
  await goTo(page, 'protect');
  await look('form');
  await fillForm(page, { key: '0011' });
  await page.waitFor('[name="key"][aria-invalid="true"]');
  await look('fault');
  await page.fill('[name="key"]', '00112233445566778899aabbccddeeff');
  await waitPlan(page);
  await page.click('#more-header summary');
  await page.click('#key-import summary');
  await page.click('.offline-more summary');
  await look('plan');
  await goTo(page, 'result');
  await look('no result');
  await goTo(page, 'protect');
  await protect(page);
  await page.waitDownload({ timeout: LONG });
  await page.click('#compute-hash');
  await page.waitFor('#sha256');
  await page.click('#key-forms summary');
  await page.waitFor('.command-lines dd');
  await look('result');
  await page.evaluate(() => {
    for (const fold of document.querySelectorAll('#handover details')) fold.open = true;
  });
  await page.waitFor('#handover [data-for="web"] .handover-item');
  await page.waitFor('#handover [data-for="app"] [data-check]');
  await look('hand-over sheets');
  const locked = folder.path('locked.mp4');
  await writeFile(locked, await protectedSample(page, { widevine: true, form: 'plain' }));
  await openFile(page, locked);
  await goTo(page, 'result');
  await page.waitFor('#offline-card [data-check]');
  await look('check of a protected file');
  await goTo(page, 'inspect');
  await page.evaluate(() =>
    [...document.querySelectorAll('.inspect-views .button')]
      .filter((one) => one.checkVisibility())[2]
      .click(),
  );
  await page.waitFor(() =>
    [...document.querySelectorAll('.findings-count')].some((one) => one.checkVisibility()),
  );
  await look('findings');
  await goTo(page, 'protect');
  await page.waitFor('#change-form');
  await choose(page, 'work', 'clear');
  await look('keys of a protected file');
  await choose(page, 'work', 'change');
  await page.evaluate(() => {
    for (const fold of document.querySelectorAll('#change-form details')) fold.open = true;
  });
  await page.fill('#change-form [name="dsId"]', 'wrong');
  await page.waitFor('#change-form [name="dsId"][aria-invalid="true"]');
  await look('a change that is refused');
  await page.fill('#change-form [name="dsId"]', '');
  await page.fill('#change-form [name="laUrl"]', 'https://moved.example/rights.asmx');
  await page.waitFor(
    () => document.querySelector('.plan .changes') && !document.querySelector('.plan-place.stale'),
  );
  await look('plan of a change');
  await page.evaluate(() =>
    [...document.querySelectorAll('#protect-start')].find((one) => one.checkVisibility()).click(),
  );
  await page.waitDownload({ timeout: LONG });
  await page.waitFor(() => document.querySelector('.result .changes'));
  await look('result of a change');
  const [one, two] = ['film_1.ismv', 'film_2.ismv'].map((name) => folder.path(name));
  for (const path of [one, two]) await writeFile(path, await readFile(SAMPLE));
  await page.setFile('#open-file', one, two);
  await page.click('.set-row .file-name');
  await page.waitFor('.set .protect-form', { timeout: LONG });
  await look('several files');
  await page.fill('.set [name="laUrl"]', LA_URL);
  await page.waitFor('.set .plan-body', { timeout: LONG });
  await page.click('.set-one summary');
  await look('plan of several files');
  await page.evaluate(() => void (window.showDirectoryPicker = undefined));
  await page.click('#set-start');
  await page.waitFor('#set-keys', { timeout: LONG });
  await look('several files that were made');
}

const focused = () => {
  const { activeElement } = document;
  return activeElement.id || activeElement.getAttribute('role') || activeElement.className;
};

/** Presses Tab until the focus is where it should be. */
async function tabTo(page, wanted, most = 25) {
  for (let step = 0; step < most; step++) {
    await page.press('Tab');
    if ((await page.evaluate(focused)) === wanted) return;
  }
  assert.fail(`Tab does not lead to ${wanted}`);
}

inEachBrowser((browser) => {
  const check = pageTests(browser);

  for (const [scheme, rules] of [
    ['light', null],
    ['dark', ['color-contrast']],
  ]) {
    check(`axe finds no serious violation in any state (${scheme})`, async (page) => {
      await page.emulateColorScheme(scheme);
      await giveAxe(page);
      const found = [];
      await throughStates(page, async (state) => {
        const violations = await page.evaluate(async (only) => {
          const options = { resultTypes: ['violations'], ...(only ? { runOnly: only } : {}) };
          const { violations: list } = await window.axe.run(document, options);
          return list.map(({ id, impact, nodes }) => ({
            id,
            impact,
            where: nodes.slice(0, 3).map((node) => `${node.target.join(' ')}: ${node.any[0]?.message ?? ''}`),
          }));
        }, rules);
        for (const one of violations) {
          if (!['serious', 'critical'].includes(one.impact)) continue;
          found.push(`${state}: ${one.id} at ${one.where.join(' | ')}`);
        }
      });
      assert.deepEqual(found, []);
    });
  }

  check('no state scrolls sideways at 360 pixels', async (page) => {
    await page.setViewport(360, 740);
    const wide = [];
    await throughStates(page, async (state) => {
      const over = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      if (over > 0) wide.push(`${state}: ${over} px too wide`);
    });
    assert.deepEqual(wide, []);
  });

  check('the keyboard alone opens the sample, walks tabs and tree, protects', async (page) => {
    await withoutPicker(page);
    await tabTo(page, 'try-sample');
    await page.press('Enter');
    await waitOpen(page, 'sample.ismv');
    await page.waitFor('[role="treeitem"]');

    await page.evaluate(() => document.querySelector('.file-name').focus());
    await tabTo(page, 'tab-inspect');
    for (const [key, view] of [
      ['ArrowRight', 'protect'],
      ['ArrowRight', 'result'],
      ['ArrowRight', 'inspect'],
      ['ArrowLeft', 'result'],
      ['Home', 'inspect'],
      ['End', 'result'],
      ['Home', 'inspect'],
    ]) {
      await page.press(key);
      await page.waitFor(`#panel-${view}`);
      assert.equal(await page.evaluate(focused), `tab-${view}`);
    }

    await tabTo(page, 'tree');
    const chosen = () => document.querySelector('[role="treeitem"][aria-selected="true"] .fourcc')?.innerText;
    const goes = async (key, type) => {
      await page.press(key);
      await page.evaluate((text) => void (window.awaited = text), type);
      await page.waitFor(
        () =>
          document.querySelector('[role="treeitem"][aria-selected="true"] .fourcc')?.innerText ===
          window.awaited,
      );
    };
    assert.equal(await page.evaluate(chosen), 'moov');
    await goes('ArrowUp', 'ftyp');
    await goes('ArrowDown', 'moov');
    await goes('ArrowDown', 'mvhd');
    await goes('ArrowDown', 'trak');
    await page.press('ArrowRight');
    await page.waitFor(() =>
      document.querySelector('[role="treeitem"][aria-selected="true"][aria-expanded="true"]'),
    );
    await goes('ArrowRight', 'tkhd');
    await goes('ArrowLeft', 'trak');
    await goes('End', 'mfra');
    await goes('Home', 'ftyp');
    const active = await page.evaluate(() => {
      const id = document.querySelector('[role="tree"]').getAttribute('aria-activedescendant');
      return document.getElementById(id)?.querySelector('.fourcc').innerText;
    });
    assert.equal(active, 'ftyp', 'listeners hear which box it is');

    await page.evaluate(() => document.querySelector('#tab-inspect').focus());
    await page.press('ArrowRight');
    await page.press('Tab');
    assert.equal(await page.evaluate(() => document.activeElement.name), 'laUrl');
    await page.type('[name="laUrl"]', 'https://licence.example.com/');
    await waitPlan(page);
    await page.press('Enter');
    await page.waitFor('.result-head', { timeout: LONG });
    assert.match(await page.evaluate(() => document.activeElement.innerText), /is protected/);
    await page.waitDownload({ timeout: LONG });
  });

  check('what happens is said aloud', async (page) => {
    await withoutPicker(page);
    await page.evaluate(() => {
      window.heard = [];
      const region = document.querySelector('#live');
      new MutationObserver(() => region.textContent && window.heard.push(region.textContent)).observe(
        region,
        {
          childList: true,
          characterData: true,
          subtree: true,
        },
      );
    });
    await openFile(page, SAMPLE);
    await fillForm(page);
    await waitPlan(page);
    await protect(page);
    await page.waitFor(() => window.heard.some((text) => text.startsWith('Done.')));
    const heard = await page.evaluate(() => window.heard.join('\n'));
    assert.match(heard, /sample\.ismv is open/);
    assert.match(heard, /The plan is ready\./);
    assert.match(heard, /Done\. sample\.mp4 is protected/);
    await page.waitDownload({ timeout: LONG });
  });
});
