//! One movie fragment: where its samples stand, when they are shown, and what lists their IVs.

use crate::boxes::fragment::{tfhd_flags, trun_flags};
use crate::boxes::piff::{self, FragmentTime};
use crate::boxes::{Node, Tree};
use crate::bytes::ByKey;
use crate::bytes::units::len_u64;
use crate::track::index::FragmentEntry;
use crate::track::leftovers::is_system_header;
use crate::track::presented::Access;
use crate::track::top::TopBox;
use crate::track::{Fragment, Index, Track, TrackFragment, TrackKind};
use crate::verify::twins::is_untimely;

use super::finding::{Findings, Place};
use super::movie::is_cut;
use super::{beside, rules};

/// What is known from the fragments before.
#[derive(Debug, Default)]
pub struct Before {
    sequence: Option<u32>,
    /// When each track goes on, in its ticks.
    ends: ByKey<i64>,
    /// By how much `tfxd` is before `tfdt` in the first fragment of each track.
    shifts: ByKey<i64>,
}

/// Looks at what its boxes say, but for encryption.
pub fn look(
    index: &Index,
    entry: &FragmentEntry,
    tree: &Tree<'_>,
    fragment: &Fragment,
    before: &mut Before,
    found: &mut Findings,
) {
    let root = tree.root();
    if root.child(b"mfhd").is_none() {
        found.add(
            &rules::MISSING_BOX,
            Place::of(tree, root),
            "The fragment has no 'mfhd', which it must have.",
        );
    }
    if let (Some(last), Some(now)) = (before.sequence, fragment.sequence)
        && now <= last
    {
        let message = format!("The fragment has the sequence number {now}, and the one before it {last}.");
        found.add(&rules::SEQUENCE, Place::of(tree, root.child(b"mfhd").unwrap_or(root)), message);
    }
    before.sequence = fragment.sequence.or(before.sequence);
    let headers = root.children.iter().filter(|node| is_system_header(node));
    if let Some(node) = headers.clone().next() {
        let message = format!("The fragment has {} headers of DRM systems.", headers.count());
        found.add(&rules::PSSH_IN_MOOF, Place::of(tree, node), message);
    }
    let trafs = root.all(b"traf").count();
    let is_of_one = index.file_type.as_ref().is_some_and(|file_type| {
        let mut brands = file_type.compatible_brands.iter().chain([&file_type.major_brand]);
        brands.any(|brand| [b"piff", b"isml", b"cmfc", b"cmf2"].contains(&&brand.0))
    });
    if trafs > 1 && is_of_one {
        let message = format!(
            "The fragment has {trafs} track fragments, and the brand of the file says that it has one."
        );
        found.add(&rules::SEVERAL_TRAFS, Place::of(tree, root), message);
    }
    media(index, entry, tree, fragment, found);
    for ((traf, part), known) in fragment.parts(tree).zip(index.parts(entry)) {
        let track = index.movie.as_ref().and_then(|movie| movie.track(part.tfhd.track_id));
        Part { tree, traf, part, track, time: known.decode_time }.look(trafs, before, found);
        let stbl = index.moov.as_ref().and_then(|moov| {
            let at = index.movie.as_ref()?.tracks.iter().position(|track| track.id == part.tfhd.track_id)?;
            Some((moov, moov.root().all(b"trak").nth(at)?.descend(&[b"mdia", b"minf", b"stbl"])?))
        });
        if let Some(stbl) = stbl {
            let samples = len_u64(part.sample_count);
            beside::look((tree, traf), Some(stbl), part.tfhd.track_id, samples, found);
        }
    }
    for part in index.parts(entry) {
        let track = index.movie.as_ref().and_then(|movie| movie.track(part.track_id));
        let is_video = track.is_some_and(|track| track.kind == TrackKind::Video);
        if is_video && part.samples > 0 && part.access == Access::No {
            let message = format!(
                "The first sample of track {} in this fragment is no key picture, say its flags.",
                part.track_id
            );
            found.add(&rules::NOT_SYNC, Place::of(tree, root).of_track(part.track_id), message);
        }
    }
}

