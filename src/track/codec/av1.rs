//! AV1 (AV1 Bitstream & Decoding Process Specification): where the tiles of a sample stand. Everything else of it stays
//! clear (AV1-ISOBMFF 4), so frame headers are walked whole, and what later ones depend on is kept.

mod frame_header;
mod listed;
mod passed;
mod references;
mod sequence;

use crate::bytes::units::len_u64;
use crate::bytes::{Error, Result};

use super::fields::Fields;
use frame_header::{Frame, Header};
use references::Kept;
use sequence::SequenceHeader;

pub use listed::{Listed, listed, note_fields};
pub use sequence::Colour;

/// Numbers of `obu_type` (table in 6.2.2).
mod kind {
    pub const SEQUENCE_HEADER: u8 = 1;
    pub const FRAME_HEADER: u8 = 3;
    pub const TILE_GROUP: u8 = 4;
    pub const FRAME: u8 = 6;
    pub const REDUNDANT_FRAME_HEADER: u8 = 7;
    pub const TILE_LIST: u8 = 8;
}

/// An open bitstream unit (5.3).
struct Obu<'a> {
    kind: u8,
    /// `temporal_id` and `spatial_id`.
    layer: [u32; 2],
    /// Where in the sample its payload begins.
    start: usize,
    payload: &'a [u8],
}

fn bad(message: impl Into<String>) -> Error {
    Error::file("bad-obu", message)
}

impl<'a> Obu<'a> {
    /// The unit at `start`.
    fn read(bytes: &'a [u8], start: usize) -> Result<Self> {
        let rest = bytes.get(start..).unwrap_or_default();
        let f = &mut Fields::new(rest);
        let is_forbidden = f.flag();
        let kind = u8::try_from(f.bits(4)).unwrap_or(0);
        let (has_extension, has_size) = (f.flag(), f.flag());
        f.flag(); // obu_reserved_1bit
        let mut layer = [0; 2];
        if has_extension {
            layer = [3, 2].map(|n| f.bits(n));
            f.bits(3);
        }
        let mut size = None;
        if has_size {
            // leb128(): seven bits a byte, the lowest first.
            let (mut value, mut is_last) = (0_u64, false);
            for byte in 0..8 {
                is_last = !f.flag();
                value |= u64::from(f.bits(7)) << (7 * byte);
                if is_last {
                    break;
                }
            }
            if !is_last || value > u64::from(u32::MAX) {
                return Err(bad("An OBU has a size of more than 32 bits."));
            }
            size = Some(value);
        }
        f.check().map_err(|error| error.into_error("bad-obu", "An OBU header"))?;
        if is_forbidden {
            return Err(bad("An OBU header has the bit set that is forbidden: this is no AV1."));
        }
        let payload = rest.get(f.consumed()..).unwrap_or_default();
        let size = size.unwrap_or(len_u64(payload.len()));
        let here = usize::try_from(size).ok().and_then(|size| payload.get(..size));
        let payload = here.ok_or_else(|| {
            bad(format!("An OBU has a size of {size} bytes, but only {} are left.", payload.len()))
        })?;
        Ok(Self { kind, layer, start: start + f.consumed(), payload })
    }

    fn end(&self) -> usize {
        self.start + self.payload.len()
    }
}

/// What a decoder knows between samples, as far as the places of tiles depend on it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct State {
    sequence: Option<SequenceHeader>,
    /// Whether that is the one of `av1C`, and no picture was read yet. Writers have put others there than in samples, so it
    /// counts where a decoder can have no other: at a key frame.
    is_at_record: bool,
    kept: [Kept; references::COUNT],
    /// The picture whose tiles are next.
    frame: Option<Frame>,
}

impl State {
    /// By the OBUs of `av1C`, where there is a sequence header, if not in samples.
    pub fn configured(obus: &[u8]) -> Result<Self> {
        let mut state = Self::default();
        let mut at = 0;
        while at < obus.len() {
            let obu = Obu::read(obus, at)?;
            if obu.kind == kind::SEQUENCE_HEADER {
                state.take_sequence(&obu)?;
            }
            at = obu.end();
        }
        state.is_at_record = true;
        Ok(state)
    }

    /// The colours that the sequence header says.
    pub fn colour(&self) -> Option<Colour> {
        self.sequence.as_ref().map(|sequence| sequence.colour)
    }

    /// Whether its sequence header is another than the one of `record`, in what is kept of it.
    pub fn contradicts(&self, record: &Self) -> bool {
        record.sequence.is_some() && self.sequence != record.sequence
    }

    /// Says of each tile of the next sample where it begins and ends.
    pub fn each_tile(
        &mut self,
        sample: &[u8],
        found: &mut dyn FnMut(usize, usize) -> Result<()>,
    ) -> Result<()> {
        let mut at = 0;
        while at < sample.len() {
            let in_sample = |error: Error| error.at(len_u64(at));
            let obu = Obu::read(sample, at).map_err(in_sample)?;
            self.take(&obu, found).map_err(in_sample)?;
            at = obu.end();
        }
        match &self.frame {
            None => Ok(()),
            Some(frame) => {
                let message = format!(
                    "The sample ends after {} tiles of a picture that has {}.",
                    frame.next_tile, frame.tiles.count
                );
                Err(bad(message).at(len_u64(at)))
            }
        }
    }

