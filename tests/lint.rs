//! What is found in files: each rule in a file that breaks it and in none that does not, all of the corpus and the cases as a
//! list that can be read, and the page that names all rules.

#![allow(clippy::indexing_slicing, clippy::unwrap_used, missing_docs, reason = "a test may panic")]

pub mod build;
pub mod corpus;
mod damage;
mod files;
mod group_files;
mod header_files;
mod index_files;
mod locked;
mod more;
mod page;
mod plain_locked;
mod rules;
mod table_files;
mod targets;

use boxlock::report::{self, FileFindings};
use boxlock::session::Session;

use crate::support::drive::{self, Feed};

/// What is found in a file, which must open.
pub fn findings(file: &[u8]) -> FileFindings {
    let session = drive::open(file, Feed::Whole).unwrap_or_else(|error| panic!("{error}"));
    checked(&session, file)
}

/// What is found in an open file.
pub fn checked(session: &Session, file: &[u8]) -> FileFindings {
    let mut checking = report::check(session).unwrap();
    while let Some(need) = checking.needs() {
        let start = usize::try_from(need.start).unwrap();
        let end = usize::try_from(need.start + need.len).unwrap().min(file.len());
        checking.feed(&file[start..end]);
    }
    report::findings(checking)
}

/// What is found by a rule.
pub fn told(file: &[u8], rule: &str) -> Vec<String> {
    findings(file).findings.into_iter().filter(|one| one.rule == rule).map(|one| one.message).collect()
}

#[track_caller]
pub fn one(file: &[u8], rule: &str, expected: &str) {
    let told = told(file, rule);
    assert!(told.len() == 1 && told[0].contains(expected), "{expected}: {told:?}");
}

#[track_caller]
pub fn none(file: &[u8], rule: &str) {
    assert_eq!(told(file, rule), [""; 0]);
}
