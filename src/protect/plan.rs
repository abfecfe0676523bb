//! The plan: every decision about a file, made before anything is encrypted, and never changed.

use crate::bytes::units::clock;
use crate::bytes::{ContentKey, Error, KeyId, Result};
use crate::playready::{Header, ProObject, url_warnings};
use crate::track::{Codec, Movie, SampleEntry, Track, TrackFragment};

use super::check::check_track;
use super::cipher::CtrKey;
use super::counter::{IV_SIZE, IvCounter};
use super::request::{KeySource, Profile, Request};
use super::subsample::{Rule, SENC_MAX_ENTRIES, saiz_max_entries};

/// What is decided for one track.
#[derive(Clone, Debug)]
pub struct TrackPlan {
    /// Track ID.
    pub track_id: u32,
    /// Ticks a second.
    pub timescale: u32,
    /// Which bytes of its samples are protected, for each sample entry; `None` leaves the track clear.
    pub rules: Option<Vec<Rule>>,
    /// Why the track stays clear; empty when it is protected.
    pub why_clear: String,
}

/// What is decided for a file. Given the plan, each fragment can be protected alone, anywhere, in any order.
#[derive(Clone, Debug)]
pub struct Plan {
    /// [`Index::identity`](crate::track::Index::identity) of the file that it is for: carried out on another, it would
    /// use its key stream a second time.
    pub source: u64,
    /// Which boxes.
    pub profile: Profile,
    /// Key ID of all protected tracks.
    pub kid: KeyId,
    /// The content key.
    pub key: ContentKey,
    /// Where the key came from.
    pub key_source: KeySource,
    /// Whether the key comes from the public test key seed.
    pub for_tests: bool,
    /// What was doubtful about the request, as plain sentences.
    pub doubts: Vec<String>,
    /// The PlayReady header.
    pub header: Header,
    /// The PlayReady header as XML.
    pub header_xml: String,
    /// The PlayReady object around the header: what `pssh` boxes carry.
    pub playready_object: Vec<u8>,
    /// The tracks, in file order.
    pub tracks: Vec<TrackPlan>,
    /// The initialization vectors.
    pub ivs: IvCounter,
}

impl Plan {
    /// Decides by what the movie is and what the request wants.
    pub fn new(source: u64, movie: &Movie, request: Request) -> Result<Self> {
        let wanted = request.tracks.as_deref();
        if let Some(unknown) = wanted.and_then(|ids| ids.iter().find(|id| movie.track(**id).is_none())) {
            let message = format!("The file has no track with ID {unknown}.");
            return Err(Error::caller("no-track", "tracks", message));
        }
        let mut tracks = Vec::new();
        for track in &movie.tracks {
            let asked = wanted.map(|ids| ids.contains(&track.id));
            let (rules, why_clear) = match (asked, check_track(track)) {
                (Some(true), Err(error)) => {
                    return Err(Error::caller(error.code(), "tracks", error.message()));
                }
                (Some(false), Ok(())) => (None, "It was left out by choice.".to_owned()),
                // What cannot be protected is not there by choice, whatever else was chosen.
                (Some(false) | None, Err(error)) => (None, error.message().to_owned()),
                (Some(true) | None, Ok(())) => (Some(rules(track, request.profile)?), String::new()),
            };
            tracks.push(TrackPlan { track_id: track.id, timescale: track.timescale, rules, why_clear });
        }
        if tracks.iter().all(|track| track.rules.is_none()) {
            return Err(Error::caller("no-track", "tracks", "Choose at least one track to protect."));
        }
        let header_xml = request.header.to_xml()?;
        let playready_object = ProObject::from_header(&request.header)?.to_bytes()?;
        Ok(Self {
            source,
            profile: request.profile,
            kid: request.kid,
            key: request.key,
            key_source: request.key_source,
            for_tests: request.for_tests,
            doubts: request.warnings,
            header: request.header,
            header_xml,
            playready_object,
            tracks,
            ivs: IvCounter::new(request.iv_start),
        })
    }

    /// The plan for a track, when it is to be protected.
    pub fn protected(&self, track_id: u32) -> Option<&[Rule]> {
        self.tracks.iter().find(|track| track.track_id == track_id)?.rules.as_deref()
    }

    /// Most subsamples a sample may have: `saiz` counts bytes in eight bits, PIFF boxes alone do not.
    pub fn max_subsamples(&self) -> usize {
        match self.profile {
            Profile::Hybrid => saiz_max_entries(usize::from(IV_SIZE)),
            Profile::Piff => SENC_MAX_ENTRIES,
        }
    }

    /// The error with the track and time of the sample it is about: sample `number` of a `traf` that begins at `time`.
    pub(super) fn in_sample(&self, error: Error, traf: &TrackFragment, time: u64, number: usize) -> Error {
        let id = traf.tfhd.track_id;
        let track = self.tracks.iter().find(|track| track.track_id == id);
        let time =
            clock(time.saturating_add(traf.ticks_before(number)), track.map_or(1, |track| track.timescale));
        error.preceded_by(&format!("Track {id} at {time}: "))
    }

    /// The key, ready to encrypt.
    pub fn cipher_key(&self) -> CtrKey {
        CtrKey::new(&self.key)
    }

    /// What is worth knowing before going on, as plain sentences.
    pub fn warnings(&self) -> Vec<String> {
        let mut warnings = self.doubts.clone();
        warnings.extend(self.header.la_url.iter().flat_map(|url| url_warnings(url)));
        for track in self.tracks.iter().filter(|track| track.rules.is_none()) {
            warnings.push(format!("Track {} stays open to everyone. {}", track.track_id, track.why_clear));
        }
        warnings
    }
}

fn rules(track: &Track, profile: Profile) -> Result<Vec<Rule>> {
    let rule = |entry: &SampleEntry| match (&entry.codec, profile) {
        (Codec::Avc(config), Profile::Hybrid) => {
            Rule::avc_cmaf(config).map_err(|error| error.at(entry.start))
        }
        (Codec::Avc(config), Profile::Piff) => Ok(Rule::avc_legacy(config)),
        _ => Ok(Rule::WholeSample),
    };
    track.entries.iter().map(rule).collect()
}

/// A rule in words.
pub fn rule_text(rule: &Rule) -> &'static str {
    match rule {
        Rule::WholeSample => "Every sample is encrypted whole.",
        Rule::AvcLegacy { .. } => {
            "Of each NAL unit the length and header byte stay clear; all else is encrypted, as in Microsoft's own files."
        }
        Rule::AvcCmaf { .. } => {
            "Parameter sets, SEI and slice headers stay clear; slice data is encrypted in whole blocks, as CMAF asks."
        }
    }
}
