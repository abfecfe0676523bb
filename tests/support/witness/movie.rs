//! What the movie header says: tracks, their sample entries, defaults and encryption.

use super::boxes::Node;
use super::groups::{self, Group};
use super::{PIFF_TENC, Res};

/// How samples of an entry are encrypted, when nothing nearer says otherwise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Defaults {
    pub protected: bool,
    pub iv_len: usize,
    pub kid: [u8; 16],
    /// Crypt and skip blocks of a pattern, of which we know none.
    pub pattern: u8,
}

/// How an encrypted entry is to be read.
#[derive(Clone, Debug)]
pub struct Scheme {
    pub kind: [u8; 4],
    pub version: u32,
    /// From `tenc`.
    pub cenc: Option<Defaults>,
    /// From PIFF's own box.
    pub piff: Option<Defaults>,
}

/// What samples are.
#[derive(Clone, Debug)]
pub enum Media {
    /// H.264, with its codec configuration.
    Avc {
        length_size: usize,
        record: Vec<u8>,
    },
    /// H.265, likewise.
    Hevc {
        length_size: usize,
        record: Vec<u8>,
    },
    /// AV1, with its codec configuration.
    Av1 {
        record: Vec<u8>,
    },
    Vp9,
    Other,
}

/// One sample entry.
#[derive(Clone, Debug)]
pub struct Entry {
    /// As it is named, `encv` when encrypted.
    pub format: [u8; 4],
    /// What it is under the encryption.
    pub original: [u8; 4],
    pub scheme: Option<Scheme>,
    pub media: Media,
}

/// One track.
#[derive(Clone, Debug)]
pub struct Track {
    pub id: u32,
    pub handler: [u8; 4],
    pub entries: Vec<Entry>,
    /// From `trex`: sample entry and size.
    pub extends: Option<(u32, u32)>,
    /// Key groups of the whole track.
    pub groups: Vec<Group>,
    /// Samples named in the movie header.
    pub table_samples: u32,
}

impl Track {
    pub fn is_encrypted(&self) -> bool {
        self.entries.iter().any(|entry| entry.scheme.is_some())
    }
}

pub fn tracks(moov: &Node<'_>) -> Res<Vec<Track>> {
    let mut extends = Vec::new();
    if let Some(mvex) = moov.maybe(b"mvex")? {
        for trex in mvex.all(b"trex")? {
            let (_, _, mut c) = trex.full()?;
            let (id, entry, _duration, size) = (c.u32()?, c.u32()?, c.u32()?, c.u32()?);
            if extends.iter().any(|(known, _)| *known == id) {
                return Err(format!("track {id} has two trex boxes"));
            }
            extends.push((id, (entry, size)));
        }
    }
    let mut tracks: Vec<Track> = Vec::new();
    for trak in moov.all(b"trak")? {
        let mut track = track(&trak)?;
        if tracks.iter().any(|known| known.id == track.id) {
            return Err(format!("two tracks have ID {}", track.id));
        }
        track.extends = extends.iter().find(|(id, _)| *id == track.id).map(|(_, extends)| *extends);
        tracks.push(track);
    }
    Ok(tracks)
}

fn track(trak: &Node<'_>) -> Res<Track> {
    let (version, _, mut c) = trak.only(b"tkhd")?.full()?;
    c.take(if version == 1 { 16 } else { 8 })?;
    let id = c.u32()?;
    let mdia = trak.only(b"mdia")?;
    let (_, _, mut c) = mdia.only(b"hdlr")?.full()?;
    c.u32()?;
    let handler: [u8; 4] = c.take(4)?.try_into().unwrap();
    let stbl = mdia.only(b"minf")?.only(b"stbl")?;
    let stsd = stbl.only(b"stsd")?;
    let (stsd_version, _, mut c) = stsd.full()?;
    let count = c.u32()?;
    let entries = stsd.children(8)?;
    if entries.len() != count as usize {
        return Err(format!("{} says {count} entries and has {}", stsd.name(), entries.len()));
    }
    let entries = entries.iter().map(|node| entry(node, handler, stsd_version)).collect::<Res<_>>()?;
    let mut table_samples = 0;
    if let Some(stsz) = stbl.maybe(b"stsz")? {
        let (_, _, mut c) = stsz.full()?;
        c.u32()?;
        table_samples = c.u32()?;
    }
    Ok(Track { id, handler, entries, extends: None, groups: groups::described(&stbl)?, table_samples })
}

