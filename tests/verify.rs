//! Verifying: what was protected here is found right, in every scheme and form; and everything that can go wrong with it is
//! found.

#![allow(
    clippy::cast_possible_truncation,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "clippy.toml allows these in tests, but does not see that a whole file is one"
)]

use crate::support;

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
fn keys_of(plan: &Plan) -> SourceKeys {
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
fn verify(written: &[u8], keys: &SourceKeys, source: Option<(&Session, &[u8])>) -> Outcome {
    let session = drive::open(written, Feed::Whole).unwrap();
    let of_source = source.map(|(session, _)| session.work().unwrap().movie.clone().unwrap());
    let mut verification = Verification::new(session.index().unwrap(), keys, of_source.as_ref());
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
                for (track, sum) in &outcome.tracks {
                    assert_eq!(sum.equal, sum.samples, "{named}: track {track}");
                    assert_eq!(
                        sum.encrypted > 0,
                        plan.protection(*track).is_some(),
                        "{named}: track {track}"
                    );
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
