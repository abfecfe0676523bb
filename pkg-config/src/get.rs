//! Gets what is missing: the wasm target, npm packages, browsers. Says what it does before it does it.

use crate::programs::{Program, on_path};
use crate::project::Project;
use crate::run::{self, Outcome};
use std::path::{Path, PathBuf};

/// The oldest Node whose test runner and `fetch` the page tests rely on.
const NODE_MAJOR_MIN: u32 = 20;

/// The standard library for WebAssembly.
pub fn wasm_target(project: &Project) -> Outcome {
    const TARGET: &str = "wasm32-unknown-unknown";
    let mut rustc = run::command("rustc");
    let sysroot = run::output(rustc.args(["--print", "sysroot"]).current_dir(&project.root))?;
    if Path::new(sysroot.trim()).join("lib/rustlib").join(TARGET).is_dir() {
        return Ok(());
    }
    say(&format!("Rust has no {TARGET} target yet: rustup target add {TARGET}"));
    run::run(run::command("rustup").args(["target", "add", TARGET]).current_dir(&project.root)).map_err(|e| {
        format!("Could not get the Rust target {TARGET} ({e}). By hand: rustup target add {TARGET}")
    })
}

/// rustfmt and clippy, which a minimal Rust installation lacks.
pub fn rust_components(project: &Project) -> Outcome {
    for (name, command) in [("rustfmt", "fmt"), ("clippy", "clippy")] {
        if run::output(run::cargo().args([command, "--version"]).current_dir(&project.root)).is_ok() {
            continue;
        }
        say(&format!("Rust has no {name} yet: rustup component add {name}"));
        run::run(run::command("rustup").args(["component", "add", name]).current_dir(&project.root))
            .map_err(|e| format!("Could not get {name} ({e}). By hand: rustup component add {name}"))?;
    }
    Ok(())
}

/// Node, then the npm packages of `tests/page/package-lock.json`, exactly.
pub fn npm_packages(project: &Project) -> Outcome {
    let version = run::output(run::command("node").arg("--version"))
        .map_err(|e| format!("Node {NODE_MAJOR_MIN} or newer is needed: {e}. Get it from nodejs.org"))?;
    let major = version.trim().trim_start_matches('v').split('.').next().and_then(|text| text.parse().ok());
    if major.is_none_or(|major: u32| major < NODE_MAJOR_MIN) {
        return Err(format!("Node {NODE_MAJOR_MIN} or newer is needed; this is {}", version.trim()));
    }
    let folder = project.page_tests();
    let lock = std::fs::read(folder.join("package-lock.json")).map_err(run::at(&folder))?;
    // A copy of the lock marks a finished installation: npm's own marker also exists after a broken one.
    let mark = folder.join("node_modules/.boxlock-lock");
    if std::fs::read(&mark).is_ok_and(|installed| installed == lock) {
        return Ok(());
    }
    say("npm packages are missing or old: npm ci in tests/page");
    run::run(run::npm().arg("ci").current_dir(&folder))
        .map_err(|e| format!("Could not get the npm packages ({e}). By hand: cd tests/page && npm ci"))?;
    std::fs::write(&mark, lock).map_err(run::at(&mark))
}

/// A program, and the environment variable that tells tests where it is.
pub struct Found {
    pub env: String,
    pub path: PathBuf,
}

/// Browsers and judges.
pub fn programs(project: &Project) -> Outcome<Vec<Found>> {
    let programs = Program::all(project)?;
    let missing: Vec<&Program> = programs.iter().filter(|program| program.find().is_none()).collect();
    if let Some(broken) = missing.iter().find(|p| std::env::var_os(&p.env).is_some_and(|v| !v.is_empty())) {
        return Err(format!("{} is set, but there is no such file: set it to {}", broken.env, broken.title));
    }
    if !missing.is_empty() {
        apt_install(&missing)?;
    }
    programs
        .iter()
        .map(|program| match program.find() {
            Some(path) => Ok(Found { env: program.env.clone(), path }),
            None => Err(by_hand(program, "it is not on this machine")),
        })
        .collect()
}

/// Debian and Ubuntu only; elsewhere the error says what to install.
fn apt_install(missing: &[&Program]) -> Outcome {
    let Some(first) = missing.first() else { return Ok(()) };
    if on_path("apt-get").is_none() {
        return Err(by_hand(first, "it is not on this machine, and there is no apt-get to get it with"));
    }
    let packages: Vec<&str> = missing.iter().map(|program| program.apt.as_str()).collect();
    let prefix: &[&str] = if is_root() {
        &[]
    } else if run::output(run::command("sudo").args(["-n", "true"])).is_ok() {
        &["sudo", "-n"]
    } else {
        return Err(by_hand(first, "getting it needs root, and sudo asks for a password"));
    };
    let apt = |args: &[&str]| {
        // `env` inside sudo, because sudo drops variables; without this one a package may stop to ask a question.
        let words = [prefix, &["env", "DEBIAN_FRONTEND=noninteractive", "apt-get"], args].concat();
        let (program, rest) = words.split_first().ok_or("no command")?;
        say(&words.join(" "));
        run::run(run::command(program).args(rest))
    };
    say(&format!("Missing on this machine: {}", packages.join(", ")));
    apt(&["update"])
        .and_then(|()| apt(&[&["install", "-y"], packages.as_slice()].concat()))
        .map_err(|e| by_hand(first, &e))
}

fn is_root() -> bool {
    run::output(run::command("id").arg("-u")).is_ok_and(|id| id.trim() == "0")
}

fn by_hand(program: &Program, why: &str) -> String {
    format!(
        "Could not get {}: {why}. By hand: install it (Debian: apt-get install {}) or set {} to its path",
        program.title, program.apt, program.env
    )
}

fn say(what: &str) {
    println!("  get: {what}");
}
