//! Keys that change along a file, through a document and back: each track has at each time the key that it had.

use std::collections::BTreeMap;

use boxlock::bytes::KeyId;
use boxlock::exchange::cpix::{Cpix, TrackFacts};
use boxlock::exchange::request::WriteRequest;
use boxlock::exchange::{KeyEntry, export, read_keys};
use boxlock::protect::keys::KeyOf;
use boxlock::protect::request::SecretText;
use boxlock::protect::{KeyText, Plan, RequestText};
use proptest::prelude::*;

use super::{KEY, KEY2, KEY64, KID, KID2, kid};
use crate::support::drive::{self, Feed};

const KID3: &str = "03341606-452b-46dd-8934-7e0720ba4f21";

/// A document with these periods and one key a period, in the order that they stand in.
fn document(periods: &[&str], kids: &[&str], rules: &str) -> String {
    let keys: String = kids
        .iter()
        .map(|kid| {
            format!("<ContentKey kid=\"{kid}\"><Data><Secret><PlainValue>{KEY64}</PlainValue></Secret></Data></ContentKey>")
        })
        .collect();
    let periods: String = periods.iter().map(|period| format!("<ContentKeyPeriod {period}/>")).collect();
    format!(
        "<CPIX xmlns=\"urn:dashif:org:cpix\"><ContentKeyList>{keys}</ContentKeyList><ContentKeyPeriodList>{periods}\
         </ContentKeyPeriodList><ContentKeyUsageRuleList>{rules}</ContentKeyUsageRuleList></CPIX>"
    )
}

fn rule(kid: &str, periods: &[&str]) -> String {
    let filters: String = periods.iter().map(|id| format!("<KeyPeriodFilter periodId=\"{id}\"/>")).collect();
    format!("<ContentKeyUsageRule kid=\"{kid}\">{filters}</ContentKeyUsageRule>")
}

fn video() -> TrackFacts {
    TrackFacts { id: 1, video: true, pixels: Some(100), ..TrackFacts::default() }
}

/// The key IDs of the one track, time by time.
fn kids_of(text: &str) -> Vec<Option<KeyId>> {
    let list = read_keys(text.as_bytes(), &[]).unwrap();
    let given = list.assign(&[(video(), None)]).unwrap();
    assert!(given.iter().zip(0..).all(|(one, number)| one.period == number), "{given:?}");
    given.into_iter().map(|one| one.kid).collect()
}

#[test]
fn periods_are_taken_in_their_order_however_it_is_said() {
    let rules = rule(KID, &["one"]) + &rule(KID2, &["two"]) + &rule(KID3, &["three"]);
    let wanted = [KID, KID2, KID3].map(|text| Some(kid(text)));
    for periods in [
        ["id=\"one\" index=\"0\"", "id=\"two\" index=\"1\"", "id=\"three\" index=\"2\""],
        ["id=\"three\" index=\"9\"", "id=\"one\" index=\"7\"", "id=\"two\" index=\"8\""],
        [
            "id=\"two\" startOffset=\"PT10S\"",
            "id=\"three\" startOffset=\"PT1M\"",
            "id=\"one\" startOffset=\"PT0S\"",
        ],
        [
            "id=\"three\" start=\"2026-01-02T00:00:00Z\"",
            "id=\"two\" start=\"2026-01-01T00:00:00.5Z\"",
            "id=\"one\" start=\"2026-01-01T00:00:00Z\"",
        ],
        // Nothing says an order but the document.
        ["id=\"one\"", "id=\"two\" index=\"0\"", "id=\"three\""],
    ] {
        assert_eq!(kids_of(&document(&periods, &[KID, KID2, KID3], &rules)), wanted, "{periods:?}");
    }
    // One key for two times, and one for all.
    let rules = rule(KID, &["one", "three"]) + &rule(KID2, &["two"]);
    let periods = ["id=\"one\" index=\"0\"", "id=\"two\" index=\"1\"", "id=\"three\" index=\"2\""];
    assert_eq!(
        kids_of(&document(&periods, &[KID, KID2], &rules)),
        [KID, KID2, KID].map(|text| Some(kid(text)))
    );
    assert_eq!(kids_of(&document(&periods, &[KID], &rule(KID, &[]))), [Some(kid(KID)); 3]);
    // A time without a key has none.
    assert_eq!(kids_of(&document(&periods, &[KID], &rule(KID, &["two"]))), [None, Some(kid(KID)), None]);
}

