//! What 'tenc' and PIFF's box say against the scheme and against each other, and a second 'sinf' against the first (ISO/IEC
//! 14496-12:2022 8.12.1; ISO/IEC 23001-7:2023 8.2, 10; PIFF 1.1 5.3.3). IVs are looked at with the sample entry.

use crate::boxes::cenc::{SchemeType, TrackEncryption, pattern_text};
use crate::boxes::piff::{self, PiffTrackEncryption, algorithm};
use crate::boxes::{Node, Tree};
use crate::bytes::{FourCc, KeyId};

use super::finding::{Findings, Place, TOLD};
use super::rules;

/// Looks at a sample entry of a track.
pub fn look(moov: &Tree<'_>, entry: &Node, track: u32, found: &mut Findings) {
    let place = |node: &Node| Place::of(moov, node).of_track(track);
    let mut all = entry.all(b"sinf");
    let Some(first) = all.next() else { return };
    let one = Said::read(moov, first);
    own(&one, &place, found);
    for (number, second) in (2..).zip(all.take(TOLD)) {
        let other = Said::read(moov, second);
        let message = format!(
            "The sample entry of track {track} has a 'sinf' of the scheme '{}', and as number {number} one of the scheme '{}': some \
             readers go by the first, others by the last.",
            one.scheme, other.scheme
        );
        found.add(&rules::SECOND_SINF, place(second), message);
        own(&other, &place, found);
        if let (Some(a), Some(b)) = (one.values(), other.values())
            && a != b
        {
            let message = format!("'sinf' number {number} says {}; the first says {}.", b.text(), a.text());
            found.add(&rules::TWINS, place(second), message);
        }
    }
}

/// What a `sinf` says.
struct Said<'n> {
    scheme: FourCc,
    tenc: Option<(&'n Node, TrackEncryption)>,
    piff: Option<(&'n Node, PiffTrackEncryption)>,
}

/// With what samples are encrypted, as its scheme has it.
#[derive(PartialEq)]
struct Values {
    kid: KeyId,
    iv_size: u8,
    algorithm: u32,
}

impl Values {
    fn text(&self) -> String {
        format!("the KID {}, IVs of {} bytes and {}", self.kid, self.iv_size, cipher(self.algorithm))
    }
}

impl<'n> Said<'n> {
    fn read(moov: &Tree<'_>, sinf: &'n Node) -> Self {
        let schm = sinf.child(b"schm").and_then(|node| moov.read::<SchemeType>(node).ok());
        let schi = sinf.child(b"schi");
        let tenc = schi.and_then(|schi| schi.child(b"tenc"));
        let piff = schi.and_then(|schi| schi.child_id(piff::TRACK_ENCRYPTION));
        Self {
            scheme: schm.unwrap_or_default().scheme_type,
            tenc: tenc.and_then(|node| Some((node, moov.read(node).ok()?))),
            piff: piff.and_then(|node| Some((node, moov.read(node).ok()?))),
        }
    }

    /// The algorithm of PIFF that the scheme has.
    fn algorithm(&self) -> Option<u32> {
        match &self.scheme.0 {
            b"cenc" | b"cens" => Some(algorithm::AES_CTR),
            b"cbc1" | b"cbcs" => Some(algorithm::AES_CBC),
            _ => None,
        }
    }

    fn values(&self) -> Option<Values> {
        if let (b"piff", Some((_, piff))) = (&self.scheme.0, &self.piff) {
            let algorithm = piff.default_algorithm_id.0;
            return Some(Values { kid: piff.default_kid, iv_size: piff.default_iv_size, algorithm });
        }
        let (of_scheme, (_, tenc)) = (self.algorithm()?, self.tenc.as_ref()?);
        let algorithm = if tenc.default_is_protected == 0 { algorithm::NONE } else { of_scheme };
        Some(Values { kid: tenc.default_kid, iv_size: tenc.default_per_sample_iv_size, algorithm })
    }
}

fn cipher(of: u32) -> &'static str {
    match of {
        algorithm::NONE => "no encryption",
        algorithm::AES_CTR => "AES-CTR",
        algorithm::AES_CBC => "AES-CBC",
        _ => "an unknown algorithm",
    }
}

/// What does not go together in one `sinf`.
fn own(said: &Said<'_>, place: &dyn Fn(&Node) -> Place, found: &mut Findings) {
    let Said { scheme, tenc: Some((node, tenc)), piff } = said else { return };
    let flag = tenc.default_is_protected;
    if flag > 1 {
        let message = format!("'tenc' says default_isProtected {flag}, where 0 and 1 are known.");
        found.add(&rules::PROTECTED_FLAG, place(node), message);
    }
    let pattern = if tenc.head.version == 0 { tenc.reserved_2 } else { tenc.default_pattern };
    let has_none = matches!(&scheme.0, b"cenc" | b"cbc1");
    if pattern != 0 && (has_none || tenc.head.version == 0) {
        let why = if has_none {
            format!("the scheme is '{scheme}', which has none")
        } else {
            "it has version 0, which has none: it is read from version 1 on".to_owned()
        };
        let message =
            format!("'tenc' has the pattern {pattern:#04x} ({}), and {why}.", pattern_text(pattern));
        found.add(&rules::PATTERN, place(node), message);
    }
    let Some((twin, piff)) = piff else { return };
    let theirs = piff.default_algorithm_id.0;
    let agrees = match said.algorithm() {
        Some(ours) if flag > 0 => theirs == ours,
        // Whether samples are encrypted both say.
        _ => (theirs == algorithm::NONE) == (flag == 0),
    };
    // An unknown one is told by itself.
    if theirs <= algorithm::AES_CBC && !agrees {
        let message = format!(
            "'tenc' says default_isProtected {flag} in the scheme '{scheme}', PIFF's box the AlgorithmID {theirs}, which is {}.",
            cipher(theirs)
        );
        found.add(&rules::TWINS, place(twin), message);
    }
}
