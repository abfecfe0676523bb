//! The entries of sample encryption boxes: IVs and subsample maps, in the forms of ISO/IEC 23001-7:2023 7.2.

use crate::bytes::units::to_len;
use crate::bytes::{Reader, Result, Writer};

use super::cenc::SENC_SUBSAMPLES;
use super::rows::RowSink;
use super::wire::{Context, Wire, for_each_entry, spaced_hex};

/// Samples in a row whose entries have one form, because they are of one group, or follow the track's defaults.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KeyRun {
    /// How many samples.
    pub count: u64,
    /// Whether they are encrypted.
    pub is_protected: bool,
    /// Bytes per IV of each key; one where samples have one key.
    pub iv_sizes: Vec<u8>,
}

/// Goes through samples with the run that each is in.
struct Runs<'c> {
    cx: &'c Context,
    number: usize,
    left: u64,
}

impl<'c> Runs<'c> {
    fn new(cx: &'c Context) -> Self {
        let left = cx.runs.as_ref().and_then(|runs| runs.first()).map_or(0, |run| run.count);
        Self { cx, number: 0, left }
    }

    /// The run of the next sample; `None` where only the size of all IVs is known.
    fn next(&mut self) -> Option<&'c KeyRun> {
        let runs = self.cx.runs.as_ref()?;
        while self.left == 0 && self.number < runs.len() {
            self.number += 1;
            self.left = runs.get(self.number).map_or(0, |run| run.count);
        }
        self.left = self.left.saturating_sub(1);
        runs.get(self.number)
    }
}

impl KeyRun {
    /// Bytes per IV of samples with one key.
    fn iv_size(&self) -> u8 {
        if self.is_protected { self.iv_sizes.first().copied().unwrap_or(0) } else { 0 }
    }
}

/// One stretch of a sample: clear bytes, then protected bytes (ISO/IEC 23001-7:2023 7.2).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Subsample {
    /// Bytes left as they are.
    pub clear: u16,
    /// Bytes encrypted.
    pub protected: u32,
}

/// Bytes of one subsample entry in the file.
pub const SUBSAMPLE_LEN: usize = 6;

/// IVs and subsample maps of the samples of one fragment, kept flat: no allocation for each sample.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SampleEncryptionEntries {
    /// The IVs one after the other, `iv_size` bytes each.
    pub ivs: Vec<u8>,
    /// Number of subsamples of each sample; empty when samples carry no maps.
    pub counts: Vec<u16>,
    /// All subsamples, sample after sample.
    pub subsamples: Vec<Subsample>,
}

impl SampleEncryptionEntries {
    fn read_one(&mut self, r: &mut Reader<'_>, iv_size: u8, cx: &Context) -> Result<usize> {
        self.ivs.extend_from_slice(r.take(usize::from(iv_size), "InitializationVector")?);
        if cx.head.has(SENC_SUBSAMPLES) {
            let count = r.u16("subsample_count")?;
            self.counts.push(count);
            for _ in 0..count {
                let clear = r.u16("BytesOfClearData")?;
                self.subsamples.push(Subsample { clear, protected: r.u32("BytesOfProtectedData")? });
            }
            return Ok(usize::from(count));
        }
        Ok(0)
    }

    /// Reads the entry of one sample and adds its rows.
    fn row(
        &mut self,
        r: &mut Reader<'_>,
        cx: &Context,
        run: Option<&KeyRun>,
        index: usize,
        sink: &mut RowSink,
    ) -> Result<()> {
        let (start, at) = (r.offset(), self.ivs.len());
        let iv_size = run.map_or(cx.iv_size, KeyRun::iv_size);
        let subsamples = self.read_one(r, iv_size, cx)?;
        sink.push_entry("samples", index, start, r.offset(), || {
            let iv = self.ivs.get(at..).unwrap_or_default();
            let iv = match run {
                Some(run) if !run.is_protected => "not protected".to_owned(),
                _ if iv.is_empty() => "constant IV".to_owned(),
                _ => format!("IV {}", spaced_hex(iv)),
            };
            if cx.head.has(SENC_SUBSAMPLES) { format!("{iv}, {subsamples} subsamples") } else { iv }
        });
        let first = self.subsamples.len() - subsamples;
        let iv_end = start + u64::from(iv_size);
        sink.nested(|sink| {
            for (index, subsample) in self.subsamples.iter().skip(first).enumerate() {
                let start = iv_end + 2 + 6 * index as u64;
                sink.push_entry("subsamples", index, start, start + 6, || {
                    format!("{} clear, {} protected", subsample.clear, subsample.protected)
                });
            }
        });
        Ok(())
    }

