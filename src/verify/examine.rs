//! One fragment of a file: what its samples are when they are decrypted, what of them is encrypted, and whether what says so
//! agrees.

use twox_hash::XxHash64;

use crate::boxes::Tree;
use crate::boxes::cenc::Subsample;
use crate::bytes::units::{len_u64, to_len};
use crate::bytes::{Error, Result};
use crate::protect::codecs::rule;
use crate::protect::decrypt::{Decryptor, FragmentDecryption, no_keys};
use crate::protect::samples::refuse_overlaps;
use crate::protect::scheme::{BLOCK, CENC, Mode, Pattern, Scheme};
use crate::protect::subsample::{RangeFinder, SENC_MAX_ENTRIES};
use crate::protect::{Form, FragmentTask, SourceKeys, Window};
use crate::track::encryption::{Encryption, Maps, Span, maps, spans};
use crate::track::presented::flags_of;
use crate::track::{Fragment, Movie, TrackFragment};

use super::clear::{ClearBytes, Kind, ranges, within};
use super::comparison::Digest;
use super::counters::{Counters, Place};
use super::twins;

/// Something that is wrong with a track.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Stable code.
    pub code: String,
    /// Plain sentence.
    pub message: String,
    /// Number of the sample among those of the `traf`, or in a sum among those of the track.
    pub sample: u64,
}

/// Before there was a rule for it, packagers left so much of each slice clear, and shorter ones altogether.
const SMALL: usize = 127;

/// Most faults that are told of one `traf`.
const TOLD: usize = 20;

/// What was found of one `traf`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Examined {
    /// Track ID.
    pub track: u32,
    /// Its samples: clear, or as they stand.
    pub digests: Vec<Digest>,
    /// Bytes that are encrypted.
    pub encrypted: u64,
    /// Bytes that a newer rule would encrypt too, but that are clear: beside encrypted ones, or of short slices.
    pub beside: u64,
    /// Bytes that stay clear, by what they are.
    pub clear: ClearBytes,
    /// Samples that are clear altogether.
    pub clear_samples: u64,
    /// Samples that are encrypted in counter mode.
    pub streams: u64,
    /// Whether the `traf` says another duration (tfxd) than its samples have.
    pub untimely: bool,
    /// Use of key streams; samples are numbered in the `traf`.
    pub counters: Counters,
    /// What contradicts itself in the boxes of it: a copy of them does so too.
    pub contradictions: Vec<Fault>,
    /// What is wrong with its samples, as far as it is told.
    pub faults: Vec<Fault>,
    /// How many faults are not told.
    pub more: u64,
}

impl Examined {
    fn fault(&mut self, sample: usize, code: &str, message: String) {
        if self.faults.len() < TOLD {
            self.faults.push(Fault { code: code.to_owned(), message, sample: len_u64(sample) });
        } else {
            self.more += 1;
        }
    }
}

/// Looks at the fragments of one file, in any order.
#[derive(Debug)]
pub struct Examiner {
    movie: Movie,
    keys: SourceKeys,
    decryptor: Decryptor,
    /// Whether samples are compared as they stand, encrypted, with how they are.
    as_they_stand: bool,
    /// Whether of these their bytes alone count, and not how they are encrypted.
    bytes_alone: bool,
    /// Track ID, 1-based sample entry, and what finds the ranges that have to be encrypted, where there is a rule.
    finders: Vec<(u32, u32, RangeFinder)>,
}

/// A sample: where it stands, its `traf`, and its number in it.
#[derive(Clone, Copy, Debug)]
struct Placed {
    start: u64,
    size: u32,
    traf: usize,
    number: usize,
}

/// Where a `traf` is read on, sample by sample.
#[derive(Clone, Copy, Debug, Default)]
struct Cursor {
    span: usize,
    /// Samples of the span before.
    inside: usize,
    sample: usize,
    /// Bytes of IVs before.
    iv: usize,
    subsample: usize,
}

/// How a sample is encrypted, its IV and its map.
type How<'m> = (&'m Encryption, &'m [u8], &'m [Subsample]);

