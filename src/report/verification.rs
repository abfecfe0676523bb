//! What came of verifying a file.

use serde::Serialize;

use crate::verify::Outcome;
use crate::verify::clear::{ClearBytes, Kind};
use crate::verify::counters::Used;
use crate::verify::verification::Placed;

use super::number;

/// One track of a file that was verified.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct VerifiedTrack {
    /// Track ID.
    pub id: u32,
    /// Samples.
    pub samples: f64,
    /// Samples that are the source's; nothing where there was none to compare with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub equal: Option<f64>,
    /// Bytes of all samples.
    pub bytes: f64,
    /// Bytes of them that are encrypted.
    pub encrypted: f64,
    /// Bytes beside these that are clear, though a newer rule would encrypt them.
    pub beside: f64,
    /// Bytes that stay clear, by what they are; what has none is left out.
    pub clear: Vec<ClearPart>,
    /// Samples that are clear altogether.
    pub clear_samples: f64,
}

/// Bytes of one kind that stay clear.
#[derive(Clone, Debug, Serialize)]
pub struct ClearPart {
    /// Name of the kind: see [`Kind`].
    pub kind: &'static str,
    /// How many.
    pub bytes: f64,
}

/// How much was looked at.
#[derive(Clone, Debug, Serialize)]
pub struct VerifiedParts {
    /// Fragments.
    pub fragments: f64,
    /// PlayReady objects in the movie header.
    pub headers: f64,
    /// References of segment indexes (`sidx`).
    pub references: f64,
    /// Entries of the random access index (`mfra`).
    pub points: f64,
    /// Samples that are encrypted in counter mode.
    pub streams: f64,
}

/// Part of the key stream of a key that was used, by tracks of whichever numbers.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct UsedStream {
    /// Number, from 0, of the first of the keys given that is this one.
    pub key: u32,
    /// The first IV of 8 bytes, or of 16 of which the last 8 are 0; or the first block of other IVs of 16, as hex.
    pub first: String,
    /// The last.
    pub last: String,
}

/// Something that is wrong.
#[derive(Clone, Debug, Serialize)]
pub struct VerifyFault {
    /// Stable code.
    pub code: String,
    /// Plain sentence.
    pub message: String,
    /// Track ID; nothing when it is about the file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub track: Option<u32>,
    /// Number of the sample in the track, from 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sample: Option<f64>,
    /// Its decode time in seconds from the first sample of the track on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time: Option<f64>,
}

/// What came of verifying a file. Has no keys.
#[derive(Clone, Debug, Serialize)]
pub struct Verification {
    /// Whether nothing is wrong.
    pub ok: bool,
    /// Whether every sample was compared with the clear source.
    pub compared: bool,
    /// Whether all of the file could be looked at.
    pub complete: bool,
    /// How much was looked at.
    pub counted: VerifiedParts,
    /// What was used of key streams in counter mode, [`STREAMS`] at most.
    pub streams: Vec<UsedStream>,
    /// The tracks, by ID.
    pub tracks: Vec<VerifiedTrack>,
    /// What is wrong, as far as it is told.
    pub faults: Vec<VerifyFault>,
    /// What is told though it is no fault, or not known to be one.
    pub notes: Vec<VerifyFault>,
    /// How many faults are not told.
    pub more: f64,
}

/// The outcome, as it is shown.
pub fn verification(outcome: &Outcome) -> Verification {
    let tracks = outcome.tracks.iter().map(|(&id, sum)| VerifiedTrack {
        id,
        samples: number(sum.samples),
        equal: outcome.compared.then(|| number(sum.equal)),
        bytes: number(sum.bytes),
        encrypted: number(sum.encrypted),
        beside: number(sum.beside),
        clear: clear(&sum.clear),
        clear_samples: number(sum.clear_samples),
    });
    let shown = |fault: &Placed| VerifyFault {
        code: fault.code.clone(),
        message: fault.message.clone(),
        track: fault.track,
        sample: fault.sample.map(number),
        time: fault.time,
    };
    let counted = outcome.counted;
    Verification {
        ok: outcome.faults.is_empty(),
        compared: outcome.compared,
        complete: outcome.complete,
        counted: VerifiedParts {
            fragments: number(counted.fragments),
            headers: number(counted.headers),
            references: number(counted.references),
            points: number(counted.points),
            streams: number(counted.streams),
        },
        streams: outcome.used.iter().take(STREAMS).map(stream).collect(),
        tracks: tracks.collect(),
        faults: outcome.faults.iter().map(shown).collect(),
        notes: outcome.notes.iter().map(shown).collect(),
        more: number(outcome.more),
    }
}

/// Most parts of key streams that are told: IVs that go on from each other are one.
pub(super) const STREAMS: usize = 1000;

pub(super) fn stream(used: &Used) -> UsedStream {
    let iv = |at: u128| {
        let bytes = at.to_be_bytes();
        hex::encode(if used.iv_size == 8 { &bytes[8..] } else { &bytes[..] })
    };
    UsedStream { key: used.key, first: iv(used.first), last: iv(used.last) }
}

fn clear(bytes: &ClearBytes) -> Vec<ClearPart> {
    let all = Kind::ALL.iter().zip(bytes.0).filter(|(_, bytes)| *bytes > 0);
    all.map(|((_, kind), bytes)| ClearPart { kind, bytes: number(bytes) }).collect()
}
