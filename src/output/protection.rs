//! The boxes that protection adds, by form and scheme: one place that says which (PIFF 1.1 5.3; ISO/IEC 23001-7:2023 7, 8).

use crate::boxes::BoxBody;
use crate::boxes::cenc::{
    ConstantIv, OriginalFormat, ProtectionSystemSpecificHeader, SCHEME_VERSION_1_0, SENC_SUBSAMPLES,
    SUBSAMPLE_LEN, SampleAuxInfoOffsets, SampleAuxInfoSizes, SampleEncryption, SampleEncryptionEntries,
    SchemeType, TrackEncryption,
};
use crate::boxes::groups::{
    FIRST_LOCAL_GROUP, GroupDescriptions, GroupEncryption, SampleGroupDescription, SampleToGroup,
    SampleToGroupEntry,
};
use crate::boxes::header::{four, wrap};
use crate::boxes::piff::{
    OVERRIDE, PiffEntries, PiffProtectionSystem, PiffSampleEncryption, PiffTrackEncryption,
    SCHEME_VERSION_1_1, algorithm,
};
use crate::boxes::systems::{PLAYREADY, W3C_COMMON};
use crate::boxes::types::{U24, Wide};
use crate::boxes::wire::{Bytes, FullHead};
use crate::bytes::{FourCc, KeyId};
use crate::protect::counter::Ivs;
use crate::protect::scheme::Mode;
use crate::protect::{Form, Plan, Protection};

/// `sinf` for a sample entry that was of type `format`.
pub fn scheme_information(plan: &Plan, protection: &Protection, format: FourCc, kid: KeyId) -> Vec<u8> {
    let mut schi = Vec::new();
    if plan.form.has_cenc() {
        schi.extend(track_encryption(plan, protection, kid).to_box(0));
    }
    if plan.form.has_piff() {
        let piff = PiffTrackEncryption {
            default_algorithm_id: algorithm_of(plan.scheme.mode),
            default_iv_size: protection.ivs.size(),
            default_kid: kid,
            ..PiffTrackEncryption::default()
        };
        schi.extend(piff.to_box(0));
    }
    let schm = SchemeType {
        scheme_type: plan.form.scheme_type(&plan.scheme),
        scheme_version: if plan.form.has_cenc() { SCHEME_VERSION_1_0 } else { SCHEME_VERSION_1_1 },
        ..SchemeType::default()
    };
    let frma = OriginalFormat { data_format: format, ..OriginalFormat::default() };
    wrap(four(b"sinf"), &[frma.to_box(0), schm.to_box(0), wrap(four(b"schi"), &schi)].concat())
}

/// The CENC defaults of a track. Version 1 is for schemes with patterns, also where a track has none (8.2.2).
fn track_encryption(plan: &Plan, protection: &Protection, kid: KeyId) -> TrackEncryption {
    TrackEncryption {
        head: FullHead { version: u8::from(plan.scheme.has_pattern), flags: 0 },
        default_pattern: protection.pattern.nibbles(),
        default_constant_iv: constant_iv(protection),
        ..TrackEncryption::with_ivs(kid, protection.ivs.size())
    }
}

fn constant_iv(protection: &Protection) -> ConstantIv {
    match protection.ivs {
        Ivs::Each(_) => ConstantIv::default(),
        Ivs::Constant(iv) => ConstantIv { entries: iv.to_vec() },
    }
}

/// The type a sample entry of type `format` takes on: `encv` for video, `enca` for audio.
pub fn protected_entry(is_video: bool) -> crate::boxes::BoxId {
    if is_video { four(b"encv") } else { four(b"enca") }
}

/// Headers of DRM systems for `moov`, in the order they are to stand in.
pub fn system_headers(plan: &Plan) -> Vec<u8> {
    if !plan.protects() {
        return Vec::new();
    }
    let mut boxes = Vec::new();
    if plan.form.has_cenc() {
        boxes.extend(playready_header(false, &plan.playready_object));
    }
    if plan.form.has_piff() {
        boxes.extend(playready_header(true, &plan.playready_object));
    }
    if plan.form.has_cenc() {
        boxes.extend(common_header(plan.keys.iter().map(|key| key.kid).collect()));
    }
    boxes.extend(&plan.other_systems);
    boxes
}

/// The box with a PlayReady object, or its PIFF twin.
pub fn playready_header(is_piff: bool, object: &[u8]) -> Vec<u8> {
    let data_size = u32::try_from(object.len()).expect("what is in memory is far below 4 GiB");
    let (system_id, data) = (PLAYREADY, Bytes(object.to_vec()));
    if is_piff {
        return PiffProtectionSystem { system_id, data_size, data, ..Default::default() }.to_box(0);
    }
    ProtectionSystemSpecificHeader { system_id, data_size, data, ..Default::default() }.to_box(0)
}

