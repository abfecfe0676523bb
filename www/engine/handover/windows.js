/** What an app developer needs to play one file on Windows: snippets with its values, and the kit that has all of them. */

/** @import { OfflineCheck } from '../../types' */

import { CONTAINER, ERRORS, FRAMEWORKS, KEY_SYSTEM, LOG, STEPS, SYSTEM, TRUSTED_INPUT } from './facts.js';

/**
 * @typedef {object} Values
 * @property {string} fileName
 * @property {string[]} kids UUID texts
 * @property {string} laUrl
 * @property {'AESCTR' | 'AESCBC'} algorithm
 * @property {string} pssh of PlayReady, in base64; empty where the file has none
 */

/** A text as a literal of C# and Python, whatever is in it. @param {string} text */
const literal = (text) =>
  JSON.stringify(text).replace(
    // What ends a line for one of them.
    /[\x7f-\x9f\u2028\u2029]/g,
    (sign) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );

/** @param {Values} values */
export const csharp = ({ fileName, kids, laUrl, algorithm }) => `\
// Plays a local PlayReady file in a UWP app (Windows 10 and 11), and gets its licence while there is a network.
// The manifest of the app needs the capability internetClient. Not for WinUI 3: its player asks for no licence.
using System;
using System.Diagnostics;
using System.Linq;
using System.Threading.Tasks;
using Windows.Foundation.Collections;
using Windows.Media.Core;
using Windows.Media.Playback;
using Windows.Media.Protection;
using Windows.Media.Protection.PlayReady;
using Windows.Storage;

public static class OfflinePlayback
{
    const string FileName = ${literal(fileName)};
    const string PlayReady = "${SYSTEM}";
    static readonly Uri LicenceUrl = new Uri(${literal(laUrl)});
    static readonly Guid[] KeyIds =
    {
${kids.map((kid) => `        new Guid("${kid}"),`).join('\n')}
    };

    // While there is a network. Afterwards HasLicences says whether what came is stored.
    public static async Task GetLicences()
    {
        foreach (var header in KeyIds.Select(Header))
        {
            // Null when there is nothing left to do.
            var request = PlayReadyContentResolver.ServiceRequest(header);
            while (request != null)
            {
                if (request is PlayReadyLicenseAcquisitionServiceRequest licence) licence.Uri = LicenceUrl;
                var kind = request is PlayReadyLicenseAcquisitionServiceRequest ? "licence"
                    : request is PlayReadyIndividualizationServiceRequest ? "individualization" : request.GetType().Name;
                Debug.WriteLine($"REQUEST {kind}");
                await request.BeginServiceRequest();
                request = request.NextServiceRequest();
            }
        }
        Debug.WriteLine($"LICENCE stored: {(HasLicences() ? "yes" : "no")}");
    }

    // True: only licences that are stored count.
    public static bool HasLicences() =>
        KeyIds.All(id => new PlayReadyLicenseIterable(Header(id), true).Any());

    public static async Task Play(MediaPlayer player)
    {
        player.ProtectionManager = NewProtectionManager();
        player.MediaOpened += (sender, e) => Debug.WriteLine($"PLAY opened, {sender.PlaybackSession.NaturalDuration}");
        player.MediaFailed += (sender, e) => Debug.WriteLine($"FAILED 0x{e.ExtendedErrorCode.HResult:X8} {e.Error}");
        var file = await ApplicationData.Current.LocalFolder.GetFileAsync(FileName);
        player.Source = MediaSource.CreateFromStorageFile(file);
        player.Play();
    }

    static MediaProtectionManager NewProtectionManager()
    {
        var manager = new MediaProtectionManager();
        var systems = new PropertySet();
        systems.Add(PlayReady, "${TRUSTED_INPUT}");
        manager.Properties.Add("Windows.Media.Protection.MediaProtectionSystemId", PlayReady);
        manager.Properties.Add("Windows.Media.Protection.MediaProtectionSystemIdMapping", systems);
        manager.Properties.Add("Windows.Media.Protection.MediaProtectionContainerGuid", "${CONTAINER}");
        manager.ServiceRequested += async (sender, e) =>
        {
            // What Windows still wants before it plays: with a stored licence, nothing.
            var done = false;
            try
            {
                await ((IPlayReadyServiceRequest)e.Request).BeginServiceRequest();
                done = true;
            }
            catch (Exception error)
            {
                Debug.WriteLine($"FAILED 0x{error.HResult:X8} {e.Request.GetType().Name}");
            }
            e.Completion.Complete(done);
        };
        return manager;
    }

    static PlayReadyContentHeader Header(Guid keyId) => new PlayReadyContentHeader(
        keyId, string.Empty, PlayReadyEncryptionAlgorithm.${algorithm === 'AESCBC' ? 'Aes128Cbc' : 'Aes128Ctr'},
        LicenceUrl, null, string.Empty, Guid.Empty);
}
`;

