/** The open files, and what could not be opened. */

/** @import { FileState, Notice, State, Store } from './store.js' */

import { button, CROSS, drawing, h } from './dom.js';
import * as format from './format.js';

/**
 * @param {FileState} file
 * @param {boolean} chosen
 * @param {Store} store
 * @param {(id: number) => void} close
 */
function fileRow(file, chosen, store, close) {
  const name = h(
    'button',
    { type: 'button', class: 'file-name', 'aria-current': chosen ? 'true' : null },
    h('span', { class: 'file-title' }, file.name),
    h('span', { class: 'file-state' }, stateLine(file)),
  );
  name.addEventListener('click', () => store.dispatch({ type: 'choose', id: file.id }));
  const shut = button('', () => close(file.id), { class: 'icon-button', 'aria-label': `Close ${file.name}` });
  shut.append(drawing(CROSS));
  return h('li', { class: chosen ? 'chosen' : '' }, name, shut);
}

/** @param {FileState} file */
function stateLine(file) {
  const share =
    file.progress && file.progress.total ? format.percent(file.progress.done / file.progress.total) : '';
  if (file.phase === 'opening') return `Reading ${share}`;
  if (file.phase === 'protecting') return `Protecting ${share}`;
  const size = file.size === null ? '' : format.bytes(file.size);
  if (file.phase === 'done') return `${size} · copy made`;
  return file.summary?.protection ? `${size} · protected` : `${size} · clear`;
}

/**
 * Notices, each dismissible.
 * @param {readonly Notice[]} notices
 * @param {Store} store
 */
function noticeList(notices, store) {
  return notices.map((notice) => {
    const shut = button('', () => store.dispatch({ type: 'dismiss', notice: notice.id }), {
      class: 'icon-button',
      'aria-label': `Dismiss: ${notice.title}`,
    });
    shut.append(drawing(CROSS));
    return h(
      'div',
      { class: 'notice', role: 'alert' },
      h('strong', {}, notice.title),
      shut,
      h('p', {}, notice.message),
    );
  });
}

/**
 * @param {Store} store
 * @param {{ list: HTMLElement, deskNotices: HTMLElement, emptyNotices: HTMLElement }} places
 * @param {(id: number) => void} close
 */
export function showFiles(store, { list, deskNotices, emptyNotices }, close) {
  /** @type {string} */
  let drawn = '';
  /** @param {State} state @param {State} before */
  const draw = (state, before) => {
    const key = JSON.stringify([
      state.current,
      state.files.map((file) => [file.id, file.name, stateLine(file)]),
    ]);
    if (key !== drawn) {
      drawn = key;
      const focused = list.contains(document.activeElement) ? indexOfFocus(list) : -1;
      list.replaceChildren(
        ...state.files.map((file) => fileRow(file, file.id === state.current, store, close)),
      );
      const again = [...list.querySelectorAll('button')][focused];
      again?.focus();
    }
    if (state.notices !== before.notices || (state.files.length === 0) !== (before.files.length === 0)) {
      const place = state.files.length ? deskNotices : emptyNotices;
      for (const each of [deskNotices, emptyNotices]) each.replaceChildren();
      place.replaceChildren(...noticeList(state.notices, store));
    }
  };
  store.subscribe(draw);
}

/** @param {HTMLElement} list */
function indexOfFocus(list) {
  return [...list.querySelectorAll('button')].findIndex((each) => each === document.activeElement);
}
