/** What will be made of several files, before it is. */

/** @import { SetEntry, SetPlan, Title } from '../types.d.ts' */

import { h } from './dom.js';
import * as format from './format.js';
import { kidTable, planView } from './plan-view.js';

/**
 * @param {SetPlan} plan
 * @param {Title[]} titles
 */
export function setPlanView({ entries }, titles) {
  const size = entries.reduce((sum, { plan }) => sum + plan.sizeAfter, 0);
  return h(
    'div',
    { class: 'plan-body' },
    h(
      'p',
      { class: 'set-sum' },
      `${format.counted(entries.length, 'file')}, ${format.bytes(size)} in all.`,
      entries.some(({ plan }) => plan.firstIv) ? ' No two of them share a counter.' : null,
    ),
    ...titles.flatMap((title, number) => {
      const own = entries.filter((entry) => entry.title === number);
      return own.length ? [titlePlan(title, own, entries)] : [];
    }),
  );
}

/**
 * @param {Title} title
 * @param {SetEntry[]} own
 * @param {SetEntry[]} all
 */
function titlePlan(title, own, all) {
  /** @type {Map<string, import('../types.d.ts').PlanKey>} */
  const keys = new Map();
  for (const { plan } of own) for (const key of plan.keys) keys.set(key.kid.uuid, key);
  const warnings = [...new Set(own.flatMap(({ plan }) => plan.warnings))];
  return h(
    'section',
    { class: 'plan-section' },
    h('h3', {}, title.name),
    ...warnings.map((warning) => h('p', { class: 'warning' }, h('strong', {}, 'Note: '), warning)),
    h('ul', { class: 'set-files' }, ...own.map((entry) => entryView(entry, all))),
    ...[...keys.values()].map((key) => kidTable(key.kid)),
  );
}

/**
 * @param {SetEntry} entry
 * @param {SetEntry[]} all
 */
function entryView({ name, media, plan, use, same }, all) {
  const grown = `${format.bytes(plan.sizeBefore)} → ${plan.sizeExact ? '' : 'about '}${format.bytes(plan.sizeAfter)}`;
  const twin = same === null ? null : all[same];
  return h(
    'li',
    {},
    h('strong', {}, name),
    h(
      'span',
      { class: 'quiet' },
      use === 'download' ? ' for download' : ' for streaming',
      twin
        ? `, a copy of ${twin.name}`
        : `, from ${media.parts
            .map((part) => part.name)
            .slice(0, 3)
            .join(' and ')}`,
      ` · ${grown}`,
    ),
    twin
      ? null
      : h(
          'details',
          { class: 'set-one' },
          h('summary', {}, 'Its plan'),
          planView({ ...plan, suggestedName: name }, false),
        ),
  );
}
