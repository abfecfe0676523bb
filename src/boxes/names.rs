//! Boxes known by name only: shown as what they are, carried through as they stand.

use super::header::{BoxId, four};

/// A box known by name: type, human name, clause.
pub struct Named {
    /// The type.
    pub id: BoxId,
    /// Human name.
    pub name: &'static str,
    /// Specification clause or document.
    pub clause: &'static str,
}

const fn named(code: &[u8; 4], name: &'static str, clause: &'static str) -> Named {
    Named { id: four(code), name, clause }
}

/// Every box known by name only.
pub const NAMED: &[Named] = &[named(b"ilst", "iTunes tags", "QuickTime File Format: Metadata item list")];
