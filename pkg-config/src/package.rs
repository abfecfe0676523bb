//! `pkg/`: the npm package: the public module, everything it reaches, and its types.

use crate::files;
use crate::graph::{Graph, How};
use crate::project::Project;
use crate::run::{self, Outcome};
use serde_json::Value;
use std::path::PathBuf;

const ENTRY: &str = "boxlock.js";
/// The section of the README that is about the module.
const SECTION: &str = "As a module";
const TEXTS: [&str; 3] = ["CHANGELOG.md", "LICENSE-APACHE", "LICENSE-MIT"];

/// Makes the package out of the site's files. The module and what it imports are as they were before minifying: who
/// builds on them minifies by their own rules, and reads them while debugging. Workers and wasm, which builds only copy,
/// are as the site has them.
pub fn build(project: &Project) -> Outcome {
    let (readable, pkg) = (project.readable(), project.pkg());
    let site = Graph::read(&readable)?;
    if !site.contents.contains_key(&PathBuf::from(ENTRY)) {
        return Err(format!("www/{ENTRY} is missing: there is no package to make"));
    }
    files::fresh(&pkg)?;
    let modules = site.reach([PathBuf::from(ENTRY)], |how| how != How::Alone);
    for file in &modules {
        files::copy(&readable.join(file), &pkg.join(file))?;
        for (asset, _) in site.named_by(file).iter().filter(|(_, how)| *how == How::Alone) {
            files::copy(&project.dist().join(asset), &pkg.join(asset))?;
        }
    }
    files::copy(&project.www().join("types.d.ts"), &pkg.join("types.d.ts"))?;
    for text in TEXTS {
        files::copy(&project.root.join(text), &pkg.join(text))?;
    }
    files::write(&pkg.join("README.md"), &readme(project)?)?;
    files::write(&pkg.join("package.json"), &manifest(project)?)
}

fn manifest(project: &Project) -> Outcome<String> {
    let mut manifest = project.read_config("package.json")?;
    manifest["version"] = Value::String(project.version.clone());
    serde_json::to_string_pretty(&manifest).map(|text| text + "\n").map_err(|e| e.to_string())
}

/// What the project's README says of the module, for those who have the package alone.
fn readme(project: &Project) -> Outcome<String> {
    let path = project.root.join("README.md");
    let whole = std::fs::read_to_string(&path).map_err(run::at(&path))?;
    let title = whole.split("\n\n").take(2).collect::<Vec<_>>().join("\n\n");
    let part = |name| section(&whole, name).ok_or(format!("README.md has no section \"{name}\""));
    let text = format!("{title}\n\n## {SECTION}{}\n## Licence{}", part(SECTION)?, part("Licence")?);
    // What stands in `www/` there is at the top here.
    Ok(text.replace("www/", ""))
}

/// What stands below a heading, up to the next one.
fn section<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let (_, after) = text.split_once(&format!("\n## {name}"))?;
    Some(after.split_once("\n## ").map_or(after, |(section, _)| section))
}

/// TypeScript as the lock pins it, on one of the configurations in this folder.
pub fn typescript(project: &Project, config: &str) -> std::process::Command {
    let mut command = run::command("node");
    command.arg(project.page_tests().join("node_modules/typescript/bin/tsc"));
    command.arg("--project").arg(project.config(config)).current_dir(&project.root);
    command
}

#[cfg(test)]
mod tests {
    use super::section;

    #[test]
    fn a_section_ends_at_the_next() {
        let text = "# Title\n\n## One\n\n1\n\n### Part\n\n2\n\n## Two\n\n3\n";
        assert_eq!(section(text, "One"), Some("\n\n1\n\n### Part\n\n2\n"));
        assert_eq!(section(text, "Two"), Some("\n\n3\n"));
        assert_eq!(section(text, "Three"), None);
    }

    #[test]
    fn the_manifest_keeps_its_order() {
        // `types` must come before `default`, which fits always.
        let manifest: serde_json::Value = serde_json::from_str(include_str!("../package.json")).unwrap();
        let conditions = manifest["exports"]["."].as_object().unwrap();
        assert_eq!(conditions.keys().collect::<Vec<_>>(), ["types", "default"]);
    }
}
