//! From a box's type, and the box it stands in, to what is known of it.

use std::sync::OnceLock;

use crate::bytes::Uuid16;

use super::declaration::{Declaration, Rewriter};
use super::declare::BoxBody as _;
use super::header::{BoxId, four};
use super::names::{self, Named};
use super::sample_types::{self, Layout};
use super::tree::Node;
use super::{
    audio, cenc, codec, descriptor, fragment, groups, heif, hints, index, layers, metadata, movie, piff,
    quicktime, record, sample_entry, scoped, subtitle, tables,
};

/// What is known of a box.
#[derive(Clone, Copy)]
pub enum Known {
    /// Its fields are declared.
    Declared(&'static Declaration),
    /// Its name is known.
    Named(Named),
    /// Nothing.
    Unknown,
}

static FAMILIES: &[&[Declaration]] = &[
    movie::DECLARED,
    fragment::DECLARED,
    groups::DECLARED,
    index::DECLARED,
    cenc::DECLARED,
    piff::DECLARED,
    codec::DECLARED,
    audio::DECLARED,
    descriptor::DECLARED,
    metadata::DECLARED,
    heif::DECLARED,
    quicktime::DECLARED,
    subtitle::DECLARED,
    tables::DECLARED,
    hints::DECLARED,
    layers::DECLARED,
    record::DECLARED,
];

static ENTRIES: &[&[Declaration]] = &[sample_entry::DECLARED];

/// What is known, sorted by type: lookups happen for every box of every fragment, so they search by halves, and
/// compare codes as numbers.
struct Table {
    four: Vec<(u32, Known)>,
    user: Vec<(Uuid16, Known)>,
}

impl Table {
    fn of(
        families: &'static [&'static [Declaration]],
        named: &mut dyn Iterator<Item = (BoxId, Named)>,
    ) -> Self {
        let declared = families.iter().copied().flatten();
        let declared = declared.flat_map(|declaration| {
            declaration.ids.iter().map(move |id| (*id, Known::Declared(declaration)))
        });
        let named = named.map(|(id, named)| (id, Known::Named(named)));
        let mut table = Self { four: Vec::new(), user: Vec::new() };
        for (id, known) in declared.chain(named) {
            match id {
                BoxId::Four(code) => {
                    let code = u32::from_be_bytes(code.0);
                    // Where a code is declared and named, the declaration comes first and is kept. Inserting in
                    // order moves a few megabytes once; a sort would be 2 KB more for every visitor to load.
                    if let Err(at) = table.four.binary_search_by_key(&code, |(other, _)| *other) {
                        table.four.insert(at, (code, known));
                    }
                }
                BoxId::Uuid(user_type) => table.user.push((user_type, known)),
            }
        }
        table
    }

    fn get(&self, id: BoxId) -> Option<Known> {
        match id {
            BoxId::Four(code) => {
                let code = u32::from_be_bytes(code.0);
                let at = self.four.binary_search_by_key(&code, |(other, _)| *other).ok()?;
                self.four.get(at).map(|(_, known)| *known)
            }
            BoxId::Uuid(user_type) => {
                self.user.iter().find(|(other, _)| *other == user_type).map(|(_, known)| *known)
            }
        }
    }
}

/// Looks up a box of type `id` inside a box of type `parent` (`None` at top level). Sample entries are known only
/// inside `stsd`: some share their code with a box.
pub fn lookup(id: BoxId, parent: Option<BoxId>) -> Known {
    lookup_in(id, parent, Layout::Other)
}

/// What is known of a box of a tree, inside a box of type `parent`.
pub fn known(node: &Node, parent: Option<BoxId>) -> Known {
    lookup_in(node.id(), parent, node.media)
}

