//! Headers of DRM systems in `moov` and `moof`: `pssh` boxes and their PIFF twins (ISO/IEC 23001-7:2023 8.1; PIFF 1.1 5.3.1).

use crate::boxes::cenc::ProtectionSystemSpecificHeader;
use crate::boxes::piff::{self, PiffProtectionSystem};
use crate::boxes::systems::{PLAYREADY, PLAYREADY_LITTLE_ENDIAN};
use crate::boxes::{Node, Tree};
use crate::bytes::Uuid16;

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
        let (system, data) = if is_piff {
            let piff = tree.read::<PiffProtectionSystem>(node).ok()?;
            (piff.system_id, piff.data.0)
        } else {
            let pssh = tree.read::<ProtectionSystemSpecificHeader>(node).ok()?;
            (pssh.system_id, pssh.data.0)
        };
        Some(Self { node, system, is_piff, data })
    }

    /// Whether it is PlayReady's, by either of the IDs that writers give it.
    pub fn is_playready(&self) -> bool {
        is_playready(self.system)
    }
}

/// Whether this ID stands for PlayReady; some writers have it in the other byte order.
pub fn is_playready(system: Uuid16) -> bool {
    [PLAYREADY, PLAYREADY_LITTLE_ENDIAN].contains(&system)
}
