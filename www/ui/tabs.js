/** Tabs by the book: one tab stop, arrow keys, panels named by their tabs. */

/**
 * @param {HTMLElement} list
 * @param {(name: string) => void} choose called with 'inspect' for #tab-inspect
 */
export function makeTabs(list, choose) {
  const tabs = [...list.querySelectorAll('[role="tab"]')].filter((tab) => tab instanceof HTMLElement);
  /** @param {HTMLElement} tab */
  const nameOf = (tab) => tab.id.replace(/^tab-/, '');

  for (const tab of tabs) tab.addEventListener('click', () => choose(nameOf(tab)));
  list.addEventListener('keydown', (event) => {
    const at = tabs.findIndex((tab) => tab === document.activeElement);
    const step = { ArrowRight: at + 1, ArrowLeft: at - 1 + tabs.length, Home: 0, End: tabs.length - 1 }[
      event.key
    ];
    const next = step === undefined ? undefined : tabs[step % tabs.length];
    if (!next) return;
    event.preventDefault();
    next.focus();
    choose(nameOf(next));
  });

  return {
    /** @param {string} name */
    show(name) {
      for (const tab of tabs) {
        const chosen = nameOf(tab) === name;
        tab.setAttribute('aria-selected', String(chosen));
        tab.tabIndex = chosen ? 0 : -1;
        const panel = document.getElementById(tab.getAttribute('aria-controls') ?? '');
        if (panel) panel.hidden = !chosen;
      }
    },
  };
}
