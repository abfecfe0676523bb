//! Sample group descriptions in words: the entries of `sgpd`, whose form hangs on the grouping type.

use core::ops::Range;

use crate::boxes::fragment::SampleGroupDescription;
use crate::boxes::wire::{Bytes, Wire as _, spaced_hex};
use crate::boxes::{Node, Row, Tree};
use crate::bytes::units::len_u64;
use crate::bytes::{FourCc, KeyId, Reader, Result};

/// The rows of an `sgpd` box that are in `window`, with one row for each entry behind that of the bytes of all, and
/// how many there are; `None` when the entries cannot be told apart, so that the plain rows should be shown.
pub(super) fn rows(
    tree: &Tree<'_>,
    node: &Node,
    plain: &[Row],
    window: &Range<usize>,
) -> Option<(Vec<Row>, usize)> {
    let group: SampleGroupDescription = tree.read(node).ok()?;
    let at = plain.iter().position(|row| row.name == "entries" && row.depth == 0)?;
    let start = plain.get(at)?.start;
    let mut r = Reader::new(&group.entries.0, start);
    let (before, behind) = plain.split_at_checked(at + 1)?;
    let mut places = 0..;
    let mut is_shown = || places.next().is_some_and(|place| window.contains(&place));
    let mut rows: Vec<Row> = before.iter().filter(|_| is_shown()).cloned().collect();
    let mut total = plain.len();
    for index in 0..group.entry_count {
        // Entries without bytes would let a count of four billion run on.
        if r.is_empty() {
            return None;
        }
        let from = r.offset();
        let body = entry(&mut r, &group).ok()?;
        total += 1;
        if is_shown() {
            rows.push(Row {
                name: format!("entries[{index}]"),
                value: Bytes(body.rest().to_vec()).show(),
                meaning: meaning(group.grouping_type, body).unwrap_or_default(),
                start: from,
                end: r.offset(),
                depth: 1,
            });
        }
    }
    // Bytes beyond the last entry stay in the row of all entries.
    rows.extend(behind.iter().filter(|_| is_shown()).cloned());
    Some((rows, total))
}

fn entry<'a>(r: &mut Reader<'a>, group: &SampleGroupDescription) -> Result<Reader<'a>> {
    let len = match (group.head.version, group.default_length) {
        (1, 0) => u64::from(r.u32("description_length")?),
        (1, len) => u64::from(len),
        // Version 0 gives no lengths: the type knows, or the only entry takes all.
        _ => known_len(group.grouping_type, r).unwrap_or(len_u64(r.remaining())),
    };
    r.sub(len, "A group description")
}

fn known_len(kind: FourCc, r: &Reader<'_>) -> Option<u64> {
    match &kind.0 {
        b"seig" => {
            let body = r.rest();
            let constant = body.get(2) == Some(&1) && body.get(3) == Some(&0);
            let iv = if constant { 1 + u64::from(*body.get(20)?) } else { 0 };
            Some(20 + iv)
        }
        b"roll" | b"prol" => Some(2),
        b"rap " | b"sap " | b"tele" => Some(1),
        b"sync" => Some(1),
        _ => None,
    }
}

/// One group description in words.
fn meaning(kind: FourCc, mut r: Reader<'_>) -> Option<String> {
    match &kind.0 {
        b"seig" => {
            r.u8("reserved").ok()?;
            let pattern = r.u8("pattern").ok()?;
            let protected = r.u8("isProtected").ok()?;
            let iv_size = r.u8("Per_Sample_IV_Size").ok()?;
            let kid = KeyId(r.array("KID").ok()?);
            if protected == 0 {
                return Some("not protected".to_owned());
            }
            let pattern = match pattern {
                0 => String::new(),
                _ => format!(", encrypt {}, skip {}", pattern >> 4, pattern & 15),
            };
            let iv = if iv_size == 0 {
                let len = r.u8("constant_IV_size").ok()?;
                format!("constant IV {}", spaced_hex(r.take(usize::from(len), "constant_IV").ok()?))
            } else {
                format!("IVs of {iv_size} bytes")
            };
            Some(format!("KID {kid}, {iv}{pattern}"))
        }
        b"roll" | b"prol" => {
            let distance = i16::from_be_bytes(r.array("roll_distance").ok()?);
            Some(match distance {
                0 => "right at once".to_owned(),
                1 => "right after 1 more sample".to_owned(),
                -1 => "start 1 sample earlier".to_owned(),
                d if d > 0 => format!("right after {d} more samples"),
                d => format!("start {} samples earlier", d.unsigned_abs()),
            })
        }
        b"rap " => {
            let byte = r.u8("leading samples").ok()?;
            Some(if byte >> 7 == 1 {
                format!("{} leading samples", byte & 0x7f)
            } else {
                "number of leading samples not known".to_owned()
            })
        }
        b"tele" => Some(
            if r.u8("level").ok()? >> 7 == 1 { "decodable by itself" } else { "depends on others" }
                .to_owned(),
        ),
        b"sap " => Some(format!("stream access point of type {}", r.u8("SAP_type").ok()? & 15)),
        _ => None,
    }
}
