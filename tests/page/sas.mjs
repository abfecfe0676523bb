// Addresses with a shared access signature, as Azure gives them out.

// The signature, which nothing may show.
export const SIG = 'cN8xVmZ4%2Bw0q%2FsecretSECRETsecret%3D';

/** An address of `path` with a signature that grants what `fields` say; a field that is null is left out. */
export const azure = (path = '/media', fields = {}) => {
  const all = { sv: '2022-11-02', sr: 'c', sp: 'rcw', se: '2026-07-02T00:00:00Z', ...fields };
  const query = Object.entries(all)
    .filter(([, value]) => value !== null)
    .map(([name, value]) => `${name}=${encodeURIComponent(value)}`);
  return `https://acc.blob.core.windows.net${path}?${query.join('&')}&sig=${SIG}`;
};
