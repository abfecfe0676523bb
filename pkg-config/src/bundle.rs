//! Scripts and styles of `dist/`: small, and few. A browser asks for each module that another names before it knows what
//! that one names; what stands together is there at once.
//!
//! What is needed from the start is one script for each page and for the public module, what is imported later one for each
//! folder, and what several of these have in common stands in `parts/`. Workers, and scripts that frames of service workers
//! take, are one script each, with all that they import.

use crate::files;
use crate::graph::{Graph, How, is_script, join};
use crate::project::Project;
use crate::run::{self, Outcome};
use crate::site::PAGES;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

/// The public module, which other pages import.
const MODULE: &str = "boxlock.js";
/// What a folder's scripts that are imported later become.
const LATER: &str = "later.js";
/// Stands for the top of the site until it is known which script a file's name ends up in.
const TOP: &str = "@top/";

/// Takes esbuild's options, by its interface and not its command, which is a script on some machines and a program on
/// others. Nothing is rewritten for older browsers.
const ESBUILD: &str = "\
const options = { outbase: '.', target: 'esnext', legalComments: 'none', logLevel: 'warning' };
for (const more of JSON.parse(process.argv[1])) require('esbuild').buildSync({ ...options, ...more });";

/// The scripts of the site, by what becomes of them.
struct Scripts {
    workers: BTreeSet<PathBuf>,
    /// What pages and the public module import, at once or later.
    modules: BTreeSet<PathBuf>,
    /// Nobody imports them: documents name them that service workers make.
    frames: BTreeSet<PathBuf>,
}

impl Scripts {
    fn of(site: &Graph) -> Self {
        let workers = site.workers();
        let is_part = |how| how != How::Alone;
        let scripts = |from: BTreeSet<PathBuf>| -> BTreeSet<PathBuf> {
            site.reach(from, is_part).into_iter().filter(|file| is_script(file)).collect()
        };
        let modules = scripts(PAGES.iter().chain([&MODULE]).map(PathBuf::from).collect());
        let inside = scripts(workers.clone());
        let rest = |file: &&PathBuf| is_script(file) && !modules.contains(*file) && !inside.contains(*file);
        let unnamed: BTreeSet<PathBuf> = site.contents.keys().filter(rest).cloned().collect();
        let named =
            scripts(unnamed.iter().flat_map(|file| site.named_by(file)).map(|(file, _)| file).collect());
        let frames = unnamed.difference(&named).cloned().collect();
        Self { workers, modules, frames }
    }
}

/// Makes them out of the readable site.
pub fn build(project: &Project, readable: &Graph) -> Outcome {
    let (dist, folder) = (project.dist(), project.target.join("bundle"));
    files::fresh(&folder)?;
    let [bare, bundled] = ["bare", "bundled"].map(|name| folder.join(name));
    let of_kind = |kind: &str| -> Vec<&PathBuf> {
        let is_kind = |file: &&PathBuf| file.extension().is_some_and(|extension| extension == kind);
        readable.contents.keys().filter(is_kind).collect()
    };
    let from = project.readable();
    esbuild(
        project,
        &[
            json!({ "absWorkingDir": from, "outdir": dist, "minify": true, "entryPoints": of_kind("css") }),
            // Without comments no name in them is taken for an import.
            json!({ "absWorkingDir": from, "outdir": bare, "minifyWhitespace": true, "entryPoints": of_kind("js") }),
        ],
    )?;
    let mut site = Graph::read(&bare)?;
    let texts = readable.contents.iter().filter(|(file, _)| !is_script(file));
    site.contents.extend(texts.map(|(file, text)| (file.clone(), text.clone())));
    let scripts = Scripts::of(&site);
    let bundle = |more: Value| {
        let common = json!({ "absWorkingDir": bare, "minify": true, "bundle": true });
        [common, more].into_iter().filter_map(|part| part.as_object().cloned()).flatten().collect::<Value>()
    };
    esbuild(
        project,
        &[
            // Plain scripts: any other tool can copy them, minify them, or run them as modules or not.
            bundle(json!({ "format": "iife", "outdir": dist, "entryPoints": scripts.workers })),
            bundle(json!({ "format": "esm", "outdir": dist, "entryPoints": scripts.frames })),
        ],
    )?;
    site.contents.retain(|file, _| !is_script(file) || scripts.modules.contains(file));
    let entries = entries(&site);
    let later = later(&site, &entries);
    for (file, text) in gathered(&site, &later) {
        files::write(&bare.join(file), &text)?;
    }
    let all: Vec<PathBuf> =
        entries.into_iter().chain(later.keys().map(|folder| folder.join(LATER))).collect();
    let parts = json!({
        "format": "esm", "outdir": bundled, "entryPoints": all, "splitting": true, "chunkNames": "parts/[hash]",
    });
    esbuild(project, &[bundle(parts)])?;
    for file in files::list(&bundled)? {
        let path = bundled.join(&file);
        let text = std::fs::read_to_string(&path).map_err(run::at(&path))?;
        files::write(&dist.join(&file), &text.replace(TOP, &up_from(&file)))?;
    }
    Ok(())
}

