//! The clear lead: fragments at the start that stay clear, so that playing can begin before there is a licence.

use crate::bytes::{Error, Result};
use crate::track::Index;
use crate::track::index::FragmentEntry;

use super::request::{RequestText, given};

/// Which fragments stay clear.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ClearLead {
    /// Milliseconds from the start of each track; none stays clear at 0.
    ms: u64,
    /// IDs and timescales of the tracks that are protected.
    tracks: Vec<(u32, u32)>,
}

impl ClearLead {
    /// So many milliseconds, of these tracks.
    pub fn new(ms: u64, tracks: Vec<(u32, u32)>) -> Self {
        Self { ms, tracks }
    }

    /// Whether there is one.
    pub fn is_wanted(&self) -> bool {
        self.ms > 0
    }

    /// Whether the samples of a fragment stay clear: it begins within the lead, by the first of its tracks that is
    /// protected.
    pub fn holds(&self, index: &Index, fragment: &FragmentEntry) -> bool {
        let mut begins = index.parts(fragment).iter().filter(|part| part.samples > 0).filter_map(|part| {
            let (_, timescale) = self.tracks.iter().find(|(id, _)| *id == part.track_id)?;
            let ticks = part.decode_time.saturating_sub(index.totals(part.track_id).first_time);
            Some(i128::from(ticks) * 1000 < i128::from(self.ms) * i128::from(*timescale))
        });
        self.ms > 0 && begins.next().unwrap_or(false)
    }

    /// Fails when nothing of a file would be left to protect.
    pub fn check(&self, index: &Index) -> Result<()> {
        if self.ms == 0 || index.fragments.iter().any(|fragment| !self.holds(index, fragment)) {
            return Ok(());
        }
        let message = format!(
            "All of the {} fragments begin within the first {} s, so nothing would be encrypted. Make the clear lead shorter.",
            index.fragments.len(),
            self.seconds()
        );
        Err(Error::caller("no-samples", "clearLead", message))
    }

    /// What anybody can see of the file, as a plain sentence.
    pub fn warning(&self) -> Option<String> {
        let message = || {
            format!(
                "Fragments that begin in the first {} s stay open to everyone, as was asked for.",
                self.seconds()
            )
        };
        (self.ms > 0).then(message)
    }

    /// Seconds, without digits that say nothing.
    fn seconds(&self) -> String {
        let text = format!("{}.{:03}", self.ms / 1000, self.ms % 1000);
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    }
}

/// Milliseconds, from seconds with a fraction.
pub fn milliseconds(text: &RequestText) -> Result<u64> {
    let Some(typed) = given(&text.clear_lead) else { return Ok(0) };
    let (whole, fraction) = typed.split_once('.').unwrap_or((typed, ""));
    let thousandths = format!("{fraction:0<3}");
    let number =
        |text: &str| text.bytes().all(|one| one.is_ascii_digit()).then(|| text.parse::<u32>().ok())?;
    let ms = number(fraction)
        .or(fraction.is_empty().then_some(0))
        .and_then(|_| Some(u64::from(number(whole)?) * 1000 + u64::from(number(thousandths.get(..3)?)?)));
    ms.ok_or_else(|| {
        let message = format!("The clear lead is a number of seconds, as 10 or 7.5, not “{typed}”.");
        Error::caller("bad-request", "clearLead", message)
    })
}
