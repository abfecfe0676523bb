//! What the inspector shows of sixty files of the corpus, as texts that can be read in a difference: boxes, fields, values and
//! meanings. `cargo pkg rules` writes them anew.
//!
//! Of boxes of one type in a row and of long lists the first are written out; the rest is held by a digest.

#![allow(clippy::indexing_slicing, clippy::unwrap_used, missing_docs, reason = "a test may panic")]

use std::fmt::Write as _;

use boxlock::boxes::tree::path_segment;
use boxlock::boxes::{BoxHeader, BoxId, Tree};
use boxlock::bytes::Reader;
use boxlock::inspect::{self, BoxNode};
use sha2::{Digest as _, Sha256};

use crate::lint::corpus::held;
use crate::support;

const FILES: &str = include_str!("golden/files.txt");

/// Boxes of one type that are written out, of those that stand side by side.
const BOXES: usize = 2;
/// Rows of fields of a box that are written out, and letters of a value.
const ROWS: usize = 40;
const LETTERS: usize = 120;
/// Lines of a text in a box.
const LINES: usize = 40;

/// The first of many lines, and a digest of the others.
fn shortened(lines: &[String], most: usize, indent: &str, what: &str) -> String {
    let mut text: String = lines.iter().take(most).map(String::as_str).collect();
    if let Some(rest) = lines.get(most..).filter(|rest| !rest.is_empty()) {
        let digest = hex::encode(&Sha256::digest(rest.concat())[..6]);
        writeln!(text, "{indent}… {} more {what}, {digest}", rest.len()).unwrap();
    }
    text
}

fn cut(text: &str) -> String {
    let short: String = text.chars().take(LETTERS).collect();
    if short.len() < text.len() { format!("{short}… ({})", text.chars().count()) } else { short }
}

/// A box, its fields, texts, and the boxes in it.
fn dump(tree: &Tree<'_>, node: &BoxNode, moov: Option<&Tree<'_>>, depth: usize) -> String {
    let indent = "  ".repeat(depth);
    let kind = node.uuid.as_ref().map_or_else(|| node.kind.clone(), |uuid| format!("{} {uuid}", node.kind));
    let note = node.note.as_ref().map_or_else(String::new, |note| format!(" | {}", cut(note)));
    let mut text = format!("{indent}{kind} @{}+{} {}{note}\n", node.start, node.size, node.name);
    if let Some(problem) = &node.problem {
        writeln!(text, "{indent}  ! {problem}").unwrap();
    }
    match inspect::fields(tree, &node.path, 0, usize::MAX, moov) {
        Ok(fields) => {
            let row = |row: &boxlock::boxes::Row| {
                let meaning =
                    if row.meaning.is_empty() { String::new() } else { format!(" ({})", cut(&row.meaning)) };
                let inset = "  ".repeat(usize::from(row.depth));
                format!("{indent}  {inset}.{} = {}{meaning}\n", row.name, cut(&row.value))
            };
            let rows: Vec<String> = fields.rows.iter().map(row).collect();
            text += &shortened(&rows, ROWS, &format!("{indent}  "), "rows");
            for (title, body) in &fields.texts {
                writeln!(text, "{indent}  \"{title}\"").unwrap();
                let lines: Vec<String> =
                    body.lines().map(|line| format!("{indent}    {}\n", cut(line))).collect();
                text += &shortened(&lines, LINES, &format!("{indent}    "), "lines");
            }
        }
        Err(error) => writeln!(text, "{indent}  ! {error}").unwrap(),
    }
    let inside = inspect::children_at(tree, &node.path, 0, usize::MAX).unwrap_or_default();
    text + &alike(
        inside.iter().map(|child| (child.kind.clone(), dump(tree, child, moov, depth + 1))),
        depth + 1,
    )
}

/// Boxes side by side: of those of one type in a row the first, and a digest of the others.
fn alike(boxes: impl Iterator<Item = (String, String)>, depth: usize) -> String {
    let boxes: Vec<(String, String)> = boxes.collect();
    let runs = boxes.chunk_by(|(one, _), (next, _)| one == next);
    let text = runs.map(|run| {
        let texts: Vec<String> = run.iter().map(|(_, text)| text.clone()).collect();
        shortened(&texts, BOXES, &"  ".repeat(depth), &format!("'{}'", run[0].0))
    });
    text.collect()
}

/// All boxes of a file; where they end because of damage it is said.
fn whole(bytes: &[u8]) -> String {
    let mut tops: Vec<(BoxId, u64, u64)> = Vec::new();
    let mut at = 0;
    let mut end = String::new();
    while at < bytes.len() {
        match BoxHeader::read(&mut Reader::new(&bytes[at..], at as u64), (bytes.len() - at) as u64) {
            Ok(header) => {
                tops.push((header.id, at as u64, header.size));
                at = usize::try_from(at as u64 + header.size).unwrap();
            }
            Err(error) => {
                end = format!("! {error}\n");
                break;
            }
        }
    }
    let body = |start: u64, size: u64| {
        let start = usize::try_from(start).unwrap();
        &bytes[start..bytes.len().min(start + usize::try_from(size).unwrap())]
    };
    let moov = tops.iter().find(|(id, ..)| id.is(b"moov"));
    let moov = moov.and_then(|(_, start, size)| Tree::parse(body(*start, *size), *start).ok());
    let mut seen: Vec<BoxId> = Vec::new();
    let mut texts = Vec::new();
    for (id, start, size) in &tops {
        let segment = path_segment(*id, seen.iter().filter(|one| *one == id).count());
        seen.push(*id);
        let name = id.four_cc().text().to_string();
        let text = if id.is(b"mdat") {
            format!("mdat @{start}+{size}\n")
        } else {
            match Tree::parse(body(*start, *size), *start) {
                Ok(tree) => dump(&tree, &inspect::view_at(&tree, &segment).unwrap(), moov.as_ref(), 0),
                Err(error) => format!("{name} @{start}+{size}\n  ! {error}\n"),
            }
        };
        texts.push((name, text));
    }
    // Fragments stand in pairs of boxes: those behind the first pairs are told by their digest.
    let lines: Vec<String> = texts.iter().map(|(_, text)| text.clone()).collect();
    let pairs = texts.chunk_by(|(one, _), (next, _)| one == next).count() > 12;
    let text = if pairs { shortened(&lines, 8, "", "boxes") } else { alike(texts.into_iter(), 0) };
    text + &end
}

#[test]
fn sixty_files_are_shown_as_they_were() {
    let names: Vec<&str> = FILES.lines().collect();
    assert_eq!(names.len(), 60);
    if support::corpus().is_none() {
        return;
    }
    for name in names {
        let bytes = support::corpus_file(name).unwrap();
        let file = name.replace('/', "__");
        held(&format!("tests/golden/{file}.txt"), &whole(&bytes));
    }
}