/// The W3C common header: the key IDs for ClearKey (EME "cenc" initialization data).
pub fn common_header(kids: Vec<KeyId>) -> Vec<u8> {
    let header = ProtectionSystemSpecificHeader {
        head: FullHead { version: 1, flags: 0 },
        system_id: W3C_COMMON,
        kids: kids.into(),
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
    /// What a form writes.
    pub fn of(form: Form) -> Self {
        Self { cenc: form.has_cenc(), piff: form.has_piff() }
    }
}

/// PIFF's number for a cipher.
fn algorithm_of(mode: Mode) -> U24 {
    U24(match mode {
        Mode::Ctr => algorithm::AES_CTR,
        Mode::Cbc => algorithm::AES_CBC,
    })
}

/// That the samples of a `traf` have another key than their track says.
#[derive(Clone, Debug)]
pub struct KeyChange {
    /// How they are encrypted.
    pub encryption: GroupEncryption,
    /// By what cipher, as PIFF has it.
    pub algorithm: U24,
}

impl KeyChange {
    /// For samples of a protected track; `None` at the time when it has the key that its track says.
    pub fn of(plan: &Plan, protection: &Protection) -> Option<Self> {
        let key = plan.keys.get(protection.key).filter(|_| plan.period > 0)?;
        let encryption = GroupEncryption {
            pattern: protection.pattern.nibbles(),
            constant_iv: constant_iv(protection),
            ..GroupEncryption::with_ivs(key.kid, protection.ivs.size())
        };
        Some(Self { encryption, algorithm: algorithm_of(plan.scheme.mode) })
    }

    /// A group of all samples of the fragment, and what is said of it (ISO/IEC 23001-7:2023 6).
    pub fn group(&self, sample_count: u32) -> Vec<u8> {
        let grouping_type = FourCc(*b"seig");
        let group = SampleToGroupEntry { sample_count, group_description_index: FIRST_LOCAL_GROUP };
        let samples =
            SampleToGroup { grouping_type, entries: vec![group].into(), ..SampleToGroup::default() };
        let entries = self.encryption.to_bytes();
        let groups = GroupDescriptions {
            grouping_type,
            default_length: Some(u32::try_from(entries.len()).expect("it has at most 37 bytes")),
            entry_count: 1,
            entries,
            ..GroupDescriptions::default()
        };
        let head = FullHead { version: 1, flags: 0 };
        let described = SampleGroupDescription { head, groups, ..SampleGroupDescription::default() };
        [samples.to_box(0), described.to_box(0)].concat()
    }
}

/// The boxes that go to the end of a `traf`: the group of its key where that is not the track's; `saiz`, `saio`, `senc` (the
/// offset in `saio` still to be set); the PIFF box last, where Bento4 and Microsoft's readers look for it.
pub fn sample_information(
    forms: SampleForms,
    entries: &SampleEncryptionEntries,
    iv_size: u8,
    samples: usize,
    change: Option<&KeyChange>,
) -> Vec<u8> {
    let sample_count = u32::try_from(samples).expect("samples of a fragment are capped");
    let subsamples = !entries.counts.is_empty();
    let head = FullHead { version: 0, flags: if subsamples { SENC_SUBSAMPLES } else { 0 } };
    let mut boxes = Vec::new();
    if forms.cenc {
        boxes.extend(change.map(|change| change.group(sample_count)).unwrap_or_default());
        // Where there is nothing to say of each sample, a count alone is what Bento4 asks for.
        if iv_size > 0 || subsamples {
            boxes.extend(sizes(entries, iv_size, sample_count).to_box(0));
            let offsets = vec![Wide(0)].into();
            boxes.extend(SampleAuxInfoOffsets { offsets, ..SampleAuxInfoOffsets::default() }.to_box(0));
        }
        let senc =
            SampleEncryption { head, sample_count, samples: entries.clone(), ..SampleEncryption::default() };
        boxes.extend(senc.to_box(iv_size));
    }
    if forms.piff {
        let mut senc = PiffSampleEncryption {
            head,
            sample_count,
            samples: PiffEntries(entries.clone()),
            ..PiffSampleEncryption::default()
        };
        if let Some(change) = change {
            senc.head.flags |= OVERRIDE;
            (senc.algorithm_id, senc.iv_size, senc.kid) = (change.algorithm, iv_size, change.encryption.kid);
        }
        boxes.extend(senc.to_box(iv_size));
    }
    boxes
}

/// The box at the end of a `traf` whose samples are clear where those of its track are not, in a file for PIFF readers
/// alone: it names no cipher, and has IVs that nothing uses (PIFF 1.1 5.3.2). In a file that others read too, sample
/// entries say it: Bento4 writes anew a box like this, in what it has nothing to decrypt, with a wrong size.
pub fn clear_samples(forms: SampleForms, samples: usize) -> Vec<u8> {
    if forms.cenc {
        return Vec::new();
    }
    let ivs = vec![0; samples * usize::from(CLEAR_IV_SIZE)];
    let senc = PiffSampleEncryption {
        head: FullHead { version: 0, flags: OVERRIDE },
        algorithm_id: U24(algorithm::NONE),
        iv_size: CLEAR_IV_SIZE,
        sample_count: u32::try_from(samples).expect("samples of a fragment are capped"),
        samples: PiffEntries(SampleEncryptionEntries { ivs, ..SampleEncryptionEntries::default() }),
        ..PiffSampleEncryption::default()
    };
    senc.to_box(CLEAR_IV_SIZE)
}

/// Bytes of an IV that nothing uses; PIFF knows 8 and 16.
pub const CLEAR_IV_SIZE: u8 = 8;

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
