//! What changes along a file: the clear lead at its start, so that playing can begin before there is a licence, and new keys
//! every so many fragments.

use std::rc::Rc;

use crate::bytes::{ByKey, Error, Result};
use crate::track::Index;
use crate::track::index::FragmentEntry;

use super::request::{RequestText, given};

/// Most periods: each has licences of its own.
const MOST: u32 = 1000;

/// Which fragments stay clear, and which keys the others have.
#[derive(Clone, Debug, Default)]
pub struct Periods {
    /// Milliseconds from the start of each track that stay clear; none at 0.
    lead: u64,
    /// So many fragments of a track have keys in common; all of them at 0.
    every: u32,
    /// IDs and timescales of the tracks that are protected.
    tracks: Vec<(u32, u32)>,
    /// Number of its keys for each fragment, where they are not all alike; `None` stays clear.
    each: Rc<[Option<u32>]>,
    /// How many numbers there are.
    count: u32,
}

impl Periods {
    /// Of tracks with these IDs and timescales, by what is wanted.
    pub fn new(wishes: PeriodWishes, tracks: Vec<(u32, u32)>) -> Self {
        let PeriodWishes { lead, every } = wishes;
        Self { lead, every, tracks, each: Rc::default(), count: 1 }
    }

    /// Whether there is a clear lead.
    pub fn has_lead(&self) -> bool {
        self.lead > 0
    }

    /// How many times there are other keys.
    pub fn count(&self) -> u32 {
        self.count
    }

    /// Number of the keys of a fragment, by its number in the file; `None` when its samples stay clear.
    pub fn of(&self, fragment: usize) -> Option<u32> {
        self.each.get(fragment).copied().unwrap_or(Some(0))
    }

    /// Goes through the fragments. Fails when nothing of the file would be left to protect, or keys would be too many.
    pub fn lay_out(&mut self, index: &Index) -> Result<()> {
        if self.lead == 0 && self.every == 0 {
            return Ok(());
        }
        let mut before = ByKey::<u32>::default();
        let mut count = 0;
        let mut each = Vec::with_capacity(index.fragments.len());
        for fragment in index.fragments.iter() {
            let parts = index.parts(fragment).iter().filter(|part| part.samples > 0);
            let mut mine = parts.map(|part| part.track_id).filter(|id| self.timescale(*id).is_some());
            if self.begins_in_lead(index, fragment) {
                each.push(None);
                continue;
            }
            // By its first track: all tracks of a fragment go to their next keys together.
            let number = mine.next().map(|id| {
                let fragments = before.entry(id, 0);
                *fragments += 1;
                (*fragments - 1).checked_div(self.every).unwrap_or(0)
            });
            count = count.max(number.map_or(0, |number| number + 1));
            each.push(Some(number.unwrap_or(0)));
        }
        self.count = count;
        if count == 0 {
            let message = format!(
                "All of the {} fragments begin within the first {} s, so nothing would be encrypted. Make the clear lead \
                 shorter.",
                each.len(),
                self.lead_seconds()
            );
            return Err(Error::caller("no-samples", "clearLead", message));
        }
        if self.count > MOST {
            let message = format!(
                "New keys every {} fragments would be {} times other keys in this file; at most {MOST} are made. Take \
                 more fragments together.",
                self.every, self.count
            );
            return Err(Error::caller("bad-request", "keyRotation", message));
        }
        self.each = each.into();
        Ok(())
    }

    fn timescale(&self, id: u32) -> Option<u32> {
        self.tracks.iter().find(|(track, _)| *track == id).map(|(_, timescale)| *timescale)
    }

    /// Whether a fragment begins within the lead, by the first of its tracks that is protected.
    fn begins_in_lead(&self, index: &Index, fragment: &FragmentEntry) -> bool {
        let mut begins = index.parts(fragment).iter().filter(|part| part.samples > 0).filter_map(|part| {
            let ticks = part.decode_time.saturating_sub(index.totals(part.track_id).first_time);
            let timescale = i128::from(self.timescale(part.track_id)?);
            Some(i128::from(ticks) * 1000 < i128::from(self.lead) * timescale)
        });
        self.lead > 0 && begins.next().unwrap_or(false)
    }

    /// What is worth knowing of it, as plain sentences.
    pub fn notes(&self) -> Vec<String> {
        let mut notes = Vec::new();
        if self.lead > 0 {
            notes.push(format!(
                "Fragments that begin in the first {} s stay open to everyone, as was asked for.",
                self.lead_seconds()
            ));
        }
        if self.count > 1 {
            notes.push(format!(
                "Keys change {} times in this file. A player must ask for the licence of each while it plays, and not \
                 every player does.",
                self.count - 1
            ));
        }
        notes
    }

    /// Seconds, without digits that say nothing.
    fn lead_seconds(&self) -> String {
        let text = format!("{}.{:03}", self.lead / 1000, self.lead % 1000);
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    }
}

/// What is wanted to change along the file.
#[derive(Clone, Copy, Debug, Default)]
pub struct PeriodWishes {
    lead: u64,
    every: u32,
}

impl PeriodWishes {
    /// Reads what was typed. Errors name the request field at fault.
    pub fn parse(text: &RequestText) -> Result<Self> {
        let every = match given(&text.key_rotation) {
            None => 0,
            Some(typed) => typed.parse().ok().filter(|every| *every > 0).ok_or_else(|| {
                let message =
                    format!("New keys come every so many fragments, a number from 1 on, not “{typed}”.");
                Error::caller("bad-request", "keyRotation", message)
            })?,
        };
        Ok(Self { lead: milliseconds(text)?, every })
    }

    /// Whether keys are to change.
    pub fn rotates(self) -> bool {
        self.every > 0
    }
}

/// Milliseconds of the clear lead, from seconds with a fraction.
fn milliseconds(text: &RequestText) -> Result<u64> {
    let Some(typed) = given(&text.clear_lead) else { return Ok(0) };
    let (whole, fraction) = typed.split_once('.').unwrap_or((typed, ""));
    let thousandths = format!("{fraction:0<3}");
    let number =
        |text: &str| text.bytes().all(|one| one.is_ascii_digit()).then(|| text.parse::<u32>().ok())?;
    let read = || {
        // What is less than a thousandth is left out, but is of digits too.
        fraction.bytes().all(|one| one.is_ascii_digit()).then_some(())?;
        Some(u64::from(number(whole)?) * 1000 + u64::from(number(thousandths.get(..3)?)?))
    };
    read().ok_or_else(|| {
        let message = format!("The clear lead is a number of seconds, as 10 or 7.5, not “{typed}”.");
        Error::caller("bad-request", "clearLead", message)
    })
}
