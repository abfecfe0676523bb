// Browsers as a person has them: a profile on disk, because a private window keeps browser storage in memory.

import { createRequire } from 'node:module';
import { program } from '../page/programs.mjs';

// The npm packages are those of the page tests.
const { default: puppeteer } = createRequire(new URL('../page/', import.meta.url))('puppeteer-core');

const HOUR = 3_600_000;
const OPTIONS = {
  chromium: {
    browser: 'chrome',
    args: [
      // Containers have no user namespaces to build the sandbox from.
      '--no-sandbox',
      '--disable-gpu',
      '--no-first-run',
      '--disable-background-networking',
    ],
  },
  firefox: {
    browser: 'firefox',
    extraPrefsFirefox: {
      'network.captive-portal-service.enabled': false,
      'network.connectivity-service.enabled': false,
      'services.settings.server': 'data:,',
    },
  },
};

/**
 * @param {'chromium' | 'firefox'} name
 * @param {string} profile a folder; it should be on the disk that the inputs are on
 */
export function launch(name, profile) {
  return puppeteer.launch({
    ...OPTIONS[name],
    executablePath: program(name),
    headless: true,
    userDataDir: profile,
    protocolTimeout: HOUR,
  });
}
