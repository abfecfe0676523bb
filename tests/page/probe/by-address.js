// What must not be: workers loaded by their addresses, which the page's policy does not bind.
export const startWorker = (script) =>
  new Worker(script, { type: 'module', name: script.pathname.split('/').at(-1) });
