//! The `moof` of a protected fragment: boxes added, and the offsets in it made right again.

use crate::boxes::cenc::{SampleAuxInfoOffsets, SampleEncryptionEntries};
use crate::boxes::edit::Kept;
use crate::boxes::fragment::{
    TrackFragmentDecodeTime, TrackFragmentHeader, TrackRun, tfhd_flags, trun_flags,
};
use crate::boxes::types::Wide;
use crate::boxes::wire::FullHead;
use crate::boxes::{Action, BoxBody, Edits, Node, Tree};
use crate::bytes::units::to_len;
use crate::bytes::{Error, Result};
use crate::track::fragment::Run;
use crate::track::leftovers::{self, is_system_header};
use crate::track::{Fragment, TrackFragment};

use super::protection::{SENC_PREFIX, SampleForms, clear_samples, sample_information};
use super::summary::Touched;

/// What to write into a fragment's `moof`.
#[derive(Clone, Copy, Debug)]
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
}

/// What sample information a `traf` gets.
#[derive(Clone, Copy, Debug)]
pub enum TrackInformation<'a> {
    /// None: its track is clear.
    None,
    /// That its samples are clear, though those of its track are not. Their sample entry stands so many places behind.
    Clear(u32),
    /// Entries, and bytes per IV.
    Encrypted(&'a SampleEncryptionEntries, u8),
}

/// The new `moof` bytes. `information` and `decode_times` go with the `traf` boxes in their order. The boxes that are
/// touched are counted in `touched`, when that is asked for.
pub fn rewrite(
    form: FragmentForm,
    tree: &Tree<'_>,
    fragment: &Fragment,
    information: &[TrackInformation<'_>],
    decode_times: &[u64],
    touched: Option<&mut Touched>,
) -> Result<Vec<u8>> {
    let mut edits = Edits::new();
    // An absolute base would move with every fragment before. Where one track has one, all count from the `moof`: a
    // track without a base counts from the track before, whose base then is another.
    let absolute = |track: &TrackFragment| track.tfhd.head.has(tfhd_flags::BASE_DATA_OFFSET);
    let from_moof = form.modern || fragment.tracks.iter().any(absolute);
    if form.clean {
        tree.root().children.iter().filter(|node| is_system_header(node)).for_each(|node| edits.remove(node));
    }
    let trafs = tree.root().all(b"traf").zip(&fragment.tracks);
    for ((number, (traf, track)), information) in trafs.enumerate().zip(information) {
        let time = decode_times.get(number).copied().filter(|_| form.modern);
        let entry = match information {
            TrackInformation::Clear(behind) => track.sample_description_index.saturating_add(*behind),
            _ => track.sample_description_index,
        };
        rewrite_header(from_moof, traf, track, (time, entry), &mut edits);
        for (node, run) in traf.all(b"trun").zip(&track.runs) {
            rewrite_run(form, node, run, &mut edits);
        }
        if form.clean {
            leftovers::of_samples(tree, traf).iter().for_each(|leftover| edits.remove(leftover.node));
        }
        match information {
            TrackInformation::None => {}
            TrackInformation::Clear(_) => {
                edits.append(traf, &clear_samples(form.samples, track.sample_count))
            }
            TrackInformation::Encrypted(entries, iv_size) => {
                edits.append(traf, &sample_information(form.samples, entries, *iv_size, track.sample_count));
            }
        }
    }
    let (mut bytes, kept) = edits.apply_and_follow(tree);
    let grown =
        i64::try_from(bytes.len()).unwrap_or(i64::MAX) - i64::try_from(tree.bytes().len()).unwrap_or(0);
    let offsets = Offsets { from_moof, fragment, grown, kept };
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
    track: &TrackFragment,
    (time, entry): (Option<u64>, u32),
    edits: &mut Edits,
) {
    let Some(node) = traf.child(b"tfhd") else { return };
    let mut tfhd: TrackFragmentHeader = track.tfhd.clone();
    tfhd.head.flags &= !tfhd_flags::BASE_DATA_OFFSET;
    if from_moof {
        tfhd.head.flags |= tfhd_flags::DEFAULT_BASE_IS_MOOF;
    }
    if entry != track.sample_description_index {
        tfhd.head.flags |= tfhd_flags::SAMPLE_DESCRIPTION_INDEX;
        tfhd.sample_description_index = entry;
    }
    if tfhd != track.tfhd {
        edits.replace(node, tfhd.to_box(0));
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

/// Every run gets a data offset of its own, to be set when the size of the `moof` is known.
fn rewrite_run(form: FragmentForm, node: &Node, run: &Run, edits: &mut Edits) {
    let negative = run.trun.samples.iter().any(|sample| sample.sample_composition_time_offset < 0);
    let new_version = form.modern && negative && run.trun.head.version == 0;
    if new_version || !run.trun.head.has(trun_flags::DATA_OFFSET) {
        let mut trun: TrackRun = run.trun.clone();
        trun.head.flags |= trun_flags::DATA_OFFSET;
        if new_version {
            trun.head.version = 1;
        }
        edits.replace(node, trun.to_box(0));
    }
}

/// What the offsets in a new `moof` are found by.
struct Offsets<'f> {
    from_moof: bool,
    fragment: &'f Fragment,
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
        for ((old_traf, traf), track) in trafs.zip(&self.fragment.tracks) {
            // Without a base of its own it counts from the end of the data before, which moves along with its own.
            let from_moof = self.from_moof || track.base == start;
            let base = i128::from(if from_moof { start } else { track.base });
            let moved = if from_moof { i128::from(self.grown) } else { 0 };
            let truns = old_traf.all(b"trun").zip(traf.all(b"trun"));
            for ((old_node, node), run) in truns.zip(&track.runs) {
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
                        let place = self.kept.place(at).ok_or_else(|| information_elsewhere(old_node))?;
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
