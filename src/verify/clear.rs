//! Which kinds of bytes stay clear in samples that are encrypted.

use crate::bytes::units::{len_u64, to_len};
use crate::protect::scheme::BLOCK;
use crate::protect::subsample::Rule;
use crate::track::codec::h264::{LengthSize, Nals};

/// How many kinds there are.
pub const KINDS: usize = 6;

/// What bytes are that stay clear. The names are those of reports.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// All of a sample: a clear lead, or a track that is open.
    Samples,
    /// Units without pictures: parameter sets, delimiters, SEI messages.
    Units,
    /// Lengths of units, and headers of units, slices, frames and tiles.
    Headers,
    /// Less than a block, at an end of what is encrypted; and slices so small that all of them is.
    Ends,
    /// Blocks that the pattern skips.
    Pattern,
    /// What else the map of a sample leaves out.
    Other,
}

impl Kind {
    /// All of them, by number, with their names.
    pub const ALL: [(Self, &str); KINDS] = [
        (Self::Samples, "samples"),
        (Self::Units, "units"),
        (Self::Headers, "headers"),
        (Self::Ends, "ends"),
        (Self::Pattern, "pattern"),
        (Self::Other, "other"),
    ];
}

/// Bytes that stay clear, by what they are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ClearBytes(pub [u64; KINDS]);

impl ClearBytes {
    /// Takes so many bytes of a kind.
    pub fn add(&mut self, kind: Kind, bytes: u64) {
        for ((of, _), sum) in Kind::ALL.iter().zip(&mut self.0) {
            *sum += if *of == kind { bytes } else { 0 };
        }
    }

    /// Takes those of more samples.
    pub fn join(&mut self, more: &Self) {
        self.0.iter_mut().zip(more.0).for_each(|(sum, more)| *sum += more);
    }

    /// Takes what is outside of the `encrypted` ranges of a sample, which are in order.
    pub(super) fn outside(&mut self, rule: Option<&Rule>, sample: &[u8], encrypted: &[(usize, usize)]) {
        let all = sample.len() - within(encrypted, 0, sample.len());
        if all == 0 {
            return;
        }
        let before = self.0.iter().sum::<u64>();
        match rule {
            Some(Rule::Av1(_) | Rule::Vp9(_)) => {
                let end = encrypted.last().map_or(0, |(_, end)| sample.len().saturating_sub(*end));
                let end = if end < BLOCK { end } else { 0 };
                self.add(Kind::Ends, len_u64(end));
                self.add(Kind::Headers, len_u64(all - end));
            }
            Some(rule) => {
                if let Some(length_size) = rule.length_size() {
                    let is_hevc = matches!(rule, Rule::HevcLegacy { .. } | Rule::HevcCmaf { .. });
                    self.of_units(length_size, is_hevc, sample, encrypted);
                }
            }
            None => {}
        }
        let told = self.0.iter().sum::<u64>() - before;
        self.add(Kind::Other, len_u64(all).saturating_sub(told));
    }

    fn of_units(
        &mut self,
        length_size: LengthSize,
        is_hevc: bool,
        sample: &[u8],
        mut encrypted: &[(usize, usize)],
    ) {
        for nal in Nals::new(sample, length_size).map_while(Result::ok) {
            let start = nal.offset;
            let end = start + length_size.bytes() + nal.bytes.len();
            while let Some((_, rest)) = encrypted.split_first().filter(|((_, to), _)| *to <= start) {
                encrypted = rest;
            }
            let of_unit = encrypted.partition_point(|(from, _)| *from < end);
            let inside = encrypted.get(..of_unit).unwrap_or_default();
            let Some(&(first, _)) = inside.first() else {
                let byte = nal.bytes.first().copied().unwrap_or(0);
                // ITU-T H.264 table 7-1, H.265 table 7-1.
                let is_slice =
                    if is_hevc { byte >> 1 & 63 < 32 } else { matches!(byte & 31, 1..=5 | 19..=21) };
                let kind = if is_slice && !nal.bytes.is_empty() { Kind::Ends } else { Kind::Units };
                self.add(kind, len_u64(end - start));
                continue;
            };
            let header = first.saturating_sub(start);
            self.add(Kind::Headers, len_u64(header));
            let covered = header + within(inside, start, end);
            self.add(Kind::Ends, len_u64((end - start).saturating_sub(covered)));
        }
    }
}

/// Of the bytes from `start` to `end`, those in any of these ranges, which are in order.
pub(super) fn within(ranges: &[(usize, usize)], start: usize, end: usize) -> usize {
    ranges.iter().map(|(from, to)| end.min(*to).saturating_sub(start.max(*from))).sum()
}

/// Ranges that are encrypted by these entries, from the start of the sample; all of it where there are none.
pub(super) fn ranges(map: &[crate::boxes::cenc::Subsample], len: usize) -> Vec<(usize, usize)> {
    if map.is_empty() {
        return vec![(0, len)];
    }
    let mut at = 0;
    let mut all = Vec::new();
    for entry in map {
        let start = at + usize::from(entry.clear);
        at = start + to_len(entry.protected.into());
        if entry.protected > 0 {
            all.push((start, at));
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(rule: &Rule, sample: &[u8], encrypted: &[(usize, usize)]) -> [u64; KINDS] {
        let mut clear = ClearBytes::default();
        clear.outside(Some(rule), sample, encrypted);
        clear.0
    }

    #[test]
    fn bytes_of_units_are_told_apart() {
        // A delimiter of 2 bytes, a slice of 40 of which 20 are encrypted, one of 5 that is clear, and 2 bytes that are none.
        let mut sample = vec![0, 0, 0, 2, 9, 0x10, 0, 0, 0, 40, 0x65];
        sample.resize(6 + 4 + 40, 7);
        sample.extend([0, 0, 0, 5, 0x41, 1, 2, 3, 4, 0, 0]);
        let rule = Rule::AvcLegacy { length_size: LengthSize::Four };
        assert_eq!(of(&rule, &sample, &[(18, 34), (36, 40)]), [0, 6, 12, 2 + 10 + 9, 0, 2]);
        let whole = sample.len();
        assert_eq!(of(&rule, &sample, &[(0, whole)]), [0; KINDS]);
        assert_eq!(of(&Rule::WholeSample, &sample, &[(8, whole)]), [0, 0, 0, 0, 0, 8]);
    }

    #[test]
    fn what_is_left_at_the_end_of_a_frame_is_less_than_a_block() {
        let rule = Rule::Vp9(Default::default());
        assert_eq!(of(&rule, &[1; 60], &[(10, 58)]), [0, 0, 10, 2, 0, 0]);
        assert_eq!(of(&rule, &[1; 60], &[(10, 20), (30, 40)]), [0, 0, 40, 0, 0, 0]);
    }
}
