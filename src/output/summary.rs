//! The plan in words, before anything is encrypted: which boxes come, change and go, and how much is added.

use crate::boxes::cenc::SampleEncryptionEntries;
use crate::boxes::edit::Action;
use crate::boxes::header::{BoxId, four};
use crate::boxes::heif::ItemLocationBox;
use crate::boxes::names::name_in;
use crate::boxes::piff;
use crate::boxes::record;
use crate::boxes::registry::{self, Known};
use crate::boxes::sample_types::WRAPPED;
use crate::boxes::{BoxBody, BoxHeader};
use crate::bytes::units::{len_u64, sort_pairs};
use crate::bytes::{Reader, Result};
use crate::protect::Plan;
use crate::protect::samples::Window;
use crate::protect::subsample::Tally;
use crate::track::index::FragmentPart;
use crate::track::leftovers::is_system_header_type;
use crate::track::{Fragment, Index};

use super::movie::movie_edits;
use super::record::{file_type, keeps_file_type};
use super::segments::{Segments, is_index};

/// How many boxes of each kind are touched, and how: by the types of the boxes around them, and their own.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Touched(Vec<PlannedBox>);

impl Touched {
    /// Counts one more.
    pub fn count(&mut self, parent: &str, id: BoxId, action: Action) {
        self.count_all(parent, id, action, 1);
    }

    fn count_all(&mut self, parent: &str, id: BoxId, action: Action, count: usize) {
        // There are few kinds, whatever the file: each is one that an edit knows.
        let mut known = self.0.iter_mut();
        match known.find(|known| known.id == id && known.action == action && known.parent == parent) {
            Some(known) => known.count += len_u64(count),
            None => self.0.push(PlannedBox {
                parent: parent.to_owned(),
                id,
                name: name(parent, id),
                action,
                count: len_u64(count),
                why: why(id, action),
            }),
        }
    }

    /// Counts the `mdat` boxes in `media` that have encrypted bytes, by what was found of the samples.
    pub fn count_media(
        &mut self,
        plan: &Plan,
        fragment: &Fragment,
        entries: &[Option<SampleEncryptionEntries>],
        media: &Window<'_>,
    ) {
        let mut encrypted: Vec<(u64, u64)> = Vec::new();
        for (track, entries) in fragment.tracks.iter().zip(entries) {
            let protection = plan.protection(track.tfhd.track_id);
            let (Some(entries), Some(protection)) = (entries, protection) else { continue };
            let maps = entries.iter(protection.ivs.size(), track.sample_count);
            let touches = |len: u32| plan.scheme.encrypted(protection.pattern, u64::from(len)) > 0;
            for ((start, size), (_, map)) in track.samples().zip(maps) {
                let whole = map.is_empty() && touches(size);
                if whole || map.iter().any(|subsample| touches(subsample.protected)) {
                    encrypted.push((start, u64::from(size)));
                }
            }
        }
        sort_pairs(&mut encrypted);
        let mut r = Reader::new(media.bytes, media.start);
        while let Ok(header) = BoxHeader::read(&mut r.clone(), len_u64(r.remaining())) {
            let start = r.offset();
            if r.sub(header.size, "A box").is_err() {
                break;
            }
            let inside = encrypted.partition_point(|(at, _)| *at < start);
            if header.id.is(b"mdat") && encrypted.get(inside).is_some_and(|(at, _)| *at < r.offset()) {
                self.count("", header.id, Action::Change);
            }
        }
    }

    /// All of them, in the order in which they were met first.
    pub fn boxes(&self) -> &[PlannedBox] {
        &self.0
    }
}

/// One kind of box that the plan touches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlannedBox {
    /// Types of the boxes around it, joined by `/`; empty at top level.
    pub parent: String,
    /// What kind of box.
    pub id: BoxId,
    /// Human name.
    pub name: &'static str,
    /// What happens to it.
    pub action: Action,
    /// How many of them.
    pub count: u64,
    /// Why, in a few words.
    pub why: &'static str,
}

/// The name of a box in one at this path. What is in a sample entry stands in the list as in `stsd`, beside the entries.
fn name(parent: &str, id: BoxId) -> &'static str {
    match registry::lookup(id, parent.as_bytes().last_chunk().map(four)) {
        Known::Unknown => registry::lookup(id, None).name(),
        known => known.name(),
    }
}

