//! Sample entries made by hand, box by box.

use boxlock::boxes::Tree;
use boxlock::track::{SampleEntry, TrackKind};
use proptest::prelude::*;

/// A box.
pub fn atom(code: &[u8; 4], body: &[u8]) -> Vec<u8> {
    let mut bytes = (body.len() as u32 + 8).to_be_bytes().to_vec();
    bytes.extend(code);
    bytes.extend(body);
    bytes
}

/// A box from hexadecimal digits; spaces do not count.
pub fn hexed(code: &[u8; 4], digits: &str) -> Vec<u8> {
    atom(code, &hex::decode(digits.replace(' ', "")).unwrap())
}

/// A visual sample entry of 320 × 240.
pub fn visual(code: &[u8; 4], inside: &[Vec<u8>]) -> Vec<u8> {
    visual_of(code, (320, 240), inside)
}

pub fn visual_of(code: &[u8; 4], (width, height): (u16, u16), inside: &[Vec<u8>]) -> Vec<u8> {
    let mut body = vec![0, 0, 0, 0, 0, 0, 0, 1];
    body.extend([0; 16]);
    body.extend(width.to_be_bytes());
    body.extend(height.to_be_bytes());
    body.extend([0; 50]);
    body.extend(inside.concat());
    atom(code, &body)
}

/// An audio sample entry of version 0 that says 2 channels of 16 bits at 44100 Hz.
pub fn audio(code: &[u8; 4], inside: &[Vec<u8>]) -> Vec<u8> {
    audio_of(code, 2, 44_100, inside)
}

pub fn audio_of(code: &[u8; 4], channels: u16, rate: u32, inside: &[Vec<u8>]) -> Vec<u8> {
    audio_entry(code, 0, channels, rate, &inside.concat())
}

/// An audio sample entry of any version; `behind` are its further fields and boxes.
pub fn audio_entry(code: &[u8; 4], version: u16, channels: u16, rate: u32, behind: &[u8]) -> Vec<u8> {
    let mut body = vec![0, 0, 0, 0, 0, 0, 0, 1];
    body.extend(version.to_be_bytes());
    body.extend([0; 6]);
    body.extend(channels.to_be_bytes());
    body.extend([0, 16, 0, 0, 0, 0]);
    body.extend((rate << 16).to_be_bytes());
    body.extend(behind);
    atom(code, &body)
}

/// An entry with nothing but its reference before the boxes.
pub fn plain(code: &[u8; 4], behind: &[u8]) -> Vec<u8> {
    atom(code, &[&[0, 0, 0, 0, 0, 0, 0, 1], behind].concat())
}

/// Reads an entry in an `stsd`.
pub fn read(entry: &[u8], kind: TrackKind) -> SampleEntry {
    let stsd = atom(b"stsd", &[&[0, 0, 0, 0, 0, 0, 0, 1], entry].concat());
    let tree = Tree::parse(stsd, 0).unwrap();
    SampleEntry::read(&tree, &tree.root().children[0], kind)
}

/// An `esds` with lengths of four bytes, and decoder specific information unless it is empty.
pub fn esds(object_type: u8, specific: &[u8]) -> Vec<u8> {
    let descriptor = |tag: u8, body: &[u8]| [&[tag, 0x80, 0x80, 0x80, body.len() as u8], body].concat();
    let mut decoder = vec![object_type, 0x15, 0, 0, 0, 0, 1, 0xf4, 0, 0, 0, 0xfa, 0];
    if !specific.is_empty() {
        decoder.extend(descriptor(5, specific));
    }
    let es = [&[0, 1, 0], &descriptor(4, &decoder)[..], &descriptor(6, &[2])].concat();
    atom(b"esds", &[&[0; 4], &descriptor(3, &es)[..]].concat())
}

/// What is said of an entry: codec string, name, detail.
pub fn words(entry: &SampleEntry) -> [String; 3] {
    [entry.codec_string(), entry.codec_name(), entry.codec_detail().to_owned()]
}

#[track_caller]
pub fn says(entry: &SampleEntry, string: &str, name: &str, detail: &str) {
    assert_eq!(words(entry), [string, name, detail]);
    assert_eq!(entry.damage, [], "{string}");
}

#[track_caller]
pub fn sounds(entry: &SampleEntry, string: &str, name: &str, detail: &str, sound: (u16, u32)) {
    says(entry, string, name, detail);
    assert_eq!(entry.sound, Some(sound), "{string}");
}

/// Boxes that are read for what they say of a codec.
const READ: [&[u8; 4]; 28] = [
    b"colr", b"avcC", b"hvcC", b"vvcC", b"av1C", b"vpcC", b"dvc1", b"d263", b"dvcC", b"dvvC", b"dvwC",
    b"esds", b"dac3", b"dec3", b"dac4", b"dmlp", b"ddts", b"udts", b"dOps", b"dfLa", b"alac", b"mhaC",
    b"iacb", b"pcmC", b"enda", b"wfex", b"srat", b"wave",
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    /// Whatever stands in a box, the entry is there, and says what it is.
    #[test]
    fn no_box_takes_the_entry_along(
        code in prop::sample::select(READ.to_vec()),
        entry in prop::sample::select(vec![*b"mp4a", *b"enca", *b"avc1", *b"encv", *b"alac", *b"lpcm", *b"dvh1", *b"mp4s"]),
        version in 0..4_u16,
        body in prop_oneof![
            prop::collection::vec(any::<u8>(), 0..80),
            prop::collection::vec(prop::sample::select(vec![0_u8, 0, 1, 3, 4, 5, 0x40, 0x80, 0xff]), 0..80),
        ],
    ) {
        let inside = atom(code, &body);
        let entries = [visual(&entry, std::slice::from_ref(&inside)), audio_entry(&entry, version, 2, 48_000, &inside)];
        for (bytes, kind) in entries.iter().zip([TrackKind::Video, TrackKind::Audio]) {
            let read = read(bytes, kind);
            prop_assert!(!read.codec_string().is_empty() && !read.codec_name().is_empty());
            for damage in &read.damage {
                prop_assert_eq!(damage.code(), "damaged-entry");
                prop_assert!(damage.offset().is_some_and(|offset| offset <= bytes.len() as u64 + 16), "{}", damage);
            }
        }
    }
}
