// The bar of a run: what it says when nothing moves.

import assert from 'node:assert/strict';
import { inEachBrowser } from './browser.mjs';
import { pageTests } from './support.mjs';

inEachBrowser((browser) => {
  const check = pageTests(browser);

  check('a run that stands still says so, and no longer when it moves or ends', async (page) => {
    const said = await page.evaluate(async () => {
      const { RunBar } = await import('/www/ui/run-bar.js');
      // A clock of our own: nobody waits for a test.
      const clocks = new Map();
      let next = 1;
      window.setTimeout = (work, ms) => (clocks.set(next, { work, ms }), next++);
      window.clearTimeout = (id) => clocks.delete(id);
      const wait = () => [...clocks.values()].filter(({ ms }) => ms > 1000).forEach(({ work }) => work());
      const bar = new RunBar(() => {});
      const hint = () => bar.element.querySelector('.hint').textContent;
      const seen = [];
      const look = (progress) => {
        bar.update(progress);
        seen.push(hint());
      };
      const stage = 'protect';
      look({ stage, done: 0, total: 0 });
      look({ stage, done: 10, total: 100 });
      wait();
      seen.push(hint());
      look({ stage, done: 10, total: 100 });
      look({ stage, done: 11, total: 100 });
      look({ stage, done: 100, total: 100 });
      wait();
      seen.push(hint());
      look({ stage, done: 10, total: 100 });
      bar.update(null);
      wait();
      seen.push(hint());
      return seen;
    });
    const moves = /^Esc cancels/;
    const still = /^Nothing has moved/;
    const ends = /^Finishing/;
    const expected = [moves, moves, still, still, moves, ends, ends, moves, moves];
    assert.equal(said.length, expected.length);
    expected.forEach((pattern, n) => assert.match(said[n], pattern, `step ${n}`));
  });

  check('how long it takes is not told by heads alone, which are few bytes', async (page) => {
    const [heads, media] = await page.evaluate(async () => {
      const { RunBar } = await import('/www/ui/run-bar.js');
      let now = 1000;
      performance.now = () => now;
      const bar = new RunBar(() => {});
      const figures = () => bar.element.querySelector('.run-figures').textContent;
      const look = (done) => {
        now += 1000;
        bar.update({ stage: 'protect', done, total: 1e9 });
        return figures();
      };
      look(28);
      const heads = look(90);
      look(100e6);
      return [heads, look(200e6)];
    });
    assert.match(heads, /^90 B of 1.00 GB$/);
    assert.match(media, /^200 MB of 1.00 GB · 100 MB\/s · about 8 s left$/);
  });
});
