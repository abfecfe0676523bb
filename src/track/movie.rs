//! The movie: its tracks and their defaults, read from `moov` (ISO/IEC 14496-12:2022 8.2 to 8.4, 8.8).

use crate::boxes::BoxBody;
use crate::boxes::fragment::SampleFlags;
use crate::boxes::media::of_handler;
use crate::boxes::movie::{
    EditList, ExtendedLanguage, Handler, MediaHeader, MovieExtendsHeader, MovieHeader, TrackExtends,
    TrackHeader,
};
use crate::boxes::record::{CLEAR_FILE, ClearFile, HAD_HALF_THE_ENTRIES};
use crate::boxes::sample_types::Layout;
use crate::boxes::types::Language;
use crate::boxes::{Node, Tree, piff};
use crate::bytes::units::{sort_pairs, to_len};
use crate::bytes::{Error, FourCc, Uuid16, limits};

use super::encryption::KeyGroups;
use super::entry::SampleEntry;
use super::table::SampleTable;

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
    /// What else is said of a sample.
    pub flags: SampleFlags,
}

/// One track.
#[derive(Clone, Debug)]
pub struct Track {
    /// File offset of its `trak`.
    pub start: u64,
    /// Track ID; 0, which no track may have, where the file says none.
    pub id: u32,
    /// Kind of media.
    pub kind: TrackKind,
    /// Handler type.
    pub handler: FourCc,
    /// Ticks a second; 0 where the file says none.
    pub timescale: u32,
    /// Ticks, where `mdhd` says.
    pub duration: Option<u64>,
    /// Language, where the file says a valid one other than `und`.
    pub language: Option<String>,
    /// Its sample entries.
    pub entries: Vec<SampleEntry>,
    /// Defaults of its fragments; `None` when `mvex` has none for it.
    pub defaults: Option<FragmentDefaults>,
    /// What the sample table of `moov` says: of samples outside fragments.
    pub table: SampleTable,
    /// File offset of the data reference that says its samples are in another file, when one does that it uses.
    pub external: Option<u64>,
    /// Groups of its samples that are encrypted each in its own way.
    pub key_groups: KeyGroups,
    /// Media time at which the single edit starts, when there is an edit list of that form.
    pub edit_start: Option<i64>,
}

/// The movie.
#[derive(Clone, Debug, Default)]
pub struct Movie {
    /// Ticks a second of `mvhd` and `mehd`; 0 where the file says none.
    pub timescale: u32,
    /// Ticks, where `mvhd` says: of the samples outside fragments.
    pub duration: Option<u64>,
    /// Ticks of the whole, where `mehd` says.
    pub whole_duration: Option<u64>,
    /// Whether it goes on in fragments (`mvex`).
    pub fragmented: bool,
    /// Its tracks, in file order.
    pub tracks: Vec<Track>,
    /// DRM systems that it carries headers of, the first of them.
    pub systems: Vec<Uuid16>,
    /// What the file was when it was clear, where Boxlock protected it.
    pub record: Option<ClearFile>,
    by_id: ById,
}

/// Where in a list an ID is: found without going through the list, which a file may make long.
#[derive(Clone, Debug, Default)]
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

/// A duration of 0 or all ones, in either width, says that the length is unknown.
fn known(duration: u64) -> Option<u64> {
    (![0, u64::from(u32::MAX), u64::MAX].contains(&duration)).then_some(duration)
}