/** What the script imports, by the packages that bring it. */
export const REQUIREMENTS = `\
winrt-runtime
winrt-Windows.Foundation
winrt-Windows.Foundation.Collections
winrt-Windows.Media.Core
winrt-Windows.Media.Playback
winrt-Windows.Media.Protection
winrt-Windows.Media.Protection.PlayReady
winrt-Windows.Storage
`;

/** @param {Values} values */
export const python = ({ fileName, kids, laUrl, algorithm }) => `\
"""Gets the PlayReady licence of a local file, says whether it is stored, and plays the file (Windows 10 and 11).

    pip install -r requirements.txt
    python play_offline.py            with a network: gets the licence, and plays
    python play_offline.py --offline  without one: plays with what is stored
"""

import asyncio
import sys
from pathlib import Path
from uuid import UUID

from winrt.system import box_string
from winrt.windows.foundation import Uri
from winrt.windows.foundation.collections import PropertySet
from winrt.windows.media.core import MediaSource
from winrt.windows.media.playback import MediaPlayer
from winrt.windows.media.protection import IMediaProtectionServiceRequest, MediaProtectionManager
from winrt.windows.media.protection.playready import (
    IPlayReadyServiceRequest,
    PlayReadyContentHeader,
    PlayReadyContentResolver,
    PlayReadyEncryptionAlgorithm,
    PlayReadyLicenseIterable,
    PlayReadyStatics,
)
from winrt.windows.storage import StorageFile

FILE = Path(__file__).with_name(${literal(fileName)})
LICENCE_URL = ${literal(laUrl)}
KEY_IDS = [
${kids.map((kid) => `    UUID("${kid}"),`).join('\n')}
]
PLAYREADY = "${SYSTEM}"
SECONDS = 10


def code(error: BaseException) -> str:
    """The HRESULT of a failure, as it stands in lists of errors."""
    number = getattr(error, "winerror", None)
    return f"0x{number & 0xFFFFFFFF:08X}" if number is not None else repr(error)


def header(key_id: UUID) -> PlayReadyContentHeader:
    return PlayReadyContentHeader(
        key_id,
        "",
        PlayReadyEncryptionAlgorithm.${algorithm === 'AESCBC' ? 'AES128_CBC' : 'AES128_CTR'},
        Uri(LICENCE_URL),
        None,
        "",
        UUID(int=0),
    )


def kind(request) -> str:
    """What a request is for."""
    asked = request.as_(IMediaProtectionServiceRequest).type
    if asked == PlayReadyStatics.license_acquirer_service_request_type:
        return "licence"
    if asked == PlayReadyStatics.individualization_service_request_type:
        return "individualization"
    return str(asked)


def stored() -> bool:
    """Whether a licence that outlives this program is there for every key."""
    return all(any(True for _ in PlayReadyLicenseIterable(header(key_id), True)) for key_id in KEY_IDS)


async def get_licences() -> None:
    for key_id in KEY_IDS:
        request = PlayReadyContentResolver.service_request(header(key_id))
        while request is not None:
            print("REQUEST", kind(request), "…", end=" ", flush=True)
            await request.begin_service_request()
            print("ok")
            request = request.next_service_request()


def protection_manager(loop: asyncio.AbstractEventLoop) -> MediaProtectionManager:
    manager = MediaProtectionManager()
    systems = PropertySet()
    systems[PLAYREADY] = box_string("${TRUSTED_INPUT}")
    properties = manager.properties
    properties["Windows.Media.Protection.MediaProtectionSystemId"] = box_string(PLAYREADY)
    properties["Windows.Media.Protection.MediaProtectionSystemIdMapping"] = systems
    properties["Windows.Media.Protection.MediaProtectionContainerGuid"] = box_string("${CONTAINER}")

    async def serve(args) -> None:
        done = False
        try:
            await args.request.as_(IPlayReadyServiceRequest).begin_service_request()
            done = True
        except OSError as error:
            print("FAILED", code(error), "while Windows asked for more")
        args.completion.complete(done)

    def requested(_sender, args) -> None:
        asyncio.run_coroutine_threadsafe(serve(args), loop)

    manager.add_service_requested(requested)
    return manager


async def play() -> bool:
    loop = asyncio.get_running_loop()
    ended = loop.create_future()

    def end(good: bool) -> None:
        if not ended.done():
            ended.set_result(good)

    def failed(_sender, args) -> None:
        print("FAILED", f"0x{args.extended_error_code.value & 0xFFFFFFFF:08X}", args.error_message)
        loop.call_soon_threadsafe(end, False)

    def opened(sender, _args) -> None:
        print(f"PLAY opened, {sender.playback_session.natural_duration.total_seconds():.1f} s")

    player = MediaPlayer()
    player.protection_manager = protection_manager(loop)
    player.add_media_failed(failed)
    player.add_media_opened(opened)
    file = await StorageFile.get_file_from_path_async(str(FILE))
    player.source = MediaSource.create_from_storage_file(file)
    player.play()
    for _ in range(SECONDS):
        await asyncio.wait([ended], timeout=1)
        if ended.done():
            break
        print(f"PLAY position {player.playback_session.position.total_seconds():.1f} s")
    good = ended.result() if ended.done() else player.playback_session.position.total_seconds() > 1
    player.close()
    return good


async def main() -> int:
    if not FILE.exists():
        print(f"Put {FILE.name} beside this script.")
        return 2
    try:
        print("LICENCE stored:", "yes" if stored() else "no")
        if "--offline" not in sys.argv:
            await get_licences()
            print("LICENCE stored:", "yes" if stored() else "no")
        return 0 if await play() else 1
    except OSError as error:
        print("FAILED", code(error), error)
        return 1


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
`;

