//! Plans as JavaScript sees them.

use serde::Serialize;

use crate::boxes::{Action, Tree};
use crate::bytes::{KeyId, Result};
use crate::output::movie::movie_edits;
use crate::output::protection::system_headers;
use crate::output::summary::{self, Touched, tally_notes};
use crate::playready::HeaderKey;
use crate::protect::edits::edit_notes;
use crate::protect::keys::{KeyOf, KeySource};
use crate::protect::notes::{file_notes, several_entries};
use crate::protect::plan::{Undone, protection_text};
use crate::protect::scheme::Mode;
use crate::protect::subsample::Tally;
use crate::protect::systems::{name_of, pssh_boxes};
use crate::protect::{Plan, PlannedKey};
use crate::session::Session;
use crate::track::{Index, SystemHeader, Track};

use super::base64;
use super::difference::{Difference, differences};
use super::offline::{self, OfflineCheck};
use super::track::kind_of;

/// What will happen: `Plan` without the sizes and the name, and `PlannedTrack` without the share.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PlanReport {
    /// `hybrid`, `piff` or `plain`.
    pub form: &'static str,
    /// What `form` was called before.
    pub profile: &'static str,
    /// Scheme type in `schm`.
    pub scheme: String,
    /// The cipher, for a person.
    pub cipher: &'static str,
    /// The keys, without what is secret of them.
    pub keys: Vec<KeyReport>,
    /// Key ID of the first; none where nothing is protected.
    pub kid: Option<KidView>,
    /// CHECKSUM of the first in the header, as base64.
    pub checksum: Option<String>,
    /// Where the first came from: `random`, `typed` or `seed`.
    pub key_source: Option<&'static str>,
    /// In counter mode, the first IV as 16 hex digits: each sample of the file has one more than the one before it.
    pub first_iv: Option<String>,
    /// Whether a key comes from the public test key seed.
    pub for_tests: bool,
    /// `4.0` to `4.3`.
    pub header_version: &'static str,
    /// The PlayReady header.
    pub header_xml: String,
    /// The object around it, as base64.
    pub playready_object: String,
    /// The `pssh` boxes of the movie header.
    pub pssh: Vec<PsshReport>,
    /// Licence acquisition URL.
    pub la_url: String,
    /// What happens to each track.
    pub tracks: Vec<PlannedTrack>,
    /// What is decrypted on the way.
    pub undoes: Vec<UndonePart>,
    /// Where what is protected stays so: what changes of what the file says of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub changes: Option<Vec<Difference>>,
    /// Whether it will play offline on Windows, where anything is protected.
    pub offline: Vec<OfflineCheck>,
    /// How many files are written.
    pub file_count: usize,
    /// Boxes outside fragments that are touched.
    pub boxes: Vec<PlannedBox>,
    /// Plain sentences.
    pub warnings: Vec<String>,
    /// Bytes of the file.
    pub size_before: u64,
    /// Bytes by which everything but the fragments grows.
    pub fixed_growth: i64,
}

/// What is decrypted of a track.
#[derive(Clone, Debug, Serialize)]
pub struct UndonePart {
    /// Track ID.
    pub track: u32,
    /// Key ID as UUID text, where the file says one.
    pub kid: Option<String>,
    /// `cenc`, `cbcs`, `cens` or `cbc1`.
    pub scheme: String,
}

/// One key of a plan, without what is secret of it.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct KeyReport {
    /// Key ID.
    pub kid: KidView,
    /// CHECKSUM in the header as base64.
    pub checksum: Option<String>,
    /// `random`, `typed` or `seed`.
    pub source: &'static str,
    /// Whether it comes from the public test key seed.
    pub for_tests: bool,
    /// The class of tracks it is for: `audio`, `sd`, `hd` or `uhd`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub class: Option<&'static str>,
    /// The track it is for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub track: Option<u32>,
    /// Where keys change along the file: which time it is for, from 0 on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub period: Option<u32>,
}

/// A `pssh` box.
#[derive(Clone, Debug, Serialize)]
pub struct PsshReport {
    /// Name of its system, or the system's ID.
    pub system: String,
    /// The whole box.
    pub base64: String,
}

/// What happens to one track.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PlannedTrack {
    /// Track ID.
    pub id: u32,
    /// `video`, `audio`, `text` or `other`.
    pub kind: &'static str,
    /// For a person.
    pub codec_name: String,
    /// Whether it is protected.
    pub protect: bool,
    /// Which bytes are encrypted, as one sentence.
    pub rule: String,
    /// ID of its key, as UUID text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kid: Option<String>,
    /// Why it stays clear, when it does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// One kind of box that the plan touches.
