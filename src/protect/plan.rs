//! The plan: every decision about a file, made before anything is encrypted, and never changed.

use crate::bytes::{ContentKey, Error, KeyId, Result};
use crate::playready::{Header, ProObject, url_warnings};
use crate::track::{Codec, Movie, SampleEntry, Track};

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
    /// Which bytes of its samples are protected, for each sample entry; `None` leaves the track clear.
    pub rules: Option<Vec<Rule>>,
}

/// What is decided for a file. Given the plan, each fragment can be protected alone, anywhere, in any order.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Which boxes.
    pub profile: Profile,
    /// Key ID of all protected tracks.
    pub kid: KeyId,
    /// The content key.
    pub key: ContentKey,
    /// Where the key came from.
    pub key_source: KeySource,
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
    pub fn new(movie: &Movie, request: Request) -> Result<Self> {
        let wanted = request.tracks.as_deref();
        if let Some(unknown) = wanted.and_then(|ids| ids.iter().find(|id| movie.track(**id).is_none())) {
            let message = format!("The file has no track with ID {unknown}.");
            return Err(Error::caller("no-track", "tracks", message));
        }
        let mut tracks = Vec::new();
        for track in &movie.tracks {
            let asked = wanted.map(|ids| ids.contains(&track.id));
            let rules = match (asked, check_track(track)) {
                (Some(true), Err(error)) => {
                    return Err(Error::caller(error.code(), "tracks", error.message()));
                }
                (Some(false), _) | (None, Err(_)) => None,
                (Some(true) | None, Ok(())) => Some(rules(track, request.profile)?),
            };
            tracks.push(TrackPlan { track_id: track.id, rules });
        }
        if tracks.iter().all(|track| track.rules.is_none()) {
            return Err(Error::caller("no-track", "tracks", "Choose at least one track to protect."));
        }
        let header_xml = request.header.to_xml()?;
        let playready_object = ProObject::from_header(&request.header)?.to_bytes()?;
        Ok(Self {
            profile: request.profile,
            kid: request.kid,
            key: request.key,
            key_source: request.key_source,
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

    /// The key, ready to encrypt.
    pub fn cipher_key(&self) -> CtrKey {
        CtrKey::new(&self.key)
    }

    /// What is worth knowing before going on, as plain sentences.
    pub fn warnings(&self) -> Vec<String> {
        let mut warnings: Vec<String> = self.header.la_url.iter().flat_map(|url| url_warnings(url)).collect();
        let clear: Vec<String> =
            self.tracks.iter().filter(|t| t.rules.is_none()).map(|t| t.track_id.to_string()).collect();
        if !clear.is_empty() {
            let tracks = if clear.len() == 1 { "Track" } else { "Tracks" };
            warnings.push(format!("{tracks} {} will stay clear.", clear.join(", ")));
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
