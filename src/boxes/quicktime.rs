//! Boxes of QuickTime movies, and of Apple's spatial video.

use crate::bytes::{FourCc, Reader, Result, Writer};

use super::header::four;
use super::parts::{LenText, bits, join, when};
use super::rows::RowSink;
use super::types::{Counted, Fixed8, Time1904, UFixed16, Utf8, decimal};
use super::wire::{Bytes, Context, Wire};

boxes! {
    /// Presentation information where a track is neither video nor audio.
    BaseMediaHeader [four(b"gmhd")] plain children "Base media header" "QuickTime File Format: Base media information header" {}
    /// How the track is drawn and balanced.
    BaseMediaInformation [four(b"gmin")] full "Base media information" "QuickTime File Format: Base media info" {
        graphicsmode: u16;
        opcolor: [u8; 6];
        balance: Fixed8;
        reserved: u16;
    }
    /// Name of a key of timed metadata.
    MetadataKeyDeclaration [four(b"keyd")] plain "Metadata key declaration" "QuickTime File Format: Metadata key declaration" {
        key_namespace: FourCc;
        key_value: Utf8;
    }
    /// Type of the values of a key of timed metadata.
    MetadataDatatype [four(b"dtyp")] plain "Metadata data type" "QuickTime File Format: Metadata datatype definition" {
        datatype_namespace: u32;
        datatype: Bytes;
    }
    /// A picture that stands for the movie, such as a frame of it.
    Preview [four(b"pnot")] plain "Preview" "QuickTime File Format: Preview atom" {
        modification_time: Time1904;
        version: u16;
        atom_type: FourCc, means |_| "the box with the picture".to_owned();
        atom_index: u16;
    }
    /// How a time code is drawn.
    TimeCodeInformation [four(b"tcmi")] full "Time code information" "QuickTime File Format: Timecode media information" {
        text_font: u16;
        text_face: u16;
        text_size: u16;
        reserved: u16;
        text_color: [u8; 6];
        background_color: [u8; 6];
        font_name: LenText<u8>;
    }
    /// Sizes of the picture for different ways of showing it.
    TrackAperture [four(b"tapt")] plain children "Track aperture modes" "QuickTime File Format: Track aperture mode dimensions" {}
    /// One size of the picture: clean, production or encoded.
    ApertureSize [four(b"clef"), four(b"prof"), four(b"enof")] full "Aperture size" "QuickTime File Format: Track aperture mode dimensions" {
        width: UFixed16;
        height: UFixed16;
    }
    /// The sound format again, with what its decoder needs.
    SoundParameters [four(b"wave")] plain children "Sound parameters" "QuickTime File Format: siDecompressionParam" {}
    /// Byte order of PCM.
    Endianness [four(b"enda")] plain "Byte order" "QuickTime File Format: siDecompressionParam" {
        little_endian: u16, means |v| if *v == 1 { "little-endian" } else { "big-endian" }.to_owned();
    }
    /// Samples from which decoding can start with some care.
    PartialSync [four(b"stps")] full "Partial sync samples" "QuickTime File Format: Partial sync sample" {
        sample_numbers: Counted<u32, u32>;
    }
    /// How the track should be loaded before playback.
    TrackLoad [four(b"load")] plain "Track load settings" "QuickTime File Format: Track load settings" {
        preload_start_time: u32;
        preload_duration: u32;
        preload_flags: u32;
        default_hints: u32;
    }
    /// A compressed movie.
    CompressedMovie [four(b"cmov")] plain children "Compressed movie" "QuickTime File Format: Compressed movie resources" {}
    /// How the movie is compressed.
    DataCompression [four(b"dcom")] plain "Data compression" "QuickTime File Format: Compressed movie resources" {
        algorithm: FourCc;
    }
    /// The compressed movie's bytes.
    CompressedMovieData [four(b"cmvd")] plain "Compressed movie data" "QuickTime File Format: Compressed movie resources" {
        uncompressed_size: u32;
        data: Bytes;
    }
    /// Other files or streams to play in place of this one.
    ReferenceMovies [four(b"rmra"), four(b"rmda")] plain children "Reference movie" "QuickTime File Format: Reference movies" {}
    /// A file elsewhere, in the form of Macintosh file systems.
    Alias [four(b"alis"), four(b"rsrc")] full "Data entry alias" "QuickTime File Format: Data reference"
        flags { 0x1 "in this file" }
    {
        alias: Bytes;
    }
    /// Chromaticity.
    Chromaticity [four(b"chrm")] plain "Chromaticity" "written by QuickTime tools" {
        data: Bytes;
    }
    /// What is special about spatial video.
    VideoExtendedUsage [four(b"vexu")] plain children "Video extended usage" "Apple HEVC Stereo Video 1.5" {}
    /// Which eyes' views there are.
    StereoView [four(b"eyes")] plain children "Stereo view" "Apple HEVC Stereo Video 1.5" {}
    /// Which eye's view leads.
    HeroEye [four(b"hero")] full "Hero stereo eye" "Apple HEVC Stereo Video 1.5" {
        hero_eye: u8, means |v| match v { 1 => "left", 2 => "right", _ => "none" }.to_owned();
    }
    /// The pair of cameras.
    StereoCameras [four(b"cams")] plain children "Stereo camera system" "Apple HEVC Stereo Video 1.5" {}
    /// Distance between the cameras.
    Baseline [four(b"blin")] full "Stereo baseline" "Apple HEVC Stereo Video 1.5" {
        baseline: u32, means |v| format!("{} mm", decimal((*v).into(), 1000));
    }
    /// What makes watching easier on the eyes.
    StereoComfort [four(b"cmfy")] plain children "Stereo comfort" "Apple HEVC Stereo Video 1.5" {}
    /// Shift between the two views.
    DisparityAdjustment [four(b"dadj")] full "Disparity adjustment" "Apple HEVC Stereo Video 1.5" {
        disparity: i32, means |_| "of 10000 a picture width".to_owned();
    }
    /// Kind of projection.
    ProjectionInformation [four(b"prji")] full "Projection information" "Apple HEVC Stereo Video 1.5" {
        projection_kind: FourCc, means |v| match &v.0 {
            b"rect" => "flat", b"equi" => "whole sphere", b"hequ" => "half sphere", b"fish" => "fisheye", _ => "",
        }.to_owned();
    }
    /// How two views share a picture.
    ViewPacking [four(b"pack")] plain children "View packing" "Apple HEVC Stereo Video 1.5" {}
    /// Kind of view packing.
    PackingInformation [four(b"pkin")] full "View packing information" "Apple HEVC Stereo Video 1.5" {
        view_packing_kind: FourCc;
    }
    /// Horizontal field of view.
    FieldOfView [four(b"hfov")] plain "Horizontal field of view" "Apple HEVC Stereo Video 1.5" {
        field_of_view: u32, means |v| format!("{}°", decimal((*v).into(), 1000));
    }
    /// The end of a list.
    Terminator [four(&[0; 4])] plain "Terminator" "QuickTime File Format: siDecompressionParam" {
        data: Bytes;
    }
}

