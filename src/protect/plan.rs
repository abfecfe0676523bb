//! The plan: every decision about a file, made before anything is encrypted, and never changed.

use crate::boxes::record::ClearFile;
use crate::bytes::units::clock;
use crate::bytes::{Error, FourCc, KeyId, Result};
use crate::playready::{Header, HeaderVersion, url_warnings};
use crate::track::{Index, Movie, SampleEntry, Track, TrackFragment, TrackKind};

use super::change::Change;
use super::cipher::AesKey;
use super::codecs::{check_track, check_whole, protected_codecs, rule, whole_doubt};
use super::counter::{IvCounter, Ivs};
use super::decrypt::{no_keys, unknown_scheme};
use super::header::{HeaderWishes, MadeHeader};
use super::keys::{Keys, PlannedKey};
use super::notes::other_order;
use super::periods::Periods;
use super::request::Request;
use super::scheme::{CENC, Form, Mode, Pattern, Scheme, VIDEO_PATTERN};
use super::source_keys::SourceKeys;
use super::subsample::{Rule, SENC_MAX_ENTRIES, saiz_max_entries};
use super::systems::Systems;

/// What is decided for one track.
#[derive(Clone, Debug)]
pub struct TrackPlan {
    /// Track ID.
    pub track_id: u32,
    /// Ticks a second.
    pub timescale: u32,
    /// How it is protected; `None` leaves it clear.
    pub protection: Option<Protection>,
    /// Why the track stays clear; empty when it is protected.
    pub why_clear: String,
}

/// What is decrypted of a track.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Undone {
    /// Track ID.
    pub track: u32,
    /// Key ID, where the file says one.
    pub kid: Option<KeyId>,
    /// `cenc`, `cbc1`, `cens` or `cbcs`.
    pub scheme: FourCc,
}

/// How one track is protected.
#[derive(Clone, Debug)]
pub struct Protection {
    /// Which of the plan's keys.
    pub key: usize,
    /// Which bytes of its samples are protected, for each sample entry.
    pub rules: Vec<Rule>,
    /// Which blocks of these are encrypted.
    pub pattern: Pattern,
    /// Where its samples have their IVs.
    pub ivs: Ivs,
}

/// What is decided for a file. Given the plan, each fragment can be protected alone, anywhere, in any order.
#[derive(Clone, Debug)]
pub struct Plan {
    /// [`Index::identity`](crate::track::Index::identity) of the file that it is for: carried out on another, it would
    /// use its key stream a second time.
    pub source: u64,
    /// Which cipher, and how.
    pub scheme: Scheme,
    /// Which boxes.
    pub form: Form,
    /// The keys; at least one where anything is protected. Where they change along the file, those of one time.
    pub keys: Vec<PlannedKey>,
    /// Which time that is: 0 for what the movie header says.
    pub period: u32,
    /// All keys of later times, where there are any.
    pub later: Vec<PlannedKey>,
    /// What was doubtful about the request, as plain sentences.
    pub doubts: Vec<String>,
    /// The PlayReady header.
    pub header: Header,
    /// The PlayReady header as XML.
    pub header_xml: String,
    /// The PlayReady object around the header: what `pssh` boxes carry.
    pub playready_object: Vec<u8>,
    /// `pssh` boxes of other systems.
    pub other_systems: Vec<u8>,
    /// The tracks, in file order.
    pub tracks: Vec<TrackPlan>,
    /// The initialization vectors.
    pub ivs: IvCounter,
    /// Which fragments stay clear, and when keys change.
    pub periods: Periods,
    /// The keys of what is protected already: it is decrypted on the way.
    pub source_keys: SourceKeys,
    /// What the output says of the clear file, where it must.
    pub record: Option<ClearFile>,
    /// What that says of most heads of fragments: those that differ get a record of their own.
    pub usual: Option<u8>,
    /// What is decrypted.
    pub undoes: Vec<Undone>,
    /// What is changed where the samples stay encrypted as they are.
    pub change: Option<Change>,
    /// What keys and headers of later times are made of.
    made_of: (Keys, HeaderWishes, Systems),
    /// Whether an index of all segments is written in front of them.
    pub segment_index: bool,
    /// Whether the output is an initialization segment and media segments, in files of their own.
    pub segments: bool,
    /// How many files the output is.
    pub file_count: usize,
}

