//! Protecting the samples of one fragment: first their ranges and IVs, then the bytes.

use std::borrow::Cow;

use crate::boxes::cenc::SampleEncryptionEntries;
use crate::bytes::units::{len_u64, sort_pairs, to_len};
use crate::bytes::{Error, Result};
use crate::track::contradictions::NO_ENTRY;
use crate::track::index::{FragmentEntry, head_digest};
use crate::track::joint::{HeadEdits, edited};
use crate::track::{Fragment, Index, TrackFragment};

use super::apply::{Cipher, Mapped, Way};
use super::cipher::AesKey;
use super::counter::Ivs;
use super::decrypt::Decryptor;
use super::periods::Periods;
use super::plan::{Plan, Protection};
use super::scheme::Mode;
use super::subsample::{RangeFinder, Tally};

/// All that protecting one fragment needs to know besides the plan and the fragment's bytes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
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
    /// Number of its keys, where they change along the file. With none its samples stay clear, though tracks of it are
    /// protected: it begins in the clear lead.
    pub period: Option<u32>,
    /// What the record of the clear file says of most heads of fragments, where the output gets one.
    pub usual: Option<u8>,
    /// What changes in the `moof` before anything else is done to it: [`HeadEdits`].
    pub edits: HeadEdits,
    /// Of a fragment that is made: where each stretch of it begins, and where that stands in the source, if it does.
    pub extents: Vec<(u64, Option<u64>)>,
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
            period: Some(0),
            usual: None,
            edits: HeadEdits::new(),
            extents: Vec::new(),
        }
    }

    /// The task for the fragment of this number, with the keys that it has; `None` behind the last.
    pub fn numbered(number: usize, index: &Index, periods: &Periods) -> Option<Self> {
        let fragment = index.fragments.get(number)?;
        Some(Self { period: periods.of(number), ..Self::new(index, fragment) })
    }

    /// The task for a fragment that is made of pieces: where each stands in the source, if it does, and its bytes.
    #[must_use]
    pub fn made_of(mut self, pieces: impl Iterator<Item = (Option<u64>, u64)>) -> Self {
        let mut at = self.start;
        self.extents = pieces
            .map(|(there, len)| {
                let here = at;
                at = at.saturating_add(len);
                (here, there)
            })
            .collect();
        self
    }

    /// Whether the fragment is made: its `moof` does not stand in the source.
    pub fn is_made(&self) -> bool {
        !self.extents.is_empty()
    }

    /// The error with its offset in the source, or without one where that has no such byte.
    pub fn in_source(&self, error: Error) -> Error {
        if !self.is_made() {
            return error;
        }
        error.moved(&|offset| {
            let behind = self.extents.partition_point(|(here, _)| *here <= offset);
            let (here, there) = self.extents.get(behind.checked_sub(1)?)?;
            Some((*there)? + (offset - here))
        })
    }

    /// Decode time of the `traf` of this number, in ticks.
    pub fn time_of(&self, number: usize) -> u64 {
        self.decode_times.get(number).copied().unwrap_or(0)
    }

    /// Bytes of its `moof`, and of its media data, in what was read of it.
    pub fn split<'b>(&self, bytes: &'b mut [u8]) -> Result<(&'b mut [u8], &'b mut [u8])> {
        let message = "A fragment was read only in part. Has the file changed?";
        bytes
            .split_at_mut_checked(to_len(self.moof_len))
            .ok_or_else(|| Error::file("short-read", message).at(self.start))
    }

    /// The fragment's `moof`, from its bytes in the source. Fails when these are not the ones that the file had when it
    /// was opened.
    pub fn head<'m>(&self, moof: &'m [u8]) -> Result<Cow<'m, [u8]>> {
        if head_digest(moof) == self.digest {
            return Ok(edited(moof, &self.edits));
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
    /// Those of the plan, in its order.
    keys: Vec<AesKey>,
    /// Track ID, 1-based sample entry, and what finds the ranges of its samples.
    pub(super) finders: Finders,
    pub(super) plan: Plan,
    decryptor: Decryptor,
}

