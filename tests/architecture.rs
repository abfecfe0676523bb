//! The house rules that a compiler does not know: ranks, who may use what, how long a file may be.

#![allow(
    clippy::cast_possible_truncation,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "clippy.toml allows these in tests, but does not see that a whole file is one"
)]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// Modules of `src`, lowest rank first. A module may use those before it, and itself.
const RANKS: [&str; 16] = [
    "bytes",
    "boxes",
    "playready",
    "track",
    "fragmenter",
    "inspect",
    "protect",
    "output",
    "verify",
    "samples",
    "exchange",
    "manifest",
    "lint",
    "session",
    "report",
    "wasm",
];

const MOST_LINES: usize = 550;

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// Every file below `folder` with one of the endings, as path relative to the project and text.
fn files(folder: &str, ends: &[&str]) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut folders = vec![root().join(folder)];
    while let Some(folder) = folders.pop() {
        let Ok(entries) = std::fs::read_dir(&folder) else { continue };
        for entry in entries.filter_map(Result::ok) {
            let path = entry.path();
            let name = entry.file_name().to_string_lossy().into_owned();
            let made = ["node_modules", "target", "vendor", "dist", "pkg"].contains(&name.as_str());
            if path.is_dir() && !made {
                folders.push(path);
            } else if ends.iter().any(|end| name.ends_with(end)) {
                let relative = path.strip_prefix(root()).unwrap().to_string_lossy().replace('\\', "/");
                found.push((relative, std::fs::read_to_string(&path).unwrap()));
            }
        }
    }
    found.sort();
    found
}

fn sources() -> Vec<(String, String)> {
    let sources = files("src", &[".rs"]);
    assert!(sources.len() > 30, "src is where it should be");
    sources
}

/// The text without line comments, string contents left in: what is looked for stands in no string.
fn code(text: &str) -> String {
    let lines = text.lines().filter(|line| !line.trim_start().starts_with("//"));
    lines.collect::<Vec<_>>().join("\n")
}

/// The page's text without comments.
fn script(text: &str) -> String {
    let mut code = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("/*") {
        code.push_str(before);
        rest = after.split_once("*/").map_or("", |(_, behind)| behind);
    }
    code.push_str(rest);
    let uncommented = |line: &str| line.split(" // ").next().unwrap_or_default().to_owned();
    let lines = code.lines().filter(|line| !line.trim_start().starts_with("//"));
    lines.map(uncommented).collect::<Vec<_>>().join("\n")
}

/// The module of `src` a file is in: `src/boxes/tree.rs` and `src/session.rs` say `boxes` and `session`.
fn module(path: &str) -> &str {
    let inner = path.strip_prefix("src/").unwrap();
    inner.split('/').next().unwrap().trim_end_matches(".rs")
}

/// Names behind `crate::` in a text, also in `use crate::{a, b}`, and behind the `$crate::` of macros.
fn crate_uses(text: &str) -> BTreeSet<String> {
    let mut uses = BTreeSet::new();
    for (at, found) in text.match_indices("crate::") {
        let rest = &text[at + found.len()..];
        let end = |c: char| !c.is_alphanumeric() && c != '_';
        if let Some(list) = rest.strip_prefix('{') {
            let list = list.split_once('}').unwrap().0;
            uses.extend(list.split(',').map(|item| item.trim().split(end).next().unwrap().to_owned()));
        } else {
            uses.insert(rest.split(end).next().unwrap().to_owned());
        }
    }
    uses.remove("");
    uses
}

#[test]
fn modules_use_only_those_of_lower_rank() {
    let rank = |name: &str| RANKS.iter().position(|known| *known == name);
    for (path, text) in sources() {
        let own = module(&path);
        if own == "lib" {
            continue;
        }
        let own_rank = rank(own).unwrap_or_else(|| panic!("{path} is in a module without a rank"));
        for used in crate_uses(&code(&text)) {
            let used_rank =
                rank(&used).unwrap_or_else(|| panic!("{path} uses crate::{used}, which has no rank"));
            assert!(used_rank <= own_rank, "{path} uses crate::{used}, which is above it");
        }
        let steps_out = code(&text).contains("super::super::super::");
        assert!(!steps_out || path.matches('/').count() > 3, "{path} leaves its module by super");
    }
}

