/** What is wrong with a file, by rules, and why it does not play. It is checked when this is first looked at. */

/** @import { BrokenRule, FileFinding, FileFindings, Media, Summary, TargetAnswer, TargetReason } from '../types.d.ts' */

import { download } from '../files/save.js';
import { button, freshId, h } from './dom.js';
import { faultOf } from './fault.js';
import { findingsCsv } from './findings-csv.js';
import * as format from './format.js';
import { findingsPage } from './inspect-page.js';
import { say } from './live.js';
import { watched } from './watched.js';

/** What is done about a finding on this page. @typedef {NonNullable<BrokenRule['action']>} Action */
/** @typedef {{ path?: string, offset?: number }} Place */

/** Severities, the worst first, and how many of them are called. */
const GROUPS = /** @type {const} */ ([
  { severity: 'error', name: 'error', title: 'Errors' },
  { severity: 'warning', name: 'warning', title: 'Warnings' },
  { severity: 'note', name: 'note', title: 'Notes' },
]);

const STATES = { fails: 'stops it', doubtful: 'may stop it' };

/** Places told of a rule at once. */
const SHOWN = 5;

export class Findings {
  /**
   * @param {Media} media
   * @param {Summary} summary
   * @param {(place: Place) => void} show goes to a box and a byte
   * @param {(action: Action) => void} act goes to where something can be done
   * @param {AbortSignal} gone when the file is closed
   */
  constructor(media, summary, show, act, gone) {
    this.media = media;
    this.summary = summary;
    this.show = show;
    this.act = act;
    /** @type {FileFindings | null} */
    this.found = null;
    /** @type {AbortController | null} */
    this.running = null;
    gone.addEventListener('abort', () => this.running?.abort());
    this.state = h('div', { class: 'findings-state' });
    this.body = h('div', { class: 'findings-body' });
    this.element = h(
      'section',
      { class: 'findings', 'aria-label': 'Findings', tabindex: -1, hidden: true },
      this.state,
      this.body,
    );
  }

  /** Checks the file, unless that has been done or is under way. */
  async check() {
    if (this.found || this.running) return;
    const { stop, parts, tell } = watched('Checking the file', 'Checking the file further', 'findings-stop');
    this.running = stop;
    this.state.replaceChildren(...parts);
    try {
      this.found = await this.media.findings({
        signal: stop.signal,
        onProgress({ stage, done, total }) {
          if (stage === 'check') tell(done, total);
        },
      });
      this.#draw(this.found);
      say(countLine(this.found));
    } catch (error) {
      const why = stop.signal.aborted ? 'It was not checked to the end.' : faultOf(error).message;
      this.state.replaceChildren(
        h('p', { class: stop.signal.aborted ? 'quiet' : 'fault-line' }, why),
        button('Check again', () => void this.check(), { class: 'button small' }),
      );
    } finally {
      this.running = null;
    }
  }

  /** @param {FileFindings} found */
  #draw(found) {
    this.state.replaceChildren(
      h('p', { class: 'findings-count', role: 'status' }, countLine(found)),
      h(
        'p',
        { class: 'findings-save' },
        button('Save as JSON', () => this.#save(`${JSON.stringify(found, null, 2)}\n`, 'json'), {
          class: 'copy',
          id: 'findings-json',
        }),
        button('as CSV', () => this.#save(findingsCsv(found), 'csv'), { class: 'copy', id: 'findings-csv' }),
        button('as a page to print', () => this.#print(found), { class: 'copy', id: 'findings-page' }),
      ),
    );
    this.body.replaceChildren(this.#why(found), this.#list(found));
  }

  /**
   * @param {string} text
   * @param {'json' | 'csv' | 'html'} end
   */
  #save(text, end) {
    const type = { json: 'application/json', csv: 'text/csv', html: 'text/html' }[end];
    download(new Blob([text], { type }), `${this.media.name}.findings.${end}`);
  }

