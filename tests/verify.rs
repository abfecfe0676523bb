//! Verifying: what was protected here is found right, in every scheme and form; and everything that can go wrong with it is
//! found.

#![allow(
    clippy::cast_possible_truncation,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "clippy.toml allows these in tests, but does not see that a whole file is one"
)]

use crate::support;

mod made;
mod told;

use boxlock::bytes::Result;
use boxlock::protect::periods::Periods;
use boxlock::protect::request::SecretText;
use boxlock::protect::{FragmentTask, Plan, RequestText, SourceKeyText, SourceKeys};
use boxlock::session::Session;
use boxlock::verify::examine::Examined;
use boxlock::verify::{Examiner, Outcome, Side, Verification, wire};
use support::clear::{self, Clear};
use support::drive::{self, Feed, request_in};
use support::ffmpeg;

/// What can carry each scheme.
const ALL: [(&str, &str); 8] = [
    ("cenc", "hybrid"),
    ("cenc", "piff"),
    ("cenc", "plain"),
    ("cbc1", "hybrid"),
    ("cbc1", "piff"),
    ("cbc1", "plain"),
    ("cens", "plain"),
    ("cbcs", "plain"),
];

/// The keys of a plan, as a key sheet has them.
pub fn keys_of(plan: &Plan) -> SourceKeys {
    let typed = plan.all_keys().map(|key| SourceKeyText {
        kid: Some(key.kid.uuid()),
        key: Some(SecretText(hex::encode(key.key.0))),
        ..SourceKeyText::default()
    });
    SourceKeys::parse(&typed.collect::<Vec<_>>()).unwrap()
}

/// What is found of all fragments of a file; `pieces` are gone over in pieces of this size.
fn examine(session: &Session, bytes: &[u8], keys: &SourceKeys, pieces: Option<u64>) -> Result<Vec<Examined>> {
    let index = session.work()?;
    let mut examiner = Examiner::new(index.movie.clone().unwrap(), keys);
    let mut all = Vec::new();
    for number in 0..index.fragments.len() {
        let task = FragmentTask::numbered(number, index, &Periods::default()).unwrap();
        let (task, found) = session.with_pieces(task)?;
        let mut fragment = drive::bytes_of(bytes, found);
        let Some(max) = pieces else {
            all.extend(examiner.whole(&task, &mut fragment)?);
            continue;
        };
        let (moof, media) = fragment.split_at_mut(task.moof_len as usize);
        let mut examination = examiner.begin(&task, moof, &[])?;
        while let Some((start, len)) = examination.next_piece(max)? {
            let at = (start - task.start - task.moof_len) as usize;
            let mut window = boxlock::protect::Window { start, bytes: &mut media[at..at + len as usize] };
            examiner.take(&mut examination, &mut window)?;
        }
        all.extend(examination.found());
    }
    Ok(all)
}

/// Verifies a written file, as the page does.
pub fn verify(written: &[u8], keys: &SourceKeys, source: Option<(&Session, &[u8])>) -> Outcome {
    verify_for(written, keys, source, &[])
}

/// The same, where something of these tracks was to be encrypted.
fn verify_for(
    written: &[u8],
    keys: &SourceKeys,
    source: Option<(&Session, &[u8])>,
    expected: &[u32],
) -> Outcome {
    let session = drive::open(written, Feed::Whole).unwrap();
    let of_source = source.map(|(session, _)| &**session.work().unwrap());
    let mut verification = Verification::new(session.index().unwrap(), keys, of_source);
    verification.expect(expected);
    if let Some((session, bytes)) = source {
        let found = examine(session, bytes, &SourceKeys::default(), None).unwrap();
        verification.take(Side::Source, &wire::to_bytes(&found)).unwrap();
    }
    match examine(&session, written, keys, None) {
        Ok(found) => verification.take(Side::Written, &wire::to_bytes(&found)).unwrap(),
        Err(error) => verification.failed(error.code(), error.message()),
    }
    verification.finish()
}

fn codes(outcome: &Outcome) -> Vec<&str> {
    outcome.faults.iter().map(|fault| fault.code.as_str()).collect()
}