impl SampleProtector {
    /// Ready to protect by `plan`.
    pub fn new(plan: Plan) -> Self {
        let mut finders = Vec::new();
        for track in &plan.tracks {
            let Some(protection) = &track.protection else { continue };
            let max = plan.max_subsamples(protection.ivs.size());
            for (rule, entry) in protection.rules.iter().zip(1..) {
                let finder = RangeFinder::new(rule.clone(), max).in_scheme(plan.scheme, protection.pattern);
                finders.push((track.track_id, entry, finder));
            }
        }
        Self { keys: ciphers(&plan), finders, decryptor: Decryptor::new(&plan.source_keys), plan }
    }

    /// The plan, as it is for the fragment that came last.
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// What decrypts samples that are protected already.
    pub fn decryptor(&self) -> &Decryptor {
        &self.decryptor
    }

    /// IVs and subsample maps for each `traf`; `None` for tracks that stay clear. Reads the samples, changes nothing.
    pub fn scan(
        &mut self,
        fragment: &Fragment,
        task: &FragmentTask,
        window: &mut Window<'_>,
    ) -> Result<Vec<Option<SampleEncryptionEntries>>> {
        if self.plan.change.is_some() {
            return Ok(vec![None; fragment.tracks.len()]);
        }
        refuse_overlaps(fragment)?;
        self.begin_fragment(task)?;
        let mut ordinal = task.first_sample;
        let mut all = Vec::new();
        for (number, track) in fragment.tracks.iter().enumerate() {
            let count = len_u64(track.sample_count);
            let protected = self.plan.protection(track.tfhd.track_id).is_some();
            if protected && task.period.is_none() {
                finder(&mut self.finders, track)?.pass_over(track.bytes());
            }
            let scan = || self.scan_track(track, task.time_of(number), ordinal, window);
            all.push((protected && task.period.is_some()).then(scan).transpose()?);
            ordinal += count;
        }
        Ok(all)
    }

    /// Forgets what the samples of an earlier fragment said: all `traf` boxes of a track go on from each other, those of
    /// another fragment do not. Takes the keys that this one has.
    pub(super) fn begin_fragment(&mut self, task: &FragmentTask) -> Result<()> {
        self.finders.iter_mut().for_each(|(_, _, finder)| finder.begin_fragment());
        if let Some(period) = task.period.filter(|period| *period != self.plan.period) {
            self.plan.enter(period)?;
            self.keys = ciphers(&self.plan);
        }
        Ok(())
    }

    fn scan_track(
        &mut self,
        track: &TrackFragment,
        time: u64,
        first: u64,
        window: &mut Window<'_>,
    ) -> Result<SampleEncryptionEntries> {
        let finder = finder(&mut self.finders, track)?;
        let cipher = cipher(&self.plan, &self.keys, track)?;
        let mut entries = SampleEncryptionEntries::default();
        entries.ivs.reserve(track.sample_count * usize::from(cipher.protection.ivs.size()));
        for (number, ((start, size), ordinal)) in track.samples().zip(first..).enumerate() {
            window
                .get(start, u64::from(size))
                .and_then(|bytes| cipher.scan(finder, ordinal, start, bytes, &mut entries))
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
            let Some(entries) = entries else { continue };
            let cipher = self.cipher(track)?;
            let maps = entries.iter(cipher.protection.ivs.size(), track.sample_count);
            let samples = track.samples().zip(maps);
            cipher
                .encrypt(window, samples.map(|((start, size), (iv, map))| Mapped { start, size, iv, map }))?;
        }
        Ok(())
    }

    /// What encrypts the samples of this `traf`.
    pub(super) fn cipher(&self, track: &TrackFragment) -> Result<TrackCipher<'_>> {
        cipher(&self.plan, &self.keys, track)
    }

    /// [`cipher`](Self::cipher), and what finds the ranges.
    pub(super) fn scanner(&mut self, track: &TrackFragment) -> Result<(TrackCipher<'_>, &mut RangeFinder)> {
        Ok((cipher(&self.plan, &self.keys, track)?, finder(&mut self.finders, track)?))
    }
}

