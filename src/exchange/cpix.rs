//! CPIX documents: keys, what DRM systems say of them, and which tracks and times they are for (DASH-IF CPIX 2.3).
//!
//! Read with tolerance for what writers of 2.0 to 2.4 do otherwise; written as 2.3. Encrypted keys are read and written as
//! they stand in the document: who holds a private key decrypts them.

mod read;
mod rules;
mod write;

use crate::bytes::{ContentKey, KeyId, Uuid16};

pub use rules::{Assigned, TrackFacts, assign};
pub(super) use rules::{Times, fits, label_of};

/// The XML namespace.
pub const NAMESPACE: &str = "urn:dashif:org:cpix";

/// AES-256-CBC with PKCS#7 padding, for keys (§6.1).
pub const AES256_CBC: &str = "http://www.w3.org/2001/04/xmlenc#aes256-cbc";
/// RSA-OAEP with MGF1 and SHA-1, for the keys that keys are encrypted with (§6.1).
pub const RSA_OAEP: &str = "http://www.w3.org/2001/04/xmlenc#rsa-oaep-mgf1p";
/// HMAC-SHA-512, over encrypted values (§6.1).
pub const HMAC_SHA512: &str = "http://www.w3.org/2001/04/xmldsig-more#hmac-sha512";

/// A document.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cpix {
    /// `@version`, where it is said.
    pub version: Option<String>,
    /// `@contentId`.
    pub content_id: Option<String>,
    /// Who can decrypt the keys, where they are encrypted.
    pub recipients: Vec<Recipient>,
    /// The keys.
    pub keys: Vec<CpixKey>,
    /// What DRM systems say of them.
    pub systems: Vec<System>,
    /// Times with keys of their own.
    pub periods: Vec<Period>,
    /// Which tracks and times a key is for.
    pub rules: Vec<Rule>,
}

/// A document as it was read.
#[derive(Clone, Debug)]
pub struct ParsedCpix {
    /// What it says.
    pub cpix: Cpix,
    /// What is doubtful about it, as plain sentences.
    pub notes: Vec<String>,
}

/// `ContentKey`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CpixKey {
    /// Key ID.
    pub kid: KeyId,
    /// The key, where it is there and not encrypted.
    pub key: Option<ContentKey>,
    /// The key, encrypted.
    pub encrypted: Option<Encrypted>,
    /// `@commonEncryptionScheme`.
    pub scheme: Option<String>,
    /// `@explicitIV`.
    pub explicit_iv: Option<[u8; 16]>,
    /// `@dependsOnKey`.
    pub depends_on: Option<KeyId>,
}

/// A value that is encrypted (PSKC `EncryptedValue`, and `ValueMAC` where there is one).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Encrypted {
    /// By which algorithm: a URI of XML Encryption.
    pub algorithm: String,
    /// The value.
    pub value: Vec<u8>,
    /// HMAC over the value.
    pub mac: Option<Vec<u8>>,
}

/// `DeliveryData`: what a recipient needs to decrypt the keys.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Recipient {
    /// X.509 certificate, DER.
    pub certificate: Vec<u8>,
    /// The key of the keys, encrypted for the certificate.
    pub document_key: Encrypted,
    /// Algorithm and key of the HMAC, the key encrypted for the certificate.
    pub mac: Option<(String, Encrypted)>,
}

/// `DRMSystem`: what a DRM system says of one key. What is empty is not said.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct System {
    /// Which system.
    pub system: Uuid16,
    /// Of which key.
    pub kid: KeyId,
    /// `PSSH`: the whole box.
    pub pssh: Vec<u8>,
    /// `ContentProtectionData`: what stands inside a `ContentProtection` element of a DASH manifest.
    pub content_protection: Vec<u8>,
    /// `HLSSignalingData`: which playlist, and the lines.
    pub hls: Vec<(Option<String>, Vec<u8>)>,
    /// `SmoothStreamingProtectionHeaderData`: the text of a `ProtectionHeader` of a Smooth manifest.
    pub smooth: String,
}

/// `ContentKeyPeriod`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Period {
    /// `@id`, by which rules name it.
    pub id: String,
    /// `@index`.
    pub index: Option<u32>,
    /// `@label`.
    pub label: Option<String>,
    /// `@start`, `@end`, `@startOffset`, `@endOffset` and `@duration`, as they stand there, where they do.
    pub times: Vec<(String, String)>,
}

/// `ContentKeyUsageRule`. Filters of one kind are alternatives; those of several kinds all hold (§5.7).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rule {
    /// The key.
    pub kid: KeyId,
    /// `@intendedTrackType`: free text, `SD` or `AUDIO`.
    pub track_type: Option<String>,
    /// IDs of periods.
    pub periods: Vec<String>,
    /// Labels of tracks.
    pub labels: Vec<String>,
    /// Of pictures.
    pub video: Vec<VideoFilter>,
    /// Channels of sound, at least and at most.
    pub audio: Vec<Span>,
    /// Bits a second, at least and at most.
    pub bitrate: Vec<Span>,
    /// Filters that nobody here knows: the rule cannot be used.
    pub unknown: Vec<String>,
}

/// Bounds, each where it is said; both belong to it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Span {
    /// At least.
    pub min: Option<u64>,
    /// At most.
    pub max: Option<u64>,
}

impl Span {
    /// Whether a number is within.
    pub fn holds(self, number: u64) -> bool {
        self.min.is_none_or(|min| number >= min) && self.max.is_none_or(|max| number <= max)
    }
}

/// `VideoFilter`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct VideoFilter {
    /// Width times height.
    pub pixels: Span,
    /// Pictures a second: more than the least, the most at most.
    pub fps: Span,
    /// `@hdr`.
    pub hdr: Option<bool>,
    /// `@wcg`.
    pub wcg: Option<bool>,
}
