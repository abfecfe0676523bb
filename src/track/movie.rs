//! The movie: its tracks and their defaults, read from `moov` (ISO/IEC 14496-12:2022 8.2 to 8.4, 8.8).

use crate::boxes::movie::{
    EditList, ExtendedLanguage, Handler, MediaHeader, MovieExtendsHeader, MovieHeader, TrackExtends,
    TrackHeader,
};
use crate::boxes::{Node, Tree, piff};
use crate::bytes::units::{sort_pairs, to_len};
use crate::bytes::{Error, FourCc, Result, Uuid16, limits};

use super::entry::SampleEntry;

/// What kind of media a track holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TrackKind {
    /// Pictures.
    Video,
    /// Sound.
    Audio,
    /// Text or subtitles.
    Text,
    /// Anything else.
    Other,
}

/// Defaults of a track's fragments (`trex`).
#[derive(Clone, Copy, Debug, Default)]
pub struct FragmentDefaults {
    /// Which sample entry, from 1.
    pub sample_description_index: u32,
    /// Ticks.
    pub duration: u32,
    /// Bytes.
    pub size: u32,
}

/// One track.
#[derive(Clone, Debug)]
pub struct Track {
    /// File offset of its `trak`.
    pub start: u64,
    /// Track ID.
    pub id: u32,
    /// Kind of media.
    pub kind: TrackKind,
    /// Handler type.
    pub handler: FourCc,
    /// Ticks a second.
    pub timescale: u32,
    /// Ticks, where the file says.
    pub duration: Option<u64>,
    /// Language, where the file says a valid one other than `und`.
    pub language: Option<String>,
    /// Its sample entries.
    pub entries: Vec<SampleEntry>,
    /// Defaults of its fragments; `None` when `mvex` has none for it.
    pub defaults: Option<FragmentDefaults>,
    /// Samples in the sample table of `moov`: those outside fragments.
    pub table_samples: u64,
    /// File offset of the data reference that says its samples are in another file, when one does that it uses.
    pub external: Option<u64>,
    /// Media time at which the single edit starts, when there is an edit list of that form.
    pub edit_start: Option<i64>,
}

/// The movie.
#[derive(Clone, Debug)]
pub struct Movie {
    /// Ticks a second of `mvhd` and `mehd`.
    pub timescale: u32,
    /// Ticks, where the file says.
    pub duration: Option<u64>,
    /// Whether it goes on in fragments (`mvex`).
    pub fragmented: bool,
    /// Its tracks, in file order.
    pub tracks: Vec<Track>,
    /// DRM systems that it carries headers of, the first of them.
    pub systems: Vec<Uuid16>,
    by_id: ById,
}

/// Where in a list an ID is: found without going through the list, which a file may make long.
#[derive(Clone, Debug)]
struct ById(Vec<(u64, u64)>);

impl ById {
    fn of(ids: &mut dyn Iterator<Item = u32>) -> Self {
        let mut pairs: Vec<(u64, u64)> = ids.map(u64::from).zip(0..).collect();
        sort_pairs(&mut pairs);
        Self(pairs)
    }

    /// The first place of `id`.
    fn find(&self, id: u32) -> Option<usize> {
        let id = u64::from(id);
        let (found, place) = self.0.get(self.0.partition_point(|(other, _)| *other < id))?;
        (*found == id).then_some(to_len(*place))
    }
}

/// A duration of 0 or all ones says that the length is unknown.
fn known(duration: u64, version: u8) -> Option<u64> {
    let unknown = if version == 0 { u64::from(u32::MAX) } else { u64::MAX };
    (duration != 0 && duration != unknown).then_some(duration)
}