/// Why boxes change, by type.
const WHY: &str = "\
ftypbrands say what the file has become
psshthe PlayReady header, and the key ID for browsers
sinfscheme, key ID and what the entry was before
moofthe samples of each fragment
moovthe tracks of all files
stblits samples are in the fragments
mvexsays that the movie goes on in fragments
trexsays that the movie goes on in fragments
tfhddata offsets count from the fragment
tfdtdecode times, which browsers need
trundata offsets move
saizsizes of the IVs and subsample maps
saiowhere the IVs stand
sencIVs and subsample maps
mdatsamples are encrypted; sizes stay
sidxsizes of the segments
ssixsizes of the subsegments
schmthe scheme, as the form calls it
tenckey ID and IVs of the track
stsdclear entries for the clear lead
sbgpwhich samples have another key
sgpdthe other key
mfraoffsets of the fragments
metaoffsets of its items
ilocoffsets of its items
";

fn why(id: BoxId, action: Action) -> &'static str {
    if action == Action::Remove {
        if [b"sidx", b"ssix", b"mfra"].iter().any(|code| id.is(code)) {
            return "of the file as it was";
        }
        return "of an earlier encryption";
    }
    if id == piff::PROTECTION_SYSTEM {
        return "the PlayReady header for PIFF players";
    }
    if id == record::CLEAR_FILE || id == record::CLEAR_FRAGMENT {
        return "how the clear file was written, so that it can be had again";
    }
    if id == piff::TRACK_ENCRYPTION {
        return "key ID and IVs of the track for PIFF players";
    }
    if id == piff::SAMPLE_ENCRYPTION {
        return "IVs and subsample maps for PIFF players";
    }
    match name_in(WHY, id.four_cc()) {
        "" if action == Action::Add => "for the samples of the clear lead",
        "" if WRAPPED.contains(&&id.four_cc().0) => "its samples are encrypted otherwise, or no more",
        "" => "becomes a protected sample entry",
        why => why,
    }
}

/// Where what is protected comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// It is the file, as it stands.
    Found,
    /// It is the fragmented file that is made of one with samples in its movie header.
    Fragmented {
        /// How many of its fragments stand nowhere yet.
        made: usize,
    },
    /// It is made of several files.
    Merged,
}

/// The boxes outside fragments that a plan touches, and what makes a fragmented file of others. `index` is of that file.
pub fn planned_boxes(index: &Index, plan: &Plan, origin: Origin) -> Result<Touched> {
    let mut touched = Touched::default();
    let made = origin != Origin::Found;
    if origin == Origin::Merged {
        touched.count("", four(b"moov"), Action::Add);
    }
    if let Origin::Fragmented { .. } = origin {
        let tracks = index.movie.as_ref().map_or(0, |movie| movie.tracks.len());
        touched.count("moov", four(b"mvex"), Action::Add);
        touched.count_all("moov/trak/…", four(b"stbl"), Action::Change, tracks);
    }
    if made {
        let count = if let Origin::Fragmented { made } = origin { made } else { index.fragments.len() };
        touched.count_all("", four(b"moof"), Action::Add, count);
    }
    let new_type = file_type(plan, index);
    match &index.file_type {
        _ if keeps_file_type(plan) => {}
        None if new_type.is_empty() => {}
        None => touched.count("", four(b"ftyp"), Action::Add),
        Some(_) if new_type.is_empty() => touched.count("", four(b"ftyp"), Action::Remove),
        Some(old) if old.to_box(0) != new_type => touched.count("", four(b"ftyp"), Action::Change),
        Some(_) => {}
    }
    if let (Some(moov), Some(movie)) = (&index.moov, &index.movie) {
        let edits = movie_edits(plan, moov, movie)?;
        edits.for_each_touched(moov, &mut |parent, id, action| touched.count(parent, id, action));
    }
    for top in index.top.iter() {
        if (plan.segment_index || plan.segments) && is_index(index, &top) {
            touched.count("", top.id, Action::Remove);
        } else if top.id.is(b"sidx") || top.id.is(b"ssix") {
            touched.count("", top.id, Action::Change);
        } else if is_system_header_type(top.id) && plan.change.is_none() {
            touched.count("", top.id, Action::Remove);
        }
    }
    for (tree, node) in index.item_locations() {
        let iloc: ItemLocationBox = tree.read(node)?;
        if iloc.locations.items.iter().any(|item| item.is_in_file() && !item.extents.is_empty()) {
            touched.count("meta", node.id(), Action::Change);
        }
    }
    if plan.segment_index {
        touched.count("", four(b"sidx"), Action::Add);
    }
    if plan.segments {
        // What is made for one file is not made here.
        if index.mfra.is_some() && !made {
            touched.count("", four(b"mfra"), Action::Remove);
        }
    } else if index.mfra.is_none() && index.top.iter().any(|top| top.id.is(b"mfra")) {
        touched.count("", four(b"mfra"), Action::Remove);
    } else if index.mfra.is_some() {
        touched.count("", four(b"mfra"), if made { Action::Add } else { Action::Change });
    }
    let cut = index.cut.and_then(|start| index.top.at(start)).filter(|top| !top.id.is(b"mfra"));
    if let Some(top) = cut {
        touched.count("", top.id, Action::Remove);
    }
    Ok(touched)
}

