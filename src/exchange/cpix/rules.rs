//! Which key a track has at a time, by the rules of a document (CPIX 2.3 §5.7).

use super::{Cpix, Period, Rule, Span, VideoFilter};
use crate::bytes::{Error, KeyId, Result};
use crate::exchange::time::{duration, moment};
use crate::protect::keys::Class;

/// What of a track rules can ask for. What is not known is no fact.
#[derive(Clone, Debug, Default)]
pub struct TrackFacts {
    /// Its ID.
    pub id: u32,
    /// Whether it has pictures.
    pub video: bool,
    /// Whether it has sound.
    pub audio: bool,
    /// Width times height of its pictures.
    pub pixels: Option<u64>,
    /// Pictures a second, rounded.
    pub fps: Option<u64>,
    /// Channels of its sound.
    pub channels: Option<u64>,
    /// Bits a second.
    pub bitrate: Option<u64>,
}

impl TrackFacts {
    /// The class of tracks that licences tell apart: `audio`, and pictures by their size.
    pub fn class(&self) -> Option<&'static str> {
        if self.video {
            Some(Class::of_pixels(self.pixels.unwrap_or(u64::MAX)).name())
        } else {
            self.audio.then_some(Class::Audio.name())
        }
    }
}

/// The key of a track at a time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assigned {
    /// The track.
    pub track: u32,
    /// Which time, from 0 on; 0 where keys do not change.
    pub period: u32,
    /// The key, or none by any rule.
    pub kid: Option<KeyId>,
    /// Why, as a plain sentence.
    pub why: String,
}

/// The keys of tracks at every time that the document knows.
///
/// # Errors
/// `cpix-unknown-filter` when a rule has a filter that is not known here (no key may then be given to any track), and
/// `cpix-two-keys` when two rules give different keys to the same track at the same time.
pub fn assign(cpix: &Cpix, tracks: &[TrackFacts]) -> Result<Vec<Assigned>> {
    if let Some((rule, filter)) = cpix.rules.iter().find_map(|rule| Some((rule, rule.unknown.first()?))) {
        let message = format!(
            "A rule for the key ID {} has the filter {filter}, which is not known here. By the specification of CPIX no key may \
             then be given to a track by the rules: choose the keys yourself, or have the document made without it.",
            rule.kid
        );
        return Err(Error::unsupported("cpix-unknown-filter", message));
    }
    let times = Times::of(cpix);
    let count = cpix.periods.len().max(1);
    let mut all = Vec::new();
    for track in tracks {
        // Of each time the rule that fits; one for no time by name is for all.
        let mut by_time: Vec<Option<&Rule>> = vec![None; count];
        let mut always: Option<&Rule> = None;
        let is_media = track.video || track.audio;
        for rule in cpix.rules.iter().filter(|rule| is_media && fits(rule, track)) {
            if rule.periods.is_empty() {
                add(&mut always, rule, track)?;
            }
            for number in times.numbers(rule) {
                if let Some(found) = by_time.get_mut(number) {
                    add(found, rule, track)?;
                }
            }
        }
        for (period, mut found) in (0..).zip(by_time) {
            always.map_or(Ok(()), |rule| add(&mut found, rule, track))?;
            let (kid, why) = of_track(cpix, track, found);
            all.push(Assigned { track: track.id, period, kid, why });
        }
    }
    Ok(all)
}

/// Takes a rule that fits a track; fails when another gives it another key.
fn add<'c>(found: &mut Option<&'c Rule>, rule: &'c Rule, track: &TrackFacts) -> Result<()> {
    match found {
        Some(other) if other.kid != rule.kid => {
            let message = format!(
                "Two rules give keys to track {}: {} and {}. A track has one key at a time.",
                track.id, other.kid, rule.kid
            );
            Err(Error::file("cpix-two-keys", message))
        }
        _ => {
            found.get_or_insert(rule);
            Ok(())
        }
    }
}

/// The key by the rule that fits, and why.
fn of_track(cpix: &Cpix, track: &TrackFacts, found: Option<&Rule>) -> (Option<KeyId>, String) {
    let none = |why: &str| (None, why.to_owned());
    if !track.video && !track.audio {
        return none("It has neither pictures nor sound.");
    }
    match (found, &cpix.keys[..]) {
        (Some(rule), _) => {
            let kind = rule.track_type.as_deref().map_or(String::new(), |kind| format!(" for {kind}"));
            (Some(rule.kid), format!("A rule{kind} fits it."))
        }
        (None, _) if !cpix.rules.is_empty() => none("No rule fits it, so it stays open."),
        (None, [one]) => (Some(one.kid), "The document has one key and no rules.".to_owned()),
        (None, []) => none("The document has no key."),
        _ => none("The document has several keys and no rules that say which is for this track."),
    }
}

/// The times that follow each other, by the IDs of their periods.
pub(in crate::exchange) struct Times<'c>(Vec<(&'c str, usize)>);

impl<'c> Times<'c> {
    pub(in crate::exchange) fn of(cpix: &'c Cpix) -> Self {
        let mut all: Vec<(&str, usize)> =
            cpix.in_order().into_iter().map(|period| period.id.as_str()).zip(0..).collect();
        all.sort_unstable();
        Self(all)
    }

