//! Whether keys of what is protected already are the right ones, before anything is written: by the checksums of PlayReady
//! headers, and by whether samples that are decrypted with them look as clear ones do.

use crate::boxes::Tree;
use crate::boxes::systems::PLAYREADY;
use crate::bytes::units::to_len;
use crate::bytes::{Error, KeyId, Result};
use crate::playready::{HeaderKey, ProObject};
use crate::track::encryption::spans;
use crate::track::system_header::SystemHeader;
use crate::track::{Codec, Fragment, Index, Movie, SampleEntry};

use super::codecs::rule;
use super::decrypt::Decryptor;
use super::evidence::{FirstBits, Seen, first_bits, pictures};
use super::plan::Plan;
use super::samples::{FragmentTask, Window};
use super::scheme::{CBCS, Form, Pattern};
use super::source_keys::SourceKeys;
use super::subsample::{RangeFinder, Rule, SENC_MAX_ENTRIES};

/// Most fragments that are looked at for each key.
const LOOKS: usize = 16;
/// Most fragments in all.
const MOST: usize = 64;

/// What speaks for or against a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    Right,
    Wrong,
}

/// What is to be said of a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Judged {
    /// It is the wrong one: why, as a plain sentence.
    Wrong(String),
    /// What speaks for it and what against it, as a plain sentence.
    Doubtful(String),
    /// Nothing speaks for or against it. What it is for, in the middle of a sentence.
    Unseen(String),
}

/// What was seen of one key in one track.
#[derive(Clone, Copy, Debug)]
struct Found {
    kid: Option<KeyId>,
    track: u32,
    sight: Sight,
}

/// What was seen of samples that were decrypted.
#[derive(Clone, Copy, Debug, Default)]
struct Sight {
    /// Of sound whose frames begin alike.
    frames: FirstBits,
    /// Of pictures that did not look clear before.
    pictures: Seen,
    /// Slices whose first byte was decrypted: those that begin as they can, and those that begin as none does.
    slices: (u64, u64),
}

/// So few frames are no evidence.
const ENOUGH_FRAMES: u64 = 16;
/// Nor so few pictures.
const ENOUGH_PICTURES: u64 = 3;
/// So many slices are no chance: every 256th begins wrongly under a wrong key.
const ENOUGH_SLICES: u64 = 1200;

impl Sight {
    fn add(&mut self, more: &Self) {
        self.frames.iter_mut().zip(more.frames).for_each(|(sum, more)| *sum += more);
        self.pictures.samples += more.pictures.samples;
        self.pictures.clear += more.pictures.clear;
        self.slices = (self.slices.0 + more.slices.0, self.slices.1 + more.slices.1);
    }

    fn verdict(&self) -> Option<Verdict> {
        let frames = Seen::from(self.frames);
        // Noise begins in eight ways alike. Two or three ways are no noise.
        let noise = frames.samples >= ENOUGH_FRAMES && frames.clear * 3 < frames.samples;
        let pictures = self.pictures;
        let enough = pictures.samples >= ENOUGH_PICTURES;
        let (right, wrong) = self.slices;
        // Fewer than half of those that a wrong key would make are damage.
        if noise
            || (enough && pictures.clear * 2 < pictures.samples)
            || (wrong > 0 && wrong * 512 >= right + wrong)
        {
            return Some(Verdict::Wrong);
        }
        // Few may do so by chance.
        let most = |seen: Seen| seen.clear * 4 >= seen.samples * 3;
        let right = (frames.samples >= ENOUGH_FRAMES && most(frames))
            || (enough && most(pictures))
            || right >= ENOUGH_SLICES;
        right.then_some(Verdict::Right)
    }

    /// What speaks against the key, in the middle of a sentence.
    fn against(&self, track: u32, codec: &str) -> String {
        let (right, wrong) = self.slices;
        if wrong > 0 {
            let all = right + wrong;
            return format!(
                "of {all} slices of track {track} that were decrypted with it, {wrong} begin with a byte that no slice of {codec} \
                 begins with"
            );
        }
        let frames = Seen::from(self.frames);
        let seen = if self.pictures.samples > 0 { self.pictures } else { frames };
        format!(
            "of {} samples of track {track} that were decrypted with it, {} look like clear {codec}",
            seen.samples, seen.clear
        )
    }
}

