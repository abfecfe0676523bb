//! One change in the structure of a file. Sizes of the boxes around are put right, so that the change is met where it
//! is and not at the first border; now and then they are not.

use crate::support::hostile::Numbers;

/// A box, wherever it stands.
#[derive(Clone, Copy, Debug)]
pub struct Node {
    pub start: usize,
    /// Where its content begins.
    pub inner: usize,
    pub end: usize,
    pub kind: [u8; 4],
    /// Index of the box around it.
    pub parent: Option<usize>,
}

/// Where children begin, for those that have some.
fn children_at(kind: &[u8; 4]) -> Option<usize> {
    Some(match kind {
        b"moov" | b"trak" | b"mdia" | b"minf" | b"dinf" | b"stbl" | b"mvex" | b"moof" | b"traf" | b"sinf"
        | b"schi" | b"edts" | b"udta" | b"mfra" => 0,
        b"stsd" | b"dref" => 8,
        b"avc1" | b"avc3" | b"encv" => 78,
        b"mp4a" | b"enca" => 28,
        _ => return None,
    })
}

/// Every box that can be found, a parent before its children.
pub fn nodes(file: &[u8]) -> Vec<Node> {
    let mut found = Vec::new();
    walk(file, 0, file.len(), None, &mut found);
    found
}

fn walk(file: &[u8], mut at: usize, end: usize, parent: Option<usize>, found: &mut Vec<Node>) {
    while end.saturating_sub(at) >= 8 && found.len() < 5000 {
        let size = u32::from_be_bytes(file[at..at + 4].try_into().unwrap());
        let kind: [u8; 4] = file[at + 4..at + 8].try_into().unwrap();
        let (size, inner) = match size {
            0 => (end - at, at + 8),
            1 if end - at >= 16 => {
                let size = u64::from_be_bytes(file[at + 8..at + 16].try_into().unwrap());
                (usize::try_from(size).unwrap_or(0), at + 16)
            }
            size => (size as usize, at + 8),
        };
        if size < inner - at || size > end - at {
            return;
        }
        let index = found.len();
        found.push(Node { start: at, inner, end: at + size, kind, parent });
        if let Some(skip) = children_at(&kind).filter(|skip| inner + skip <= at + size) {
            walk(file, inner + skip, at + size, Some(index), found);
        }
        at += size;
    }
}

/// Makes the boxes around a place larger or smaller.
fn resize(file: &mut [u8], nodes: &[Node], mut parent: Option<usize>, by: isize) {
    while let Some(index) = parent {
        let node = nodes[index];
        let (at, wide) = if node.inner - node.start == 16 { (node.start + 8, 8) } else { (node.start, 4) };
        let old = file[at..at + wide].iter().fold(0_u64, |sum, byte| sum << 8 | u64::from(*byte));
        if old != 0 {
            let new = old.wrapping_add_signed(by as i64).to_be_bytes();
            file[at..at + wide].copy_from_slice(&new[8 - wide..]);
        }
        parent = node.parent;
    }
}

/// Puts bytes in at a place, whose box around is `parent`.
fn insert(file: &mut Vec<u8>, nodes: &[Node], at: usize, parent: Option<usize>, bytes: &[u8], honest: bool) {
    if honest {
        resize(file, nodes, parent, bytes.len() as isize);
    }
    file.splice(at..at, bytes.iter().copied());
}

fn remove(file: &mut Vec<u8>, nodes: &[Node], node: &Node, honest: bool) {
    if honest {
        resize(file, nodes, node.parent, -((node.end - node.start) as isize));
    }
    file.drain(node.start..node.end);
}

fn name(node: &Node) -> String {
    format!("{} at {}", String::from_utf8_lossy(&node.kind), node.start)
}

/// Boxes of which a change goes deep; the others are met less often.
const DEEP: [&[u8; 4]; 10] =
    [b"tfhd", b"trun", b"trex", b"stsd", b"avcC", b"tkhd", b"moof", b"traf", b"sidx", b"mdat"];

