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
 * What was dropped, and the folders. At once: it can be asked for only while the event is handled.
 * @param {DataTransfer | null} data
 */
function dropped(data) {
  const files = [];
  const folders = [];
  for (const item of data?.items ?? []) {
    const entry = item.webkitGetAsEntry?.();
    if (entry?.isDirectory) {
      folders.push(/** @type {FileSystemDirectoryEntry} */ (entry));
      continue;
    }
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
  return { files, folders };
}

/** What lists files, and is none of media. */
const MANIFEST = /\.(ism|ismc|mpd|m3u8)$|^manifest(\(.*\))?(\.xml)?$/i;

/** @param {Blob} file */
export const isManifest = (file) => file instanceof File && MANIFEST.test(file.name);

/** So many files of a folder are looked through. */
const FOLDER_MAX = 20_000;
/** What is taken of a folder, beside manifests: media, and segments by the names that origins give them. */
const MEDIA = /\.(ismv|isma|ismt|mp4|m4v|m4a|m4s|cmfv|cmfa|cmft|dash|mov)$|(^|[_-])Fragments\([^)]*\)$/i;

/** What a folder has, and its name. @typedef {{ name: string, files: File[] }} Folder */

/**
 * What is worth opening of the files of a folder.
 * @param {string} name
 * @param {File[]} files
 * @returns {Folder}
 */
export function folderOf(name, files) {
  const isTaken = (/** @type {File} */ file) =>
    !file.name.startsWith('.') && (MEDIA.test(file.name) || isManifest(file));
  return { name, files: files.filter(isTaken) };
}

/**
 * The files of folders and all in them, each with the path that tells two of the same name apart.
 * @param {FileSystemDirectoryEntry[]} folders
 */
async function filesIn(folders) {
  /** @type {File[]} */
  const found = [];
  /** @type {FileSystemEntry[]} */
  const rest = [...folders];
  for (let next = rest.shift(); next && found.length < FOLDER_MAX; next = rest.shift()) {
    const entry = next;
    if (entry.isDirectory) {
      const reader = /** @type {FileSystemDirectoryEntry} */ (entry).createReader();
      for (;;) {
        /** @type {FileSystemEntry[]} */
        const some = await new Promise((resolve, reject) => void reader.readEntries(resolve, reject));
        if (some.length === 0) break;
        rest.push(...some);
      }
      continue;
    }
    /** @type {File} */
    const file = await new Promise(
      (resolve, reject) => void (/** @type {FileSystemFileEntry} */ (entry).file(resolve, reject)),
    );
    // As the file dialog says it.
    Object.defineProperty(file, 'webkitRelativePath', { value: entry.fullPath.replace(/^\//, '') });
    found.push(file);
  }
  return found;
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
 * @param {HTMLInputElement} [parts.folderInput] the dialog for a folder, where there is one
 * @param {(files: File[], folder?: string) => void} parts.take
 */
export function takeFiles({ input, folderInput, veil, take }) {
  input.addEventListener('change', () => {
    const files = [...(input.files ?? [])];
    input.value = ''; // so that the same file can be chosen again
    if (files.length) take(files);
  });
  folderInput?.addEventListener('change', () => {
    const files = [...(folderInput.files ?? [])];
    folderInput.value = '';
    const name = files[0]?.webkitRelativePath.split('/')[0] || 'The folder';
    take(folderOf(name, files).files, name);
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
    const { files, folders } = dropped(event.dataTransfer);
    const [first] = folders;
    if (first)
      void filesIn(folders).then(
        (inside) => take([...files, ...folderOf(first.name, inside).files], first.name),
        () => take(files, first.name),
      );
    else if (files.length) take(files);
  });
}