impl Cursor {
    /// How the next sample is encrypted; `None` where it is clear.
    fn next<'m>(&mut self, spans: &'m [Span], maps: &'m Maps) -> Option<How<'m>> {
        while spans.get(self.span).is_some_and(|span| span.count == self.inside) {
            (self.span, self.inside) = (self.span + 1, 0);
        }
        let by = spans.get(self.span).and_then(|span| span.by.as_ref());
        let iv_len = by.map_or(0, |by| usize::from(by.iv_size));
        let count = maps.counts.get(self.sample).map_or(0, |&count| usize::from(count));
        let iv = maps.ivs.get(self.iv..self.iv + iv_len).unwrap_or_default();
        let map = maps.subsamples.get(self.subsample..self.subsample + count).unwrap_or_default();
        self.inside += 1;
        self.sample += 1;
        self.iv += iv_len;
        self.subsample += count;
        by.map(|by| (by, iv, map))
    }
}

/// A fragment that is being looked at.
#[derive(Debug)]
pub struct Examination {
    fragment: Fragment,
    decryption: Option<FragmentDecryption>,
    encryption: Vec<(Vec<Span>, Maps)>,
    /// In file order.
    samples: Vec<Placed>,
    /// Those of the present piece.
    piece: (usize, usize),
    /// For each `traf` how far it is read.
    cursors: Vec<Cursor>,
    found: Vec<Examined>,
}

impl Examiner {
    /// For a file with this movie header, whose samples are decrypted with these keys.
    pub fn new(movie: Movie, keys: &SourceKeys) -> Self {
        let mut finders = Vec::new();
        for track in &movie.tracks {
            for (entry, number) in track.entries.iter().zip(1..) {
                let Some(protection) = entry.protection.as_ref().filter(|_| entry.has_protected_type())
                else {
                    continue;
                };
                // PIFF asks for no less than slices, and some leave all else clear there too.
                let Ok(rule) = rule(entry, Form::Plain) else { continue };
                let scheme = Scheme::known(&protection.cipher.text()).unwrap_or(CENC);
                let pattern = Pattern { crypt: protection.pattern >> 4, skip: protection.pattern & 15 };
                let finder = RangeFinder::new(rule, SENC_MAX_ENTRIES).in_scheme(scheme, pattern);
                finders.push((track.id, number, finder));
            }
        }
        let decryptor = Decryptor::new(keys);
        Self { movie, keys: keys.clone(), decryptor, as_they_stand: false, bytes_alone: false, finders }
    }

    /// For a file whose samples are compared as they stand: no key is needed, and none is looked for.
    pub fn as_they_stand(movie: Movie) -> Self {
        let (keys, finders) = (SourceKeys::default(), Vec::new());
        let decryptor = Decryptor::new(&keys);
        Self { movie, keys, decryptor, as_they_stand: true, bytes_alone: false, finders }
    }

    /// For a file of whose samples the bytes are compared, and nothing else.
    pub fn of_bytes(movie: Movie) -> Self {
        Self { bytes_alone: true, ..Self::as_they_stand(movie) }
    }

    /// Begins with the fragment of `task`, whose first bytes are `moof`; `media` are those behind it that are at hand.
    pub fn begin(&mut self, task: &FragmentTask, moof: &[u8], media: &[u8]) -> Result<Examination> {
        let moof = task.head(moof)?;
        let tree = Tree::parse(&*moof, task.start)?;
        let fragment = Fragment::read(&tree, Some(&self.movie))?;
        let at_hand = (task.start + task.moof_len, media);
        self.finders.iter_mut().for_each(|(_, _, finder)| finder.begin_fragment());
        let mut encryption = Vec::new();
        let mut found = Vec::new();
        for (traf, track) in tree.root().all(b"traf").zip(&fragment.tracks) {
            let mut examined = Examined { track: track.tfhd.track_id, ..Examined::default() };
            examined.digests = digests(track);
            examined.untimely = twins::is_untimely(&tree, traf, track);
            let spans = spans(&tree, traf, track, &self.movie)?;
            let maps = maps(&tree, traf, track, &spans, at_hand)?;
            examined.contradictions = twins::of_fragment(&tree, traf, track, &spans)
                .iter()
                .map(|error| Fault {
                    code: error.code().to_owned(),
                    message: error.message().to_owned(),
                    sample: 0,
                })
                .collect();
            encryption.push((spans, maps));
            found.push(examined);
        }
        let decryption = if self.as_they_stand {
            None
        } else {
            self.decryptor.of_fragment(&tree, &fragment, &self.movie, at_hand)?
        };
        let encrypted =
            encryption.iter().zip(&found).find_map(|((spans, _), found): (&(Vec<Span>, Maps), &Examined)| {
                Some((spans.iter().find_map(|span| span.by.as_ref())?.kid, vec![found.track]))
            });
        if let Some(missing) = encrypted.filter(|_| decryption.is_none() && !self.as_they_stand) {
            return Err(no_keys(&[missing]));
        }
        if decryption.is_some() {
            refuse_overlaps(&fragment)?;
        }
        let mut samples: Vec<Placed> = Vec::new();
        for (traf, track) in fragment.tracks.iter().enumerate() {
            let of = track.samples().enumerate();
            samples.extend(of.map(|(number, (start, size))| Placed { start, size, traf, number }));
        }
        samples.sort_by_key(|sample| (sample.start, sample.traf, sample.number));
        let cursors = vec![Cursor::default(); fragment.tracks.len()];
        Ok(Examination { fragment, decryption, encryption, samples, piece: (0, 0), cursors, found })
    }

