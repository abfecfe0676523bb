//! Other kinds of work than the main case: plain MP4 in, `cbcs` out, other codecs.

use super::cases::{BROWSERS, Way, whole_time};
use super::inputs::{Recipe, Seed};
use super::lane::{PER_BYTE, PROCESSOR, Reading, Subject, TIME};
use super::peers::SHAKA;
use super::table::Row;
use super::{Bench, machine};
use crate::run::{self, Outcome};
use serde_json::json;
use std::path::PathBuf;

/// A kind of work: its name, its input, the scheme.
struct Kind {
    name: &'static str,
    file: PathBuf,
    scheme: &'static str,
}

/// On the media of the main case: plain MP4 is held against it, `cbcs` against `cenc`.
pub fn kinds(bench: &mut Bench) -> Outcome {
    let recipe = of_main(bench, Seed::Main, 96);
    let (smooth, plain) = (bench.inputs.get(&recipe)?, bench.inputs.get(&recipe.clone().plain())?);
    let kinds = [
        Kind { name: ".ismv", file: smooth.clone(), scheme: "cenc" },
        Kind { name: "plain MP4", file: plain, scheme: "cenc" },
        Kind { name: ".ismv, cbcs", file: smooth, scheme: "cbcs" },
    ];
    side_by_side(bench, "kinds of work", &kinds, &[TIME, PROCESSOR])
}

/// Changing a protected file whose samples stay as they are, held against a plain copy of it: headers alone, where fragments
/// are copied, and other boxes, where each fragment has a new head.
pub fn change(bench: &mut Bench) -> Outcome {
    const CASE: &str = "change";
    let file = bench.inputs.get(&of_main(bench, Seed::Main, 96))?;
    let workers = machine::cores().min(2);
    let kinds = [
        ("headers", json!({ "scheme": "keep", "laUrl": "https://moved.example/rightsmanager.asmx" })),
        ("boxes", json!({ "scheme": "keep", "form": "plain" })),
    ];
    for browser in BROWSERS {
        let copy = format!("{browser}: copy");
        let names = kinds.iter().map(|(name, _)| format!("{browser}: {name}")).chain([copy.clone()]);
        if !names.into_iter().any(|name| bench.options.wants(CASE, &name)) {
            continue;
        }
        let input = file.display().to_string();
        bench.browsers.in_page(browser, "lock", &input, &json!({}))?;
        let way = Way { browser, sink: "storage", workers };
        let mut subjects = vec![Subject::new(copy.clone(), |browsers: &mut super::Browsers| {
            let arguments = json!({ "sink": way.sink, "locked": true });
            let done = browsers.in_page(browser, "copy", &input, &arguments)?;
            let time = done["time"].as_f64().ok_or("the answer has no time")?;
            Ok(Reading::spent(time, done["processor"].as_f64()))
        })];
        for (name, request) in &kinds {
            let mut arguments = way.arguments(&file);
            arguments["request"] = request.clone();
            arguments["locked"] = json!(true);
            subjects.push(Subject::new(format!("{browser}: {name}"), move |browsers| {
                whole_time(&browsers.ask(browser, "protect", arguments.clone())?)
            }));
        }
        let runs = bench.options.runs;
        let mut rows = bench.run(CASE, &file, subjects, runs);
        for metric in [TIME, PROCESSOR] {
            Row::hold(&mut rows, metric, |_| copy.clone());
        }
        bench.rows.extend(rows);
        bench.browsers.in_page(browser, "unlock", &input, &json!({}))?;
    }
    Ok(())
}

/// Plain MP4 of other codecs, by the byte, since no two encoders make files of one size.
pub fn codecs(bench: &mut Bench) -> Outcome {
    const CASE: &str = "codecs";
    let kinds = [("H.264", Seed::Main, 96), ("HEVC", Seed::Hevc, 78), ("AV1", Seed::Av1, 94)];
    let wanted = |name: &str| {
        let mut who = BROWSERS.into_iter().chain([SHAKA]);
        who.any(|who| bench.options.wants(CASE, &format!("{who}: {name}")))
    };
    // Encoding takes longer than most of what is measured.
    if !kinds.iter().any(|(name, ..)| wanted(name)) {
        return Ok(());
    }
    let kinds = kinds.map(|(name, seed, repeats)| {
        let recipe = of_main(bench, seed, repeats).plain();
        Ok(Kind { name, file: bench.inputs.get(&recipe)?, scheme: "cenc" })
    });
    let kinds = kinds.into_iter().collect::<Outcome<Vec<_>>>()?;
    side_by_side(bench, CASE, &kinds, &[PER_BYTE])
}

/// About as large as the main case.
fn of_main(bench: &Bench, seed: Seed, repeats: u32) -> Recipe {
    let repeats = if bench.options.quick { 1 } else { repeats };
    let name = match seed {
        Seed::Hevc => "hevc",
        Seed::Av1 => "av1",
        _ => "main",
    };
    Recipe::new(&format!("{name}-{repeats}"), seed, repeats)
}

/// Every kind in each browser and by Shaka Packager. Ours are held against our first kind, but `cbcs` against the same
/// input in `cenc`, and a peer's against ours of the same kind.
fn side_by_side(bench: &mut Bench, case: &str, kinds: &[Kind], metrics: &[&'static str]) -> Outcome {
    let Some(first) = kinds.first() else { return Ok(()) };
    let out = bench.folder.join("out");
    let natives = std::mem::take(&mut bench.peers.natives);
    let workers = machine::cores().min(2);
    for browser in BROWSERS {
        let way = Way { browser, sink: "storage", workers };
        let mut subjects = Vec::new();
        for Kind { name, file, scheme } in kinds {
            let bytes = file.metadata().map_err(run::at(file))?.len() as f64;
            let by_byte = metrics.contains(&PER_BYTE).then_some(bytes);
            let mut arguments = way.arguments(file);
            if *scheme == "cbcs" {
                arguments["request"] = json!({ "scheme": "cbcs", "form": "plain" });
            }
            let ours = Subject::new(format!("{browser}: {name}"), move |browsers| {
                whole_time(&browsers.ask(browser, "protect", arguments.clone())?)
            });
            subjects.push(ours.by_byte(by_byte).on(file));
            for peer in natives.iter().filter(|peer| peer.name == SHAKA) {
                let out = &out;
                let theirs =
                    Subject::new(format!("{SHAKA}: {name}"), move |_| peer.protect_in(scheme, file, out));
                subjects.push(theirs.by_byte(by_byte).on(file));
            }
        }
        let runs = bench.options.runs;
        let mut rows = bench.run(case, &first.file, subjects, runs);
        for metric in metrics {
            Row::hold(&mut rows, metric, |subject| match subject.strip_prefix(SHAKA) {
                Some(kind) => format!("{browser}{kind}"),
                None => match subject.strip_suffix(", cbcs") {
                    Some(same) => same.to_owned(),
                    None => format!("{browser}: {}", first.name),
                },
            });
        }
        bench.rows.extend(rows);
    }
    let _ = std::fs::remove_dir_all(&out);
    bench.peers.natives = natives;
    Ok(())
}