fn esbuild(project: &Project, builds: &[Value]) -> Outcome {
    run::run(
        run::command("node")
            .args(["--input-type=commonjs", "--eval", ESBUILD, &json!(builds).to_string()])
            .current_dir(project.page_tests()),
    )
}

/// The first script of each page, and the public module.
fn entries(site: &Graph) -> Vec<PathBuf> {
    let first = PAGES.iter().flat_map(|page| site.named_by(Path::new(page))).map(|(file, _)| file);
    first.filter(|file| is_script(file)).chain([PathBuf::from(MODULE)]).collect()
}

/// What is imported later, by folders; first what the pages' own scripts import, since styles are added in that order.
fn later(site: &Graph, entries: &[PathBuf]) -> BTreeMap<PathBuf, Vec<PathBuf>> {
    let mut all: BTreeMap<PathBuf, Vec<PathBuf>> = BTreeMap::new();
    let named = entries.iter().chain(site.contents.keys()).flat_map(|file| site.named_by(file));
    for (file, _) in named.filter(|(_, how)| *how == How::Later) {
        let folder = all.entry(file.parent().unwrap_or(Path::new("")).to_path_buf()).or_default();
        if !folder.contains(&file) {
            folder.push(file);
        }
    }
    all
}

/// The modules that have to change, and one more for each folder: who imports later asks for all that its folder has, and
/// takes out what it wanted; and what is named by its address is named from the top of the site.
fn gathered(site: &Graph, later: &BTreeMap<PathBuf, Vec<PathBuf>>) -> Vec<(PathBuf, String)> {
    let mut changed = Vec::new();
    for (file, bytes) in site.contents.iter().filter(|(file, _)| is_script(file)) {
        let folder = file.parent().unwrap_or(Path::new(""));
        let before = String::from_utf8_lossy(bytes).into_owned();
        let mut text = before.clone();
        for (target, _) in site.named_by(file).iter().filter(|(_, how)| *how == How::Later) {
            let from = spelled(&relative(folder, target));
            let group = target.parent().unwrap_or(Path::new("")).join(LATER);
            let to =
                format!("import(\"{}\").then(all=>all.{})", spelled(&relative(folder, &group)), name(target));
            text = text.replace(&format!("import(\"{from}\")"), &to);
        }
        text = from_the_top(&text, folder);
        if text != before {
            changed.push((file.clone(), text));
        }
    }
    for (folder, targets) in later {
        let mut text = String::new();
        for target in targets {
            let from = spelled(&relative(folder, target));
            // Writing to a string cannot fail.
            let _ = writeln!(text, "export * as {} from \"{from}\";", name(target));
        }
        changed.push((folder.join(LATER), text));
    }
    changed
}

/// Addresses in `new URL("./…",` or with `../`, or what such a template begins with, told from the top of the site.
fn from_the_top(text: &str, folder: &Path) -> String {
    let mut pieces = text.split("new URL(");
    let mut all = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        all.push_str("new URL(");
        let quote = piece.chars().next().filter(|first| matches!(first, '"' | '`'));
        let address = quote.and_then(|quote| piece.get(1..)?.split(quote).next()?.split("${").next());
        let place = address
            .filter(|address| address.starts_with('.'))
            .and_then(|address| Some((quote?, address, join(folder, address)?)));
        match place {
            Some((quote, address, place)) => {
                let slash = if address.ends_with('/') { "/" } else { "" };
                all.push(quote);
                all.push_str(TOP);
                all.push_str(&spelled(&place));
                all.push_str(slash);
                all.push_str(piece.get(1 + address.len()..).unwrap_or_default());
            }
            None => all.push_str(piece),
        }
    }
    all
}

/// The way from a folder to a file, as modules write it.
fn relative(folder: &Path, file: &Path) -> PathBuf {
    let shared = folder.components().zip(file.components()).take_while(|(a, b)| a == b).count();
    let up = folder.components().skip(shared).map(|_| "..");
    let down = file.components().skip(shared).map(|part| part.as_os_str().to_str().unwrap_or_default());
    let way: PathBuf = up.chain(down).collect();
    if way.starts_with("..") { way } else { Path::new(".").join(way) }
}

/// With the slashes of addresses.
fn spelled(path: &Path) -> String {
    path.to_string_lossy().replace('\\', "/")
}

