//! Fragments too large to hold: going by in pieces, they come out as those protected whole.

#![allow(
    clippy::cast_possible_truncation,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "clippy.toml allows these in tests, but does not see that a whole file is one"
)]

use crate::support;

use boxlock::output::Step;
use boxlock::output::protected::{LargeFragment, protect_fragment};
use boxlock::protect::{RequestText, SampleProtector};
use support::drive::{self, Feed};
use support::synth;

/// What two runs are of whose media data stand the other way around.
#[derive(Clone, Copy, PartialEq)]
enum Of {
    TwoTracks,
    OneTrack,
    /// The same, each in a `traf` of its own.
    OneTrackTwice,
}

/// A fragment of them.
fn turned(of: Of) -> Vec<u8> {
    let mut made = synth::File { tracks: vec![synth::Kind::Sound; 2], access: None, ..synth::small() };
    made.fragments.truncate(1);
    let mut traf = made.fragments[0].trafs[0].clone();
    traf.terse = false;
    traf.runs = vec![vec![vec![1; 50], vec![2; 30]]];
    let second = synth::Traf { track: 1, runs: vec![vec![vec![3; 60], vec![4; 20]]], ..traf.clone() };
    made.fragments[0].trafs = match of {
        Of::TwoTracks => vec![traf, second],
        Of::OneTrack => vec![synth::Traf { runs: [traf.runs.clone(), second.runs].concat(), ..traf }],
        Of::OneTrackTwice => vec![traf, synth::Traf { track: 0, ..second }],
    };
    let mut file = made.bytes();
    let at: Vec<usize> =
        file.windows(4).enumerate().filter(|(_, word)| *word == b"trun").map(|(at, _)| at + 12).collect();
    let [first, second] = at[..] else { panic!("{at:?}") };
    let offsets = [first, second].map(|at| <[u8; 4]>::try_from(&file[at..at + 4]).unwrap());
    file[first..first + 4].copy_from_slice(&offsets[1]);
    file[second..second + 4].copy_from_slice(&offsets[0]);
    file
}

#[test]
fn a_large_fragment_whose_samples_stand_out_of_order_is_refused() {
    for of in [Of::OneTrack, Of::OneTrackTwice] {
        let file = turned(of);
        let session = drive::open(&file, Feed::Whole).unwrap();
        let plan = drive::plan(&session, &drive::request("piff")).unwrap();
        let movie = session.index().unwrap().movie.clone().unwrap();
        let mut protector = SampleProtector::new(plan.clone());
        let mut assembly = session.assemble(&plan).unwrap();
        let task = std::iter::from_fn(|| assembly.next_step()).find_map(|step| match step {
            Step::Fragment(task) => Some(task),
            _ => None,
        });
        let task = task.unwrap();
        let moof = &file[task.start as usize..(task.start + task.moof_len) as usize];
        let error = LargeFragment::new(&mut protector, &movie, task.clone(), moof).err().unwrap();
        assert_eq!(error.code(), "samples-out-of-order", "{error}");
    }
}

/// What our own files are called.
const OWN: [&str; 3] = ["sample", "made", "tracks the other way around"];

#[test]
fn pieces_of_any_size_give_the_same_bytes() {
    let mut fragments = 0;
    let own = [
        include_bytes!("../www/samples/sample.ismv").to_vec(),
        synth::small().bytes(),
        turned(Of::TwoTracks),
    ];
    for (name, file) in OWN.map(str::to_owned).into_iter().zip(own).chain(support::corpus_files()) {
        let Ok(session) = drive::open(&file, Feed::Whole) else { continue };
        // Every cipher, over our own files; the corpus by the forms alone.
        let ciphers = [("cbc1", "piff"), ("cens", "plain"), ("cbcs", "plain")];
        let forms = [("cenc", "piff"), ("cenc", "hybrid")];
        let more = ciphers.iter().filter(|_| OWN.contains(&&*name));
        let mut requests: Vec<_> = forms
            .iter()
            .chain(more)
            .map(|(scheme, form)| (scheme, form, drive::request_in(scheme, form)))
            .collect();
        // With a clear lead, and keys that change.
        for (scheme, form) in forms.iter().filter(|_| name == "sample") {
            let (clear_lead, key_rotation) = (Some("2".to_owned()), Some("1".to_owned()));
            let text = RequestText { clear_lead, key_rotation, ..drive::request_in(scheme, form) };
            let plan = drive::plan(&session, &text).unwrap();
            assert!(plan.periods.of(0).is_none() && plan.periods.count() > 2);
            requests.push((scheme, form, text));
        }
        for (scheme, form, text) in requests {
            let Ok(plan) = drive::plan(&session, &text) else { continue };
            let movie = session.work().unwrap().movie.clone().unwrap();
            let mut protector = SampleProtector::new(plan.clone());
            // It has seen no fragment that is held whole: keys are those of what it is given.
            let mut piecewise = SampleProtector::new(plan.clone());
            let mut assembly = session.assemble(&plan).unwrap();
            while let Some(step) = assembly.next_step() {
                let Step::Fragment(task) = step else { continue };
                let (task, pieces) = session.with_pieces(task).unwrap();
                let source = drive::bytes_of(&file, pieces);
                let mut whole = source.clone();
                let done = match protect_fragment(&mut protector, &movie, &task, &mut whole, None) {
                    Ok(done) => done,
                    // Both views of a stereo recording; the other form takes them.
                    Err(error) if error.code() == "layered-hevc" && form != &"piff" => break,
                    Err(error) => panic!("{name}: {error}"),
                };
                let (moof, media) = source.split_at(task.moof_len as usize);
                // From pieces smaller than most samples to one that holds all.
                for max in [64, 3_000, 50_000, u64::from(u32::MAX)] {
                    let mut large = LargeFragment::new(&mut piecewise, &movie, task.clone(), moof).unwrap();
                    let mut output = media.to_vec();
                    let media_start = task.start + task.moof_len;
                    let range = |start: u64, len: u64| {
                        let from = (start - media_start) as usize;
                        from..from + len as usize
                    };
                    let mut seen = 0;
                    while let Some((start, len)) = large.next_piece(max) {
                        large.scan(&mut piecewise, start, &mut output[range(start, len)]).unwrap();
                        seen += len;
                    }
                    assert_eq!(seen, task.end - media_start, "{name}: the pieces cover the media data");
                    assert_eq!(
                        large.moof(&piecewise).unwrap(),
                        done.moof,
                        "{name} {scheme} {form} {max}: moof"
                    );
                    while let Some((start, len)) = large.next_piece(max) {
                        large.encrypt(&piecewise, start, &mut output[range(start, len)]).unwrap();
                    }
                    assert!(output == whole[done.media_start..], "{name} {scheme} {form} {max}: media data");
                }
                fragments += 1;
            }
        }
    }
    assert!(fragments >= 20, "{fragments} fragments");
}
