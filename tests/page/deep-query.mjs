/**
 * The first element of this selector, in open shadow roots too. Sent to the page as text.
 * @param {string} selector
 */
export function deepQuery(selector) {
  const search = (root) => {
    const found = root.querySelector(selector);
    if (found) return found;
    for (const host of root.querySelectorAll('*')) {
      const inner = host.shadowRoot && search(host.shadowRoot);
      if (inner) return inner;
    }
    return null;
  };
  return search(document);
}