#[test]
fn what_is_doubtful_about_periods_is_said() {
    let both = rule(KID, &["a"]) + &rule(KID2, &["b"]);
    for (periods, rules, words) in [
        (["id=\"a\" index=\"0\"", "id=\"b\" index=\"0\""], &both, "number 0"),
        (["id=\"a\" index=\"0\"", "id=\"b\" index=\"4\""], &both, "followed by period 4"),
        (["id=\"a\"", "id=\"b\""], &both, "order they stand in"),
        (["id=\"a\" index=\"x\"", "id=\"b\" index=\"1\""], &both, "number “x”"),
        (["index=\"0\"", "id=\"b\" index=\"1\""], &both, "no ID"),
        (["id=\"b\" index=\"0\"", "id=\"b\" index=\"1\""], &rule(KID2, &["b"]), "ID b"),
        (["id=\"a\" startOffset=\"PT0S\"", "id=\"b\" startOffset=\"PT2S\""], &both, "when its periods are"),
        (["id=\"a\" index=\"0\"", "id=\"b\" index=\"1\""], &rule(KID, &[]), "no rule names one"),
    ] {
        let text = document(&periods, &[KID, KID2], rules);
        let notes = Cpix::parse(&text).unwrap().notes;
        assert!(notes.iter().any(|note| note.contains(words)), "{words}: {notes:?}");
    }
    let good = document(&["id=\"a\" index=\"0\"", "id=\"b\" index=\"1\""], &[KID, KID2], &both);
    assert_eq!(Cpix::parse(&good).unwrap().notes, [""; 0]);
    // Two rules for one time are refused also where one of them is for all.
    let twice = document(
        &["id=\"a\" index=\"0\"", "id=\"b\" index=\"1\""],
        &[KID, KID2],
        &(rule(KID, &[]) + &rule(KID2, &["b"])),
    );
    let list = read_keys(twice.as_bytes(), &[]).unwrap();
    assert_eq!(list.assign(&[(video(), None)]).unwrap_err().code(), "cpix-two-keys");
}

#[test]
fn lists_that_are_too_long_are_refused_before_anything_is_compared() {
    let many = "<ContentKeyPeriod id=\"a\"/>".repeat(10_001);
    let text = format!(
        "<CPIX xmlns=\"urn:dashif:org:cpix\"><ContentKeyPeriodList>{many}</ContentKeyPeriodList></CPIX>"
    );
    let error = Cpix::parse(&text).unwrap_err();
    assert_eq!(error.code(), "cpix-too-many");
    assert!(error.message().contains("10001") && error.message().contains("10000"), "{error}");
    // Over several lists too.
    let half = format!("<ContentKeyUsageRuleList>{}</ContentKeyUsageRuleList>", rule(KID, &[]).repeat(5001));
    let text = format!("<CPIX xmlns=\"urn:dashif:org:cpix\">{half}{half}</CPIX>");
    assert_eq!(Cpix::parse(&text).unwrap_err().code(), "cpix-too-many");
}

#[test]
fn a_key_sheet_says_times_without_tracks_and_a_file_says_the_first_one() {
    let sheet = format!(
        "{{\"keys\":[{{\"kid\":\"{KID}\",\"key\":\"{KEY}\",\"period\":0}},{{\"kid\":\"{KID2}\",\"key\":\"{KEY2}\",\"period\":1}}]}}"
    );
    assert_eq!(kids_of(&sheet), [Some(kid(KID)), Some(kid(KID2))]);
    // A protected file names the key of its first time: the list may have others beside it.
    let rotated = document(
        &["id=\"a\" index=\"0\"", "id=\"b\" index=\"1\""],
        &[KID, KID2, KID3],
        &(rule(KID, &["a"]) + &rule(KID2, &["b"])),
    );
    for (text, later) in [(sheet, kid(KID2)), (rotated, kid(KID2))] {
        let list = read_keys(text.as_bytes(), &[]).unwrap();
        let own = if text.starts_with('{') { KID } else { KID3 };
        let given = list.assign(&[(video(), Some(kid(own)))]).unwrap();
        let told: Vec<_> = given.iter().map(|one| (one.period, one.kid)).collect();
        assert_eq!(told, [(0, Some(kid(own))), (1, Some(later))], "{text}");
    }
}

/// The keys of a plan as they are written.
fn entries(plan: &Plan) -> Vec<KeyEntry> {
    let of = |key: &boxlock::protect::PlannedKey| match key.of {
        KeyOf::File => (None, None),
        KeyOf::Class(class) => (Some(class.name().to_owned()), None),
        KeyOf::Track(id) => (None, Some(id)),
    };
    plan.all_keys()
        .map(|key| {
            let (class, track) = of(key);
            let (kid, content) = (Some(key.kid), Some(key.key.clone()));
            KeyEntry { kid, key: content, class, track, period: Some(key.period), ..KeyEntry::default() }
        })
        .collect()
}

