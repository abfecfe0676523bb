//! The points, each declared once: what it is called, and what the facts of a file say of it.

use crate::bytes::KeyId;
use crate::playready::{HeaderVersion, check_url, url::LONG_URL};
use crate::protect::{Form, scheme};
use crate::track::TrackKind;

use super::{Facts, Found, Layout, Part, State};
use State::{Doubtful, Fails, Ok};

/// What is found, the sentence that says it, and what to do about it.
type Verdict = (State, String, &'static str);

/// Stable ID, title, and the check, which says nothing where there is nothing to ask.
type Check = (&'static str, &'static str, fn(&Facts) -> Option<Verdict>);

/// All of them, in the order in which they are told.
pub static CHECKS: [Check; 12] = [
    ("encryption", "Encryption", encryption),
    ("one-file", "One file", one_file),
    ("header", "PlayReady header", header),
    ("header-version", "Header version", header_version),
    ("header-kid", "Key ID in the header", header_kid),
    ("one-key", "One key", one_key),
    ("iv-size", "IV size", iv_size),
    ("licence-url", "Licence URL", licence_url),
    ("persistent", "Persistent licence", persistent),
    ("boxes", "Boxes", boxes),
    ("muxed", "Picture and sound", muxed),
    ("codecs", "Codecs", codecs),
];

fn good(found: impl Into<String>) -> Option<Verdict> {
    Some((Ok, found.into(), ""))
}

/// Where something is not right; `advice` says what to do.
fn bad(state: State, found: impl Into<String>, advice: &'static str) -> Option<Verdict> {
    Some((state, found.into(), advice))
}

const WITH_CENC: &str = "Protect the clear file, or this one with its keys, in the scheme cenc.";

fn encryption(facts: &Facts) -> Option<Verdict> {
    let mut codes = facts.encrypted().filter_map(|part| part.by).map(|(scheme, ..)| scheme);
    let Some(first) = codes.next() else {
        let found = "Nothing in it is encrypted: it plays everywhere, and nobody needs a licence.";
        return bad(Fails, found, "Protect it first.");
    };
    // The one that plays in the fewest places decides.
    let worst = codes.fold(first, |worst, code| if rank(code.0) > rank(worst.0) { code } else { worst });
    match rank(worst.0) {
        0 => good("cenc: AES in counter mode, which every PlayReady client knows."),
        1 => bad(
            Doubtful,
            "cbcs: AES in chains, which PlayReady knows from 4.0 on, so Windows 10 from version 1709 on.",
            "For all of Windows 10 protect the file in the scheme cenc.",
        ),
        _ => bad(Fails, format!("{}: PlayReady clients are not made to play it.", worst.text()), WITH_CENC),
    }
}

/// In how few places a scheme plays.
fn rank(code: [u8; 4]) -> u8 {
    [scheme::CENC, scheme::CBCS]
        .iter()
        .zip(0..)
        .find(|(known, _)| known.code.0 == code)
        .map_or(2, |(_, rank)| rank)
}

fn one_file(facts: &Facts) -> Option<Verdict> {
    if facts.files > 1 {
        let found = format!(
            "It is {} files, an initialization segment and media segments: an app plays one local file.",
            facts.files
        );
        return bad(
            Fails,
            found,
            "Drop all segments together and protect them as one file, without segments.",
        );
    }
    match facts.layout {
        Layout::Fragmented => good("One fragmented MP4, as the files were that Windows was given for this."),
        Layout::Plain => bad(
            Doubtful,
            "It is not fragmented: what is published for Windows are fragmented files.",
            "Open it with its keys and protect it anew: it becomes a fragmented one on the way.",
        ),
        Layout::Empty => bad(
            Fails,
            "It has no samples: it is an initialization segment alone.",
            "Drop it together with its media segments.",
        ),
    }
}

fn header(facts: &Facts) -> Option<Verdict> {
    const WRITE: &str = "Write one with “Change its headers”, or protect the clear file again.";
    match &facts.header {
        Found::Header(_) => {
            good("It stands in the movie header, where alone Windows looks for it in a local file.")
        }
        Found::Unreadable(error) => {
            bad(Fails, format!("What stands in the movie header cannot be read. {}", error.message()), WRITE)
        }
        Found::InFragments => bad(
            Fails,
            "It stands in fragments alone; of a local file Windows reads the one in the movie header.",
            WRITE,
        ),
        Found::Nowhere => bad(
            Fails,
            "The file has none. A manifest can bring one while streaming; with a local file there is no manifest.",
            WRITE,
        ),
    }
}

fn header_version(facts: &Facts) -> Option<Verdict> {
    let version = facts.read()?.version;
    let said = version.short();
    match version {
        HeaderVersion::V4_0 => good("4.0: every PlayReady client and server reads it."),
        HeaderVersion::V4_1 | HeaderVersion::V4_2 => bad(
            Doubtful,
            format!("{said}: Windows 10 reads it, but apps and servers for 4.0 answer 0x8004B804."),
            "With one key in counter mode ask for header version 4.0.",
        ),
        HeaderVersion::V4_3 => bad(
            Doubtful,
            "4.3: read from Windows 10 version 1709 on; licence servers before PlayReady 4.0 refuse it.",
            "Ask for header version 4.0, where the scheme is cenc and there is one key.",
        ),
    }
}

fn header_kid(facts: &Facts) -> Option<Verdict> {
    let header = facts.read()?;
    const WRITE: &str = "Have the header written anew with the key ID that the tracks have.";
    let named = |kid: &KeyId| header.keys.iter().any(|key| key.kid == *kid);
    if facts.kids.is_empty() {
        let found = "The tracks name no key ID, or one of zeros, so no licence can be told from another.";
        return bad(Fails, found, "Protect the file anew with a key ID.");
    }
    if let Some(turned) = facts.kids.iter().find(|kid| !named(kid) && named(&kid.swapped())) {
        let found = format!(
            "The tracks have {turned}; the header has the same bytes in the other byte order, and so another key ID."
        );
        return bad(Fails, found, WRITE);
    }
    match facts.kids.iter().find(|kid| !named(kid)) {
        None => good("The header names the key ID that the tracks have."),
        Some(missing) if header.keys.is_empty() => bad(
            Doubtful,
            format!("The header names none: the app has to ask for the licence of {missing} by itself."),
            WRITE,
        ),
        Some(missing) => bad(
            Fails,
            format!(
                "Samples need the key {missing}, which the header does not name: nobody asks for its licence."
            ),
            WRITE,
        ),
    }
}

fn one_key(facts: &Facts) -> Option<Verdict> {
    match facts.kids.len() {
        0 | 1 => good("There is one key, and one licence to get."),
        count => bad(
            Doubtful,
            format!(
                "There are {count} keys: the app needs a stored licence for each before it goes offline."
            ),
            "Ask for one key for the whole file, which does not change.",
        ),
    }
}

fn iv_size(facts: &Facts) -> Option<Verdict> {
    let is_ctr = |part: &&Part| part.by.is_some_and(|(scheme, ..)| scheme.0 == scheme::CENC.code.0);
    let sizes = facts.encrypted().filter(is_ctr).filter_map(|part| part.by).map(|(_, size, _)| size);
    match sizes.max()? {
        8 => good("8 bytes with each sample, as all clients take them."),
        16 => bad(
            Doubtful,
            "16 bytes with each sample: Windows 10 before 20H2 answers 0x8004B8D2, clients before PlayReady 4.0 fail too.",
            "Protect the file with IVs of 8 bytes.",
        ),
        size => bad(
            Fails,
            format!("{size} bytes with each sample, where PlayReady takes 8, or 16."),
            "Protect the file with IVs of 8 bytes.",
        ),
    }
}

fn licence_url(facts: &Facts) -> Option<Verdict> {
    const CHANGE: &str =
        "Write another with “Change its headers”, or have the app set the URL of the licence request.";
    let Some(url) = &facts.read()?.la_url else {
        let found = "The header names none: only an app that sets one itself gets a licence.";
        return bad(Doubtful, found, CHANGE);
    };
    if let Err(error) = check_url(url, "laUrl") {
        return bad(Fails, format!("Windows cannot ask there. {}", error.message()), CHANGE);
    }
    let len = url.chars().count();
    if len > LONG_URL {
        let found = format!(
            "It has {len} characters; with more than {LONG_URL} players have failed to send the request."
        );
        return bad(Doubtful, found, CHANGE);
    }
    good(format!("It is absolute and has {len} characters, of {LONG_URL} that are safe."))
}

fn persistent(facts: &Facts) -> Option<Verdict> {
    let url = facts.read().and_then(|header| header.la_url.as_deref()).unwrap_or_default();
    let url = url.to_ascii_lowercase().replace("%3a", ":");
    if !url.contains("//test.playready.microsoft.com/") {
        return bad(
            Doubtful,
            "The server decides, and nothing in a file tells: a licence that is not stored ends with the app, and offline \
             the file answers 0x8004110E.",
            "Ask whoever runs the licence server for persistent licences, and try it with the network off.",
        );
    }
    if url.contains("persist:true") {
        return good(
            "Microsoft’s test server is asked for one that is stored (persist:true). For tests only.",
        );
    }
    bad(
        Fails,
        "Microsoft’s test server gives licences that are not stored, unless its URL asks for persist:true: offline the file \
         answers 0x8004110E.",
        "Add ?cfg=(persist:true) to the licence URL.",
    )
}

fn boxes(facts: &Facts) -> Option<Verdict> {
    match facts.form {
        Form::Hybrid => {
            good("It has those of PIFF and of Common Encryption: each kind of reader finds its own.")
        }
        Form::Piff => good("PIFF 1.1, as the files had that Windows was given for offline playback."),
        Form::Plain => bad(
            Doubtful,
            "Those of Common Encryption alone: documented for streaming on Windows, and of a local file nothing is published.",
            "In the scheme cenc ask for the form hybrid, which has both families.",
        ),
    }
}

fn muxed(facts: &Facts) -> Option<Verdict> {
    let count = |kind| facts.parts.iter().filter(|part| part.kind == kind).count();
    match (count(TrackKind::Video), count(TrackKind::Audio)) {
        (1, 0) => bad(
            Doubtful,
            "It has a picture and no sound, and an app that is given one file plays that alone.",
            "Drop picture and sound together and make one file of them.",
        ),
        (0, _) => good("It has sound and no picture."),
        (1, _) => good("Both are in the one file."),
        (videos, _) => bad(
            Doubtful,
            format!("It has {videos} pictures, and nothing says which of them an app shows."),
            "Take one of them, with its sound.",
        ),
    }
}

fn codecs(facts: &Facts) -> Option<Verdict> {
    // What every Windows decodes; all else comes with the computer or from the store.
    let is_usual = |part: &&Part| [b"avc1", b"avc3", b"mp4a"].contains(&&part.format.0);
    match facts.parts.iter().find(|part| !is_usual(part)) {
        None => good(
            "H.264 and MPEG sound, which every Windows decodes (the N editions with the Media Feature Pack).",
        ),
        Some(part) => bad(
            Doubtful,
            format!(
                "Track {} is {}: whether there is a decoder depends on the computer and on what was installed from the store.",
                part.id, part.name
            ),
            "Try it on the computers that it is for; H.264 and AAC play everywhere.",
        ),
    }
}
