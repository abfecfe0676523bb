//! Why it does not play: for each kind of player what speaks against it, in the order in which to look at it. First what
//! stops it, then what may; in each, as a player comes to it: boxes, tracks, fragments, encryption, headers.

use crate::boxes::systems::system_name;
use crate::bytes::FourCc;
use crate::output::change::form_of;
use crate::protect::Form;
use crate::track::{Index, SampleEntry, SystemHeader, TrackKind};
use crate::verify::offline::{Facts, State};

use super::finding::{Found, Place};
use super::rules::FileRule;

/// One reason against playing.
#[derive(Clone, Debug)]
pub struct Reason {
    /// The rule that is broken; nothing where the file is right and merely not made for this player.
    pub rule: Option<&'static FileRule>,
    /// What it is about, for a person.
    pub title: &'static str,
    /// Whether it stops the player, or may.
    pub state: State,
    /// What is found.
    pub found: String,
    /// What to do.
    pub advice: &'static str,
    /// Where it is, where that is one place.
    pub place: Place,
}

/// What is known of one kind of player.
#[derive(Clone, Debug)]
pub struct Answer {
    /// Which: one of [`all`].
    pub id: &'static str,
    /// What it is called.
    pub title: &'static str,
    /// The reasons against it, in the order in which to look at them.
    pub reasons: Vec<Reason>,
}

type Points = fn(&File<'_>, &mut Vec<Reason>);

/// The kinds of players: ID, name, and what each asks beside rules.
static ASKED: [(&str, &str, Points); 5] = [
    ("windows", "Windows, offline", windows),
    ("smooth", "Smooth Streaming: Silverlight and televisions", smooth),
    ("mse", "Web pages (Media Source Extensions)", mse),
    ("widevine", "Widevine: Chrome and Android", widevine),
    ("fairplay", "FairPlay: Safari and Apple’s devices", fairplay),
];

/// The kinds of players: ID and name.
pub fn all() -> impl Iterator<Item = (&'static str, &'static str)> {
    ASKED.iter().map(|(id, title, _)| (*id, *title))
}

/// What is asked of a file.
struct File<'i> {
    index: &'i Index,
    files: usize,
    /// Sample entries of pictures and sound, with their track IDs.
    entries: Vec<(u32, TrackKind, &'i SampleEntry)>,
    form: Option<Form>,
    /// Names of DRM systems that have headers.
    systems: Vec<&'static str>,
}

/// The answers for all kinds of players.
pub fn answers(index: &Index, files: usize, found: &[Found]) -> Vec<Answer> {
    let tracks = index.movie.iter().flat_map(|movie| &movie.tracks);
    let media = tracks.filter(|track| matches!(track.kind, TrackKind::Video | TrackKind::Audio));
    let entries: Vec<_> =
        media.flat_map(|track| track.entries.iter().map(|entry| (track.id, track.kind, entry))).collect();
    let has_locked = entries.iter().any(|(.., entry)| entry.is_protected());
    let form = index.moov.as_ref().zip(index.movie.as_ref()).map(|(moov, movie)| form_of(moov, movie));
    let headers = index.moov.iter().flat_map(|moov| SystemHeader::all(moov, moov.root()));
    let ids = headers.map(|header| header.system).chain(index.traces.systems.iter().copied());
    let systems = ids.filter_map(|id| system_name(&id)).collect();
    let file = File { index, files, entries, form: form.filter(|_| has_locked), systems };
    ASKED
        .iter()
        .map(|&(id, title, points)| {
            let mut reasons = Vec::new();
            for found in found {
                let is_told = |one: &Reason| one.rule.is_some_and(|rule| rule.rule.id == found.rule.rule.id);
                if let Some(state) = stops(found.rule, id).filter(|_| !reasons.iter().any(is_told)) {
                    reasons.push(of_rule(found, state));
                }
            }
            points(&file, &mut reasons);
            reasons.sort_by_key(|reason| reason.state != State::Fails);
            Answer { id, title, reasons }
        })
        .collect()
}

/// Whether a rule that is broken stops the player of this name, or may.
pub fn stops(rule: &FileRule, id: &str) -> Option<State> {
    rule.stops.split(' ').find_map(|word| match word.strip_suffix('?') {
        Some(name) if name == id => Some(State::Doubtful),
        None if word == id => Some(State::Fails),
        _ => None,
    })
}

fn of_rule(found: &Found, state: State) -> Reason {
    Reason {
        rule: Some(found.rule),
        title: found.rule.title,
        state,
        found: found.message.clone(),
        advice: found.rule.fix,
        place: found.place.clone(),
    }
}

fn add(reasons: &mut Vec<Reason>, state: State, title: &'static str, found: String, advice: &'static str) {
    reasons.push(Reason { rule: None, title, state, found, advice, place: Place::default() });
}

const WITH_KEYS: &str = "Protect the clear file, or this one otherwise with its keys.";
const FORM: &str = "Write the boxes of the form hybrid with “Change its headers”.";
const FRAGMENTS: &str = "Have it written as fragments: protect it here, or choose no protection.";

impl File<'_> {
    fn locked(&self) -> impl Iterator<Item = &SampleEntry> {
        self.entries.iter().map(|(.., entry)| *entry).filter(|entry| entry.is_protected())
    }

    /// The first scheme of encrypted tracks that is none of these.
    fn other_scheme(&self, known: &[&[u8; 4]]) -> Option<FourCc> {
        let mut ciphers = self.locked().filter_map(|entry| entry.protection.as_ref()).map(|by| by.cipher);
        ciphers.find(|cipher| !known.contains(&&cipher.0))
    }

    /// The first codec that is none of these.
    fn other_codec(&self, known: &[&[u8; 4]]) -> Option<String> {
        let other = self.entries.iter().find(|(.., entry)| !known.contains(&&entry.format.0));
        other.map(|(id, _, entry)| format!("Track {id} is {}", entry.codec_name()))
    }

    /// What players of fragments need.
    fn fragments(&self, reasons: &mut Vec<Reason>) {
        let Some(movie) = &self.index.movie else { return };
        if !self.index.fragments.is_empty() {
            return;
        }
        if movie.is_initialization() {
            let found = "It has no samples: it is an initialization segment alone.".to_owned();
            add(
                reasons,
                State::Doubtful,
                "Segments",
                found,
                "Look at its media segments too: drop them together.",
            );
        } else {
            let found = "It is not fragmented, and this player takes fragments.".to_owned();
            add(reasons, State::Fails, "Fragments", found, FRAGMENTS);
        }
    }

    /// What players of Common Encryption need.
    fn common(&self, reasons: &mut Vec<Reason>) {
        if let Some(scheme) = self.other_scheme(&[b"cenc", b"cbcs"]) {
            let found = format!("The scheme is {scheme}, and this player knows cenc and cbcs.");
            add(reasons, State::Fails, "Scheme", found, WITH_KEYS);
        }
        if self.form == Some(Form::Piff) {
            let found =
                "It has PIFF's boxes alone, and this player reads those of Common Encryption.".to_owned();
            add(reasons, State::Fails, "Boxes", found, FORM);
        }
    }
}