/// As [`lookup`], in a track with such media.
pub(super) fn lookup_in(id: BoxId, parent: Option<BoxId>, media: Layout) -> Known {
    static BOXES: OnceLock<Table> = OnceLock::new();
    static IN_STSD: OnceLock<Table> = OnceLock::new();
    if parent == Some(four(b"stsd")) {
        let table = IN_STSD.get_or_init(|| Table::of(ENTRIES, &mut std::iter::empty()));
        let known = table.get(id).or_else(|| by_layout(id, media));
        // `free` and `uuid` boxes may stand anywhere; any other code here is a sample entry.
        let anywhere = matches!(id, BoxId::Uuid(_)) || id.is(b"free") || id.is(b"skip");
        if known.is_some() || !anywhere {
            return known.unwrap_or(Known::Unknown);
        }
    }
    let parent_code = parent.map(BoxId::four_cc).unwrap_or_default();
    if let Some(declaration) = scoped::lookup(id, parent_code) {
        return Known::Declared(declaration);
    }
    BOXES.get_or_init(|| Table::of(FAMILIES, &mut names::all())).get(id).unwrap_or(Known::Unknown)
}

/// Sample entries that are registered, but not declared by name, have the fields of their kind of media.
fn by_layout(id: BoxId, media: Layout) -> Option<Known> {
    static VISUAL: Declaration = sample_entry::VisualSampleEntry::DECLARATION;
    static AUDIO: Declaration = sample_entry::AudioSampleEntry::DECLARATION;
    static OTHER: Declaration = sample_entry::OtherSampleEntry::DECLARATION;
    let BoxId::Four(code) = id else { return None };
    Some(Known::Declared(match sample_types::registered(code, media)?.0 {
        Layout::Visual => &VISUAL,
        Layout::Audio => &AUDIO,
        Layout::Other => &OTHER,
    }))
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
            Known::Declared(declaration) => declaration.name(),
            Known::Named(named) => named.name,
            Known::Unknown => "Unknown box",
        }
    }

    /// What it is for, in a sentence or two.
    pub fn about(self) -> &'static str {
        match self {
            Known::Declared(declaration) => declaration.about(),
            Known::Named(_) => "Known by name; its fields are shown as bytes.",
            Known::Unknown => "No specification known here names this box. It is kept as it stands.",
        }
    }

    /// The specification clause, empty for unknown boxes.
    pub fn clause(self) -> &'static str {
        match self {
            Known::Declared(declaration) => declaration.clause(),
            Known::Named(named) => named.clause,
            Known::Unknown => "",
        }
    }
}

/// Every declaration, for tests that hold for all.
pub fn all() -> impl Iterator<Item = &'static Declaration> {
    FAMILIES.iter().chain(ENTRIES).copied().flatten().chain(scoped::DECLARED)
}

/// Whether a box of type `id` has the body `B`.
pub fn has_body<B: super::BoxBody>(id: BoxId) -> bool {
    B::DECLARATION.ids.contains(&id)
}

/// The rewriter of a declared box, for tests that hold for all.
pub fn rewriter(declaration: &Declaration) -> Option<&'static Rewriter> {
    let families = [
        (movie::DECLARED, movie::REWRITERS),
        (fragment::DECLARED, fragment::REWRITERS),
        (groups::DECLARED, groups::REWRITERS),
        (index::DECLARED, index::REWRITERS),
        (cenc::DECLARED, cenc::REWRITERS),
        (piff::DECLARED, piff::REWRITERS),
        (codec::DECLARED, codec::REWRITERS),
        (audio::DECLARED, audio::REWRITERS),
        (descriptor::DECLARED, descriptor::REWRITERS),
        (metadata::DECLARED, metadata::REWRITERS),
        (record::DECLARED, record::REWRITERS),
        (heif::DECLARED, heif::REWRITERS),
        (quicktime::DECLARED, quicktime::REWRITERS),
        (subtitle::DECLARED, subtitle::REWRITERS),
        (tables::DECLARED, tables::REWRITERS),
        (hints::DECLARED, hints::REWRITERS),
        (layers::DECLARED, layers::REWRITERS),
        (sample_entry::DECLARED, sample_entry::REWRITERS),
        (scoped::DECLARED, scoped::REWRITERS),
    ];
    let same = |other: &Declaration| other.name() == declaration.name() && other.ids == declaration.ids;
    families
        .iter()
        .find_map(|(declared, rewriters)| declared.iter().position(same).and_then(|at| rewriters.get(at)))
}
