//! Appends big-endian numbers and length-prefixed boxes to a buffer.

use super::FourCc;

/// A growing buffer of bytes in wire order.
#[derive(Clone, Debug, Default)]
pub struct Writer {
    bytes: Vec<u8>,
}

impl Writer {
    /// An empty writer.
    pub fn new() -> Self {
        Self::default()
    }

    /// An empty writer with room for `len` bytes.
    pub fn with_room(len: usize) -> Self {
        Self { bytes: Vec::with_capacity(len) }
    }

    /// Bytes so far.
    pub fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Whether nothing was written yet.
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// The bytes so far.
    pub fn as_slice(&self) -> &[u8] {
        &self.bytes
    }

    /// The finished bytes.
    pub fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }

    /// Bytes as they are.
    pub fn bytes(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    /// Other bytes in place of the `len` from `at` on.
    pub fn replace(&mut self, at: usize, len: usize, bytes: &[u8]) {
        self.bytes.splice(at..at + len, bytes.iter().copied());
    }

    /// An unsigned byte.
    pub fn u8(&mut self, n: u8) {
        self.bytes.push(n);
    }

    /// A 16-bit number.
    pub fn u16(&mut self, n: u16) {
        self.bytes(&n.to_be_bytes());
    }

    /// The low 24 bits of `n`.
    pub fn u24(&mut self, n: u32) {
        let [_, a, b, c] = n.to_be_bytes();
        self.bytes(&[a, b, c]);
    }

    /// A 32-bit number.
    pub fn u32(&mut self, n: u32) {
        self.bytes(&n.to_be_bytes());
    }

    /// A 64-bit number.
    pub fn u64(&mut self, n: u64) {
        self.bytes(&n.to_be_bytes());
    }

    /// A box of type `kind` whose body is what `body` writes. The size is patched afterwards; bodies of 4 GiB or
    /// more cannot be built in memory, so the 32-bit form is always enough.
    pub fn nested(&mut self, kind: FourCc, body: impl FnOnce(&mut Self)) {
        let start = self.bytes.len();
        self.u32(0);
        self.bytes(&kind.0);
        body(self);
        let len = u32::try_from(self.bytes.len() - start).expect("boxes built in memory are below 4 GiB");
        if let Some(size) = self.bytes.get_mut(start..start + 4) {
            size.copy_from_slice(&len.to_be_bytes());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nested_boxes_carry_their_sizes() {
        let mut w = Writer::new();
        w.nested(FourCc(*b"schi"), |w| w.nested(FourCc(*b"frma"), |w| w.bytes(b"avc1")));
        assert_eq!(w.into_bytes(), b"\0\0\0\x14schi\0\0\0\x0cfrmaavc1");
    }
}
