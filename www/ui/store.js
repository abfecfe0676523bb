/**
 * The state of the page: one value, changed only by `dispatch`. It knows no element and no file handle.
 *
 * The page is empty while no file is open. Each file is in one phase:
 *   opening → loaded ⇄ planning → protecting → done, back to loaded when cancelled.
 * What went wrong is a notice (opening) or sits with what it is about (plan, run).
 */

/** @import { BoxNode, Media, Plan, ProtectResult, Progress, Summary, Track } from '../types.d.ts' */

/** @typedef {'opening' | 'loaded' | 'planning' | 'protecting' | 'done'} Phase */
/** @typedef {'inspect' | 'protect' | 'result'} View */
/** @typedef {{ message: string, field?: string, code?: string }} Fault */
/** What can be made one file. @typedef {{ name: string, parts: readonly Blob[] }} Mergeable */
/** @typedef {{ id: number, title: string, message: string, quiet?: boolean, merge?: Mergeable | undefined }} Notice */

/**
 * @typedef {object} FileState
 * @property {number} id
 * @property {string} name
 * @property {number | null} size
 * @property {readonly Blob[]} parts the file itself, or what it is put together of; none where it came from elsewhere
 * @property {boolean} merged whether several files are made one
 * @property {Phase} phase
 * @property {readonly BoxNode[]} front its first boxes, while it is opened
 * @property {Media | null} media
 * @property {Summary | null} summary
 * @property {Track[]} tracks
 * @property {Progress | null} progress of opening or protecting
 * @property {Plan | null} plan
 * @property {Fault | null} fault why there is no plan, or why protecting stopped
 * @property {'' | 'cancelled' | 'failed'} ended how the last run ended, when it did not end well
 * @property {ProtectResult | null} result
 * @property {string | null} savedAs the name chosen in the picker
 * @property {boolean} verify whether the result is to be verified by itself
 * @property {boolean} saves whether it is to be downloaded by itself, where it is in no place that was chosen
 * @property {boolean} keyAtRisk whether the result's key was made here, is nowhere else, and was not kept yet
 */

/** Files that were opened together, and can be done in one job. @typedef {{ id: number, name: string, files: number[], manifests: readonly File[] }} SetState */

/**
 * @typedef {object} State
 * @property {FileState[]} files
 * @property {SetState[]} sets
 * @property {number | null} current file or set
 * @property {View} view
 * @property {Notice[]} notices
 */

/**
 * @typedef {{ type: 'open', id: number, name: string, size: number | null, parts: readonly Blob[], merged: boolean }
 *   | { type: 'progress', id: number, progress: Progress }
 *   | { type: 'front', id: number, boxes: readonly BoxNode[] }
 *   | { type: 'opened', id: number, media: Media }
 *   | { type: 'refused', id: number, title: string, message: string }
 *   | { type: 'told', id: number, title: string, message: string, merge?: Mergeable | undefined }
 *   | { type: 'gather', id: number, name: string, files: number[], manifests: readonly File[], show: boolean }
 *   | { type: 'part', id: number }
 *   | { type: 'close', id: number }
 *   | { type: 'choose', id: number }
 *   | { type: 'view', view: View }
 *   | { type: 'dismiss', notice: number }
 *   | { type: 'planning', id: number }
 *   | { type: 'planned', id: number, plan: Plan }
 *   | { type: 'unplanned', id: number, fault: Fault | null }
 *   | { type: 'protecting', id: number, total: number }
 *   | { type: 'protected', id: number, result: ProtectResult, savedAs: string | null, verify: boolean, saves: boolean, keyIsNew: boolean }
 *   | { type: 'stopped', id: number, ended: 'cancelled' | 'failed', fault: Fault | null }
 *   | { type: 'kept', id: number }
 *   | { type: 'discarded', id: number }} Action
 */

/** @type {State} */
export const EMPTY = { files: [], sets: [], current: null, view: 'inspect', notices: [] };

/**
 * @param {State} state
 * @param {Action} action
 * @returns {State}
 */
