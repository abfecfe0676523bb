//! What stands in parameter sets and the like, as rows: each field with the bytes that its bits are in.

use crate::boxes::RowSink;
use crate::boxes::codec::{matrix_name, primaries_name, transfer_name};
use crate::boxes::profiles::{av1_level, av1_profile, avc_profile, chroma, hevc_level, hevc_profile, tenths};
use crate::boxes::wire::{Bytes, Wire as _};
use crate::boxes::within::Payload;
use crate::bytes::bits::{BitField, BitReader, Trace};
use crate::bytes::units::len_u64;
use crate::track::codec::{av1, h264, h265};

/// Adds the rows of a payload at file offset `start`. What stands before a fault has its rows.
pub(super) fn payload_rows(payload: Payload, bytes: &[u8], start: u64, sink: &mut RowSink) {
    let trace = Trace::default();
    match payload {
        Payload::AvcUnit => h264::note_fields(bytes, &trace),
        Payload::HevcUnit => h265::note_fields(bytes, &trace),
        Payload::FlacStreamInfo => note_stream_info(bytes, &trace),
        Payload::Av1Units => return obu_rows(bytes, start, sink),
    }
    let rest = if payload == Payload::FlacStreamInfo { "md5_signature" } else { "behind these fields" };
    field_rows(payload, trace, (bytes, start), rest, sink);
}

/// The rows of noted fields of `bytes` at file offset `start`, and one named `rest` of what is behind them.
fn field_rows(payload: Payload, trace: Trace, (bytes, start): (&[u8], u64), rest: &str, sink: &mut RowSink) {
    let fields = trace.into_fields();
    let place = |at: usize| start.saturating_add(len_u64(at));
    for field in &fields {
        let (from, to) = field.bytes;
        sink.push(field.name, place(from), place(to), || (field.value.to_string(), meaning(payload, field)));
    }
    let behind = fields.last().map_or(bytes.len(), |field| field.bytes.1);
    if let Some(left) = bytes.get(behind..).filter(|left| !left.is_empty()) {
        sink.push(rest, place(behind), place(bytes.len()), || (Bytes(left.to_vec()).show(), String::new()));
    }
}

/// STREAMINFO (RFC 9639 8.2) up to the checksum of all samples.
fn note_stream_info(bytes: &[u8], trace: &Trace) {
    let mut r = BitReader::plain(bytes).traced(trace);
    let fields = [
        (16, "minimum_block_size"),
        (16, "maximum_block_size"),
        (24, "minimum_frame_size"),
        (24, "maximum_frame_size"),
        (20, "sample_rate"),
        (3, "channels_minus1"),
        (5, "bits_per_sample_minus1"),
        // One number of 36 bits, of which the upper four are hardly ever set.
        (4, "total_samples_upper"),
        (32, "total_samples"),
    ];
    let _ = fields.iter().try_for_each(|(bits, name)| r.bits(*bits, name).map(drop));
}

/// A row for each OBU, and one for each field of a sequence header.
fn obu_rows(bytes: &[u8], start: u64, sink: &mut RowSink) {
    let state = av1::State::default();
    let place = |at: usize| start.saturating_add(len_u64(at));
    for (index, obu) in av1::listed(&state, bytes).map_while(Result::ok).enumerate() {
        sink.push(&sink.entry_name("obu", index), place(obu.start), place(obu.end), || {
            (obu.name().to_owned(), format!("{} bytes", obu.end - obu.start))
        });
        let trace = Trace::default();
        let payload = bytes.get(obu.payload..obu.end).unwrap_or_default();
        av1::note_fields(obu.kind, payload, &trace);
        let at = (payload, place(obu.payload));
        sink.nested(|sink| field_rows(Payload::Av1Units, trace, at, "behind these fields", sink));
    }
}

/// What the value of a field means, where that is not the number itself.
fn meaning(payload: Payload, field: &BitField) -> String {
    let value = u16::try_from(field.value).unwrap_or(u16::MAX);
    let byte = u8::try_from(value).unwrap_or(u8::MAX);
    match field.name {
        "profile_idc" => avc_profile(byte, 0).to_owned(),
        "level_idc" => format!("level {}", tenths(byte)),
        "general_profile_idc" => hevc_profile(byte).to_owned(),
        "general_level_idc" => format!("level {}", hevc_level(byte)),
        "general_tier_flag" => if value == 1 { "High" } else { "Main" }.to_owned(),
        "seq_profile" => format!("{} profile", av1_profile(byte)),
        "seq_level_idx" => format!("level {}", av1_level(byte)),
        "max_frame_width_minus_1" | "max_frame_height_minus_1" => format!("{} luma samples", field.value + 1),
        "chroma_format_idc" => chroma(byte.into()).to_owned(),
        "bit_depth_luma_minus8" | "bit_depth_chroma_minus8" => format!("{} bits", field.value + 8),
        "pic_width_in_mbs_minus1" => format!("{} luma samples", (field.value + 1) * 16),
        "colour_primaries" | "color_primaries" => primaries_name(value).to_owned(),
        "transfer_characteristics" => transfer_name(value).to_owned(),
        "matrix_coefficients" => matrix_name(value).to_owned(),
        "nal_unit_type" => match payload {
            Payload::HevcUnit => h265::NalType::of(&[byte << 1, 0]).map_or("", h265::NalType::name),
            _ => h264::NalType::from_header(byte).name(),
        }
        .to_owned(),
        _ => String::new(),
    }
}
