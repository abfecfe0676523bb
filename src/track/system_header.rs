//! Headers of DRM systems in `moov` and `moof`: `pssh` boxes and their PIFF twins (ISO/IEC 23001-7:2023 8.1; PIFF 1.1 5.3.1).

use crate::boxes::cenc::ProtectionSystemSpecificHeader;
use crate::boxes::piff::{self, PiffProtectionSystem};
use crate::boxes::systems::{PLAYREADY, PLAYREADY_LITTLE_ENDIAN, WIDEVINE};
use crate::boxes::{Node, Tree};
use crate::bytes::{KeyId, Uuid16};

use super::leftovers::is_system_header;

/// The header of a DRM system.
#[derive(Clone, Debug)]
pub struct SystemHeader<'t> {
    /// Its box.
    pub node: &'t Node,
    /// Which system.
    pub system: Uuid16,
    /// Whether it is the twin that PIFF knows.
    pub is_piff: bool,
    /// Key IDs that stand before its payload (version 1).
    pub kids: Vec<KeyId>,
    /// Its payload.
    pub data: Vec<u8>,
}

impl<'t> SystemHeader<'t> {
    /// Those among the children of a box. What cannot be read is left out.
    pub fn all(tree: &Tree<'_>, parent: &'t Node) -> Vec<Self> {
        let nodes = parent.children.iter().filter(|node| is_system_header(node));
        nodes.filter_map(|node| Self::read(tree, node)).collect()
    }

    fn read(tree: &Tree<'_>, node: &'t Node) -> Option<Self> {
        let is_piff = node.id() == piff::PROTECTION_SYSTEM;
        let (system, kids, data) = if is_piff {
            let piff = tree.read::<PiffProtectionSystem>(node).ok()?;
            (piff.system_id, Vec::new(), piff.data.0)
        } else {
            let pssh = tree.read::<ProtectionSystemSpecificHeader>(node).ok()?;
            (pssh.system_id, pssh.kids.entries, pssh.data.0)
        };
        Some(Self { node, system, is_piff, kids, data })
    }

    /// Whether it is PlayReady's, by either of the IDs that writers give it.
    pub fn is_playready(&self) -> bool {
        is_playready(self.system)
    }

    /// The key IDs in its payload, where that is Widevine's and names any: field 2 of the message `WidevinePsshData`.
    pub fn widevine_kids(&self) -> Vec<KeyId> {
        if self.system == WIDEVINE { message_kids(&self.data).unwrap_or_default() } else { Vec::new() }
    }
}

/// What stands in all fields 2 of a protobuf message; nothing where it is no message, or one of those is no key ID.
fn message_kids(mut message: &[u8]) -> Option<Vec<KeyId>> {
    let mut kids = Vec::new();
    while !message.is_empty() {
        let tag = varint(&mut message)?;
        let len = match tag & 7 {
            0 => {
                varint(&mut message)?;
                continue;
            }
            1 => 8,
            2 => usize::try_from(varint(&mut message)?).ok()?,
            5 => 4,
            _ => return None,
        };
        let (value, rest) = message.split_at_checked(len)?;
        message = rest;
        if tag == 2 << 3 | 2 {
            kids.push(KeyId(value.try_into().ok()?));
        }
    }
    Some(kids)
}

/// A number of a protobuf message, taken off its front.
pub fn varint(r: &mut &[u8]) -> Option<u64> {
    let mut number = 0_u64;
    for shift in (0..64).step_by(7) {
        let (byte, rest) = r.split_first()?;
        *r = rest;
        number |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some(number);
        }
    }
    None
}

/// Whether this ID stands for PlayReady; some writers have it in the other byte order.
pub fn is_playready(system: Uuid16) -> bool {
    [PLAYREADY, PLAYREADY_LITTLE_ENDIAN].contains(&system)
}
