//! How the types that fields are made of are read, written and shown.

use core::fmt::Write as _;
use std::rc::Rc;

use crate::bytes::limits;
use crate::bytes::units::{len_u64, to_len};
use crate::bytes::{Error, FourCc, KeyId, Reader, Result, Uuid16, Writer};

use super::declaration::{FieldRows, rows_of};
use super::rows::RowSink;
use super::samples::KeyRun;
use super::within::PayloadRows;

/// Version and flags of a full box (ISO/IEC 14496-12:2022 4.2.2).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FullHead {
    /// Version of the box's form.
    pub version: u8,
    /// 24 bits of flags.
    pub flags: u32,
}

impl FullHead {
    /// Reads version and flags.
    pub fn read(r: &mut Reader<'_>) -> Result<Self> {
        Ok(Self { version: r.u8("version")?, flags: r.u24("flags")? })
    }

    /// Whether all bits of `mask` are set.
    pub fn has(self, mask: u32) -> bool {
        self.flags & mask == mask
    }
}

/// What the form of a field can depend on besides earlier fields of its own box.
#[derive(Clone, Debug, Default)]
pub struct Context {
    /// Version and flags of the box.
    pub head: FullHead,
    /// Bytes per IV in sample encryption boxes: the track's `tenc` (or PIFF twin) says.
    pub iv_size: u8,
    /// How the samples of a sample encryption box are encrypted, where that is not the same for all.
    pub runs: Option<Rc<[KeyRun]>>,
    /// What adds the rows of a field of which boxes know no more than what it is.
    pub inside: Option<PayloadRows>,
}

/// A type that can stand in a field.
pub trait Wire: Sized {
    /// Whether a value ends where its bytes say, so that nothing can stand between it and the end of a box.
    const EXACT: bool = false;

    /// Bytes of a value, where all values have as many.
    fn len(_: &Context) -> Option<usize> {
        None
    }