/// What rules can ask of the tracks of the sample.
fn tracks(session: &boxlock::session::Session) -> Vec<TrackFacts> {
    let index = session.work().unwrap();
    let all = index.movie.as_ref().unwrap().tracks.iter();
    all.map(|track| {
        let entry = &track.entries[0];
        TrackFacts {
            id: track.id,
            video: entry.size.is_some(),
            audio: entry.sound.is_some(),
            pixels: entry.size.map(|(width, height)| u64::from(width) * u64::from(height)),
            channels: entry.sound.map(|(channels, _)| u64::from(channels)),
            ..TrackFacts::default()
        }
    })
    .collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_rotated_job_comes_back_from_its_document(
        per in prop::sample::select(vec!["file", "class", "track"]),
        every in 1_u32..5,
        shuffled in any::<u64>(),
        random in any::<[u8; 16]>().prop_filter("not all alike", |bytes| bytes.windows(2).any(|pair| pair[0] != pair[1])),
    ) {
        let session = drive::open(include_bytes!("../../www/samples/sample.ismv"), Feed::Whole).unwrap();
        let wanted = |keys: Vec<KeyText>| RequestText {
            kid: None,
            key: None,
            key_per: Some(per.to_owned()),
            key_rotation: Some(every.to_string()),
            keys,
            ..drive::request_in("cenc", "plain")
        };
        let mut chance = drive::not_random();
        chance.kid = random;
        let made = boxlock::protect::Request::parse(&wanted(Vec::new()), &chance).unwrap();
        let plan = session.plan(made).unwrap();
        let facts = tracks(&session);
        let request = WriteRequest {
            keys: entries(&plan),
            tracks: facts.iter().map(|track| (track.clone(), None)).collect(),
            ..WriteRequest::default()
        };
        let mut document = export::document(&request).unwrap();
        // Lists of other writers stand in any order.
        let turn = |len: usize| if len == 0 { 0 } else { usize::try_from(shuffled % (1 << 30)).unwrap() % len };
        let (keys, periods, rules) = (document.keys.len(), document.periods.len(), document.rules.len());
        document.keys.rotate_left(turn(keys));
        document.periods.rotate_left(turn(periods));
        document.rules.rotate_left(turn(rules));
        let list = read_keys(document.to_xml().as_bytes(), &[]).unwrap();
        prop_assert_eq!(&list.notes, &[""; 0]);
        let asked: Vec<_> = facts.iter().map(|track| (track.clone(), None)).collect();
        let given = list.assign(&asked).unwrap();
        // Back into a request, as the page puts them there.
        let key_of = |kid: KeyId| list.keys.iter().find(|key| key.kid == Some(kid)).unwrap().key.clone().unwrap();
        let mut by_group = BTreeMap::new();
        for one in &given {
            let track = facts.iter().find(|track| track.id == one.track).unwrap();
            let group = match per {
                "file" => (None, None),
                "class" => (track.class().map(str::to_owned), None),
                _ => (None, Some(track.id)),
            };
            by_group.insert((one.period, group), one.kid.unwrap());
        }
        let again: Vec<KeyText> = by_group
            .iter()
            .filter(|((period, _), _)| per != "file" || *period > 0)
            .map(|((period, (class, track)), kid)| KeyText {
                class: class.clone(),
                track: *track,
                period: *period,
                kid: Some(kid.uuid()),
                key: Some(SecretText(hex::encode(key_of(*kid).0))),
            })
            .collect();
        let mut text = wanted(again);
        if per == "file" {
            let first = by_group[&(0, (None, None))];
            text.kid = Some(first.uuid());
            text.key = Some(SecretText(hex::encode(key_of(first).0)));
        }
        let second = drive::plan(&session, &text).unwrap();
        let told = |plan: &Plan| {
            let mut all: Vec<_> =
                plan.all_keys().map(|key| (key.period, format!("{:?}", key.of), key.kid, key.key.0)).collect();
            all.sort();
            all
        };
        prop_assert_eq!(told(&second), told(&plan));
        prop_assert!(plan.all_keys().any(|key| key.period > 0));
        let doubts = second.warnings();
        prop_assert!(!doubts.iter().any(|doubt| doubt.contains("not used") || doubt.contains("later periods")), "{:?}", doubts);
    }
}

#[test]
fn what_is_missing_for_later_periods_is_said() {
    let session = drive::open(include_bytes!("../../www/samples/sample.ismv"), Feed::Whole).unwrap();
    let one = KeyText {
        period: 1,
        kid: Some(KID2.to_owned()),
        key: Some(SecretText(KEY2.to_owned())),
        ..KeyText::default()
    };
    let text = RequestText {
        keys: vec![one],
        key_rotation: Some("1".to_owned()),
        ..drive::request_in("cenc", "plain")
    };
    let plan = drive::plan(&session, &text).unwrap();
    let wanted = plan.all_keys().count() - 1;
    let said =
        format!("1 keys are given for later periods, and the file needs {wanted}; the others are random");
    assert!(wanted > 1 && plan.warnings().iter().any(|doubt| doubt.contains(&said)), "{:?}", plan.warnings());
}
