//! Boxes that only the box around them tells apart: references by type, tags by name, codes with two meanings.

use crate::bytes::FourCc;

use super::declare::{BoxBody as _, Declaration};
use super::header::{BoxId, four};
use super::quicktime::UserTexts;
use super::types::{Counted, Utf8};

boxes! {
    /// IDs of the tracks that this track refers to; the box's type says in what way.
    TrackReferenceType [four(b"hint")] plain "Track reference" "ISO/IEC 14496-12:2022 8.3.3" {
        track_ids: Vec<u32>;
    }
    /// Tracks with the same ID here belong together; the box's type says in what way.
    TrackGroupType [four(b"msrc")] full "Track group" "ISO/IEC 14496-12:2022 8.3.4" {
        track_group_id: u32;
    }
    /// Items or tracks that belong together; the box's type says in what way.
    EntityGroup [four(b"altr")] full "Entity group" "ISO/IEC 14496-12:2022 8.18.3" {
        group_id: u32;
        entity_ids: Counted<u32, u32>;
    }
    /// One tag; its value stands in `data`.
    Tag [four(b"\xA9nam")] plain children "Tag" "QuickTime File Format: Metadata item" {}
    /// Name of a freeform tag.
    TagName [four(b"name")] full "Tag name" "iTunes metadata: freeform tags" {
        text: Utf8;
    }
    /// Name of the track or movie.
    UserDataName [four(b"name")] plain "Name" "QuickTime File Format: User data" {
        text: Utf8;
    }
    /// A text about the movie, in one or more languages.
    UserDataText [four(b"\xA9nam")] plain "User data text" "QuickTime File Format: User data text strings" {
        texts: UserTexts;
    }
    /// What an Apple Lossless decoder needs before the first sample.
    AlacConfiguration [four(b"alac")] full "Apple Lossless configuration" "Apple Lossless Magic Cookie" {
        frame_length: u32;
        compatible_version: u8;
        bit_depth: u8;
        pb: u8;
        mb: u8;
        kb: u8;
        num_channels: u8;
        max_run: u16;
        max_frame_bytes: u32;
        avg_bit_rate: u32;
        sample_rate: u32;
    }
    /// Identifier of a cue.
    CueId [four(b"iden")] plain "Cue ID" "ISO/IEC 14496-30:2018 7.4" {
        cue_id: Utf8;
    }
    /// The property that changes nothing.
    IdentityProperty [four(b"iden")] plain "Identity transformation" "ISO/IEC 23008-12:2022 6.5" {}
    /// Which sub-track, and when to choose it.
    SubTrackInformation [four(b"stri")] full "Sub-track information" "ISO/IEC 14496-12:2022 8.14.4" {
        switch_group: i16;
        alternate_group: i16;
        sub_track_id: u32;
        attribute_list: Vec<FourCc>;
    }
    /// Which eyes' views a spatial video has.
    StereoInformation [four(b"stri")] full "Stereo view information" "Apple HEVC Stereo Video 1.5" {
        views: u8, means |v| super::quicktime::stereo_text(*v);
    }
    /// How the sphere or the view is projected.
    Projection [four(b"proj")] plain children "Projection" "Spherical Video RFC v2; Apple HEVC Stereo Video 1.5" {}
    /// How a time code track is drawn.
    TimeCodeMedia [four(b"tmcd")] plain children "Time code media" "QuickTime File Format: Timecode media information" {}
    /// How text is moved and scaled.
    TextMedia [four(b"text")] plain "Text media information" "QuickTime File Format: Text media information" {
        matrix: super::types::Matrix;
    }
    /// The codec that the sound parameters belong to.
    WaveFormatCode [four(b"mp4a")] plain "Codec in sound parameters" "QuickTime File Format: siDecompressionParam" {
        reserved: super::wire::Bytes;
    }
}

