//! Copying and listing folders.

use crate::run::{self, Outcome};
use std::fs;
use std::path::{Path, PathBuf};

/// Every file below `folder`, relative to it, in a stable order; none when there is no such folder.
pub fn list(folder: &Path) -> Outcome<Vec<PathBuf>> {
    let mut found = Vec::new();
    if folder.is_dir() {
        walk(folder, Path::new(""), &mut found)?;
    }
    found.sort();
    Ok(found)
}

fn walk(folder: &Path, inner: &Path, found: &mut Vec<PathBuf>) -> Outcome {
    for entry in fs::read_dir(folder).map_err(run::at(folder))? {
        let entry = entry.map_err(run::at(folder))?;
        let inner = inner.join(entry.file_name());
        if entry.path().is_dir() { walk(&entry.path(), &inner, found)? } else { found.push(inner) }
    }
    Ok(())
}

/// Copies one file, making the folders it needs.
pub fn copy(from: &Path, to: &Path) -> Outcome {
    folder_of(to)?;
    fs::copy(from, to).map(drop).map_err(run::at(from))
}

fn folder_of(file: &Path) -> Outcome {
    file.parent().map_or(Ok(()), |folder| fs::create_dir_all(folder).map_err(run::at(folder)))
}

/// An empty folder, whatever was there before.
pub fn fresh(folder: &Path) -> Outcome {
    if folder.exists() {
        fs::remove_dir_all(folder).map_err(run::at(folder))?;
    }
    fs::create_dir_all(folder).map_err(run::at(folder))
}

/// Writes one file, making the folders it needs.
pub fn write(path: &Path, content: &str) -> Outcome {
    folder_of(path)?;
    fs::write(path, content).map_err(run::at(path))
}
