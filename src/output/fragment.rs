//! The `moof` of a protected fragment: boxes added, and the offsets in it made right again.

use crate::boxes::cenc::SampleEncryptionEntries;
use crate::boxes::fragment::{
    TrackFragmentDecodeTime, TrackFragmentHeader, TrackRun, tfhd_flags, trun_flags,
};
use crate::boxes::types::Wide;
use crate::boxes::wire::FullHead;
use crate::boxes::{BoxBody, Edits, Node, Tree};
use crate::bytes::units::to_len;
use crate::bytes::{Error, Result};
use crate::track::fragment::Run;
use crate::track::{Fragment, TrackFragment};

use super::protection::{SENC_PREFIX, SampleForms, sample_information};

/// What to write into a fragment's `moof`.
#[derive(Clone, Copy, Debug)]
pub struct FragmentForm {
    /// Which forms of sample information.
    pub samples: SampleForms,
    /// Whether each `traf` gets a `tfdt`, data offsets count from the `moof` by flag, and `trun` boxes with negative
    /// composition offsets get the version that says so: what CENC readers and browsers ask for.
    pub modern: bool,
}

/// What sample information a `traf` gets: entries, and bytes per IV.
pub type TrackInformation<'a> = Option<(&'a SampleEncryptionEntries, u8)>;

/// The new `moof` bytes. `information` and `decode_times` go with the `traf` boxes in their order.
pub fn rewrite(
    form: FragmentForm,
    tree: &Tree<'_>,
    fragment: &Fragment,
    information: &[TrackInformation<'_>],
    decode_times: &[u64],
) -> Result<Vec<u8>> {
    let mut edits = Edits::new();
    // An absolute base would move with every fragment before. Where one track has one, all count from the `moof`: a
    // track without a base counts from the track before, whose base then is another.
    let absolute = |track: &TrackFragment| track.tfhd.head.has(tfhd_flags::BASE_DATA_OFFSET);
    let from_moof = form.modern || fragment.tracks.iter().any(absolute);
    let trafs = tree.root().all(b"traf").zip(&fragment.tracks);
    for ((number, (traf, track)), information) in trafs.enumerate().zip(information) {
        let time = decode_times.get(number).copied().filter(|_| form.modern);
        rewrite_header(from_moof, traf, track, time, &mut edits);
        for (node, run) in traf.all(b"trun").zip(&track.runs) {
            rewrite_run(form, node, run, &mut edits);
        }
        if let Some((entries, iv_size)) = information {
            edits.append(traf, &sample_information(form.samples, entries, *iv_size, track.sizes.len()));
        }
    }
    let mut bytes = edits.apply(tree);
    let grown =
        i64::try_from(bytes.len()).unwrap_or(i64::MAX) - i64::try_from(tree.bytes().len()).unwrap_or(0);
    set_offsets(from_moof, &mut bytes, tree.root().start, fragment, grown)?;
    Ok(bytes)
}

/// `tfhd` without an absolute base; `tfdt` behind it, when there is none.
fn rewrite_header(from_moof: bool, traf: &Node, track: &TrackFragment, time: Option<u64>, edits: &mut Edits) {
    let Some(node) = traf.child(b"tfhd") else { return };
    let mut tfhd: TrackFragmentHeader = track.tfhd.clone();
    tfhd.head.flags &= !tfhd_flags::BASE_DATA_OFFSET;
    if from_moof {
        tfhd.head.flags |= tfhd_flags::DEFAULT_BASE_IS_MOOF;
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

/// Sets the data offsets and the `saio` offsets of the new `moof`, whose media data moved by `grown` bytes against
/// its first byte.
fn set_offsets(from_moof: bool, bytes: &mut [u8], start: u64, fragment: &Fragment, grown: i64) -> Result<()> {
    let mut patches: Vec<(usize, [u8; 4])> = Vec::new();
    {
        let tree = Tree::parse(&*bytes, start)?;
        for (traf, track) in tree.root().all(b"traf").zip(&fragment.tracks) {
            let from_moof = from_moof || track.base == start;
            // Else it counts from the end of the data before, which moves along with its own.
            let base = if from_moof { i128::from(start) - i128::from(grown) } else { i128::from(track.base) };
            for (node, run) in traf.all(b"trun").zip(&track.runs) {
                let offset = i128::from(run.data_start) - base;
                let offset = i32::try_from(offset).map_err(|_| too_far(run, offset))?;
                // Header, version and flags, sample count.
                patches.push((to_len(node.body_start() - start) + 8, offset.to_be_bytes()));
            }
            if let (Some(saio), Some(senc)) = (traf.child(b"saio"), traf.child(b"senc")) {
                let offset = senc.start - start + SENC_PREFIX;
                let offset = u32::try_from(offset).expect("a moof in memory is below 4 GiB");
                patches.push((to_len(saio.body_start() - start) + 8, offset.to_be_bytes()));
            }
        }
    }
    for (at, value) in patches {
        if let Some(field) = bytes.get_mut(at..at + 4) {
            field.copy_from_slice(&value);
        }
    }
    Ok(())
}

fn too_far(run: &Run, offset: i128) -> Error {
    let message = format!(
        "A run would stand {offset} bytes from its 'moof'; a data offset reaches at most {} bytes.",
        i32::MAX
    );
    Error::unsupported("data-offset-range", message).at(run.start)
}