impl Movie {
    /// Reads a `moov` tree.
    pub fn read(tree: &Tree<'_>) -> Result<Self> {
        let moov = tree.root();
        let mvhd: MovieHeader = tree.read(required(moov, b"mvhd")?)?;
        let mvex = moov.child(b"mvex");
        let mut duration = known(mvhd.duration.0, mvhd.head.version);
        let mut defaults = Vec::new();
        if let Some(mvex) = mvex {
            if let Some(mehd) = mvex.child(b"mehd") {
                let mehd: MovieExtendsHeader = tree.read(mehd)?;
                duration = known(mehd.fragment_duration.0, mehd.head.version).or(duration);
            }
            for trex in mvex.all(b"trex") {
                let trex: TrackExtends = tree.read(trex)?;
                defaults.push((
                    trex.track_id,
                    FragmentDefaults {
                        sample_description_index: trex.default_sample_description_index,
                        duration: trex.default_sample_duration,
                        size: trex.default_sample_size,
                    },
                ));
            }
        }
        let by_id = ById::of(&mut defaults.iter().map(|(id, _)| *id));
        let of_track =
            |id: u32| by_id.find(id).and_then(|place| defaults.get(place)).map(|(_, found)| *found);
        let mut entries = 0;
        let mut tracks: Vec<Track> = Vec::new();
        for trak in moov.all(b"trak") {
            let inside = |error: Error| error.inside(moov.segment(trak)).inside("moov");
            let mut track = read_track(tree, trak, &of_track).map_err(inside)?;
            for entry in &mut track.entries {
                entry.damage_inside(&moov.segment(trak));
                entry.damage_inside("moov");
            }
            if tracks.iter().any(|other| other.id == track.id) {
                let message = format!("Two tracks have the ID {}; IDs must differ.", track.id);
                return Err(inside(Error::file("duplicate-track-id", message).at(trak.start)));
            }
            if tracks.len() == limits::TRACKS {
                let message = format!("The file has more than {} tracks.", limits::TRACKS);
                return Err(Error::limit("too-many-tracks", message).at(trak.start));
            }
            entries += track.entries.len();
            if entries > limits::SAMPLE_ENTRIES {
                return Err(inside(too_many_entries(trak)));
            }
            tracks.push(track);
        }
        let mut systems = Vec::new();
        for child in &moov.children {
            let system = if child.id().is(b"pssh") || child.id() == piff::PROTECTION_SYSTEM {
                // Both forms: version and flags, then the SystemID.
                let mut fields = tree.body(child);
                fields.u32("version and flags").and_then(|_| fields.array("SystemID")).ok().map(Uuid16)
            } else {
                None
            };
            let new = |system: &Uuid16| systems.len() < limits::SYSTEMS && !systems.contains(system);
            systems.extend(system.filter(new));
        }
        let by_id = ById::of(&mut tracks.iter().map(|track| track.id));
        Ok(Self { timescale: mvhd.timescale, duration, fragmented: mvex.is_some(), tracks, systems, by_id })
    }

    /// The track with ID `id`.
    pub fn track(&self, id: u32) -> Option<&Track> {
        self.tracks.get(self.position(id)?)
    }

    /// What is wrong with sample entries, with paths from `moov` on.
    pub fn entry_damage(&self) -> impl Iterator<Item = &Error> {
        self.tracks.iter().flat_map(|track| &track.entries).flat_map(|entry| &entry.damage)
    }

    /// Where among the tracks the one with ID `id` is.
    pub fn position(&self, id: u32) -> Option<usize> {
        self.by_id.find(id)
    }
}

impl Track {
    /// The sample entry with 1-based index `index`.
    pub fn entry(&self, index: u32) -> Option<&SampleEntry> {
        self.entries.get(usize::try_from(index.checked_sub(1)?).ok()?)
    }

    /// The first protected sample entry's protection.
    pub fn protection(&self) -> Option<&super::Protection> {
        self.entries.iter().find_map(|entry| entry.protection.as_ref())
    }
}

fn required<'t>(node: &'t Node, code: &[u8; 4]) -> Result<&'t Node> {
    node.child(code).ok_or_else(|| {
        let code = FourCc(*code);
        Error::file("missing-box", format!("Box '{}' has no '{code}' box, which it must have.", node.id()))
            .at(node.start)
    })
}

