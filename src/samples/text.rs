//! Samples of timed text and of events: what they say, unit by unit.
//!
//! WebVTT: ISO/IEC 14496-30 6; TTML: 5; 3GPP timed text: 3GPP TS 26.245 5.17; event messages: ISO/IEC 23001-18.

use crate::boxes::BoxHeader;
use crate::bytes::units::{len_u64, to_len};
use crate::bytes::{Reader, Result};

use super::units::Unit;

/// Letters of a text that are shown beside its unit.
const SHOWN: usize = 400;

/// Whether samples in this format are text or events.
pub(super) fn is_text(format: [u8; 4]) -> bool {
    matches!(&format, b"wvtt" | b"evte" | b"tx3g" | b"text" | b"stpp" | b"sbtt" | b"stxt")
}

/// The units of a sample in one of these formats.
pub(super) fn units(format: [u8; 4], sample: &[u8], all: &mut Vec<Unit>) -> Result<()> {
    match &format {
        b"wvtt" | b"evte" => boxes(sample, 0, all),
        b"tx3g" | b"text" => styled_text(sample, all),
        b"stpp" => {
            all.push(unit(0, sample.len(), "document (TTML)", plain(sample)));
            Ok(())
        }
        _ => {
            all.push(unit(0, sample.len(), "text", plain(sample)));
            Ok(())
        }
    }
}

fn unit(start: usize, len: usize, name: &'static str, said: String) -> Unit {
    Unit { start, len, name, said, ..Unit::default() }
}

/// Boxes from `from` on to the end: a cue is told by what is in it.
fn boxes(sample: &[u8], from: usize, all: &mut Vec<Unit>) -> Result<()> {
    let mut start = from;
    while let Some(rest) = sample.get(start..).filter(|rest| !rest.is_empty()) {
        let header = BoxHeader::read(&mut Reader::new(rest, len_u64(start)), len_u64(rest.len()))?;
        let len = to_len(header.size).min(rest.len());
        let body = to_len(header.header_len()).min(len);
        let code = header.id.four_cc().0;
        let name = match &code {
            b"vttc" => "cue",
            b"vtte" => "no cue",
            b"vtta" => "text beside cues",
            b"emib" => "event",
            b"emeb" => "no event",
            _ => "box",
        };
        let bytes = rest.get(body..len).unwrap_or_default();
        let said = match &code {
            b"vttc" => cue(bytes),
            b"emib" => event(bytes),
            b"vtta" => plain(bytes),
            _ => header.id.four_cc().text(),
        };
        all.push(unit(start, len, name, said));
        start += len;
    }
    Ok(())
}

/// The payload of a cue, behind its settings.
fn cue(mut bytes: &[u8]) -> String {
    let mut parts = Vec::new();
    while let Some((size, rest)) = bytes.split_first_chunk::<4>() {
        let size = to_len(u32::from_be_bytes(*size).into());
        let Some(body) = rest.get(4..size.saturating_sub(4)) else { break };
        match rest.first_chunk::<4>() {
            Some(b"payl") => parts.push(format!("“{}”", plain(body))),
            Some(b"iden") => parts.push(format!("id {}", plain(body))),
            Some(b"sttg") => parts.push(plain(body)),
            _ => {}
        }
        bytes = bytes.get(size.max(8)..).unwrap_or_default();
    }
    parts.join(", ")
}

/// The scheme and value of an event, behind version, flags, reserved field, time, duration and ID.
fn event(bytes: &[u8]) -> String {
    let texts = bytes.get(24..).unwrap_or_default();
    let said: Vec<String> = texts.split(|byte| *byte == 0).take(2).map(plain).collect();
    said.join(" ")
}

/// A text behind its length, and the boxes that say how it looks.
fn styled_text(sample: &[u8], all: &mut Vec<Unit>) -> Result<()> {
    let len = usize::from(u16::from_be_bytes(Reader::new(sample, 0).array("The length of the text")?));
    let end = (2 + len).min(sample.len());
    let text = sample.get(2..end).unwrap_or_default();
    let said = match text {
        [] => String::new(),
        [0xFE, 0xFF, units @ ..] => {
            let units = units.as_chunks::<2>().0.iter().map(|unit| u16::from_be_bytes(*unit));
            char::decode_utf16(units).map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER)).take(SHOWN).collect()
        }
        text => plain(text),
    };
    let name = if text.is_empty() { "no text" } else { "text" };
    all.push(unit(0, end, name, said));
    boxes(sample, end, all)
}

/// The beginning of a text.
fn plain(bytes: &[u8]) -> String {
    // A letter takes four bytes at most.
    let bytes = bytes.get(..4 * SHOWN).unwrap_or(bytes);
    String::from_utf8_lossy(bytes).trim().chars().take(SHOWN).collect()
}
