//! What is wrong with an open file, and why it does not play.

use serde::Serialize;

use crate::bytes::Result;
use crate::lint::checking::Checked;
use crate::lint::{Checking, Found, Place};
use crate::manifest::rules::Severity;
use crate::session::Session;

use super::number;
use super::verification::{STREAMS, UsedStream, stream};

/// All that was found in a file: `FileFindings`.
#[derive(Clone, Debug, Serialize)]
pub struct FileFindings {
    /// What was found, in the order of rules and then of the file; of each rule a few are told.
    pub findings: Vec<FileFinding>,
    /// The rules that are broken, in their order.
    pub rules: Vec<BrokenRule>,
    /// Why it does not play, by kind of player.
    pub targets: Vec<TargetAnswer>,
    /// Key IDs that samples are encrypted with, as UUID texts; `null` where samples name none.
    pub kids: Vec<Option<String>>,
    /// What was used of their streams in counter mode, 1000 parts at most; `key` is a place in `kids`.
    pub streams: Vec<UsedStream>,
}

/// One thing found: `FileFinding`.
#[derive(Clone, Debug, Serialize)]
pub struct FileFinding {
    /// ID of its rule, which is among the rules that are broken.
    pub rule: &'static str,
    /// A plain sentence.
    pub message: String,
    /// The box, as `moof[3]/traf/trun`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// File offset in bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub offset: Option<u64>,
    /// Track ID.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub track: Option<u32>,
    /// Number of the sample in its track, from 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sample: Option<f64>,
    /// Time of its fragment in seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time: Option<f64>,
}

/// A rule that is broken: `BrokenRule`.
#[derive(Clone, Debug, Serialize)]
pub struct BrokenRule {
    /// Stable and kebab-case.
    pub id: &'static str,
    /// How bad it is.
    pub severity: Severity,
    /// What is wrong, in few words.
    pub title: &'static str,
    /// Where the rule stands.
    pub clause: &'static str,
    /// Why it matters.
    pub why: &'static str,
    /// How to fix it.
    pub fix: &'static str,
    /// What the page can do about it: `change`, `protect` or `check`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub action: Option<&'static str>,
    /// How often it is broken.
    pub count: f64,
}

/// Why a file does not play in one kind of player: `TargetAnswer`.
#[derive(Clone, Debug, Serialize)]
pub struct TargetAnswer {
    /// `windows`, `smooth`, `mse`, `widevine` or `fairplay`.
    pub id: &'static str,
    /// What it is called.
    pub title: &'static str,
    /// What speaks against it, in the order in which to look at it; empty when nothing does.
    pub reasons: Vec<TargetReason>,
}

/// One reason against playing: `TargetReason`.
#[derive(Clone, Debug, Serialize)]
pub struct TargetReason {
    /// The rule that is broken; left out where the file is right and not made for this player.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rule: Option<&'static str>,
    /// What it is about.
    pub title: &'static str,
    /// `doubtful` or `fails`.
    pub state: &'static str,
    /// What was found.
    pub found: String,
    /// What to do.
    pub advice: &'static str,
    /// The box, as `moof[3]/traf/trun`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// File offset in bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub offset: Option<u64>,
    /// Track ID.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub track: Option<u32>,
    /// Number of the sample in its track, from 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sample: Option<f64>,
    /// Time of its fragment in seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time: Option<f64>,
}

/// The box of a place; none where the file as a whole is meant.
fn path_of(place: &Place) -> Option<String> {
    Some(place.path.clone()).filter(|path| !path.is_empty())
}

/// Begins to check an open file.
///
/// # Errors
/// `not-open`.
pub fn check(session: &Session) -> Result<Checking> {
    Ok(Checking::new(session.index()?.clone(), session.part_count()))
}

/// What came of it.
pub fn findings(checking: Checking) -> FileFindings {
    let Checked { found, counts, answers, streams: (kids, streams) } = checking.finish();
    let finding = |found: &Found| FileFinding {
        rule: found.rule.rule.id,
        message: found.message.clone(),
        path: path_of(&found.place),
        offset: found.place.offset,
        track: found.place.track,
        sample: found.place.sample.map(number),
        time: found.place.time,
    };
    let rule = |(rule, count): &(&'static crate::lint::rules::FileRule, u64)| BrokenRule {
        id: rule.rule.id,
        severity: rule.rule.severity,
        title: rule.title,
        clause: rule.rule.clause,
        why: rule.why,
        fix: rule.fix,
        action: rule.action.name(),
        count: number(*count),
    };
    let answer = |answer: &crate::lint::targets::Answer| TargetAnswer {
        id: answer.id,
        title: answer.title,
        reasons: answer
            .reasons
            .iter()
            .map(|reason| TargetReason {
                rule: reason.rule.map(|rule| rule.rule.id),
                title: reason.title,
                state: reason.state.name(),
                found: reason.found.clone(),
                advice: reason.advice,
                path: path_of(&reason.place),
                offset: reason.place.offset,
                track: reason.place.track,
                sample: reason.place.sample.map(number),
                time: reason.place.time,
            })
            .collect(),
    };
    FileFindings {
        findings: found.iter().map(finding).collect(),
        rules: counts.iter().map(rule).collect(),
        targets: answers.iter().map(answer).collect(),
        kids: kids.iter().map(|kid| kid.map(|kid| kid.uuid())).collect(),
        streams: streams.iter().take(STREAMS).map(stream).collect(),
    }
}
