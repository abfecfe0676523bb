//! Samples one by one, whether they stand in a fragment or in a sample table: how each is encrypted, and, where its bytes are at
//! hand, whether that can be (ISO/IEC 23001-7:2023 7, 9; PIFF 1.1 5.3).

use crate::boxes::cenc::Subsample;
use crate::bytes::units::{len_u64, to_len};
use crate::protect::scheme::BLOCK;
use crate::samples::inside::ranges;
use crate::track::codec::h264::{self, LengthSize, Nals};
use crate::track::codec::h265;
use crate::track::encryption::Encryption;
use crate::track::{Codec, Protection, SampleEntry};
use crate::verify::counters;

use super::finding::{Findings, Place};
use super::rules::{self, FileRule};
use super::seen::{CHAINS, COUNTER, Counts, Seen, Units};
use super::sync::Unit;

/// Most encrypted bytes that are counted of a track.
const COUNTED: u64 = 1 << 20;

/// Samples in a row of one track that have one sample entry.
pub struct Stretch<'p> {
    pub entry: &'p SampleEntry,
    /// Bytes that are at hand, with the file offset of the first.
    pub media: (u64, &'p [u8]),
    /// What samples are numbered in, for people.
    pub of: &'p str,
    /// The number of the first one there, for people.
    pub from: u64,
    /// Samples of the track before the first.
    pub before: u64,
    /// The box that they are of, and the track.
    pub at: &'p Place,
}

/// One sample.
pub struct One<'s> {
    /// Its number, from 0, among those that are numbered together.
    pub number: u64,
    /// Its decode time in seconds, where it is known.
    pub time: Option<f64>,
    /// File offset.
    pub start: u64,
    /// Bytes.
    pub size: u32,
    /// Whether its flags say that decoding can begin at it.
    pub is_sync: bool,
    /// How it is encrypted; `None` where it is clear.
    pub by: Option<&'s Encryption>,
    /// Its own IV.
    pub iv: &'s [u8],
    /// Its subsample map.
    pub map: &'s [Subsample],
}

/// What is seen first of a kind, and how often.
#[derive(Debug, Default)]
pub struct Kinds(Vec<Kind>);

#[derive(Debug)]
struct Kind {
    rule: &'static FileRule,
    /// Number and time of the first.
    first: (u64, Option<f64>),
    count: u64,
    message: String,
}

impl Kinds {
    pub fn add(&mut self, rule: &'static FileRule, one: &One<'_>, message: &dyn Fn() -> String) {
        match self.0.iter_mut().find(|known| known.rule.rule.id == rule.rule.id) {
            Some(known) => known.count += 1,
            None => self.0.push(Kind { rule, first: (one.number, one.time), count: 1, message: message() }),
        }
    }

    /// Tells what was seen of samples that are numbered in `of`, the first of which has `before` of its track before it.
    pub fn finish(self, of: &str, before: u64, place: &Place, found: &mut Findings) {
        for Kind { rule, first: (number, time), count, mut message } in self.0 {
            if count > 1 {
                message.push_str(&format!(" The same is so of {count} samples of {of}."));
            }
            found.add(rule, Place { sample: Some(before + number), time, ..place.clone() }, message);
        }
    }
}

