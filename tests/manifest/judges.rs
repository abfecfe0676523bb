//! Others read what is written: the schema of DASH by xmllint or lxml, mpd-parser in Node.

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use boxlock::manifest::DescribedFile;
use serde_json::Value;

use super::{set, support, text, write};
use crate::support::ffmpeg::Scratch;

/// Sets with all that a description may have.
fn sets() -> Vec<Vec<DescribedFile>> {
    let clear = set::file(
        "clear & plain.mp4",
        vec![set::track(1, "video", 800_000, 3), set::track(2, "audio", 96_000, 3)],
    );
    let mut high = set::file("high.mp4", vec![set::track(1, "video", 3_000_000, 3)]);
    (high.tracks[0].width, high.tracks[0].height) = (1920, 1080);
    let two = vec![
        set::encrypted(high, set::KID2),
        set::encrypted(set::file("low.mp4", vec![set::track(1, "video", 800_000, 3)]), support::drive::KID),
    ];
    vec![set::whole(), vec![clear], two, vec![set::of("sample.mp4", &set::sample("hybrid"))]]
}

/// The schema, beside the corpus. It takes in another by an address of the web, which stands beside it too.
fn schema() -> Option<Scratch> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/schemas");
    let Ok(schema) = std::fs::read_to_string(folder.join("DASH-MPD.xsd")) else {
        support::not_run("the schema of DASH is not here");
        return None;
    };
    let near = folder.join("xlink.xsd").canonicalize().unwrap();
    Some(Scratch::of(
        schema.replace("http://www.w3.org/XML/2008/06/xlink.xsd", &near.display().to_string()).as_bytes(),
    ))
}

/// Validates the document at the second path by the schema at the first. `python3` finds lxml where `BOXLOCK_LXML` names a folder
/// that has it.
fn validate(schema: &Path, document: &Path) -> Option<Result<(), String>> {
    let mut xmllint = Command::new("xmllint");
    if let Ok(output) = xmllint.args(["--nonet", "--noout", "--schema"]).args([schema, document]).output() {
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        return Some(if output.status.success() { Ok(()) } else { Err(said) });
    }
    const VALID: &str = "import sys\nfrom lxml import etree\nschema = etree.XMLSchema(etree.parse(sys.argv[1]))\n\
                         schema.assertValid(etree.parse(sys.argv[2]))\nprint('valid')";
    let mut python = Command::new("python3");
    if let Some(folder) = std::env::var_os("BOXLOCK_LXML") {
        python.env("PYTHONPATH", folder);
    }
    let output = python.args(["-c", VALID]).args([schema, document]).output().ok()?;
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    if said.contains("No module named") {
        return None;
    }
    Some(if output.status.success() { Ok(()) } else { Err(said) })
}

#[test]
fn descriptions_are_valid_by_the_schema_of_dash() {
    let Some(schema) = schema() else { return };
    for files in sets() {
        let written = write(&files);
        let mpd = text(&written, "mpd");
        let document = Scratch::of(mpd.as_bytes());
        match validate(&schema.0, &document.0) {
            Some(Ok(())) => {}
            Some(Err(why)) => panic!("{why}\n{mpd}"),
            None => {
                support::not_run(
                    "there is neither xmllint nor lxml; set BOXLOCK_LXML to a folder that has it",
                );
                return;
            }
        }
        // A judge that takes anything is none.
        let refused = mpd.replace("bandwidth=\"", "bandwidth=\"x");
        let refused = Scratch::of(refused.as_bytes());
        assert!(validate(&schema.0, &refused.0).unwrap().is_err());
    }
}

#[test]
fn mpd_parser_finds_files_and_their_indexes_where_they_are() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/page");
    if !Path::new(folder).join("node_modules/mpd-parser").is_dir() {
        support::not_run("there is no mpd-parser in tests/page");
        return;
    }
    for files in sets() {
        let written = write(&files);
        let mut child = Command::new("node")
            .arg("mpd.mjs")
            .current_dir(folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(text(&written, "mpd").as_bytes()).unwrap();
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success());
        let said: Value = serde_json::from_slice(&output.stdout).unwrap();
        let said = said.as_array().unwrap();
        assert_eq!(said.len(), files.len(), "{said:?}");
        for file in &files {
            let name = boxlock::manifest::amount::in_address(&file.name);
            let one = said.iter().find(|one| one["uri"] == format!("https://media.example/{name}")).unwrap();
            let (index, init) = (file.index.unwrap(), file.init.unwrap());
            // Of text it takes the whole file.
            if file.of_kind("text").next().is_some() {
                continue;
            }
            assert_eq!(
                one["index"],
                serde_json::json!({"offset": index.start, "length": index.end - index.start})
            );
            assert_eq!(
                one["init"],
                serde_json::json!({"offset": init.start, "length": init.end - init.start})
            );
            if let Some(header) = file.headers.first() {
                assert_eq!(one["playready"].as_str().unwrap(), header.pssh);
            }
        }
    }
}
