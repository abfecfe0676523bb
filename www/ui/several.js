/** Several files taken together: what is opened of them, and what is said of the others. */

/** @import { Arrangement } from '../types.d.ts' */

/** Files that are no part of another are opened each by itself, unless they are more: that helps nobody. */
const ALONE_MAX = 10;

/**
 * @param {Arrangement} arrangement
 * @param {(parts: readonly Blob[], name: string, size: number) => Promise<void>} open
 * @param {(title: string, message: string) => void} refuse
 * @param {(title: string, message: string) => void} tell
 */
export function takeSeveral({ groups, refused }, open, refuse, tell) {
  for (const { name, parts, warnings } of groups) {
    const size = parts.reduce((sum, part) => sum + part.size, 0);
    void open(parts, name, size);
    if (warnings.length > 0) tell(`${name} may not be complete.`, warnings.join(' '));
  }
  for (const { code, message, parts } of refused) {
    const few = code === 'init-missing' && parts.length <= ALONE_MAX;
    const [first] = parts;
    const name = first instanceof File ? first.name : 'A file';
    const which = parts.length === 1 ? `${name} was` : `${name} and ${parts.length - 1} more were`;
    refuse(`${which} not ${few ? 'joined' : 'opened'}.`, message);
    // A segment alone can be looked into.
    if (few)
      for (const part of parts) void open([part], part instanceof File ? part.name : 'file', part.size);
  }
}
