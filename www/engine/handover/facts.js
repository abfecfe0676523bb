/** What is known of playing PlayReady files on Windows, and of what fails: one text for the page, the kit and the documents. */

/** @typedef {{ code: string, seen: string, means: string, todo: string }} KnownError */

/** What Windows calls PlayReady, what plays with it, and the key system of browsers. */
export const SYSTEM = '{F4637010-03C3-42CD-B932-B48ADF3A6A54}';
export const TRUSTED_INPUT = 'Windows.Media.Protection.PlayReady.PlayReadyWinRTTrustedInput';
export const CONTAINER = '{9A04F079-9840-4286-AB92-E65BE0885F95}';
export const KEY_SYSTEM = 'com.microsoft.playready.recommendation';

/** In the order in which people meet them. @type {readonly KnownError[]} */
export const ERRORS = [
  {
    code: '0x8004110E',
    seen: 'MF_MEDIA_ENGINE_ERR_DECODE: it plays with a network, and not without',
    means: 'No licence is stored. The one that was there ended with the app: it was not persistent.',
    todo: 'Have the server issue persistent licences, ask for one while online, and see that it is stored before going offline.',
  },
  {
    code: '0x80704005',
    seen: 'the licence is refused as it comes in (update() of a session)',
    means: 'Licence and session are of two kinds: one is persistent, the other temporary.',
    todo: 'Open a session of the type persistent-license for a persistent licence, or have the server issue the other kind.',
  },
  {
    code: '0xC00D715B',
    seen: 'SourceNotSupported, and ServiceRequested is never raised',
    means:
      'The player has no protection manager, or is MediaPlayerElement of WinUI 3, which never asks for a licence.',
    todo: 'Set ProtectionManager before Source, in a UWP app; see which frameworks can.',
  },
  {
    code: '0xC00D36BA',
    seen: 'no decryption module is found',
    means:
      'The process has no access to the module: a plain Win32 program, without a package, mostly has none.',
    todo: 'Play in a UWP or packaged app, or in a browser.',
  },
  {
    code: '0xC00D36BE',
    seen: 'invalid file format',
    means: 'Windows does not take how the fragments are laid out.',
    todo: 'Try the clear file in the same app first. If that plays, say so in the form that comes along, and protect in the other form (hybrid or piff).',
  },
  {
    code: '0x8004B804',
    seen: 'the header is not understood',
    means:
      'The PlayReady header has a version that the client does not know, or holds elements of a newer one.',
    todo: 'Protect with one key in the scheme cenc and header version 4.0.',
  },
  {
    code: '0x8004B8D2',
    seen: 'decryption fails at once',
    means: 'IVs have 16 bytes; Windows 10 before 20H2 takes 8.',
    todo: 'Protect with IVs of 8 bytes.',
  },
  {
    code: 'no request',
    seen: 'the licence server never hears of the player',
    means: 'The licence URL is too long, or is not absolute. Players fail above about 200 characters.',
    todo: 'Shorten it, or have the app set the URL of the licence request.',
  },
  {
    code: 'Initialization data for CENC is incorrect',
    seen: 'a browser player refuses what it was given',
    means: 'It was given the PlayReady object, where a whole pssh box belongs.',
    todo: 'Give the pssh box, in base64.',
  },
  {
    code: 'virtual machine',
    seen: 'each of these, on a machine that is virtual',
    means: 'Virtual machines often lack what PlayReady needs of graphics and of the platform.',
    todo: 'Try on a real computer.',
  },
];

/** What can play a local protected file, and what cannot. */
export const FRAMEWORKS = [
  {
    name: 'UWP (MediaPlayer, MediaPlayerElement)',
    can: true,
    note: 'The way that is documented; the snippet here.',
  },
  {
    name: 'Win32 and .NET with Media Foundation',
    can: true,
    note: 'With a decryption module (IMFContentDecryptionModule) in a packaged app. Without a package it fails with 0xC00D36BA.',
  },
  {
    name: 'Edge on Windows, from a page',
    can: true,
    note: `By EME with ${KEY_SYSTEM} and a session of the type persistent-license.`,
  },
  {
    name: 'WinUI 3 and Windows App SDK (MediaPlayerElement)',
    can: false,
    note: 'It never raises ServiceRequested, and ends with SourceNotSupported, 0xC00D715B.',
  },
];

/** What the script of the kit writes when all is well, and what else may stand there. */
export const LOG = [
  { line: 'LICENCE stored: no', means: 'The computer is new to the file. On the second run it is “yes”.' },
  {
    line: 'REQUEST individualization … ok',
    means: 'Windows made itself known; once for a computer and user.',
  },
  {
    line: 'REQUEST licence … ok',
    means: 'The server answered with a licence.',
  },
  {
    line: 'LICENCE stored: yes',
    means:
      'It is persistent. If it still says “no”, the server issued one that is not, and offline nothing will play.',
  },
  { line: 'PLAY opened, 60.0 s', means: 'Windows took file and header.' },
  { line: 'PLAY position 3.0 s', means: 'It decodes what it decrypts.' },
  { line: 'FAILED 0x8004110E', means: 'See the list of errors.' },
];

/** How it is found out that a file plays offline. */
export const STEPS = [
  'With a network: get the licence, see that it is stored, and play to the end.',
  'Close the app, switch the network off (flight mode), start the app again, and play.',
  'Restart Windows without a network, and play once more.',
];

export const PERSISTENT =
  'Each licence must be persistent, so that it is stored. One that is not ends with the app, and offline the file then fails with 0x8004110E.';
