//! What is measured.

use super::inputs::{Cut, Recipe, Seed};
use super::lane::{Browsers, PER_BYTE, PROCESSOR, Reading, Subject, TIME};
use super::peers::SHAKA;
use super::stats::Spread;
use super::table::Row;
use super::{Bench, machine};
use crate::run::{self, Outcome};
use serde_json::{Value, json};
use std::io::{Read, Write};
use std::path::Path;
use std::time::Instant;

pub const BROWSERS: [&str; 2] = ["chromium", "firefox"];
/// Where output goes: browser storage as the page does without a picker, and a file through `createWritable`.
const SINKS: [&str; 2] = ["storage", "handle"];
/// The most that memory and growth cases are repeated: their files are large.
const FEW: usize = 2;

const MB: f64 = 1e6;
const MIB: f64 = (1u64 << 20) as f64;

/// A setting of ours.
#[derive(Clone, Copy)]
pub struct Way {
    pub browser: &'static str,
    pub sink: &'static str,
    pub workers: usize,
}

impl Way {
    fn protecting(self) -> String {
        let plural = if self.workers == 1 { "" } else { "s" };
        format!("{} protect: {}, {} worker{plural}", self.browser, self.sink, self.workers)
    }

    fn copying(self) -> String {
        format!("{} copy: {}", self.browser, self.sink)
    }

    fn protect(self, file: &Path) -> Subject<'_> {
        Subject::new(self.protecting(), move |browsers| {
            let done = browsers.ask(self.browser, "protect", self.arguments(file))?;
            let mut readings = whole_time(&done)?;
            readings.push(Reading::new("of which open", "s", number(&done, "open")?));
            Ok(readings)
        })
    }

    fn copy(self, file: &Path) -> Subject<'_> {
        Subject::new(self.copying(), move |browsers| {
            let file = file.display().to_string();
            let arguments = json!({ "sink": self.sink });
            let done = browsers.in_page(self.browser, "copy", &file, &arguments)?;
            Ok(Reading::spent(number(&done, "time")?, done["processor"].as_f64()))
        })
    }

    pub fn arguments(self, file: &Path) -> Value {
        json!({ "file": file.display().to_string(), "sink": self.sink, "workers": self.workers })
    }
}

/// From the opening of a file to its end: other programs open it too.
pub fn whole_time(done: &Value) -> Outcome<Vec<Reading>> {
    let time = number(done, "open")? + number(done, "protect")?;
    Ok(Reading::spent(time, done["processor"].as_f64()))
}

pub fn number(answer: &Value, name: &str) -> Outcome<f64> {
    answer[name].as_f64().ok_or_else(|| format!("the answer has no number {name}: {answer}"))
}

/// The engine's AES against the crates, in Node and in both browsers.
pub fn kernel(bench: &mut Bench) -> Outcome {
    const CASE: &str = "kernel";
    let inputs = [
        ("20 kB", bench.inputs.get(&frames_of_20k(bench.options.quick))?),
        ("300 B", bench.inputs.get(&Recipe::new("kernel-300B", Seed::Audio300, 40))?),
    ];
    let seconds = kernel_seconds(bench.options.quick);
    let mut subjects = Vec::new();
    for (sample, file) in &inputs {
        let script = bench.project.root.join("tests/bench/kernel.mjs");
        let crates = bench.crates.clone();
        subjects.push(Subject::new(format!("node: {sample} samples"), move |_| {
            let mut node = run::command("node");
            let text = run::output(node.arg(&script).arg(seconds.to_string()).arg(file).args(&crates))?;
            let done: Value = serde_json::from_str(&text).map_err(|e| e.to_string())?;
            kernel_readings(&done, sample)
        }));
        for browser in BROWSERS {
            subjects.push(Subject::new(format!("{browser}: {sample} samples"), move |browsers| {
                kernel_readings(&in_kernel(browsers, browser, file, seconds)?, sample)
            }));
        }
    }
    let runs = bench.options.runs;
    let mut rows = bench.run(CASE, &inputs[0].1, subjects, runs);
    let crates: Vec<_> =
        rows.iter().map(|row| Row::median_of(&rows, &row.subject, "crates aes + ctr")).collect();
    for (row, crates) in rows.iter_mut().zip(crates).filter(|(row, _)| row.metric == AES) {
        let median = row.spread.as_ref().ok().map(|spread| spread.median);
        row.ratio = median.zip(crates).map(|(ours, theirs)| ("the crates' speed".to_owned(), ours / theirs));
    }
    for browser in BROWSERS {
        if let Some(rate) = Row::median_of(&rows, &format!("{browser}: 20 kB samples"), AES) {
            bench.aes.insert(browser, rate);
        }
    }
    bench.rows.extend(rows);
    Ok(())
}

