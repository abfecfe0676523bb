//! Protecting a fragment too large to hold: its samples go by in pieces twice, first to find their ranges, which the
//! `moof` in front of them needs, then to be encrypted.

use crate::boxes::cenc::SampleEncryptionEntries;
use crate::bytes::ByKey;
use crate::bytes::units::{len_u64, sort_pairs, to_len};
use crate::bytes::{Error, Result};
use crate::track::Fragment;

use super::apply::Mapped;
use super::decrypt::FragmentDecryption;
use super::samples::{FragmentTask, SampleProtector, Window, refuse_overlaps};

/// A run of samples that are or become protected.
#[derive(Clone, Copy, Debug)]
struct Placed {
    /// File offset of its first sample.
    start: u64,
    /// Which `traf`.
    track: usize,
    /// Its index among those of the `traf`.
    index: usize,
    /// Index of its first sample among those of the `traf`.
    first: usize,
    count: usize,
    /// Ordinal in the file of the IV of its first sample.
    ordinal: u64,
}

/// A sample that is or becomes protected.
#[derive(Clone, Copy, Debug)]
struct Sample {
    start: u64,
    size: u32,
    track: usize,
    /// Its index among those of the `traf`.
    number: usize,
    ordinal: u64,
}

/// A place between two samples, in file order.
#[derive(Clone, Copy, Debug, Default, PartialEq, PartialOrd)]
struct Place {
    run: usize,
    /// Samples of the run before it, and their bytes.
    sample: usize,
    offset: u64,
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
    /// Its runs that are or become protected, in file order. Samples are not listed: there may be hundreds of thousands.
    runs: Vec<Placed>,
    entries: Vec<Option<SampleEncryptionEntries>>,
    cursors: Vec<Cursor>,
    /// What decrypts its samples, where they are encrypted.
    decryption: Option<FragmentDecryption>,
    /// Decode time of each `traf`, in ticks.
    times: Vec<u64>,
    media_start: u64,
    end: u64,
    /// The samples of the present piece.
    piece: (Place, Place),
    /// File offset where the next piece begins.
    at: u64,
}