    /// Those with this ID, from 0 on.
    pub(super) fn called<'t>(&'t self, id: &'t str) -> impl Iterator<Item = usize> {
        let from = self.0.partition_point(|(known, _)| *known < id);
        let all = self.0.get(from..).unwrap_or_default().iter();
        all.take_while(move |(known, _)| *known == id).map(|(_, number)| *number)
    }

    /// Those that a rule names.
    pub(in crate::exchange) fn numbers<'t>(&'t self, rule: &'t Rule) -> impl Iterator<Item = usize> {
        rule.periods.iter().flat_map(|id| self.called(id))
    }
}

/// The label of a track that nothing else tells from the others.
pub(in crate::exchange) fn label_of(track: u32) -> String {
    format!("track-{track}")
}

impl Cpix {
    /// Its periods as they follow each other: by their numbers, or by when they start, where that is said of all.
    pub fn in_order(&self) -> Vec<&Period> {
        let mut all: Vec<&Period> = self.periods.iter().collect();
        let is_numbered = all.iter().all(|period| period.index.is_some());
        let place = |period: &Period| if is_numbered { period.index.map(u64::from) } else { period.starts() };
        if all.iter().all(|period| place(period).is_some()) {
            all.sort_by_key(|period| place(period));
        }
        all
    }
}

impl Period {
    /// When it starts, as a number that tells periods of one document apart; none where nothing says it.
    pub(super) fn starts(&self) -> Option<u64> {
        let said =
            |name: &str| self.times.iter().find(|(known, _)| known == name).map(|(_, text)| text.trim());
        said("startOffset").and_then(duration).or_else(|| said("start").and_then(moment))
    }
}

/// Whether a rule gives its key to a track, at the times that it is for.
pub(in crate::exchange) fn fits(rule: &Rule, track: &TrackFacts) -> bool {
    // What a filter asks for and the track does not say, it does not have.
    let known = |number: Option<u64>, holds: &dyn Fn(u64) -> bool, bounded: bool| match number {
        Some(number) => holds(number),
        None => !bounded,
    };
    let video = |filter: &VideoFilter| {
        let VideoFilter { pixels, fps, hdr, wcg } = *filter;
        // More than the least, as the specification has it of frame rates alone.
        let faster =
            |number: u64| fps.min.is_none_or(|min| number > min) && fps.max.is_none_or(|max| number <= max);
        track.video
            && known(track.pixels, &|number| pixels.holds(number), pixels.min.or(pixels.max).is_some())
            && known(track.fps, &faster, fps.min.or(fps.max).is_some())
            && !hdr.unwrap_or(false)
            && !wcg.unwrap_or(false)
    };
    let bounded = |span: &Span| span.min.or(span.max).is_some();
    let any = |empty: bool, one: bool| empty || one;
    // Kinds that speak of pictures and of sound cannot both hold of one track: such rules are for either.
    let of_kind = match (rule.video.is_empty(), rule.audio.is_empty()) {
        (true, true) => by_type(rule.track_type.as_deref(), track),
        (false, true) => rule.video.iter().any(video),
        (true, false) => {
            track.audio
                && rule.audio.iter().any(|span| known(track.channels, &|n| span.holds(n), bounded(span)))
        }
        (false, false) => {
            rule.video.iter().any(video)
                || track.audio
                    && rule.audio.iter().any(|span| known(track.channels, &|n| span.holds(n), bounded(span)))
        }
    };
    of_kind
        && any(
            rule.bitrate.is_empty(),
            rule.bitrate.iter().any(|span| known(track.bitrate, &|n| span.holds(n), bounded(span))),
        )
        // Labels are names that nothing in a file says, but for those that are written here.
        && any(rule.labels.is_empty(), rule.labels.iter().any(|name| *name == label_of(track.id)))
}

impl Rule {
    /// What it is for, in words.
    pub fn describe(&self) -> String {
        let mut parts = Vec::new();
        parts.extend(self.track_type.clone());
        for video in &self.video {
            let span = words(video.pixels, "pixels");
            parts.push(if span.is_empty() { "video".to_owned() } else { format!("video of {span}") });
            parts.extend(Some(words(video.fps, "pictures a second")).filter(|text| !text.is_empty()));
        }
        for audio in &self.audio {
            let span = words(*audio, "channels");
            parts.push(if span.is_empty() { "sound".to_owned() } else { format!("sound of {span}") });
        }
        parts.extend(self.bitrate.iter().map(|span| words(*span, "bits a second")));
        parts.extend(self.labels.iter().map(|label| format!("the label {label}")));
        parts.extend(self.periods.iter().map(|id| format!("the period {id}")));
        parts
            .extend(self.unknown.iter().map(|name| format!("what {name} asks for, which is not known here")));
        if parts.is_empty() { "everything".to_owned() } else { parts.join(", ") }
    }
}

fn words(span: Span, what: &str) -> String {
    match (span.min, span.max) {
        (None, None) => String::new(),
        (Some(min), None) => format!("{min} {what} or more"),
        (None, Some(max)) => format!("{max} {what} at most"),
        (Some(min), Some(max)) => format!("{min} to {max} {what}"),
    }
}

/// Whether a rule without filters of kind is for a track, by the words that writers use for its type.
fn by_type(kind: Option<&str>, track: &TrackFacts) -> bool {
    match kind.map(str::to_ascii_uppercase) {
        Some(kind) if kind.contains("AUDIO") => track.audio,
        Some(kind) if kind.contains("VIDEO") || kind.contains("HD") || kind.contains("SD") => track.video,
        _ => true,
    }
}
