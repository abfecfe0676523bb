//! Which codecs can be protected, and how: one table, which decides the rules of a plan, what is refused and why, and what
//! people are told.

use crate::bytes::{Error, Result};
use crate::track::entry::DAMAGED_ENTRY;
use crate::track::{Codec, SampleEntry, Track, TrackKind};

use super::scheme::Form;
use super::subsample::Rule;

/// What says which bytes of a sample are to be encrypted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    /// The NAL units of pictures, whose lengths and parameter sets are in this box.
    Nals(&'static str),
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
    ("H.264", Way::Nals("avcC"), &[b"avc1", b"avc3", b"dva1", b"dvav"]),
    ("HEVC", Way::Nals("hvcC"), &[b"hvc1", b"hev1", b"dvh1", b"dvhe"]),
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
];

impl Way {
    fn kind(self) -> TrackKind {
        if matches!(self, Self::Nals(_)) { TrackKind::Video } else { TrackKind::Audio }
    }

    /// Whether an entry of a type that goes this way has what it takes.
    fn fits(self, codec: &Codec) -> bool {
        match (self, codec) {
            (Self::Nals(_), codec) => matches!(codec, Codec::Avc(_) | Codec::Hevc(_)),
            (Self::Aac, Codec::Mpeg(config)) => config.is_aac(),
            (Self::Described(types), Codec::Mpeg(config)) => types.contains(&config.object_type),
            (way, _) => way == Self::Whole,
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

fn check_entry(track: &Track, entry: &SampleEntry) -> Result<()> {
    let ways = || {
        let of_type = |(_, way, types): &&(_, Way, &[&[u8; 4]])| {
            way.kind() == track.kind && types.contains(&&entry.format.0)
        };
        CODECS.iter().filter(of_type).map(|(_, way, _)| *way)
    };
    // The cipher goes by its boxes.
    let needs_boxes = ways().any(|way| way != Way::Whole);
    if let Some(damage) = entry.damage.first().filter(|_| needs_boxes) {
        let message = format!("Track {} cannot be protected as it is. {}", track.id, damage.message());
        let at = damage.offset().unwrap_or(entry.start);
        return Err(Error::file(DAMAGED_ENTRY, message).inside(damage.path()).at(at));
    }
    if ways().any(|way| way.fits(&entry.codec)) {
        return Ok(());
    }
    let (id, name) = (track.id, entry.codec_name());
    if let Some(Way::Nals(code)) = ways().next() {
        let message = format!(
            "Track {id} has {name}, but no '{code}' box, without which no slice can be found. Take the file from where it was \
             made once more, or write it again."
        );
        return Err(Error::file(DAMAGED_ENTRY, message).at(entry.start));
    }
    Err(Error::unsupported(UNKNOWN_CODEC, format!("Track {id} has {name}; {}.", protected_codecs())))
}

/// What stays clear of the samples of one sample entry: by codec and form. Fails when its parameter sets cannot be read.
pub fn rule(entry: &SampleEntry, form: Form) -> Result<Rule> {
    let rule = match (&entry.codec, form) {
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