#[test]
fn the_text_scanner_sees_what_it_should() {
    let text =
        "use crate::{bytes::Error, track};\nlet x = crate::session::Session::new();\n$crate::boxes::wire";
    let found: Vec<String> = crate_uses(text).into_iter().collect();
    assert_eq!(found, ["boxes", "bytes", "session", "track"]);
    assert_eq!(script("a /* document. */ b\n// document.\nc // document.\nd"), "a  b\nc\nd");
}

/// Whether `word` stands in `text` as the beginning of a path or as a name of its own.
fn names(text: &str, word: &str) -> bool {
    text.match_indices(word).any(|(at, _)| {
        let before = text[..at].chars().next_back();
        !before.is_some_and(|c| c.is_alphanumeric() || c == '_' || c == '-')
    })
}

#[test]
fn ciphers_and_browsers_are_used_in_one_place_each() {
    for (path, text) in sources() {
        let text = code(&text);
        let only = |word: &str, allowed: &[&str]| {
            let here = allowed.iter().any(|place| path == *place || path.starts_with(&format!("{place}/")));
            assert!(here || !names(&text, word), "{path} uses {word}");
        };
        only("ctr::", &["src/protect/cipher.rs"]);
        only("aes::", &["src/protect/cipher.rs", "src/playready/checksum.rs"]);
        for word in ["wasm_bindgen", "web_sys", "js_sys", "serde_wasm_bindgen", "console_error_panic_hook"] {
            only(word, &["src/wasm"]);
        }
    }
}

#[test]
fn the_core_does_no_io_and_knows_no_clock_and_no_chance() {
    let forbidden = [
        "println!",
        "eprintln!",
        "print!(",
        "dbg!",
        "std::fs",
        "std::net",
        "std::time",
        "std::env",
        "std::io",
        "std::process",
        "std::thread",
        "rand::",
        "getrandom",
        "unsafe ",
        "todo!",
        "unimplemented!",
    ];
    for (path, text) in sources() {
        let text = code(&text);
        for word in forbidden {
            assert!(!names(&text, word), "{path} uses {word}");
        }
    }
}

#[test]
fn every_file_is_short_and_says_what_it_is() {
    let mut counted = 0;
    for folder in ["src", "www", "tests", "pkg-config"] {
        for (path, text) in files(folder, &[".rs", ".js", ".mjs", ".css"]) {
            let lines = text.lines().count();
            assert!(lines <= MOST_LINES, "{path} has {lines} lines; the most is {MOST_LINES}");
            if folder == "src" {
                assert!(text.starts_with("//!"), "{path} does not open with what it is");
            }
            counted += 1;
        }
    }
    assert!(counted > 50);
}

#[test]
fn each_part_of_the_page_keeps_to_its_own() {
    for (path, text) in files("www", &[".js", ".mjs"]) {
        let text = script(&text);
        let keep = |word: &str, allowed: &dyn Fn(&str) -> bool| {
            assert!(allowed(&path) || !text.contains(word), "{path} uses {word}");
        };
        let worker = |path: &str| {
            let name = Path::new(path).file_name().unwrap().to_string_lossy().into_owned();
            path.starts_with("www/engine/") && name.contains("worker")
        };
        keep("/boxlock_engine.js", &worker);
        keep("/boxlock_keys.js", &worker);
        keep("/boxlock_look.js", &worker);
        for word in ["showSaveFilePicker", "getAsFileSystemHandle", "navigator.storage"] {
            keep(word, &|path| path.starts_with("www/files/"));
        }
        // Where there is no picker, saving takes a link that is clicked, or a frame that a service worker answers.
        // And what is uploaded goes through a frame of its own, as players of other hands have one.
        let saving = [
            "www/files/save.js",
            "www/files/downloads.js",
            "www/publish/frame.js",
            "www/files/frame.js",
            "www/preview/players.js",
            "www/preview/stage.js",
        ];
        let shown =
            |path: &str| path.starts_with("www/ui/") || path == "www/app.js" || saving.contains(&path);
        keep("document.", &shown);
    }
}

/// What a stranger runs must not depend on what lies around here.
#[test]
fn no_source_names_a_private_place() {
    for folder in ["src", "www", "pkg-config"] {
        for (path, text) in files(folder, &[".rs", ".js", ".mjs", ".css", ".html", ".toml", ".json"]) {
            for word in [env!("CARGO_MANIFEST_DIR"), "/home/", "/tmp/", "shared/corpus"] {
                assert!(!text.contains(word), "{path} names {word}");
            }
        }
    }
}