impl Plan {
    /// Decides by what the movie is and what the request wants.
    pub fn new(source: u64, movie: &Movie, mut request: Request) -> Result<Self> {
        if let Some(wishes) = request.change.take() {
            let change = Change::new(movie, wishes, request.segment_index || request.segments)?;
            return Ok(Self { change: Some(change), ..Self::unprotected(source, movie, request) });
        }
        if !request.scheme.protects() {
            return Ok(Self::unprotected(source, movie, request));
        }
        let wanted = request.tracks.take();
        let wanted = wanted.as_deref();
        if let Some(unknown) = wanted.and_then(|ids| ids.iter().find(|id| movie.track(**id).is_none())) {
            let message = format!("The file has no track with ID {unknown}.");
            return Err(Error::caller("no-track", "tracks", message));
        }
        check_choice(movie, &request.whole_samples)?;
        let ivs = IvCounter::new(request.iv_start);
        let mut tracks = Vec::new();
        for (track, number) in movie.tracks.iter().zip(0..) {
            let asked = wanted.map(|ids| ids.contains(&track.id));
            let whole = request.whole_samples.contains(&track.id);
            let check = if whole { check_whole(track) } else { check_track(track) };
            let (protection, why_clear) = match (asked, check) {
                (Some(true), Err(error)) => {
                    return Err(Error::caller(error.code(), "tracks", error.message()));
                }
                (Some(false), Ok(())) => (None, "It was left out by choice.".to_owned()),
                // What cannot be protected is not there by choice, whatever else was chosen.
                (Some(false) | None, Err(error)) => (None, error.message().to_owned()),
                (Some(true) | None, Ok(())) => {
                    (Some(protection(track, &mut request, ivs, number)?), String::new())
                }
            };
            tracks.push(TrackPlan { track_id: track.id, timescale: track.timescale, protection, why_clear });
        }
        if tracks.iter().all(|track| track.protection.is_none()) {
            return Err(Error::caller("no-track", "tracks", nothing_chosen(movie)));
        }
        let is_whole = |(planned, track): &(&TrackPlan, &Track)| {
            planned.protection.is_some() && request.whole_samples.contains(&track.id)
        };
        let whole = tracks.iter().zip(&movie.tracks).filter(is_whole);
        request.warnings.extend(whole.map(|(_, track)| {
            let entry = track.entries.first();
            format!(
                "Track {} has {}, and {}. Try it with your players before you publish it.",
                track.id,
                entry.map_or_else(String::new, SampleEntry::codec_name),
                entry.map_or("", whole_doubt)
            )
        }));
        let used: Vec<usize> =
            tracks.iter().filter_map(|track| Some(track.protection.as_ref()?.key)).collect();
        let mut doubts = std::mem::take(&mut request.warnings);
        let (keys, numbers) = request.keys.keep(&used, &mut doubts);
        for protection in tracks.iter_mut().filter_map(|track| track.protection.as_mut()) {
            protection.key = numbers.get(protection.key).copied().unwrap_or(0);
        }
        let MadeHeader { header, xml: header_xml, object: playready_object } =
            request.header.make(&request.scheme, &keys)?;
        let kids: Vec<KeyId> = keys.iter().map(|key| key.kid).collect();
        doubts.extend(key_doubts(&keys, &header));
        doubts.extend(request.header.doubts(&keys));
        doubts.extend(request.systems.doubts(&kids)?);
        let protected = tracks.iter().filter(|track| track.protection.is_some());
        let periods =
            Periods::new(request.periods, protected.map(|track| (track.track_id, track.timescale)).collect());
        Ok(Self {
            source,
            scheme: request.scheme,
            form: request.form,
            other_systems: request.systems.boxes(&request.scheme, &kids, 0),
            keys,
            period: 0,
            later: Vec::new(),
            doubts,
            header,
            header_xml,
            playready_object,
            tracks,
            ivs,
            periods,
            source_keys: request.source_keys,
            record: None,
            usual: None,
            undoes: Vec::new(),
            change: None,
            made_of: (request.keys, request.header, request.systems),
            segment_index: request.segment_index,
            segments: request.segments,
            file_count: 1,
        })
    }

    /// Decides which keys each fragment of the file has. Fails when one of them is not as it should be.
    pub fn lay_out(&mut self, index: &Index) -> Result<()> {
        self.periods.lay_out(index)?;
        let mut later = Vec::new();
        for period in 1..self.periods.count() {
            self.enter(period)?;
            later.extend_from_slice(&self.keys);
        }
        self.enter(0)?;
        self.later = later;
        self.doubts.extend(self.made_of.0.doubts_of_later(&self.keys, self.periods.count()));
        Ok(())
    }

