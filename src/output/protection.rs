//! The boxes that protection adds, by profile: one place that says which (PIFF 1.1 5.3; ISO/IEC 23001-7:2023 7, 8).

use crate::boxes::BoxBody;
use crate::boxes::cenc::{
    OriginalFormat, ProtectionSystemSpecificHeader, SCHEME_VERSION_1_0, SENC_SUBSAMPLES, SUBSAMPLE_LEN,
    SampleAuxInfoOffsets, SampleAuxInfoSizes, SampleEncryption, SampleEncryptionEntries, SchemeType,
    TrackEncryption,
};
use crate::boxes::header::{four, wrap};
use crate::boxes::piff::{
    PiffEntries, PiffProtectionSystem, PiffSampleEncryption, PiffTrackEncryption, SCHEME_VERSION_1_1,
    algorithm,
};
use crate::boxes::systems::{PLAYREADY, W3C_COMMON};
use crate::boxes::types::{U24, Wide};
use crate::boxes::wire::{Bytes, FullHead};
use crate::bytes::{FourCc, KeyId};
use crate::protect::Profile;
use crate::protect::counter::IV_SIZE;

/// `sinf` for a sample entry that was of type `format`.
pub fn scheme_information(profile: Profile, format: FourCc, kid: KeyId) -> Vec<u8> {
    let piff = PiffTrackEncryption {
        default_algorithm_id: U24(algorithm::AES_CTR),
        default_iv_size: IV_SIZE,
        default_kid: kid,
        ..PiffTrackEncryption::default()
    };
    let (version, mut schi) = match profile {
        Profile::Piff => (SCHEME_VERSION_1_1, Vec::new()),
        Profile::Hybrid => (SCHEME_VERSION_1_0, TrackEncryption::with_ivs(kid, IV_SIZE).to_box(0)),
    };
    schi.extend(piff.to_box(0));
    let schm = SchemeType {
        scheme_type: FourCc(*profile.scheme()),
        scheme_version: version,
        ..SchemeType::default()
    };
    let frma = OriginalFormat { data_format: format, ..OriginalFormat::default() };
    wrap(four(b"sinf"), &[frma.to_box(0), schm.to_box(0), wrap(four(b"schi"), &schi)].concat())
}

/// The type a sample entry of type `format` takes on: `encv` for video, `enca` for audio.
pub fn protected_entry(is_video: bool) -> crate::boxes::BoxId {
    if is_video { four(b"encv") } else { four(b"enca") }
}

/// Headers of DRM systems for `moov`, in the order they are to stand in.
pub fn system_headers(profile: Profile, playready_object: &[u8], kid: KeyId) -> Vec<u8> {
    let data_size = u32::try_from(playready_object.len()).expect("a PlayReady object is at most 15 KiB");
    let data = Bytes(playready_object.to_vec());
    let piff =
        PiffProtectionSystem { system_id: PLAYREADY, data_size, data, ..PiffProtectionSystem::default() };
    match profile {
        Profile::Piff => piff.to_box(0),
        Profile::Hybrid => {
            let cenc = ProtectionSystemSpecificHeader {
                system_id: PLAYREADY,
                data_size,
                data: piff.data.clone(),
                ..ProtectionSystemSpecificHeader::default()
            };
            [cenc.to_box(0), piff.to_box(0), common_header(kid)].concat()
        }
    }
}

/// The W3C common header: the key ID for ClearKey (EME "cenc" initialization data).
pub fn common_header(kid: KeyId) -> Vec<u8> {
    let header = ProtectionSystemSpecificHeader {
        head: FullHead { version: 1, flags: 0 },
        system_id: W3C_COMMON,
        kids: vec![kid].into(),
        ..ProtectionSystemSpecificHeader::default()
    };
    header.to_box(0)
}

/// Which forms of sample information to write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SampleForms {
    /// `saiz`, `saio`, `senc`.
    pub cenc: bool,
    /// The PIFF `uuid` box.
    pub piff: bool,
}

impl SampleForms {
    /// What a profile writes.
    pub fn of(profile: Profile) -> Self {
        Self { cenc: profile == Profile::Hybrid, piff: true }
    }
}

/// The boxes that go to the end of a `traf`: `saiz`, `saio`, `senc` (the offset in `saio` still to be set), then the
/// PIFF box last, where Bento4 and Microsoft's readers look for it.
pub fn sample_information(
    forms: SampleForms,
    entries: &SampleEncryptionEntries,
    iv_size: u8,
    samples: usize,
) -> Vec<u8> {
    let sample_count = u32::try_from(samples).expect("samples of a fragment are capped");
    let subsamples = !entries.counts.is_empty();
    let head = FullHead { version: 0, flags: if subsamples { SENC_SUBSAMPLES } else { 0 } };
    let mut boxes = Vec::new();
    let constant_form = iv_size == 0 && !subsamples;
    if forms.cenc && !constant_form {
        boxes.extend(sizes(entries, iv_size, sample_count).to_box(0));
        let saio = SampleAuxInfoOffsets { offsets: vec![Wide(0)].into(), ..SampleAuxInfoOffsets::default() };
        boxes.extend(saio.to_box(0));
        let senc =
            SampleEncryption { head, sample_count, samples: entries.clone(), ..SampleEncryption::default() };
        boxes.extend(senc.to_box(iv_size));
    }
    if forms.piff {
        let senc = PiffSampleEncryption {
            head,
            sample_count,
            samples: PiffEntries(entries.clone()),
            ..PiffSampleEncryption::default()
        };
        boxes.extend(senc.to_box(iv_size));
    }
    boxes
}

fn sizes(entries: &SampleEncryptionEntries, iv_size: u8, sample_count: u32) -> SampleAuxInfoSizes {
    // The plan holds samples to as many subsamples as fit in eight bits.
    let size = |count: &u16| u8::try_from(usize::from(iv_size) + 2 + SUBSAMPLE_LEN * usize::from(*count));
    let each: Vec<u8> = entries.counts.iter().map(|count| size(count).unwrap_or(u8::MAX)).collect();
    let mut saiz = SampleAuxInfoSizes { sample_count, ..SampleAuxInfoSizes::default() };
    match each.as_slice() {
        [] => saiz.default_sample_info_size = iv_size,
        [first, rest @ ..] if rest.iter().all(|size| size == first) => saiz.default_sample_info_size = *first,
        _ => saiz.sample_info_sizes = each,
    }
    saiz
}

/// Bytes from the first byte of a `senc` box to its first IV: header, version and flags, count.
pub const SENC_PREFIX: u64 = 16;
