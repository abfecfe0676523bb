//! `cargo pkg test`: every check in order, each announced with its time; the first failing step ends it.

use crate::counts::Counts;
use crate::get::{self, Found};
use crate::project::Project;
use crate::run::{self, Outcome};
use crate::{bench, files, package, site, tidy};
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Instant;

/// What can be asked for by name. `bench` is a smoke test of the measurements, without thresholds.
const NAMES: [&str; 5] = ["lint", "rust", "types", "page", BENCH];
const BENCH: &str = "bench";

/// So many files of page tests run in one process, and share its browsers: starting those takes longer than most tests.
/// Few enough that what one of them does to a browser is found, and that the last process is not waited for alone.
const FILES_TOGETHER: usize = 5;

/// Runs the named groups, or all of them when none is named, and says whether all passed.
pub fn test(project: &Project, names: &[String]) -> Outcome<bool> {
    if let Some(unknown) = names.iter().find(|name| !NAMES.contains(&name.as_str())) {
        return Err(format!("There is no test group `{unknown}`; there are: {}", NAMES.join(", ")));
    }
    let wanted = |name: &str| names.is_empty() || names.iter().any(|chosen| chosen == name);
    let mut total = Counts::default();
    let result = steps(project, wanted, &mut total);
    println!();
    if let Err(error) = &result {
        println!("{error}");
        // A step that is no test run, or one that never came to count, has failed as a whole.
        total.failed = total.failed.max(1);
    }
    if total.again > 0 {
        println!("{} times a page test failed, and was tried again (see `tried again` above)", total.again);
    }
    // Alone on the last line, where machines look for it.
    println!("{} passed, {} failed, {} skipped", total.passed, total.failed, total.skipped);
    Ok(result.is_ok())
}

fn steps(project: &Project, wanted: impl Fn(&str) -> bool, total: &mut Counts) -> Outcome {
    let mut programs = Vec::new();
    let built = wanted("types") || wanted("page");
    step("get what is missing", || {
        if wanted("lint") {
            get::rust_components(project)?;
        }
        if wanted("lint") || built {
            get::wasm_target(project)?;
        }
        // A judge of the Rust tests is one of them.
        if wanted("lint") || built || wanted("rust") {
            get::npm_packages(project)?;
        }
        if wanted("rust") || wanted("page") {
            programs = get::programs(project)?;
        }
        if wanted("rust") {
            for (name, env, found) in bench::judges(project) {
                match found {
                    Ok(path) => programs.push(Found { env: env.to_owned(), path }),
                    // What lacks it is counted as not run.
                    Err(why) => println!("  get: {name} could not be got: {why}"),
                }
            }
            match bench::cpix(project) {
                Ok(path) => programs.push(Found { env: "BOXLOCK_CPIX".to_owned(), path }),
                Err(why) => println!("  get: the Python package cpix could not be got: {why}"),
            }
        }
        Ok(())
    })?;
    if wanted("lint") {
        step("lint: format", || tidy::check(project))?;
        step("lint: clippy, for this machine and for wasm", || clippy(project))?;
        step("lint: eslint", || tidy::eslint(project))?;
    }
    if wanted("rust") {
        step("rust", || rust(project, &programs, total))?;
    }
    if built {
        step("build", || {
            site::build(project)?;
            package::build(project)
        })?;
    }
    if wanted("types") {
        step("types", || run::run(&mut package::typescript(project)))?;
    }
    if wanted("page") {
        step("page", || page(project, &programs, total))?;
    }
    if wanted(BENCH) {
        step(BENCH, || match bench::bench(project, &["--quick"])? {
            true => {
                total.passed += 1;
                Ok(())
            }
            false => Err("something of ours failed; the table says what".to_owned()),
        })?;
    }
    Ok(())
}

fn step(name: &str, work: impl FnOnce() -> Outcome) -> Outcome {
    println!("\n== {name}");
    let start = Instant::now();
    let result = work();
    let end = if result.is_ok() { "ok" } else { "FAILED" };
    println!("== {name}: {end}, {:.1} s", start.elapsed().as_secs_f64());
    result.map_err(|error| format!("{name}: {error}"))
}