fn windows(file: &File<'_>, reasons: &mut Vec<Reason>) {
    if file.locked().next().is_none() {
        return;
    }
    let facts = Facts::of_file(file.index, file.files);
    for point in facts.iter().flat_map(Facts::findings) {
        // What a rule says has been said.
        let rule = match point.id {
            "header-kid" => "header-kid",
            "iv-size" => "iv-size-16",
            "header" => "no-drm-header",
            "licence-url" => "licence-url-missing",
            _ => "",
        };
        let is_told = reasons.iter().any(|one| one.rule.is_some_and(|known| known.rule.id == rule));
        if point.state != State::Ok && !is_told {
            add(reasons, point.state, point.title, point.found, point.advice);
        }
    }
}

fn smooth(file: &File<'_>, reasons: &mut Vec<Reason>) {
    file.fragments(reasons);
    if let Some(scheme) = file.other_scheme(&[b"cenc", b"cbc1"]) {
        let found = format!("The scheme is {scheme}, and PIFF knows AES in counter mode, and in chains.");
        add(reasons, State::Fails, "Scheme", found, WITH_KEYS);
    } else if file.form == Some(Form::Plain) {
        let found =
            "It has the boxes of Common Encryption alone, and players of that time read PIFF's.".to_owned();
        add(reasons, State::Fails, "Boxes", found, FORM);
    }
    if let Some(other) = file.other_codec(&[b"avc1", b"mp4a", b"vc-1", b"ovc1", b"wma ", b"owma"]) {
        let found = format!("{other}: players of that time know H.264, VC-1, AAC and WMA.");
        add(reasons, State::Doubtful, "Codecs", found, "Encode to H.264 and AAC.");
    }
}

fn mse(file: &File<'_>, reasons: &mut Vec<Reason>) {
    file.fragments(reasons);
    file.common(reasons);
    let old = [b"vc-1", b"ovc1", b"wma ", b"owma"];
    let mut formats = file.entries.iter().map(|(.., entry)| entry);
    if let Some(entry) = formats.find(|entry| old.contains(&&entry.format.0)) {
        let found = format!("{} plays in no browser of today.", entry.codec_name());
        add(reasons, State::Fails, "Codecs", found, "Encode to H.264 and AAC.");
    }
}

fn widevine(file: &File<'_>, reasons: &mut Vec<Reason>) {
    file.fragments(reasons);
    file.common(reasons);
    if file.locked().next().is_some() && !file.systems.iter().any(|name| name.contains("Widevine")) {
        let found = "It has no Widevine header: only a manifest, or the page, can bring one.".to_owned();
        add(reasons, State::Doubtful, "Widevine header", found, "Add one with “Change its headers”.");
    }
}

fn fairplay(file: &File<'_>, reasons: &mut Vec<Reason>) {
    file.fragments(reasons);
    if let Some(scheme) = file.other_scheme(&[b"cbcs"]) {
        let found = format!("The scheme is {scheme}, and FairPlay decrypts cbcs alone.");
        add(reasons, State::Fails, "Scheme", found, "Protect the clear file in the scheme cbcs.");
    }
    let known: [&[u8; 4]; 9] =
        [b"avc1", b"avc3", b"hvc1", b"dvh1", b"mp4a", b"ac-3", b"ec-3", b"alac", b"av01"];
    if let Some(other) = file.other_codec(&known) {
        let found = format!(
            "{other}, which Apple's players do not take in HLS; of HEVC they take hvc1, and not hev1."
        );
        add(reasons, State::Doubtful, "Codecs", found, "Encode to H.264 or HEVC (hvc1), and AAC.");
    }
    if file.locked().next().is_some() {
        let found =
            "The key comes by an HLS playlist with an skd: address; nothing in the file can tell.".to_owned();
        add(reasons, State::Doubtful, "Playlist", found, "Have the HLS playlist checked under Decode.");
    }
}