impl Movie {
    /// Reads a `moov` tree. What is missing or damaged costs itself alone: it is added to `problems`, with its offset.
    pub fn read(tree: &Tree<'_>, problems: &mut Vec<Error>) -> Self {
        let moov = tree.root();
        if let Some(cmov) = moov.child(b"cmov") {
            let message = "The movie header is compressed (QuickTime's 'cmov'), and Boxlock does not read what is in it. Write \
                           the file again without compression, with: ffmpeg -i input.mov -map 0 -c copy output.mov";
            problems.push(Error::unsupported("compressed-movie", message).at(cmov.start));
            return Self::default();
        }
        let mut reading = Reading { tree, problems };
        let mvhd: MovieHeader = reading.required(moov, b"mvhd").unwrap_or_default();
        let mvex = moov.child(b"mvex");
        let mehd = mvex.and_then(|mvex| reading.optional::<MovieExtendsHeader>(mvex, b"mehd"));
        let mut defaults = Vec::new();
        for trex in mvex.iter().flat_map(|mvex| mvex.all(b"trex")) {
            let Some(trex) = reading.one::<TrackExtends>(trex) else { continue };
            defaults.push((
                trex.track_id,
                FragmentDefaults {
                    sample_description_index: trex.default_sample_description_index,
                    duration: trex.default_sample_duration,
                    size: trex.default_sample_size,
                    flags: SampleFlags(trex.default_sample_flags),
                },
            ));
        }
        let by_id = ById::of(&mut defaults.iter().map(|(id, _)| *id));
        let of_track =
            |id: u32| by_id.find(id).and_then(|place| defaults.get(place)).map(|(_, found)| *found);
        let mut entries = 0;
        let mut tracks: Vec<Track> = Vec::new();
        for trak in moov.all(b"trak") {
            if tracks.len() == limits::TRACKS {
                let message = format!("The file has more than {} tracks.", limits::TRACKS);
                reading.problems.push(Error::limit("too-many-tracks", message).at(trak.start));
                break;
            }
            let sound = reading.problems.len();
            let track = reading.track(trak, limits::SAMPLE_ENTRIES - entries, &of_track);
            entries += track.entries.len();
            let place = format!("Track {}: ", track.id);
            for problem in reading.problems.iter_mut().skip(sound) {
                *problem = problem.clone().preceded_by(&place);
            }
            tracks.push(track);
        }
        let mut ids: Vec<(u64, u64)> = tracks.iter().map(|track| (track.id.into(), track.start)).collect();
        sort_pairs(&mut ids);
        for pair in ids.windows(2) {
            if let [(first, _), (second, start)] = pair
                && first == second
                && *first != 0
            {
                let message = format!("Two tracks have the ID {first}; IDs must differ.");
                problems.push(Error::file("duplicate-track-id", message).at(*start));
            }
        }
        let mut systems = Vec::new();
        for child in &moov.children {
            add_system(&mut systems, tree, child);
        }
        let mut movie = Self {
            timescale: mvhd.timescale,
            duration: known(mvhd.duration.0),
            whole_duration: mehd.and_then(|mehd| known(mehd.fragment_duration.0)),
            fragmented: mvex.is_some(),
            tracks,
            systems,
            record: moov.child_id(CLEAR_FILE).and_then(|node| tree.read(node).ok()),
            by_id: ById(Vec::new()),
        };
        movie.number();
        movie
    }

    /// Takes the tracks of another movie header that was joined to the file.
    pub(super) fn join(&mut self, other: Self) {
        self.tracks.extend(other.tracks);
        for system in other.systems {
            if !self.systems.contains(&system) {
                self.systems.push(system);
            }
        }
        self.number();
    }

    fn number(&mut self) {
        self.by_id = ById::of(&mut self.tracks.iter().map(|track| track.id));
    }

    /// Of a track that got clear sample entries for a clear lead: how many it had before.
    pub fn entries_before_lead(&self, track: &Track) -> Option<usize> {
        let half = track.entries.len() / 2;
        let (first, second) = track.entries.split_at_checked(half)?;
        let is_led = self.record.as_ref()?.head.has(HAD_HALF_THE_ENTRIES)
            && first.len() == second.len()
            && first.iter().all(SampleEntry::has_protected_type)
            && !second.iter().any(SampleEntry::has_protected_type);
        (is_led && half > 0).then_some(half)
    }

    /// Whether all samples are elsewhere: it says that it goes on in fragments, and has none itself.
    pub fn is_initialization(&self) -> bool {
        self.fragmented && self.samples_in_tables() == 0
    }

    /// Samples in the tables of all tracks.
    pub fn samples_in_tables(&self) -> u64 {
        self.tracks.iter().map(|track| track.table.samples).sum()
    }

    /// The track with ID `id`.
    pub fn track(&self, id: u32) -> Option<&Track> {
        self.tracks.get(self.position(id)?)
    }

    /// What is wrong with sample entries.
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

/// Adds the DRM system that `node` is a header of, in either form.
pub(super) fn add_system(systems: &mut Vec<Uuid16>, tree: &Tree<'_>, node: &Node) {
    if !node.id().is(b"pssh") && node.id() != piff::PROTECTION_SYSTEM {
        return;
    }
    // Both forms: version and flags, then the SystemID.
    let mut fields = tree.body(node);
    let system = fields.u32("version and flags").and_then(|_| fields.array("SystemID")).ok().map(Uuid16);
    let new = |system: &Uuid16| systems.len() < limits::SYSTEMS && !systems.contains(system);
    systems.extend(system.filter(new));
}

/// A movie header being read.
struct Reading<'r, 't> {
    tree: &'r Tree<'t>,
    problems: &'r mut Vec<Error>,
}

impl Reading<'_, '_> {
    /// One box, unless it is damaged.
    fn one<B: BoxBody>(&mut self, node: &Node) -> Option<B> {
        self.tree.read(node).map_err(|error| self.problems.push(error)).ok()
    }