    /// Goes to another time of the file: to its keys, and what is made of them. A constant IV stays: it is read by software
    /// too that looks for it in the movie header alone, and under another key it is another chain.
    pub fn enter(&mut self, period: u32) -> Result<()> {
        if period == self.period {
            return Ok(());
        }
        let (keys, header, systems) = &mut self.made_of;
        for key in &mut self.keys {
            *key = keys.in_period(key, period)?;
        }
        let made = header.make(&self.scheme, &self.keys)?;
        (self.header, self.header_xml, self.playready_object) = (made.header, made.xml, made.object);
        let kids: Vec<KeyId> = self.keys.iter().map(|key| key.kid).collect();
        self.other_systems = systems.boxes(&self.scheme, &kids, period);
        self.period = period;
        Ok(())
    }

    /// The keys of all times.
    pub fn all_keys(&self) -> impl Iterator<Item = &PlannedKey> {
        self.keys.iter().chain(&self.later)
    }

    /// The plan of what is done to a file beside protecting it.
    fn unprotected(source: u64, movie: &Movie, request: Request) -> Self {
        let tracks = movie.tracks.iter().map(|track| TrackPlan {
            track_id: track.id,
            timescale: track.timescale,
            protection: None,
            why_clear: String::new(),
        });
        Self {
            source,
            scheme: request.scheme,
            form: request.form,
            keys: Vec::new(),
            doubts: request.warnings,
            header: Header::new(HeaderVersion::V4_0, Vec::new()),
            header_xml: String::new(),
            playready_object: Vec::new(),
            other_systems: Vec::new(),
            tracks: tracks.collect(),
            ivs: IvCounter::new(request.iv_start),
            period: 0,
            later: Vec::new(),
            periods: Periods::default(),
            source_keys: request.source_keys,
            record: None,
            usual: None,
            undoes: Vec::new(),
            change: None,
            made_of: (request.keys, request.header, request.systems),
            segment_index: request.segment_index,
            segments: request.segments,
            file_count: 1,
        }
    }

    /// Whether anything is protected.
    pub fn protects(&self) -> bool {
        self.scheme.protects()
    }

    /// Decides what is decrypted of a file. Fails when a key is missing, or nothing is encrypted.
    pub fn undo(&mut self, index: &Index) -> Result<()> {
        if !self.decrypts() {
            return Ok(());
        }
        index.traces.unknown_keys.clone().map_or(Ok(()), Err)?;
        let mut used = Vec::new();
        let mut missing: Vec<(Option<KeyId>, Vec<u32>)> = Vec::new();
        for (track, key) in index.traces.keys() {
            let kind = index.movie.as_ref().and_then(|movie| movie.track(track)).map(|track| track.kind);
            if key.scheme.0 == *b"cens" && kind != Some(TrackKind::Video) {
                self.doubts.push(format!(
                    "Track {track} is encrypted in the scheme cens without a pattern. Of what is less than a block at the end of a \
                     sample Shaka Packager leaves it clear, as it is taken here; Bento4 encrypts it."
                ));
            }
            if Scheme::known(&key.scheme.text()).is_none_or(|scheme| !scheme.protects()) {
                return Err(unknown_scheme(track, key.scheme).at(key.moof));
            }
            self.undoes.push(Undone { track, kid: key.kid, scheme: key.scheme });
            match self.source_keys.find(track, key.kid) {
                Some(number) => used.push(number),
                None => match missing.iter_mut().find(|(kid, _)| *kid == key.kid) {
                    Some((_, tracks)) => tracks.push(track),
                    None => missing.push((key.kid, vec![track])),
                },
            }
        }
        if !missing.is_empty() {
            return Err(self.with_other_order(no_keys(&missing), &missing));
        }
        let mut entries = index.movie.iter().flat_map(|movie| &movie.tracks).flat_map(|track| &track.entries);
        if self.undoes.is_empty() && !entries.any(SampleEntry::has_protected_type) {
            let message =
                "No sample of this file is encrypted, so there is nothing to decrypt; leave out sourceKeys.";
            return Err(Error::caller("not-protected", "sourceKeys", message));
        }
        let unused = self.source_keys.iter().enumerate().filter(|(number, _)| !used.contains(number));
        self.doubts.extend(unused.map(|(_, known)| {
            format!(
                "The key given for {} is not used: nothing in this file is encrypted with it.",
                known.name()
            )
        }));
        Ok(())
    }

