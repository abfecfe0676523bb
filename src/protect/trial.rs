//! Whether keys of what is protected already are the right ones, before anything is written: by the checksums of PlayReady
//! headers, and by whether samples that are decrypted with them look as clear ones do.

use crate::boxes::Tree;
use crate::boxes::cenc::ProtectionSystemSpecificHeader;
use crate::boxes::piff::{self, PiffProtectionSystem};
use crate::boxes::systems::PLAYREADY;
use crate::bytes::units::to_len;
use crate::bytes::{Error, KeyId, Result};
use crate::playready::{HeaderKey, ProObject};
use crate::track::encryption::spans;
use crate::track::{Codec, Fragment, Index, Movie, SampleEntry};

use super::codecs::rule;
use super::decrypt::Decryptor;
use super::evidence::{Seen, frames, pictures};
use super::plan::Plan;
use super::samples::{FragmentTask, Window};
use super::scheme::{CBCS, Form, Pattern};
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

/// What was seen of one key in one track.
#[derive(Clone, Copy, Debug)]
struct Found {
    kid: Option<KeyId>,
    track: u32,
    seen: Seen,
    verdict: Option<Verdict>,
    /// Slices whose first byte was decrypted, and is one that it can be.
    slices: u64,
}

/// So many slices are no chance: every 256th begins wrongly under a wrong key.
const ENOUGH_SLICES: u64 = 1200;

/// What was seen so far.
#[derive(Clone, Debug, Default)]
pub struct Trial {
    found: Vec<Found>,
}

impl Trial {
    /// The fragments worth looking at: give the bytes of each to [`look`](Self::look).
    pub fn tasks(index: &Index, plan: &Plan) -> Vec<FragmentTask> {
        if !plan.decrypts() {
            return Vec::new();
        }
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
    pub fn look(&mut self, movie: &Movie, plan: &Plan, task: &FragmentTask, bytes: &mut [u8]) -> Result<()> {
        let Some((moof, media)) = bytes.split_at_mut_checked(to_len(task.moof_len)) else {
            return Err(Error::file("short-read", "A fragment was read only in part.").at(task.start));
        };
        let tree = Tree::parse(task.head(moof)?, task.start)?;
        let fragment = Fragment::read(&tree, Some(movie))?;
        let before = media.to_vec();
        let start = task.start + task.moof_len;
        let decryption =
            Decryptor::new(&plan.source_keys).of_fragment(&tree, &fragment, movie, (start, &before))?;
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
                    let (seen, verdict, slices) = judge(entry, &samples, &mut encrypted, &mut window);
                    self.found.push(Found { kid: by.kid, track: id, seen, verdict, slices });
                }
            }
        }
        Ok(())
    }

    /// Fails when a key is the wrong one. Returns what is doubtful, as plain sentences.
    pub fn judge(&self, index: &Index, plan: &Plan) -> Result<Vec<String>> {
        let named = named_keys(index);
        let mut doubts = Vec::new();
        let mut judged: Vec<Option<KeyId>> = Vec::new();
        for undone in &plan.undoes {
            // Without a key ID each track is by itself.
            if undone.kid.is_some() && judged.contains(&undone.kid) {
                continue;
            }
            judged.push(undone.kid);
            let is_mine = |found: &&Found| {
                found.kid == undone.kid && (undone.kid.is_some() || found.track == undone.track)
            };
            let found = || self.found.iter().filter(is_mine);
            let key = plan
                .source_keys
                .find(undone.track, undone.kid)
                .and_then(|number| plan.source_keys.iter().nth(number));
            let Some(key) = key else { continue };
            let accepted = undone.kid.and_then(|kid| {
                let mut named = named.iter().filter(|named| named.kid == kid);
                named.find_map(|named| named.accepts(&key.key))
            });
            let says = |verdict: Verdict| found().find(|found| found.verdict == Some(verdict));
            let what =
                undone.kid.map_or_else(|| format!("track {}", undone.track), |kid| format!("the KID {kid}"));
            // What a header says is exact.
            if accepted == Some(true) {
                continue;
            }
            if let Some(against) = says(Verdict::Wrong) {
                let message = format!(
                    "The key given for {what} is the wrong one: of {} samples of track {} that were decrypted with it, {} look \
                     like clear {}. Nothing is written.",
                    against.seen.samples,
                    against.track,
                    against.seen.clear,
                    name_of(index, against.track)
                );
                return Err(Error::caller("wrong-key", "sourceKeys", message));
            }
            let slices: u64 = found().map(|found| found.slices).sum();
            let looks_right = says(Verdict::Right).is_some() || slices >= ENOUGH_SLICES;
            match (accepted, looks_right) {
                (Some(true), _) | (None, true) => {}
                (Some(false), false) => {
                    let message = format!(
                        "The key given for {what} is the wrong one: the PlayReady header of the file has the checksum of another. \
                         Nothing is written."
                    );
                    return Err(Error::caller("wrong-key", "sourceKeys", message));
                }
                (Some(false), true) => doubts.push(format!(
                    "The PlayReady header of the file has the checksum of another key for {what}, but what is decrypted with \
                     the one given looks clear."
                )),
                (None, false) => doubts.push(format!(
                    "Whether the key given for {what} is the right one cannot be seen beforehand: what of the samples is \
                     encrypted looks like noise also when it is clear. Play the result before you rely on it."
                )),
            }
        }
        Ok(doubts)
    }
}

