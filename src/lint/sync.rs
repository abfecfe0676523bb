//! Whether pictures are what the flags of their samples say: those where decoding can begin, and the others.

use crate::track::Codec;
use crate::track::codec::h264::{self, LengthSize, Nals, SliceKind};
use crate::track::codec::h265;

use super::rules;
use super::stretch::{Kinds, One};

/// What a NAL unit says of the picture that it is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Unit {
    /// It is of none.
    Other,
    /// It cannot be told, or is neither.
    Open,
    /// Decoding can begin at it.
    Key(&'static str),
    /// It refers to pictures before.
    Dependent(&'static str),
}

/// Looks at one sample. `clear` are its bytes up to the first that is encrypted; `name` is what it is called.
pub fn look(codec: &Codec, one: &One<'_>, clear: &[u8], name: &dyn Fn() -> String, kinds: &mut Kinds) {
    let found = match codec {
        Codec::Avc(config) => first(clear, config.length_size, &avc),
        Codec::Hevc(config) => first(clear, config.length_size, &hevc),
        _ => return,
    };
    match (found, one.is_sync) {
        (Unit::Dependent(what), true) => kinds.add(&rules::SYNC_FLAG, one, &|| {
            format!(
                "The flags of {} say that decoding can begin there, and its first picture is {what}.",
                name()
            )
        }),
        (Unit::Key(what), false) => kinds.add(&rules::SYNC_UNTOLD, one, &|| {
            format!(
                "The first picture of {} is {what}, and its flags do not say that decoding can begin there.",
                name()
            )
        }),
        _ => {}
    }
}

/// What the first NAL unit says that is of a picture.
fn first(clear: &[u8], length_size: LengthSize, of: &dyn Fn(&[u8]) -> Unit) -> Unit {
    let mut rest = clear;
    loop {
        let Some(behind) = rest.get(length_size.bytes()..).filter(|behind| !behind.is_empty()) else {
            return Unit::Open;
        };
        // Of one that goes on encrypted the beginning is clear.
        let nal = Nals::new(rest, length_size).next().and_then(Result::ok).map_or(behind, |nal| nal.bytes);
        match of(nal) {
            Unit::Other => rest = behind.get(nal.len()..).unwrap_or_default(),
            found => return found,
        }
    }
}

fn avc(nal: &[u8]) -> Unit {
    let Some(kind) = nal.first().map(|first| h264::NalType::from_header(*first)) else { return Unit::Other };
    match kind {
        h264::NalType::IDR_SLICE => Unit::Key("an IDR picture"),
        _ if !kind.has_slice_header() => Unit::Other,
        // Many call pictures of I slices alone sync samples.
        _ => match SliceKind::of(nal) {
            Some(SliceKind::P | SliceKind::Sp) => Unit::Dependent("one of P slices"),
            Some(SliceKind::B) => Unit::Dependent("one of B slices"),
            _ => Unit::Open,
        },
    }
}

fn hevc(nal: &[u8]) -> Unit {
    let Some(kind) = h265::NalType::of(nal) else { return Unit::Other };
    match kind.number() {
        _ if h265::layer_of(nal) > 0 => Unit::Other,
        19 | 20 => Unit::Key("an IDR picture"),
        // Decoding can begin at the others, too, but they need not be sync samples.
        16..=23 => Unit::Open,
        _ if kind.is_slice() => Unit::Dependent("no random access picture"),
        _ => Unit::Other,
    }
}
