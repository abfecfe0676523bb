/**
 * Licences of PlayReady’s public test server, for files whose key comes of its public key seed. A frame that can connect to that
 * server alone, and has nothing of the media, asks for them: not the frame in which the player is.
 */

/** @import { Answer } from './answer.js' */

import { connect } from '../publish/frame.js';

const SERVER = 'https://test.playready.microsoft.com';

/**
 * @param {boolean} lasting whether the licence is to stay on the computer
 * @param {AbortSignal} signal
 */
export async function licences(lasting, signal) {
  const { send, close } = await connect(SERVER);
  if (signal.aborted) close();
  signal.addEventListener('abort', close, { once: true });
  const url = `${SERVER}/service/rightsmanager.asmx?cfg=(persist:${lasting},sl:150)`;
  /** @param {ArrayBuffer} body @returns {Promise<Answer>} */
  return async (body) => {
    const headers = {
      'content-type': 'text/xml; charset=utf-8',
      soapaction: '"http://schemas.microsoft.com/DRM/2007/03/protocols/AcquireLicense"',
    };
    const outcome = await send({ method: 'POST', url, headers, body, signal });
    if ('lost' in outcome) return { status: 504, headers: {}, body: null };
    return {
      status: outcome.status,
      headers: { 'content-type': 'text/xml; charset=utf-8' },
      body: new Blob([outcome.bytes]),
    };
  };
}
