//! What a protected file has to be, held against the clear one it was made from.

use std::collections::{BTreeMap, HashSet};

use super::auxiliary::Cipher;
use super::fragment::Sample;
use super::movie::{Entry, Track};
use super::wanted::{Finder, Ranges};
use super::{Movie, Res, apply, headers};

/// What was asked for.
pub struct Asked<'a> {
    pub profile: &'a str,
    pub key: [u8; 16],
    pub kid: [u8; 16],
    /// Track IDs, when they were named.
    pub tracks: Option<&'a [u32]>,
}

/// What was found.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// Samples compared.
    pub samples: usize,
    /// By protected track: bytes, and how many of them are encrypted.
    pub tracks: BTreeMap<u32, (usize, usize)>,
}

/// PlayReady's system ID.
const PLAYREADY: [u8; 16] = *b"\x9a\x04\xf0\x79\x98\x40\x42\x86\xab\x92\xe6\x5b\xe0\x88\x5f\x95";

/// The system ID of W3C's common header, which lists key IDs.
const COMMON: [u8; 16] = *b"\x10\x77\xef\xec\xc0\xb2\x4d\x02\xac\xe3\x3c\x1e\x52\xe2\xfb\x4b";

/// Whether every byte that has to be encrypted is, and no other; whether the key gives the clear bytes back; whether
/// all boxes agree. Fails with what is wrong.
pub fn judge(clear: &[u8], protected: &[u8], asked: &Asked<'_>) -> Res<Report> {
    let before = Movie::read(clear).map_err(|e| format!("{UNREAD}{e}"))?;
    let after = Movie::read(protected).map_err(|e| format!("the output: {e}"))?;
    let ids = |movie: &Movie| movie.tracks.iter().map(|track| track.id).collect::<Vec<_>>();
    if ids(&before) != ids(&after) {
        return Err(format!("tracks {:?} became {:?}", ids(&before), ids(&after)));
    }
    let mut report = Report::default();
    let mut ivs = HashSet::new();
    for (old, new) in before.tracks.iter().zip(&after.tracks) {
        let (from, to) = (before.of(old.id), after.of(new.id));
        if from.len() != to.len() {
            return Err(format!("track {} had {} samples and has {}", old.id, from.len(), to.len()));
        }
        let chosen = asked.tracks.is_none_or(|ids| ids.contains(&old.id));
        let is_open = !new.is_encrypted();
        if is_open && chosen && (asked.tracks.is_some() || &old.handler == b"vide") && !from.is_empty() {
            return Err(format!("track {} is left clear", old.id));
        }
        if !is_open && !chosen {
            return Err(format!("track {} was not asked for", old.id));
        }
        let mut finder = Finder::new(asked.profile);
        for (number, (from, to)) in from.iter().zip(&to).enumerate() {
            let what = |e: String| format!("track {} sample {number}: {e}", old.id);
            let (clear, found) = (bytes(clear, from), bytes(protected, to));
            if clear.len() != found.len() {
                return Err(what(format!("{} bytes became {}", clear.len(), found.len())));
            }
            report.samples += 1;
            if is_open {
                if clear != found {
                    return Err(what("changed, and is of a clear track".to_owned()));
                }
                continue;
            }
            let entry = old.entries.get(from.entry).ok_or_else(|| what("has no sample entry".to_owned()))?;
            if old.entries.get(from.entry).map(|e| e.original)
                != new.entries.get(to.entry).map(|e| e.original)
            {
                return Err(what("has another sample entry".to_owned()));
            }
            let wanted = finder.ranges(from.entry, entry, old.handler, clear).map_err(what)?;
            let cipher = cipher(to, asked).map_err(what)?;
            sample(clear, found, &wanted, cipher, asked).map_err(what)?;
            if !ivs.insert(cipher.iv.clone()) {
                return Err(what("an IV is used twice".to_owned()));
            }
            let sums = report.tracks.entry(old.id).or_default();
            sums.0 += clear.len();
            sums.1 += wanted.iter().map(|(start, end)| end - start).sum::<usize>();
        }
        entries(new, &to, asked.profile)?;
    }
    if report.tracks.values().all(|(_, encrypted)| *encrypted == 0) {
        return Err("nothing is encrypted".to_owned());
    }
    drm_headers(protected, asked)?;
    Ok(report)
}

/// Begins what is said when not even the clear file can be read.
pub const UNREAD: &str = "the input: ";