const AES: &str = "AES alone";

fn frames_of_20k(quick: bool) -> Recipe {
    if quick {
        Recipe::new("kernel-20kB-small", Seed::Frames20k, 1)
    } else {
        Recipe::new("kernel-20kB", Seed::Frames20k, 5)
    }
}

/// How long the engine encrypts for one number.
fn kernel_seconds(quick: bool) -> f64 {
    if quick { 0.2 } else { 2.0 }
}

fn in_kernel(browsers: &mut Browsers, browser: &'static str, file: &Path, seconds: f64) -> Outcome<Value> {
    browsers.in_page(browser, "kernel", &file.display().to_string(), &json!({ "seconds": seconds }))
}

fn kernel_readings(done: &Value, sample: &str) -> Outcome<Vec<Reading>> {
    let (bytes, protect) = (number(done, "bytes")?, number(done, "protect")?);
    let rest = number(done, "rest")?;
    let mut readings = vec![
        Reading::new(AES, "MB/s", bytes / MB / (protect - rest).max(1e-6)),
        Reading::new("fragments in memory", "MB/s", bytes / MB / protect),
    ];
    let crates = &done["crates"][if sample == "300 B" { "300" } else { "20000" }];
    if crates.is_object() {
        let rate = number(crates, "bytes")? / MB / number(crates, "seconds")?;
        readings.push(Reading::new("crates aes + ctr", "MB/s", rate));
    }
    Ok(readings)
}

/// The main case: one file, disk to disk, everybody.
pub fn main(bench: &mut Bench) -> Outcome {
    const CASE: &str = "main";
    let repeats = if bench.options.quick { 1 } else { 96 };
    let file = bench.inputs.get(&Recipe::new(&format!("main-{repeats}"), Seed::Main, repeats))?;
    let size = file.metadata().map_err(run::at(&file))?.len() as f64;
    let out = bench.folder.join("out");
    let case = format!("{CASE}: {:.0} MB disk to disk", size / MB);
    let mut ways = Vec::new();
    for browser in BROWSERS {
        for sink in SINKS {
            ways.extend(bench.worker_counts().into_iter().map(|workers| Way { browser, sink, workers }));
        }
    }
    let natives = std::mem::take(&mut bench.peers.natives);
    let mut subjects = Vec::new();
    for (name, flush) in [("system copy", false), ("system copy, flushed", true)] {
        let (file, out) = (&file, &out);
        subjects.push(Subject::new(name, move |_| {
            let before = machine::spent();
            let time = plain_copy(file, out, flush)?;
            Ok(Reading::spent(time, machine::spent_since(before)))
        }));
    }
    for peer in &natives {
        let (file, out) = (&file, &out);
        subjects.push(Subject::new(peer.name, move |_| peer.protect(file, out)));
    }
    for of_sink in ways.chunk_by(|a, b| a.copying() == b.copying()) {
        subjects.extend(of_sink.first().map(|way| way.copy(&file)));
        subjects.extend(of_sink.iter().map(|way| way.protect(&file)));
    }
    let runs = bench.options.runs;
    let mut rows = bench.run(&case, &file, subjects, runs);
    let _ = std::fs::remove_dir_all(&out);
    for metric in [TIME, PROCESSOR] {
        Row::hold_against(&mut rows, metric, SHAKA);
    }
    for way in ways {
        let time = |subject: &str| Row::median_of(&rows, subject, "time");
        let (Some(protect), Some(copy)) = (time(&way.protecting()), time(&way.copying())) else { continue };
        let after =
            rows.iter().rposition(|row| row.subject == way.protecting()).map_or(rows.len(), |at| at + 1);
        rows.insert(after, computed(&case, way, "time ÷ copy", protect / copy));
        let Some(rate) = bench.aes_rate(way.browser) else { continue };
        let cores = way.workers.min(machine::cores()) as f64;
        let alone = size / MB / rate / cores;
        rows.insert(after + 1, computed(&case, way, "time above copy ÷ AES alone", (protect - copy) / alone));
    }
    bench.peers.natives = natives;
    bench.rows.extend(rows);
    Ok(())
}

