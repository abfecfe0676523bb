//! Files to break: what Boxlock makes of its sample, and changes of single boxes in it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use boxlock::protect::RequestText;

use crate::support::drive;
use crate::support::raw::be32;

pub const SAMPLE: &[u8] = include_bytes!("../../www/samples/sample.ismv");

/// Where a box stands, and where its fields begin.
#[derive(Clone, Copy, Debug)]
pub struct Found {
    pub start: usize,
    pub body: usize,
    pub end: usize,
}

/// Bytes of fields before the boxes inside.
fn fields(kind: &str) -> usize {
    match kind {
        "stsd" | "dref" => 8,
        "avc1" | "encv" => 78,
        "mp4a" | "enca" => 28,
        _ => 0,
    }
}

/// The boxes along a path like `moov/trak[1]/tkhd`; user types by their first digits: `uuid:a239`.
pub fn along(file: &[u8], path: &str) -> Vec<Found> {
    let (mut from, mut to) = (0, file.len());
    let mut found = Vec::new();
    for step in path.split('/') {
        let (name, number) = match step.split_once('[') {
            Some((name, number)) => (name, number.trim_end_matches(']').parse().unwrap()),
            None => (step, 0_usize),
        };
        let mut left = number;
        loop {
            assert!(from + 8 <= to, "there is no {step} of {path}");
            let size = be32(file, from) as usize;
            let is_user = file.get(from + 4..from + 8) == Some(b"uuid");
            let kind = match is_user {
                true => format!("uuid:{}", hex::encode(&file[from + 8..from + 10])),
                false => String::from_utf8_lossy(&file[from + 4..from + 8]).into_owned(),
            };
            if kind == name {
                if left == 0 {
                    let body = from + if is_user { 24 } else { 8 };
                    found.push(Found { start: from, body, end: from + size });
                    (from, to) = (body + fields(name), from + size);
                    break;
                }
                left -= 1;
            }
            from += size;
        }
    }
    found
}

pub fn find(file: &[u8], path: &str) -> Found {
    *along(file, path).last().unwrap()
}

/// Writes bytes into the fields of a box.
pub fn set(file: &mut [u8], path: &str, at: usize, bytes: &[u8]) {
    let found = find(file, path);
    file[found.body + at..found.body + at + bytes.len()].copy_from_slice(bytes);
}

/// Makes a box another, of the same size.
pub fn rename(file: &mut [u8], path: &str, kind: &[u8; 4]) {
    let found = find(file, path);
    file[found.start + 4..found.start + 8].copy_from_slice(kind);
}

/// Takes a box away, and leaves free space in its place.
pub fn hide(file: &mut [u8], path: &str) {
    rename(file, path, b"free");
}

/// Puts bytes in place of a stretch inside the last box of a path, and makes all boxes around it so much larger. In a fragment
/// its runs go on to lead to their samples.
pub fn splice(file: &mut Vec<u8>, path: &str, range: core::ops::Range<usize>, bytes: &[u8]) {
    let around = along(file, path);
    let more = i64::try_from(bytes.len()).unwrap() - i64::try_from(range.len()).unwrap();
    for found in &around {
        let size = u32::try_from(i64::from(be32(file, found.start)) + more).unwrap();
        file[found.start..found.start + 4].copy_from_slice(&size.to_be_bytes());
    }
    file.splice(range, bytes.iter().copied());
    if let Some(moof) = path.split('/').next().filter(|first| first.starts_with("moof")) {
        let run = find(file, &format!("{moof}/traf/trun"));
        let offset = i64::from(be32(file, run.body + 8)) + more;
        let offset = u32::try_from(offset.max(0)).unwrap();
        file[run.body + 8..run.body + 12].copy_from_slice(&offset.to_be_bytes());
    }
}

/// Puts a box behind all others in a box.
pub fn append(file: &mut Vec<u8>, path: &str, bytes: &[u8]) {
    let end = find(file, path).end;
    splice(file, path, end..end, bytes);
}

/// Takes a box away, bytes and all.
pub fn remove(file: &mut Vec<u8>, path: &str) {
    let found = find(file, path);
    match path.rsplit_once('/') {
        Some((parent, _)) => splice(file, parent, found.start..found.end, &[]),
        None => drop(file.drain(found.start..found.end)),
    }
}

/// A copy of a box.
pub fn copy(file: &[u8], path: &str) -> Vec<u8> {
    let found = find(file, path);
    file[found.start..found.end].to_vec()
}

pub fn boxed(kind: &[u8; 4], parts: &[&[u8]]) -> Vec<u8> {
    let body = parts.concat();
    let size = u32::try_from(body.len() + 8).unwrap();
    [&size.to_be_bytes()[..], kind, &body].concat()
}