fn name_of(index: &Index, track: u32) -> String {
    let track = index.movie.as_ref().and_then(|movie| movie.track(track));
    track.and_then(|track| track.entries.first()).map_or_else(String::new, SampleEntry::codec_name)
}

/// What of samples looks clear, what that says of their key, and how many slices begin as they can.
fn judge(
    entry: &SampleEntry,
    samples: &[(u64, u32)],
    encrypted: &mut Window<'_>,
    decrypted: &mut Window<'_>,
) -> (Seen, Option<Verdict>, u64) {
    let nothing = (Seen::default(), None, 0);
    let Ok(rule) = rule(entry, Form::Plain) else { return nothing };
    if !rule.has_subsamples() {
        // Others begin with anything.
        let begin_alike = [b"fLaC", b"Opus", b"ac-3", b"ec-3", b".mp3"].contains(&&entry.format.0)
            || matches!(&entry.codec, Codec::Mpeg(config) if config.is_aac());
        if !begin_alike {
            return nothing;
        }
        let seen = frames(samples, decrypted);
        return (seen, verdict(seen, 8), 0);
    }
    if rule.length_size().is_none() {
        return nothing;
    }
    let plain = rule.clone();
    let (before, seen) = (pictures(rule.clone(), samples, encrypted), pictures(rule, samples, decrypted));
    if before.clear * 2 > before.samples {
        // All that is looked at was clear before: nothing but what must not stand in slice data can tell.
        let (right, wrong) = slices(entry, plain, samples, encrypted, decrypted);
        let seen = Seen { samples: right + wrong, clear: right };
        return (seen, (wrong > 0).then_some(Verdict::Wrong), right);
    }
    (seen, verdict(seen, 3), 0)
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

fn verdict(seen: Seen, least: u64) -> Option<Verdict> {
    if seen.samples < least {
        None
    } else if seen.clear * 2 < seen.samples {
        Some(Verdict::Wrong)
    } else {
        // Few may do so by chance.
        (seen.clear * 4 >= seen.samples * 3).then_some(Verdict::Right)
    }
}

/// The keys that PlayReady headers in the movie header name.
fn named_keys(index: &Index) -> Vec<HeaderKey> {
    let Some(tree) = &index.moov else { return Vec::new() };
    let mut objects = Vec::new();
    for node in &tree.root().children {
        if node.id().is(b"pssh") {
            let read = tree.read::<ProtectionSystemSpecificHeader>(node).ok();
            objects.extend(read.filter(|pssh| pssh.system_id == PLAYREADY).map(|pssh| pssh.data.0));
        } else if node.id() == piff::PROTECTION_SYSTEM {
            let read = tree.read::<PiffProtectionSystem>(node).ok();
            objects.extend(read.filter(|pssh| pssh.system_id == PLAYREADY).map(|pssh| pssh.data.0));
        }
    }
    let headers = objects.iter().filter_map(|object| ProObject::parse(object, 0).ok()?.header(0).ok()?);
    headers.flat_map(|parsed| parsed.header.keys).collect()
}
