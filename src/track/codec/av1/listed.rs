//! The OBUs of a sample, one by one, with their names.

use crate::bytes::Result;
use crate::bytes::bits::Trace;
use crate::bytes::units::len_u64;

use super::sequence::SequenceHeader;
use super::{Fields, Obu, State, kind};

/// One OBU.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Listed {
    /// `obu_type`.
    pub kind: u8,
    /// Where in the sample its header begins.
    pub start: usize,
    /// Where its payload begins.
    pub payload: usize,
    /// Where it ends.
    pub end: usize,
    /// What kind of frame its header says; empty for other OBUs, and where it cannot be told.
    pub frame: &'static str,
}

impl Listed {
    /// Words for people (6.2.2).
    pub fn name(&self) -> &'static str {
        match self.kind {
            kind::SEQUENCE_HEADER => "sequence header",
            2 => "temporal delimiter",
            kind::FRAME_HEADER => "frame header",
            kind::TILE_GROUP => "tile group",
            5 => "metadata",
            kind::FRAME => "frame",
            kind::REDUNDANT_FRAME_HEADER => "redundant frame header",
            kind::TILE_LIST => "tile list",
            15 => "padding",
            _ => "reserved",
        }
    }
}

/// Has `trace` note the fields of an OBU with this payload, where it is a sequence header. What stands before a fault is noted.
pub fn note_fields(kind: u8, payload: &[u8], trace: &Trace) {
    if kind == kind::SEQUENCE_HEADER {
        // Faults are told where the header is used.
        let _ = SequenceHeader::read(&mut Fields::traced(payload, trace));
    }
}

/// The OBUs of a sample; ends after the first fault.
pub fn listed<'s>(state: &State, sample: &'s [u8]) -> impl Iterator<Item = Result<Listed>> + 's {
    let is_reduced = state.sequence.as_ref().is_some_and(|sequence| sequence.is_reduced);
    let mut at = 0;
    core::iter::from_fn(move || {
        if at >= sample.len() {
            return None;
        }
        let start = at;
        match Obu::read(sample, start) {
            Ok(obu) => {
                at = obu.end();
                let has_header = matches!(obu.kind, kind::FRAME_HEADER | kind::FRAME);
                let frame = if has_header && !is_reduced { frame_kind(obu.payload) } else { "" };
                let (kind, payload, end) = (obu.kind, obu.start, obu.end());
                Some(Ok(Listed { kind, start, payload, end, frame }))
            }
            Err(error) => {
                at = sample.len();
                Some(Err(error.at(len_u64(start))))
            }
        }
    })
}

/// By the first fields of `uncompressed_header()` (5.9.2): `show_existing_frame`, `frame_type`.
fn frame_kind(payload: &[u8]) -> &'static str {
    let f = &mut Fields::new(payload);
    if f.flag() {
        return "shows a frame from before";
    }
    match f.bits(2) {
        _ if f.check().is_err() => "",
        0 => "key frame",
        1 => "inter frame",
        2 => "intra-only frame",
        _ => "switch frame",
    }
}
