//! The table: each file, and what is right for it. Why is told in the index beside the files.

/// What has to come of a file.
pub enum Right {
    /// It is protected, and everybody reads it.
    Protects,
    /// It is refused, with one of these codes and all these words (`|` parts words of which one is enough).
    Refused(&'static [&'static str], &'static [&'static str]),
    /// It is protected, and everybody reads it; or it is refused with all these words.
    ProtectsOr(&'static [&'static str]),
    /// Left-overs of an earlier encryption go: at once, or after they were asked about with their evidence.
    Leftovers,
}

use Right::{Leftovers, Protects, ProtectsOr, Refused};

pub struct Case {
    pub file: &'static str,
    pub piff: Right,
    pub hybrid: Right,
    /// Track IDs, when they are asked for by name.
    pub tracks: Option<&'static [u32]>,
    /// Judges that cannot read such a file even when it is right: what they make of a second `traf` of a track or
    /// without a base, of empty samples and trafs, of 64-bit sizes of small boxes, of large track IDs.
    pub beyond: &'static [&'static str],
}

impl Case {
    pub fn name(&self) -> String {
        self.tracks.map_or_else(|| self.file.to_owned(), |tracks| format!("{} {tracks:?}", self.file))
    }

    const fn beyond(mut self, judges: &'static [&'static str]) -> Self {
        self.beyond = judges;
        self
    }

    const fn tracks(mut self, tracks: &'static [u32]) -> Self {
        self.tracks = Some(tracks);
        self
    }
}

const fn case(file: &'static str, piff: Right, hybrid: Right) -> Case {
    Case { file, piff, hybrid, tracks: None, beyond: &[] }
}

const fn protects(file: &'static str) -> Case {
    case(file, Protects, Protects)
}

const fn leftovers(file: &'static str) -> Case {
    case(file, Leftovers, Leftovers)
}