#[derive(Clone, Debug, Serialize)]
pub struct PlannedBox {
    /// Types of the boxes around it.
    pub parent: String,
    /// Its type.
    #[serde(rename = "type")]
    pub kind: String,
    /// Human name.
    pub name: &'static str,
    /// `add`, `change` or `remove`.
    pub action: &'static str,
    /// How many of them.
    pub count: u64,
    /// Why, as a short phrase.
    pub why: &'static str,
}

/// A key ID in the forms people meet.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct KidView {
    /// UUID text.
    pub uuid: String,
    /// Base64 of the Microsoft GUID byte order.
    pub guid_base64: String,
    /// 32 hex digits of the UUID order.
    pub hex: String,
    /// 32 hex digits of the GUID order.
    pub guid_hex: String,
}

impl From<KeyId> for KidView {
    fn from(kid: KeyId) -> Self {
        Self {
            uuid: kid.uuid(),
            guid_base64: base64(&kid.guid_bytes()),
            hex: hex::encode(kid.0),
            guid_hex: hex::encode(kid.guid_bytes()),
        }
    }
}

/// What was found while fragments were measured.
#[derive(Clone, Debug, Serialize)]
pub struct Measured {
    /// Boxes inside them that are touched.
    pub boxes: Vec<PlannedBox>,
    /// Plain sentences.
    pub warnings: Vec<String>,
}

/// A plan for an open file in words.
pub fn plan(session: &Session, plan: &Plan) -> Result<PlanReport> {
    let (source, index) = (session.index()?, session.work()?);
    let keys: Vec<KeyReport> = plan.all_keys().map(|key| key_report(plan, key)).collect();
    let first = keys.first().cloned();
    let tracks = index.movie.iter().flat_map(|movie| &movie.tracks).map(|track| {
        let planned = plan.tracks.iter().find(|planned| planned.track_id == track.id);
        let protection = planned.and_then(|planned| planned.protection.as_ref());
        if plan.change.is_some() {
            return kept_track(track);
        }
        PlannedTrack {
            id: track.id,
            kind: kind_of(track),
            codec_name: track.entries.first().map_or_else(String::new, |entry| entry.codec_name()),
            protect: protection.is_some(),
            rule: protection.map_or_else(
                || "Stays clear.".to_owned(),
                |protection| protection_text(&plan.scheme, protection),
            ),
            kid: plan.key_of(track.id).map(|key| key.kid.uuid()),
            reason: planned.map(|planned| planned.why_clear.clone()).filter(|why| !why.is_empty()),
        }
    });
    let merged = session.merged();
    let way = (session.is_made() && merged.is_none()).then(|| {
        let rest = source.fragments.len();
        let made = index.fragments.len() - rest;
        let (what, is_cut) = match (rest, plan.protects()) {
            (0, true) => ("This file is not fragmented yet.", "On the way it is cut"),
            (0, false) => ("This file is not fragmented yet.", "It is cut"),
            (_, true) => (
                "This file begins as a plain one, and goes on in fragments.",
                "On the way its beginning is cut",
            ),
            (_, false) => {
                ("This file begins as a plain one, and goes on in fragments.", "Its beginning is cut")
            }
        };
        format!(
            "{what} {is_cut} into {made} fragment{} of about two seconds, at samples where decoding \
             can begin; all tracks come along, with their times, edits, languages and metadata.",
            if made == 1 { "" } else { "s" }
        )
    });
    let changed = changed_movie(plan, index)?;
    let scheme = plan.change.as_ref().map_or(&plan.scheme, |change| &change.scheme);
    // Bytes by which the fragmented file is longer than the plain one.
    let made = i64::try_from(index.file_len).unwrap_or(0) - i64::try_from(source.file_len).unwrap_or(0);
    Ok(PlanReport {
        form: plan.form.name(),
        profile: plan.form.name(),
        scheme: plan.form.scheme_type(scheme).text(),
        cipher: match scheme.mode {
            _ if !plan.protects() && plan.change.is_none() => "",
            Mode::Ctr => "AES-128-CTR",
            Mode::Cbc => "AES-128-CBC",
        },
        key_source: first.as_ref().map(|key| key.source),
        checksum: first.as_ref().and_then(|key| key.checksum.clone()),
        kid: first.map(|key| key.kid),
        first_iv: (plan.protects() && plan.scheme.mode == Mode::Ctr).then(|| hex::encode(plan.ivs.iv(0))),
        for_tests: keys.iter().any(|key| key.for_tests),
        keys,
        header_version: if plan.protects() || !plan.header_xml.is_empty() {
            plan.header.version.short()
        } else {
            ""
        },
        header_xml: plan.header_xml.clone(),
        playready_object: base64(&plan.playready_object),
        pssh: system_boxes(plan, changed.as_ref())?,
        la_url: plan.header.la_url.clone().unwrap_or_default(),
        tracks: tracks.collect(),
        undoes: plan.undoes.iter().map(undone).collect(),
        changes: changed.as_ref().map(|changed| differences(plan, index, changed)).transpose()?,
        offline: offline::planned(session, plan)?,
        file_count: plan.file_count,
        boxes: planned_boxes(&summary::planned_boxes(index, plan, session.origin())?, plan),
        warnings: plan
            .warnings()
            .into_iter()
            .chain(source.cut_note())
            .chain(file_notes(index))
            .chain(edit_notes(source, index))
            .chain(several_entries(index, plan))
            .chain(way)
            .chain(merged.into_iter().flat_map(|merged| merged.notes().iter().cloned()))
            .collect(),
        size_before: source.file_len,
        fixed_growth: summary::fixed_growth(index, plan)? + made,
    })
}