fn bytes<'a>(file: &'a [u8], sample: &Sample) -> &'a [u8] {
    &file[sample.start..sample.start + sample.len]
}

/// How a sample is encrypted, as all boxes that say so must agree.
fn cipher<'a>(sample: &'a Sample, asked: &Asked<'_>) -> Res<&'a Cipher> {
    let piff = sample.piff.as_ref().ok_or("PIFF boxes say nothing of it")?;
    match (asked.profile, &sample.cenc) {
        ("piff", None) => {}
        ("hybrid", Some(cenc)) if cenc == piff => {}
        (_, cenc) => return Err(format!("boxes say {cenc:?} and {piff:?}")),
    }
    if piff.kid != asked.kid || piff.iv.len() != 8 {
        return Err(format!("{piff:?}"));
    }
    Ok(piff)
}

fn sample(clear: &[u8], found: &[u8], wanted: &Ranges, cipher: &Cipher, asked: &Asked<'_>) -> Res<()> {
    let encrypted = cipher.ranges(clear.len());
    if encrypted != *wanted {
        return Err(format!("encrypted are {}, wanted {}", text(&encrypted), text(wanted)));
    }
    let mut decrypted = found.to_vec();
    apply(&asked.key, &cipher.iv, &encrypted, &mut decrypted);
    if decrypted != clear {
        let at = decrypted.iter().zip(clear).position(|(a, b)| a != b);
        return Err(format!("decrypts to something else from byte {at:?} on"));
    }
    // A range that happens to look the same after encryption is short; a long one was not encrypted.
    let same =
        encrypted.iter().find(|(start, end)| end - start >= 16 && found[*start..*end] == clear[*start..*end]);
    same.map_or(Ok(()), |(start, end)| Err(format!("bytes {start} to {end} are clear")))
}

fn text(ranges: &Ranges) -> String {
    let shown: Vec<String> = ranges.iter().take(60).map(|(start, end)| format!("{start}..{end}")).collect();
    format!("{} ranges [{}]", ranges.len(), shown.join(" "))
}

/// What the sample entries of a protected track must say.
fn entries(track: &Track, samples: &[&Sample], profile: &str) -> Res<()> {
    if !track.is_encrypted() {
        return Ok(());
    }
    let used: HashSet<usize> = samples.iter().map(|sample| sample.entry).collect();
    for (index, entry) in track.entries.iter().enumerate().filter(|(index, _)| used.contains(index)) {
        entry_says(entry, profile).map_err(|e| format!("track {} entry {}: {e}", track.id, index + 1))?;
    }
    Ok(())
}

fn entry_says(entry: &Entry, profile: &str) -> Res<()> {
    let scheme = entry.scheme.as_ref().ok_or("it is clear")?;
    let expected: (&[u8; 4], u32) = if profile == "piff" { (b"piff", 0x1_0001) } else { (b"cenc", 0x1_0000) };
    if (&scheme.kind, scheme.version) != expected || scheme.cenc.is_some() != (profile == "hybrid") {
        return Err(format!("{scheme:?}"));
    }
    if ![*b"encv", *b"enca"].contains(&entry.format) {
        return Err(format!("it is named {:?}", String::from_utf8_lossy(&entry.format)));
    }
    Ok(())
}

/// Only headers of what was asked for may be left, PlayReady's in the movie among them.
fn drm_headers(file: &[u8], asked: &Asked<'_>) -> Res<()> {
    use base64::Engine;
    let mut guid = asked.kid;
    guid[..4].reverse();
    guid[4..6].reverse();
    guid[6..8].reverse();
    let kid = base64::engine::general_purpose::STANDARD.encode(guid);
    let kid: Vec<u8> = kid.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let found = headers::all(file)?;
    for header in &found {
        let ours = header.data.windows(kid.len()).any(|window| window == kid);
        let common = header.system == COMMON && header.kids == [asked.kid];
        if !common && (header.system != PLAYREADY || !ours) {
            return Err(format!("a DRM header of another key or system is left: {:?}", header.system));
        }
    }
    let is_main = |h: &&headers::Header| h.system == PLAYREADY && h.inside == Some(*b"moov");
    let in_movie = |twin: bool| found.iter().filter(is_main).filter(|h| h.twin == twin).count();
    let expected = (usize::from(asked.profile == "hybrid"), 1);
    let counts = (in_movie(false), in_movie(true));
    if counts == expected { Ok(()) } else { Err(format!("the movie has {counts:?} DRM headers and twins")) }
}
