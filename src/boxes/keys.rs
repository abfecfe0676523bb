//! In which form a sample encryption box lists its samples: the box does not say, but the sample groups, the track's
//! defaults and the sizes of auxiliary information do (ISO/IEC 23001-7:2023 6, 7.2 and 8.2).

use crate::bytes::limits;
use crate::bytes::units::{len_u64, to_len};

use super::cenc::{SENC_SUBSAMPLES, SUBSAMPLE_LEN, SampleAuxInfoSizes, TrackEncryption};
use super::fragment::{TrackFragmentHeader, tfhd_flags};
use super::grouped::Groups;
use super::groups::{FIRST_LOCAL_GROUP, GroupEncryption, SampleGroupDescription};
use super::movie::{TrackExtends, TrackHeader};
use super::piff::{self, PiffSampleEncryption, PiffTrackEncryption};
use super::registry;
use super::samples::KeyRun;
use super::tree::{Node, Tree};
use super::wire::{Context, FullHead};

/// IV sizes to try where nothing says, the likeliest first.
const IV_SIZES: [u8; 3] = [8, 16, 0];

/// A track as a movie header has it.
#[derive(Clone, Copy, Debug)]
pub struct KnownTrack<'t> {
    /// Its `trak`.
    pub trak: &'t Node,
    /// The sample entry that its fragments use where they do not say, counted from 1.
    pub entry: Option<u32>,
}

/// Finds a track in a movie header by its ID.
pub type FindTrack<'f> = dyn for<'t> Fn(&'t Tree<'_>, u32) -> Option<KnownTrack<'t>> + 'f;

/// The track with ID `id`, looked for from the front: a [`FindTrack`] for who asks once.
pub fn find_track<'t>(moov: &'t Tree<'_>, id: u32) -> Option<KnownTrack<'t>> {
    let trak = moov.root().all(b"trak").find(|trak| track_id(moov, trak) == Some(id))?;
    let defaults = moov.root().child(b"mvex").and_then(|mvex| {
        let mut all = mvex.all(b"trex").filter_map(|trex| moov.read::<TrackExtends>(trex).ok());
        all.find(|trex| trex.track_id == id)
    });
    Some(KnownTrack { trak, entry: defaults.map(|trex| trex.default_sample_description_index) })
}

/// What the form of a box's fields depends on, and how that is known; nothing where it depends on nothing.
#[derive(Clone, Debug, Default)]
pub struct SampleForm {
    /// For the reader of the fields.
    pub cx: Context,
    /// In words.
    pub how: String,
}

/// The form of the samples in `node`, a sample encryption box in `tree`; nothing for other boxes. `around` are the boxes
/// it stands in, the outermost first. The movie header, in which `find` finds tracks, knows the track's defaults.
pub fn sample_form(
    tree: &Tree<'_>,
    node: &Node,
    around: &[&Node],
    moov: Option<&Tree<'_>>,
    find: &FindTrack<'_>,
) -> SampleForm {
    if !lists_samples(node) {
        return SampleForm::default();
    }
    let is_piff = node.id() == piff::SAMPLE_ENCRYPTION;
    let uniform =
        |iv_size: u8, how: String| SampleForm { cx: Context { iv_size, ..Context::default() }, how };
    if is_piff
        && let Ok(senc) = tree.read::<PiffSampleEncryption>(node)
        && senc.head.has(piff::OVERRIDE)
    {
        return uniform(senc.iv_size, format!("IVs of {} bytes, as this box says", senc.iv_size));
    }
    let fits = |form: &SampleForm| fits(tree, node, &form.cx);
    let place = Place::of(tree, around, moov, find);
    let known = place.defaults();
    let base = known.clone().unwrap_or_default();
    if let Some(runs) = place.group_runs(&base) {
        let cx = Context {
            iv_size: base.iv_sizes.first().copied().unwrap_or(0),
            runs: Some(runs.into()),
            ..Context::default()
        };
        let form = SampleForm { cx, how: "in the form that the sample groups say".to_owned() };
        if fits(&form) {
            return form;
        }
    }
    let known =
        known.map(|run| if run.is_protected { run.iv_sizes.first().copied().unwrap_or(0) } else { 0 });
    let told = known.map(|size| uniform(size, format!("IVs of {size} bytes, as the track says")));
    if let Some(told) = told.filter(&fits) {
        return told;
    }
    let guesses = IV_SIZES.map(|size| {
        let how = match known {
            Some(known) => format!("IVs of {size} bytes fit this box; the track says {known}"),
            None => format!("IVs of {size} bytes, guessed: that size fits this box"),
        };
        uniform(size, how)
    });
    if let Some(guess) = guesses.into_iter().find(&fits) {
        return guess;
    }
    if let Some(runs) = place.size_runs(tree, node) {
        let cx = Context { runs: Some(runs.into()), ..Context::default() };
        let form = SampleForm { cx, how: "IVs of different sizes, as 'saiz' says".to_owned() };
        if fits(&form) {
            return form;
        }
    }
    uniform(known.unwrap_or(8), "no IV size fits this box".to_owned())
}