/// Whether samples stand in media data, and where in it.
fn media(index: &Index, entry: &FragmentEntry, tree: &Tree<'_>, fragment: &Fragment, found: &mut Findings) {
    let is_media = |top: &TopBox| [b"mdat", b"imda"].iter().any(|code| top.id.is(code));
    let stretch = entry.start..entry.end.max(entry.start + 1);
    let own: Vec<_> = index.top.within(stretch.start, stretch.end).filter(is_media).collect();
    let ranges = fragment.data_ranges();
    let is_cut = is_cut(index);
    for &(start, end) in &ranges {
        let holds = |top: &TopBox| is_media(top) && top.start + top.header_len <= start && end <= top.end();
        let held = index.top.around(start).filter(holds);
        if held.is_some_and(|top| stretch.contains(&top.start)) || (is_cut && end >= index.file_len) {
            continue;
        }
        let own = match own.first() {
            Some(top) => format!("its media data is bytes {} to {}", top.start + top.header_len, top.end()),
            None => "it has no media data of its own".to_owned(),
        };
        let (rule, what) = match held {
            Some(_) => (&rules::DATA_APART, "media data of another place"),
            None => (&rules::DATA_ELSEWHERE, "not all of them media data"),
        };
        let message = format!("Samples of the fragment stand at bytes {start} to {end}, {what}; {own}.");
        found.add(rule, Place::of(tree, tree.root()), message);
        break;
    }
    if let ([top], Some((first, _)), [part]) = (own.as_slice(), ranges.first(), fragment.tracks.as_slice()) {
        let start = top.start + top.header_len;
        if *first > start && *first < top.end() && part.runs.len() == 1 {
            let message = format!(
                "The first sample stands at byte {first}, and the media data begins at byte {start}."
            );
            found.add(&rules::DATA_OFFSET_GAP, Place::of(tree, tree.root()), message);
        }
    }
}

/// One track's part.
struct Part<'p> {
    tree: &'p Tree<'p>,
    traf: &'p Node,
    part: &'p TrackFragment,
    track: Option<&'p Track>,
    /// Its decode time, which is not what tfxd says where that is when it is presented.
    time: i64,
}

