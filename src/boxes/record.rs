//! What a clear file was, so that it can be that again: a box in the movie header of files that Boxlock protected, and one in
//! each fragment that differs from most. Players pass over them. (ISO/IEC 14496-12:2022 has `otyp` for the brands alone, at
//! top level, where Chromium's Media Source Extensions refuse boxes that they do not know, it among them.)

use crate::bytes::FourCc;

use super::header::{BoxId, user};
use super::parts::{bits, when};
use super::types::Counted;

/// User type of the record in the movie header.
pub const CLEAR_FILE: BoxId = user(0xb2ba_dc1b_1a2a_42a4_8202_81fc_6305_928c);
/// User type of the record in a fragment.
pub const CLEAR_FRAGMENT: BoxId = user(0xc714_495c_b3cf_4ba7_b98b_6699_5dea_5cca);

/// Flag: it had a file type.
pub const HAD_FILE_TYPE: u32 = 1;
/// Flag: its tracks had half as many sample entries as now; those of the clear lead are new.
pub const HAD_HALF_THE_ENTRIES: u32 = 2;
/// Flag: it had no `mvex`.
pub const HAD_NO_EXTENDS: u32 = 4;
/// Flag: the headers of its fragments were as they are, whatever the style says.
pub const HAD_THESE_HEADS: u32 = 8;

/// How the header of a part of a fragment was, as bits of a byte.
pub mod style {
    /// There was no `tfdt`.
    pub const NO_TIME: u8 = 1;
    /// Data offsets counted from the `moof`, or from where the data before ends, and no flag said so.
    pub const NO_BASE: u8 = 2;
    /// They counted from where the data before ends.
    pub const BASE_BEHIND: u8 = 4;
    /// They counted from a place in the file.
    pub const BASE_IN_FILE: u8 = 8;
    /// It did not say the sample entry.
    pub const NO_ENTRY: u8 = 16;
    /// Runs with negative composition offsets had version 0.
    pub const OLD_RUNS: u8 = 32;
    /// The first run had no data offset.
    pub const FIRST_WITHOUT: u8 = 64;
    /// Other runs had none.
    pub const OTHERS_WITHOUT: u8 = 128;
}

fn style_text(style: &u8) -> String {
    const WORDS: [&str; 8] = [
        "no tfdt",
        "base not said",
        "base behind the data before",
        "base in the file",
        "sample entry not said",
        "runs of version 0",
        "first run without an offset",
        "other runs without an offset",
    ];
    let words = (0..8).zip(WORDS).map(|(bit, word)| when(bits(*style, bit, 1) == 1, word));
    words.filter(|word| !word.is_empty()).collect::<Vec<_>>().join(", ")
}

impl ClearFile {
    /// What most headers of fragments were, where they were others.
    pub fn usual(&self) -> Option<u8> {
        (!self.head.has(HAD_THESE_HEADS)).then_some(self.style)
    }
}

boxes! {
    /// What the clear file was.
    ClearFile [CLEAR_FILE] full(0) "Record of the clear file" "Boxlock"
        flags { 0x1 "it had a file type", 0x2 "it had half the sample entries", 0x4 "it had no mvex", 0x8 "it had these fragment headers" }
    {
        style: u8, means style_text;
        without_extends: Counted<u16, u32>;
        major_brand: FourCc, if |cx, _| cx.head.has(HAD_FILE_TYPE);
        minor_version: u32, if |cx, _| cx.head.has(HAD_FILE_TYPE);
        compatible_brands: Vec<FourCc>, if |cx, _| cx.head.has(HAD_FILE_TYPE);
    }
    /// What the header of this part of a fragment was, where that is not as the record of the file says.
    ClearFragment [CLEAR_FRAGMENT] full(0) "Record of the clear fragment" "Boxlock" {
        style: u8, means style_text;
        runs: Vec<u8>;
    }
}
