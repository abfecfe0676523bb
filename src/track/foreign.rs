//! Files that are no ISO media: what they are, by their first bytes, and what to open instead.

use crate::bytes::Error;

/// How many bytes from the front tell enough.
pub const FRONT_LEN: u64 = 1024;

const MEDIA: &str = "Open an .ismv, .isma or .mp4 file.";
const REMUX: &str = "Boxlock opens MP4 and its kin; put the streams into one first, with: ffmpeg -i input -map 0 -c copy \
                     output.mp4";

const SUBTITLES: &str = "It holds subtitles and no media. To have it beside the video, make an MP4 of it first, with: packager \
                         in=input,stream=text,output=output.mp4";

/// What a file is whose bytes begin so, and what to do.
type Sign = (usize, &'static [u8], &'static str, &'static str);

/// By magic numbers: offset, bytes, what it is, what to do.
static SIGNS: &[Sign] = &[
    (0, b"\x1A\x45\xDF\xA3", "a Matroska or WebM file", REMUX),
    (0, b"RIFF", "a RIFF file (AVI or WAV)", REMUX),
    (0, b"OggS", "an Ogg file", REMUX),
    (0, b"fLaC", "a FLAC audio file", REMUX),
    (0, b"FLV\x01", "a Flash video (FLV)", REMUX),
    (0, b"\x30\x26\xB2\x75\x8E\x66\xCF\x11", "a Windows Media file (ASF: .wmv or .wma)", REMUX),
    (0, b"\0\0\x01\xBA", "an MPEG program stream", REMUX),
    (0, b"ID3", "an audio file with an ID3 tag in front (MP3, most often)", REMUX),
    (0, b"DKIF", "an IVF file: one bare VP8, VP9 or AV1 stream", REMUX),
    (0, b"\0\0\0\x01", "a bare video stream (H.264 or HEVC, Annex B)", REMUX),
    (0, b"\0\0\x01", "a bare video stream (H.264, HEVC or MPEG video)", REMUX),
    (0, b"#EXTM3U", "an HLS playlist", "It names media files and holds none; open those it names."),
    (0, b"WEBVTT", "a WebVTT text", SUBTITLES),
    (0, b"\xFF\xD8\xFF", "a JPEG picture", MEDIA),
    (0, b"\x89PNG", "a PNG picture", MEDIA),
    (0, b"GIF8", "a GIF picture", MEDIA),
    (0, b"%PDF", "a PDF document", MEDIA),
    (0, b"PK\x03\x04", "a ZIP archive", "Unpack it, and open the media files that are in it."),
    (0, b"\x1F\x8B", "a gzip archive", "Unpack it, and open the media file that is in it."),
];

/// By the first element of an XML document: its local name, what it is, what to do.
static ELEMENTS: &[(&str, &str, &str)] = &[
    ("SmoothStreamingMedia", "a Smooth Streaming client manifest (.ismc)", MANIFEST),
    ("smil", "a Smooth Streaming server manifest (.ism)", MANIFEST),
    ("MPD", "a DASH manifest (.mpd)", MANIFEST),
    (
        "CPIX",
        "a CPIX document: content keys and their use, no media",
        "Keep it secret, and open the media file.",
    ),
    ("WRMHEADER", "a PlayReady header without its file", "Open the media file that carries it."),
    (
        "tt",
        "a TTML text",
        "It holds subtitles and no media. To have it beside the video, have a packager that takes TTML put it into an MP4 (as stpp) first.",
    ),
    ("html", "a web page, perhaps an error page in place of a download", "Load the media file again."),
];

const MANIFEST: &str = "It names media files and holds none; open those it names (.ismv, .isma, .mp4).";

/// The error for a file that begins with `bytes`, of which [`FRONT_LEN`] are enough.
pub fn not_mp4(bytes: &[u8]) -> Error {
    if let Some(at) = behind_tag(bytes) {
        let message = format!(
            "An ID3 tag of {at} bytes stands in front of the MP4 file. Take it off: what is left opens."
        );
        return Error::file("not-mp4", message).at(0);
    }
    let (what, instead) = name(bytes).unwrap_or(("", MEDIA));
    let message = if what.is_empty() {
        format!("This is not an MP4 file: it begins with {}. {instead}", shown(bytes))
    } else {
        format!("This is {what}, not an MP4 file. {instead}")
    };
    Error::file("not-mp4", message).at(0)
}

/// Whether an ID3 tag is in front: its version and flags are no type of a box.
pub fn is_tagged(bytes: &[u8]) -> bool {
    bytes.starts_with(b"ID3") && bytes.get(4..6).is_some_and(|next| next.iter().any(|byte| *byte < 0x20))
}

/// Where the MP4 file begins behind a tag, where that is among the bytes.
fn behind_tag(bytes: &[u8]) -> Option<usize> {
    // Seven bits of each of four bytes, behind version and flags.
    let len = bytes.get(6..10).filter(|_| is_tagged(bytes))?;
    let at = 10 + len.iter().fold(0, |len, byte| len << 7 | usize::from(byte & 0x7f));
    (bytes.get(at + 4..at + 8) == Some(b"ftyp")).then_some(at)
}

fn name(bytes: &[u8]) -> Option<(&'static str, &'static str)> {
    if let Some((_, _, what, instead)) =
        SIGNS.iter().find(|(at, sign, _, _)| bytes.get(*at..).is_some_and(|rest| rest.starts_with(sign)))
    {
        return Some((what, instead));
    }
    // Packets of 188 bytes, or of 192 with a time stamp before each.
    let every = |first: usize, step: usize| {
        (0..3).all(|number| bytes.get(first + number * step).is_some_and(|byte| *byte == 0x47))
    };
    if every(0, 188) || every(4, 192) {
        return Some(("an MPEG transport stream", REMUX));
    }
    if let [0xFF, second, ..] = bytes
        && second & 0xE0 == 0xE0
        // That is a text in UTF-16.
        && *second != 0xFE
    {
        return Some(("a bare audio stream (MP3 or AAC)", REMUX));
    }
    let text = text(bytes);
    let text = text.trim_start_matches(['\u{feff}', ' ', '\t', '\r', '\n']);
    if text.starts_with('<') {
        let element = first_element(text);
        let found = ELEMENTS.iter().find(|(local, _, _)| local.eq_ignore_ascii_case(element));
        let other = ("an XML document", MEDIA);
        return Some(found.map_or(other, |(_, what, instead)| (*what, *instead)));
    }
    if text.starts_with('{') {
        if text.contains("\"boxlock\"") && text.contains("\"kid\"") {
            let instead =
                "It holds the key of a protected file: keep it secret. Open the media file that it names.";
            return Some(("a key sheet of Boxlock", instead));
        }
        return Some(("a JSON text", MEDIA));
    }
    None
}

/// The bytes as text: UTF-16 where they begin so.
fn text(bytes: &[u8]) -> String {
    let wide = |of: fn([u8; 2]) -> u16| {
        let units: Vec<u16> = bytes.as_chunks().0.iter().map(|pair| of(*pair)).collect();
        String::from_utf16_lossy(&units)
    };
    match bytes {
        [0xFF, 0xFE, ..] | [b'<', 0, ..] => wide(u16::from_le_bytes),
        [0xFE, 0xFF, ..] | [0, b'<', ..] => wide(u16::from_be_bytes),
        _ => String::from_utf8_lossy(bytes).into_owned(),
    }
}

/// The local name of the first element of an XML text, behind its declaration and comments.
fn first_element(text: &str) -> &str {
    let mut rest = text;
    while let Some((_, tag)) = rest.split_once('<') {
        let skipped = if tag.starts_with('?') {
            tag.split_once("?>")
        } else if tag.starts_with("!--") {
            tag.split_once("-->")
        } else if tag.starts_with("!DOCTYPE html") || tag.starts_with("!doctype html") {
            return "html";
        } else if tag.starts_with('!') {
            tag.split_once('>')
        } else {
            let end = tag.find(|c: char| c.is_whitespace() || c == '>' || c == '/').unwrap_or(tag.len());
            let name = tag.get(..end).unwrap_or_default();
            return name.rsplit(':').next().unwrap_or(name);
        };
        rest = skipped.map_or("", |(_, behind)| behind);
    }
    ""
}

/// The first bytes, as text where they are text.
pub fn shown(bytes: &[u8]) -> String {
    let head = bytes.get(..8).unwrap_or(bytes);
    if head.iter().all(|byte| (b' '..=b'~').contains(byte) || byte.is_ascii_whitespace()) {
        format!("“{}”", String::from_utf8_lossy(head).split_whitespace().collect::<Vec<_>>().join(" "))
    } else {
        format!("the bytes {}", hex::encode(head))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(bytes: &[u8]) -> String {
        not_mp4(bytes).message().to_owned()
    }

    #[test]
    fn what_is_no_mp4_is_called_by_its_name() {
        let smil = "\u{feff}<?xml version=\"1.0\"?>\n<!-- <MPD> -->\n<smil xmlns=\"http://www.w3.org/2001/SMIL20/Language\">";
        let utf16: Vec<u8> =
            "\u{feff}<?xml version=\"1.0\" encoding=\"utf-16\"?><SmoothStreamingMedia MajorVersion=\"2\">"
                .encode_utf16()
                .flat_map(u16::to_le_bytes)
                .collect();
        let big_endian: Vec<u8> =
            "\u{feff}<MPD>".encode_utf16().chain([0x20]).flat_map(u16::to_be_bytes).collect();
        let mut packets = vec![0; 188 * 4];
        packets.iter_mut().step_by(188).for_each(|byte| *byte = 0x47);
        let mut stamped = vec![0; 192 * 4];
        stamped.iter_mut().skip(4).step_by(192).for_each(|byte| *byte = 0x47);
        let cases: [(&[u8], &str); 24] = [
            (smil.as_bytes(), "Smooth Streaming server manifest"),
            (&utf16, "Smooth Streaming client manifest"),
            (&big_endian, "DASH manifest"),
            (&big_endian[2..], "DASH manifest"),
            (b"<MPD xmlns=\"urn:mpeg:dash:schema:mpd:2011\">", "DASH manifest"),
            (b"<cpix:CPIX xmlns:cpix=\"urn:dashif:org:cpix\">", "CPIX document"),
            (b"<?xml version=\"1.0\"?><CPIX>", "CPIX document"),
            (b"<!DOCTYPE html><html>", "web page"),
            (b"<svg/>", "XML document"),
            (b"<", "XML document"),
            (b"{\n  \"boxlock\": \"1\",\n  \"kid\": {}}", "key sheet of Boxlock"),
            (b"{\"a\": 1}", "JSON text"),
            (b"#EXTM3U\n#EXT-X-VERSION:6", "HLS playlist"),
            (b"WEBVTT\n\n", "WebVTT"),
            (b"\x1A\x45\xDF\xA3\x9F", "Matroska"),
            (b"RIFF\x24\0\0\0WAVE", "RIFF"),
            (b"ID3\x04\0\0\0\0\0\0", "ID3 tag"),
            (b"\xFF\xF1\x50\x80", "bare audio stream"),
            (b"\0\0\0\x01\x67\x42", "bare video stream"),
            (b"\0\0\x01\xBA\x44", "program stream"),
            (&packets, "transport stream"),
            (&stamped, "transport stream"),
            (b"OggS\0", "Ogg"),
            (b"PK\x03\x04", "ZIP"),
        ];
        for (bytes, name) in cases {
            let said = said(bytes);
            assert!(said.starts_with("This is a") && said.contains(name), "{said}");
        }
        let tagged = [b"ID3\x04\0\0\0\0\x01\0", &[0; 128][..], b"\0\0\0\x14ftypisom"].concat();
        assert!(said(&tagged).starts_with("An ID3 tag of 138 bytes stands in front of the MP4 file"));
        assert!(said(b"Hello, this").starts_with("This is not an MP4 file: it begins with “Hello, t”."));
        assert!(said(b"\x47\0\0").starts_with("This is not an MP4 file: it begins with the bytes 470000."));
        // One packet's mark is none.
        packets[188] = 0;
        assert!(said(&packets).starts_with("This is not an MP4 file"));
    }
}