static TRACK_REFERENCE: Declaration = TrackReferenceType::DECLARATION;
static TRACK_GROUP: Declaration = TrackGroupType::DECLARATION;
static ENTITY_GROUP: Declaration = EntityGroup::DECLARATION;
static TAG: Declaration = Tag::DECLARATION;
static TAG_NAME: Declaration = TagName::DECLARATION;
static NAME: Declaration = UserDataName::DECLARATION;
static USER_TEXT: Declaration = UserDataText::DECLARATION;
static ALAC: Declaration = AlacConfiguration::DECLARATION;
static CUE_ID: Declaration = CueId::DECLARATION;
static IDENTITY: Declaration = IdentityProperty::DECLARATION;
static SUB_TRACK: Declaration = SubTrackInformation::DECLARATION;
static STEREO: Declaration = StereoInformation::DECLARATION;
static PROJECTION: Declaration = Projection::DECLARATION;
static TIME_CODE: Declaration = TimeCodeMedia::DECLARATION;
static TEXT_MEDIA: Declaration = TextMedia::DECLARATION;
static WAVE_CODE: Declaration = WaveFormatCode::DECLARATION;

/// What a box is because of the box around it; `None` where the type alone decides.
pub(super) fn lookup(id: BoxId, parent: FourCc) -> Option<&'static Declaration> {
    let BoxId::Four(code) = id else { return None };
    // Boxes that may stand anywhere stay what they are.
    if matches!(&code.0, b"free" | b"skip") {
        return None;
    }
    match (&parent.0, &code.0) {
        (b"tref", _) => Some(&TRACK_REFERENCE),
        (b"trgr", _) => Some(&TRACK_GROUP),
        (b"grpl", _) => Some(&ENTITY_GROUP),
        (b"ilst", _) => Some(&TAG),
        (b"----", b"name") => Some(&TAG_NAME),
        (b"udta", [0xA9, ..]) => Some(&USER_TEXT),
        (_, b"name") => Some(&NAME),
        (b"alac" | b"wave" | b"enca", b"alac") => Some(&ALAC),
        (b"wave", b"mp4a") => Some(&WAVE_CODE),
        (b"ipco", b"iden") => Some(&IDENTITY),
        (_, b"iden") => Some(&CUE_ID),
        (b"eyes", b"stri") => Some(&STEREO),
        (_, b"stri") => Some(&SUB_TRACK),
        (_, b"proj") => Some(&PROJECTION),
        (b"gmhd", b"tmcd") => Some(&TIME_CODE),
        (b"gmhd", b"text") => Some(&TEXT_MEDIA),
        _ => None,
    }
}

/// What a type of track or item reference stands for.
pub fn reference_name(code: FourCc) -> &'static str {
    match &code.0 {
        b"hint" => "media that the hints are for",
        b"cdsc" => "what it describes",
        b"font" => "fonts it uses",
        b"hind" => "hint track it depends on",
        b"vdep" => "depth video of",
        b"vplx" => "parallax video of",
        b"subt" => "subtitles for",
        b"thmb" => "thumbnails of",
        b"auxl" => "auxiliary to",
        b"cdtg" => "group it describes",
        b"shsc" => "shadow samples of",
        b"aest" | b"adda" | b"adrc" => "audio it adds to",
        b"dpnd" => "stream it depends on",
        b"ipir" => "declarations of",
        b"mpod" => "streams of the object descriptor",
        b"sync" => "synchronized to",
        b"sbas" | b"tbas" => "base layer",
        b"scal" => "layers it extracts from",
        b"sabt" => "sub-tracks or tiles",
        b"oref" => "operating points of",
        b"avcp" => "parameter sets in",
        b"swto" => "switches to",
        b"swfr" => "switches from",
        b"deps" => "depends on",
        b"evcr" | b"evct" => "slices of",
        b"recr" => "pictures to recompose from",
        b"mixn" => "mixed with",
        b"chap" => "chapters",
        b"tmcd" => "time code",
        b"cdep" => "content it depends on",
        b"scpt" => "transcript",
        b"ssrc" => "source",
        b"lyra" => "layer",
        b"dimg" => "made from",
        b"prem" => "premultiplied by",
        _ => "",
    }
}