/// Names of entries that are protected, or say that they are.
const ENTRIES: [&[u8; 4]; 20] = [
    b"avc1", b"avc3", b"dva1", b"dvav", b"hvc1", b"hev1", b"dvh1", b"dvhe", b"av01", b"dav1", b"vp09",
    b"encv", b"mp4a", b"ac-3", b"ec-3", b"ac-4", b"fLaC", b"Opus", b"alac", b"enca",
];

/// A sample entry (clauses 8.5.2, 12.1.3, 12.2.3), children of pictures and sound alone.
fn entry(node: &Node<'_>, handler: [u8; 4], stsd_version: u8) -> Res<Entry> {
    let skip = match &handler {
        b"vide" => 78,
        b"soun" => {
            let mut c = node.cursor();
            c.take(8)?;
            match (stsd_version, c.u16()?) {
                // QuickTime's longer forms.
                (0, 1) => 28 + 16,
                (0, 2) => 28 + 36,
                _ => 28,
            }
        }
        _ => {
            let (original, media) = (node.kind, Media::Other);
            return Ok(Entry { format: node.kind, original, scheme: None, media });
        }
    };
    // What is inside an entry that nobody knows is nobody's business.
    let known = ENTRIES.contains(&&node.kind);
    let children = if known { node.children(skip)? } else { Vec::new() };
    let mut found = Entry { format: node.kind, original: node.kind, scheme: None, media: Media::Other };
    let sinfs: Vec<_> = children.iter().filter(|child| child.is(b"sinf")).collect();
    if sinfs.len() > 1 {
        return Err(format!("{} has {} sinf boxes", node.name(), sinfs.len()));
    }
    if let Some(sinf) = sinfs.first() {
        found.original = sinf.only(b"frma")?.cursor().take(4)?.try_into().unwrap();
        let (_, _, mut c) = sinf.only(b"schm")?.full()?;
        let kind = c.take(4)?.try_into().unwrap();
        let version = c.u32()?;
        let schi = sinf.only(b"schi")?;
        let cenc = schi.maybe(b"tenc")?.map(|tenc| defaults(&tenc)).transpose()?;
        let piff = schi.user(&PIFF_TENC)?.map(|tenc| defaults(&tenc)).transpose()?;
        found.scheme = Some(Scheme { kind, version, cenc, piff });
    }
    let code = match &found.original {
        b"hvc1" | b"hev1" | b"dvh1" | b"dvhe" => b"hvcC",
        b"av01" | b"dav1" => b"av1C",
        _ => b"avcC",
    };
    let mut records = children.iter().filter(|child| child.is(code)).map(content).collect::<Res<Vec<_>>>()?;
    records.dedup();
    if records.len() > 1 {
        return Err(format!("{} has {} codec configurations", node.name(), records.len()));
    }
    let length_size = |record: &[u8], at: usize| {
        let byte = record.get(at).ok_or("a short codec configuration")?;
        Res::Ok(usize::from(byte & 3) + 1)
    };
    match (&found.original, records.pop()) {
        (b"avc1" | b"avc3" | b"dva1" | b"dvav", Some(record)) => {
            found.media = Media::Avc { length_size: length_size(&record, 4)?, record };
        }
        (b"hvc1" | b"hev1" | b"dvh1" | b"dvhe", Some(record)) => {
            found.media = Media::Hevc { length_size: length_size(&record, 21)?, record };
        }
        (b"av01" | b"dav1", Some(record)) => found.media = Media::Av1 { record },
        (b"vp09", _) => found.media = Media::Vp9,
        _ => {}
    }
    Ok(found)
}

fn content(node: &Node<'_>) -> Res<Vec<u8>> {
    Ok(node.cursor().take(node.end - node.inner)?.to_vec())
}

/// `tenc` and PIFF's track encryption box: the same bytes under two readings (23001-7 clause 8.2, PIFF 1.1 clause 5.3.3).
fn defaults(node: &Node<'_>) -> Res<Defaults> {
    let (version, _, mut c) = node.full()?;
    let (_, pattern, protected) = (c.u8()?, c.u8()?, c.u8()?);
    let (iv_len, kid) = (usize::from(c.u8()?), c.id()?);
    let pattern = if node.user.is_none() && version > 0 { pattern } else { 0 };
    if protected > 1 || ![0, 8, 16].contains(&iv_len) {
        return Err(format!("{} asks for what is not AES-CTR", node.name()));
    }
    Ok(Defaults { protected: protected == 1, iv_len, kid, pattern })
}