/// Boxes to put in anywhere: unknown, empty, odd, and left-overs of encryption.
fn strange(numbers: &mut Numbers) -> Vec<u8> {
    let boxes: [&[u8]; 14] = [
        b"\0\0\0\x08free",
        b"\0\0\0\x0czzzzABCD",
        b"\0\0\0\0free",
        b"\0\0\0\0\0\0\0\0",
        b"\0\0\0",
        b"\0\0\0\x10senc\0\0\0\0\0\0\0\0",
        b"\0\0\0\x10senc\0\0\0\x02\0\0\0\x01",
        b"\0\0\0\x11saiz\0\0\0\0\x08\0\0\0\x01",
        b"\0\0\0\x14saio\0\0\0\0\0\0\0\x01\0\0\0\x50",
        b"\0\0\0\x1csbgp\0\0\0\0seig\0\0\0\x01\0\0\0\x05\0\x01\0\x01",
        b"\0\0\0\x14tfdt\x01\0\0\0\0\0\0\0\0\0\0\x10",
        b"\0\0\0\x10mfhd\0\0\0\0\0\0\0\x07",
        b"\0\0\0\x20pssh\0\0\0\0\x9a\x04\xf0\x79\x98\x40\x42\x86\xab\x92\xe6\x5b\xe0\x88\x5f\x95\0\0\0\0",
        b"\0\0\0\x18uuid\x11\x22\x33\x44\x55\x66\x77\x88\x11\x22\x33\x44\x55\x66\x77\x88",
    ];
    boxes[numbers.below(boxes.len())].to_vec()
}