    fn optional<B: BoxBody>(&mut self, parent: &Node, code: &[u8; 4]) -> Option<B> {
        self.one(parent.child(code)?)
    }

    fn required<B: BoxBody>(&mut self, parent: &Node, code: &[u8; 4]) -> Option<B> {
        let node = self.child(parent, code)?;
        self.one(node)
    }

    fn child<'n>(&mut self, parent: &'n Node, code: &[u8; 4]) -> Option<&'n Node> {
        let found = parent.child(code);
        if found.is_none() {
            let message =
                format!("Box '{}' has no '{}' box, which it must have.", parent.id(), FourCc(*code));
            self.problems.push(Error::file("missing-box", message).at(parent.start));
        }
        found
    }

    fn track(
        &mut self,
        trak: &Node,
        most_entries: usize,
        defaults: &dyn Fn(u32) -> Option<FragmentDefaults>,
    ) -> Track {
        let tkhd: TrackHeader = self.required(trak, b"tkhd").unwrap_or_default();
        let mut track = Track {
            start: trak.start,
            id: tkhd.track_id,
            kind: TrackKind::Other,
            handler: FourCc::default(),
            timescale: 0,
            duration: None,
            language: None,
            entries: Vec::new(),
            defaults: defaults(tkhd.track_id),
            table: SampleTable::default(),
            external: None,
            key_groups: KeyGroups::default(),
            edit_start: None,
        };
        if let Some(elst) = trak.descend(&[b"edts", b"elst"])
            && let Ok(elst) = self.tree.read::<EditList>(elst)
        {
            track.edit_start = match elst.entries.entries.as_slice() {
                [only] if only.media_time.0 >= 0 => Some(only.media_time.0),
                _ => None,
            };
        }
        if let Some(mdia) = self.child(trak, b"mdia") {
            self.media(mdia, most_entries, &mut track);
        }
        track
    }

    fn media(&mut self, mdia: &Node, most_entries: usize, track: &mut Track) {
        let mut language = Language::default();
        if let Some(mdhd) = self.required::<MediaHeader>(mdia, b"mdhd") {
            track.timescale = mdhd.timescale;
            track.duration = known(mdhd.duration.0);
            language = mdhd.language;
            track.language = language.code();
        }
        let elng = self.optional::<ExtendedLanguage>(mdia, b"elng");
        if let Some(elng) = elng.filter(|elng| !elng.extended_language.bytes.is_empty()) {
            track.language = Some(String::from_utf8_lossy(&elng.extended_language.bytes).into_owned());
        }
        let hdlr: Option<Handler> = self.required(mdia, b"hdlr");
        // QuickTime writes a component type where MP4 files have zeros.
        if track.language.is_none() && hdlr.as_ref().is_some_and(|hdlr| hdlr.pre_defined != 0) {
            track.language = language.code_in_quicktime();
        }
        track.language.take_if(|language| *language == "und" || language.is_empty());
        let minf = self.child(mdia, b"minf");
        track.handler = match (&hdlr, minf) {
            (Some(hdlr), _) => hdlr.handler_type,
            // The media header says it as well.
            (None, Some(minf)) if minf.child(b"vmhd").is_some() => FourCc(*b"vide"),
            (None, Some(minf)) if minf.child(b"smhd").is_some() => FourCc(*b"soun"),
            (None, _) => FourCc::default(),
        };
        track.kind = match (of_handler(track.handler), &track.handler.0) {
            (Layout::Visual, _) => TrackKind::Video,
            (Layout::Audio, _) => TrackKind::Audio,
            (_, b"text" | b"subt" | b"sbtl" | b"clcp" | b"subp") => TrackKind::Text,
            _ => TrackKind::Other,
        };
        let Some(stbl) = minf.and_then(|minf| self.child(minf, b"stbl")) else { return };
        track.table = SampleTable::read(self.tree, stbl);
        track.key_groups = KeyGroups::read(self.tree, stbl);
        let Some(stsd) = self.child(stbl, b"stsd") else { return };
        track.external = external(self.tree, mdia, stsd);
        for entry in &stsd.children {
            if track.entries.len() == most_entries {
                let message = format!("The tracks have more than {} sample entries.", limits::SAMPLE_ENTRIES);
                self.problems.push(Error::limit("too-many-sample-entries", message).at(stsd.start));
                break;
            }
            track.entries.push(SampleEntry::read(self.tree, entry, track.kind));
        }
    }
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