    fn take(&mut self, obu: &Obu<'_>, found: &mut dyn FnMut(usize, usize) -> Result<()>) -> Result<()> {
        match obu.kind {
            kind::SEQUENCE_HEADER => self.take_sequence(obu),
            // A second one is a copy of the first.
            kind::FRAME_HEADER if self.frame.is_some() => Ok(()),
            kind::FRAME_HEADER => {
                let mut f = self.take_header(obu)?;
                // trailing_bits(): a one, and zeros to the end.
                let is_closed = f.flag() && f.rest() == 0;
                let behind = obu.payload.get(f.consumed()..).unwrap_or_default();
                if f.check().is_ok() && is_closed && behind.iter().all(|byte| *byte == 0) {
                    return Ok(());
                }
                Err(bad("An AV1 frame header does not end where its OBU does."))
            }
            kind::FRAME if self.frame.is_some() => {
                Err(bad("A picture begins before all tiles of the one before were there."))
            }
            kind::FRAME => {
                let mut header = self.take_header(obu)?;
                if header.rest() != 0 {
                    return Err(bad("An AV1 frame header is not followed by zero bits up to its tiles."));
                }
                self.take_tiles(obu, header.consumed(), found)
            }
            kind::TILE_GROUP => self.take_tiles(obu, 0, found),
            kind::REDUNDANT_FRAME_HEADER if self.frame.is_none() => {
                Err(bad("A redundant frame header stands where no frame header came before it."))
            }
            kind::TILE_LIST => {
                let message = "The track has lists of tiles, as large scale tile coding does, which AV1 in MP4 has not. \
                               Write the file again without them.";
                Err(Error::unsupported("tile-list", message))
            }
            _ => Ok(()),
        }
    }

    fn take_sequence(&mut self, obu: &Obu<'_>) -> Result<()> {
        let sequence = SequenceHeader::parse(obu.payload);
        self.is_at_record = false;
        self.sequence =
            Some(sequence.map_err(|error| error.into_error("bad-obu", "The AV1 sequence header"))?);
        Ok(())
    }

    /// Reads a frame header; what it is read with stands behind it.
    fn take_header<'a>(&mut self, obu: &Obu<'a>) -> Result<Fields<'a>> {
        let Some(sequence) = &self.sequence else {
            let message = "Neither 'av1C' nor a sample before has a sequence header, without which no frame header can be \
                           read. Write the file again with a sequence header in each sync sample.";
            return Err(Error::unsupported("no-sequence-header", message));
        };
        let mut header = Header::new(sequence, &mut self.kept, obu.payload, obu.layer);
        self.frame = header.read(std::mem::take(&mut self.is_at_record))?;
        Ok(header.fields)
    }

    /// A tile group (5.11.1), which begins `from` bytes into the payload.
    fn take_tiles(
        &mut self,
        obu: &Obu<'_>,
        from: usize,
        found: &mut dyn FnMut(usize, usize) -> Result<()>,
    ) -> Result<()> {
        let Some(frame) = &mut self.frame else {
            return Err(bad("Tiles stand where no frame header came before them."));
        };
        let tiles = frame.tiles;
        let group = obu.payload.get(from..).unwrap_or_default();
        let f = &mut Fields::new(group);
        let (mut first, mut last) = (0, tiles.count - 1);
        // tile_start_and_end_present_flag
        if tiles.count > 1 && f.flag() {
            [first, last] = [(); 2].map(|()| f.bits(tiles.number_bits));
        }
        let is_aligned = f.rest() == 0;
        f.check().map_err(|error| error.into_error("bad-obu", "A tile group"))?;
        if first != frame.next_tile || last < first || last >= tiles.count || !is_aligned {
            return Err(bad(format!(
                "A tile group has tiles {first} to {last}, but tile {} of {} is next.",
                frame.next_tile, tiles.count
            )));
        }
        let mut at = f.consumed();
        for tile in first..=last {
            let mut left = group.len().saturating_sub(at);
            let mut len = left;
            if tile < last {
                // tile_size_minus_1, the lowest byte first.
                let sizes = group.get(at..).and_then(|rest| rest.get(..tiles.size_len)).unwrap_or_default();
                at += tiles.size_len;
                left = left.saturating_sub(tiles.size_len);
                let size = sizes.iter().rev().fold(0_usize, |size, byte| size << 8 | usize::from(*byte));
                len = size.saturating_add(1);
            }
            if len == 0 || len > left {
                return Err(bad(format!(
                    "Tile {tile} has a size of {len} bytes in the last {left} of its OBU."
                )));
            }
            let start = obu.start + from + at;
            found(start, start + len)?;
            at += len;
        }
        frame.next_tile = last + 1;
        if frame.next_tile == tiles.count {
            frame.keep(&mut self.kept);
            self.frame = None;
        }
        Ok(())
    }
}
