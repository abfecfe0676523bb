/** The rules that let a page of this origin upload, as they are set in each kind of storage. */

/** @import { Place } from './address.js' */

/** @typedef {{ title: string, lines: string[], text: string }} Rule */

/**
 * @param {Pick<Place, 'kind'> & { account?: string }} place
 * @param {string} origin of this page
 * @returns {Rule[]}
 */
export function corsRules(place, origin) {
  if (place.kind === 'azure')
    return [
      {
        title: 'In the portal',
        lines: [
          'Storage account → Settings → Resource sharing (CORS) → Blob service. A rule is for the whole service, not for one container.',
        ],
        text: `Allowed origins: ${origin}\nAllowed methods: GET, HEAD, PUT, OPTIONS\nAllowed headers: *\nExposed headers: *\nMax age: 600`,
      },
      {
        title: 'Or by the Azure CLI',
        lines: [],
        text: `az storage cors add --account-name ${place.account ?? 'ACCOUNT'} --services b --methods GET HEAD PUT OPTIONS --origins '${origin}' --allowed-headers '*' --exposed-headers '*' --max-age 600`,
      },
    ];
  const methods = place.kind === 's3' ? ['GET', 'HEAD', 'PUT'] : ['GET', 'HEAD', 'PUT', 'POST'];
  const rule = {
    AllowedOrigins: [origin],
    AllowedMethods: methods,
    AllowedHeaders: ['*'],
    ExposeHeaders: ['ETag', 'Content-Range', 'Accept-Ranges'],
    MaxAgeSeconds: 600,
  };
  return [
    {
      title: 'The CORS configuration of the bucket',
      lines: ['Bucket → Permissions → Cross-origin resource sharing, in the console.'],
      text: JSON.stringify([rule], null, 2),
    },
  ];
}