    /// Says of a key ID for which there is no key that there is one for its other byte order.
    fn with_other_order(&self, error: Error, missing: &[(Option<KeyId>, Vec<u32>)]) -> Error {
        let given = |kid: KeyId| self.source_keys.iter().any(|known| known.kid == Some(kid));
        let mut swapped = missing.iter().filter_map(|(kid, _)| *kid).filter(|kid| given(kid.swapped()));
        let Some(kid) = swapped.next() else { return error };
        let message = format!(
            "{} There is one for {}, which is the same key ID in the other byte order: one of the two was copied in GUID order.",
            error.message(),
            kid.swapped()
        );
        Error::caller(error.code(), "sourceKeys", message)
    }

    /// Says of new key IDs that they look like the other byte order of one that the file knows.
    pub fn doubt_orders(&mut self, index: &Index) {
        let entries = index.movie.iter().flat_map(|movie| &movie.tracks).flat_map(|track| &track.entries);
        let told = entries.filter_map(|entry| entry.protection.as_ref()?.kid);
        let known: Vec<KeyId> = told.chain(index.traces.keys().filter_map(|(_, key)| key.kid)).collect();
        let sentence = self.keys.iter().find_map(|key| other_order(key.kid, &known));
        self.doubts.extend(sentence);
    }

    /// Whether what is protected already is decrypted on the way.
    pub fn decrypts(&self) -> bool {
        !self.source_keys.is_empty()
    }

    /// Whether samples of a track are encrypted in the source, and decrypted on the way.
    pub fn is_undone(&self, track_id: u32) -> bool {
        self.undoes.iter().any(|undone| undone.track == track_id)
    }

    /// How a track is protected; `None` when it stays clear.
    pub fn protection(&self, track_id: u32) -> Option<&Protection> {
        self.tracks.iter().find(|track| track.track_id == track_id)?.protection.as_ref()
    }

    /// Whether protected tracks have a second set of sample entries, for the samples of the clear lead. PIFF knows another
    /// way.
    pub fn has_clear_entries(&self) -> bool {
        match &self.change {
            Some(change) => change.adds_entries,
            None => self.form.has_cenc() && self.periods.has_lead(),
        }
    }

    /// The key of a track that is protected.
    pub fn key_of(&self, track_id: u32) -> Option<&PlannedKey> {
        self.keys.get(self.protection(track_id)?.key)
    }

    /// Most subsamples a sample may have beside an IV of so many bytes: `saiz` counts bytes in eight bits, PIFF boxes
    /// alone do not.
    pub fn max_subsamples(&self, iv_size: u8) -> usize {
        if self.form.has_cenc() { saiz_max_entries(usize::from(iv_size)) } else { SENC_MAX_ENTRIES }
    }

    /// The error with the track and time of the sample it is about: sample `number` of a `traf` that begins at `time`.
    pub(super) fn in_sample(&self, error: Error, traf: &TrackFragment, time: u64, number: usize) -> Error {
        let id = traf.tfhd.track_id;
        let track = self.tracks.iter().find(|track| track.track_id == id);
        let time =
            clock(time.saturating_add(traf.ticks_before(number)), track.map_or(1, |track| track.timescale));
        error.preceded_by(&format!("Track {id} at {time}: "))
    }

    /// What is worth knowing before going on, as plain sentences.
    pub fn warnings(&self) -> Vec<String> {
        let mut warnings = self.doubts.clone();
        warnings.extend(self.header.la_url.iter().flat_map(|url| url_warnings(url)));
        if self.change.is_some() {
            return warnings;
        }
        if !self.protects() {
            let what = if self.decrypts() { "becomes" } else { "stays" };
            warnings.push(format!("Nothing is encrypted: all of the file {what} open to everyone."));
            return warnings;
        }
        warnings.extend(self.periods.notes());
        for track in self.tracks.iter().filter(|track| track.protection.is_none()) {
            let what = if self.is_undone(track.track_id) { "becomes" } else { "stays" };
            warnings.push(format!("Track {} {what} open to everyone. {}", track.track_id, track.why_clear));
        }
        warnings
    }
}

/// What to do where no track is protected.
fn nothing_chosen(movie: &Movie) -> String {
    let asked = "Choose at least one track to protect.";
    if movie.tracks.iter().any(|track| check_track(track).is_ok()) {
        return asked.to_owned();
    }
    format!(
        "{asked} {}; the tracks of this file can only be encrypted whole, if that is chosen for them.",
        protected_codecs()
    )
}

