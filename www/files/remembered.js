/** Small choices about how the page looks, kept by the browser for the next visit. Nothing of a file is among them but the key IDs of licences that stayed. */

const PREFIX = 'boxlock.';

/**
 * What was chosen; null where nothing was, or the browser keeps nothing for this page.
 * @param {string} name
 */
export function recall(name) {
  try {
    return localStorage.getItem(PREFIX + name);
  } catch {
    return null;
  }
}

/**
 * @param {string} name
 * @param {string | null} value null for what is chosen where nobody chose
 */
export function remember(name, value) {
  try {
    if (value === null) localStorage.removeItem(PREFIX + name);
    else localStorage.setItem(PREFIX + name, value);
  } catch {
    // Then it holds until the page is closed.
  }
}
