//! The `moof` of a protected fragment: boxes added, and the offsets in it made right again.

use crate::boxes::cenc::{SampleAuxInfoOffsets, SampleEncryptionEntries};
use crate::boxes::edit::Kept;
use crate::boxes::fragment::{
    TrackFragmentDecodeTime, TrackFragmentHeader, TrackRun, tfhd_flags, trun_flags,
};
use crate::boxes::record::CLEAR_FRAGMENT;
use crate::boxes::record::style::{FIRST_WITHOUT, OLD_RUNS};
use crate::boxes::types::Wide;
use crate::boxes::wire::FullHead;
use crate::boxes::{Action, BoxBody, Edits, Node, Tree};
use crate::bytes::units::to_len;
use crate::bytes::{Error, Result};
use crate::track::fragment::Run;
use crate::track::head_style::is_negative;
use crate::track::leftovers::{self, is_system_header};
use crate::track::{Fragment, Movie, TrackFragment};

use super::protection::{KeyChange, SENC_PREFIX, SampleForms, clear_samples, sample_information};
use super::record::{OldHead, Restoring};
use super::summary::Touched;

/// What to write into a fragment's `moof`.
#[derive(Debug)]
pub struct FragmentForm {
    /// Which forms of sample information.
    pub samples: SampleForms,
    /// Whether each `traf` gets a `tfdt`, data offsets count from the `moof` by flag, and `trun` boxes with negative
    /// composition offsets get the version that says so: what CENC readers and browsers ask for.
    pub modern: bool,
    /// Whether boxes of an earlier encryption go.
    pub clean: bool,
    /// Whether the `moof` is made on the way: what changes in it was never there.
    pub made: bool,
    /// How what protecting changed before is changed back.
    pub restoring: Restoring,
    /// What the record that the file gets says of most heads, where it gets one.
    pub usual: Option<u8>,
    /// Headers of DRM systems for the keys of this fragment, where the movie header has those for others.
    pub systems: Vec<u8>,
    /// What changes beside.
    pub edits: Edits,
}

/// What sample information a `traf` gets.
#[derive(Clone, Debug)]
pub enum TrackInformation<'a> {
    /// None: its track is clear.
    None,
    /// That its samples are clear, though those of its track are not. Their sample entry stands so many places behind.
    Clear(u32),
    /// What is to be said of encrypted samples.
    Encrypted {
        /// IVs and subsample maps.
        entries: &'a SampleEncryptionEntries,
        /// Bytes per IV.
        iv_size: u8,
        /// The key, where it is not that of the track.
        change: Option<KeyChange>,
    },
    /// These boxes.
    Made(Vec<u8>),
}