/// What was seen so far.
#[derive(Clone, Debug, Default)]
pub struct Trial {
    found: Vec<Found>,
}

impl Trial {
    /// The fragments worth looking at: give the bytes of each to [`look`](Self::look).
    pub fn tasks(index: &Index) -> Vec<FragmentTask> {
        let mut wanted: Vec<u64> = Vec::new();
        for (track, key) in index.traces.keys() {
            let first = index.fragments.partition_point(|fragment| fragment.start < key.moof);
            let of_track = index
                .fragments
                .iter()
                .skip(first)
                .filter(|fragment| index.parts(fragment).iter().any(|part| part.track_id == track));
            for fragment in of_track.take(LOOKS) {
                if !wanted.contains(&fragment.start) && wanted.len() < MOST {
                    wanted.push(fragment.start);
                }
            }
        }
        let fragments = wanted.into_iter().filter_map(|start| index.fragment_at(start));
        fragments.map(|fragment| FragmentTask::new(index, fragment)).collect()
    }

    /// Looks at one fragment, whose bytes stand in `bytes`: they are decrypted.
    pub fn look(
        &mut self,
        movie: &Movie,
        keys: &SourceKeys,
        task: &FragmentTask,
        bytes: &mut [u8],
    ) -> Result<()> {
        let (moof, media) = task.split(bytes)?;
        let tree = Tree::parse(task.head(moof)?, task.start)?;
        let fragment = Fragment::read(&tree, Some(movie))?;
        let before = media.to_vec();
        let start = task.start + task.moof_len;
        let decryption = Decryptor::new(keys).of_fragment(&tree, &fragment, movie, (start, &before))?;
        let Some(mut decryption) = decryption else { return Ok(()) };
        let mut window = Window { start, bytes: media };
        decryption.decrypt_all(&fragment, &mut window)?;
        let mut before = before;
        let mut encrypted = Window { start, bytes: &mut before };
        for (traf, track) in tree.root().all(b"traf").zip(&fragment.tracks) {
            let id = track.tfhd.track_id;
            let entry = movie.track(id).and_then(|info| info.entry(track.sample_description_index));
            let Some(entry) = entry else { continue };
            let mut samples = track.samples();
            for span in spans(&tree, traf, track, movie)? {
                let samples: Vec<(u64, u32)> = samples.by_ref().take(span.count).collect();
                if let Some(by) = span.by {
                    let sight = sight(entry, &samples, &mut encrypted, &mut window);
                    let known = self.found.iter_mut().find(|found| (found.kid, found.track) == (by.kid, id));
                    match known {
                        Some(found) => found.sight.add(&sight),
                        None => self.found.push(Found { kid: by.kid, track: id, sight }),
                    }
                }
            }
        }
        Ok(())
    }

    /// Fails when a key is the wrong one. Returns what is doubtful, as plain sentences.
    pub fn judge(&self, index: &Index, plan: &Plan) -> Result<Vec<String>> {
        let undone = plan.undoes.iter().map(|undone| (undone.track, undone.kid));
        let judged = self.verdicts(index, &plan.source_keys, undone);
        let mut doubts = Vec::new();
        for one in judged {
            match one {
                Judged::Wrong(why) => {
                    let message = format!("{why} Nothing is written.");
                    return Err(Error::caller("wrong-key", "sourceKeys", message));
                }
                Judged::Doubtful(doubt) => doubts.push(doubt),
                Judged::Unseen(what) => doubts.push(format!(
                    "Whether the key given for {what} is the right one cannot be seen beforehand: what of the samples is \
                     encrypted looks like noise also when it is clear. Play the result before you rely on it."
                )),
            }
        }
        Ok(doubts)
    }