/// Fails when samples are to be encrypted whole of which it is known what must stay clear.
fn check_choice(movie: &Movie, whole: &[u32]) -> Result<()> {
    for id in whole {
        let known = movie.track(*id).map(|track| check_track(track).is_ok());
        let message = match known {
            None => format!("The file has no track with ID {id}."),
            Some(true) => format!(
                "It is known how players read track {id} when it is protected; leave it out of wholeSamples."
            ),
            Some(false) => continue,
        };
        return Err(Error::caller("no-track", "wholeSamples", message));
    }
    Ok(())
}

/// How a track is protected. `number` is its own among those of the file.
fn protection(track: &Track, request: &mut Request, counter: IvCounter, number: u64) -> Result<Protection> {
    let key = request.keys.of_track(track)?;
    let rules: Result<Vec<Rule>> = track.entries.iter().map(|entry| rule(entry, request.form)).collect();
    let rules = rules?;
    // Only video has patterns (23001-7 10.3, 10.4).
    let is_whole = request.whole_samples.contains(&track.id);
    let patterned = request.scheme.has_pattern && track.kind == TrackKind::Video && !is_whole;
    let ivs = if request.scheme.constant_iv {
        // Of its own for each track: with one for all, samples that begin alike would be seen to.
        Ivs::Constant(counter.chained(number, &AesKey::new(&request.keys.get(key)?.key)))
    } else {
        Ivs::Each(if request.scheme.mode == Mode::Cbc { 16 } else { request.iv_size })
    };
    let pattern = if patterned { VIDEO_PATTERN } else { Pattern::default() };
    Ok(Protection { key, rules, pattern, ivs })
}

/// What is worth knowing of the keys, as plain sentences.
fn key_doubts(keys: &[PlannedKey], header: &Header) -> Vec<String> {
    let mut doubts = Vec::new();
    let known = keys.iter().filter(|key| key.for_tests).count();
    if known > 0 {
        let these = if known == 1 { "This key comes" } else { "These keys come" };
        let them = if known == 1 { "it" } else { "them" };
        doubts.push(format!(
            "{these} from the key seed of the public test server: anyone can make {them}. For tests only."
        ));
    }
    if keys.len() > 1 && header.version == HeaderVersion::V4_2 {
        doubts.push(format!(
            "A PlayReady header of version 4.2 names the {} keys; Windows 8, Silverlight and other players before PlayReady \
             3.0 do not read it. For these there can be one key only.",
            keys.len()
        ));
    }
    doubts
}

/// How a track is protected, in words.
pub fn protection_text(scheme: &Scheme, protection: &Protection) -> String {
    let blocks = match (scheme.mode, protection.pattern) {
        (Mode::Ctr, Pattern { crypt: 0, .. }) => String::new(),
        (_, Pattern { crypt: 0, .. }) => " In whole blocks of 16 bytes; what is less stays clear.".to_owned(),
        (_, Pattern { crypt, skip }) => {
            format!(" Of every {} blocks of 16 bytes {crypt} is encrypted.", crypt + skip)
        }
    };
    let rule = match protection.rules.first() {
        None | Some(Rule::WholeSample) => "Every sample is encrypted whole.",
        Some(Rule::AvcLegacy { .. } | Rule::HevcLegacy { .. }) => {
            "Of each NAL unit the length and header stay clear; all else is encrypted, as in Microsoft's own files."
        }
        Some(Rule::AvcCmaf { .. } | Rule::HevcCmaf { .. }) if scheme.whole_blocks() => {
            "Parameter sets, SEI and slice headers stay clear; slice data is encrypted in whole blocks, as CMAF asks."
        }
        Some(Rule::AvcCmaf { .. } | Rule::HevcCmaf { .. }) => {
            "Parameter sets, SEI and slice headers stay clear; slice data is encrypted, as CMAF asks."
        }
        Some(Rule::Av1(_)) if scheme.whole_blocks() => {
            "Headers and metadata stay clear; tile data is encrypted in whole blocks, as AV1 in MP4 asks."
        }
        Some(Rule::Av1(_)) => "Headers and metadata stay clear; tile data is encrypted, as AV1 in MP4 asks.",
        Some(Rule::Vp9(_)) if *scheme == CENC => {
            "Uncompressed headers stay clear; what follows is encrypted in whole blocks, as VP9 in MP4 asks."
        }
        Some(Rule::Vp9(_)) => {
            "Uncompressed headers stay clear; what follows is encrypted in whole blocks. VP9 in MP4 is specified with the \
             scheme cenc alone; not every player takes another."
        }
    };
    format!("{rule}{blocks}")
}
