//! MPEG-4 descriptors (ISO/IEC 14496-1:2010 7.2.6, 8.3.3), as `esds` and `iods` carry them.

use crate::bytes::units::len_u64;
use crate::bytes::{Error, Reader, Result, Writer};

use super::aac::AacConfig;
use super::header::four;
use super::profiles::object_type_name;
use super::rows::RowSink;
use super::wire::{Bytes, Context, Wire};

/// Tag of the elementary stream descriptor.
pub const ES: u8 = 0x03;
/// Tag of the decoder configuration descriptor.
pub const DECODER_CONFIG: u8 = 0x04;
/// Tag of the decoder specific information: for AAC the AudioSpecificConfig.
pub const DECODER_SPECIFIC_INFO: u8 = 0x05;

/// Tag of the sync layer configuration descriptor.
pub const SL_CONFIG: u8 = 0x06;

/// Descriptors nest ES → decoder configuration → decoder specific information; deeper than this is no real file.
const DEPTH: u8 = 4;

/// One descriptor: its own fields, then descriptors inside it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Descriptor {
    /// What kind of descriptor.
    pub tag: u8,
    /// The length as it stood: one byte for each 7 bits. Writers use one byte or pad to four.
    length: Vec<u8>,
    /// Bytes of its own fields.
    pub fields: Vec<u8>,
    /// The descriptors inside.
    pub inner: Vec<Descriptor>,
    /// Bytes after the last descriptor inside.
    tail: Vec<u8>,
}

impl Descriptor {
    /// A descriptor of its own fields and those inside; its length is written as short as it can be.
    pub fn new(tag: u8, fields: Vec<u8>, inner: Vec<Descriptor>) -> Self {
        let mut w = Writer::new();
        inner.iter().for_each(|inner| inner.write_one(&mut w));
        let len = fields.len() + w.len();
        let mut length = Vec::new();
        for shift in [21, 14, 7, 0] {
            let seven = u8::try_from(len >> shift & 0x7f).unwrap_or(0);
            if seven > 0 || !length.is_empty() || shift == 0 {
                length.push(if shift == 0 { seven } else { seven | 0x80 });
            }
        }
        Self { tag, length, fields, inner, tail: Vec::new() }
    }

    /// The first descriptor with `tag`, this one or inside.
    pub fn find(&self, tag: u8) -> Option<&Descriptor> {
        if self.tag == tag {
            return Some(self);
        }
        self.inner.iter().find_map(|inner| inner.find(tag))
    }

    /// The same, to change it.
    pub fn find_mut(&mut self, tag: u8) -> Option<&mut Descriptor> {
        if self.tag == tag {
            return Some(self);
        }
        self.inner.iter_mut().find_map(|inner| inner.find_mut(tag))
    }

    fn write_one(&self, w: &mut Writer) {
        w.u8(self.tag);
        w.bytes(&self.length);
        w.bytes(&self.fields);
        self.inner.iter().for_each(|inner| inner.write_one(w));
        w.bytes(&self.tail);
    }

    /// Reads one; with a sink adds its rows.
    fn read_one(r: &mut Reader<'_>, depth: u8, mut sink: Option<&mut RowSink>) -> Result<Self> {
        let start = r.offset();
        let tag = r.u8("A descriptor tag")?;
        let (length, len) = read_length(r)?;
        // Some writers count wrong: what reaches past the descriptor or box around it ends with that.
        let left = len_u64(r.remaining());
        let counted = matches!(tag, ES | DECODER_CONFIG | DECODER_SPECIFIC_INFO);
        let mut body = r.sub(if counted { len.min(left) } else { len }, "A descriptor")?;
        let name = descriptor_name(tag);
        if let Some(sink) = sink.as_deref_mut() {
            sink.push(name, start, r.offset(), || (format!("{len} bytes"), format!("tag {tag:#04x}")));
            sink.nested(|sink| {
                sink.push("tag and length", start, body.offset(), || {
                    (format!("{tag:#04x}, {len}"), String::new())
                })
            });
        }
        let mut this = Self { tag, length, ..Self::default() };
        let fields_start = body.offset();
        let own = own_len(tag, body.rest()).filter(|&own| own <= body.remaining() && depth < DEPTH);
        this.fields = body.take(own.unwrap_or(body.remaining()), name)?.to_vec();
        if let Some(sink) = sink.as_deref_mut() {
            sink.nested(|sink| field_rows(tag, &this.fields, fields_start, sink));
        }
        while !body.is_empty() {
            // Trailing bytes that are no descriptor are kept as they are.
            let mut trial = body;
            if Self::read_one(&mut trial, depth + 1, None).is_err() {
                break;
            }
            let inner = match sink.as_deref_mut() {
                Some(sink) => sink.nested(|sink| Self::read_one(&mut body, depth + 1, Some(sink)))?,
                None => Self::read_one(&mut body, depth + 1, None)?,
            };
            this.inner.push(inner);
        }
        this.tail = body.rest().to_vec();
        Ok(this)
    }
}

