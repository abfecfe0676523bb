//! The `uuid` boxes of PIFF and Smooth Streaming (PIFF 1.1 5.3; MS-SSTR 2.2.4, 2.2.7).

use crate::bytes::units::clock;
use crate::bytes::{KeyId, Reader, Result, Uuid16, Writer};

use super::cenc::SampleEncryptionEntries;
use super::header::{BoxId, user};
use super::rows::RowSink;
use super::types::{Counted, U24, Utf8, Wide};
use super::wire::{Bytes, Context, Wire};

/// User type of the PIFF sample encryption box.
pub const SAMPLE_ENCRYPTION: BoxId = user(0xa239_4f52_5a9b_4f14_a244_6c42_7c64_8df4);
/// User type of the PIFF track encryption box.
pub const TRACK_ENCRYPTION: BoxId = user(0x8974_dbce_7be7_4c51_84f9_7148_f988_2554);
/// User type of the PIFF protection system header box.
pub const PROTECTION_SYSTEM: BoxId = user(0xd08a_4f18_10f3_4a82_b6c8_32d8_aba1_83d3);
/// User type of the absolute time box.
pub const TFXD: BoxId = user(0x6d1d_9b05_42d5_44e6_80e2_141d_aff7_57b2);
/// User type of the look-ahead box of live fragments.
pub const TFRF: BoxId = user(0xd480_7ef2_ca39_4695_8e54_26cb_9e46_a79f);

/// User type of the live server manifest box.
pub const LIVE_SERVER_MANIFEST: BoxId = user(0xa5d4_0b30_e814_11dd_ba2f_0800_200c_9a66);
/// User type of the stream manifest box.
pub const STREAM_MANIFEST: BoxId = user(0x3c2f_e51b_efee_40a3_ae81_5300_199d_c348);
/// User type of XMP metadata.
pub const XMP: BoxId = user(0xbe7a_cfcb_97a9_42e8_9c71_9994_91e3_afac);
/// User type of spherical video metadata, version 1.
pub const SPHERICAL: BoxId = user(0xffcc_8263_f855_4a93_8814_587a_0252_1fdd);

/// Flag of the PIFF sample encryption box: it overrides the track's algorithm, IV size and KID.
pub const OVERRIDE: u32 = 0x1;

/// `schm` version of PIFF 1.1.
pub const SCHEME_VERSION_1_1: u32 = 0x1_0001;

/// Algorithm IDs of PIFF.
pub mod algorithm {
    /// Not encrypted.
    pub const NONE: u32 = 0;
    /// AES-128 in counter mode.
    pub const AES_CTR: u32 = 1;
    /// AES-128 in CBC mode.
    pub const AES_CBC: u32 = 2;
}

fn algorithm_name(id: &U24) -> String {
    match id.0 {
        algorithm::NONE => "not encrypted",
        algorithm::AES_CTR => "AES-128-CTR",
        algorithm::AES_CBC => "AES-128-CBC",
        _ => "unknown",
    }
    .to_owned()
}

/// Ticks a second of Smooth Streaming where nothing says otherwise (MS-SSTR 2.2.2.1, `TimeScale`).
pub const DEFAULT_TIMESCALE: u32 = 10_000_000;

/// A Smooth time for people, in seconds of the default timescale, and read as a signed number, as FFmpeg writes it.
pub fn smooth_clock(ticks: u64) -> String {
    let ticks = ticks.cast_signed();
    let sign = if ticks < 0 { "−" } else { "" };
    format!("{sign}{}", clock(ticks.unsigned_abs(), DEFAULT_TIMESCALE))
}

fn smooth_meaning(ticks: &Wide) -> String {
    if ticks.0 == u64::MAX {
        return ticks.meaning();
    }
    let signed = if ticks.0.cast_signed() < 0 {
        format!("{}, read as a signed number: ", ticks.0.cast_signed())
    } else {
        String::new()
    };
    format!("{signed}{} at 10 MHz, Smooth's default", smooth_clock(ticks.0))
}

entries! {
    /// A coming fragment.
    FragmentReference {
        fragment_absolute_time: Wide, means smooth_meaning;
        fragment_duration: Wide, means smooth_meaning;
    }
}