/// A script's name in the one that its folder's become.
fn name(file: &Path) -> String {
    spelled(&file.with_extension("")).replace(|letter: char| !letter.is_ascii_alphanumeric(), "_")
}

/// The way to the top of the site from where a file is.
fn up_from(file: &Path) -> String {
    match file.components().count() - 1 {
        0 => "./".to_owned(),
        folders => "../".repeat(folders),
    }
}

#[cfg(test)]
mod tests {
    use super::{Scripts, entries, from_the_top, gathered, later, relative, up_from};
    use crate::graph::tests::graph;
    use std::path::{Path, PathBuf};

    #[test]
    fn scripts_are_of_pages_of_workers_or_of_frames() {
        let site = graph(&[
            ("index.html", "<script src=\"./app.js\">"),
            ("app.js", "import './both.js'; new URL('./worker.js', import.meta.url)"),
            ("boxlock.js", ""),
            ("worker.js", "import './both.js'; import './part.js'"),
            ("both.js", ""),
            ("part.js", "import './inner.js'; import './other.js'"),
            ("inner.js", ""),
            ("publish.html", "<script src=\"./page.js\">"),
            ("page.js", "import './other.js'; import('./late.js')"),
            ("other.js", ""),
            ("late.js", ""),
            ("frame.js", "import './of-frame.js'; import './both.js'"),
            ("of-frame.js", ""),
        ]);
        let scripts = Scripts::of(&site);
        let all = |names: &[&str]| names.iter().map(PathBuf::from).collect();
        assert_eq!(scripts.workers, all(&["worker.js"]));
        assert_eq!(scripts.frames, all(&["frame.js"]));
        let modules = all(&["app.js", "both.js", "boxlock.js", "late.js", "other.js", "page.js"]);
        assert_eq!(scripts.modules, modules);
    }

    #[test]
    fn what_is_imported_later_is_one_for_each_folder() {
        let site = graph(&[
            ("index.html", "<script src=\"./app.js\">"),
            ("app.js", r#"const a=await import("./ui/z-first.js");"#),
            ("boxlock.js", r#"new URL("./engine/w.js",import.meta.url);import("./engine/keys.js")"#),
            ("engine/w.js", ""),
            ("engine/keys.js", ""),
            ("ui/a.js", r#"import("./z-first.js");import("./b.js").then(go)"#),
            ("ui/b.js", r#"import("../engine/keys.js")"#),
            ("ui/z-first.js", r#"import"./a.js";"#),
        ]);
        let entries = entries(&site);
        assert_eq!(entries, ["app.js", "boxlock.js"].map(PathBuf::from));
        let later = later(&site, &entries);
        let texts: Vec<(String, String)> = gathered(&site, &later)
            .into_iter()
            .map(|(file, text)| (file.display().to_string(), text))
            .collect();
        let pair = |file: &str, text: &str| (file.to_owned(), text.to_owned());
        assert_eq!(
            texts,
            [
                pair("app.js", r#"const a=await import("./ui/later.js").then(all=>all.ui_z_first);"#),
                pair(
                    "boxlock.js",
                    r#"new URL("@top/engine/w.js",import.meta.url);import("./engine/later.js").then(all=>all.engine_keys)"#
                ),
                pair(
                    "ui/a.js",
                    r#"import("./later.js").then(all=>all.ui_z_first);import("./later.js").then(all=>all.ui_b).then(go)"#
                ),
                pair("ui/b.js", r#"import("../engine/later.js").then(all=>all.engine_keys)"#),
                pair("engine/later.js", "export * as engine_keys from \"./keys.js\";\n"),
                pair(
                    "ui/later.js",
                    "export * as ui_z_first from \"./z-first.js\";\nexport * as ui_b from \"./b.js\";\n"
                ),
            ]
        );
    }

    #[test]
    fn addresses_are_told_from_the_top() {
        let text = "new URL(`../players/${name}`,x),new URL(\"./a.js\",x),new URL(`${a}/b`),new URL(\"/c\",x),new URL(d)";
        assert_eq!(
            from_the_top(text, Path::new("preview")),
            "new URL(`@top/players/${name}`,x),new URL(\"@top/preview/a.js\",x),new URL(`${a}/b`),new URL(\"/c\",x),new URL(d)"
        );
        assert_eq!(relative(Path::new("a/b"), Path::new("a/c/d.js")), Path::new("../c/d.js"));
        assert_eq!(relative(Path::new(""), Path::new("d.js")), Path::new("./d.js"));
        assert_eq!(
            ["a.js", "b/a.js", "b/c/a.js"].map(|file| up_from(Path::new(file))),
            ["./", "../", "../../"]
        );
    }
}
