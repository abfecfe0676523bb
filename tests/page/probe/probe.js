// Tries every way out that scripts have (or one `only`), from wherever it is imported, and tells on a channel what became of each.

const { other, only } = await fetch(new URL('./probe.json', import.meta.url)).then((answer) => answer.json());
const here = self.document ? 'page' : self.name.replace(/\.js$/, '');
const host = new URL(other).host;

/** Where an attempt of this name arrives, if it does. */
const to = (name, scheme = 'http') => `${scheme}://${host}/${here}/${name}`;

const late = () => new Promise((resolve) => void setTimeout(() => resolve('no answer'), 2000));
/** Becomes what an object with handlers reports first. */
const first = (object, good, bad) =>
  new Promise((resolve) => {
    object[`on${good}`] = () => resolve('went out');
    object[`on${bad}`] = () => resolve('refused');
  });
/** Code that a worker of its own runs. */
const blob = (code) => URL.createObjectURL(new Blob([code], { type: 'text/javascript' }));
const sends = (name) => `fetch('${to(name)}', { mode: 'no-cors' });`;

const EVERYWHERE = {
  fetch: () => fetch(to('fetch')),
  post: () => fetch(to('post'), { method: 'POST', body: 'clear media', mode: 'no-cors', keepalive: true }),
  xhr: () => {
    const request = new XMLHttpRequest();
    request.open('POST', to('xhr'));
    request.send('clear media');
    return first(request, 'load', 'error');
  },
  socket: () => first(new WebSocket(to('socket', 'ws')), 'open', 'error'),
  events: () => first(new EventSource(to('events')), 'open', 'error'),
  beacon: () => navigator.sendBeacon(to('beacon'), 'clear media'),
  importScripts: () => self.importScripts(to('import-scripts.js')),
  import: () => import(to('import.js')),
  transport: () => new WebTransport(to('transport', 'https')).ready,
  async peers() {
    const iceServers = [
      { urls: `stun:${host}` },
      { urls: `turn:${host}?transport=tcp`, username: 'a', credential: 'b' },
    ];
    const connection = new RTCPeerConnection({ iceServers, iceTransportPolicy: 'all' });
    connection.createDataChannel('out');
    await connection.setLocalDescription(await connection.createOffer());
    await late();
    connection.close();
  },
  workerElsewhere: () => new Worker(to('worker.js')),
  workerByAddress: () =>
    new Worker(new URL(`./probe-nested.js#${to('nested')}`, import.meta.url), { type: 'module' }),
  workerFromBlob: () => new Worker(blob(sends('nested-blob'))),
  sharedWorker: () => new SharedWorker(blob(sends('shared'))),
  eval: () => (0, eval)(sends('eval')),
  function: () => new Function(sends('function'))(),
  timer: () => setTimeout(sends('timer')),
};

/** An element whose address is somewhere else. */
const element = (tag, attribute, name, more = {}) => {
  const made = Object.assign(document.createElement(tag), more);
  made[attribute] = to(name);
  const settled = first(made, 'load', 'error');
  document.body.append(made);
  return settled;
};

const PAGE = {
  image: () => element('img', 'src', 'image.png'),
  style: () => element('link', 'href', 'style.css', { rel: 'stylesheet' }),
  prefetch: () => element('link', 'href', 'prefetch', { rel: 'prefetch' }),
  script: () => element('script', 'src', 'script.js'),
  inline: () =>
    document.body.append(Object.assign(document.createElement('script'), { text: sends('inline') })),
  markup: () => document.body.insertAdjacentHTML('beforeend', `<img src="${to('markup')}">`),
  handler: () => document.body.setAttribute('onclick', sends('handler')) ?? document.body.click(),
  frame: () => element('iframe', 'src', 'frame'),
  object: () => element('object', 'data', 'object'),
  video: () => element('video', 'src', 'video.mp4'),
  font: () => new FontFace('elsewhere', `url(${to('font.woff')})`).load(),
  form: () => {
    const form = Object.assign(document.createElement('form'), {
      action: to('form'),
      method: 'post',
      target: '_blank',
    });
    document.body.append(form);
    form.submit();
  },
};

const results = {};
const attempts = Object.entries({ ...EVERYWHERE, ...(self.document ? PAGE : {}) }).filter(
  ([name]) => !only || name === only,
);
await Promise.all(
  attempts.map(async ([name, attempt]) => {
    try {
      results[name] = String(await Promise.race([attempt(), late()]));
    } catch (error) {
      results[name] = String(error);
    }
  }),
);
const channel = new BroadcastChannel('probe');
// Again and again: nobody may be listening yet.
setInterval(() => channel.postMessage({ here, results }), 200);