impl Part<'_> {
    fn place(&self, node: &Node) -> Place {
        Place::of(self.tree, node).of_track(self.part.tfhd.track_id)
    }

    fn look(&self, count: usize, before: &mut Before, found: &mut Findings) {
        let (traf, head) = (self.traf, self.part.tfhd.head);
        let tfhd = traf.child(b"tfhd").unwrap_or(traf);
        let is_absolute = head.has(tfhd_flags::BASE_DATA_OFFSET);
        if is_absolute {
            let message = format!(
                "Samples of the fragment are placed from byte {} of the file, and not from its own start.",
                self.part.base
            );
            found.add(&rules::BASE_DATA_OFFSET, self.place(tfhd), message);
        }
        if count > 1 && !is_absolute && !head.has(tfhd_flags::DEFAULT_BASE_IS_MOOF) {
            let message = format!(
                "The fragment has {count} track fragments, and this one does not say from where its offsets are counted."
            );
            found.add(&rules::NO_DEFAULT_BASE, self.place(tfhd), message);
        }
        self.offsets(found);
        self.empty(found);
        self.times(before, found);
    }

    /// Pictures and sound of no bytes.
    fn empty(&self, found: &mut Findings) {
        let kind = self.track.map(|track| track.kind);
        if !matches!(kind, Some(TrackKind::Video | TrackKind::Audio)) {
            return;
        }
        let mut empty = (0_u64..).zip(self.part.samples()).filter(|(_, (_, size))| *size == 0);
        let Some((first, _)) = empty.next() else { return };
        let message = format!(
            "{} of {} samples of the fragment have 0 bytes, the first of them is sample {first}.",
            len_u64(empty.count()) + 1,
            self.part.sample_count
        );
        found.add(&rules::EMPTY_SAMPLES, self.place(self.traf), message);
    }

    fn offsets(&self, found: &mut Findings) {
        for (node, run) in self.traf.all(b"trun").zip(&self.part.runs) {
            if run.trun.head.version > 0 || !run.trun.head.has(trun_flags::SAMPLE_COMPOSITION_OFFSET) {
                continue;
            }
            let mut negative =
                run.trun.samples.iter().map(|sample| sample.sample_composition_time_offset).zip(0_u64..);
            if let Some((offset, number)) = negative.find(|(offset, _)| *offset < 0) {
                let message = format!(
                    "Sample {number} of the run has the composition offset {}, which is {offset} when it is read as a negative number.",
                    offset.cast_unsigned()
                );
                found.add(&rules::NEGATIVE_OFFSET, self.place(node), message);
                return;
            }
        }
    }

    fn times(&self, before: &mut Before, found: &mut Findings) {
        let id = self.part.tfhd.track_id;
        let tfdt = self.traf.child(b"tfdt");
        let tfxd = self.traf.child_id(piff::TFXD);
        let smooth = tfxd.and_then(|node| self.tree.read::<FragmentTime>(node).ok());
        if tfdt.is_none() {
            let what = if tfxd.is_some() { ": its 'tfxd' says it to Smooth clients alone" } else { "" };
            let message = format!("Track {id} has no 'tfdt' in this fragment{what}.");
            found.add(&rules::NO_TIME, self.place(self.traf), message);
        }
        if let (Some(node), Some(smooth)) = (tfxd, &smooth) {
            let time = smooth.fragment_absolute_time.0;
            if time >= 1 << 63 {
                let message = format!(
                    "'tfxd' says the time {time}, which is {} when it is read as a negative number.",
                    time.cast_signed()
                );
                found.add(&rules::TIME_WRAPPED, self.place(node), message);
            }
            if is_untimely(self.tree, self.traf, self.part) {
                let message = format!(
                    "'tfxd' says that the fragment takes {} ticks, and its samples take {}.",
                    smooth.fragment_duration.0, self.part.duration
                );
                found.add(&rules::TIME_OF_TFXD, self.place(node), message);
            }
        }
        if self.part.decode_time.is_none() {
            return;
        }
        let time = self.time;
        let scale = self.track.map_or(0, |track| track.timescale);
        if let (Some(node), Some(smooth), Some(_)) = (tfxd, &smooth, tfdt) {
            let smooth = smooth.fragment_absolute_time.0.cast_signed();
            // A file that began before 0 may have been moved as a whole.
            let shift = *before.shifts.entry(id, time.saturating_sub(smooth));
            if differ(time, smooth, scale) && differ(time, smooth.saturating_add(shift), scale) {
                let message = format!("'tfdt' says the time {time}, and 'tfxd' {smooth}.");
                found.add(&rules::TIMES_DIFFER, self.place(node), message);
            }
        }
        let lasts = i64::try_from(self.part.duration).unwrap_or(i64::MAX);
        let end = before.ends.entry(id, time);
        let off = time.saturating_sub(*end);
        // A hundredth of a second is rounding.
        let limit = i64::from(scale / 100);
        if scale > 0 && off < -limit {
            let message = format!(
                "The fragment begins at tick {time}, and the one before it ends at tick {end}, of {scale} a second."
            );
            found.add(&rules::TIME_BACK, self.place(tfdt.or(tfxd).unwrap_or(self.traf)), message);
        } else if scale > 0 && off > limit {
            let message = format!(
                "The fragment begins at tick {time}, and the one before it ended at tick {end}, of {scale} a second."
            );
            found.add(&rules::TIME_GAP, self.place(tfdt.or(tfxd).unwrap_or(self.traf)), message);
        }
        *end = time.saturating_add(lasts);
    }
}

/// Whether a time of `tfxd` is another than that of `tfdt`, be it in the ticks of the track or in Smooth's.
fn differ(time: i64, smooth: i64, scale: u32) -> bool {
    let scaled = i128::from(smooth) * i128::from(scale) / i128::from(piff::DEFAULT_TIMESCALE);
    time != smooth && (i128::from(time) - scaled).abs() > 1 + i128::from(scale / 1000)
}