/** @param {Values} values */
export const mediaFoundation = ({ kids, laUrl, pssh }) => `\
Media Foundation, without UWP (C or C++, or .NET by interop)

1. Make the decryption module of the key system ${KEY_SYSTEM}:
   IMFMediaEngineClassFactory4::CreateContentDecryptionModuleFactory, then
   IMFContentDecryptionModuleFactory::CreateContentDecryptionModuleAccess with the property
   MF_EME_PERSISTEDSTATE set to MF_MEDIAKEYS_REQUIREMENT_REQUIRED and MF_EME_SESSIONTYPES with
   MF_MEDIAKEYSESSION_TYPE_PERSISTENT_LICENSE, and of that CreateContentDecryptionModule with a folder of
   your app in MF_CONTENTDECRYPTIONMODULE_STOREPATH: licences are stored there.
2. Open a session of the type MF_MEDIAKEYSESSION_TYPE_PERSISTENT_LICENSE and generate the request from the
   type "cenc" and these bytes, a whole pssh box in base64:
   ${pssh || '(the file has no pssh box: take the PlayReady object out of its PIFF box)'}
3. KeyMessage brings XML in UTF-16. POST what its Challenge holds (base64) with the headers that it lists to
   ${laUrl}
   and give the answer to IMFContentDecryptionModuleSession::Update. 0x80704005 says that the licence is not
   persistent.
4. Give the module to the media engine: MF_MEDIA_ENGINE_CONTENT_PROTECTION_FLAGS with
   MF_MEDIA_ENGINE_ENABLE_PROTECTED_CONTENT, and MF_MEDIA_ENGINE_CONTENT_PROTECTION_MANAGER with an object that
   answers IMFContentProtectionManager. Then set the local file as the source.
5. Offline: load the stored session by its ID (IMFContentDecryptionModuleSession::Load) before playing.

The key ID${kids.length > 1 ? 's are' : ' is'} ${kids.join(', ')}.
In a plain Win32 program without a package, step 1 or 4 ends with 0xC00D36BA: package the app.
`;

