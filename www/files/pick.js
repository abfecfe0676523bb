/** Choosing files: the file dialog, and dropping anywhere on the page. */

/**
 * @param {object} parts
 * @param {HTMLInputElement} parts.input the file dialog
 * @param {HTMLElement} parts.veil shown while files hover over the page
 * @param {(files: File[]) => void} parts.take
 */
export function takeFiles({ input, veil, take }) {
  input.addEventListener('change', () => {
    const files = [...(input.files ?? [])];
    input.value = ''; // so that the same file can be chosen again
    if (files.length) take(files);
  });

  let depth = 0;
  /** @param {DragEvent} event */
  const carriesFiles = (event) => event.dataTransfer?.types.includes('Files') ?? false;
  const show = (/** @type {boolean} */ on) => {
    veil.hidden = !on;
  };

  window.addEventListener('dragenter', (event) => {
    if (!carriesFiles(event)) return;
    depth += 1;
    show(true);
  });
  window.addEventListener('dragleave', (event) => {
    if (!carriesFiles(event)) return;
    depth = Math.max(0, depth - 1);
    show(depth > 0);
  });
  window.addEventListener('dragover', (event) => {
    if (!carriesFiles(event)) return;
    event.preventDefault();
    if (event.dataTransfer) event.dataTransfer.dropEffect = 'copy';
  });
  window.addEventListener('drop', (event) => {
    if (!carriesFiles(event)) return;
    event.preventDefault();
    depth = 0;
    show(false);
    const files = [...(event.dataTransfer?.files ?? [])];
    if (files.length) take(files);
  });
}
