//! Codecs by the names that Smooth Streaming gives them (MS-SSTR 2.2.2.5).

/// What is known of a name: whether it is of pictures, sound or text, the codec in words, and whether all players know it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Known {
    /// `video`, `audio` or `text`.
    pub kind: &'static str,
    /// In words.
    pub name: &'static str,
    /// Whether rx-player, dash.js and shaka-player 4 all know it.
    pub everywhere: bool,
}

const KNOWN: &[(&str, &str, &str, bool)] = &[
    ("H264", "video", "H.264", true),
    ("AVC1", "video", "H.264", true),
    ("AVCB", "video", "H.264", false),
    ("HVC1", "video", "H.265", false),
    ("HEV1", "video", "H.265", false),
    ("WVC1", "video", "VC-1", false),
    ("AACL", "audio", "AAC LC", true),
    ("AACH", "audio", "HE-AAC", false),
    ("AACP", "audio", "HE-AAC v2", false),
    ("AAC", "audio", "AAC", false),
    ("WMAP", "audio", "WMA Professional", false),
    ("EC-3", "audio", "E-AC-3", false),
    ("TTML", "text", "TTML", true),
    ("DFXP", "text", "TTML", true),
];

/// What is known of a name.
pub fn known(fourcc: &str) -> Option<Known> {
    let (_, kind, name, everywhere) = KNOWN.iter().find(|(code, ..)| code.eq_ignore_ascii_case(fourcc))?;
    Some(Known { kind, name, everywhere: *everywhere })
}

/// The name of what an MP4 track holds, or none where Smooth Streaming has none that players know. `codec` is its RFC 6381
/// string.
pub fn of(format: &str, codec: &str) -> Option<&'static str> {
    match format {
        "avc1" | "avc3" => Some("AVC1"),
        "hvc1" => Some("HVC1"),
        "hev1" => Some("HEV1"),
        "stpp" | "dfxp" => Some("TTML"),
        "mp4a" => match codec.rsplit('.').next() {
            Some("5") => Some("AACH"),
            Some("29") => Some("AACP"),
            // MPEG-2 AAC has the same frames.
            Some("2" | "67") => Some("AACL"),
            _ => None,
        },
        _ => None,
    }
}

/// Hexadecimal digits of an `AudioSpecificConfig` without the words at its end that there is no SBR (ISO/IEC 14496-3 1.6.2.1: sync
/// extension, type 5, absent), as FFmpeg writes them. They say what is so without them, and rx-player writes as many bytes as it
/// gets behind a length of two, which Firefox takes for damage.
pub fn brief(private_data: &str) -> &str {
    private_data.strip_suffix("56e500").filter(|brief| brief.len() == 4).unwrap_or(private_data)
}

/// Whether this is `00000001 SPS 00000001 PPS`, and the byte behind the first start code ends in 7.
pub fn is_h264(bytes: &[u8]) -> bool {
    let starts = bytes.windows(4).filter(|four| *four == [0, 0, 0, 1]).count();
    bytes.starts_with(&[0, 0, 0, 1]) && starts >= 2 && bytes.get(4).is_some_and(|first| first & 0x0f == 7)
}
