//! `dist/`: the page's files and the engine, as any static host serves them.

use crate::files;
use crate::graph::{Graph, is_script};
use crate::project::Project;
use crate::run::{self, Outcome};
use crate::{bundle, headers, players, size, wasm};
use serde_json::json;
use std::path::Path;

pub fn build(project: &Project) -> Outcome {
    wasm::build(project)?;
    let (readable, dist) = (project.readable(), project.dist());
    files::fresh(&readable)?;
    copy_all(&project.www(), &readable, is_served)?;
    copy_all(&project.generated(), &readable.join("engine/wasm"), is_served)?;
    let packages = project.page_tests().join("node_modules");
    for (from, to) in FROM_NPM {
        files::copy(&packages.join(from), &readable.join(to))?;
    }
    speak_english(&readable.join(CHARTS))?;
    files::fresh(&dist)?;
    let site = Graph::read(&readable)?;
    for file in site.contents.keys().filter(|file| !is_script(file)) {
        files::copy(&readable.join(file), &dist.join(file))?;
    }
    bundle::build(project, &site)?;
    // The page's footer says which build this is.
    let build = json!({ "version": project.version, "commit": project.commit() });
    files::write(&dist.join("build.json"), &format!("{build}\n"))?;
    players::add(project)?;
    headers::write(project)?;
    size::check(project)
}

const CHARTS: &str = "ui/uplot.js";

/// Charts ask for the browser's language while they are loaded, and some have one that `Intl` does not know: the page would be
/// gone. It is English.
fn speak_english(charts: &Path) -> Outcome {
    const ASKED: &str = "Intl.NumberFormat(domEnv ? nav.language : 'en-US')";
    let text = std::fs::read_to_string(charts).map_err(run::at(charts))?;
    let [before, after] = text.split(ASKED).collect::<Vec<_>>()[..] else {
        return Err(format!("{} no longer has one `{ASKED}`", charts.display()));
    };
    files::write(charts, &format!("{before}Intl.NumberFormat('en'){after}"))
}

/// What the page has of packages from npm: where it stands there, and in the site. Their licences go along.
const FROM_NPM: [(&str, &str); 3] = [
    ("uplot/dist/uPlot.esm.js", CHARTS),
    ("uplot/dist/uPlot.min.css", "style/uplot.css"),
    ("uplot/LICENSE", "ui/uplot.LICENSE.txt"),
];

/// Every page of the site. Each is opened by itself.
pub const PAGES: [&str; 3] = ["index.html", "publish.html", "remote.html"];

fn copy_all(from: &Path, to: &Path, wanted: fn(&Path) -> bool) -> Outcome {
    for file in files::list(from)?.iter().filter(|file| wanted(file)) {
        files::copy(&from.join(file), &to.join(file))?;
    }
    Ok(())
}

/// Types, notes and editor settings stay at home.
fn is_served(file: &Path) -> bool {
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    let hidden = file.components().any(|part| part.as_os_str().to_string_lossy().starts_with('.'));
    !(hidden || name.ends_with(".d.ts") || name == "tsconfig.json" || name == "README.md")
}

#[cfg(test)]
mod tests {
    use super::is_served;
    use std::path::Path;

    #[test]
    fn only_what_the_page_needs_is_served() {
        for name in ["index.html", "engine/worker.js", "style/tokens.css", "samples/a.ismv"] {
            assert!(is_served(Path::new(name)), "{name}");
        }
        for name in
            ["types.d.ts", "engine/wasm/boxlock_engine.d.ts", "README.md", "samples/README.md", ".DS_Store"]
        {
            assert!(!is_served(Path::new(name)), "{name}");
        }
    }
}