    /// The IV and subsamples of each of `count` samples, in order; `iv_size` bytes per IV.
    pub fn iter(&self, iv_size: u8, count: usize) -> impl Iterator<Item = (&[u8], &[Subsample])> {
        let mut at = 0;
        (0..count).map(move |index| {
            let size = usize::from(iv_size);
            let iv = self.ivs.get(index * size..(index + 1) * size).unwrap_or_default();
            let len = self.counts.get(index).map_or(0, |&n| usize::from(n));
            let subsamples = self.subsamples.get(at..at + len).unwrap_or_default();
            at += len;
            (iv, subsamples)
        })
    }
}

impl Wire for SampleEncryptionEntries {
    const EXACT: bool = true;
    fn skim(r: &mut Reader<'_>, name: &str, cx: &Context, count: Option<u64>) -> Result<Self> {
        let mut runs = Runs::new(cx);
        for_each_entry(r, name, count, &mut |r, _| {
            let iv_size = runs.next().map_or(cx.iv_size, KeyRun::iv_size);
            r.take(usize::from(iv_size), "InitializationVector")?;
            if cx.head.has(SENC_SUBSAMPLES) {
                let count = usize::from(r.u16("subsample_count")?);
                r.take(count * SUBSAMPLE_LEN, "subsamples")?;
            }
            Ok(())
        })?;
        Ok(Self::default())
    }
    fn read(r: &mut Reader<'_>, name: &str, cx: &Context, count: Option<u64>) -> Result<Self> {
        let mut this = Self::default();
        let mut runs = Runs::new(cx);
        for_each_entry(r, name, count, &mut |r, _| {
            let iv_size = runs.next().map_or(cx.iv_size, KeyRun::iv_size);
            this.read_one(r, iv_size, cx).map(|_| ())
        })?;
        Ok(this)
    }

    fn write(&self, w: &mut Writer, cx: &Context) {
        let iv_size = usize::from(cx.iv_size);
        if !cx.head.has(SENC_SUBSAMPLES) {
            w.bytes(&self.ivs);
            return;
        }
        for (iv, subsamples) in self.iter(cx.iv_size, self.counts.len()) {
            debug_assert_eq!(iv.len(), iv_size);
            w.bytes(iv);
            w.u16(u16::try_from(subsamples.len()).unwrap_or(u16::MAX));
            for subsample in subsamples {
                w.u16(subsample.clear);
                w.u32(subsample.protected);
            }
        }
    }

    fn show(&self) -> String {
        format!("{} subsamples", self.subsamples.len())
    }

    fn rows(
        r: &mut Reader<'_>,
        name: &str,
        cx: &Context,
        count: Option<u64>,
        sink: &mut RowSink,
    ) -> Result<Self> {
        let mut this = Self::default();
        let mut runs = Runs::new(cx);
        for_each_entry(r, name, count, &mut |r, index| this.row(r, cx, runs.next(), index, sink))?;
        Ok(this)
    }
}

/// Entries of version 1: samples of which parts are encrypted with several keys. Kept as they stand.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MultiKeyEntries(pub Vec<u8>);

/// Entries of version 2: those of version 0, but for samples that are not encrypted, which have none. Kept as they
/// stand.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ProtectedEntries(pub Vec<u8>);