fn sources() -> Vec<Clear> {
    let mut files = clear::made();
    files.retain(|file| file.bytes.len() < 400_000);
    files.push(Clear {
        name: "sample.ismv".to_owned(),
        bytes: include_bytes!("../www/samples/sample.ismv").to_vec(),
    });
    files.extend(clear::corpus().into_iter().take(6));
    if ffmpeg::present() {
        let plain = "-f lavfi -i testsrc2=s=192x108:d=4 -f lavfi -i sine=d=4 -c:v libx264 -preset ultrafast -bf 2 -g 25 \
                     -pix_fmt yuv420p -c:a aac";
        files.push(Clear { name: "plain".to_owned(), bytes: ffmpeg::make_by(".mp4", plain) });
        let av1 = "-f lavfi -i testsrc2=s=192x108:d=2 -c:v libsvtav1 -preset 12 -g 25 -pix_fmt yuv420p -f mp4 -movflags \
                   +frag_keyframe+empty_moov+default_base_moof";
        files.push(Clear { name: "av1".to_owned(), bytes: ffmpeg::make_by(".mp4", av1) });
    }
    files
}

fn wishes(scheme: &str, form: &str) -> [RequestText; 4] {
    let text = request_in(scheme, form);
    let random = || RequestText { kid: None, key: None, ..text.clone() };
    let some = |text: &str| Some(text.to_owned());
    [
        text.clone(),
        RequestText { key_per: some("track"), ..random() },
        RequestText { clear_lead: some("1"), ..text.clone() },
        RequestText { key_rotation: some("1"), ..random() },
    ]
}

#[test]
fn what_was_protected_here_is_right() {
    let mut verified = 0;
    for Clear { name, bytes } in sources() {
        let source = drive::open(&bytes, Feed::Whole).unwrap();
        for (scheme, form) in ALL {
            for (number, text) in wishes(scheme, form).into_iter().enumerate() {
                // Some files are shorter than the lead, or have codecs that PIFF does not know.
                let Ok(plan) = drive::plan(&source, &text) else { continue };
                let written = drive::protect_opened(&source, &bytes, &text).unwrap();
                let outcome = verify(&written, &keys_of(&plan), Some((&source, &bytes)));
                let named = format!("{name} {scheme} {form} {number}");
                assert!(outcome.faults.is_empty(), "{named}: {:?}", outcome.faults);
                // A lead may have all of a short track.
                let has_lead = text.clear_lead.is_some();
                for (track, sum) in &outcome.tracks {
                    assert_eq!(sum.equal, sum.samples, "{named}: track {track}");
                    let is_protected = plan.protection(*track).is_some();
                    assert!(has_lead || (sum.encrypted > 0) == is_protected, "{named}: track {track}");
                    assert_eq!(sum.beside, 0, "{named}: track {track}");
                }
                verified += 1;
            }
        }
    }
    assert!(verified > 150, "{verified}");
}

#[test]
fn in_pieces_the_same_is_found() {
    let bytes = include_bytes!("../www/samples/sample.ismv");
    let source = drive::open(bytes, Feed::Whole).unwrap();
    for (scheme, form) in ALL {
        let text = request_in(scheme, form);
        let written = drive::protect(bytes, &text).unwrap();
        let keys = keys_of(&drive::plan(&source, &text).unwrap());
        let session = drive::open(&written, Feed::Whole).unwrap();
        let whole = examine(&session, &written, &keys, None).unwrap();
        for max in [1, 5000, 1 << 20] {
            assert!(examine(&session, &written, &keys, Some(max)).unwrap() == whole, "{scheme} {form} {max}");
        }
    }
}

/// A protected file, its keys, and its source.
struct Case {
    source: Session,
    clear: Vec<u8>,
    written: Vec<u8>,
    keys: SourceKeys,
}

impl Case {
    fn new(text: &RequestText) -> Self {
        Self::of(include_bytes!("../www/samples/sample.ismv").to_vec(), text)
    }

    fn of(clear: Vec<u8>, text: &RequestText) -> Self {
        let source = drive::open(&clear, Feed::Whole).unwrap();
        let plan = drive::plan(&source, text).unwrap();
        let written = drive::protect_opened(&source, &clear, text).unwrap();
        Self { keys: keys_of(&plan), source, clear, written }
    }

    /// What is found when this is done to the written file: with the source, and without.
    fn found(&self, spoil: impl Fn(&mut Vec<u8>)) -> [Vec<String>; 2] {
        [self.beside(&spoil), self.after(&spoil, None)]
    }

    fn beside(&self, spoil: &dyn Fn(&mut Vec<u8>)) -> Vec<String> {
        self.after(spoil, Some((&self.source, &self.clear[..])))
    }

