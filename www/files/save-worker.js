/**
 * The service worker that gives a protected file to the browser's downloads while it is made, where the browser has no
 * storage to make it in. It answers for nothing but addresses it was told of, each once, and keeps nothing: neither the
 * page nor what passes. No module, as browsers learnt late to start service workers from modules.
 */
{
  const scope = /** @type {ServiceWorkerGlobalScope} */ (/** @type {unknown} */ (self));

  /**
   * A page that says nothing for so long is gone. Firefox ends a service worker that has heard nothing for 30 s, and takes
   * for a whole file what had come by then: it must have failed before.
   */
  const SILENT_MS = 20_000;

  /** @type {Map<string, { answer: () => Response, heard: () => void, fail: () => void }>} by address */
  const saves = new Map();

  /**
   * @param {string} address
   * @param {string} name of the file
   * @param {MessagePort} port to the worker that writes
   */
  const begin = (address, name, port) => {
    /** @type {ReadableStreamDefaultController<Uint8Array>} */
    let controller;
    let late = 0;
    let asked = false;
    const end = () => {
      clearTimeout(late);
      saves.delete(address);
    };
    const fail = () => {
      end();
      controller.error(new Error('The file was not made to its end.'));
      port.postMessage({ failed: true });
      port.close();
    };
    const heard = () => {
      clearTimeout(late);
      late = setTimeout(fail, SILENT_MS);
    };
    // Nothing is held in stock: what the browser asks for, it has room for.
    const body = new ReadableStream(
      {
        start: (given) => void (controller = given),
        pull: () => port.postMessage({ wanted: true }),
        cancel() {
          end();
          port.postMessage({ failed: true });
        },
      },
      { highWaterMark: 0 },
    );
    port.onmessage = ({ data }) => {
      if (!saves.has(address)) return;
      heard();
      if (data.bytes) controller.enqueue(data.bytes);
      else if (data.end) {
        end();
        controller.close();
        port.postMessage({ ended: true });
      } else fail();
    };
    const headers = {
      // Firefox makes the ending of the name fit this.
      'content-type': /\.zip$/i.test(name) ? 'application/zip' : 'video/mp4',
      'content-disposition': `attachment; filename*=UTF-8''${encoded(name)}`,
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
    };
    const answer = () => {
      if (asked) return none();
      asked = true;
      return new Response(body, { headers });
    };
    const alive = () => {
      heard();
      port.postMessage({ alive: true });
    };
    saves.set(address, { answer, heard: alive, fail });
    alive();
  };

  /**
   * As headers write names (RFC 8187).
   * @param {string} name
   */
  const encoded = (name) =>
    encodeURIComponent(name).replace(/['()*]/g, (sign) => `%${sign.charCodeAt(0).toString(16)}`);

  const none = () => new Response(null, { status: 404 });

  scope.addEventListener('message', ({ data, ports: [port] }) => {
    if (port) begin(data.address, data.name, port);
    else if (data.gone) saves.get(data.address)?.fail();
    else saves.get(data.address)?.heard();
  });

  scope.addEventListener('fetch', (event) => {
    event.respondWith(saves.get(event.request.url)?.answer() ?? none());
  });
}
