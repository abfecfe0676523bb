//! Samples of timed text and of events: what they say, unit by unit.
//!
//! WebVTT: ISO/IEC 14496-30 6; TTML: 5; 3GPP timed text: 3GPP TS 26.245 5.17; event messages: ISO/IEC 23001-18.

use crate::boxes::header::four;
use crate::boxes::parts::MarkedText;
use crate::boxes::registry;
use crate::boxes::scoped::CueId;
use crate::boxes::subtitle::{CuePayload, CueSettings, EventMessageInstance, VttAdditionalText};
use crate::boxes::types::Text;
use crate::boxes::wire::Wire as _;
use crate::boxes::{Node, Tree};
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
        _ => {
            let name = if format == *b"stpp" { "document (TTML)" } else { "text" };
            all.push(unit(0, sample.len(), name, plain(sample)));
            Ok(())
        }
    }
}

fn unit(start: usize, len: usize, name: &'static str, said: String) -> Unit {
    Unit { start, len, name, said, ..Unit::default() }
}

/// Boxes from `from` on to the end.
fn boxes(sample: &[u8], from: usize, all: &mut Vec<Unit>) -> Result<()> {
    let mut start = from;
    while let Some(rest) = sample.get(start..).filter(|rest| !rest.is_empty()) {
        let tree = Tree::parse(rest, len_u64(start))?;
        let root = tree.root();
        let len = to_len(root.header.size).min(rest.len());
        let known = registry::lookup(root.id(), None).name();
        all.push(unit(start, len, known, said(&tree, root)));
        start += len;
    }
    Ok(())
}

/// What a box says in short; of one that has no text, its type.
fn said(tree: &Tree<'_>, node: &Node) -> String {
    let text = match &node.id().four_cc().0 {
        b"vttc" => {
            let parts = node.children.iter().map(|child| part(tree, child));
            Some(parts.filter(|part| !part.is_empty()).collect::<Vec<_>>().join(", "))
        }
        b"vtta" => tree.read::<VttAdditionalText>(node).ok().map(|comment| plain(&comment.text.0)),
        b"emib" => tree
            .read::<EventMessageInstance>(node)
            .ok()
            .map(|event| format!("{} {}", event.scheme_id_uri.show(), event.value.show())),
        _ => None,
    };
    text.unwrap_or_else(|| node.id().to_string())
}

/// What a box of a cue says.
fn part(tree: &Tree<'_>, node: &Node) -> String {
    let id = node.id();
    if id == four(b"payl") {
        tree.read::<CuePayload>(node).map(|payload| format!("“{}”", plain(&payload.cue_text.0)))
    } else if id == four(b"iden") {
        tree.read::<CueId>(node).map(|id| format!("id {}", plain(&id.cue_id.0)))
    } else if id == four(b"sttg") {
        tree.read::<CueSettings>(node).map(|settings| plain(&settings.settings.0))
    } else {
        return String::new();
    }
    .unwrap_or_default()
}

/// A text behind its length, and the boxes that say how it looks.
fn styled_text(sample: &[u8], all: &mut Vec<Unit>) -> Result<()> {
    let len = usize::from(Reader::new(sample, 0).u16("The length of the text")?);
    let end = (2 + len).min(sample.len());
    let text = sample.get(2..end).unwrap_or_default();
    let name = if text.is_empty() { "no text" } else { "text" };
    all.push(unit(0, end, name, plain(text)));
    boxes(sample, end, all)
}

/// The beginning of a text in UTF-8, or in UTF-16 behind its byte order mark.
fn plain(bytes: &[u8]) -> String {
    // A letter takes four bytes at most.
    let bytes = bytes.get(..4 * SHOWN).unwrap_or(bytes).to_vec();
    MarkedText(Text { bytes, terminated: false }).show().trim().chars().take(SHOWN).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::boxes::BoxBody as _;

    #[test]
    fn events_say_their_scheme_and_value() {
        let text = |text: &str| Text { bytes: text.as_bytes().to_vec(), terminated: true };
        let event = EventMessageInstance {
            scheme_id_uri: text("urn:scte:scte35:2013:bin"),
            value: text("1"),
            ..EventMessageInstance::default()
        };
        let sample = [event.to_box(0), b"\0\0\0\x08emeb\0\0\0\x08what".to_vec()].concat();
        let mut all = Vec::new();
        units(*b"evte", &sample, &mut all).unwrap();
        let said: Vec<(&str, &str)> = all.iter().map(|unit| (unit.name, unit.said.as_str())).collect();
        assert_eq!(
            said,
            [
                ("Event message instance", "urn:scte:scte35:2013:bin 1"),
                ("Empty event", "emeb"),
                ("Unknown box", "what")
            ]
        );
        assert_eq!(all.iter().map(|unit| unit.len).sum::<usize>(), sample.len());
    }

    #[test]
    fn cues_say_settings_identifier_and_text_of_their_own_only() {
        let boxed = |kind: &[u8; 4], body: &[u8]| {
            [&u32::try_from(8 + body.len()).unwrap().to_be_bytes()[..], kind, body].concat()
        };
        let parts = [
            boxed(b"iden", b"7"),
            boxed(b"sttg", b"line:1"),
            boxed(b"ctim", b"x"),
            boxed(b"payl", "Ä".as_bytes()),
        ];
        let mut all = Vec::new();
        units(*b"wvtt", &boxed(b"vttc", &parts.concat()), &mut all).unwrap();
        assert_eq!((all.len(), all[0].said.as_str()), (1, "id 7, line:1, “Ä”"));
        // One that is cut short says so.
        assert!(units(*b"wvtt", b"\0\0\0\x04vttc", &mut all).is_err());
    }

    #[test]
    fn texts_of_3gpp_may_be_in_utf_16() {
        let mut all = Vec::new();
        units(*b"tx3g", &[0, 6, 0xfe, 0xff, 0, b'H', 0, b'i'], &mut all).unwrap();
        assert_eq!((all[0].name, all[0].said.as_str()), ("text", "Hi"));
        // A length beyond the end: what is there.
        all.clear();
        units(*b"tx3g", &[0, 99, b'H'], &mut all).unwrap();
        assert_eq!((all.len(), all[0].said.as_str()), (1, "H"));
    }
}