/// The new `moof` bytes. `information` and `decode_times` go with the `traf` boxes in their order. The boxes that are
/// touched are counted in `touched`, when that is asked for.
pub fn rewrite(
    mut form: FragmentForm,
    tree: &Tree<'_>,
    (movie, fragment): (Option<&Movie>, &Fragment),
    information: &[TrackInformation<'_>],
    decode_times: &[u64],
    touched: Option<&mut Touched>,
) -> Result<Vec<u8>> {
    let mut edits = std::mem::take(&mut form.edits);
    let form = &form;
    // An absolute base would move with every fragment before. Where one track has one, all count from the `moof`: a
    // track without a base counts from the track before, whose base then is another.
    let absolute = |track: &TrackFragment| track.tfhd.head.has(tfhd_flags::BASE_DATA_OFFSET);
    let from_moof = form.modern || fragment.tracks.iter().any(absolute);
    if form.clean {
        tree.root().children.iter().filter(|node| is_system_header(node)).for_each(|node| edits.remove(node));
    }
    let trafs = tree.root().all(b"traf").zip(&fragment.tracks);
    let mut heads = Vec::new();
    let mut behind = tree.root().start;
    for ((number, (traf, track)), information) in trafs.enumerate().zip(information) {
        let time = decode_times.get(number).copied().filter(|_| form.modern);
        let head = OldHead::read(tree, traf, (movie, fragment, number), form.restoring, form.usual)?;
        let Some(head) = head else { continue };
        let entry = match information {
            TrackInformation::Clear(behind) => head.entry.saturating_add(*behind),
            _ => head.entry,
        };
        rewrite_header(from_moof, traf, (track, &head), (time, entry), &mut edits);
        if !head.is_behind {
            behind = track.base;
        }
        for ((node, run), old) in traf.all(b"trun").zip(&track.runs).zip(&head.runs) {
            // Where it stands is known without an offset only behind what comes before.
            let is_known = form.restoring.clear && run.data_start == behind;
            rewrite_run(form, node, run, if is_known { *old } else { *old & !FIRST_WITHOUT }, &mut edits);
            behind = run.data_start.saturating_add(run.data_len);
        }
        if form.clean {
            traf.all_id(CLEAR_FRAGMENT).for_each(|node| edits.remove(node));
        }
        if let Some(record) = head.record.as_ref().filter(|_| form.usual.is_some()) {
            edits.append(traf, &record.to_box(0));
        }
        heads.push(head);
        if form.clean {
            leftovers::of_samples(tree, traf).iter().for_each(|leftover| edits.remove(leftover.node));
        }
        match information {
            TrackInformation::None => {}
            TrackInformation::Made(boxes) => {
                if !boxes.is_empty() {
                    edits.append(traf, boxes);
                }
            }
            TrackInformation::Clear(_) => {
                edits.append(traf, &clear_samples(form.samples, track.sample_count))
            }
            TrackInformation::Encrypted { entries, iv_size, change } => {
                let change = change.as_ref();
                let boxes = sample_information(form.samples, entries, *iv_size, track.sample_count, change);
                edits.append(traf, &boxes);
            }
        }
    }
    if !form.systems.is_empty() {
        edits.append(tree.root(), &form.systems);
    }
    let (mut bytes, kept) = edits.apply_and_follow(tree);
    let grown =
        i64::try_from(bytes.len()).unwrap_or(i64::MAX) - i64::try_from(tree.bytes().len()).unwrap_or(0);
    let offsets = Offsets { from_moof, fragment, heads: &heads, grown, kept };
    for (node, at, value) in offsets.find(tree, &bytes, &edits)? {
        let Some(field) = bytes.get_mut(at..at + value.len()) else { continue };
        if let Some(node) = node
            && field != value
        {
            edits.note_patch(node);
        }
        field.copy_from_slice(&value);
    }
    if let Some(touched) = touched {
        edits.for_each_touched(tree, &mut |parent, id, action| {
            if !form.made || action == Action::Add {
                touched.count(parent, id, action);
            }
        });
    }
    Ok(bytes)
}

/// `tfhd` without an absolute base; `tfdt` behind it, when there is none.
/// `entry` is the sample entry of its samples.
fn rewrite_header(
    from_moof: bool,
    traf: &Node,
    (track, old): (&TrackFragment, &OldHead),
    (time, entry): (Option<u64>, u32),
    edits: &mut Edits,
) {
    let Some(node) = traf.child(b"tfhd") else { return };
    let mut tfhd: TrackFragmentHeader = old.tfhd.clone();
    tfhd.head.flags &= !tfhd_flags::BASE_DATA_OFFSET;
    if from_moof {
        tfhd.head.flags |= tfhd_flags::DEFAULT_BASE_IS_MOOF;
    }
    if entry != old.entry {
        tfhd.head.flags |= tfhd_flags::SAMPLE_DESCRIPTION_INDEX;
        tfhd.sample_description_index = entry;
    }
    if tfhd != track.tfhd {
        edits.replace(node, tfhd.to_box(0));
    }
    if let (Some(tfdt), None) = (traf.child(b"tfdt").filter(|_| old.time_is_new), time) {
        edits.remove(tfdt);
    }
    if let (None, Some(time)) = (traf.child(b"tfdt"), time) {
        let tfdt = TrackFragmentDecodeTime {
            head: FullHead { version: 1, flags: 0 },
            base_media_decode_time: Wide(time),
            ..TrackFragmentDecodeTime::default()
        };
        edits.insert_after(node, &tfdt.to_box(0));
    }
}

/// Every run gets a data offset of its own, to be set when the size of the `moof` is known; unless it becomes what it was,
/// as `old` has it.
fn rewrite_run(form: &FragmentForm, node: &Node, run: &Run, old: u8, edits: &mut Edits) {
    let mut trun: TrackRun = run.trun.clone();
    if is_negative(run) {
        let is_old = old & OLD_RUNS != 0;
        trun.head.version = if form.modern && trun.head.version == 0 {
            1
        } else if form.restoring.usual.is_some() && !form.modern && is_old {
            0
        } else {
            trun.head.version
        };
    }
    if form.restoring.usual.is_some() && old & FIRST_WITHOUT != 0 {
        trun.head.flags &= !trun_flags::DATA_OFFSET;
    } else {
        trun.head.flags |= trun_flags::DATA_OFFSET;
    }
    if trun.head != run.trun.head {
        edits.replace(node, trun.to_box(0));
    }
}

/// What the offsets in a new `moof` are found by.
struct Offsets<'f> {
    from_moof: bool,
    fragment: &'f Fragment,
    heads: &'f [OldHead],
    /// Bytes that the `moof` grew by: so much further its media data now is from its first byte.
    grown: i64,
    kept: Kept,
}

/// The box that a value belongs to in the old `moof`, unless it is new; where in the new `moof` the value goes; and the
/// value.
type Value<'t> = (Option<&'t Node>, usize, Vec<u8>);