/// The length in its wire form and as a number. Four bytes are the most (ISO/IEC 14496-1:2010 8.3.3), but a fifth is
/// seen.
fn read_length(r: &mut Reader<'_>) -> Result<(Vec<u8>, u64)> {
    const MOST: usize = 5;
    let start = r.offset();
    let (mut wire, mut len) = (Vec::new(), 0);
    loop {
        let byte = r.u8("A descriptor length")?;
        wire.push(byte);
        len = len << 7 | u64::from(byte & 0x7f);
        if byte & 0x80 == 0 {
            return Ok((wire, len));
        }
        if wire.len() == MOST {
            let message = "The length of a descriptor takes more than 5 bytes, but at most 4 are allowed.";
            return Err(Error::file("bad-esds", message).at(start));
        }
    }
}

/// Bytes of a descriptor's own fields before the descriptors inside; `None` when it has none inside.
fn own_len(tag: u8, body: &[u8]) -> Option<usize> {
    match tag {
        ES => {
            let flags = body.get(2)?;
            let url = if flags & 0x40 != 0 { 1 + usize::from(*body.get(3 + url_at(*flags))?) } else { 0 };
            let ocr = if flags & 0x20 != 0 { 2 } else { 0 };
            Some(3 + url_at(*flags) + url + ocr)
        }
        DECODER_CONFIG => Some(13),
        _ => None,
    }
}

/// Where the URL of an ES descriptor starts, after ID and flags: behind the ID it depends on, if any.
fn url_at(flags: u8) -> usize {
    if flags & 0x80 != 0 { 2 } else { 0 }
}

fn field_rows(tag: u8, fields: &[u8], start: u64, sink: &mut RowSink) {
    let mut r = Reader::new(fields, start);
    // The fields were measured before, so what cannot be read is not there: an optional field.
    let _ = match tag {
        ES => es_rows(&mut r, sink),
        DECODER_CONFIG => decoder_rows(&mut r, sink),
        _ => Ok(()),
    };
    if !r.is_empty() {
        let end = r.offset() + len_u64(r.remaining());
        sink.push("data", r.offset(), end, || {
            let meaning =
                if tag == DECODER_SPECIFIC_INFO { audio_config_text(fields) } else { String::new() };
            (Bytes(r.rest().to_vec()).show(), meaning)
        });
    }
}

fn es_rows(r: &mut Reader<'_>, sink: &mut RowSink) -> Result<()> {
    let cx = Context::default();
    u16::rows(r, "ES_ID", &cx, None, sink)?;
    let flags = u8::rows(r, "flags and streamPriority", &cx, None, sink)?;
    if flags & 0x80 != 0 {
        u16::rows(r, "dependsOn_ES_ID", &cx, None, sink)?;
    }
    if flags & 0x40 != 0 {
        super::parts::LenText::<u8>::rows(r, "URL", &cx, None, sink)?;
    }
    if flags & 0x20 != 0 {
        u16::rows(r, "OCR_ES_Id", &cx, None, sink)?;
    }
    Ok(())
}

