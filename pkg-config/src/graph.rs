//! Which files of the site name which others, and how: read from quoted words in scripts and pages. A word that names a
//! file by accident only makes it count as needed.

use crate::files;
use crate::run::{self, Outcome};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Component, Path, PathBuf};

/// How a file is named by another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum How {
    /// `import … from`, `<script src>`, or anything else that is there from the start.
    Now,
    /// `import(…)`.
    Later,
    /// `new URL(…, import.meta.url)`: a worker or an asset, which does not become a part of who names it.
    Alone,
}

/// The files of a folder with their contents.
pub struct Graph {
    pub contents: BTreeMap<PathBuf, Vec<u8>>,
}

impl Graph {
    pub fn read(folder: &Path) -> Outcome<Self> {
        let read = |file: PathBuf| {
            let path = folder.join(&file);
            std::fs::read(&path).map(|bytes| (file, bytes)).map_err(run::at(&path))
        };
        files::list(folder)?.into_iter().map(read).collect::<Outcome<_>>().map(|contents| Self { contents })
    }

    /// Everything that `from` names, directly or not, itself included, by way of what `follow` allows.
    pub fn reach(
        &self,
        from: impl IntoIterator<Item = PathBuf>,
        follow: impl Fn(How) -> bool,
    ) -> BTreeSet<PathBuf> {
        let mut reached = BTreeSet::new();
        let mut open: Vec<PathBuf> = from.into_iter().collect();
        while let Some(file) = open.pop() {
            let onward = self.named_by(&file);
            if reached.insert(file) {
                open.extend(onward.into_iter().filter(|(_, how)| follow(*how)).map(|(file, _)| file));
            }
        }
        reached
    }

    /// The files that `file` names in quotes, and how.
    pub fn named_by(&self, file: &Path) -> Vec<(PathBuf, How)> {
        let read = is_script(file) || file.extension().is_some_and(|extension| extension == "html");
        let Some(bytes) = self.contents.get(file).filter(|_| read) else { return Vec::new() };
        let text = String::from_utf8_lossy(bytes);
        let folder = file.parent().unwrap_or(Path::new(""));
        let pieces: Vec<&str> = text.split(['"', '\'', '`']).collect();
        let named = pieces.windows(3).filter_map(|three| {
            let [before, name, after] = three else { return None };
            let found = join(folder, name).filter(|path| self.contents.contains_key(path))?;
            Some((found, how(before, after)))
        });
        named.collect()
    }

    /// The scripts that are run by themselves, as workers: bundlers copy them as they are.
    pub fn workers(&self) -> BTreeSet<PathBuf> {
        let named = self.contents.keys().flat_map(|file| self.named_by(file));
        named.filter(|(file, how)| *how == How::Alone && is_script(file)).map(|(file, _)| file).collect()
    }
}

pub fn is_script(file: &Path) -> bool {
    file.extension().is_some_and(|extension| extension == "js")
}

fn how(before: &str, after: &str) -> How {
    let before = before.trim_end();
    let call: String = after.split_whitespace().collect();
    if before.ends_with("import(") {
        How::Later
    } else if before.ends_with("new URL(") && call.starts_with(",import.meta.url") {
        How::Alone
    } else {
        How::Now
    }
}

/// `./a/../b` below `folder`, or none when it leaves the site or is no path.
pub fn join(folder: &Path, relative: &str) -> Option<PathBuf> {
    let mut joined = folder.to_path_buf();
    for part in Path::new(relative).components() {
        match part {
            Component::Normal(name) => joined.push(name),
            Component::CurDir => {}
            Component::ParentDir => joined.pop().then_some(())?,
            Component::RootDir | Component::Prefix(_) => return None,
        }
    }
    Some(joined)
}

#[cfg(test)]
pub mod tests {
    use super::{Graph, How, join};
    use std::path::{Path, PathBuf};

    pub fn graph(files: &[(&str, &str)]) -> Graph {
        let entry = |(file, text): &(&str, &str)| (PathBuf::from(file), text.as_bytes().to_vec());
        Graph { contents: files.iter().map(entry).collect() }
    }

    #[test]
    fn a_file_is_named_at_once_later_or_alone() {
        let site = graph(&[
            (
                "ui/page.js",
                "import { a } from '../a.js';\nconst late = await import(\"../b.js\");\n\
                 new URL('../w.js', import.meta.url);new URL(\n  \"../e.wasm\",\n  import.meta.url,\n);\n\
                 new URL('../s.mp4', document.baseURI); 'no file'; '../../c.js'; '/a.js'",
            ),
            ("a.js", "import './ui/page.js'"),
            ("b.js", ""),
            ("c.js", ""),
            ("w.js", "import './only-of-w.js'"),
            ("only-of-w.js", ""),
            ("e.wasm", ""),
            ("s.mp4", "'a.js'"),
        ]);
        let named = |name: &str, how| (PathBuf::from(name), how);
        let expected = [
            named("a.js", How::Now),
            named("b.js", How::Later),
            named("w.js", How::Alone),
            named("e.wasm", How::Alone),
            named("s.mp4", How::Now),
        ];
        assert_eq!(site.named_by(Path::new("ui/page.js")), expected);
        assert_eq!(site.named_by(Path::new("s.mp4")), []);
        assert_eq!(site.workers().into_iter().collect::<Vec<_>>(), [PathBuf::from("w.js")]);
        let page = site.reach([PathBuf::from("a.js")], |how| how != How::Alone);
        assert_eq!(
            page.into_iter().collect::<Vec<_>>(),
            ["a.js", "b.js", "s.mp4", "ui/page.js"].map(PathBuf::from)
        );
    }

    #[test]
    fn paths_stay_inside_the_site() {
        assert_eq!(join(Path::new("engine"), "../files/save.js"), Some(PathBuf::from("files/save.js")));
        assert_eq!(join(Path::new("engine"), "../../etc"), None);
        assert_eq!(join(Path::new("engine"), "/etc"), None);
    }
}
