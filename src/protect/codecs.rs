//! Which codecs can be protected, and how: one table, which decides the rules of a plan, what is refused and why, and what
//! people are told.

use crate::bytes::{Error, Result};
use crate::track::codec::vp9;
use crate::track::entry::DAMAGED_ENTRY;
use crate::track::{Codec, SampleEntry, Track, TrackKind};

use super::scheme::Form;
use super::subsample::Rule;

/// What says which bytes of a sample are to be encrypted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    /// The headers in pictures, read with what is in this box.
    Pictures(&'static str),
    /// The headers in pictures alone.
    Frames,
    /// Nothing: AAC is encrypted whole (ISO/IEC 23001-7 clause 9.4). That it is AAC is said by its descriptor.
    Aac,
    /// Nothing: so is sound of these object types (ISO/IEC 14496-1 table 5) in the same kind of entry.
    Described(&'static [u8]),
    /// Nothing: sound of this kind is encrypted whole, whatever the boxes in its entry say.
    Whole,
}

/// Code of the error that says that a codec is none of these.
pub const UNKNOWN_CODEC: &str = "codec";

/// Entries whose descriptor says what is in them.
const MP4A: &[&[u8; 4]] = &[b"mp4a"];

/// Every codec that can be protected: its name, what says which bytes, its sample entry types.
static CODECS: &[(&str, Way, &[&[u8; 4]])] = &[
    ("H.264", Way::Pictures("avcC"), &[b"avc1", b"avc3", b"dva1", b"dvav"]),
    ("HEVC", Way::Pictures("hvcC"), &[b"hvc1", b"hev1", b"dvh1", b"dvhe"]),
    ("AV1", Way::Pictures("av1C"), &[b"av01", b"dav1"]),
    ("VP9", Way::Frames, &[b"vp09"]),
    ("AAC", Way::Aac, MP4A),
    ("MP3", Way::Described(&[0x69, 0x6b]), MP4A),
    ("MP3", Way::Whole, &[b".mp3"]),
    ("AC-3", Way::Described(&[0xa5]), MP4A),
    ("AC-3", Way::Whole, &[b"ac-3"]),
    ("E-AC-3", Way::Described(&[0xa6]), MP4A),
    ("E-AC-3", Way::Whole, &[b"ec-3"]),
    ("Opus", Way::Described(&[0xad]), MP4A),
    ("Opus", Way::Whole, &[b"Opus"]),
    ("FLAC", Way::Whole, &[b"fLaC"]),
    ("ALAC", Way::Whole, &[b"alac"]),
    ("DTS", Way::Described(&[0xa9, 0xaa, 0xab, 0xac]), MP4A),
    ("DTS", Way::Whole, &[b"dtsc", b"dtsh", b"dtsl", b"dtse", b"dtsx"]),
    ("MPEG-H", Way::Whole, &[b"mha1", b"mhm1"]),
    ("WMA", Way::Whole, &[b"wma ", b"owma"]),
];

impl Way {
    fn kind(self) -> TrackKind {
        if matches!(self, Self::Pictures(_) | Self::Frames) { TrackKind::Video } else { TrackKind::Audio }
    }

    /// Whether boxes of the entry say anything that the cipher goes by.
    fn needs_boxes(self) -> bool {
        !matches!(self, Self::Whole | Self::Frames)
    }

    /// Whether an entry of a type that goes this way has what it takes.
    fn fits(self, codec: &Codec) -> bool {
        match (self, codec) {
            (Self::Pictures(_), codec) => matches!(codec, Codec::Avc(_) | Codec::Hevc(_) | Codec::Av1(_)),
            (Self::Aac, Codec::Mpeg(config)) => config.is_aac(),
            (Self::Described(types), Codec::Mpeg(config)) => types.contains(&config.object_type),
            (way, _) => !way.needs_boxes(),
        }
    }
}

/// What can be protected, for the end of a sentence.
pub fn protected_codecs() -> String {
    let named = |kind| {
        let mut names: Vec<&str> =
            CODECS.iter().filter(|(_, way, _)| way.kind() == kind).map(|(name, ..)| *name).collect();
        names.dedup();
        let last = names.pop().unwrap_or_default();
        format!("{} and {last}", names.join(", "))
    };
    format!("Boxlock protects {} video, and {} sound", named(TrackKind::Video), named(TrackKind::Audio))
}

/// Fails when this track cannot be protected.
pub fn check_track(track: &Track) -> Result<()> {
    if track.entries.is_empty() {
        let message = format!("Track {} has no sample entry, so its codec is unknown.", track.id);
        return Err(Error::unsupported("no-sample-entry", message));
    }
    track.entries.iter().try_for_each(|entry| check_entry(track, entry))
}

/// Fails when the samples of this track cannot be encrypted whole either, by choice, though Boxlock knows no rule for its
/// codec.
pub fn check_whole(track: &Track) -> Result<()> {
    if track.entries.is_empty() {
        return check_track(track);
    }
    let faults = track.entries.iter().filter_map(|entry| check_entry(track, entry).err());
    let of_another_kind = !matches!(track.kind, TrackKind::Video | TrackKind::Audio);
    let is_bar = |fault: &Error| of_another_kind || fault.code() != UNKNOWN_CODEC;
    faults.into_iter().find(is_bar).map_or(Ok(()), Err)
}

fn check_entry(track: &Track, entry: &SampleEntry) -> Result<()> {
    let ways = || {
        let of_type = |(_, way, types): &&(_, Way, &[&[u8; 4]])| {
            way.kind() == track.kind && types.contains(&&entry.format.0)
        };
        CODECS.iter().filter(of_type).map(|(_, way, _)| *way)
    };
    let needs_boxes = ways().any(Way::needs_boxes);
    if let Some(damage) = entry.damage.first().filter(|_| needs_boxes) {
        let message = format!("Track {} cannot be protected as it is. {}", track.id, damage.message());
        let at = damage.offset().unwrap_or(entry.start);
        return Err(Error::file(DAMAGED_ENTRY, message).inside(damage.path()).at(at));
    }
    if ways().any(|way| way.fits(&entry.codec)) {
        return Ok(());
    }
    let (id, name) = (track.id, entry.codec_name());
    if let Some(Way::Pictures(code)) = ways().next() {
        let message = format!(
            "Track {id} has {name}, but no '{code}' box, without which its pictures cannot be read. Take the file from where it was \
             made once more, or write it again."
        );
        return Err(Error::file(DAMAGED_ENTRY, message).at(entry.start));
    }
    let mut message = format!("Track {id} has {name}; {}.", protected_codecs());
    if entry.format.0 == *b"ac-4" {
        message.push_str(AC4_CONTENTS);
    }
    if track.handler.0 == *b"hint" {
        message.push_str(
            " Hints may hold copies of what the other tracks hold, and are for servers of clear media: take them out first, with: \
             ffmpeg -i input.mp4 -map 0 -map -0:d -c copy output.mp4",
        );
    }
    Err(Error::unsupported(UNKNOWN_CODEC, message))
}

/// Packagers leave the table clear since 2025 and disagree on what is a block behind it; the brand for it, `ca4e`, waits for its
/// specification.
const AC4_CONTENTS: &str = " Each sample begins with a table of contents (ETSI TS 103 190-2, ac4_toc) that players may have \
    to read before they decrypt, and no published specification says where it must stay clear.";

/// What a person should know who chose to have samples of this entry encrypted whole.
pub fn whole_doubt(entry: &SampleEntry) -> &'static str {
    match &entry.format.0 {
        b"ac-4" => {
            "its samples are encrypted whole, as was asked for, and with them the table of contents at their start (ETSI TS 103 \
             190-2, ac4_toc), which other packagers leave clear"
        }
        _ => {
            "no specification says what of it players must read: every sample is encrypted whole, as was asked for"
        }
    }
}

