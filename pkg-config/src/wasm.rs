//! The engine, and the modules for looking and for keys: the crate compiled to WebAssembly, and the JavaScript and types that wasm-bindgen makes
//! for them.

use crate::order;
use crate::project::Project;
use crate::run::{self, Outcome};
use std::{fs, thread};
use wasm_bindgen_cli_support::Bindgen;

/// The version this tool was compiled with; `Cargo.toml` here and there pin the same one.
const BINDGEN_VERSION: &str = "0.2.130";
/// A module of the crate: what workers import it by, as `./wasm/boxlock_engine.js`, and how Cargo builds it.
struct Module {
    name: &'static str,
    profile: &'static str,
    features: &'static str,
}

/// The engine, what opening and looking take of it, and what lists of keys and headers take: of one source, each with the exports of its own door.
const MODULES: [Module; 3] = [
    Module { name: "boxlock_engine", profile: "wasm", features: "" },
    Module { name: "boxlock_look", profile: "wasm-look", features: "look" },
    Module { name: "boxlock_keys", profile: "wasm-keys", features: "keys" },
];

/// Compiles and writes the modules' files into `Project::generated`.
pub fn build(project: &Project) -> Outcome {
    check_versions(project)?;
    let out = project.generated();
    // Left-over files of an older wasm-bindgen must not reach the site.
    if out.exists() {
        fs::remove_dir_all(&out).map_err(run::at(&out))?;
    }
    // Each has one unit of code, which one core compiles; and a folder of its own, so that none waits for another.
    let compiled: Vec<Outcome> = thread::scope(|scope| {
        let running: Vec<_> = MODULES.iter().map(|module| scope.spawn(|| compile(project, module))).collect();
        let failed = |_| Err("a compiler thread ended".to_owned());
        running.into_iter().map(|one| one.join().unwrap_or_else(failed)).collect()
    });
    compiled.into_iter().collect::<Outcome>()?;
    MODULES.iter().try_for_each(|module| bind(project, module))
}

fn compile(project: &Project, module: &Module) -> Outcome {
    run::run(
        run::cargo()
            .args(["rustc", "--quiet", "--package", "boxlock", "--lib", "--locked"])
            // One crate type only: beside an rlib, Cargo leaves link-time optimisation out without a word.
            .args(["--crate-type", "cdylib", "--features", module.features])
            .args(["--target", "wasm32-unknown-unknown", "--profile", module.profile])
            .current_dir(&project.root),
    )
}

fn bind(project: &Project, module: &Module) -> Outcome {
    let out = project.generated();
    let input = project.target.join("wasm32-unknown-unknown").join(module.profile).join("boxlock.wasm");
    let mut bindgen = Bindgen::new();
    bindgen.web(true).map_err(|e| format!("wasm-bindgen: {e:#}"))?;
    bindgen
        .input_path(input)
        .out_name(module.name)
        .typescript(true)
        // Where the wasm is, the public module says: bundlers move it, and workers are bundles themselves.
        .omit_default_module_path(true)
        // Function names are bytes that a visitor pays for and never sees: panics carry their own place.
        .remove_name_section(true)
        .remove_producers_section(true)
        .generate(&out)
        .map_err(|e| format!("wasm-bindgen: {e:#}"))?;
    let made = out.join(format!("{}_bg.wasm", module.name));
    let ordered = order::by_likeness(&fs::read(&made).map_err(run::at(&made))?)?;
    fs::write(&made, ordered).map_err(run::at(&made))
}

/// wasm-bindgen's two halves speak a private language that changes with every version.
fn check_versions(project: &Project) -> Outcome {
    let path = project.root.join("Cargo.lock");
    let lock = fs::read_to_string(&path).map_err(run::at(&path))?;
    for name in ["wasm-bindgen", "wasm-bindgen-cli-support"] {
        let locked = locked_version(&lock, name).ok_or_else(|| format!("Cargo.lock has no {name}"))?;
        if locked != BINDGEN_VERSION {
            return Err(format!(
                "Cargo.lock has {name} {locked}, but the build tool expects {BINDGEN_VERSION}: \
                 give Cargo.toml, pkg-config/Cargo.toml and pkg-config/src/wasm.rs the same version"
            ));
        }
    }
    Ok(())
}

fn locked_version<'a>(lock: &'a str, name: &str) -> Option<&'a str> {
    let entry = lock.split("[[package]]").find(|entry| entry.contains(&format!("\nname = \"{name}\"\n")))?;
    entry.split("version = \"").nth(1)?.split('"').next()
}

#[cfg(test)]
mod tests {
    use super::locked_version;

    #[test]
    fn a_version_is_read_from_the_lock_by_exact_name() {
        let lock = "[[package]]\nname = \"wasm-bindgen-macro\"\nversion = \"9.9.9\"\n\n\
                    [[package]]\nname = \"wasm-bindgen\"\nversion = \"0.2.1\"\n";
        assert_eq!(locked_version(lock, "wasm-bindgen"), Some("0.2.1"));
        assert_eq!(locked_version(lock, "walrus"), None);
    }
}
