//! The matrix: scheme and form × codecs × kind of input × layout of keys, each judged by all software of other people that
//! is here. What comes of it stands in the README.
//!
//! A short form covers every pair of values; `BOXLOCK_MATRIX=full` runs all. `BOXLOCK_MATRIX=write` writes the README's
//! table.

#![allow(
    clippy::cast_possible_truncation,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "clippy.toml allows these in tests, but does not see that a whole file is one"
)]

use crate::support;

mod judges;
mod sources;
mod table;

use std::collections::BTreeSet;
use std::io::Write as _;

use boxlock::protect::{Plan, RequestText};
use judges::{Judge, Track};
use sources::{CODECS, Codecs, KINDS, Kind, Sources};
use support::drive::{self, request_in};
use support::witness::Movie;
use support::{ffmpeg, raw, verdict};
use table::Table;

const FORMS: [(&str, &str); 8] = [
    ("cenc", "hybrid"),
    ("cenc", "piff"),
    ("cenc", "plain"),
    ("cbc1", "hybrid"),
    ("cbc1", "piff"),
    ("cbc1", "plain"),
    ("cens", "plain"),
    ("cbcs", "plain"),
];

/// Who has which key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Keys {
    One,
    OfTracks,
    BehindLead,
    Rotating,
}

const KEYS: [Keys; 4] = [Keys::One, Keys::OfTracks, Keys::BehindLead, Keys::Rotating];

impl Keys {
    fn name(self) -> &'static str {
        match self {
            Self::One => "one key",
            Self::OfTracks => "a key a track",
            Self::BehindLead => "clear lead",
            Self::Rotating => "changing keys",
        }
    }
}

/// One output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Row {
    scheme: &'static str,
    form: &'static str,
    codecs: usize,
    kind: Kind,
    keys: Keys,
}

impl Row {
    /// PIFF 1.1 has no AV1 or VP9.
    fn is_refused(&self) -> bool {
        self.form == "piff" && matches!(CODECS[self.codecs].video, "AV1" | "VP9")
    }

    /// Its values, two by two.
    fn pairs(&self) -> Vec<[String; 2]> {
        let values = [
            format!("{} {}", self.scheme, self.form),
            self.codecs.to_string(),
            format!("{:?}", self.kind),
            format!("{:?}", self.keys),
        ];
        let both = |(at, one): (usize, &String)| {
            values[at + 1..].iter().map(|other| [one.clone(), other.clone()]).collect::<Vec<_>>()
        };
        values.iter().enumerate().flat_map(both).collect()
    }

    fn request(&self) -> RequestText {
        let text = request_in(self.scheme, self.form);
        let random = || RequestText { kid: None, key: None, ..text.clone() };
        match self.keys {
            Keys::One => text,
            Keys::OfTracks => RequestText { key_per: Some("track".to_owned()), ..random() },
            Keys::BehindLead => RequestText { clear_lead: Some("1.5".to_owned()), ..text },
            Keys::Rotating => RequestText { key_rotation: Some("1".to_owned()), ..random() },
        }
    }

    fn name(&self) -> String {
        let Codecs { video, audio, .. } = &CODECS[self.codecs];
        format!(
            "{} {}, {video} and {audio}, {}, {}",
            self.scheme,
            self.form,
            self.kind.name(),
            self.keys.name()
        )
    }
}

fn every_row() -> Vec<Row> {
    let mut rows = Vec::new();
    for (scheme, form) in FORMS {
        for (codecs, pair) in CODECS.iter().enumerate() {
            for kind in KINDS.into_iter().filter(|kind| pair.are_in(*kind)) {
                rows.extend(KEYS.map(|keys| Row { scheme, form, codecs, kind, keys }));
            }
        }
    }
    rows
}

/// Rows in which every pair of values stands that stands in any.
fn covering(rows: &[Row]) -> Vec<Row> {
    let mut missing: BTreeSet<[String; 2]> = rows.iter().flat_map(Row::pairs).collect();
    let mut chosen = Vec::new();
    let mut left = rows.to_vec();
    while !missing.is_empty() {
        let news = |row: &Row| row.pairs().iter().filter(|pair| missing.contains(*pair)).count();
        // The first of the best, so that it is the same each time.
        let best = left.iter().map(news).enumerate().max_by_key(|&(at, news)| (news, std::cmp::Reverse(at)));
        let row = left.swap_remove(best.unwrap().0);
        for pair in row.pairs() {
            missing.remove(&pair);
        }
        chosen.push(row);
    }
    chosen
}

