//! What the boxes of a sample entry say of its codec: RFC 6381 string, name, channels and rate. One table says which
//! box is read by whom; what a box says wins over the entry, and a damaged box costs what it would have said.

use crate::boxes::codec::ColourInformation;
use crate::boxes::parts::TopBit;
use crate::boxes::profiles::wave_format;
use crate::boxes::sample_types::{self, Layout, WRAPPED};
use crate::boxes::{BoxBody as _, Node, Tree};
use crate::bytes::{Error, FourCc, Reader, Result};

use super::super::entry::DAMAGED_ENTRY;
use super::{Codec, avc_config, dolby, dts, mpeg, sound, video};

/// What is known of a codec.
#[derive(Clone, Debug)]
pub struct About {
    /// Type of the sample entry, before protection.
    pub format: FourCc,
    /// What protection and playback need.
    pub codec: Codec,
    /// RFC 6381 `codecs` value.
    pub string: String,
    /// The codec and its profile for a person.
    pub name: String,
    /// Level, tier, depth and the like for a person, empty when there is nothing to say.
    pub detail: String,
    /// Channels; 0 when not known.
    pub channels: u16,
    /// Samples a second; 0 when not known.
    pub rate: u32,
    /// Version of QuickTime's sound description, where the entry is of one that MP4 does not have; else 0.
    pub quicktime: u16,
    /// Bits of a sample of sound, as the entry says.
    pub sample_bits: u16,
    /// Largest side lengths of a picture, as the entry says.
    pub size: Option<(u16, u16)>,
    /// Primaries, transfer and matrix of ISO/IEC 23091-2, and whether the range is full, as `colr` says or, where there is
    /// none, the codec's own box.
    pub colour: Option<([u16; 3], bool)>,
}

/// No sample entry type.
const NONE: &[u8; 4] = &[0; 4];

/// Reads one box's body.
type Read = fn(&mut About, &mut Reader<'_>) -> Result<()>;

/// Boxes that say how a codec is configured, in the order in which they are asked; the sample entry type that they
/// imply where it is hidden; and their reader.
static BOXES: &[(&[u8; 4], &[u8; 4], Read)] = &[
    (b"colr", NONE, colour),
    (b"avcC", b"avc1", avc_config::read),
    (b"hvcC", b"hvc1", video::hevc),
    (b"vvcC", b"vvc1", video::vvc),
    (b"av1C", b"av01", video::av1),
    (b"vpcC", b"vp09", video::vp),
    (b"dvc1", b"vc-1", video::vc1),
    (b"d263", b"s263", video::h263),
    (b"dvcC", NONE, dolby::vision),
    (b"dvvC", NONE, dolby::vision),
    (b"dvwC", NONE, dolby::vision),
    (b"esds", NONE, mpeg::read),
    (b"dac3", b"ac-3", dolby::ac3),
    (b"dec3", b"ec-3", dolby::ec3),
    (b"dac4", b"ac-4", dolby::ac4),
    (b"dmlp", b"mlpa", dolby::true_hd),
    (b"ddts", b"dtsc", dts::core),
    (b"udts", b"dtsx", dts::uhd),
    (b"dOps", b"Opus", sound::opus),
    (b"dfLa", b"fLaC", sound::flac),
    (b"alac", b"alac", sound::alac),
    (b"mhaC", b"mha1", sound::mpegh),
    (b"iacb", b"iamf", sound::iamf),
    (b"pcmC", b"ipcm", sound::pcm),
    (b"enda", NONE, sound::byte_order),
    (b"wfex", b"wma ", sound::wave),
    (b"srat", NONE, sound::rate),
];

impl About {
    /// What the entry's own fields say, and its type.
    pub fn new(format: FourCc, layout: Layout) -> Self {
        Self {
            format,
            codec: Codec::Other,
            string: format.text().trim_end().to_owned(),
            name: type_name(format, layout),
            detail: String::new(),
            channels: 0,
            rate: 0,
            quicktime: 0,
            sample_bits: 0,
            size: None,
            colour: None,
        }
    }

    /// Adds what the boxes inside say. What is wrong with them is added to `damage`.
    pub fn read_boxes(&mut self, tree: &Tree<'_>, entry: &Node, damage: &mut Vec<Error>) {
        sound::of_type(self);
        // QuickTime puts the decoder's boxes into one of its own.
        let wave = entry.child(b"wave");
        for (code, format, read) in BOXES {
            // There may be several colours, of which an ICC profile says nothing here.
            let most = if *code == b"colr" { usize::MAX } else { 1 };
            let parents = [Some(entry), wave].into_iter().flatten();
            let boxes = parents.flat_map(|parent| parent.all(code));
            for found in boxes.take(most) {
                if *format != NONE && WRAPPED.contains(&&self.format.0) {
                    *self = Self {
                        string: FourCc(**format).text().trim_end().to_owned(),
                        name: type_name(FourCc(**format), Layout::Other),
                        format: FourCc(**format),
                        ..self.clone()
                    };
                }
                if let Err(error) = read(self, &mut tree.body(found)) {
                    damage.push(damaged(tree, found, &error));
                }
            }
        }
    }

    /// Adds words to the detail.
    pub fn add(&mut self, words: &str) {
        if !words.is_empty() {
            self.detail.push_str(if self.detail.is_empty() { "" } else { ", " });
            self.detail.push_str(words);
        }
    }

    /// The codec's own box knows channels and rate better; 0 says that it does not.
    pub fn set_sound(&mut self, channels: impl Into<u16>, rate: u32) {
        let channels = channels.into();
        self.channels = if channels == 0 { self.channels } else { channels };
        self.rate = if rate == 0 { self.rate } else { rate };
    }
}

/// The error of a sample entry or a box inside, so that it says which and can be told from damage to the file.
pub fn damaged(tree: &Tree<'_>, node: &Node, error: &Error) -> Error {
    let message = match error.box_start() {
        Some(_) => error.message().to_owned(),
        None => format!("Box '{}' of a sample entry is damaged: {}", node.id(), error.message()),
    };
    Error::file(DAMAGED_ENTRY, message)
        .at(error.offset().unwrap_or(node.start))
        .of_box(node.start, tree.path_at(node.start))
}

/// The codec's name by its type alone.
fn type_name(format: FourCc, layout: Layout) -> String {
    if let Some((_, name)) = sample_types::registered(format, layout) {
        return name.to_owned();
    }
    // QuickTime's form of Windows' numbers for sound formats.
    if let ([b'm', b's', tag @ ..], false) = (format.0, matches!(layout, Layout::Visual)) {
        let tag = u16::from_be_bytes(tag);
        let name = wave_format(tag);
        return if name.is_empty() { format!("Windows sound format {tag:#06x}") } else { name.to_owned() };
    }
    format!("unknown codec '{format}'")
}

fn colour(about: &mut About, r: &mut Reader<'_>) -> Result<()> {
    let colr = ColourInformation::parse(r, 0)?;
    if matches!(&colr.colour_type.0, b"nclx" | b"nclc") && about.colour.is_none() {
        let points = [colr.colour_primaries, colr.transfer_characteristics, colr.matrix_coefficients];
        about.colour = Some((points, colr.full_range_flag.0.is_some_and(TopBit::is_set)));
    }
    Ok(())
}
