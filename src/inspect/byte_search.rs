//! Looking for bytes anywhere in a file, also in media data and in what no box is: digits of hex, text, key IDs.

use serde::Serialize;

use crate::bytes::units::len_u64;
use crate::bytes::{KeyId, limits};

/// As what bytes were found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum ByteForm {
    /// The bytes whose hex digits were typed.
    Hex,
    /// Those of a key ID in the other byte order, that of a GUID.
    Guid,
    /// The text in UTF-8, Latin letters in whatever case.
    Text,
    /// The text in UTF-16, little-endian, as in a PlayReady header; Latin letters in whatever case.
    Utf16,
}

/// A place where they were found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct ByteHit {
    /// File offset of the first byte.
    pub start: u64,
    /// Offset behind the last.
    pub end: u64,
    /// As what.
    pub form: ByteForm,
}

/// What was found since it was last told.
#[derive(Clone, Debug, Serialize)]
pub struct ByteSearchPart {
    /// In file order, [`limits::LISTED`] of all the search at most.
    pub found: Vec<ByteHit>,
    /// How many were found so far.
    pub hits: u64,
}

#[derive(Debug)]
struct Pattern {
    /// Latin letters are small ones where case does not matter.
    bytes: Vec<u8>,
    form: ByteForm,
    /// The next may begin here: what is found of one form does not overlap.
    free_from: u64,
}

/// Fewer hex digits than those of two bytes would find nearly any place; after `0x` those of one are enough.
const HEX_BYTES: usize = 2;

/// A search under way. Bytes come in file order, without a gap.
#[derive(Debug)]
pub struct ByteSearch {
    /// None where nothing is looked for; by their place in a mask of `first`.
    patterns: Vec<Pattern>,
    /// Which of them begin with a byte.
    first: [u8; 256],
    /// Bytes at the end of what came that a pattern may begin in.
    tail: Vec<u8>,
    position: u64,
    found: Vec<ByteHit>,
    hits: u64,
    left: usize,
}

impl ByteSearch {
    /// Looks for `text` as text, and as hex digits where it is nothing else; spaces, `-`, `:` and braces between them do not
    /// count. In quotation marks it is text alone.
    pub fn new(text: &str) -> Self {
        let text = text.trim_ascii();
        let quoted =
            text.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).filter(|rest| !rest.is_empty());
        let mut patterns = if quoted.is_some() { Vec::new() } else { of_digits(text) };
        let text = quoted.unwrap_or(text).to_ascii_lowercase();
        let utf16: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        for (bytes, form) in [(text.into_bytes(), ByteForm::Text), (utf16, ByteForm::Utf16)] {
            if !bytes.is_empty() {
                patterns.push(Pattern { bytes, form, free_from: 0 });
            }
        }
        let mut first = [0_u8; 256];
        for (number, pattern) in patterns.iter().enumerate() {
            for (byte, mask) in (0..=u8::MAX).zip(&mut first) {
                if pattern.bytes.first().is_some_and(|begin| pattern.is(byte, *begin)) {
                    *mask |= 1 << number;
                }
            }
        }
        Self {
            patterns,
            first,
            tail: Vec::new(),
            position: 0,
            found: Vec::new(),
            hits: 0,
            left: limits::LISTED,
        }
    }

    /// Takes the next bytes of the file.
    pub fn feed(&mut self, bytes: &[u8]) {
        let longest = self.patterns.iter().map(|pattern| pattern.bytes.len()).max().unwrap_or(0);
        let overlap = longest.saturating_sub(1);
        let old = self.tail.len();
        let mut joint = core::mem::take(&mut self.tail);
        joint.extend_from_slice(bytes.get(..overlap).unwrap_or(bytes));
        if old > 0 {
            self.scan(&joint, self.position.saturating_sub(len_u64(old)), old);
        }
        self.scan(bytes, self.position, 0);
        self.position += len_u64(bytes.len());
        let enough = bytes.len().checked_sub(overlap).and_then(|from| bytes.get(from..));
        self.tail = match enough {
            Some(end) => end.to_vec(),
            None => joint.split_off(joint.len().saturating_sub(overlap)),
        };
    }

    /// What was found since the last call.
    pub fn found(&mut self) -> ByteSearchPart {
        ByteSearchPart { found: core::mem::take(&mut self.found), hits: self.hits }
    }

    /// Finds in `bytes`, which stand at `base`. Where the first `known` of them were looked through before: what begins in
    /// them and ends behind them.
    fn scan(&mut self, bytes: &[u8], base: u64, known: usize) {
        let starts = if known > 0 { bytes.get(..known).unwrap_or(bytes) } else { bytes };
        for (at, byte) in starts.iter().enumerate() {
            let mut mask = self.first.get(usize::from(*byte)).copied().unwrap_or(0);
            while mask != 0 {
                let number = mask.trailing_zeros();
                mask &= mask - 1;
                self.compare(usize::try_from(number).unwrap_or(0), bytes, at, (base, known));
            }
        }
    }

    fn compare(&mut self, number: usize, bytes: &[u8], at: usize, (base, known): (u64, usize)) {
        let Some(pattern) = self.patterns.get_mut(number) else { return };
        let end = at + pattern.bytes.len();
        let Some(there) = bytes.get(at..end).filter(|_| end > known) else { return };
        let start = base + len_u64(at);
        if start < pattern.free_from
            || !there.iter().zip(&pattern.bytes).all(|(byte, one)| pattern.is(*byte, *one))
        {
            return;
        }
        pattern.free_from = base + len_u64(end);
        self.hits += 1;
        if self.left > 0 {
            self.left -= 1;
            self.found.push(ByteHit { start, end: pattern.free_from, form: pattern.form });
        }
    }
}

impl Pattern {
    /// Whether a byte of the file is `one` of the pattern.
    fn is(&self, byte: u8, one: u8) -> bool {
        match self.form {
            ByteForm::Hex | ByteForm::Guid => byte == one,
            ByteForm::Text | ByteForm::Utf16 => byte.to_ascii_lowercase() == one,
        }
    }
}

/// What hex digits stand for; nothing where there is anything else, or too few of them.
fn of_digits(text: &str) -> Vec<Pattern> {
    let prefixed = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X"));
    let digits: String =
        prefixed.unwrap_or(text).chars().filter(|one| !matches!(one, ' ' | '-' | ':' | '{' | '}')).collect();
    let Ok(bytes) = hex::decode(digits) else { return Vec::new() };
    if bytes.len() < if prefixed.is_some() { 1 } else { HEX_BYTES } {
        return Vec::new();
    }
    let swapped = <[u8; 16]>::try_from(bytes.as_slice()).ok().map(|kid| KeyId(kid).guid_bytes().to_vec());
    let other = swapped.filter(|swapped| *swapped != bytes);
    let found = [(Some(bytes), ByteForm::Hex), (other, ByteForm::Guid)];
    found
        .into_iter()
        .filter_map(|(bytes, form)| Some(Pattern { bytes: bytes?, form, free_from: 0 }))
        .collect()
}
