//! What holds for every file: random files in every form, protected, and looked at from all sides.

#![allow(
    clippy::cast_possible_truncation,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "clippy.toml allows these in tests, but does not see that a whole file is one"
)]

use crate::support;

use std::collections::HashSet;

use boxlock::boxes::Tree;
use boxlock::bytes::ContentKey;
use boxlock::output::Step;
use boxlock::output::protected::protect_fragment;
use boxlock::output::summary::Touched;
use boxlock::protect::{RequestText, SampleProtector, order};
use boxlock_judges::{TrackKey, bento4_decrypt};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use support::drive::{self, Feed, Samples, decrypted_samples, open, plan, protect, request, samples};
use support::raw::{self, RawBox, be64};
use support::strategy;
use support::synth::{Base, File, Kind};

/// The protected file. One with nothing to encrypt, as an empty picture alone, is no case: it is refused for that.
fn made(file: &[u8], text: &RequestText) -> Result<Vec<u8>, TestCaseError> {
    match protect(file, text) {
        Err(error) if error.code() == "nothing-encrypted" => Err(TestCaseError::reject("nothing to encrypt")),
        done => Ok(done.unwrap()),
    }
}

fn config() -> ProptestConfig {
    let failures = proptest::test_runner::FileFailurePersistence::WithSource("regressions");
    ProptestConfig {
        cases: 100,
        max_shrink_iters: 2000,
        failure_persistence: Some(Box::new(failures)),
        ..ProptestConfig::default()
    }
}

fn profiles() -> impl Strategy<Value = &'static str> {
    prop_oneof![Just("piff"), Just("hybrid")]
}

/// Without the tracks that have no samples: readers differ in whether they name them.
fn filled(mut samples: Samples) -> Samples {
    samples.retain(|_, list| !list.is_empty());
    samples
}

/// The boxes that protection may put in.
const ADDED: [&str; 9] = [
    "pssh",
    raw::PIFF_PSSH,
    "sinf",
    "saiz",
    "saio",
    "senc",
    raw::PIFF_SENC,
    raw::RECORD,
    raw::FRAGMENT_RECORD,
];

/// Whether a box is one of those that protection names, so that its bytes may change.
fn is_named(b: &RawBox<'_>) -> bool {
    ["ftyp", "moov", "moof", "mdat", "sidx", "mfra", "tfhd", "trun", "traf", "trak"]
        .contains(&b.name.as_str())
}

