//! Fields whose bytes are a payload that boxes do not know, as a NAL unit: whoever shows them may.

use core::marker::PhantomData;

use crate::bytes::units::len_u64;
use crate::bytes::{Reader, Result, Writer};

use super::rows::RowSink;
use super::wire::{Context, Wire};

/// What stands in a field that is more than bytes, but not of boxes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Payload {
    /// A NAL unit of H.264.
    AvcUnit,
    /// A NAL unit of H.265.
    HevcUnit,
    /// OBUs of AV1, one behind the other.
    Av1Units,
    /// The STREAMINFO block of FLAC.
    FlacStreamInfo,
}

/// Adds the rows of a payload, which is these bytes at this file offset.
pub type PayloadRows = fn(Payload, &[u8], u64, &mut RowSink);

/// Bytes in the form of `T` that are a payload of the kind `P`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Within<T, P> {
    /// The bytes, with what is around them.
    pub inner: T,
    kind: PhantomData<P>,
}

/// A kind of payload.
pub trait Holds {
    /// Which, by the count that the declaration of the field gives.
    fn payload(count: Option<u64>) -> Option<Payload>;
}

/// NAL units of H.264.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Avc;

impl Holds for Avc {
    fn payload(_: Option<u64>) -> Option<Payload> {
        Some(Payload::AvcUnit)
    }
}

/// NAL units of H.265.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Hevc;

impl Holds for Hevc {
    fn payload(_: Option<u64>) -> Option<Payload> {
        Some(Payload::HevcUnit)
    }
}

/// OBUs of AV1.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Av1;

impl Holds for Av1 {
    fn payload(_: Option<u64>) -> Option<Payload> {
        Some(Payload::Av1Units)
    }
}

/// A metadata block of FLAC, whose type is the count.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Flac;

impl Holds for Flac {
    fn payload(block_type: Option<u64>) -> Option<Payload> {
        block_type.filter(|number| number & 0x7f == 0).map(|_| Payload::FlacStreamInfo)
    }
}

impl<T: From<Vec<u8>>, P> From<Vec<u8>> for Within<T, P> {
    fn from(bytes: Vec<u8>) -> Self {
        Self { inner: bytes.into(), kind: PhantomData }
    }
}

impl<T, P> core::ops::Deref for Within<T, P> {
    type Target = T;
    fn deref(&self) -> &T {
        &self.inner
    }
}

impl<T: Wire + AsRef<[u8]>, P: Holds> Wire for Within<T, P> {
    const EXACT: bool = T::EXACT;
    fn read(r: &mut Reader<'_>, name: &str, cx: &Context, _: Option<u64>) -> Result<Self> {
        Ok(Self { inner: T::read(r, name, cx, None)?, kind: PhantomData })
    }
    fn write(&self, w: &mut Writer, cx: &Context) {
        self.inner.write(w, cx);
    }
    fn show(&self) -> String {
        self.inner.show()
    }
    fn meaning(&self) -> String {
        self.inner.meaning()
    }
    fn rows(
        r: &mut Reader<'_>,
        name: &str,
        cx: &Context,
        count: Option<u64>,
        sink: &mut RowSink,
    ) -> Result<Self> {
        let this = Self { inner: T::rows(r, name, cx, None, sink)?, kind: PhantomData };
        if let (Some(inside), Some(payload)) = (cx.inside, P::payload(count)) {
            let bytes = this.inner.as_ref();
            let start = r.offset() - len_u64(bytes.len());
            sink.nested(|sink| inside(payload, bytes, start, sink));
        }
        Ok(this)
    }
}
