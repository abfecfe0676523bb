//! How the samples of a fragment are encrypted, by its boxes; and, where the samples are at hand, whether that can be.

use std::collections::BTreeMap;

use crate::boxes::cenc::Subsample;
use crate::boxes::{Node, Tree, piff};
use crate::bytes::units::{len_u64, to_len};
use crate::bytes::{ByKey, Error, KeyId, Kind};
use crate::protect::scheme::BLOCK;
use crate::samples::inside::ranges;
use crate::track::codec::h264::{self, LengthSize, Nals};
use crate::track::codec::h265;
use crate::track::encryption::{Encryption, Maps, Span, first_of_encryption, maps, spans};
use crate::track::index::{FragmentEntry, FragmentPart};
use crate::track::{Codec, Fragment, Index, SampleEntry, TrackFragment};
use crate::verify::counters::{self, Counters, Twice, Used};
use crate::verify::twins;

use super::finding::{Findings, Place};
use super::key_groups;
use super::rules::{self, FileRule};

/// What is known from the fragments before.
#[derive(Debug, Default)]
pub struct Seen {
    /// Samples of each track so far.
    before: ByKey<u64>,
    counters: Counters,
    /// What samples were encrypted with: key IDs, and tracks that name none.
    keys: BTreeMap<(Option<KeyId>, Option<u32>), Key>,
    /// How often each number stands among encrypted bytes of samples with IVs of their own, track by track.
    bytes: BTreeMap<u32, Counts>,
    /// Clear samples of NAL units that were looked at, and those of them that are none; and the first `moof`.
    units: BTreeMap<u32, (u64, u64, u64)>,
}

/// How a key is used.
#[derive(Debug)]
struct Key {
    /// Its number in [`Seen::counters`].
    number: u32,
    /// The first track that it was used in.
    track: u32,
    /// [`COUNTER`], [`CHAINS`], or both.
    modes: u8,
}

#[derive(Debug)]
struct Counts {
    /// The first `moof`.
    moof: u64,
    of: [u32; 256],
}

const COUNTER: u8 = 1;
const CHAINS: u8 = 2;

/// Most encrypted bytes that are counted of a track.
const COUNTED: u64 = 1 << 20;

/// Looks at one fragment. `media` are the bytes behind the `moof` that are at hand, with the file offset of the first.
pub fn look(
    index: &Index,
    entry: &FragmentEntry,
    tree: &Tree<'_>,
    fragment: &Fragment,
    media: (u64, &[u8]),
    seen: &mut Seen,
    found: &mut Findings,
) {
    let Some(movie) = &index.movie else { return };
    // Samples of each track in this fragment so far.
    let mut inside: ByKey<u64> = ByKey::default();
    for (traf, part) in fragment.parts(tree) {
        let id = part.tfhd.track_id;
        let inside = inside.entry(id, 0);
        let before = seen.before.get(id).copied().unwrap_or(0) + *inside;
        *inside += len_u64(part.sample_count);
        let Some(track) = movie.track(id) else { continue };
        let Some(entry_of) = track.entry(part.sample_description_index) else { continue };
        if let Some(protection) = &entry_of.protection {
            key_groups::look(tree, traf, track, protection, found);
        }
        // What is only not read here is no fault of the file.
        let fail = |error: Error, found: &mut Findings| {
            if error.kind() == Kind::File {
                found.add_error_of(&tree.place(error), id);
            }
        };
        let spans = match spans(tree, traf, part, movie) {
            Ok(spans) => spans,
            Err(error) => {
                fail(error, found);
                continue;
            }
        };
        let this =
            Part { tree, traf, part, entry: entry_of, spans: &spans, media, moof: entry.start, before };
        if spans.iter().all(|span| span.by.is_none()) {
            this.clear(seen);
            continue;
        }
        twins::of_fragment(tree, traf, part, &spans).into_iter().for_each(|error| fail(error, found));
        match maps(tree, traf, part, &spans, media) {
            Ok(maps) => this.encrypted(&maps, seen, found),
            Err(error) => fail(error, found),
        }
        this.boxes(found);
    }
}

impl Seen {
    /// Key IDs by their numbers, none for what is encrypted without one, and what was used of the stream of each in counter mode.
    pub fn streams(&self) -> (Vec<Option<KeyId>>, Vec<Used>) {
        let mut kids = vec![None; self.keys.len()];
        for ((kid, _), key) in &self.keys {
            if let Some(place) = usize::try_from(key.number).ok().and_then(|number| kids.get_mut(number)) {
                *place = *kid;
            }
        }
        (kids, self.counters.parts())
    }

    /// Goes past a fragment with these parts.
    pub fn pass(&mut self, parts: &[FragmentPart]) {
        parts.iter().for_each(|part| *self.before.entry(part.track_id, 0) += u64::from(part.samples));
    }

