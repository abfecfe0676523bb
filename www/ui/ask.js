/** A question that must be answered before something goes on, in a dialog of the page. */

import { button, freshId, h } from './dom.js';

/**
 * Asks before the key of a result is lost. Settles with whether to go on. The browser keeps the focus in the dialog, and
 * gives it back afterwards; Escape keeps what there is.
 * @param {object} words
 * @param {string} words.title
 * @param {string} words.kept the title once the key is kept
 * @param {string} words.lost what would be lost, in plain words
 * @param {string} words.goOn the button that goes on: 'Close the file'
 * @param {() => Promise<string>} words.keep saves the key sheet, and says so in one sentence
 * @returns {Promise<boolean>}
 */
export function askToKeepKey({ title, kept, lost, goOn, keep }) {
  return new Promise((resolve) => {
    const head = h('h2', { id: freshId('ask') }, title);
    const text = h('p', { id: freshId('ask-text') }, lost);
    const state = h('p', { class: 'ask-state', role: 'status' });
    const save = button('Save the key sheet', () => void keepNow(), {
      class: 'button primary',
      id: 'ask-save',
    });
    const onward = button(`${goOn} without the key`, () => end(true), {
      class: 'button danger',
      id: 'ask-go-on',
    });
    const stay = button('Cancel', () => end(false), { class: 'button', id: 'ask-stay' });
    const dialog = h(
      'dialog',
      { class: 'ask', 'aria-labelledby': head.id, 'aria-describedby': text.id },
      head,
      text,
      state,
      h('p', { class: 'ask-ways' }, save, onward, stay),
    );
    /** @param {boolean} goes */
    const end = (goes) => {
      dialog.close();
      dialog.remove();
      resolve(goes);
    };
    const keepNow = async () => {
      save.disabled = true;
      try {
        state.textContent = await keep();
        head.textContent = kept;
        text.hidden = true;
        save.remove();
        onward.textContent = goOn;
        onward.className = 'button primary';
        onward.focus();
      } catch (error) {
        save.disabled = false;
        state.textContent = error instanceof Error ? error.message : String(error);
      }
    };
    dialog.addEventListener('cancel', (event) => {
      event.preventDefault();
      end(false);
    });
    document.body.append(dialog);
    dialog.showModal();
    save.focus();
  });
}
