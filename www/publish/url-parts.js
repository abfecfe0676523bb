/** What addresses are made of: their parameters, and the parts of their paths. */

/**
 * Parameters by name, in whatever case it was written.
 * @param {URL} url
 */
export const parametersOf = (url) =>
  new Map([...url.searchParams].map(([name, value]) => [name.toLowerCase(), value]));

/**
 * As paths have it. What browsers leave as it is, but signatures do not, is written out too; half a sign, of which no
 * bytes can be made, is replaced.
 * @param {string} part
 */
export const encoded = (part) =>
  encodeURIComponent(part.replace(/\p{Cs}/gu, '\ufffd')).replace(
    /[!'()*]/g,
    (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`,
  );

/**
 * As people have it; as it is where it is not UTF-8.
 * @param {string} part
 */
export function decoded(part) {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
