/** The files of a title as a ladder: what each is, and which is for download. */

/** @import { Media, Rung, Title, Track } from '../types.d.ts' */

import { button, freshId, h } from './dom.js';
import * as format from './format.js';

/**
 * @param {Title} title
 * @param {number} number
 * @param {{ choose: (media: Media) => void, look: (media: Media) => void }} acts
 */
export function ladderView(title, number, { choose, look }) {
  const pictures = title.rungs.filter(({ video }) => video);
  const name = `download-${number}`;
  const rows = title.media.map((media, at) => {
    const rung = /** @type {Rung} */ (title.rungs[at]);
    const inDownload = title.download.includes(at);
    const input =
      rung.video && pictures.length > 1
        ? h('input', {
            type: 'radio',
            name,
            id: freshId(name),
            checked: inDownload,
            'aria-label': `${media.name} for download`,
          })
        : null;
    input?.addEventListener('change', () => choose(media));
    return h(
      'tr',
      { class: inDownload ? 'chosen' : '' },
      h(
        'td',
        { class: 'set-mark', 'data-of': 'For download' },
        input ?? (inDownload ? '✓' : ''),
        input ? null : inDownload ? h('span', { class: 'unseen' }, 'goes into the file for download') : null,
      ),
      h(
        'th',
        { scope: 'row' },
        button(media.name, () => look(media), { class: 'link' }),
      ),
      cell('Picture', pictureOf(rung)),
      cell('Bitrate', rateOf(rung)),
      cell('Sound', soundOf(rung)),
      cell('Length', format.duration(rung.duration)),
      cell('Size', format.bytes(rung.size)),
    );
  });
  const heading = h('h3', { id: freshId('title') }, title.name);
  return h(
    'section',
    { class: 'set-title', 'aria-labelledby': heading.id },
    heading,
    ...title.problems.map((problem) => h('p', { class: 'warning' }, h('strong', {}, 'Note: '), problem)),
    h(
      'div',
      { class: 'set-scroll' },
      h(
        'table',
        { class: 'set-ladder' },
        h(
          'thead',
          {},
          h(
            'tr',
            {},
            ...['For download', 'File', 'Picture', 'Bitrate', 'Sound', 'Length', 'Size'].map((each) =>
              h('th', { scope: 'col' }, each),
            ),
          ),
        ),
        h('tbody', {}, ...rows),
      ),
    ),
  );
}

/** @param {string} of @param {string} text */
const cell = (of, text) => h('td', { 'data-of': of }, text);

/** @param {Rung} rung */
function pictureOf({ video }) {
  if (!video) return '–';
  const size = video.width && video.height ? `${video.width} × ${video.height}` : '';
  return [size, video.codecName].filter(Boolean).join(', ');
}

/** The picture's, or else the sound's. @param {Rung} rung */
function rateOf({ video, audio: [sound], bitrate }) {
  return format.bitrate((video ?? sound)?.bitrate ?? bitrate);
}

/** @param {Rung} rung */
function soundOf({ audio, text }) {
  const sounds = audio.map((/** @type {Track} */ track) =>
    [track.language, track.codecName, track.channels ? format.channels(track.channels) : '']
      .filter(Boolean)
      .join(' '),
  );
  const texts = text.map(({ language }) => ['text', language].filter(Boolean).join(' '));
  return [...sounds, ...texts].join('; ') || '–';
}
