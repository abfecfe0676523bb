//! A tiny box walker, so that these tests depend on none of the code that reads boxes.

use std::path::PathBuf;

/// A file of the corpus; `None`, said aloud, when there is no corpus.
pub fn corpus(name: &str) -> Option<Vec<u8>> {
    let root = std::env::var_os("BOXLOCK_CORPUS")
        .map(PathBuf::from)
        .unwrap_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared/corpus"));
    if !root.is_dir() {
        super::not_run::not_run(&format!("the corpus is not at {}; set BOXLOCK_CORPUS", root.display()));
        return None;
    }
    Some(std::fs::read(root.join(name)).unwrap_or_else(|e| panic!("{name}: {e}")))
}

fn u32_at(b: &[u8], at: usize) -> usize {
    u32::from_be_bytes(b[at..at + 4].try_into().unwrap()) as usize
}

/// Boxes between two offsets: type, start, body start, end.
pub fn boxes(b: &[u8], from: usize, to: usize) -> Vec<([u8; 4], usize, usize, usize)> {
    let (mut at, mut out) = (from, Vec::new());
    while at + 8 <= to {
        let size = match u32_at(b, at) {
            0 => to - at,
            n => n,
        };
        out.push((b[at + 4..at + 8].try_into().unwrap(), at, at + 8, at + size));
        at += size;
    }
    out
}

/// The body of the first box with these bytes as type anywhere in the first `moov`; for boxes whose parents do not matter.
pub fn body<'a>(file: &'a [u8], kind: &[u8; 4]) -> &'a [u8] {
    let at = file.windows(4).position(|w| w == kind).expect("box present");
    &file[at + 4..at - 4 + u32_at(file, at - 4)]
}

/// A sample with its `senc` entries, if any.
pub struct Sample {
    pub bytes: Vec<u8>,
    pub iv: [u8; 8],
    pub entries: Option<Vec<(u16, u32)>>,
    /// First of its fragment.
    pub first: bool,
}

/// The samples of all fragments of a file with one track and 8-byte IVs.
pub fn samples(file: &[u8]) -> Vec<Sample> {
    let mut out = Vec::new();
    for (kind, moof, body, end) in boxes(file, 0, file.len()) {
        if &kind != b"moof" {
            continue;
        }
        for (kind, _, body, end) in boxes(file, body, end) {
            if &kind == b"traf" {
                traf(file, moof, &boxes(file, body, end), &mut out);
            }
        }
    }
    out
}

/// The IV and entries of one sample in `senc`; moves `at` behind them.
pub fn entries_at(b: &[u8], at: &mut usize) -> ([u8; 8], Vec<(u16, u32)>) {
    let iv = b[*at..*at + 8].try_into().unwrap();
    let count = usize::from(u16::from_be_bytes([b[*at + 8], b[*at + 9]]));
    *at += 10;
    let mut list = Vec::new();
    for _ in 0..count {
        list.push((u16::from_be_bytes([b[*at], b[*at + 1]]), u32_at(b, *at + 2) as u32));
        *at += 6;
    }
    (iv, list)
}

fn traf(file: &[u8], moof: usize, children: &[([u8; 4], usize, usize, usize)], out: &mut Vec<Sample>) {
    let find = |kind: &[u8; 4]| children.iter().find(|c| &c.0 == kind).map(|c| c.2);
    let tfhd = find(b"tfhd").unwrap();
    let flags = u32_at(file, tfhd) & 0xFF_FFFF;
    let mut at = tfhd + 8;
    at += if flags & 1 != 0 { 8 } else { 0 } + if flags & 2 != 0 { 4 } else { 0 };
    at += if flags & 8 != 0 { 4 } else { 0 };
    let default_size = if flags & 0x10 != 0 { u32_at(file, at) } else { 0 };
    let trun = find(b"trun").unwrap();
    let flags = u32_at(file, trun) & 0xFF_FFFF;
    let count = u32_at(file, trun + 4);
    let mut data = moof + u32_at(file, trun + 8);
    at = trun + 12 + if flags & 4 != 0 { 4 } else { 0 };
    let mut senc = find(b"senc").map(|at| at + 8);
    for index in 0..count {
        at += if flags & 0x100 != 0 { 4 } else { 0 };
        let mut size = default_size;
        if flags & 0x200 != 0 {
            size = u32_at(file, at);
            at += 4;
        }
        at += if flags & 0x400 != 0 { 4 } else { 0 } + if flags & 0x800 != 0 { 4 } else { 0 };
        let (mut iv, mut entries) = ([0; 8], None);
        if let Some(at) = &mut senc {
            let (own_iv, list) = entries_at(file, at);
            iv = own_iv;
            entries = Some(list);
        }
        let bytes = file[data..data + size].to_vec();
        out.push(Sample { bytes, iv, entries, first: index == 0 });
        data += size;
    }
}