fn computed(case: &str, way: Way, metric: &'static str, value: f64) -> Row {
    let (case, subject) = (case.to_owned(), way.protecting());
    Row { case, subject, metric, unit: "×", spread: Ok(Spread::one(value)), ratio: None }
}

/// Reads and writes in pieces, as a page must; the system's own copy may only note that two files are the same.
fn plain_copy(from: &Path, out: &Path, flush: bool) -> Outcome<f64> {
    crate::files::fresh(out)?;
    let start = Instant::now();
    let mut source = std::fs::File::open(from).map_err(run::at(from))?;
    let mut target = std::fs::File::create(out.join("copy")).map_err(run::at(out))?;
    let mut piece = vec![0; 4 << 20];
    loop {
        let len = source.read(&mut piece).map_err(run::at(from))?;
        if len == 0 {
            break;
        }
        target.write_all(piece.get(..len).unwrap_or_default()).map_err(run::at(out))?;
    }
    if flush {
        target.sync_all().map_err(run::at(out))?;
    }
    Ok(start.elapsed().as_secs_f64())
}

/// Finding all fragments of a file: ours and mp4box.js, in the same browser; and when our first boxes can be seen.
pub fn open(bench: &mut Bench) -> Outcome {
    let quick = bench.options.quick;
    let recipes = if quick {
        vec![Recipe::new("main-1", Seed::Main, 1)]
    } else {
        vec![Recipe::new("main-96", Seed::Main, 96), by_fragments(100_000)]
    };
    for recipe in recipes {
        let file = bench.inputs.get(&recipe)?;
        let name = file.display().to_string();
        let case = format!("open: {}", recipe.name);
        for browser in BROWSERS {
            let name = &name;
            let mut subjects = vec![Subject::new(format!("{browser} open"), move |browsers| {
                let done = browsers.in_page(browser, "open", name, &json!({}))?;
                Ok(Reading::seconds(number(&done, "open")?))
            })];
            subjects.push(Subject::new(format!("{browser} first boxes"), move |browsers| {
                let done = browsers.in_page(browser, "open", name, &json!({}))?;
                Ok(Reading::seconds(number(&done, "first")?))
            }));
            let peer = format!("{browser} mp4box.js");
            if bench.peers.mp4box.is_some() {
                subjects.push(Subject::new(peer.clone(), move |browsers| {
                    let arguments = json!({ "script": "./mp4box/mp4box.all.mjs" });
                    let done = browsers.in_page(browser, "parse", name, &arguments)?;
                    Ok(Reading::seconds(number(&done, "time")?))
                }));
            }
            let runs = bench.options.runs;
            let mut rows = bench.run(&case, &file, subjects, runs);
            Row::hold_against(&mut rows, "time", &peer);
            bench.rows.extend(rows);
        }
    }
    Ok(())
}

