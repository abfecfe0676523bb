//! Verifying what was just protected: it is to take no longer than protecting, and no more memory for a larger file.

use super::cases::{BROWSERS, Way, memory_readings, number};
use super::inputs::{Recipe, Seed};
use super::lane::{Reading, Subject, TIME};
use super::table::Row;
use super::{Bench, machine};
use crate::run::Outcome;
use serde_json::json;

/// The most that it is repeated.
const RUNS: usize = 3;

/// In one tab each time: opened, protected, and what was made verified against its source.
pub fn verify(bench: &mut Bench) -> Outcome {
    const CASE: &str = "verify";
    let sizes: &[(&str, &str, u32)] = if bench.options.quick {
        &[("10 MB", "main-1", 1)]
    } else {
        &[("50 MB", "size-50MB", 5), ("982 MB", "main-96", 96)]
    };
    let mut rows = Vec::new();
    for &(size, recipe, repeats) in sizes {
        let named = |browser: &str, what: &str| format!("{browser} {what}: {size}");
        let is_wanted = |browser: &&str| {
            ["verify", "verify, cbcs", "memory"]
                .iter()
                .any(|what| bench.options.wants(CASE, &named(browser, what)))
        };
        if !BROWSERS.iter().any(is_wanted) {
            continue;
        }
        let file = bench.inputs.get(&Recipe::new(recipe, Seed::Main, repeats))?;
        let mut subjects = Vec::new();
        for browser in BROWSERS {
            let way = Way { browser, sink: "storage", workers: machine::cores().min(2) };
            let mut arguments = way.arguments(&file);
            for (what, request) in
                [("verify", json!({})), ("verify, cbcs", json!({ "scheme": "cbcs", "form": "plain" }))]
            {
                let name = file.display().to_string();
                let wanted = json!({ "workers": way.workers, "request": request });
                subjects.push(Subject::new(named(browser, what), move |browsers| {
                    let done = browsers.in_page(browser, "verify", &name, &wanted)?;
                    let (protect, verify) = (number(&done, "protect")?, number(&done, "verify")?);
                    Ok(vec![
                        Reading::new(TIME, "s", verify),
                        Reading::new("protecting the same file", "s", protect),
                        Reading::new("time ÷ protecting", "×", verify / protect),
                    ])
                }));
            }
            arguments["method"] = json!("verify");
            subjects.push(Subject::new(named(browser, "memory"), move |browsers| {
                memory_readings(&browsers.ask(browser, "memory", arguments.clone())?)
            }));
        }
        let runs = bench.options.runs.min(RUNS);
        rows.extend(bench.run(CASE, &file, subjects, runs));
    }
    let Some((first, ..)) = sizes.first() else { return Ok(()) };
    for metric in super::cases::MEMORY {
        Row::hold(&mut rows, metric, |subject| {
            let (before, _) = subject.split_once(": ").unwrap_or((subject, ""));
            format!("{before}: {first}")
        });
    }
    bench.rows.extend(rows);
    Ok(())
}
