//! Every rule that manifests are held to, once: its name, how bad it is to break it, and where it stands.

use serde::Serialize;

/// How bad something is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Players or servers fail.
    Error,
    /// Some do, or it is doubtful.
    Warning,
    /// Good to know.
    Note,
}

/// One rule.
#[derive(Debug)]
pub struct Rule {
    /// Stable and kebab-case; it begins with the form: `ism-`, `ismc-`, `mpd-`, `hls-`, or `file-` where the files are concerned.
    pub id: &'static str,
    /// How bad it is to break it.
    pub severity: Severity,
    /// Where it stands, or which players ask for it.
    pub clause: &'static str,
}

/// Declares the rules, and the list of all.
macro_rules! rules {
    ($($name:ident $id:literal $severity:ident $clause:literal;)*) => {
        $(
            #[doc = concat!("`", $id, "`: ", $clause, ".")]
            pub const $name: Rule = Rule { id: $id, severity: Severity::$severity, clause: $clause };
        )*
        /// All rules.
        pub const RULES: &[&Rule] = &[$(&$name),*];
    };
}

rules! {
    ISM_NAMESPACE "ism-namespace" Error "SMIL 2.0; IIS Smooth Streaming server manifest";
    ISM_NO_CLIENT "ism-no-client-manifest" Error "IIS Smooth Streaming: meta clientManifestRelativePath";
    ISM_CLIENT_NAME "ism-client-name" Warning "IIS Smooth Streaming: client manifests are named .ismc";
    ISM_NO_MEDIA "ism-no-media" Error "IIS Smooth Streaming: body/switch holds video, audio, textstream";
    ISM_NO_SRC "ism-no-src" Error "IIS Smooth Streaming: attribute src";
    ISM_SRC "ism-src" Warning "IIS Smooth Streaming: src is relative to the manifest";
    ISM_MEDIA_NAME "ism-media-name" Warning "IIS Smooth Streaming: media of a set are named .ismv and .isma";
    ISM_FOLDER "ism-folder" Note "Azure Media Services: formats vod-fmp4 and vod-cmaf, a folder of fragments";
    ISM_BITRATE "ism-bitrate" Error "IIS Smooth Streaming: attribute systemBitrate";
    ISM_NO_TRACK "ism-no-track-id" Warning "IIS Smooth Streaming: param trackID";
    ISM_TWICE "ism-twice" Error "IIS Smooth Streaming: a track of a file stands once";
    ISM_SAME_BITRATE "ism-same-bitrate" Error "MS-SSTR 2.2.1: the URL of a fragment names the quality by its bitrate alone";
    ISMC_VERSION "ismc-version" Error "MS-SSTR 2.2.2.1: MajorVersion 2, MinorVersion 0 to 2; rx-player refuses others";
    ISMC_DURATION "ismc-duration" Error "MS-SSTR 2.2.2.1: Duration";
    ISMC_ENDS "ismc-duration-differs" Warning "MS-SSTR 2.2.2.1: Duration is that of the presentation";
    ISMC_TIMESCALE "ismc-timescale" Warning "rx-player and shaka-player 4 count in ticks of 10 000 000 a second whatever stands there";
    ISMC_LIVE "ismc-live-only" Warning "MS-SSTR 2.2.2.1: LookaheadCount and DVRWindowLength are for live presentations";
    ISMC_NO_STREAMS "ismc-no-streams" Error "MS-SSTR 2.2.2: StreamIndex";
    ISMC_PLACE "ismc-protection-place" Warning "MS-SSTR 2.2.2: Protection stands before the first StreamIndex";
    ISMC_SYSTEM "ismc-system-id" Error "MS-SSTR 2.2.2.2: SystemID is the UUID of the system";
    ISMC_BRACES "ismc-braces" Error "shaka-player 4 takes SystemID in lower case and without braces alone, and plays encrypted media as clear";
    ISMC_BREAKS "ismc-header-breaks" Warning "MS-SSTR 2.2.2.2: base64; only dash.js removes line breaks";
    ISMC_HEADER "ismc-header" Error "MS-SSTR 2.2.2.2: the PlayReady object in base64";
    ISMC_HEADER_VERSION "ismc-header-version" Error "dash.js, rx-player and shaka-player 4 read the key ID of a header 4.0 alone";
    ISMC_TYPE "ismc-type" Error "MS-SSTR 2.2.2.3: Type video, audio or text";
    ISMC_SUBTYPE "ismc-subtype" Error "MS-SSTR 2.2.2.3: text has a Subtype";
    ISMC_VIDEO_ONLY "ismc-video-only" Warning "MS-SSTR 2.2.2.3: MaxWidth, MaxHeight, DisplayWidth and DisplayHeight are for video";
    ISMC_URL "ismc-url" Error "MS-SSTR 2.2.2.3: Url has {bitrate} and {start time}, once each";
    ISMC_COUNTS "ismc-counts" Warning "MS-SSTR 2.2.2.3: Chunks and QualityLevels count what follows";
    ISMC_NO_LEVELS "ismc-no-levels" Error "MS-SSTR 2.2.2.3: QualityLevel";
    ISMC_INDEX "ismc-index" Warning "MS-SSTR 2.2.2.5: Index counts from 0 on";
    ISMC_BITRATE "ismc-bitrate" Error "MS-SSTR 2.2.2.5: Bitrate";
    ISMC_SAME_BITRATE "ismc-same-bitrate" Error "MS-SSTR 2.2.1: the URL of a fragment names the quality by its bitrate";
    ISMC_NO_FOURCC "ismc-no-fourcc" Error "MS-SSTR 2.2.2.5: FourCC";
    ISMC_FOURCC "ismc-fourcc" Warning "rx-player plays H264, AVC1, AACL, TTML and DFXP";
    ISMC_PRIVATE "ismc-private-data" Error "MS-SSTR 2.2.2.5: CodecPrivateData in hexadecimal digits; of H.264 00000001 SPS 00000001 PPS";
    ISMC_NO_PRIVATE "ismc-no-private-data" Warning "rx-player refuses sound without the attribute CodecPrivateData";
    ISMC_EMPTY_PRIVATE "ismc-empty-private-data" Note "players make up the configuration of AAC LC";
    ISMC_SIZE "ismc-size" Warning "MS-SSTR 2.2.2.5: MaxWidth and MaxHeight of video";
    ISMC_SOUND "ismc-sound" Warning "MS-SSTR 2.2.2.5: SamplingRate, Channels, BitsPerSample, PacketSize and AudioTag of audio";
    ISMC_NO_CHUNKS "ismc-no-chunks" Error "MS-SSTR 2.2.2.6: c";
    ISMC_CHUNK "ismc-chunk" Error "MS-SSTR 2.2.2.6: c has t, d or both, and n, t, d and r are whole numbers";
    ISMC_NO_DURATION "ismc-chunk-duration" Warning "shaka-player 4 stops at a c without d";
    ISMC_FIRST_TIME "ismc-first-time" Note "MS-SSTR 2.2.2.6: without t the first fragment begins at 0";
    ISMC_NUMBER "ismc-number" Warning "MS-SSTR 2.2.2.6: n goes up by one";
    ISMC_REPEAT "ismc-repeat" Error "MS-SSTR 2.2.2.6: r from version 2.2 on";
    ISMC_OVERLAP "ismc-overlap" Error "MS-SSTR 2.2.2.6: fragments follow each other";
    ISMC_GAP "ismc-gap" Note "MS-SSTR 2.2.2.6: t where time is not continuous";
    MPD_NAMESPACE "mpd-namespace" Error "ISO/IEC 23009-1 annex B: urn:mpeg:dash:schema:mpd:2011";
    MPD_REQUIRED "mpd-required" Error "ISO/IEC 23009-1 5.3.1: profiles, minBufferTime, and of static ones mediaPresentationDuration";
    MPD_PROFILE "mpd-profile" Warning "ISO/IEC 23009-1 8.3: urn:mpeg:dash:profile:isoff-on-demand:2011";
    MPD_EMPTY "mpd-empty" Error "ISO/IEC 23009-1 5.3: Period, AdaptationSet, Representation";
    MPD_REPRESENTATION "mpd-representation" Error "ISO/IEC 23009-1 5.3.5: id, once in a Period, and bandwidth";
    MPD_MIME "mpd-mime" Error "ISO/IEC 23009-1 5.3.7: mimeType";
    MPD_CODECS "mpd-codecs" Warning "ISO/IEC 23009-1 5.3.7: codecs, which Media Source Extensions need";
    MPD_MUXED "mpd-muxed" Warning "dash.js refuses pictures and sound in one Representation";
    MPD_RANGE "mpd-range" Error "ISO/IEC 23009-1 5.3.9.2: SegmentBase@indexRange and Initialization@range, first and last byte";
    MPD_KID "mpd-default-kid" Error "ISO/IEC 23001-7 11.2: cenc:default_KID, a UUID";
    MPD_KIDS "mpd-several-kids" Warning "ISO/IEC 23001-7 11.2 has lists; shaka-player refuses more than one key ID in an element (4009)";
    MPD_KID_CASE "mpd-kid-case" Note "ISO/IEC 23001-7 11.2: UUIDs are written in lower case";
    MPD_PROTECTION_SPACE "mpd-protection-namespace" Error "ISO/IEC 23001-7 11.2: urn:mpeg:cenc:2013; PlayReady: urn:microsoft:playready";
    MPD_NO_COMMON "mpd-no-mp4protection" Warning "ISO/IEC 23009-1 5.8.5.2: urn:mpeg:dash:mp4protection:2011 with value and default_KID";
    MPD_SCHEME "mpd-scheme" Error "ISO/IEC 23001-7 11.1: value cenc, cbc1, cens or cbcs";
    MPD_PSSH "mpd-pssh" Error "ISO/IEC 23001-7 11.2: cenc:pssh is a whole box in base64, of the system that the element names";
    MPD_PRO "mpd-pro" Error "Microsoft, DASH content protection using PlayReady: mspr:pro is a PlayReady object in base64";
    MPD_PARTS "mpd-playready-parts" Warning "Microsoft, MP4-based formats supported by PlayReady clients: mspr:pro and cenc:pssh both";
    MPD_HEADER_KID "mpd-header-kid" Error "ISO/IEC 23001-7 11.2: the headers are for the key of default_KID";
    MPD_PLACE "mpd-protection-place" Note "DASH-IF IOP 7: ContentProtection stands in the AdaptationSet";
    HLS_BEGIN "hls-begin" Error "RFC 8216 4.3.1.1: the first line is #EXTM3U";
    HLS_ATTRIBUTES "hls-attributes" Error "RFC 8216 4.2: attributes are NAME=value with commas between";
    HLS_MIXED "hls-mixed" Error "RFC 8216 4.1: a playlist has either variants or segments";
    HLS_VERSION "hls-version" Warning "RFC 8216 7: EXT-X-VERSION says the highest that is used";
    HLS_TARGET "hls-target-duration" Error "RFC 8216 4.3.3.1: EXT-X-TARGETDURATION, no segment is longer";
    HLS_EXTINF "hls-extinf" Error "RFC 8216 4.3.2.1: EXTINF before each segment";
    HLS_MAP "hls-map" Error "RFC 8216 4.3.2.5: fragmented MP4 needs EXT-X-MAP";
    HLS_RANGE "hls-byte-range" Error "RFC 8216 4.3.2.2: length@offset, or length behind a segment of the same file";
    HLS_LIVE "hls-no-end" Note "RFC 8216 4.3.3.4: without EXT-X-ENDLIST players ask again";
    HLS_KEY "hls-key" Error "RFC 8216 4.3.2.4: METHOD and URI";
    HLS_METHOD "hls-key-method" Error "FairPlay decrypts SAMPLE-AES alone";
    HLS_KEY_FORMAT "hls-key-format" Warning "RFC 8216 4.3.2.4: KEYFORMAT and KEYFORMATVERSIONS name the system";
    HLS_KEY_DATA "hls-key-data" Error "Microsoft: the PlayReady object; Widevine: the pssh box, in a data: URI of base64";
    HLS_FAIRPLAY_URI "hls-fairplay-uri" Warning "Apple: FairPlay keys have skd: addresses";
    HLS_VARIANT "hls-variant" Error "RFC 8216 4.3.4.2: EXT-X-STREAM-INF has BANDWIDTH, and the next line is an address";
    HLS_CODECS "hls-codecs" Warning "RFC 8216 4.3.4.2: CODECS";
    HLS_RENDITION "hls-rendition" Error "RFC 8216 4.3.4.1: TYPE, GROUP-ID and NAME, and of subtitles URI";
    HLS_GROUP "hls-group" Error "RFC 8216 4.3.4.2: groups that are named exist";
    HLS_SESSION_KEY "hls-session-key" Warning "Windows asks for EXT-X-SESSION-KEY before it plays PlayReady";
    FILE_MISSING "file-missing" Warning "the files that a manifest names are in the set";
    FILE_TRACK "file-track" Error "IIS Smooth Streaming: trackID is that of the file";
    FILE_BITRATE "file-bitrate" Warning "bitrates are those of the samples";
    FILE_SIZE "file-picture-size" Warning "widths and heights are those of the files";
    FILE_PRIVATE "file-codec" Error "CodecPrivateData and codecs are those of the files";
    FILE_TIMES "file-times" Error "MS-SSTR 2.2.1: fragments begin when the manifest says";
    FILE_KID "file-kid" Error "headers and default_KID name the key ID of the files";
    FILE_CLEAR "file-clear" Error "what a manifest says is encrypted is";
    FILE_PROTECTED "file-protected" Error "of encrypted files the manifest has headers";
    FILE_INDEX "file-index-range" Error "ISO/IEC 23009-1 5.3.9.2: indexRange is the sidx, byte for byte";
    FILE_INIT "file-initialization" Error "the initialization is ftyp to moov";
    FILE_SEGMENT "file-segment" Error "byte ranges begin and end where fragments do";
}