    /// What speaks against each of these keys, or leaves it in doubt; nothing of those that are right. `used` are the tracks that
    /// are decrypted, with their key IDs.
    pub fn verdicts(
        &self,
        index: &Index,
        keys: &SourceKeys,
        used: impl Iterator<Item = (u32, Option<KeyId>)>,
    ) -> Vec<Judged> {
        let named = named_keys(index);
        let mut all = Vec::new();
        let mut judged = Vec::new();
        for (track, kid) in used {
            let Some(number) = keys.find(track, kid) else { continue };
            // Without a key ID each track is by itself.
            let by_itself = kid.is_none().then_some(track);
            if judged.contains(&(kid, by_itself, number)) {
                continue;
            }
            judged.push((kid, by_itself, number));
            let Some(known) = keys.iter().nth(number) else { continue };
            let accepted = kid.and_then(|kid| {
                let mut named = named.iter().filter(|named| named.kid == kid);
                named.find_map(|named| named.accepts(&known.key))
            });
            // What a header says is exact.
            if accepted == Some(true) {
                continue;
            }
            let is_mine = |found: &&Found| {
                found.kid == kid
                    && by_itself.is_none_or(|track| track == found.track)
                    && keys.find(found.track, found.kid) == Some(number)
            };
            let found = || self.found.iter().filter(is_mine);
            let says = |verdict| found().find(|found| found.sight.verdict() == Some(verdict));
            let of_track = known.track.map_or_else(String::new, |track| format!(" in track {track}"));
            let what = kid.map_or_else(|| format!("track {track}"), |kid| format!("the KID {kid}{of_track}"));
            let wrong =
                |why: &str| Judged::Wrong(format!("The key given for {what} is the wrong one: {why}."));
            if let Some(against) = says(Verdict::Wrong) {
                all.push(wrong(&against.sight.against(against.track, &name_of(index, against.track))));
                continue;
            }
            match (accepted, says(Verdict::Right)) {
                (None, Some(_)) => {}
                (Some(_), None) => {
                    all.push(wrong("the PlayReady header of the file has the checksum of another"));
                }
                (Some(_), Some(_)) => all.push(Judged::Doubtful(format!(
                    "The PlayReady header of the file has the checksum of another key for {what}, but what is decrypted with \
                     the one given looks clear."
                ))),
                (None, None) => all.push(Judged::Unseen(what)),
            }
        }
        all
    }
}

fn name_of(index: &Index, track: u32) -> String {
    let track = index.movie.as_ref().and_then(|movie| movie.track(track));
    track.and_then(|track| track.entries.first()).map_or_else(String::new, SampleEntry::codec_name)
}

/// What is seen of samples, of which both is at hand.
fn sight(
    entry: &SampleEntry,
    samples: &[(u64, u32)],
    encrypted: &mut Window<'_>,
    decrypted: &mut Window<'_>,
) -> Sight {
    let nothing = Sight::default();
    let Ok(rule) = rule(entry, Form::Plain) else { return nothing };
    if !rule.has_subsamples() {
        // Others begin with anything.
        let begin_alike = [b"fLaC", b"Opus", b"ac-3", b"ec-3", b".mp3"].contains(&&entry.format.0)
            || matches!(&entry.codec, Codec::Mpeg(config) if config.has_elements());
        let frames = if begin_alike { first_bits(samples, decrypted) } else { FirstBits::default() };
        return Sight { frames, ..nothing };
    }
    if rule.length_size().is_none() {
        return nothing;
    }
    let before = pictures(rule.clone(), samples, encrypted);
    if before.clear * 2 > before.samples {
        // All that is looked at was clear before: nothing but what must not stand in slice data can tell.
        return Sight { slices: slices(entry, rule, samples, encrypted, decrypted), ..nothing };
    }
    Sight { pictures: pictures(rule, samples, decrypted), ..nothing }
}

