//! A codec configuration, or a movie header, of another film than the samples: said before the work, or refused.

#![allow(
    clippy::cast_possible_truncation,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "clippy.toml allows these in tests, but does not see that a whole file is one"
)]

use boxlock::output::summary::tally_notes;
use boxlock::protect::subsample::Tally;
use boxlock::report;

use crate::lint::build;
use crate::support;
use support::drive::{self, Feed};
use support::{ffmpeg, raw};

const FRAGMENTED: &str = "-movflags +frag_keyframe+delay_moov+default_base_moof";

fn film(size: &str, codec: &str) -> Vec<u8> {
    let source = format!("-f lavfi -i testsrc2=s={size}:d=1");
    ffmpeg::make_by(".mp4", &format!("{source} -pix_fmt yuv420p -g 25 {codec} {FRAGMENTED}"))
}

/// The boxes of one file up to its first fragment, and of another from there on.
fn mixed(header: &[u8], media: &[u8]) -> Vec<u8> {
    let first = |file: &[u8]| raw::boxes(file, 0).iter().find(|one| one.name == "moof").unwrap().start;
    [&header[..first(header)], &media[first(media)..]].concat()
}

/// What is said of the tracks while they are laid out, and the error with which it ends.
fn said(file: &[u8], form: &str) -> Result<Vec<String>, boxlock::bytes::Error> {
    let session = drive::open(file, Feed::Whole)?;
    let plan = drive::plan(&session, &drive::request_in("cenc", form))?;
    let tallies: Vec<(u32, Tally)> = drive::tallies(&session, &plan, file)?;
    Ok(tallies.iter().flat_map(|(track, tally)| tally_notes(*track, tally)).collect())
}

const CODECS: [(&str, bool); 3] = [
    ("-c:v libx264 -preset ultrafast", false),
    ("-c:v libx265 -preset ultrafast -x265-params log-level=none -tag:v hvc1", false),
    ("-c:v libaom-av1 -cpu-used 8 -row-mt 0 -threads 1", true),
];

#[test]
fn a_sequence_header_of_another_film_is_told() {
    if !ffmpeg::present() {
        return;
    }
    for (codec, in_samples) in CODECS {
        let [one, other] = ["128x96", "192x128"].map(|size| film(size, codec));
        for file in [&one, &other] {
            assert!(said(file, "hybrid").unwrap().is_empty(), "{codec}");
        }
        let file = mixed(&one, &other);
        match said(&file, "hybrid") {
            // Where samples carry their header, they can be protected all the same.
            Ok(notes) if in_samples => {
                assert!(
                    notes.len() == 1 && notes[0].contains("the configuration is of another film"),
                    "{notes:?}"
                );
            }
            // With the sets of another film a slice header ends elsewhere, or nowhere.
            Ok(notes) => assert!(notes.is_empty(), "{codec}: {notes:?}"),
            Err(error) => assert!(!in_samples && !error.message().is_empty(), "{codec}: {error}"),
        }
    }
}

#[test]
fn slices_without_their_sets_are_refused_and_no_form_is_advised() {
    if !ffmpeg::present() {
        return;
    }
    let with_id =
        |id: u8| film("128x96", &format!("-c:v libx264 -preset ultrafast -x264-params sps-id={id}"));
    let error = said(&mixed(&with_id(0), &with_id(3)), "hybrid").unwrap_err();
    assert_eq!((error.code(), error.field()), ("unknown-pps", None), "{error}");
    assert!(error.message().starts_with("Track 1 at 0:00:00.000: "), "{error}");
    assert!(
        error.message().contains("picture parameter set 3") && error.message().contains("another film"),
        "{error}"
    );
    assert!(!error.message().contains("piff"), "{error}");
}

#[test]
fn an_index_that_counts_other_ticks_is_told() {
    if !ffmpeg::present() {
        return;
    }
    let file = ffmpeg::make_by(
        ".mp4",
        "-f lavfi -i testsrc2=s=128x96:d=2 -pix_fmt yuv420p -g 25 -c:v libx264 -preset ultrafast -movflags \
         +frag_keyframe+empty_moov+default_base_moof+dash",
    );
    let notes = |file: &[u8]| {
        let session = drive::open(file, Feed::Whole).unwrap();
        let plan = drive::plan(&session, &drive::request_in("cenc", "hybrid")).unwrap();
        let all = report::plan(&session, &plan).unwrap().warnings;
        all.into_iter().filter(|one| one.contains("segment index")).collect::<Vec<_>>()
    };
    assert!(notes(&file).is_empty(), "{:?}", notes(&file));
    let mut other = file.clone();
    build::set(&mut other, "moov/trak/mdia/mdhd", 12, &25_600_u32.to_be_bytes());
    let found = notes(&other);
    assert!(found.len() == 1 && found[0].contains("12800") && found[0].contains("25600"), "{found:?}");
    assert!(found[0].contains("0:00:01.000 by the one and 0:00:00.500 by the other"), "{found:?}");
}
