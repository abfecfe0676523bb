//! Why it does not play.

use boxlock::report::TargetAnswer;

use super::build::{SAMPLE, hide, plain, protected};
use super::findings;

fn answer(file: &[u8], id: &str) -> TargetAnswer {
    findings(file).targets.into_iter().find(|answer| answer.id == id).unwrap()
}

fn fails(file: &[u8], id: &str) -> Vec<String> {
    let answer = answer(file, id);
    let fails = answer.reasons.iter().filter(|reason| reason.state == "fails");
    fails.map(|reason| reason.rule.unwrap_or(reason.title).to_owned()).collect()
}

#[test]
fn what_is_made_for_a_player_has_nothing_that_stops_it() {
    let hybrid = protected("cenc", "hybrid");
    for id in ["windows", "smooth", "mse", "widevine"] {
        assert_eq!(fails(&hybrid, id), [""; 0], "{id}");
    }
    assert_eq!(fails(&hybrid, "fairplay"), ["Scheme"]);
    let cbcs = protected("cbcs", "plain");
    for id in ["mse", "widevine", "fairplay"] {
        assert_eq!(fails(&cbcs, id), [""; 0], "{id}");
    }
    assert_eq!(fails(&cbcs, "smooth"), ["Scheme"]);
    let piff = protected("cenc", "piff");
    assert_eq!(fails(&piff, "windows"), [""; 0]);
    assert_eq!(fails(&piff, "smooth"), [""; 0]);
    assert_eq!(fails(&piff, "widevine"), ["no-tfdt", "Boxes"]);
    assert_eq!(fails(&plain(), "mse"), ["Fragments"]);
    assert_eq!(fails(&plain(), "windows"), [""; 0]);
    assert_eq!(fails(SAMPLE, "smooth"), [""; 0]);
}

#[test]
fn what_stops_a_player_stands_first_and_says_where_it_is() {
    let mut file = protected("cenc", "hybrid");
    for name in ["senc", "saiz", "saio", "uuid:a239"] {
        hide(&mut file, &format!("moof/traf/{name}"));
    }
    let all = answer(&file, "mse");
    let first = &all.reasons[0];
    assert_eq!((first.rule, first.state), (Some("no-ivs"), "fails"));
    assert_eq!(first.path.as_deref(), Some("moof/traf"));
    assert!(first.offset.is_some() && first.track == Some(1), "{first:?}");
    let states: Vec<&str> = all.reasons.iter().map(|reason| reason.state).collect();
    assert!(states.is_sorted_by_key(|state| *state != "fails"), "{states:?}");
}
