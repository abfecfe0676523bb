//! Protection schemes (ISO/IEC 23001-7:2023 clause 10) and the forms in which boxes carry them, each as one table.

use crate::bytes::FourCc;

/// How AES-128 is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// As a keystream, from a counter.
    Ctr,
    /// Block chained to block.
    Cbc,
}

/// Of each `crypt + skip` blocks of a protected range the first `crypt` are encrypted; every one where both are 0.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pattern {
    /// Blocks encrypted.
    pub crypt: u8,
    /// Blocks left clear behind them.
    pub skip: u8,
}

/// One protection scheme.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Scheme {
    /// Its type in `schm`.
    pub code: FourCc,
    /// The cipher.
    pub mode: Mode,
    /// Whether video is encrypted in a pattern.
    pub has_pattern: bool,
    /// Whether all samples of a track share an IV, which then stands in `tenc`.
    pub constant_iv: bool,
    /// Whether each protected range begins the chain anew.
    pub restarts: bool,
}

/// AES-CTR, the most widely played.
pub const CENC: Scheme = Scheme {
    code: FourCc(*b"cenc"),
    mode: Mode::Ctr,
    has_pattern: false,
    constant_iv: false,
    restarts: false,
};
/// AES-CBC, samples chained by themselves.
pub const CBC1: Scheme = Scheme {
    code: FourCc(*b"cbc1"),
    mode: Mode::Cbc,
    has_pattern: false,
    constant_iv: false,
    restarts: false,
};
/// AES-CTR with a pattern.
pub const CENS: Scheme = Scheme {
    code: FourCc(*b"cens"),
    mode: Mode::Ctr,
    has_pattern: true,
    constant_iv: false,
    restarts: false,
};
/// AES-CBC with a pattern and one IV a track: what Apple's players and new devices take.
pub const CBCS: Scheme =
    Scheme { code: FourCc(*b"cbcs"), mode: Mode::Cbc, has_pattern: true, constant_iv: true, restarts: true };

/// None of them: nothing is protected, a file is made a fragmented one and no more.
pub const NONE: Scheme = Scheme { code: FourCc(*b"none"), ..CENC };

/// Whatever the file has: its samples stay encrypted as they are.
pub const KEEP: Scheme = Scheme { code: FourCc(*b"keep"), ..CENC };

/// All that protect.
pub const SCHEMES: [Scheme; 4] = [CENC, CBC1, CENS, CBCS];

/// The pattern of video where a scheme has one: every tenth block (23001-7 10.4.2 recommends no other).
pub const VIDEO_PATTERN: Pattern = Pattern { crypt: 1, skip: 9 };

/// Bytes of an AES block.
pub const BLOCK: usize = 16;

impl Scheme {
    /// The scheme of this name.
    pub fn known(name: &str) -> Option<Self> {
        SCHEMES.into_iter().chain([NONE, KEEP]).find(|scheme| scheme.name() == name)
    }

    /// Whether anything is encrypted by it.
    pub fn protects(&self) -> bool {
        *self != NONE && *self != KEEP
    }

    /// The name in requests: its type as text.
    pub fn name(&self) -> &str {
        std::str::from_utf8(&self.code.0).unwrap_or_default()
    }

    /// Whether ranges of subsamples are to be whole blocks (9.5.2, 10): `cbcs` alone lets a range end as it may, and
    /// leaves what is less than a block of it clear.
    pub fn whole_blocks(&self) -> bool {
        !self.restarts
    }

    /// Of `len` bytes in one protected range, those that are encrypted.
    pub fn encrypted(&self, pattern: Pattern, len: u64) -> u64 {
        if self.mode == Mode::Ctr && !self.has_pattern { len } else { pattern.encrypted(len) }
    }

    /// What those who choose it should know, as a plain sentence.
    pub fn warning(&self) -> Option<&'static str> {
        match (self.mode, self.has_pattern) {
            (Mode::Ctr, false) => None,
            (Mode::Cbc, true) => Some(
                "cbcs needs PlayReady 4.0 or later: Windows 10 from 1709, Xbox from 1709, and newer devices. For older ones \
                 choose cenc.",
            ),
            (Mode::Cbc, false) | (Mode::Ctr, true) => Some(
                "PlayReady clients are not made to play this scheme; it is for other players. Choose cenc or cbcs for \
                 PlayReady.",
            ),
        }
    }

    /// Which boxes carry it where nobody chose: PIFF knows no patterns.
    pub fn usual_form(&self) -> Form {
        if self.has_pattern || !self.protects() { Form::Plain } else { Form::Hybrid }
    }
}

