//! Headers of DRM systems: `pssh`, and PIFF's box of the same kind.

use crate::boxes::cenc::ProtectionSystemSpecificHeader;
use crate::boxes::piff::{self, PiffProtectionSystem};
use crate::boxes::wire::Bytes;
use crate::boxes::{BoxBody, Node, Tree};
use crate::bytes::{Result, Uuid16};

use super::leftovers::is_system_header;

/// The header of a DRM system in `moov` or `moof`.
#[derive(Debug)]
pub struct SystemHeader<'t> {
    /// The box.
    pub node: &'t Node,
    /// SystemID.
    pub system: Uuid16,
    /// Whether it is PIFF's box.
    pub is_piff: bool,
    /// The payload.
    pub data: Vec<u8>,
}

impl<'t> SystemHeader<'t> {
    /// `None` where it cannot be read: it stays as it is.
    fn read(tree: &Tree<'_>, node: &'t Node) -> Option<Self> {
        let (system, data) = if node.id() == piff::PROTECTION_SYSTEM {
            let piff = tree.read::<PiffProtectionSystem>(node).ok()?;
            (piff.system_id, piff.data.0)
        } else {
            let pssh = tree.read::<ProtectionSystemSpecificHeader>(node).ok()?;
            (pssh.system_id, pssh.data.0)
        };
        Some(Self { node, system, is_piff: node.id() == piff::PROTECTION_SYSTEM, data })
    }

    /// Those in `parent` that can be read, in file order.
    pub fn all(tree: &Tree<'_>, parent: &'t Node) -> Vec<Self> {
        let nodes = parent.children.iter().filter(|node| is_system_header(node));
        nodes.filter_map(|node| Self::read(tree, node)).collect()
    }

    /// The box with another payload.
    ///
    /// # Errors
    /// A box that is not that of `tree`.
    pub fn with_data(&self, tree: &Tree<'_>, data: Vec<u8>) -> Result<Vec<u8>> {
        let data_size = u32::try_from(data.len()).unwrap_or(u32::MAX);
        let data = Bytes(data);
        if self.is_piff {
            let piff: PiffProtectionSystem = tree.read(self.node)?;
            return Ok(PiffProtectionSystem { data, data_size, ..piff }.to_box(0));
        }
        let pssh: ProtectionSystemSpecificHeader = tree.read(self.node)?;
        Ok(ProtectionSystemSpecificHeader { data, data_size, ..pssh }.to_box(0))
    }
}
