//! Which rules nothing can be told of where a part of the file cannot be read: that something is not there, that it is more or
//! less than is said, or that it stands elsewhere.

use crate::boxes::Tree;
use crate::bytes::Error;
use crate::track::Index;

use super::rules::{self, FileRule};

/// Rules, when bytes at the top are no box.
static OF_FILE: &[&FileRule] = &[
    &rules::NO_MOOV,
    &rules::NO_FILE_TYPE,
    &rules::UNKNOWN_TRACK,
    &rules::LENGTHS_DIFFER,
    &rules::DATA_ELSEWHERE,
    &rules::DATA_APART,
    &rules::DATA_OFFSET_GAP,
    &rules::NOT_SYNC,
    &rules::TIME_GAP,
    &rules::MFRA,
    &rules::MFRA_CONTENTS,
    &rules::SIDX,
    &rules::SIDX_CONTENTS,
];

/// Rules of the movie header, when boxes in it cannot be read.
static OF_MOVIE: &[&FileRule] = &[
    &rules::MISSING_BOX,
    &rules::NO_MVEX,
    &rules::NO_TREX,
    &rules::UNKNOWN_TRACK,
    &rules::REFERENCE,
    &rules::DATA_REFERENCE,
    &rules::MEDIA_HEADER,
    &rules::NO_ENTRY,
    &rules::ENTRY_COUNT,
    &rules::LENGTHS_DIFFER,
    &rules::SAMPLE_COUNTS,
    &rules::TABLE_COUNTS,
    &rules::CHUNKS_TOO_FEW,
    &rules::UNDESCRIBED,
    &rules::SINF,
    &rules::SCHEME_BOXES,
    &rules::NO_IVS,
    &rules::NO_SAIO,
    &rules::BAD_GROUP,
    &rules::NO_HEADER,
    &rules::HEADER_KID,
    &rules::LEFT_HEADER,
    &rules::LEFTOVER,
    &rules::TWINS,
    &rules::SIDX_CONTENTS,
    &rules::MFRA_CONTENTS,
];

/// Rules of a fragment, when boxes in it cannot be read.
static OF_FRAGMENT: &[&FileRule] = &[
    &rules::MISSING_BOX,
    &rules::DATA_ELSEWHERE,
    &rules::DATA_APART,
    &rules::DATA_OFFSET_GAP,
    &rules::NO_TIME,
    &rules::TIME_GAP,
    &rules::TIME_BACK,
    &rules::TIME_OF_TFXD,
    &rules::NOT_SYNC,
    &rules::TABLE_COUNTS,
    &rules::UNDESCRIBED,
    &rules::NO_IVS,
    &rules::NO_SAIO,
    &rules::SAMPLE_COUNT,
    &rules::BAD_GROUP,
    &rules::TWINS,
];

/// Rules that go from one fragment to the next, or are of all, when boxes in any cannot be read.
static OF_FRAGMENTS: &[&FileRule] = &[
    &rules::TIME_GAP,
    &rules::TIME_BACK,
    &rules::LENGTHS_DIFFER,
    &rules::MFRA_CONTENTS,
    &rules::SIDX,
    &rules::SIDX_CONTENTS,
];

/// What of a file cannot be read.
#[derive(Clone, Copy, Debug, Default)]
pub struct Unread {
    file: bool,
    movie: bool,
    fragments: bool,
    fragment: bool,
}

impl Unread {
    /// By what was noted when it was opened.
    pub fn of(index: &Index) -> Self {
        let broken = || index.problems.iter().filter(|problem| is_structure(problem)).map(Error::path);
        let swallowed = || index.findings.iter().filter(|fault| is_swallowed(fault));
        Self {
            file: broken().any(|path| !path.contains('/')),
            movie: index.moov.as_ref().is_some_and(is_broken)
                || broken().any(|path| path.starts_with("moov"))
                || swallowed().any(|fault| fault.path().starts_with("moov")),
            fragments: broken().any(|path| path.starts_with("moof")),
            fragment: false,
        }
    }

    /// The same, while a fragment is looked at.
    #[must_use]
    pub fn in_fragment(self, index: &Index, tree: &Tree<'_>) -> Self {
        let root = tree.root();
        let is_here = |problem: &Error| is_structure(problem) && problem.offset() == Some(root.start);
        let is_inside =
            |fault: &Error| fault.box_start().is_some_and(|at| (root.start..root.end()).contains(&at));
        let swallows = index.findings.iter().any(|fault| is_swallowed(fault) && is_inside(fault));
        let fragment = is_broken(tree) || swallows || index.problems.iter().any(is_here);
        Self { fragment, ..self }
    }

    /// Whether nothing can be told of a rule.
    pub fn hides(self, rule: &FileRule) -> bool {
        let lists = [
            (self.file, OF_FILE),
            (self.movie, OF_MOVIE),
            (self.fragments, OF_FRAGMENTS),
            (self.fragment, OF_FRAGMENT),
        ];
        lists.into_iter().any(|(is_so, list)| is_so && list.iter().any(|known| known.rule.id == rule.rule.id))
    }

    /// Whether nothing can be told of what was noted of the box at `fault`: something else in the same box of the top is no box.
    pub fn hides_fault(self, index: &Index, fault: &Error) -> bool {
        let top = |error: &Error| error.path().split('/').next().map(str::to_owned);
        let is_fragment = fault.path().starts_with("moof");
        let same = |other: &Error| is_structure(other) && top(other) == top(fault);
        let fragment = is_fragment && index.problems.iter().any(same);
        let Some(rule) = rules::find(fault.code()) else { return false };
        Self {
            fragment,
            movie: self.movie && (!is_fragment || rule.rule.id == rules::UNKNOWN_TRACK.rule.id),
            ..self
        }
        .hides(rule)
    }
}

/// Whether a box has bytes of others behind what it holds, perhaps.
fn is_swallowed(fault: &Error) -> bool {
    fault.code() == rules::LEFT_OVER_BYTES.rule.id
}

/// Whether the size of a box in it is wrong.
fn is_broken(tree: &Tree<'_>) -> bool {
    let mut is_so = false;
    tree.root().for_each(&mut |node| is_so |= node.problem.as_ref().is_some_and(is_structure));
    is_so
}

/// Whether it is the structure that is broken: what stands there is not known.
fn is_structure(problem: &Error) -> bool {
    ["unknown-bytes", "bad-box-size", "box-overrun"].contains(&problem.code())
}