fn by_fragments(count: u32) -> Recipe {
    const REPEATS: u32 = 334;
    let cut = match count {
        100_000 => Cut::EachFrame,
        _ => Cut::Seconds(f64::from(REPEATS) * 10.0 / f64::from(count)),
    };
    Recipe::new(&format!("fragments-{count}"), Seed::SmallFrames, REPEATS).cut(cut)
}

/// Time for each byte, which must not grow with the file, its fragments or its tracks.
pub fn growth(bench: &mut Bench) -> Outcome {
    let sizes = [("50 MB", 5), ("500 MB", 49), ("5 GB", 489)];
    let sizes = sizes.map(|(name, repeats)| {
        (name.to_owned(), Recipe::new(&format!("size-{}", name.replace(' ', "")), Seed::Main, repeats))
    });
    let fragments =
        [10, 1_000, 10_000, 100_000].map(|count| (format!("{count} fragments"), by_fragments(count)));
    let tracks = [1, 4, 16, 64].map(|count| {
        let recipe = Recipe::new(&format!("tracks-{count}"), Seed::SmallFrames, 64 / count).tracks(count);
        (format!("{count} tracks"), recipe)
    });
    for (case, steps) in [
        ("growth by size", sizes.to_vec()),
        ("growth by fragments, 500 MB", fragments.to_vec()),
        ("growth by tracks, 100 MB", tracks.to_vec()),
    ] {
        grow(bench, case, &steps)?;
    }
    Ok(())
}

fn grow(bench: &mut Bench, case: &str, steps: &[(String, Recipe)]) -> Outcome {
    let workers = machine::cores().min(2);
    let named = |browser: &str, what: &str, step: &str| format!("{browser} {what}: {step}");
    let mut rows = Vec::new();
    // One file after the other, so that not all of them need be there at once.
    for (step, recipe) in steps {
        let mut names = BROWSERS.iter().flat_map(|browser| ["protect", "copy"].map(|what| (browser, what)));
        if !names.any(|(browser, what)| bench.options.wants(case, &named(browser, what, step))) {
            continue;
        }
        let file = bench.inputs.get(recipe)?;
        let bytes = file.metadata().map_err(run::at(&file))?.len() as f64;
        let mut subjects = Vec::new();
        for browser in BROWSERS {
            let way = Way { browser, sink: "storage", workers };
            for (what, mut subject) in [("protect", way.protect(&file)), ("copy", way.copy(&file))] {
                let named = Subject::new(named(browser, what, step), move |browsers| subject.run(browsers));
                subjects.push(named.by_byte(Some(bytes)));
            }
        }
        let runs = bench.options.runs.min(FEW);
        rows.extend(bench.run(case, &file, subjects, runs));
        bench.inputs.done_with(&file, bench.options.keep);
    }
    let Some((first, _)) = steps.first() else { return Ok(()) };
    for browser in BROWSERS {
        for what in ["protect", "copy"] {
            let of_subject = |row: &mut Row| row.subject.starts_with(&format!("{browser} {what}: "));
            let mut taken: Vec<Row> = rows.extract_if(.., of_subject).collect();
            Row::hold_against(&mut taken, PER_BYTE, &named(browser, what, first));
            bench.rows.extend(taken);
        }
    }
    Ok(())
}