  /** @param {FileFindings} found */
  #print(found) {
    this.#save(findingsPage(this.media.name, found, countLine(found)), 'html');
  }

  /**
   * Why it does not play, for the kind of player that is chosen.
   * @param {FileFindings} found
   */
  #why({ targets }) {
    const id = freshId('target');
    const select = h(
      'select',
      { id, name: 'target' },
      ...targets.map(({ id, title }) => h('option', { value: id }, title)),
    );
    const answer = h('div', { class: 'why-answer', 'aria-live': 'polite' });
    const draw = () => {
      const target = targets.find(({ id }) => id === select.value);
      if (target) answer.replaceChildren(...this.#answer(target));
      if (target?.id === 'mse') void this.#browser(answer);
    };
    select.addEventListener('change', draw);
    draw();
    return h(
      'section',
      { class: 'why', 'aria-labelledby': `${id}-title` },
      h('h2', { class: 'pane-title', id: `${id}-title` }, 'Why does it not play?'),
      h('p', { class: 'why-target' }, h('label', { for: id }, 'Player'), select),
      answer,
    );
  }

  /** @param {TargetAnswer} target */
  #answer({ title, reasons }) {
    const stops = reasons.filter(({ state }) => state === 'fails').length;
    const words = stops
      ? `${format.counted(stops, 'thing stops', 'things stop')} it${reasons.length > 1 ? '. Look at them in this order' : ''}:`
      : reasons.length
        ? 'Nothing in the file is known to stop it. These may:'
        : `Nothing in the file speaks against it (${title}).`;
    return [
      h('p', { class: 'why-words' }, words),
      reasons.length ? h('ol', { class: 'why-list' }, ...reasons.map((one) => this.#reason(one))) : null,
    ].filter((part) => part !== null);
  }

  /** @param {TargetReason} reason */
  #reason(reason) {
    return h(
      'li',
      { class: reason.state, 'data-rule': reason.rule },
      h('strong', {}, reason.title),
      ' ',
      h('span', { class: 'why-state' }, STATES[reason.state]),
      h('p', {}, reason.found, ' ', this.#showing(reason)),
      reason.advice ? h('p', { class: 'finding-fix' }, reason.advice) : null,
    );
  }

  /**
   * What this browser says of the codecs, beside what the file says.
   * @param {HTMLElement} answer
   */
  async #browser(answer) {
    const line = h('p', { class: 'why-browser hint' });
    answer.append(line);
    try {
      if (typeof MediaSource === 'undefined') {
        line.textContent = 'This browser has no Media Source Extensions.';
        return;
      }
      const { info } = await this.media.playback();
      line.textContent = MediaSource.isTypeSupported(info.mimeType)
        ? `This browser says that it plays ${info.mimeType}.`
        : `This browser does not play ${info.mimeType}: whatever else is right, it will not play here.`;
    } catch (error) {
      line.textContent = `What this browser plays could not be asked. ${faultOf(error).message}`;
    }
  }

  /** @param {FileFindings} found */
  #list(found) {
    if (!found.rules.length) return h('p', { class: 'findings-none' }, 'No rule is broken.');
    const filter = h('input', {
      type: 'search',
      class: 'findings-filter',
      placeholder: 'Filter: a word, a box, a rule',
      'aria-label': 'Filter findings',
    });
    const which = h(
      'select',
      { 'aria-label': 'Severity', name: 'severity' },
      h('option', { value: '' }, 'All'),
      ...GROUPS.map(({ severity, title }) => h('option', { value: severity }, title)),
    );
    const left = h('span', { class: 'quiet findings-left', role: 'status' });
    const cards = found.rules.map((rule) => ({ rule, card: this.#rule(rule, found.findings) }));
    const groups = GROUPS.map(({ severity, name }) => {
      const own = cards.filter(({ rule }) => rule.severity === severity);
      const title = h('h3', { class: `finding-group of-${severity}` });
      return { own, name, title, element: h('section', {}, title, ...own.map(({ card }) => card)) };
    });
    const draw = () => {
      const words = filter.value.toLowerCase().split(/\s+/).filter(Boolean);
      let shown = 0;
      for (const { own, name, title, element } of groups) {
        let here = 0;
        for (const { rule, card } of own) {
          const text = `${rule.id} ${card.textContent}`.toLowerCase();
          const fits =
            (!which.value || which.value === rule.severity) && words.every((word) => text.includes(word));
          card.hidden = !fits;
          here += Number(fits);
        }
        title.textContent = format.counted(here, name);
        element.hidden = here === 0;
        shown += here;
      }
      left.textContent =
        shown < found.rules.length
          ? `${format.count(shown)} of ${format.counted(found.rules.length, 'rule')}`
          : '';
    };
    filter.addEventListener('input', draw);
    which.addEventListener('change', draw);
    draw();
    return h(
      'section',
      { class: 'finding-list', 'aria-label': 'What was found' },
      h('p', { class: 'findings-filters' }, filter, which, left),
      ...groups.map(({ element }) => element),
    );
  }

  /**
   * @param {BrokenRule} rule
   * @param {readonly FileFinding[]} findings
   */
  #rule(rule, findings) {
    const own = findings.filter((one) => one.rule === rule.id);
    const rows = own.map((one, index) =>
      h(
        'li',
        { hidden: index >= SHOWN },
        one.message,
        one.time === undefined ? null : h('span', { class: 'quiet' }, ` At ${format.duration(one.time)}.`),
        ' ',
        this.#showing(one),
      ),
    );
    const list = h('ul', { class: 'finding-places' }, ...rows);
    const more = button(
      `Show ${format.count(rows.length - SHOWN)} more`,
      () => {
        rows.forEach((row) => (row.hidden = false));
        more.remove();
        rows[SHOWN]?.querySelector('button')?.focus();
      },
      { class: 'link' },
    );
    const untold = rule.count - own.length;
    return h(
      'article',
      { class: 'finding', 'data-rule': rule.id },
      h(
        'h4',
        {},
        rule.title,
        rule.count > 1 ? h('span', { class: 'quiet' }, ` ${format.count(rule.count)} times`) : null,
      ),
      h('p', { class: 'finding-clause' }, h('code', {}, rule.id), ` ${rule.clause}`),
      h('p', {}, rule.why),
      list,
      rows.length > SHOWN ? more : null,
      untold > 0
        ? h(
            'p',
            { class: 'quiet' },
            `${format.count(untold)} more ${untold === 1 ? 'is' : 'are'} not listed.`,
          )
        : null,
      h('p', { class: 'finding-fix' }, h('strong', {}, 'How to fix it: '), rule.fix, ' ', this.#doing(rule)),
    );
  }

  /** @param {BrokenRule} rule */
  #doing({ action }) {
    const { protection, protectable } = this.summary;
    const able = protection ? protectable.ok || protectable.code === 'already-protected' : protectable.ok;
    if (!action || !able || (action !== 'protect' && !protection)) return null;
    const words = {
      change: 'Change its headers',
      protect: protection ? 'Protect it otherwise' : 'Protect it',
      check: 'Check it with its keys',
    };
    return button(words[action], () => this.act(action), { class: 'button small', 'data-action': action });
  }

  /** @param {Place} place */
  #showing({ path, offset }) {
    if (!path && offset === undefined) return null;
    const words = path ?? `byte ${format.count(offset ?? 0)}`;
    return button(
      words,
      () => this.show({ ...(path ? { path } : {}), ...(offset === undefined ? {} : { offset }) }),
      {
        class: 'link finding-place',
        'aria-label': `Show ${words}`,
      },
    );
  }
}

/**
 * How much was found, in words.
 * @param {FileFindings} found
 */
function countLine({ rules }) {
  const counts = GROUPS.map(({ severity, name }) => {
    const own = rules.filter((rule) => rule.severity === severity);
    return own.length ? format.counted(own.length, name) : '';
  }).filter(Boolean);
  return counts.length ? `Found: ${counts.join(', ')}.` : 'Nothing was found that breaks a rule.';
}
