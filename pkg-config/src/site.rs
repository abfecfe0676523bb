//! `dist/`: the page's files and the engine, as any static host serves them.

use crate::files;
use crate::project::Project;
use crate::run::{self, Outcome};
use crate::{headers, size, wasm};
use serde_json::json;
use std::path::Path;

/// Takes the folder and the files in it. By esbuild's interface and not its command, which is a script on some
/// machines and a program on others.
const MINIFY: &str = "\
const [absWorkingDir, ...entryPoints] = process.argv.slice(1);
require('esbuild').buildSync({
  absWorkingDir, entryPoints, outdir: '.', outbase: '.', allowOverwrite: true,
  minify: true, target: 'esnext', legalComments: 'none', logLevel: 'warning',
});";

pub fn build(project: &Project) -> Outcome {
    wasm::build(project)?;
    let (readable, dist) = (project.readable(), project.dist());
    files::fresh(&readable)?;
    copy_all(&project.www(), &readable, is_served)?;
    copy_all(&project.generated(), &readable.join("engine/wasm"), is_served)?;
    files::fresh(&dist)?;
    copy_all(&readable, &dist, |_| true)?;
    minify(project, &dist)?;
    // The page's footer says which build this is.
    let build = json!({ "version": project.version, "commit": project.commit() });
    files::write(&dist.join("build.json"), &format!("{build}\n"))?;
    headers::write(project)?;
    size::check(project)
}

/// Scripts and styles without comments, spaces and long local names: file by file, so that they stay the modules that
/// `www/` has, and nothing rewritten for older browsers.
fn minify(project: &Project, dist: &Path) -> Outcome {
    let mut files = files::list(dist)?;
    files.retain(|file| {
        file.extension().is_some_and(|extension| extension == "js" || extension == "css")
            && !file.starts_with("samples")
    });
    run::run(
        run::command("node")
            .args(["--input-type=commonjs", "--eval", MINIFY])
            .arg(dist)
            .args(files)
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
