//! `cargo pkg bench`: the side-by-side measurements. Pages are driven by `tests/bench`; everything that is made or
//! fetched stays in `target/bench`.

mod browser;
mod cases;
mod inputs;
mod kinds;
mod lane;
mod machine;
mod options;
mod peers;
mod samples;
mod search;
mod stats;
mod table;
mod verify;

use crate::project::Project;
use crate::run::{self, Outcome};
use crate::{get, site, size};
use inputs::Inputs;
use lane::{Browsers, Subject, run_case};
pub use options::HELP;
use options::Options;
use peers::Peers;
use serde_json::{Value, json};
use stats::Spread;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use table::Row;

/// What could not be got, and why.
#[derive(Default)]
pub struct Missing(Vec<String>);

impl Missing {
    pub fn add(&mut self, what: &str, why: &str) {
        self.0.push(format!("{what}: {why}"));
    }
}

/// Peers that are judges of the tests too: their names, the variables that tell tests where they are, and what came of
/// getting them.
pub fn judges(project: &Project) -> [(&'static str, &'static str, Outcome<PathBuf>); 2] {
    let of_wheel = |name, words: &[&str]| peers::of_wheel(&project.target.join("bench/peers"), name, words);
    [
        ("Shaka Packager", "BOXLOCK_SHAKA_PACKAGER", of_wheel("packager", &["--version"])),
        ("FFmpeg 8", "BOXLOCK_FFMPEG8", of_wheel("ffmpeg", &["-version"])),
    ]
}

/// The Python package `cpix`, a judge of the tests alone: the folder that Python is to look into.
pub fn cpix(project: &Project) -> Outcome<PathBuf> {
    peers::cpix(&project.target.join("bench/peers"))
}

/// All that the cases work with.
struct Bench<'p> {
    project: &'p Project,
    options: Options,
    folder: PathBuf,
    inputs: Inputs,
    peers: Peers,
    /// The crates aes and ctr as a wasm file.
    crates: Option<PathBuf>,
    browsers: Browsers,
    /// MB/s of AES alone, by browser.
    aes: BTreeMap<&'static str, f64>,
    rows: Vec<Row>,
}

impl Bench<'_> {
    fn run(&mut self, case: &str, input: &Path, subjects: Vec<Subject>, runs: usize) -> Vec<Row> {
        run_case(case, input, subjects, runs, &self.options, &mut self.browsers)
    }

    /// With more workers than cores, workers only wait for each other.
    fn worker_counts(&self) -> Vec<usize> {
        if self.options.quick {
            return vec![machine::cores().min(2)];
        }
        [1, 2, 4, 8].into_iter().filter(|count| *count <= machine::cores().max(2)).collect()
    }
}

/// Measures and prints; false when something of ours failed.
pub fn bench(project: &Project, words: &[&str]) -> Outcome<bool> {
    let options = Options::parse(words)?;
    get::wasm_target(project)?;
    get::npm_packages(project)?;
    let programs = get::programs(project)?;
    for found in &programs {
        eprintln!("  use: {} = {}", found.env, found.path.display());
    }
    let ffmpeg =
        programs.into_iter().find(|found| found.env == "FFMPEG").ok_or("programs.json has no FFMPEG")?;
    site::build(project)?;
    let folder = project.target.join("bench");
    let mut missing = Missing::default();
    let peers = Peers::find(&folder.join("peers"), &ffmpeg.path, !options.quick, &mut missing);
    let crates = match build_crates(project, &folder) {
        Ok(file) => Some(file),
        Err(why) => {
            missing.add("the crates aes and ctr in wasm", &why);
            None
        }
    };
    let extras = json!({ "crates": crates, "mp4box": peers.mp4box.as_ref().map(|(folder, _)| folder) });
    let browsers =
        Browsers { root: project.root.clone(), folder: folder.clone(), extras, open: BTreeMap::new() };
    let inputs = Inputs { folder: folder.join("inputs"), ffmpeg: ffmpeg.path };
    let (aes, rows) = (BTreeMap::new(), Vec::new());
    let mut bench = Bench { project, options, folder, inputs, peers, crates, browsers, aes, rows };
    let load = machine::load();
    start_up(&mut bench)?;
    let cases = [
        cases::kernel,
        cases::main,
        kinds::kinds,
        kinds::change,
        kinds::codecs,
        cases::open,
        samples::samples,
        search::search,
        cases::memory,
        verify::verify,
    ];
    // How something grows is no question of whether it works.
    for case in cases {
        case(&mut bench)?;
    }
    if !bench.options.quick {
        cases::growth(&mut bench)?;
    }
    report(&bench, &missing, load)
}