/// Protected, without an index of fragments, whose places would have to follow.
pub fn protected(scheme: &str, form: &str) -> Vec<u8> {
    let request =
        RequestText { iv_start: Some("0000000000000010".to_owned()), ..drive::request_in(scheme, form) };
    made(&request)
}

pub fn made(request: &RequestText) -> Vec<u8> {
    let mut file = drive::protect(SAMPLE, request).unwrap();
    remove(&mut file, "mfra");
    file
}

/// IVs of 16 bytes.
pub fn wide() -> Vec<u8> {
    made(&RequestText {
        iv_start: Some("0000000000000010".to_owned()),
        iv_size: Some("16".to_owned()),
        ..drive::request_in("cenc", "plain")
    })
}

/// The headers alone.
pub fn front(mut file: Vec<u8>) -> Vec<u8> {
    let end = find(&file, "moof").start;
    file.truncate(end);
    file
}

/// The headers of a protected file with this PlayReady object.
pub fn with_object(object: &[u8]) -> Vec<u8> {
    let mut file = front(protected("cenc", "plain"));
    let header = find(&file, "moov/pssh");
    let size = u32::try_from(object.len()).unwrap().to_be_bytes();
    splice(&mut file, "moov/pssh", header.body + 20..header.end, &[&size, object].concat());
    file
}

/// The XML of the PlayReady header that Boxlock writes.
pub fn xml() -> String {
    let file = protected("cenc", "plain");
    let header = find(&file, "moov/pssh");
    let text = &file[header.body + 34..header.end];
    String::from_utf16(&text.chunks(2).map(|two| u16::from_le_bytes([two[0], two[1]])).collect::<Vec<_>>())
        .unwrap()
}

/// A PlayReady object around bytes.
pub fn object(record: &[u8]) -> Vec<u8> {
    let len = u16::try_from(record.len()).unwrap();
    let all = u32::try_from(record.len() + 10).unwrap();
    [&all.to_le_bytes()[..], &1_u16.to_le_bytes(), &1_u16.to_le_bytes(), &len.to_le_bytes(), record].concat()
}

/// The headers of a protected file with this text as PlayReady header.
pub fn with_xml(text: &str) -> Vec<u8> {
    let record: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    with_object(&object(&record))
}

/// With the XML that Boxlock writes, and something else in a place of it.
pub fn with_other(from: &str, to: &str) -> Vec<u8> {
    let xml = xml();
    assert!(xml.contains(from), "no {from} in {xml}");
    with_xml(&xml.replacen(from, to, 1))
}

/// A key ID as headers have it.
pub fn kid(bytes: [u8; 16]) -> String {
    STANDARD.encode(bytes)
}

/// A plain MP4 of two samples of sound.
pub fn plain() -> Vec<u8> {
    let track = |path: &str| copy(SAMPLE, &format!("moov/trak[1]/{path}"));
    let table = |kind: &[u8; 4], numbers: &[u32]| {
        let bytes: Vec<u8> = numbers.iter().flat_map(|number| number.to_be_bytes()).collect();
        boxed(kind, &[&[0; 4], &bytes])
    };
    let tables = [
        track("mdia/minf/stbl/stsd"),
        table(b"stts", &[1, 2, 213_333]),
        table(b"stsc", &[1, 1, 2, 1]),
        table(b"stsz", &[0, 2, 20, 20]),
        table(b"stco", &[1, 0]),
    ];
    let stbl = boxed(b"stbl", &[&tables.concat()]);
    let minf = boxed(b"minf", &[&track("mdia/minf/smhd"), &track("mdia/minf/dinf"), &stbl]);
    let mdia = boxed(b"mdia", &[&track("mdia/mdhd"), &track("mdia/hdlr"), &minf]);
    let trak = boxed(b"trak", &[&track("tkhd"), &mdia]);
    let moov = boxed(b"moov", &[&copy(SAMPLE, "moov/mvhd"), &trak]);
    let mut file = [boxed(b"ftyp", &[b"isom\0\0\0\0isommp42"]), moov].concat();
    set(&mut file, "moov/mvhd", 96, &[0, 0, 0, 9]);
    let at = u32::try_from(file.len() + 8).unwrap();
    set(&mut file, "moov/trak/mdia/minf/stbl/stco", 8, &at.to_be_bytes());
    for header in ["moov/mvhd", "moov/trak/tkhd", "moov/trak/mdia/mdhd"] {
        quiet(&mut file, header);
    }
    file.extend(boxed(b"mdat", &[&[0x21; 40]]));
    file
}

/// Makes a duration one that is not said.
pub fn quiet(file: &mut [u8], path: &str) {
    let found = find(file, path);
    let is_track = path.ends_with("tkhd");
    let (at, len) = match (file[found.body], is_track) {
        (0, false) => (16, 4),
        (0, true) => (20, 4),
        (_, false) => (24, 8),
        (_, true) => (28, 8),
    };
    file[found.body + at..found.body + at + len].fill(0);
}
