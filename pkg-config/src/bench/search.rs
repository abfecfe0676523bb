//! Looking through a file: for boxes, for what is wrong, for bytes, and what differs from another; held against opening it, and
//! reading it once.

use super::Bench;
use super::cases::{BROWSERS, number};
use super::inputs::{Recipe, Seed};
use super::lane::{Reading, Subject, TIME};
use super::table::Row;
use crate::run::Outcome;
use serde_json::{Value, json};

/// The most that it is repeated.
const RUNS: usize = 5;

/// A type in all fragments, and all findings, against opening; four bytes against reading; and the file held against its protected form.
pub fn search(bench: &mut Bench) -> Outcome {
    const CASE: &str = "search";
    let repeats = if bench.options.quick { 1 } else { 96 };
    let file = bench.inputs.get(&Recipe::new(&format!("main-{repeats}"), Seed::Main, repeats))?;
    let input = file.display().to_string();
    for browser in BROWSERS {
        let kinds = [
            ("open", "open", json!({})),
            ("search for a type", "search", json!({ "text": "trun" })),
            ("findings", "findings", json!({})),
            ("read", "read", json!({})),
            ("search for bytes", "search", json!({ "text": "00000165", "bytes": true })),
            ("compare", "compare", json!({})),
        ];
        let named = |what: &str| format!("{browser}: {what}");
        if !kinds.iter().any(|(what, ..)| bench.options.wants(CASE, &named(what))) {
            continue;
        }
        bench.browsers.in_page(browser, "lock", &input, &json!({}))?;
        let subjects = kinds.map(|(what, method, arguments): (_, _, Value)| {
            let input = &input;
            Subject::new(named(what), move |browsers| {
                let done = browsers.in_page(browser, method, input, &arguments)?;
                Ok(Reading::seconds(number(&done, if method == "open" { "open" } else { "time" })?))
            })
        });
        let runs = bench.options.runs.min(RUNS);
        let mut rows = bench.run(CASE, &file, subjects.into(), runs);
        Row::hold(&mut rows, TIME, |subject| {
            named(if subject.ends_with("bytes") || subject.ends_with("compare") { "read" } else { "open" })
        });
        bench.rows.extend(rows);
        bench.browsers.in_page(browser, "unlock", &input, &json!({}))?;
    }
    Ok(())
}
