//! `pkg/`: the npm package: the public module, everything it reaches, and its types.

use crate::files;
use crate::project::Project;
use crate::run::{self, Outcome};
use serde_json::Value;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Component, Path, PathBuf};

const ENTRY: &str = "boxlock.js";

/// Makes the package out of the site's files, as they were before minifying: who builds on them minifies by their own
/// rules, and reads them while debugging.
pub fn build(project: &Project) -> Outcome {
    let (site, pkg) = (project.readable(), project.pkg());
    if !site.join(ENTRY).is_file() {
        println!("  no www/{ENTRY}: there is no npm package to make");
        return Ok(());
    }
    files::fresh(&pkg)?;
    for file in reached_from(&site, Path::new(ENTRY))? {
        files::copy(&site.join(&file), &pkg.join(&file))?;
    }
    emit_types(project)?;
    files::write(&pkg.join("package.json"), &manifest(project)?)
}

fn manifest(project: &Project) -> Outcome<String> {
    let mut manifest = project.read_config("package.json")?;
    manifest["version"] = Value::String(project.version.clone());
    serde_json::to_string_pretty(&manifest).map(|text| text + "\n").map_err(|e| e.to_string())
}

/// The types of the public module, made from its JSDoc, beside the hand-written ones they refer to.
fn emit_types(project: &Project) -> Outcome {
    let hand_written = project.www().join("types.d.ts");
    files::copy(&hand_written, &project.pkg().join("types.d.ts"))?;
    run::run(&mut typescript(project, "tsconfig.package.json"))
}

/// TypeScript as the lock pins it, on one of the configurations in this folder.
pub fn typescript(project: &Project, config: &str) -> std::process::Command {
    let mut command = run::command("node");
    command.arg(project.page_tests().join("node_modules/typescript/bin/tsc"));
    command.arg("--project").arg(project.config(config)).current_dir(&project.root);
    command
}

/// The module, its imports, its workers and their wasm: every file of the site that a string literal in a reached
/// script names. A literal that names a file by accident only makes the package a file larger; a parser for one
/// `new URL(…, import.meta.url)` would make this tool a bundler.
fn reached_from(site: &Path, entry: &Path) -> Outcome<BTreeSet<PathBuf>> {
    let mut reached = BTreeSet::new();
    let mut open = vec![entry.to_path_buf()];
    while let Some(file) = open.pop() {
        if file.extension().is_some_and(|extension| extension == "js") {
            let path = site.join(&file);
            let text = fs::read_to_string(&path).map_err(run::at(&path))?;
            let folder = file.parent().unwrap_or(Path::new(""));
            let named = literals(&text).filter_map(|literal| join(folder, literal));
            open.extend(named.filter(|name| site.join(name).is_file() && !reached.contains(name)));
        }
        reached.insert(file);
    }
    Ok(reached)
}

/// Whatever stands between two equal quotes on one line.
fn literals(script: &str) -> impl Iterator<Item = &str> {
    script
        .lines()
        .flat_map(|line| ['\'', '"'].into_iter().flat_map(|quote| line.split(quote).skip(1).step_by(2)))
}

/// `./a/../b` below `folder`, or none when it leaves the site or is no path.
fn join(folder: &Path, relative: &str) -> Option<PathBuf> {
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
mod tests {
    use super::{join, literals};
    use std::path::{Path, PathBuf};

    #[test]
    fn imports_and_workers_are_seen_as_literals() {
        let script = "import { a } from './a.js';\nnew Worker(new URL(\"./w.js\", import.meta.url), { type: 'module' });";
        assert_eq!(literals(script).collect::<Vec<_>>(), ["./a.js", "module", "./w.js"]);
    }

    #[test]
    fn the_manifest_keeps_its_order() {
        // `types` must come before `default`, which fits always.
        let manifest: serde_json::Value = serde_json::from_str(include_str!("../package.json")).unwrap();
        let conditions = manifest["exports"]["."].as_object().unwrap();
        assert_eq!(conditions.keys().collect::<Vec<_>>(), ["types", "default"]);
    }

    #[test]
    fn paths_stay_inside_the_site() {
        assert_eq!(join(Path::new("engine"), "../files/save.js"), Some(PathBuf::from("files/save.js")));
        assert_eq!(join(Path::new("engine"), "../../etc"), None);
        assert_eq!(join(Path::new("engine"), "/etc"), None);
    }
}
