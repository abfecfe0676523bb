//! Where fragments begin: at samples where decoding can begin, near a chosen duration, and where the sample entry changes.

use crate::bytes::Result;

use super::columns::Columns;

/// A fragment that gets this many times as long as wished, for want of a sync sample, is cut all the same: a moof for a
/// whole film helps nobody.
const LONGEST: u64 = 5;

/// The decode times, in ticks of `lead`, at which fragments begin, without the first; then a time at which the last ends.
pub fn cuts(lead: &Columns<'_>, wished: u64) -> Result<Vec<u64>> {
    let mut cuts = Vec::new();
    let mut begun = 0;
    // The last place where the present fragment could end.
    let mut candidate = None;
    let mut cursor = lead.start();
    let mut entry = None;
    while let Some(sample) = lead.next(&mut cursor)? {
        let time = sample.time;
        let is_other = entry.replace(sample.entry).is_some_and(|before| before != sample.entry);
        if is_other && time > begun {
            (begun, candidate) = (time, None);
            cuts.push(begun);
        } else if sample.is_sync() && time > begun {
            while time - begun >= wished {
                let nearer =
                    candidate.take().filter(|before| wished - (before - begun) <= time - begun - wished);
                begun = nearer.unwrap_or(time);
                cuts.push(begun);
                if nearer.is_none() {
                    break;
                }
            }
            candidate = (time > begun).then_some(time);
        } else if time - begun >= wished * LONGEST {
            begun = candidate.take().unwrap_or(time);
            cuts.push(begun);
        }
    }
    // What other tracks have a little longer needs no fragment of its own.
    cuts.push(cursor.time.saturating_add(wished / 2));
    Ok(cuts)
}