/// Most of it is one crate, which one core checks: what is for wasm has a folder of its own, so that neither waits.
fn clippy(project: &Project) -> Outcome {
    let clippy = |folder: &Path, scope: &[&str]| {
        let mut cargo = run::cargo();
        cargo.args(["clippy", "--quiet", "--locked"]).args(scope).args(["--", "-D", "warnings"]);
        // Said, because another workspace would make a folder of its own.
        run::run(cargo.env("CARGO_TARGET_DIR", folder).current_dir(&project.root))
    };
    let here = || {
        clippy(&project.target, &["--workspace", "--all-targets"])?;
        // A workspace of its own, whose targets only a nightly compiler can run.
        clippy(&project.target, &["--manifest-path", "tests/fuzz/Cargo.toml", "--no-default-features"])
    };
    let for_wasm = || {
        let door = ["--package", "boxlock", "--lib", "--target", "wasm32-unknown-unknown"];
        let modules: [&[&str]; 3] = [&[], &["--features", "look"], &["--features", "keys"]];
        let folder = project.target.join("clippy");
        modules.iter().try_for_each(|module| clippy(&folder, &[&door, *module].concat()))
    };
    std::thread::scope(|scope| {
        let other = scope.spawn(for_wasm);
        here().and(other.join().unwrap_or_else(|_| Err("a thread of clippy's ended".to_owned())))
    })
}

fn rust(project: &Project, programs: &[Found], total: &mut Counts) -> Outcome {
    let mut cargo = run::cargo();
    cargo.args(["test", "--workspace", "--locked", "--no-fail-fast"]).current_dir(&project.root);
    cargo.envs(programs.iter().map(|found| (&found.env, &found.path)));
    let mut child = cargo.stdout(Stdio::piped()).spawn().map_err(|e| run::cannot_start(&cargo, &e))?;
    if let Some(out) = child.stdout.take() {
        for line in BufReader::new(out).lines() {
            let line = line.map_err(|e| e.to_string())?;
            println!("{line}");
            total.add_cargo_line(&line);
        }
    }
    let status = child.wait().map_err(|e| e.to_string())?;
    if status.success() { Ok(()) } else { Err(format!("cargo test ended with {status}")) }
}

/// Scripts that run several files of tests each, one after the other.
fn together(project: &Project, tests: &[PathBuf]) -> Outcome<Vec<PathBuf>> {
    let folder = project.target.join("page-tests");
    files::fresh(&folder)?;
    let count = tests.len().div_ceil(FILES_TOGETHER);
    (0..count)
        .map(|number| {
            // Dealt out, because neighbours in the alphabet are often about the same, and take as long.
            let files = tests.iter().skip(number).step_by(count);
            let imports = files.map(|file| {
                let url =
                    file.display().to_string().replace('\\', "/").replace('%', "%25").replace(' ', "%20");
                format!("import 'file://{}{url}';\n", if url.starts_with('/') { "" } else { "/" })
            });
            let script = folder.join(format!("{number}.mjs"));
            files::write(&script, &imports.collect::<String>())?;
            Ok(script)
        })
        .collect()
}

fn page(project: &Project, programs: &[Found], total: &mut Counts) -> Outcome {
    let folder = project.page_tests();
    // Named one by one, because what `node --test FOLDER` means differs between versions of Node.
    let mut tests = std::fs::read_dir(&folder)
        .and_then(|entries| {
            entries.map(|entry| entry.map(|entry| entry.path())).collect::<Result<Vec<_>, _>>()
        })
        .map_err(run::at(&folder))?;
    tests.retain(|path| path.to_string_lossy().ends_with(".test.mjs"));
    tests.sort();
    let tests = together(project, &tests)?;
    let report = project.target.join("page-tests.tap");
    let mut node = run::command("node");
    // Node's own choice leaves one core out. Much of what a page test does is waiting: for a video to play to its end, for
    // what must not happen, for a browser. With two of them for each core it took as long, and videos lost frames.
    let cores = std::thread::available_parallelism().map_or(2, std::num::NonZero::get).max(2);
    node.arg(format!("--test-concurrency={}", cores + cores.div_ceil(2)));
    node.args([
        "--test",
        "--test-reporter=spec",
        "--test-reporter-destination=stdout",
        "--test-reporter=tap",
    ]);
    node.arg(format!("--test-reporter-destination={}", report.display())).args(tests);
    node.envs(programs.iter().map(|found| (&found.env, &found.path))).current_dir(&project.root);
    let result = run::run(&mut node).map_err(|_| "page tests failed".to_owned());
    total.add_tap(&std::fs::read_to_string(&report).map_err(run::at(&report))?);
    result
}
