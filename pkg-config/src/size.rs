//! The size budget: what a first visit costs on the wire, as numbers in the repository, changed on purpose.

use crate::files;
use crate::headers::is_for_hosts;
use crate::project::Project;
use crate::run::{self, Outcome};
use flate2::{Compression, write::GzEncoder};
use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::path::{Path, PathBuf};

struct Weight {
    file: PathBuf,
    raw: usize,
    gzip: usize,
    /// Fetched after the page can take a file.
    later: bool,
}

/// Prints the size of every file of the site and holds the sums against `size.json`.
pub fn check(project: &Project) -> Outcome {
    let budget = project.read_config("size.json")?;
    let weights = weigh(&project.dist())?;
    for weight in &weights {
        let when = if weight.later { "later" } else { "" };
        println!("  {:>9}  {:>9} gzip  {when:5}  {}", weight.raw, weight.gzip, weight.file.display());
    }
    let (page, wasm) = sums(&weights);
    // Samples are fetched when somebody asks for them, so they are no part of either sum.
    let after = |weight: &&Weight| weight.later && !weight.file.starts_with("samples");
    let later: usize = weights.iter().filter(after).map(|weight| weight.gzip).sum();
    println!("  at start: {page} bytes gzip, of which wasm {wasm}; right after: {later}");
    for (name, what, size) in [("page_gzip_max", "page", page), ("wasm_gzip_max", "wasm", wasm)] {
        let max = budget[name].as_u64().ok_or_else(|| format!("size.json has no number {name}"))?;
        if size as u64 > max {
            return Err(format!(
                "The {what} is {size} bytes gzip, {} more than {name} in pkg-config/size.json allows. \
                 Make it smaller, or raise the number in a commit that says what the bytes buy",
                size as u64 - max
            ));
        }
    }
    Ok(())
}

/// What a first visit loads, after gzip: the page, and the wasm in it.
pub fn at_start(project: &Project) -> Outcome<(usize, usize)> {
    Ok(sums(&weigh(&project.dist())?))
}

fn sums(weights: &[Weight]) -> (usize, usize) {
    let at_start = |weight: &&Weight| !weight.later;
    let is_wasm = |weight: &&Weight| weight.file.extension().is_some_and(|extension| extension == "wasm");
    let page = weights.iter().filter(at_start).map(|weight| weight.gzip).sum();
    let wasm = weights.iter().filter(is_wasm).map(|weight| weight.gzip).sum();
    (page, wasm)
}

fn weigh(folder: &Path) -> Outcome<Vec<Weight>> {
    let mut contents = BTreeMap::new();
    for file in files::list(folder)?.into_iter().filter(|file| !is_for_hosts(file)) {
        let path = folder.join(&file);
        contents.insert(file, std::fs::read(&path).map_err(run::at(&path))?);
    }
    let later = fetched_later(&contents);
    let weigh_one = |(file, bytes): (PathBuf, Vec<u8>)| {
        let gzip = gzip_len(&bytes).map_err(run::at(&file))?;
        let later = later.contains(&file);
        Ok(Weight { file, raw: bytes.len(), gzip, later })
    };
    contents.into_iter().map(weigh_one).collect()
}

/// The samples, and what is reached by `import(…)` only. All else counts as fetched at the start, needed or not.
fn fetched_later(contents: &BTreeMap<PathBuf, Vec<u8>>) -> BTreeSet<PathBuf> {
    let at_start = reach(contents, vec![PathBuf::from("index.html")], false);
    let imported =
        at_start.iter().flat_map(|file| references(contents, file)).filter(|(_, dynamic)| *dynamic);
    let all = reach(contents, imported.map(|(file, _)| file).collect(), true);
    let samples = contents.keys().filter(|file| file.starts_with("samples")).cloned();
    all.difference(&at_start).cloned().chain(samples).collect()
}

/// Everything that `from` refers to, directly or not, itself included.
fn reach(
    contents: &BTreeMap<PathBuf, Vec<u8>>,
    mut from: Vec<PathBuf>,
    follow_dynamic: bool,
) -> BTreeSet<PathBuf> {
    let mut reached = BTreeSet::new();
    while let Some(file) = from.pop() {
        let onward = references(contents, &file).into_iter();
        if reached.insert(file) {
            from.extend(onward.filter(|(_, dynamic)| follow_dynamic || !dynamic).map(|(file, _)| file));
        }
    }
    reached
}

/// The files that `file` names in quotes, whatever for, and whether each is named in `import(…)`.
fn references(contents: &BTreeMap<PathBuf, Vec<u8>>, file: &Path) -> Vec<(PathBuf, bool)> {
    let read = file.extension().is_some_and(|extension| extension == "js" || extension == "html");
    let Some(bytes) = contents.get(file).filter(|_| read) else { return Vec::new() };
    let text = String::from_utf8_lossy(bytes);
    let pieces: Vec<&str> = text.split(['"', '\'', '`']).collect();
    let named = pieces.windows(2).filter_map(|pair| {
        let [before, name] = pair else { return None };
        let found = resolve(file.parent()?, name).filter(|path| contents.contains_key(path))?;
        Some((found, before.trim_end().ends_with("import(")))
    });
    named.collect()
}

/// `name` as seen from `folder`, without dots.
fn resolve(folder: &Path, name: &str) -> Option<PathBuf> {
    let mut path = folder.to_path_buf();
    for part in name.split('/') {
        match part {
            "." => {}
            ".." => path.pop().then_some(())?,
            part => path.push(part),
        }
    }
    Some(path)
}

fn gzip_len(bytes: &[u8]) -> std::io::Result<usize> {
    // Level 6 is what servers and CDNs use; the best level would promise less than visitors pay.
    let mut encoder = GzEncoder::new(Vec::new(), Compression::new(6));
    encoder.write_all(bytes)?;
    Ok(encoder.finish()?.len())
}

#[cfg(test)]
mod tests {
    use super::fetched_later;
    use std::collections::BTreeMap;
    use std::path::PathBuf;

    #[test]
    fn only_what_import_alone_reaches_is_fetched_later() {
        let site = [
            ("index.html", r#"<link href="./a.css"><script src="./app.js"></script>"#),
            (
                "app.js",
                r#"import{a}from"./ui/a.js";new Worker(new URL("./w.js",import.meta.url));import("./ui/late.js")"#,
            ),
            ("w.js", "fetch('w.wasm')"),
            ("w.wasm", ""),
            ("ui/a.js", ""),
            ("ui/late.js", r#"import"./a.js";import"./b.js";const s=`../late.css`;import("./latest.js")"#),
            ("ui/b.js", ""),
            ("ui/latest.js", ""),
            ("a.css", ""),
            ("late.css", ""),
            ("nobody-names-me.js", ""),
            ("samples/a.mp4", ""),
        ];
        let contents: BTreeMap<PathBuf, Vec<u8>> =
            site.iter().map(|(file, text)| (PathBuf::from(file), text.as_bytes().to_vec())).collect();
        let later: Vec<PathBuf> = fetched_later(&contents).into_iter().collect();
        let expected = ["late.css", "samples/a.mp4", "ui/b.js", "ui/late.js", "ui/latest.js"];
        assert_eq!(later, expected.map(PathBuf::from));
    }
}