fn too_many_entries(node: &Node) -> Error {
    let message = format!("The tracks have more than {} sample entries.", limits::SAMPLE_ENTRIES);
    Error::limit("too-many-sample-entries", message).at(node.start)
}

fn read_track(
    tree: &Tree<'_>,
    trak: &Node,
    defaults: &dyn Fn(u32) -> Option<FragmentDefaults>,
) -> Result<Track> {
    let tkhd: TrackHeader = tree.read(required(trak, b"tkhd")?)?;
    let mdia = required(trak, b"mdia")?;
    let mdhd: MediaHeader = tree.read(required(mdia, b"mdhd")?)?;
    let hdlr: Handler = tree.read(required(mdia, b"hdlr")?)?;
    let kind = match &hdlr.handler_type.0 {
        b"vide" => TrackKind::Video,
        b"soun" => TrackKind::Audio,
        b"text" | b"subt" | b"sbtl" | b"clcp" => TrackKind::Text,
        _ => TrackKind::Other,
    };
    let stbl = required(required(mdia, b"minf")?, b"stbl")?;
    let stsd = required(stbl, b"stsd")?;
    if stsd.children.len() > limits::SAMPLE_ENTRIES {
        return Err(too_many_entries(stsd));
    }
    let mut entries = Vec::new();
    for entry in &stsd.children {
        let mut read = SampleEntry::read(tree, entry, kind);
        read.damage_inside(&stsd.segment(entry));
        read.damage_inside("mdia/minf/stbl/stsd");
        entries.push(read);
    }
    let language = match mdia.child(b"elng") {
        Some(elng) => {
            let text: ExtendedLanguage = tree.read(elng)?;
            Some(String::from_utf8_lossy(&text.extended_language.bytes).into_owned())
        }
        None => mdhd.language.code(),
    };
    Ok(Track {
        start: trak.start,
        id: tkhd.track_id,
        kind,
        handler: hdlr.handler_type,
        timescale: mdhd.timescale,
        duration: known(mdhd.duration.0, mdhd.head.version),
        language: language.filter(|language| language != "und" && !language.is_empty()),
        entries,
        defaults: defaults(tkhd.track_id),
        table_samples: table_samples(tree, stbl),
        external: external(tree, mdia, stsd),
        edit_start: edit_start(tree, trak),
    })
}

/// The number of samples in `stsz` or `stz2`: both have it after version, flags and four further bytes.
fn table_samples(tree: &Tree<'_>, stbl: &Node) -> u64 {
    let Some(sizes) = stbl.child(b"stsz").or_else(|| stbl.child(b"stz2")) else { return 0 };
    let mut fields = tree.body(sizes);
    let count = fields.take(8, "stsz").and_then(|_| fields.u32("sample_count"));
    count.map_or(0, u64::from)
}

/// The data reference of a sample entry that is not "in this file" (ISO/IEC 14496-12:2022 8.7.2). References that are
/// missing are overlooked, as players do.
fn external(tree: &Tree<'_>, mdia: &Node, stsd: &Node) -> Option<u64> {
    let references = &mdia.descend(&[b"minf", b"dinf", b"dref"])?.children;
    stsd.children.iter().find_map(|entry| {
        let mut fields = tree.body(entry);
        fields.take(6, "reserved").ok()?;
        let number = usize::from(fields.u16("data_reference_index").ok()?).checked_sub(1)?;
        let reference = references.get(number)?;
        let flags = tree.body(reference).u32("version and flags").ok()?;
        // Data in `imda` boxes is counted from there, and not from the file.
        let is_imda = reference.id().is(b"imdt") || reference.id().is(b"snim");
        (flags & 1 == 0 || is_imda).then_some(reference.start)
    })
}

fn edit_start(tree: &Tree<'_>, trak: &Node) -> Option<i64> {
    let elst: EditList = tree.read(trak.descend(&[b"edts", b"elst"])?).ok()?;
    match elst.entries.entries.as_slice() {
        [only] if only.media_time.0 >= 0 => Some(only.media_time.0),
        _ => None,
    }
}