/// Every box of `old` is in `new`, in order; what protection does not name has the same bytes.
fn nothing_lost(old: &[RawBox<'_>], new: &[RawBox<'_>], added: &[&str]) {
    let kept: Vec<&RawBox<'_>> = new.iter().filter(|b| !added.contains(&b.name.as_str())).collect();
    let names = |boxes: &[&RawBox<'_>]| boxes.iter().map(|b| b.name.clone()).collect::<Vec<_>>();
    assert_eq!(names(&kept), names(&old.iter().collect::<Vec<_>>()));
    for (old, new) in old.iter().zip(kept) {
        if !is_named(old) {
            assert_eq!(old.bytes, new.bytes, "{} at {}", old.name, old.start);
        }
        match old.name.as_str() {
            "moov" | "moof" => nothing_lost(&old.children(), &new.children(), &ADDED),
            "traf" => {
                let had_time = old.child("tfdt").is_some();
                let time: &[&str] = if had_time { &[] } else { &["tfdt"] };
                nothing_lost(&old.children(), &new.children(), &[&ADDED[..], time].concat());
            }
            // Of a trak only the sample entry changes, deep inside: compare what is around.
            "trak" => {
                let (old, new) = (old.children(), new.children());
                nothing_lost(&old[..2], &new[..2], &[]);
            }
            "mdat" => assert_eq!((old.header, old.bytes.len()), (new.header, new.bytes.len())),
            _ => {}
        }
    }
}

/// Bytes of `mdat` boxes that are of no sample: gaps and padding.
fn gaps(file: &[u8]) -> Vec<u8> {
    let mut of_samples = HashSet::new();
    for place in raw::all_samples(file).iter().flatten().flat_map(|track| &track.samples) {
        of_samples.extend(place.start..place.start + place.len);
    }
    let mdats = raw::boxes(file, 0).into_iter().filter(|b| b.name == "mdat");
    mdats
        .flat_map(|b| b.start + b.header..b.end())
        .filter(|at| !of_samples.contains(at))
        .map(|at| file[at])
        .collect()
}

/// What Bento4 cannot do: it crashes at a `traf` without samples or an empty `trun`, invents bytes for empty samples, mixes up two `traf`
/// boxes of one track, and takes a second `traf` without a base flag to count from elsewhere.
fn is_beyond_bento4(file: &File, profile: &str) -> bool {
    file.fragments.iter().any(|fragment| {
        let implicit = fragment.trafs.iter().skip(1).any(|traf| traf.base == Base::Implicit);
        let empty = |traf: &support::synth::Traf| {
            let none = traf.runs.is_empty() || traf.runs.iter().any(Vec::is_empty);
            none || traf.runs.iter().flatten().any(Vec::is_empty)
        };
        let tracks: HashSet<usize> = fragment.trafs.iter().map(|traf| traf.track).collect();
        fragment.trafs.iter().any(empty)
            || tracks.len() < fragment.trafs.len()
            || (profile == "piff" && implicit)
    })
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn protected_files_are_sound_and_give_their_samples_back(file in strategy::file(), profile in profiles()) {
        let bytes = file.bytes();
        let body = &bytes[..bytes.len() - file.tail];
        raw::check_pointers(body);
        let clear = filled(file.samples());
        prop_assert_eq!(&filled(samples(&bytes)), &clear);
        let out = made(&bytes, &request(profile))?;
        let (out_body, tail) = out.split_at(out.len() - file.tail);
        prop_assert_eq!(tail, &bytes[body.len()..]);
        raw::check_pointers(out_body);
        let added: &[&str] = if file.brand.is_none() { &["ftyp"] } else { &[] };
        nothing_lost(&raw::boxes(body, 0), &raw::boxes(out_body, 0), added);
        prop_assert_eq!(gaps(body), gaps(out_body));
        let own = decrypted_samples(&out, |_, _| Some(ContentKey(drive::key()))).unwrap();
        prop_assert_eq!(&filled(own), &clear, "our reader");
        if !is_beyond_bento4(&file, profile) {
            let keys = (1..).zip(&file.tracks).map(|(track_id, _)| TrackKey { track_id, key: drive::key() });
            let judged = bento4_decrypt(out_body, &keys.collect::<Vec<_>>());
            prop_assert_eq!(&filled(samples(&judged)), &clear, "Bento4");
        }
    }

    #[test]
    fn no_two_samples_share_an_iv(file in strategy::file(), profile in profiles(), start in any::<u64>()) {
        let mut asked = request(profile);
        asked.iv_start = Some(format!("{start:016x}"));
        let out = made(&file.bytes(), &asked)?;
        let mut seen = HashSet::new();
        let mut samples = 0;
        let movie_tracks = &file.tracks;
        for moof in raw::boxes(&out[..out.len() - file.tail], 0).iter().filter(|b| b.name == "moof") {
            for traf in moof.children().iter().filter(|b| b.name == "traf") {
                let track = raw::be32(traf.at("tfhd").body(), 4) as usize - 1;
                let Some(senc) = traf.child(raw::PIFF_SENC) else {
                    assert_eq!(movie_tracks[track], Kind::Text);
                    continue;
                };
                if let Some(twin) = traf.child("senc") {
                    assert_eq!(twin.body(), senc.body(), "the twin boxes say the same");
                }
                let (body, mut at) = (senc.body(), 8);
                for _ in 0..raw::be32(body, 4) {
                    assert!(seen.insert(be64(body, at)), "an IV is used twice");
                    samples += 1;
                    at += 8;
                    if senc.flags() & 2 != 0 {
                        at += 2 + 6 * usize::from(u16::from_be_bytes([body[at], body[at + 1]]));
                    }
                }
                assert_eq!(at, body.len());
            }
        }
        prop_assert_eq!(seen.len(), samples);
    }

    #[test]
    fn fragments_come_out_the_same_in_any_order(
        file in strategy::file(),
        profile in profiles(),
        (max_len, max_count) in (0_u64..6000, 1_usize..5),
    ) {
        let bytes = file.bytes();
        let session = open(&bytes, Feed::Whole).unwrap();
        let plan = plan(&session, &request(profile)).unwrap();
        let movie = session.index().unwrap().movie.clone().unwrap();
        let mut assembly = session.assemble(&plan).unwrap();
        let mut tasks = Vec::new();
        while let Some(step) = assembly.next_step() {
            if let Step::Fragment(task) = step {
                tasks.push(task);
            }
        }
        // Several at a time: the same, side by side, and no more than that.
        let mut assembly = session.assemble(&plan).unwrap();
        let mut together = Vec::new();
        while let Some(step) = assembly.next_step() {
            let Step::Fragment(first) = step else { continue };
            let mut run = vec![first];
            assembly.next_fragments(&mut run, max_len, max_count);
            prop_assert!(run.windows(2).all(|pair| pair[0].end == pair[1].start) && run.len() <= max_count);
            prop_assert!(run.len() == 1 || run[run.len() - 1].end - run[0].start <= max_len);
            together.extend(order::from_bytes(&order::to_bytes(run).unwrap()).unwrap());
        }
        prop_assert_eq!(&together, &tasks);
        let mut forth = SampleProtector::new(plan.clone());
        let mut back = SampleProtector::new(plan);
        let run = |protector: &mut SampleProtector, number: usize, measure_only: bool| {
            let task = &tasks[number];
            let mut media = bytes[task.start as usize..task.end as usize].to_vec();
            let mut touched = Touched::default();
            let measured = measure_only.then_some(&mut touched);
            let done = protect_fragment(protector, &movie, task, &mut media, measured).unwrap();
            (done.moof, done.media_start, media)
        };
        let first: Vec<_> = (0..tasks.len()).map(|n| run(&mut forth, n, false)).collect();
        for number in (0..tasks.len()).rev() {
            prop_assert_eq!(&run(&mut back, number, false), &first[number]);
            // Measuring makes the same moof and leaves the bytes alone.
            let (moof, start, media) = run(&mut back, number, true);
            prop_assert_eq!((&moof, start), (&first[number].0, first[number].1));
            let task = &tasks[number];
            prop_assert_eq!(&media[..], &bytes[task.start as usize..task.end as usize]);
        }
    }

    #[test]
    fn it_does_not_matter_how_a_file_is_read(file in strategy::file(), least in 1_u64..400) {
        let bytes = file.bytes();
        let exact = open(&bytes, Feed::Exact).unwrap();
        let describe = |feed| format!("{:?}", open(&bytes, feed).unwrap().index().unwrap());
        let expected = format!("{:?}", exact.index().unwrap());
        prop_assert_eq!(&describe(Feed::Whole), &expected);
        prop_assert_eq!(&describe(Feed::AtLeast(least)), &expected);
    }

    #[test]
    fn a_plan_is_a_function_of_file_and_request(file in strategy::file(), profile in profiles()) {
        let bytes = file.bytes();
        let asked = request(profile);
        prop_assert_eq!(made(&bytes, &asked)?, made(&bytes, &asked)?);
        let session = open(&bytes, Feed::Exact).unwrap();
        let described = |_| format!("{:?}", plan(&session, &asked).unwrap());
        prop_assert_eq!(described(0), described(1));
        prop_assert!(!described(0).contains(drive::KEY), "the key is in no debug text");
    }

    #[test]
    fn another_key_changes_nothing_but_ciphertext_and_headers(file in strategy::file(), profile in profiles()) {
        let bytes = file.bytes();
        let asked = request(profile);
        let mut other = request(profile);
        other.key = Some(boxlock::protect::request::SecretText("00112233445566778899aabbccddeeff".to_owned()));
        let (a, b) = (made(&bytes, &asked)?, made(&bytes, &other)?);
        prop_assert_eq!(a.len(), b.len());
        let moofs = |file: &[u8]| {
            let boxes = raw::boxes(file, 0).into_iter().filter(|b| b.name == "moof");
            boxes.map(|b| b.bytes.to_vec()).collect::<Vec<_>>()
        };
        prop_assert_eq!(moofs(&a), moofs(&b));
    }
}

/// Of the random files most must be such that Bento4 has a say.
#[test]
fn bento4_judges_most_random_files() {
    let mut runner = TestRunner::deterministic();
    let mut files = (0..100).map(|_| strategy::file().new_tree(&mut runner).unwrap().current());
    let judged = files.by_ref().filter(|file| !is_beyond_bento4(file, "hybrid")).count();
    assert!(judged > 50, "{judged} of 100");
}

/// Files of the corpus, fed in every way.
#[test]
fn it_does_not_matter_how_corpus_files_are_read() {
    for (name, file) in support::corpus_files() {
        if file.is_empty() {
            continue;
        }
        let describe = |feed| match open(&file, feed) {
            Ok(session) => format!("{:?}", session.index().unwrap()),
            Err(error) => format!("{error:?}"),
        };
        let exact = describe(Feed::Exact);
        for feed in [Feed::Whole, Feed::AtLeast(5000)] {
            assert!(describe(feed) == exact, "{name} {feed:?}");
        }
    }
}

/// Written again without edits, every file is the same: its boxes tile it, and each gives its bytes back.
#[test]
fn an_untouched_file_is_written_as_it_was() {
    for (name, file) in support::corpus_files() {
        let Ok(session) = open(&file, Feed::Whole) else { continue };
        let index = session.index().unwrap();
        let trailing = index.findings.iter().any(|finding| finding.code() == "trailing-bytes");
        if trailing || !index.problems.is_empty() {
            continue;
        }
        let mut written = Vec::new();
        for top in index.top.iter() {
            assert_eq!(top.start, written.len() as u64, "{name}: boxes stand one behind the other");
            let bytes = &file[top.start as usize..top.end() as usize];
            let tree = Tree::parse(bytes, top.start).unwrap();
            written.extend(boxlock::boxes::Edits::new().apply(&tree));
        }
        assert!(written == file, "{name}");
    }
}

/// Opening takes a known number of bytes a fragment at most, whatever the fragments hold.
#[test]
fn a_fragment_takes_little_memory_in_the_index() {
    const FRAGMENTS: usize = 100_000;
    let mut file = support::synth::small();
    file.access = None;
    file.fragments.truncate(1);
    let one = file.bytes();
    let start = raw::boxes(&one, 0).iter().find(|b| b.name == "moof").unwrap().start;
    let mut bytes = one[..start].to_vec();
    for _ in 0..FRAGMENTS {
        bytes.extend(&one[start..]);
    }
    let mut session = None;
    let used = allocation_counter::measure(|| session = Some(open(&bytes, Feed::Whole).unwrap()));
    let session = session.unwrap();
    assert_eq!(session.index().unwrap().fragments.len(), FRAGMENTS);
    let [peak, kept] = [used.bytes_max, used.bytes_current.unsigned_abs()].map(|sum| sum / FRAGMENTS as u64);
    println!("{peak} bytes a fragment while opening, {kept} when open");
    // Two top-level boxes of 16 bytes, the fragment, its part.
    assert!(kept < 150, "{kept} bytes a fragment are kept");
    // Lists grow by a quarter.
    assert!(peak < 200, "{peak} bytes a fragment while opening");
}