    /// Looks at a whole fragment, whose bytes are decrypted in place.
    pub fn whole(&mut self, task: &FragmentTask, bytes: &mut [u8]) -> Result<Vec<Examined>> {
        let short = || Error::caller("bad-task", "", "The bytes of a fragment are fewer than its head.");
        let (moof, media) = bytes.split_at_mut_checked(to_len(task.moof_len)).ok_or_else(short)?;
        let mut examination = self.begin(task, moof, media)?;
        examination.piece = (0, examination.samples.len());
        let mut window = Window { start: task.start + task.moof_len, bytes: media };
        self.take(&mut examination, &mut window)?;
        Ok(examination.found)
    }

    /// Takes the bytes of the present piece.
    pub fn take(&mut self, examination: &mut Examination, window: &mut Window<'_>) -> Result<()> {
        let Examination { fragment, decryption, encryption, samples, piece: (from, to), cursors, found } =
            examination;
        let mut by_traf = vec![Vec::new(); found.len()];
        for sample in samples.get(*from..*to).unwrap_or_default() {
            if let Some(own) = by_traf.get_mut(sample.traf) {
                own.push(*sample);
            }
        }
        let parts = fragment.tracks.iter().zip(encryption).zip(found.iter_mut().zip(cursors));
        for ((traf, mut own), ((track, (spans, maps)), (found, cursor))) in
            by_traf.into_iter().enumerate().zip(parts)
        {
            if own.is_empty() {
                continue;
            }
            // IVs are listed in decoding order.
            own.sort_by_key(|sample| sample.number);
            if let Some(decryption) = decryption {
                decryption.decrypt(
                    traf,
                    &mut own.iter().map(|sample| (sample.start, sample.size)),
                    window,
                )?;
            }
            let entry = (track.tfhd.track_id, track.sample_description_index);
            let mut finder = self.finders.iter_mut().find(|(id, number, _)| (*id, *number) == entry);
            for sample in own {
                // Samples without bytes may stand anywhere.
                let bytes: &[u8] =
                    if sample.size == 0 { &[] } else { window.get(sample.start, u64::from(sample.size))? };
                let how = cursor.next(spans, maps);
                let is_seeded = self.as_they_stand && !self.bytes_alone;
                let seed = how.filter(|_| is_seeded).map_or(0, |how| seed(bytes.len(), how));
                if let Some(digest) = found.digests.get_mut(sample.number) {
                    digest.hash = XxHash64::oneshot(seed, bytes);
                }
                let finder = finder.as_mut().map(|(_, _, finder)| finder);
                match (how, finder) {
                    (Some(how), finder) => {
                        let key = self.keys.find_first(found.track, how.0.kid).unwrap_or(usize::MAX);
                        let key = (!self.as_they_stand).then_some(key);
                        look(found, &sample, bytes, how, key, finder);
                    }
                    (None, finder) => {
                        found.clear_samples += 1;
                        found.clear.add(Kind::Samples, sample.size.into());
                        // It may have parameter sets of encrypted ones behind it. What else is wrong with it is no matter here.
                        if let Some(finder) = finder.filter(|_| spans.len() > 1) {
                            let _ = finder.split(bytes, &mut Vec::new());
                        }
                    }
                }
            }
        }
        Ok(())
    }
}

impl Examination {
    /// File offset and bytes of the next piece: whole samples, at most `max` bytes unless one is larger. `None` at the end.
    ///
    /// # Errors
    /// `samples-out-of-order` where samples of a `traf` do not stand in decoding order: they cannot go by in pieces.
    pub fn next_piece(&mut self, max: u64) -> Result<Option<(u64, u64)>> {
        let (_, from) = self.piece;
        let mut to = from;
        let (mut start, mut end) = (0, 0);
        while let Some(sample) = self.samples.get(to) {
            let stop = sample.start.saturating_add(u64::from(sample.size));
            if sample.size > 0 {
                if end > start && stop.max(end) - start > max {
                    break;
                }
                if end == start {
                    start = sample.start;
                }
                end = end.max(stop);
            }
            to += 1;
        }
        if from == 0 {
            self.check_order()?;
        }
        self.piece = (from, to);
        Ok((to > from).then_some((start, end - start)))
    }