    /// Reads one value. `count` is the number of entries or bytes for lists and runs whose length stands elsewhere;
    /// without it they run to the end.
    fn read(r: &mut Reader<'_>, name: &str, cx: &Context, count: Option<u64>) -> Result<Self>;

    /// Writes the value; `cx` as it was for reading.
    fn write(&self, w: &mut Writer, cx: &Context);

    /// The value as text for a row.
    fn show(&self) -> String;

    /// What the value means, where the type knows.
    fn meaning(&self) -> String {
        String::new()
    }

    /// Reads one value and adds its rows. A list comes back empty.
    fn rows(
        r: &mut Reader<'_>,
        name: &str,
        cx: &Context,
        count: Option<u64>,
        sink: &mut RowSink,
    ) -> Result<Self> {
        let start = r.offset();
        let value = Self::read(r, name, cx, count)?;
        sink.push(name, start, r.offset(), || (value.show(), value.meaning()));
        Ok(value)
    }
}

macro_rules! wire_numbers {
    ($($ty:ty: $read:expr, $write:expr;)*) => {$(
        impl Wire for $ty {
            const EXACT: bool = true;
            fn len(_: &Context) -> Option<usize> {
                Some(size_of::<$ty>())
            }
            fn read(r: &mut Reader<'_>, name: &str, _: &Context, _: Option<u64>) -> Result<Self> {
                let read: fn(&mut Reader<'_>, &str) -> Result<$ty> = $read;
                read(r, name)
            }
            fn write(&self, w: &mut Writer, _: &Context) {
                let write: fn(&mut Writer, $ty) = $write;
                write(w, *self);
            }
            fn show(&self) -> String {
                self.to_string()
            }
        }
    )*};
}

wire_numbers! {
    u8: |r, n| r.u8(n), |w, v| w.u8(v);
    u16: |r, n| r.u16(n), |w, v| w.u16(v);
    u32: |r, n| r.u32(n), |w, v| w.u32(v);
    u64: |r, n| r.u64(n), |w, v| w.u64(v);
    i8: |r, n| Ok(i8::from_be_bytes(r.array(n)?)), |w, v| w.bytes(&v.to_be_bytes());
    i16: |r, n| Ok(i16::from_be_bytes(r.array(n)?)), |w, v| w.bytes(&v.to_be_bytes());
    i32: |r, n| Ok(i32::from_be_bytes(r.array(n)?)), |w, v| w.bytes(&v.to_be_bytes());
    i64: |r, n| Ok(i64::from_be_bytes(r.array(n)?)), |w, v| w.bytes(&v.to_be_bytes());
    FourCc: |r, n| Ok(FourCc(r.array(n)?)), |w, v| w.bytes(&v.0);
    Uuid16: |r, n| Ok(Uuid16(r.array(n)?)), |w, v| w.bytes(&v.0);
}

impl Wire for KeyId {
    const EXACT: bool = true;
    fn len(_: &Context) -> Option<usize> {
        Some(16)
    }
    fn read(r: &mut Reader<'_>, name: &str, _: &Context, _: Option<u64>) -> Result<Self> {
        r.array(name).map(Self)
    }
    fn write(&self, w: &mut Writer, _: &Context) {
        w.bytes(&self.0);
    }
    fn show(&self) -> String {
        self.uuid()
    }
    /// People compare it with PlayReady headers, which have the other byte order.
    fn meaning(&self) -> String {
        if self.0 == [0; 16] { String::new() } else { format!("in GUID order {}", Self(self.guid_bytes())) }
    }
}

impl<const N: usize> Wire for [u8; N] {
    const EXACT: bool = true;
    fn len(_: &Context) -> Option<usize> {
        Some(N)
    }
    fn read(r: &mut Reader<'_>, name: &str, _: &Context, _: Option<u64>) -> Result<Self> {
        r.array(name)
    }
    fn write(&self, w: &mut Writer, _: &Context) {
        w.bytes(self);
    }
    fn show(&self) -> String {
        spaced_hex(self)
    }
}

/// A run of bytes: as long as the count says, else to the end of the box.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Bytes(pub Vec<u8>);

impl Wire for Bytes {
    const EXACT: bool = true;
    fn read(r: &mut Reader<'_>, name: &str, _: &Context, count: Option<u64>) -> Result<Self> {
        let len = count.unwrap_or(len_u64(r.remaining()));
        Ok(Self(r.sub(len, name)?.rest().to_vec()))
    }
    fn write(&self, w: &mut Writer, _: &Context) {
        w.bytes(&self.0);
    }
    fn show(&self) -> String {
        const SHOWN: usize = 32;
        let mut text = spaced_hex(self.0.get(..SHOWN).unwrap_or(&self.0));
        if self.0.len() > SHOWN {
            let _ = write!(text, " … ({} bytes)", self.0.len());
        }
        text
    }
}

impl AsRef<[u8]> for Bytes {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

/// Bytes as hex in groups of four.
pub fn spaced_hex(bytes: &[u8]) -> String {
    let groups: Vec<String> = bytes.chunks(4).map(hex::encode).collect();
    groups.join(" ")
}

impl<T: Wire> Wire for Vec<T> {
    const EXACT: bool = T::EXACT;
    fn read(r: &mut Reader<'_>, name: &str, cx: &Context, count: Option<u64>) -> Result<Self> {
        // A count from the file never sizes an allocation: a list grows as its bytes turn out to be there.
        let mut list = Vec::new();
        for_each_entry(r, name, count, &mut |r, _| {
            list.push(T::read(r, name, cx, None)?);
            Ok(())
        })?;
        Ok(list)
    }
    fn write(&self, w: &mut Writer, cx: &Context) {
        self.iter().for_each(|entry| entry.write(w, cx));
    }
    fn show(&self) -> String {
        entries(self.len())
    }
    fn rows(
        r: &mut Reader<'_>,
        name: &str,
        cx: &Context,
        count: Option<u64>,
        sink: &mut RowSink,
    ) -> Result<Self> {
        list_rows(r, name, cx, count, sink, T::len(cx), rows_of::<T>)?;
        // Whoever looks on wants the rows of a window: the entries of all would be many times as much.
        Ok(Vec::new())
    }
}

/// The rows of a list: one for all of it, and those of its entries one level deeper. `len` is how long every entry is,
/// where all are alike. Not generic over the entries: it would be copied into the program for each kind of them.
fn list_rows(
    r: &mut Reader<'_>,
    name: &str,
    cx: &Context,
    count: Option<u64>,
    sink: &mut RowSink,
    len: Option<usize>,
    entry: FieldRows,
) -> Result<()> {
    if sink.is_blind()
        && let Some(len) = len.map(len_u64).filter(|len| *len > 0)
    {
        // Whole entries at once; one that is cut off is read, to fail as it does there.
        let there = len_u64(r.remaining()) / len;
        r.take(to_len(count.unwrap_or(there).min(there) * len), name)?;
        if count.map_or(!r.is_empty(), |count| count > there) {
            entry(r, name, cx, sink)?;
        }
        return Ok(());
    }
    let start = r.offset();
    let at = sink.total();
    sink.push(name, start, start, || (count.map(|n| entries(to_len(n))).unwrap_or_default(), String::new()));
    sink.nested(|sink| entry_by_entry(r, name, cx, count, sink, entry))?;
    sink.close(at, r.offset());
    Ok(())
}

/// The rows of a list whose count has a row already: those of its entries alone.
pub(super) fn counted_rows(
    r: &mut Reader<'_>,
    name: &str,
    cx: &Context,
    count: u64,
    sink: &mut RowSink,
    len: Option<usize>,
    entry: FieldRows,
) -> Result<()> {
    if sink.is_blind() {
        list_rows(r, name, cx, Some(count), sink, len, entry)
    } else {
        entry_by_entry(r, name, cx, Some(count), sink, entry)
    }
}

fn entry_by_entry(
    r: &mut Reader<'_>,
    name: &str,
    cx: &Context,
    count: Option<u64>,
    sink: &mut RowSink,
    entry: FieldRows,
) -> Result<()> {
    for_each_entry(r, name, count, &mut |r, index| {
        let name = sink.entry_name(name, index);
        entry(r, &name, cx, sink)
    })
}

fn entries(count: usize) -> String {
    if count == 1 { "1 entry".to_owned() } else { format!("{count} entries") }
}

/// Calls `each` for `count` entries, or to the end of the reader. Entries that take no bytes are capped, so that a
/// count of four billion such entries is an error and not a hang.
pub fn for_each_entry<'a>(
    r: &mut Reader<'a>,
    name: &str,
    count: Option<u64>,
    each: &mut dyn FnMut(&mut Reader<'a>, usize) -> Result<()>,
) -> Result<()> {
    let start = r.offset();
    let mut index = 0;
    while count.map_or(!r.is_empty(), |count| len_u64(index) < count) {
        let before = r.offset();
        each(r, index)?;
        index += 1;
        let without_bytes = r.offset() == before && count.unwrap_or(u64::MAX) > limits::FRAGMENT_SAMPLES;
        if without_bytes {
            return Err(Error::limit(
                "too-many-entries",
                format!(
                    "{name} claims {} entries; Boxlock reads at most {}.",
                    count.unwrap_or(u64::MAX),
                    limits::FRAGMENT_SAMPLES
                ),
            )
            .at(start));
        }
    }
    Ok(())
}