    /// Whether a fragment has another head than was written.
    fn is_other_head(&self, spoil: &dyn Fn(&mut Vec<u8>)) -> bool {
        let mut bytes = self.written.clone();
        spoil(&mut bytes);
        let [written, spoiled] = [&self.written, &bytes].map(|file| drive::open(file, Feed::Whole).unwrap());
        let digests: Vec<u32> =
            written.index().unwrap().fragments.iter().map(|fragment| fragment.digest).collect();
        let mut verification = Verification::new(spoiled.index().unwrap(), &self.keys, None);
        verification.heads(spoiled.index().unwrap(), &digests);
        // One more was written than there are.
        let mut fewer = Verification::new(written.index().unwrap(), &self.keys, None);
        fewer.heads(written.index().unwrap(), &[&digests[..], &[1]].concat());
        assert_eq!(codes(&fewer.finish()), ["not-as-written"]);
        verification.finish().faults.iter().any(|fault| fault.code == "not-as-written")
    }

    fn after(&self, spoil: &dyn Fn(&mut Vec<u8>), source: Option<(&Session, &[u8])>) -> Vec<String> {
        let mut bytes = self.written.clone();
        spoil(&mut bytes);
        assert!(bytes != self.written, "nothing was spoiled");
        codes(&verify(&bytes, &self.keys, source)).into_iter().map(str::to_owned).collect()
    }

    fn last(&self, code: &[u8]) -> usize {
        self.written.windows(code.len()).rposition(|window| window == code).unwrap()
    }

    fn first(&self, code: &[u8]) -> usize {
        self.written.windows(code.len()).position(|window| window == code).unwrap()
    }
}

/// Has this code, and, where it is asked for, nothing else.
fn assert_found(found: &[String], code: &str) {
    assert!(found.iter().any(|one| one == code), "{code}: {found:?}");
}

const UTF16: fn(&str) -> Vec<u8> = |text| text.encode_utf16().flat_map(u16::to_le_bytes).collect();