    fn check_order(&self) -> Result<()> {
        let mut last = vec![0; self.found.len()];
        for sample in self.samples.iter().filter(|sample| sample.size > 0) {
            let before = last.get_mut(sample.traf).map_or(0, |last| std::mem::replace(last, sample.number));
            if before > sample.number {
                let message = "A fragment too large to hold has samples that do not stand in decoding order.";
                return Err(Error::unsupported("samples-out-of-order", message).at(sample.start));
            }
        }
        Ok(())
    }

    /// What was found, when all pieces were taken.
    pub fn found(self) -> Vec<Examined> {
        self.found
    }
}

/// Sizes and times of samples, as the runs say.
fn digests(track: &TrackFragment) -> Vec<Digest> {
    let mut all = Vec::with_capacity(track.sample_count);
    for run in &track.runs {
        for number in 0..run.count() {
            let entry = run.trun.samples.get(number);
            all.push(Digest {
                hash: 0,
                size: run.size(number),
                duration: track.duration_of(run, number),
                composition: entry.map_or(0, |entry| entry.sample_composition_time_offset),
                sync: !flags_of(track, run, number).is_non_sync(),
            });
        }
    }
    all
}

/// What tells how a sample of so many bytes is encrypted from other ways, whatever boxes say it.
fn seed(len: usize, (by, iv, map): How<'_>) -> u64 {
    let mut all = Vec::new();
    all.extend(by.kid.unwrap_or_default().0);
    all.extend(by.scheme.0);
    all.push(by.pattern);
    all.extend(if by.iv_size == 0 { by.constant_iv.as_slice() } else { iv });
    all.extend(
        ranges(map, len).iter().flat_map(|(start, end)| [start.to_be_bytes(), end.to_be_bytes()]).flatten(),
    );
    XxHash64::oneshot(0, &all)
}

/// Looks at one encrypted sample, whose `bytes` are clear now but where its key has no number: then only how much of it is
/// encrypted is looked at.
fn look(
    found: &mut Examined,
    sample: &Placed,
    bytes: &[u8],
    (by, iv, map): How<'_>,
    key: Option<usize>,
    finder: Option<&mut RangeFinder>,
) {
    let encrypted = ranges(map, bytes.len());
    let scheme = Scheme::known(&by.scheme.text()).unwrap_or(CENC);
    let pattern = Pattern { crypt: by.pattern >> 4, skip: by.pattern & 15 };
    let of = |(start, end): &(usize, usize)| scheme.encrypted(pattern, len_u64(end - start));
    let locked: u64 = encrypted.iter().map(of).sum();
    found.encrypted += locked;
    let all: u64 = encrypted.iter().map(|(start, end)| len_u64(end - start)).sum();
    found.clear.add(if pattern.skip > 0 { Kind::Pattern } else { Kind::Ends }, all - locked);
    found.clear.outside(finder.as_deref().map(RangeFinder::rule), bytes, &encrypted);
    if let Some(key) = key.filter(|_| scheme.mode == Mode::Ctr) {
        found.streams += 1;
        let iv = if by.iv_size == 0 { by.constant_iv.as_slice() } else { iv };
        let place = Place { track: found.track, sample: len_u64(sample.number) };
        found.counters.used(u32::try_from(key).unwrap_or(u32::MAX), iv, all.div_ceil(len_u64(BLOCK)), place);
    }
    let Some(finder) = finder else { return };
    let mut wanted = Vec::new();
    if let Err(error) = finder.split(bytes, &mut wanted) {
        let kid = by.kid.map_or_else(String::new, |kid| format!(" (KID {kid})"));
        let message = format!("Decrypted{kid}, the sample is none of its codec: {}", error.message());
        return found.fault(sample.number, "not-decrypted", message);
    }
    for (start, end) in ranges(&wanted, bytes.len()) {
        // Less than a block stays clear in most schemes.
        let open = end - start - within(&encrypted, start, end);
        if open == end - start && open > SMALL {
            let message = format!(
                "Bytes {start} to {end} of the sample have to be encrypted, and all of them are clear."
            );
            found.fault(sample.number, "left-clear", message);
        } else if open >= BLOCK {
            found.beside += len_u64(open);
        }
    }
}
