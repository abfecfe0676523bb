//! From a box's type, and the box it stands in, to what is known of it.

use super::declare::Declaration;
use super::header::{BoxId, four};
use super::names::{NAMED, Named};
use super::{cenc, fragment, index, movie, piff, sample_entry};

/// What is known of a box.
#[derive(Clone, Copy)]
pub enum Known {
    /// Its fields are declared.
    Declared(&'static Declaration),
    /// Its name is known.
    Named(&'static Named),
    /// Nothing.
    Unknown,
}

const FAMILIES: &[&[Declaration]] =
    &[movie::DECLARED, fragment::DECLARED, index::DECLARED, cenc::DECLARED, piff::DECLARED];

fn declared(families: &'static [&'static [Declaration]], id: BoxId) -> Option<&'static Declaration> {
    families.iter().flat_map(|family| family.iter()).find(|declaration| declaration.ids.contains(&id))
}

/// Looks up a box of type `id` inside a box of type `parent` (`None` at top level). Sample entries are known only
/// inside `stsd`: some share their code with a box.
pub fn lookup(id: BoxId, parent: Option<BoxId>) -> Known {
    let found = if parent == Some(four(b"stsd")) {
        declared(&[sample_entry::DECLARED], id)
    } else {
        declared(FAMILIES, id)
    };
    if let Some(declaration) = found {
        return Known::Declared(declaration);
    }
    NAMED.iter().find(|named| named.id == id).map_or(Known::Unknown, Known::Named)
}

impl Known {
    /// The declaration, where there is one.
    pub fn declaration(self) -> Option<&'static Declaration> {
        match self {
            Known::Declared(declaration) => Some(declaration),
            Known::Named(_) | Known::Unknown => None,
        }
    }

    /// The human name.
    pub fn name(self) -> &'static str {
        match self {
            Known::Declared(declaration) => declaration.name,
            Known::Named(named) => named.name,
            Known::Unknown => "Unknown box",
        }
    }

    /// The specification clause, empty for unknown boxes.
    pub fn clause(self) -> &'static str {
        match self {
            Known::Declared(declaration) => declaration.clause,
            Known::Named(named) => named.clause,
            Known::Unknown => "",
        }
    }
}

/// Every declaration, for tests that hold for all.
pub fn all() -> impl Iterator<Item = &'static Declaration> {
    FAMILIES.iter().flat_map(|family| family.iter()).chain(sample_entry::DECLARED)
}

/// Whether a box of type `id` has the body `B`.
pub fn has_body<B: super::BoxBody>(id: BoxId) -> bool {
    B::DECLARATION.ids.contains(&id)
}
