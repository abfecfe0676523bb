//! Keys as text: `KID:KEY` and what else Bento4, Shaka Packager and FFmpeg take, both ways, and the command lines with
//! which each of them decrypts or checks a file.

use zeroize::Zeroizing;

use super::list::{KeyEntry, key_hex};
use crate::bytes::{ContentKey, Error, KeyId, Result};
use crate::playready::{parse_key, parse_kid};

/// Most lines that are looked at.
const LINES: usize = 100_000;

/// Reads lines of keys, or whole command lines with keys in them. What follows a `#` is left out.
///
/// # Errors
/// `keys-line`, with the number of the line and nothing of what stands in it; `no-keys` when there is none.
pub fn read(text: &str) -> Result<Vec<KeyEntry>> {
    let mut keys = Vec::new();
    for (number, line) in (1..).zip(text.lines().take(LINES)) {
        let line = line.split('#').next().unwrap_or_default().trim();
        if line.is_empty() {
            continue;
        }
        let words: Vec<&str> =
            line.split_whitespace().map(|word| word.trim_matches(['"', '\'', ','])).collect();
        // A line of a list says nothing but keys; one with options, or that goes on from another, says other things too.
        let command = words.iter().any(|word| word.starts_with('-') || *word == "\\");
        let before = keys.len();
        match &words[..] {
            [kid, key] if !command && parse_kid(kid).is_ok() => keys.push(pair(kid, key, number)?),
            words => {
                for word in words {
                    match entries(word, number) {
                        Some(found) => keys.extend(found?),
                        None if command => {}
                        None => {
                            return Err(bad(
                                number,
                                "it is not KID:KEY, as in 32 hexadecimal digits, a colon, and 32 more",
                            ));
                        }
                    }
                }
            }
        }
        if command && keys.len() == before && words.iter().any(|word| word.starts_with("-decryption_key")) {
            return Err(bad(number, "FFmpeg’s option has a key without its key ID, or none"));
        }
    }
    if keys.is_empty() {
        return Err(Error::file("no-keys", "There is no key in this text: write one in a line, as KID:KEY."));
    }
    Ok(keys)
}

fn bad(line: u32, why: &str) -> Error {
    Error::file("keys-line", format!("Line {line} has no key that can be read: {why}."))
}

/// Keys in one word: `KID:KEY`, `KID=KEY:KID=KEY`, `label=X:key_id=KID:key=KEY,…`, `TRACK:KEY`. `None` when it is none of them.
fn entries(word: &str, line: u32) -> Option<Result<Vec<KeyEntry>>> {
    let word = ["--key=", "--keys=", "-decryption_keys=", "-k="]
        .iter()
        .find_map(|option| word.strip_prefix(option))
        .unwrap_or(word);
    if word.contains("key_id=") {
        return Some(word.split(',').map(|one| labelled(one, line)).collect());
    }
    if let Some((first, _)) = word.split_once('=')
        && parse_kid(first).is_ok()
    {
        let one = |pair_text: &str| {
            let (kid, key) = pair_text.split_once('=').ok_or_else(|| bad(line, "a key ID has no key"))?;
            pair(kid, key, line)
        };
        return Some(word.split(':').map(one).collect());
    }
    let (first, rest) = word.split_once([':', ','])?;
    let track = first.parse::<u32>().ok().filter(|_| first.len() <= 10);
    if track.is_none() && parse_kid(first).is_err() {
        // Something else with a colon, as an address; but digits of another length are a mistake.
        let digits = first.len() >= 24 && first.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-');
        let message = format!(
            "its key ID has {} hexadecimal digits, and must have 32",
            first.bytes().filter(u8::is_ascii_hexdigit).count()
        );
        return digits.then(|| Err(bad(line, &message)));
    }
    if track.is_some() && parse_key(rest).is_err() {
        return None;
    }
    Some(pair(first, rest, line).map(|entry| vec![entry]))
}

/// `label=X:key_id=KID:key=KEY`, as Shaka Packager has it; an IV with it is left out.
fn labelled(text: &str, line: u32) -> Result<KeyEntry> {
    let mut entry = KeyEntry::default();
    for part in text.split(':') {
        let Some((name, value)) = part.split_once('=') else { continue };
        match name {
            "label" => entry.label = Some(value.to_owned()).filter(|label| !label.is_empty()),
            "key_id" => entry.kid = Some(kid_of(value, line)?),
            "key" => entry.key = Some(key_of(value, line)?),
            _ => {}
        }
    }
    if entry.kid.is_none() || entry.key.is_none() {
        return Err(bad(line, "an entry has no key_id, or no key"));
    }
    Ok(entry)
}

fn pair(first: &str, key: &str, line: u32) -> Result<KeyEntry> {
    let key = Some(key_of(key, line)?);
    // A key ID of digits alone has 32 of them.
    match first.parse::<u32>() {
        Ok(track) if first.len() <= 10 => Ok(KeyEntry { track: Some(track), key, ..KeyEntry::default() }),
        _ => Ok(KeyEntry { kid: Some(kid_of(first, line)?), key, ..KeyEntry::default() }),
    }
}