/// The tracks that the plan protects, with their keys.
fn tracks(row: &Row, plan: &Plan, clear: &[u8]) -> Vec<Track> {
    let movie = Movie::read(clear).unwrap();
    let protected = movie.tracks.iter().enumerate().filter_map(|(number, found)| {
        let key = plan.key_of(found.id)?;
        let is_video = found.handler == *b"vide";
        let pair = &CODECS[row.codecs];
        let codec = if is_video { pair.video } else { pair.audio };
        Some(Track { id: found.id, number, codec, is_video, kid: key.kid, key: key.key.clone() })
    });
    protected.collect()
}

fn run(rows: &[Row]) -> Table {
    let judges = judges::all();
    let mut table = Table::new(judges.iter().map(Judge::name).collect());
    let mut sources = Sources::default();
    let mut wrong = Vec::new();
    let mut agreed = BTreeSet::new();
    for row in rows {
        let source = sources.open(row.codecs, row.kind);
        let text = row.request();
        if row.is_refused() {
            let error = drive::plan(&source.session, &text).unwrap_err();
            assert!(
                error.message().contains("PIFF") || error.message().contains("piff"),
                "{}: {error}",
                row.name()
            );
            table.refused += 1;
            continue;
        }
        let plan = drive::plan(&source.session, &text).unwrap_or_else(|e| panic!("{}: {e}", row.name()));
        let protect = |text: &RequestText| {
            let protected = drive::protect_opened(&source.session, &source.bytes, text).unwrap();
            raw::check_pointers(&protected);
            verdict::reopens(&protected).unwrap_or_else(|e| panic!("{}: {e}", row.name()));
            protected
        };
        let whole = protect(&text);
        let all = tracks(row, &plan, &source.clear);
        for track in &all {
            // Shaka Packager keeps to the pattern of the first track that it met a key with.
            let one = RequestText { tracks: Some(vec![track.id]), ..text.clone() };
            let own = tracks(row, &drive::plan(&source.session, &one).unwrap(), &source.clear).remove(0);
            let alone = protect(&one);
            for (number, judge) in judges.iter().enumerate() {
                let (protected, track) = match judge {
                    Judge::Shaka(_) => (&alone, &own),
                    Judge::Bento4 | Judge::Ffmpeg(..) => (&whole, track),
                };
                if let Some(why) = judge.passes_over(row, track) {
                    table.pass_over(number, why);
                    continue;
                }
                let said = judge.agrees(row, &plan, &source.clear, protected, track, &all);
                let known = judge.known(row, track);
                match (known, &said) {
                    (None, Err(said)) => {
                        wrong.push(format!("{}: {} of {}: {said}", judge.name(), track.codec, row.name()));
                    }
                    (Some(why), Ok(())) => {
                        agreed.insert((number, why));
                    }
                    (Some(_), Err(_)) | (None, Ok(())) => {}
                }
                let known = known.filter(|_| said.is_err());
                let form = format!("`{}`, `{}`", row.scheme, row.form);
                table.add(number, [&form, track.codec, row.kind.name(), row.keys.name()], known);
            }
        }
    }
    assert!(wrong.is_empty(), "{} of {} rows:\n{}", wrong.len(), rows.len(), wrong.join("\n"));
    // What is known of no output any more is no longer known.
    agreed.retain(|(judge, why)| !table.has_met(*judge, why));
    assert!(agreed.is_empty(), "{agreed:?}");
    table
}

#[test]
fn what_has_been_tried_against_what() {
    if !ffmpeg::present() {
        return;
    }
    let asked = std::env::var("BOXLOCK_MATRIX").unwrap_or_default();
    let every = every_row();
    let rows = if asked == "full" { every.clone() } else { covering(&every) };
    let table = run(&rows);
    let text = table.markdown(rows.len(), every.len());
    // Past the capture of test output: who runs the tests reads it.
    std::io::stdout().write_all(format!("\n{text}\n").as_bytes()).unwrap();
    if asked == "full" {
        return;
    }
    let readme = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md");
    let said = std::fs::read_to_string(&readme).unwrap();
    let (before, rest) = said.split_once(table::BEGIN).expect("the README says where the table stands");
    let (old, after) = rest.split_once(table::END).expect("the README says where the table ends");
    if asked == "write" {
        std::fs::write(&readme, format!("{before}{}\n\n{text}\n{}{after}", table::BEGIN, table::END))
            .unwrap();
        return;
    }
    // A table of other judges, or other versions of them, cannot be compared.
    if old.contains(&format!("{}\n", table.head())) {
        assert_eq!(old.trim(), text.trim(), "BOXLOCK_MATRIX=write writes the README's table anew");
    } else {
        support::not_run("the README's table is of other judges than are here");
    }
}
