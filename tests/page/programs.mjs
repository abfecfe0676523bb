// Where the browsers and judges are, by the same list as the build tool: pkg-config/programs.json.

import { execFileSync } from 'node:child_process';
import { accessSync, constants, readFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';

const LIST = JSON.parse(readFileSync(new URL('../../pkg-config/programs.json', import.meta.url), 'utf8'));

/**
 * @param {'chromium' | 'firefox' | 'webkit' | 'minibrowser' | 'xvfb' | 'ffmpeg'} name
 * @returns {string} path of the program
 */
export function program(name) {
  const { title, env, commands, paths } = LIST[name];
  const folders = (process.env.PATH ?? '').split(delimiter);
  const known = [...commands.flatMap((command) => folders.map((folder) => join(folder, command))), ...paths];
  const found = process.env[env] || known.find(runs);
  if (!found) throw new Error(`${title} is not on this machine: cargo pkg test page gets it, or set ${env}`);
  return found;
}

function runs(path) {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Why a program that judges does not run; false where it does. */
export function missing(name, ...args) {
  try {
    execFileSync(name, args, { stdio: 'ignore' });
    return false;
  } catch {
    return `not run: ${name} is missing`;
  }
}
