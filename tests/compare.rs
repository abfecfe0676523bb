//! Two files are compared: what differs is told, and nothing else.

#![allow(
    clippy::cast_possible_truncation,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::unwrap_used,
    missing_docs,
    reason = "a test may panic"
)]

mod protected;
mod small_changes;
mod whole;

use boxlock::compare::{Comparing, Which};
use boxlock::protect::periods::Periods;
use boxlock::protect::{FragmentTask, SourceKeys};
use boxlock::report::{self, FileComparison};
use boxlock::session::Session;
use boxlock::verify::{Examiner, wire};

use crate::support::drive::{self, Feed};

const SAMPLE: &[u8] = include_bytes!("../www/samples/sample.ismv");

/// Gives a comparison the samples of a file, as workers do; fails where they cannot be looked at.
fn examine(
    comparing: &mut Comparing,
    which: Which,
    session: &Session,
    file: &[u8],
    keys: Option<&SourceKeys>,
) -> boxlock::bytes::Result<()> {
    let index = session.work()?;
    let movie = index.movie.clone().unwrap_or_default();
    let mut examiner = match keys {
        Some(keys) => Examiner::new(movie, keys),
        None => Examiner::of_bytes(movie),
    };
    for number in 0..index.fragments.len() {
        let task = FragmentTask::numbered(number, index, &Periods::default()).unwrap();
        let (task, pieces) = session.with_pieces(task)?;
        let mut bytes = drive::bytes_of(file, pieces);
        comparing.take(which, &wire::to_bytes(&examiner.whole(&task, &mut bytes)?))?;
    }
    Ok(())
}

/// Compares two files, as the page does; nothing where one cannot be opened.
pub fn compared(this: &[u8], other: &[u8]) -> Option<FileComparison> {
    compared_with((this, None), (other, None))
}

/// The same, with keys of files whose samples are to be compared decrypted.
pub fn compared_with(
    (this, keys): (&[u8], Option<&SourceKeys>),
    (other, other_keys): (&[u8], Option<&SourceKeys>),
) -> Option<FileComparison> {
    let (ours, theirs) = (drive::open(this, Feed::Whole).ok()?, drive::open(other, Feed::Whole).ok()?);
    let mut comparing = report::compare(&ours, &theirs).unwrap();
    let mut before = 0;
    while let Some(wanted) = comparing.needs() {
        let file = if wanted.which == Which::This { this } else { other };
        let start = (wanted.need.start as usize).min(file.len());
        let end = (start + wanted.need.len as usize).min(file.len());
        assert!(comparing.position() >= before || wanted.which == Which::Other);
        before = before.min(comparing.position());
        comparing.feed(&file[start..end]);
    }
    let both = [(Which::This, &ours, this, keys), (Which::Other, &theirs, other, other_keys)];
    for (which, session, file, keys) in both {
        if keys.is_some() {
            comparing.decrypts(which);
        }
        if let Err(error) = examine(&mut comparing, which, session, file, keys) {
            comparing.failed(error.message());
            break;
        }
    }
    Some(report::comparison(comparing))
}

/// Compares two files that can be opened, and whose samples can be compared.
fn compare(this: &[u8], other: &[u8]) -> FileComparison {
    let found = compared(this, other).unwrap();
    assert_eq!(found.failed, None);
    found
}

fn kind(kind: report::DifferenceKind) -> String {
    format!("{kind:?}").to_lowercase()
}

/// What differs, a line for each box: kind, path here, path there, fields.
fn told(found: &FileComparison) -> Vec<String> {
    let line = |one: &report::DifferingBox| {
        let path =
            |spot: &Option<report::BoxSpot>| spot.as_ref().map_or("-".to_owned(), |spot| spot.path.clone());
        let (here, there) = (path(&one.here), path(&one.there));
        let paths = if here == there { here } else { format!("{here} {there}") };
        let field = |field: &report::DifferingField| {
            let text = |text: &Option<String>| text.clone().unwrap_or_else(|| "-".to_owned());
            format!(" {}: {} > {}", field.name, text(&field.before), text(&field.after))
        };
        let fields: String = one.fields.iter().map(field).collect();
        let bytes = one.bytes.as_ref().map_or(String::new(), |bytes| {
            format!(" bytes {} {}: {} > {}", bytes.here, bytes.there, bytes.before, bytes.after)
        });
        format!("{} {paths}{fields}{bytes}", kind(one.kind))
    };
    found.differences.iter().map(line).collect()
}

/// The groups, with how many of each.
fn groups(found: &FileComparison) -> Vec<String> {
    found.groups.iter().map(|one| format!("{} {} {}", one.count, kind(one.kind), one.path)).collect()
}