boxes! {
    /// Encryption defaults of a track, as PIFF 1.x writes them.
    PiffTrackEncryption [TRACK_ENCRYPTION] full "Track encryption (PIFF tenc)" "PIFF 1.1 5.3.3" {
        default_algorithm_id: U24, means algorithm_name;
        default_iv_size: u8;
        default_kid: KeyId;
    }
    /// IVs and subsample maps of the samples of a fragment, as PIFF 1.x writes them.
    PiffSampleEncryption [SAMPLE_ENCRYPTION] full "Sample encryption (PIFF senc)" "PIFF 1.1 5.3.2"
        flags { 0x1 "overrides the track's defaults", 0x2 "subsamples" }
    {
        algorithm_id: U24, if |cx, _| cx.head.has(OVERRIDE), means algorithm_name;
        iv_size: u8, if |cx, _| cx.head.has(OVERRIDE);
        kid: KeyId, if |cx, _| cx.head.has(OVERRIDE);
        sample_count: u32;
        samples: PiffEntries, count |_, b| u64::from(b.sample_count) | u64::from(b.iv_size) << 32;
    }
    /// Licence data of one DRM system, as PIFF 1.x writes it.
    PiffProtectionSystem [PROTECTION_SYSTEM] full "Protection system header (PIFF pssh)" "PIFF 1.1 5.3.1" {
        system_id: Uuid16, means |v| crate::boxes::systems::system_name(v).unwrap_or_default().to_owned();
        data_size: u32;
        data: Bytes, count |_, b| u64::from(b.data_size);
    }
    /// Absolute time and duration of a fragment (tfxd).
    FragmentTime [TFXD] full(0, 1) "Fragment time (tfxd)" "MS-SSTR 2.2.4.4" {
        fragment_absolute_time: Wide, means smooth_meaning;
        fragment_duration: Wide, means smooth_meaning;
    }
    /// Times of the fragments to come in a live presentation (tfrf).
    FragmentLookAhead [TFRF] full(0, 1) "Fragment look-ahead (tfrf)" "MS-SSTR 2.2.4.5" {
        fragments: Counted<u8, FragmentReference>;
    }
    /// The live server manifest, as SMIL text.
    LiveServerManifest [LIVE_SERVER_MANIFEST] full "Live server manifest" "MS-SSTR 2.2.7.2" {
        manifest: Utf8;
    }
    /// The stream manifest.
    StreamManifest [STREAM_MANIFEST] full "Stream manifest" "MS-SSTR 2.2.7.3" {
        data: Bytes;
    }
    /// Unidentified; seen beside tfxd and tfrf in encrypted live fragments.
    SmoothLiveUnidentified [user(0x414c_237b_4faf_4e37_92f9_7923_e76b_f03a)] plain "Unidentified Smooth live box" "none published" {
        data: Bytes;
    }
    /// Metadata as XMP.
    XmpMetadata [XMP] plain "XMP metadata" "ISO 16684-1 / XMP part 3" {
        data: Utf8;
    }
    /// Metadata of spherical video, version 1, as XML.
    SphericalVideo [SPHERICAL] plain "Spherical video (v1)" "Spherical Video RFC" {
        data: Utf8;
    }
}

/// The entries of the PIFF sample encryption box: those of `senc`, but the IV size may be overridden by the box.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PiffEntries(pub SampleEncryptionEntries);

/// The declared count carries the number of samples in its low half and the overriding IV size, or 0, in its high half.
fn split_count(cx: &Context, count: Option<u64>) -> (Context, Option<u64>) {
    let iv_size = count.and_then(|n| u8::try_from(n >> 32).ok()).unwrap_or(0);
    let iv_size = if iv_size == 0 { cx.iv_size } else { iv_size };
    (Context { iv_size, ..cx.clone() }, count.map(|n| n & u64::from(u32::MAX)))
}

impl Wire for PiffEntries {
    const EXACT: bool = true;
    fn read(r: &mut Reader<'_>, name: &str, cx: &Context, count: Option<u64>) -> Result<Self> {
        let (cx, count) = split_count(cx, count);
        Ok(Self(SampleEncryptionEntries::read(r, name, &cx, count)?))
    }
    fn write(&self, w: &mut Writer, cx: &Context) {
        // The IV size follows from the entries themselves, so an override needs no second look.
        let samples = if self.0.counts.is_empty() { 1 } else { self.0.counts.len() };
        let iv_size = u8::try_from(self.0.ivs.len() / samples).unwrap_or(cx.iv_size);
        self.0.write(w, &Context { iv_size, ..cx.clone() });
    }
    fn show(&self) -> String {
        self.0.show()
    }
    fn rows(
        r: &mut Reader<'_>,
        name: &str,
        cx: &Context,
        count: Option<u64>,
        sink: &mut RowSink,
    ) -> Result<Self> {
        let (cx, count) = split_count(cx, count);
        Ok(Self(SampleEncryptionEntries::rows(r, name, &cx, count, sink)?))
    }
}