fn kid_of(text: &str, line: u32) -> Result<KeyId> {
    parse_kid(text).map_err(|_| bad(line, "its key ID is not 32 hexadecimal digits, or all zeros"))
}

fn key_of(text: &str, line: u32) -> Result<ContentKey> {
    parse_key(text).map_err(|_| bad(line, "its key is not 32 hexadecimal digits, or base64 of 16 bytes"))
}

/// The keys as lines: `KID:KEY`, or `TRACK:KEY` where there is no key ID. Those without a key are left out.
pub fn write(keys: &[KeyEntry]) -> Zeroizing<String> {
    let mut text = Zeroizing::new(String::with_capacity(keys.len() * 80));
    for (name, key) in named(keys) {
        for part in [name.as_str(), ":", &key, "\n"] {
            text.push_str(part);
        }
    }
    text
}

/// What a key is named by, and its digits; each once.
fn named(keys: &[KeyEntry]) -> Vec<(String, Zeroizing<String>)> {
    let mut all: Vec<(String, Zeroizing<String>)> = Vec::new();
    for entry in keys {
        let name = match (entry.kid, entry.track) {
            (Some(kid), _) => hex::encode(kid.0),
            (None, Some(track)) => track.to_string(),
            (None, None) => continue,
        };
        if let Some(key) = &entry.key
            && all.iter().all(|(known, _)| *known != name)
        {
            all.push((name, key_hex(key)));
        }
    }
    all
}

/// A command line of another program.
#[derive(Clone)]
pub struct Command {
    /// Whose.
    pub program: &'static str,
    /// What to know of it, as a plain sentence; empty where there is nothing.
    pub note: &'static str,
    /// The line, for a shell. It has the keys in it.
    pub line: Zeroizing<String>,
}

/// What a file is that another program is to open.
#[derive(Clone, Debug, Default)]
pub struct Opened<'f> {
    /// Its name.
    pub name: &'f str,
    /// Whether it has PIFF boxes alone.
    pub piff: bool,
    /// Its protected tracks: ID, and the key ID of each.
    pub tracks: Vec<(u32, KeyId)>,
    /// Kinds of its tracks: whether pictures, whether sound.
    pub video: bool,
    /// Whether it has sound.
    pub audio: bool,
}

/// How Bento4, Shaka Packager and FFmpeg decrypt a file, or say that they cannot.
pub fn commands(keys: &[KeyEntry], file: &Opened<'_>) -> Vec<Command> {
    let all = named(keys);
    let stem = file.name.rsplit_once('.').map_or(file.name, |(stem, _)| stem);
    // Of a name that is new, nothing can be misread: Shaka Packager takes $ for the start of a number.
    let stem = &stem.replace(['$', '%', ',', '='], "_");
    let [input, output] = [file.name, &format!("{stem}.clear.mp4")].map(quoted);
    let mut bento = secret(all.len());
    bento.push_str("mp4decrypt");
    // By key ID it finds no track of a file with PIFF boxes alone.
    let by_track: Vec<_> = file
        .tracks
        .iter()
        .filter_map(|(id, kid)| {
            let name = hex::encode(kid.0);
            let (_, key) = all.iter().find(|(known, _)| *known == name)?;
            Some((id.to_string(), key.clone()))
        })
        .collect();
    for (name, key) in if file.piff && !by_track.is_empty() { &by_track } else { &all } {
        for part in [" --key ", name, ":", key] {
            bento.push_str(part);
        }
    }
    for part in [" ", &input, " ", &output] {
        bento.push_str(part);
    }
    let mut list = vec![Command { program: "Bento4", note: "", line: bento }];
    if file.piff {
        return list;
    }
    let kids: Vec<_> = all.iter().filter(|(name, _)| name.len() == 32).collect();
    let mut shaka = secret(all.len());
    shaka.push_str("packager");
    for (kind, _) in [("video", file.video), ("audio", file.audio)].iter().filter(|(_, there)| *there) {
        let stream = format!("in={},stream={kind},output={stem}.{kind}.mp4", file.name);
        for part in [" ", &quoted(&stream)] {
            shaka.push_str(part);
        }
    }
    shaka.push_str(" --enable_raw_key_decryption --keys ");
    for (number, (kid, key)) in kids.iter().enumerate() {
        let between = if number == 0 { "" } else { "," };
        for part in [between, "label=", &(number + 1).to_string(), ":key_id=", kid, ":key=", key] {
            shaka.push_str(part);
        }
    }
    list.push(Command {
        program: "Shaka Packager",
        note: if file.name.contains([',', '=']) {
            "It cannot open a file whose name has a comma or an equals sign in it: rename the file."
        } else {
            ""
        },
        line: shaka,
    });
    let mut ffmpeg = secret(all.len());
    ffmpeg.push_str("ffmpeg -fflags +ignidx ");
    match &kids[..] {
        [(_, key)] => {
            ffmpeg.push_str("-decryption_key ");
            ffmpeg.push_str(key);
        }
        several => {
            ffmpeg.push_str("-decryption_keys ");
            for (number, (kid, key)) in several.iter().enumerate() {
                for part in [if number == 0 { "" } else { ":" }, kid, "=", key] {
                    ffmpeg.push_str(part);
                }
            }
        }
    }
    for part in [" -i ", &input, " -c copy ", &output] {
        ffmpeg.push_str(part);
    }
    let note = if kids.len() > 1 { "Several keys at a time need FFmpeg 8." } else { "" };
    list.push(Command { program: "FFmpeg", note, line: ffmpeg });
    list
}

