//! What the integration tests share: where the corpus is, and its files.

#![allow(dead_code, missing_docs, reason = "each test binary uses its own part")]
#![allow(
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "test code reads files that fit in memory, and a panic is its way to fail"
)]

pub mod clear;
pub mod dice;
pub mod drive;
pub mod ffmpeg;
pub mod hostile;
pub mod not_run;
pub mod raw;
pub mod senc;
pub mod shaka;
pub mod strategy;
pub mod synth;
pub mod verdict;
pub mod witness;

use std::path::{Path, PathBuf};

pub use not_run::not_run;

/// The corpus of real files, beside the project or where `BOXLOCK_CORPUS` says. `None`, said aloud, when absent.
pub fn corpus() -> Option<PathBuf> {
    let path = std::env::var_os("BOXLOCK_CORPUS")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/corpus"), PathBuf::from);
    if path.is_dir() {
        return Some(path);
    }
    not_run(&format!("the corpus is not at {}; set BOXLOCK_CORPUS", path.display()));
    None
}

/// The list of the box types that inspectors should know, beside the project or where `BOXLOCK_REFERENCE` says.
pub fn box_list() -> Option<String> {
    let path = std::env::var_os("BOXLOCK_REFERENCE")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/reference"), PathBuf::from)
        .join("boxes.md");
    if path.is_file() {
        return Some(std::fs::read_to_string(path).expect("the list can be read"));
    }
    not_run(&format!("the list of box types is not at {}; set BOXLOCK_REFERENCE", path.display()));
    None
}

/// The small cases of what to protect, beside the project or where `BOXLOCK_CASES` says.
pub fn cases() -> Option<PathBuf> {
    folder_of_cases("protect")
}

/// The small cases of what to say of a file, beside those of [`cases`].
pub fn inspect_cases() -> Option<PathBuf> {
    folder_of_cases("inspect")
}

fn folder_of_cases(kind: &str) -> Option<PathBuf> {
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/cases/protect");
    let protect = std::env::var_os("BOXLOCK_CASES").map_or_else(beside, PathBuf::from);
    let path = protect.with_file_name(kind);
    if path.is_dir() {
        return Some(path);
    }
    not_run(&format!("the cases are not at {}; set BOXLOCK_CASES", path.display()));
    None
}

/// One file of the cases.
pub fn case_file(name: &str) -> Option<Vec<u8>> {
    cases().map(|root| std::fs::read(root.join(name)).unwrap_or_else(|e| panic!("{name}: {e}")))
}

/// Every file of the corpus with its bytes, in a fixed order.
pub fn corpus_files() -> Vec<(String, Vec<u8>)> {
    let Some(root) = corpus() else { return Vec::new() };
    let mut files = Vec::new();
    let mut folders = vec![root.clone()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("the corpus can be listed") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let name = path.strip_prefix(&root).expect("inside").display().to_string();
                files.push((name, std::fs::read(&path).expect("a corpus file can be read")));
            }
        }
    }
    files.sort();
    files
}

/// One file of the corpus.
pub fn corpus_file(name: &str) -> Option<Vec<u8>> {
    corpus().map(|root| std::fs::read(root.join(name)).unwrap_or_else(|e| panic!("{name}: {e}")))
}