/// What an iTunes or QuickTime tag is about.
pub fn tag_name(code: FourCc) -> &'static str {
    match &code.0 {
        b"\xA9nam" => "title",
        b"\xA9ART" => "artist",
        b"aART" => "album artist",
        b"\xA9alb" => "album",
        b"\xA9day" => "date",
        b"\xA9too" | b"\xA9swr" => "software",
        b"\xA9enc" => "encoded by",
        b"\xA9cmt" => "comment",
        b"\xA9gen" | b"gnre" => "genre",
        b"\xA9wrt" => "composer",
        b"\xA9grp" => "grouping",
        b"\xA9lyr" => "lyrics",
        b"\xA9xyz" => "location",
        b"\xA9mak" => "camera maker",
        b"\xA9mod" => "camera model",
        b"\xA9cpy" | b"cprt" => "copyright",
        b"\xA9inf" => "information",
        b"trkn" => "track number",
        b"disk" => "disc number",
        b"tmpo" => "beats a minute",
        b"cpil" => "part of a compilation",
        b"covr" => "cover picture",
        b"desc" => "description",
        b"ldes" => "long description",
        b"tvsh" => "TV show",
        b"tvsn" => "TV season",
        b"tves" => "TV episode",
        b"tvnn" => "TV network",
        b"tven" => "TV episode ID",
        b"stik" => "kind of media",
        b"rtng" => "content rating",
        b"rate" => "rating",
        b"pgap" => "gapless playback",
        b"hdvd" => "high definition",
        b"pcst" => "podcast",
        b"catg" => "category",
        b"keyw" => "keywords",
        b"ownr" => "owner",
        b"purd" => "purchase date",
        b"sonm" => "title for sorting",
        b"soar" => "artist for sorting",
        b"soaa" => "album artist for sorting",
        b"soal" => "album for sorting",
        b"soco" => "composer for sorting",
        b"sosn" => "TV show for sorting",
        b"----" => "freeform",
        _ => "",
    }
}

/// What a type of sample group stands for.
pub fn group_name(code: FourCc) -> &'static str {
    match &code.0 {
        b"seig" => "encryption of the group: key rotation",
        b"roll" => "decodable after a few samples",
        b"prol" => "samples to decode before the audio is right",
        b"rap " => "random access points",
        b"sync" => "sync samples",
        b"tele" => "temporal levels",
        b"alst" => "alternative startup sequences",
        b"rash" => "bitrate shares",
        b"stsa" | b"tsas" => "stepwise temporal layer access",
        b"tscl" => "temporal layers",
        b"sap " => "stream access points",
        b"dtrt" => "decode re-timing",
        b"scif" => "scalable layers",
        b"scnm" => "sample map of layers",
        b"mvif" => "views",
        b"avll" => "AVC layers",
        b"avss" => "AVC sub-sequences",
        b"avcb" => "AVC base layer",
        b"vipr" => "view priority",
        b"3gag" => "3GPP grouping",
        b"oinf" => "operating points",
        b"linf" => "layers",
        b"trif" => "tile regions",
        b"nalm" => "map of NAL units to tiles",
        b"lbli" => "labels",
        b"spor" | b"opth" | b"spli" | b"spid" => "subpicture order",
        b"eos " | b"eob " => "end of sequence",
        b"pase" | b"pss1" => "picture sequence",
        b"vopi" => "operating points",
        b"stmi" => "stereo video",
        b"aud " => "access unit delimiters",
        b"drap" => "dependent random access points",
        b"edrp" => "extended dependent random access points",
        b"cgsp" | b"casg" => "CMAF grouping",
        b"av1s" => "AV1 switch frames",
        b"av1f" => "AV1 forward key frames",
        b"av1m" | b"av1M" => "AV1 metadata",
        b"pasr" => "pixel aspect ratio",
        b"rror" => "read order",
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_box_around_decides() {
        let name = |id: &[u8; 4], parent: &[u8; 4]| lookup(four(id), FourCc(*parent)).map(|d| d.name);
        assert_eq!(name(b"subt", b"tref"), Some("Track reference"));
        assert_eq!(name(b"stri", b"eyes"), Some("Stereo view information"));
        assert_eq!(name(b"stri", b"strk"), Some("Sub-track information"));
        assert_eq!(name(b"free", b"ilst"), None);
    }
}
