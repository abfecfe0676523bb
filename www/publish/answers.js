/** What storage answers, as plain sentences: what it means, and what to do next. */

import { asError } from '../files/faults.js';

/**
 * An answer to a request. Of its headers there are those that the storage lets the page see.
 * @typedef {{ status: number, headers: Record<string, string>, bytes: ArrayBuffer }} Answer
 */

/**
 * What an answer means: try again later, ask whether to replace what is there, ask for a new signature, or stop.
 * @typedef {{ then: 'again' | 'taken' | 'renew' | 'stop', code: string, message: string }} Meaning
 */

/** @param {Answer} answer */
export const isGood = ({ status }) => status >= 200 && status < 300;

/** @param {Answer} answer */
export const textOf = ({ bytes }) => new TextDecoder().decode(bytes);

/** @param {string} name @param {string} xml */
const tag = (name, xml) => new RegExp(`<${name}>([^<]*)</${name}>`).exec(xml)?.[1] ?? '';

/** The storage's own name for what is wrong. @param {Answer} answer */
export function codeOf(answer) {
  return answer.headers['x-ms-error-code'] ?? tag('Code', textOf(answer).slice(0, 20_000));
}

const EXPIRED =
  'The signature of the address has expired, or is not valid yet by the clock of the storage. Paste a new one for the same place: what has arrived is not sent again.';

/** By the storage's own name for it. @type {Record<string, [Meaning['then'], string, string]>} */
const NAMED = {
  AuthenticationFailed: [
    'renew',
    'signature',
    'The storage does not accept the signature of the address: it was cut while it was copied, or the key that made it was changed. Paste a new one.',
  ],
  SignatureDoesNotMatch: [
    'renew',
    'signature',
    'The storage does not accept the signature: the address was cut while it was copied, or signed for another method or type of file. Ask for one for PUT, and paste it whole.',
  ],
  AuthorizationPermissionMismatch: [
    'renew',
    'rights',
    'The SAS does not allow this. Ask for one with the rights read, create and write (sp=rcw).',
  ],
  AuthorizationResourceTypeMismatch: [
    'renew',
    'rights',
    'The SAS is not for objects of the container. Ask for one for the container or the blob.',
  ],
  AuthorizationServiceMismatch: ['renew', 'rights', 'The SAS is not for blobs. Ask for one that is.'],
  AuthorizationSourceIPMismatch: [
    'renew',
    'address',
    'The SAS is for other network addresses than this computer’s. Ask for one for this network, or use the network that it is for.',
  ],
  AuthorizationProtocolMismatch: [
    'renew',
    'rights',
    'The SAS is for another protocol. Paste an address that begins with https://.',
  ],
  AuthorizationFailure: [
    'renew',
    'firewall',
    'The storage account does not allow this: its firewall keeps this computer out, or the address is not for this, has ended, or was cut while it was copied. Paste another one, or ask whoever runs the account.',
  ],
  PublicAccessNotPermitted: [
    'stop',
    'private',
    'The storage account gives nothing to anybody without a signature.',
  ],
  KeyBasedAuthenticationNotPermitted: [
    'renew',
    'signature',
    'The storage account does not accept a SAS that was made with its keys. Ask for a user delegation SAS.',
  ],
  AccountIsDisabled: ['stop', 'disabled', 'The storage account is disabled. Ask whoever runs it.'],
  AccessDenied: [
    'renew',
    'rights',
    'The storage denies this: the address has expired, or whoever signed it may not do that. Ask for a new one.',
  ],
  ExpiredToken: ['renew', 'expired', EXPIRED],
  ContainerNotFound: [
    'stop',
    'no-container',
    'There is no container of this name. Make it first, or check the address.',
  ],
  NoSuchBucket: ['stop', 'no-container', 'There is no bucket of this name. Check the address.'],
  ContainerBeingDeleted: ['stop', 'no-container', 'The container is being deleted. Use another one.'],
  BlobAlreadyExists: ['taken', 'taken', 'Something of this name is there already.'],
  ConditionNotMet: ['taken', 'taken', 'Something of this name is there already.'],
  PreconditionFailed: ['taken', 'taken', 'Something of this name is there already.'],
  BlobImmutableDueToPolicy: [
    'stop',
    'immutable',
    'What has this name there must not be changed, by a policy of the container. Choose another name.',
  ],
  BlobArchived: [
    'stop',
    'archived',
    'What has this name there is archived, and cannot be replaced. Choose another name.',
  ],
  LeaseIdMissing: [
    'stop',
    'leased',
    'Another program holds a lease on this name, so that nobody else changes it. Wait until it lets go, or choose another name.',
  ],
  SnapshotsPresent: [
    'stop',
    'snapshots',
    'What has this name there has snapshots that would be lost. Choose another name.',
  ],
  InvalidBlobType: [
    'stop',
    'blob-type',
    'What has this name there is a blob of another type. Choose another name.',
  ],
  InvalidBlobOrBlock: [
    'stop',
    'other-blocks',
    'Another program has begun an upload to this name, in parts that do not go with these. Choose another name; its parts vanish after seven days.',
  ],
  InvalidBlockList: [
    'stop',
    'blocks-gone',
    'Parts that had arrived are gone: something else was written to this name meanwhile, or more than seven days have passed. Press Upload once more; what is missing is sent again.',
  ],
  BlockCountExceedsLimit: [
    'stop',
    'other-blocks',
    'Too many unfinished parts of other uploads lie under this name. Choose another name; they vanish after seven days.',
  ],
  RequestBodyTooLarge: [
    'stop',
    'too-large',
    'The storage takes no requests of this size. Ask for a SAS of a newer service version.',
  ],
  EntityTooLarge: [
    'stop',
    'too-large',
    'The file is larger than the storage takes in one request. Ask for a multipart upload.',
  ],
  EntityTooSmall: ['stop', 'part-size', 'The storage wants larger parts. Ask for fewer addresses of parts.'],
  NoSuchUpload: [
    'renew',
    'no-upload',
    'This multipart upload is not there any more: it was completed or given up. Ask for new addresses.',
  ],
  InvalidPart: [
    'renew',
    'no-upload',
    'The storage does not find a part that had arrived. Ask for new addresses, and upload again.',
  ],
  InvalidPartOrder: [
    'renew',
    'no-upload',
    'The parts do not go together. Ask for new addresses, and upload again.',
  ],
  QuotaExceeded: [
    'stop',
    'quota',
    'The storage is full, or a quota has been used up. Nothing of the file is visible there. Free some, and upload again.',
  ],
  InsufficientStorage: [
    'stop',
    'quota',
    'The storage is full, or a quota has been used up. Nothing of the file is visible there. Free some, and upload again.',
  ],
  ServerBusy: [
    'again',
    'busy',
    'The storage is too busy. Press Upload once more in a while; what has arrived is not sent again.',
  ],
  SlowDown: [
    'again',
    'busy',
    'The storage is too busy. Press Upload once more in a while; what has arrived is not sent again.',
  ],
  OperationTimedOut: [
    'again',
    'busy',
    'The storage took too long. Press Upload once more; what has arrived is not sent again.',
  ],
  InternalError: [
    'again',
    'server',
    'The storage failed by itself. Press Upload once more; what has arrived is not sent again.',
  ],
  RequestTimeTooSkewed: [
    'stop',
    'clock',
    'The storage’s clock and that of whoever signed the address differ too much. Set this right, and ask for a new address.',
  ],
  UnsupportedHttpVerb: [
    'stop',
    'not-storage',
    'What answers there does not take uploads. Check the address.',
  ],
};