fn ciphers(plan: &Plan) -> Vec<AesKey> {
    plan.keys.iter().map(|planned| AesKey::new(&planned.key)).collect()
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

/// What encrypts the samples of this `traf`.
fn cipher<'p>(plan: &'p Plan, keys: &'p [AesKey], track: &TrackFragment) -> Result<TrackCipher<'p>> {
    let protection = plan.protection(track.tfhd.track_id);
    let found = protection.and_then(|protection| Some((protection, keys.get(protection.key)?)));
    let missing = || Error::file("no-key", "A track has no key in the plan.").at(track.start);
    found.map(|(protection, key)| TrackCipher { plan, protection, key }).ok_or_else(missing)
}

/// Encrypts the samples of one track.
#[derive(Clone, Copy, Debug)]
pub(super) struct TrackCipher<'p> {
    plan: &'p Plan,
    pub(super) protection: &'p Protection,
    key: &'p AesKey,
}

impl TrackCipher<'_> {
    /// Finds the ranges of the sample of this ordinal and appends them, with its IV, to those of its `traf`.
    pub(super) fn scan(
        &self,
        finder: &mut RangeFinder,
        ordinal: u64,
        start: u64,
        sample: &[u8],
        entries: &mut SampleEncryptionEntries,
    ) -> Result<()> {
        let counter = self.plan.ivs;
        match (self.protection.ivs, self.plan.scheme.mode) {
            (Ivs::Constant(_), _) => {}
            (Ivs::Each(8), _) => entries.ivs.extend(counter.iv(ordinal)),
            (Ivs::Each(_), Mode::Ctr) => entries.ivs.extend(counter.block(ordinal)),
            (Ivs::Each(_), Mode::Cbc) => entries.ivs.extend(counter.chained(ordinal, self.key)),
        }
        let before = entries.subsamples.len();
        finder.split(sample, &mut entries.subsamples).map_err(|error| error.moved_by(start))?;
        if finder.rule().has_subsamples() {
            entries.counts.push(u16::try_from(entries.subsamples.len() - before).unwrap_or(u16::MAX));
        }
        Ok(())
    }

    /// Encrypts these samples in place.
    pub(super) fn encrypt<'e>(
        &self,
        window: &mut Window<'_>,
        samples: impl Iterator<Item = Mapped<'e>>,
    ) -> Result<()> {
        let iv = match self.protection.ivs {
            Ivs::Constant(iv) => Some(iv),
            Ivs::Each(_) => None,
        };
        let cipher = Cipher { scheme: self.plan.scheme, pattern: self.protection.pattern, iv };
        cipher.apply(self.key, Way::Encrypt, window, samples)
    }
}

/// Samples that share bytes would be encrypted or decrypted twice.
///
/// # Errors
/// `overlapping-samples` where they do.
pub fn refuse_overlaps(fragment: &Fragment) -> Result<()> {
    let runs = fragment.tracks.iter().flat_map(|track| &track.runs);
    let mut ranges: Vec<(u64, u64)> = runs
        .filter(|run| run.data_len > 0)
        .map(|run| (run.data_start, run.data_start.saturating_add(run.data_len)))
        .collect();
    sort_pairs(&mut ranges);
    for pair in ranges.windows(2) {
        if let [(first, end), (start, _)] = pair
            && start < end
        {
            let starts_at = |track: &&TrackFragment, at| track.runs.iter().any(|run| run.data_start == at);
            let id = |track: Option<&TrackFragment>| track.map_or(0, |track| track.tfhd.track_id);
            let one = id(fragment.tracks.iter().find(|track| starts_at(track, *first)));
            let other = id(fragment.tracks.iter().rfind(|track| starts_at(track, *start)));
            let who = if one == other {
                format!("Two runs of track {one}")
            } else {
                format!("Track {one} and track {other} both")
            };
            let message = format!(
                "{who} have samples at bytes {start} to {end}, which would be encrypted twice. Get a sound copy of the \
                 file; or, where two tracks are meant to be the same media, one without one of them."
            );
            return Err(Error::unsupported("overlapping-samples", message).at(*start));
        }
    }
    Ok(())
}