export function reduce(state, action) {
  switch (action.type) {
    case 'open':
      return {
        ...state,
        current: action.id,
        files: [...state.files, newFile(action)],
      };
    case 'front':
      return change(state, action.id, { front: action.boxes });
    case 'opened':
      return change(state, action.id, {
        phase: 'loaded',
        front: [],
        media: action.media,
        name: action.media.name,
        size: action.media.size,
        summary: action.media.summary(),
        tracks: action.media.tracks(),
        progress: null,
      });
    case 'refused':
      return {
        ...without(state, action.id),
        notices: [
          ...state.notices.filter((notice) => notice.title !== action.title),
          { id: action.id, title: action.title, message: action.message },
        ],
      };
    case 'told':
      return {
        ...state,
        notices: [
          ...state.notices,
          { id: action.id, title: action.title, message: action.message, quiet: true, merge: action.merge },
        ],
      };
    case 'gather': {
      const { id, name, manifests, show } = action;
      // One may have been refused in the meantime.
      const files = action.files.filter((each) => state.files.some((file) => file.id === each));
      if (!isSet({ files, manifests })) return state;
      return {
        ...state,
        sets: [...state.sets, { id, name, files, manifests }],
        current: show ? id : state.current,
      };
    }
    case 'part': {
      const [first = null] = state.sets.find((set) => set.id === action.id)?.files ?? [];
      const sets = state.sets.filter((set) => set.id !== action.id);
      return { ...state, sets, current: state.current === action.id ? first : state.current };
    }
    case 'close':
      return without(state, action.id);
    case 'choose':
      return { ...state, current: action.id };
    case 'view':
      return { ...state, view: action.view };
    case 'dismiss':
      return { ...state, notices: state.notices.filter((notice) => notice.id !== action.notice) };
    case 'progress':
      return change(state, action.id, { progress: action.progress });
    case 'planning':
      return change(state, action.id, { phase: 'planning', ended: '' });
    case 'planned':
      return settle(state, action.id, { plan: action.plan, fault: null });
    case 'unplanned':
      return settle(state, action.id, { plan: null, fault: action.fault });
    case 'protecting':
      return change(state, action.id, {
        phase: 'protecting',
        ended: '',
        fault: null,
        progress: { stage: 'protect', done: 0, total: action.total },
      });
    case 'protected':
      return change(state, action.id, {
        phase: 'done',
        result: action.result,
        savedAs: action.savedAs,
        verify: action.verify,
        saves: action.saves,
        keyAtRisk: action.keyIsNew,
        progress: null,
        ended: '',
      });
    case 'stopped':
      return settle(state, action.id, { progress: null, ended: action.ended, fault: action.fault });
    case 'kept':
      return change(state, action.id, { keyAtRisk: false });
    case 'discarded':
      return settle(state, action.id, { result: null, savedAs: null, keyAtRisk: false });
  }
}

/**
 * @param {Extract<Action, { type: 'open' }>} action
 * @returns {FileState}
 */
function newFile({ id, name, size, parts, merged }) {
  return {
    id,
    name,
    size,
    parts,
    merged,
    phase: 'opening',
    front: [],
    media: null,
    summary: null,
    tracks: [],
    progress: null,
    plan: null,
    fault: null,
    ended: '',
    result: null,
    savedAs: null,
    verify: false,
    saves: false,
    keyAtRisk: false,
  };
}

/**
 * @param {State} state
 * @param {number} id
 * @param {Partial<FileState>} part
 */
function change(state, id, part) {
  return { ...state, files: state.files.map((file) => (file.id === id ? { ...file, ...part } : file)) };
}

/**
 * Back to rest: 'done' when there is a result, 'loaded' when not.
 * @param {State} state
 * @param {number} id
 * @param {Partial<FileState>} part
 */
function settle(state, id, part) {
  const changed = change(state, id, part);
  const file = changed.files.find((each) => each.id === id);
  return change(changed, id, { phase: file?.result ? 'done' : 'loaded' });
}

/** One file alone is no set, unless a manifest lists it. @param {Pick<SetState, 'files' | 'manifests'>} set */
const isSet = ({ files, manifests }) => files.length > (manifests.length ? 0 : 1);

/**
 * @param {State} state
 * @param {number} id
 */
function without(state, id) {
  const at = state.files.findIndex((file) => file.id === id);
  const files = state.files.filter((file) => file.id !== id);
  const next = files[Math.min(at, files.length - 1)]?.id ?? null;
  const rest = state.sets.map((set) => ({ ...set, files: set.files.filter((each) => each !== id) }));
  const sets = rest.filter(isSet);
  const stays =
    files.some((file) => file.id === state.current) || sets.some((set) => set.id === state.current);
  return { ...state, files, sets, current: stays ? state.current : next };
}

/** @typedef {ReturnType<typeof createStore>} Store */

export function createStore() {
  let state = EMPTY;
  /** @type {Set<(state: State, before: State) => void>} */
  const listeners = new Set();
  return {
    get state() {
      return state;
    },

    /** @param {number} id */
    file(id) {
      return state.files.find((file) => file.id === id) ?? null;
    },

    /** @param {number} id */
    set(id) {
      return state.sets.find((set) => set.id === id) ?? null;
    },

    /** @param {Action} action */
    dispatch(action) {
      const before = state;
      state = reduce(state, action);
      if (state !== before) for (const listener of [...listeners]) listener(state, before);
    },

    /**
     * Calls `listener` after each change; the answer stops that.
     * @param {(state: State, before: State) => void} listener
     */
    subscribe(listener) {
      listeners.add(listener);
      return () => {
        listeners.delete(listener);
      };
    },
  };
}