const fn or(file: &'static str, words: &'static [&'static str]) -> Case {
    case(file, ProtectsOr(words), ProtectsOr(words))
}

const fn refused(file: &'static str, codes: &'static [&'static str], words: &'static [&'static str]) -> Case {
    case(file, Refused(codes, words), Refused(codes, words))
}

/// What a refusal says that knows a way on by writing the file anew.
const REMUX: &[&str] = &["ffmpeg|remux"];
const TOO_MANY: Right = Refused(&["too-many-subsamples"], &["track", "piff", "40"]);

#[rustfmt::skip]
pub const CASES: &[Case] = &[
    protects("j01-joined-init-and-segment.mp4"),
    protects("p01-plain-two-languages.mp4"),
    protects("r00-base.ismv"),
    protects("s01-trun-interleaved.mp4"),
    protects("s02-two-traf-same-track.mp4").beyond(&["Bento4", "FFmpeg"]),
    protects("s03-base-data-offset.mp4"),
    protects("s04-implicit-base.mp4").beyond(&["Bento4 piff"]),
    protects("s04b-implicit-base-no-offset.mp4").beyond(&["Bento4 piff"]),
    protects("s05-styp-sidx-emsg-prft.mp4"),
    or("s06-emsg-between-moof-mdat.mp4", REMUX),
    protects("s06b-uuid-between-moof-mdat.mp4"),
    protects("s07-two-sample-entries.mp4"),
    protects("s08-empty-fragments.mp4").beyond(&["Bento4"]),
    or("s09b-zero-size-video-sample.mp4", &["track 1", "empty"]).beyond(&["Bento4"]),
    protects("s09c-zero-size-audio-sample.mp4").beyond(&["Bento4"]),
    protects("s10-samples-below-16-bytes.mp4"),
    or("s10b-video-sample-2-bytes.mp4", &["track 1", "2 bytes|2 are left", "0.|seconds| s"]),
    protects("s10c-zero-length-nal.mp4"),
    protects("s11-avc3-inband-empty-avcc.mp4"),
    case("s11b-avc3-sets-only-in-first-fragment.mp4", Protects, ProtectsOr(&["piff", "fragment"])),
    protects("s11c-avc3-sets-in-own-sample.mp4"),
    protects("s12-sei-aud-only-samples.mp4"),
    protects("s12b-sei-70kb.mp4"),
    protects("s12c-sei-140kb-alone.mp4"),
    protects("s13-hevc-aac.mp4"),
    protects("s13-hevc-aac.mp4").tracks(&[2]),
    protects("s14-audio-ac3.mp4"),
    protects("s14-audio-eac3.mp4"),
    protects("s14-audio-flac.mp4"),
    protects("s14-audio-libmp3lame.mp4"),
    protects("s14-audio-libopus.mp4"),
    protects("s14-avc-ac3.mp4"),
    protects("s14-avc-eac3.mp4"),
    protects("s14-avc-flac.mp4"),
    protects("s15-64bit-sizes.mp4").beyond(&["Bento4"]),
    protects("s15b-mdat64-only.mp4"),
    protects("s15c-ftyp-moov64.mp4").beyond(&["Bento4"]),
    or("s16-mdat-before-moof.mp4", REMUX),
    or("s16c-two-moofs-one-mdat.mp4", REMUX),
    protects("s17-large-track-ids.mp4").beyond(&["FFmpeg"]),
    protects("s17b-track-id-65536.mp4"),
    protects("s17c-track-id-35000256-only.mp4"),
    protects("s17d-audio-id-4294967294.mp4").beyond(&["FFmpeg"]),
    protects("s17e-track-ids-7-3.mp4"),
    protects("s18-negative-offset-from-mid-mdat.mp4"),
    protects("s18b-runs-stored-out-of-order.mp4"),
    protects("s19-edit-lists.mp4"),
    leftovers("s20-seig-left-in-traf.mp4"),
    leftovers("s20b-seig-clear-in-traf.mp4"),
    leftovers("s21-clear-entry-plus-unused-encv.mp4"),
    leftovers("s21b-encv-with-isprotected-0.mp4"),
    refused("s21c-audio-protected-video-clear.mp4", &["already-protected"], &["cenc"]),
    leftovers("s22-leftover-pssh-in-moov.mp4"),
    leftovers("s22b-leftover-uuid-pssh-in-moov.mp4"),
    leftovers("s22d-piff-decrypted-by-bento4.mp4"),
    or("s23-two-inits.mp4", &["two initialization segments|second initialization segment"]),
    protects("s24-trailing-garbage-7.mp4"),
    protects("s24b-trailing-zeros-4096.mp4"),
    protects("s25-unused-mdat-first.mp4"),
    protects("s25b-unused-mdat-between.mp4"),
    protects("s25c-empty-mdat-in-init.mp4"),
    protects("s26-last-mdat-size-zero.mp4"),
    protects("s27-two-mdats-per-moof.mp4"),
    protects("s30-tfdt-wrap-and-huge.mp4"),
    protects("s30b-no-decode-times.mp4"),
    protects("s30c-tfxd-with-gaps.mp4"),
    protects("s30d-tfdt-and-tfxd-differ.mp4"),
    case("s32-60-slices-one-sample.mp4", Protects, TOO_MANY),
    protects("s32b-4-slices.mp4"),
    protects("s33-interlaced.mp4"),
    protects("s34-nal-length-2.mp4"),
    refused("s34-nal-length-3.mp4", &["clear-video"], &["3 bytes"]),
    protects("s35-nal-14-20-31.mp4"),
    protects("s38-text-track-no-fragments.mp4"),
    protects("s38b-text-track.mp4"),
    protects("s39-file-level-meta.mp4"),
    protects("s39b-udta-iods-xmp-free.mp4"),
    protects("s40-hierarchical-sidx.mp4"),
    protects("s40b-sidx-first-offset.mp4"),
    protects("s40c-sidx-past-end.mp4"),
    protects("s40d-ssix.mp4"),
    protects("s40e-two-sidx.mp4"),
    protects("s42-mfra-v0.mp4"),
    protects("s42b-mfra-wrong-offsets.mp4"),
    protects("s42c-mfra-in-middle.mp4"),
    refused("s46-two-tracks-share-bytes.mp4", &["overlapping-samples"], &[]),
    protects("s49-tmcd-meta-tracks.mp4"),
    protects("s49b-odd-entry-in-other-track.mp4"),
    protects("s50-other-aux-info.mp4"),
    leftovers("s51-empty-senc-left.mp4"),
    leftovers("s51b-own-hybrid-decrypted-by-bento4.mp4"),
    protects("s59-no-ftyp.mp4"),
    protects("s60-styp-instead-of-ftyp.mp4"),
    or("s61-no-mvex.mp4", &["mvex"]).beyond(&["Bento4"]),
    protects("s62-trun-v0-negative-cto.mp4"),
    protects("s64-gaps-in-mdat.mp4"),
    protects("s67-avc1-dvcc.mp4"),
    protects("s68-three-audio-languages.mp4"),
    refused("s69-fragment-of-unknown-track.mp4", &["unknown-track"], &["track 2"]),
    refused("s70-ciphertext-labelled-clear.mp4", &[], &["NAL|encrypted"]),
    protects("s71-box-order.mp4"),
    refused("s73-external-data-reference.mp4", &[], &["track", "another file|other file"]),
    protects("s74-end-of-seq-and-stream-nal.mp4"),
    protects("s75-26-sample-entries.mp4"),
    or("s76-trailing-junk-text.mp4", &["last box"]),
    refused("s77-missing-sample-entry.mp4", &["bad-sample-entry"], &["sample entry 2"]),
    refused("s78-cut-in-last-mdat.mp4", &["truncated"], &["mdat", "4649"]),
    refused("trun_4M_samples_929_bytes.mp4", &["too-many-samples"], &[]),
    case("v01-80-slices-a-picture.mp4", Protects, TOO_MANY),
    or("zero_traf.ismv", &["size 0|size field 0|size of 0"]),
];