/** A table as text. @param {readonly string[][]} rows */
const listed = (rows) =>
  rows.map(([first = '', ...more]) => [first, ...more.map((line) => `    ${line}`)].join('\n')).join('\n\n');

export const errorsText = () =>
  `What went wrong, by what it says\n\n${listed(ERRORS.map(({ code, seen, means, todo }) => [`${code}: ${seen}`, means, todo]))}\n`;

export const logText = () =>
  `What the script writes, and what it means\n\n${listed(LOG.map(({ line, means }) => [line, means]))}\n`;

const MARKS = { ok: '[ok]      ', doubtful: '[doubtful]', fails: '[FAILS]   ' };

/** @param {readonly OfflineCheck[]} checks */
export const checksText = (checks) =>
  `Will it play offline on Windows?\n\n${checks
    .map(
      ({ state, title, found, advice }) =>
        `${MARKS[state]} ${title}: ${found}${advice ? `\n           ${advice}` : ''}`,
    )
    .join('\n')}\n`;

const FORM = `\
What Windows made of it: please send this back

File:
Windows edition and build (winver):
Computer, processor, graphics card and driver:
Virtual machine:              yes / no
What played it:               script of this kit / UWP app / Media Foundation / Edge
Licence stored:               yes / no
Played with a network:        yes / no     code:
Played without a network:     yes / no     code:
Played after a restart:       yes / no     code:
Form of the file (hybrid, piff, plain), for each that was tried:
What the script wrote:

`;

/**
 * The kit: everything but the file itself.
 * @param {Values} values
 * @param {readonly OfflineCheck[]} checks
 * @returns {{ name: string, text: string }[]}
 */
export function kitFiles(values, checks) {
  const readme = `\
Windows kit for ${values.fileName}

Put ${values.fileName} beside these files; it is not in here, as it is large. There is no key in here either:
the licence server has it.

README.txt              this text
checks.txt              what the file has, and what that means for playing offline
play_offline.py         gets the licence, says whether it is stored, and plays: needs Python 3.11 or later
requirements.txt        the packages that it needs: pip install -r requirements.txt
OfflinePlayback.cs      the same for a UWP app, to be copied into one
media-foundation.txt    the way without UWP
log.txt                 what the script writes, and what it means
errors.txt              what went wrong, by its code
form.txt                please fill it in and send it back: what Windows takes is published nowhere

How to find out whether it plays offline
${STEPS.map((step, number) => `${number + 1}. ${step}`).join('\n')}

What plays it
${FRAMEWORKS.map(({ name, can, note }) => `${can ? 'yes' : 'no '}  ${name}: ${note}`).join('\n')}

None of this has been run on Windows by those who made the kit. The script was compiled and its calls were held
against the types of PyWinRT; the C# file was not compiled.
`;
  return [
    { name: 'README.txt', text: readme },
    { name: 'checks.txt', text: checksText(checks) },
    { name: 'play_offline.py', text: python(values) },
    { name: 'requirements.txt', text: REQUIREMENTS },
    { name: 'OfflinePlayback.cs', text: csharp(values) },
    { name: 'media-foundation.txt', text: mediaFoundation(values) },
    { name: 'log.txt', text: logText() },
    { name: 'errors.txt', text: errorsText() },
    { name: 'form.txt', text: FORM },
  ];
}