/// A track whose samples stay as they are.
fn kept_track(track: &Track) -> PlannedTrack {
    let entry = track.entries.iter().find(|entry| entry.is_protected());
    let protection = entry.and_then(|entry| entry.protection.as_ref());
    PlannedTrack {
        id: track.id,
        kind: kind_of(track),
        codec_name: track.entries.first().map_or_else(String::new, |entry| entry.codec_name()),
        protect: entry.is_some(),
        rule: match protection {
            Some(protection) => format!("Stays encrypted as it is, in the scheme {}.", protection.cipher),
            None if entry.is_some() => "Stays encrypted as it is.".to_owned(),
            None => "Stays clear.".to_owned(),
        },
        kid: protection.and_then(|protection| protection.kid).map(KeyId::uuid),
        reason: entry.is_none().then(|| "It is not encrypted in the file.".to_owned()),
    }
}

fn undone(part: &Undone) -> UndonePart {
    UndonePart { track: part.track, kid: part.kid.map(KeyId::uuid), scheme: part.scheme.text() }
}

/// The movie header as a change of what is protected leaves it.
fn changed_movie(plan: &Plan, index: &Index) -> Result<Option<Tree<'static>>> {
    let (Some(moov), Some(movie), Some(_)) = (&index.moov, &index.movie, &plan.change) else {
        return Ok(None);
    };
    Tree::parse(movie_edits(plan, moov, movie)?.apply(moov), 0).map(Some)
}

fn system_boxes(plan: &Plan, changed: Option<&Tree<'_>>) -> Result<Vec<PsshReport>> {
    let boxes = changed.map_or_else(|| system_headers(plan), kept_boxes);
    let found = pssh_boxes(&boxes)?;
    Ok(found
        .iter()
        .map(|(pssh, bytes)| PsshReport { system: name_of(pssh), base64: base64(bytes) })
        .collect())
}

/// The headers of DRM systems in a movie header.
fn kept_boxes(tree: &Tree<'_>) -> Vec<u8> {
    let all = SystemHeader::all(tree, tree.root());
    all.iter().flat_map(|header| tree.slice(header.node.start, header.node.end())).copied().collect()
}

fn key_report(plan: &Plan, key: &PlannedKey) -> KeyReport {
    let in_header = plan.header.keys.iter().find(|named| named.kid == key.kid).cloned();
    // Headers of later times are made when these come.
    let made = || HeaderKey::aes_ctr(key.kid, &key.key);
    let named = in_header.or_else(|| (key.period > 0 && plan.scheme.mode == Mode::Ctr).then(made));
    let (class, track) = match key.of {
        KeyOf::File => (None, None),
        KeyOf::Class(class) => (Some(class.name()), None),
        KeyOf::Track(id) => (None, Some(id)),
    };
    KeyReport {
        kid: key.kid.into(),
        checksum: named.and_then(|named| named.checksum).map(|checksum| base64(&checksum)),
        source: match key.source {
            KeySource::Random => "random",
            KeySource::Typed => "typed",
            KeySource::Seed => "seed",
        },
        for_tests: key.for_tests,
        class,
        track,
        period: Some(key.period).filter(|_| plan.periods.count() > 1),
    }
}

/// What was found while fragments were measured, in words.
pub fn measured(plan: &Plan, touched: &Touched, tallies: &[(u32, Tally)]) -> Measured {
    Measured {
        boxes: planned_boxes(touched, plan),
        warnings: tallies.iter().flat_map(|(track, tally)| tally_notes(*track, tally)).collect(),
    }
}

fn planned_boxes(touched: &Touched, plan: &Plan) -> Vec<PlannedBox> {
    // Of what stays protected nothing goes because it would be stale.
    let why = |planned: &summary::PlannedBox| match planned.action {
        Action::Remove if plan.change.is_some() => "as was asked",
        _ => planned.why,
    };
    let view = |planned: &summary::PlannedBox| PlannedBox {
        parent: planned.parent.clone(),
        kind: planned.id.four_cc().text(),
        name: planned.name,
        action: planned.action.name(),
        count: planned.count,
        why: why(planned),
    };
    touched.boxes().iter().map(view).collect()
}
