/** Choosing files: the file dialog, and dropping anywhere on the page. */

/**
 * Handles of files that were dropped or chosen, where the browser gives them: by these it can be told that two are one,
 * and what stands there later.
 * @type {WeakMap<Blob, Promise<FileSystemFileHandle | null>>}
 */
const handles = new WeakMap();

/**
 * The handle of a file that was dropped or chosen; null where there is none.
 * @param {Blob} file
 */
export async function handleOf(file) {
  return (await handles.get(file)) ?? null;
}

/**
 * What was dropped. At once: it can be asked for only while the event is handled.
 * @param {DataTransfer | null} data
 */
function dropped(data) {
  const files = [];
  for (const item of data?.items ?? []) {
    const file = item.getAsFile();
    if (!file) continue;
    files.push(file);
    const ask = /** @type {unknown} */ (Reflect.get(item, 'getAsFileSystemHandle'));
    if (typeof ask === 'function')
      handles.set(
        file,
        ask.call(item).catch(() => null),
      );
  }
  return files;
}

/**
 * Shows the file dialog: the browser's own, which gives handles, or that of the input.
 * @param {HTMLInputElement} input
 * @param {(files: File[]) => void} take
 */
export async function chooseFiles(input, take) {
  const ask = /** @type {unknown} */ (Reflect.get(window, 'showOpenFilePicker'));
  if (typeof ask !== 'function') {
    input.click();
    return;
  }
  const endings = input.accept.split(',').filter((each) => each.startsWith('.'));
  const types = [{ description: 'Media', accept: { 'video/mp4': endings } }];
  /** @type {FileSystemFileHandle[]} */
  const chosen = await ask.call(window, { multiple: true, types }).catch(() => []);
  const files = await Promise.all(chosen.map((handle) => handle.getFile()));
  files.forEach((file, number) => handles.set(file, Promise.resolve(chosen[number] ?? null)));
  if (files.length) take(files);
}

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
    depth = 0;
    show(false);
    // Some places take what is dropped on them for themselves.
    if (event.defaultPrevented) return;
    event.preventDefault();
    const files = dropped(event.dataTransfer);
    if (files.length) take(files);
  });
}