impl Stretch<'_> {
    fn id(&self) -> u32 {
        self.at.track.unwrap_or(0)
    }

    /// What a sample is called, in a sentence.
    fn name(&self, one: &One<'_>) -> String {
        format!("sample {} of {}", one.number + self.from, self.of)
    }

    /// The bytes of a sample, where they are at hand.
    fn bytes(&self, one: &One<'_>) -> Option<&[u8]> {
        let from = to_len(one.start.checked_sub(self.media.0)?);
        self.media.1.get(from..from.checked_add(to_len(one.size.into()))?)
    }

    fn length_size(&self) -> Option<LengthSize> {
        length_size(self.entry)
    }

    /// Looks at one sample.
    pub fn sample(&self, one: &One<'_>, seen: &mut Seen, kinds: &mut Kinds) {
        let bytes = self.bytes(one);
        let Some(by) = one.by else {
            if let (Some(bytes), Some(size)) = (bytes.filter(|bytes| !bytes.is_empty()), self.length_size())
                && let Some(picture) = self.clear(bytes, size, seen)
            {
                picture.tell(one, &|| self.name(one), kinds);
            }
            return;
        };
        self.map(one, by, kinds);
        let ranges = ranges(one.map, to_len(one.size.into()));
        self.key(one, &ranges, by, seen, kinds);
        if let Some(bytes) = bytes {
            self.count(bytes, &ranges, by, seen);
            // Bytes that are not those of the sample say nothing of it.
            if let Some(picture) = self.units(one, bytes, &ranges, by, kinds) {
                picture.tell(one, &|| self.name(one), kinds);
            }
        }
    }

    fn is_hevc(&self) -> bool {
        matches!(self.entry.codec, Codec::Hevc(_))
    }

    /// Looks at a clear sample. What its first picture is, when its NAL units follow each other to its end.
    fn clear(&self, bytes: &[u8], length_size: LengthSize, seen: &mut Seen) -> Option<Unit> {
        let units = seen.units.entry(self.id());
        let units = units.or_insert_with(|| Units { place: self.at.clone(), all: 0, broken: 0 });
        units.all += 1;
        let mut nals = Nals::new(bytes, length_size);
        let picture = nals
            .by_ref()
            .try_fold(Unit::default(), |picture, nal| nal.map(|nal| picture.or(self.is_hevc(), nal.bytes)));
        units.broken += u64::from(picture.is_err());
        picture.ok().filter(|_| nals.rest().is_empty())
    }

    /// Whether a map fits its sample.
    fn map(&self, one: &One<'_>, by: &Encryption, kinds: &mut Kinds) {
        let One { size, map, .. } = *one;
        let sum: u64 = map.iter().map(|entry| u64::from(entry.clear) + u64::from(entry.protected)).sum();
        if !map.is_empty() && sum != u64::from(size) {
            kinds.add(&rules::SUM, one, &|| {
                format!("The map of {} is for {sum} bytes, and the sample has {size}.", self.name(one))
            });
        }
        if map.iter().any(|entry| entry.clear == 0 && entry.protected == 0) && size > 0 {
            kinds.add(&rules::EMPTY_ENTRY, one, &|| {
                format!("The map of {} has an entry of 0 clear and 0 encrypted bytes.", self.name(one))
            });
        }
        let is_piff = self.entry.protection.as_ref().is_some_and(Protection::is_piff);
        let odd = map.iter().find(|entry| u64::from(entry.protected) % len_u64(BLOCK) != 0);
        if let Some(odd) = odd.filter(|_| !is_piff && by.scheme.0 == *b"cenc" && self.length_size().is_some())
        {
            kinds.add(&rules::BLOCKS, one, &|| {
                format!(
                    "An encrypted range of {} has {} bytes, which is {} more than whole blocks of 16.",
                    self.name(one),
                    odd.protected,
                    odd.protected % 16
                )
            });
        }
    }

    /// Takes which part of a key's stream a sample uses.
    fn key(
        &self,
        one: &One<'_>,
        ranges: &[(usize, usize)],
        by: &Encryption,
        seen: &mut Seen,
        kinds: &mut Kinds,
    ) {
        let One { number, iv, .. } = *one;
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
        let place = counters::Place { track: self.id(), sample: self.before + number };
        seen.counters.used(key, iv, blocks, place);
        if let Some(low) = iv.last_chunk::<8>().filter(|_| iv.len() == 16).map(|low| u64::from_be_bytes(*low))
            && blocks > 0
            && low.checked_add(blocks - 1).is_none()
        {
            kinds.add(&rules::COUNTER_WRAPS, one, &|| {
                format!(
                    "The lower half of the IV of {} is {low:#018x}, and the sample has {blocks} blocks.",
                    self.name(one)
                )
            });
        }
    }

    /// Counts encrypted bytes, where each sample has an IV of its own: with one for all, samples that are the same stay so.
    fn count(&self, bytes: &[u8], ranges: &[(usize, usize)], by: &Encryption, seen: &mut Seen) {
        if by.iv_size == 0 || by.pattern != 0 {
            return;
        }
        let counts = seen.bytes.entry(self.id());
        let counts = counts.or_insert_with(|| Counts { place: self.at.clone(), of: [0; 256] });
        let total: u64 = counts.of.iter().map(|count| u64::from(*count)).sum();
        // All others leave what is less than a block as it is.
        let block = if by.scheme.0 == *b"cenc" { 1 } else { BLOCK };
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

    /// Whether the clear bytes of a sample lead from NAL unit to NAL unit, and each encrypted range stays in one. What its first
    /// picture is, where they lead to its end.
    fn units(
        &self,
        one: &One<'_>,
        bytes: &[u8],
        ranges: &[(usize, usize)],
        by: &Encryption,
        kinds: &mut Kinds,
    ) -> Option<Unit> {
        let length_size = self.length_size()?;
        let (is_hevc, mut picture) = (self.is_hevc(), Unit::default());
        let mut at = 0;
        let mut ranges = ranges.iter().map(|(start, len)| (*start, start + len)).peekable();
        let step = length_size.bytes();
        while at + step < bytes.len() {
            // Those that end before are done with.
            while ranges.next_if(|(_, to)| *to <= at).is_some() {}
            let next = ranges.peek().copied();
            // The header, one byte or two, follows the length.
            if next.is_some_and(|(from, _)| from <= at + step) {
                kinds.add(&rules::NAL_CLEAR, one, &|| {
                    format!(
                        "The length of a NAL unit at byte {at} of {}, or the byte behind it, is encrypted.",
                        self.name(one)
                    )
                });
                return None;
            }
            let field = bytes.get(at..at + step).unwrap_or_default();
            let len = field.iter().fold(0, |len: usize, byte| len << 8 | usize::from(*byte));
            let (start, end) = (at + step, (at + step).saturating_add(len));
            let clear = next.map_or(end, |(from, _)| from.min(end));
            let mut last = None;
            while let Some(range) = ranges.next_if(|(from, to)| *from < end && *to <= end) {
                last = Some(range);
            }
            let over = ranges.peek().copied().filter(|(from, _)| *from < end);
            if end > bytes.len() || over.is_some() {
                kinds.add(&rules::NAL_BORDERS, one, &|| match over {
                    Some((from, to)) => format!(
                        "Bytes {from} to {to} of {} are encrypted, and the NAL unit there ends at byte {end}.",
                        self.name(one)
                    ),
                    None => format!(
                        "The NAL unit at byte {at} of {} ends at byte {end}, and the sample has {}.",
                        self.name(one),
                        bytes.len()
                    ),
                });
                return None;
            }
            let nal = bytes.get(start..end).unwrap_or_default();
            picture = picture.or(is_hevc, bytes.get(start..clear).unwrap_or_default());
            if last.is_some()
                && let Some((kind, false)) = kind(is_hevc, nal)
            {
                kinds.add(&rules::SETS_ENCRYPTED, one, &|| {
                    format!(
                        "A NAL unit of type {kind} at byte {at} of {} is encrypted, in the scheme '{}'.",
                        self.name(one),
                        by.scheme
                    )
                });
            }
            at = end;
        }
        Some(picture)
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

/// Bytes of the lengths of NAL units, where samples of an entry are made of them.
pub fn length_size(entry: &SampleEntry) -> Option<LengthSize> {
    match &entry.codec {
        Codec::Avc(config) => Some(config.length_size),
        Codec::Hevc(config) => Some(config.length_size),
        _ => None,
    }
}