#[test]
fn every_planted_fault_is_found() {
    let plain = Case::new(&request_in("cenc", "plain"));
    let hybrid = Case::new(&request_in("cenc", "hybrid"));

    // One bit of an encrypted sample.
    let [beside, _] = plain.found(|bytes| bytes[plain.last(b"mdat") + 200] ^= 1);
    assert_eq!(beside, ["other-bytes"]);

    // And when that is: fragments of two seconds each, the last ones from 8 s on.
    let mut spoiled = plain.written.clone();
    spoiled[plain.last(b"mdat") + 200] ^= 1;
    let outcome = verify(&spoiled, &plain.keys, Some((&plain.source, &plain.clear)));
    let time = outcome.faults[0].time.unwrap();
    assert!((7.9..10.0).contains(&time), "{time}");
    // A list that is not its twin's is a fault of the fragment, and has the time of that.
    let uuid = hybrid.last(&hex::decode("a2394f525a9b4f14a2446c427c648df4").unwrap()) + 16 + 8;
    let mut spoiled = hybrid.written.clone();
    spoiled[uuid + 3] ^= 1;
    let outcome = verify(&spoiled, &hybrid.keys, None);
    let fault = outcome.faults.iter().find(|fault| fault.code == "twins-differ").unwrap();
    assert!((7.9..10.0).contains(&fault.time.unwrap()), "{fault:?}");

    // A run that begins a byte later.
    let trun = plain.last(b"trun");
    let [beside, alone] = plain.found(|bytes| bytes[trun + 15] = bytes[trun + 15].wrapping_add(1));
    assert!(!beside.is_empty() && !alone.is_empty(), "{beside:?} {alone:?}");

    // The IV of the first sample again in the second: 8 bytes each, with maps between where it is video.
    let senc = plain.last(b"senc") + 4;
    let has_maps = plain.written[senc + 3] & 2 != 0;
    let entry = senc + 8;
    let maps = if has_maps { 2 + 6 * usize::from(plain.written[entry + 9]) } else { 0 };
    let [beside, alone] = plain.found(|bytes| bytes.copy_within(entry..entry + 8, entry + 8 + maps));
    assert_found(&beside, "counter-twice");
    assert_found(&beside, "other-bytes");
    assert_found(&alone, "counter-twice");

    // A KID in the byte order of GUIDs: nobody has its key.
    let tenc = plain.first(b"tenc") + 4 + 8;
    let [beside, alone] = plain.found(|bytes| {
        bytes[tenc..tenc + 4].reverse();
        bytes[tenc + 4..tenc + 6].reverse();
        bytes[tenc + 6..tenc + 8].reverse();
    });
    assert!(
        [&beside, &alone].iter().all(|found| found.iter().any(|code| code == "header-kid")),
        "{beside:?}"
    );
    assert!(alone.iter().any(|code| code == "no-key"), "{alone:?}");

    // What is not looked at for want of a key is not missing.
    assert!(!beside.iter().any(|code| code == "samples-missing"), "{beside:?}");
    let mut spoiled = plain.written.clone();
    let kid = boxlock::bytes::KeyId(spoiled[tenc..tenc + 16].try_into().unwrap());
    spoiled[tenc..tenc + 16].copy_from_slice(&kid.guid_bytes());
    let outcome = verify(&spoiled, &plain.keys, None);
    assert!(outcome.faults.iter().any(|fault| fault.message.contains("in the other byte order")));

    // The same in CENC's box alone, where PIFF has its own.
    let tenc = hybrid.first(b"tenc") + 4 + 8;
    let [_, alone] = hybrid.found(|bytes| bytes[tenc + 15] ^= 1);
    assert_found(&alone, "twins-differ");

    // Or another length of IVs.
    let twin = hybrid.first(&hex::decode("8974dbce7be74c5184f97148f9882554").unwrap()) + 16 + 7;
    assert_eq!(hybrid.written[twin], 8);
    let [_, alone] = hybrid.found(|bytes| bytes[twin] = 16);
    assert_found(&alone, "twins-differ");

    // A PlayReady object that is longer than itself.
    let record = plain.first(&UTF16("<WRMHEADER")) - 1;
    let [_, alone] = plain.found(|bytes| bytes[record] ^= 0x40);
    assert!(!alone.is_empty());

    // Ticks of another length: their numbers are not held against each other.
    let mdhd = plain.first(b"mdhd");
    let timescale = mdhd + 4 + 4 + if plain.written[mdhd + 4] == 1 { 16 } else { 8 };
    let [beside, _] = plain.found(|bytes| bytes[timescale + 2] ^= 1);
    assert!(!beside.iter().any(|code| code == "other-time"), "{beside:?}");

    // A checksum.
    let checksum = plain.first(&UTF16("CHECKSUM")) + 2 * "CHECKSUM=\"".len();
    let [_, alone] = plain.found(|bytes| bytes[checksum] = if bytes[checksum] == b'A' { b'B' } else { b'A' });
    assert_found(&alone, "header-checksum");

    // The last fragment ends early.
    let [beside, alone] = plain.found(|bytes| bytes.truncate(plain.last(b"mdat") + 300));
    assert!(!beside.is_empty() && !alone.is_empty());

    // A list of IVs that is one sample short.
    let [_, alone] = plain.found(|bytes| bytes[senc + 7] -= 1);
    assert!(!alone.is_empty(), "{alone:?}");
    assert_found(&alone, "sample-count");

    // PIFF's list says another IV.
    let uuid = hybrid.last(&hex::decode("a2394f525a9b4f14a2446c427c648df4").unwrap()) + 16 + 8;
    let [_, alone] = hybrid.found(|bytes| bytes[uuid + 3] ^= 1);
    assert_found(&alone, "twins-differ");

    // Where IVs are said to stand, and how long they are.
    let saio = plain.last(b"saio");
    let [_, alone] = plain.found(|bytes| bytes[saio + 15] ^= 1);
    assert_found(&alone, "saio");
    let saiz = plain.last(b"saiz");
    let [_, alone] = plain.found(|bytes| bytes[saiz + 8] ^= 1);
    assert_found(&alone, "saiz");

    // Indexes that lead elsewhere.
    let indexed = Case::new(&RequestText { segment_index: true, ..request_in("cenc", "plain") });
    let sidx = indexed.first(b"sidx");
    let [_, alone] = indexed.found(|bytes| bytes[sidx + 4 + 32 + 3] ^= 1);
    assert_found(&alone, "sidx");
    let count = usize::from(indexed.written[sidx + 4 + 31]);
    let [_, alone] = indexed.found(|bytes| bytes[sidx + 4 + 32 + 12 * (count - 1) + 3] ^= 1);
    assert_found(&alone, "sidx");
    let tfra = plain.last(b"tfra");
    let at = tfra + 4 + 16 + 8 + 7;
    let [_, alone] = plain.found(|bytes| bytes[at] ^= 1);
    assert_found(&alone, "mfra");
}

