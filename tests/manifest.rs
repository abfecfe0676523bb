//! Manifests: read, held to their rules and to files, and written. Genuine ones are those of the corpus.

#![allow(
    clippy::cast_possible_truncation,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::unwrap_used,
    missing_docs,
    reason = "clippy.toml allows these in tests, but does not see that a whole file is one"
)]

mod described;
mod genuine;
mod header;
mod hostile;
mod judges;
mod odd;
mod rules;
mod segment_index;
mod set;
mod shapes;
mod written;

use crate::support;

use boxlock::manifest::{self, DescribedFile, Finding, Parsed, Wishes, Written};

/// Reads a manifest; what is found comes along.
pub fn read(text: &str, files: &[DescribedFile]) -> (Parsed, Vec<Finding>) {
    let (parsed, manifest) =
        manifest::read(text.as_bytes(), files).unwrap_or_else(|error| panic!("{error}: {text}"));
    (parsed, manifest.findings)
}

/// Writes all forms.
pub fn write(files: &[DescribedFile]) -> Written {
    manifest::write(files, &Wishes { name: "set".to_owned(), ..Wishes::default() }).unwrap()
}

/// The text of a form that was written.
pub fn text<'w>(written: &'w Written, form: &str) -> &'w str {
    let found = written.files.iter().find(|file| file.form == form);
    &found.unwrap_or_else(|| panic!("no {form}: {:?}", written.notes)).text
}

/// IDs of the rules that are broken.
pub fn ids(findings: &[Finding]) -> Vec<&'static str> {
    findings.iter().map(|finding| finding.rule).collect()
}