    /// Says what all samples together show.
    pub fn finish(mut self, found: &mut Findings) {
        for Twice { one, other } in self.counters.twice() {
            let message = format!(
                "Sample {} of track {} and sample {} of track {} are encrypted with the same key and counter: both can be read \
                 without the key.",
                one.sample, one.track, other.sample, other.track
            );
            let place = Place { track: Some(other.track), sample: Some(other.sample), ..Place::default() };
            found.add(&rules::COUNTER_TWICE, place, message);
        }
        for ((kid, _), Key { track, modes, .. }) in &self.keys {
            if let (Some(kid), true) = (kid, *modes == COUNTER | CHAINS) {
                let message =
                    format!("The key {kid} encrypts samples in counter mode, and others in chains.");
                found.add(&rules::TWO_MODES, Place::default().of_track(*track), message);
            }
        }
        for (track, Counts { moof, of }) in &self.bytes {
            let total: u64 = of.iter().map(|count| u64::from(*count)).sum();
            if let Some(chance) = unevenness(of, total) {
                let message = format!(
                    "In {total} bytes of track {track} that are said to be encrypted some numbers stand far more often than others: \
                     their unevenness is {chance}, where that of encrypted bytes is below 600."
                );
                found.add(&rules::LOOKS_CLEAR, Place::at(*moof).of_track(*track), message);
            }
        }
        for (track, (samples, broken, moof)) in &self.units {
            if *broken * 2 > *samples {
                let message = format!(
                    "{broken} of {samples} samples of track {track} that were looked at are not made of NAL units."
                );
                found.add(&rules::LOOKS_ENCRYPTED, Place::at(*moof).of_track(*track), message);
            }
        }
    }

    /// The number of a key.
    fn key(&mut self, kid: Option<KeyId>, track: u32, mode: u8) -> u32 {
        let number = u32::try_from(self.keys.len()).unwrap_or(u32::MAX);
        let of = (kid, kid.is_none().then_some(track));
        let key = self.keys.entry(of).or_insert(Key { number, track, modes: 0 });
        key.modes |= mode;
        key.number
    }
}

/// How far the counts of numbers are from all being the same, by the chi-square of 255 degrees of freedom, where it cannot
/// be chance: of random bytes it is 255, and above 600 never.
fn unevenness(of: &[u32; 256], total: u64) -> Option<u64> {
    if total < 4096 {
        return None;
    }
    // 256 × Σ count² ÷ total − total.
    let squares: u64 = of.iter().map(|count| u64::from(*count) * u64::from(*count)).sum();
    let chance = (squares.saturating_mul(256) / total).saturating_sub(total);
    (chance > 600).then_some(chance)
}

/// One track's part of a fragment.
struct Part<'p> {
    tree: &'p Tree<'p>,
    traf: &'p Node,
    part: &'p TrackFragment,
    entry: &'p SampleEntry,
    spans: &'p [Span],
    media: (u64, &'p [u8]),
    moof: u64,
    /// Samples of the track before.
    before: u64,
}

