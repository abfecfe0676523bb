//! Parts that fields of several families share: bytes behind their length, tails that may be absent, bit fields,
//! little-endian numbers.

use core::marker::PhantomData;

use crate::bytes::{Reader, Result, Writer};

use super::rows::RowSink;
use super::types::{Count, Text, U24};
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

impl<N> AsRef<[u8]> for LenBytes<N> {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
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

/// Text up to its NUL, or to the end of the box: UTF-8, or UTF-16 where it begins with a byte order mark.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MarkedText(pub Text);

/// How two bytes make a unit of UTF-16, by the mark that a text begins with.
fn unit_order(bytes: &[u8]) -> Option<fn([u8; 2]) -> u16> {
    match bytes {
        [0xFE, 0xFF, ..] => Some(u16::from_be_bytes),
        [0xFF, 0xFE, ..] => Some(u16::from_le_bytes),
        _ => None,
    }
}

impl Wire for MarkedText {
    fn read(r: &mut Reader<'_>, name: &str, cx: &Context, count: Option<u64>) -> Result<Self> {
        if unit_order(r.rest()).is_none() {
            return Text::read(r, name, cx, count).map(Self);
        }
        let units = r.rest().as_chunks::<2>().0;
        let len = units.iter().position(|unit| *unit == [0; 2]).map(|units| units * 2);
        let bytes = r.take(len.unwrap_or(r.remaining()), name)?.to_vec();
        if len.is_some() {
            r.take(2, name)?;
        }
        Ok(Self(Text { bytes, terminated: len.is_some() }))
    }
    fn write(&self, w: &mut Writer, cx: &Context) {
        self.0.write(w, cx);
        if self.0.terminated && unit_order(&self.0.bytes).is_some() {
            w.u8(0);
        }
    }
    fn show(&self) -> String {
        let Some(order) = unit_order(&self.0.bytes) else { return self.0.show() };
        let units = self.0.bytes.as_chunks::<2>().0.iter().skip(1).map(|unit| order(*unit));
        char::decode_utf16(units).map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER)).collect()
    }
    fn meaning(&self) -> String {
        self.0.meaning()
    }
}

/// A flag in the highest bit of a byte, whose other bits are reserved.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TopBit(pub u8);

impl TopBit {
    /// Whether it is set.
    pub fn is_set(self) -> bool {
        self.0 >> 7 == 1
    }
}

impl Wire for TopBit {
    const EXACT: bool = true;
    fn read(r: &mut Reader<'_>, name: &str, _: &Context, _: Option<u64>) -> Result<Self> {
        r.u8(name).map(Self)
    }
    fn write(&self, w: &mut Writer, _: &Context) {
        w.u8(self.0);
    }
    fn show(&self) -> String {
        u8::from(self.is_set()).to_string()
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

/// Fields at the end of a box that some writers leave out or write otherwise: there when they can be read from what is
/// left, which else stays as it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IfWhole<T>(pub Option<T>);

impl<T> Default for IfWhole<T> {
    fn default() -> Self {
        Self(None)
    }
}

impl<T: Wire> Wire for IfWhole<T> {
    fn read(r: &mut Reader<'_>, name: &str, cx: &Context, count: Option<u64>) -> Result<Self> {
        let mut trial = *r;
        let read = T::read(&mut trial, name, cx, count).ok();
        *r = if read.is_some() { trial } else { *r };
        Ok(Self(read))
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
        let whole = T::read(&mut r.clone(), name, cx, count).is_ok();
        Ok(Self(if whole { Some(T::rows(r, name, cx, count, sink)?) } else { None }))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_in_the_encoding_that_their_mark_says() {
        let wide = |order: fn(u16) -> [u8; 2], text: &str| -> Vec<u8> {
            text.encode_utf16().flat_map(order).collect()
        };
        for (bytes, text, rest) in [
            (b"caf\xC3\xA9\0x".to_vec(), "café", 1),
            (b"open".to_vec(), "open", 0),
            // A zero byte is no end of it, and neither are two that belong to two characters.
            (wide(u16::to_be_bytes, "\u{feff}Āā\u{100}Ž 😀\0x"), "Āā\u{100}Ž 😀", 2),
            (wide(u16::to_le_bytes, "\u{feff}ab\0"), "ab", 0),
            (wide(u16::to_be_bytes, "\u{feff}ab"), "ab", 0),
            (b"\xFE\xFF\0a\0".to_vec(), "a", 0),
            (b"\xFE\xFF\xD8\0\0a".to_vec(), "\u{fffd}a", 0),
        ] {
            let mut r = Reader::new(&bytes, 0);
            let read = MarkedText::read(&mut r, "text", &Context::default(), None).unwrap();
            assert_eq!((read.show().as_str(), r.remaining()), (text, rest));
            let mut w = Writer::new();
            read.write(&mut w, &Context::default());
            assert_eq!([w.as_slice(), r.rest()].concat(), bytes);
        }
    }

    #[test]
    fn a_flag_is_one_bit_and_the_others_stay() {
        for (byte, shown) in [(0x80, "1"), (0xFF, "1"), (0x7F, "0")] {
            let flag = TopBit::read(&mut Reader::new(&[byte], 0), "flag", &Context::default(), None).unwrap();
            assert_eq!((flag.show().as_str(), flag.0), (shown, byte));
        }
    }
}
