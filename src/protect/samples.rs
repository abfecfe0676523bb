//! Protecting the samples of one fragment: first their ranges and IVs, then the bytes.

use crate::boxes::cenc::{SampleEncryptionEntries, Subsample};
use crate::bytes::units::{len_u64, sort_pairs, to_len};
use crate::bytes::{Error, Result};
use crate::track::contradictions::NO_ENTRY;
use crate::track::index::{FragmentEntry, head_digest};
use crate::track::{Fragment, Index, TrackFragment};

use super::cipher::CtrKey;
use super::counter::IV_SIZE;
use super::plan::Plan;
use super::subsample::{RangeFinder, Tally};

/// All that protecting one fragment needs to know besides the plan and the fragment's bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FragmentTask {
    /// File offset of the `moof`.
    pub start: u64,
    /// Bytes of the `moof`.
    pub moof_len: u64,
    /// File offset after the fragment's media data.
    pub end: u64,
    /// Samples in all fragments before it: the ordinal of its first IV.
    pub first_sample: u64,
    /// Decode time of each `traf`, in ticks.
    pub decode_times: Vec<u64>,
    /// [`head_digest`](crate::track::index::head_digest) of the `moof` as it was when the file was opened.
    pub digest: u32,
}

impl FragmentTask {
    /// The task for one fragment of a file.
    pub fn new(index: &Index, fragment: &FragmentEntry) -> Self {
        let times = index.parts(fragment).iter().map(|part| {
            let moved = i128::from(part.decode_time) + i128::from(index.time_shift(part.track_id));
            u64::try_from(moved).unwrap_or(0)
        });
        Self {
            start: fragment.start,
            moof_len: fragment.moof_len,
            end: fragment.end,
            first_sample: fragment.first_sample,
            decode_times: times.collect(),
            digest: fragment.digest,
        }
    }

    /// Decode time of the `traf` of this number, in ticks.
    pub fn time_of(&self, number: usize) -> u64 {
        self.decode_times.get(number).copied().unwrap_or(0)
    }

    /// Fails when the fragment's `moof` is not the one that the file had when it was opened.
    pub fn check_head(&self, moof: &[u8]) -> Result<()> {
        if head_digest(moof) == self.digest {
            return Ok(());
        }
        let message = "The file has changed since it was opened: this fragment is another now. Open it again when \
                       nobody writes to it.";
        Err(Error::file("source-changed", message).inside("moof").at(self.start))
    }
}

/// Bytes in memory and where in the file they stand.
#[derive(Debug)]
pub struct Window<'a> {
    /// File offset of the first byte.
    pub start: u64,
    /// The bytes.
    pub bytes: &'a mut [u8],
}

impl Window<'_> {
    /// The `len` bytes at file offset `start`. Fails when they are not all in the window.
    pub fn get(&mut self, start: u64, len: u64) -> Result<&mut [u8]> {
        let (window_start, window_end) = (self.start, self.start + len_u64(self.bytes.len()));
        let from = start.checked_sub(self.start).map_or(usize::MAX, to_len);
        let range = from..from.saturating_add(to_len(len));
        self.bytes.get_mut(range).ok_or_else(|| {
            Error::unsupported(
                "data-elsewhere",
                format!(
                    "A sample stands at bytes {start} to {}, outside the media data of its fragment, which is bytes \
                     {window_start} to {window_end}.",
                    start.saturating_add(len)
                ),
            )
            .at(start)
        })
    }
}

/// Protects fragments by a plan. Holds nothing of the fragments before, so fragments can come in any order.
#[derive(Debug)]
pub struct SampleProtector {
    pub(super) key: CtrKey,
    /// Track ID, 1-based sample entry, and what finds the ranges of its samples.
    pub(super) finders: Finders,
    pub(super) plan: Plan,
}

impl SampleProtector {
    /// Ready to protect by `plan`.
    pub fn new(plan: Plan) -> Self {
        let mut finders = Vec::new();
        for track in &plan.tracks {
            for (rule, entry) in track.rules.iter().flatten().zip(1..) {
                finders.push((track.track_id, entry, RangeFinder::new(rule.clone(), plan.max_subsamples())));
            }
        }
        Self { key: plan.cipher_key(), finders, plan }
    }

    /// The plan.
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// IVs and subsample maps for each `traf`; `None` for tracks that stay clear. Reads the samples, changes nothing.
    pub fn scan(
        &mut self,
        fragment: &Fragment,
        task: &FragmentTask,
        window: &mut Window<'_>,
    ) -> Result<Vec<Option<SampleEncryptionEntries>>> {
        refuse_overlaps(fragment)?;
        let mut ordinal = task.first_sample;
        let mut all = Vec::new();
        for (number, track) in fragment.tracks.iter().enumerate() {
            let count = len_u64(track.sample_count);
            let entries = match self.plan.protected(track.tfhd.track_id) {
                None => None,
                Some(_) => Some(self.scan_track(track, task.time_of(number), ordinal, window)?),
            };
            all.push(entries);
            ordinal += count;
        }
        Ok(all)
    }

