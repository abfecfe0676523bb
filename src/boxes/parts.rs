//! Parts that fields of several families share: bytes behind their length, tails that may be absent, bit fields,
//! little-endian numbers.

use core::marker::PhantomData;

use crate::bytes::{Reader, Result, Writer};

use super::rows::RowSink;
use super::types::{Count, U24};
use super::wire::{Bytes, Context, Wire};

/// Bytes behind their own length of type `N`, one row for both.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LenBytes<N> {
    /// The bytes, without the length.
    pub bytes: Vec<u8>,
    length: PhantomData<N>,
}

impl<N> Default for LenBytes<N> {
    fn default() -> Self {
        Vec::new().into()
    }
}

impl<N> From<Vec<u8>> for LenBytes<N> {
    fn from(bytes: Vec<u8>) -> Self {
        Self { bytes, length: PhantomData }
    }
}

impl<N: Count> Wire for LenBytes<N> {
    const EXACT: bool = true;
    fn read(r: &mut Reader<'_>, name: &str, cx: &Context, _: Option<u64>) -> Result<Self> {
        let len = N::read(r, name, cx, None)?.get();
        Ok(r.sub(len, name)?.rest().to_vec().into())
    }
    fn write(&self, w: &mut Writer, cx: &Context) {
        N::of(self.bytes.len()).write(w, cx);
        w.bytes(&self.bytes);
    }
    fn show(&self) -> String {
        Bytes(self.bytes.clone()).show()
    }
    fn meaning(&self) -> String {
        format!("{} bytes behind their length", self.bytes.len())
    }
}

/// UTF-8 text behind its length of type `N`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LenText<N>(pub LenBytes<N>);

impl<N: Count> Wire for LenText<N> {
    const EXACT: bool = true;
    fn read(r: &mut Reader<'_>, name: &str, cx: &Context, _: Option<u64>) -> Result<Self> {
        Ok(Self(LenBytes::read(r, name, cx, None)?))
    }
    fn write(&self, w: &mut Writer, cx: &Context) {
        self.0.write(w, cx);
    }
    fn show(&self) -> String {
        String::from_utf8_lossy(&self.0.bytes).into_owned()
    }
}

impl Count for U24 {
    fn get(self) -> u64 {
        u64::from(self.0)
    }
    fn of(len: usize) -> Self {
        Self(u32::try_from(len).unwrap_or(u32::MAX).min(0xff_ffff))
    }
}

/// Fields at the end of a box that older or simpler writers leave out: there when any bytes are left.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IfMore<T>(pub Option<T>);

impl<T> Default for IfMore<T> {
    fn default() -> Self {
        Self(None)
    }
}

impl<T: Wire> Wire for IfMore<T> {
    const EXACT: bool = T::EXACT;
    fn read(r: &mut Reader<'_>, name: &str, cx: &Context, count: Option<u64>) -> Result<Self> {
        Ok(Self(if r.is_empty() { None } else { Some(T::read(r, name, cx, count)?) }))
    }
    fn write(&self, w: &mut Writer, cx: &Context) {
        if let Some(value) = &self.0 {
            value.write(w, cx);
        }
    }
    fn show(&self) -> String {
        self.0.as_ref().map(T::show).unwrap_or_default()
    }
    fn rows(
        r: &mut Reader<'_>,
        name: &str,
        cx: &Context,
        count: Option<u64>,
        sink: &mut RowSink,
    ) -> Result<Self> {
        Ok(Self(if r.is_empty() { None } else { Some(T::rows(r, name, cx, count, sink)?) }))
    }
}

/// 16 bits, little-endian, as Windows structures are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Le16(pub u16);

/// 32 bits, little-endian.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Le32(pub u32);

impl Wire for Le16 {
    const EXACT: bool = true;
    fn read(r: &mut Reader<'_>, name: &str, _: &Context, _: Option<u64>) -> Result<Self> {
        Ok(Self(u16::from_le_bytes(r.array(name)?)))
    }
    fn write(&self, w: &mut Writer, _: &Context) {
        w.bytes(&self.0.to_le_bytes());
    }
    fn show(&self) -> String {
        self.0.to_string()
    }
}

impl Wire for Le32 {
    const EXACT: bool = true;
    fn read(r: &mut Reader<'_>, name: &str, _: &Context, _: Option<u64>) -> Result<Self> {
        Ok(Self(u32::from_le_bytes(r.array(name)?)))
    }
    fn write(&self, w: &mut Writer, _: &Context) {
        w.bytes(&self.0.to_le_bytes());
    }
    fn show(&self) -> String {
        self.0.to_string()
    }
}

/// The bits of `value` from bit `low` up, `width` of them.
pub fn bits(value: impl Into<u64>, low: u32, width: u32) -> u64 {
    value.into() >> low & ((1 << width) - 1)
}

/// `yes` when the bit is set, else nothing: for meanings of flags.
pub fn when(set: bool, yes: &str) -> String {
    if set { yes.to_owned() } else { String::new() }
}

/// The meanings that say something, joined.
pub fn join(words: &[&str]) -> String {
    words.iter().copied().filter(|word| !word.is_empty()).collect::<Vec<_>>().join(", ")
}
