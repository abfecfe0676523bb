//! Lists of keys, as they were read.

use serde::Serialize;

use super::{KidView, base64};
use crate::exchange::cpix::{Assigned, Encrypted, Rule, Span, VideoFilter};
use crate::exchange::decode::exposed;
use crate::exchange::lines::Command;
use crate::exchange::list::key_hex;
use crate::exchange::{KeyEntry, KeyList};
use crate::protect::request::SecretText;

/// A list of keys: `KeyList`.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct KeyListReport {
    /// What it was: `cpix`, `sheet`, `clearkey` or `lines`.
    pub form: &'static str,
    /// The keys.
    pub keys: Vec<ListedKey>,
    /// What is doubtful, as plain sentences.
    pub warnings: Vec<String>,
    /// Content ID of a CPIX document.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub content_id: Option<String>,
    /// Who can decrypt encrypted keys.
    pub recipients: Vec<RecipientReport>,
    /// Which track gets which, where tracks were given.
    pub assigned: Vec<AssignedKey>,
}

/// One key: `ListedKey`.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ListedKey {
    /// Key ID, where there is one.
    pub kid: Option<KidView>,
    /// 32 hexadecimal digits, where the key is there and not encrypted.
    #[serde(serialize_with = "perhaps")]
    pub key: Option<SecretText>,
    /// The track it is for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub track: Option<u32>,
    /// The class of tracks it is for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub class: Option<String>,
    /// Which time it is for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub period: Option<u32>,
    /// A label, or a track type.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// Its scheme.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scheme: Option<String>,
    /// Rules of a CPIX document.
    pub rules: Vec<KeyRule>,
    /// The key, encrypted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub encrypted: Option<EncryptedReport>,
}

/// A rule that gives a key to tracks: `KeyRule`.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct KeyRule {
    /// All of it in words.
    pub text: String,
    /// The type of tracks that it is meant for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub track_type: Option<String>,
    /// IDs of periods.
    pub periods: Vec<String>,
    /// Labels of tracks.
    pub labels: Vec<String>,
    /// Of pictures.
    pub video: Vec<VideoRule>,
    /// Channels.
    pub audio: Vec<SpanReport>,
    /// Bits a second.
    pub bitrate: Vec<SpanReport>,
    /// Names of filters that are not known.
    pub unknown: Vec<String>,
}

/// A filter of pictures: `VideoRule`.
#[derive(Clone, Debug, Serialize)]
pub struct VideoRule {
    /// Width times height.
    pub pixels: SpanReport,
    /// Pictures a second.
    pub fps: SpanReport,
    /// Whether of a high dynamic range.
    pub hdr: Option<bool>,
    /// Whether of a wide colour gamut.
    pub wcg: Option<bool>,
}

/// Bounds, each where it is said: `KeySpan`.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct SpanReport {
    /// At least.
    pub min: Option<u64>,
    /// At most.
    pub max: Option<u64>,
}

/// Something encrypted, in base64: `EncryptedValue`.
#[derive(Clone, Debug, Serialize)]
pub struct EncryptedReport {
    /// Algorithm, a URI of XML Encryption.
    pub algorithm: String,
    /// The value.
    pub value: String,
    /// HMAC over it.
    pub mac: Option<String>,
}

/// Who can decrypt: `KeyRecipient`.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RecipientReport {
    /// X.509, DER in base64.
    pub certificate: String,
    /// The key of the keys.
    pub document_key: EncryptedReport,
    /// Algorithm of the HMAC.
    pub mac_algorithm: Option<String>,
    /// Key of the HMAC.
    pub mac_key: Option<EncryptedReport>,
}

/// The key of a track at a time: `AssignedKey`.
#[derive(Clone, Debug, Serialize)]
pub struct AssignedKey {
    /// The track.
    pub track: u32,
    /// Which time, from 0 on.
    pub period: u32,
    /// Key ID as UUID text, or none.
    pub kid: Option<String>,
    /// Why, as a plain sentence.
    pub why: String,
}

/// A command line of another program: `CommandLine`.
#[derive(Clone, Serialize)]
pub struct CommandReport {
    /// Whose.
    pub program: &'static str,
    /// What to know of it; empty where there is nothing.
    pub note: &'static str,
    /// For a shell; it has the keys in it.
    #[serde(serialize_with = "exposed")]
    pub line: SecretText,
}

/// Shows a key to who asked for it.
fn perhaps<S: serde::Serializer>(text: &Option<SecretText>, serializer: S) -> Result<S::Ok, S::Error> {
    match text {
        Some(text) => exposed(text, serializer),
        None => serializer.serialize_none(),
    }
}

/// What a list says.
pub fn key_list(list: &KeyList, assigned: Vec<Assigned>) -> KeyListReport {
    let recipients = list.cpix.iter().flat_map(|document| &document.recipients).map(|one| RecipientReport {
        certificate: base64(&one.certificate),
        document_key: encrypted(&one.document_key),
        mac_algorithm: one.mac.as_ref().map(|(algorithm, _)| algorithm.clone()),
        mac_key: one.mac.as_ref().map(|(_, key)| encrypted(key)),
    });
    KeyListReport {
        form: list.form.name(),
        keys: list.keys.iter().map(listed).collect(),
        warnings: list.notes.clone(),
        content_id: list.cpix.as_ref().and_then(|document| document.content_id.clone()),
        recipients: recipients.collect(),
        assigned: assigned
            .into_iter()
            .map(|one| AssignedKey {
                track: one.track,
                period: one.period,
                kid: one.kid.map(|kid| kid.uuid()),
                why: one.why,
            })
            .collect(),
    }
}

/// Command lines.
pub fn commands(all: &[Command]) -> Vec<CommandReport> {
    let one = |command: &Command| CommandReport {
        program: command.program,
        note: command.note,
        line: SecretText(command.line.to_string()),
    };
    all.iter().map(one).collect()
}

fn listed(entry: &KeyEntry) -> ListedKey {
    ListedKey {
        kid: entry.kid.map(KidView::from),
        key: entry.key.as_ref().map(|key| SecretText(key_hex(key).to_string())),
        track: entry.track,
        class: entry.class.clone(),
        period: entry.period,
        label: entry.label.clone(),
        scheme: entry.scheme.clone(),
        rules: entry.rules.iter().map(rule).collect(),
        encrypted: entry.encrypted.as_ref().map(encrypted),
    }
}

fn rule(rule: &Rule) -> KeyRule {
    let span = |span: &Span| SpanReport { min: span.min, max: span.max };
    let video = |filter: &VideoFilter| VideoRule {
        pixels: span(&filter.pixels),
        fps: span(&filter.fps),
        hdr: filter.hdr,
        wcg: filter.wcg,
    };
    KeyRule {
        text: rule.describe(),
        track_type: rule.track_type.clone(),
        periods: rule.periods.clone(),
        labels: rule.labels.clone(),
        video: rule.video.iter().map(video).collect(),
        audio: rule.audio.iter().map(span).collect(),
        bitrate: rule.bitrate.iter().map(span).collect(),
        unknown: rule.unknown.clone(),
    }
}

fn encrypted(value: &Encrypted) -> EncryptedReport {
    EncryptedReport {
        algorithm: value.algorithm.clone(),
        value: base64(&value.value),
        mac: value.mac.as_ref().map(|mac| base64(mac)),
    }
}