fn decoder_rows(r: &mut Reader<'_>, sink: &mut RowSink) -> Result<()> {
    let cx = Context::default();
    let start = r.offset();
    let object_type = r.u8("objectTypeIndication")?;
    sink.push("objectTypeIndication", start, start + 1, || {
        (format!("{object_type:#04x}"), object_type_name(object_type).to_owned())
    });
    let stream = r.u8("streamType")?;
    sink.push("streamType", start + 1, start + 2, || {
        (format!("{:#04x}", stream >> 2), stream_type_name(stream >> 2).to_owned())
    });
    super::types::U24::rows(r, "bufferSizeDB", &cx, None, sink)?;
    for name in ["maxBitrate", "avgBitrate"] {
        let start = r.offset();
        let rate = r.u32(name)?;
        sink.push(name, start, start + 4, || (rate.to_string(), "bits a second".to_owned()));
    }
    Ok(())
}

fn descriptor_name(tag: u8) -> &'static str {
    match tag {
        0x01 => "ObjectDescriptor",
        0x02 => "InitialObjectDescriptor",
        ES => "ES_Descriptor",
        DECODER_CONFIG => "DecoderConfigDescriptor",
        DECODER_SPECIFIC_INFO => "DecoderSpecificInfo",
        SL_CONFIG => "SLConfigDescriptor",
        0x0e => "ES_ID_Inc",
        0x0f => "ES_ID_Ref",
        0x10 => "MP4_IOD",
        0x11 => "MP4_OD",
        0x14 => "ProfileLevelIndicationIndexDescriptor",
        _ => "Descriptor",
    }
}

fn stream_type_name(stream_type: u8) -> &'static str {
    match stream_type {
        0x01 => "object descriptors",
        0x03 => "scene description",
        0x04 => "video",
        0x05 => "audio",
        _ => "",
    }
}

/// An AudioSpecificConfig in words.
fn audio_config_text(config: &[u8]) -> String {
    let Ok(config) = AacConfig::parse(config) else { return String::new() };
    let name = config.name();
    if name.is_empty() {
        return String::new();
    }
    format!("if audio: {name}, {} Hz, channels: {}", config.rate, config.channels)
}

impl Wire for Descriptor {
    fn read(r: &mut Reader<'_>, _: &str, _: &Context, _: Option<u64>) -> Result<Self> {
        Self::read_one(r, 0, None)
    }
    fn write(&self, w: &mut Writer, _: &Context) {
        self.write_one(w);
    }
    fn show(&self) -> String {
        descriptor_name(self.tag).to_owned()
    }
    fn rows(r: &mut Reader<'_>, _: &str, _: &Context, _: Option<u64>, sink: &mut RowSink) -> Result<Self> {
        Self::read_one(r, 0, Some(sink))
    }
}

boxes! {
    /// Codec, bitrate and decoder configuration in MPEG-4 descriptors.
    ElementaryStreamDescriptor [four(b"esds")] full "Elementary stream descriptor" "ISO/IEC 14496-14:2020 6.7.2" {
        descriptor: Descriptor;
    }
    /// Profiles that a player needs for the whole file.
    InitialObjectDescriptor [four(b"iods")] full "Initial object descriptor" "ISO/IEC 14496-14:2020 6.2" {
        descriptor: Descriptor;
    }
    /// Further MPEG-4 descriptors of a video track.
    Mpeg4Extension [four(b"m4ds")] plain "MPEG-4 extension descriptors" "ISO/IEC 14496-15:2022 5.3.4" {
        descriptors: Vec<Descriptor>;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_lengths_of_descriptors_come_out_as_they_went_in() {
        // ES, decoder configuration, AudioSpecificConfig, SL configuration; with lengths of one and of four bytes.
        let config = format!("4015{:022}", 0);
        let short = format!("0319000100 0411{config} 05021210 060102");
        let padded = format!("0380808022000100 0480808014{config} 05808080021210 068080800102");
        for text in [short, padded] {
            let bytes = hex::decode(text.replace(' ', "")).unwrap();
            let cx = Context::default();
            let descriptor = Descriptor::read(&mut Reader::new(&bytes, 0), "", &cx, None).unwrap();
            let info = descriptor.find(DECODER_SPECIFIC_INFO).unwrap();
            assert_eq!(audio_config_text(&info.fields), "if audio: AAC LC, 44100 Hz, channels: 2");
            let mut w = Writer::new();
            descriptor.write(&mut w, &cx);
            assert_eq!(w.as_slice(), bytes);
        }
    }
}
