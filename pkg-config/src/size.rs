//! The size budget: what a first visit costs on the wire, as numbers in the repository, changed on purpose.

use crate::graph::{Graph, How};
use crate::headers::is_for_hosts;
use crate::project::Project;
use crate::run::{self, Outcome};
use flate2::{Compression, write::GzEncoder};
use serde_json::Value;
use std::collections::BTreeSet;
use std::io::Write;
use std::path::{Path, PathBuf};

struct Weight {
    file: PathBuf,
    raw: usize,
    gzip: usize,
    when: When,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum When {
    /// With the main page.
    Start,
    /// After that page can take a file, or when there is something to protect.
    Later,
    /// When somebody asks for it.
    Asked,
    /// With the page that uploads, which has these files for itself.
    Publish,
    /// With the page that opens addresses, which has these files for itself.
    Remote,
    /// When somebody wants to see what was made in players of other hands; these themselves are not counted.
    Preview,
}

/// Prints the size of every file of the site and holds the sums against `size.json`.
pub fn check(project: &Project) -> Outcome {
    let budget = project.read_config("size.json")?;
    let weights = weigh(project, &budget)?;
    for weight in &weights {
        let when = match weight.when {
            When::Start => "",
            When::Later => "later",
            When::Asked => "asked",
            When::Publish => "publish",
            When::Remote => "remote",
            When::Preview => "preview",
        };
        println!("  {:>9}  {:>9} gzip  {when:7}  {}", weight.raw, weight.gzip, weight.file.display());
    }
    let (page, wasm) = sums(&weights);
    let later = sum(&weights, |weight| weight.when == When::Later);
    let publish = sum(&weights, |weight| weight.when == When::Publish);
    let remote = sum(&weights, |weight| weight.when == When::Remote);
    let preview = sum(&weights, |weight| weight.when == When::Preview);
    println!(
        "  at start: {page} bytes gzip, of which wasm {wasm}; right after: {later}; to publish: {publish}; \
         to open addresses: {remote}; to preview: {preview}"
    );
    let sums = [
        ("page_gzip_max", "page", page),
        ("wasm_gzip_max", "wasm", wasm),
        ("later_gzip_max", "rest of the page", later),
        ("publish_gzip_max", "part of the page that uploads", publish),
        ("remote_gzip_max", "part of the page that opens addresses", remote),
        ("preview_gzip_max", "part of the page that previews", preview),
    ];
    for (name, what, size) in sums {
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
    Ok(sums(&weigh(project, &project.read_config("size.json")?)?))
}

fn sums(weights: &[Weight]) -> (usize, usize) {
    let at_start = |weight: &Weight| weight.when == When::Start;
    let is_wasm = |weight: &Weight| weight.file.extension().is_some_and(|extension| extension == "wasm");
    (sum(weights, at_start), sum(weights, |weight| at_start(weight) && is_wasm(weight)))
}

fn sum(weights: &[Weight], counts: impl Fn(&Weight) -> bool) -> usize {
    weights.iter().filter(|weight| counts(weight)).map(|weight| weight.gzip).sum()
}

fn weigh(project: &Project, budget: &Value) -> Outcome<Vec<Weight>> {
    let mut site = Graph::read(&project.dist())?;
    site.contents.retain(|file, _| !is_for_hosts(file));
    let rest = without_preview(&site);
    let later = fetched_later(&rest, &on_demand(&site, budget)?);
    let publish = of_page(&rest, "publish");
    let remote = of_page(&rest, "remote");
    let when = |file: &PathBuf| {
        if file.starts_with("samples") || file.starts_with("players") {
            When::Asked
        } else if is_of_preview(file) {
            When::Preview
        } else if publish.contains(file) {
            When::Publish
        } else if remote.contains(file) {
            When::Remote
        } else if later.contains(file) {
            When::Later
        } else {
            When::Start
        }
    };
    let weigh_one = |(file, bytes): (PathBuf, Vec<u8>)| {
        let gzip = gzip_len(&bytes).map_err(run::at(&file))?;
        let when = when(&file);
        Ok(Weight { file, raw: bytes.len(), gzip, when })
    };
    site.contents.into_iter().map(weigh_one).collect()
}

/// The files that `size.json` says are fetched when something is to be done with an open file.
fn on_demand(site: &Graph, budget: &Value) -> Outcome<BTreeSet<PathBuf>> {
    let names = budget["on_demand"].as_array().ok_or("size.json has no list on_demand")?;
    let names = names.iter().map(|name| {
        let file = PathBuf::from(name.as_str().unwrap_or_default());
        let there = site.contents.contains_key(&file);
        there
            .then_some(file)
            .ok_or(format!("size.json has {name} in on_demand, which is no file of the site"))
    });
    names.collect()
}

/// What is reached by `import(…)` only, and what is fetched on demand. All else of the page counts as fetched at the start,
/// needed or not.
fn fetched_later(site: &Graph, on_demand: &BTreeSet<PathBuf>) -> BTreeSet<PathBuf> {
    let at_start = site.reach([PathBuf::from("index.html")], |how| how != How::Later);
    let imported = at_start.iter().flat_map(|file| site.named_by(file)).filter(|(_, how)| *how == How::Later);
    let all = site.reach(imported.map(|(file, _)| file), |_| true);
    all.difference(&at_start).cloned().chain(on_demand.iter().cloned()).collect()
}

/// What is fetched when somebody asks for players: a folder and its styles, as the frame of its service worker takes scripts too.
fn is_of_preview(file: &Path) -> bool {
    file.starts_with("preview") || file == Path::new("style/preview.css")
}

/// The site as if nobody ever asked for players: what these alone lead to is not fetched before, either.
fn without_preview(site: &Graph) -> Graph {
    let others =
        site.contents.iter().filter(|(file, _)| !is_of_preview(file) && !file.starts_with("players"));
    Graph { contents: others.map(|(file, bytes)| (file.clone(), bytes.clone())).collect() }
}

/// What a page beside the main one has for itself, `NAME.html`: all that it names and the main page does not, and the folder of its
/// name, from which the frame of a service worker may take a script.
fn of_page(site: &Graph, name: &str) -> BTreeSet<PathBuf> {
    let main = site.reach([PathBuf::from("index.html")], |_| true);
    let own = site.reach([PathBuf::from(format!("{name}.html"))], |_| true);
    let folder = site.contents.keys().filter(|file| file.starts_with(name)).cloned();
    own.into_iter().chain(folder).filter(|file| !main.contains(file)).collect()
}

fn gzip_len(bytes: &[u8]) -> std::io::Result<usize> {
    // Level 6 is what servers and CDNs use; the best level would promise less than visitors pay.
    let mut encoder = GzEncoder::new(Vec::new(), Compression::new(6));
    encoder.write_all(bytes)?;
    Ok(encoder.finish()?.len())
}

#[cfg(test)]
mod tests {
    use super::{fetched_later, of_page, without_preview};
    use crate::graph::tests::graph;
    use std::collections::BTreeSet;
    use std::path::PathBuf;

    #[test]
    fn only_what_import_alone_reaches_or_is_said_to_be_is_fetched_later() {
        let site = graph(&[
            ("index.html", r#"<link href="./a.css"><script src="./app.js"></script>"#),
            (
                "app.js",
                r#"import{a}from"./ui/a.js";new URL("./w.js",import.meta.url);new URL("./w.wasm",import.meta.url);
                new URL("./saver.js",import.meta.url);import("./ui/late.js")"#,
            ),
            ("w.js", ""),
            ("w.wasm", ""),
            ("saver.js", ""),
            ("ui/a.js", ""),
            ("ui/late.js", r#"import"./a.js";import"./b.js";const s=`../late.css`;import("./latest.js")"#),
            ("ui/b.js", ""),
            ("ui/latest.js", ""),
            ("a.css", ""),
            ("late.css", ""),
            ("nobody-names-me.js", ""),
            ("samples/a.mp4", ""),
        ]);
        let on_demand = BTreeSet::from([PathBuf::from("saver.js")]);
        let later: Vec<PathBuf> = fetched_later(&site, &on_demand).into_iter().collect();
        let expected = ["late.css", "saver.js", "ui/b.js", "ui/late.js", "ui/latest.js"];
        assert_eq!(later, expected.map(PathBuf::from));
    }

    #[test]
    fn what_players_alone_lead_to_is_not_fetched_before() {
        let site = graph(&[
            ("index.html", r#"<script src="./app.js"></script>"#),
            ("app.js", r#"import("./preview/card.js");import("./late.js")"#),
            ("preview/card.js", "import '../publish/frame.js'; import '../late.js'; import '../other.js'"),
            ("publish.html", ""),
            ("publish/frame.js", ""),
            ("late.js", ""),
            ("other.js", ""),
            ("players/one.js", ""),
            ("style/preview.css", ""),
        ]);
        let rest = without_preview(&site);
        let later: Vec<PathBuf> = fetched_later(&rest, &BTreeSet::new()).into_iter().collect();
        assert_eq!(later, [PathBuf::from("late.js")]);
        let publish = ["publish.html", "publish/frame.js"].map(PathBuf::from);
        assert_eq!(of_page(&rest, "publish"), BTreeSet::from(publish));
    }

    #[test]
    fn what_the_page_that_uploads_alone_needs_is_counted_by_itself() {
        let site = graph(&[
            ("index.html", r#"<script src="./app.js"></script>"#),
            ("app.js", "import './both.js'"),
            ("both.js", ""),
            ("publish.html", r#"<link href="./publish.css"><script src="./publish/page.js"></script>"#),
            ("publish.css", ""),
            (
                "publish/page.js",
                "import '../both.js'; import '../own.js'; new URL('./w.js', import.meta.url)",
            ),
            ("publish/w.js", ""),
            ("publish/courier.js", ""),
            ("own.js", ""),
            ("nobody-names-me.js", ""),
        ]);
        let found: Vec<PathBuf> = of_page(&site, "publish").into_iter().collect();
        let expected = [
            "own.js",
            "publish/courier.js",
            "publish/page.js",
            "publish/w.js",
            "publish.css",
            "publish.html",
        ];
        assert_eq!(found, expected.map(PathBuf::from));
    }
}