/// What a first visit costs.
fn start_up(bench: &mut Bench) -> Outcome {
    const CASE: &str = "start";
    let (page, wasm) = size::at_start(bench.project)?;
    for (subject, bytes) in [("page, gzip", page), ("of which wasm", wasm)] {
        if bench.options.wants(CASE, subject) {
            let (case, subject) = (CASE.to_owned(), subject.to_owned());
            let spread = Ok(Spread::one(bytes as f64));
            bench.rows.push(Row { case, subject, metric: "size", unit: "B", spread, ratio: None });
        }
    }
    Ok(())
}

fn build_crates(project: &Project, folder: &Path) -> Outcome<PathBuf> {
    const TARGET: &str = "wasm32-unknown-unknown";
    let out = folder.join("kernel");
    let mut cargo = run::cargo();
    cargo.args(["build", "--quiet", "--release", "--locked", "--target", TARGET, "--manifest-path"]);
    cargo.arg(project.root.join("tests/bench/kernel/Cargo.toml")).arg("--target-dir").arg(&out);
    run::output(cargo.current_dir(&project.root))?;
    Ok(out.join(TARGET).join("release/boxlock_bench_kernel.wasm"))
}

fn report(bench: &Bench, missing: &Missing, load: Option<String>) -> Outcome<bool> {
    let mut versions = vec![(
        "Boxlock".to_owned(),
        format!("{} {}", bench.project.version, bench.project.commit().unwrap_or_default()).trim().to_owned(),
    )];
    let browsers = bench.browsers.open.iter();
    versions.extend(browsers.map(|(name, browser)| ((*name).to_owned(), browser.version.clone())));
    versions.extend(bench.peers.natives.iter().map(|peer| (peer.name.to_owned(), peer.version.clone())));
    versions.extend(bench.peers.mp4box.iter().map(|(_, version)| ("mp4box.js".to_owned(), version.clone())));
    let machine = machine::describe(&bench.folder);
    println!("{}", table::table(&bench.rows));
    println!("Machine   {machine}");
    if let Some(load) = &load {
        println!(
            "Load      {load} before the first run; numbers count only from a machine that is otherwise idle"
        );
    }
    let named = versions.iter().map(|(name, version)| format!("{name} {version}"));
    println!("Versions  {}", named.collect::<Vec<_>>().join(", "));
    for what in &missing.0 {
        println!("Missing   {what}");
    }
    if let Some(file) = &bench.options.json {
        let rows: Vec<Value> = bench.rows.iter().map(Row::json).collect();
        let versions: serde_json::Map<_, _> =
            versions.into_iter().map(|(name, version)| (name, json!(version))).collect();
        let all = json!({
            "machine": machine, "load": load, "versions": versions, "missing": missing.0, "rows": rows,
        });
        crate::files::write(file, &format!("{all:#}\n"))?;
    }
    let ours = |row: &&Row| !bench.peers.natives.iter().any(|peer| peer.name == row.subject);
    let failed: Vec<&Row> = bench.rows.iter().filter(ours).filter(|row| row.spread.is_err()).collect();
    for row in &failed {
        println!("Failed    {}: {}", row.case, row.subject);
    }
    Ok(failed.is_empty())
}
