// What is wrong with a file: found when it is asked for, by rules, with the way to the byte and to what can be done; and why it
// does not play.

import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { inEachBrowser } from './browser.mjs';
import { LONG, openFile, pageTests, protectedSample, SAMPLE, workFolder } from './support.mjs';

const folder = workFolder();

/** Takes the first boxes of a type away, and leaves free space. */
function without(bytes, type) {
  const copy = Buffer.from(bytes);
  const at = copy.indexOf(type, copy.indexOf('moof'));
  copy.write('free', at, 'latin1');
  return copy;
}

/** Opens a protected file whose first fragment lists no IVs. */
async function openBroken(page, name) {
  const whole = await protectedSample(page, { form: 'plain' });
  const path = folder.path(name);
  await writeFile(path, ['senc', 'saiz', 'saio'].reduce(without, whole));
  await openFile(page, path);
  await page.waitFor('[role="treeitem"]');
  await page.evaluate(() => document.querySelectorAll('.inspect-views .button')[2].click());
  await page.waitFor('.findings-count', { timeout: LONG });
}

const rules = () =>
  [...document.querySelectorAll('.finding')]
    .filter((one) => one.checkVisibility())
    .map((one) => one.dataset.rule);

inEachBrowser((browser) => {
  const check = pageTests(browser);

  check('findings stand by severity, are filtered, and lead to their box and byte', async (page) => {
    await openBroken(page, `found-${browser.name}.mp4`);
    assert.match(await page.text('.findings-count'), /^Found: 1 error/);
    const groups = await page.evaluate(() =>
      [...document.querySelectorAll('.finding-group')].map((one) => one.innerText),
    );
    assert.equal(groups[0], '1 error');
    assert.equal((await page.evaluate(rules))[0], 'no-ivs');
    const text = await page.text('.finding[data-rule="no-ivs"]');
    for (const part of ['ISO/IEC 23001-7', 'How to fix it']) assert.ok(text.includes(part), text);

    await page.fill('.findings-filter', 'nothing has this');
    assert.deepEqual(await page.evaluate(rules), []);
    await page.fill('.findings-filter', 'no-ivs');
    assert.deepEqual(await page.evaluate(rules), ['no-ivs']);

    await page.evaluate(() => document.querySelector('.finding[data-rule="no-ivs"] .finding-place').focus());
    await page.press('Enter');
    await page.waitFor(() => document.querySelector('.panes').checkVisibility());
    await page.waitFor(() =>
      document.querySelector('.crumbs [aria-current="true"]')?.innerText.startsWith('traf'),
    );
    // What was found stays.
    await page.evaluate(() => document.querySelectorAll('.inspect-views .button')[2].click());
    assert.deepEqual(await page.evaluate(rules), ['no-ivs']);
  });

  check('why it does not play is answered for the player that is chosen', async (page) => {
    await openBroken(page, `why-${browser.name}.mp4`);
    const reasons = async (target) => {
      await page.evaluate((id) => {
        const select = document.querySelector('.why select');
        select.value = id;
        select.dispatchEvent(new Event('change'));
      }, target);
      return page.evaluate(() =>
        [...document.querySelectorAll('.why-list > li')].map((one) => [
          one.querySelector('strong').innerText,
          one.className,
        ]),
      );
    };
    assert.deepEqual((await reasons('windows'))[0], ['Encrypted samples without IVs', 'fails']);
    const apple = await reasons('fairplay');
    assert.deepEqual(
      apple.filter(([, state]) => state === 'fails').map(([title]) => title),
      ['Encrypted samples without IVs', 'Scheme'],
    );
    await reasons('mse');
    await page.waitFor(() => /This browser/.test(document.querySelector('.why-browser')?.innerText ?? ''));
  });

  check('findings are saved as JSON and CSV, and a button goes to what can be done', async (page) => {
    await openBroken(page, `saved-${browser.name}.mp4`);
    await page.click('#findings-json');
    const json = await page.waitDownload({ timeout: LONG });
    const all = JSON.parse(json.bytes.toString());
    assert.equal(all.rules.find(({ severity }) => severity === 'error').id, 'no-ivs');
    const found = all.findings.find(({ rule }) => rule === 'no-ivs');
    assert.ok(found.path.startsWith('moof') && found.offset > 0);
    assert.equal(all.targets.length, 5);
    await page.click('#findings-csv');
    const csv = await page.waitDownload({ timeout: LONG });
    const lines = csv.bytes.toString().split('\r\n');
    assert.ok(lines[0].startsWith('rule,severity,title,'));
    assert.ok(lines.some((line) => line.startsWith('no-ivs,error,')));
    assert.equal(lines.length, all.findings.length + 2);

    await openFile(page, SAMPLE);
    await page.waitFor('[role="treeitem"]');
    await page.evaluate(() =>
      [...document.querySelectorAll('.inspect-views .button')]
        .filter((one) => one.checkVisibility())[2]
        .click(),
    );
    await page.waitFor('.findings-count', { timeout: LONG });
    assert.doesNotMatch(await page.text('.findings-count'), /error/);
    const first = await protectedSample(page, { form: 'piff' });
    const path = folder.path(`piff-${browser.name}.mp4`);
    await writeFile(path, first);
    await openFile(page, path);
    await page.waitFor('[role="treeitem"]');
    await page.evaluate(() =>
      [...document.querySelectorAll('.inspect-views .button')]
        .filter((one) => one.checkVisibility())[2]
        .click(),
    );
    await page.waitFor('.finding[data-rule="no-tfdt"]', { timeout: LONG });
    await page.click('.finding[data-rule="no-tfdt"] [data-action="change"]');
    await page.waitFor('#change-form');
  });
});