    fn scan_track(
        &mut self,
        track: &TrackFragment,
        time: u64,
        first: u64,
        window: &mut Window<'_>,
    ) -> Result<SampleEncryptionEntries> {
        let finder = finder(&mut self.finders, track)?;
        finder.begin_fragment();
        let mut entries = SampleEncryptionEntries::default();
        entries.ivs.reserve(track.sample_count * usize::from(IV_SIZE));
        for (number, ((start, size), ordinal)) in track.samples().zip(first..).enumerate() {
            window
                .get(start, u64::from(size))
                .and_then(|bytes| scan_sample(finder, self.plan.ivs.iv(ordinal), start, bytes, &mut entries))
                .map_err(|error| self.plan.in_sample(error, track, time, number))?;
        }
        Ok(entries)
    }

    /// What became of each protected track's samples since this was last asked.
    pub fn take_tallies(&mut self) -> Vec<(u32, Tally)> {
        let mut all: Vec<(u32, Tally)> = Vec::new();
        for (track, _, finder) in &mut self.finders {
            let tally = finder.take_tally();
            match all.last_mut().filter(|(last, _)| last == track) {
                Some((_, before)) => before.join(&tally),
                None => all.push((*track, tally)),
            }
        }
        all
    }

    /// Encrypts the samples in place, by what [`scan`](Self::scan) found.
    pub fn encrypt(
        &self,
        fragment: &Fragment,
        entries: &[Option<SampleEncryptionEntries>],
        window: &mut Window<'_>,
    ) -> Result<()> {
        for (track, entries) in fragment.tracks.iter().zip(entries) {
            if let Some(entries) = entries {
                apply(&self.key, track, entries, IV_SIZE, window)?;
            }
        }
        Ok(())
    }
}

type Finders = Vec<(u32, u32, RangeFinder)>;

/// What finds the ranges of the samples of this `traf`.
pub(super) fn finder<'f>(finders: &'f mut Finders, track: &TrackFragment) -> Result<&'f mut RangeFinder> {
    let (id, index) = (track.tfhd.track_id, track.sample_description_index);
    let found = finders.iter_mut().find(|(track, entry, _)| (*track, *entry) == (id, index));
    found.map(|(_, _, finder)| finder).ok_or_else(|| {
        // The file was looked at before; this fragment is not as it was then.
        let message =
            format!("A fragment of track {id} uses sample entry {index}, which the track does not have.");
        Error::file(NO_ENTRY, message).at(track.start)
    })
}

/// Runs the samples of one `traf` through the cipher, in place: encrypts clear ones, decrypts protected ones.
pub(super) fn apply(
    key: &CtrKey,
    track: &TrackFragment,
    entries: &SampleEncryptionEntries,
    iv_size: u8,
    window: &mut Window<'_>,
) -> Result<()> {
    let maps = entries.iter(iv_size, track.sample_count);
    for ((start, size), (iv, subsamples)) in track.samples().zip(maps) {
        apply_sample(key, iv, subsamples, start, window.get(start, u64::from(size))?)?;
    }
    Ok(())
}

/// Finds the ranges of one sample and appends them, with its IV, to those of its `traf`.
pub(super) fn scan_sample(
    finder: &mut RangeFinder,
    iv: [u8; 8],
    start: u64,
    sample: &[u8],
    entries: &mut SampleEncryptionEntries,
) -> Result<()> {
    entries.ivs.extend_from_slice(&iv);
    let before = entries.subsamples.len();
    finder.split(sample, &mut entries.subsamples).map_err(|error| error.moved_by(start))?;
    if finder.rule().has_subsamples() {
        entries.counts.push(u16::try_from(entries.subsamples.len() - before).unwrap_or(u16::MAX));
    }
    Ok(())
}

/// Runs one sample, which stands at file offset `start`, through the cipher.
pub(super) fn apply_sample(
    key: &CtrKey,
    iv: &[u8],
    subsamples: &[Subsample],
    start: u64,
    sample: &mut [u8],
) -> Result<()> {
    let mut cipher = key.sample(iv);
    if subsamples.is_empty() {
        // A sample without a map is protected whole; an empty sample has nothing to map.
        cipher.apply(sample);
        return Ok(());
    }
    let size = sample.len();
    let mut at = 0;
    for subsample in subsamples {
        let from = at + usize::from(subsample.clear);
        at = from.saturating_add(to_len(u64::from(subsample.protected)));
        let protected = sample.get_mut(from..at).ok_or_else(|| {
            let message = format!("A subsample map covers {at} bytes, but its sample has {size}.");
            Error::file("bad-subsamples", message).at(start)
        })?;
        cipher.apply(protected);
    }
    Ok(())
}

/// Samples that share bytes would be encrypted twice.
pub(super) fn refuse_overlaps(fragment: &Fragment) -> Result<()> {
    let runs = fragment.tracks.iter().flat_map(|track| &track.runs);
    let mut ranges: Vec<(u64, u64)> = runs
        .filter(|run| run.data_len > 0)
        .map(|run| (run.data_start, run.data_start.saturating_add(run.data_len)))
        .collect();
    sort_pairs(&mut ranges);
    for pair in ranges.windows(2) {
        if let [(_, end), (start, _)] = pair
            && start < end
        {
            let message = format!(
                "Two runs of a fragment share bytes {start} to {end}; shared samples cannot be protected."
            );
            return Err(Error::unsupported("overlapping-samples", message).at(*start));
        }
    }
    Ok(())
}
