/** The open files, and what could not be opened. */

/** @import { FileState, Mergeable, Notice, SetState, State, Store } from './store.js' */

import { button, CROSS, drawing, h, setAttributes, setText } from './dom.js';
import * as format from './format.js';

/** A file's row. It stays the same element while the file is open, so that no press on it is lost. */
class FileRow {
  /**
   * @param {number} id
   * @param {Store} store
   * @param {(id: number) => void} close
   */
  constructor(id, store, close) {
    this.title = h('span', { class: 'file-title' });
    this.parts = h('span', { class: 'file-state', hidden: true });
    this.state = h('span', { class: 'file-state' });
    this.name = h('button', { type: 'button', class: 'file-name' }, this.title, this.parts, this.state);
    this.name.addEventListener('click', () => store.dispatch({ type: 'choose', id }));
    this.shut = button('', () => close(id), { class: 'icon-button' });
    this.shut.append(drawing(CROSS));
    this.element = h('li', {}, this.name, this.shut);
  }

  /**
   * @param {FileState} file
   * @param {boolean} chosen
   */
  update(file, chosen) {
    setText(this.title, file.name);
    this.parts.hidden = file.parts.length < 2;
    const count = file.parts.length;
    setText(this.parts, file.merged ? `made of ${count} files` : format.parts(count));
    setText(this.state, stateLine(file));
    setAttributes(this.name, { 'aria-current': chosen ? 'true' : null });
    setAttributes(this.shut, { 'aria-label': `Close ${file.name}` });
    this.element.className = chosen ? 'chosen' : '';
  }
}

/** A row above files that were opened together. */
class SetRow {
  /**
   * @param {SetState} set
   * @param {Store} store
   * @param {(id: number) => void} apart
   */
  constructor({ id, name }, store, apart) {
    this.state = h('span', { class: 'file-state' });
    this.name = h(
      'button',
      { type: 'button', class: 'file-name' },
      h('span', { class: 'file-title' }, name),
      this.state,
    );
    this.name.addEventListener('click', () => store.dispatch({ type: 'choose', id }));
    const part = button('', () => apart(id), {
      class: 'icon-button',
      'aria-label': `Take ${name} apart; its files stay open`,
    });
    part.append(drawing(CROSS));
    this.element = h('li', {}, this.name, part);
  }

  /**
   * @param {SetState} set
   * @param {boolean} chosen
   */
  update({ files }, chosen) {
    setText(this.state, `Protect ${format.counted(files.length, 'file')} in one job`);
    setAttributes(this.name, { 'aria-current': chosen ? 'true' : null });
    this.element.className = chosen ? 'set-row chosen' : 'set-row';
  }
}

/** @param {FileState} file */
function stateLine(file) {
  const share =
    file.progress && file.progress.total ? format.percent(file.progress.done / file.progress.total) : '';
  if (file.phase === 'opening') return `Reading ${share}`;
  if (file.phase === 'protecting') return `${file.plan?.kid === null ? 'Making it' : 'Protecting'} ${share}`;
  const size = file.size === null ? '' : format.bytes(file.size);
  if (file.result) {
    const kept = file.keyAtRisk ? ', key not kept' : '';
    const open = new Set(file.result.tracks.filter(({ protect }) => !protect).map(({ kind }) => kind));
    const locked = open.size ? `copy made, ${[...open].join(' and ')} open` : 'protected copy made';
    // What was open before is no news.
    const made = file.result.changes ? 'changed copy made' : locked;
    return `${size} · ${made}${kept}`;
  }
  if (!file.summary?.protection) return `${size} · clear`;
  if (!file.summary.protection.certain) return `${size} · protection not known`;
  return file.tracks.every((track) => track.protection)
    ? `${size} · protected`
    : `${size} · partly protected`;
}

/**
 * Notices, each dismissible.
 * @param {readonly Notice[]} notices
 * @param {Store} store
 * @param {(merge: Mergeable) => void} merge
 */
function noticeList(notices, store, merge) {
  return notices.map((notice) => {
    const shut = button('', () => store.dispatch({ type: 'dismiss', notice: notice.id }), {
      class: 'icon-button',
      'aria-label': `Dismiss: ${notice.title}`,
    });
    shut.append(drawing(CROSS));
    return h(
      'div',
      notice.quiet ? { class: 'notice quiet', role: 'status' } : { class: 'notice', role: 'alert' },
      h('strong', {}, notice.title),
      shut,
      h('p', {}, notice.message),
      notice.merge ? mergeButton(notice, notice.merge, store, merge) : null,
    );
  });
}

/**
 * @param {Notice} notice
 * @param {Mergeable} files
 * @param {Store} store
 * @param {(merge: Mergeable) => void} merge
 */
function mergeButton(notice, files, store, merge) {
  const press = () => {
    store.dispatch({ type: 'dismiss', notice: notice.id });
    merge(files);
  };
  return button('Make one file', press, { class: 'button small' });
}

/**
 * @param {Store} store
 * @param {{ list: HTMLElement, deskNotices: HTMLElement, emptyNotices: HTMLElement }} places
 * @param {{ close: (id: number) => void, part: (id: number) => void }} acts on files, and on sets
 * @param {(merge: Mergeable) => void} merge
 */
export function showFiles(store, { list, deskNotices, emptyNotices }, { close, part }, merge) {
  /** @type {Map<number, FileRow>} */
  const rows = new Map();
  /** @type {Map<number, SetRow>} */
  const sets = new Map();
  /** @param {State} state @param {State} before */
  const draw = (state, before) => {
    for (const [id, row] of rows) {
      if (state.files.some((file) => file.id === id)) continue;
      row.element.remove();
      rows.delete(id);
    }
    for (const file of state.files) {
      const row = rows.get(file.id) ?? new FileRow(file.id, store, close);
      row.update(file, file.id === state.current);
      if (!rows.has(file.id)) list.append(row.element);
      rows.set(file.id, row);
    }
    for (const [id, row] of sets) {
      if (state.sets.some((set) => set.id === id)) continue;
      row.element.remove();
      sets.delete(id);
    }
    for (const set of state.sets) {
      const row = sets.get(set.id) ?? new SetRow(set, store, part);
      row.update(set, set.id === state.current);
      const [first = -1] = set.files;
      if (!sets.has(set.id)) rows.get(first)?.element.before(row.element);
      sets.set(set.id, row);
    }
    if (state.notices !== before.notices || (state.files.length === 0) !== (before.files.length === 0)) {
      const place = state.files.length ? deskNotices : emptyNotices;
      for (const each of [deskNotices, emptyNotices]) each.replaceChildren();
      place.replaceChildren(...noticeList(state.notices, store, merge));
    }
  };
  store.subscribe(draw);
}
