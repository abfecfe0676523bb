//! The movie header of a file that is put together of others: the tracks of all, under IDs that differ.

use crate::boxes::header::{four, wrap};
use crate::boxes::movie::{EditList, MovieExtendsHeader, MovieHeader, TrackExtends, TrackHeader};
use crate::boxes::types::Wide;
use crate::boxes::wire::FullHead;
use crate::boxes::{BoxBody, Edits, Node, Tree};
use crate::bytes::units::to_len;
use crate::bytes::{Error, Result};
use crate::track::joint::NewIds;
use crate::track::{Movie, Track, TrackKind};

/// The movie header of one of the files.
#[derive(Clone, Copy, Debug)]
pub struct Header<'m> {
    /// The `moov`.
    pub tree: &'m Tree<'m>,
    /// What it says.
    pub movie: &'m Movie,
}

/// IDs for the tracks of all files: the first keeps its own, the others where they are free.
pub fn new_ids(headers: &[Header<'_>]) -> Vec<NewIds> {
    let all = || headers.iter().flat_map(|header| &header.movie.tracks).map(|track| track.id);
    // All ones would leave none for the next.
    let mut next = all().filter(|id| *id < u32::MAX / 2).max().unwrap_or(0) + 1;
    let mut used: Vec<u32> = Vec::new();
    let mut ids = Vec::new();
    for header in headers {
        let mut new = NewIds::default();
        for track in &header.movie.tracks {
            if used.contains(&track.id) {
                new.set(track.id, next);
                next += 1;
            }
            used.push(new.of(track.id));
        }
        ids.push(new);
    }
    ids
}

/// Ticks a second that can say all times of the movie headers; where there are none in range, the finest of them.
fn common_timescale(headers: &[Header<'_>]) -> u32 {
    let gcd = |mut a: u64, mut b: u64| {
        while b > 0 {
            (a, b) = (b, a % b);
        }
        a
    };
    let all = || headers.iter().map(|header| u64::from(header.movie.timescale.max(1)));
    let common = all().fold(1, |common: u64, one| (common / gcd(common, one)).saturating_mul(one));
    let finest = || all().max().unwrap_or(1);
    u32::try_from(common)
        .ok()
        .filter(|common| *common < 1 << 30)
        .unwrap_or_else(|| u32::try_from(finest()).unwrap_or(u32::MAX))
}

/// From the ticks of one movie header to those of another.
#[derive(Clone, Copy, Debug)]
struct Rescale {
    from: u64,
    to: u64,
}

impl Rescale {
    fn ticks(self, ticks: u64) -> u64 {
        let (whole, rest) = (ticks / self.from, ticks % self.from);
        whole.saturating_mul(self.to).saturating_add((rest * self.to + self.from / 2) / self.from)
    }

    /// Of a duration, which all ones say is not known.
    fn duration(self, duration: &mut Wide) -> bool {
        let unknown = duration.0 == u64::MAX || duration.0 == u64::from(u32::MAX);
        let ticks = if unknown { duration.0 } else { self.ticks(duration.0) };
        std::mem::replace(&mut duration.0, ticks) != ticks
    }
}

/// The version that a box with a duration takes.
fn version(head: FullHead, longest: u64) -> FullHead {
    let is_long = longest > u64::from(u32::MAX) && longest != u64::MAX;
    FullHead { version: head.version.max(u8::from(is_long)), ..head }
}

/// Which tracks are alternatives to each other, by kind: those of the same kind, where there are several.
struct Groups(Vec<(TrackKind, i16)>);

impl Groups {
    fn of(headers: &[Header<'_>], said: &[i16]) -> Self {
        let tracks = || headers.iter().flat_map(|header| &header.movie.tracks);
        let next = said.iter().copied().max().unwrap_or(0).clamp(0, i16::MAX - 2) + 1;
        let kinds = [TrackKind::Audio, TrackKind::Text].into_iter().zip(next..);
        let several = |(kind, _): &(TrackKind, i16)| tracks().filter(|track| track.kind == *kind).count() > 1;
        // What one of them is in already, the others join.
        let group = |(kind, new): (TrackKind, i16)| {
            let known = tracks().zip(said).find(|(track, said)| track.kind == kind && **said != 0);
            (kind, known.map_or(new, |(_, said)| *said))
        };
        Self(kinds.filter(several).map(group).collect())
    }

    fn group_of(&self, kind: TrackKind) -> i16 {
        self.0.iter().find(|(known, _)| *known == kind).map_or(0, |(_, group)| *group)
    }
}

/// The `moov` of all. `ids` are those of [`new_ids`].
pub fn movie(headers: &[Header<'_>], ids: &[NewIds]) -> Result<Vec<u8>> {
    let Some((first, others)) = headers.split_first() else {
        return Err(Error::caller("no-files", "", "There are no files to merge."));
    };
    let timescale = common_timescale(headers);
    let mut said = Vec::new();
    for Header { tree, .. } in headers {
        for tkhd in tree.root().all(b"trak").map(|trak| trak.child(b"tkhd")) {
            said.push(
                tkhd.map(|node| tree.read::<TrackHeader>(node))
                    .transpose()?
                    .map_or(0, |tkhd| tkhd.alternate_group),
            );
        }
    }
    let groups = Groups::of(headers, &said);
    let mut extends = Vec::new();
    let mut tracks = Vec::new();
    let mut edits = Edits::new();
    for (number, (header, ids)) in headers.iter().zip(ids).enumerate() {
        let mut own = Edits::new();
        let edits = if number == 0 { &mut edits } else { &mut own };
        let scale = Rescale { from: header.movie.timescale.max(1).into(), to: timescale.into() };
        for (trak, track) in header.tree.root().all(b"trak").zip(&header.movie.tracks) {
            edit_track(header.tree, trak, track, ids, scale, &groups, edits)?;
            extends.extend(track_extends(header, track, ids));
        }
        if number > 0 {
            let root = header.tree.root();
            root.children.iter().filter(|node| !node.id().is(b"trak")).for_each(|node| own.remove(node));
            let moov = own.apply(header.tree);
            tracks.extend_from_slice(moov.get(to_len(root.header.header_len())..).unwrap_or_default());
        }
    }
    let root = first.tree.root();
    if let Some(node) = root.child(b"mvhd") {
        let mut mvhd: MovieHeader = first.tree.read(node)?;
        mvhd.timescale = timescale;
        mvhd.duration = Wide(longest(headers, timescale, &|movie| movie.duration).unwrap_or(0));
        mvhd.head = version(mvhd.head, mvhd.duration.0);
        let highest = headers
            .iter()
            .zip(ids)
            .flat_map(|(header, ids)| header.movie.tracks.iter().map(|track| ids.of(track.id)));
        mvhd.next_track_id = highest.max().unwrap_or(0).saturating_add(1);
        edits.replace(node, mvhd.to_box(0));
    }
    // It lists the streams of the file that it was in.
    root.all(b"iods").for_each(|node| edits.remove(node));
    if let Some(last) = root.all(b"trak").last().filter(|_| !others.is_empty()) {
        edits.insert_after(last, &tracks);
    }
    let mut mvex = Vec::new();
    if let Some(whole) = longest(headers, timescale, &|movie| movie.whole_duration) {
        let head = version(FullHead { version: 0, flags: 0 }, whole);
        let mehd = MovieExtendsHeader { head, fragment_duration: Wide(whole), ..Default::default() };
        mvex.extend(mehd.to_box(0));
    }
    mvex.extend(extends);
    for node in root.all(b"mvex") {
        // What else it says is of tracks that keep their IDs.
        let more = node.children.iter().filter(|child| !child.id().is(b"mehd") && !child.id().is(b"trex"));
        more.for_each(|child| mvex.extend_from_slice(first.tree.slice(child.start, child.end())));
        edits.remove(node);
    }
    edits.append(root, &wrap(four(b"mvex"), &mvex));
    Ok(edits.apply(first.tree))
}

/// The longest of the lengths of all files, when all say one.
fn longest(headers: &[Header<'_>], timescale: u32, length: &dyn Fn(&Movie) -> Option<u64>) -> Option<u64> {
    let all = headers.iter().map(|header| {
        let scale = Rescale { from: header.movie.timescale.max(1).into(), to: timescale.into() };
        length(header.movie).map(|ticks| scale.ticks(ticks))
    });
    all.collect::<Option<Vec<u64>>>()?.into_iter().max()
}

/// Times in the ticks of the whole, IDs as they are there.
fn edit_track(
    tree: &Tree<'_>,
    trak: &Node,
    track: &Track,
    ids: &NewIds,
    scale: Rescale,
    groups: &Groups,
    edits: &mut Edits,
) -> Result<()> {
    if let Some(node) = trak.child(b"tkhd") {
        let mut tkhd: TrackHeader = tree.read(node)?;
        tkhd.track_id = ids.of(track.id);
        if tkhd.alternate_group == 0 {
            tkhd.alternate_group = groups.group_of(track.kind);
        }
        scale.duration(&mut tkhd.duration);
        tkhd.head = version(tkhd.head, tkhd.duration.0);
        edits.replace(node, tkhd.to_box(0));
    }
    if let Some(node) = trak.descend(&[b"edts", b"elst"]) {
        let mut elst: EditList = tree.read(node)?;
        let mut longest = 0;
        let mut changed = false;
        for edit in &mut elst.entries.entries {
            changed |= scale.duration(&mut edit.segment_duration);
            longest = longest.max(edit.segment_duration.0);
        }
        if changed {
            elst.head = version(elst.head, longest);
            edits.replace(node, elst.to_box(0));
        }
    }
    // Each box in it lists track IDs (ISO/IEC 14496-12:2022 8.3.3).
    for reference in trak.child(b"tref").iter().flat_map(|tref| &tref.children) {
        let body = tree.slice(reference.body_start(), reference.end());
        let (listed, rest) = body.as_chunks::<4>();
        let new = listed.iter().flat_map(|id| ids.of(u32::from_be_bytes(*id)).to_be_bytes());
        let body: Vec<u8> = new.chain(rest.iter().copied()).collect();
        edits.replace(reference, wrap(reference.id(), &body));
    }
    Ok(())
}

/// The `trex` of a track under its new ID.
fn track_extends(header: &Header<'_>, track: &Track, ids: &NewIds) -> Vec<u8> {
    let tree = header.tree;
    let all = tree.root().all(b"mvex").flat_map(|mvex| mvex.all(b"trex"));
    let known = all.filter_map(|node| tree.read::<TrackExtends>(node).ok());
    let mut trex = known
        .into_iter()
        .find(|trex| trex.track_id == track.id)
        .unwrap_or(TrackExtends { default_sample_description_index: 1, ..TrackExtends::default() });
    trex.track_id = ids.of(track.id);
    trex.to_box(0)
}
