//! Subtitles and timed text: sample boxes and configuration (ISO/IEC 14496-30:2018, 3GPP TS 26.245), event messages
//! in tracks (ISO/IEC 23001-18).

use super::header::four;
use super::parts::{LenText, bits, join, when};
use super::types::{Counted, Text, Utf8};
use super::wire::Bytes;

entries! {
    /// How some of the characters look.
    StyleRecord {
        start_char: u16;
        end_char: u16;
        font_id: u16;
        face_style_flags: u8, means |v| join(&[
            &when(bits(*v, 0, 1) == 1, "bold"), &when(bits(*v, 1, 1) == 1, "italic"), &when(bits(*v, 2, 1) == 1, "underlined"),
        ]);
        font_size: u8;
        text_color_rgba: [u8; 4];
    }
    /// Characters that are lit until a time.
    KaraokeEntry {
        highlight_end_time: u32;
        start_char_offset: u16;
        end_char_offset: u16;
    }
}

boxes! {
    /// How parts of the text look.
    TextStyle [four(b"styl")] plain "Text style" "3GPP TS 26.245 5.17.1.1" {
        entries: Counted<u16, StyleRecord>;
    }
    /// Characters that are lit, or blink.
    TextHighlight [four(b"hlit"), four(b"blnk")] plain "Text highlight" "3GPP TS 26.245 5.17.1.2" {
        start_char_offset: u16;
        end_char_offset: u16;
    }
    /// The colour of what is lit.
    HighlightColour [four(b"hclr")] plain "Highlight colour" "3GPP TS 26.245 5.17.1.2" {
        highlight_color_rgba: [u8; 4];
    }
    /// Characters that are lit one after another.
    Karaoke [four(b"krok")] plain "Karaoke" "3GPP TS 26.245 5.17.1.3" {
        highlight_start_time: u32;
        entries: Counted<u16, KaraokeEntry>;
    }
    /// When scrolling begins.
    ScrollDelay [four(b"dlay")] plain "Scroll delay" "3GPP TS 26.245 5.17.1.4" {
        scroll_delay: u32;
    }
    /// A link in the text.
    HyperText [four(b"href")] plain "Hyper text link" "3GPP TS 26.245 5.17.1.5" {
        start_char_offset: u16;
        end_char_offset: u16;
        url: LenText<u8>;
        alt_string: LenText<u8>;
    }
    /// Where the text stands.
    TextBox [four(b"tbox")] plain "Text box" "3GPP TS 26.245 5.17.1.6" {
        top: i16;
        left: i16;
        bottom: i16;
        right: i16;
    }
    /// Whether long lines are broken.
    TextWrap [four(b"twrp")] plain "Text wrap" "3GPP TS 26.245 5.17.1.8" {
        wrap_flag: u8, means |v| if *v == 1 { "lines are broken".to_owned() } else { String::new() };
    }
    /// The header of the WebVTT file.
    WebVttConfiguration [four(b"vttC")] plain "WebVTT configuration" "ISO/IEC 14496-30:2018 7.5" {
        config: Utf8;
    }
    /// Names the source of the cues.
    WebVttSourceLabel [four(b"vlab")] plain "WebVTT source label" "ISO/IEC 14496-30:2018 7.5" {
        source_label: Utf8;
    }
    /// One cue.
    VttCue [four(b"vttc")] plain children "WebVTT cue" "ISO/IEC 14496-30:2018 7.4" {}
    /// A time without cues.
    VttEmptyCue [four(b"vtte")] plain "WebVTT empty cue" "ISO/IEC 14496-30:2018 7.4" {}
    /// A comment between cues.
    VttAdditionalText [four(b"vtta")] plain "WebVTT comment" "ISO/IEC 14496-30:2018 7.4" {
        text: Utf8;
    }
    /// Ties together the parts of one cue in several samples.
    CueSourceId [four(b"vsid")] plain "Cue source ID" "ISO/IEC 14496-30:2018 7.4" {
        source_id: i32;
    }
    /// Time within the cue at which the sample starts.
    CueTime [four(b"ctim")] plain "Cue time" "ISO/IEC 14496-30:2018 7.4" {
        cue_current_time: Utf8;
    }
    /// The cue's settings.
    CueSettings [four(b"sttg")] plain "Cue settings" "ISO/IEC 14496-30:2018 7.4" {
        settings: Utf8;
    }
    /// The cue's text.
    CuePayload [four(b"payl")] plain "Cue text" "ISO/IEC 14496-30:2018 7.4" {
        cue_text: Utf8;
    }
    /// Which event schemes a track carries.
    SchemeIdentifiers [four(b"silb")] full "Scheme identifiers" "ISO/IEC 23001-18:2022 6.4" {
        list: Bytes;
    }
    /// One event.
    EventMessageInstance [four(b"emib")] full "Event message instance" "ISO/IEC 23001-18:2022 6.2" {
        reserved: u32;
        presentation_time_delta: i64;
        event_duration: u32;
        id: u32;
        scheme_id_uri: Text;
        value: Text;
        message_data: Bytes;
    }
    /// A time without events.
    EventMessageEmpty [four(b"emeb")] plain "Empty event" "ISO/IEC 23001-18:2022 6.3" {}
}