/// What a tab holds at most while it protects.
pub fn memory(bench: &mut Bench) -> Outcome {
    const CASE: &str = "memory";
    let mut recipes = if bench.options.quick {
        vec![
            ("10 MB", Recipe::new("main-1", Seed::Main, 1)),
            ("10 MB, plain MP4", Recipe::new("main-1", Seed::Main, 1).plain()),
            ("movie header of 0.1 MB", Recipe::new("header-2", Seed::Tiny, 2).plain()),
        ]
    } else {
        // FFmpeg takes no longer time.
        let whole = Cut::Seconds(2100.0);
        vec![
            ("50 MB", Recipe::new("size-50MB", Seed::Main, 5)),
            ("982 MB", Recipe::new("main-96", Seed::Main, 96)),
            ("982 MB, plain MP4", Recipe::new("main-96", Seed::Main, 96).plain()),
            ("movie header of 100 MB", Recipe::new("header-1400", Seed::Tiny, 1400).plain()),
            ("100 000 fragments", by_fragments(100_000)),
            ("one fragment of 400 MB", Recipe::new("whole-400MB", Seed::Main, 39).cut(whole)),
            ("one fragment of 2 GB", Recipe::new("whole-2GB", Seed::Main, 200).cut(whole)),
            ("5 GB", Recipe::new("size-5GB", Seed::Main, 489)),
        ]
    };
    if bench.options.huge && !bench.options.quick {
        let huge = Recipe::new("size-20GB", Seed::Main, 1956);
        recipes.extend([("20 GB", huge.clone()), ("20 GB, plain MP4", huge.plain())]);
    }
    let workers = machine::cores().min(2);
    let mut rows = Vec::new();
    for (name, recipe) in recipes {
        let named = |browser: &str| format!("{browser}: {name}");
        if !BROWSERS.iter().any(|browser| bench.options.wants(CASE, &named(browser))) {
            continue;
        }
        let file = bench.inputs.get(&recipe)?;
        // Firefox gives one origin 10 GiB of storage at most.
        let too_large = |browser: &&str| *browser == "firefox" && name.starts_with("20 GB");
        let browsers: Vec<_> = BROWSERS.into_iter().filter(|browser| !too_large(browser)).collect();
        let subjects = browsers.into_iter().map(|browser| {
            let way = Way { browser, sink: "storage", workers };
            let arguments = way.arguments(&file);
            Subject::new(named(browser), move |browsers| {
                memory_readings(&browsers.ask(browser, "memory", arguments.clone())?)
            })
        });
        let runs = bench.options.runs.min(FEW);
        rows.extend(bench.run(CASE, &file, subjects.collect(), runs));
        bench.inputs.done_with(&file, bench.options.keep);
    }
    for browser in BROWSERS {
        let of_browser = |row: &mut Row| row.subject.starts_with(browser);
        let mut taken: Vec<Row> = rows.extract_if(.., of_browser).collect();
        // Firefox tells only of the second.
        for metric in MEMORY {
            Row::hold_against(&mut taken, metric, &format!("{browser}: 982 MB"));
        }
        bench.rows.extend(taken);
    }
    Ok(())
}

const TAB: &str = "JS heaps, buffers, wasm";
/// What is held against a smaller file.
pub const MEMORY: [&str; 2] = [TAB, "wasm, all instances"];

pub fn memory_readings(done: &Value) -> Outcome<Vec<Reading>> {
    let mib = |metric, bytes: f64| Reading::new(metric, "MiB", bytes / MIB);
    let mut readings = Vec::new();
    // Firefox tells no page how large its heap is.
    let wasm = number(done, "wasm")?;
    if let Some(heap) = done["heap"].as_f64() {
        readings.push(mib(TAB, heap + wasm));
        readings.push(mib("JS heaps and buffers", heap));
    }
    readings.push(mib("wasm, all instances", wasm));
    readings.push(mib("wasm, largest instance", number(done, "instance")?));
    if done["processes"].is_object() {
        let processes = &done["processes"];
        readings
            .push(mib("page processes above idle", number(processes, "peak")? - number(processes, "base")?));
    }
    Ok(readings)
}

impl Bench<'_> {
    /// MB/s of AES alone on 20 kB samples, measured when the kernel case has not.
    fn aes_rate(&mut self, browser: &'static str) -> Option<f64> {
        if let Some(rate) = self.aes.get(browser) {
            return Some(*rate);
        }
        let file = self.inputs.get(&frames_of_20k(self.options.quick)).ok()?;
        let seconds = kernel_seconds(self.options.quick);
        let done = in_kernel(&mut self.browsers, browser, &file, seconds).ok()?;
        let rate = kernel_readings(&done, "20 kB").ok()?.first()?.value;
        self.aes.insert(browser, rate);
        Some(rate)
    }
}