/// Whether it is a sample encryption box, in either form.
pub(super) fn lists_samples(node: &Node) -> bool {
    node.id() == piff::SAMPLE_ENCRYPTION || node.id().is(b"senc")
}

/// Whether the fields of `node` fill it when they have this form.
fn fits(tree: &Tree<'_>, node: &Node, cx: &Context) -> bool {
    let Some(declaration) = registry::lookup(node.id(), None).declaration() else { return false };
    let mut fields = tree.fields(node);
    declaration.check(&mut fields, cx.clone()).is_ok() && fields.is_empty()
}

/// Where the samples are of which a box speaks.
pub(super) struct Place<'t> {
    tree: &'t Tree<'t>,
    /// The `traf`, or the `stbl` of the track.
    pub(super) container: Option<&'t Node>,
    /// The track in the movie header, and that header.
    track: Option<(&'t Tree<'t>, KnownTrack<'t>)>,
}

impl<'t> Place<'t> {
    pub(super) fn of(
        tree: &'t Tree<'_>,
        around: &[&'t Node],
        moov: Option<&'t Tree<'_>>,
        find: &FindTrack<'_>,
    ) -> Self {
        let moov = moov.or_else(|| tree.root().id().is(b"moov").then_some(tree));
        let found = around.iter().rev().find(|node| node.id().is(b"traf") || node.id().is(b"trak")).copied();
        let id = found.and_then(|found| track_id(tree, found));
        let track = moov.zip(id).and_then(|(moov, id)| Some((moov, find(moov, id)?)));
        let container = found.and_then(|found| match found.id().is(b"traf") {
            true => Some(found),
            false => sample_table(found),
        });
        Self { tree, container, track }
    }

    /// How samples in no group are encrypted, by the sample entry they use.
    pub(super) fn defaults(&self) -> Option<KeyRun> {
        let (moov, track) = self.track?;
        let fragment = self.container.and_then(|traf| traf.child(b"tfhd"));
        let fragment = fragment.and_then(|tfhd| self.tree.read::<TrackFragmentHeader>(tfhd).ok());
        let own = fragment.as_ref().filter(|tfhd| tfhd.head.has(tfhd_flags::SAMPLE_DESCRIPTION_INDEX));
        let index = own.map(|tfhd| tfhd.sample_description_index).or(track.entry);
        let entries = &sample_table(track.trak)?.child(b"stsd")?.children;
        let used = index.and_then(|index| entries.get(to_len(u64::from(index)).checked_sub(1)?));
        let iv_size = used.into_iter().chain(entries).find_map(|entry| entry_iv_size(moov, entry));
        iv_size.map(|iv_size| KeyRun { count: u64::MAX, is_protected: true, iv_sizes: vec![iv_size] })
    }

    /// The samples by their groups; `None` when they are not grouped by key.
    pub(super) fn group_runs(&self, base: &KeyRun) -> Option<Vec<KeyRun>> {
        let container = self.container?;
        let own = descriptions(self.tree, container);
        let track = self.track.and_then(|(moov, track)| {
            let table = sample_table(track.trak)?;
            // In the movie header both are the same box.
            (table.start != container.start).then(|| descriptions(moov, table))
        });
        let track = track.unwrap_or_default();
        let of_index = |index: u32, count: u64| {
            let number = |from: u32| index.checked_sub(from).map(|number| to_len(number.into()));
            let local = number(FIRST_LOCAL_GROUP).map(|number| own.groups.get(number));
            // Writers before there were local numbers count a fragment's own from 1.
            let plain =
                || number(1).and_then(|number| track.groups.get(number).or_else(|| own.groups.get(number)));
            match local.unwrap_or_else(plain) {
                Some(Some(group)) => run_of(group, count),
                _ => KeyRun { count, ..base.clone() },
            }
        };
        let mapped = Groups::nodes(container).filter_map(|node| Groups::read(self.tree, node).ok());
        let mut runs = Vec::new();
        for groups in mapped.filter(|groups| groups.kind.0 == *b"seig" && !groups.is_cut) {
            runs.extend(
                groups.runs(limits::FRAGMENT_SAMPLES).map(|(count, index)| of_index(index, count.into())),
            );
        }
        let default = own.default.or(track.default);
        if runs.is_empty() && default.is_none() {
            return None;
        }
        runs.push(of_index(default.unwrap_or(0), u64::MAX));
        Some(runs)
    }

    /// The samples by the sizes of their entries; `None` when no `saiz` gives any.
    fn size_runs(&self, tree: &Tree<'_>, node: &Node) -> Option<Vec<KeyRun>> {
        let sizes: SampleAuxInfoSizes = self.tree.read(self.container?.child(b"saiz")?).ok()?;
        let all = (0..to_len(sizes.sample_count.into())).map(|number| {
            let own = sizes.sample_info_sizes.get(number).copied();
            usize::from(own.unwrap_or(sizes.default_sample_info_size))
        });
        let mut fields = tree.fields(node);
        let has_subsamples = FullHead::read(&mut fields).ok()?.has(SENC_SUBSAMPLES);
        // Sizes of other samples than the box lists say nothing of it.
        if fields.clone().u32("sample_count").ok()? != sizes.sample_count {
            return None;
        }
        let listed: u64 = sizes.sample_info_sizes.iter().copied().map(u64::from).sum();
        let others = u64::from(sizes.sample_count).saturating_sub(len_u64(sizes.sample_info_sizes.len()));
        let total = to_len(listed.saturating_add(others * u64::from(sizes.default_sample_info_size)));
        // The entries are what the box ends with. A box may say any number of samples, but not hold it.
        fields.take(fields.remaining().checked_sub(total)?, "fields").ok()?;
        let mut runs: Vec<KeyRun> = Vec::new();
        for size in all {
            let entry = fields.take(size, "an entry").ok()?;
            let iv_size = if has_subsamples { iv_size_in(entry)? } else { u8::try_from(size).ok()? };
            match runs.last_mut().filter(|run| run.iv_sizes == [iv_size]) {
                Some(run) => run.count += 1,
                None => runs.push(KeyRun { count: 1, is_protected: true, iv_sizes: vec![iv_size] }),
            }
        }
        Some(runs)
    }
}

/// Bytes of the IV in an entry with a subsample map.
fn iv_size_in(entry: &[u8]) -> Option<u8> {
    IV_SIZES.into_iter().find(|&size| {
        let behind = entry.get(usize::from(size)..).and_then(|behind| behind.split_first_chunk::<2>());
        behind
            .is_some_and(|(count, map)| map.len() == SUBSAMPLE_LEN * usize::from(u16::from_be_bytes(*count)))
    })
}

/// Descriptions of groups that are encrypted each in its own way.
#[derive(Default)]
struct Descriptions {
    groups: Vec<Option<GroupEncryption>>,
    /// The one for samples that nothing else maps.
    default: Option<u32>,
}

fn descriptions(tree: &Tree<'_>, container: &Node) -> Descriptions {
    let all = container.all(b"sgpd").filter_map(|node| tree.read::<SampleGroupDescription>(node).ok());
    let of_keys = all.map(|found| found.groups).find(|groups| groups.grouping_type.0 == *b"seig");
    of_keys.map_or_else(Descriptions::default, |groups| Descriptions {
        groups: groups.encryption(),
        default: groups.default_group_description_index.filter(|index| *index > 0),
    })
}

fn run_of(group: &GroupEncryption, count: u64) -> KeyRun {
    let iv_sizes = group.keys().iter().map(|key| key.per_sample_iv_size).collect();
    KeyRun { count, is_protected: group.is_protected != 0, iv_sizes }
}

fn sample_table(trak: &Node) -> Option<&Node> {
    trak.descend(&[b"mdia", b"minf", b"stbl"])
}

/// Bytes per IV by the defaults of a protected sample entry, in either form.
fn entry_iv_size(moov: &Tree<'_>, entry: &Node) -> Option<u8> {
    let inside = |node: &Node| -> Option<u8> {
        let schi = node.child(b"schi")?;
        let cenc = schi.child(b"tenc").and_then(|node| moov.read::<TrackEncryption>(node).ok());
        let piff = || moov.read::<PiffTrackEncryption>(schi.child_id(piff::TRACK_ENCRYPTION)?).ok();
        cenc.map(|tenc| tenc.default_per_sample_iv_size).or_else(|| Some(piff()?.default_iv_size))
    };
    entry.all(b"sinf").find_map(inside)
}

/// The track a `traf` or `trak` is of.
pub fn track_id(tree: &Tree<'_>, node: &Node) -> Option<u32> {
    if let Some(header) = node.child(b"tfhd") {
        return tree.read::<TrackFragmentHeader>(header).ok().map(|header| header.track_id);
    }
    tree.read::<TrackHeader>(node.child(b"tkhd")?).ok().map(|header| header.track_id)
}
