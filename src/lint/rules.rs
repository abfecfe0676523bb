//! Every rule that an open file is held to, once: its name, how bad it is to break it, where it stands, which players it
//! stops, and what to do about it. The rules of manifests are those of [`crate::manifest::rules`].

mod encryption;
mod fragments;
mod headers;
mod structure;
mod tracks;

use crate::manifest::rules::Rule;

pub use encryption::*;
pub use fragments::*;
pub use headers::*;
pub use structure::*;
pub use tracks::*;

/// What Boxlock can do about a finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Nothing: the file has to come from somewhere else.
    None,
    /// Write headers and boxes anew, with no key.
    Change,
    /// Protect it, or protect it otherwise with its keys.
    Protect,
    /// Check it with its keys.
    Check,
}

impl Action {
    /// The name in reports; nothing where nothing can be done here.
    pub fn name(self) -> Option<&'static str> {
        match self {
            Self::None => None,
            Self::Change => Some("change"),
            Self::Protect => Some("protect"),
            Self::Check => Some("check"),
        }
    }
}

/// One rule of files.
#[derive(Debug)]
pub struct FileRule {
    /// ID, severity and clause. What the reader of a file says by an error has the code of that error as its ID.
    pub rule: Rule,
    /// What is wrong, in few words.
    pub title: &'static str,
    /// Names of the targets that stop at it (see [`super::targets`]), with spaces between; with a `?` those that may.
    pub stops: &'static str,
    /// What to do about it here.
    pub action: Action,
    /// Why it matters: a sentence.
    pub why: &'static str,
    /// How to fix it: a sentence.
    pub fix: &'static str,
}

/// Declares rules, and the list of all in this part.
macro_rules! file_rules {
    ($part:ident: $($name:ident $id:literal $severity:ident $title:literal $clause:literal stops $stops:expr, $action:ident $why:literal $fix:expr;)*) => {
        $(
            #[doc = concat!("`", $id, "`: ", $title, " (", $clause, ").")]
            pub static $name: FileRule = FileRule {
                rule: crate::manifest::rules::Rule {
                    id: $id,
                    severity: crate::manifest::rules::Severity::$severity,
                    clause: $clause,
                },
                title: $title,
                stops: $stops,
                action: crate::lint::rules::Action::$action,
                why: $why,
                fix: $fix,
            };
        )*
        pub(super) static $part: &[&FileRule] = &[$(&$name),*];
    };
}
pub(crate) use file_rules;

/// All parts with their titles, in the order in which a player comes to what they are about.
pub static PARTS: [(&str, &[&FileRule]); 5] = [
    ("The file and its boxes", STRUCTURE),
    ("Tracks and sample tables", TRACKS),
    ("Fragments and indexes", FRAGMENTS),
    ("Encryption", ENCRYPTION),
    ("PlayReady and other DRM headers", HEADERS),
];

/// All rules, in that order.
pub fn all() -> impl Iterator<Item = &'static FileRule> {
    PARTS.iter().flat_map(|(_, part)| part.iter().copied())
}

/// The rule of this ID.
pub fn find(id: &str) -> Option<&'static FileRule> {
    all().find(|rule| rule.rule.id == id)
}

/// Every player there is.
const ALL: &str = "windows smooth mse widevine fairplay";
/// Perhaps every one.
const MAYBE: &str = "windows? smooth? mse? widevine? fairplay?";
const COPY: &str = "Get a sound copy of the file, or have it made anew.";
const ANEW: &str = "Have the file written anew by a current packager.";
