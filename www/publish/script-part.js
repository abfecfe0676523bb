/** The same upload as commands, ready to be copied. */

/** @import { Place } from './address.js' */
/** @import { Shell } from './commands.js' */

import { h } from '../ui/dom.js';
import { commands } from './commands.js';
import { codeBlock } from './outcome-view.js';

const SHELLS = /** @type {const} */ ([
  ['bash', 'bash (Linux, macOS)'],
  ['powershell', 'PowerShell (Windows)'],
]);

export class ScriptPart {
  /** @type {Parameters<typeof commands>[0]} */
  #what = { place: null, file: 'protected.mp4', name: 'protected.mp4', size: 0, mark: 'boxlock0' };
  /** @type {Shell} */
  #shell = /Win/.test(navigator.platform) ? 'powershell' : 'bash';
  #list = h('div', { class: 'commands' });

  /** @param {HTMLElement} element */
  constructor(element) {
    const select = h(
      'select',
      { name: 'shell', 'aria-label': 'Shell' },
      ...SHELLS.map(([value, label]) => h('option', { value, selected: value === this.#shell }, label)),
    );
    select.addEventListener('change', () => {
      this.#shell = /** @type {Shell} */ (select.value);
      this.#draw();
    });
    element.append(
      h(
        'div',
        { class: 'step-body' },
        h(
          'p',
          { class: 'script-lead' },
          h(
            'span',
            { class: 'hint' },
            'Where nothing may be uploaded from a browser. The commands ask for what is secret when they run.',
          ),
          select,
        ),
        this.#list,
      ),
    );
    this.#draw();
  }

  /**
   * @param {Place | null} place
   * @param {{ name: string, size: number, mark: string } | null} file
   * @param {string} name it is to have there
   */
  update(place, file, name) {
    this.#what = {
      place,
      file: file?.name ?? 'protected.mp4',
      name: name || file?.name || 'protected.mp4',
      size: file?.size ?? 0,
      mark: file?.mark ?? 'boxlock0',
    };
    this.#draw();
  }

  #draw() {
    // Those that are unfolded stay so.
    const open = new Set(
      [...this.#list.querySelectorAll('details')]
        .filter((each) => each.open)
        .map((each) => each.dataset['id']),
    );
    this.#list.replaceChildren(
      ...commands(this.#what, this.#shell).map(({ id, title, hint, text }) =>
        h(
          'details',
          { class: 'command', 'data-id': id, open: open.has(id) },
          h('summary', {}, title),
          h('p', { class: 'hint' }, hint),
          codeBlock(title, text),
        ),
      ),
    );
  }
}