impl Pattern {
    /// As `tenc` has it: both in half a byte.
    pub fn nibbles(self) -> u8 {
        self.crypt << 4 | self.skip & 15
    }

    /// Gives `take` the runs of whole blocks in a protected range of `len` bytes that are encrypted: where each begins in it,
    /// and its bytes.
    pub fn each(self, len: usize, mut take: impl FnMut(usize, usize)) {
        let whole = len / BLOCK * BLOCK;
        let crypt = if self.crypt == 0 { whole } else { usize::from(self.crypt) * BLOCK };
        // With nothing to encrypt at all there is no turn either.
        let turn = (crypt + usize::from(self.skip) * BLOCK).max(BLOCK);
        (0..whole).step_by(turn).for_each(|from| take(from, crypt.min(whole - from)));
    }

    /// Gives `take` those runs of a protected range.
    pub fn each_range(self, range: &mut [u8], mut take: impl FnMut(&mut [u8])) {
        self.each(range.len(), |from, len| take(range.get_mut(from..from + len).unwrap_or_default()));
    }

    /// Of `len` bytes in one protected range, those that a block cipher encrypts.
    pub fn encrypted(self, len: u64) -> u64 {
        const WIDE: u64 = BLOCK as u64;
        let blocks = len / WIDE;
        let round = u64::from(self.crypt) + u64::from(self.skip);
        let all = match round {
            0 => blocks,
            _ => blocks / round * u64::from(self.crypt) + (blocks % round).min(u64::from(self.crypt)),
        };
        all * WIDE
    }
}

/// Which boxes carry the protection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// CENC boxes with PIFF twins: plays in the most places.
    Hybrid,
    /// PIFF 1.1: the classic Smooth Streaming form.
    Piff,
    /// CENC boxes alone.
    Plain,
}

/// All of them, with their names in requests.
const FORMS: [(Form, &str); 3] = [(Form::Hybrid, "hybrid"), (Form::Piff, "piff"), (Form::Plain, "plain")];

impl Form {
    /// The form of this name.
    pub fn known(name: &str) -> Option<Self> {
        FORMS.iter().find(|(_, known)| *known == name).map(|(form, _)| *form)
    }

    /// The name in requests.
    pub fn name(self) -> &'static str {
        FORMS.iter().find(|(form, _)| *form == self).map_or("", |(_, name)| name)
    }

    /// Whether there are `tenc`, `pssh`, `senc`, `saiz` and `saio`.
    pub fn has_cenc(self) -> bool {
        self != Self::Piff
    }

    /// Whether there are the PIFF boxes.
    pub fn has_piff(self) -> bool {
        self != Self::Plain
    }

    /// The type that `schm` names.
    pub fn scheme_type(self, scheme: &Scheme) -> FourCc {
        if self.has_cenc() { scheme.code } else { FourCc(*b"piff") }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_counts_whole_blocks_of_its_turn() {
        let whole = Pattern::default();
        assert_eq!([0, 15, 16, 100].map(|len| whole.encrypted(len)), [0, 0, 16, 96]);
        let tenth = VIDEO_PATTERN;
        assert_eq!([15, 16, 160, 175, 176, 400].map(|len| tenth.encrypted(len)), [0, 16, 16, 16, 32, 48]);
        assert_eq!(Pattern { crypt: 5, skip: 5 }.encrypted(16 * 18), 16 * 10);
        assert_eq!(tenth.nibbles(), 0x19);
    }

    #[test]
    fn each_name_leads_to_its_scheme_and_form() {
        for scheme in SCHEMES.into_iter().chain([NONE]) {
            assert_eq!(Scheme::known(scheme.name()), Some(scheme));
            assert_eq!(scheme.protects(), scheme != NONE);
        }
        for (form, name) in FORMS {
            assert_eq!((Form::known(name), form.name()), (Some(form), name));
        }
        assert_eq!((Scheme::known("CENC"), Form::known("")), (None, None));
    }
}
