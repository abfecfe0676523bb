//! The boxes whose offsets move when something before them grows: `sidx` and `mfra`.

use crate::bytes::units::{len_u64, to_len};
use crate::bytes::{Reader, Result, Writer};

use super::header::four;
use super::rows::RowSink;
use super::types::{Counted, Wide};
use super::wire::{Context, Wire, for_each_entry};

entries! {
    /// One subsegment or one further index.
    SegmentReference {
        reference: u32;
        subsegment_duration: u32;
        sap: u32;
    }
}

impl SegmentReference {
    /// Whether this points to another `sidx` rather than to media.
    pub fn is_index(&self) -> bool {
        self.reference >> 31 == 1
    }

    /// Size of what is pointed to, in bytes.
    pub fn referenced_size(&self) -> u32 {
        self.reference & 0x7fff_ffff
    }
}

/// One random access point of `tfra`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RandomAccessPoint {
    /// Presentation time in the track's timescale.
    pub time: u64,
    /// File offset of the `moof`.
    pub moof_offset: u64,
    /// Number of the `traf` in the `moof`, from 1.
    pub traf_number: u32,
    /// Number of the `trun` in the `traf`, from 1.
    pub trun_number: u32,
    /// Number of the sample in the `trun`, from 1.
    pub sample_number: u32,
}

/// The entries of `tfra`, with the widths of their three numbers, 1 to 4 bytes each.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RandomAccessPoints {
    /// 26 reserved bits, then three 2-bit widths less one.
    pub lengths: u32,
    /// The points, by time.
    pub points: Vec<RandomAccessPoint>,
}

impl RandomAccessPoints {
    fn widths(&self) -> [u32; 3] {
        [(self.lengths >> 4) & 3, (self.lengths >> 2) & 3, self.lengths & 3].map(|width| width + 1)
    }
}

fn read_width(r: &mut Reader<'_>, width: u32) -> Result<u32> {
    let mut value = 0;
    for _ in 0..width {
        value = value << 8 | u32::from(r.u8("A number of a random access point")?);
    }
    Ok(value)
}

fn write_width(w: &mut Writer, width: u32, value: u32) {
    for byte in value.to_be_bytes().into_iter().skip(4 - width as usize) {
        w.u8(byte);
    }
}

impl RandomAccessPoint {
    fn read(r: &mut Reader<'_>, cx: &Context, widths: [u32; 3]) -> Result<Self> {
        let [traf, trun, sample] = widths;
        Ok(Self {
            time: Wide::read(r, "time", cx, None)?.0,
            moof_offset: Wide::read(r, "moof_offset", cx, None)?.0,
            traf_number: read_width(r, traf)?,
            trun_number: read_width(r, trun)?,
            sample_number: read_width(r, sample)?,
        })
    }
}

impl Wire for RandomAccessPoints {
    const EXACT: bool = true;
    fn read(r: &mut Reader<'_>, name: &str, cx: &Context, _: Option<u64>) -> Result<Self> {
        let mut this = Self { lengths: r.u32("lengths")?, points: Vec::new() };
        let widths = this.widths();
        let count = r.u32("number_of_entry")?;
        // As many as there are bytes for: an entry takes 11 at least.
        this.points.reserve_exact(to_len(u64::from(count).min(len_u64(r.remaining()) / 11)));
        for_each_entry(r, name, Some(u64::from(count)), &mut |r, _| {
            this.points.push(RandomAccessPoint::read(r, cx, widths)?);
            Ok(())
        })?;
        Ok(this)
    }
    fn write(&self, w: &mut Writer, cx: &Context) {
        let [traf, trun, sample] = self.widths();
        w.u32(self.lengths);
        w.u32(u32::try_from(self.points.len()).unwrap_or(u32::MAX));
        for point in &self.points {
            Wide(point.time).write(w, cx);
            Wide(point.moof_offset).write(w, cx);
            write_width(w, traf, point.traf_number);
            write_width(w, trun, point.trun_number);
            write_width(w, sample, point.sample_number);
        }
    }
    fn show(&self) -> String {
        format!("{} entries", self.points.len())
    }
    fn rows(
        r: &mut Reader<'_>,
        name: &str,
        cx: &Context,
        _: Option<u64>,
        sink: &mut RowSink,
    ) -> Result<Self> {
        let mut this = Self { lengths: u32::rows(r, "lengths", cx, None, sink)?, points: Vec::new() };
        let widths = this.widths();
        let count = u32::rows(r, "number_of_entry", cx, None, sink)?;
        for_each_entry(r, name, Some(u64::from(count)), &mut |r, index| {
            let start = r.offset();
            let point = RandomAccessPoint::read(r, cx, widths)?;
            sink.push_entry("entries", index, start, r.offset(), || {
                format!(
                    "time {}, moof at {}, traf {}, trun {}, sample {}",
                    point.time, point.moof_offset, point.traf_number, point.trun_number, point.sample_number
                )
            });
            this.points.push(point);
            Ok(())
        })?;
        Ok(this)
    }
}

boxes! {
    /// Sizes, durations and access points of the segments that follow.
    SegmentIndex [four(b"sidx")] full(0, 1) "Segment index" "ISO/IEC 14496-12:2022 8.16.3" {
        reference_id: u32;
        timescale: u32;
        earliest_presentation_time: Wide;
        first_offset: Wide;
        reserved: u16;
        references: Counted<u16, SegmentReference>;
    }
    /// Index of random access points, at the end of the file.
    MovieFragmentRandomAccess [four(b"mfra")] plain children "Fragment random access" "ISO/IEC 14496-12:2022 8.8.9" {}
    /// Random access points of one track.
    TrackFragmentRandomAccess [four(b"tfra")] full(0, 1) "Track fragment random access" "ISO/IEC 14496-12:2022 8.8.10" {
        track_id: u32;
        entries: RandomAccessPoints;
    }
    /// Size of the `mfra` around it, so that it can be found from the end of the file.
    MovieFragmentRandomAccessOffset [four(b"mfro")] full "Fragment random access offset" "ISO/IEC 14496-12:2022 8.8.11" {
        parent_size: u32;
    }
}

/// Bytes of an `mfro` box, the last of a file that has one.
pub const MFRO_LEN: u64 = 16;

/// Size of the `mfra` that ends the file, when `tail`, the last [`MFRO_LEN`] bytes, is an `mfro`.
pub fn mfra_size(tail: &[u8]) -> Option<u64> {
    let mut r = Reader::new(tail, 0);
    let is_mfro =
        len_u64(tail.len()) == MFRO_LEN && r.u32("size").ok()? == 16 && r.array("type").ok()? == *b"mfro";
    r.u32("version and flags").ok()?;
    is_mfro.then(|| r.u32("parent_size").ok()).flatten().map(u64::from)
}