/// Room for a line with so many keys, so that it leaves no copies of them behind.
fn secret(keys: usize) -> Zeroizing<String> {
    Zeroizing::new(String::with_capacity(4096 + keys * 120))
}

/// A word for a shell, whatever is in it.
fn quoted(word: &str) -> String {
    let word = if word.starts_with('-') { format!("./{word}") } else { word.to_owned() };
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-' | '/' | '=' | ',' | '+');
    if !word.is_empty() && word.chars().all(plain) {
        word
    } else {
        format!("'{}'", word.replace('\'', "'\\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KID: &str = "09e367028f33436ca5dd60ffe6671e70";
    const KEY: &str = "3a2a1b68dd2bd9b2eeb25e84c4776668";
    const KID2: &str = "1ab45440532c439994dc5c5ad9584bac";
    const KEY2: &str = "9af3d2c1b0a998877665544332211000";

    #[test]
    fn keys_are_read_as_each_program_has_them() {
        for text in [
            format!("{KID}:{KEY}\n{KID2}:{KEY2}"),
            format!("# keys\n{KID}:{KEY} # video\n\n{KID2}:{KEY2}\n"),
            format!("{KID} {KEY}\n{KID2}\t{KEY2}"),
            format!("{KID},{KEY}\r\n{KID2},{KEY2}\r\n"),
            format!("--key {KID}:{KEY} --key {KID2}:{KEY2}"),
            format!("mp4decrypt --key {KID}:{KEY} --key {KID2}:{KEY2} a.mp4 b.mp4"),
            format!(
                "packager in=a.mp4,stream=video,output=b.mp4 --keys label=:key_id={KID}:key={KEY},label=HD:key_id={KID2}:key={KEY2}"
            ),
            format!("--keys=key_id={KID}:key={KEY},key_id={KID2}:key={KEY2}:iv=00"),
            format!("ffmpeg -decryption_keys {KID}={KEY}:{KID2}={KEY2} -i https://x/a.mp4 b.mp4"),
            format!("09e36702-8f33-436c-a5dd-60ffe6671e70:{KEY}\n'{KID2}:{KEY2}'"),
        ] {
            let keys = read(&text).unwrap_or_else(|error| panic!("{text}: {error}"));
            let lines = write(&keys);
            assert_eq!(*lines, format!("{KID}:{KEY}\n{KID2}:{KEY2}\n"), "{text}");
        }
        let by_track = read(&format!("1:{KEY}\n2:{KEY2}")).unwrap();
        assert_eq!((by_track[0].track, by_track[1].track, by_track[0].kid), (Some(1), Some(2), None));
    }

    #[test]
    fn what_is_no_key_says_its_line_and_nothing_of_it() {
        for (text, code, words) in [
            ("", "no-keys", "no key in this text"),
            ("# nothing", "no-keys", "no key in this text"),
            ("hello", "keys-line", "Line 1"),
            (&format!("{KID}:{KEY}\nswordfish")[..], "keys-line", "Line 2"),
            (&format!("{KID}:{}", &KEY[2..]), "keys-line", "its key is not"),
            (&format!("{}:{KEY}", &KID[2..]), "keys-line", "has 30 hexadecimal digits"),
            (&format!("{}:{KEY}", "0".repeat(32)), "keys-line", "has 32 hexadecimal digits"),
            (&format!("--keys label=x:key_id={KID}"), "keys-line", "no key"),
            (&format!("ffmpeg -decryption_key {KEY} -i a b"), "keys-line", "without its key ID"),
            (&format!("{KID}={KEY}:{KID2}"), "keys-line", "has no key"),
        ] {
            let error = read(text).unwrap_err();
            assert_eq!(error.code(), code, "{text}: {error}");
            assert!(error.message().contains(words), "{text}: {error}");
            assert!(
                !error.message().contains("swordfish") && !error.message().contains(&KEY[2..]),
                "{error}"
            );
        }
    }

    #[test]
    fn names_of_files_are_quoted() {
        assert_eq!(quoted("a-b.mp4"), "a-b.mp4");
        assert_eq!(quoted("it's $(rm).mp4"), "'it'\\''s $(rm).mp4'");
        assert_eq!(quoted("-i.mp4"), "./-i.mp4");
    }
}
