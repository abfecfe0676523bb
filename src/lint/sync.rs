//! Whether pictures are what the flags of their samples say: those where decoding can begin, and the others.

use crate::track::codec::h264::{self, SliceKind};
use crate::track::codec::h265;

use super::rules;
use super::stretch::{Kinds, One};

/// What a NAL unit says of the picture that it is of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Unit {
    /// It is of none.
    #[default]
    Other,
    /// It cannot be told, or is neither.
    Open,
    /// Decoding can begin at it.
    Key(&'static str),
    /// It refers to pictures before.
    Dependent(&'static str),
}

impl Unit {
    /// What the first unit of a picture says: this one, or the next, of which these are the bytes up to the first that is
    /// encrypted.
    #[must_use]
    pub fn or(self, is_hevc: bool, clear: &[u8]) -> Self {
        match self {
            Self::Other if is_hevc => hevc(clear),
            Self::Other => avc(clear),
            found => found,
        }
    }

    /// Tells where it is not what the flags of its sample say; `name` is what that is called.
    pub fn tell(self, one: &One<'_>, name: &dyn Fn() -> String, kinds: &mut Kinds) {
        match (self, one.is_sync) {
            (Self::Dependent(what), true) => kinds.add(&rules::SYNC_FLAG, one, &|| {
                format!(
                    "The flags of {} say that decoding can begin there, and its first picture is {what}.",
                    name()
                )
            }),
            (Self::Key(what), false) => kinds.add(&rules::SYNC_UNTOLD, one, &|| {
                format!(
                    "The first picture of {} is {what}, and its flags do not say that decoding can begin there.",
                    name()
                )
            }),
            _ => {}
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