/** By status, where the name says nothing. @type {Record<number, [Meaning['then'], string, string]>} */
const BY_STATUS = {
  401: ['renew', 'rights', 'The storage wants a signature that it accepts. Ask for a new address.'],
  403: [
    'renew',
    'rights',
    'The storage denies this: the signature has expired, lacks a right, or is for another place. Ask for a new address.',
  ],
  404: [
    'stop',
    'no-container',
    'There is no such place. Check the address, and that the container or bucket is there.',
  ],
  405: ['stop', 'not-storage', 'What answers there does not take uploads. Check the address.'],
  408: [
    'again',
    'busy',
    'The storage took too long. Press Upload once more; what has arrived is not sent again.',
  ],
  409: [
    'stop',
    'conflict',
    'The storage is doing something else with this name just now. Wait a moment and press Upload once more, or choose another name.',
  ],
  412: ['taken', 'taken', 'Something of this name is there already.'],
  413: [
    'stop',
    'too-large',
    'The storage, or a proxy before it, takes no requests of this size. Use a script, or another network.',
  ],
  429: [
    'again',
    'busy',
    'The storage is too busy. Press Upload once more in a while; what has arrived is not sent again.',
  ],
  507: [
    'stop',
    'quota',
    'The storage is full, or a quota has been used up. Nothing of the file is visible there. Free some, and upload again.',
  ],
};

/** Sentences of storage, and of what lies between, so that tests can go through them. */
export const SENTENCES = [...Object.values(NAMED), ...Object.values(BY_STATUS)].map(
  ([, , message]) => message,
);

/**
 * What an answer that is not good means.
 * @param {Answer} answer
 * @returns {Meaning}
 */
export function meaningOf(answer) {
  const { status } = answer;
  const text = textOf(answer).slice(0, 20_000);
  const name = codeOf(answer);
  const detail = tag('AuthenticationErrorDetail', text) || tag('Message', text);
  // Both say the same of a signature that was never right, and of one that was right yesterday.
  if (/^(AuthenticationFailed|AccessDenied|ExpiredToken)$/.test(name) && /expir|time frame/i.test(detail))
    return { then: 'renew', code: 'expired', message: EXPIRED };
  const [then, code, message] = NAMED[name] ??
    BY_STATUS[status] ?? [
      status >= 500 ? 'again' : 'stop',
      status >= 500 ? 'server' : 'refused',
      status >= 500
        ? `The storage failed by itself (${status}). Press Upload once more; what has arrived is not sent again.`
        : `The storage refused it (${status}${/^\w{1,60}$/.test(name) ? ` ${name}` : ''}). Check the address, or ask whoever runs the storage.`,
    ];
  return { then, code, message };
}

/** No answer came. */
export const LOST = {
  code: 'lost',
  message:
    'The storage cannot be reached: the connection is gone, or something on the way cuts it. Press Upload once more when it is back; what has arrived is not sent again.',
};

/** No answer came, nor did anything move. */
export const LATE = {
  code: 'late',
  message:
    'The storage did not answer for a long time, several times over. Press Upload once more; what has arrived is not sent again.',
};

/**
 * @param {Meaning} meaning
 */
export const faultOf = ({ code, message, then }) => Object.assign(asError({ code, message }), { then });
