//! Headers of DRM systems in `moov` and `moof`: `pssh` boxes and their PIFF twins (ISO/IEC 23001-7:2023 8.1; PIFF 1.1 5.3.1).

use crate::boxes::cenc::ProtectionSystemSpecificHeader;
use crate::boxes::piff::{self, PiffProtectionSystem};
use crate::boxes::systems::{PLAYREADY, PLAYREADY_LITTLE_ENDIAN, WIDEVINE};
use crate::boxes::{Node, Tree};
use crate::bytes::units::len_u64;
use crate::bytes::{KeyId, Uuid16};

use super::leftovers::is_system_header;
use super::widevine::{WidevineField, widevine_fields};

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
    /// File offset of the payload.
    pub start: u64,
}

impl<'t> SystemHeader<'t> {
    /// Those among the children of a box. What cannot be read is left out.
    pub fn all(tree: &Tree<'_>, parent: &'t Node) -> Vec<Self> {
        let nodes = parent.children.iter().filter(|node| is_system_header(node));
        nodes.filter_map(|node| Self::read(tree, node)).collect()
    }

    /// Of a box that is one; nothing when it cannot be read.
    pub fn read(tree: &Tree<'_>, node: &'t Node) -> Option<Self> {
        let is_piff = node.id() == piff::PROTECTION_SYSTEM;
        let (system, kids, data, rest) = if is_piff {
            let piff = tree.read::<PiffProtectionSystem>(node).ok()?;
            (piff.system_id, Vec::new(), piff.data.0, piff.rest)
        } else {
            let pssh = tree.read::<ProtectionSystemSpecificHeader>(node).ok()?;
            (pssh.system_id, pssh.kids.entries, pssh.data.0, pssh.rest)
        };
        let start = node.end().saturating_sub(len_u64(data.len() + rest.len()));
        Some(Self { node, system, is_piff, kids, data, start })
    }

    /// Whether it is PlayReady's, by either of the IDs that writers give it.
    pub fn is_playready(&self) -> bool {
        is_playready(self.system)
    }

    /// The key IDs in its payload, where that is Widevine's and names any, each in 16 bytes.
    pub fn widevine_kids(&self) -> Vec<KeyId> {
        let fields = if self.system == WIDEVINE { widevine_fields(&self.data, 0) } else { None };
        let fields = fields.unwrap_or_default();
        let kids = fields.iter().filter(|field| field.number == WidevineField::KEY_ID).map(|field| field.kid);
        kids.collect::<Option<_>>().unwrap_or_default()
    }
}

/// Whether this ID stands for PlayReady; some writers have it in the other byte order.
pub fn is_playready(system: Uuid16) -> bool {
    [PLAYREADY, PLAYREADY_LITTLE_ENDIAN].contains(&system)
}
