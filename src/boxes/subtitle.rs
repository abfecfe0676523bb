//! Subtitles and timed text: sample boxes and configuration (ISO/IEC 14496-30:2018, 3GPP TS 26.245), event messages
//! in tracks (ISO/IEC 23001-18).

use super::header::four;
use super::types::{Text, Utf8};
use super::wire::Bytes;

boxes! {
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
