//! `dist/`: the page's files and the engine, as any static host serves them.

use crate::files;
use crate::graph::{Graph, How, is_script};
use crate::project::Project;
use crate::run::{self, Outcome};
use crate::{headers, players, size, wasm};
use serde_json::json;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// Takes the folders, the scripts that become one bundle each, and the files that stay the modules they are. By
/// esbuild's interface and not its command, which is a script on some machines and a program on others. A bundle is a
/// plain script: any other tool can copy it, minify it, or run it as a module or not.
const MINIFY: &str = "\
const [absWorkingDir, outdir, workers, modules] = process.argv.slice(1);
const common = {
  absWorkingDir, outdir, outbase: '.', minify: true, target: 'esnext', legalComments: 'none', logLevel: 'warning',
};
const { buildSync } = require('esbuild');
buildSync({ ...common, entryPoints: JSON.parse(modules) });
buildSync({ ...common, entryPoints: JSON.parse(workers), bundle: true, format: 'iife' });";

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
    files::fresh(&dist)?;
    let site = Graph::read(&readable)?;
    let inside = inside_workers(&site);
    for file in site.contents.keys().filter(|file| !inside.contains(*file)) {
        files::copy(&readable.join(file), &dist.join(file))?;
    }
    minify(project, &site, &inside)?;
    // The page's footer says which build this is.
    let build = json!({ "version": project.version, "commit": project.commit() });
    files::write(&dist.join("build.json"), &format!("{build}\n"))?;
    players::add(project)?;
    headers::write(project)?;
    size::check(project)
}

/// What the page has of packages from npm: where it stands there, and in the site. Their licences go along.
const FROM_NPM: [(&str, &str); 3] = [
    ("uplot/dist/uPlot.esm.js", "ui/uplot.js"),
    ("uplot/dist/uPlot.min.css", "style/uplot.css"),
    ("uplot/LICENSE", "ui/uplot.LICENSE.txt"),
];

/// Every page of the site. Each is opened by itself.
pub const PAGES: [&str; 3] = ["index.html", "publish.html", "remote.html"];

/// What workers alone import, and what is therefore in their bundles and nowhere else.
fn inside_workers(site: &Graph) -> BTreeSet<PathBuf> {
    let is_part = |how| how != How::Alone;
    let workers = site.workers();
    let page = site.reach(PAGES.map(PathBuf::from), is_part);
    let parts = site.reach(workers.clone(), is_part);
    parts.into_iter().filter(|file| !page.contains(file) && !workers.contains(file)).collect()
}

/// Scripts and styles without comments, spaces and long local names, and nothing rewritten for older browsers: each by
/// itself, so that they stay the modules that `www/` has, but for the workers.
fn minify(project: &Project, site: &Graph, inside: &BTreeSet<PathBuf>) -> Outcome {
    let workers = site.workers();
    let is_module = |file: &&PathBuf| {
        (is_script(file) || file.extension().is_some_and(|extension| extension == "css"))
            && !(file.starts_with("samples") || workers.contains(*file) || inside.contains(*file))
    };
    let modules: Vec<&PathBuf> = site.contents.keys().filter(is_module).collect();
    run::run(
        run::command("node")
            .args(["--input-type=commonjs", "--eval", MINIFY])
            .args([project.readable(), project.dist()])
            .args([json!(workers), json!(modules)].map(|list| list.to_string()))
            .current_dir(project.page_tests()),
    )
}

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
    use super::{inside_workers, is_served};
    use crate::graph::tests::graph;
    use std::path::{Path, PathBuf};

    #[test]
    fn what_only_workers_import_is_served_inside_of_them() {
        let site = graph(&[
            ("index.html", "<script src=\"./app.js\">"),
            ("app.js", "import './both.js'; new URL('./worker.js', import.meta.url)"),
            ("worker.js", "import './both.js'; import './part.js'"),
            ("both.js", ""),
            ("part.js", "import './inner.js'; import './other.js'"),
            ("inner.js", ""),
            ("publish.html", "<script src=\"./page.js\">"),
            ("page.js", "import './other.js'"),
            ("other.js", ""),
            ("nobody-names-me.js", ""),
        ]);
        let inside: Vec<PathBuf> = inside_workers(&site).into_iter().collect();
        assert_eq!(inside, ["inner.js", "part.js"].map(PathBuf::from));
    }

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
