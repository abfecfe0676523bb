//! Protecting a fragment too large to hold: its samples go by in pieces twice, first to find their ranges, which the
//! `moof` in front of them needs, then to be encrypted.

use crate::boxes::cenc::SampleEncryptionEntries;
use crate::bytes::units::{len_u64, sort_pairs, to_len};
use crate::bytes::{Error, Result};
use crate::track::Fragment;

use super::counter::IV_SIZE;
use super::samples::{SampleProtector, Window, apply_sample, finder, refuse_overlaps, scan_sample};

/// A sample in file order.
#[derive(Clone, Copy, Debug)]
struct Placed {
    start: u64,
    size: u32,
    /// Which `traf`.
    track: usize,
    /// Ordinal of its IV in the file.
    ordinal: u64,
}

/// Where one `traf` stands in the second pass.
#[derive(Clone, Copy, Debug, Default)]
struct Cursor {
    sample: usize,
    subsample: usize,
}

/// A fragment going by in pieces.
#[derive(Debug)]
pub struct PiecewiseFragment {
    fragment: Fragment,
    /// Its protected samples, in file order.
    samples: Vec<Placed>,
    entries: Vec<Option<SampleEncryptionEntries>>,
    cursors: Vec<Cursor>,
    media_start: u64,
    end: u64,
    /// Samples of earlier pieces.
    passed: usize,
    /// File offset where the next piece begins.
    at: u64,
    /// How many samples the present piece has.
    in_piece: usize,
}

impl PiecewiseFragment {
    /// A fragment whose media data is at file offsets `media_start..end`. `first_sample` is the ordinal of its first IV.
    pub fn new(
        protector: &mut SampleProtector,
        fragment: Fragment,
        first_sample: u64,
        media_start: u64,
        end: u64,
    ) -> Result<Self> {
        refuse_overlaps(&fragment)?;
        let mut samples = Vec::new();
        let mut entries = Vec::new();
        let mut ordinal = first_sample;
        for (number, track) in fragment.tracks.iter().enumerate() {
            let count = len_u64(track.sizes.len());
            let protected = protector.plan().protected(track.tfhd.track_id).is_some();
            entries.push(protected.then(SampleEncryptionEntries::default));
            if protected {
                finder(&mut protector.finders, track)?.begin_fragment();
                let placed = track.samples().zip(ordinal..);
                samples.extend(placed.map(|((start, size), ordinal)| Placed {
                    start,
                    size,
                    track: number,
                    ordinal,
                }));
            }
            ordinal += count;
        }
        let mut order: Vec<(u64, u64)> = samples.iter().map(|sample| sample.start).zip(0..).collect();
        // By the index after the start: empty samples keep their order.
        sort_pairs(&mut order);
        let samples: Vec<Placed> =
            order.iter().filter_map(|&(_, index)| samples.get(to_len(index)).copied()).collect();
        let mut last = vec![None; fragment.tracks.len()];
        for sample in &samples {
            let before =
                last.get_mut(sample.track).and_then(|last: &mut Option<u64>| last.replace(sample.ordinal));
            if before.is_some_and(|before| before > sample.ordinal) {
                let message = "A fragment too large to hold has samples that do not stand in decoding order.";
                return Err(Error::unsupported("samples-out-of-order", message).at(sample.start));
            }
        }
        let cursors = vec![Cursor::default(); fragment.tracks.len()];
        Ok(Self {
            fragment,
            samples,
            entries,
            cursors,
            media_start,
            end,
            passed: 0,
            at: media_start,
            in_piece: 0,
        })
    }

    /// The fragment itself.
    pub fn fragment(&self) -> &Fragment {
        &self.fragment
    }

    /// What the first pass found, for each `traf`.
    pub fn entries(&self) -> &[Option<SampleEncryptionEntries>] {
        &self.entries
    }

    /// Goes back to the front for the second pass.
    pub fn rewind(&mut self) {
        (self.passed, self.in_piece, self.at) = (0, 0, self.media_start);
    }

    /// File offset and bytes of the next piece: whole samples and what stands between them, at most `max` bytes
    /// unless one sample is larger. `None` at the end.
    pub fn next_piece(&mut self, max: u64) -> Option<(u64, u64)> {
        self.passed += self.in_piece;
        self.in_piece = 0;
        let start = self.at;
        let mut stop = start;
        for sample in self.samples.get(self.passed..).unwrap_or_default() {
            let sample_end = sample.start.saturating_add(u64::from(sample.size)).max(stop);
            if sample_end - start > max && (self.in_piece > 0 || sample.start > start) {
                // The sample begins a piece of its own.
                stop = sample.start.min(start + max).max(stop);
                break;
            }
            self.in_piece += 1;
            stop = sample_end;
        }
        if self.passed + self.in_piece == self.samples.len() {
            // What stands behind the last sample goes along, or in pieces of its own.
            stop = self.end.min(start + max).max(stop);
        }
        self.at = stop;
        (stop > start).then_some((start, stop - start))
    }

    /// First pass: finds the ranges of the samples of the present piece.
    pub fn scan(&mut self, protector: &mut SampleProtector, piece: &mut Window<'_>) -> Result<()> {
        let ivs = protector.plan().ivs;
        for sample in self.samples.iter().skip(self.passed).take(self.in_piece) {
            let track = self.fragment.tracks.get(sample.track);
            let entries = self.entries.get_mut(sample.track).and_then(Option::as_mut);
            let (Some(track), Some(entries)) = (track, entries) else { continue };
            let bytes = bytes_of(sample, piece)?;
            scan_sample(
                finder(&mut protector.finders, track)?,
                ivs.iv(sample.ordinal),
                sample.start,
                bytes,
                entries,
            )?;
        }
        Ok(())
    }

    /// Second pass: encrypts the samples of the present piece in place.
    pub fn encrypt(&mut self, protector: &SampleProtector, piece: &mut Window<'_>) -> Result<()> {
        for sample in self.samples.iter().skip(self.passed).take(self.in_piece) {
            let entries = self.entries.get(sample.track).and_then(Option::as_ref);
            let (Some(entries), Some(cursor)) = (entries, self.cursors.get_mut(sample.track)) else {
                continue;
            };
            let size = usize::from(IV_SIZE);
            let iv = entries.ivs.get(cursor.sample * size..(cursor.sample + 1) * size).unwrap_or_default();
            let count = entries.counts.get(cursor.sample).map_or(0, |&count| usize::from(count));
            let subsamples =
                entries.subsamples.get(cursor.subsample..cursor.subsample + count).unwrap_or_default();
            cursor.sample += 1;
            cursor.subsample += count;
            apply_sample(&protector.key, iv, subsamples, sample.start, bytes_of(sample, piece)?)?;
        }
        Ok(())
    }
}

/// A sample's bytes. Empty samples may stand anywhere, also inside others.
fn bytes_of<'p>(sample: &Placed, piece: &'p mut Window<'_>) -> Result<&'p mut [u8]> {
    if sample.size == 0 { Ok(&mut []) } else { piece.get(sample.start, u64::from(sample.size)) }
}
