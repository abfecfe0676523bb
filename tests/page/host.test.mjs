// The module in pages of others, with other policies or none: it works where it may, and says what it needs elsewhere.

import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { inEachBrowser } from './browser.mjs';
import { siteCopy, triedAgain } from './support.mjs';

const SCRIPTS = "script-src 'self' 'wasm-unsafe-eval'";

/** Policies of pages, and what becomes of opening a file and protecting it. */
const PAGES = {
  'no policy': ['', null],
  'a policy that allows it': [`${SCRIPTS}; worker-src 'self' blob:`, null],
  'Trusted Types that allow it': [
    `${SCRIPTS}; worker-src 'self' blob:; require-trusted-types-for 'script'; trusted-types own boxlock-workers`,
    null,
  ],
  'no workers from blobs': [`${SCRIPTS}; worker-src 'self'`, /worker-src/],
  'Trusted Types of others': [
    `${SCRIPTS}; worker-src 'self' blob:; require-trusted-types-for 'script'; trusted-types own`,
    /trusted-types boxlock-workers/,
  ],
};

const path = (name) => `/${name.replaceAll(' ', '-').toLowerCase()}.html`;

const { root, path: inSite } = siteCopy();
for (const [name, [policy]] of Object.entries(PAGES)) {
  const meta = policy && `<meta http-equiv="Content-Security-Policy" content="${policy}" />`;
  writeFileSync(inSite(path(name)), `<!doctype html><title>Host</title>${meta}<p>Host</p>`);
}

inEachBrowser(
  (browser) => {
    for (const [name, [, refused]] of Object.entries(PAGES)) {
      test(`embedded below ${name}`, (context) =>
        triedAgain(browser, context, async () => {
          const page = await browser.newPage();
          try {
            await page.goto(path(name));
            const found = await page.evaluate(async () => {
              const late = new Promise((resolve) => void setTimeout(() => resolve({ hangs: true }), 30_000));
              const work = async () => {
                const { open } = await import('/boxlock.js');
                const media = await open('/samples/sample.ismv');
                const made = await media.protect({ laUrl: 'https://licence.example.com/' });
                const { size } = made;
                await made.discard();
                media.close();
                return { size };
              };
              return Promise.race([work().catch(({ code, message }) => ({ code, message })), late]);
            });
            if (refused) {
              assert.match(String(found.message), refused, JSON.stringify(found));
              assert.match(found.code, /^(engine-failed|workers-forbidden)$/);
            } else assert.ok(found.size > 0, JSON.stringify(found));
          } finally {
            await page.close();
          }
        }));
    }
  },
  { root, webkit: true },
);
