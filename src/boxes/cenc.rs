//! Common encryption boxes (ISO/IEC 23001-7:2023) and the protection boxes they stand in.

use crate::bytes::{FourCc, KeyId, Reader, Result, Uuid16, Writer};

use super::header::four;
use super::names::name_in;
use super::parts::LenBytes;
use super::samples::{MultiKeyEntries, ProtectedEntries};
use super::types::Counted;
use super::wire::{Bytes, Context, FullHead, Wire, spaced_hex};

/// Flag of sample encryption boxes: samples carry subsample maps.
pub const SENC_SUBSAMPLES: u32 = 0x2;

/// `schm` version 1.0.
pub const SCHEME_VERSION_1_0: u32 = 0x1_0000;

pub use super::samples::{SUBSAMPLE_LEN, SampleEncryptionEntries, Subsample};

/// An IV for all samples, behind its length: one row for both.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ConstantIv {
    /// The bytes of the IV.
    pub entries: Vec<u8>,
}

impl Wire for ConstantIv {
    const EXACT: bool = true;
    fn read(r: &mut Reader<'_>, name: &str, cx: &Context, _: Option<u64>) -> Result<Self> {
        Ok(Self { entries: LenBytes::<u8>::read(r, name, cx, None)?.bytes })
    }
    fn write(&self, w: &mut Writer, cx: &Context) {
        LenBytes::<u8>::from(self.entries.clone()).write(w, cx);
    }
    fn show(&self) -> String {
        spaced_hex(&self.entries)
    }
    fn meaning(&self) -> String {
        format!("{} bytes behind their length", self.entries.len())
    }
}

/// A pattern of encrypted and clear blocks in words; nothing where there is none.
pub fn pattern_text(pattern: u8) -> String {
    if pattern == 0 { String::new() } else { format!("encrypt {}, skip {}", pattern >> 4, pattern & 15) }
}

/// Names a protection scheme.
pub fn scheme_name(scheme: FourCc) -> &'static str {
    const NAMES: &str = "\
cencAES-CTR, whole samples or subsamples
cbc1AES-CBC
censAES-CTR, pattern
cbcsAES-CBC, pattern
piffPIFF
sve1sensitive encryption
";
    name_in(NAMES, scheme)
}

boxes! {
    /// Says how a protected or restricted sample entry was made, and what it was before.
    ProtectionSchemeInfo [four(b"sinf")] plain children "Protection scheme information" "ISO/IEC 14496-12:2022 8.12.2" {}
    /// The sample entry's type before protection.
    OriginalFormat [four(b"frma")] plain "Original format" "ISO/IEC 14496-12:2022 8.12.3" {
        data_format: FourCc;
    }
    /// Which protection scheme, and its version.
    SchemeType [four(b"schm")] full "Scheme type" "ISO/IEC 14496-12:2022 8.12.6"
        flags { 0x1 "has a URI" }
    {
        scheme_type: FourCc, means |v| scheme_name(*v).to_owned();
        scheme_version: u32, means |v| format!("{}.{}", v >> 16, v & 0xffff);
        scheme_uri: super::types::Text, if |cx, _| cx.head.has(1);
    }
    /// What the scheme needs to know.
    SchemeInformation [four(b"schi")] plain children "Scheme information" "ISO/IEC 14496-12:2022 8.12.7" {}
    /// Encryption defaults of a track: key ID, IV size, pattern, constant IV.
    TrackEncryption [four(b"tenc")] full(0, 1) "Track encryption" "ISO/IEC 23001-7:2023 8.2" {
        reserved: u8;
        reserved_2: u8, if |cx, _| cx.head.version == 0;
        default_pattern: u8, if |cx, _| cx.head.version > 0, means |v| pattern_text(*v);
        default_is_protected: u8;
        default_per_sample_iv_size: u8;
        default_kid: KeyId;
        default_constant_iv: ConstantIv, if |_, b| b.default_is_protected == 1 && b.default_per_sample_iv_size == 0;
    }
    /// IVs and subsample maps of the samples of a fragment.
    SampleEncryption [four(b"senc")] full(0, 1, 2) "Sample encryption" "ISO/IEC 23001-7:2023 7.2"
        flags { 0x2 "subsamples" }
    {
        sample_count: u32;
        samples: SampleEncryptionEntries, count |_, b| u64::from(b.sample_count), if |cx, _| cx.head.version == 0;
        several_keys: MultiKeyEntries, count |_, b| u64::from(b.sample_count), if |cx, _| cx.head.version == 1;
        protected_samples: ProtectedEntries, count |_, b| u64::from(b.sample_count), if |cx, _| cx.head.version == 2;
    }
    /// Licence data of one DRM system.
    ProtectionSystemSpecificHeader [four(b"pssh")] full(0, 1) "Protection system specific header" "ISO/IEC 23001-7:2023 8.1" {
        system_id: Uuid16, means |v| crate::boxes::systems::system_name(v).unwrap_or_default().to_owned();
        kids: Counted<u32, KeyId>, if |cx, _| cx.head.version > 0;
        data_size: u32;
        data: Bytes, count |_, b| u64::from(b.data_size);
    }
    /// Sizes of the auxiliary information of samples.
    SampleAuxInfoSizes [four(b"saiz")] full "Sample auxiliary information sizes" "ISO/IEC 14496-12:2022 8.7.8"
        flags { 0x1 "has a type" }
    {
        aux_info_type: FourCc, if |cx, _| cx.head.has(1);
        aux_info_type_parameter: u32, if |cx, _| cx.head.has(1);
        default_sample_info_size: u8;
        sample_count: u32;
        sample_info_sizes: Vec<u8>, count |_, b| u64::from(b.sample_count), if |_, b| b.default_sample_info_size == 0;
    }
    /// Where the auxiliary information of samples stands.
    SampleAuxInfoOffsets [four(b"saio")] full(0, 1) "Sample auxiliary information offsets" "ISO/IEC 14496-12:2022 8.7.9"
        flags { 0x1 "has a type" }
    {
        aux_info_type: FourCc, if |cx, _| cx.head.has(1);
        aux_info_type_parameter: u32, if |cx, _| cx.head.has(1);
        offsets: Counted<u32, super::types::Wide>;
    }
}

impl TrackEncryption {
    /// The CENC defaults of a track whose samples carry IVs of `iv_size` bytes.
    pub fn with_ivs(kid: KeyId, iv_size: u8) -> Self {
        Self {
            head: FullHead::default(),
            default_is_protected: 1,
            default_per_sample_iv_size: iv_size,
            default_kid: kid,
            ..Self::default()
        }
    }
}
