//! All samples of a file as rows, against mp4box.js; and frames while a table of them scrolls.

use super::Bench;
use super::cases::{BROWSERS, number};
use super::inputs::{Recipe, Seed};
use super::lane::{Reading, Subject};
use super::table::Row;
use crate::run::Outcome;
use serde_json::json;

/// From a file to every row of every track, in pages as the table asks for them.
pub fn samples(bench: &mut Bench) -> Outcome {
    let repeats = if bench.options.quick { 1 } else { 96 };
    let main = Recipe::new(&format!("main-{repeats}"), Seed::Main, repeats);
    for recipe in [main.clone(), main.plain()] {
        let file = bench.inputs.get(&recipe)?;
        let name = file.display().to_string();
        let case = format!("samples: {}", recipe.name);
        for browser in BROWSERS {
            let name = &name;
            let mut subjects = vec![
                Subject::new(format!("{browser} sample table"), move |browsers| {
                    let done = browsers.in_page(browser, "samples", name, &json!({}))?;
                    let mut readings = Reading::seconds(number(&done, "time")?);
                    readings.push(Reading::new("samples", "", number(&done, "samples")?));
                    Ok(readings)
                }),
                Subject::new(format!("{browser} sample table, scrolling"), move |browsers| {
                    let done = browsers.in_page(browser, "frames", name, &json!({}))?;
                    Ok(vec![Reading::new("95 % of frames below", "ms", number(&done, "p95")?)])
                }),
            ];
            let peer = format!("{browser} mp4box.js, samples");
            if bench.peers.mp4box.is_some() {
                subjects.push(Subject::new(peer.clone(), move |browsers| {
                    let arguments = json!({ "script": "./mp4box/mp4box.all.mjs", "samples": true });
                    let done = browsers.in_page(browser, "parse", name, &arguments)?;
                    let mut readings = Reading::seconds(number(&done, "time")?);
                    readings.push(Reading::new("samples", "", number(&done, "samples")?));
                    Ok(readings)
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