impl PiecewiseFragment {
    /// The fragment of `task`, whose samples are decrypted first where that is told how.
    pub fn new(
        protector: &mut SampleProtector,
        fragment: Fragment,
        task: &FragmentTask,
        decryption: Option<FragmentDecryption>,
    ) -> Result<Self> {
        refuse_overlaps(&fragment)?;
        protector.begin_fragment(task)?;
        let mut runs = Vec::new();
        let mut entries = Vec::new();
        let mut ordinal = task.first_sample;
        for (number, track) in fragment.tracks.iter().enumerate() {
            let protected = protector.plan().protection(track.tfhd.track_id).is_some();
            if protected && task.period.is_none() {
                protector.scanner(track)?.1.pass_over(track.bytes());
            }
            let protected = protected && task.period.is_some();
            entries.push(protected.then(SampleEncryptionEntries::default));
            let is_read =
                protected || decryption.as_ref().is_some_and(|decryption| decryption.touches(number));
            let mut first = 0;
            for (index, run) in track.runs.iter().enumerate() {
                let count = run.count();
                if is_read {
                    runs.push(Placed { start: run.data_start, track: number, index, first, count, ordinal });
                }
                first += count;
                ordinal += len_u64(count);
            }
        }
        // By the index after the start: runs without bytes keep their order.
        let mut order: Vec<(u64, u64)> = runs.iter().map(|run: &Placed| run.start).zip(0..).collect();
        sort_pairs(&mut order);
        let runs: Vec<Placed> =
            order.iter().filter_map(|&(_, index)| runs.get(to_len(index)).copied()).collect();
        // Of each track, though it may have several `traf` boxes.
        let id = |run: &Placed| fragment.tracks.get(run.track).map(|track| track.tfhd.track_id);
        let mut last = ByKey::default();
        for run in &runs {
            let before = std::mem::replace(last.entry(id(run).unwrap_or(0), 0), run.ordinal);
            if before > run.ordinal {
                let message = "A fragment too large to hold has samples that do not stand in decoding order.";
                return Err(Error::unsupported("samples-out-of-order", message).at(run.start));
            }
        }
        let cursors = vec![Cursor::default(); fragment.tracks.len()];
        let media_start = task.start + task.moof_len;
        Ok(Self {
            fragment,
            runs,
            entries,
            cursors,
            decryption,
            times: task.decode_times.clone(),
            media_start,
            end: task.end,
            piece: Default::default(),
            at: media_start,
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
        (self.piece, self.at) = (Default::default(), self.media_start);
        self.decryption.iter_mut().for_each(FragmentDecryption::rewind);
    }

    /// File offset and bytes of the next piece: whole samples and what stands between them, at most `max` bytes
    /// unless one sample is larger. `None` at the end.
    pub fn next_piece(&mut self, max: u64) -> Option<(u64, u64)> {
        let (_, mut next) = self.piece;
        let begun = next;
        let start = self.at;
        let mut stop = start;
        let mut is_empty = true;
        loop {
            let here = next;
            let Some(sample) = self.sample(&mut next) else {
                // What stands behind the last sample goes along, or in pieces of its own.
                stop = self.end.min(start + max).max(stop);
                break;
            };
            let sample_end = sample.start.saturating_add(u64::from(sample.size)).max(stop);
            if sample_end - start > max && (!is_empty || sample.start > start) {
                // The sample begins a piece of its own.
                stop = sample.start.min(start + max).max(stop);
                next = here;
                break;
            }
            is_empty = false;
            stop = sample_end;
        }
        self.piece = (begun, next);
        self.at = stop;
        (stop > start).then_some((start, stop - start))
    }

    /// The sample behind a place, which moves on behind it.
    fn sample(&self, place: &mut Place) -> Option<Sample> {
        let mut run = self.runs.get(place.run)?;
        while place.sample == run.count {
            *place = Place { run: place.run + 1, ..Place::default() };
            run = self.runs.get(place.run)?;
        }
        let size = self.fragment.tracks.get(run.track)?.runs.get(run.index)?.size(place.sample);
        let number = run.first + place.sample;
        let start = run.start.saturating_add(place.offset);
        let ordinal = run.ordinal + len_u64(place.sample);
        place.sample += 1;
        place.offset += u64::from(size);
        Some(Sample { start, size, track: run.track, number, ordinal })
    }

    /// The samples of the present piece, for each `traf`.
    fn samples(&self) -> Vec<Vec<(u64, u32)>> {
        let mut all = vec![Vec::new(); self.fragment.tracks.len()];
        let (mut place, end) = self.piece;
        while place < end {
            let Some(sample) = self.sample(&mut place) else { break };
            if let Some(track) = all.get_mut(sample.track) {
                track.push((sample.start, sample.size));
            }
        }
        all
    }

    /// Makes the samples of the present piece clear, in either pass.
    fn decrypt(&mut self, samples: &[Vec<(u64, u32)>], piece: &mut Window<'_>) -> Result<()> {
        let Some(decryption) = &mut self.decryption else { return Ok(()) };
        samples
            .iter()
            .enumerate()
            .filter(|(_, samples)| !samples.is_empty())
            .try_for_each(|(number, samples)| decryption.decrypt(number, &mut samples.iter().copied(), piece))
    }

    /// First pass: finds the ranges of the samples of the present piece.
    pub fn scan(&mut self, protector: &mut SampleProtector, piece: &mut Window<'_>) -> Result<()> {
        self.decrypt(&self.samples(), piece)?;
        let (mut place, end) = self.piece;
        while place < end {
            let Some(sample) = self.sample(&mut place) else { break };
            let track = self.fragment.tracks.get(sample.track);
            let entries = self.entries.get_mut(sample.track).and_then(Option::as_mut);
            let (Some(track), Some(entries)) = (track, entries) else { continue };
            let (cipher, finder) = protector.scanner(track)?;
            let time = self.times.get(sample.track).copied().unwrap_or(0);
            bytes_of(&sample, piece)
                .and_then(|bytes| cipher.scan(finder, sample.ordinal, sample.start, bytes, entries))
                .map_err(|error| protector.plan().in_sample(error, track, time, sample.number))?;
        }
        Ok(())
    }

    /// Second pass: encrypts the samples of the present piece in place.
    pub fn encrypt(&mut self, protector: &SampleProtector, piece: &mut Window<'_>) -> Result<()> {
        // The samples of each `traf` together: chains go faster side by side.
        let all = self.samples();
        self.decrypt(&all, piece)?;
        for (number, samples) in all.into_iter().enumerate().filter(|(_, samples)| !samples.is_empty()) {
            self.encrypt_samples(number, &samples, protector, piece)?;
        }
        Ok(())
    }

    /// Encrypts these samples, the next ones of their `traf`.
    fn encrypt_samples(
        &mut self,
        number: usize,
        samples: &[(u64, u32)],
        protector: &SampleProtector,
        piece: &mut Window<'_>,
    ) -> Result<()> {
        let track = self.fragment.tracks.get(number);
        let entries = self.entries.get(number).and_then(Option::as_ref);
        let (Some(track), Some(entries), Some(cursor)) = (track, entries, self.cursors.get_mut(number))
        else {
            return Ok(());
        };
        let cipher = protector.cipher(track)?;
        let size = usize::from(cipher.protection.ivs.size());
        let samples = samples.iter().map(|&(start, bytes)| {
            let iv = entries.ivs.get(cursor.sample * size..(cursor.sample + 1) * size).unwrap_or_default();
            let count = entries.counts.get(cursor.sample).map_or(0, |&count| usize::from(count));
            let map = entries.subsamples.get(cursor.subsample..cursor.subsample + count).unwrap_or_default();
            cursor.sample += 1;
            cursor.subsample += count;
            // Empty samples may stand anywhere, also outside the piece.
            let start = if bytes == 0 { piece.start } else { start };
            Mapped { start, size: bytes, iv, map }
        });
        let samples: Vec<Mapped<'_>> = samples.collect();
        cipher.encrypt(piece, samples.iter().copied())
    }
}

/// A sample's bytes. Empty samples may stand anywhere, also inside others.
fn bytes_of<'p>(sample: &Sample, piece: &'p mut Window<'_>) -> Result<&'p mut [u8]> {
    if sample.size == 0 { Ok(&mut []) } else { piece.get(sample.start, u64::from(sample.size)) }
}