/// Reads one entry that begins with the reader, of a sample in this run, and adds its rows.
type ReadEntry = fn(&mut Reader<'_>, &Context, Option<&KeyRun>, usize, Option<&mut RowSink>) -> Result<()>;

/// Reads all entries, and returns their bytes.
fn raw_entries(
    r: &mut Reader<'_>,
    name: &str,
    cx: &Context,
    count: Option<u64>,
    mut sink: Option<&mut RowSink>,
    read: ReadEntry,
) -> Result<Vec<u8>> {
    let all = *r;
    let mut runs = Runs::new(cx);
    for_each_entry(r, name, count, &mut |r, index| {
        let run = runs.next();
        if run.is_some_and(|run| !run.is_protected) {
            let at = r.offset();
            if let Some(sink) = sink.as_deref_mut() {
                sink.push_entry("samples", index, at, at, || "not protected, no entry".to_owned());
            }
            return Ok(());
        }
        read(r, cx, run, index, sink.as_deref_mut())
    })?;
    let len = to_len(r.offset() - all.offset());
    Ok(all.rest().get(..len).unwrap_or_default().to_vec())
}

fn multi_key_entry(
    r: &mut Reader<'_>,
    cx: &Context,
    run: Option<&KeyRun>,
    index: usize,
    sink: Option<&mut RowSink>,
) -> Result<()> {
    let mut nothing = RowSink::window(0, 0);
    let sink = sink.unwrap_or(&mut nothing);
    let (start, at) = (r.offset(), sink.total());
    sink.push_entry("samples", index, start, start, String::new);
    sink.nested(|sink| -> Result<()> {
        for index in 0..usize::from(r.u16("multi_IV_count")?) {
            let start = r.offset();
            let key = r.u16("multi_subindex_IV")?;
            // Keys are counted from 1.
            let size = run.and_then(|run| run.iv_sizes.get(usize::from(key).checked_sub(1)?));
            let iv = r.take(usize::from(size.copied().unwrap_or(cx.iv_size)), "IV")?;
            sink.push_entry("ivs", index, start, r.offset(), || format!("key {key}, IV {}", spaced_hex(iv)));
        }
        for index in 0..r.u32("subsample_count")? {
            let start = r.offset();
            let (key, clear) = (r.u16("multi_subindex")?, r.u16("BytesOfClearData")?);
            let protected = r.u32("BytesOfProtectedData")?;
            sink.push_entry("subsamples", to_len(index.into()), start, r.offset(), || {
                format!("{clear} clear, {protected} protected with key {key}")
            });
        }
        Ok(())
    })?;
    sink.close(at, r.offset());
    Ok(())
}

fn protected_entry(
    r: &mut Reader<'_>,
    cx: &Context,
    run: Option<&KeyRun>,
    index: usize,
    sink: Option<&mut RowSink>,
) -> Result<()> {
    let mut nothing = RowSink::window(0, 0);
    SampleEncryptionEntries::default().row(r, cx, run, index, sink.unwrap_or(&mut nothing))
}

macro_rules! raw_entries_wire {
    ($($Entries:ident, $read:expr;)*) => {$(
        impl Wire for $Entries {
            const EXACT: bool = true;
            fn read(r: &mut Reader<'_>, name: &str, cx: &Context, count: Option<u64>) -> Result<Self> {
                Ok(Self(raw_entries(r, name, cx, count, None, $read)?))
            }
            fn write(&self, w: &mut Writer, _: &Context) {
                w.bytes(&self.0);
            }
            fn show(&self) -> String {
                format!("{} bytes", self.0.len())
            }
            fn rows(
                r: &mut Reader<'_>,
                name: &str,
                cx: &Context,
                count: Option<u64>,
                sink: &mut RowSink,
            ) -> Result<Self> {
                Ok(Self(raw_entries(r, name, cx, count, Some(sink), $read)?))
            }
        }
    )*};
}
raw_entries_wire! {
    MultiKeyEntries, multi_key_entry;
    ProtectedEntries, protected_entry;
}