/// What is seen first of a kind, and how often.
#[derive(Default)]
struct Kinds(Vec<(&'static FileRule, usize, u64, String)>);

impl Kinds {
    fn add(&mut self, rule: &'static FileRule, sample: usize, message: impl FnOnce() -> String) {
        match self.0.iter_mut().find(|(known, ..)| known.rule.id == rule.rule.id) {
            Some((_, _, count, _)) => *count += 1,
            None => self.0.push((rule, sample, 1, message())),
        }
    }
}

impl Part<'_> {
    fn id(&self) -> u32 {
        self.part.tfhd.track_id
    }

    fn lists(&self) -> Option<&Node> {
        self.traf.child(b"senc").or_else(|| self.traf.child_id(piff::SAMPLE_ENCRYPTION))
    }

    /// The bytes of a sample, where they are at hand.
    fn bytes(&self, start: u64, size: u32) -> Option<&[u8]> {
        let from = to_len(start.checked_sub(self.media.0)?);
        self.media.1.get(from..from.checked_add(to_len(size.into()))?)
    }

    fn length_size(&self) -> Option<LengthSize> {
        match &self.entry.codec {
            Codec::Avc(config) => Some(config.length_size),
            Codec::Hevc(config) => Some(config.length_size),
            _ => None,
        }
    }

    /// Whether boxes that Common Encryption asks for are there.
    fn boxes(&self, found: &mut Findings) {
        let is_piff = self.entry.protection.as_ref().is_some_and(|by| by.scheme.0 == *b"piff");
        let has = |code| first_of_encryption(self.tree, self.traf, code).is_some();
        // Behind its head and the count: with a constant IV there may be nothing.
        let lists = |senc: &&Node| senc.end() - senc.body_start() > 8;
        let has_places = has(b"saiz") && has(b"saio");
        let is_alone = !(is_piff || has_places);
        if let Some(senc) = self.traf.child(b"senc").filter(lists).filter(|_| is_alone) {
            let message = "The IVs stand in 'senc', and no 'saiz' and 'saio' say where.";
            found.add(&rules::NO_SAIO, Place::of(self.tree, senc).of_track(self.id()), message);
        }
    }

    /// Looks at clear samples.
    fn clear(&self, seen: &mut Seen) {
        let Some(length_size) = self.length_size() else { return };
        for (start, size) in self.part.samples() {
            let Some(bytes) = self.bytes(start, size).filter(|bytes| !bytes.is_empty()) else { continue };
            let (samples, broken, _) = seen.units.entry(self.id()).or_insert((0, 0, self.moof));
            *samples += 1;
            *broken += u64::from(Nals::new(bytes, length_size).any(|nal| nal.is_err()));
        }
    }

    fn encrypted(&self, maps: &Maps, seen: &mut Seen, found: &mut Findings) {
        let mut kinds = Kinds::default();
        let mut each = self.spans.iter().flat_map(|span| (0..span.count).map(move |_| span.by.as_ref()));
        let (mut iv_at, mut entry_at) = (0, 0);
        for (number, (start, size)) in self.part.samples().enumerate() {
            let by = each.next().flatten();
            let count = maps.counts.get(number).map_or(0, |count| usize::from(*count));
            let map = maps.subsamples.get(entry_at..entry_at + count).unwrap_or_default();
            entry_at += count;
            let Some(by) = by else { continue };
            let len = usize::from(by.iv_size);
            let iv = maps.ivs.get(iv_at..iv_at + len).unwrap_or_default();
            iv_at += len;
            self.map(number, size, map, by, &mut kinds);
            let ranges = ranges(map, to_len(size.into()));
            self.key(number, &ranges, iv, by, seen, &mut kinds);
            if let Some(bytes) = self.bytes(start, size) {
                self.count(bytes, &ranges, by, seen);
                self.units(number, bytes, &ranges, by, &mut kinds);
            }
        }
        for (rule, sample, count, mut message) in kinds.0 {
            if count > 1 {
                message.push_str(&format!(" The same is so of {count} samples of this fragment."));
            }
            let place = Place::of(self.tree, self.lists().unwrap_or(self.traf)).of_track(self.id());
            found.add(rule, Place { sample: Some(self.before + len_u64(sample)), ..place }, message);
        }
    }

    /// Whether a map fits its sample.
    fn map(&self, number: usize, size: u32, map: &[Subsample], by: &Encryption, kinds: &mut Kinds) {
        let sum: u64 = map.iter().map(|one| u64::from(one.clear) + u64::from(one.protected)).sum();
        if !map.is_empty() && sum != u64::from(size) {
            kinds.add(&rules::SUM, number, || {
                format!("The map of sample {number} of the fragment is for {sum} bytes, and the sample has {size}.")
            });
        }
        if map.iter().any(|one| one.clear == 0 && one.protected == 0) && size > 0 {
            kinds.add(&rules::EMPTY_ENTRY, number, || {
                format!("The map of sample {number} of the fragment has an entry of 0 clear and 0 encrypted bytes.")
            });
        }
        let is_piff = self.entry.protection.as_ref().is_some_and(|by| by.scheme.0 == *b"piff");
        let odd = map.iter().find(|one| u64::from(one.protected) % len_u64(BLOCK) != 0);
        if let Some(odd) = odd.filter(|_| !is_piff && by.scheme.0 == *b"cenc" && self.length_size().is_some())
        {
            kinds.add(&rules::BLOCKS, number, || {
                format!("Sample {number} of the fragment has an encrypted range of {} bytes, which is {} more than whole blocks of 16.", odd.protected, odd.protected % 16)
            });
        }
    }

    /// Takes which part of a key's stream a sample uses.
    fn key(
        &self,
        number: usize,
        ranges: &[(usize, usize)],
        iv: &[u8],
        by: &Encryption,
        seen: &mut Seen,
        kinds: &mut Kinds,
    ) {
        let is_counter = matches!(&by.scheme.0, b"cenc" | b"cens");
        let key = seen.key(by.kid, self.id(), if is_counter { COUNTER } else { CHAINS });
        // Of patterns the clear blocks count for nothing.
        if !is_counter || iv.is_empty() {
            return;
        }
        let len: u64 = ranges.iter().map(|(_, len)| len_u64(*len)).sum();
        let pattern = (u64::from(by.pattern >> 4), u64::from(by.pattern & 15));
        let blocks = match pattern {
            (crypt, skip) if crypt > 0 && skip > 0 => (len / len_u64(BLOCK)).div_ceil(crypt + skip) * crypt,
            _ => len.div_ceil(len_u64(BLOCK)),
        };
        let place = counters::Place { track: self.id(), sample: self.before + len_u64(number) };
        seen.counters.used(key, iv, blocks, place);
        if let Some(low) = iv.last_chunk::<8>().filter(|_| iv.len() == 16).map(|low| u64::from_be_bytes(*low))
            && blocks > 0
            && low.checked_add(blocks - 1).is_none()
        {
            kinds.add(&rules::COUNTER_WRAPS, number, || {
                format!("The lower half of the IV of sample {number} of the fragment is {low:#018x}, and the sample has {blocks} blocks.")
            });
        }
    }

    /// Counts encrypted bytes, where each sample has an IV of its own: with one for all, samples that are the same stay so.
    fn count(&self, bytes: &[u8], ranges: &[(usize, usize)], by: &Encryption, seen: &mut Seen) {
        if by.iv_size == 0 || by.pattern != 0 {
            return;
        }
        let counts = seen.bytes.entry(self.id()).or_insert(Counts { moof: self.moof, of: [0; 256] });
        let total: u64 = counts.of.iter().map(|count| u64::from(*count)).sum();
        // Chains leave what is less than a block as it is.
        let block = if matches!(&by.scheme.0, b"cenc" | b"cens") { 1 } else { BLOCK };
        for (start, len) in ranges {
            let part = bytes.get(*start..start + len / block * block).unwrap_or_default();
            if total < COUNTED {
                part.iter().for_each(|byte| {
                    if let Some(count) = counts.of.get_mut(usize::from(*byte)) {
                        *count += 1;
                    }
                });
            }
        }
    }

    /// Whether the clear bytes of a sample lead from NAL unit to NAL unit, and each encrypted range stays in one.
    fn units(
        &self,
        number: usize,
        bytes: &[u8],
        ranges: &[(usize, usize)],
        by: &Encryption,
        kinds: &mut Kinds,
    ) {
        let Some(length_size) = self.length_size() else { return };
        let is_hevc = matches!(self.entry.codec, Codec::Hevc(_));
        let mut at = 0;
        let mut ranges = ranges.iter().map(|(start, len)| (*start, start + len)).peekable();
        let step = length_size.bytes();
        while at + step < bytes.len() {
            // Those that end before are done with.
            while ranges.next_if(|(_, to)| *to <= at).is_some() {}
            let next = ranges.peek().copied();
            // The header, one byte or two, follows the length.
            if next.is_some_and(|(from, _)| from <= at + step) {
                kinds.add(&rules::NAL_CLEAR, number, || {
                    format!("The length of a NAL unit at byte {at} of sample {number} of the fragment, or the byte behind it, is encrypted.")
                });
                return;
            }
            let field = bytes.get(at..at + step).unwrap_or_default();
            let len = field.iter().fold(0, |len: usize, byte| len << 8 | usize::from(*byte));
            let (start, end) = (at + step, (at + step).saturating_add(len));
            let mut last = None;
            while let Some(range) = ranges.next_if(|(from, to)| *from < end && *to <= end) {
                last = Some(range);
            }
            let over = ranges.peek().copied().filter(|(from, _)| *from < end);
            if end > bytes.len() || over.is_some() {
                kinds.add(&rules::NAL_BORDERS, number, || match over {
                    Some((from, to)) => format!("Bytes {from} to {to} of sample {number} of the fragment are encrypted, and the NAL unit there ends at byte {end}."),
                    None => format!("The NAL unit at byte {at} of sample {number} of the fragment ends at byte {end}, and the sample has {}.", bytes.len()),
                });
                return;
            }
            let nal = bytes.get(start..end).unwrap_or_default();
            if last.is_some()
                && let Some((kind, false)) = kind(is_hevc, nal)
            {
                kinds.add(&rules::SETS_ENCRYPTED, number, || {
                    format!("A NAL unit of type {kind} at byte {at} of sample {number} of the fragment is encrypted, in the scheme '{}'.", by.scheme)
                });
            }
            at = end;
        }
    }
}

/// The number of the type of a NAL unit, and whether it is of a picture; `None` where it has no whole header.
fn kind(is_hevc: bool, nal: &[u8]) -> Option<(u8, bool)> {
    if is_hevc {
        let kind = h265::NalType::of(nal)?;
        return Some((kind.number(), kind.is_slice() || kind.is_other_slice()));
    }
    let kind = h264::NalType::from_header(*nal.first()?);
    Some((kind.number(), kind.has_slice_header() || kind.is_other_slice()))
}