/// Which views a stereo track has, from the `stri` of spatial video.
pub fn stereo_text(v: u8) -> String {
    join(&[
        &when(bits(v, 0, 1) == 1, "left eye"),
        &when(bits(v, 1, 1) == 1, "right eye"),
        &when(bits(v, 2, 1) == 1, "more views"),
        &when(bits(v, 3, 1) == 1, "views reversed"),
    ])
}

/// The body of a QuickTime user data text (`©nam` and others): texts in several languages, or, as some writers have
/// it, the bare text.
#[derive(Clone, Debug, PartialEq)]
pub enum UserTexts {
    /// Each with length and language.
    Listed(Vec<super::metadata::UserText>),
    /// The text alone.
    Bare(Utf8),
}

impl Default for UserTexts {
    fn default() -> Self {
        Self::Listed(Vec::new())
    }
}

impl Wire for UserTexts {
    fn read(r: &mut Reader<'_>, name: &str, cx: &Context, _: Option<u64>) -> Result<Self> {
        let mut trial = *r;
        match Vec::read(&mut trial, name, cx, None) {
            Ok(texts) => {
                *r = trial;
                Ok(Self::Listed(texts))
            }
            Err(_) => Ok(Self::Bare(Utf8::read(r, name, cx, None)?)),
        }
    }
    fn write(&self, w: &mut Writer, cx: &Context) {
        match self {
            Self::Listed(texts) => texts.write(w, cx),
            Self::Bare(text) => text.write(w, cx),
        }
    }
    fn show(&self) -> String {
        match self {
            Self::Listed(texts) => texts.show(),
            Self::Bare(text) => text.show(),
        }
    }
    fn rows(
        r: &mut Reader<'_>,
        name: &str,
        cx: &Context,
        _: Option<u64>,
        sink: &mut RowSink,
    ) -> Result<Self> {
        match Self::read(&mut r.clone(), name, cx, None)? {
            Self::Listed(_) => Ok(Self::Listed(Vec::rows(r, name, cx, None, sink)?)),
            Self::Bare(_) => Ok(Self::Bare(Utf8::rows(r, name, cx, None, sink)?)),
        }
    }
}
