//! Where things are: the folders of this checkout and what Cargo says about the crate.

use crate::run::{self, Outcome};
use serde_json::Value;
use std::path::{Path, PathBuf};

/// The folders and facts every command needs.
pub struct Project {
    /// The checkout.
    pub root: PathBuf,
    /// Cargo's target folder, which the environment may have moved.
    pub target: PathBuf,
    /// The version in `Cargo.toml`.
    pub version: String,
    /// Where the sources are, by `Cargo.toml`.
    pub repository: String,
}

impl Project {
    pub fn find() -> Outcome<Self> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"))
            .parent()
            .ok_or("the build tool's folder has no parent folder")?
            .to_path_buf();
        let text = run::output(
            run::cargo().args(["metadata", "--no-deps", "--format-version", "1"]).current_dir(&root),
        )?;
        let metadata: Value = serde_json::from_str(&text).map_err(|e| format!("cargo metadata: {e}"))?;
        let target =
            metadata["target_directory"].as_str().ok_or("cargo metadata names no target folder")?.into();
        let package = metadata["packages"]
            .as_array()
            .and_then(|packages| packages.iter().find(|package| package["name"] == "boxlock"))
            .ok_or("cargo metadata names no package `boxlock`")?;
        let fact = |name: &str| {
            package[name].as_str().map(str::to_owned).ok_or(format!("Cargo.toml of `boxlock` has no {name}"))
        };
        Ok(Self { root, target, version: fact("version")?, repository: fact("repository")? })
    }

    pub fn www(&self) -> PathBuf {
        self.root.join("www")
    }

    /// The site, ready for any static host.
    pub fn dist(&self) -> PathBuf {
        self.root.join("dist")
    }

    /// The site before it is made small, as people wrote it.
    pub fn readable(&self) -> PathBuf {
        self.target.join("readable")
    }

    /// The npm package.
    pub fn pkg(&self) -> PathBuf {
        self.root.join("pkg")
    }

    pub fn config(&self, name: &str) -> PathBuf {
        self.root.join("pkg-config").join(name)
    }

    /// Home of the npm packages that tests and type checks need.
    pub fn page_tests(&self) -> PathBuf {
        self.root.join("tests/page")
    }

    /// Engine files as wasm-bindgen wrote them. Not in `target`: `tsconfig.json` must name it by one fixed path.
    pub fn generated(&self) -> PathBuf {
        self.root.join("target/site/engine/wasm")
    }

    /// The short commit hash, with `+` when files differ from it; none outside a git checkout.
    pub fn commit(&self) -> Option<String> {
        let git = |args: &[&str]| run::output(run::command("git").args(args).current_dir(&self.root)).ok();
        let hash = git(&["rev-parse", "--short=10", "HEAD"])?;
        let changed = !git(&["status", "--porcelain"])?.trim().is_empty();
        Some(format!("{}{}", hash.trim(), if changed { "+" } else { "" }))
    }

    pub fn read_config(&self, name: &str) -> Outcome<Value> {
        let path = self.config(name);
        let text = std::fs::read_to_string(&path).map_err(run::at(&path))?;
        serde_json::from_str(&text).map_err(run::at(&path))
    }
}