impl Offsets<'_> {
    /// Data offsets and `saio` offsets for the new `moof`, whose bytes are `bytes`.
    fn find<'t>(&self, old: &'t Tree<'_>, bytes: &[u8], edits: &Edits) -> Result<Vec<Value<'t>>> {
        let start = old.root().start;
        let new = Tree::parse(bytes, start)?;
        let mut values = Vec::new();
        let trafs = old.root().all(b"traf").zip(new.root().all(b"traf"));
        // Where the data before ends.
        let mut behind = start;
        for (((old_traf, traf), track), head) in trafs.zip(&self.fragment.tracks).zip(self.heads) {
            // Without a base of its own it counts from the end of the data before, which moves along with its own.
            // Where nothing is before that is the 'moof' itself.
            let own = if head.is_behind { behind } else { track.base };
            let from_moof = self.from_moof || own == start;
            let base = i128::from(if from_moof { start } else { own });
            behind = track.runs.last().map_or(own, |run| run.data_start.saturating_add(run.data_len));
            let moved = if from_moof { i128::from(self.grown) } else { 0 };
            let truns = old_traf.all(b"trun").zip(traf.all(b"trun"));
            for ((old_node, node), run) in truns.zip(&track.runs) {
                if tree_flags(&new, node) & trun_flags::DATA_OFFSET == 0 {
                    continue;
                }
                let offset = i128::from(run.data_start) + moved - base;
                let offset = i32::try_from(offset).map_err(|_| too_far(run, offset))?;
                // Behind version, flags and sample count.
                let at = to_len(node.body_start() - start) + 8;
                values.push((Some(old_node), at, offset.to_be_bytes().to_vec()));
            }
            let mut saios: Vec<&Node> = traf.all(b"saio").collect();
            let kept: Vec<&Node> = old_traf.all(b"saio").filter(|node| !edits.removes(node)).collect();
            if saios.len() > kept.len()
                && let (Some(saio), Some(senc)) = (saios.pop(), traf.all(b"senc").last())
            {
                let offset = i128::from(senc.start - start + SENC_PREFIX);
                let offset = u32::try_from(offset).map_err(|_| information_elsewhere(saio))?;
                // Behind version, flags and count.
                let at = to_len(saio.body_start() - start) + 8;
                values.push((None, at, offset.to_be_bytes().to_vec()));
            }
            for (old_node, node) in kept.into_iter().zip(saios) {
                let mut saio: SampleAuxInfoOffsets = new.read(node)?;
                for offset in &mut saio.offsets.entries {
                    let at = track.base.saturating_add(offset.0);
                    let place = if at < start || at >= old.root().end() {
                        i128::from(at) + moved
                    } else {
                        // Of no samples it may stand where the next box began.
                        let behind = || self.kept.place(at.checked_sub(1)?).map(|before| before + 1);
                        let place = self.kept.place(at).or_else(behind);
                        let place = place.ok_or_else(|| information_elsewhere(old_node))?;
                        // What counts from the media data sees the 'moof' itself move the other way.
                        i128::from(start + place) - i128::from(self.grown) + moved
                    };
                    let fits = |offset: &u64| saio.head.version > 0 || *offset <= u64::from(u32::MAX);
                    let moved = u64::try_from(place - base).ok().filter(fits);
                    offset.0 = moved.ok_or_else(|| information_elsewhere(old_node))?;
                }
                // Behind version and flags, type, and count.
                let at = to_len(node.body_start() - start) + if saio.head.has(1) { 16 } else { 8 };
                let width = if saio.head.version == 0 { 4 } else { 8 };
                let fields = saio
                    .offsets
                    .entries
                    .iter()
                    .flat_map(|offset| offset.0.to_be_bytes().into_iter().skip(8 - width));
                values.push((Some(old_node), at, fields.collect()));
            }
        }
        Ok(values)
    }
}

fn tree_flags(tree: &Tree<'_>, node: &Node) -> u32 {
    tree.body(node).u32("version and flags").unwrap_or(0)
}

fn information_elsewhere(saio: &Node) -> Error {
    let message = "Auxiliary information of samples stands where its 'saio' box can no longer point to when boxes are \
                   added before it.";
    Error::unsupported("aux-info-elsewhere", message).inside("moof/traf/saio").at(saio.start)
}

fn too_far(run: &Run, offset: i128) -> Error {
    // All file offsets fit; text of 128 bits is code for nothing else.
    let offset = i64::try_from(offset).unwrap_or(i64::MAX);
    let message = format!(
        "A run would stand {offset} bytes from its 'moof'; a data offset reaches at most {} bytes.",
        i32::MAX
    );
    Error::unsupported("data-offset-range", message).at(run.start)
}