fn is_vp9(entry: &SampleEntry) -> bool {
    entry.format.0 == *b"vp09"
}

/// Whether PIFF 1.1, of 2010, cannot know the codec: there is no way of that time in which its samples would be read.
fn is_younger_than_piff(entry: &SampleEntry) -> bool {
    matches!(entry.codec, Codec::Av1(_)) || is_vp9(entry)
}

/// What stays clear of the samples of one sample entry: by codec and form. Fails when its parameter sets cannot be read.
pub fn rule(entry: &SampleEntry, form: Form) -> Result<Rule> {
    let rule = match (&entry.codec, form) {
        _ if form == Form::Piff && is_younger_than_piff(entry) => {
            let message = format!(
                "The form piff is for players that are older than {} and know no such track. Choose the form hybrid or plain.",
                entry.codec_name()
            );
            Err(Error::caller("form-codec", "form", message))
        }
        (Codec::Av1(state), _) => Ok(Rule::Av1(state.clone())),
        _ if is_vp9(entry) => Ok(Rule::Vp9(vp9::State::default())),
        (Codec::Avc(config), Form::Piff) => Ok(Rule::AvcLegacy { length_size: config.length_size }),
        (Codec::Avc(config), _) => Rule::avc_cmaf(config),
        (Codec::Hevc(config), Form::Piff) => Ok(Rule::HevcLegacy { length_size: config.length_size }),
        (Codec::Hevc(config), _) => Rule::hevc_cmaf(config),
        _ => Ok(Rule::WholeSample),
    };
    rule.map_err(|error| error.at(entry.start))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_names_each_type_of_one_codec_once() {
        let types: Vec<_> =
            CODECS.iter().flat_map(|(name, _, types)| types.iter().map(move |one| (one, name))).collect();
        for (number, (one, name)) in types.iter().enumerate() {
            let twice = types.iter().skip(number + 1).any(|(other, also)| other == one && also == name);
            assert!(!twice, "{name}");
        }
    }

    #[test]
    fn the_readme_says_what_the_table_says() {
        let readme = include_str!("../../README.md").split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(readme.contains(&protected_codecs()), "{}", protected_codecs());
    }
}