/// How many slices begin as those of arithmetic coding can, and how many do not, of those whose first byte is encrypted: nine
/// ones, or eight and a zero, are forbidden (ITU-T H.264 9.3.1.2, H.265 9.3.2.5).
fn slices(
    entry: &SampleEntry,
    rule: Rule,
    samples: &[(u64, u32)],
    encrypted: &mut Window<'_>,
    decrypted: &mut Window<'_>,
) -> (u64, u64) {
    let is_arithmetic = match &rule {
        Rule::AvcCmaf { sets, .. } => {
            let mut known = (0..=u8::MAX).filter_map(|id| sets.pps(id)).peekable();
            known.peek().is_some() && known.all(|pps| pps.cabac)
        }
        Rule::HevcCmaf { .. } => matches!(entry.codec, Codec::Hevc(_)),
        _ => false,
    };
    let (mut right, mut wrong) = (0, 0);
    if !is_arithmetic {
        return (right, wrong);
    }
    let mut finder = RangeFinder::new(rule, SENC_MAX_ENTRIES).in_scheme(CBCS, Pattern::default());
    for &(start, size) in samples {
        let mut map = Vec::new();
        let (Ok(before), Ok(after)) = (encrypted.get(start, size.into()), decrypted.get(start, size.into()))
        else {
            continue;
        };
        if finder.split(after, &mut map).is_err() {
            continue;
        }
        let mut at = 0;
        for range in map {
            at += usize::from(range.clear);
            if let (Some(before), Some(after), true) = (before.get(at), after.get(at), range.protected > 1)
                && before != after
            {
                (right, wrong) = if *after == 0xff { (right, wrong + 1) } else { (right + 1, wrong) };
            }
            at += to_len(range.protected.into());
        }
    }
    (right, wrong)
}

/// The keys that PlayReady headers in the movie header name.
fn named_keys(index: &Index) -> Vec<HeaderKey> {
    let Some(tree) = &index.moov else { return Vec::new() };
    let objects = SystemHeader::all(tree, tree.root()).into_iter().filter(|one| one.system == PLAYREADY);
    let headers = objects.filter_map(|one| ProObject::parse(&one.data, 0).ok()?.header(0).ok()?);
    headers.flat_map(|parsed| parsed.header.keys).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frames(frames: FirstBits) -> Sight {
        Sight { frames, ..Sight::default() }
    }

    fn pictures(samples: u64, clear: u64) -> Sight {
        Sight { pictures: Seen { samples, clear }, ..Sight::default() }
    }

    fn slices(right: u64, wrong: u64) -> Sight {
        Sight { slices: (right, wrong), ..Sight::default() }
    }

    #[test]
    fn what_is_not_plain_is_no_verdict() {
        let (right, wrong) = (Some(Verdict::Right), Some(Verdict::Wrong));
        for (sight, verdict) in [
            (Sight::default(), None),
            (frames([0, 15, 0, 0, 0, 0, 0, 0]), None),
            (frames([0, 16, 0, 0, 0, 0, 0, 0]), right),
            (frames([2, 2, 2, 2, 2, 2, 2, 1]), None),
            (frames([2, 2, 2, 2, 2, 2, 2, 2]), wrong),
            (frames([0, 0, 40, 33, 0, 0, 0, 27]), None),
            (frames([0, 0, 3, 0, 0, 0, 0, 1]), None),
            (frames([0, 0, 12, 0, 0, 0, 0, 4]), right),
            (frames([0, 0, 11, 0, 0, 0, 0, 5]), None),
            (pictures(2, 0), None),
            (pictures(2, 2), None),
            (pictures(3, 1), wrong),
            (pictures(4, 2), None),
            (pictures(4, 3), right),
            (slices(1199, 0), None),
            (slices(1200, 0), right),
            (slices(200, 1), wrong),
            (slices(511, 1), wrong),
            // One is damaged.
            (slices(512, 1), None),
            (slices(5000, 1), right),
        ] {
            assert_eq!(sight.verdict(), verdict, "{sight:?}");
        }
        let mut sum = frames([1; 8]);
        sum.add(&frames([1; 8]));
        sum.add(&Sight { pictures: Seen { samples: 2, clear: 1 }, slices: (3, 4), ..Sight::default() });
        assert_eq!((sum.frames, sum.pictures, sum.slices), ([2; 8], Seen { samples: 2, clear: 1 }, (3, 4)));
    }

    #[test]
    fn what_speaks_against_a_key_is_said() {
        assert_eq!(
            slices(200, 3).against(2, "H.264"),
            "of 203 slices of track 2 that were decrypted with it, 3 begin with a byte that no slice of H.264 begins with"
        );
        assert_eq!(
            pictures(9, 1).against(1, "H.264"),
            "of 9 samples of track 1 that were decrypted with it, 1 look like clear H.264"
        );
        assert!(frames([2; 8]).against(1, "AAC LC").starts_with("of 16 samples of track 1"));
    }
}
