//! Common encryption boxes (ISO/IEC 23001-7:2023) and the protection boxes they stand in.

use crate::bytes::{FourCc, KeyId, Reader, Result, Uuid16, Writer};

use super::header::four;
use super::rows::RowSink;
use super::types::Counted;
use super::wire::{Bytes, Context, FullHead, Wire, for_each_entry, spaced_hex};

/// Flag of sample encryption boxes: samples carry subsample maps.
pub const SENC_SUBSAMPLES: u32 = 0x2;

/// `schm` version 1.0.
pub const SCHEME_VERSION_1_0: u32 = 0x1_0000;

/// One stretch of a sample: clear bytes, then protected bytes (ISO/IEC 23001-7:2023 7.2).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Subsample {
    /// Bytes left as they are.
    pub clear: u16,
    /// Bytes encrypted.
    pub protected: u32,
}

/// Bytes of one subsample entry in the file.
pub const SUBSAMPLE_LEN: usize = 6;

/// IVs and subsample maps of the samples of one fragment, kept flat: no allocation for each sample.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SampleEncryptionEntries {
    /// The IVs one after the other, `iv_size` bytes each.
    pub ivs: Vec<u8>,
    /// Number of subsamples of each sample; empty when samples carry no maps.
    pub counts: Vec<u16>,
    /// All subsamples, sample after sample.
    pub subsamples: Vec<Subsample>,
}

impl SampleEncryptionEntries {
    fn read_one(&mut self, r: &mut Reader<'_>, cx: &Context) -> Result<usize> {
        self.ivs.extend_from_slice(r.take(usize::from(cx.iv_size), "InitializationVector")?);
        if cx.head.has(SENC_SUBSAMPLES) {
            let count = r.u16("subsample_count")?;
            self.counts.push(count);
            for _ in 0..count {
                let clear = r.u16("BytesOfClearData")?;
                self.subsamples.push(Subsample { clear, protected: r.u32("BytesOfProtectedData")? });
            }
            return Ok(usize::from(count));
        }
        Ok(0)
    }

    /// The IV and subsamples of each of `count` samples, in order; `iv_size` bytes per IV.
    pub fn iter(&self, iv_size: u8, count: usize) -> impl Iterator<Item = (&[u8], &[Subsample])> {
        let mut at = 0;
        (0..count).map(move |index| {
            let size = usize::from(iv_size);
            let iv = self.ivs.get(index * size..(index + 1) * size).unwrap_or_default();
            let len = self.counts.get(index).map_or(0, |&n| usize::from(n));
            let subsamples = self.subsamples.get(at..at + len).unwrap_or_default();
            at += len;
            (iv, subsamples)
        })
    }
}

impl Wire for SampleEncryptionEntries {
    fn read(r: &mut Reader<'_>, name: &str, cx: &Context, count: Option<u64>) -> Result<Self> {
        let mut this = Self::default();
        for_each_entry(r, name, count, &mut |r, _| this.read_one(r, cx).map(|_| ()))?;
        Ok(this)
    }

    fn write(&self, w: &mut Writer, cx: &Context) {
        let iv_size = usize::from(cx.iv_size);
        if !cx.head.has(SENC_SUBSAMPLES) {
            w.bytes(&self.ivs);
            return;
        }
        for (iv, subsamples) in self.iter(cx.iv_size, self.counts.len()) {
            debug_assert_eq!(iv.len(), iv_size);
            w.bytes(iv);
            w.u16(u16::try_from(subsamples.len()).unwrap_or(u16::MAX));
            for subsample in subsamples {
                w.u16(subsample.clear);
                w.u32(subsample.protected);
            }
        }
    }

    fn show(&self) -> String {
        format!("{} subsamples", self.subsamples.len())
    }

    fn rows(
        r: &mut Reader<'_>,
        name: &str,
        cx: &Context,
        count: Option<u64>,
        sink: &mut RowSink,
    ) -> Result<Self> {
        let mut this = Self::default();
        for_each_entry(r, name, count, &mut |r, index| {
            let (start, at) = (r.offset(), this.ivs.len());
            let subsamples = this.read_one(r, cx)?;
            sink.push_entry("samples", index, start, r.offset(), || {
                let iv = this.ivs.get(at..).unwrap_or_default();
                let iv =
                    if iv.is_empty() { "constant IV".to_owned() } else { format!("IV {}", spaced_hex(iv)) };
                if cx.head.has(SENC_SUBSAMPLES) { format!("{iv}, {subsamples} subsamples") } else { iv }
            });
            let first = this.subsamples.len() - subsamples;
            let iv_end = start + u64::from(cx.iv_size);
            sink.nested(|sink| {
                for (index, subsample) in this.subsamples.iter().skip(first).enumerate() {
                    let start = iv_end + 2 + 6 * index as u64;
                    sink.push_entry("subsamples", index, start, start + 6, || {
                        format!("{} clear, {} protected", subsample.clear, subsample.protected)
                    });
                }
            });
            Ok(())
        })?;
        Ok(this)
    }
}

/// Names a protection scheme.
pub fn scheme_name(scheme: FourCc) -> &'static str {
    match &scheme.0 {
        b"cenc" => "AES-CTR, whole samples or subsamples",
        b"cbc1" => "AES-CBC",
        b"cens" => "AES-CTR, pattern",
        b"cbcs" => "AES-CBC, pattern",
        b"piff" => "PIFF",
        b"sve1" => "sensitive encryption",
        _ => "",
    }
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
    TrackEncryption [four(b"tenc")] full "Track encryption" "ISO/IEC 23001-7:2023 8.2" {
        reserved: u8;
        default_pattern: u8, means |v| if *v == 0 { String::new() } else { format!("encrypt {}, skip {}", v >> 4, v & 15) };
        default_is_protected: u8;
        default_per_sample_iv_size: u8;
        default_kid: KeyId;
        default_constant_iv: Counted<u8, u8>, if |_, b| b.default_is_protected == 1 && b.default_per_sample_iv_size == 0;
    }
    /// IVs and subsample maps of the samples of a fragment.
    SampleEncryption [four(b"senc")] full "Sample encryption" "ISO/IEC 23001-7:2023 7.2"
        flags { 0x2 "subsamples" }
    {
        sample_count: u32;
        samples: SampleEncryptionEntries, count |_, b| u64::from(b.sample_count);
    }
    /// Licence data of one DRM system.
    ProtectionSystemSpecificHeader [four(b"pssh")] full "Protection system specific header" "ISO/IEC 23001-7:2023 8.1" {
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
    SampleAuxInfoOffsets [four(b"saio")] full "Sample auxiliary information offsets" "ISO/IEC 14496-12:2022 8.7.9"
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
