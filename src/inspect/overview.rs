//! A file at a glance: what is largest in each stretch of it, however many boxes it has.

use crate::bytes::FourCc;
use crate::bytes::units::to_len;
use crate::track::top::TopBoxes;

/// Most stretches: more than any screen has dots across.
const PARTS: u64 = 1 << 13;

/// Bytes of one stretch, and the type of the top-level box that has most of each, from the start of the file on.
/// `parts` is how many there may be.
pub fn overview(top: &TopBoxes, parts: u64) -> (u64, Vec<FourCc>) {
    let stride = top.end().div_ceil(parts.clamp(1, PARTS)).max(1);
    let mut types = vec![FourCc::default(); to_len(top.end().div_ceil(stride))];
    let mut most = vec![0; types.len()];
    for found in top.iter().filter(|found| found.size > 0) {
        let first = found.start / stride;
        let last = (found.end() - 1) / stride;
        for number in first..=last {
            let start = (number * stride).max(found.start);
            let end = ((number + 1) * stride).min(found.end());
            let at = to_len(number);
            if let (Some(kind), Some(most)) = (types.get_mut(at), most.get_mut(at))
                && end - start > *most
            {
                (*kind, *most) = (found.id.four_cc(), end - start);
            }
        }
    }
    (stride, types)
}