/// Makes one change, and says which.
pub fn change(file: &mut Vec<u8>, numbers: &mut Numbers) -> String {
    let nodes = nodes(file);
    if nodes.is_empty() {
        return "nothing".to_owned();
    }
    let honest = numbers.below(6) > 0;
    let mut chosen = nodes[numbers.below(nodes.len())];
    if numbers.below(2) == 0 {
        let kind = DEEP[numbers.below(DEEP.len())];
        let of_kind: Vec<&Node> = nodes.iter().filter(|node| node.kind == *kind).collect();
        if !of_kind.is_empty() {
            chosen = *of_kind[numbers.below(of_kind.len())];
        }
    }
    let what = name(&chosen);
    let body = chosen.end - chosen.inner;
    match numbers.below(14) {
        0 => {
            remove(file, &nodes, &chosen, honest);
            format!("without {what}, honest {honest}")
        }
        1 => {
            let copy = file[chosen.start..chosen.end].to_vec();
            insert(file, &nodes, chosen.end, chosen.parent, &copy, honest);
            format!("twice {what}, honest {honest}")
        }
        2 => {
            let siblings: Vec<&Node> = nodes.iter().filter(|node| node.parent == chosen.parent).collect();
            let other = *siblings[numbers.below(siblings.len())];
            let (first, second) = if chosen.start < other.start { (chosen, other) } else { (other, chosen) };
            if first.end <= second.start {
                let parts = [
                    &file[second.start..second.end],
                    &file[first.end..second.start],
                    &file[first.start..first.end],
                ];
                let swapped = parts.concat();
                file[first.start..second.end].copy_from_slice(&swapped);
            }
            format!("{} and {} in turned order", name(&first), name(&second))
        }
        3 => {
            // Into another box, before or behind its children.
            let copy = file[chosen.start..chosen.end].to_vec();
            let parents: Vec<usize> =
                (0..nodes.len()).filter(|n| children_at(&nodes[*n].kind).is_some()).collect();
            let Some(&into) = parents.get(numbers.below(parents.len().max(1))) else {
                return "nothing".to_owned();
            };
            let at = nodes[into].end;
            insert(file, &nodes, at, Some(into), &copy, honest);
            if chosen.end <= at && numbers.below(2) == 0 {
                let again = self::nodes(file);
                if let Some(old) =
                    again.iter().find(|n| n.start == chosen.start && n.kind == chosen.kind).copied()
                {
                    remove(file, &again, &old, honest);
                }
            }
            format!("{what} into {}, honest {honest}", name(&nodes[into]))
        }
        4 => {
            let bytes = strange(numbers);
            let (at, parent) = if numbers.below(2) == 0 {
                (chosen.start, chosen.parent)
            } else {
                let inside = children_at(&chosen.kind).is_some();
                (
                    chosen.end,
                    if inside { nodes.iter().position(|n| n.start == chosen.start) } else { chosen.parent },
                )
            };
            insert(file, &nodes, at, parent, &bytes, honest);
            format!("{bytes:02x?} put in at {at} by {what}, honest {honest}")
        }
        5 => {
            let sizes = [
                0,
                1,
                7,
                8,
                9,
                16,
                (chosen.end - chosen.start - 1),
                (chosen.end - chosen.start + 1),
                0x7fff_ffff,
                0xffff_ffff,
            ];
            let size = u32::try_from(sizes[numbers.below(sizes.len())]).unwrap_or(u32::MAX);
            file[chosen.start..chosen.start + 4].copy_from_slice(&size.to_be_bytes());
            format!("{what} says size {size}")
        }
        6 if body >= 4 => {
            let version = [0, 1, 2, 3, 255][numbers.below(5)];
            file[chosen.inner] = version;
            format!("{what} has version {version}")
        }
        7 if body >= 4 => {
            let bit = numbers.below(24);
            let at = chosen.inner + 1 + bit / 8;
            file[at] ^= 1 << (bit % 8);
            format!("{what} with flag bit {bit} of byte {at} turned")
        }
        8 | 9 if body >= 8 => {
            // A 32-bit field: a count, a size, an offset, an ID.
            let at = chosen.inner + 4 * numbers.below((body / 4).min(24));
            let old = u32::from_be_bytes(file[at..at + 4].try_into().unwrap());
            let values = [
                0,
                1,
                2,
                3,
                old.wrapping_add(1),
                old.wrapping_sub(1),
                old.wrapping_add(8),
                old.wrapping_sub(8),
                old << 1,
                0x7fff_ffff,
                0x8000_0000,
                u32::MAX,
            ];
            let value = values[numbers.below(values.len())];
            file[at..at + 4].copy_from_slice(&value.to_be_bytes());
            format!("{what} with {value:#x} for {old:#x} at byte {at}")
        }
        10 if body > 0 => {
            let at = chosen.inner + numbers.below(body.min(200));
            let bit = numbers.below(8);
            file[at] ^= 1 << bit;
            format!("{what} with bit {bit} of byte {at} turned")
        }
        11 => {
            let kinds: [&[u8; 4]; 12] = [
                b"free", b"moof", b"mdat", b"traf", b"trun", b"senc", b"uuid", b"encv", b"enca", b"avc1",
                b"sinf", b"tfhd",
            ];
            let kind = kinds[numbers.below(kinds.len())];
            file[chosen.start + 4..chosen.start + 8].copy_from_slice(kind);
            format!("{what} named {}", String::from_utf8_lossy(kind))
        }
        12 => {
            // A size of 64 bits for the same box.
            if chosen.inner - chosen.start == 8 {
                let size = (chosen.end - chosen.start + 8) as u64;
                file[chosen.start..chosen.start + 4].copy_from_slice(&[0, 0, 0, 1]);
                insert(file, &nodes, chosen.start + 8, chosen.parent, &size.to_be_bytes(), honest);
            }
            format!("{what} with a 64-bit size, honest {honest}")
        }
        _ => {
            let cut = if numbers.below(2) == 0 { chosen.start } else { chosen.end };
            file.truncate(cut);
            format!("cut at {cut}, {what}")
        }
    }
}