/// The first picture's slice is moved out of what is encrypted, and stands there as in the clear file.
#[test]
fn a_slice_left_clear_is_found() {
    for (scheme, form) in [("cenc", "plain"), ("cbcs", "plain"), ("cenc", "piff")] {
        let case = Case::new(&request_in(scheme, form));
        let [clear, written] = [&case.clear, &case.written].map(|file| drive::samples(file));
        let (before, after) = (&clear[&1][3], &written[&1][3]);
        let at = case.written.windows(after.len()).position(|window| window == after.as_slice()).unwrap();
        let len = u16::try_from(before.len()).unwrap();
        let (list, iv) = match (scheme, form) {
            (_, "piff") => (case.first(&hex::decode("a2394f525a9b4f14a2446c427c648df4").unwrap()) + 16, 8),
            ("cbcs", _) => (case.first(b"senc") + 4, 0),
            _ => (case.first(b"senc") + 4, 8),
        };
        let count = |at: usize| usize::from(case.written[at + iv + 1]);
        let map = (0..3).fold(list + 8, |at, _| at + iv + 2 + 6 * count(at));
        let (place, entries) = (map + iv + 2, count(map));
        let [beside, alone] = case.found(|bytes| {
            bytes[at..at + before.len()].copy_from_slice(before);
            // One clear run is all of it.
            bytes[place..place + 6 * entries].fill(0);
            bytes[place..place + 2].copy_from_slice(&len.to_be_bytes());
        });
        assert_found(&beside, "left-clear");
        assert_found(&alone, "left-clear");
        assert!(!beside.iter().any(|code| code == "other-bytes"), "{beside:?}");
    }
}

/// Any byte of the fragments, by the samples and by what the heads were when they were written. What stands around them the page
/// holds against what it wrote.
#[test]
fn a_thousand_bytes_that_changed_are_all_found() {
    let mut files = clear::made();
    files.sort_by_key(|file| file.bytes.len());
    let sample = include_bytes!("../www/samples/sample.ismv").to_vec();
    let clear = files.into_iter().next().map_or(sample, |file| file.bytes);
    let mut dice = support::dice::Dice(20_261_128);
    let mut missed = Vec::new();
    for (scheme, form) in [("cenc", "plain"), ("cenc", "hybrid"), ("cbcs", "plain"), ("cbc1", "piff")] {
        let case = Case::of(clear.clone(), &request_in(scheme, form));
        let written = drive::open(&case.written, Feed::Whole).unwrap();
        let fragments: Vec<std::ops::Range<usize>> = written
            .index()
            .unwrap()
            .fragments
            .iter()
            .map(|fragment| fragment.start as usize..fragment.end as usize)
            .collect();
        for _ in 0..250 {
            let at = std::iter::repeat_with(|| dice.roll(case.written.len()));
            let at = { at }.find(|at| fragments.iter().any(|fragment| fragment.contains(at))).unwrap();
            let change = 1 << dice.roll(8);
            let spoil = |bytes: &mut Vec<u8>| bytes[at] ^= change;
            if !case.is_other_head(&spoil) && case.beside(&spoil).is_empty() {
                missed.push((scheme, form, at, change));
            }
        }
    }
    assert!(missed.is_empty(), "{} missed: {missed:?}", missed.len());
}

/// Every clear file of the corpus that can be protected at all, and every made one.
#[test]
fn nothing_is_wrong_with_any_file_that_is_protected() {
    let files = support::corpus_files().into_iter().map(|(name, bytes)| Clear { name, bytes });
    let mut verified = 0;
    for Clear { name, bytes } in files.chain(clear::made()).filter(|file| file.bytes.len() < 4_000_000) {
        let Ok(source) = drive::open(&bytes, Feed::Whole) else { continue };
        for (scheme, form) in [("cenc", "hybrid"), ("cbcs", "plain")] {
            let text = request_in(scheme, form);
            let Ok(plan) = drive::plan(&source, &text) else { continue };
            let Ok(written) = drive::protect_opened(&source, &bytes, &text) else { continue };
            let outcome = verify(&written, &keys_of(&plan), Some((&source, &bytes)));
            assert!(outcome.faults.is_empty(), "{name} {scheme}: {:?}", outcome.faults);
            verified += 1;
        }
    }
    assert!(support::corpus().is_none() || verified > 100, "{verified}");
}

