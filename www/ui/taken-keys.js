/** Which keys of a list go to which tracks and times of a file. */

/** @import { KeyList, KeyRequest, ListedKey, Track } from '../types.d.ts' */

/**
 * @typedef {object} Taken
 * @property {'file' | 'class' | 'track'} per what has a key of its own
 * @property {Map<number, ListedKey>} first those that tracks begin with, by track ID
 * @property {KeyRequest[]} later those of later times, in their order
 * @property {number} times how many later times there are
 * @property {string[]} said what was not taken, and why, as plain sentences
 */

/**
 * The classes of tracks, or the tracks, each as a key is asked for it.
 * @param {'class' | 'track'} per
 * @param {readonly Track[]} tracks
 * @returns {KeyRequest[]}
 */
export function groups(per, tracks) {
  if (per === 'track') return tracks.map(({ id }) => ({ track: id }));
  const classes = new Set(tracks.flatMap(({ keyClass }) => keyClass ?? []));
  return [...classes].map((one) => ({ class: one }));
}

/**
 * @param {KeyList} list whose keys were assigned to the tracks
 * @param {readonly Track[]} able tracks that can be protected
 * @returns {Taken | null} nothing where no track gets a key to begin with
 */
export function takenKeys(list, able) {
  const times = byTime(list, able);
  const first = times.get(0);
  if (!first) return null;
  const all = [...times].sort(([a], [b]) => a - b);
  const per = ownKeys(
    all.map(([, keys]) => keys),
    able,
  );
  /** @type {KeyRequest[]} */
  const later = [];
  /** @type {Map<number, number[]>} */
  const missing = new Map();
  const last = all.at(-1)?.[0] ?? 0;
  for (let period = 1; period <= last; period++) {
    const keys = times.get(period);
    for (const id of first.keys()) if (!keys?.has(id)) missing.set(id, [...(missing.get(id) ?? []), period]);
    for (const { one, member } of members(per, able)) {
      const key = keys?.get(member(keys));
      if (key) later.push({ ...one, period, ...given(key) });
    }
  }
  return { per, first, later, times: last, said: [...saidOf(missing), ...unused(list, all)] };
}

/**
 * The key of each track at each time.
 * @param {KeyList} list
 * @param {readonly Track[]} able
 */
function byTime(list, able) {
  const ids = new Set(able.map(({ id }) => id));
  const named = new Map(list.keys.map((key) => [key.kid?.uuid ?? '', key]));
  /** @type {Map<number, Map<number, ListedKey>>} */
  const times = new Map();
  for (const { track, period, kid } of list.assigned) {
    if (!ids.has(track)) continue;
    const key = kid
      ? named.get(kid)
      : list.keys.find((each) => !each.kid && each.track === track && (each.period ?? 0) === period);
    if (!key) continue;
    const time = times.get(period) ?? new Map();
    times.set(period, time.set(track, key));
  }
  return times;
}

/**
 * @param {readonly Map<number, ListedKey>[]} times
 * @param {readonly Track[]} able
 */
function ownKeys(times, able) {
  const one = (/** @type {readonly Track[]} */ tracks) =>
    times.every((keys) => new Set(tracks.map(({ id }) => keys.get(id))).size === 1);
  if (one(able)) return 'file';
  const classes = groups('class', able).map((group) =>
    able.filter((track) => track.keyClass === group.class),
  );
  return able.every(({ keyClass }) => keyClass) && classes.every(one) ? 'class' : 'track';
}

/**
 * What a key is asked for, and which track's key that is.
 * @param {Taken['per']} per
 * @param {readonly Track[]} able
 */
function members(per, able) {
  const all = per === 'file' ? [{}] : groups(per, able);
  return all.map((one) => {
    const mine = able.filter(({ id, keyClass }) =>
      per === 'file'
        ? true
        : per === 'class'
          ? keyClass === /** @type {KeyRequest} */ (one).class
          : id === /** @type {KeyRequest} */ (one).track,
    );
    return {
      one,
      member: (/** @type {Map<number, ListedKey>} */ keys) => mine.find(({ id }) => keys.has(id))?.id ?? -1,
    };
  });
}

/** @param {ListedKey} key */
const given = ({ kid, key }) => ({ ...(kid ? { kid: kid.uuid } : {}), ...(key ? { key } : {}) });

/** @param {Map<number, number[]>} missing later times without a key, by track */
function* saidOf(missing) {
  for (const [id, times] of missing) {
    const shown = times.slice(0, 8).join(', ');
    const more = times.length > 8 ? ` and ${times.length - 8} more` : '';
    yield `It has none for track ${id} at the change${times.length > 1 ? 's' : ''} ${shown}${more}: those are made here.`;
  }
}

/**
 * @param {KeyList} list
 * @param {readonly [number, Map<number, ListedKey>][]} times
 */
function unused({ keys }, times) {
  const taken = new Set(times.flatMap(([, of]) => [...of.values()]));
  const left = keys.filter((key) => !taken.has(key)).length;
  if (!left) return [];
  return [
    left === 1
      ? 'One of its keys is for nothing in this file, and was left out.'
      : `${left} of its keys are for nothing in this file, and were left out.`,
  ];
}
