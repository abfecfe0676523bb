//! Boxes that only the box around them tells apart: references by type, tags by name, codes with two meanings.

use crate::bytes::FourCc;

use super::declaration::Declaration;
use super::declare::BoxBody as _;
use super::header::{BoxId, four};
use super::names::name_in;
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
    /// The keys of timed metadata: a box for each, whose type is the number by which samples name it.
    TimedMetadataKeys [four(b"keys")] plain children "Timed metadata keys" "QuickTime File Format: Timed metadata sample description" {}
    /// One key; its type is the number by which samples name it.
    TimedMetadataKey [four(b"keyd")] plain children "Timed metadata key" "QuickTime File Format: Timed metadata sample description" {}
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
static TIMED_KEYS: Declaration = TimedMetadataKeys::DECLARATION;
static TIMED_KEY: Declaration = TimedMetadataKey::DECLARATION;
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
        (b"mebx" | b"encm", b"keys") => Some(&TIMED_KEYS),
        (b"keys", _) => Some(&TIMED_KEY),
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
    const NAMES: &str = "\
hintmedia that the hints are for
cdscwhat it describes
fontfonts it uses
hindhint track it depends on
vdepdepth video of
vplxparallax video of
subtsubtitles for
thmbthumbnails of
auxlauxiliary to
cdtggroup it describes
shscshadow samples of
aestaudio it adds to
addaaudio it adds to
adrcaudio it adds to
dpndstream it depends on
ipirdeclarations of
mpodstreams of the object descriptor
syncsynchronized to
sbasbase layer
tbasbase layer
scallayers it extracts from
sabtsub-tracks or tiles
orefoperating points of
avcpparameter sets in
swtoswitches to
swfrswitches from
depsdepends on
evcrslices of
evctslices of
recrpictures to recompose from
mixnmixed with
chapchapters
tmcdtime code
cdepcontent it depends on
scpttranscript
ssrcsource
lyralayer
dimgmade from
prempremultiplied by
";
    name_in(NAMES, code)
}

/// What an iTunes or QuickTime tag is about.
pub fn tag_name(code: FourCc) -> &'static str {
    const NAMES: &str = "\
©namtitle
©ARTartist
aARTalbum artist
©albalbum
©daydate
©toosoftware
©swrsoftware
©encencoded by
©cmtcomment
©gengenre
gnregenre
©wrtcomposer
©grpgrouping
©lyrlyrics
©xyzlocation
©makcamera maker
©modcamera model
©cpycopyright
cprtcopyright
©infinformation
trkntrack number
diskdisc number
tmpobeats a minute
cpilpart of a compilation
covrcover picture
descdescription
ldeslong description
tvshTV show
tvsnTV season
tvesTV episode
tvnnTV network
tvenTV episode ID
stikkind of media
rtngcontent rating
raterating
pgapgapless playback
hdvdhigh definition
pcstpodcast
catgcategory
keywkeywords
ownrowner
purdpurchase date
sonmtitle for sorting
soarartist for sorting
soaaalbum artist for sorting
soalalbum for sorting
sococomposer for sorting
sosnTV show for sorting
----freeform
";
    name_in(NAMES, code)
}

/// What a type of sample group stands for.
pub fn group_name(code: FourCc) -> &'static str {
    const NAMES: &str = "\
seigencryption of the group: key rotation
rolldecodable after a few samples
prolsamples to decode before the audio is right
rap random access points
syncsync samples
teletemporal levels
alstalternative startup sequences
rashbitrate shares
stsastepwise temporal layer access
tsasstepwise temporal layer access
tscltemporal layers
sap stream access points
dtrtdecode re-timing
scifscalable layers
scnmsample map of layers
mvifviews
avllAVC layers
avssAVC sub-sequences
avcbAVC base layer
viprview priority
3gag3GPP grouping
oinfoperating points
linflayers
triftile regions
nalmmap of NAL units to tiles
lblilabels
sporsubpicture order
opthsubpicture order
splisubpicture order
spidsubpicture order
eos end of sequence
eob end of sequence
pasepicture sequence
pss1picture sequence
vopioperating points
stmistereo video
aud access unit delimiters
drapdependent random access points
edrpextended dependent random access points
cgspCMAF grouping
casgCMAF grouping
av1sAV1 switch frames
av1fAV1 forward key frames
av1mAV1 metadata
av1MAV1 metadata
pasrpixel aspect ratio
rrorread order
";
    name_in(NAMES, code)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_box_around_decides() {
        let name = |id: &[u8; 4], parent: &[u8; 4]| lookup(four(id), FourCc(*parent)).map(|d| d.name());
        assert_eq!(name(b"subt", b"tref"), Some("Track reference"));
        assert_eq!(name(b"stri", b"eyes"), Some("Stereo view information"));
        assert_eq!(name(b"stri", b"strk"), Some("Sub-track information"));
        assert_eq!(name(b"keys", b"mebx"), Some("Timed metadata keys"));
        assert_eq!(name(b"\0\0\0\x01", b"keys"), Some("Timed metadata key"));
        assert_eq!(name(b"keys", b"meta"), None);
        assert_eq!(name(b"free", b"ilst"), None);
    }
}