/// Bytes by which everything but the fragments grows. Exact: the index boxes keep their lengths unless an offset
/// outgrows 32 bits.
pub fn fixed_growth(index: &Index, plan: &Plan) -> Result<i64> {
    let (Some(moov), Some(movie)) = (&index.moov, &index.movie) else { return Ok(0) };
    let signed = |n: u64| i64::try_from(n).unwrap_or(i64::MAX);
    let movie = movie_edits(plan, moov, movie)?.apply(moov);
    let movie_growth = signed(len_u64(movie.len())) - signed(moov.root().header.size);
    let old_type = index.top.iter().find(|top| top.id.is(b"ftyp")).map_or(0, |top| top.size);
    let new_type = if keeps_file_type(plan) { old_type } else { len_u64(file_type(plan, index).len()) };
    let mut growth = movie_growth + signed(new_type) - signed(old_type);
    if plan.segment_index {
        growth += signed(Segments::of(index)?.index_len());
    }
    let indexes_go = plan.segment_index || plan.segments;
    let mfra_goes = plan.segments || index.mfra.is_none();
    for top in index.top.iter() {
        let is_index = (indexes_go && is_index(index, &top)) || (mfra_goes && top.id.is(b"mfra"));
        if is_index || index.cut == Some(top.start) {
            growth -= signed(top.size);
        }
    }
    Ok(growth)
}

/// What is worth knowing of how a track's samples were protected, as plain sentences.
pub fn tally_notes(track_id: u32, tally: &Tally) -> Vec<String> {
    let mut notes = Vec::new();
    if tally.other_slices > 0 {
        let percent = tally.other_slices * 100 / tally.bytes.max(1);
        let share = if percent == 0 { "Less than 1".to_owned() } else { percent.to_string() };
        notes.push(format!(
            "{share} % of track {track_id} is in slices of a kind that this form leaves clear: extensions, \
             auxiliary pictures, partitions B and C. The form piff encrypts them too."
        ));
    }
    if tally.short_ends > 0 {
        let samples = if tally.short_ends == 1 { "sample ends" } else { "samples end" };
        notes.push(format!(
            "In track {track_id}, {} {samples} with a few bytes that are no NAL unit; these bytes stay clear.",
            tally.short_ends
        ));
    }
    if tally.other_sets > 0 {
        let samples = if tally.other_sets == 1 { "sample has" } else { "samples have" };
        notes.push(format!(
            "In track {track_id}, {} {samples} a sequence header that is not the one in the codec configuration: pictures change on \
             the way, or the configuration is of another film. Players that set up by it may show nothing; then take the \
             initialization segment that these samples were made with.",
            tally.other_sets
        ));
    }
    notes
}

/// A few words on a fragment: its tracks and samples.
pub fn fragment_note(index: &Index, parts: &[FragmentPart]) -> String {
    let mut words = Vec::new();
    for part in parts.iter().take(8) {
        let kind =
            index.movie.as_ref().and_then(|movie| movie.track(part.track_id)).map(|track| track.handler);
        let kind = kind.map_or("", crate::boxes::movie::handler_name);
        let samples = if part.samples == 1 { "sample" } else { "samples" };
        words.push(format!("track {} {kind}, {} {samples}", part.track_id, part.samples).replace(" ,", ","));
    }
    if parts.len() > words.len() {
        words.push("…".to_owned());
    }
    words.join(" · ")
}
