/** What a web developer needs: how players of pages are told where licences are, and what a manifest says. */

/**
 * @typedef {object} Values
 * @property {string} laUrl
 * @property {string} scheme
 * @property {readonly string[]} kids UUID texts
 * @property {readonly { system: string, base64: string }[]} pssh
 * @property {string} playreadyObject
 */

/** A text as a literal of JavaScript. @param {string} text */
const literal = (text) =>
  `'${JSON.stringify(text).slice(1, -1).replaceAll('\\"', '"').replaceAll("'", "\\'")}'`;

const PLACE = 'https://host.example.com/manifest.mpd';
const WIDEVINE = 'https://widevine.example.com/licence';

/** @param {Values} values */
const hasWidevine = ({ pssh }) => pssh.some(({ system }) => system === 'Widevine');

/** @param {Values} values */
export const dashJs = (values) => `\
// dash.js 5; video is the element that plays
const player = dashjs.MediaPlayer().create();
player.initialize(video, ${literal(PLACE)}, false);
player.setProtectionData({
  'com.microsoft.playready': { serverURL: ${literal(values.laUrl)} },${
    hasWidevine(values) ? `\n  'com.widevine.alpha': { serverURL: ${literal(WIDEVINE)} },` : ''
  }
});
player.play();
`;

/** @param {Values} values */
export const shaka = (values) => `\
// shaka-player 4 and 5; video is the element that plays
shaka.polyfill.installAll();
const player = new shaka.Player();
await player.attach(video);
player.configure({
  drm: {
    servers: {
      'com.microsoft.playready': ${literal(values.laUrl)},${
        hasWidevine(values) ? `\n      'com.widevine.alpha': ${literal(WIDEVINE)},` : ''
      }
    },
  },
});
await player.load(${literal(PLACE)});
`;

/** @param {Values} values */
export const hlsJs = (values) => `\
// hls.js 1.3 and later; video is the element that plays, and playlists name the key in EXT-X-KEY
const hls = new Hls({
  emeEnabled: true,
  drmSystems: {
    'com.microsoft.playready': { licenseUrl: ${literal(values.laUrl)} },${
      hasWidevine(values) ? `\n    'com.widevine.alpha': { licenseUrl: ${literal(WIDEVINE)} },` : ''
    }
  },
});
hls.loadSource(${literal(PLACE.replace('.mpd', '.m3u8'))});
hls.attachMedia(video);
`;

/**
 * The elements of a DASH manifest that go into each AdaptationSet.
 * @param {Values} values
 */
export function dashElements({ scheme, kids, pssh, playreadyObject }) {
  const playready = pssh.find(({ system }) => system === 'PlayReady')?.base64;
  const inside = [
    playready ? `  <cenc:pssh>${playready}</cenc:pssh>` : '',
    playreadyObject ? `  <mspr:pro>${playreadyObject}</mspr:pro>` : '',
  ].filter(Boolean);
  return `\
<!-- On the MPD: xmlns:cenc="urn:mpeg:cenc:2013" xmlns:mspr="urn:microsoft:playready" -->
${kids.length > 1 ? '<!-- Of these one in each AdaptationSet: that of its key -->\n' : ''}${kids
    .map(
      (kid) =>
        `<ContentProtection schemeIdUri="urn:mpeg:dash:mp4protection:2011" value="${scheme}" cenc:default_KID="${kid}"/>`,
    )
    .join('\n')}
<ContentProtection schemeIdUri="urn:uuid:9a04f079-9840-4286-ab92-e65be0885f95" value="MSPR 2.0">
${inside.join('\n')}
</ContentProtection>
`;
}
