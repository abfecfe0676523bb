//! Faults of single boxes, and the paths by which the boxes at fault are found.

use crate::boxes::tree::path_segment;
use crate::boxes::{Tree, faults};
use crate::bytes::{Error, limits};

use super::index::Index;
use super::top::Paths;

/// Adds the faults of the boxes of `tree`, but for those that are among the problems already.
pub(super) fn find(index: &mut Index, tree: &Tree<'_>) {
    let Index { problems, findings, moov, .. } = index;
    // What has just been noted of this tree is the last of the problems.
    let known = problems.last().and_then(Error::box_start);
    faults::find(tree, moov.as_ref(), &mut |fault| {
        let has_room = findings.len() < limits::PROBLEMS;
        if has_room && fault.box_start() != known {
            findings.push(fault);
        }
        has_room
    });
}

/// Puts the number of the top-level box into the path of every fault: `moof[3]/traf/trun`.
pub(super) fn number_paths(index: &mut Index) {
    let Index { problems, findings, top, .. } = index;
    let mut faults: Vec<&mut Error> = problems.iter_mut().chain(findings).collect();
    faults.sort_by_key(|fault| place(fault));
    let mut faults = faults.into_iter().peekable();
    let mut paths = Paths::default();
    for number in 0..top.len() {
        let Some(next) = faults.peek() else { return };
        let Some(found) = top.get(number) else { return };
        if place(next) >= found.end() {
            continue;
        }
        paths.go_to(top, number);
        let Some((found, segment)) = paths.next(top) else { return };
        while let Some(fault) = faults.next_if(|fault| place(fault) < found.end()) {
            let is_inside = place(fault) >= found.start;
            let outermost = path_segment(found.id, 0);
            let path = fault.path();
            let is_of_it = path.is_empty() || path == outermost || path.starts_with(&format!("{outermost}/"));
            if is_inside && is_of_it {
                let named = std::mem::replace(fault, Error::file("", ""));
                *fault = named.with_outermost(segment.clone());
            }
        }
    }
}

/// Where the box at fault begins, or, where that is not known, the byte.
fn place(fault: &Error) -> u64 {
    fault.box_start().or(fault.offset()).unwrap_or(u64::MAX)
}