/// Files that others protected, with their keys and their clear twins.
#[test]
fn published_files_are_right_but_for_one_that_uses_its_key_stream_twice() {
    for (encrypted, key, clear) in crate::undo::published::pairs() {
        let joined = crate::undo::published::joined;
        let (Some(file), Some(clear)) = (joined(&encrypted), joined(&clear)) else { return };
        let typed = SourceKeyText { key: Some(SecretText(key.to_owned())), ..SourceKeyText::default() };
        let keys = SourceKeys::parse(&[typed]).unwrap();
        let source = drive::open(&clear, Feed::Whole).unwrap();
        for source in [None, Some((&source, &clear[..]))] {
            let outcome = verify(&file, &keys, source);
            // It begins both tracks with the same IV and the same key, which is the worst that can be.
            let wanted: &[&str] = if encrypted.contains("mp4ff__prog_8s") { &["counter-twice"] } else { &[] };
            assert_eq!(codes(&outcome), wanted, "{encrypted}: {:?}", outcome.faults);
            let equal = outcome.tracks.values().all(|sum| sum.samples > 0 && sum.equal == sum.samples);
            assert_eq!(equal, outcome.compared, "{encrypted}");
        }
    }
}

/// A track that was left open by a fault, and one that has a little less encrypted than it should.
#[test]
fn what_was_to_be_protected_and_is_not_is_found() {
    let bytes = include_bytes!("../www/samples/sample.ismv");
    let source = drive::open(bytes, Feed::Whole).unwrap();
    let text = RequestText { tracks: Some(vec![1]), ..request_in("cenc", "plain") };
    let keys = keys_of(&drive::plan(&source, &text).unwrap());
    let written = drive::protect(bytes, &text).unwrap();
    let source = Some((&source, &bytes[..]));
    assert!(verify_for(&written, &keys, source, &[1]).faults.is_empty());
    let outcome = verify_for(&written, &keys, source, &[1, 2]);
    assert_eq!(codes(&outcome), ["left-clear"]);
    assert!(outcome.faults[0].track == Some(2) && outcome.faults[0].message.contains("Nothing of track 2"));
    // The last 32 bytes of a sample are clear, in its map and in fact.
    let [clear, found] = [&bytes[..], &written].map(drive::samples);
    let (before, after) = (&clear[&1][3], &found[&1][3]);
    let at = written.windows(after.len()).position(|window| window == after.as_slice()).unwrap();
    let senc = written.windows(4).position(|four| four == b"senc").unwrap() + 12;
    let count = |at: usize| usize::from(written[at + 9]);
    let map = (0..3).fold(senc, |at, _| at + 10 + 6 * count(at));
    // A clear run and an encrypted one, then a clear tail.
    assert_eq!(count(map), 2);
    let number = |at: usize, len: usize| {
        written[at..at + len].iter().fold(0, |sum, byte| sum << 8 | usize::from(*byte))
    };
    let (open, protected, tail) = (number(map + 10, 2), number(map + 12, 4), number(map + 16, 2));
    let mut spoiled = written.clone();
    spoiled[map + 12..map + 16].copy_from_slice(&(protected as u32 - 32).to_be_bytes());
    spoiled[map + 16..map + 18].copy_from_slice(&(tail as u16 + 32).to_be_bytes());
    let cut = open + protected - 32..open + protected;
    spoiled[at + cut.start..at + cut.end].copy_from_slice(&before[cut]);
    let outcome = verify_for(&spoiled, &keys, source, &[1]);
    assert!(codes(&outcome).contains(&"left-clear"), "{:?}", outcome.faults);
    assert!(
        outcome.faults.iter().any(|fault| fault.message.contains("32 bytes of track 1")),
        "{:?}",
        outcome.faults
    );
}

/// With a wrong key nothing is right, and what is not told one by one is counted.
#[test]
fn of_many_faults_the_first_are_told_and_the_others_counted() {
    let case = Case::new(&request_in("cenc", "plain"));
    let typed = SourceKeyText { key: Some(SecretText("ff".repeat(16))), ..SourceKeyText::default() };
    let wrong = SourceKeys::parse(&[typed]).unwrap();
    let outcome = verify(&case.written, &wrong, Some((&case.source, &case.clear)));
    assert!(outcome.faults.len() <= 200 && outcome.faults.len() > 100, "{}", outcome.faults.len());
    // Each of 720 samples has other bytes, and most pictures are none beside.
    assert!(
        outcome.faults.len() as u64 + outcome.more > 720,
        "{} and {}",
        outcome.faults.len(),
        outcome.more
    );
    assert!(outcome.tracks.values().all(|sum| sum.equal == 0));
}
